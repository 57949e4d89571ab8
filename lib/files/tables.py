"""Tables as people send them: CSV and XLSX, read as plain text cells."""

import csv
import io
from dataclasses import dataclass


class TableError(ValueError):
    """The file is no table that we read; the message is one Chinese sentence."""


@dataclass(frozen=True)
class Table:
    """The cells of a table as text. Each row comes with the number of the line it begins on."""

    header: list[str]
    rows: list[tuple[int, list[str]]]


def decode(data: bytes) -> str:
    """The text of a CSV file: UTF-8 with or without a mark, else GB18030. Raises TableError for anything else."""
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise TableError("文件编码无法识别，请另存为 UTF-8 或 GB18030 编码的 CSV。")


def read_csv(data: bytes) -> Table:
    """The table in a CSV file. Raises TableError for a file without a header."""
    reader = csv.reader(io.StringIO(decode(data), newline=""))
    header: list[str] = []
    rows: list[tuple[int, list[str]]] = []
    start = 1
    for cells in reader:
        if any(cell.strip() for cell in cells):
            if header:
                rows.append((start, cells))
            else:
                header = [cell.strip() for cell in cells]
        start = reader.line_num + 1
    if not header:
        raise TableError("文件是空的，没有表头。")
    return Table(header, rows)
