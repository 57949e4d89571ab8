"""What a map can show over its counts: organizations of some kinds, events, nodes, ports, each at its banner, or at its
league where no more is known. A demonstration is on no layer."""

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any, Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from lib.domain.access import Actor, Permission, require
from lib.domain.dates import today_shanghai
from lib.domain.errors import InvalidQuery
from lib.domain.network import FRESH_MONTHS, NodeState, months_before
from lib.domain.vocabulary import EventState, Origin
from lib.services import nodes
from lib.services.coverage import CARRIERS
from lib.settings import ROOT
from lib.store.models import Event, Organization

PORTS_FILE: Final = ROOT / "data" / "ports.csv"
"""name, league_code, banner_code (blank where the source names only the league), source; none without a source."""
MARKET_KIND: Final = "技术交易市场"
RESEARCH: Final = ("高校", "科研院所")
PILOT_ZONE: Final = ("150100", "150200", "150600")
"""呼包鄂: the plan (内政发〔2018〕44号) speaks of creating a 国家自主创新示范区 around them."""
KINDS: Final[Mapping[str, tuple[str, ...]]] = {
    "markets": (MARKET_KIND,),
    "institutions": RESEARCH,
    "carriers": CARRIERS,
}
COUNTED: Final = ("nodes", *KINDS, "ports", "events")
"""The layers whose marks are counted; 呼包鄂 and the service organizations are drawn otherwise."""


@dataclass(frozen=True)
class Mark:
    """How many of a layer stand in a division; `exact` False: the source names only the league, so a mark of a banner's
    map stands at the league's seat. `note` names what is few enough to be named."""

    code: str
    count: int
    exact: bool
    note: str = ""


@dataclass(frozen=True)
class Port:
    """A border port with where a public source says it lies."""

    name: str
    league_code: str
    banner_code: str
    source_publisher: str
    source_date: str
    source_url: str


def marks(
    session: Session, layer: str, league: str = "", *, actor: Actor, today: date | None = None
) -> tuple[Mark, ...]:
    """The marks of a layer: by league for the region, by banner within `league`, there with one at the league for those
    that name no banner. Raises InvalidQuery for another layer, AccessDenied."""
    require(actor, Permission.READ_NETWORK)
    if layer not in COUNTED:
        raise InvalidQuery("没有这个图层，请从列表里选择。")
    counts: dict[tuple[str, str], tuple[int, str]] = {}
    for place, banner, number, note in _placed(session, layer, actor, today or today_shanghai()):
        if place and (not league or place == league):
            key = (place, banner if league else "")
            before = counts.get(key, (0, ""))
            counts[key] = (before[0] + number, "、".join(filter(None, (before[1], note))))
    return tuple(
        Mark(banner or place, number, bool(banner) or not league, note)
        for (place, banner), (number, note) in sorted(counts.items())
    )


@dataclass(frozen=True)
class Held:
    """An event of the last 12 months that names at least its league."""

    id: int
    title: str
    held_on: date
    league_code: str
    banner_code: str


def events(session: Session, league: str = "", *, actor: Actor, today: date | None = None) -> tuple[Held, ...]:
    """The events that the layer counts, newest first. Raises AccessDenied."""
    require(actor, Permission.READ_NETWORK)
    e = Event
    statement = select(e.id, e.title, e.held_on, e.league_code, e.banner_code).where(
        *_recent(today or today_shanghai()), e.league_code.is_not(None)
    )
    if league:
        statement = statement.where(e.league_code == league)
    rows = session.execute(statement.order_by(e.held_on.desc(), e.id))
    return tuple(
        Held(number, title, held_on, place or "", banner or "")
        for number, title, held_on, place, banner in rows
        if held_on is not None
    )


def _recent(today: date) -> tuple[Any, ...]:
    held = Event.held_on.between(months_before(today, FRESH_MONTHS), today)
    return held, Event.state == EventState.PUBLISHED.value, Event.origin != Origin.DEMO.value


def ports() -> tuple[Port, ...]:
    """The border ports of our file."""
    return _ports()


@lru_cache(maxsize=1)
def _ports() -> tuple[Port, ...]:
    with PORTS_FILE.open(encoding="utf-8-sig", newline="") as lines:
        return tuple(Port(**row) for row in csv.DictReader(lines))


def _placed(session: Session, layer: str, actor: Actor, today: date) -> list[tuple[str, str, int, str]]:
    """League, banner, how many, and their name where each is one."""
    if layer == "ports":
        return [(port.league_code, port.banner_code, 1, port.name) for port in _ports()]
    if layer == "nodes":
        found = nodes.listing(session, actor=actor, today=today)
        known = [one for one in found if one.state is not NodeState.UNKNOWN and one.league_code]
        return [(one.league_code or "", one.banner_code or "", 1, one.title) for one in known]
    entity: Any = Event if layer == "events" else Organization
    conditions = (
        _recent(today)
        if layer == "events"
        else (
            Organization.kind.in_(KINDS[layer]),
            Organization.origin != Origin.DEMO.value,
        )
    )
    rows = session.execute(
        select(entity.league_code, entity.banner_code, func.count())
        .where(*conditions)
        .group_by(entity.league_code, entity.banner_code)
    )
    return [(place or "", banner or "", number, "") for place, banner, number in rows]
