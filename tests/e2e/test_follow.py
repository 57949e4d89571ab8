"""The audience on its phones: what is on stage within two seconds; marks, a question, an intention; nothing lost or
twice when the network goes."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, Page, Route, expect
from sqlalchemy import select
from sqlalchemy.orm import undefer

from lib.domain.dates import now_utc
from lib.settings import settings
from lib.store.models import EventItem, Interest, Mark, Question
from tests.e2e.browser import Visit
from tests.e2e.roadshow import coming, read, rehearsed, until
from tests.e2e.server import Server

PHONE = (390, 844)
_START = now_utc()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, loaded_file: Path) -> Iterator[Server]:
    made = rehearsed(tmp_path_factory.mktemp("follow"), loaded_file)
    made.start()
    yield made
    made.kill()


def put(server: Server, token: str, event: int, item: int | None, slide: str = "") -> None:
    """Tell what is on stage, as the presenter's page does."""
    answer = httpx.post(
        f"{server.origin}/stage/{event}",
        json={"seq": int(time.time() * 1000), "slide": slide or f"item-{item}", "item": item,
              "timers": {"running": False, "since": None, "key": "", "spent": {}}},
        headers={"Origin": server.origin},
        cookies={settings().session_cookie: token},
        trust_env=False,
    )  # fmt: skip
    assert answer.status_code == 200, answer.text


def title_of(server: Server, item: int) -> str:
    title: str = read(server, lambda session: session.get_one(EventItem, item).title)
    return title


def rows(server: Server, entity: Any) -> list[Any]:
    options = [undefer(Interest.phone), undefer(Interest.name)] if entity is Interest else []
    found: list[Any] = read(
        server,
        lambda session: list(session.scalars(select(entity).where(entity.created_at > _START).options(*options))),
    )
    return found


def marked(page: Page, *points: int) -> None:
    for name, given in zip(("need", "maturity", "willingness"), points, strict=True):
        page.locator(f"#mark [name={name}][value='{given}']").check(force=True)
    page.get_by_role("button", name="提交打分").click()


def test_a_phone_sees_the_stage_marks_asks_and_leaves_an_intention(server: Server, visit: Callable[..., Visit]) -> None:
    event, items = coming(server)
    token = server.sign_in()
    seen = visit(server, *PHONE)
    page = seen.page
    page.goto(f"{server.origin}/follow?event={event}")
    expect(page.get_by_text("还没有开始")).to_be_visible()
    for item in items[1:3]:
        put(server, token, event, item)
        began = time.monotonic()
        title = page.locator("#now h1")
        expect(title).not_to_have_text("", timeout=3000)
        page.wait_for_function(f"() => document.querySelector('#mark').dataset.item === '{item}'")
        assert time.monotonic() - began < 2, "later than two seconds"
    item = items[2]
    marked(page, 4, 3, 5)
    expect(page.get_by_text("已送达，谢谢打分。")).to_be_visible()
    page.locator("#question textarea").fill("冬季能不能运行？")
    page.get_by_role("button", name="提交问题").click()
    expect(page.get_by_text("已送达，等台上回答。")).to_be_visible()
    page.get_by_text("留下联系方式").click()
    page.locator("#intention [name=name]").fill("演示观众甲")
    page.locator("#intention [name=phone]").fill("13800000001")
    page.locator("#intention > button").click()
    expect(page.get_by_text("并勾选同意。")).to_be_visible()
    page.locator("#intention [name=consent]").check()
    page.locator("#intention [name=phone]").fill("12")
    page.locator("#intention > button").click()
    expect(page.get_by_text("电话看起来不对")).to_be_visible()
    assert page.locator("#intention [name=name]").input_value() == "演示观众甲", "what was typed stays"
    page.locator("#intention [name=phone]").fill("13800000001")
    page.locator("#intention > button").click()
    expect(page.get_by_text("已送达，主办方会联系")).to_be_visible()
    page.reload()
    expect(page.get_by_text("已打分 · 有意向 · 已提问")).to_be_visible()
    marks, questions, interests = rows(server, Mark), rows(server, Question), rows(server, Interest)
    assert [(m.event_item_id, m.need, m.maturity, m.willingness) for m in marks] == [(item, 4, 3, 5)]
    assert [(q.event_item_id, q.text) for q in questions] == [(item, "冬季能不能运行？")]
    assert [(i.event_item_id, i.name, i.phone) for i in interests] == [(item, "演示观众甲", "13800000001")]
    sizes = page.evaluate(
        "() => [...document.querySelectorAll('button, .points label')].filter((e) => e.offsetParent)"
        ".map((e) => e.getBoundingClientRect().height)"
    )
    assert min(sizes) >= 44
    assert page.evaluate("() => document.documentElement.scrollWidth") <= PHONE[0]
    assert [t for t in seen.trouble if "422" not in t] == []


