"""A workbook that people fill in, one row a record, and how what they wrote in a cell reads as an answer of a form.

Every column is a question of a form. Closed lists are written in words (their codes are read too), several values of
one cell stand between 、, and a table within a record is a cell of several lines with | between the parts.
"""

import io
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from typing import Any, Final, Literal

from xlsxwriter import Workbook

from lib.domain.dates import Precision, parse_date
from lib.domain.text import clean, fold, shorten

Shape = Literal["text", "choice", "choices", "table", "date"]
REQUIRED: Final = "（必填）"
"""What follows the label of a column that may not be blank."""
EXAMPLE: Final = "【示例】"
"""How the row begins that only shows what to write."""
ROWS: Final = 500
"""The most records of one file."""

_BETWEEN: Final = re.compile(r"[、,，;；\n]+")
_LEVEL: Final = re.compile(r"(?:trl)?([0-9]{1,2})级?")
_PARTS: Final = re.compile(r"[|｜]")
_SHEETS: Final = ("填写", "说明", "选项")
_WIDE: Final = 36
_NARROW: Final = 18
_LONGEST_PROMPT: Final = 250


class CellError(ValueError):
    """A cell cannot be read; the message is one Chinese sentence that names the column."""


@dataclass(frozen=True)
class Column:
    """A question as a column. `options` are code to word; `within` names the column whose code (a league) the codes
    of this one (its banners) begin with; `cells` are the parts of each line of a table."""

    name: str
    label: str
    shape: Shape = "text"
    hint: str = ""
    options: Mapping[Any, str] = field(default_factory=dict)
    required: bool = False
    within: str = ""
    cells: tuple["Column", ...] = ()

    @property
    def header(self) -> str:
        """What stands over the column."""
        return self.label + REQUIRED * self.required

    @property
    def how(self) -> str:
        """How to fill it in, in one or two sentences."""
        ways = {
            "choice": "从下拉列表里选一项。",
            "choices": "可以写几项，用顿号「、」隔开。",
            "table": f"每行写一条，一格里换行按 Alt+Enter；各部分用竖线隔开：{'|'.join(c.label for c in self.cells)}。",
            "date": "写成 2026-11-26 的样子。",
        }
        told = "先填所属盟市，再从下拉列表里选。" if self.within else ways.get(self.shape, "")
        return told + (f"{self.hint}。" if self.hint else "")

    @property
    def allowed(self) -> str:
        """The words of its closed list, or of those within its lines; blank where there is none or it is long."""
        if self.within:
            return "见下拉列表"
        if self.options:
            return "、".join(self.options.values())
        return "；".join(f"{c.label}：{'、'.join(c.options.values())}" for c in self.cells if c.options)


# ------------------------------------------------------------------ reading
def matched(header: Sequence[str], columns: Sequence[Column]) -> list[Column | None]:
    """Which column each name of the header means, None where it is none of ours.

    Raises CellError for a column that stands there twice.
    """
    known = {_key(word): column for column in columns for word in (column.label, column.name)}
    found = [known.get(_key(name.replace(REQUIRED, ""))) for name in header]
    named = [column.label for column in found if column is not None]
    if twice := next((label for label in named if named.count(label) > 1), ""):
        raise CellError(f"「{twice}」这一列出现了两次，请留下一列。")
    return found


def answer(column: Column, text: str, others: Mapping[str, Any]) -> Any:
    """What the cell says, as the form takes it; text that a rule of the form judges better is handed on as it is.

    `others` are the answers of the columns before it. Raises CellError.
    """
    told = text.strip()
    if not told:
        return [] if column.shape == "table" else ""
    if column.shape == "choice":
        return _chosen(column, told, others)
    if column.shape == "choices":
        return "、".join(str(_chosen(column, word, others)) for word in _BETWEEN.split(told) if word.strip())
    if column.shape == "table":
        return [_line(column, number, line) for number, line in enumerate(told.splitlines(), 1) if line.strip()]
    return _day(column, told) if column.shape == "date" else told


