"""Where labels stand: inside their division where they fit, else outside with a leader; never on a node or a line."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import hypot
from typing import Final

import numpy as np
from numpy.typing import NDArray

from lib.ui.maps.base import Frame, Point
from lib.ui.maps.geometry import Feature, Grid, inside

Box = tuple[float, float, float, float]
"""Left, top, right, bottom in pixels."""

_STEP: Final = 7
_MARGIN: Final = 4
_GAP: Final = 3


@dataclass(frozen=True)
class Text:
    """A label to place: the division, its words, their size in pixels, and the point it belongs to."""

    code: str
    width: float
    height: float
    home: Point


@dataclass(frozen=True)
class Spot:
    """A placed label: its centre, and the two ends of its leader where it stands outside."""

    code: str
    centre: Point
    leader: tuple[Point, Point] | None = None


def place(
    frame: Frame, texts: Sequence[Text], divisions: dict[str, Feature], obstacles: Sequence[Point]
) -> tuple[Spot, ...]:
    """Places for `texts` (homes in degrees) in the panel of `frame`, avoiding obstacles (degrees).

    Small divisions choose first. A label that fits nowhere inside its division goes to the nearest free ground
    outside all divisions, joined to its home by a leader.
    """
    xs = np.arange(_MARGIN, frame.width - _MARGIN, _STEP, dtype=float)
    ys = np.arange(_MARGIN, frame.height - _MARGIN, _STEP, dtype=float)
    grid_x, grid_y = np.meshgrid(xs, ys)
    lons, lats = _places(frame, xs, ys)
    owner = np.full(grid_x.shape, "", dtype=object)
    for code, feature in divisions.items():
        owner[inside(feature, lons, lats)] = code
    points = [frame.pixel(*obstacle) for obstacle in obstacles]
    taken: list[Box] = []
    spots: dict[str, Spot] = {}
    outside: list[Text] = []
    sizes = {text.code: int((owner == text.code).sum()) for text in texts}
    for text in sorted(texts, key=lambda text: sizes[text.code]):
        centre = _within(frame, text, owner, (grid_x, grid_y), points, taken)
        if centre is None:
            outside.append(text)
            continue
        taken.append(_box(centre, text))
        spots[text.code] = Spot(text.code, frame.place(*centre))
    leaders: list[tuple[Point, Point]] = []
    for text in outside:
        home = frame.pixel(*text.home)
        centre, end = _without(frame, text, owner, (grid_x, grid_y), points, taken, leaders)
        taken.append(_box(centre, text))
        leaders.append((home, end))
        spots[text.code] = Spot(text.code, frame.place(*centre), (frame.place(*home), frame.place(*end)))
    return tuple(spots[text.code] for text in texts)


def name_grounds(
    frame: Frame, grounds: Sequence[Feature], covered: Sequence[Feature], taken: Sequence[tuple[Point, float, float]]
) -> list[tuple[str, Point]]:
    """The name of every neighbour that shows enough ground, at the middle of its visible part.

    `taken` are labels already there: centre in degrees, width and height in pixels.
    """
    step = 14
    xs = np.arange(34, frame.width - 33, step, dtype=float)
    ys = np.arange(18, frame.height - 17, step, dtype=float)
    grid_x, grid_y = np.meshgrid(xs, ys)
    lons, lats = _places(frame, xs, ys)
    free = np.ones(grid_x.shape, dtype=bool)
    for feature in covered:
        free &= ~inside(feature, lons, lats)
    for centre, width, height in taken:
        x, y = frame.pixel(*centre)
        free &= (abs(grid_x - x) > width / 2 + 40) | (abs(grid_y - y) > height / 2 + 16)
    named: list[tuple[str, Point]] = []
    free &= (grid_x < frame.width - 110) | (grid_y > 100)  # the zoom buttons
    for feature in grounds:
        name = feature["properties"]["name"]
        half = len(name) * 6.5
        visible = free & inside(feature, lons, lats) & (grid_x > half + 8) & (grid_x < frame.width - half - 8)
        room = _eroded(visible, int(half / step), 1)
        if not room.any():
            continue
        depth = np.where(room, _depth(visible), 0)
        row, column = np.unravel_index(int(depth.argmax()), depth.shape)
        named.append((name, frame.place(grid_x[row, column], grid_y[row, column])))
        free &= (abs(grid_x - grid_x[row, column]) > 80) | (abs(grid_y - grid_y[row, column]) > 24)
    return named


@dataclass(frozen=True)
class Mark:
    """A dot whose label has to stand beside it: its pixel, its radius, the label's width."""

    at: Point
    radius: float
    width: float


