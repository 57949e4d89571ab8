"""Tables as people open them: CSV and XLSX that hold text and numbers, never a formula."""

import csv
import io
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Final

from xlsxwriter import Workbook

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


def plain(text: str) -> str:
    """The text that `safe` made safe, as it was: what we wrote into a file reads back as the same words."""
    return text[1:] if text.startswith("'") and safe(text[1:]) == text else text


def csv_bytes(header: Sequence[str], rows: Iterable[Sequence[Cell]]) -> bytes:
    """A CSV file that spreadsheets open as it is: UTF-8 with a mark, numbers as numbers, no formulas."""
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    writer.writerow([safe(name) for name in header])
    writer.writerows([safe(cell) if isinstance(cell, str) else cell for cell in row] for row in rows)
    return buffer.getvalue().encode("utf-8-sig")


Sheet = tuple[Sequence[str], Iterable[Sequence[Cell]]]
"""The header and the rows of a sheet."""

_LONGEST_CELL: Final = 32_767
_NO_XML: Final = re.compile("[\ufffe\uffff\ud800-\udfff]")
"""Characters that XML cannot hold: a spreadsheet would call the whole file damaged."""
_WIDTHS: Final = (10, 60)


def xlsx_bytes(sheets: Mapping[str, Sheet]) -> bytes:
    """A workbook with these sheets: text as text, also what looks like an address or a formula, numbers as numbers."""
    buffer = io.BytesIO()
    plain = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    with Workbook(buffer, plain) as book:
        bold = book.add_format({"bold": True})
        day = book.add_format({"num_format": "yyyy-mm-dd"})
        for name, (header, rows) in sheets.items():
            sheet = book.add_worksheet(name)
            sheet.freeze_panes(1, 0)
            widths = [len(title) * 2 for title in header]
            for column, title in enumerate(header):
                sheet.write_string(0, column, safe(title), bold)
            for line, row in enumerate(rows, 1):
                for column, cell in enumerate(row):
                    if isinstance(cell, str):
                        sheet.write_string(line, column, _NO_XML.sub("", safe(cell))[:_LONGEST_CELL])
                        widths[column] = max(widths[column], len(cell) * 2)
                    elif isinstance(cell, date):
                        sheet.write_datetime(line, column, cell, day)
                    elif cell is not None:
                        sheet.write_number(line, column, cell)
            for column, width in enumerate(widths):
                sheet.set_column(column, column, min(max(width, _WIDTHS[0]), _WIDTHS[1]))
    return buffer.getvalue()
