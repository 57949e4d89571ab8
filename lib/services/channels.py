"""转移通道: who gives us technology and who takes ours, from the co-operation facts and the events with a partner.

The two kinds of fact are never added: an event such as 中俄蒙科技展 is reported as co-operation as well, so a sum
would count one thing twice. Each figure says which kind it counts.
"""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from lib.domain import paging
from lib.domain.access import REGION, Actor, Permission, require
from lib.domain.channels import (
    HOME,
    MILITARY,
    UNSTATED,
    WITHIN,
    channel_of,
    classify,
    direction_of,
    named_group,
)
from lib.domain.channels import REGION as HOME_NAME
from lib.domain.dates import PartialDate
from lib.domain.errors import InvalidQuery
from lib.domain.vocabulary import Channel, Direction, Level, Origin
from lib.services import contract_flows, scopes
from lib.services.catalogue import UNKNOWN, Source
from lib.services.contract_flows import ContractFlow
from lib.services.places import COUNTRY, PROVINCE, place_of
from lib.store.models import Contract, Cooperation, Division, Event
from lib.store.models.base import stated

MAX_SIZE: Final = 100
UNDATED: Final = 0
"""The year of facts whose source states none."""
REGIONAL: Final = "跨省区域"
"""The kind of a partner such as 京津冀, which is neither a country nor a province."""
WITHIN_KIND: Final = WITHIN
REAL: Final = (Origin.PUBLIC.value, Origin.SUBMITTED.value)
"""The origins of contracts that count unless demonstration is asked for."""

_MANY = re.compile(r"等\d*国?$")


class FactKind(StrEnum):
    """What a fact is."""

    COOPERATION = "cooperation"
    EVENT = "event"
    CONTRACT = "contract"

    @property
    def label(self) -> str:
        """The kind's name."""
        return {"cooperation": "合作记录", "event": "活动", "contract": "合同"}[self.value]

    @property
    def unit(self) -> str:
        """The measure word of one fact."""
        return {"cooperation": "条", "event": "场", "contract": "项"}[self.value]


@dataclass(frozen=True)
class FlowQuery:
    """Which flows: all channels and years unless told, and of facts co-operation and events; contracts are asked for
    by their kind. `year` UNDATED asks for those without one. `origins` restricts contracts."""

    channel: Channel | None = None
    year: int | None = None
    kind: FactKind | None = None
    origins: tuple[str, ...] = REAL


@dataclass(frozen=True)
class Flow:
    """Facts of one kind with the same channel, partner, league, direction.

    `partner` is the partner as printed: an event of 俄罗斯、蒙古国 is one flow, counted once; `partners` are the
    names in it. `league_code` None: the source names no league. `channel` None: a contract that does not state both
    ends. `group` is the plan's group of partners.
    """

    kind: FactKind
    channel: Channel | None
    partner: str
    partner_kind: str
    partners: tuple[str, ...]
    league_code: str | None
    direction: Direction
    count: int
    group: str = ""


@dataclass(frozen=True)
class ChannelTotal:
    """One channel's figures. `partners` counts distinct names of the co-operation facts, `top` the most frequent."""

    channel: Channel
    cooperation: int
    events: int
    partners: int
    top: tuple[str, int] | None
    directions: dict[str, int]


@dataclass(frozen=True)
class YearCount:
    """Facts of one year; `year` None: undated."""

    year: int | None
    cooperation: int
    events: int


@dataclass(frozen=True)
class FactQuery:
    """Which facts. `partners` are names as printed; `league` is a code or 'unknown'. `group`, `field`, `origins`, and
    `unstated` for contracts without a channel, are those of the flows."""

    kind: FactKind = FactKind.COOPERATION
    channel: Channel | None = None
    year: int | None = None
    partner_kind: str = ""
    partners: tuple[str, ...] = ()
    league: str = ""
    direction: Direction | None = None
    page: int = 1
    size: int = 10
    group: str = ""
    field: int | None = None
    origins: tuple[str, ...] = REAL
    unstated: bool = False