def beside(marks: Sequence[Mark], size: tuple[int, int], height: float = 15) -> list[Point]:
    """The centre of each mark's label in pixels: close to its dot, off the other dots and labels.

    Earlier marks choose first. A panel of `size` pixels keeps every label whole.
    """
    taken: list[Box] = [(m.at[0] - m.radius, m.at[1] - m.radius, m.at[0] + m.radius, m.at[1] + m.radius) for m in marks]
    taken.append((size[0] - 52, 0, size[0], 84))  # the zoom buttons
    centres: list[Point] = []
    for own, mark in enumerate(marks):
        choices = list(_around(mark, height))
        boxes = [(x - mark.width / 2, y - height / 2, x + mark.width / 2, y + height / 2) for x, y in choices]
        others = [box for i, box in enumerate(taken) if i != own]
        clash = [sum(overlap(box, other) for other in others) + _beyond(box, size) for box in boxes]
        best = min(range(len(choices)), key=lambda i: (round(clash[i]), i))
        centres.append(choices[best])
        taken.append(boxes[best])
    return centres


def _around(mark: Mark, height: float) -> Iterator[Point]:
    (x, y), half = mark.at, mark.width / 2
    for gap in (4.0, 10.0, 18.0):
        across, up = mark.radius + gap + half, mark.radius + gap / 2 + height / 2
        yield from ((x + across, y), (x - across, y), (x, y + up), (x, y - up))
        yield from ((x + across * 0.8, y + up * 0.8), (x - across * 0.8, y + up * 0.8))
        yield from ((x + across * 0.8, y - up * 0.8), (x - across * 0.8, y - up * 0.8))


def overlap(a: Box, b: Box) -> float:
    """Square pixels that two boxes share."""
    return max(0.0, min(a[2], b[2]) - max(a[0], b[0])) * max(0.0, min(a[3], b[3]) - max(a[1], b[1]))


def _beyond(box: Box, size: tuple[int, int]) -> float:
    """How much of a box, at a high price, leaves the panel."""
    return 60 * (max(0, -box[0]) + max(0, box[2] - size[0]) + max(0, -box[1]) + max(0, box[3] - size[1]))


def _depth(mask: NDArray[np.bool_]) -> Grid:
    """How many steps each cell is away from the mask's edge."""
    depth = np.zeros(mask.shape)
    left = mask.copy()
    while left.any():
        depth += left
        padded = np.pad(left, 1)
        left = left & padded[:-2, 1:-1] & padded[2:, 1:-1] & padded[1:-1, :-2] & padded[1:-1, 2:]
    return depth


def _within(
    frame: Frame,
    text: Text,
    owner: NDArray[np.object_],
    grid: tuple[Grid, Grid],
    points: Sequence[Point],
    taken: Sequence[Box],
) -> Point | None:
    own = owner == text.code
    # The corners of a box hold no letters: it may touch the border a little.
    room = _eroded(own, int(text.width * 0.43 / _STEP), int(text.height * 0.43 / _STEP))
    home = frame.pixel(*text.home)
    rows, columns = np.nonzero(room)
    candidates = sorted(
        ((float(grid[0][r, c]), float(grid[1][r, c])) for r, c in zip(rows, columns, strict=True)),
        key=lambda at: hypot(at[0] - home[0], at[1] - home[1]),
    )
    return next((at for at in candidates if _free(_box(at, text), points, taken)), None)


