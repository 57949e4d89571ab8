"""One record as its page, its printed sheet and its Word document tell it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from sqlalchemy import ColumnElement, and_, false, or_, select
from sqlalchemy.orm import Session

from lib.domain.access import Actor, Permission, require
from lib.domain.completeness import Completeness, completeness
from lib.domain.dates import PartialDate, today_shanghai
from lib.domain.money import stated_amount
from lib.domain.sheet import Section, Sheet, fits
from lib.domain.telling import Stage, Term, numbered, right_remark, stages, validity
from lib.domain.text import shorten
from lib.domain.vocabulary import FIELDS, TRL_LEVELS, UNDISCLOSED, Origin, SubmissionKind, SubmissionState
from lib.services import catalogue, disclosure, exports, scopes
from lib.services.forms import SEPARATOR
from lib.services.publication import ANSWERS
from lib.store.models import Achievement, Demand, Event, EventItem, Organization, Submission
from lib.store.models.base import stated

_MOST_OWN: Final = 200
_EVENTS: Final = 10
_VALUE: Final = 110
"""How much of a summary may stand in the place of a value."""
_ADDRESS: Final = 160
"""The longest address of a source that is printed; half an address leads nowhere."""


@dataclass(frozen=True)
class _Room:
    """How much of a text, of a shorter one and of a cell stands on the paper, in characters, and of a table in rows."""

    text: int
    short: int
    cell: int
    rows: int


_ROOMS: Final = (
    _Room(2000, 300, 100, 10), _Room(600, 200, 60, 8), _Room(320, 120, 40, 6), _Room(180, 80, 28, 5),
    _Room(110, 50, 20, 4), _Room(60, 30, 14, 3), _Room(40, 20, 10, 2),
)  # fmt: skip
"""From everything to what fits whatever was written; the first that fits on one sheet is taken."""


@dataclass(frozen=True)
class Shown:
    """An event at which an achievement was or will be shown."""

    event_id: int
    title: str
    held: PartialDate | None


@dataclass(frozen=True)
class Told:
    """What is told of a record beside its own columns, for one actor. It holds no sealed value."""

    closed: Mapping[str, str]
    """Restricted fields by name, with the words for who may see them."""
    completeness: Completeness
    term: Term
    own_id: int | None
    """The actor's own submission that was published as this record."""


@dataclass(frozen=True)
class AchievementView:
    """An achievement with everything its page tells."""

    record: Achievement
    told: Told
    stages: tuple[Stage, ...]
    price: str
    """In 万元, 面议, the words for a price that is not public, or blank."""
    events: tuple[Shown, ...]


@dataclass(frozen=True)
class DemandView:
    """A demand with everything its page tells."""

    record: Demand
    told: Told
    budget: str
    """As the price of an achievement."""


@dataclass(frozen=True)
class Gone:
    """A record that is not in the catalogue: the last day of its validity, and whose it was."""

    expired: date
    own_id: int | None


def achievement(session: Session, record_id: int, *, actor: Actor) -> AchievementView:
    """One achievement as the actor may see it. Raises NotFound, AccessDenied."""
    record = catalogue.read_achievement(session, record_id, actor=actor)
    closed = _closed(session, "achievement", record_id, actor)
    price = stated_amount(record.price, record.negotiable) or closed.get("price", "")
    names = (
        "completer", "year", "field", "achievement_class", "keywords", "value", "summary", "problem", "application",
        "indicators", "comparison", "trl", "trl_judge", "trl_evidence", "rights", "shares", "transfer_mode",
        "pricing_mode", "steps", "public_good", "valid_until",
    )  # fmt: skip
    answers = {name: getattr(record, name) for name in names} | {"price": price}
    way = stages(
        record.steps, year=record.year, stage=record.stage, award=record.award,
        price=stated_amount(record.price, record.negotiable), closed=closed.get("price", ""),
    )  # fmt: skip
    return AchievementView(
        record, _told(session, record, answers, closed, actor), way, price, _events(session, record_id)
    )


def demand(session: Session, record_id: int, *, actor: Actor) -> DemandView:
    """One demand as the actor may see it. Raises NotFound, AccessDenied."""
    record = catalogue.read_demand(session, record_id, actor=actor)
    closed = _closed(session, "demand", record_id, actor)
    budget = stated_amount(record.budget, record.negotiable) or closed.get("budget", "")
    names = (
        "year", "field", "demand_class", "keywords", "description", "indicators", "comparison", "tried", "acceptance",
        "cooperation_mode", "deadline", "valid_until",
    )  # fmt: skip
    answers = {name: getattr(record, name) for name in names} | {"budget": budget}
    return DemandView(record, _told(session, record, answers, closed, actor), budget)


