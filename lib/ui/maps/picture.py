"""The same choropleth as one small SVG for a phone, where the big map's labels would not fit: numbers only."""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Final

from lib.services.network import Metric, Node
from lib.ui import theme
from lib.ui.maps.base import Frame, Point
from lib.ui.maps.classes import Band, band_of
from lib.ui.maps.geometry import Feature, bounds, polygons

WIDTH: Final = 350
HEIGHT: Final = 236
_NEAR: Final = 1.5
"""Corners nearer to each other than this, in pixels, are one."""
FINE: Final = 4
"""Outlines count in this part of a pixel: whole numbers from corner to corner make a picture a third as long."""


def picture(
    divisions: Sequence[Feature],
    nodes: Mapping[str, Node],
    metric: Metric,
    bands: Sequence[Band],
) -> str:
    """An SVG of `divisions`. Names are in the ranking under it."""
    frame = Frame.fit(bounds(list(divisions)), WIDTH, HEIGHT, 8)
    shapes: list[str] = []
    numbers: list[str] = []
    for feature in divisions:
        node = nodes[feature["properties"]["code"]]
        value = node.count(metric)
        band = band_of(bands, value)
        fill = band.colour if band else "url(#bj-gap)"
        shapes.append(f'<path d="{outline(frame, feature)}" fill="{fill}"/>')
        if value is not None and _room(frame, feature, len(str(value))):
            x, y = frame.pixel(node.lon, node.lat)
            colour, halo = ("#fff", "none") if band and band.dark else (theme.INK, "#fff")
            numbers.append(
                f'<text x="{x:.0f}" y="{y + 5:.0f}" fill="{colour}" stroke="{halo}" stroke-width="2.4">{value}</text>'
            )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}" '
        f'font-family="{theme.FONT}" font-size="13" font-weight="600" text-anchor="middle">'
        f'<defs><pattern id="bj-gap" width="5" height="5" patternUnits="userSpaceOnUse" '
        f'patternTransform="rotate(45) scale({FINE})"><rect width="5" height="5" fill="{theme.NO_DATA_FILL}"/>'
        f'<path d="M0 0V5" stroke="{theme.NO_DATA_HATCH}" stroke-width="1.4"/></pattern></defs>'
        f'<g transform="scale({1 / FINE})" stroke="#fff" stroke-width="{1.2 * FINE}">{"".join(shapes)}</g>'
        f'<g paint-order="stroke">{"".join(numbers)}</g></svg>'
    )


def outline(frame: Frame, feature: Feature, near: float = _NEAR) -> str:
    """The rings of a feature as an SVG path, in parts of a pixel (FINE), to be drawn at their scale; corners nearer to
    each other than `near` pixels are one."""
    parts: list[str] = []
    for rings in polygons(feature):
        for ring in rings:
            corners = _thinned([frame.pixel(*point) for point in ring], near)
            if len(corners) > 2:
                whole = [(round(x * FINE), round(y * FINE)) for x, y in corners]
                steps = (f"{x - a} {y - b}" for (a, b), (x, y) in pairwise(whole))
                parts.append(f"M{whole[0][0]} {whole[0][1]}l{' '.join(steps)}Z".replace(" -", "-"))
    return "".join(parts)


def _thinned(corners: Sequence[Point], near: float) -> list[Point]:
    kept = [corners[0]]
    for x, y in corners[1:]:
        if abs(x - kept[-1][0]) + abs(y - kept[-1][1]) >= near:
            kept.append((x, y))
    return kept


def _room(frame: Frame, feature: Feature, digits: int) -> bool:
    """True where a number of so many digits fits on the division."""
    west, south, east, north = bounds([feature])
    (left, bottom), (right, top) = frame.pixel(west, south), frame.pixel(east, north)
    return right - left > 9 * digits + 7 and bottom - top > 14
