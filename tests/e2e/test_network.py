"""三级网络 in a real browser: one level down by a click on the canvas and by keys, a shared link, numbers and their
rows, an official who enters and checks a node."""

import re
from collections.abc import Callable
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Page

from lib.ui.maps import network as maps
from lib.ui.maps.base import Frame
from lib.ui.maps.geometry import bounds, features
from tests.e2e.browser import MAP, Visit, click_at
from tests.e2e.server import Server

ORDOS, UXIN = "150600", "150626"
PANEL = f".st-key-net-wide {MAP}"
REGION = Frame.fit(maps.REGION_BOUNDS, maps.WIDTH, maps.HEIGHT, 14)


def asked(page: Page) -> dict[str, list[str]]:
    return parse_qs(urlsplit(page.url).query)


def test_a_click_on_the_canvas_goes_down_to_a_league_and_to_a_banner(
    server: Server, visit: Callable[..., Visit]
) -> None:
    seen = visit(server)
    page = seen.open("network?metric=organizations&layer=carriers")
    panel = page.locator(PANEL).first
    panel.locator("canvas").first.evaluate("canvas => { canvas.mine = true }")
    click_at(panel, REGION, 108.0, 39.3)
    page.wait_for_url(f"**parent={ORDOS}**")
    seen.settle()
    assert panel.locator("canvas").first.evaluate("canvas => canvas.mine"), "the map is drawn anew, not mounted anew"
    assert "鄂尔多斯市：9 个旗县，4 个有机构记录" in page.locator("h1").first.inner_text()
    own = [f for f in features("banners") if f["properties"]["parent_code"] == ORDOS]
    frame = Frame.fit(bounds(own), maps.WIDTH, maps.HEIGHT, 28)
    click_at(panel, frame, 108.9, 38.35)
    page.wait_for_url(f"**banner={UXIN}**")
    seen.settle()
    assert page.get_by_role("heading", name="乌审旗").count()
    assert asked(page)["layer"] == ["carriers"], "the layers stay"
    click_at(panel, frame, 108.9, 38.35)
    page.wait_for_url(lambda address: "banner=" not in address)
    seen.settle()
    assert seen.trouble == []


def test_the_same_by_keys_alone_and_the_link_reopens_it(server: Server, visit: Callable[..., Visit]) -> None:
    seen = visit(server)
    page = seen.open("network?metric=organizations")
    for label, words, part in (("盟市", "鄂尔多斯", f"parent={ORDOS}"), ("旗县", "乌审", f"banner={UXIN}")):
        page.get_by_role("combobox", name=label).focus()
        page.keyboard.type(words)
        page.wait_for_timeout(300)
        page.keyboard.press("Enter")
        page.wait_for_url(f"**{part}**")
        seen.settle()
    shared, head = page.url, page.locator("h1").first.inner_text()
    rows = page.locator(".bj-table a[href^='/organizations?id=']").all_inner_texts()
    assert len(rows) == 5
    again = visit(server)
    other = again.open(shared.removeprefix(f"{server.origin}/"))
    assert other.locator("h1").first.inner_text() == head
    assert other.locator(".bj-table a[href^='/organizations?id=']").all_inner_texts() == rows
    assert again.trouble == seen.trouble == []


@pytest.mark.parametrize("parent", ["", ORDOS])
def test_a_number_opens_as_many_rows(server: Server, visit: Callable[..., Visit], parent: str) -> None:
    seen = visit(server)
    page = seen.open(f"network?view=standing&parent={parent}")
    link = page.locator("a[href^='/organizations?'][href*='kind=']").first
    number = int(re.sub(r"\D", "", link.inner_text()))
    link.click()
    page.wait_for_url("**/organizations?**")
    seen.settle()
    shown = page.locator("[data-testid='stMain']").inner_text()
    assert re.search(rf"(?<!\d){number} 条|共 {number}|{number} 家", shown), shown[:400]
    page = seen.open(f"network?view=coverage&need=carrier&parent={parent}")
    head = page.get_by_role("heading", name="没有载体的旗县").locator("..").inner_text()
    gaps = re.search(r"(\d+) / (\d+) 个", head)
    assert gaps
    assert page.locator(".bj-tall tbody tr").count() == int(gaps[1])
    assert page.locator(".bj-names li").count() == int(gaps[2]) - int(gaps[1])
    assert seen.trouble == []


def test_where_next_answers_a_slider_and_explains_itself(server: Server, visit: Callable[..., Visit]) -> None:
    seen = visit(server)
    page = seen.open("network?view=coverage&need=carrier&k=2")
    before = page.get_by_text("建议布在").inner_text()
    thumb = page.get_by_role("slider").first
    thumb.focus()
    page.keyboard.press("ArrowRight")
    page.wait_for_url("**k=3**")
    seen.settle()
    after = page.get_by_text("建议布在").inner_text()
    assert after.split("。")[0].count("（") == before.split("。")[0].count("（") + 1
    assert page.get_by_text("精确最优解").count() == 1
    assert seen.trouble == []


def test_an_official_enters_and_checks_a_node(server: Server, administrator: str, visit: Callable[..., Visit]) -> None:
    seen = visit(server, token=administrator)
    page = seen.open("network?view=nodes")
    page.get_by_role("link", name="内蒙古自治区枢纽").first.click()
    page.wait_for_url("**node=**")
    seen.settle()
    page.get_by_role("combobox", name="状态").focus()
    page.keyboard.type("运行中")
    page.wait_for_timeout(300)
    page.keyboard.press("Enter")
    seen.settle()
    for label, words in (("名称", "自治区技术转移枢纽"), ("联系单位", "自治区科技厅"),
                         ("来源（发布单位或文号）", "自治区科技厅"), ("来源日期", "2026-11-20")):  # fmt: skip
        page.get_by_label(label, exact=True).first.fill(words)
        page.keyboard.press("Tab")
        seen.settle()
    page.get_by_role("button", name="保存").first.click()
    page.get_by_text("已保存。").wait_for()
    seen.settle()
    page.get_by_role("button", name="核实无误").click()
    page.get_by_text("已核实，日期记为今天。").wait_for()
    seen.settle()
    assert page.get_by_text("核实网络节点").count() == 1
    page = seen.open("network?view=nodes&state=open")
    assert page.get_by_role("link", name="自治区技术转移枢纽").count() == 1
    assert seen.trouble == []
