"""Login by an identity provider in a real browser: the strict policy of our pages lets it pass, and only it."""

import logging
from collections.abc import Callable, Iterator

import oidc_provider_mock
import pytest

from tests.e2e.browser import Visit
from tests.e2e.server import Server


@pytest.fixture
def provider(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The address of an identity provider, which the servers of this test know."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    with oidc_provider_mock.run_server_in_thread() as server:
        issuer = f"http://127.0.0.1:{server.server_port}"
        for name, value in {"ISSUER": issuer, "CLIENT_ID": "beijiang", "CLIENT_SECRET": "secret"}.items():
            monkeypatch.setenv(f"OIDC_{name}", value)
        monkeypatch.setenv("NO_PROXY", "127.0.0.1")
        monkeypatch.setenv("AUTHLIB_INSECURE_TRANSPORT", "1")
        yield issuer


def test_in_by_the_provider_and_out_of_both(provider: str, fresh_server: Server, visit: Callable[..., Visit]) -> None:
    tab = visit(fresh_server)
    page = tab.page
    page.goto(f"{fresh_server.origin}/login?next=/demands")
    page.get_by_role("link", name="用统一身份认证登录").click()
    page.locator("input[name=sub]").fill("zhang")
    page.locator("button[type=submit], input[type=submit]").first.click()
    page.wait_for_url(f"{fresh_server.origin}/account")
    tab.settle()
    assert page.get_by_text("统一身份用户").first.is_visible()
    assert {cookie["name"] for cookie in tab.context.cookies(fresh_server.origin)} >= {"bj", "bj-browser"}

    page.goto(f"{fresh_server.origin}/login")
    page.get_by_role("button", name="退出登录").click()
    page.wait_for_url(f"{provider}/oauth2/end_session**")
    assert not [cookie for cookie in tab.context.cookies(fresh_server.origin) if cookie["name"] == "bj"]
    assert [line for line in tab.trouble if "left the machine" not in line] == []
