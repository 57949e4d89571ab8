"""The boundary files: read once, sent as compact copies, or not sent at all.

What does not depend on data lies under `/app/static/geo/` as compact copies of `data/geo`, so that the browser
fetches it once and a rerun does not send it again. `python -m lib.ui.maps.geometry` writes the copies anew. Where
GEO_DIR names other boundaries, the geometry goes in the message instead, because the copies would show ours.
"""

import json
from collections import Counter
from collections.abc import Iterable
from functools import lru_cache
from itertools import pairwise
from math import dist
from pathlib import Path
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import NDArray

from lib.settings import ROOT, Settings, settings
from lib.ui.maps.base import Bounds, Point

Feature = dict[str, Any]
Ring = list[list[float]]
Side = tuple[Point, Point]
Grid = NDArray[np.float64]

STATIC: Final = ROOT / "lib" / "shell" / "static" / "geo"
_ADDRESS: Final = "/app/static/geo/"
_COPIES: Final = {
    "context_neighbours": 3,
    "leagues_lite": 3,
    "banners_hex": 3,
    "china_provinces": 3,
    "china_lines": 3,
    "world": 2,
}
"""Files that are sent by address, and the decimals of their coordinates there."""
HATCHED: Final = {"banners_hex": 0.24}
"""Files whose hatch is sent by address too, and the degrees between two of its lines."""
Which = Literal["all", "between", "around"]
"""All borders of a file's features, those that two of them share, or those that only one has."""
_BORDERED: Final[dict[tuple[str, Which], float]] = {
    ("context_neighbours", "all"): 0.04,
    ("leagues_lite", "between"): 0.01,
    ("leagues_lite", "around"): 0.0,
}
"""Borders that are sent by address as lines of their own, and the degrees that two corners are apart at least. Where
there is no graphics card, the line around an area takes a browser ten times as long as the area, and of a border that
two areas share each has its own."""
_PARTED: Final = {"banners": ("parent_code", 4), "leagues": ("code", 4), "banners_hex": ("parent_code", 3)}
"""Files that are sent by address league by league, the property that names the league, the decimals there."""


def ground(name: str) -> Any:
    """A layer's data for geometry that does not depend on data: an address, or the geometry itself."""
    if settings().geo_dir == Settings.model_fields["geo_dir"].default:
        return f"{_ADDRESS}{name}.geojson"
    return _compact(settings().geo_dir, name, _COPIES[name])


def borders(name: str, which: Which) -> Any:
    """The borders of a file's features as lines, given as `ground` gives its geometry."""
    if settings().geo_dir == Settings.model_fields["geo_dir"].default:
        return f"{_ADDRESS}{name}-{which}.geojson"
    return _borders(settings().geo_dir, name, which)


@lru_cache(maxsize=8)
def _borders(folder: Path, name: str, which: Which) -> dict[str, Any]:
    sides = _sides(_compact(folder, name, _COPIES[name])["features"], _COPIES[name])
    paths = _chained(side for side, times in sides.items() if which == "all" or (times > 1) == (which == "between"))
    near = _BORDERED[name, which]
    return {"type": "MultiLineString", "coordinates": [_thinned(path, near) for path in paths if _extent(path) > near]}


def hatched(name: str, step: float) -> Any:
    """The hatch of every feature of a file, as `ground` gives its geometry: lines that know their feature's code."""
    if settings().geo_dir == Settings.model_fields["geo_dir"].default:
        return f"{_ADDRESS}{name}-hatch.geojson"
    return _hatched(settings().geo_dir, name, step)


def _hatched(folder: Path, name: str, step: float) -> dict[str, Any]:
    return {
        "type": "FeatureCollection",
        "features": [
            {
                "type": "Feature",
                "properties": {"code": feature["properties"]["code"]},
                "geometry": {"type": "MultiLineString", "coordinates": hatch(feature, step)},
            }
            for feature in _compact(folder, name, _COPIES[name])["features"]
        ],
    }


