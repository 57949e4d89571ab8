"""What came of an event, in numbers whose rows can be read: for whoever runs it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from lib.domain import followups
from lib.domain.access import Actor
from lib.domain.dates import now_utc, show_time
from lib.domain.errors import InvalidQuery
from lib.domain.followups import Trail
from lib.domain.money import show_wan
from lib.domain.vocabulary import MARKS, NO_DATA, AttendeeState, ItemKind, QuestionState, ThreadState
from lib.services import responses, scopes
from lib.services.responses import Counts
from lib.store.models import Attendee, EventItem, Interest, Mark, Question, Thread

LABELS: Final[dict[str, str]] = {
    "projects": "参加项目",
    "registered": "报名观众",
    "waiting": "候补",
    "present": "到场",
    "marks": "打分",
    "questions": "提问",
    "intentions": "意向",
    "contacts": "留了联系方式",
    "within_3": "3 天内联系",
    "within_7": "7 天内联系",
    "within_30": "30 天内联系",
    "untaken": "没人跟进",
    **{state.value: state.label for state in ThreadState},
    "amount": "写明金额的合同",
}
"""Every figure that opens its rows."""
MEANINGS: Final[dict[str, str]] = {
    "within": "分母只算留下满这么多天的意向；首次联系以跟进记录为准。",
    "k17": "路演成交率 = 已签约的意向 ÷ 全部意向（本平台口径）。",
    "amount": "只加总写明金额的合同，没有人写明时为暂无数据。",
}


@dataclass(frozen=True)
class ItemOutcome:
    """One item: what the audience sent, and what came of its intentions."""

    id: int
    title: str
    counts: Counts
    signed: int
    amount: Decimal | None


@dataclass(frozen=True)
class Outcome:
    """An event: figures by name, denominators of the shares, the amount in 元 (None: nobody told one), its items."""

    figures: Mapping[str, int]
    of: Mapping[str, int]
    amount: Decimal | None
    items: tuple[ItemOutcome, ...]


@dataclass(frozen=True)
class Row:
    """One row behind a figure; nothing personal but what is masked."""

    what: str
    who: str
    when: datetime | None
    note: str = ""
    interest: int | None = None
    """The intention that it is."""


def read(session: Session, event_id: int, *, actor: Actor) -> Outcome:
    """The figures of an event that the actor runs. Raises NotFound, AccessDenied."""
    scopes.hosted(session, event_id, actor=actor)
    trails, now = _trails(session, event_id), now_utc()
    figures = {name: len(_rows(session, event_id, name)) for name in _DIRECT}
    figures |= {name: sum(test(trail, now) for trail in trails) for name, test in followups.FIGURES.items()}
    tally = responses.tally(session, event_id)
    nothing = Counts(0, dict.fromkeys(MARKS), 0, 0)
    items = []
    for item in _items(session, event_id):
        own = [trail for trail in trails if trail.item == item.id]
        signed = sum(trail.state is ThreadState.SIGNED for trail in own)
        items.append(ItemOutcome(item.id, item.title, tally.get(item.id, nothing), signed, followups.amount(own)))
    of = {f"within_{days}": figures[f"old_{days}"] for days in followups.DAYS}
    return Outcome(figures, of, followups.amount(trails), tuple(items))


def rows(session: Session, event_id: int, figure: str, *, actor: Actor) -> tuple[Row, ...]:
    """Exactly the rows that a figure counts. Raises InvalidQuery, NotFound, AccessDenied."""
    scopes.hosted(session, event_id, actor=actor)
    if figure in _DIRECT:
        return _rows(session, event_id, figure)
    test = followups.FIGURES.get(figure)
    if test is None:
        raise InvalidQuery("没有这个数字。")
    titles = {item.id: item.title for item in _items(session, event_id)}
    now = now_utc()
    left = session.execute(select(Interest.id, Interest.hint).where(Interest.event_id == event_id))
    hints: dict[int, str] = {row.id: row.hint for row in left}
    return tuple(
        Row(
            titles.get(trail.item or 0, "项目已撤下"),
            hints.get(trail.id) or "没有留联系方式",
            trail.left_at,
            _told(trail),
            trail.id,
        )
        for trail in _trails(session, event_id)
        if test(trail, now)
    )


# ------------------------------------------------------------------ inside
_DIRECT: Final = ("projects", "registered", "waiting", "present", "marks", "questions")


def _told(trail: Trail) -> str:
    parts = [trail.state.label if trail.state else "没人跟进"]
    if trail.contacted_at:
        parts.append(f"首次联系 {show_time(trail.contacted_at)}")
    if trail.signed_on:
        parts.append(f"{trail.signed_on} 签约，金额{show_wan(trail.amount) if trail.amount else NO_DATA}")
    return "；".join(parts)


def _items(session: Session, event_id: int) -> list[EventItem]:
    """What can be marked or wanted: everything but breaks."""
    return list(
        session.scalars(
            select(EventItem)
            .where(EventItem.event_id == event_id, EventItem.kind != ItemKind.BREAK.value)
            .order_by(EventItem.position, EventItem.id)
        )
    )


def _trails(session: Session, event_id: int) -> list[Trail]:
    found = session.execute(
        select(
            Interest.id, Interest.event_item_id, Interest.consent_version, Interest.created_at, Thread.state,
            Thread.contacted_at, Thread.signed_on, Thread.amount,
        )
        .outerjoin(Thread, Thread.interest_id == Interest.id)
        .where(Interest.event_id == event_id)
        .order_by(Interest.id)
    )  # fmt: skip
    return [
        Trail(
            r.id, r.event_item_id, r.consent_version != "", r.created_at, ThreadState(r.state) if r.state else None,
            r.contacted_at, r.signed_on, r.amount,
        )
        for r in found
    ]  # fmt: skip


def _rows(session: Session, event_id: int, figure: str) -> tuple[Row, ...]:
    if figure == "projects":
        kinds = {ItemKind.ACHIEVEMENT.value, ItemKind.DEMAND.value}
        shown = (item for item in _items(session, event_id) if item.kind in kinds)
        return tuple(Row(item.title, item.organization_text, None, ItemKind(item.kind).label) for item in shown)
    if figure in {"marks", "questions"}:
        titles = {item.id: item.title for item in _items(session, event_id)}
        entity: Any = Mark if figure == "marks" else Question
        found = session.scalars(select(entity).where(entity.event_id == event_id).order_by(entity.id))
        return tuple(
            Row(titles.get(one.event_item_id, "项目已撤下"), "一部手机", one.created_at, _said(one)) for one in found
        )
    a = Attendee
    conditions = [a.event_id == event_id]
    if figure == "present":
        conditions.append(a.checked_in_at.is_not(None))
    else:
        conditions.append(a.state == AttendeeState(figure).value)
    guests = session.scalars(select(a).where(*conditions).order_by(a.id))
    return tuple(Row(one.receipt, one.hint, one.registered_at, AttendeeState(one.state).label) for one in guests)


def _said(one: Mark | Question) -> str:
    if isinstance(one, Question):
        return f"{one.text}（{QuestionState(one.state).label}）"
    points = ((label, getattr(one, name)) for name, label in MARKS.items())
    return "，".join(f"{label} {number}" for label, number in points if number is not None)
