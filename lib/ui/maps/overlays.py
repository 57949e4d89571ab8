"""What is laid over the map of the network: chips with a number at a seat, and outlines of groups of leagues.

Outlines take the geometry by address and choose in the browser, so they cost a few bytes.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from lib.ui import theme
from lib.ui.maps.base import Layer, Point, rgb
from lib.ui.maps.geometry import ground

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
_STEP: Final = 17
_FIRST: Final = 16


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


def chips(found: Sequence[Chip]) -> list[Layer]:
    """The chips of each layer under one another below their place, so that none hides another."""
    layers = [layer for layer in SIGNS if any(chip.layer == layer for chip in found)]
    return [
        {
            "@@type": "TextLayer",
            "id": f"over-{layer}",
            "data": [
                {"p": [round(x, 3) for x in chip.at], "t": chip.text} for chip in found if chip.layer == layer
            ],
            "getPosition": "@@=p",
            "getText": "@@=t",
            "getColor": rgb("#FFFFFF"),
            "getSize": 12,
            "sizeUnits": "pixels",
            "billboard": True,
            "characterSet": "auto",
            "fontFamily": theme.FONT,
            "fontWeight": 600,
            "background": True,
            "getBackgroundColor": rgb(COLOURS[layer]),
            "backgroundPadding": [5, 2],
            "getPixelOffset": [0, _FIRST + _STEP * position],
            "pickable": False,
            "parameters": {"depthTest": False, "depthCompare": "always"},
        }
        for position, layer in enumerate(layers)
    ]  # fmt: skip


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
