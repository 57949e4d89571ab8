"""The result report of an event: the same numbers as its page, nothing personal, and a document that Word opens."""

from io import BytesIO

import pytest
from docx import Document
from sqlalchemy import select, update

from lib.domain.access import Actor, Role
from lib.domain.sheet import Sheet
from lib.domain.vocabulary import ThreadState
from lib.files.onepager import docx_bytes
from lib.services import demo, jury, outcome_sheets, outcomes
from lib.services.demo import Volume
from lib.services.outcomes import LABELS
from lib.store.engine import Database
from lib.store.models import Attendee, Event, Interest

KEEPER = Actor(role=Role.ADMINISTRATOR, name="测试")
CANARY = "金丝雀王五"


@pytest.fixture
def past(loaded: Database) -> int:
    """The demonstration roadshow that is over, with an audience and a jury."""
    demo.create(loaded, Volume(roadshows=True), actor=KEEPER)
    with loaded.read() as session:
        event = session.scalars(select(Event.id).where(Event.origin == "demo").order_by(Event.starts_at)).first()
    assert event is not None
    return event


def sheet_of(database: Database, event: int) -> Sheet:
    with database.read() as session:
        return outcome_sheets.read(session, event, actor=KEEPER, base="https://tt.example")


def test_every_number_is_that_of_the_page(loaded: Database, past: int) -> None:
    jury.freeze(loaded, past, actor=KEEPER)
    sheet = sheet_of(loaded, past)
    with loaded.read() as session:
        found = outcomes.read(session, past, actor=KEEPER)
        result = jury.result(session, past, actor=KEEPER)
    paper = Document(BytesIO(docx_bytes(sheet)))
    tables = [[[cell.text for cell in row.cells] for row in table.rows] for table in paper.tables]
    figures = {row[0]: row[1] for table in tables for row in table if len(row) == 2}
    for names in outcome_sheets.GROUPS.values():
        for name in names:
            assert figures[LABELS[name]] == outcome_sheets.shown(found, name)
    (items,) = (table for table in tables if table[0][:2] == ["项目", "打分"])
    assert [(row[0], row[1], row[6]) for row in items[1:]] == [
        (one.title, str(one.counts.marks), str(one.counts.intentions)) for one in found.items
    ]
    (threads,) = (table for table in tables if table[0][0] == "编号")
    assert len(threads) - 1 == found.figures["intentions"]
    signed = [row for row in threads if row[3] == ThreadState.SIGNED.label]
    assert len(signed) == found.figures[ThreadState.SIGNED.value]
    (ranking,) = (table for table in tables if table[0][0] == "名次")
    assert result is not None and [row[2] for row in ranking[1:]] == [f"{one.score:f}" for one in result.ranked]
    assert "演示数据" in sheet.value and "演示数据" in "".join(p.text for p in paper.paragraphs)
    assert all(table.rows[0]._tr.xpath(".//w:tblHeader") for table in paper.tables if len(table.columns) != 4)
    assert paper.sections[0].footer.paragraphs[0].text.startswith("第 ")


def test_nothing_personal_stands_on_it(loaded: Database, past: int) -> None:
    with loaded.write() as session:
        for entity in (Attendee, Interest):
            session.execute(update(entity).values(name=CANARY, unit=CANARY, phone=CANARY, hint=CANARY))
        session.execute(update(Interest).values(note=CANARY))
    sheet = sheet_of(loaded, past)
    assert CANARY not in repr(sheet)
    assert CANARY.encode() not in docx_bytes(sheet)


def test_an_event_of_which_nothing_is_known_says_so(loaded: Database) -> None:
    with loaded.read() as session:
        event = session.scalars(select(Event.id).where(Event.origin == "public")).first() or 0
    sheet = sheet_of(loaded, event)
    assert "路演成交率 暂无数据，签约额 暂无数据。" in [section.text for section in sheet.sections]
    assert sheet.missing == "没有记录：到场人数、打分。"
    assert sheet.value == ""
