"""What stands on a record's sheet of paper, whatever it is written as, and whether it fits on one."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from math import ceil
from typing import Final
from unicodedata import east_asian_width

_WHOLE: Final = 53.0
_HALF: Final = 25.5
_FACT: Final = 18.0
"""How many Chinese characters of 9.5 pt a line of the paper, of half of it and of a fact holds."""
_LINE: Final = 13.3
_ROW: Final = 4.0
_HEADING: Final = 21.0
"""The height of a line, what a row of a table adds to it, and a heading, in points."""
_PAPER: Final = 765.0
"""What A4 holds between its margins, less a little for what an estimate misses."""


@dataclass(frozen=True)
class Section:
    """One heading with a text, or with a table whose first line names its columns."""

    title: str
    text: str = ""
    header: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()
    wide: bool = False
    """True where it needs the whole width of the paper."""
    bars: tuple[tuple[str, Decimal], ...] = ()
    """Label and value of a bar chart, in the order they are drawn, in `unit`."""
    unit: str = ""


@dataclass(frozen=True)
class Sheet:
    """What stands on the paper, all of it public; `source` and `printed` are whole sentences, `address` the page."""

    title: str
    value: str
    tags: tuple[str, ...]
    facts: tuple[tuple[str, str], ...]
    sections: tuple[Section, ...]
    missing: str
    source: str
    printed: str
    address: str
    coded: bool = False
    """True where the address is one that a telephone can open, so that a QR code makes sense."""
    numbered: bool = False
    """True where it may take several pages, which are numbered then."""


def fits(sheet: Sheet) -> bool:
    """True when the sheet stays on one A4 page, printed in two columns or written in one; an estimate that errs
    towards no."""
    return max(_height(sheet, in_halves=True), _height(sheet, in_halves=False)) <= _PAPER


def _height(sheet: Sheet, *, in_halves: bool) -> float:
    head = 14 + 24 * _lines(sheet.title, 31) + (15 * _lines(sheet.value, 48) + 5 if sheet.value else 0)
    rows = [sheet.facts[i : i + 2] for i in range(0, len(sheet.facts), 2)]
    facts = sum(max(_lines(text, _FACT) for _, text in row) * _LINE + _ROW for row in rows)
    foot = 12 * sum(_lines(text, 58) for text in (sheet.missing, sheet.source, sheet.printed + sheet.address)) + 14
    return head + facts + _sections(sheet.sections, in_halves) + max(foot, 72 if sheet.coded else 0)


def _sections(sections: Sequence[Section], in_halves: bool) -> float:
    total = waiting = 0.0
    for section in sections:
        if section.wide or not in_halves:
            total, waiting = total + waiting + _section(section, _WHOLE), 0.0
        elif waiting:
            total, waiting = total + max(waiting, _section(section, _HALF)), 0.0
        else:
            waiting = _section(section, _HALF)
    return total + waiting


def _section(section: Section, width: float) -> float:
    cell = width / max(len(section.header), 1) - 1
    rows = sum(max(_lines(text, cell) for text in row) * _LINE + _ROW for row in (section.header, *section.rows) if row)
    return _HEADING + rows + (_lines(section.text, width) * _LINE if section.text else 0)


def _lines(text: str, width: float) -> int:
    """How many lines of so many Chinese characters a text takes; Latin letters and digits are half as wide."""
    return sum(max(1, ceil(wide(line) / width)) for line in text.split("\n")) if text else 0


def wide(text: str) -> float:
    """How wide a text is, in Chinese characters."""
    return sum(1.0 if east_asian_width(character) in "WFA" else 0.55 for character in text)
