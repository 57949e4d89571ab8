"""Which banners have nothing, how far it is to the nearest that has, and where a next site would help most."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from math import inf, isfinite
from typing import Any, Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from lib.domain.access import Actor, Permission, require
from lib.domain.dates import today_shanghai
from lib.domain.distance import great_circle
from lib.domain.errors import InvalidQuery
from lib.domain.network import FRESH_MONTHS, STATIONS, NodeState, months_before
from lib.domain.vocabulary import EventState, Level, Origin
from lib.services import siting
from lib.store.models import Achievement, Division, Event, NetworkNode, Organization, Statistic

CARRIERS: Final = ("众创空间", "孵化器", "大学科技园", "新型研发机构")
"""The kinds of organization among the carriers that the plan and local rules name (rules §2.15)."""
LANDED: Final = "成熟应用阶段"
"""所处阶段 of 成果登记 that counts as landed here; our definition, the field has no official one."""
MOST_SITES: Final = 10
RADII: Final = (50, 100, 150, 200)
"""Kilometres that a chosen distance can be; our parameter."""
_POPULATION: Final = ("常住人口", "年末常住人口")
_PERSONS: Final = {"人": 1, "万人": 10_000}


class Need(StrEnum):
    """What a banner may be without."""

    STATION = "station"
    EVENT = "event"
    LANDED = "landed"
    CARRIER = "carrier"

    @property
    def label(self) -> str:
        """What is missing, in words."""
        return {"station": "站点", "event": "近 12 个月的活动", "landed": "落地成果", "carrier": "载体"}[self.value]

    @property
    def definition(self) -> str:
        """When a banner counts as having it."""
        return {
            "station": "有一个状态为「运行中」的旗县站点或单列市站点",
            "event": f"近 {FRESH_MONTHS} 个月内有一场已公布、写明旗县的活动",
            "landed": f"有一项写明旗县、所处阶段为「{LANDED}」的成果（本平台口径）",
            "carrier": f"有一家写明旗县的{'、'.join(CARRIERS)}",
        }[self.value]


@dataclass(frozen=True)
class Spot:
    """A banner with its league and its government's seat (WGS 84 degrees)."""

    code: str
    name: str
    league_code: str
    league: str
    lon: float
    lat: float


@dataclass(frozen=True)
class Gap:
    """A banner without, and the nearest with: None where no banner has it. `km` is a great circle between seats."""

    spot: Spot
    nearest: Spot | None
    km: float | None


@dataclass(frozen=True)
class Coverage:
    """The banners with (and how many records) and without something, the latter farthest first; `outside` names how
    many records name no banner."""

    need: Need
    have: tuple[tuple[Spot, int], ...]
    gaps: tuple[Gap, ...]
    unplaced: int

    @property
    def total(self) -> int:
        """All banners looked at."""
        return len(self.have) + len(self.gaps)


@dataclass(frozen=True)
class Gain:
    """A banner whose nearest site would be nearer: kilometres before (None: no site yet) and after, and the site."""

    spot: Spot
    before: float | None
    after: float
    site: Spot


@dataclass(frozen=True)
class Proposal:
    """The sites to open next. Without a radius `before` and `after` are summed kilometres, with one persons beyond it;
    `before` None: no banner has a site yet. `bound` is what no choice can fall below; equal to `after` where exact."""

    need: Need
    sites: tuple[Spot, ...]
    radius: int | None
    before: float | None
    after: float
    bound: float
    exact: bool
    gains: tuple[Gain, ...]
    banners: int


def survey(session: Session, need: Need, league: str = "", *, actor: Actor, today: date | None = None) -> Coverage:
    """Which banners of the region, or of one league, have what is asked for; the nearest may lie in another league.

    Raises AccessDenied.
    """
    require(actor, Permission.READ_NETWORK)
    spots = _spots(session)
    counts = _counts(session, need, today or today_shanghai())
    have = [spot for spot in spots if counts.get(spot.code)]
    inside = [spot for spot in spots if not league or spot.league_code == league]
    gaps = [_gap(spot, have) for spot in inside if not counts.get(spot.code)]
    return Coverage(
        need,
        tuple((spot, counts[spot.code]) for spot in inside if counts.get(spot.code)),
        tuple(sorted(gaps, key=lambda gap: (-(gap.km or 0), gap.spot.code))),
        counts.get("", 0),
    )


