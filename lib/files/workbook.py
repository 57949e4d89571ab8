"""A 简报 as a workbook: one sheet a part, numbers as numbers, native charts beside their tables."""

import io
from decimal import Decimal
from typing import Any, Final

from xlsxwriter import Workbook
from xlsxwriter.worksheet import Worksheet

from lib.domain.brief import Brief, Part
from lib.domain.vocabulary import NO_DATA
from lib.files.export import safe

_PLAIN: Final = {
    "in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False,
}  # fmt: skip
_SKY: Final = "#1F6FB5"
_WIDEST: Final = 60
_NAME: Final = str.maketrans(dict.fromkeys("[]:*?/\\：", "-"))


def xlsx_bytes(brief: Brief) -> bytes:
    """The report as XLSX: 说明 first, then its parts in their order, the sources last."""
    buffer = io.BytesIO()
    with Workbook(buffer, dict(_PLAIN)) as book:
        book.set_properties({"title": brief.title, "author": "", "comments": ""})
        formats = {
            "head": book.add_format({"bold": True, "bottom": 1, "text_wrap": True}),
            "title": book.add_format({"bold": True, "font_size": 14}),
            "whole": book.add_format({"num_format": "#,##0"}),
            "exact": book.add_format({"num_format": "#,##0.00"}),
            "text": book.add_format({"text_wrap": True, "valign": "top"}),
            "none": book.add_format({"font_color": "#5B6B7A", "align": "right"}),
        }
        about = book.add_worksheet("说明")
        about.set_column(0, 0, 90)
        lines = (brief.title, f"{brief.scope} · {brief.period}", *brief.lead, brief.printed, brief.address)
        for number, line in enumerate(line for line in lines if line):
            about.write_string(number, 0, safe(line), formats["title" if number == 0 else "text"])
        for part in brief.parts:
            _part(book, part, formats)
        sources = book.add_worksheet("来源")
        sources.set_column(0, 0, 90)
        for number, line in enumerate(brief.sources or (f"公布数{NO_DATA}",)):
            sources.write_string(number, 0, safe(line))
    return buffer.getvalue()


def _part(book: Workbook, part: Part, formats: dict[str, Any]) -> None:
    name = part.title.translate(_NAME)[:31]
    sheet = book.add_worksheet(name)
    first = 0
    if part.text:
        sheet.write_string(0, 0, safe(part.text))
        first = 2
    if part.table is None:
        return
    widths = [2 * len(title) for title in part.table.header]
    for column, title in enumerate(part.table.header):
        sheet.write_string(first, column, safe(title.lstrip("#")), formats["head"])
    for line, row in enumerate(part.table.rows, first + 1):
        for column, cell in enumerate(row):
            widths[column] = max(widths[column], 2 * len(cell) if isinstance(cell, str) else 12)
            if cell is None:
                sheet.write_string(line, column, NO_DATA, formats["none"])
            elif isinstance(cell, str):
                sheet.write_string(line, column, safe(cell), formats["text"])
            else:
                kind = "exact" if isinstance(cell, Decimal) and cell != cell.to_integral_value() else "whole"
                sheet.write_number(line, column, cell, formats[kind])
    for column, width in enumerate(widths):
        sheet.set_column(column, column, min(max(width, 10), _WIDEST))
    sheet.freeze_panes(first + 1, 0)
    if part.bars:
        _chart(book, sheet, name, part, first)


def _chart(book: Workbook, sheet: Worksheet, name: str, part: Part, first: int) -> None:
    """Bars that read the labels and values of the table; those of `part.bars` are its first rows, in order."""
    table = part.table
    if table is None:
        return
    column = _column(part)
    last = first + len(part.bars)
    chart = book.add_chart({"type": "bar"})
    chart.add_series({
        "name": f"{part.title}（{part.unit}）", "fill": {"color": _SKY}, "gap": 45, "data_labels": {"value": True},
        "categories": [name, first + 1, 0, last, 0], "values": [name, first + 1, column, last, column],
    })  # fmt: skip
    chart.set_title({"name": f"{part.title}（{part.unit}）", "name_font": {"size": 11}})
    chart.set_y_axis({"reverse": True})
    chart.set_x_axis({"visible": False, "major_gridlines": {"visible": False}})
    chart.set_legend({"none": True})
    chart.set_size({"width": 620, "height": 110 + 26 * len(part.bars)})
    sheet.insert_chart(first, len(table.header) + 1, chart)


def _column(part: Part) -> int:
    """The column of the table that the bars show: the first whose values are theirs."""
    rows = part.table.rows if part.table else ()
    shown = [value for _, value in part.bars]
    for column in range(1, len(rows[0])):
        if [row[column] for row in rows[: len(shown)]] == shown:
            return column
    raise ValueError(f"the bars of {part.title} are in no column of its table")