def _without(
    frame: Frame,
    text: Text,
    owner: NDArray[np.object_],
    grid: tuple[Grid, Grid],
    points: Sequence[Point],
    taken: Sequence[Box],
    leaders: Sequence[tuple[Point, Point]],
) -> tuple[Point, Point]:
    """Centre of the label and the end of its leader, nearest first; leaders neither cross nor run under labels."""
    home = frame.pixel(*text.home)
    reach_x, reach_y = int(np.ceil(text.width / 2 / _STEP)) + 1, int(np.ceil(text.height / 2 / _STEP)) + 1
    room = _eroded(owner == "", reach_x, reach_y)
    rows, columns = np.nonzero(room)
    candidates = sorted(
        ((float(grid[0][r, c]), float(grid[1][r, c])) for r, c in zip(rows, columns, strict=True)),
        key=lambda at: hypot(at[0] - home[0], (at[1] - home[1]) * 1.15),
    )
    best: tuple[Point, Point] | None = None
    for centre in candidates:
        box = _box(centre, text)
        if not _free(box, points, taken):
            continue
        end = _nearest_side(box, home)
        best = best or (centre, end)
        line = (home, end)
        if not any(_cross(line, other) for other in leaders) and not any(_through(line, other) for other in taken):
            return centre, end
    return best or (home, home)


def _nearest_side(box: Box, home: Point) -> Point:
    """The middle of the side of a label that faces its home, a little off the letters."""
    left, top, right, bottom = box
    x, y = (left + right) / 2, (top + bottom) / 2
    sides = ((left - 1, y), (right + 1, y), (x, top - 1), (x, bottom + 1))
    return min(sides, key=lambda side: hypot(side[0] - home[0], side[1] - home[1]))


def _places(frame: Frame, xs: Grid, ys: Grid) -> tuple[Grid, Grid]:
    """Longitudes of columns and latitudes of rows."""
    lons = np.array([frame.place(float(x), 0)[0] for x in xs])
    return lons, np.array([frame.place(0, float(y))[1] for y in ys])


def _eroded(mask: NDArray[np.bool_], reach_x: int, reach_y: int) -> NDArray[np.bool_]:
    """Cells around which a whole box of the given reach lies in the mask."""
    padded = np.pad(mask, ((reach_y, reach_y), (reach_x, reach_x)))
    sums = np.cumsum(np.cumsum(np.pad(padded, ((1, 0), (1, 0))).astype(int), axis=0), axis=1)
    high, wide = 2 * reach_y + 1, 2 * reach_x + 1
    total = sums[high:, wide:] - sums[:-high, wide:] - sums[high:, :-wide] + sums[:-high, :-wide]
    return np.asarray(total == high * wide)


def _box(centre: Point, text: Text) -> Box:
    x, y = centre
    return x - text.width / 2, y - text.height / 2, x + text.width / 2, y + text.height / 2


def _free(box: Box, points: Sequence[Point], taken: Sequence[Box]) -> bool:
    left, top, right, bottom = box
    if any(left - 7 < x < right + 7 and top - 7 < y < bottom + 7 for x, y in points):
        return False
    return not any(
        left < r + _GAP and right > le - _GAP and top < b + _GAP and bottom > t - _GAP for le, t, r, b in taken
    )


def _cross(a: tuple[Point, Point], b: tuple[Point, Point]) -> bool:
    def side(p: Point, q: Point, r: Point) -> bool:
        return (q[0] - p[0]) * (r[1] - p[1]) > (q[1] - p[1]) * (r[0] - p[0])

    return side(*a, b[0]) != side(*a, b[1]) and side(*b, a[0]) != side(*b, a[1])


def _through(line: tuple[Point, Point], box: Box) -> bool:
    (x0, y0), (x1, y1) = line
    return any(
        box[0] < x0 + (x1 - x0) * t < box[2] and box[1] < y0 + (y1 - y0) * t < box[3]
        for t in (step / 24 for step in range(25))
    )