def shown(text: str, limit: int) -> str:
    """The beginning of what a cell says, fit to be shown: what cannot be seen, or turns the writing, is only named."""
    try:
        return shorten(clean(text), limit)
    except ValueError:
        return "含有控制字符"


@lru_cache(maxsize=1 << 11)
def _key(text: str) -> str:
    """How the words of lists and headers are compared."""
    return re.sub(r"\s", "", fold(text))


def _chosen(column: Column, text: str, others: Mapping[str, Any]) -> Any:
    """The code of a word of the list: the word itself, its code, or a beginning that only one word has."""
    options = column.options
    if column.within:
        league = str(others.get(column.within) or "")
        options = {code: word for code, word in options.items() if str(code)[:4] == league[:4]}
    wanted = _key(text)
    known = {_key(str(said)): code for code, word in options.items() for said in (code, word)}
    if wanted in known:
        return known[wanted]
    level = _LEVEL.fullmatch(wanted)
    if level and int(level[1]) in options:
        return int(level[1])
    begun = [code for code, word in options.items() if len(wanted) > 1 and _key(word).startswith(wanted)]
    if len(begun) == 1:
        return begun[0]
    where = "这个盟市里" if column.within else "列表里"
    raise CellError(f"「{column.label}」{where}没有「{shown(text, 20)}」，请从列表里选择。")


def _line(column: Column, number: int, line: str) -> dict[str, str]:
    parts = [part.strip() for part in _PARTS.split(line)]
    while parts and not parts[-1]:
        parts.pop()
    if len(parts) > len(column.cells):
        named = "|".join(cell.label for cell in column.cells)
        raise CellError(f"「{column.label}」第 {number} 行有 {len(parts)} 部分，最多 {len(column.cells)}：{named}。")
    return {cell.name: _part(cell, part) for cell, part in zip(column.cells, parts, strict=False)}


def _part(cell: Column, part: str) -> str:
    """A part of a line; a word that is not of its list stays, for the rule that knows the number of the line."""
    try:
        return str(_chosen(cell, part, {})) if cell.options and part else part
    except CellError:
        return part


def _day(column: Column, text: str) -> date:
    try:
        stated = parse_date(text.replace(".", "-"))
    except ValueError:
        stated = None
    if stated is None or stated.precision is not Precision.DAY:
        raise CellError(f"「{column.label}」请写成 2026-11-26 的样子。")
    return stated.day


# ------------------------------------------------------------------ writing
def write(columns: Sequence[Column], example: Mapping[str, str], about: Sequence[str]) -> bytes:
    """The workbook to fill in: its header, one row that shows what to write, and a sheet that explains each column.

    `example` is what the example row says by column; `about` are the lines above the explanation.
    """
    buffer = io.BytesIO()
    with Workbook(buffer, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}) as book:
        sheets = [book.add_worksheet(name) for name in _SHEETS]
        sheets[2].hide()
        _fill_in(book, sheets[0], columns, example)
        _explain(book, sheets[1], columns, example, about)
        for place, column in enumerate(columns):
            _restrict(sheets[0], sheets[2], place, column, columns)
    return buffer.getvalue()


def _fill_in(book: Any, sheet: Any, columns: Sequence[Column], example: Mapping[str, str]) -> None:
    head = {"bold": True, "text_wrap": True, "valign": "vcenter", "border": 1, "border_color": "#D6DEE6"}
    must = book.add_format({**head, "bg_color": "#FBF1DF"})
    may = book.add_format({**head, "bg_color": "#EEF2F5"})
    shown = {"italic": True, "font_color": "#5B6B7A", "text_wrap": True, "valign": "top"}
    texts = book.add_format({"num_format": "@", "text_wrap": True, "valign": "top"})
    days = book.add_format({"num_format": "yyyy-mm-dd", "valign": "top"})
    for place, column in enumerate(columns):
        day = column.shape == "date"
        wide = column.shape == "table" or len(example.get(column.name, "")) > _NARROW
        sheet.set_column(place, place, _WIDE if wide else _NARROW, days if day else texts)
        sheet.write_string(0, place, column.header, must if column.required else may)
        said = (EXAMPLE if place == 0 else "") + example.get(column.name, "")
        if day and said:
            given = book.add_format({**shown, "num_format": "yyyy-mm-dd"})
            sheet.write_datetime(1, place, date.fromisoformat(said), given)
        else:
            sheet.write_string(1, place, said, book.add_format({**shown, "num_format": "@"}))
    sheet.set_row(0, 36)
    sheet.freeze_panes(1, 1)
    sheet.ignore_errors({"number_stored_as_text": f"A1:XFD{ROWS + 2}"})


