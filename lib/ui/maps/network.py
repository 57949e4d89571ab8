"""The map of 三级网络: a choropleth of one count, the nodes at their seats, and the labels.

A division without data is hatched, and no line is drawn to its node: the hole in the network is the message.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import hypot
from typing import Any, Final

from lib.domain.vocabulary import NO_DATA, Level
from lib.services.network import Metric, Node
from lib.services.places import ALIASES
from lib.ui import theme
from lib.ui.maps import overlays, placing
from lib.ui.maps.base import (
    Frame,
    Layer,
    Map,
    Point,
    curve,
    dot,
    dots,
    label,
    labels,
    lines,
    rgb,
    shapes,
)
from lib.ui.maps.classes import Band, band_of, classify
from lib.ui.maps.geometry import (
    HATCHED,
    Feature,
    borders,
    bounds,
    features,
    ground,
    ground_of,
    hatch,
    hatched,
    outlines,
)
from lib.ui.maps.overlays import Chip
from lib.ui.maps.placing import Box

WIDTH: Final = 838
HEIGHT: Final = 500
_PICKED: Final = "divisions-"
"""How the id begins of the layer that a click on a division reports."""

REGION_BOUNDS: Final = (97.2, 37.4, 126.1, 53.35)
# Centres of labels, by hand: computed middles collide with the seats.
_REGION_LABELS: Final[dict[str, Point]] = {
    "150100": (114.18, 38.98),
    "150200": (110.13, 41.76),
    "150300": (105.5, 39.96),
    "150400": (118.9, 43.34),
    "150500": (120.85, 44.22),
    "150600": (108.28, 38.83),
    "150700": (120.61, 50.3),
    "150800": (107.55, 41.54),
    "150900": (112.6, 42.25),
    "152200": (120.75, 46.38),
    "152500": (114.52, 44.39),
    "152900": (102.53, 40.7),
}
_REGION_LEADERS: Final[dict[str, tuple[Point, Point]]] = {"150100": ((111.74, 40.3), (112.75, 39.2))}
_REGION_GROUNDS: Final[tuple[tuple[str, Point], ...]] = (
    ("俄 罗 斯", (112.42, 51.55)),
    ("蒙 古 国", (103.51, 46.58)),
    ("黑龙江", (127.09, 48.16)),
    ("吉林", (125.82, 43.87)),
    ("辽宁", (122.51, 41.47)),
    ("河北", (115.9, 38.35)),
    ("山西", (112.18, 38.03)),
    ("甘肃", (99.22, 39.32)),
)
# The file of the surroundings ends here; plain land hides its edge where it is land.
_STRIPS: Final = (
    (60.0, 33.0, 93.1, 60.0),
    (60.0, 55.9, 145.0, 62.0),
    (130.4, 43.0, 145.0, 56.0),
    (60.0, 30.0, 118.5, 35.6),
)
_SHOWN_NAMES: Final = {name: alias for alias, name in ALIASES.items()}
"""Names in the boundary files → names in the facts and on the screen: 蒙古国."""
_NAME_SIZE: Final = 14
_LONGEST_NAME: Final = 6


Outlined = Mapping[str, Mapping[str, Sequence[str]]]
"""Groups of leagues with a line around them: by layer, the leagues of each colour."""
NOTHING: Final[Outlined] = {}


@dataclass(frozen=True)
class Drawing:
    """A map ready to be sent, and the classes that legend and ranking share with it."""

    spec: Map
    bands: tuple[Band, ...]
    has_gap: bool
    alt: str


def picked(objects: Mapping[str, Sequence[object]]) -> str:
    """The code of the division that was clicked, from what deck.gl reports by layer; blank of none."""
    found = [
        feature.get("properties", {}).get("code", "")
        for layer, features in objects.items()
        if layer.startswith(_PICKED)
        for feature in features
        if isinstance(feature, dict)
    ]
    return str(found[0]) if found else ""


def region(
    nodes: Sequence[Node],
    metric: Metric,
    chips: Sequence[Chip] = (),
    outlined: Outlined = NOTHING,
    *,
    services: bool = True,
) -> Drawing:
    """The 12 leagues; `services` draws where organizations serve transfer, chips and outlines are laid on top."""
    frame = Frame.fit(REGION_BOUNDS, WIDTH, HEIGHT, 14)
    by_code = {node.code: node for node in nodes}
    bands = classify(node.count(metric) for node in nodes)
    hub = _hub(nodes) if services else None
    linked = [node for node in nodes if node.services and node is not hub]
    divisions = features("leagues_lite", decimals=3)
    names = [
        _Name(_REGION_LABELS.get(node.code, (node.lon, node.lat)), node, outside=node.code in ("150100", "150300"))
        for node in nodes
    ]
    layers = [
        *_surroundings(),
        shapes("outline", borders("leagues_lite", "around"), line=theme.OUTLINE, width=4.2),
        *_addressed("region", ground("leagues_lite"), divisions, by_code, metric, bands, step=0.2),
        *_links([(hub, node) for node in linked] if hub else []),
        *([_nodes(nodes, hub)] if services else []),
        labels("grounds", [label(at, name, theme.GROUND_NAME) for name, at in _REGION_GROUNDS], size=12, weight=400),
        lines("leaders", [{"p": ends} for ends in _REGION_LEADERS.values()], colour=theme.INK, width=1.1),
        *(overlays.outlines(groups, name) for name, groups in outlined.items()),
        *_names(names, metric, bands),
        *_laid(frame, names, metric, chips),
    ]
    return Drawing(
        Map(layers, frame, ground=theme.SEA, tooltip="{name}"),
        bands,
        any(node.count(metric) is None for node in nodes),
        _alt("内蒙古自治区盟市", nodes, metric),
    )


def league(own: Node, nodes: Sequence[Node], metric: Metric, chosen: str = "", chips: Sequence[Chip] = ()) -> Drawing:
    """The banners of one league; chips are laid on top."""
    exact = [f for f in features("banners") if f["properties"]["parent_code"] == own.code]
    frame = Frame.fit(bounds(exact), WIDTH, HEIGHT, 28)
    lite = [f for f in features("banners_lite", decimals=3) if f["properties"]["parent_code"] == own.code]
    by_code = {node.code: node for node in nodes}
    bands = classify(node.count(metric) for node in nodes)
    counted = [node for node in nodes if node.count(metric) is not None]
    seat = (own.seat_lon, own.seat_lat)
    curves = [_curve(seat, (node.seat_lon, node.seat_lat)) for node in counted]
    spots = _spots(frame, nodes, metric, lite, [seat, *(place for path in curves for place in path)])
    neighbours = [f for f in features("leagues_lite", decimals=3) if f["properties"]["code"] != own.code]
    provinces = [f for f in features("context_neighbours", decimals=3) if f["properties"].get("code") != "150000"]
    taken = [(spot.centre, 90.0, 40.0) for spot in spots]
    grounds = placing.name_grounds(frame, [*neighbours, *provinces], lite, taken)
    names = [_Name(spot.centre, by_code[spot.code], outside=spot.leader is not None) for spot in spots]
    layers = [
        *_surroundings(),
        shapes("neighbours", ground("leagues_lite"), fill=theme.LAND),
        shapes("neighbour-borders", borders("leagues_lite", "between"), line=theme.COAST, width=1),
        shapes("outline", ground_of("leagues", own.code), line=theme.OUTLINE, width=4.2),
        *_addressed(
            own.code,
            ground_of("banners", own.code),
            lite,
            by_code,
            metric,
            bands,
            step=_hatch_step(frame),
            chosen=chosen,
        ),
        *_casings(curves),
        dots(
            "nodes",
            [
                *(_node(node, node.count(metric) is not None) for node in nodes),
                dot(seat, 8, "#FFFFFF", theme.GOLD_LINE, 2.6),
            ],
        ),
        labels(
            "grounds",
            [label(at, _SHOWN_NAMES.get(name, name), theme.GROUND_NAME) for name, at in grounds],
            size=13,
            weight=400,
        ),
        lines("leaders", [{"p": spot.leader} for spot in spots if spot.leader], colour=theme.STONE, width=1.1),
        *_names(names, metric, bands, size=15, unit=metric.unit),
        *_laid(frame, names, metric, chips),
    ]
    return Drawing(
        Map(layers, frame, ground=theme.SEA, tooltip="{name}"),
        bands,
        len(counted) < len(nodes),
        _alt(f"{own.name}旗县", nodes, metric),
    )


def hexagons(
    nodes: Sequence[Node],
    leagues: Sequence[Node],
    metric: Metric,
    parent: str = "",
    chosen: str = "",
    chips: Sequence[Chip] = (),
    outlined: Outlined = NOTHING,
) -> Drawing:
    """One hexagon a banner, for the region or one league: equal areas, no boundary line. Chips stand at `places`."""
    cells = _cells(parent)
    by_code = {node.code: node for node in nodes}
    bands = classify(node.count(metric) for node in nodes)
    west, south, east, north = bounds(cells)
    frame = Frame.fit((west - 0.9, south - 0.7, east + 0.9, north + 0.7), WIDTH, HEIGHT, 10)
    groups = {
        node.code: [f for f in cells if f["properties"]["parent_code"] == node.code]
        for node in leagues
        if not parent or node.code == parent
    }
    edges = [{"p": path} for group in groups.values() for path in outlines(group)]
    numbers = [
        _Name(_middle(cell), by_code[cell["properties"]["code"]], outside=False)
        for cell in cells
        if by_code[cell["properties"]["code"]].count(metric) is not None or parent
    ]
    around = {} if parent else _around(frame, groups)
    short = {node.code: node.short_name for node in leagues}
    wide, high = (40, 20) if parent else (14, 14)  # names stand in the cells of one league
    boxes = [_box(frame, name.at, wide, high) for name in numbers]
    boxes += [_box(frame, at, 31, 10) for at in around.values()]
    marks = [
        lines(name, [{"p": path, "c": rgb(colour)} for colour, codes in outer.items()
                     for path in outlines([cell for code in codes for cell in groups.get(code, ())])], width=3.4)
        for name, outer in outlined.items()
    ]  # fmt: skip
    layers = [
        *_addressed(
            f"hexagons-{parent}",
            ground_of("banners_hex", parent) if parent else ground("banners_hex"),
            cells,
            by_code,
            metric,
            bands,
            step=_hatch_step(frame) if parent else HATCHED["banners_hex"],
            chosen=chosen,
            hatches=None if parent else hatched("banners_hex", HATCHED["banners_hex"]),
        ),
        lines("borders", edges, colour=theme.OUTLINE, width=2),
        *marks,
        labels(
            "leagues",
            [label(at, short[code], theme.INK) for code, at in around.items()],
            size=_NAME_SIZE,
            halo="#FFFFFF",
        ),
        *_names(numbers, metric, bands, named=bool(parent)),
        *overlays.chips(frame, overlays.blocks(frame, chips, boxes)),
    ]
    return Drawing(
        Map(layers, frame, ground="#FFFFFF", tooltip="{name}"),
        bands,
        any(node.count(metric) is None for node in nodes),
        _alt("旗县等面积六边形", nodes, metric),
    )


# ------------------------------------------------------------------ layers
def _surroundings() -> list[Layer]:
    strips = {
        "type": "MultiPolygon",
        "coordinates": [[[[w, s], [e, s], [e, n], [w, n], [w, s]]] for w, s, e, n in _STRIPS],
    }
    return [
        shapes("context", ground("context_neighbours"), fill=theme.LAND),
        shapes("context-borders", borders("context_neighbours", "all"), line="#FFFFFF", width=1),
        shapes("context-strips", strips, fill=theme.LAND),
    ]


def _addressed(
    name: str,
    data: Any,
    divisions: Sequence[Feature],
    by_code: dict[str, Node],
    metric: Metric,
    bands: Sequence[Band],
    *,
    step: float,
    chosen: str = "",
    hatches: Any = None,
) -> list[Layer]:
    """A choropleth whose boundaries are fetched by address: colours are chosen in the browser by the division's code,
    so that a change of the count sends no geometry. `hatches` are fetched likewise, else cut to `divisions`.

    Every boundary file has layers of its own `name`, or the browser would light up the place of the last one's click.
    """
    colours = {code: band_of(bands, node.count(metric)) for code, node in by_code.items()}
    empty = [code for code, band in colours.items() if band is None]
    fills: dict[str, list[str]] = {}
    for code, band in colours.items():
        if band is not None:
            fills.setdefault(band.colour, []).append(code)
    layers = [
        shapes(
            f"divisions-{name}", data, fill=_by_code(fills, theme.NO_DATA_FILL), pickable=True, highlight=theme.GOLD
        ),
        # Lines take long to draw, and what can be clicked is drawn again wherever the mouse goes.
        shapes(f"edges-{name}", data, line=_by_code({theme.NO_DATA_HATCH: empty}, "#FFFFFF"), width=1.4),
    ]
    if empty and hatches is not None:
        asked = "||".join(f"properties.code=='{code}'" for code in empty)
        layers.append(shapes("hatch", hatches, line=theme.NO_DATA_HATCH, width=f"@@=({asked})?1.1:0"))
    elif empty:
        strokes = [line for f in divisions if f["properties"]["code"] in empty for line in hatch(f, step)]
        cut = {"type": "MultiLineString", "coordinates": strokes}
        layers.append(shapes("hatch", cut, line=theme.NO_DATA_HATCH, width=1.1))
    if chosen in by_code:
        layers.append(shapes("chosen", data, line=theme.GOLD, width=f"@@=properties.code=='{chosen}'?3.2:0"))
    return layers


def _by_code(groups: Mapping[str, Sequence[str]], rest: str) -> str:
    """An expression that gives the codes of a group the colour it is listed under, and all others `rest`."""
    expression = str(rgb(rest))
    for colour, codes in groups.items():
        if codes:
            asked = "||".join(f"properties.code=='{code}'" for code in codes)
            expression = f"({asked})?{rgb(colour)}:{expression}"
    return f"@@={expression}"


def _hatch_step(frame: Frame) -> float:
    """Degrees between two lines of a hatch that are 8 pixels apart."""
    return round(8 / frame.scale * 1.25, 3)


def _nodes(nodes: Sequence[Node], hub: Node | None) -> Layer:
    rest = (_node(node, bool(node.services)) for node in nodes if node is not hub)
    return dots("nodes", [*rest, *_hub_dots(hub)])


def _links(pairs: Sequence[tuple[Node, Node]]) -> list[Layer]:
    return _casings([_curve((a.seat_lon, a.seat_lat), (b.seat_lon, b.seat_lat)) for a, b in pairs])


def _curve(start: Point, end: Point) -> list[Point]:
    """A link that bends upwards, whichever side its end is on."""
    bend = 0.1 if hypot(end[0] - start[0], end[1] - start[1]) > 0.02 else 0
    return curve(start, end, bend if end[0] < start[0] else -bend)


def _casings(curves: Sequence[Sequence[Point]]) -> list[Layer]:
    if not curves:
        return []
    paths = [{"p": path} for path in curves]
    return [
        lines("links-casing", paths, colour="#FFFFFF", width=5.6),
        lines("links", paths, colour=theme.GOLD_LINE, width=2.6),
    ]


def _hub(nodes: Sequence[Node]) -> Node | None:
    """The hub of the region: the league with most organizations that serve transfer."""
    return max((node for node in nodes if node.services), key=lambda node: node.services or 0, default=None)


def _hub_dots(hub: Node | None) -> list[dict[str, Any]]:
    if hub is None:
        return []
    seat = (hub.seat_lon, hub.seat_lat)
    return [dot(seat, 10, "#FFFFFF", theme.GOLD_LINE, 2.4), dot(seat, 5.6, theme.GOLD_LINE, theme.GOLD_LINE, 0)]


def _node(node: Node, known: bool) -> dict[str, Any]:
    seat = (node.seat_lon, node.seat_lat)
    return dot(seat, 6.4, theme.GOLD_LINE) if known else dot(seat, 5, "#FFFFFF", theme.STONE, 1.6)


# ------------------------------------------------------------------ labels
@dataclass(frozen=True)
class _Name:
    at: Point
    node: Node
    outside: bool


def _names(
    names: Sequence[_Name],
    metric: Metric,
    bands: Sequence[Band],
    *,
    size: int = _NAME_SIZE,
    unit: str = "",
    named: bool = True,
) -> list[Layer]:
    """Name over value; white on the dark classes, ink with a halo elsewhere, stone for 暂无数据."""
    dark: list[dict[str, Any]] = []
    light: list[dict[str, Any]] = []
    for name in names:
        value = name.node.count(metric)
        band = band_of(bands, value)
        shown = NO_DATA if value is None else f"{value} {unit}".strip()
        text = f"{_written(name.node)}\n{shown}" if named else shown
        if band and band.dark and not name.outside:
            dark.append(label(name.at, text, "#FFFFFF"))
        else:
            light.append(label(name.at, text, theme.STONE if value is None else theme.INK))
    return [labels("names", light, size=size, halo="#FFFFFF"), labels("names-on-dark", dark, size=size)]


def _laid(frame: Frame, names: Sequence[_Name], metric: Metric, chips: Sequence[Chip]) -> list[Layer]:
    """The chips of the layers, off the names and the seats."""
    boxes = []
    for name in names:
        shown = NO_DATA if name.node.count(metric) is None else str(name.node.count(metric))
        half = 7.6 * max(len(_written(name.node)), len(shown) * 0.6, len(NO_DATA) if shown == NO_DATA else 0)
        boxes.append(_box(frame, name.at, half, 19))
    boxes += [_box(frame, (name.node.seat_lon, name.node.seat_lat), 8, 8) for name in names]
    return overlays.chips(frame, overlays.blocks(frame, chips, boxes))


def _written(node: Node) -> str:
    """A banner's full name where a label can hold it; leagues by their short name."""
    return node.name if node.level == Level.BANNER and len(node.name) <= _LONGEST_NAME else node.short_name