def test_what_is_sent_while_the_server_is_away_arrives_once(server: Server, chromium: Browser) -> None:
    event, items = coming(server)
    item = items[3]
    put(server, server.sign_in(), event, item)
    context = chromium.new_context(viewport={"width": PHONE[0], "height": PHONE[1]}, locale="zh-CN")
    try:
        page = context.new_page()
        page.goto(f"{server.origin}/follow?event={event}")
        page.wait_for_function(f"() => document.querySelector('#mark').dataset.item === '{item}'")
        server.kill()
        marked(page, 5, 5, 4)
        page.locator("#intention > button").click()
        expect(page.get_by_text("已保存，恢复连接后自动发送。").first).to_be_visible()
        expect(page.locator("#sign")).to_be_visible()
        server.start()
        expect(page.get_by_text("已送达，谢谢打分。")).to_be_visible(timeout=15_000)
        expect(page.locator("#sign")).to_be_hidden(timeout=15_000)

        def arrived() -> bool:
            kept = [sum(one.event_item_id == item for one in rows(server, entity)) for entity in (Mark, Interest)]
            return kept == [1, 1]

        until(arrived)
    finally:
        context.close()


def test_the_second_screen_turns_the_deck_and_shows_nothing_personal(
    server: Server, visit: Callable[..., Visit]
) -> None:
    event, items = coming(server)
    token = server.sign_in()
    put(server, token, event, items[1])
    seen = visit(server, 1440, 900, token)
    page = seen.page
    page.goto(f"{server.origin}/console?event={event}")
    phone = visit(server, *PHONE).page
    phone.goto(f"{server.origin}/follow?event={event}")
    page.get_by_role("button", name="下一页").click()
    phone.wait_for_function(f"() => document.querySelector('#mark').dataset.item === '{items[2]}'", timeout=4000)
    phone.locator("#question textarea").fill("<b>设备</b>由谁投入？")
    phone.get_by_role("button", name="提交问题").click()
    expect(page.get_by_text("<b>设备</b>由谁投入？")).to_be_visible(timeout=6000)
    page.get_by_role("button", name="已回答").first.click()
    expect(page.locator("li.answered").first).to_be_visible(timeout=6000)
    assert "13800000001" not in page.content()
    assert "演示观众" not in page.content()
    assert seen.trouble == []


@pytest.mark.parametrize("path", ["console", "presenter"])
def test_a_stream_that_was_refused_is_opened_anew(server: Server, visit: Callable[..., Visit], path: str) -> None:
    """What stands before the server answers 502 while it restarts; a browser then gives a stream up for good."""
    event, items = coming(server)
    token = server.sign_in()
    put(server, token, event, items[1])
    seen = visit(server, 1440, 900, token)
    refused: list[str] = []

    def refuse(route: Route) -> None:
        refused.append(route.request.url)
        route.fulfill(status=502)

    seen.context.route("**/stage/*/stream", refuse)
    seen.page.goto(f"{server.origin}/{path}?event={event}")
    until(lambda: seen.page.wait_for_timeout(50) or refused)
    seen.context.unroute("**/stage/*/stream")
    with seen.page.expect_response("**/stage/*/stream", timeout=10_000):
        pass
    put(server, token, event, items[2])
    shown = f"() => document.body.innerText.includes({title_of(server, items[2])!r})"
    seen.page.wait_for_function(shown, timeout=2000)


@pytest.mark.parametrize(("width", "height"), [(1440, 900), PHONE])
def test_a_few_words_about_a_record_are_left_in_a_drawer(
    server: Server, visit: Callable[..., Visit], width: int, height: int
) -> None:
    seen = visit(server, width, height)
    page = seen.open(f"achievements?id={1 if width > height else 2}")
    before = len(rows(server, Interest))
    page.get_by_role("button", name="只留个意向").click()
    drawer = page.get_by_role("dialog")
    drawer.get_by_label("姓名（选填）").fill("王五")
    drawer.get_by_role("button", name="留下意向").click()
    told = drawer.get_by_text("请阅读个人信息处理说明，并勾选同意。")
    expect(told).to_be_visible()
    expect(told).to_have_css("color", "rgb(156, 61, 39)")
    expect(drawer.get_by_label("姓名（选填）")).to_have_value("王五")
    drawer.get_by_text("我已阅读并同意").click()
    drawer.get_by_role("button", name="留下意向").click()
    expect(drawer).to_have_count(0)
    expect(page.get_by_text("意向已收到")).to_be_visible()
    kept = rows(server, Interest)
    assert (len(kept), kept[-1].name) == (before + 1, "王五")
    assert seen.trouble == []
