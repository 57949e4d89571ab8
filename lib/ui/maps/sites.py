"""Where something is and is not, and where it could be next: one SVG of banners as dots, for screens of every width."""

from collections.abc import Collection, Mapping
from functools import lru_cache
from typing import Final

from lib.domain.vocabulary import NO_DATA
from lib.services.coverage import Spot
from lib.ui import theme
from lib.ui.maps.base import Frame, Point
from lib.ui.maps.geometry import bounds, features
from lib.ui.maps.picture import FINE, outline

WIDTH: Final = 760
HEIGHT: Final = 470
_NEAR: Final = 2.2


def picture(
    have: Collection[Spot],
    gaps: Collection[Spot],
    sites: Collection[Spot] = (),
    served: Mapping[Spot, Spot] | None = None,
    league: str = "",
) -> str:
    """An SVG of the region or a league: filled dots have, hollow ones are without, ringed ones are proposed; a line
    runs from each banner that gains to the site it gains."""
    frame = _frame(league)
    lines = [_line(frame, spot, site) for spot, site in (served or {}).items() if spot != site]
    dots = [
        *(_dot(frame, spot, 4.2, "#fff", theme.STONE, 1.4) for spot in gaps if spot not in sites),
        *(_dot(frame, spot, 5.4, theme.GRASS, "#fff", 1.4) for spot in have),
        *(_dot(frame, spot, 9, "#fff", theme.GOLD_LINE, 2.4) + _dot(frame, spot, 4.6, theme.GOLD_LINE, "none", 0)
          for spot in sites),
    ]  # fmt: skip
    names = [_name(frame, spot) for spot in sites]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}" '
        f'font-family="{theme.FONT}" font-size="14" font-weight="600" text-anchor="middle">'
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="{theme.SEA}"/>{_ground(league)}'
        f'<g fill="none" stroke="{theme.GOLD_LINE}" stroke-width="1.3" stroke-opacity=".75">{"".join(lines)}</g>'
        f'{"".join(dots)}<g paint-order="stroke" stroke="#fff" stroke-width="3.4" fill="{theme.INK}">'
        f"{''.join(names)}</g>"
        f"</svg>"
    )


def legend(label: str, *, proposed: bool) -> str:
    """What the dots mean, in one line."""
    signs = [(theme.GRASS, "#fff", f"有{label}"), ("#fff", theme.STONE, f"没有记录（{NO_DATA}）")]
    parts, x = [], 10.0
    for fill, rim, words in signs:
        parts.append(f'<circle cx="{x}" cy="14" r="5" fill="{fill}" stroke="{rim}" stroke-width="1.4"/>')
        parts.append(f'<text x="{x + 11}" y="18.5">{words}</text>')
        x += 34 + 12.5 * len(words)
    if proposed:
        parts.append(f'<circle cx="{x}" cy="14" r="7" fill="#fff" stroke="{theme.GOLD_LINE}" stroke-width="2.2"/>')
        parts.append(
            f'<circle cx="{x}" cy="14" r="3.4" fill="{theme.GOLD_LINE}"/>'
            f'<text x="{x + 13}" y="18.5">建议的新站点</text>'
        )
        x += 110
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{x:.0f}" height="28" viewBox="0 0 {x:.0f} 28" '
        f'font-family="{theme.FONT}" font-size="12.5" fill="{theme.STONE}">{"".join(parts)}</svg>'
    )


def _shapes(league: str) -> list[dict[str, object]]:
    if not league:
        return features("leagues_lite", decimals=3)
    return [f for f in features("banners_lite", decimals=3) if f["properties"]["parent_code"] == league]


@lru_cache(maxsize=16)
def _frame(league: str) -> Frame:
    return Frame.fit(bounds(_shapes(league)), WIDTH, HEIGHT, 22)


@lru_cache(maxsize=16)
def _ground(league: str) -> str:
    frame = _frame(league)
    paths = "".join(f'<path d="{outline(frame, feature, _NEAR)}"/>' for feature in _shapes(league))
    return f'<g transform="scale({1 / FINE})" fill="#fff" stroke="{theme.COAST}" stroke-width="{FINE}">{paths}</g>'


def _at(frame: Frame, spot: Spot) -> Point:
    return frame.pixel(spot.lon, spot.lat)


def _dot(frame: Frame, spot: Spot, radius: float, fill: str, rim: str, width: float) -> str:
    x, y = _at(frame, spot)
    return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{radius}" fill="{fill}" stroke="{rim}" stroke-width="{width}"/>'


def _line(frame: Frame, spot: Spot, site: Spot) -> str:
    (x0, y0), (x1, y1) = _at(frame, spot), _at(frame, site)
    return f'<path d="M{x0:.1f} {y0:.1f}L{x1:.1f} {y1:.1f}"/>'


def _name(frame: Frame, spot: Spot) -> str:
    x, y = _at(frame, spot)
    half = 7.2 * len(spot.name)
    x = min(max(x, half + 4), WIDTH - half - 4)
    return f'<text x="{x:.0f}" y="{y - 14 if y > 34 else y + 24:.0f}">{spot.name}</text>'
