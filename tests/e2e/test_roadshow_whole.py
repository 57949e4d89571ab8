"""A whole roadshow as its people do it, through pages and forms alone: an official makes an event, builds its
programme, publishes it; a visitor comes; the deck is turned by keys; a phone marks, asks and leaves an intention; it is
followed up to the contract; the numbers say so, and the deck and the report are taken home."""

import io
import re
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

import pytest
from docx import Document
from playwright.sync_api import Page, expect
from pptx import Presentation

from lib.domain import consent
from lib.domain.access import Actor, Role
from lib.domain.dates import SHANGHAI, now_utc, today_shanghai
from lib.services import accounts
from lib.store.engine import Database
from tests.e2e.browser import Visit
from tests.e2e.roadshow import slide
from tests.e2e.server import PASSWORD, Server

PHONE: Final = (390, 844)
TITLE: Final = "赤峰市冬季科技成果路演"
TALK: Final = "成果转化政策解读"
CONTRACT: Final = "稀土材料技术许可合同"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, loaded_file: Path) -> Iterator[Server]:
    """The public data and one account: an official of 赤峰."""
    folder = tmp_path_factory.mktemp("whole")
    made = Server(folder / "served.db", folder / "server.log")
    made.file.write_bytes(loaded_file.read_bytes())
    store = Database(f"sqlite:///{made.file}")
    with store.write() as session:
        keeper = Actor(role=Role.ADMINISTRATOR, name="测试")
        accounts.create_account(session, "host", PASSWORD, "其木格", Role.OFFICIAL, scope="150400", actor=keeper)
    store.dispose()
    made.start()
    yield made
    made.kill()


def sign_in(seen: Visit) -> None:
    seen.page.goto(f"{seen.origin}/login?next=/hosting")
    seen.page.locator("input[name=login]").fill("host")
    seen.page.locator("input[name=password]").fill(PASSWORD)
    seen.page.locator("form button").click()
    seen.settle()


def type_moment(page: Page, label: str, moment: datetime) -> None:
    """A date and a time are typed digit by digit, from the year on."""
    page.get_by_role("spinbutton", name=f"年，{label}").click()
    page.keyboard.type(f"{moment:%Y%m%d%H%M}", delay=15)
    page.keyboard.press("Tab")


def type_day(page: Page, label: str) -> None:
    page.get_by_role("spinbutton", name=f"年，{label}").click()
    page.keyboard.type(f"{today_shanghai():%Y%m%d}", delay=15)
    page.keyboard.press("Tab")


def choose(seen: Visit, label: str, option: str) -> None:
    box = seen.page.get_by_role("combobox", name=label)
    box.click()
    seen.page.get_by_role("option", name=option, exact=True).click()
    seen.settle()


def press(seen: Visit, name: str) -> None:
    seen.page.get_by_role("button", name=name, exact=True).click()
    seen.settle()


def make(seen: Visit) -> int:
    """A new event that begins in an hour; returns its number."""
    page = seen.page
    page.get_by_role("link", name="新建活动").click()
    seen.settle()
    page.get_by_label("活动名称").fill(TITLE)
    start = (now_utc() + timedelta(hours=1)).astimezone(SHANGHAI).replace(minute=0)
    type_moment(page, "开始时间", start)
    type_moment(page, "结束时间", start + timedelta(hours=2))
    page.get_by_label("地点（会场、地址）").fill("赤峰市会展中心 2 号厅")
    page.get_by_label("主办单位", exact=True).fill("赤峰市科学技术局")
    seen.settle()
    press(seen, "保存为草稿")
    expect(page.get_by_text("已保存。接着排议程")).to_be_visible()
    return int(re.findall(r"id=(\d+)", page.url)[0])


def build(seen: Visit) -> list[str]:
    """Three achievements, a demand and a talk; the talk goes first; returns the titles as they stand then."""
    page = seen.page
    page.get_by_placeholder("如：稀土、奶业 废水").fill("稀土")
    page.keyboard.press("Enter")
    seen.settle()
    add = page.get_by_role("button", name="加入")
    for count in range(3):
        add.first.click()
        expect(page.locator("[class*='st-key-agenda-cells-']")).to_have_count(count + 1)
        seen.settle()
    page.get_by_role("radio", name="需求").click()
    seen.settle()
    add.first.click()
    expect(page.locator("[class*='st-key-agenda-cells-']")).to_have_count(4)
    seen.settle()
    page.get_by_label("题目", exact=True).fill(TALK)
    press(seen, "加发言")
    number = page.get_by_label("第几项").nth(4)
    number.fill("2")
    number.press("Enter")
    seen.settle()
    page.get_by_role("button", name="上移").nth(1).click()
    seen.settle()
    minutes = page.get_by_label("分钟").first
    minutes.fill("25")
    minutes.press("Tab")
    seen.settle()
    return [re.sub(r"^\s*\d\d:\d\d\s*", "", line) for line in page.locator(".bj-lead b").all_inner_texts()]


def attend(seen: Visit, event: int) -> None:
    """A visitor finds the event and registers to come."""
    page = seen.open(f"roadshows?id={event}")
    expect(page.get_by_text(TALK)).to_be_visible()
    page.get_by_role("link", name="报名观摩").first.click()
    seen.settle()
    page.get_by_label("姓名").fill("来宾甲")
    page.get_by_label("电话").fill("13800000001")
    page.get_by_label("电话").press("Tab")
    page.get_by_text(consent.AGREE).click()
    seen.settle()
    press(seen, "提交报名")
    expect(page.get_by_text("报名已收到。")).to_be_visible()


