"""The outlines of the leagues on a plane, for maps that are drawn without a map engine: slides, the wall, files."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import ceil, log, pi, radians, tan
from pathlib import Path
from typing import Final

Point = tuple[float, float]
CLASSES: Final = 5
"""Colours of a map, few to many."""

LABELS: Final[dict[str, tuple[Point, Point | None]]] = {
    "150700": ((120.8, 50.4), None),
    "152200": ((120.8, 46.6), None),
    "150500": ((121.4, 44.6), None),
    "152500": ((114.8, 44.7), None),
    "150400": ((118.7, 43.5), None),
    "150900": ((112.6, 42.4), None),
    "150600": ((108.6, 38.9), None),
    "152900": ((102.0, 40.9), None),
    "150100": ((114.6, 38.7), (111.7, 40.5)),
    "150200": ((109.0, 44.6), (110.2, 41.9)),
    "150800": ((104.6, 43.6), (107.2, 41.5)),
    "150300": ((104.6, 36.9), (106.8, 39.4)),
}
"""Where the name of a league stands, in degrees, and for those too small to hold it where its leader ends."""


@dataclass(frozen=True)
class Outline:
    """The outline of a league on a plane: rings of points, x to the right and y down, in one unit."""

    code: str
    rings: tuple[tuple[Point, ...], ...]


def plane(lon: float, lat: float) -> Point:
    """A place in degrees on that plane (Web Mercator)."""
    return radians(lon), -log(tan(pi / 4 + radians(lat) / 2))


@lru_cache(maxsize=4)
def leagues(folder: Path) -> tuple[Outline, ...]:
    """The twelve leagues of the boundary files in `folder`."""
    whole = json.loads((folder / "leagues_lite.geojson").read_text(encoding="utf-8"))
    found = []
    for feature in whole["features"]:
        geometry = feature["geometry"]
        parts = geometry["coordinates"] if geometry["type"] == "MultiPolygon" else [geometry["coordinates"]]
        rings = tuple(tuple(plane(lon, lat) for lon, lat in part[0]) for part in parts)
        found.append(Outline(feature["properties"]["code"], rings))
    return tuple(found)


def classes(counts: Sequence[int]) -> list[int]:
    """The upper limits of at most five classes of about as many leagues each."""
    values = sorted(set(counts))
    if len(values) <= CLASSES:
        return values
    return sorted({values[ceil(len(values) * part / CLASSES) - 1] for part in range(1, CLASSES + 1)})


def class_of(count: int, limits: Sequence[int]) -> int:
    """The class of a count, 1 to 5; with fewer classes they are spread over all five."""
    place = next(number for number, limit in enumerate(limits) if count <= limit)
    return 1 + round(place * (CLASSES - 1) / max(len(limits) - 1, 1))


def box(outlines: tuple[Outline, ...]) -> tuple[float, float, float, float]:
    """Left, top, right, bottom of all of them."""
    points = [point for outline in outlines for ring in outline.rings for point in ring]
    return min(x for x, _ in points), min(y for _, y in points), max(x for x, _ in points), max(y for _, y in points)