def _spots(
    frame: Frame, nodes: Sequence[Node], metric: Metric, divisions: Sequence[Feature], lines_at: Sequence[Point]
) -> tuple[placing.Spot, ...]:
    texts = [
        placing.Text(
            node.code,
            15.5 * max(len(_written(node)), len(NO_DATA) if node.count(metric) is None else 3) + 6,
            40,
            (node.seat_lon, node.seat_lat),
        )
        for node in nodes
    ]
    seats = [(node.seat_lon, node.seat_lat) for node in nodes]
    return placing.place(frame, texts, {f["properties"]["code"]: f for f in divisions}, [*seats, *lines_at])


def places(parent: str = "") -> dict[str, Point]:
    """Where what belongs to a banner or to a league stands among the hexagons, by code."""
    found: dict[str, Point] = {}
    groups: dict[str, list[Point]] = {}
    for cell in _cells(parent):
        found[cell["properties"]["code"]] = at = _middle(cell)
        groups.setdefault(cell["properties"]["parent_code"], []).append(at)
    return found | {code: _centre(group) for code, group in groups.items()}


def _cells(parent: str) -> list[Feature]:
    return [f for f in features("banners_hex") if not parent or f["properties"]["parent_code"] == parent]


def _box(frame: Frame, at: Point, wide: float, high: float) -> Box:
    """What stands at a place and reaches so many pixels to each side, in pixels."""
    x, y = frame.pixel(*at)
    return x - wide, y - high, x + wide, y + high


