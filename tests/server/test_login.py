"""Login and logout: what the cookie is, where one goes on to, and how guessing is slowed down."""

import asyncio
import re
from datetime import timedelta
from html import unescape

import pytest
from starlette.testclient import TestClient

from lib.server import login
from lib.services import accounts, attempts
from lib.settings import settings
from lib.store.engine import Database
from tests.server.conftest import OURS, PASSWORD

FORM = "application/x-www-form-urlencoded"
pytestmark = pytest.mark.usefixtures("administrator")


def enter(client: TestClient, password: str = PASSWORD, onward: str = "/", name: str = "admin") -> "login.Response":
    return client.post("/login", data={"login": name, "password": password, "next": onward}, headers=OURS)


def signed_in(client: TestClient) -> bool:
    return "退出登录" in client.get("/login").text


def test_a_login_leads_on_with_a_cookie_that_no_script_reads(client: TestClient) -> None:
    answer = enter(client, onward="/review?id=3")
    assert (answer.status_code, answer.headers["location"]) == (303, "/review?id=3")
    cookie = answer.headers["set-cookie"].split("; ")
    assert re.fullmatch(r"bj=[\w-]{43}", cookie[0])
    assert {"HttpOnly", "SameSite=lax", "Path=/"} <= set(cookie)
    assert not any(part.startswith(("Secure", "Max-Age", "expires", "Domain")) for part in cookie)
    assert answer.headers["cache-control"] == "no-store"
    assert signed_in(client)


def test_over_tls_the_browser_itself_guards_the_cookie(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PUBLIC_URL", "https://localhost:8501")
    settings.cache_clear()
    cookie = enter(client).headers["set-cookie"]
    assert cookie.startswith("__Host-bj=") and "; Secure" in cookie and "Path=/" in cookie and "Domain" not in cookie


def test_logout_ends_the_login_for_every_copy_of_its_token(client: TestClient) -> None:
    enter(client)
    token = client.cookies["bj"]
    answer = client.post("/logout", headers=OURS)
    assert answer.status_code == 303 and 'bj=""' in answer.headers["set-cookie"]
    client.cookies.clear()
    client.cookies.set("bj", token)
    assert not signed_in(client)
    assert client.post("/logout", headers=OURS).status_code == 303


def test_a_new_login_ends_the_one_before(client: TestClient) -> None:
    enter(client)
    former = client.cookies["bj"]
    enter(client)
    assert client.cookies["bj"] != former
    client.cookies.clear()
    client.cookies.set("bj", former)
    assert not signed_in(client)


def test_logout_is_no_address_that_a_link_can_open(client: TestClient) -> None:
    enter(client)
    client.get("/logout")
    assert signed_in(client)


@pytest.mark.parametrize(
    ("asked", "followed"),
    [
        ("/review", "/review"), ("/achievements?q=稀土&page=2", "/achievements?q=%E7%A8%80%E5%9C%9F&page=2"),
        ("/achievements?q=%E7%A8%80", "/achievements?q=%E7%A8%80"),
        ("//evil.example", "/"), ("/\\evil.example", "/"), ("https://evil.example", "/"), ("javascript:alert(1)", "/"),
        ("/x\r\nSet-Cookie: a=b", "/"), ("/\t/evil.example", "/"), ("", "/"), ("evil", "/"), ("/login", "/"),
        ("/logout", "/"), ("/" + "x" * 3000, "/"), ("/\u202ereview", "/"),
    ],
)  # fmt: skip
def test_one_goes_on_only_to_addresses_of_ours(asked: str, followed: str) -> None:
    assert login.safe_next(asked) == followed


@pytest.mark.parametrize(
    ("referer", "followed"),
    [
        ("http://localhost:8501/review?id=3", "/review?id=3"), ("http://evil.example/review", "/"), ("", "/"),
        ("http://localhost:8501/login?next=/review", "/"), ("http://localhost:8501//evil.example", "/"),
        ("http://[", "/"),
    ],
)  # fmt: skip
def test_without_being_told_one_goes_back_to_where_the_link_stood(
    client: TestClient, referer: str, followed: str
) -> None:
    assert f'name="next" value="{followed}"' in client.get("/login", headers={"Referer": referer}).text


def test_a_refusal_keeps_what_was_typed_but_not_the_password(client: TestClient) -> None:
    answer = enter(client, password="wrong <b>secret", name='"><script>alert(1)</script>', onward="/review")
    assert answer.status_code == 403 and "set-cookie" not in answer.headers
    assert accounts.REFUSED in unescape(answer.text)
    assert "<script>" not in answer.text and "secret" not in answer.text
    assert "&quot;&gt;&lt;script&gt;" in answer.text and 'value="/review"' in answer.text


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b'{"login": "admin"}', "application/json"), (b"x" * 20_000, FORM), (b"&".join([b"a=1"] * 11), FORM),
        (b"\xff\xfe", FORM), (b"login=%ff%fe", FORM), (b"", "multipart/form-data; boundary=x"), (b"", ""),
    ],
)  # fmt: skip
def test_what_is_no_form_is_refused(client: TestClient, content: bytes, kind: str) -> None:
    assert client.post("/login", content=content, headers={**OURS, "Content-Type": kind}).status_code == 400


