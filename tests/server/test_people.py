"""The plain forms about accounts: what was typed stays, secrets do not, and each opens only what it says."""

import json
import re
from html import unescape

import pytest
from sqlalchemy import select
from sqlalchemy.exc import OperationalError
from starlette.testclient import TestClient

from lib.domain.access import Role
from lib.services import accounts, attempts, links
from lib.settings import settings
from lib.store.engine import Database
from lib.store.models import Account
from tests.server.conftest import KEEPER, OURS, PASSWORD
from tests.services.test_people import NEWCOMER

pytestmark = pytest.mark.usefixtures("administrator")
OTHER = "锡林郭勒草原上的另一句话"
ATTACK = '"><script>alert(1)</script>'


def send(client: TestClient, path: str, **fields: str) -> "tuple[int, str]":
    """Post a form: the status, and where it leads or what it says. The client then holds one login cookie or none."""
    answer = client.post(path, data=fields, headers=OURS)
    if fresh := re.search(r"\bbj=([\w-]{43})", answer.headers.get("set-cookie", "")):
        hold(client, fresh[1])
    return answer.status_code, answer.headers.get("location") or unescape(answer.text)


def hold(client: TestClient, token: str) -> None:
    """Let the client send this login cookie and no other."""
    client.cookies.clear()
    client.cookies.set("bj", token)


def sign_in(client: TestClient, login: str = "admin", password: str = PASSWORD) -> str:
    assert send(client, "/login", login=login, password=password)[0] == 303
    return client.cookies["bj"]


def signed_in(client: TestClient) -> bool:
    return "退出登录" in client.get("/login").text


def account_id(store: Database, login: str) -> int:
    with store.read() as session:
        return session.scalars(select(Account.id).where(Account.login_key == login)).one()


def test_registering_signs_in_and_a_form_sent_twice_makes_one_account(
    client: TestClient, app_database: Database
) -> None:
    assert send(client, "/register", **NEWCOMER) == (303, "/account")
    assert signed_in(client)
    assert send(client, "/register", **NEWCOMER) == (303, "/account")
    client.cookies.clear()
    status, page = send(client, "/register", **{**NEWCOMER, "password": OTHER, "again": OTHER})
    assert status == 422 and accounts.LOGIN_TAKEN in page and not signed_in(client)
    assert account_id(app_database, "xiaoming")


def test_a_refused_form_keeps_what_was_typed_but_no_password(client: TestClient) -> None:
    typed = {name: f"{ATTACK}{name}" for name in ("login", "name", "phone", "organization", "code", "league")}
    answer = client.post("/register", data={**typed, "password": OTHER, "again": "x"}, headers=OURS)
    assert answer.status_code == 422 and "<script" not in answer.text
    assert all(unescape(answer.text).count(value) == 1 for name, value in typed.items() if name != "league")
    assert OTHER not in answer.text and answer.text.count('class="wrong"') == 4  # again, phone, code, consent


@pytest.mark.parametrize("path", ["/register", "/password", "/erase"])
def test_what_is_no_form_is_refused(client: TestClient, path: str) -> None:
    sign_in(client)
    assert client.post(path, content=b"{}", headers={**OURS, "Content-Type": "application/json"}).status_code == 400
    assert client.post(path, data={}, headers={"Origin": "http://evil.example"}).status_code == 403


@pytest.mark.parametrize("path", ["/register", "/login", "/invite/x", "/reset/x", "/password", "/erase"])
def test_every_form_is_a_page_of_ours_without_a_script(client: TestClient, path: str) -> None:
    sign_in(client)
    answer = client.get(path)
    assert (
        "<script" not in answer.text and 'lang="zh-CN"' in answer.text and answer.headers["cache-control"] == "no-store"
    )


