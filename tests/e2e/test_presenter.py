"""The deck in a real Chromium: turned by keys, readable from the last row, its clocks right, and not stopped by a
server that is gone."""

import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Browser, Page, expect

from lib.settings import settings
from tests.e2e.browser import Visit
from tests.e2e.roadshow import coming, rehearsed, slide, until
from tests.e2e.server import Server

SMALL = """() => {
    const found = [];
    for (const slide of document.querySelectorAll('.slide')) {
        const walker = document.createTreeWalker(slide, NodeFilter.SHOW_TEXT);
        while (walker.nextNode()) {
            const text = walker.currentNode.data.trim(), parent = walker.currentNode.parentElement;
            if (!text) continue;
            const map = parent.closest('svg.map');
            const scale = map ? map.getBoundingClientRect().width / 1000 : 1;
            const size = parseFloat(getComputedStyle(parent).fontSize) * scale;
            if (size < 24) found.push(`${slide.dataset.key}: ${size.toFixed(1)} px ${text.slice(0, 12)}`);
        }
        const room = slide.getBoundingClientRect();
        if (slide.scrollHeight > slide.clientHeight + 1) found.push(`${slide.dataset.key} is too tall`);
        for (const part of slide.querySelectorAll('h1, dl, .code, .ladder, table, ol, .source, svg')) {
            const box = part.getBoundingClientRect();
            if (box.right > room.right + 1 || box.bottom > room.bottom + 1) found.push(`${slide.dataset.key} spills`);
        }
    }
    return found;
}"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, loaded_file: Path) -> Iterator[Server]:
    """A server of this module's own: one of its tests ends it."""
    made = rehearsed(tmp_path_factory.mktemp("stage"), loaded_file)
    made.start()
    yield made
    made.kill()


def key(page: Page, *names: str) -> None:
    for name in names:
        page.keyboard.press(name)


def test_keys_turn_the_deck_and_the_address_follows(server: Server, visit: Callable[..., Visit]) -> None:
    event, items = coming(server)
    seen = visit(server, 1366, 768)
    page = seen.page
    page.goto(f"{server.origin}/presenter?event={event}")
    keys = [str(k) for k in page.evaluate("() => [...document.querySelectorAll('.slide')].map((s) => s.dataset.key)")]
    assert keys == ["title", "agenda", *(f"item-{item}" for item in items), "network", "channels", "closing"]
    steps = (("ArrowRight", 1), ("PageDown", 2), (" ", 3), ("ArrowLeft", 2), ("PageUp", 1), ("End", -1), ("Home", 0))
    for name, place in steps:
        key(page, name)
        assert slide(page) == keys[place], name
        number = parse_qs(urlsplit(page.url).query)["slide"][0]
        assert keys[int(number) - 1] == keys[place]
    key(page, "1", "0")
    expect(page.get_by_text("跳到第 10 页")).to_be_visible()
    key(page, "Enter")
    assert slide(page) == keys[9]
    key(page, "9", "9", "Enter")
    expect(page.get_by_text(f"一共 {len(keys)} 页")).to_be_visible()
    assert slide(page) == keys[9]
    key(page, "t")
    assert page.locator("html").get_attribute("data-theme") == "dark"
    key(page, "b")
    expect(page.locator("#black")).to_be_visible()
    key(page, "Escape")
    expect(page.locator("#black")).to_be_hidden()
    page.goto(f"{server.origin}/presenter?event={event}&slide=3")
    assert slide(page) == keys[2]
    key(page, "Escape", "Escape")
    page.wait_for_url(f"**/roadshows?id={event}")
    assert seen.trouble == []


def test_it_is_readable_from_the_last_row_and_prints_a_page_a_slide(
    server: Server, visit: Callable[..., Visit]
) -> None:
    event, _ = coming(server)
    seen = visit(server, 1920, 1080)
    page = seen.page
    for width, height in ((1920, 1080), (1366, 768)):
        page.set_viewport_size({"width": width, "height": height})
        for theme in ("light", "dark"):
            page.goto(f"{server.origin}/presenter?event={event}&theme={theme}")
            assert page.evaluate(SMALL) == [], f"{width} × {height}, {theme}"
            assert page.evaluate("() => [document.documentElement.scrollWidth, scrollY]") == [width, 0]
    count = page.locator(".slide").count()
    pdf = page.pdf(prefer_css_page_size=True, print_background=True)
    assert len(re.findall(rb"/Type\s*/Page[^s]", pdf)) == count
    assert seen.trouble == []


