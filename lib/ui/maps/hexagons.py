"""The region as 103 equal hexagons, one SVG: no boundary line, no WebGL, crisp on any projector."""

import json
from collections.abc import Mapping
from functools import lru_cache
from math import cos, radians
from typing import Final

from lib.settings import settings

_SQUEEZE: Final = cos(radians(44))
_SCALE: Final = 24
_RAMP: Final = ("#2F5F8F", "#3F77AE", "#6FA3D2", "#A9CBE8", "#F0C674")
_NO_DATA: Final = "#1B4265"


@lru_cache
def _cells() -> tuple[tuple[str, str, tuple[tuple[float, float], ...]], ...]:
    """Name, league code and corners of every hexagon, in the picture's coordinates."""
    features = json.loads((settings().geo_dir / "banners_hex.geojson").read_text(encoding="utf-8"))["features"]
    return tuple(
        (
            feature["properties"]["name"],
            feature["properties"]["parent_code"],
            tuple((lon * _SQUEEZE * _SCALE, -lat * _SCALE) for lon, lat in feature["geometry"]["coordinates"][0]),
        )
        for feature in features
    )


def _beside(code: str, xs: list[float], ys: list[float]) -> tuple[float, float, str]:
    """Where a league's label stands clear of the cells: 鄂尔多斯 left, 呼和浩特 right below, others above."""
    if code == "150600":
        return min(xs) - 6, max(ys) - 6, "end"
    if code == "150100":
        return max(xs) + 4, max(ys) + 6, "start"
    return (min(xs) + max(xs)) / 2 - 8, min(ys) - 8, "end"


def picture(counts: Mapping[str, int], names: Mapping[str, str], labelled: int = 3) -> str:
    """An SVG of the leagues coloured by `counts` (by league code); the largest carry their name and number.

    A league without a count is darker than every class and stays unlabelled. For a dark ground.
    """
    ranked = sorted(counts, key=lambda code: -counts[code])
    classes = {
        code: 4 if place == 0 else 3 - (place - 1) * 4 // max(4, len(ranked) - 1) for place, code in enumerate(ranked)
    }
    xs = [x for _, _, corners in _cells() for x, _ in corners]
    ys = [y for _, _, corners in _cells() for _, y in corners]
    left, top, width, height = min(xs) - 70, min(ys) - 6, max(xs) - min(xs) + 76, max(ys) - min(ys) + 12
    shapes = []
    for _name, league, corners in _cells():
        colour = _RAMP[classes[league]] if league in classes else _NO_DATA
        points = " ".join(f"{x - left:.1f},{y - top:.1f}" for x, y in corners)
        shapes.append(f'<polygon points="{points}" fill="{colour}" stroke="#0F3557" stroke-width="1.6"/>')
    texts = []
    for code in ranked[:labelled]:
        own = [corner for _, league, corners in _cells() if league == code for corner in corners]
        x, y, anchor = _beside(code, [x - left for x, _ in own], [y - top for _, y in own])
        texts.append(
            f'<text x="{x:.0f}" y="{y:.0f}" text-anchor="{anchor}" font-size="17" font-weight="600" '
            f'fill="#fff" stroke="#0F3557" stroke-width="4" paint-order="stroke" '
            f'font-family="PingFang SC, Microsoft YaHei, Noto Sans CJK SC, sans-serif">'
            f"{names.get(code, '')} {counts[code]}</text>"
        )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height + 16:.0f}" '
        f'width="{width:.0f}" height="{height + 16:.0f}">{"".join(shapes)}{"".join(texts)}</svg>'
    )
