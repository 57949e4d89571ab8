"""The map of 转移通道: an arc from each partner's place to each league.

An arc fades where it begins and is full where technology arrives, but only where the fact states a direction;
arcs without one are even. Facts that name no league end at one hollow point in the region's middle.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import sqrt
from typing import Any, Final, Literal

from lib.domain.channels import UNSTATED
from lib.domain.vocabulary import Channel, Direction
from lib.services.channels import Flow
from lib.services.network import Node
from lib.services.places import COUNTRY, Place, place_of
from lib.ui import theme
from lib.ui.maps import placing
from lib.ui.maps.base import Bounds, Frame, Layer, Map, Point, dot, dots, label, labels, rgb, shapes
from lib.ui.maps.geometry import ground

Scope = Literal["home", "world"]
WIDTH: Final = 628
HEIGHT: Final = 444
PICKED: Final = "places"
"""Id of the layer that a click on a partner's place reports."""

_BOUNDS: Final[dict[Scope, Bounds]] = {
    "home": (73.5, 3.4, 135.1, 54.2),  # 南海诸岛 and 断续线 stay in view
    "world": (-20.0, -48.0, 180.0, 70.0),
}
_MIDDLE: Final[Point] = (112.6, 43.6)
"""Where facts that name no league end."""
_EDGE: Final = 16


@dataclass(frozen=True)
class Drawing:
    """A map ready to be sent, and what it leaves out."""

    spec: Map
    shown: int
    elsewhere: int
    within: int
    unknown: int
    unplaced_league: int
    derived: int
    directions: frozenset[Direction]
    alt: str


@dataclass(frozen=True)
class _Arc:
    place: Place
    league_code: str | None
    channel: Channel | None
    direction: Direction


def arcs(flows: Iterable[Flow], leagues: Sequence[Node], scope: Scope, chosen: str = "") -> Drawing:
    """The flows whose partners are in the country (home) or abroad (world); the place of the code `chosen` has a ring.

    An event of two countries has an arc from each, and counts once in the figures of the drawing.
    """
    frame = Frame.fit(_BOUNDS[scope], WIDTH, HEIGHT, 6)
    counts: Counter[_Arc] = Counter()
    by_place: Counter[Place] = Counter()
    tally: Counter[str] = Counter()
    colours: dict[str, Counter[Channel | None]] = {}
    for flow in flows:
        places = [place_of(name) for name in flow.partners]
        known = {place.code: place for place in places if place}
        drawn = [place for place in known.values() if (place.kind == COUNTRY) == (scope == "world") and not place.home]
        if not drawn:
            abroad = flow.channel is Channel.ABROAD
            home = any(place.home for place in known.values())
            reason = "within" if home else "elsewhere" if known else "unknown"
            if reason == "elsewhere" or abroad == (scope == "world"):
                tally[reason] += flow.count
            continue
        tally["shown"] += flow.count
        tally["unplaced"] += 0 if flow.league_code else flow.count
        tally["derived"] += flow.count if any(place.derived for place in drawn) else 0
        for place in drawn:
            place = _plain(place)
            by_place[place] += flow.count
            counts[_Arc(place, flow.league_code, flow.channel, flow.direction)] += flow.count
            colours.setdefault(place.code, Counter())[flow.channel] += flow.count
    seats = {node.code: (node.seat_lon, node.seat_lat) for node in leagues}
    ranked = by_place.most_common()
    points = {place.code: _visible(frame, place) for place, _ in ranked}
    layers = [
        *_ground(scope),
        _arc_layer(counts, points, seats),
        dots("leagues", _ends(counts, seats)),
        *_places(frame, ranked, points, colours, chosen),
    ]
    most = "、".join(f"{place.short_name} {number}" for place, number in ranked[:3]) or "没有"
    return Drawing(
        Map(layers, frame, ground=theme.SEA, tooltip="{name}\n{tip}"),
        shown=tally["shown"],
        elsewhere=tally["elsewhere"],
        within=tally["within"],
        unknown=tally["unknown"],
        unplaced_league=tally["unplaced"],
        derived=tally["derived"],
        directions=frozenset(arc.direction for arc in counts),
        alt=f"{'国际' if scope == 'world' else '国内'}合作弧线图，{len(ranked)} 个来源地；最多的是{most}。",
    )


def _plain(place: Place) -> Place:
    """The place itself: 北京市 named and 北京市 derived from a university are one point."""
    return place_of(place.name) or place


def _visible(frame: Frame, place: Place) -> Point:
    """The point of a place, or the edge of the panel where it lies beyond."""
    x, y = frame.pixel(place.lon, place.lat)
    if _EDGE <= x <= frame.width - _EDGE:
        return place.lon, place.lat
    return frame.place(_EDGE if x < _EDGE else frame.width - _EDGE, y)


