"""Three people and a broker use the product as they would: every step in a real browser of their own.

An administrator invites an official and a broker; an enterprise registers and is confirmed; its achievement is
returned, mended, published, revised; the broker asks to see what is closed, is let in, and shut out again.
"""

from collections.abc import Callable
from typing import Final

import pytest
from playwright.sync_api import Page, expect

from lib.domain.reviews import CHECKLIST
from tests.e2e.browser import Visit
from tests.e2e.server import PASSWORD, Server
from tests.e2e.test_submissions import on

UNIT = "锡林郭勒盟草原装备有限公司"
TITLE = "草原割草机仿形浮动割台技术"
SECRET = "弹簧刚度十二牛每毫米"
CODE = "91350100M000100Y43"
STEPS: Final[tuple[tuple[dict[str, str], tuple[str, ...]], ...]] = (
    (
        {"成果简介": "割台随地形起伏，留茬高度稳定，减少漏割和铲土。", "关键词": "割草机、仿形"},
        ("技术领域", "成果类别"),
    ),
    (
        {"技术指标": "留茬高度误差不大于八毫米。", "配方与关键参数（选填，授权可见）": SECRET},
        ("技术成熟度", "所处阶段"),
    ),
    ({}, ("形式",)),
    ({}, ()),
    ({"第一完成人": "巴特尔", "联系人": "巴特尔", "联系电话": "13900001234"}, ()),
)
"""What each step of an achievement requires beside its title and the unit, which is known."""


@pytest.fixture
def people(fresh_server: Server, visit: Callable[..., Visit]) -> dict[str, Visit]:
    """A browser for each of the four."""
    return {who: visit(fresh_server) for who in ("administrator", "official", "member", "broker")}


def _click(seen: Visit, name: str) -> None:
    seen.page.get_by_role("button", name=name, exact=True).click()
    seen.settle()


def _follow(seen: Visit, name: str) -> None:
    seen.page.get_by_role("link", name=name).first.click()
    seen.settle()


def _fill(page: Page, label: str, text: str) -> None:
    box = page.get_by_label(label, exact=True)
    box.fill(text)
    box.press("Tab")


def _choose(seen: Visit, label: str, option: str = "") -> None:
    box = seen.page.get_by_role("combobox", name=label, exact=True)
    box.click()
    if option:
        box.fill(option)
        seen.page.get_by_role("option", name=option).first.click()
    else:
        box.press("ArrowDown")
        box.press("Enter")
    seen.settle()


def _invite(keeper: Visit, role: str, scope: str = "") -> str:
    keeper.open("accounts?view=invitations")
    _choose(keeper, "身份", role)
    if scope:
        _choose(keeper, "所管地区", scope)
    _click(keeper, "生成链接")
    link = keeper.page.locator("[data-testid=stCode] code").inner_text().strip()
    return link.removeprefix(keeper.origin)


def _accept(guest: Visit, link: str, login: str, name: str) -> None:
    page = guest.page
    page.goto(guest.origin + link)
    for field, value in {"login": login, "name": name, "password": PASSWORD, "again": PASSWORD}.items():
        page.locator(f"input[name={field}]").fill(value)
    page.locator("input[name=consent]").check()
    page.locator("form button").last.click()
    guest.settle()


def _register(guest: Visit) -> None:
    page = guest.page
    page.goto(f"{guest.origin}/register")
    for field, value in {
        "organization": UNIT, "code": CODE, "login": "batel", "name": "巴特尔", "password": PASSWORD, "again": PASSWORD,
    }.items():  # fmt: skip
        page.locator(f"input[name={field}]").fill(value)
    page.locator("select[name=league]").select_option("152500")
    page.locator("input[name=consent]").check()
    page.locator("form button").last.click()
    guest.settle()