def test_one_address_may_guess_only_so_often(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOGIN_FAILURES", "3")
    settings.cache_clear()
    answers = [enter(client, password="wrong", name=f"nobody{i}").status_code for i in range(5)]
    assert answers == [403, 403, 403, 429, 429]
    slowed = enter(client)
    assert slowed.status_code == 429 and slowed.headers["retry-after"] == "300"
    later = attempts.now_utc() + timedelta(seconds=301)
    monkeypatch.setattr(attempts, "now_utc", lambda: later)
    assert enter(client).status_code == 303


def test_an_account_is_locked_whatever_the_address(client: TestClient) -> None:
    for _ in range(accounts.FREE_FAILURES + 1):
        assert enter(client, password="wrong").status_code == 403
    refused = enter(client)
    assert refused.status_code == 403 and accounts.REFUSED in unescape(refused.text)


def test_an_upload_needs_a_login_and_the_page_of_the_same_browser(client: TestClient, app_database: Database) -> None:
    assert client.put("/_stcore/upload_file/page-1/f", headers=OURS).status_code == 403
    enter(client)
    assert client.put("/_stcore/upload_file/page-1/f", headers=OURS).status_code == 403
    client.cookies.set("bj", "x" * 43)
    assert client.delete("/_stcore/upload_file/page-1/f", headers=OURS).status_code == 403


def test_the_page_needs_no_script_and_nothing_from_elsewhere(client: TestClient) -> None:
    page = client.get("/login?next=/review").text
    assert "<script" not in page and "http" not in page.replace("http-equiv", "")
    assert 'lang="zh-CN"' in page and 'name="viewport"' in page and 'value="/review"' in page


def test_a_crowd_is_asked_to_come_back(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(login, "_WAITING", 0)
    answer = enter(client)
    assert answer.status_code == 503 and "稍候" in answer.text


def test_passwords_are_checked_two_at_a_time() -> None:
    async def scene() -> tuple[int, bool]:
        turns, inside, most = login.Turns(), 0, 0

        async def check() -> None:
            nonlocal inside, most
            async with turns:
                inside += 1
                most = max(most, inside)
                await asyncio.sleep(0.01)
                inside -= 1

        checks = [asyncio.ensure_future(check()) for _ in range(login._WAITING + login._AT_ONCE)]
        await asyncio.sleep(0)
        crowded = turns.crowded
        await asyncio.gather(*checks)
        return most, crowded and not turns.crowded

    assert asyncio.run(scene()) == (2, True)