def test_the_clock_of_an_item_is_green_amber_red_and_counts_over(server: Server, visit: Callable[..., Visit]) -> None:
    event, _ = coming(server)
    page = visit(server, 1366, 768).page
    page.clock.install()
    page.goto(f"{server.origin}/presenter?event={event}&slide=4")  # eight minutes
    clock = page.locator("#clock")
    key(page, "ArrowLeft", "ArrowRight")
    for after, text, colour in ((1_000, "07:59", "well"), (382_000, "01:37", "well"), (2_000, "01:35", "soon"),
                                (96_000, "−00:01", "over"), (60_000, "−01:01", "over")):  # fmt: skip
        page.clock.run_for(after)
        expect(clock).to_have_text(text)
        expect(clock).to_have_class(re.compile(colour))
    key(page, "p")
    page.clock.run_for(30_000)
    expect(clock).to_have_text("−01:01")
    expect(clock).to_have_class(re.compile("paused"))
    key(page, "ArrowRight")
    page.clock.run_for(5_000)
    key(page, "ArrowLeft")
    page.clock.run_for(1_000)
    expect(clock).to_have_text("−01:02")
    page.reload()
    page.clock.run_for(1_000)
    assert slide(page).startswith("item-")
    expect(clock).to_have_text(re.compile("−01:0[2-5]"))


def test_a_laptop_that_slept_wakes_at_the_same_slide_with_the_right_clock(
    server: Server, visit: Callable[..., Visit]
) -> None:
    event, _ = coming(server)
    page = visit(server, 1366, 768).page
    page.clock.install()
    page.goto(f"{server.origin}/presenter?event={event}&slide=4")
    key(page, "ArrowLeft", "ArrowRight")
    page.clock.run_for(1_000)
    before = slide(page)
    expect(page.locator("#clock")).to_have_text("07:59")
    page.clock.fast_forward("03:00")  # the lid is closed: timers fire once, the time has passed
    page.clock.run_for(1_000)
    expect(page.locator("#clock")).to_have_text("04:58")
    assert slide(page) == before


def test_the_server_is_gone_for_twenty_seconds_in_the_middle(server: Server, chromium: Browser) -> None:
    """Going on and back works, a sign says so, even a reload shows the deck; then everybody sees the same slide."""
    event, items = coming(server)
    token = server.sign_in()
    context = chromium.new_context(viewport={"width": 1366, "height": 768}, locale="zh-CN")
    try:
        context.add_cookies([{"name": settings().session_cookie, "value": token, "url": server.origin}])
        page = context.new_page()
        page.goto(f"{server.origin}/presenter?event={event}")
        page.wait_for_function("() => document.documentElement.dataset.kept === '1'")
        key(page, "Home", "ArrowRight", "ArrowRight")
        ask = page.request
        until(lambda: ask.get(f"{server.origin}/stage/{event}").json()["slide"] == f"item-{items[0]}")
        server.kill()
        gone = time.monotonic()
        expect(page.locator("#sign")).to_be_visible(timeout=12_000)
        key(page, "ArrowRight", "ArrowRight", "ArrowLeft")
        assert slide(page) == f"item-{items[1]}"
        page.reload()
        assert slide(page) == f"item-{items[1]}"
        key(page, "ArrowRight")
        assert slide(page) == f"item-{items[2]}"
        time.sleep(max(0.0, 20 - (time.monotonic() - gone)))
        before = page.locator("#clock").inner_text()
        server.start()
        expect(page.locator("#sign")).to_be_hidden(timeout=12_000)
        until(lambda: ask.get(f"{server.origin}/stage/{event}").json()["slide"] == f"item-{items[2]}")
        fresh = context.new_page()
        fresh.goto(f"{server.origin}/presenter?event={event}")
        assert slide(fresh) == f"item-{items[2]}"
        shown = fresh.locator("#clock").inner_text()
        assert "07:20" < shown < before < "08:00", (shown, before)
    finally:
        context.close()