def follow(page: Page, origin: str, event: int, title: str) -> None:
    """A phone shows what is on stage, marks it, asks, and leaves an intention with a telephone number."""
    page.goto(f"{origin}/follow?event={event}")
    expect(page.locator("#now h1")).to_have_text(title)
    for name, points in (("need", 5), ("maturity", 3), ("willingness", 4)):
        page.locator(f"#mark [name={name}][value='{points}']").check(force=True)
    page.get_by_role("button", name="提交打分").click()
    expect(page.get_by_text("已送达，谢谢打分。")).to_be_visible()
    page.locator("#question textarea").fill("中试在哪里做的？")
    page.get_by_role("button", name="提交问题").click()
    expect(page.get_by_text("已送达，等台上回答。")).to_be_visible()
    page.get_by_text("留下联系方式").click()
    page.locator("#intention [name=name]").fill("来宾乙")
    page.locator("#intention [name=phone]").fill("13800000002")
    page.locator("#intention [name=consent]").check()
    page.locator("#intention > button").click()
    expect(page.get_by_text("已送达，主办方会联系")).to_be_visible()


def sign(seen: Visit, title: str) -> None:
    """The host takes the intention on and steps to the contract."""
    page = seen.open("followups?view=untaken")
    page.get_by_role("link", name=title).click()
    seen.settle()
    press(seen, "我来跟进")
    press(seen, "看联系方式")
    expect(page.get_by_text("13800000002")).to_be_visible()
    for state, note in (("已联系", "打过电话，约了看现场"), ("洽谈中", "看过现场，谈价格")):
        choose(seen, "现在的状态", state)
        page.get_by_label("情况").fill(note)
        press(seen, "保存")
        expect(page.locator("p.bj-meaning", has_text=note)).to_be_visible()
        expect(page.get_by_label("情况")).to_have_value("")
    choose(seen, "现在的状态", "已签约")
    type_day(page, "签约日期")
    page.get_by_label("合同名称（选填）").fill(CONTRACT)
    page.get_by_label("合同金额（万元，选填）").fill("120.5")
    press(seen, "保存")
    expect(page.get_by_text("已签约，跟进结束。")).to_be_visible()


def test_a_whole_roadshow_from_the_programme_to_the_contract(server: Server, visit: Callable[..., Visit]) -> None:
    host = visit(server)
    sign_in(host)
    event = make(host)
    titles = build(host)
    assert titles[0] == TALK
    assert len(titles) == len(set(titles)) == 5
    press(host, "公布议程")
    expect(host.page.get_by_text("议程第 1 版已公布。")).to_be_visible()
    press(host, "公布活动")
    expect(host.page.get_by_text("活动已公布")).to_be_visible()

    guest = visit(server)
    attend(guest, event)

    page = host.open(f"hosting?id={event}&view=audience")
    press(host, "签到")
    expect(page.get_by_text("已签到。")).to_be_visible()

    deck = host.context.new_page()
    deck.goto(f"{server.origin}/presenter?event={event}")
    assert slide(deck) == "title"
    for _ in range(3):  # agenda, the talk, the first achievement
        deck.keyboard.press("ArrowRight")
    expect(deck.locator(".slide.on")).to_contain_text(titles[1])
    phone = visit(server, *PHONE)
    follow(phone.page, server.origin, event, titles[1])
    deck.keyboard.press("PageDown")
    expect(phone.page.locator("#now h1")).to_have_text(titles[2], timeout=2000)

    sign(host, titles[1])

    page = host.open(f"hosting?id={event}&view=outcomes")
    figures = dict(zip(*(page.locator(f".bj-figures {part}").all_inner_texts() for part in ("span", "b")), strict=True))
    expected = {"到场": "1", "打分": "1", "提问": "1", "意向": "1", "已签约": "1", "没人跟进": "0"}
    assert {name: figures[name] for name in expected} == expected
    expect(page.get_by_text("路演成交率 100.0%（1 / 1）　签约额 120.50 万元")).to_be_visible()
    page.locator(".bj-figures a", has_text="已签约").click()
    host.settle()
    expect(page.get_by_text("已签约：1 条")).to_be_visible()
    page.locator("table.bj-table").first.get_by_role("link", name=titles[1]).click()
    host.settle()
    expect(page.get_by_text("已签约，跟进结束。")).to_be_visible()
    host.open(f"hosting?id={event}&view=outcomes")

    with page.expect_download() as saved:
        page.get_by_role("link", name="放映稿 PPTX").click()
    slides = Presentation(io.BytesIO(Path(saved.value.path()).read_bytes())).slides
    told = [" ".join(shape.text_frame.text for shape in one.shapes if shape.has_text_frame) for one in slides]
    assert TITLE in told[0]
    assert all(any(title in text for text in told[2:]) for title in titles)
    with page.expect_download() as saved:
        page.get_by_role("link", name="成效报告 Word").click()
    report = Document(io.BytesIO(Path(saved.value.path()).read_bytes()))
    words = " ".join(cell.text for table in report.tables for row in table.rows for cell in row.cells)
    words += " ".join(paragraph.text for paragraph in report.paragraphs)
    assert all(told in words for told in (TITLE, "120.50 万元", *titles[1:]))
    assert "1380000000" not in words
    assert host.trouble + guest.trouble + phone.trouble == []