def _post(member: Visit) -> None:
    page = member.open("submit?kind=achievement")
    _fill(page, "成果名称", TITLE)
    member.settle()
    for number, (texts, choices) in enumerate(STEPS, 1):
        for label, text in texts.items():
            _fill(page, label, text)
        for label in choices:
            _choose(member, label)
        if number == 4:
            _click(member, "许可他人使用")
        if number < len(STEPS):
            on(member)
    _declare(member)
    _click(member, "提交审核")
    expect(page.locator(".bj-receipt strong")).to_contain_text("CG-")


def _step(seen: Visit, title: str) -> None:
    seen.page.get_by_role("radiogroup", name="步骤").get_by_text(title).click()
    seen.settle()


def _declare(member: Visit) -> None:
    _step(member, "单位与提交")
    for words in ("所填情况属实", "已自查"):
        member.page.get_by_text(words).click()
    member.settle()


def _decide(official: Visit, decision: str, comment: str = "", title: str = TITLE) -> None:
    page = official.open("review")
    page.get_by_role("link", name=title).first.click()
    official.settle()
    if decision == "发布":
        for point in CHECKLIST.values():
            page.get_by_text(point).click()
    if comment:
        page.get_by_label("意见", exact=True).fill(comment)
    page.get_by_role("radiogroup", name="决定").get_by_text(decision, exact=True).click()
    _click(official, "确认")
    expect(page.get_by_text(f"已{decision}。")).to_be_visible()


def _record(seen: Visit, title: str) -> Page:
    page = seen.open(f"achievements?q={title}")
    page.get_by_role("link", name=title, exact=True).first.click()
    seen.settle()
    return page


def test_from_registration_to_a_grant_that_is_revoked(people: dict[str, Visit]) -> None:
    keeper, official, member, broker = people.values()
    keeper.sign_in()
    _accept(official, _invite(keeper, "主管部门", "锡林郭勒盟"), "xilingol", "科技局审核员")
    _accept(broker, _invite(keeper, "技术经纪人"), "broker", "经纪人甲")
    _register(member)

    page = official.open("accounts")
    expect(page.get_by_text(UNIT).first).to_be_visible()
    _click(official, "通过")
    _post(member)

    _decide(official, "退回整改", "请补充作业幅宽。")
    page = member.open("mine")
    _follow(member, TITLE)
    expect(page.get_by_text("请补充作业幅宽。").first).to_be_visible()
    _follow(member, "修改后重新提交")
    _step(member, "技术与成熟度")
    _fill(page, "技术指标", "留茬高度误差不大于八毫米，作业幅宽四米。")
    _declare(member)
    _click(member, "重新提交")

    official.open("review")
    _decide(official, "发布")
    page = _record(broker, TITLE)
    assert SECRET not in page.content()
    page.get_by_label("申请理由").fill("为两家牧机企业做中试前的技术评估。")
    _click(broker, "申请查看")
    page = member.open("access?view=waiting")
    _click(member, "同意")
    page = _record(broker, TITLE)
    _click(broker, "查看")
    expect(page.get_by_text(SECRET)).to_be_visible()

    revised = f"{TITLE}（第二代）"
    member.open("mine")
    _follow(member, TITLE)
    _follow(member, "修订")
    _fill(member.page, "成果名称", revised)
    _declare(member)
    _click(member, "提交修订")
    assert _listed(broker, revised) == 0 and _listed(broker, TITLE) == 1
    _decide(official, "发布", title=revised)
    assert _listed(broker, revised) == 1

    member.open("access?view=granted")
    _click(member, "收回授权")
    page = _record(broker, revised)
    assert SECRET not in page.content()
    assert page.get_by_role("button", name="查看", exact=True).count() == 0
    page = official.open("audit")
    for action in ("查看授权内容", "收回授权"):
        expect(page.get_by_text(action).first).to_be_visible()
    assert [seen.trouble for seen in people.values()] == [[], [], [], []]


def _listed(seen: Visit, title: str) -> int:
    page = seen.open(f"achievements?q={title}")
    return page.get_by_role("link", name=title, exact=True).count()
