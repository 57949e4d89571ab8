"""三级网络: how many records each division has, and what was counted."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, func, literal, null, select, union_all
from sqlalchemy.orm import Session

from lib.domain.access import Actor, Permission, require
from lib.domain.errors import InvalidQuery
from lib.domain.vocabulary import FIELDS, Level, Origin
from lib.services import scopes
from lib.store.models import Achievement, Demand, Division, Event, Organization

SERVICE_KINDS: Final = ("技术转移机构", "技术交易市场", "技术合同登记机构")
"""The kinds of organization that make a place a node of the transfer network (plan 二(二), 二(三), 二(五))."""


class Metric(StrEnum):
    """What a map of the network counts; the value is the name of the list that shows the counted rows."""

    ACHIEVEMENTS = "achievements"
    ORGANIZATIONS = "organizations"
    DEMANDS = "demands"
    EVENTS = "events"

    @property
    def label(self) -> str:
        """The metric's name."""
        return {"achievements": "成果", "organizations": "机构", "demands": "需求", "events": "活动"}[self.value]

    @property
    def unit(self) -> str:
        """The measure word of one record."""
        return {"achievements": "项", "organizations": "家", "demands": "项", "events": "场"}[self.value]

    @property
    def page(self) -> str:
        """The page that lists the counted rows."""
        return {"events": "roadshows"}.get(self.value, self.value)


_TABLES: Final[dict[Metric, Any]] = {
    Metric.ACHIEVEMENTS: Achievement,
    Metric.ORGANIZATIONS: Organization,
    Metric.DEMANDS: Demand,
    Metric.EVENTS: Event,
}
_SERVICES: Final = "services"
_MOST: Final = 100


@dataclass(frozen=True)
class Node:
    """One division with its counts; None is 暂无数据.

    `counts` has a number or None for each metric, `services` counts the organizations of SERVICE_KINDS.
    `lon`, `lat` lie inside the division, `seat_lon`, `seat_lat` are its government's seat (WGS 84 degrees).
    """

    code: str
    name: str
    short_name: str
    level: str
    parent_code: str | None
    zone: str
    lon: float
    lat: float
    seat_lon: float
    seat_lat: float
    counts: dict[str, int | None]
    services: int | None = None

    def count(self, metric: Metric) -> int | None:
        """The number of records of one kind, or None for 暂无数据."""
        return self.counts[metric.value]


@dataclass(frozen=True)
class Zone:
    """A development zone that sources name in place of a banner. It is no division, so no map has it."""

    name: str
    league_code: str | None
    counts: dict[str, int | None]


@dataclass(frozen=True)
class Part:
    """A share of a count: the value of the list's filter, its label, how many."""

    facet: str
    value: str
    label: str
    count: int


@dataclass(frozen=True)
class Entry:
    """One counted row."""

    id: int
    title: str
    note: str
    banner_code: str | None
    banner_text: str


def nodes(
    session: Session,
    level: Level | str,
    parent: str | None = None,
    *,
    actor: Actor,
    origins: Sequence[Origin] | None = None,
    year: int | None = None,
) -> tuple[Node, ...]:
    """The divisions of a level, within `parent` where given, with their counts, by code.

    A division without any record of a kind counts None (暂无数据), never 0: the public facts are a
    collection, not a register, so that nothing found does not mean nothing there. 0 could be said only of a
    source that states it lists every record of that kind for the place; none of our sources does.
    The region's own counts are all records, also those that name no league. `origins` leaves the others out, and
    `year` what another year is stated for or none; organizations have no year and are all counted.
    Raises InvalidQuery for an unknown level, AccessDenied.
    """
    require(actor, Permission.READ_NETWORK)
    level = _level(level)
    tally = _tally(session, level, parent, origins, year)
    d = Division
    statement = select(
        d.code, d.name, d.short_name, d.level, d.parent_code, d.zone, d.lon, d.lat, d.seat_lon, d.seat_lat
    ).where(d.level == level.value)
    if parent:
        statement = statement.where(d.parent_code == parent)
    return tuple(
        Node(
            **row._mapping,
            counts={metric.value: tally[metric.value].get(row.code) for metric in Metric},
            services=tally[_SERVICES].get(row.code),
        )
        for row in session.execute(statement.order_by(d.code))
    )