@dataclass(frozen=True)
class Fact:
    """One row behind a flow."""

    kind: FactKind
    id: int
    channel: Channel | None
    partner: str
    partner_kind: str
    subject: str
    league_code: str | None
    direction: Direction
    year: int | None
    held: PartialDate | None
    source: Source
    amount: Decimal | None = None
    """Of a contract, 元; None: not disclosed."""


@dataclass(frozen=True)
class FactPage:
    """One page of facts."""

    query: FactQuery
    total: int
    items: tuple[Fact, ...]

    @property
    def pages(self) -> int:
        """How many pages there are, at least one."""
        return paging.pages(self.total, self.query.size)


@dataclass(frozen=True)
class FieldFlow:
    """Contracts of a league (None: not known) in a field (0: not stated)."""

    league_code: str | None
    field: int
    count: int


@dataclass(frozen=True)
class YearlyFlow:
    """Facts of one kind, partner and year; `year` None: undated."""

    kind: FactKind
    partner: str
    year: int | None
    count: int


@dataclass(frozen=True)
class _Row:
    """A group of co-operation facts, one event, or contracts of one flow."""

    kind: FactKind
    channel: Channel | None
    partner: str
    partner_kind: str
    league_code: str | None
    direction: Direction
    year: int | None
    count: int = 1
    group: str = ""


def flows(session: Session, query: FlowQuery, *, actor: Actor) -> tuple[Flow, ...]:
    """The flows of a channel and year, largest first. Raises InvalidQuery, AccessDenied."""
    require(actor, Permission.READ_CHANNELS)
    channel, kind = _checked(query.channel, query.kind)
    counts: Counter[_Row] = Counter()
    for row in _contract_rows(session, query, actor) if kind is FactKind.CONTRACT else _rows(session, kind):
        if (channel is None or row.channel is channel) and _in_year(row.year, query.year):
            counts[replace(row, year=None, count=1)] += row.count
    return tuple(
        Flow(r.kind, r.channel, r.partner, r.partner_kind, names_in(r.partner), r.league_code, r.direction, number,
             r.group)
        for r, number in sorted(
            counts.items(),
            key=lambda item: (-item[1], item[0].partner, item[0].league_code or "z"),
        )
    )  # fmt: skip


def totals(session: Session, year: int | None = None, *, actor: Actor) -> tuple[ChannelTotal, ...]:
    """The figures of the four channels for a year, in the order of the plan. Raises AccessDenied."""
    require(actor, Permission.READ_CHANNELS)
    rows = [row for row in _rows(session) if _in_year(row.year, year)]
    return tuple(_total(channel, [row for row in rows if row.channel is channel]) for channel in Channel)


def years(session: Session, *, actor: Actor) -> tuple[YearCount, ...]:
    """How many facts of each kind every year has, newest first, the undated last. Raises AccessDenied."""
    require(actor, Permission.READ_CHANNELS)
    counts: dict[int | None, Counter[FactKind]] = {}
    for row in _rows(session):
        counts.setdefault(row.year, Counter())[row.kind] += row.count
    return tuple(
        YearCount(year, counts[year][FactKind.COOPERATION], counts[year][FactKind.EVENT])
        for year in sorted(counts, key=lambda year: -(year or 0))
    )


def yearly(session: Session, *, actor: Actor) -> tuple[YearlyFlow, ...]:
    """The partners of co-operation and events by year. Raises AccessDenied."""
    require(actor, Permission.READ_CHANNELS)
    return tuple(YearlyFlow(row.kind, row.partner, row.year, row.count) for row in _rows(session))


