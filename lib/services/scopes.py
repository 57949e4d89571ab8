"""How far an actor's word holds, as a condition of a query: `Actor.covers` and what is one's own, for a whole table."""

from typing import Any, Final

from sqlalchemy import ColumnElement, and_, false, or_, true
from sqlalchemy.orm import Session

from lib.domain import windows
from lib.domain.access import REGION, Actor, Permission, require
from lib.domain.dates import now_utc
from lib.domain.errors import AccessDenied, NotFound
from lib.domain.vocabulary import EventState, SubmissionKind
from lib.store.models import Event, Submission

NO_EVENT: Final = "没有找到这场活动，可能已撤下。请回到列表重新查找。"
"""What is said of an event that is not there, also of one that is not there for whoever asks."""


def within(actor: Actor, league: Any, banner: Any) -> ColumnElement[bool]:
    """The condition that rows with these league and banner columns lie in the actor's division; none without one."""
    if actor.scope == REGION:
        return true()
    if not actor.scope:
        return false()
    column: ColumnElement[Any] = league if actor.scope.endswith("00") else banner
    return column == actor.scope


def own(actor: Actor, account: Any, organization: Any) -> ColumnElement[bool]:
    """The condition that rows with these account and organization columns are the actor's own, or the actor's
    organization's; none for a visitor."""
    mine = [account == actor.account_id] if actor.account_id is not None else []
    ours = [organization == actor.organization_id] if actor.organization_id is not None else []
    return or_(false(), *mine, *ours)


def is_own(actor: Actor, account_id: int | None, organization_id: int | None) -> bool:
    """`own` for one row: true when it is the actor's, or the actor's organization's."""
    ours = organization_id is not None and organization_id == actor.organization_id
    return ours or (account_id is not None and account_id == actor.account_id)


def reviewing(actor: Actor) -> ColumnElement[bool]:
    """The condition that a submission is the actor's to review: it lies in the actor's division, or it is a
    registration for an event that the actor organizes. Whether the actor may review at all is asked elsewhere."""
    registration = Submission.kind == SubmissionKind.REGISTRATION.value
    events = and_(registration, Submission.event_id.in_(actor.events)) if actor.events else false()
    return or_(within(actor, Submission.league_code, Submission.banner_code), events)


def hosts(actor: Actor, event: Event) -> bool:
    """True when the event is the actor's to run: an organizer's own, or one in an official's division."""
    return actor.may(Permission.MANAGE_EVENTS) and (
        event.id in actor.events or actor.covers(event.league_code, event.banner_code)
    )


def hosting(actor: Actor) -> ColumnElement[bool]:
    """`hosts` as a condition on Event; none without the permission."""
    if not actor.may(Permission.MANAGE_EVENTS):
        return false()
    return or_(within(actor, Event.league_code, Event.banner_code), Event.id.in_(actor.events))


def announced() -> ColumnElement[bool]:
    """The condition that an event is one that everybody may know of: a draft is its hosts' alone."""
    return Event.state != EventState.DRAFT.value


def registration_problem(event: Event) -> str:
    """Why nobody can register for the event now, in one sentence; blank while everybody can."""
    whole = windows.period(event.held, event.starts_at, event.ends_at)
    state = EventState(event.state)
    return windows.registration(state, event.registration_opens, event.registration_closes, whole, now_utc())


def response_problem(event: Event) -> str:
    """Why an audience cannot respond now, in one sentence; blank while it can."""
    return windows.responding(
        EventState(event.state), windows.period(event.held, event.starts_at, event.ends_at), now_utc()
    )


def hosted(session: Session, event_id: int, *, actor: Actor, lock: bool = False) -> Event:
    """An event that the actor runs, locked for a change if asked. Raises NotFound, AccessDenied."""
    require(actor, Permission.MANAGE_EVENTS)
    event = session.get(Event, event_id, with_for_update={"of": Event} if lock else None)
    if event is None:
        raise NotFound(NO_EVENT)
    if not hosts(actor, event):
        raise AccessDenied("这场活动不由您组织，也不在您的辖区内。")
    return event
