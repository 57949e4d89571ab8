"""Briefs: every number is that of the indicators, in the Word document and the workbook as in the service."""

import io
import re
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import pytest
from docx import Document
from docx.opc.packuri import PackURI
from python_calamine import CalamineWorkbook
from sqlalchemy import update

from lib.domain.access import VISITOR, Actor, Role
from lib.domain.brief import Brief, Part, sheet_of, told
from lib.domain.errors import InvalidQuery
from lib.domain.indicators import INDICATORS, Period
from lib.domain.money import WAN
from lib.files.onepager import docx_bytes
from lib.files.workbook import xlsx_bytes
from lib.services import briefs, demo, indicators
from lib.services.briefs import BriefQuery
from lib.services.indicators import Question, Scope
from lib.store.engine import Database
from lib.store.models import Contract

ACTOR = Actor(role=Role.ADMINISTRATOR, name="测试")
TODAY = date(2026, 11, 26)
REGION, BAOTOU = "150000", "150200"
ASKED = (BriefQuery(REGION, Period(2024)), BriefQuery(BAOTOU, Period(2024, 1, 6)), BriefQuery(BAOTOU, Period(2023)))


@pytest.fixture
def filled(loaded: Database) -> Database:
    """Contracts that count as handed in, and as many demonstration ones."""
    demo.create(loaded, demo.Volume(contracts=3000), actor=ACTOR)
    with loaded.write() as session:
        session.execute(
            update(Contract).where(Contract.origin == "demo", Contract.id % 2 == 0).values(origin="submitted")
        )
    return loaded


def make(database: Database, asked: BriefQuery) -> Brief:
    with database.read() as session:
        return briefs.make(session, asked, actor=VISITOR, address="http://localhost/statistics", today=TODAY)


def part(brief: Brief, title: str) -> Part:
    return next(one for one in brief.parts if one.title == title)


@pytest.mark.parametrize("asked", ASKED)
def test_every_number_of_a_brief_is_that_of_the_indicators(filled: Database, asked: BriefQuery) -> None:
    brief = make(filled, asked)
    with filled.read() as session:
        scope = next(s for s in indicators.scopes(session, actor=VISITOR) if s.code == asked.area)
        question = Question(scope, asked.period)
        readings = indicators.read(session, question, actor=VISITOR, today=TODAY)
        structures = [indicators.structure(session, question, d, actor=VISITOR) for d in indicators.DIMENSIONS]
        leagues = indicators.by_league(session, asked.period, "real", actor=VISITOR)
    table = part(brief, "指标").table
    assert table is not None
    expected = [
        (r.indicator.key, v.value if v.value is None or v.unit not in ("元", "元/项")
         else (v.value / WAN).quantize(Decimal("0.01"), ROUND_HALF_UP))
        for r in readings for v in r.values
    ]  # fmt: skip
    assert [(str(row[0])[:3], row[1]) for row in table.rows] == expected
    for found in structures:
        rows = part(brief, f"结构：{found.name}").table
        assert rows is not None
        assert [row[:3] for row in rows.rows] == [(s.label, s.sums.number, s.of_number) for s in found.slices]
    if asked.area == REGION:
        rows = part(brief, "盟市").table
        assert rows is not None
        assert [(row[0], row[1]) for row in rows.rows] == [(s.name, total.number) for s, total, _ in leagues]


@pytest.mark.parametrize("asked", ASKED)
def test_the_word_document_says_every_number(filled: Database, asked: BriefQuery) -> None:
    brief = make(filled, asked)
    paper = Document(io.BytesIO(docx_bytes(sheet_of(brief))))
    tables = [one for one in brief.parts if one.table is not None and one.table.rows]
    assert len(paper.tables) == len(tables)
    for written, one in zip(paper.tables, tables, strict=True):
        assert one.table is not None
        assert [cell.text for cell in written.rows[0].cells] == [name.lstrip("#") for name in one.table.header]
        for row, cells in zip(written.rows[1:], one.table.rows, strict=True):
            assert [cell.text for cell in row.cells] == [told(cell) for cell in cells]
    charts = {p.partname: p.blob for p in paper.part.package.iter_parts() if p.partname.startswith("/word/charts/")}
    drawn = [one for one in brief.parts if one.bars]
    assert len(charts) == len(drawn) > 3
    for number, one in enumerate(drawn, 1):
        values = re.findall(rb"<c:v>([^<]*)</c:v>", charts[PackURI(f"/word/charts/chart{number}.xml")])
        told_of = [value.decode() for value in values[1:]]  # the first is the name of the series
        labels, sizes = told_of[: len(one.bars)], told_of[len(one.bars) :]
        assert labels == [label for label, _ in one.bars]
        assert [Decimal(size) for size in sizes] == [value for _, value in one.bars]