def gone(session: Session, record_kind: str, record_id: int, *, actor: Actor) -> Gone | None:
    """Why there is no such record: its validity is over; None where there is nothing to say. Raises AccessDenied."""
    require(actor, Permission.READ_CATALOGUE)
    s = Submission
    row = session.execute(
        select(s.id, s.valid_until, scopes.own(actor, s.account_id, s.organization_id).label("own"))
        .where(
            s.kind.in_([kind.value for kind in disclosure.KINDS[record_kind]]),
            s.record_id == record_id,
            s.state == SubmissionState.EXPIRED.value,
            s.valid_until.is_not(None),
        )
        .order_by(s.id.desc())
        .limit(1)
    ).first()
    return Gone(row.valid_until, row.id if row.own else None) if row else None


def own_achievements(session: Session, *, actor: Actor) -> dict[int, str]:
    """Titles of the achievements in the catalogue that are the actor's own or the actor's unit's, by id, newest
    first: what they handed in, and public facts about the unit. Raises AccessDenied.
    """
    require(actor, Permission.MANAGE_OWN_RECORDS)
    rows = session.execute(
        select(Achievement.id, Achievement.title)
        .where(_of(actor.account_id, actor.organization_id))
        .order_by(Achievement.id.desc())
        .limit(_MOST_OWN)
    )
    return {row.id: row.title for row in rows}


def may_show(session: Session, achievement_id: int, account_id: int | None, organization_id: int | None) -> bool:
    """True when this account, or an account of this organization, may show the achievement at an event."""
    found = select(Achievement.id).where(Achievement.id == achievement_id, _of(account_id, organization_id))
    return session.scalar(found.limit(1)) is not None


def facts_of_achievement(view: AchievementView, places: Mapping[str, str]) -> list[tuple[str, str]]:
    """The key facts that are known, name and text; what is not known is named by the completeness."""
    r = view.record
    return _known(
        ("合作单位", r.other_units),
        ("第一完成人", r.completer),
        ("所在地", place(r, places)),
        ("年份", str(r.year or "")),
        ("领域", FIELDS[r.field] if r.field else ""),
        ("成果类别", r.achievement_class),
        ("所处阶段", r.stage),
        ("关键词", r.keywords),
        ("公益性", {True: "公益性成果", False: "不是公益性成果", None: ""}[r.public_good]),
        ("有效期", _until(r.valid_until, view.told.term)),
    )


def facts_of_demand(view: DemandView, places: Mapping[str, str]) -> list[tuple[str, str]]:
    """The key facts that are known, name and text."""
    r = view.record
    until = _until(r.valid_until, view.told.term)
    return _known(
        ("所在地", place(r, places)),
        ("年份", str(r.year or "")),
        ("领域", FIELDS[r.field] if r.field else ""),
        ("需求类别", r.demand_class),
        ("合作方式", r.cooperation_mode),
        ("预算", view.budget),
        ("希望完成日期", str(r.deadline or "")),
        ("关键词", r.keywords),
        ("有效期", f"{r.valid_from} 至 {until}" if r.valid_from and until else until),
    )


def terms_of(view: AchievementView) -> list[tuple[str, str]]:
    """How an achievement may be had: modes, pricing route and price, as far as known."""
    r = view.record
    return _known(("转化方式", r.transfer_mode), ("定价方式", pricing(r.pricing_mode)), ("意向价格", view.price))


def pricing(mode: str) -> str:
    """A way of pricing in plain words; the statute's list ends in 等其他方式."""
    return mode.removeprefix("等")


def maturity(record: Achievement) -> list[tuple[str, str]]:
    """What the level of maturity rests on, as far as known. The level's words are the common ones, no standard's."""
    return _known(
        ("等级", f"{record.trl} 级：{TRL_LEVELS[record.trl]}" if record.trl else ""),
        ("依据", record.trl_scheme),
        ("由谁判定", record.trl_judge),
        ("证据", record.trl_evidence),
    )


def rights_rows(view: AchievementView, today: date | None = None) -> tuple[tuple[str, str, str, str], ...]:
    """Kind, number, state and expiry of each right in words; a number that is not public says who may see it."""
    day = today or today_shanghai()
    return tuple(_right(right, view.told.closed.get("ip", ""), day) for right in view.record.rights)


