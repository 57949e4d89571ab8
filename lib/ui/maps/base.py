"""What every deck.gl map of ours shares: a compact message, a ground that asks no server, a fitted view.

Layers are written as deck.gl's own JSON: every layer has an id, and accessors are expressions such as
`@@=properties.fill`. Coordinates are WGS 84 degrees, sizes are pixels.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import atan, cos, degrees, exp, log, log2, pi, radians, sin, tan
from typing import Any, Final
from urllib.parse import quote

import pydeck

Layer = dict[str, Any]
Point = tuple[float, float]
Bounds = tuple[float, float, float, float]
"""West, south, east, north."""

LABEL_FONT: Final = "'Noto Sans CJK SC', 'PingFang SC', 'Microsoft YaHei', sans-serif"
_UNCLIPPED: Final = {"depthTest": False, "depthCompare": "always"}
_TILE: Final = 512
_CONTROLLER: Final = {"dragRotate": False, "scrollZoom": False, "doubleClickZoom": False}
"""Where two clicks may zoom, deck.gl waits a third of a second after each click whether another one follows."""
_HALO: Final = {"sdf": True, "fontSize": 48, "buffer": 8, "radius": 16, "smoothing": 0.18}


def mercator(lat: float) -> float:
    """Latitude as Web Mercator measures it, in degrees."""
    return degrees(log(tan(pi / 4 + radians(lat) / 2)))


def unmercator(y: float) -> float:
    """The latitude of a Web Mercator ordinate in degrees."""
    return degrees(2 * atan(exp(radians(y))) - pi / 2)


@dataclass(frozen=True)
class Frame:
    """A view of the map: its centre, its zoom, and the size of the panel it was computed for."""

    lon: float
    lat: float
    zoom: float
    width: int
    height: int

    @classmethod
    def fit(cls, bounds: Bounds, width: int, height: int, pad: int) -> "Frame":
        """The closest view that shows all of `bounds` with `pad` pixels around it."""
        west, south, east, north = bounds
        low, high = mercator(south), mercator(north)
        scale = min((width - 2 * pad) / (east - west), (height - 2 * pad) / (high - low))
        return cls((west + east) / 2, unmercator((low + high) / 2), log2(scale * 360 / _TILE), width, height)

    @property
    def scale(self) -> float:
        """Pixels per degree of longitude."""
        return float(_TILE * 2**self.zoom / 360)

    def pixel(self, lon: float, lat: float) -> Point:
        """Where a place stands in the panel, from its upper left corner."""
        x = self.width / 2 + (lon - self.lon) * self.scale
        return x, self.height / 2 - (mercator(lat) - mercator(self.lat)) * self.scale

    def place(self, x: float, y: float) -> Point:
        """The longitude and latitude of a pixel."""
        lat = unmercator(mercator(self.lat) + (self.height / 2 - y) / self.scale)
        return self.lon + (x - self.width / 2) / self.scale, lat


class Map(pydeck.Deck):  # type: ignore[misc]
    """A deck whose message is compact: pydeck itself writes one coordinate a line."""

    def __init__(self, layers: Sequence[Layer], frame: Frame, *, ground: str, tooltip: str = "") -> None:
        super().__init__(layers=[], map_provider=None, map_style=None, tooltip=_tooltip(tooltip) if tooltip else False)
        self.mapbox_key = None  # pydeck would read one from the environment and send it to every browser
        self.spec = json.dumps(
            {
                "initialViewState": {
                    "longitude": round(frame.lon, 4),
                    "latitude": round(frame.lat, 4),
                    "zoom": round(frame.zoom, 3),
                    "minZoom": round(frame.zoom - 0.6, 3),
                    "maxZoom": round(frame.zoom + 5, 3),
                    "pitch": 0,
                    "bearing": 0,
                },
                # A list in a list: of what it finds there, Streamlit neither fades all that was not clicked, which
                # draws the map twice, nor keeps the selection when the next map comes.
                "layers": [list(layers)],
                "views": [{"@@type": "MapView", "controller": _CONTROLLER}],
                "mapProvider": "carto",
                "mapStyle": _blank(ground),
            },
            ensure_ascii=False,
            separators=(",", ":"),
        )

    def to_json(self) -> str:
        """The map as deck.gl reads it."""
        return self.spec


def _blank(colour: str) -> str:
    """A base map of one colour: it keeps the zoom buttons and makes no request."""
    style = {
        "version": 8,
        "sources": {},
        "layers": [{"id": "ground", "type": "background", "paint": {"background-color": colour}}],
    }
    return "data:application/json," + quote(json.dumps(style, separators=(",", ":")))


def _tooltip(text: str) -> dict[str, Any]:
    """Text only: an HTML template would run what it is given."""
    style = {
        "backgroundColor": "#17212B",
        "color": "#FFFFFF",
        "fontSize": "13px",
        "lineHeight": "1.6",
        "padding": "8px 10px",
        "borderRadius": "6px",
        "whiteSpace": "pre-line",
        "zIndex": "3",
    }
    return {"text": text, "style": style}


def rgb(colour: str, alpha: int = 255) -> list[int]:
    """#RRGGBB as deck.gl takes it."""
    return [int(colour[i : i + 2], 16) for i in (1, 3, 5)] + ([alpha] if alpha != 255 else [])


