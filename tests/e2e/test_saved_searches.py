"""A saved search in a real browser: kept after logging in, unread when something new is published, read when opened."""

from collections.abc import Callable
from urllib.parse import quote

from playwright.sync_api import expect

from lib.domain.dates import now_utc
from lib.store.engine import Database
from lib.store.models import Achievement
from tests.e2e.browser import Visit
from tests.e2e.server import PASSWORD, Server

TITLE = "稀土尾矿里的铌再选一次"


def _publish(server: Server) -> None:
    store, now = Database(f"sqlite:///{server.file}"), now_utc()
    with store.write() as session:
        session.add(Achievement(title=TITLE, origin="submitted", league_code="150200", created_at=now, updated_at=now))
    store.dispose()


def test_a_visitor_logs_in_keeps_a_search_and_is_told_of_what_is_new(
    server: Server, visit: Callable[..., Visit]
) -> None:
    seen = visit(server)
    page = seen.open(f"achievements?q={quote('稀土')}&league=150200")
    page.get_by_role("link", name="保存这次搜索").click()
    page.locator("input[name=login]").fill("admin")
    page.locator("input[name=password]").fill(PASSWORD)
    page.locator("form button").click()
    page.wait_for_url(f"**/achievements?q={quote('稀土')}&league=150200")
    seen.settle()
    page.get_by_role("button", name="保存这次搜索").click()
    expect(page.get_by_role("link", name="已保存")).to_be_visible()
    assert TITLE not in page.content()

    _publish(server)
    seen.open("mine?view=searches")
    expect(page.get_by_text("新公开 1 条")).to_be_visible()
    expect(page.get_by_text("工作台 1")).to_be_visible()
    page.get_by_role("link", name="稀土；盟市：包头市").click()
    expect(page.get_by_text("上次看过以后新公开 1 条")).to_be_visible()
    seen.settle()
    expect(page.get_by_role("link", name=TITLE)).to_be_visible()
    seen.open("mine?view=searches")
    expect(page.get_by_role("link", name="稀土；盟市：包头市")).to_be_visible()
    assert page.get_by_text("新公开").count() == page.get_by_text("工作台 1").count() == 0

    feed = page.request.get(f"{seen.origin}/feeds/achievements.atom?q={quote('稀土')}&league=150200")
    assert feed.status == 200 and TITLE in feed.text()
    assert seen.trouble == []