def missing_line(view: AchievementView | DemandView) -> str:
    """What is not told, in one sentence; blank when nothing is missing."""
    missing = SEPARATOR.join(view.told.completeness.missing)
    if not missing:
        return ""
    if Origin(view.record.origin) is Origin.SUBMITTED:
        return f"还缺：{missing}。"
    return f"来源没有写明：{missing}。"


def place(record: Achievement | Demand | Organization, places: Mapping[str, str]) -> str:
    """League and banner of a record by name; blank where the source names none."""
    return " ".join(filter(None, (places.get(record.league_code or ""), places.get(record.banner_code or ""))))


# ------------------------------------------------------------------ on paper
def sheet(session: Session, record_kind: str, record_id: int, *, actor: Actor, base: str, coded: bool = False) -> Sheet:
    """A record on one sheet of paper, public columns only, whoever asks; texts that do not fit are cut, and say so.

    `base` is the address of the product. Raises NotFound, AccessDenied.
    """
    places = catalogue.place_names(session)
    address = f"{base}/{exports.PAGES[record_kind]}?id={record_id}"
    view: AchievementView | DemandView
    if record_kind == "achievement":
        view = achievement(session, record_id, actor=actor)
    else:
        view = demand(session, record_id, actor=actor)
    for room in _ROOMS:
        told = (
            _achievement_sheet(view, places, room)
            if isinstance(view, AchievementView)
            else _demand_sheet(view, places, room)
        )
        paper = _on_paper(view, told, room, address, coded)
        if fits(paper):
            break
    return paper


@dataclass(frozen=True)
class _Head:
    value: str
    award: str
    facts: list[tuple[str, str]]
    sections: list[Section]


def _on_paper(view: AchievementView | DemandView, head: _Head, room: _Room, address: str, coded: bool) -> Sheet:
    r = view.record
    publisher = r.source_publisher or "发布方未披露"
    source = " · ".join(filter(None, (Origin(r.origin).label, publisher, str(r.source_stated or ""))))
    original = f"原文：{r.source_url} 。" if 0 < len(r.source_url) <= _ADDRESS else ""
    noun = exports.NOUNS[r.__tablename__]
    return Sheet(
        title=r.title,
        tags=tuple(filter(None, (f"北疆技转 · {noun}", FIELDS[r.field] if r.field else "", head.award))),
        value=head.value,
        facts=tuple((name, shorten(text, room.short)) for name, text in head.facts),
        sections=tuple(section for section in head.sections if section.text or section.rows),
        missing=missing_line(view),
        source=f"来源：{source}。{original}未写明的内容为未披露。",
        printed=f"{today_shanghai()} 打印，最新内容见：",
        address=address,
        coded=coded,
    )


def _achievement_sheet(view: AchievementView, places: Mapping[str, str], room: _Room) -> _Head:
    r, closed = view.record, view.told.closed
    indicators = r.indicators or closed.get("indicators", "")
    lit = "；".join(f"{stage.name}：{shorten(stage.told, room.cell)}" for stage in view.stages if stage.lit)
    known = "；".join(f"{name}：{shorten(text, room.short)}" for name, text in maturity(r))
    holders = [f"{shorten(line['holder'], room.cell)} {line['share']}%" for line in r.shares]
    short = not r.value and len(r.summary) <= _VALUE
    return _Head(
        r.value or shorten(r.summary, _VALUE),
        shorten(r.award, room.cell),
        [*_known(("完成单位", r.organization_text)), *facts_of_achievement(view, places), *terms_of(view)],
        [
            Section("解决的问题", _cut(r.problem, room)),
            Section("应用场景", _cut(r.application, room)),
            Section("成果简介", "" if short else _cut(r.summary, room)),
            Section("技术指标", _cut(indicators, room)),
            _rows("对比基准", ("指标", "现有水平", "本成果"), _compared(r.comparison, "ours"), room),
            Section("技术成熟度", known),
            Section("权益份额", "；".join(holders)),
            _rows("知识产权", ("形式", "编号", "状态", "到期"), rights_rows(view), room),
            Section("走到哪一步", lit, wide=True),
        ],
    )


def _demand_sheet(view: DemandView, places: Mapping[str, str], room: _Room) -> _Head:
    r, closed = view.record, view.told.closed
    short = len(r.description) <= _VALUE
    return _Head(
        r.description if short else "",
        "",
        [*_known(("需求单位", r.organization_text)), *facts_of_demand(view, places)],
        [
            Section("要解决的问题", "" if short else _cut(r.description, room), wide=True),
            _rows("量化指标", ("指标", "现有水平", "希望达到"), _compared(r.comparison, "wanted"), room),
            Section("希望达到的指标", _cut(r.indicators or closed.get("indicators", ""), room)),
            Section("试过的办法", _cut(r.tried, room)),
            Section("验收标准", _cut(r.acceptance, room), wide=True),
        ],
    )