def fields(session: Session, query: FlowQuery, *, actor: Actor) -> tuple[FieldFlow, ...]:
    """The contracts of some flows by league and field. Raises InvalidQuery, AccessDenied."""
    require(actor, Permission.READ_CHANNELS)
    channel, _ = _checked(query.channel, query.kind)
    years = () if query.year is None else (query.year,)
    counts: Counter[tuple[str | None, int]] = Counter()
    for one in contract_flows.by_league(session, years, query.origins, ("field",), actor=actor):
        if channel is None or one.crossing.channel is channel:
            counts[one.league_code, one.field] += one.sums.number
    return tuple(FieldFlow(league, field, number) for (league, field), number in counts.items())


def contract_years(session: Session, origins: tuple[str, ...], *, actor: Actor) -> dict[int | None, int]:
    """How many contracts of these origins every year has; None: not stated. Raises AccessDenied."""
    require(actor, Permission.READ_CHANNELS)
    counts: Counter[int | None] = Counter()
    for one in contract_flows.by_league(session, (), origins, ("year",), actor=actor):
        counts[one.year or None] += one.sums.number
    return dict(counts)


def until(session: Session, *, actor: Actor) -> date | None:
    """The latest source date among the co-operation facts: 截至."""
    require(actor, Permission.READ_CHANNELS)
    return session.scalar(select(func.max(Cooperation.source_date)))


def facts(session: Session, query: FactQuery, *, actor: Actor) -> FactPage:
    """The rows behind a flow, newest first; those of the military channel are counted and not listed.

    Raises InvalidQuery for a page or size out of range, AccessDenied.
    """
    require(actor, Permission.READ_CHANNELS)
    if query.page < 1 or not 1 <= query.size <= MAX_SIZE:
        raise InvalidQuery(f"页码从 1 起，每页 1 至 {MAX_SIZE} 条。")
    if query.kind is FactKind.CONTRACT:
        return _contract_facts(session, query, actor)
    if query.kind is FactKind.EVENT:
        return _event_facts(session, query)
    return _cooperation_facts(session, query)


def group_of(partner: str, kind: str) -> str:
    """The plan's group of a partner: its place's, a cluster by its own name, the military as one, else 未注明."""
    if kind == "军工":
        return MILITARY
    if partner.startswith(HOME_NAME):
        return WITHIN
    place = place_of(names_in(partner)[0]) if names_in(partner) else None
    if place is not None:
        return place.group
    return named_group(partner) if kind == REGIONAL else UNSTATED


def names_in(partner: str) -> tuple[str, ...]:
    """The partners that a printed text names: 「俄罗斯、蒙古国」 are two, 「意大利、荷兰等10国」 too."""
    return tuple(name for name in _MANY.sub("", partner).split("、") if name)


def _total(channel: Channel, rows: Sequence[_Row]) -> ChannelTotal:
    cooperation = [row for row in rows if row.kind is FactKind.COOPERATION]
    names: Counter[str] = Counter()
    for row in cooperation:
        names[row.partner] += row.count
    directions: Counter[str] = Counter()
    for row in cooperation:
        directions[row.direction.value] += row.count
    return ChannelTotal(
        channel=channel,
        cooperation=sum(names.values()),
        events=sum(row.count for row in rows if row.kind is FactKind.EVENT),
        partners=len(names),
        top=min(names.items(), key=lambda item: (-item[1], item[0])) if names else None,
        directions={direction.value: directions[direction.value] for direction in Direction},
    )


def _checked(channel: Channel | str | None, kind: FactKind | str | None) -> tuple[Channel | None, FactKind | None]:
    try:
        return Channel(channel) if channel else None, FactKind(kind) if kind else None
    except ValueError:
        raise InvalidQuery("没有这条通道或这种记录。") from None


def _in_year(year: int | None, asked: int | None) -> bool:
    return asked is None or year == (asked or None)


def _contract_rows(session: Session, query: FlowQuery, actor: Actor) -> list[_Row]:
    """Contracts of the year that is asked for, all of them where none is."""
    found = contract_flows.read(session, () if query.year is None else (query.year,), query.origins, actor=actor)
    return [
        _Row(FactKind.CONTRACT, f.crossing.channel, f.partner, f.kind, f.league_code, f.crossing.direction,
             query.year or None, f.number, f.group)
        for f in found
    ]  # fmt: skip


