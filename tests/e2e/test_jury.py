"""A jury in a real browser: codes made at the desk, two judges on phones, one of them without a network for a while,
and a result that nobody sees before it is published."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.browser import Visit
from tests.e2e.roadshow import coming, rehearsed
from tests.e2e.server import Server

PHONE = (390, 844)
CODE = re.compile(r"\b[2-9A-HJ-NP-Z]{5}-[2-9A-HJ-NP-Z]{5}\b")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, loaded_file: Path) -> Iterator[Server]:
    made = rehearsed(tmp_path_factory.mktemp("jury"), loaded_file)
    made.start()
    yield made
    made.kill()


def codes_of(page: Page) -> list[str]:
    """Make a jury of seven at the desk; returns the codes as the page shows them."""
    page.get_by_role("button", name="保存标准").click()
    expect(page.get_by_text("评分标准已保存。")).to_be_visible()
    page.get_by_role("button", name="生成评分码").click()
    expect(page.get_by_text("评分码只在这里显示一次")).to_be_visible()
    expect(page.get_by_role("button", name="已发给评委，收起")).to_be_visible()
    return CODE.findall(page.locator(".st-key-jury-codes").inner_text())


def score(page: Page, place: int, *points: str) -> None:
    """Type a judge's points for one project and save them."""
    card = page.locator("#sheet li").nth(place)
    for box, given in zip(card.get_by_role("textbox").all(), points, strict=True):
        box.fill(given)
    expect(card.locator(".kept")).to_have_text("未保存")
    card.get_by_role("button", name="保存").click()


def test_seven_codes_two_judges_one_result(server: Server, administrator: str, visit: Callable[..., Visit]) -> None:
    event, _ = coming(server)
    host = visit(server, token=administrator)
    desk = host.open(f"hosting?id={event}&view=jury")
    codes = codes_of(desk)
    assert len(codes) == len(set(codes)) == 7

    first, second = visit(server, *PHONE), visit(server, 1024, 768)
    wrong = first.page
    wrong.goto(f"{server.origin}/jury?event={event}")
    wrong.get_by_label("评分码").fill("22222-22222")
    wrong.get_by_role("button", name="进入").click()
    expect(wrong.get_by_text("评分码不对")).to_be_visible()
    first.trouble.clear()  # the browser's own line about the refusal
    wrong.get_by_label("评分码").fill(codes[0].lower())
    wrong.get_by_role("button", name="进入").click()
    expect(wrong.get_by_text("1 号评委")).to_be_visible()

    # the second comes by the picture: the code stands behind the #, and does not stay in the address
    tablet = second.page
    tablet.goto(f"{server.origin}/jury?event={event}#{codes[1]}")
    expect(tablet.get_by_text("2 号评委")).to_be_visible()
    assert "#" not in tablet.url and codes[1] not in tablet.content()

    score(wrong, 0, "101", "80", "80", "80", "80", "80")
    expect(wrong.get_by_text("「技术创新性」请填 0 至 100 的数字")).to_be_visible()
    first.trouble.clear()
    score(wrong, 0, "90", "80", "80.5", "80", "80", "80")
    expect(wrong.locator("#sheet li").first.locator(".kept")).to_have_text("已保存")
    expect(wrong.locator("#sheet li").first.locator(".sum")).to_have_text("加权 83.08")  # 27+16+12.075+12+8+8

    second.context.set_offline(True)
    score(tablet, 0, "70", "70", "70", "70", "70", "70")
    expect(tablet.get_by_text("网络断开，正在重连")).to_be_visible()
    second.context.set_offline(False)
    expect(tablet.locator("#sheet li").first.locator(".kept")).to_have_text("已保存", timeout=15_000)
    expect(tablet.locator("#sign")).to_be_hidden()
    second.trouble.clear()
    tablet.reload()
    expect(tablet.locator("#sheet li").first.get_by_role("textbox").first).to_have_value("70")

    guest = visit(server, *PHONE)
    assert guest.open(f"roadshows?id={event}&view=jury").get_by_text("没有公布评审结果").count() == 1
    desk.reload()
    host.settle()
    desk.get_by_role("button", name="冻结结果").click()
    expect(desk.get_by_text("结果已冻结。核对后公布。")).to_be_visible()
    expect(desk.get_by_text("76.54")).to_be_visible()  # (83.075 + 70) / 2
    assert guest.open(f"roadshows?id={event}").get_by_text("评审结果").count() == 0
    expect(wrong.get_by_text("评审结果已冻结，不能再打分。")).to_be_visible(timeout=10_000)
    expect(wrong.locator("#sheet li").first.get_by_role("textbox").first).to_be_disabled()
    desk.get_by_role("button", name="公布结果").click()
    expect(desk.get_by_text("评审结果已公布，活动页上看得到了。")).to_be_visible()

    page = guest.open(f"roadshows?id={event}")
    expect(page.get_by_text("76.54")).to_be_visible()
    page.get_by_role("link", name="76.54").click()
    page.wait_for_url("**view=jury*")
    guest.settle()
    expect(page.get_by_role("cell", name="83.075")).to_be_visible()
    expect(page.get_by_text("评委不足 7 位")).to_be_visible()
    assert host.trouble == first.trouble == second.trouble == guest.trouble == []
