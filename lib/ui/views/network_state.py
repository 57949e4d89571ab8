"""What the address of 三级网络 asks for, and the counts that all its parts share."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import streamlit as st

from lib.domain.access import VISITOR
from lib.domain.vocabulary import Level, Origin
from lib.services import network
from lib.services.network import Metric, Node, Zone
from lib.ui import address, cache
from lib.ui.guard import Context

TABS: Final = {"map": "地图", "standing": "指标", "nodes": "节点与链路", "coverage": "覆盖与布点"}
STYLES: Final = {"boundaries": "边界", "hexagons": "六边形"}
LAYERS: Final = {
    "services": "服务机构",
    "nodes": "网络节点",
    "markets": "常设市场",
    "institutions": "科研院所与高校",
    "carriers": "载体",
    "zone": "呼包鄂",
    "ports": "口岸",
    "events": "近 12 个月活动",
}
"""What can be drawn over the counts; the first is drawn unless the address says otherwise."""
NO_LAYER: Final = "none"
TOPICS: Final = ("division", *(f"{metric.value[:-1]}" for metric in Metric))
NETWORK: Final = ("network_node", "network_link", "market_member")
"""The topics of what officials enter."""

REAL: Final = [origin.value for origin in Origin if origin is not Origin.DEMO]
"""The origins of whatever a layer or the coverage counts."""

Query = dict[str, str | list[str]]


@dataclass(frozen=True)
class View:
    """What the address asks for. `league` and `banner` are the chosen divisions, None: the region; `year` None: all."""

    tab: str
    metric: Metric
    style: str
    leagues: tuple[Node, ...]
    league: Node | None
    banner: Node | None
    origins: tuple[str, ...]
    year: int | None
    layers: tuple[str, ...]

    @property
    def parent(self) -> str:
        """The code of the league whose banners are shown, blank for the region."""
        return self.league.code if self.league else ""

    @property
    def by_banner(self) -> bool:
        """True when the map counts by banner."""
        return bool(self.league) or self.style == "hexagons"

    @property
    def place(self) -> str:
        """The name of what is chosen."""
        chosen = self.banner or self.league
        return chosen.name if chosen else "内蒙古自治区"

    @property
    def key(self) -> tuple[object, ...]:
        """What the counts of this view depend on."""
        return self.parent, self.origins, self.year

    @property
    def counted_year(self) -> int | None:
        """The year that narrows what is counted; organizations have none."""
        return None if self.metric is Metric.ORGANIZATIONS else self.year


@dataclass(frozen=True)
class Survey:
    """One level of the network with what it leaves out; `until` has the latest source date of each metric."""

    nodes: tuple[Node, ...]
    unplaced: dict[str, int]
    zones: tuple[Zone, ...]
    until: dict[str, str]


def read(ctx: Context) -> View:
    """What the address asks for; what it cannot ask for is the default."""
    metric = Metric(address.choice("metric", tuple(Metric), Metric.ACHIEVEMENTS))
    by_banner = st.query_params.get("level") == Level.BANNER
    style = address.choice("style", tuple(STYLES), "hexagons" if by_banner else "boundaries")
    origins = address.choices("origin", lambda value: value in tuple(Origin))
    year = address.number("year")
    year = year if year in years(ctx) else None
    leagues = survey(ctx, Level.LEAGUE, "", origins, year).nodes
    league = next((node for node in leagues if node.code == st.query_params.get("parent", "")), None)
    banner = None
    if league:
        banners = {node.code: node for node in survey(ctx, Level.BANNER, league.code, origins, year).nodes}
        banner = banners.get(st.query_params.get("banner", ""))
    asked = address.choices("layer", lambda value: value in LAYERS or value == NO_LAYER)
    layers = tuple(layer for layer in asked if layer != NO_LAYER) if asked else (next(iter(LAYERS)),)
    tab = address.choice("view", tuple(TABS), "map")
    return View(tab, metric, style, leagues, league, banner, origins, year, layers)


def years(ctx: Context) -> tuple[int, ...]:
    """The years that something is stated for."""
    return cache.shared("network years", (), ctx.revision(*TOPICS), lambda s: network.years(s, actor=VISITOR))


def survey(ctx: Context, level: Level, parent: str, origins: tuple[str, ...], year: int | None = None) -> Survey:
    """The counts of a level, kept until their data changes."""
    chosen = [Origin(origin) for origin in origins] or None
    return cache.shared(
        "network survey",
        (level.value, parent, origins, year),
        ctx.revision(*TOPICS),
        lambda session: Survey(
            network.nodes(session, level, parent or None, actor=VISITOR, origins=chosen, year=year),
            network.unplaced(session, level, parent or None, actor=VISITOR, origins=chosen, year=year),
            network.zones(session, parent or None, actor=VISITOR, origins=chosen, year=year),
            {metric.value: str(day or "") for metric, day in network.until(session, actor=VISITOR).items()},
        ),
    )


def origins(ctx: Context) -> dict[str, int]:
    """How many records each origin has."""
    return cache.shared(
        "network origins",
        (),
        ctx.revision(*TOPICS),
        lambda session: network.origins_present(session, actor=VISITOR),
    )


def rows(view: View, metric: Metric, league: str = "", **facets: str | list[str]) -> Query:
    """The address parameters of the list that shows what was counted."""
    asked: Query = {"league": league} if league else {}
    if view.origins:
        asked["origin"] = list(view.origins)
    if view.year and metric is not Metric.ORGANIZATIONS:
        asked["year"] = str(view.year)
    return {**asked, **facets}


def here(view: View, *, parent: str | None = None, banner: str | None = None, tab: str | None = None) -> Query:
    """This page's address with another division or another part; everything else of the view stays."""
    asked: Query = {"metric": view.metric.value, "style": view.style}
    tab = view.tab if tab is None else tab
    if tab != next(iter(TABS)):
        asked["view"] = tab
    for name, value in (("parent", view.parent if parent is None else parent), ("banner", banner or "")):
        if value:
            asked[name] = value
    if view.origins:
        asked["origin"] = list(view.origins)
    if view.year:
        asked["year"] = str(view.year)
    if view.layers != (next(iter(LAYERS)),):
        asked["layer"] = list(view.layers) or NO_LAYER
    return asked


def path(query: Mapping[str, str | list[str]], page: str = "network") -> str:
    """The address as a link within the page."""
    pairs = ((n, v) for n, value in query.items() for v in (value if isinstance(value, list) else [value]))
    return f"/{page}?" + "&".join(f"{name}={value}" for name, value in pairs)


def go(**values: str | int | list[str] | None) -> None:
    """Change the address."""
    address.write(level=None, **values)