def unplaced(
    session: Session,
    level: Level | str,
    parent: str | None = None,
    *,
    actor: Actor,
    origins: Sequence[Origin] | None = None,
    year: int | None = None,
) -> dict[str, int]:
    """How many records of each kind name no division of the level: what a map of it leaves out.

    At league level the records that name no league; at banner level those of the league `parent`, or of the
    whole region, that name no banner. Raises as `nodes`.
    """
    require(actor, Permission.READ_NETWORK)
    tally = _tally(session, _level(level), parent, origins, year)
    return {metric.value: tally[metric.value].get(None, 0) for metric in Metric}


def zones(
    session: Session,
    parent: str | None = None,
    *,
    actor: Actor,
    origins: Sequence[Origin] | None = None,
    year: int | None = None,
) -> tuple[Zone, ...]:
    """Development zones named in place of a banner, within the league `parent` where given."""
    require(actor, Permission.READ_NETWORK)
    found: dict[tuple[str, str | None], dict[str, int | None]] = {}
    for metric in (Metric.ORGANIZATIONS, Metric.EVENTS):
        table = _TABLES[metric]
        statement = select(table.banner_text, table.league_code, func.count()).where(
            table.banner_text != "", table.banner_code.is_(None), *_within(table, parent), *_from(table, origins, year)
        )
        for name, league, number in session.execute(statement.group_by(table.banner_text, table.league_code)):
            found.setdefault((name, league), dict.fromkeys((m.value for m in Metric), None))[metric.value] = number
    return tuple(Zone(name, league, counts) for (name, league), counts in sorted(found.items(), key=str))


def breakdown(
    session: Session,
    metric: Metric,
    league: str,
    *,
    actor: Actor,
    origins: Sequence[Origin] | None = None,
    year: int | None = None,
) -> tuple[Part, ...]:
    """A league's count by field (achievements, demands) or kind (organizations, events), largest first."""
    require(actor, Permission.READ_NETWORK)
    table = _TABLES[metric]
    facet = "field" if metric in (Metric.ACHIEVEMENTS, Metric.DEMANDS) else "kind"
    column = getattr(table, facet)
    rows = session.execute(
        select(column, func.count()).where(table.league_code == league, *_from(table, origins, year)).group_by(column)
    ).all()
    parts = [
        Part(facet, "unknown", "未披露", number)
        if value is None
        else Part(facet, str(value), FIELDS[value] if facet == "field" else value, number)
        for value, number in rows
    ]
    return tuple(sorted(parts, key=lambda part: (part.value == "unknown", -part.count, part.value)))


def entries(
    session: Session,
    metric: Metric,
    league: str,
    banner: str | None = None,
    *,
    actor: Actor,
    origins: Sequence[Origin] | None = None,
    year: int | None = None,
) -> tuple[Entry, ...]:
    """The counted rows of one banner, or those of a league that name a banner or a zone; at most 100, by place."""
    require(actor, Permission.READ_NETWORK)
    table = _TABLES[metric]
    title = Organization.name if metric is Metric.ORGANIZATIONS else table.title
    note: Any = {
        Metric.ORGANIZATIONS: Organization.kind,
        Metric.EVENTS: Event.kind,
    }.get(metric, getattr(table, "year", null()))
    zone: Any = getattr(table, "banner_text", literal(""))
    statement = select(table.id, title.label("title"), note.label("note"), table.banner_code, zone.label("zone")).where(
        table.league_code == league, *_from(table, origins, year)
    )
    if banner:
        statement = statement.where(table.banner_code == banner)
    else:
        statement = statement.where(table.banner_code.is_not(None) | (zone != ""))
    rows = session.execute(statement.order_by(table.banner_code, table.id).limit(_MOST))
    return tuple(Entry(r.id, r.title, str(r.note or ""), r.banner_code, r.zone) for r in rows)


