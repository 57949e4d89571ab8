"""The big screen of a hall: what goes round on it. Public values only; demonstration rows only when asked for.

Every figure is the total of the list that its address opens, so both always agree.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from urllib.parse import urlencode

from sqlalchemy.orm import Session

from lib.domain.access import Actor, Permission, require
from lib.domain.dates import now_utc, today_shanghai
from lib.domain.deck import ChannelPicture, NetworkPicture
from lib.domain.vocabulary import Origin
from lib.services import catalogue, deck, roadshows, statistics
from lib.services.catalogue import Card, CatalogueQuery
from lib.services.roadshows import EventCard, EventQuery
from lib.store import revision

_SHOWN: Final = 6
_REAL: Final = (Origin.PUBLIC, Origin.SUBMITTED)


@dataclass(frozen=True)
class Figure:
    """A number with what it counts, since when it stands and where its rows are."""

    name: str
    text: str
    note: str
    page: str


@dataclass(frozen=True)
class Hall:
    """All that goes round. `coming`: events to come, soonest first; `past`: the latest where none is to come."""

    figures: tuple[Figure, ...]
    network: NetworkPicture
    channels: ChannelPicture
    newest: tuple[Card, ...]
    coming: tuple[EventCard, ...]
    past: tuple[EventCard, ...]
    origins: tuple[Origin, ...]
    at: datetime


def stamp(session: Session, *, actor: Actor) -> str:
    """What changes whenever anything on the screen may have changed: the day and the data. Raises AccessDenied."""
    require(actor, Permission.READ_HOME)
    return f"{today_shanghai()} {sorted(revision.current(session).items())}"


def read(session: Session, *, demo: bool = False, actor: Actor) -> Hall:
    """What a hall is shown; with `demo` also demonstration rows. Raises AccessDenied."""
    require(actor, Permission.READ_HOME)
    origins = (*_REAL, Origin.DEMO) if demo else _REAL
    chosen = {"origin": tuple(origin.value for origin in origins)}
    newest = catalogue.search_achievements(session, CatalogueQuery(facets=chosen, size=_SHOWN), actor=actor)
    demands = catalogue.search_demands(session, CatalogueQuery(facets=chosen, size=1), actor=actor).total
    units = catalogue.search_organizations(session, CatalogueQuery(facets=chosen, size=1), actor=actor).total
    events = _events(session, chosen["origin"], actor)
    coming = tuple(card for card in events if card.coming)
    today = str(today_shanghai())
    counted = (
        Figure("在库成果", f"{newest.total:,} 项", f"截至 {today}", _rows("achievements", chosen["origin"])),
        Figure("技术需求", f"{demands:,} 条", f"截至 {today}", _rows("demands", chosen["origin"])),
        Figure("收录机构", f"{units:,} 家", f"截至 {today}", _rows("organizations", chosen["origin"])),
    )
    stated = tuple(
        Figure(
            f"{one.name} · {one.year}", one.text,
            "　".join(filter(None, (" ".join(filter(None, (one.change_note, one.change))), one.source.publisher))),
            f"/statistics?{urlencode(one.address)}",
        )
        for one in statistics.headline(session, actor=actor)
    )  # fmt: skip
    return Hall(
        figures=(*stated, *counted),
        network=deck.network_picture(session, actor, origins),
        channels=deck.channel_picture(session, actor),
        newest=newest.items,
        coming=coming[:_SHOWN],
        past=() if coming else tuple(events[:_SHOWN]),
        origins=origins,
        at=now_utc(),
    )


# ------------------------------------------------------------------ inside
def _rows(page: str, origins: Sequence[str]) -> str:
    return f"/{page}?{urlencode([('origin', origin) for origin in origins])}"


def _events(session: Session, origins: tuple[str, ...], actor: Actor) -> Sequence[EventCard]:
    """Those to come, soonest first; where there are none, the latest."""
    coming = roadshows.search_events(session, EventQuery(origins=origins, when="coming"), actor=actor).items
    return coming or roadshows.search_events(session, EventQuery(origins=origins, size=_SHOWN), actor=actor).items
