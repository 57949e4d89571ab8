"""The look that every chart shares, as a Vega-Lite configuration.

Charts are plain specifications: building them with Altair validates each one for 35–55 ms and takes a second to
import, which a page would pay on its first opening.
"""

from typing import Any, Final

from lib.ui.theme import FONT, GOLD, GOLD_LINE, GRASS, INK, SKY, STONE, VERMILION

PALE: Final = "#B9D3EA"
"""A derived value: sky at a third of its strength; ink text is readable on it."""
TARGET_FILL: Final = "#FBF1DF"
TARGET_EDGE: Final = GOLD_LINE
GRID: Final = "#E4EAEF"
AXIS: Final = "#B9C4CE"

Spec = dict[str, Any]

CONFIG: Final[Spec] = {
    "font": FONT,
    "background": "transparent",
    "view": {"stroke": None},
    "bar": {"color": SKY},
    "text": {"font": FONT, "fontSize": 14, "color": INK},
    "axis": {
        "labelFont": FONT,
        "titleFont": FONT,
        "labelColor": STONE,
        "titleColor": STONE,
        "labelFontSize": 13,
        "titleFontSize": 12,
        "titleFontWeight": "normal",
        "domain": False,
        "ticks": False,
        "labelPadding": 8,
    },
    "axisX": {"grid": False, "domain": True, "domainColor": AXIS, "labelAngle": 0},
    "axisY": {
        "grid": True,
        "gridColor": GRID,
        "titleAngle": 0,
        "titleAlign": "left",
        "titleAnchor": "end",
        "titleY": -14,
        "titleX": 0,
    },
    "range": {"category": [SKY, GRASS, GOLD, VERMILION, STONE]},
}


def chart(layers: list[Spec], *, height: int) -> Spec:
    """Layers, each with its own data, as one chart of the shared look, as wide as its place."""
    return {
        "$schema": "https://vega.github.io/schema/vega-lite/v6.json",
        "height": height,
        "width": "container",
        "config": CONFIG,
        "layer": layers,
    }


def layer(rows: list[Spec], mark: Spec, **encoding: Spec) -> Spec:
    """One layer with its rows inside it, so that nothing is converted on the way to the browser."""
    return {"data": {"values": rows}, "mark": mark, "encoding": encoding}
