"""Tables as people open them: CSV that a spreadsheet reads as text and numbers, never as a formula."""

import csv
import io
import re
import unicodedata
from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal
from typing import Final

Cell = str | int | float | Decimal | date | None
"""What a cell may hold: text, a number, a day or a moment, or nothing."""

PREFIXES: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "|", "%", "＝", "＋", "－", "＠", "％", "｜")
"""What a spreadsheet may take for the beginning of a formula, in both widths."""

_NUMBER: Final = re.compile(r"[-+]?[\d,]*\.?\d+%?")
_BLANK: Final = " \u3000\ufeff\xa0\u200b\u200c\u200d\u2060\x00\x0b\x0c"


def safe(text: str) -> str:
    """The text as it may stand in a cell: one that would be a formula begins with an apostrophe. Numbers stay, and
    so does a sign that stands alone, such as the unit %."""
    told = text.lstrip(_BLANK)
    start = unicodedata.normalize("NFKC", told[:1])
    return f"'{text}" if len(told) > 1 and start in PREFIXES and not _NUMBER.fullmatch(text) else text


def csv_bytes(header: Sequence[str], rows: Iterable[Sequence[Cell]]) -> bytes:
    """A CSV file that spreadsheets open as it is: UTF-8 with a mark, numbers as numbers, no formulas."""
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    writer.writerow([safe(name) for name in header])
    writer.writerows([safe(cell) if isinstance(cell, str) else cell for cell in row] for row in rows)
    return buffer.getvalue().encode("utf-8-sig")