def where_next(
    session: Session,
    need: Need,
    k: int,
    league: str = "",
    *,
    actor: Actor,
    radius: int | None = None,
    today: date | None = None,
) -> Proposal | None:
    """Which k banners without would, with it, bring the banners of the region, or of one league, nearest to a site.

    Without `radius` the summed distance of all banners to their nearest site is smallest, with it the population
    farther than so many kilometres from any. None when every banner has it. Raises InvalidQuery for k outside 1–10 and
    for a radius where not every banner's population is known, AccessDenied.
    """
    require(actor, Permission.READ_NETWORK)
    if not 1 <= k <= MOST_SITES or (radius is not None and radius not in RADII):
        raise InvalidQuery(f"新站点数在 1 到 {MOST_SITES} 之间，距离从 {'、'.join(map(str, RADII))} 公里里选。")
    spots = _spots(session)
    counts = _counts(session, need, today or today_shanghai())
    have = [spot for spot in spots if counts.get(spot.code)]
    places = [spot for spot in spots if not league or spot.league_code == league]
    candidates = [spot for spot in places if not counts.get(spot.code)]
    if not candidates:
        return None
    number = min(k, len(candidates))
    distances = [[_km(place, candidate) for candidate in candidates] for place in places]
    before = [min((_km(place, site) for site in have), default=inf) for place in places]
    if radius is None:
        choice = siting.nearest(distances, before, number)
        start = sum(before)
    else:
        people = population(session, [place.code for place in places])
        if people is None:
            raise InvalidQuery("还没有每个旗县的常住人口数据，请先导入，或按距离合计来选。")
        weights = [people[place.code] for place in places]
        choice = siting.covering(distances, before, weights, float(radius), number)
        start = siting.beyond(distances, before, weights, float(radius), ())
    return Proposal(
        need,
        tuple(candidates[j] for j in choice.chosen),
        radius,
        start if isfinite(start) else None,
        choice.value,
        choice.bound,
        choice.exact,
        _gains(places, candidates, distances, before, choice.chosen),
        len(places),
    )


def population(session: Session, codes: Sequence[str]) -> dict[str, int] | None:
    """Persons living in each of these banners, by the newest published year; None unless it is known of every one."""
    names = {name: code for code, name in session.execute(select(Division.code, Division.name).where(
        Division.code.in_(codes)))}  # fmt: skip
    s = Statistic
    rows = session.execute(
        select(s.scope, s.year, s.value, s.unit).where(
            s.indicator.in_(_POPULATION), s.unit.in_(_PERSONS), s.scope.in_(names), s.year.is_not(None)
        )
    )
    newest: dict[str, tuple[int, int]] = {}
    for scope, year, value, unit in rows:
        newest[names[scope]] = max(newest.get(names[scope], (0, 0)), (year or 0, int(value * _PERSONS[unit])))
    return {code: persons for code, (_, persons) in newest.items()} if len(newest) == len(set(codes)) else None


def has_population(session: Session, league: str = "", *, actor: Actor) -> bool:
    """True when the population of every banner of the region, or of the league, is loaded. Raises AccessDenied."""
    require(actor, Permission.READ_NETWORK)
    codes = [spot.code for spot in _spots(session) if not league or spot.league_code == league]
    return population(session, codes) is not None


# ------------------------------------------------------------------ inside
def _spots(session: Session) -> list[Spot]:
    d = Division
    rows = session.execute(
        select(d.code, d.name, d.level, d.parent_code, d.seat_lon, d.seat_lat).order_by(d.code)
    ).all()
    leagues = {row.code: row.name for row in rows if row.level == Level.LEAGUE.value}
    return [
        Spot(
            row.code,
            row.name,
            row.parent_code or "",
            leagues.get(row.parent_code or "", ""),
            row.seat_lon,
            row.seat_lat,
        )
        for row in rows
        if row.level == Level.BANNER.value
    ]  # fmt: skip


def _counts(session: Session, need: Need, today: date) -> Mapping[str, int]:
    """Records by banner, those that name none under the blank. A demonstration covers no banner."""
    entity, column, conditions = _asked(need, today)
    real = entity.origin != Origin.DEMO.value
    rows = session.execute(select(column, func.count()).select_from(entity).where(real, *conditions).group_by(column))
    return {code or "": number for code, number in rows}


def _asked(need: Need, today: date) -> tuple[Any, Any, tuple[Any, ...]]:
    if need is Need.STATION:
        n = NetworkNode
        kinds = [kind.value for kind in STATIONS]
        return n, n.division_code, (n.kind.in_(kinds), n.state == NodeState.OPEN.value)
    if need is Need.EVENT:
        e = Event
        held = e.held_on.between(months_before(today, FRESH_MONTHS), today)
        return e, e.banner_code, (held, e.state == EventState.PUBLISHED.value)
    if need is Need.LANDED:
        return Achievement, Achievement.banner_code, (Achievement.stage == LANDED,)
    return Organization, Organization.banner_code, (Organization.kind.in_(CARRIERS),)


def _km(a: Spot, b: Spot) -> float:
    return great_circle(a.lon, a.lat, b.lon, b.lat)


def _gap(spot: Spot, have: Sequence[Spot]) -> Gap:
    nearest = min(have, key=lambda other: (_km(spot, other), other.code), default=None)
    return Gap(spot, nearest, None if nearest is None else _km(spot, nearest))


def _gains(
    places: Sequence[Spot], candidates: Sequence[Spot], distances: siting.Matrix, before: Sequence[float],
    chosen: Sequence[int],
) -> tuple[Gain, ...]:  # fmt: skip
    found = []
    for place, row, old in zip(places, distances, before, strict=True):
        best = min(chosen, key=lambda j: (row[j], j), default=None)
        if best is not None and row[best] < old:
            found.append(Gain(place, old if isfinite(old) else None, row[best], candidates[best]))
    return tuple(sorted(found, key=lambda gain: (gain.after - (gain.before or 0), gain.spot.code)))
