"""Indicators in a real browser: a league is chosen, a number opens its rows, a brief is taken away and opened."""

import io
import re
from collections.abc import Callable
from decimal import Decimal

import pytest
from docx import Document
from playwright.sync_api import expect
from python_calamine import CalamineWorkbook

from lib.domain.access import Actor, Role
from lib.services import demo
from lib.store.engine import Database
from tests.e2e.browser import Visit
from tests.e2e.server import Server

ACTOR = Actor(role=Role.ADMINISTRATOR, name="测试")


@pytest.fixture(scope="module")
def filled(server: Server) -> Server:
    """The server with demonstration contracts in its database."""
    server.kill()
    store = Database(f"sqlite:///{server.file}")
    demo.create(store, demo.Volume(contracts=2000), actor=ACTOR)
    store.dispose()
    server.start()
    return server


def test_a_number_opens_its_rows_and_a_shared_link_says_the_same(filled: Server, visit: Callable[..., Visit]) -> None:
    seen = visit(filled)
    page = seen.open("statistics?view=indicators&data=demo&year=2024")
    page.get_by_role("combobox", name="范围").click()
    page.get_by_role("option", name="包头市", exact=True).click()
    page.wait_for_url("**area=150200**")
    seen.settle()
    row = page.locator("table.bj-table tr", has=page.get_by_role("link", name="K01 技术合同登记数"))
    number = row.locator("td.num b").inner_text()
    amount = (
        page.locator("table.bj-table tr", has=page.get_by_role("link", name="K02 合同成交额"))
        .locator("td.num b").inner_text()
    )  # fmt: skip
    assert re.fullmatch(r"[\d,]+ 项", number)
    guest = visit(filled, 390, 844)
    guest.open(page.url.removeprefix(f"{filled.origin}/"))
    expect(guest.page.get_by_text(number).first).to_be_visible()
    row.locator("td.num a").click()
    page.wait_for_url("**view=contracts**")
    seen.settle()
    count = number.removesuffix(" 项")
    expect(page.get_by_text(f"共 {count} 项合同，成交额 {amount}")).to_be_visible()
    rows, told = 0, Decimal(0)
    for place in range(1, -(-int(count) // 25) + 1):
        if place > 1:
            page = seen.open(f"{page.url.removeprefix(filled.origin + '/').split('&page=')[0]}&page={place}")
        cells = [text for text in page.locator("table.bj-table td.num").all_inner_texts() if text.endswith("万元")]
        rows += len(cells)
        told += sum(Decimal(text.removesuffix(" 万元").replace(",", "")) for text in cells)
    assert rows == int(count)
    # Each amount of the list is rounded to 0.01 万元 of its own.
    assert abs(told - Decimal(amount.removesuffix(" 万元").replace(",", ""))) <= Decimal("0.005") * rows
    assert seen.trouble == guest.trouble == []


def test_a_brief_is_taken_away_and_says_what_the_page_says(filled: Server, visit: Callable[..., Visit]) -> None:
    seen = visit(filled)
    page = seen.open("statistics?view=indicators")
    expect(page.get_by_text("61.71 亿元").first).to_be_visible()
    with page.expect_download() as saved:
        page.get_by_role("link", name="下载 Word").click()
    paper = Document(io.BytesIO(saved.value.path().read_bytes()))
    said = [cell.text for table in paper.tables for row in table.rows for cell in row.cells]
    assert "61.71" in said
    assert "内蒙古自治区技术合同年度报告（2023 年）" in [p.text for p in paper.paragraphs]
    assert any("演示数据 2,000 项合同，没有计入" in p.text for p in paper.paragraphs)
    with page.expect_download() as saved:
        page.get_by_role("link", name="下载 Excel").click()
    book = CalamineWorkbook.from_filelike(io.BytesIO(saved.value.path().read_bytes()))
    assert 61.71 in [cell for row in book.get_sheet_by_name("公布数").to_python() for cell in row]
    page.get_by_role("link", name="打印简报").click()
    page.wait_for_url("**/print/brief**")
    expect(page.get_by_role("heading", name="缺报清单")).to_be_visible()
    page.get_by_role("link", name="返回").click()
    page.wait_for_url("**/statistics?view=indicators**")
    assert seen.trouble == []