def _around(frame: Frame, groups: dict[str, list[Feature]]) -> dict[str, Point]:
    """Where the league names stand round the cartogram: at the free side of each league nearest to its middle."""
    cells = {feature["properties"]["code"]: feature for group in groups.values() for feature in group}
    texts = [placing.Text(code, 62, 20, _centre([_middle(cell) for cell in group])) for code, group in groups.items()]
    spots = placing.place(frame, [placing.Text(f"#{t.code}", t.width, t.height, t.home) for t in texts], cells, [])
    return {spot.code[1:]: spot.centre for spot in spots}


def _middle(cell: Feature) -> Point:
    return _centre([(x, y) for x, y in cell["geometry"]["coordinates"][0][:-1]])


def _centre(places: Sequence[Point]) -> Point:
    return sum(x for x, _ in places) / len(places), sum(y for _, y in places) / len(places)


def _alt(what: str, nodes: Sequence[Node], metric: Metric) -> str:
    """What the map says, for those who do not see it."""
    known = sorted((n for n in nodes if n.count(metric) is not None), key=lambda n: -(n.count(metric) or 0))
    most = "、".join(f"{node.short_name} {node.count(metric)}" for node in known[:3]) or NO_DATA
    return f"{what}地图，{metric.label}（{metric.unit}）：最多的是{most}；{len(nodes) - len(known)} 个{NO_DATA}。"
