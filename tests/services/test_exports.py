"""R20: no cell of any table we write is a formula to a spreadsheet, and numbers stay numbers."""

import ast
import csv
import io
import json
from collections.abc import Callable
from decimal import Decimal
from functools import partial
from itertools import product
from typing import Any

import pandas as pd
import pytest
from python_calamine import CalamineWorkbook
from sqlalchemy import select

from lib.domain.access import VISITOR, Actor, Role
from lib.domain.brief import Brief, Part, Table
from lib.domain.dates import now_utc
from lib.domain.vocabulary import STAGES, SubmissionKind
from lib.files import export, workbook
from lib.files.template import Column
from lib.services import (
    attendance,
    audit,
    bulk,
    catalogue,
    demo,
    entries,
    exchange,
    exports,
    hosting,
    jury,
    leads,
    programme,
)
from lib.services.catalogue import CatalogueQuery
from lib.services.demo import Volume
from lib.services.exchange import Outcome, Rejection
from lib.settings import ROOT, settings
from lib.store.engine import Database
from lib.store.models import Achievement, Attendee, Event, EventItem, Interest, Thread, ThreadStep
from tests.samples import person, roadshow

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


def _written(database: Database, kind: str, form: str, query: CatalogueQuery) -> bytes:
    with database.read() as session:
        return exports.write(
            session, kind, form, query, actor=VISITOR, base="http://x", address=f"http://x/achievements?q={PAYLOADS[0]}"
        )


def _result(form: str, database: Database) -> bytes:
    with database.write() as session:
        for text in PAYLOADS:
            named = {"title": text, "summary": text, "organization_text": text, "source_publisher": text}
            moments = {"created_at": now_utc(), "updated_at": now_utc()}
            session.add(Achievement(**named, **moments, source_url=text, origin="public"))
    return _written(database, "achievement", form, CatalogueQuery())


def _unsent(database: Database) -> bytes:
    sender, kind = person(database, Role.MEMBER), SubmissionKind.ACHIEVEMENT
    columns = [Column(name, name) for name in ("title", "award", *bulk.required(kind) - {"title"})]
    table = io.StringIO(newline="")
    csv.writer(table).writerows([[column.name for column in columns], *([text] * len(columns) for text in PAYLOADS)])
    sent = table.getvalue().encode()
    return bulk.unsent(bulk.preview(database, kind, columns, "x.csv", sent, actor=sender).digest, actor=sender)


def _audience(database: Database) -> bytes:
    keeper = person(database, Role.ADMINISTRATOR)
    event = hosting.create(database, "e" * 32, roadshow(capacity=None), actor=keeper)
    with database.write() as session:  # past the form, which would clean them
        session.add_all(
            Attendee(
                event_id=event, draft_id=f"{number:032x}", receipt=f"GM-{number}", key_hash=f"k{number}", name=text,
                unit=text, phone="", hint="", state="registered", consent_version="1.0", registered_at=now_utc(),
            )
            for number, text in enumerate(PAYLOADS)
        )  # fmt: skip
    return attendance.export_list(database, event, actor=keeper)


def _leads(database: Database) -> bytes:
    keeper = person(database, Role.ADMINISTRATOR, name=PAYLOADS[0])
    with database.write() as session:  # past the forms, which would clean them
        record = session.scalars(select(Achievement).order_by(Achievement.id)).first()
        assert record is not None
        record.title = PAYLOADS[0]
        for number, text in enumerate(PAYLOADS):
            interest = Interest(
                draft_id=f"{number:032x}", browser_hash=f"d{number}", achievement_id=record.id, hint=text,
                created_at=now_utc(),
            )  # fmt: skip
            session.add(interest)
            session.flush()
            followed = Thread(
                interest_id=interest.id, owner_id=keeper.account_id, opened_at=now_utc(), contract_title=text
            )
            session.add(followed)
            session.flush()
            session.add(ThreadStep(thread_id=followed.id, at=now_utc(), state="open", note=text))
    return leads.export_list(database, leads.LeadQuery(), actor=keeper)


def _verdict(database: Database) -> bytes:
    keeper = person(database, Role.ADMINISTRATOR)
    event = hosting.create(database, "f" * 32, roadshow(capacity=None), actor=keeper)
    with database.write() as session:  # past the form, which would clean them
        items = [
            EventItem(event_id=event, kind="achievement", registered=True, position=place, title=text,
                      organization_text=text, minutes=1)
            for place, text in enumerate(PAYLOADS)
        ]  # fmt: skip
        session.add_all(items)
        session.flush()
        numbers = [item.id for item in items]
    with database.read() as session:
        stamp = programme.draft(session, event, actor=keeper).stamp
        version = session.get_one(Event, event).version
    hosting.publish(database, event, version, actor=keeper)
    programme.publish(database, event, stamp, anyway=True, actor=keeper)
    jury.set_criteria(database, event, (("创新", 60), ("团队", 40)), (), actor=keeper)
    code = jury.appoint(database, event, 1, actor=keeper)[1]
    for number in numbers:
        told = {one.id: "80" for one in jury.sheet(database, event, code, actor=VISITOR).measures}
        jury.score(database, event, code, number, told, actor=VISITOR)
    jury.freeze(database, event, actor=keeper)
    with database.read() as session:
        return jury.export_result(session, event, actor=keeper)


