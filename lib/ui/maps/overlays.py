"""What is laid over the map of the network: chips with a number at a seat, and outlines of groups of leagues.

Outlines take the geometry by address and choose in the browser, so they cost a few bytes.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import cos, hypot, pi, sin
from typing import Final

from lib.ui import theme
from lib.ui.maps.base import Frame, Layer, Point, lines, rgb
from lib.ui.maps.geometry import ground
from lib.ui.maps.placing import Box, overlap

COLOURS: Final[Mapping[str, str]] = {
    "nodes": theme.GRASS,
    "markets": theme.VERMILION,
    "institutions": "#5A4A9C",
    "carriers": "#0F7C86",
    "events": theme.GOLD_TEXT,
    "ports": theme.INK,
}
SIGNS: Final[Mapping[str, str]] = {
    "nodes": "点", "markets": "市", "institutions": "研", "carriers": "载", "events": "活", "ports": "岸",
}  # fmt: skip
"""The one sign a chip begins with."""
MARKET_COLOURS: Final = {"中部": theme.SKY, "东部": theme.GRASS, "西部": theme.VERMILION}
_LINE: Final = 18
_SIZE: Final = 12
_FAR: Final = 26
"""A block farther from its place than this has a leader."""


@dataclass(frozen=True)
class Chip:
    """A number of a layer at a place; `exact` False: only the league is known."""

    layer: str
    at: Point
    count: int
    exact: bool

    @property
    def text(self) -> str:
        """载 3, or 载 3？ where only the league is known."""
        return f"{SIGNS[self.layer]} {self.count}{'' if self.exact else '？'}"

    @property
    def width(self) -> float:
        """Pixels that the text takes with its ground."""
        return sum(_SIZE if ord(c) > 0x2E7F else _SIZE * 0.6 for c in self.text) + 10


@dataclass(frozen=True)
class Block:
    """The chips of one place under one another: the box they fill, in pixels."""

    chips: tuple[Chip, ...]
    box: Box

    @property
    def centre(self) -> Point:
        """The middle of the box."""
        return (self.box[0] + self.box[2]) / 2, (self.box[1] + self.box[3]) / 2


def blocks(frame: Frame, chips: Sequence[Chip], taken: Sequence[Box]) -> tuple[Block, ...]:
    """A block for each place, near it and off names, seats and the other blocks; `taken` are boxes in pixels.

    Places with many chips choose first.
    """
    order = list(SIGNS)
    by_place: dict[Point, list[Chip]] = {}
    for chip in sorted(chips, key=lambda chip: (order.index(chip.layer), not chip.exact)):
        by_place.setdefault(chip.at, []).append(chip)
    full = [*taken, (frame.width - 52, 0, frame.width, 84)]  # the zoom buttons
    seats = [frame.pixel(*place) for place in by_place]
    full += [(x - 7, y - 7, x + 7, y + 7) for x, y in seats]
    made: list[Block] = []
    for place, own in sorted(by_place.items(), key=lambda item: (-len(item[1]), item[0])):
        home = frame.pixel(*place)
        half = max(chip.width for chip in own) / 2, _LINE * len(own) / 2
        boxes = [_around(home, half, *step) for step in _STEPS]
        best = min(boxes, key=lambda box: _price(frame, home, box, full))
        full.append(best)
        made.append(Block(tuple(own), best))
    return tuple(made)


_STEPS: Final = tuple((turn * pi / 8, gap) for gap in (4.0, 12.0, 24.0, 40.0, 60.0, 84.0, 112.0) for turn in range(16))
"""Angle and gap of the places that a block tries."""


def _around(home: Point, half: Point, angle: float, gap: float) -> Box:
    x = home[0] + cos(angle) * (half[0] + 8 + gap)
    y = home[1] + sin(angle) * (half[1] + 8 + gap)
    return x - half[0], y - half[1], x + half[0], y + half[1]


def _price(frame: Frame, home: Point, box: Box, full: Sequence[Box]) -> float:
    """What it costs to stand there: hiding something most, leaving the panel more, being far a little."""
    out = max(0, -box[0]) + max(0, box[2] - frame.width) + max(0, -box[1]) + max(0, box[3] - frame.height)
    far = hypot((box[0] + box[2]) / 2 - home[0], (box[1] + box[3]) / 2 - home[1])
    return 4 * sum(overlap(box, other) for other in full) + 200 * out + far


def chips(frame: Frame, placed: Sequence[Block]) -> list[Layer]:
    """The blocks as layers: a text layer for each layer of chips, leaders where a block stands far from its place."""
    if not placed:
        return []
    data: dict[str, list[dict[str, object]]] = {}
    leaders: list[dict[str, object]] = []
    for block in placed:
        x, top = block.centre[0], block.box[1]
        home = frame.pixel(*block.chips[0].at)
        if hypot(x - home[0], block.centre[1] - home[1]) > _FAR + _LINE * len(block.chips) / 2:
            leaders.append({"p": [block.chips[0].at, _rounded(frame.place(*block.centre))]})
        for position, chip in enumerate(block.chips):
            at = _rounded(frame.place(x, top + _LINE * (position + 0.5)))
            data.setdefault(chip.layer, []).append({"p": at, "t": chip.text})
    return [
        *([lines("over-leaders", leaders, colour=theme.STONE, width=1.1)] if leaders else []),
        *(_texts(layer, texts) for layer, texts in data.items()),
    ]


def _rounded(place: Point) -> list[float]:
    return [round(place[0], 3), round(place[1], 3)]


def _texts(layer: str, data: list[dict[str, object]]) -> Layer:
    return {
        "@@type": "TextLayer",
        "id": f"over-{layer}",
        "data": data,
        "getPosition": "@@=p",
        "getText": "@@=t",
        "getColor": rgb("#FFFFFF"),
        "getSize": _SIZE,
        "sizeUnits": "pixels",
        "billboard": True,
        "characterSet": "auto",
        "fontFamily": theme.FONT,
        "fontWeight": 600,
        "background": True,
        "getBackgroundColor": rgb(COLOURS[layer]),
        "backgroundPadding": [5, 1],
        "pickable": False,
        "parameters": {"depthTest": False, "depthCompare": "always"},
    }


def outlines(groups: Mapping[str, Iterable[str]], name: str) -> Layer:
    """Leagues outlined in the colour of their group; `groups` holds league codes by colour."""
    colour, width = "[0,0,0,0]", "0"
    for shade, codes in groups.items():
        asked = "||".join(f"properties.code=='{code}'" for code in codes)
        if asked:
            colour = f"({asked})?{rgb(shade)}:{colour}"
            width = f"({asked})?3.4:{width}"
    return {
        "@@type": "GeoJsonLayer",
        "id": name,
        "data": ground("leagues_lite"),
        "filled": False,
        "stroked": True,
        "lineWidthUnits": "pixels",
        "lineJointRounded": True,
        "getLineColor": f"@@={colour}",
        "getLineWidth": f"@@={width}",
        "pickable": False,
    }


def legend(layers: Sequence[tuple[str, str]]) -> str:
    """One line of what the chips mean; `layers` are (layer, words)."""
    x, parts = 0.0, []
    for layer, words in layers:
        parts.append(f'<rect x="{x:.0f}" y="5" width="22" height="18" rx="4" fill="{COLOURS[layer]}"/>')
        parts.append(f'<text x="{x + 11:.0f}" y="18.5" fill="#fff" text-anchor="middle">{SIGNS[layer]}</text>')
        parts.append(f'<text x="{x + 29:.0f}" y="18.5" fill="{theme.STONE}">{words}</text>')
        x += 42 + 12.5 * len(words)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{max(40, x):.0f}" height="28" '
        f'viewBox="0 0 {max(40, x):.0f} 28" font-family="{theme.FONT}" font-size="12.5">{"".join(parts)}</svg>'
    )
