"""What a person hands in: there once, there after a power cut, public once it is published."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import func, select

from lib.domain.dates import today_shanghai
from lib.store.engine import Database
from lib.store.models import Submission
from tests.e2e.browser import Visit
from tests.e2e.server import Server

RECEIPT = re.compile(r"XQ-\d{8}-\d{4}")
PHONE = "13900001234"
TEXTS = {
    "现在的难处": "退役叶片堆放在场站，人工切割，成本高，二次污染，急需成套的回收办法。",
    "希望达到的指标": "纤维回收率不低于百分之九十，处理成本每吨低于八百元。",
    "关键词": "风电、叶片、回收",
    "单位全称": "内蒙古某风电运维有限公司",
    "统一社会信用代码": "91330100799655058B",
    "联系人": "其木格",
    "联系电话": PHONE,
}
CHOICES = ("技术领域", "需求类别", "合作方式", "所属盟市")


def fill_demand(seen: Visit, title: str) -> Page:
    """Open the form of a demand and fill in everything it requires, up to the button."""
    page = seen.open("submit?kind=demand")
    _type(page, "一句话说清需求", title)
    seen.settle()  # similar achievements are looked up as soon as it is typed
    for label, text in TEXTS.items():
        _type(page, label, text)
    for label in CHOICES:
        box = page.get_by_role("combobox", name=label)
        box.click()
        box.press("ArrowDown")
        box.press("Enter")
        expect(box).not_to_have_value("")
    today = today_shanghai()
    for label, day in (("有效期起", today), ("有效期止", today + timedelta(days=180))):
        page.get_by_role("group", name=label).get_by_role("spinbutton").first.click()
        page.keyboard.type(f"{day:%Y%m%d}")
    for label in ("所填情况属实", "已自查"):
        page.get_by_text(label).click()
    seen.settle()
    return page


def _type(page: Page, label: str, text: str) -> None:
    box = page.get_by_label(label, exact=True)
    box.fill(text)
    box.press("Tab")


def _button(page: Page) -> None:
    page.get_by_role("button", name="提交审核").click()


def _receipt(page: Page) -> str:
    shown = page.locator(".bj-receipt strong")
    expect(shown).to_have_text(RECEIPT)
    return shown.inner_text()


def _stored(server: Server, title: str) -> int:
    store = Database(f"sqlite:///{server.file}")
    with store.read() as session:
        count = session.scalar(select(func.count()).select_from(Submission).where(Submission.title == title))
    store.dispose()
    return count or 0


def test_a_demand_sent_with_a_double_click_and_reloaded_is_there_once(
    server: Server, visit: Callable[..., Visit]
) -> None:
    seen = visit(server)
    page = fill_demand(seen, "双击提交的风机叶片回收需求")
    page.get_by_role("button", name="提交审核").dblclick()
    receipt = _receipt(page)
    seen.settle()
    for _ in range(2):
        page.reload()
        seen.settle()
        assert _receipt(page) == receipt
    assert _stored(server, "双击提交的风机叶片回收需求") == 1
    assert seen.trouble == []


def test_a_demand_survives_kill_9_right_after_its_receipt(fresh_server: Server, visit: Callable[..., Visit]) -> None:
    seen = visit(fresh_server)
    page = fill_demand(seen, "断电之前提交的叶片回收需求")
    _button(page)
    receipt = _receipt(page)
    fresh_server.kill()
    fresh_server.start()
    assert _stored(fresh_server, "断电之前提交的叶片回收需求") == 1
    later = visit(fresh_server)
    page = later.open(f"submit?view=status&receipt={receipt}")
    _type(page, "电话或邮箱", PHONE)
    page.get_by_role("button", name="查询").click()
    expect(page.get_by_text("断电之前提交的叶片回收需求").first).to_be_visible()


def test_what_is_handed_in_becomes_public_when_the_administrator_publishes_it(
    server: Server, visit: Callable[..., Visit]
) -> None:
    title = "等待审核的盐碱地改良装备需求"
    visitor = visit(server)
    page = fill_demand(visitor, title)
    _button(page)
    receipt = _receipt(page)
    assert _listed(visitor, title) == 0

    keeper = visit(server)
    keeper.sign_in()
    page = keeper.open("review")
    page.get_by_role("link", name=title).click()
    keeper.settle()
    page.get_by_text("发布", exact=True).click()
    page.get_by_role("button", name="确认").click()
    expect(page.get_by_text(f"{receipt} 已发布")).to_be_visible()

    assert _listed(visitor, title) == 1
    page = visitor.open(f"submit?view=status&receipt={receipt}")
    _type(page, "电话或邮箱", PHONE)
    page.get_by_role("button", name="查询").click()
    expect(page.get_by_text("已公开发布")).to_be_visible()
    assert PHONE not in page.inner_text("body")
    assert keeper.trouble == visitor.trouble == []


def _listed(seen: Visit, title: str) -> int:
    page = seen.open(f"demands?q={title}")
    return page.get_by_role("link", name=title, exact=True).count()


@pytest.mark.parametrize("path", ["review", "review?id=1"])
def test_after_logout_the_same_browser_is_denied(path: str, server: Server, visit: Callable[..., Visit]) -> None:
    seen = visit(server)
    seen.sign_in()
    page = seen.open(path)
    assert page.get_by_text("这个页面需要权限").count() == 0
    page.goto(f"{server.origin}/login")
    page.get_by_role("button", name="退出登录").click()
    seen.settle()
    page = seen.open(path)
    assert page.get_by_text("这个页面需要权限").count() == 1