def _rows(session: Session, kind: FactKind | None = None) -> list[_Row]:
    rows: list[_Row] = []
    if kind is not FactKind.EVENT:
        c = Cooperation
        key = (c.channel, c.partner, c.partner_kind, c.league_code, c.direction, c.year)
        rows += [
            _Row(FactKind.COOPERATION, Channel(r.channel), _shown(r.channel, r.partner), r.partner_kind, r.league_code,
                 Direction(r.direction), r.year, r.n, group_of(r.partner, r.partner_kind))
            for r in session.execute(select(*key, func.count().label("n")).group_by(*key))
        ]  # fmt: skip
    if kind is not FactKind.COOPERATION:
        e = Event
        statement = select(e.partner, e.title, e.league_code, e.held_on).where(e.partner != "", scopes.announced())
        leagues = _league_names(session)
        rows += [_event_row(r.partner, r.title, r.league_code, r.held_on, leagues) for r in session.execute(statement)]
    return rows


def _event_row(partner: str, title: str, league: str | None, held_on: date | None, leagues: frozenset[str]) -> _Row:
    """An event as a fact: the channel follows from the first partner it names."""
    name = names_in(partner)[0]
    place = place_of(name)
    if name in leagues or (place and place.home):
        kind, channel = WITHIN_KIND, Channel.WITHIN
    else:
        kind = place.kind if place and not place.derived else PROVINCE if place else REGIONAL
        channel = channel_of(name, COUNTRY if kind == COUNTRY else "")
    year = held_on.year if held_on else None
    group = WITHIN if channel is Channel.WITHIN else group_of(name, kind)
    return _Row(FactKind.EVENT, channel, partner, kind, league, direction_of(title), year, group=group)


def _league_names(session: Session) -> frozenset[str]:
    return frozenset(session.scalars(select(Division.name).where(Division.level == Level.LEAGUE.value)))


def _cooperation_facts(session: Session, query: FactQuery) -> FactPage:
    c = Cooperation
    where: list[Any] = []
    if query.channel:
        where.append(c.channel == query.channel.value)
    if query.year is not None:
        where.append(c.year == query.year if query.year else c.year.is_(None))
    if query.partner_kind:
        where.append(c.partner_kind == query.partner_kind)
    if query.partners:
        where.append(c.partner.in_(query.partners))
    if query.league:
        where.append(c.league_code.is_(None) if query.league == UNKNOWN else c.league_code == query.league)
    if query.direction:
        where.append(c.direction == query.direction.value)
    if query.group:
        pairs = session.execute(select(c.partner, c.partner_kind).distinct())
        where.append(c.partner.in_([partner for partner, kind in pairs if group_of(partner, kind) == query.group]))
    where.append(c.channel != Channel.MILITARY.value)
    total = session.scalar(select(func.count()).select_from(c).where(*where)) or 0
    records = session.scalars(
        select(c)
        .where(*where)
        .order_by(c.year.desc().nulls_last(), c.id.desc())
        .offset((query.page - 1) * query.size)
        .limit(query.size)
    )
    return FactPage(
        query,
        total,
        tuple(
            Fact(FactKind.COOPERATION, r.id, Channel(r.channel), r.partner, r.partner_kind, r.subject, r.league_code,
                 Direction(r.direction), r.year, None, _source(r))
            for r in records
        ),
    )  # fmt: skip


def _event_facts(session: Session, query: FactQuery) -> FactPage:
    leagues = _league_names(session)
    records = session.scalars(
        select(Event)
        .where(Event.partner != "", scopes.announced())
        .order_by(Event.held_on.desc().nulls_last(), Event.id.desc())
    )
    found = [fact for fact in _as_facts(records, leagues) if _asked(fact, query)]
    start = (query.page - 1) * query.size
    return FactPage(query, len(found), tuple(found[start : start + query.size]))