def ground_of(name: str, league: str) -> Any:
    """`ground` for the part of a file that belongs to one league: its banners, or its own boundary."""
    if settings().geo_dir == Settings.model_fields["geo_dir"].default:
        return f"{_ADDRESS}{name}-{league}.geojson"
    return _part(settings().geo_dir, name, league)


def _part(folder: Path, name: str, league: str) -> dict[str, Any]:
    named, decimals = _PARTED[name]
    whole = _compact(folder, name, decimals)["features"]
    own = [feature for feature in whole if feature["properties"][named] == league]
    return {"type": "FeatureCollection", "features": own}


def features(name: str, *, decimals: int = 4) -> list[Feature]:
    """The features of a file with rounded coordinates; callers must not change them."""
    found: list[Feature] = _compact(settings().geo_dir, name, decimals)["features"]
    return found


@lru_cache(maxsize=32)
def _compact(folder: Path, name: str, decimals: int) -> dict[str, Any]:
    whole = json.loads((folder / f"{name}.geojson").read_text(encoding="utf-8"))
    return {
        "type": "FeatureCollection",
        "features": [
            {
                "type": "Feature",
                "properties": {
                    key: feature["properties"][key]
                    for key in ("code", "name", "short_name", "parent_code", "iso_a2", "kind")
                    if key in feature["properties"]
                },
                "geometry": {
                    "type": feature["geometry"]["type"],
                    "coordinates": _rounded(feature["geometry"]["coordinates"], decimals),
                },
            }
            for feature in whole["features"]
        ],
    }


def _rounded(coordinates: Any, decimals: int) -> Any:
    if not isinstance(coordinates[0][0], list):
        points = [[round(x, decimals), round(y, decimals)] for x, y in coordinates]
        kept = [point for i, point in enumerate(points) if i == 0 or point != points[i - 1]]
        return kept if len(kept) > 3 or len(points) <= 3 else points
    return [_rounded(part, decimals) for part in coordinates]


def write_copies(folder: Path = STATIC) -> None:
    """Write the compact copies that the browser fetches by address."""
    folder.mkdir(parents=True, exist_ok=True)
    source = Settings.model_fields["geo_dir"].default
    copies = {name: _compact(source, name, decimals) for name, decimals in _COPIES.items()}
    leagues = [feature["properties"]["code"] for feature in _compact(source, "leagues", 4)["features"]]
    copies |= {f"{name}-{league}": _part(source, name, league) for name in _PARTED for league in leagues}
    copies |= {f"{name}-{which}": _borders(source, name, which) for name, which in _BORDERED}
    copies |= {f"{name}-hatch": _hatched(source, name, step) for name, step in HATCHED.items()}
    for name, copy in copies.items():
        text = json.dumps(copy, ensure_ascii=False, separators=(",", ":"))
        (folder / f"{name}.geojson").write_text(text, encoding="utf-8")


# ------------------------------------------------------------------ measuring
def polygons(feature: Feature) -> list[list[Ring]]:
    """The polygons of a feature, each a list of rings."""
    geometry = feature["geometry"]
    return [geometry["coordinates"]] if geometry["type"] == "Polygon" else list(geometry["coordinates"])


def bounds(chosen: list[Feature]) -> Bounds:
    """The smallest box around some features."""
    points = [point for feature in chosen for rings in polygons(feature) for point in rings[0]]
    xs, ys = [p[0] for p in points], [p[1] for p in points]
    return min(xs), min(ys), max(xs), max(ys)


def inside(feature: Feature, lons: Grid, lats: Grid) -> NDArray[np.bool_]:
    """Which crossings of these meridians and parallels lie in the feature (even-odd rule): a row a latitude."""
    hit = np.zeros((len(lats), len(lons)), dtype=bool)
    x0, y0, x1, y1 = _edges(feature)
    for row in np.nonzero((lats > y0.min()) & (lats < y0.max()))[0]:
        lat = lats[row]
        crossing = (y0 > lat) != (y1 > lat)
        share = (lat - y0[crossing]) / (y1[crossing] - y0[crossing])
        at = np.sort(x0[crossing] + share * (x1[crossing] - x0[crossing]))
        hit[row] = np.searchsorted(at, lons) % 2 == 1
    return hit