@pytest.mark.parametrize("asked", ASKED)
def test_the_workbook_holds_every_number_as_a_number(filled: Database, asked: BriefQuery) -> None:
    brief = make(filled, asked)
    book = CalamineWorkbook.from_filelike(io.BytesIO(xlsx_bytes(brief)))
    names = book.sheet_names
    assert names[0] == "说明"
    assert names[-1] == "来源"
    for one in brief.parts:
        rows = book.get_sheet_by_name(one.title.replace("：", "-")).to_python()
        if one.table is None:
            continue
        start = next(i for i, row in enumerate(rows) if row[0] == one.table.header[0])
        for cells, row in zip(one.table.rows, rows[start + 1 :], strict=True):
            for cell, found in zip(cells, row, strict=True):
                if cell is None:
                    assert found == "暂无数据"
                elif isinstance(cell, str):
                    assert found in (cell, f"'{cell}")
                else:
                    assert isinstance(found, (int, float))
                    assert abs(Decimal(str(found)) - Decimal(cell)) < Decimal("0.001")


def test_demonstration_is_left_out_and_said(filled: Database) -> None:
    with filled.read() as session:
        region = Scope(REGION, "内蒙古自治区")
        real = indicators.read(session, Question(region, Period(2024)), actor=VISITOR, today=TODAY)
    brief = make(filled, BriefQuery(REGION, Period(2024)))
    assert any("演示数据 1,500 项合同，没有计入" in line for line in brief.lead)
    table = part(brief, "指标").table
    assert table is not None
    assert table.rows[0][1] == real[0].values[0].value


def test_the_list_of_what_is_missing_names_leagues_and_indicators(loaded: Database) -> None:
    brief = make(loaded, BriefQuery(REGION, Period(2023)))
    missing = part(brief, "缺报清单")
    assert missing.table is not None
    told_of = {(row[0], row[1]) for row in missing.table.rows}
    assert ("兴安盟", "库内合同") in told_of
    assert ("兴安盟", "公布的技术合同成交额") in told_of
    assert ("内蒙古自治区", "公布的技术合同成交额") not in told_of, "61.71 亿元 was published"
    assert ("内蒙古自治区", "K18 机构绩效") in told_of
    assert all(row[2] for row in missing.table.rows), "each with its reason"
    published = part(brief, "公布数").table
    assert published is not None
    assert ("技术合同成交额", Decimal("61.71"), "亿元") in {row[:3] for row in published.rows}
    assert brief.sources


def test_every_league_and_kind_of_period_has_a_brief(loaded_sqlite: Database) -> None:
    with loaded_sqlite.read() as session:
        places = indicators.scopes(session, actor=VISITOR)
    for scope in places:
        for period, kind in (
            (Period(2024), "年度报告"),
            (Period(2024, 3, 3), "月报"),
            (Period(2024, 1, 6), "累计简报"),
        ):
            brief = make(loaded_sqlite, BriefQuery(scope.code, period))
            assert brief.title == f"{scope.name}技术合同{kind}（{period.label}）"
            defined: Any = part(brief, "指标定义").table
            assert [row[0][:3] for row in defined.rows] == list(INDICATORS)


@pytest.mark.parametrize("area", ["", "150203", "999999", "15"])
def test_a_brief_of_no_scope_is_refused(loaded_sqlite: Database, area: str) -> None:
    with pytest.raises(InvalidQuery):
        make(loaded_sqlite, BriefQuery(area, Period(2024)))