def origins_present(session: Session, *, actor: Actor) -> dict[str, int]:
    """How many of the counted records each origin has, largest first; a mixed figure has to say so."""
    require(actor, Permission.READ_NETWORK)
    each = union_all(
        *(
            select(table.origin, func.count().label("n")).where(*_from(table, None)).group_by(table.origin)
            for table in _TABLES.values()
        )
    )
    found = each.subquery()
    total = func.sum(found.c.n)
    rows = session.execute(select(found.c.origin, total).group_by(found.c.origin).order_by(total.desc()))
    return {origin: int(number) for origin, number in rows}


def until(session: Session, *, actor: Actor) -> dict[Metric, date | None]:
    """The latest source date of each kind of record: 截至."""
    require(actor, Permission.READ_NETWORK)
    return {
        metric: session.scalar(select(func.max(table.source_date)).where(*_from(table, None)))
        for metric, table in _TABLES.items()
    }


def years(session: Session, *, actor: Actor) -> tuple[int, ...]:
    """The years that achievements, demands and events are stated for, ascending. Raises AccessDenied."""
    require(actor, Permission.READ_NETWORK)
    found = {year for table in (Achievement, Demand) for year in session.scalars(select(table.year).distinct()) if year}
    first, last = session.execute(
        select(func.min(Event.held_on), func.max(Event.held_on)).where(scopes.announced())
    ).one()
    if first is not None and last is not None:
        found |= set(range(first.year, last.year + 1))
    return tuple(sorted(found))


def _level(level: Level | str) -> Level:
    try:
        return Level(level)
    except ValueError:
        raise InvalidQuery("级别只能是 region、league 或 banner。") from None


def _within(table: Any, league: str | None) -> tuple[ColumnElement[bool], ...]:
    return (table.league_code == league,) if league else ()


def _from(table: Any, origins: Sequence[Origin] | None, year: int | None = None) -> tuple[ColumnElement[bool], ...]:
    conditions = (table.origin.in_([Origin(origin).value for origin in origins]),) if origins is not None else ()
    if year is not None and table is not Organization:
        dated = Event.held_on.between(date(year, 1, 1), date(year, 12, 31)) if table is Event else table.year == year
        conditions = (*conditions, dated)
    return (*conditions, scopes.announced()) if table is Event else conditions


def _tally(
    session: Session, level: Level, parent: str | None, origins: Sequence[Origin] | None, year: int | None
) -> dict[str, dict[str | None, int]]:
    """Counts by metric and division code in one statement; the key None holds those that name no division."""
    counted: dict[str, tuple[Any, tuple[ColumnElement[bool], ...]]] = {
        metric.value: (table, ()) for metric, table in _TABLES.items()
    }
    counted[_SERVICES] = (Organization, (Organization.kind.in_(SERVICE_KINDS),))
    statements = [_grouped(name, table, level, parent, (*_from(table, origins, year), *only))
                  for name, (table, only) in counted.items()]  # fmt: skip
    tally: dict[str, dict[str | None, int]] = {name: {} for name in counted}
    for name, code, number in session.execute(union_all(*statements)):
        if number:
            tally[name][code] = number
    return tally


def _grouped(
    name: str, table: Any, level: Level, parent: str | None, only: tuple[ColumnElement[bool], ...]
) -> Select[Any]:
    if level is Level.REGION:
        root = select(Division.code).where(Division.level == Level.REGION.value).scalar_subquery()
        return select(literal(name), root, func.count()).select_from(table).where(*only)
    if level is Level.LEAGUE:
        return select(literal(name), table.league_code, func.count()).where(*only).group_by(table.league_code)
    only = (*_within(table, parent), *only)
    return select(literal(name), table.banner_code, func.count()).where(*only).group_by(table.banner_code)
