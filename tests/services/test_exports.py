"""R20: no cell of any table we write is a formula to a spreadsheet, and numbers stay numbers."""

import ast
import csv
import io
from collections.abc import Callable
from itertools import product

import pytest

from lib.domain.access import Actor, Role
from lib.files import export
from lib.services import audit, entries, exchange
from lib.services.exchange import Outcome, Rejection
from lib.settings import ROOT, settings
from lib.store.engine import Database

PREFIXES = ("=", "+", "-", "@", "\t", "\r", "\n", "|", "%", "＝", "＋", "－", "＠", " \u3000\ufeff=")
PAYLOADS = [f"{prefix}{formula}" for prefix, formula in product(PREFIXES, ("cmd|' /C calc'!A0", "SUM(A1:A9)", "1+1"))]


def _rejected(_database: Database) -> bytes:
    rejections = tuple(Rejection(n, text, (text, text)) for n, text in enumerate(PAYLOADS))
    return exchange.rejected_csv(Outcome(rejections=rejections, header=(PAYLOADS[0], "年份")))


def _trail(database: Database) -> bytes:
    with database.write() as session:
        for text in PAYLOADS:
            sender = Actor(Role.MEMBER, None, text, address=text, request_id=text[:20], session=text[:16])
            detail = {"before": {text: text}, "after": {text: f"{text}2"}, "title": text, text: [text]}
            audit.record(session, sender, text[:40], text[:20], text[:40], league="150100", outcome=text[:8], **detail)
    return entries.export_csv(database, entries.AuditQuery(), actor=Actor(Role.ADMINISTRATOR, name="管理员"))


EXPORTS: dict[str, Callable[[Database], bytes]] = {"exchange.rejected_csv": _rejected, "entries.export_csv": _trail}
"""Every function that writes a table, and how a test has it write what it should not."""
WRITERS = {"csv.writer", "csv.DictWriter", "to_csv", "to_excel", "Workbook", "csv_bytes"}


def _live(cell: str) -> bool:
    """What a spreadsheet would compute."""
    shown = cell.lstrip(" \u3000\ufeff\xa0")
    number = shown.strip("+-%").replace(",", "").replace(".", "", 1).isdecimal()
    return len(shown) > 1 and shown[0] in "=+-@\t\r\n|%＝＋－＠" and not number


def test_every_writer_of_tables_is_known() -> None:
    """R20: a new export without a row in EXPORTS fails."""
    found = set()
    for file in sorted((ROOT / "lib").rglob("*.py")):
        for function in (node for node in ast.walk(ast.parse(file.read_text())) if isinstance(node, ast.FunctionDef)):
            calls = {ast.unparse(node.func) for node in ast.walk(function) if isinstance(node, ast.Call)}
            if any(name in WRITERS or name.rpartition(".")[2] in WRITERS for name in calls):
                found.add(f"{file.stem}.{function.name}")
    assert found == {*EXPORTS, "export.csv_bytes"}


@pytest.mark.parametrize("name", EXPORTS)
def test_no_cell_of_an_export_is_a_formula(name: str, loaded_sqlite: Database) -> None:
    """R20."""
    data = EXPORTS[name](loaded_sqlite)
    assert data.startswith(b"\xef\xbb\xbf")
    rows = list(csv.reader(io.StringIO(data.decode("utf-8-sig"), newline="")))
    cells = [cell for row in rows for cell in row]
    assert [cell for cell in cells if _live(cell)] == []
    columns = sum(any("SUM(A1:A9)" in row[i] for row in rows[1:]) for i in range(len(rows[0])))
    assert columns > 1 and all(any(text in cell for cell in cells) for text in PAYLOADS)
    print(f"R20: {name}: {len(PAYLOADS)} payloads ({len(PREFIXES)} prefixes) × {columns} text columns, 0 live formulas")


def test_the_public_files_hold_no_formula() -> None:
    """R20: they are sent as they lie there."""
    cells = 0
    for file in settings().public_dir.glob("*.csv"):
        with file.open(encoding="utf-8-sig", newline="") as opened:
            for row in csv.reader(opened):
                cells += len(row)
                assert not any(_live(cell) for cell in row), (file.name, row)
    print(f"R20: {cells} cells of the public files, 0 live formulas")
    assert cells > 10_000


def test_numbers_stay_numbers() -> None:
    """R20."""
    written = export.csv_bytes(["a"], [(-5,), ("-13.8%",), ("%",), ("=1",), (None,)]).decode("utf-8-sig")
    assert written.splitlines() == ["a", "-5", "-13.8%", "%", "'=1", '""']
