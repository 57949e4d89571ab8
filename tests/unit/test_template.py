"""The workbook that people fill in: how a cell reads as an answer, and that no text breaks the reading."""

import io
from datetime import date
from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lib.files import export, tables
from lib.files.template import EXAMPLE, CellError, Column, answer, matched, write

FIELD = Column(
    "field", "技术领域", "choice", options={1: "电子信息", 5: "新材料及其应用", 6: "新能源与高效节能"}, required=True
)
TRL = Column("trl", "技术成熟度", "choice", options={n: f"{n} 级 说明" for n in range(1, 10)})
LEAGUE = Column("league", "所属盟市", "choice", options={"150100": "呼和浩特市", "152500": "锡林郭勒盟"})
BANNER = Column("banner", "所属旗县", "choice", options={"150102": "新城区", "152502": "锡林浩特市"}, within="league")
MODES = Column("mode", "方式", "choices", options={"技术转让": "技术转让", "专利许可": "专利许可"})
DAY = Column("until", "有效期止", "date")
RIGHTS = Column(
    "rights",
    "知识产权",
    "table",
    cells=(Column("kind", "形式", options={"发明专利": "发明专利"}), Column("number", "编号")),
)
ALL = (Column("title", "成果名称", required=True), FIELD, TRL, LEAGUE, BANNER, MODES, DAY, RIGHTS)


@pytest.mark.parametrize(
    ("column", "text", "said"),
    [
        (FIELD, "新材料及其应用", 5),
        (FIELD, " 新材料 及其应用 ", 5),
        (FIELD, "５", 5),
        (FIELD, "新材料", 5),
        (FIELD, "", ""),
        (TRL, "TRL6", 6),
        (TRL, "6级", 6),
        (TRL, "6 级 说明", 6),
        (LEAGUE, "锡林郭勒", "152500"),
        (LEAGUE, "150100", "150100"),
        (BANNER, "锡林浩特", "152502"),
        (MODES, "专利许可，技术转让", "专利许可、技术转让"),
        (DAY, "2026/1/5", date(2026, 1, 5)),
        (DAY, "2026.01.05", date(2026, 1, 5)),
        (DAY, "2026年1月5日", date(2026, 1, 5)),
        (RIGHTS, "发明|ZL1\n\n发明专利｜ZL2", [{"kind": "发明专利", "number": f"ZL{n}"} for n in (1, 2)]),
        (RIGHTS, "商标|1|", [{"kind": "商标", "number": "1"}]),
    ],
)  # fmt: skip
def test_a_cell_reads_as_the_answer_of_the_form(column: Column, text: str, said: Any) -> None:
    assert answer(column, text, {"league": "152500"}) == said


@pytest.mark.parametrize(
    ("column", "text"),
    [
        (FIELD, "新"),  # one character, and two words begin with it
        (FIELD, "7"),
        (BANNER, "新城区"),  # of another league
        (BANNER, "150102"),
        (MODES, "技术转让、白送"),
        (DAY, "2026-01"),
        (DAY, "46352"),
        (RIGHTS, "发明专利|1|2"),
    ],
)
def test_what_cannot_be_read_names_its_column(column: Column, text: str) -> None:
    with pytest.raises(CellError, match=f"^「{column.label}」"):
        answer(column, text, {"league": "152500"})


@settings(max_examples=300, derandomize=True)
@given(st.sampled_from(ALL), st.text(max_size=60))
def test_any_text_is_an_answer_or_a_sentence(column: Column, text: str) -> None:
    try:
        answer(column, text, {"league": "152500"})
    except CellError as sentence:
        assert str(sentence).endswith("。") and "\u202e" not in str(sentence)


@settings(max_examples=300, derandomize=True)
@given(st.text(max_size=40))
def test_what_was_made_safe_reads_back_as_it_was(text: str) -> None:
    told = export.safe(text)
    assert told == text or export.plain(told) == text


def test_text_that_xml_cannot_hold_damages_no_workbook() -> None:
    data = export.xlsx_bytes({"表": (("甲",), [["a\uffffb\x07c\ud800"], ["=1+1"]])})
    assert pd.read_excel(io.BytesIO(data), engine="calamine")["甲"][1] == "'=1+1"


def test_a_header_is_known_by_label_or_name_and_never_twice() -> None:
    assert [c and c.name for c in matched(["成果名称（必填）", "FIELD", "所属 盟市", "备注"], ALL)] == [
        "title",
        "field",
        "league",
        None,
    ]
    with pytest.raises(CellError, match="「技术领域」这一列出现了两次"):
        matched(["技术领域", "field"], ALL)


def test_the_workbook_has_drop_downs_within_the_limits_of_spreadsheets(recwarn: pytest.WarningsRecorder) -> None:
    data = write(ALL, {"title": "某项", "until": "2026-01-05"}, ("怎么填",))
    assert not recwarn.list  # XlsxWriter warns of, and leaves out, what a spreadsheet would not open
    table = tables.read(data, "表.xlsx")
    assert table.header[:2] == ["成果名称（必填）", "技术领域（必填）"]
    assert (table.lines[0].cells[0], table.lines[0].cells[6]) == (f"{EXAMPLE}某项", "2026-01-05")