def _ground(scope: Scope) -> list[Layer]:
    region = shapes("region", ground("leagues_lite"), fill=theme.RAMP[1], line="#FFFFFF", width=0.6)
    if scope == "world":
        return [shapes("land", ground("world"), fill=theme.LAND_DEEP, line="#FFFFFF", width=0.6), region]
    return [
        shapes("land", ground("china_provinces"), fill=theme.LAND_DEEP, line=theme.COAST, width=0.8),
        region,
        shapes("lines", ground("china_lines"), line=theme.GROUND_NAME, width=1),
    ]


def _arc_layer(counts: Counter[_Arc], points: dict[str, Point], seats: dict[str, Point]) -> Layer:
    data: list[dict[str, Any]] = []
    for arc, number in sorted(counts.items(), key=lambda item: item[1]):
        start = points[arc.place.code]
        end = seats.get(arc.league_code or "", _MIDDLE)
        faint, full = (70, 70) if arc.league_code is None else (130, 130)
        if arc.direction is not Direction.UNSTATED:
            faint, full = 30, 245
        if arc.direction is Direction.OUT:
            faint, full = full, faint
        colour = _colour(arc.channel)
        data.append(
            {
                "s": _short(start),
                "e": _short(end),
                "a": rgb(colour, faint),
                "b": rgb(colour, full),
                "w": round(0.9 + 1.15 * sqrt(number), 2),
                "t": 28 if start[0] < end[0] else -28,
            }
        )
    return {
        "@@type": "ArcLayer",
        "id": "arcs",
        "data": data,
        "getSourcePosition": "@@=s",
        "getTargetPosition": "@@=e",
        "getSourceColor": "@@=a",
        "getTargetColor": "@@=b",
        "getWidth": "@@=w",
        "getTilt": "@@=t",
        "getHeight": 0.55,
        "widthUnits": "pixels",
        "pickable": False,
        "parameters": {"depthTest": False, "depthCompare": "always"},
    }


def _colour(channel: Channel | None) -> str:
    """The channel's colour as a line on a map: gold is too pale over land."""
    return theme.GOLD_LINE if channel is Channel.INTERREGIONAL else theme.CHANNEL_COLOURS[channel]


def _short(place: Point) -> list[float]:
    return [round(place[0], 2), round(place[1], 2)]


def _ends(counts: Counter[_Arc], seats: dict[str, Point]) -> list[dict[str, Any]]:
    codes = {arc.league_code for arc in counts}
    ends = [dot(seats[code], 2.6, theme.INK, "#FFFFFF", 1) for code in sorted(filter(None, codes)) if code in seats]
    if None in codes:
        ends.append(dot(_MIDDLE, 5, "#FFFFFF", theme.STONE, 1.6))
    return ends


def _places(
    frame: Frame,
    ranked: Sequence[tuple[Place, int]],
    points: dict[str, Point],
    colours: dict[str, Counter[Channel | None]],
    chosen: str,
) -> list[Layer]:
    most = max((number for _, number in ranked), default=1)
    marks: list[placing.Mark] = []
    data: list[dict[str, Any]] = []
    texts: list[str] = []
    for place, number in ranked:
        at = points[place.code]
        radius = 4.2 + 8.5 * sqrt(number / most) if number > 1 else 4.2
        colour = _colour(colours[place.code].most_common(1)[0][0])
        tip = "、".join(
            f"{channel.label if channel else UNSTATED} {n}" for channel, n in colours[place.code].most_common()
        )
        rim, width = (theme.INK, 2.6) if place.code == chosen else ("#FFFFFF", 1.4)
        data.append(dot(_rounded(at), radius, colour, rim, width, code=place.code, name=place.name, tip=tip))
        x, y = frame.pixel(*at)
        text = f"{place.short_name} {number}"
        if at != (place.lon, place.lat):
            text = f"← {text}" if x < frame.width / 2 else f"{text} →"
        texts.append(text)
        marks.append(placing.Mark((x, y), radius, sum(13 if ord(c) > 0x2E7F else 7.5 for c in text)))
    centres = placing.beside(marks, (frame.width, frame.height))
    names = [label(frame.place(*centre), text, theme.INK) for centre, text in zip(centres, texts, strict=True)]
    return [
        {**dots("places", data, pickable=True), "autoHighlight": True, "highlightColor": rgb(theme.GOLD, 160)},
        labels("place-names", names, size=13, halo="#FFFFFF"),
    ]


def _rounded(place: Point) -> Point:
    return round(place[0], 4), round(place[1], 4)
