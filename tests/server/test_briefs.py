"""A brief over HTTP: the page to print and both files, by the same address; junk is refused in words."""

import io
import re

import pytest
from docx import Document
from python_calamine import CalamineWorkbook
from starlette.testclient import TestClient

QUERY = "area=150000&year=2023"


def test_page_document_and_workbook_say_the_same(client: TestClient) -> None:
    page = client.get(f"/print/brief?{QUERY}")
    assert page.status_code == 200
    assert page.headers["cache-control"] == "no-store"
    assert "<script" not in page.text
    assert "内蒙古自治区技术合同年度报告（2023 年）" in page.text
    assert f"/download/brief.docx?{QUERY.replace('&', '&amp;')}" in page.text
    told = re.sub(r"<[^>]+>", "\n", page.text)
    word = client.get(f"/download/brief.docx?{QUERY}")
    assert word.status_code == 200
    assert "filename*=UTF-8''" in word.headers["content-disposition"]
    paper = Document(io.BytesIO(word.content))
    for table in paper.tables:
        for row in table.rows:
            for cell in row.cells:
                assert cell.text.strip() == "" or cell.text.split("\n")[0] in told
    book = CalamineWorkbook.from_filelike(io.BytesIO(client.get(f"/download/brief.xlsx?{QUERY}").content))
    assert book.get_sheet_by_name("说明").to_python()[0][0] == "内蒙古自治区技术合同年度报告（2023 年）"
    assert "61.71" in told


def test_without_words_the_last_published_year(client: TestClient) -> None:
    assert "（2023 年）" in client.get("/print/brief").text


@pytest.mark.parametrize(
    "query",
    ["area=1", "year=abc", "year=2023&months=7-6", "year=2023&months=0-13", "year=2023&months=x",
     "area=150203&year=2023", "year=99999", "area=%00&year=2023", "year=١٢٣٤"],
)  # fmt: skip
@pytest.mark.parametrize("path", ["/print/brief", "/download/brief.docx", "/download/brief.xlsx"])
def test_what_is_no_scope_or_period_is_said(client: TestClient, path: str, query: str) -> None:
    answer = client.get(f"{path}?{query}")
    assert answer.status_code == 404
    assert "没有这" in answer.text