def _explain(
    book: Any, sheet: Any, columns: Sequence[Column], example: Mapping[str, str], about: Sequence[str]
) -> None:
    bold = book.add_format({"bold": True, "valign": "top", "bg_color": "#EEF2F5"})
    wrapped = book.add_format({"text_wrap": True, "valign": "top"})
    for place, width in enumerate((22, 8, 52, 52, 40)):
        sheet.set_column(place, place, width, wrapped)
    plain = book.add_format({"text_wrap": False})
    for line, words in enumerate(about):
        sheet.write_string(line, 0, words, plain)
    top = len(about) + 1
    for place, name in enumerate(("列", "要求", "怎么填", "可填的内容", "例子")):
        sheet.write_string(top, place, name, bold)
    for line, column in enumerate(columns, top + 1):
        needed = "必填" if column.required else "选填"
        told = (column.label, needed, column.how, column.allowed, example.get(column.name, ""))
        for place, words in enumerate(told):
            sheet.write_string(line, place, words, wrapped)


def _restrict(sheet: Any, lists: Any, place: int, column: Column, columns: Sequence[Column]) -> None:
    """The drop-down of a closed list (with a warning only: codes are read too), or a word on how to fill it in."""
    prompt = {"input_title": shorten(column.label, 30), "input_message": shorten(column.how, _LONGEST_PROMPT)}
    rule: dict[str, Any] = {"validate": "any", **(prompt if column.how else {})}
    if column.shape == "choice":
        rule = {
            "validate": "list", "source": _listed(lists, place, column, columns), "error_type": "warning",
            "error_title": shorten(column.label, 30), "error_message": "列表里没有这一项，提交前会再检查。", **prompt,
        }  # fmt: skip
    elif column.shape == "choices":
        rule["input_message"] = shorten(f"{column.how}{column.allowed}", _LONGEST_PROMPT)
    if len(rule) > 1:
        sheet.data_validation(1, place, ROWS + 1, place, rule)


def _listed(lists: Any, place: int, column: Column, columns: Sequence[Column]) -> str:
    """Writes the words of a list into two columns of the sheet of lists; the formula that means them."""
    left, right = 2 * place, 2 * place + 1
    parent = next((i for i, other in enumerate(columns) if other.name == column.within), None)
    rows = list(_by_parent(column, columns[parent].options if parent is not None else {}))
    for line, (above, word) in enumerate(rows):
        lists.write_string(line, left, above)
        lists.write_string(line, right, word)
    above, words = f"选项!${_letters(left)}:${_letters(left)}", f"选项!${_letters(right)}$1"
    if parent is None:
        return f"={words}:${_letters(right)}${len(rows)}"
    chosen = f"${_letters(parent)}2"
    return f"=OFFSET({words},MATCH({chosen},{above},0)-1,0,COUNTIF({above},{chosen}),1)"


def _by_parent(column: Column, parents: Mapping[Any, str]) -> Iterator[tuple[str, str]]:
    for code, word in sorted(column.options.items()) if parents else column.options.items():
        yield parents.get(f"{str(code)[:4]}00", ""), word


def _letters(place: int) -> str:
    """The name of a column: A, …, Z, AA, …"""
    name = ""
    while place >= 0:
        place, rest = divmod(place, 26)
        name, place = chr(65 + rest) + name, place - 1
    return name
