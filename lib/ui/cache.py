"""The only module that caches on the screen's side.

Results are frozen and shared, keyed by plain values, the visible scope and the revision of the data. Nothing
here depends on who asks: everything in the catalogue tables is public. What is not public is never cached.
"""

from collections.abc import Callable
from functools import lru_cache
from threading import Lock
from typing import Any, TypeVar

from lib.domain.access import VISITOR
from lib.services import catalogue, matching, overview, searches
from lib.services.catalogue import Card, CataloguePage, CatalogueQuery
from lib.services.matching import Suggestions
from lib.services.overview import Overview
from lib.services.searches import News, Saved
from lib.store.engine import database
from lib.ui.maps import hexagons as hexagon_map

Value = TypeVar("Value")


def catalogue_page(kind: str, query: CatalogueQuery, revision: tuple[int, ...]) -> CataloguePage:
    """One page of a catalogue as everybody may see it. The last revision is of the divisions. Raises InvalidQuery."""
    leagues = shared("league-names", "", revision[-1:], catalogue.league_names)
    return shared(
        f"catalogue-{kind}", query.key(), revision,
        lambda s: catalogue.find(s, kind, query, actor=VISITOR, leagues=leagues),
    )  # fmt: skip


def nearest(kind: str, q: str, revision: tuple[int, ...]) -> tuple[tuple[str, int], ...]:
    """Words near those that found nothing, each with what it finds."""
    return shared(f"nearest-{kind}", q, revision, lambda s: catalogue.nearest(s, kind, q, actor=VISITOR))


def cards(kind: str, ids: tuple[int, ...], revision: tuple[int, ...]) -> tuple[Card, ...]:
    """The cards of these records, in their order."""
    return shared(f"cards-{kind}", ids, revision, lambda s: catalogue.cards_of(s, kind, ids, actor=VISITOR))


def place_names(revision: tuple[int, ...]) -> dict[str, str]:
    """Names of leagues and banners by code; callers must not change it."""
    return shared("place-names", "", revision, catalogue.place_names)


def short_names(revision: tuple[int, ...]) -> dict[str, str]:
    """Short names of leagues by code, for labels."""
    return shared("short-names", "", revision, catalogue.short_names)


def suggestions(kind: str, record_id: int, revision: tuple[int, ...]) -> Suggestions:
    """What fits a demand or an achievement, as everybody may see it. Raises NotFound."""
    find = {"demand": matching.for_demand, "achievement": matching.for_achievement}[kind]
    return shared(f"suggestions-{kind}", record_id, revision, lambda s: find(s, record_id, actor=VISITOR))


def similar(words: str, limit: int, revision: tuple[int, ...]) -> tuple[Card, ...]:
    """Achievements that say what a text says, best first."""
    return shared(
        "similar", (words, limit), revision,
        lambda s: matching.similar_achievements(s, words, actor=VISITOR, limit=limit),
    )  # fmt: skip


def news(saved: tuple[Saved, ...], revision: tuple[int, ...]) -> dict[int, News]:
    """What is new in each of these saved searches, by its id."""
    if not saved:
        return {}
    asked = tuple((one.kind, one.query, one.seen_at) for one in saved)
    found: tuple[News, ...] = shared("news", asked, revision, lambda s: tuple(
        searches.news(s, one.kind, one.asked, one.seen_at, actor=VISITOR) for one in saved
    ))  # fmt: skip
    return {one.id: new for one, new in zip(saved, found, strict=True)}


def picture(revision: tuple[int, ...]) -> Overview:
    """The counts of the home page."""
    return shared("overview", "", revision, lambda session: overview.read(session, actor=VISITOR))


@lru_cache(maxsize=4)
def hexagons(counts: tuple[tuple[str, int], ...], names: tuple[tuple[str, str], ...]) -> str:
    """The home page's hexagons as SVG, from pairs of league code and count, league code and name."""
    return hexagon_map.picture(dict(counts), dict(names))


def shared(name: str, key: object, revision: tuple[int, ...], read: Callable[[Any], Value]) -> Value:
    """What `read` makes of a session, kept under a name, the frozen question `key` and the revision of its data.

    The value is shared by everybody: it must be frozen, and nothing in it may depend on who asks.
    """
    value: Value = _kept(name, repr(key), revision).read(read)
    return value


class _Kept:
    """A value that is read once, however many ask for it at the same time. What could not be read is read again."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._values: list[Any] = []

    def read(self, read: Callable[[Any], Any]) -> Any:
        with self._lock:
            if not self._values:
                with database().read() as session:
                    self._values.append(read(session))
        return self._values[0]


# `st.cache_resource` does the same but hashes each argument and reads the signature: a twentieth of a search's run.
@lru_cache(maxsize=512)
def _kept(_name: str, _key: str, _revision: tuple[int, ...]) -> _Kept:
    return _Kept()


def forget() -> None:
    """Drop every value, as when another database is served."""
    _kept.cache_clear()
