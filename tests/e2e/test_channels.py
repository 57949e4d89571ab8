"""转移通道 in a real browser: a band of the sankey leads to its rows, so do the keys, and an address repeats it."""

import contextlib
import re
from collections.abc import Callable

from playwright.sync_api import Page, TimeoutError, expect

from lib.services.places import by_code
from lib.ui.maps import channels as maps
from lib.ui.maps.base import Frame
from tests.e2e.browser import MAP, Visit, click_at
from tests.e2e.server import Server

ROWS = re.compile(r"([\d,]+) 条合作记录，逐条注明来源")


def rows(page: Page) -> int:
    """How many rows the page says stand behind what was chosen."""
    found = ROWS.search(page.locator(".bj-section", has_text="背后的记录").inner_text())
    assert found is not None
    return int(found[1].replace(",", ""))


def lines(page: Page) -> int:
    return page.locator("table.bj-stack tbody tr").count()


def test_a_band_leads_to_its_rows_and_its_address_shows_them_again(server: Server, visit: Callable[..., Visit]) -> None:
    seen = visit(server)
    page = seen.open("channels?channel=abroad")
    everything = rows(page)
    canvas = page.get_by_test_id("stEChartsChart").locator("canvas")
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    assert box is not None

    def asked() -> bool:
        return "partner=" in page.url

    # bands begin beside the boxes of the first stage; the first that answers will do
    for down in range(20, int(box["height"]) - 20, 12):
        page.mouse.click(box["x"] + 60, box["y"] + down)
        page.wait_for_timeout(350)
        if asked():
            break
    assert asked(), "no band answered a click"
    seen.settle()
    few = rows(page)
    assert 0 < few < everything and lines(page) == min(few, 10)
    partner = page.get_by_role("combobox", name="伙伴", exact=True)
    chosen = partner.input_value()
    again = visit(server, 390, 844)
    shared = again.open(page.url.removeprefix(f"{server.origin}/"))
    assert rows(shared) == few and shared.get_by_role("combobox", name="伙伴", exact=True).input_value() == chosen
    assert seen.trouble == again.trouble == []


def test_a_place_of_the_map_is_found_again_after_a_step_back(server: Server, visit: Callable[..., Visit]) -> None:
    seen = visit(server)
    page = seen.open("channels")
    panel = page.locator(f".st-key-arcs-wide {MAP}").first
    frame = Frame.fit(maps._BOUNDS["home"], maps.WIDTH, maps.HEIGHT, 6)

    def click(code: str) -> None:
        place = by_code(code)
        assert place
        click_at(panel, frame, place.lon, place.lat)
        page.wait_for_url(f"**place={code}**")
        seen.settle()

    click("310000")
    click("440000")
    page.go_back()
    page.wait_for_url("**place=310000**")
    seen.settle()
    click("440000")
    assert seen.trouble == []


def test_the_same_by_keyboard(server: Server, visit: Callable[..., Visit]) -> None:
    seen = visit(server)
    page = seen.open("channels")
    # In busy runs what was typed while the charts were still being put in place was lost.
    page.get_by_test_id("stEChartsChart").locator("canvas").first.wait_for()
    page.locator(".st-key-arcs-wide canvas").first.wait_for()
    box = page.get_by_role("combobox", name="来源地", exact=True)
    found = page.get_by_role("option", name=re.compile("蒙古国")).first
    for _ in range(3):
        box.focus()
        page.keyboard.type("蒙古")
        with contextlib.suppress(TimeoutError):
            found.wait_for(timeout=5000)
            break
        page.keyboard.press("Escape")
    page.keyboard.press("Enter")
    page.wait_for_url("**place=MN**")
    seen.settle()
    assert rows(page) == 12 and lines(page) == 10
    expect(page.get_by_role("heading", name="蒙古国")).to_be_visible()
    year = page.locator("table a", has_text=re.compile(r"^5$")).first
    year.focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**year=2019**")
    seen.settle()
    assert rows(page) == lines(page) == 5
    page.go_back()
    page.wait_for_url(lambda address: "year=" not in address)
    seen.settle()
    assert rows(page) == 12
    assert seen.trouble == []
