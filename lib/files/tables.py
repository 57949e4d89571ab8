"""Tables as people send them: CSV and XLSX, read as plain text cells in a process of their own.

A workbook of one kilobyte can ask for gigabytes of memory and minutes of time. So the file goes through a pipe to
`python -m lib.files.tables`, which limits its own memory and time before it looks at the first byte, and the cells
come back as lines of JSON. What breaks the limits or the format ends there, with one Chinese sentence here.
"""

import csv
import io
import json
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date, datetime, time
from pathlib import PurePath
from typing import Any, Final

from lib.files import limited, packed
from lib.files.limited import MIB


class TableError(ValueError):
    """The file is no table that we read; the message is one Chinese sentence that says what to do."""


@dataclass(frozen=True)
class Limits:
    """What a file may cost: bytes of the file, rows, columns, characters a cell and in all, memory, seconds."""

    size: int = 10 * MIB
    rows: int = 5_000
    columns: int = 60
    cell: int = 2_000
    text: int = 20_000_000
    unpacked: int = 100 * MIB
    memory: int = 512 * MIB
    seconds: int = 20


UPLOAD: Final = Limits()
"""For a file that somebody sends through the browser."""
IMPORT: Final = Limits(
    size=64 * MIB,
    rows=200_000,
    cell=10_000,
    text=200_000_000,
    unpacked=512 * MIB,
    memory=2048 * MIB,
    seconds=60,
)
"""For a file that an administrator imports on the server."""

_LARGEST_FIELD: Final = 16 * MIB


@dataclass(frozen=True)
class Line:
    """One row of a table: the number of the line it begins on, its cells, and why it cannot be taken, if so."""

    number: int
    cells: list[str]
    problem: str = ""


@dataclass(frozen=True)
class Table:
    """The cells of a table as text."""

    header: list[str]
    lines: list[Line] = field(default_factory=list)
    encoding: str = ""


def read(data: bytes, name: str, limits: Limits = UPLOAD) -> Table:
    """The table in a file, parsed by a limited process. `name` tells by its ending what the file says it is.

    Raises TableError for a file that is no table, is damaged, or costs more than the limits.
    """
    if len(data) > limits.size:
        raise TableError(f"文件太大：{len(data) / MIB:.1f} MB，最多 {limits.size // MIB} MB。")
    ending = PurePath(name).suffix.lower()
    try:
        answer = limited.run("lib.files.tables", ending, asdict(limits), data)
    except limited.TooSlow:
        raise TableError(f"{limits.seconds} 秒内没有读完，已停止；请拆成较小的文件。") from None
    except limited.Broken:
        raise TableError("表格超出限定的内存或时间，或者已经损坏；请另存为 CSV 或拆成较小的文件。") from None
    answers = answer.splitlines()
    first = json.loads(answers[0])
    if "error" in first:
        raise TableError(first["error"])
    return Table(first["header"], [Line(*json.loads(answer)) for answer in answers[1:]], first["encoding"])


def parse(data: bytes, ending: str, limits: Limits = IMPORT) -> Table:
    """The table in a file, parsed here: for files of the product itself. Raises TableError."""
    encoding, grid = _grid(data, ending, limits)
    header: list[str] = []
    lines: list[Line] = []
    for number, cells in grid:
        if not any(cell.strip() for cell in cells):
            continue
        if not header:
            header = _header(cells, limits)
        elif len(lines) == limits.rows:
            raise TableError(f"行数超过 {limits.rows:,}，请拆成几个文件。")
        else:
            lines.append(_line(number, cells, len(header), limits))
    if not header:
        raise TableError("文件是空的，没有表头。")
    return Table(header, lines, encoding)


def _header(cells: Sequence[str], limits: Limits) -> list[str]:
    names = [cell.strip() for cell in cells]
    while not names[-1]:
        names.pop()
    if len(names) > limits.columns:
        raise TableError(f"列数 {len(names)} 超过 {limits.columns}。")
    if any(len(name) > limits.cell for name in names):
        raise TableError("第一行不像表头：列名太长。")
    return names


def _line(number: int, cells: Sequence[str], width: int, limits: Limits) -> Line:
    """The row, as wide as the header. A row that is too wide or too long keeps what fits and says why."""
    kept = [cell[: limits.cell] for cell in cells[: limits.columns]]
    longest = max(len(cell) for cell in cells)
    if any(cell.strip() for cell in cells[width:]):
        return Line(number, kept, f"这一行有 {len(cells)} 格，表头只有 {width} 列")
    if longest > limits.cell:
        return Line(number, kept[:width], f"有一格太长：{longest:,} 字，最多 {limits.cell:,} 字")
    return Line(number, kept[:width] + [""] * (width - len(kept)))