def _edges(feature: Feature) -> tuple[Grid, Grid, Grid, Grid]:
    rings = [np.asarray(ring) for parts in polygons(feature) for ring in parts]
    starts = np.concatenate([ring[:-1] for ring in rings])
    ends = np.concatenate([ring[1:] for ring in rings])
    return starts[:, 0], starts[:, 1], ends[:, 0], ends[:, 1]


def hatch(feature: Feature, step: float) -> list[list[list[float]]]:
    """Lines at 45 degrees that fill a feature, `step` degrees apart: scan lines clipped by the even-odd rule."""
    x0, y0, x1, y1 = _edges(feature)
    # On the map a degree of latitude is longer than one of longitude: the slope keeps the lines at 45 degrees.
    slope = float(np.cos(np.radians((y0.min() + y0.max()) / 2)))
    d0, d1 = y0 - slope * x0, y1 - slope * x1
    low, high = min(d0.min(), d1.min()), max(d0.max(), d1.max())
    found: list[list[list[float]]] = []
    for offset in np.arange(np.ceil(low / step) * step, high, step):
        crossing = (d0 > offset) != (d1 > offset)
        share = (offset - d0[crossing]) / (d1[crossing] - d0[crossing])
        xs = np.sort(x0[crossing] + share * (x1[crossing] - x0[crossing]))
        found += [
            [[round(float(a), 3), round(float(slope * a + offset), 3)],
             [round(float(b), 3), round(float(slope * b + offset), 3)]]
            for a, b in zip(xs[::2], xs[1::2], strict=False)
            if b - a > step / 8
        ]  # fmt: skip
    return found


def outlines(cells: list[Feature]) -> list[list[Point]]:
    """The edges that only one of the cells has: the border of a group of hexagons."""
    return _chained([side for side, times in _sides(cells, 2).items() if times == 1])


def _sides(chosen: Iterable[Feature], decimals: int) -> Counter[Side]:
    """How many of the rings have each edge, whichever way they run through it."""
    rings = (ring for feature in chosen for rings in polygons(feature) for ring in rings)
    corners = ([(round(x, decimals), round(y, decimals)) for x, y in ring] for ring in rings)
    return Counter((min(a, b), max(a, b)) for ring in corners for a, b in pairwise(ring) if a != b)


def _chained(sides: Iterable[Side]) -> list[list[Point]]:
    """Edges joined into paths from one place where several meet to the next, so that a border is few long lines."""
    beside: dict[Point, list[Point]] = {}
    for a, b in sides:
        beside.setdefault(a, []).append(b)
        beside.setdefault(b, []).append(a)
    crossings = {place for place, others in beside.items() if len(others) != 2}
    paths: list[list[Point]] = []
    for start in (*crossings, *beside):
        while beside[start]:
            path = [start]
            while not (len(path) > 1 and path[-1] in crossings) and beside[path[-1]]:
                following = beside[path[-1]].pop()
                beside[following].remove(path[-1])
                path.append(following)
            paths.append(path)
    return paths


def _extent(path: list[Point]) -> float:
    """The longer side of the box around a path, in degrees."""
    xs, ys = [x for x, _ in path], [y for _, y in path]
    return max(max(xs) - min(xs), max(ys) - min(ys))


def _thinned(path: list[Point], near: float) -> list[Point]:
    """The path without corners that are nearer than `near` degrees to the last one; its ends stay."""
    kept = path[:1]
    for place in path[1:-1]:
        if dist(place, kept[-1]) >= near:
            kept.append(place)
    return [*kept, path[-1]]


if __name__ == "__main__":
    write_copies()
