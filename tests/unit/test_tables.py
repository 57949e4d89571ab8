"""Tables as people send them: what is read, and what is refused with a sentence instead of a crash."""

import io
import time
import zipfile
from dataclasses import replace
from datetime import date

import pytest
import xlsxwriter

from lib.files import tables
from lib.files.export import csv_bytes, safe
from lib.files.tables import UPLOAD, Limits, TableError, read


def workbook(cells: dict[str, object]) -> bytes:
    """An XLSX file with these cells."""
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer, {"in_memory": True}) as book:
        sheet = book.add_worksheet()
        for place, value in cells.items():
            sheet.write(place, value)
    return buffer.getvalue()


def archive(**members: bytes) -> bytes:
    """A zip file with the parts a workbook must have, and these."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, content in {"[Content_Types].xml": b"x", "xl/workbook.xml": b"x", **members}.items():
            packed.writestr(name, content)
    return buffer.getvalue()


def flagged_encrypted(data: bytes) -> bytes:
    """The same archive with every member marked as encrypted in its directory."""
    changed, at = bytearray(data), 0
    while (at := changed.find(b"PK\x01\x02", at)) >= 0:
        changed[at + 8] |= 1
        at += 4
    return bytes(changed)


def lying_about_size(data: bytes) -> bytes:
    """The same archive whose directory says that every member is one byte long."""
    changed, at = bytearray(data), 0
    while (at := changed.find(b"PK\x01\x02", at)) >= 0:
        changed[at + 24 : at + 28] = (1).to_bytes(4, "little")
        at += 4
    return bytes(changed)


GOOD = workbook({"A1": "title", "B1": "year", "A2": "稀土", "B2": 2023})
PLAIN = "title,year\n稀土,2023\n"


@pytest.mark.parametrize(
    ("data", "name", "encoding"),
    [
        (PLAIN.encode(), "a.csv", "UTF-8"),
        (PLAIN.encode("utf-8-sig"), "a.csv", "UTF-8"),
        (PLAIN.replace("\n", "\r\n").encode("gb18030"), "A.CSV", "GB18030"),
        (PLAIN.encode("utf-16"), "a.csv", "UTF-16"),
        (GOOD, "a.xlsx", "XLSX"),
    ],
)
def test_the_same_table_is_read_from_every_encoding(data: bytes, name: str, encoding: str) -> None:
    table = read(data, name)
    assert table.encoding == encoding
    assert table.header == ["title", "year"]
    assert [(line.number, line.cells, line.problem) for line in table.lines] == [(2, ["稀土", "2023"], "")]


def test_cells_of_a_workbook_read_as_a_person_would_type_them_with_their_row_numbers() -> None:
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer, {"in_memory": True}) as book:
        day = book.add_format({"num_format": "yyyy-mm-dd"})
        sheet = book.add_worksheet()
        for column, name in enumerate(("title", "date", "amount", "share"), 1):
            sheet.write(2, column, name)
        sheet.write(4, 1, "𠮷")
        sheet.write_datetime(4, 2, date(2024, 12, 20), day)  # type: ignore[arg-type]
        sheet.write(4, 3, 20_000_000)
        sheet.write(4, 4, 13.8)
    table = read(buffer.getvalue(), "a.xlsx")
    assert [(line.number, line.cells) for line in table.lines] == [(5, ["𠮷", "2024-12-20", "20000000", "13.8"])]


def test_a_row_keeps_the_number_of_the_line_it_begins_on() -> None:
    table = read('title,year\n"两\n行",2023\n\n乙\n'.encode(), "a.csv")
    assert [(line.number, line.cells) for line in table.lines] == [(2, ["两\n行", "2023"]), (5, ["乙", ""])]


@pytest.mark.parametrize(
    ("data", "name", "words"),
    [
        (b"", "a.csv", "空"),
        (b"\n , \n", "a.csv", "没有表头"),
        (b"title\0,year\nx,1\n", "a.csv", "空字符"),
        (PLAIN.encode("utf-16-le"), "a.csv", "空字符"),
        (b"\x89PNG\r\n\x1a\n\0\0", "a.csv", "空字符"),
        (bytes(range(1, 256)), "a.csv", "编码"),
        (b"%PDF-1.7", "a.csv", "PDF"),
        (GOOD, "a.csv", "扩展名"),
        (PLAIN.encode(), "a.xlsx", "扩展名"),
        (GOOD, "a.xlsm", ".csv 和 .xlsx"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "a.xlsx", "旧版 XLS 或加密"),
        (GOOD[:-200], "a.xlsx", "损坏"),
        (GOOD[:300], "a.xlsx", "损坏"),
        (flagged_encrypted(GOOD), "a.xlsx", "加密"),
        (lying_about_size(archive(**{"xl/a.xml": b"0" * 2_000_000})), "a.xlsx", "解压后过大"),
        (archive(**{"xl/a.xml": b"0" * 200_000_000}), "a.xlsx", "解压后过大"),
        (archive(**{"../a": b""}), "a.xlsx", "不安全"),
        (archive(**{f"xl/{i}": b"" for i in range(1000)}), "a.xlsx", "部件太多"),
        (archive(), "a.xlsx", "不是能读的"),
        ('title\n"没有配对\n乙\n'.encode(), "a.csv", "第 2 行起的引号"),
        (",".join(map(str, range(61))).encode(), "a.csv", "列数 61"),
        (("a\n" + "1\n" * 5001).encode(), "a.csv", "行数超过 5,000"),
        (workbook({"A1": "title", "XFD1": "x"}), "a.xlsx", "列数 16,384"),
        (workbook({"A1": "title", "A1048576": "x"}), "a.xlsx", "行数"),
        (b"x" * (10 * 1024 * 1024 + 1), "a.csv", "文件太大"),
    ],
)
def test_a_file_that_is_no_table_is_refused_with_one_sentence(data: bytes, name: str, words: str) -> None:
    with pytest.raises(TableError) as refusal:
        read(data, name)
    assert words in str(refusal.value)
    assert str(refusal.value).endswith("。")


def test_a_small_workbook_that_asks_for_gigabytes_ends_in_its_own_process() -> None:
    start = time.monotonic()
    with pytest.raises(TableError, match="限定的内存或时间"):
        read(workbook({"A1": "title", "XFD1048576": "x"}), "a.xlsx")
    assert read(workbook({"XFD1048576": "x"}), "a.xlsx").lines == []
    assert time.monotonic() - start < UPLOAD.seconds


def test_a_file_that_takes_too_long_is_stopped() -> None:
    slow = "a,b\n" + "1,2\n" * 2_000_000
    with pytest.raises(TableError, match=r"1 秒内没有读完|限定的内存或时间"):
        read(slow.encode(), "a.csv", Limits(seconds=1, rows=10_000_000, text=10**9))


@pytest.mark.parametrize(
    ("row", "words"),
    [("甲" * 131_073 + ",2023", "太长：131,073 字"), ("甲,2023,多余", "有 3 格，表头只有 2 列")],
)
def test_a_row_that_does_not_fit_is_marked_and_the_others_are_kept(row: str, words: str) -> None:
    table = read(f"title,year\n{row}\n乙,2024\n".encode(), "a.csv")
    assert words in table.lines[0].problem
    assert len(table.lines[0].cells[0]) <= UPLOAD.cell
    assert table.lines[1] == tables.Line(3, ["乙", "2024"])


def test_the_limits_are_the_callers() -> None:
    data = ("a\n" + "1\n" * 5001).encode()
    assert len(read(data, "a.csv", replace(UPLOAD, rows=6000)).lines) == 5001


@pytest.mark.parametrize(
    ("cell", "written"),
    [
        ("=1+1", "'=1+1"),
        (" ＝cmd|' /C calc'!A0", "' ＝cmd|' /C calc'!A0"),
        ("+86", "+86"),
        ("-5", "-5"),
        ("-13.8%", "-13.8%"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("\t=1", "'\t=1"),
        ("%x", "'%x"),
        ("稀土=好", "稀土=好"),
        ("", ""),
    ],
)
def test_no_cell_we_write_is_a_formula_and_numbers_stay_numbers(cell: str, written: str) -> None:
    assert safe(cell) == written


def test_a_file_we_write_reads_back_as_it_was() -> None:
    data = csv_bytes(("标题", "a"), [("甲,乙\n丙", "𠮷㐂"), ("-5", "")])
    assert data.startswith(b"\xef\xbb\xbf")
    assert [line.cells for line in read(data, "a.csv").lines] == [["甲,乙\n丙", "𠮷㐂"], ["-5", ""]]
