"""The map in a browser: from a click on a league to its finished picture, beside the rerun of an empty page."""

import statistics
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from playwright.sync_api import Browser, Page, sync_playwright

from bench import servers
from bench.bed import Bed
from lib.ui.maps.base import Frame
from lib.ui.maps.network import HEIGHT, REGION_BOUNDS, WIDTH
from tests.e2e.browser import FLAGS, MAP, executable, spot

_ROUNDS: Final = 7
_PLACE: Final = (108.0, 39.3)  # in 鄂尔多斯市
_NOTED: Final = """
const Socket = window.WebSocket;
window.noted = {begun: 0, painted: 0, drawn: 0};
window.WebSocket = class extends Socket {
  constructor(...given) {
    super(...given);
    this.addEventListener("message", () => requestAnimationFrame(() => requestAnimationFrame(() => {
      window.noted.painted = performance.now();
    })));
  }
};
for (const name of ["drawElements", "drawArrays", "drawElementsInstanced", "drawArraysInstanced"]) {
  const draw = WebGL2RenderingContext.prototype[name];
  WebGL2RenderingContext.prototype[name] = function (...given) {
    if (this.canvas.id === "deckgl-overlay") window.noted.drawn = performance.now();
    return draw.apply(this, given);
  };
}
for (const name of ["pointerup", "keydown"])
  addEventListener(name, () => { window.noted.begun = performance.now(); }, true);
"""
"""What a page notes: when it was touched, when it had painted what it was last told, when its map was last drawn."""


def drill(bed: Bed) -> None:
    """One level down by a click, in turns with an empty page that runs once more, in one browser."""
    with servers.empty(bed.unread("empty.db")) as empty, _browser() as browser:
        network, nothing = _tab(browser), _tab(browser)
        nothing.goto(empty)
        nothing.wait_for_timeout(2000)
        downs, reruns = [], []
        for _ in range(_ROUNDS):
            downs.append(_down(network, bed.small))
            reruns.append(_rerun(nothing))
    down, rerun = statistics.median(downs), statistics.median(reruns)
    bed.report.line(f"a drill {down:.0f} ms ({min(downs):.0f}–{max(downs):.0f}), an empty page's rerun {rerun:.0f} ms "
                    f"({min(reruns):.0f}–{max(reruns):.0f}); no graphics card")  # fmt: skip
    bed.report.figure("maps", "a click on the map to the finished picture ÷ an empty page's rerun", down / rerun, 2)


@contextmanager
def _browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable(playwright), args=FLAGS)
        yield browser
        browser.close()


def _tab(browser: Browser) -> Page:
    page = browser.new_context(viewport={"width": 1440, "height": 900}).new_page()
    page.add_init_script(_NOTED)
    return page


def _down(page: Page, origin: str) -> float:
    """Milliseconds from the click on a league to the last line drawn of its map and the last word of its page."""
    page.bring_to_front()
    page.goto(f"{origin}/network?metric=organizations")
    panel = page.locator(f".st-key-net-wide {MAP}").first
    panel.locator("canvas").first.wait_for()
    x, y = spot(panel, Frame.fit(REGION_BOUNDS, WIDTH, HEIGHT, 14), *_PLACE)
    page.wait_for_timeout(3000)  # until all of the region is drawn
    page.mouse.move(x, y)
    page.wait_for_timeout(1000)
    page.mouse.click(x, y)
    page.wait_for_url("**parent=**")
    page.wait_for_timeout(3000)
    return float(page.evaluate("Math.max(noted.painted, noted.drawn) - noted.begun"))


def _rerun(page: Page) -> float:
    """Milliseconds from the key that runs a page once more to the frame with its last word."""
    page.bring_to_front()
    page.keyboard.press("r")
    page.wait_for_timeout(1000)
    return float(page.evaluate("noted.painted - noted.begun"))