@pytest.mark.parametrize("path", ["/password", "/erase", "/download/my-data.json"])
def test_what_is_one_s_own_asks_for_a_login(client: TestClient, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code == 303 and answer.headers["location"].startswith("/login?next=/")


def test_an_invitation_makes_an_account_or_changes_the_one_that_is_signed_in(
    client: TestClient, app_database: Database
) -> None:
    first, second = (links.invite(app_database, Role.OFFICIAL, 7, actor=KEEPER, scope="150200") for _ in range(2))
    assert "包头市" in client.get(f"/invite/{first}").text
    assert send(client, f"/invite/{first}", **{**NEWCOMER, "login": "new"}) == (303, "/account")
    assert client.get(f"/invite/{first}").status_code == 404
    assert send(client, f"/invite/{first}", **{**NEWCOMER, "login": "again"})[0] == 404
    client.cookies.clear()
    send(client, "/register", **NEWCOMER)
    before = client.cookies["bj"]
    assert "用这个账号接受" in client.get(f"/invite/{second}").text
    assert send(client, f"/invite/{second}", own="1") == (303, "/account")
    assert client.cookies["bj"] != before and signed_in(client)
    hold(client, before)
    assert not signed_in(client)
    third = links.invite(app_database, Role.BROKER, 7, actor=KEEPER)
    client.cookies.clear()
    assert send(client, f"/invite/{third}", own="1")[0] == 403  # a visitor cannot say that they are somebody


def test_a_reset_link_sets_a_password_once(client: TestClient, app_database: Database) -> None:
    sign_in(client)
    token = links.reset_link(app_database, account_id(app_database, "admin"), actor=KEEPER)
    assert send(client, f"/reset/{token}", password=OTHER, again="x")[0] == 422
    assert send(client, f"/reset/{token}", password=OTHER, again=OTHER) == (303, "/login")
    assert not signed_in(client) and client.get(f"/reset/{token}").status_code == 404
    sign_in(client, password=OTHER)


def test_a_new_password_ends_every_other_login_and_renews_this_one(client: TestClient) -> None:
    """R5: a copy of the cookie is dead once the password was changed; a wrong present password changes nothing."""
    former = sign_in(client)
    assert send(client, "/password", current="wrong", password=OTHER, again=OTHER)[0] == 403
    assert client.cookies["bj"] == former and signed_in(client)
    assert send(client, "/password", current=PASSWORD, password=OTHER, again=OTHER) == (303, "/account")
    assert client.cookies["bj"] != former and signed_in(client)
    hold(client, former)
    assert not signed_in(client)


def test_a_token_from_elsewhere_is_never_taken_over(client: TestClient) -> None:
    """R5: fixation: whatever the browser held before the login opens nothing after it."""
    planted = ("x" * 43, "A" * 43, sign_in(client))
    for token in planted:
        hold(client, token)
        assert sign_in(client) != token and signed_in(client)
        hold(client, token)
        assert not signed_in(client)
    print(f"R5: {len(planted)} planted tokens, 0 taken over")


def test_leaving_asks_for_the_password_and_the_own_data_are_one_s_own(client: TestClient) -> None:
    send(client, "/register", **NEWCOMER)
    answer = client.get("/download/my-data.json")
    assert answer.headers["cache-control"] == "no-store" and "attachment" in answer.headers["content-disposition"]
    data = json.loads(answer.content)
    assert [row["login"] for row in data["account"]] == ["xiaoming"] and "argon2" not in answer.text
    assert send(client, "/erase", current=OTHER)[0] == 403 and signed_in(client)
    assert send(client, "/erase", current=NEWCOMER["password"]) == (303, "/")
    assert not signed_in(client)
    assert send(client, "/login", login="xiaoming", password=NEWCOMER["password"])[0] == 403
    sign_in(client)
    assert send(client, "/erase", current=PASSWORD)[0] == 403  # the last administrator


def test_an_address_registers_only_so_often(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    """R6: registrations are counted as they are tried, also those that find the login taken."""
    monkeypatch.setenv("REGISTRATIONS", "2")
    settings.cache_clear()
    send(client, "/register", **NEWCOMER)
    client.cookies.clear()
    taken = {**NEWCOMER, "password": OTHER, "again": OTHER}
    assert [send(client, "/register", **taken)[0] for _ in range(2)] == [422, 429]


@pytest.mark.parametrize("name", ["admin", "nobody"])
def test_what_cannot_be_counted_is_not_allowed(client: TestClient, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """R6: when the counter's storage fails the login fails too, alike for every name, and sets no cookie."""

    def full(*_: object) -> bool:
        raise OperationalError("insert", {}, Exception("disk I/O error"))

    monkeypatch.setattr(attempts, "exhausted", full)
    answer = client.post("/login", data={"login": name, "password": PASSWORD}, headers=OURS)
    assert answer.status_code == 503 and "set-cookie" not in answer.headers
    assert "数据库暂时没有响应" in answer.text and "disk" not in answer.text


def test_addresses_that_open_something_are_not_logged(
    client: TestClient, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    seen: list[str] = []
    monkeypatch.setattr("lib.server.errors.trouble.note", lambda _error, path: seen.append(path) or "E-00000000")
    monkeypatch.setattr(links, "invitation", lambda *_args, **_named: 1 / 0)
    assert client.get("/invite/" + "s" * 43).status_code == 500
    assert seen == ["/invite/…"]


def test_an_account_without_a_password_proves_itself_by_a_fresh_login(
    client: TestClient, app_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """R5: somebody who logs in by an identity sets a password or leaves only right after logging in."""
    with app_database.write() as session:
        made = accounts.new_account(session, "identity", "", "乙", Role.APPLICANT)
        token = accounts.start_login(session, made.id, address="", agent="", method="oidc")
    hold(client, token or "")
    monkeypatch.setattr(accounts, "FRESH", accounts.FRESH * 0)
    assert send(client, "/password", password=OTHER, again=OTHER)[0] == 403
    monkeypatch.undo()
    assert send(client, "/password", password=OTHER, again=OTHER) == (303, "/account")


def test_nobody_acts_for_another(client: TestClient) -> None:
    """The forms know who asks from the cookie alone: a field that names an account changes nothing."""
    send(client, "/register", **NEWCOMER)
    send(client, "/erase", current=NEWCOMER["password"], account_id="1", login="admin")
    client.cookies.clear()
    sign_in(client)