def curve(start: Point, end: Point, bend: float, steps: int = 28) -> list[Point]:
    """A flat quadratic curve between two places; `bend` is its height over its length, signed by side."""
    (x0, y0), (x1, y1) = start, end
    stretch = cos(radians((y0 + y1) / 2))
    dx, dy = (x1 - x0) * stretch, y1 - y0
    cx, cy = (x0 + x1) / 2 - dy * bend * 2 / stretch, (y0 + y1) / 2 + dx * bend * 2
    return [
        (
            round((1 - t) ** 2 * x0 + 2 * t * (1 - t) * cx + t * t * x1, 3),
            round((1 - t) ** 2 * y0 + 2 * t * (1 - t) * cy + t * t * y1, 3),
        )
        for t in (step / (steps - 1) for step in range(steps))
    ]


def circle(centre: Point, radius: float, start: float, end: float, steps: int = 16) -> list[Point]:
    """An arc of a circle in pixels, angles in radians."""
    return [
        (centre[0] + radius * cos(a), centre[1] + radius * sin(a))
        for a in (start + (end - start) * step / (steps - 1) for step in range(steps))
    ]


# ------------------------------------------------------------------ layers
def shapes(
    name: str,
    data: Any,
    *,
    fill: Any = None,
    line: str | None = None,
    width: float | str = 1,
    alpha: int = 255,
    pickable: bool = False,
    highlight: str = "",
) -> Layer:
    """Polygons or lines of a GeoJSON object or address. Colours and width may be accessors; None draws none."""
    layer: Layer = {
        "@@type": "GeoJsonLayer",
        "id": name,
        "data": data,
        "filled": fill is not None,
        "stroked": line is not None,
        "lineWidthUnits": "pixels",
        "lineJointRounded": True,
        "lineCapRounded": True,
        "pickable": pickable,
    }
    if fill is not None:
        layer["getFillColor"] = rgb(fill) if isinstance(fill, str) and fill.startswith("#") else fill
    if line is not None:
        shade = rgb(line, alpha) if line.startswith("#") else line
        layer |= {"getLineColor": shade, "getLineWidth": width}
    if highlight:
        layer |= {"autoHighlight": True, "highlightColor": rgb(highlight, 90)}
    return layer


def lines(name: str, paths: Iterable[dict[str, Any]], *, colour: str = "", width: float | str = 1) -> Layer:
    """Paths: each datum has `p`, a list of places, and, without `colour`, its own colour `c`."""
    return {
        "@@type": "PathLayer",
        "id": name,
        "data": list(paths),
        "getPath": "@@=p",
        "getColor": rgb(colour) if colour else "@@=c",
        "getWidth": width,
        "widthUnits": "pixels",
        "jointRounded": True,
        "capRounded": True,
        "pickable": False,
        "parameters": _UNCLIPPED,
    }


def dot(
    place: Point, radius: float, fill: str, rim: str = "#FFFFFF", width: float = 1.8, **more: Any
) -> dict[str, Any]:
    """One datum of `dots`."""
    return {"p": place, "r": radius, "f": rgb(fill), "l": rgb(rim), "w": width, **more}


def dots(name: str, data: Sequence[dict[str, Any]], *, pickable: bool = False) -> Layer:
    """Round nodes in pixels."""
    return {
        "@@type": "ScatterplotLayer",
        "id": name,
        "data": list(data),
        "getPosition": "@@=p",
        "getRadius": "@@=r",
        "getFillColor": "@@=f",
        "getLineColor": "@@=l",
        "getLineWidth": "@@=w",
        "radiusUnits": "pixels",
        "lineWidthUnits": "pixels",
        "stroked": True,
        "pickable": pickable,
        "parameters": _UNCLIPPED,
    }


def label(place: Point, text: str, colour: str, **more: Any) -> dict[str, Any]:
    """One datum of `labels`."""
    return {"p": [round(place[0], 3), round(place[1], 3)], "t": text, "c": rgb(colour), **more}


def labels(
    name: str, data: Sequence[dict[str, Any]], *, size: int, halo: str = "", weight: int = 600, anchor: str = "middle"
) -> Layer:
    """Texts, centred at their places; `halo` is the colour around the letters."""
    layer: Layer = {
        "@@type": "TextLayer",
        "id": name,
        "data": list(data),
        "getPosition": "@@=p",
        "getText": "@@=t",
        "getColor": "@@=c",
        "getSize": size,
        "sizeUnits": "pixels",
        "billboard": True,
        "characterSet": "auto",
        "fontFamily": LABEL_FONT,
        "fontWeight": weight,
        "lineHeight": 1.24,
        "getTextAnchor": anchor,
        "pickable": False,
        "parameters": _UNCLIPPED,
    }
    if halo:
        layer |= {"fontSettings": _HALO, "outlineWidth": 5, "outlineColor": rgb(halo)}
    return layer
