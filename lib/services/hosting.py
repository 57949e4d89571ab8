"""Running events: whoever may, makes them, changes them, publishes them and calls them off."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import case, delete, func, select
from sqlalchemy.orm import Session

from lib.domain.access import Actor, Permission, Role, require
from lib.domain.dates import SHANGHAI, Precision, now_utc, show_time, today_shanghai
from lib.domain.errors import AccessDenied, Conflict, InvalidInput
from lib.domain.vocabulary import AttendeeState, EventState, Level, Origin, SubmissionState
from lib.services import audit, forms, markings, notices, programme, scopes
from lib.services.forms import EventForm
from lib.store.engine import Database
from lib.store.models import (
    AccountLink,
    Attendee,
    Criterion,
    Division,
    Event,
    EventItem,
    EventOrganizer,
    Judge,
    JuryResult,
    Organization,
    ProgrammeVersion,
    Score,
    Stage,
    Submission,
)

_CHANGED: Final = "这场活动刚刚被别人改过，请看过现在的样子再改。"
_KEY: Final = "hosting:"
_DRAFT: Final = 32
_SAME: Final = (
    "title", "kind", "format", "venue", "stream_url", "organizer", "co_organizers", "partner", "capacity", "city",
    "registration_opens", "registration_closes", "introduction", "rules",
)  # fmt: skip
"""Answers that are columns of the same name."""
_WHERE_AND_WHEN: Final = frozenset({"starts_at", "ends_at", "venue", "city", "league_code", "stream_url"})
_TAKING: Final = (SubmissionState.PENDING, SubmissionState.RETURNED, SubmissionState.PUBLISHED)
"""Registrations of projects that still mean to take part."""


@dataclass(frozen=True)
class Hosted:
    """An event as the list of whoever runs it shows it."""

    id: int
    title: str
    kind: str
    state: EventState
    starts_at: datetime | None
    held: str
    place: str
    items: int
    registered: int
    waiting: int


@dataclass(frozen=True)
class Desk:
    """An event as whoever runs it edits it; `values` as `EventForm` reads them, times as Shanghai clocks show them."""

    id: int
    version: int
    state: EventState
    title: str
    origin: Origin
    values: Mapping[str, Any]
    held: str


def listing(session: Session, *, actor: Actor) -> tuple[Hosted, ...]:
    """The events that the actor runs: coming ones soonest first, then the others newest first. Raises AccessDenied."""
    require(actor, Permission.MANAGE_EVENTS)

    def counted(entity: Any, *conditions: Any) -> Any:
        return select(func.count()).where(entity.event_id == Event.id, *conditions).correlate(Event).scalar_subquery()

    coming = Event.held_on >= today_shanghai()
    rows = session.execute(
        select(
            Event,
            counted(EventItem),
            counted(Attendee, Attendee.state == AttendeeState.REGISTERED.value),
            counted(Attendee, Attendee.state == AttendeeState.WAITING.value),
        )
        .where(scopes.hosting(actor))
        .order_by(
            case((coming, 0), else_=1),
            case((coming, Event.held_on)),
            Event.held_on.desc().nulls_last(),
            Event.id.desc(),
        )
        .limit(300)
    ).all()
    return tuple(
        Hosted(
            event.id, event.title, event.kind, EventState(event.state), event.starts_at, str(event.held or ""),
            event.city, items, registered, waiting,
        )
        for event, items, registered, waiting in rows
    )  # fmt: skip


def read(session: Session, event_id: int, *, actor: Actor) -> Desk:
    """One event to be edited. Raises NotFound, AccessDenied."""
    event = scopes.hosted(session, event_id, actor=actor)

    def clock(moment: datetime | None) -> datetime | None:
        return moment.astimezone(SHANGHAI).replace(tzinfo=None) if moment else None

    values = {name: getattr(event, name) for name in _SAME} | {
        "starts": clock(event.starts_at),
        "ends": clock(event.ends_at),
        "registration_opens": clock(event.registration_opens),
        "registration_closes": clock(event.registration_closes),
        "league": event.league_code or "",
        "banner": event.banner_code or "",
    }
    return Desk(
        event.id,
        event.version,
        EventState(event.state),
        event.title,
        Origin(event.origin),
        values,
        str(event.held or ""),
    )


def create(database: Database, draft_id: str, values: Mapping[str, Any], *, actor: Actor) -> int:
    """Make an event that only those who run it see; returns its id. The same draft id makes it once.

    Raises InvalidInput with one sentence a field, AccessDenied.
    """
    require(actor, Permission.MANAGE_EVENTS)
    form = _read(database, values, actor)
    if len(draft_id) != _DRAFT:
        raise InvalidInput({"title": "页面地址不完整，请从「办活动」重新打开。"})
    with database.write() as session:
        known = session.scalar(select(Event.id).where(Event.load_key == _KEY + draft_id))
        if known is not None:
            return known
        columns = _columns(session, form, actor)
        now = now_utc()
        publisher = session.scalar(select(Organization.name).where(Organization.id == actor.organization_id))
        event = Event(
            **columns, state=EventState.DRAFT.value, origin=Origin.SUBMITTED.value, load_key=_KEY + draft_id,
            source_publisher=publisher or form.organizer, source_date=today_shanghai(),
            source_precision=Precision.DAY.value, organization_id=actor.organization_id, created_at=now,
            updated_at=now, edited_at=now,
        )  # fmt: skip
        session.add(event)
        session.flush()
        if actor.role is Role.ORGANIZER:
            session.add(EventOrganizer(account_id=actor.account_id, event_id=event.id))
        audit.record(
            session, actor, "event.create", "event", event.id, league=event.league_code, banner=event.banner_code,
            title=event.title,
        )  # fmt: skip
        return event.id


def save(database: Database, event_id: int, values: Mapping[str, Any], version: int, *, actor: Actor) -> bool:
    """Change an event as it was at `version`; True when the times of its announced programme hold no more. Whoever
    comes to a public event is told of another time or place. Raises InvalidInput, Conflict, NotFound, AccessDenied.
    """
    require(actor, Permission.MANAGE_EVENTS)
    form = _read(database, values, actor)
    with database.write() as session:
        event = _at(session, event_id, version, actor)
        changed = {n: v for n, v in _columns(session, form, actor).items() if getattr(event, n) != v}
        if not changed:
            return programme.outdated(session, event)
        for name, value in changed.items():
            setattr(event, name, value)
        event.updated_at = event.edited_at = now_utc()
        audit.record(
            session, actor, "event.edit", "event", event_id, league=event.league_code, banner=event.banner_code,
            changed=sorted(changed),
        )  # fmt: skip
        if event.state == EventState.PUBLISHED.value and changed.keys() & _WHERE_AND_WHEN:
            body = (
                f"{event.title}：{show_time(form.starts)}　{form.venue or event.city}" if form.starts else event.title
            )
            _tell(session, event, "活动的时间或地点改了", body)
        return programme.outdated(session, event)


def publish(database: Database, event_id: int, version: int, *, actor: Actor) -> None:
    """Show a draft, or an event that was called off, to everybody. Raises Conflict, NotFound, AccessDenied."""
    with database.write() as session:
        event = _at(session, event_id, version, actor)
        if event.state == EventState.PUBLISHED.value:
            return
        _turn(session, event, EventState.PUBLISHED, "event.publish", actor)
        programme.tell_owners(session, event)


def cancel(database: Database, event_id: int, reason: str, version: int, *, actor: Actor) -> int:
    """Call a published event off; returns how many accounts were told. Raises InvalidInput, Conflict, NotFound,
    AccessDenied.
    """
    words = forms.reason(reason, "取消的原因", 4, 200)
    with database.write() as session:
        event = _at(session, event_id, version, actor)
        if event.state != EventState.PUBLISHED.value:
            raise Conflict("只有已公布的活动可以取消。")
        _turn(session, event, EventState.CANCELLED, "event.cancel", actor, comment=words)
        return _tell(session, event, "活动已取消", f"{event.title}：{words}")


def remove(database: Database, event_id: int, version: int, *, actor: Actor) -> None:
    """Throw a draft away that was never published and has nothing on it. Raises Conflict, NotFound, AccessDenied."""
    with database.write() as session:
        event = _at(session, event_id, version, actor)
        items = session.scalar(select(func.count()).select_from(EventItem).where(EventItem.event_id == event_id))
        if event.state != EventState.DRAFT.value or items:
            raise Conflict("只有未公布、议程为空的活动可以删除；已公布的请取消。")
        if session.scalars(select(AccountLink).where(AccountLink.event_id == event_id).limit(1)).first() is not None:
            raise Conflict("这场活动已发出组织者邀请，不能删除。请改成要办的活动，或公布后取消。")
        judges = select(Judge.id).where(Judge.event_id == event_id)
        session.execute(delete(Score).where(Score.judge_id.in_(judges)))
        for entity in (JuryResult, Judge, Criterion, Stage, ProgrammeVersion, EventOrganizer):
            session.execute(delete(entity).where(entity.event_id == event_id))
        session.delete(event)
        audit.record(session, actor, "event.remove", "event", event_id, league=event.league_code, title=event.title)


# ------------------------------------------------------------------ inside
def _tell(session: Session, event: Event, title: str, body: str) -> int:
    """A notice to the accounts that attend or present; how many."""
    attending = select(Attendee.account_id).where(
        Attendee.event_id == event.id, Attendee.state != AttendeeState.CANCELLED.value
    )
    presenting = select(Submission.account_id).where(Submission.event_id == event.id, Submission.state.in_(_TAKING))
    told = {number for number in session.scalars(attending.union(presenting)) if number is not None}
    for account in sorted(told):
        notices.tell(session, account, title, "roadshows", {"id": str(event.id)}, body)
    return len(told)


def _read(database: Database, values: Mapping[str, Any], actor: Actor) -> EventForm:
    form = forms.read(EventForm, values)
    markings.refuse(database, form.model_dump(mode="json"), actor=actor)
    return form


def _at(session: Session, event_id: int, version: int, actor: Actor) -> Event:
    event = scopes.hosted(session, event_id, actor=actor, lock=True)
    if event.version != version:
        raise Conflict(_CHANGED)
    return event


def _turn(session: Session, event: Event, state: EventState, action: str, actor: Actor, **detail: str) -> None:
    before, event.state, event.updated_at = event.state, state.value, now_utc()
    audit.record(
        session, actor, action, "event", event.id, league=event.league_code, banner=event.banner_code,
        state=[before, state.value], **detail,
    )  # fmt: skip


def _columns(session: Session, form: EventForm, actor: Actor) -> dict[str, Any]:
    """The columns of a form, placed where the actor may place an event. Raises InvalidInput, AccessDenied."""
    league = session.get(Division, form.league) if form.league else None
    if form.league and (league is None or league.level != Level.LEAGUE.value):
        raise InvalidInput({"league": "请从列表里选择盟市。"})
    banner = session.get(Division, form.banner) if form.banner else None
    if form.banner and (banner is None or banner.parent_code != form.league):
        raise InvalidInput({"banner": "这个旗县不在所选盟市，请重新选择。"})
    if actor.role is not Role.ORGANIZER and not actor.covers(form.league or None, form.banner or None):
        raise AccessDenied("活动要办在您的辖区内，请选择您负责的盟市或旗县。")
    starts = form.starts or now_utc()
    return {
        **{name: getattr(form, name) for name in _SAME},
        "city": form.city or (league.name if league else ""),
        "league_code": form.league or None,
        "banner_code": form.banner or None,
        "starts_at": form.starts,
        "ends_at": form.ends,
        "held_on": starts.astimezone(SHANGHAI).date(),
        "held_precision": Precision.DAY.value,
    }
