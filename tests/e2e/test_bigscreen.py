"""The big screen in a real browser: what it shows at both sizes, its keys, an outage, and days that pass in seconds."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect

from tests.e2e.browser import Visit
from tests.e2e.server import Server

SCENES = ("home", "network", "channels", "newest", "events")
LEAST = 24
"""The smallest letters of a hall, in pixels."""
SPILLED = """() => {
  const on = document.querySelector('.slide.on');
  const walk = document.createTreeWalker(on, NodeFilter.SHOW_TEXT), small = [];
  const box = on.getBoundingClientRect(), out = [];
  while (walk.nextNode()) {
    const text = walk.currentNode, element = text.parentElement;
    if (!text.textContent.trim()) continue;
    const svg = element.closest('svg.map');
    const scale = svg ? svg.getBoundingClientRect().width / svg.viewBox.baseVal.width : 1;
    if (parseFloat(getComputedStyle(element).fontSize) * scale < 23.5) small.push(text.textContent);
    const range = document.createRange();
    range.selectNodeContents(text);
    for (const r of range.getClientRects())
      if (r.bottom > box.bottom + 1 && !element.closest('.what, .who')) out.push(text.textContent);
  }
  const bar = document.getElementById('bar').getBoundingClientRect();
  const last = Math.max(...[...on.children].map((child) => child.getBoundingClientRect().bottom));
  return { small, out, under: last - bar.top };
}"""


def shown(page: Page) -> str:
    return str(page.evaluate("() => document.querySelector('.slide.on').dataset.key"))


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize(("width", "height"), [(1920, 1080), (1366, 768)])
def test_every_scene_is_read_from_the_back_row(
    server: Server, visit: Callable[..., Visit], width: int, height: int, theme: str
) -> None:
    seen = visit(server, width, height)
    seen.page.goto(f"{server.origin}/bigscreen?theme={theme}")
    for number, name in enumerate(SCENES, 1):
        seen.page.keyboard.press(str(number))
        assert shown(seen.page) == name
        told = seen.page.evaluate(SPILLED)
        assert told["small"] == [] and told["out"] == [], name
        assert told["under"] <= 1, f"{name} reaches {told['under']:.0f} px into the bar"
    assert seen.trouble == []


def test_keys_and_an_outage(server: Server, visit: Callable[..., Visit]) -> None:
    seen = visit(server, 1366, 768)
    page = seen.page
    page.clock.install()
    page.goto(f"{server.origin}/bigscreen?seconds=5&scenes=home,newest,events")
    assert shown(page) == "home"
    page.clock.run_for(5_000)
    assert shown(page) == "newest"
    page.keyboard.press("Space")
    expect(page.get_by_text("已暂停，按空格继续")).to_be_visible()
    page.clock.run_for(60_000)
    assert shown(page) == "newest"
    expect(page.get_by_text("已暂停，按空格继续")).to_be_hidden()
    page.keyboard.press("p")
    page.keyboard.press("ArrowRight")
    assert shown(page) == "events"
    page.keyboard.press("ArrowRight")
    assert shown(page) == "home"
    page.keyboard.press("ArrowLeft")
    assert shown(page) == "events"
    page.keyboard.press("t")
    assert page.evaluate("() => document.documentElement.dataset.theme") == "dark"
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="按键说明")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog", name="按键说明")).to_be_hidden()
    assert seen.trouble == []
    seen.context.set_offline(True)
    page.clock.run_for(301_000)
    expect(page.get_by_text("与服务器断开，画面停在断开前的数据")).to_be_visible()
    before = shown(page)
    page.clock.run_for(5_000)
    assert shown(page) != before, "it goes round all the same"
    seen.context.set_offline(False)
    page.evaluate("window.dispatchEvent(new Event('online'))")
    expect(page.locator("#sign")).to_be_hidden()


def test_days_pass_and_nothing_grows(server: Server, visit: Callable[..., Visit]) -> None:
    """About ten hours: 7,200 scenes, 120 of the questions answered with all scenes anew."""
    seen = visit(server, 1366, 768)
    page = seen.page
    answered: list[int] = []

    def anew(route: Route) -> None:
        answered.append(1)
        fetched = route.fetch(headers={"Accept": "text/html"})
        body = fetched.text().replace("数据截至", f"第 {len(answered)} 次 数据截至")
        route.fulfill(status=200, body=body, headers={"ETag": f'"{len(answered)}"', "Content-Type": "text/html"})

    page.route("**/bigscreen/scenes*", anew)
    page.clock.install()
    page.goto(f"{server.origin}/bigscreen?seconds=5")
    tools = seen.context.new_cdp_session(page)
    tools.send("Performance.enable")

    def size() -> dict[str, Any]:
        for _ in range(3):
            tools.send("HeapProfiler.collectGarbage")
        told = tools.send("Performance.getMetrics")["metrics"]
        return {one["name"]: one["value"] for one in told}

    def hours(count: int) -> None:
        for _ in range(count * 12):
            page.clock.run_for(300_000)
            page.wait_for_timeout(30)

    hours(2)
    first, asked = size(), len(answered)
    hours(8)
    last = size()
    print(json.dumps({name: [first[name], last[name]] for name in ("Nodes", "JSEventListeners", "JSHeapUsedSize")}))
    assert len(answered) - asked >= 80, "it was answered with new scenes all the while"
    assert "次 数据截至" in page.content()
    assert last["Nodes"] <= first["Nodes"] * 1.05
    assert last["JSEventListeners"] == first["JSEventListeners"]
    assert last["JSHeapUsedSize"] <= first["JSHeapUsedSize"] * 1.1
