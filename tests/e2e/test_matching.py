"""A match confirmed and one refused, in a real browser; what everybody sees of it afterwards."""

from collections.abc import Callable

from playwright.sync_api import Page, expect

from tests.e2e.browser import Visit
from tests.e2e.server import Server

DEMAND = "demands?id=13"
CARDS = ".bj-card-achievement"


def _decide(seen: Visit, title: str, choice: str, reason: str, told: str) -> None:
    page = seen.page
    box = page.get_by_role("combobox", name="成果", exact=True)
    box.click()
    box.fill(title)
    page.get_by_role("option", name=title).click()
    page.get_by_text(choice, exact=True).last.click()
    page.get_by_label("理由", exact=True).fill(reason)
    page.get_by_role("button", name="保存", exact=True).click()
    expect(page.get_by_text(told)).to_be_visible()
    seen.settle()


def _titles(page: Page) -> list[str]:
    return [text.strip() for text in page.locator(f"{CARDS} a.bj-card-title").all_inner_texts()]


def test_one_is_confirmed_and_one_refused(server: Server, administrator: str, visit: Callable[..., Visit]) -> None:
    seen = visit(server, token=administrator)
    page = seen.open(DEMAND)
    first, second, *_ = _titles(page)
    _decide(seen, first, "确认对接", "已约见双方", "已确认对接 1 项")
    _decide(seen, second, "不合适", "工艺路线不同", "另有 1 项已排除")
    guest = visit(server, 390, 844)
    shown = _titles(guest.open(DEMAND))
    assert first in shown and second not in shown
    confirmed = guest.page.locator(CARDS, has_text=first)
    expect(confirmed.get_by_text("已确认对接")).to_be_visible()
    assert guest.page.get_by_text("工艺路线不同").count() == guest.page.get_by_text("办理对接").count() == 0
    confirmed.get_by_role("link").click()
    guest.page.wait_for_url("**/achievements?id=*")
    expect(guest.page.get_by_text("可能用得上它的需求")).to_be_visible()
    assert seen.trouble == guest.trouble == []