def _as_facts(records: Iterable[Event], leagues: frozenset[str]) -> Iterable[Fact]:
    for event in records:
        row = _event_row(event.partner, event.title, event.league_code, event.held_on, leagues)
        yield Fact(FactKind.EVENT, event.id, row.channel, event.partner, row.partner_kind, event.title,
                   event.league_code, row.direction, row.year, event.held, _source(event))  # fmt: skip


def _asked(fact: Fact, query: FactQuery) -> bool:
    return (
        (query.channel is None or fact.channel is query.channel)
        and _in_year(fact.year, query.year)
        and (not query.partner_kind or fact.partner_kind == query.partner_kind)
        and (not query.partners or fact.partner in query.partners)
        and (not query.league or (fact.league_code or UNKNOWN) == query.league)
        and (query.direction is None or fact.direction is query.direction)
        and (not query.group or query.group == _event_group(fact))
    )


def _event_group(fact: Fact) -> str:
    if fact.channel is Channel.WITHIN:
        return WITHIN
    return group_of(names_in(fact.partner)[0], fact.partner_kind)


def _shown(channel: str, partner: str) -> str:
    return MILITARY if channel == Channel.MILITARY.value else partner


def _contract_facts(session: Session, query: FactQuery, actor: Actor) -> FactPage:
    """Contracts behind flows; how many there are is what the flows add up to, so nothing is counted by reading all."""
    found = [
        f
        for f in contract_flows.read(
            session,
            () if query.year is None else (query.year,),
            query.origins,
            fields=() if query.field is None else (query.field,),
            actor=actor,
        )
        if _wanted(f, query)
    ]
    c, codes = Contract, {f.partner_code for f in found}
    where: list[Any] = [c.origin.in_(query.origins)]
    if query.channel or query.direction or query.unstated:
        where.append(contract_flows.condition(query.channel, query.direction, unstated=query.unstated))
    if query.year is not None:
        where.append(c.year == query.year if query.year else c.year.is_(None))
    if query.partners or query.group or query.partner_kind:
        where.append(contract_flows.at_partner(sorted(codes)) if codes else c.id.is_(None))
    if query.league:
        where.append(contract_flows.in_league(None if query.league == UNKNOWN else query.league))
    if query.field is not None:
        where.append(c.field == query.field if query.field else c.field.is_(None))
    total = sum(f.number for f in found)
    records = contract_flows.rows(session, where, (query.page - 1) * query.size, query.size) if total else ()
    return FactPage(query, total, tuple(map(_contract_fact, records)))


def _wanted(flow: ContractFlow, query: FactQuery) -> bool:
    return (
        (query.channel is None or flow.crossing.channel is query.channel)
        and (not query.unstated or flow.crossing.channel is None)
        and (query.direction is None or flow.crossing.direction is query.direction)
        and (not query.partners or flow.partner in query.partners)
        and (not query.partner_kind or flow.kind == query.partner_kind)
        and (not query.group or flow.group == query.group)
        and (not query.league or (flow.league_code or UNKNOWN) == query.league)
    )


def _contract_fact(record: Contract) -> Fact:
    giver, taker = record.seller_place or "", record.buyer_place or ""
    crossing = classify(giver, taker)
    partner = record.seller if crossing.direction is not Direction.OUT else record.buyer
    home = next((code for code in (taker, giver) if code.startswith(HOME)), "")
    league = None if home in {"", REGION} else f"{home[:4]}00"
    return Fact(
        FactKind.CONTRACT, record.id, crossing.channel, partner, "", record.title, league, crossing.direction,
        record.year, None, _source(record), record.amount,
    )  # fmt: skip


def _source(record: Cooperation | Event | Contract) -> Source:
    return Source(
        Origin(record.origin),
        record.source_publisher,
        stated(record.source_date, record.source_precision),
        record.source_url,
    )
