"""What an audience sends from its phones: a mark, a question, an intention; once a device and item, no account asked.

These are many small writes. They raise no revision: no page's cache is made of them. Marks and questions name nobody
and can be counted, so only intentions go into the audit trail.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Final

from sqlalchemy import func, or_, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from lib.domain.access import Actor, Permission, require
from lib.domain.dates import now_utc
from lib.domain.errors import Conflict, InvalidInput, NotFound
from lib.domain.text import clean
from lib.domain.vocabulary import MARKS, EventState, QuestionState
from lib.services import audit, contacts, interests, markings, scopes
from lib.services.drafts import DRAFT_ID
from lib.store.engine import Database
from lib.store.models import Event, EventItem, Interest, Mark, Question

KINDS: Final = ("mark", "question", "intention")
LONGEST_QUESTION: Final = 200
_HIGHEST: Final = 5


@dataclass(frozen=True)
class Counts:
    """What was sent about an item. Means to one decimal; None where nobody marked that criterion."""

    marks: int
    means: Mapping[str, Decimal | None]
    questions: int
    intentions: int


@dataclass(frozen=True)
class Asked:
    """A question as whoever presents reads it."""

    id: int
    item: int
    text: str
    state: QuestionState


def keep(database: Database, event_id: int, kind: str, values: Mapping[str, Any], *, device: str, actor: Actor) -> bool:
    """Keep what a device sent about an item; False when it had sent one of that kind before: the first one holds.

    `values`: id (32 hex), item, and for a mark need, maturity, willingness (1 to 5, at least one); for a question text;
    for an intention name, unit, phone, note, consent. Raises InvalidInput, Conflict (closed), NotFound, TooManyTries,
    AccessDenied.
    """
    require(actor, Permission.TAKE_PART)
    draft_id, item = str(values.get("id", "")), values.get("item")
    if kind not in KINDS or not DRAFT_ID.fullmatch(draft_id) or not isinstance(item, int) or not device:
        raise InvalidInput({"id": "页面内容不完整，请刷新后再试。"})
    columns: dict[str, Any] = {}
    contact = contacts.Contact()
    if kind == "mark":
        columns = _marks(values)
    elif kind == "question":
        columns = {"text": _question(values.get("text"))}
        markings.refuse(database, columns, actor=actor)
    else:
        markings.refuse(database, {name: values.get(name) for name in ("name", "unit", "note")}, actor=actor)
        contact = contacts.read(values, needed=False)

    def write(session: Session) -> bool:
        interests.take_a_turn(session, device)
        event, found = _on(session, event_id, item)
        if kind == "intention":
            kept = interests.keep(
                session, contact, draft_id, device, actor, event_id=event.id, event_item_id=found.id,
                achievement_id=found.achievement_id, demand_id=found.demand_id,
            )  # fmt: skip
            record = ("achievement", found.achievement_id) if found.achievement_id else ("demand", found.demand_id)
            if kept and record[1]:
                interests.tell_owner(session, record[0], record[1], found.title)
            return kept
        entity: Any = Mark if kind == "mark" else Question
        mine = (entity.event_item_id == item) & (entity.browser_hash == device)
        if session.scalar(select(entity.id).where(or_(entity.draft_id == draft_id, mine)).limit(1)) is not None:
            return False
        session.add(
            entity(
                draft_id=draft_id, event_id=event_id, event_item_id=item, browser_hash=device, created_at=now_utc(),
                **columns,
            )
        )  # fmt: skip
        session.flush()
        return True

    try:
        return database.settle(write)
    except IntegrityError:  # the same device sent twice in one moment: one of them stands
        return False


def mine(session: Session, event_id: int, *, device: str, actor: Actor) -> dict[int, dict[str, Any]]:
    """What this device sent about the items of an event: marks, its question, whether it left an intention."""
    require(actor, Permission.TAKE_PART)
    found: dict[int, dict[str, Any]] = {}
    if not device:
        return found
    for mark in session.scalars(select(Mark).where(Mark.event_id == event_id, Mark.browser_hash == device)):
        found.setdefault(mark.event_item_id, {})["mark"] = {name: getattr(mark, name) for name in MARKS}
    for question in session.scalars(
        select(Question).where(Question.event_id == event_id, Question.browser_hash == device)
    ):
        found.setdefault(question.event_item_id, {})["question"] = question.text
    for item in session.scalars(
        select(Interest.event_item_id).where(Interest.event_id == event_id, Interest.browser_hash == device)
    ):
        found.setdefault(int(item or 0), {})["intention"] = True
    return found


def counts(session: Session, event_id: int, *, actor: Actor) -> dict[int, Counts]:
    """How much was sent about each item, for whoever runs the event. Raises NotFound, AccessDenied."""
    scopes.hosted(session, event_id, actor=actor)
    return tally(session, event_id)


def tally(session: Session, event_id: int) -> dict[int, Counts]:
    """`counts` for a service that has checked who asks."""

    def number(entity: Any) -> dict[int, int]:
        rows = session.execute(
            select(entity.event_item_id, func.count()).where(entity.event_id == event_id).group_by(entity.event_item_id)
        )
        return {int(item): count for item, count in rows}

    sums = [func.sum(getattr(Mark, name)) for name in MARKS] + [func.count(getattr(Mark, name)) for name in MARKS]
    rows = session.execute(
        select(Mark.event_item_id, func.count(), *sums).where(Mark.event_id == event_id).group_by(Mark.event_item_id)
    )
    marked = {int(row[0]): (row[1], row[2 : 2 + len(MARKS)], row[2 + len(MARKS) :]) for row in rows}
    questions, intentions = number(Question), number(Interest)
    found = {}
    for item in {*marked, *questions, *intentions}:
        total, added, given = marked.get(item, (0, (None,) * len(MARKS), (0,) * len(MARKS)))
        means = {name: _mean(points, count) for name, points, count in zip(MARKS, added, given, strict=True)}
        found[item] = Counts(total, means, questions.get(item, 0), intentions.get(item, 0))
    return found


def questions(session: Session, event_id: int, *, actor: Actor) -> tuple[Asked, ...]:
    """The questions of an event, newest first, for whoever runs it. Raises NotFound, AccessDenied."""
    scopes.hosted(session, event_id, actor=actor)
    rows = session.scalars(
        select(Question).where(Question.event_id == event_id).order_by(Question.id.desc()).limit(500)
    )
    return tuple(Asked(q.id, q.event_item_id, q.text, QuestionState(q.state)) for q in rows)


def settle_question(database: Database, question_id: int, state: QuestionState, *, actor: Actor) -> None:
    """Say what became of a question; the same again changes nothing. Raises NotFound, AccessDenied."""
    require(actor, Permission.MANAGE_EVENTS)
    with database.write() as session:
        found = session.get(Question, question_id, with_for_update=True)
        if found is None:
            raise NotFound("没有找到这个问题，请刷新。")
        scopes.hosted(session, found.event_id, actor=actor)
        if found.state != state.value:
            found.state = state.value
            audit.record(session, actor, "question.state", "question", found.id, item=found.event_item_id)


# ------------------------------------------------------------------ inside
def _marks(values: Mapping[str, Any]) -> dict[str, int | None]:
    given: dict[str, int | None] = {}
    for name, label in MARKS.items():
        points = values.get(name)
        if points is None:
            given[name] = None
        elif isinstance(points, int) and not isinstance(points, bool) and 1 <= points <= _HIGHEST:
            given[name] = points
        else:
            raise InvalidInput({name: f"「{label}」请选 1 至 {_HIGHEST} 分。"})
    if not any(points is not None for points in given.values()):
        raise InvalidInput({"need": "请至少给一项打分。"})
    return given


def _question(value: Any) -> str:
    try:
        text = clean(str(value or ""))
    except ValueError:
        raise InvalidInput({"text": "问题里有看不见的控制字符，请删去后重新输入。"}) from None
    if not text:
        raise InvalidInput({"text": "请写下问题。"})
    if len(text) > LONGEST_QUESTION:
        raise InvalidInput({"text": f"问题最多 {LONGEST_QUESTION} 字，现在多了 {len(text) - LONGEST_QUESTION} 字。"})
    return text


def _on(session: Session, event_id: int, item_id: int) -> tuple[Event, EventItem]:
    """The event and its item, while an audience can respond. Raises NotFound, Conflict."""
    event, item = session.get(Event, event_id), session.get(EventItem, item_id)
    if event is None or event.state == EventState.DRAFT.value or item is None or item.event_id != event_id:
        raise NotFound("这个项目已不在活动里，请刷新页面。")
    if problem := scopes.response_problem(event):
        raise Conflict(problem)
    return event, item


def _mean(points: Any, count: int) -> Decimal | None:
    if not count:
        return None
    return (Decimal(int(points)) / count).quantize(Decimal("0.1"), ROUND_HALF_UP)