def _brief(_database: Database) -> bytes:
    table = Table((PAYLOADS[0], "年份", "#数"), tuple((text, text, Decimal(n)) for n, text in enumerate(PAYLOADS)))
    parts = (Part("地区", PAYLOADS[1], table),)
    return workbook.xlsx_bytes(
        Brief(
            "=报告", PAYLOADS[2], "2023 年", tuple(PAYLOADS), parts, tuple(PAYLOADS), PAYLOADS[3], "https://tt.example"
        )
    )


EXPORTS: dict[str, Callable[[Database], bytes]] = {
    "exchange.rejected_csv": _rejected,
    "entries.export_csv": _trail,
    "exports._csv": partial(_result, "csv"),
    "exports._xlsx": partial(_result, "xlsx"),
    "bulk._workbook": _unsent,
    "attendance.export_list": _audience,
    "jury.export_result": _verdict,
    "leads.export_list": _leads,
    "workbook.xlsx_bytes": _brief,
}
"""Every function that writes a table, and how a test has it write what it should not."""
WRITERS = {"csv.writer", "csv.DictWriter", "to_csv", "to_excel", "Workbook", "csv_bytes", "xlsx_bytes"}


def _rows(data: bytes) -> list[list[str]]:
    """Every row of every sheet, as text."""
    if data.startswith(b"PK"):
        book = CalamineWorkbook.from_filelike(io.BytesIO(data))
        return [list(map(str, r)) for name in book.sheet_names for r in book.get_sheet_by_name(name).to_python()]
    assert data.startswith(b"\xef\xbb\xbf")
    return list(csv.reader(io.StringIO(data.decode("utf-8-sig"), newline="")))


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
    # a form to fill in, nobody's words but our own; and what only hands a brief on
    ours = {"template.write", "briefs._bytes"}
    assert found == {*EXPORTS, *ours, "export.csv_bytes", "export.xlsx_bytes"}


@pytest.mark.parametrize("name", EXPORTS)
def test_no_cell_of_an_export_is_a_formula(name: str, loaded_sqlite: Database) -> None:
    """R20."""
    rows = _rows(EXPORTS[name](loaded_sqlite))
    cells = [cell for row in rows for cell in row]
    assert [cell for cell in cells if _live(cell)] == []
    columns = sum(any("SUM(A1:A9)" in row[i] for row in rows[1:] if i < len(row)) for i in range(max(map(len, rows))))
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


@pytest.mark.parametrize("kind", ["achievement", "demand", "organization"])
def test_a_file_opened_again_is_the_list(kind: str, loaded_sqlite: Database) -> None:
    """Every page of the search in its order, no column beyond those of the list, in all three forms."""
    query = CatalogueQuery(q="技术", order="relevance", wide=True, facets={"league": ("150100", "150200")})
    with loaded_sqlite.read() as session:
        page = catalogue.find(session, kind, CatalogueQuery(**{**query.__dict__, "size": 100}), actor=VISITOR)
    assert 5 < page.total == len(page.items)
    told = [(card.id, card.title, card.source.line) for card in page.items]
    book = io.BytesIO(_written(loaded_sqlite, kind, "xlsx", query))
    document = json.loads(_written(loaded_sqlite, kind, "json", query))
    for frame in (
        pd.read_excel(book, sheet_name=exports.NOUNS[kind], engine="calamine"),
        pd.read_csv(io.BytesIO(_written(loaded_sqlite, kind, "csv", query))),
        pd.DataFrame(document["items"]),
    ):
        assert list(frame[["编号", "名称", "来源"]].itertuples(index=False, name=None)) == told
        assert set(frame.columns) <= {*(name for name, _, _ in exports.COLUMNS[kind]), "查询地址", "查询时间"}
    about = pd.read_excel(book, sheet_name="说明", engine="calamine").set_index("项目")["内容"]
    assert about["查到"] == document["about"]["查到"] == page.total
    assert "呼和浩特市" in about["筛选"] and about["列：编号"]


def test_a_file_says_when_it_does_not_hold_everything(loaded_sqlite: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exports, "LIMIT", 10)
    document = json.loads(_written(loaded_sqlite, "achievement", "json", CatalogueQuery()))
    assert (document["about"]["查到"], document["about"]["写入"], len(document["items"])) == (143, 10, 10)
    assert "10 条" in document["about"]["限量"]


def test_a_file_says_what_was_chosen_and_what_the_choice_is_about(loaded_sqlite: Database) -> None:
    demo.create(loaded_sqlite, Volume(achievements=60, demands=60), actor=Actor(Role.ADMINISTRATOR, name="管理员"))
    chosen = {"trl": ("4-6",), "mode": ("许可他人使用",), "public_good": ("yes", "no", "unknown")}
    about, *items = _items(loaded_sqlite, "achievement", CatalogueQuery(facets=chosen))
    assert about["筛选"] == "成熟度：4 级、5 级、6 级；转化方式：许可他人使用；公益性：是、否、未披露"
    assert len(items) == about["查到"] > 3
    assert all("许可他人使用" in item["转化方式"].split("、") and item["成熟度"] in (4, 5, 6) for item in items)
    assert {item["公益性"] for item in items} <= {"是", "否", ""} and {item["阶段"] for item in items} <= {*STAGES, ""}
    about, *items = _items(
        loaded_sqlite, "demand", CatalogueQuery(facets={"mode": ("合作开发",), "price": ("priced",)})
    )
    assert about["筛选"] == "合作方式：合作开发；预算：有价"
    assert items and all("合作开发" in item["合作方式"] and item["预算（元）"] for item in items)


def _items(database: Database, kind: str, query: CatalogueQuery) -> list[dict[str, Any]]:
    document = json.loads(_written(database, kind, "json", query))
    return [document["about"], *document["items"]]
