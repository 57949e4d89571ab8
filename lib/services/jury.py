"""评审打分: a jury scores the projects of an event by codes; its result is frozen and published by whoever runs it.

Points are seen by nobody but their judge before the result is frozen. A judge is a number, never a person: who sat in
the chair is known to the organizer, and not to this database.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from lib.domain import jury
from lib.domain.access import Actor, Permission, require
from lib.domain.dates import now_utc, show_time
from lib.domain.errors import Conflict, InvalidInput, NotFound, TooManyTries
from lib.domain.text import clean
from lib.domain.vocabulary import EventState, ItemKind
from lib.files import export
from lib.services import attempts, audit, forms, programme, scopes
from lib.store.engine import Database
from lib.store.models import Criterion, Event, Judge, JuryResult, Score
from lib.store.revision import insert_for

_NAME: Final = 40
_CHANGED: Final = "评分标准刚刚被别人改过，请看过现在的样子再改。"
_FROZEN: Final = "评审结果已冻结，不能再打分；需要更改请找主办方。"
_UNKNOWN: Final = "评分码不对。请核对主办方给的评分码，共 10 个字母和数字。"


@dataclass(frozen=True)
class Measure:
    """What is scored, with its weight of 100."""

    id: int
    name: str
    weight: int


@dataclass(frozen=True)
class Juror:
    """A judge as whoever runs the event sees one: how many projects were scored, never how."""

    number: int
    active: bool
    scored: int


@dataclass(frozen=True)
class Contender:
    """A project that is scored."""

    item: int
    title: str
    unit: str


@dataclass(frozen=True)
class Ranked:
    """A project with what the jury made of it. `judges`: number of a judge → the weighted score."""

    contender: Contender
    rank: int | None
    tied: bool
    score: Decimal | None
    judges: Mapping[int, Decimal]
    dropped: tuple[int, ...]


@dataclass(frozen=True)
class Result:
    """A frozen result, best first. `published_at` None: only those who run the event see it."""

    event_id: int
    measures: tuple[Measure, ...]
    ranked: tuple[Ranked, ...]
    frozen_at: datetime
    published_at: datetime | None

    @property
    def numbers(self) -> tuple[int, ...]:
        """The judges who scored anything."""
        return tuple(sorted({number for one in self.ranked for number in one.judges}))

    @property
    def dropping(self) -> bool:
        """True when a highest and a lowest score were left out somewhere."""
        return any(one.dropped for one in self.ranked)


@dataclass(frozen=True)
class Desk:
    """The jury of an event, for whoever runs it. `begun`: something was scored, so the criteria stand."""

    measures: tuple[Measure, ...]
    jurors: tuple[Juror, ...]
    contenders: tuple[Contender, ...]
    begun: bool
    result: Result | None

    @property
    def shown(self) -> tuple[tuple[str, int], ...]:
        """The criteria as they are edited; those to begin with where none were saved."""
        return tuple((one.name, one.weight) for one in self.measures) or jury.CRITERIA


@dataclass(frozen=True)
class Sheet:
    """What a judge scores. `points`: project → criterion → the points this judge gave."""

    event_id: int
    title: str
    number: int
    measures: tuple[Measure, ...]
    contenders: tuple[Contender, ...]
    points: Mapping[int, Mapping[int, Decimal]]
    frozen: bool


# ------------------------------------------------------------------ whoever runs the event
def desk(session: Session, event_id: int, *, actor: Actor) -> Desk:
    """Criteria, judges, how far they are, and the result if it is frozen. Raises NotFound, AccessDenied."""
    scopes.hosted(session, event_id, actor=actor)
    measures, contenders = _measures(session, event_id), _contenders(session, event_id, actor)
    points = _points(session, event_id)
    jurors = tuple(
        Juror(
            number, active, sum(_score(points.get((judge, one.item), {}), measures) is not None for one in contenders)
        )
        for judge, number, active in _judges(session, event_id)
    )
    row = session.get(JuryResult, event_id)
    found = _result(row, measures) if row else None
    return Desk(measures, jurors, contenders, bool(points), found)


def set_criteria(
    database: Database,
    event_id: int,
    criteria: Sequence[tuple[str, int]],
    before: Sequence[tuple[str, int]],
    *,
    actor: Actor,
) -> None:
    """Save names and weights in their order, which were `before` when they were read; not once anything was scored.

    Raises InvalidInput (`criteria`), Conflict, NotFound, AccessDenied.
    """
    require(actor, Permission.MANAGE_EVENTS)
    wanted = _read_criteria(criteria)
    with database.write() as session:
        event = scopes.hosted(session, event_id, actor=actor, lock=True)
        now = tuple((one.name, one.weight) for one in _measures(session, event_id))
        if now == wanted:
            return
        if now != tuple(before):
            raise Conflict(_CHANGED)
        if _points(session, event_id):
            raise Conflict("已有评委打分，评分标准不能再改。")
        session.execute(delete(Criterion).where(Criterion.event_id == event_id))
        session.add_all(
            Criterion(event_id=event_id, position=place, name=name, weight=weight)
            for place, (name, weight) in enumerate(wanted)
        )
        _note(session, actor, "jury.criteria", event, rows=len(wanted))


def appoint(database: Database, event_id: int, wanted: int, *, actor: Actor) -> dict[int, str]:
    """Bring the jury up to so many judges; returns the codes of the new ones by number, which are shown only now.

    Raises InvalidInput (`judges`), NotFound, AccessDenied.
    """
    require(actor, Permission.MANAGE_EVENTS)
    if not 1 <= wanted <= jury.MOST_JUDGES:
        raise InvalidInput({"judges": f"评委人数请填 1 至 {jury.MOST_JUDGES}。"})
    with database.write() as session:
        event = scopes.hosted(session, event_id, actor=actor, lock=True)
        there = {number for _, number, _ in _judges(session, event_id)}
        codes = {number: jury.new_code() for number in range(1, wanted + 1) if number not in there}
        session.add_all(
            Judge(event_id=event_id, number=number, code_hash=_hash(code), made_at=now_utc())
            for number, code in codes.items()
        )
        if codes:
            _note(session, actor, "jury.appoint", event, rows=len(codes))
    return codes


def renew(database: Database, event_id: int, number: int, *, actor: Actor) -> str:
    """A new code for a judge, who keeps what was scored; the old one ends. Raises NotFound, AccessDenied."""
    require(actor, Permission.MANAGE_EVENTS)
    code = jury.new_code()
    with database.write() as session:
        event = scopes.hosted(session, event_id, actor=actor, lock=True)
        judge = _judge_number(session, event_id, number)
        judge.code_hash, judge.made_at = _hash(code), now_utc()
        _note(session, actor, "jury.renew", event, judge=number)
    return code


def switch(database: Database, event_id: int, number: int, active: bool, *, actor: Actor) -> None:
    """Let a judge score and count, or not; not once the result is frozen. Raises Conflict, NotFound, AccessDenied."""
    require(actor, Permission.MANAGE_EVENTS)
    with database.write() as session:
        event = scopes.hosted(session, event_id, actor=actor, lock=True)
        judge = _judge_number(session, event_id, number)
        if judge.active == active:
            return
        if session.get(JuryResult, event_id) is not None:
            raise Conflict("评审结果已冻结，请先重新开放打分。")
        judge.active = active
        _note(session, actor, "jury.switch", event, judge=number, active=active)


def freeze(database: Database, event_id: int, *, actor: Actor) -> None:
    """Reckon the result and keep it; nobody scores from then on. Again it changes nothing.

    Raises InvalidInput (`jury`) while nothing was scored whole, NotFound, AccessDenied.
    """
    require(actor, Permission.MANAGE_EVENTS)
    with database.write() as session:
        event = scopes.hosted(session, event_id, actor=actor, lock=True)
        if session.get(JuryResult, event_id) is not None:
            return
        content = _reckon(session, event_id, actor)
        if not any(line["score"] for line in content):
            raise InvalidInput({"jury": "还没有评委给任何项目打完分，不能冻结。"})
        session.add(JuryResult(event_id=event_id, content=content, frozen_at=now_utc(), frozen_by=actor.account_id))
        _note(session, actor, "jury.freeze", event, rows=len(content))


def unfreeze(database: Database, event_id: int, reason: str, *, actor: Actor) -> None:
    """Open the scoring again, for a reason that stays in the audit trail; not once the result is published.

    Raises InvalidInput (`reason`), Conflict, NotFound, AccessDenied.
    """
    require(actor, Permission.MANAGE_EVENTS)
    words = forms.reason(reason, "重新开放的原因", 4, 200)
    with database.write() as session:
        event = scopes.hosted(session, event_id, actor=actor, lock=True)
        row = session.get(JuryResult, event_id)
        if row is None:
            return
        if row.published_at is not None:
            raise Conflict("评审结果已公布，不能再开放打分。")
        session.delete(row)
        _note(session, actor, "jury.unfreeze", event, comment=words)


def publish(database: Database, event_id: int, *, actor: Actor) -> None:
    """Show a frozen result to everybody; again it changes nothing. Raises Conflict, NotFound, AccessDenied."""
    require(actor, Permission.MANAGE_EVENTS)
    with database.write() as session:
        event = scopes.hosted(session, event_id, actor=actor, lock=True)
        row = session.get(JuryResult, event_id)
        if row is None:
            raise Conflict("请先冻结评审结果，再公布。")
        if event.state != EventState.PUBLISHED.value:
            raise Conflict("活动没有公布，不能公布评审结果。")
        if row.published_at is None:
            row.published_at = event.updated_at = now_utc()
            _note(session, actor, "jury.publish", event, rows=len(row.content))


def export_result(session: Session, event_id: int, *, actor: Actor) -> bytes:
    """The frozen result as an XLSX: ranking, each judge's points by criterion, how it was reckoned.

    Raises Conflict while nothing is frozen, NotFound, AccessDenied.
    """
    event = scopes.hosted(session, event_id, actor=actor)
    row = session.get(JuryResult, event_id)
    if row is None:
        raise Conflict("评审结果还没有冻结。")
    found = _result(row, _measures(session, event_id))
    ranking = [
        (
            one.rank, "并列" if one.tied else "", one.contender.title, one.contender.unit, one.score,
            *(one.judges.get(number) for number in found.numbers),
            "、".join(f"{number} 号" for number in one.dropped),
        )
        for one in found.ranked
    ]  # fmt: skip
    header = ("名次", "并列", "项目", "单位", "得分", *(f"{number} 号评委" for number in found.numbers), "未计入")
    judges, points = _judges(session, event_id), _points(session, event_id)
    given = [
        (one.contender.title, f"{number} 号评委", *(points.get((judge, one.contender.item), {}).get(measure.id)
         for measure in found.measures))
        for one in found.ranked
        for judge, number, _ in judges
        if number in one.judges
    ]  # fmt: skip
    about = [
        (f"{event.title}　{show_time(found.frozen_at)} 冻结",), (how(found),),
        *((f"{one.name}：权重 {one.weight}",) for one in found.measures),
    ]  # fmt: skip
    names = ("项目", "评委", *(one.name for one in found.measures))
    return export.xlsx_bytes({"排名": (header, ranking), "各评委打分": (names, given), "说明": (("说明",), about)})


# ------------------------------------------------------------------ everybody
def result(session: Session, event_id: int, *, actor: Actor) -> Result | None:
    """The result once it is published; to those who run the event once it is frozen. Raises NotFound, AccessDenied."""
    programme.published(session, event_id, actor=actor)  # the same people may know of the event
    row = session.get(JuryResult, event_id)
    if row is None:
        return None
    if row.published_at is None and not scopes.hosts(actor, session.get_one(Event, event_id)):
        return None
    return _result(row, _measures(session, event_id))


def how(found: Result) -> str:
    """How the scores of a result were reckoned, in one sentence."""
    left_out = "有 7 位及以上评委的项目去掉一个最高分和一个最低分；" if found.dropping else ""
    few = "" if found.dropping else "评委不足 7 位，没有去掉最高分和最低分；"
    return f"每位评委按各项权重加权得一个分，{left_out}{few}取平均，四舍五入保留两位小数；同分并列。"


# ------------------------------------------------------------------ the judges
def sheet(database: Database, event_id: int, code: str, *, actor: Actor) -> Sheet:
    """What the judge with this code scores, with what was scored. A wrong code is counted.

    Raises InvalidInput (`code`), TooManyTries, NotFound, AccessDenied.
    """
    require(actor, Permission.TAKE_PART)
    with database.read() as session:
        announced = programme.published(session, event_id, actor=actor)
        judge = _judge_code(session, event_id, code)
        if judge is not None:
            measures = _measures(session, event_id)
            given = {item: points for (owner, item), points in _points(session, event_id).items() if owner == judge.id}
            title = session.get_one(Event, event_id).title
            frozen = session.get(JuryResult, event_id) is not None
            return Sheet(event_id, title, judge.number, measures, _scored(announced), given, frozen)
    raise _refuse_code(database, actor)


def score(database: Database, event_id: int, code: str, item: int, points: Mapping[int, str], *, actor: Actor) -> None:
    """Keep what a judge gives a project: criterion → points, all of them. Again, or anew, until the result is frozen.

    Raises InvalidInput (`code`, or the number of a criterion), Conflict once it is frozen, TooManyTries, NotFound,
    AccessDenied.
    """
    require(actor, Permission.TAKE_PART)
    with database.read() as session:
        known = _judge_code(session, event_id, code)
    if known is None:
        raise _refuse_code(database, actor)

    def write(session: Session) -> None:
        # Shared with the other judges; whoever freezes holds the event alone.
        event = session.get(Event, event_id, with_for_update={"read": True, "of": Event})
        judge = _judge_code(session, event_id, code)
        contenders = {one.item for one in _contenders(session, event_id, actor)}
        if event is None or judge is None or item not in contenders:
            raise NotFound("这个项目不在公布的议程里，请刷新页面。")
        if session.get(JuryResult, event_id) is not None:
            raise Conflict(_FROZEN)
        given = _read_points(points, _measures(session, event_id))
        if _points(session, event_id).get((judge.id, item)) == given:
            return
        rows = [
            {"judge_id": judge.id, "event_item_id": item, "criterion_id": criterion, "points": value,
             "scored_at": now_utc()}
            for criterion, value in given.items()
        ]  # fmt: skip
        statement = insert_for(session)(Score).values(rows)
        session.execute(
            statement.on_conflict_do_update(
                index_elements=[Score.judge_id, Score.event_item_id, Score.criterion_id],
                set_={"points": statement.excluded.points, "scored_at": statement.excluded.scored_at},
            )
        )
        _note(session, actor, "jury.score", event, judge=judge.number, item=item)

    database.settle(write)


# ------------------------------------------------------------------ inside
def _note(session: Session, actor: Actor, action: str, event: Event, **detail: Any) -> None:
    audit.record(
        session, actor, action, "event", event.id, league=event.league_code, banner=event.banner_code, **detail
    )


def _measures(session: Session, event_id: int) -> tuple[Measure, ...]:
    rows = session.scalars(
        select(Criterion).where(Criterion.event_id == event_id).order_by(Criterion.position, Criterion.id)
    )
    return tuple(Measure(row.id, row.name, row.weight) for row in rows)


def _judges(session: Session, event_id: int) -> tuple[tuple[int, int, bool], ...]:
    """Id, number and whether they score."""
    rows = session.execute(
        select(Judge.id, Judge.number, Judge.active).where(Judge.event_id == event_id).order_by(Judge.number)
    )
    return tuple((row.id, row.number, row.active) for row in rows)


def _judge_number(session: Session, event_id: int, number: int) -> Judge:
    judge = session.scalars(select(Judge).where(Judge.event_id == event_id, Judge.number == number)).one_or_none()
    if judge is None:
        raise NotFound("没有这位评委，请刷新。")
    return judge


def _judge_code(session: Session, event_id: int, code: str) -> Judge | None:
    folded = jury.fold_code(code)
    if not folded:
        return None
    return session.scalars(
        select(Judge).where(Judge.event_id == event_id, Judge.code_hash == _hash(folded), Judge.active)
    ).one_or_none()


def _refuse_code(database: Database, actor: Actor) -> InvalidInput | TooManyTries:
    """A right code always passes, so nobody in the hall can lock a jury out; the limit is for who guesses."""
    with database.write() as session:
        if attempts.exhausted(session, attempts.JUDGE, actor.address):
            return TooManyTries("这个网络地址输错评分码的次数过多，请稍后再试。", 600)
        attempts.count(session, attempts.JUDGE, actor.address)
    return InvalidInput({"code": _UNKNOWN})


def _contenders(session: Session, event_id: int, actor: Actor) -> tuple[Contender, ...]:
    return _scored(programme.published(session, event_id, actor=actor))


def _scored(announced: programme.Programme) -> tuple[Contender, ...]:
    """The projects of an announced programme: a demand, a talk and a break are not scored."""
    return tuple(Contender(one.id, one.title, one.unit) for one in announced.items if one.kind is ItemKind.ACHIEVEMENT)


def _points(session: Session, event_id: int) -> dict[tuple[int, int], dict[int, Decimal]]:
    """Judge (id) and project → criterion → points."""
    found: dict[tuple[int, int], dict[int, Decimal]] = {}
    rows = session.execute(
        select(Score.judge_id, Score.event_item_id, Score.criterion_id, Score.points)
        .join(Judge, Judge.id == Score.judge_id)
        .where(Judge.event_id == event_id)
    )
    for judge, item, criterion, given in rows:
        found.setdefault((judge, item), {})[criterion] = given
    return found


def _score(points: Mapping[int, Decimal], measures: Sequence[Measure]) -> Decimal | None:
    return jury.weigh(points, {one.id: one.weight for one in measures})


def _reckon(session: Session, event_id: int, actor: Actor) -> list[dict[str, Any]]:
    """The lines of a result, best first, as they are kept; a judge who was switched off does not count."""
    measures, points = _measures(session, event_id), _points(session, event_id)
    judges = [(judge, number) for judge, number, active in _judges(session, event_id) if active]
    contenders = {one.item: one for one in _contenders(session, event_id, actor)}
    ratings = {}
    for item in contenders:
        scores = {number: _score(points.get((judge, item), {}), measures) for judge, number in judges}
        ratings[item] = jury.rate({number: score for number, score in scores.items() if score is not None})
    return [
        {
            "item": place.item,
            "title": contenders[place.item].title,
            "unit": contenders[place.item].unit,
            "rank": place.rank,
            "tied": place.tied,
            "score": None if ratings[place.item].score is None else str(ratings[place.item].score),
            "judges": {str(number): str(score) for number, score in ratings[place.item].judges.items()},
            "dropped": list(ratings[place.item].dropped),
        }
        for place in jury.rank(ratings)
    ]


def _result(row: JuryResult, measures: tuple[Measure, ...]) -> Result:
    ranked = tuple(
        Ranked(
            Contender(line["item"], line["title"], line["unit"]), line["rank"], line["tied"],
            None if line["score"] is None else Decimal(line["score"]),
            {int(number): Decimal(given) for number, given in line["judges"].items()}, tuple(line["dropped"]),
        )
        for line in row.content
    )  # fmt: skip
    return Result(row.event_id, measures, ranked, row.frozen_at, row.published_at)


def _read_criteria(criteria: Sequence[tuple[str, int]]) -> tuple[tuple[str, int], ...]:
    try:
        wanted = tuple((clean(str(name)), int(weight)) for name, weight in criteria)
    except ValueError:
        raise InvalidInput({"criteria": "评分标准里有看不见的控制字符，请删去后重新输入。"}) from None
    if any(len(name) > _NAME for name, _ in wanted):
        raise InvalidInput({"criteria": f"评分标准的名称最多 {_NAME} 字，请删减。"})
    if problem := jury.criteria_problem(wanted):
        raise InvalidInput({"criteria": problem})
    return wanted


def _read_points(points: Mapping[int, str], measures: Sequence[Measure]) -> dict[int, Decimal]:
    given, problems = {}, {}
    for one in measures:
        value = jury.points(str(points.get(one.id, "")))
        if value is None:
            problems[str(one.id)] = f"「{one.name}」请填 0 至 {jury.WHOLE} 的数字，最多两位小数。"
        else:
            given[one.id] = value
    if problems or not measures:
        raise InvalidInput(problems or {"code": "主办方还没有定评分标准，请稍后再打分。"})
    return given


def _hash(code: str) -> str:
    return hashlib.sha256(jury.fold_code(code).encode()).hexdigest()
