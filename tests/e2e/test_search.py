"""A search in a real browser: by keyboard alone, narrowed, shared, compared, taken away, and ending in a demand."""

import re
from collections.abc import Callable
from urllib.parse import quote

import pandas as pd
from playwright.sync_api import Page, expect

from tests.e2e.browser import Visit
from tests.e2e.server import Server
from tests.e2e.test_submissions import RECEIPT, fill_demand

CARD_TITLE = "a.bj-card-title"


def _titles(page: Page) -> list[str]:
    return [text.strip() for text in page.locator(CARD_TITLE).all_inner_texts()]


def test_two_characters_by_keyboard_alone_then_a_facet_and_back(server: Server, visit: Callable[..., Visit]) -> None:
    seen = visit(server)
    page = seen.open("achievements")
    for _ in range(40):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.type") == "search":
            break
    page.keyboard.type("稀土")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(f"q={quote('稀土')}"))
    seen.settle()
    before = _titles(page)
    assert before and page.locator("mark.bj-hit", has_text="稀土").count() > 0
    page.get_by_role("button", name=re.compile("包头市")).click()
    expect(page).to_have_url(re.compile("league=150200"))
    seen.settle()
    assert 0 < len(narrowed := _titles(page)) <= len(before) and narrowed != before
    page.go_back()
    expect(page).not_to_have_url(re.compile("league="))
    seen.settle()
    assert _titles(page) == before
    page.go_forward()
    expect(page).to_have_url(re.compile("league=150200"))
    seen.settle()
    assert _titles(page) == narrowed


def test_further_filters_by_keyboard_back_and_forward(server: Server, visit: Callable[..., Visit]) -> None:
    seen = visit(server)
    page = seen.open(f"achievements?q={quote('稀土')}")
    whole = _titles(page)
    page.get_by_role("button", name="更多筛选").press("Enter")
    expect(page).to_have_url(re.compile("more=1"))
    page.get_by_role("button", name=re.compile("^科研院所")).press("Enter")
    expect(page).to_have_url(re.compile(f"unit={quote('科研院所')}"))
    seen.settle()
    assert 0 < len(narrowed := _titles(page)) <= len(whole) and narrowed != whole
    page.go_back()
    expect(page).not_to_have_url(re.compile("unit="))
    seen.settle()
    assert _titles(page) == whole
    page.go_forward()
    expect(page).to_have_url(re.compile("unit="))
    seen.settle()
    assert _titles(page) == narrowed
    page.get_by_role("button", name="单位类别：科研院所").press("Enter")
    expect(page).not_to_have_url(re.compile("unit="))
    seen.settle()
    assert _titles(page) == whole


def test_a_search_after_the_login_ended_in_another_tab_shows_a_visitors_page(
    server: Server, visit: Callable[..., Visit]
) -> None:
    seen = visit(server)
    seen.sign_in()
    page = seen.open("achievements")
    expect(page.get_by_role("button", name="保存这次搜索")).to_be_visible()
    assert page.request.post(f"{seen.origin}/logout", headers={"Origin": seen.origin}).ok
    page.get_by_placeholder("搜稀土").fill("稀土")
    page.keyboard.press("Enter")
    expect(page.locator("a.bj-account")).to_have_text("登录")
    seen.settle()
    assert f"q={quote('稀土')}" in page.url and page.locator("mark.bj-hit", has_text="稀土").count() > 0
    expect(page.get_by_role("link", name="保存这次搜索")).to_be_visible()


def test_a_copied_link_opens_the_same_view_elsewhere(server: Server, visit: Callable[..., Visit]) -> None:
    seen = visit(server)
    page = seen.open(f"achievements?q={quote('奶业')}&year=2024&order=year&compare=1")
    page.get_by_role("button", name="复制链接").click()
    link = page.locator("[data-testid='stPopoverBody'] [data-testid='stCode']").inner_text().strip()
    other = visit(server)
    assert link.startswith(f"{other.origin}/achievements?")
    assert _titles(other.open(link.removeprefix(f"{other.origin}/"))) == _titles(page) != []
    assert other.page.locator(".st-key-compare").count() == 1


def test_two_records_are_put_side_by_side(server: Server, visit: Callable[..., Visit]) -> None:
    seen = visit(server)
    page = seen.open("demands")
    chosen = _titles(page)[:2]
    for _ in chosen:
        page.get_by_role("link", name="加入对比").first.click()
        seen.settle()
    expect(page.get_by_role("heading", name="对比 2 项需求")).to_be_visible()
    heads = page.locator("table.bj-compared thead a").all_inner_texts()
    assert heads == chosen


def test_a_file_taken_away_is_the_list(server: Server, visit: Callable[..., Visit]) -> None:
    seen = visit(server)
    page = seen.open(f"achievements?q={quote('技术')}&league=150100")
    with page.expect_download() as started:
        page.get_by_role("link", name="XLSX").click()
    taken = pd.read_excel(started.value.path(), engine="calamine")["名称"].tolist()
    listed: list[str] = []
    for number in range(1, 20):
        seen.open(f"achievements?q={quote('技术')}&league=150100&page={number}")
        if not (titles := _titles(page)):
            break
        listed += titles
    assert taken == listed and len(listed) > 12
    print(f"search: {len(listed)} rows of a file opened again, equal to the list")


def test_a_search_without_a_hit_ends_in_a_demand(server: Server, visit: Callable[..., Visit]) -> None:
    seen = visit(server)
    words = "骆驼绒分梳机器人"
    page = seen.open(f"achievements?q={quote(words)}")
    page.get_by_role("link", name=f"发布需求：{words}").click()
    expect(page.get_by_label("一句话说清需求", exact=True)).to_have_value(words)
    seen.settle()
    fill_demand(seen, words, page.url.removeprefix(f"{seen.origin}/"))
    page.get_by_role("button", name="提交审核").click()
    expect(page.locator(".bj-receipt strong")).to_have_text(RECEIPT)
