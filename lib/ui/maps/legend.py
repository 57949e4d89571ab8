"""The legend as one SVG: the classes with their limits, the hatch of 暂无数据, the signs of nodes and links."""

from collections.abc import Sequence
from html import escape
from typing import Final

from lib.domain.vocabulary import NO_DATA
from lib.ui import theme
from lib.ui.maps.classes import Band

_HEIGHT: Final = 28
_SIZE: Final = 12.5


def legend(title: str, bands: Sequence[Band], *, gap: bool, signs: Sequence[tuple[str, str]] = ()) -> str:
    """An SVG of one line, as wide as it needs. `signs` are (hub | node | hollow | link, words)."""
    row = _Row()
    row.text(title, weight=700, colour=theme.INK)
    row.x += 2
    for band in bands:
        row.box(band.colour)
        row.text(band.label)
    if gap:
        row.box("url(#hatch)", theme.NO_DATA_HATCH)
        row.text(NO_DATA)
    for kind, words in signs:
        row.sign(kind)
        row.text(words)
    return row.svg()


def wrapped(title: str, bands: Sequence[Band], *, gap: bool, signs: Sequence[tuple[str, str]] = ()) -> tuple[str, ...]:
    """The same in two pieces, classes then signs, which stand in one line where there is room."""
    first = legend(title, bands, gap=gap)
    return (first, legend("", (), gap=False, signs=signs)) if signs else (first,)


class _Row:
    """Draws from left to right."""

    def __init__(self) -> None:
        self.x = 0.0
        self.parts: list[str] = []

    def text(self, words: str, *, weight: int = 400, colour: str = theme.STONE) -> None:
        if not words:
            return
        self.parts.append(
            f'<text x="{self.x:.1f}" y="18.5" font-weight="{weight}" fill="{colour}">{escape(words)}</text>'
        )
        self.x += sum(_SIZE if ord(c) > 0x2E7F else _SIZE * 0.58 for c in words) + 12

    def box(self, fill: str, rim: str = "none") -> None:
        self.parts.append(
            f'<rect x="{self.x + 0.5:.1f}" y="8.5" width="21" height="12" rx="2" fill="{fill}" stroke="{rim}"/>'
        )
        self.x += 27

    def sign(self, kind: str) -> None:
        x, gold = self.x + 9, theme.GOLD_LINE
        self.parts.append(
            {
                "hub": f'<circle cx="{x}" cy="14" r="7" fill="#fff" stroke="{gold}" stroke-width="2"/>'
                f'<circle cx="{x}" cy="14" r="3.6" fill="{gold}"/>',
                "seat": f'<circle cx="{x}" cy="14" r="6" fill="#fff" stroke="{gold}" stroke-width="2.4"/>',
                "node": f'<circle cx="{x}" cy="14" r="5" fill="{gold}"/>',
                "hollow": f'<circle cx="{x}" cy="14" r="4.4" fill="#fff" stroke="{theme.STONE}" stroke-width="1.5"/>',
                "link": f'<path d="M{x - 8} 18 Q{x} 8 {x + 9} 12" fill="none" stroke="{gold}" stroke-width="2.4"/>',
            }[kind]
        )
        self.x += 22

    def svg(self) -> str:
        width = max(40, round(self.x))
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{_HEIGHT}" '
            f'viewBox="0 0 {width} {_HEIGHT}" font-family="{theme.FONT}" font-size="{_SIZE}">'
            f'<defs><pattern id="hatch" width="5" height="5" patternUnits="userSpaceOnUse" '
            f'patternTransform="rotate(45)"><rect width="5" height="5" fill="{theme.NO_DATA_FILL}"/>'
            f'<path d="M0 0V5" stroke="{theme.NO_DATA_HATCH}" stroke-width="1.6"/></pattern></defs>'
            f"{''.join(self.parts)}</svg>"
        )
