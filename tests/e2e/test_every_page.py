"""What a browser sees of every page: guarded on a fresh server, quiet, and no request leaves the machine."""

from collections.abc import Callable

import pytest

from lib.domain.access import VISITOR
from lib.ui.navigation import PLACES, Place
from tests.e2e.browser import Visit
from tests.e2e.server import Server

NAVIGATION = "[data-testid='stTopNavLink']"
FIRST = [place for place in PLACES if place.name in ("home", "demands", "review")]
"""The default page, one that is open and one that is not; tests/server/test_first_request.py asks for all of them."""


@pytest.mark.parametrize("place", FIRST, ids=lambda place: place.name)
def test_the_first_request_of_a_fresh_server_meets_navigation_and_guard(
    place: Place, fresh_server: Server, visit: Callable[..., Visit]
) -> None:
    seen = visit(fresh_server)
    page = seen.open(place.name)
    denied = page.get_by_text("这个页面需要权限").count() > 0
    assert denied is not VISITOR.may(place.permission)
    links = page.locator(NAVIGATION)
    assert links.count() > 0
    assert not any("审核" in text for text in links.all_inner_texts())
    assert seen.trouble == []


@pytest.mark.parametrize("place", PLACES, ids=lambda place: place.name)
def test_every_page_is_quiet_for_the_administrator_and_fits_a_phone(
    place: Place, server: Server, administrator: str, visit: Callable[..., Visit]
) -> None:
    seen = visit(server, token=administrator)
    page = seen.open(place.name)
    assert page.get_by_text("这个页面需要权限").count() == 0
    page.set_viewport_size({"width": 390, "height": 844})
    seen.open(place.name)
    too_wide = page.evaluate(
        """() => [document.scrollingElement, document.querySelector("[data-testid='stMain']")]
                   .map(e => e.scrollWidth - e.clientWidth).filter(over => over > 0)"""
    )
    assert too_wide == []
    assert seen.trouble == []


def test_the_address_follows_links_within_a_page_through_reload_back_and_forward(
    server: Server, visit: Callable[..., Visit]
) -> None:
    seen = visit(server)
    page = seen.open("achievements?field=9")

    def shown() -> tuple[str, str]:
        seen.settle()
        return page.url.removeprefix(server.origin), page.locator("h1").first.inner_text()

    page.evaluate("window.stayed = true")
    page.locator(".bj-card-achievement").first.click()  # the whole of it is the link
    page.wait_for_url("**/achievements?id=*")
    record = shown()
    assert page.evaluate("window.stayed"), "a link of ours goes on in the session"
    page.reload()
    assert shown() == record
    page.go_back()
    page.wait_for_url("**/achievements?field=9")
    assert shown() == ("/achievements?field=9", "成果库")
    page.go_forward()
    page.wait_for_url("**/achievements?id=*")
    assert shown() == record