def _rows(title: str, header: tuple[str, ...], rows: Sequence[tuple[str, ...]], room: _Room) -> Section:
    """A table as far as the paper holds it; what is left out is said."""
    kept = tuple(tuple(shorten(cell, room.cell) for cell in row) for row in rows[: room.rows])
    more = f"另有 {len(rows) - room.rows} 行，见网页。" if len(rows) > room.rows else ""
    return Section(title, more, header if kept else (), kept, wide=True)


def _cut(text: str, room: _Room) -> str:
    return text if len(text) <= room.text else f"{shorten(text, room.text)}（全文见网页）"


def _compared(lines: Sequence[Mapping[str, str]], offered: str) -> list[tuple[str, ...]]:
    return [(line["indicator"], line["existing"] or UNDISCLOSED, line[offered]) for line in lines]


# ------------------------------------------------------------------ inside
def _known(*rows: tuple[str, str]) -> list[tuple[str, str]]:
    return [(name, text) for name, text in rows if text]


def _until(until: date | None, term: Term) -> str:
    return f"{until}{'（已到期）' if term is Term.OVER else ''}" if until else ""


def _right(right: Mapping[str, str], closed: str, today: date) -> tuple[str, str, str, str]:
    if not numbered(right):
        return right["kind"], "无编号", "", ""
    remark = right_remark(right, today)
    expires = f"{right['expires']}{f'（{remark}）' if remark else ''}" if right["expires"] else UNDISCLOSED
    return right["kind"], right["number"] or closed or UNDISCLOSED, right["state"] or UNDISCLOSED, expires


def _closed(session: Session, record_kind: str, record_id: int, actor: Actor) -> dict[str, str]:
    there = disclosure.restricted(session, record_kind, record_id, actor=actor)
    return {field.name: field.level.label for field in there.fields}


def _told(
    session: Session, record: Achievement | Demand, answers: Mapping[str, Any], closed: Mapping[str, str], actor: Actor
) -> Told:
    """A restricted answer counts as given: it is there for whoever may open it."""
    kind = record.__tablename__
    given = {ANSWERS.get(name, name): label for name, label in closed.items()}
    known = {name: value or given.get(name, value) for name, value in answers.items()}
    where = {"unit": record.organization_text, "place": record.league_code or record.banner_code or ""}
    own: int | None = None
    if actor.may(Permission.MANAGE_OWN_RECORDS):
        mine = scopes.own(actor, Submission.account_id, Submission.organization_id)
        own = session.scalar(
            select(Submission.id)
            .where(disclosure.of_record(kind, record.id), mine)
            .order_by(Submission.id.desc())
            .limit(1)
        )
    asked = "military" if kind == "demand" and _military(session, record.id) else kind
    return Told(closed, completeness(asked, known | where), validity(record.valid_until, today_shanghai()), own)


def _military(session: Session, record_id: int) -> bool:
    """True for a demand that a 军民对接 was published as."""
    kind = Submission.kind == SubmissionKind.MILITARY.value
    found = select(Submission.id).where(disclosure.of_record("demand", record_id), kind).limit(1)
    return session.scalar(found) is not None


def _events(session: Session, achievement_id: int) -> tuple[Shown, ...]:
    e: Any = Event
    rows = session.execute(
        select(e.id, e.title, e.held_on, e.held_precision)
        .where(
            e.id.in_(select(EventItem.event_id).where(EventItem.achievement_id == achievement_id)), scopes.announced()
        )
        .order_by(e.held_on.desc().nulls_last(), e.id.desc())
        .limit(_EVENTS)
    )
    return tuple(Shown(row.id, row.title, stated(row.held_on, row.held_precision)) for row in rows)


def _of(account_id: int | None, organization_id: int | None) -> ColumnElement[bool]:
    """The condition that an achievement in the catalogue is this account's or this organization's."""
    handed_in = disclosure.of_record("achievement", Achievement.id)
    ways: list[ColumnElement[bool]] = []
    if account_id is not None:
        ways.append(select(Submission.id).where(handed_in, Submission.account_id == account_id).exists())
    if organization_id is not None:
        ways.append(select(Submission.id).where(handed_in, Submission.organization_id == organization_id).exists())
        public = Achievement.origin == Origin.PUBLIC.value
        ways.append(and_(public, Achievement.organization_id == organization_id))
    return or_(false(), *ways)
