"""What a person hands in: there once, there after a power cut, public once it is published."""

import re
from collections.abc import Callable
from hashlib import sha256
from secrets import token_hex
from typing import Final
from urllib.parse import parse_qs, urlparse

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import func, select

from lib.domain.access import VISITOR
from lib.domain.vocabulary import SubmissionKind
from lib.services import drafts
from lib.settings import settings
from lib.store.engine import Database
from lib.store.models import Submission
from tests.e2e.browser import Visit
from tests.e2e.server import Server
from tests.samples import demand

RECEIPT = re.compile(r"XQ-\d{8}-\d{4}")
PHONE = "13900001234"
STEPS: Final[tuple[tuple[dict[str, str], tuple[str, ...]], ...]] = (
    (
        {
            "现在的难处": "退役叶片堆放在场站，人工切割，成本高，二次污染，急需成套的回收办法。",
            "关键词": "风电、叶片、回收",
        },
        ("技术领域", "需求类别"),
    ),
    ({"希望达到的指标": "纤维回收率不低于百分之九十，处理成本每吨低于八百元。"}, ()),
    ({}, ()),
    (
        {
            "单位全称": "内蒙古某风电运维有限公司",
            "统一社会信用代码": "91330100799655058B",
            "联系人": "其木格",
            "联系电话": PHONE,
        },
        ("所属盟市",),
    ),
)
"""What each step of a demand requires beside its title: texts, and choices of which any will do."""
DECLARED = ("所填情况属实", "已自查")


def fill_demand(seen: Visit, title: str, path: str = "submit?kind=demand") -> Page:
    """Open the form of a demand and fill in everything it requires, up to the button."""
    page = seen.open(path)
    _type(page, "一句话说清需求", title)
    seen.settle()  # similar achievements are looked up as soon as it is typed
    for number, (texts, choices) in enumerate(STEPS, 1):
        for label, text in texts.items():
            _type(page, label, text)
        seen.settle()
        for label in choices:
            box = page.get_by_role("combobox", name=label)
            box.click()
            box.press("ArrowDown")
            box.press("Enter")
            expect(box).not_to_have_value("")
            seen.settle()
        if number == 3:
            page.get_by_role("button", name="合作开发", exact=True).click()
            seen.settle()
        if number < len(STEPS):
            on(seen)
    for label in DECLARED:
        page.get_by_text(label).click()
    seen.settle()
    return page


def on(seen: Visit) -> None:
    """To the next step of the form."""
    reached = int(parse_qs(urlparse(seen.page.url).query).get("step", ["1"])[0]) + 1
    seen.page.get_by_role("button", name="下一步").click()
    seen.page.wait_for_url(re.compile(f"step={reached}"))
    seen.settle()


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


def _double_click(page: Page) -> None:
    page.get_by_role("button", name="提交审核").dblclick()


def _enter_and_click(page: Page) -> None:
    button = page.get_by_role("button", name="提交审核")
    box = button.bounding_box()
    assert box is not None
    button.focus()
    page.keyboard.press("Enter")
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)


def _reload(page: Page) -> None:
    _button(page)
    receipt = _receipt(page)
    for _ in range(2):
        page.reload()
        assert _receipt(page) == receipt


def _reload_at_once(page: Page) -> None:
    _button(page)
    page.reload()
    page.wait_for_selector(".bj-receipt, .st-key-send")
    if page.locator(".bj-receipt").count() == 0:
        for label in DECLARED:
            page.get_by_text(label).click()
        _button(page)


def _back(page: Page) -> None:
    _button(page)
    receipt = _receipt(page)
    page.go_back()
    expect(page.locator("h1", has_text="需求库")).to_be_visible()
    page.go_forward()
    assert _receipt(page) == receipt


def _two_tabs(page: Page) -> None:
    other = page.context.new_page()
    other.goto(page.url)
    for label in DECLARED:
        other.get_by_text(label).click()
    _button(page)
    _button(other)
    assert _receipt(page) == _receipt(other)
    other.close()


WAYS = (_double_click, _enter_and_click, _reload, _reload_at_once, _back, _two_tabs)


def test_however_it_is_sent_it_is_there_once(server: Server, visit: Callable[..., Visit]) -> None:
    """R16: a form that is filled, sent in each of the ways in which people send one twice."""
    seen = visit(server)
    for way in WAYS:
        title = f"只提交一次的需求：{way.__name__}"
        page = seen.open("demands")
        seen.open(f"submit?kind=demand&step=4&draft={_prepared(server, seen, title)}")
        for label in DECLARED:
            page.get_by_text(label).click()
        seen.settle()
        way(page)
        _receipt(page)
    rows = [_stored(server, f"只提交一次的需求：{way.__name__}") for way in WAYS]
    print(f"R16: {len(WAYS)} ways to send, {sum(rows)} rows, {sum(row - 1 for row in rows if row > 1)} duplicates")
    assert rows == [1] * len(WAYS)
    assert seen.trouble == []