# ------------------------------------------------------------------ formats
def _grid(data: bytes, ending: str, limits: Limits) -> tuple[str, Iterator[tuple[int, list[str]]]]:
    """What the file is, by its ending and its first bytes, and its rows with their line numbers."""
    if not data:
        raise TableError("文件是空的。")
    if data.startswith(b"\xd0\xcf\x11\xe0"):
        raise TableError("这是旧版 XLS 或加密的工作簿，请去掉密码并另存为 XLSX 或 CSV。")
    packed = data.startswith(b"PK")
    if ending == ".xlsx":
        if not packed:
            raise TableError("扩展名是 .xlsx，内容却不是 XLSX 工作簿；请用表格软件重新另存。")
        return "XLSX", _workbook(data, limits)
    if ending != ".csv":
        raise TableError("只能读 .csv 和 .xlsx 文件，请另存为其中一种。")
    if packed:
        raise TableError("扩展名是 .csv，内容却是压缩包或工作簿；请改用正确的扩展名。")
    if data.startswith(b"%PDF"):
        raise TableError("扩展名是 .csv，内容却是 PDF 文件。")
    encoding, content = _decode(data)
    return encoding, _counted(_comma_separated(content), limits)


def _decode(data: bytes) -> tuple[str, str]:
    """The text of a CSV file. UTF-16 only by its mark: without one its text holds null characters."""
    marked = data.startswith((b"\xff\xfe", b"\xfe\xff"))
    for encoding in ("utf-16",) if marked else ("utf-8-sig", "gb18030"):
        try:
            content = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" in content:
            raise TableError("文件含有空字符，不是文本表格；请另存为 UTF-8 或 GB18030 编码的 CSV。")
        return {"utf-16": "UTF-16", "utf-8-sig": "UTF-8", "gb18030": "GB18030"}[encoding], content
    raise TableError("文件的编码无法识别，请另存为 UTF-8 或 GB18030 编码的 CSV。")


def _comma_separated(content: str) -> Iterator[tuple[int, list[str]]]:
    csv.field_size_limit(_LARGEST_FIELD)
    reader = csv.reader(io.StringIO(content, newline=""), strict=True)
    start = 1
    try:
        for cells in reader:
            yield start, cells
            start = reader.line_num + 1
    except csv.Error:
        raise TableError(f"第 {start} 行起的引号没有配对，或者有一格过长；请用表格软件重新另存为 CSV。") from None


def _workbook(data: bytes, limits: Limits) -> Iterator[tuple[int, list[str]]]:
    """Rows of the first sheet. The archive is checked, and inflated once to be counted, before it is read."""
    try:
        for _ in packed.chunks(data, limits.unpacked):
            pass
        if not {"[Content_Types].xml", "xl/workbook.xml"} <= packed.names(data):
            raise TableError("压缩包里没有工作簿；请另存为 XLSX 或 CSV。")
    except packed.PackedError as refusal:
        raise TableError(str(refusal)) from None
    import python_calamine

    try:
        with python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(data)) as workbook:
            if not workbook.sheet_names:
                raise TableError("工作簿里没有工作表。")
            sheet = workbook.get_sheet_by_index(0)
            first = sheet.start
            if first is None:
                raise TableError("第一张工作表是空的。")
            if sheet.width > limits.columns:
                raise TableError(f"列数 {sheet.width:,} 超过 {limits.columns}。")
            if sheet.height > 2 * limits.rows:
                raise TableError(f"行数超过 {limits.rows:,}，请拆成几个文件。")
            rows = sheet.to_python(skip_empty_area=True)
    except python_calamine.CalamineError:
        raise TableError("不是能读的 XLSX 工作簿；请用表格软件重新另存。") from None
    return _counted(((first[0] + i, [_cell(v) for v in row]) for i, row in enumerate(rows, 1)), limits)


def _counted(rows: Iterable[tuple[int, list[str]]], limits: Limits) -> Iterator[tuple[int, list[str]]]:
    """The rows, as long as their text in all stays within the limit."""
    total = 0
    for number, cells in rows:
        total += sum(map(len, cells))
        if total > limits.text:
            raise TableError(f"表格的文字超过 {limits.text:,} 字，请拆成几个文件。")
        yield number, cells


def _cell(value: Any) -> str:
    """A cell of a workbook as the text a person would type."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == time() else value.isoformat(sep=" ")
    return value.isoformat() if isinstance(value, date) else str(value)


# ------------------------------------------------------------------ the limited process
def _main() -> None:
    ending, limits = sys.argv[1], Limits(**json.loads(sys.argv[2]))
    limited.confine(limits.memory, limits.seconds)
    out = sys.stdout
    try:
        table = parse(sys.stdin.buffer.read(), ending, limits)
    except TableError as refusal:
        out.write(json.dumps({"error": str(refusal)}) + "\n")
        return
    out.write(json.dumps({"header": table.header, "encoding": table.encoding}) + "\n")
    for line in table.lines:
        out.write(json.dumps([line.number, line.cells, line.problem]) + "\n")


if __name__ == "__main__":
    _main()