def _prepared(server: Server, seen: Visit, title: str) -> str:
    """A draft of this browser with every answer in it."""
    cookie = next(c["value"] for c in seen.context.cookies() if c["name"] == settings().browser_cookie)
    store, draft = Database(f"sqlite:///{server.file}"), token_hex(16)
    browser = sha256(cookie.encode()).hexdigest()
    assert drafts.save(store, draft, SubmissionKind.DEMAND, demand(title=title), actor=VISITOR, browser=browser)
    store.dispose()
    return draft


def test_f5_in_the_middle_of_a_sentence_loses_nothing(server: Server, visit: Callable[..., Visit]) -> None:
    """The cursor stays in the field: nothing was left, entered or pressed before the reload."""
    seen = visit(server)
    page = seen.open("submit?kind=demand")
    texts = {"一句话说清需求": "退役风机叶片回收难题", "现在的难处": "退役叶片堆放在场站，人工切割，成本高"}
    for label, text in texts.items():
        box = page.get_by_label(label, exact=True)
        box.click()
        box.press_sequentially(text[:6])
        page.wait_for_timeout(2500)  # a run comes back while somebody goes on typing
        box.press_sequentially(text[6:], delay=40)
        page.wait_for_timeout(4000)
        expect(box).to_have_value(text)
        page.reload()
        seen.settle()
        expect(page.get_by_label(label, exact=True)).to_have_value(text)
    expect(page.get_by_text("已自动保存")).to_be_visible()
    stranger = visit(server)
    other = stranger.open(page.url.removeprefix(f"{server.origin}/"))
    expect(other.get_by_label("一句话说清需求", exact=True)).to_have_value("")
    assert other.url != page.url
    assert seen.trouble == stranger.trouble == []


def test_steps_go_back_and_forth_with_the_browser_and_the_keyboard(server: Server, visit: Callable[..., Visit]) -> None:
    """On a phone: back and reload lose nothing, examples open by a key, the rail has the focus after each step."""
    seen = visit(server, width=390, height=844)
    page = seen.open("submit?kind=achievement")
    _type(page, "成果名称", "草原割草机仿形割台")
    example = page.locator("details.bj-guide", has_text="国内领先的先进技术")
    example.locator("summary").focus()
    page.keyboard.press("Enter")
    expect(example.get_by_text("让退役风机叶片")).to_be_visible()
    _type(page, "一句话价值（选填）", "漏割少一半")
    on(seen)
    rail = page.get_by_role("radiogroup", name="步骤")
    expect(rail.get_by_role("radio", checked=True)).to_be_focused()
    assert page.locator(".st-key-rail").bounding_box()["y"] >= 0  # type: ignore[index]
    _type(page, "技术指标", "留茬误差不大于 8 毫米")
    for label, text in {"指标": "漏割率", "现有水平": "3%", "本成果": "1.5%"}.items():
        _type(page, label, text)
    page.get_by_role("button", name="加一行").first.click()
    seen.settle()
    expect(page.get_by_label("本成果", exact=True)).to_have_count(2)
    expect(page.get_by_label("本成果", exact=True).first).to_have_value("1.5%")
    page.get_by_role("button", name="删去第 2 行").first.click()
    seen.settle()
    on(seen)
    page.get_by_label("获奖情况或课题来源（选填）", exact=True).fill("刚打完就后退")
    page.go_back()
    expect(page.get_by_label("技术指标", exact=True)).to_have_value("留茬误差不大于 8 毫米")
    page.go_back()
    expect(page.get_by_label("一句话价值（选填）", exact=True)).to_have_value("漏割少一半")
    page.go_forward()
    expect(page.get_by_label("本成果", exact=True)).to_have_value("1.5%")
    page.reload()
    seen.settle()
    expect(page.get_by_label("现有水平", exact=True)).to_have_value("3%")
    expect(rail.get_by_role("radio", checked=True)).to_contain_text("技术与成熟度")
    rail.get_by_text("单位与提交").click()
    for said in ("漏割率，现有水平 3%，本成果 1.5%", "刚打完就后退"):
        expect(page.get_by_text(said)).to_be_visible()
    page.get_by_role("button", name="修改").first.click()
    expect(page.get_by_label("成果名称", exact=True)).to_have_value("草原割草机仿形割台")
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
    for point in page.get_by_test_id("stCheckbox").all():
        point.click()
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
