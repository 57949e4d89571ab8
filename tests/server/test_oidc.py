"""Login by an identity provider, against a real one on this machine: what opens the door, and what does not."""

import logging
import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from html import unescape
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx
import oidc_provider_mock
import pytest
from oidc_provider_mock import _app as provider_code
from oidc_provider_mock._server import _threaded_server
from sqlalchemy import select, update
from starlette.testclient import TestClient
from structlog.testing import capture_logs
from werkzeug import Request, Response

from lib.domain.access import Role
from lib.server import oidc
from lib.services import accounts, links
from lib.settings import settings
from lib.store.engine import Database
from lib.store.models import Account, AuditEntry, Identity, Login
from tests.server.conftest import KEEPER, OURS, PASSWORD

CLIENT, SECRET, NAME = "beijiang", "a-secret-nobody-may-read", "单点登录"
INVALID = "凭据无效或已失效"


@pytest.fixture(scope="module")
def provider() -> Iterator[str]:
    """The address of an identity provider; it logs in whoever says so."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    with oidc_provider_mock.run_server_in_thread() as server:
        yield f"http://localhost:{server.server_port}"


@pytest.fixture(autouse=True)
def configured(app_database: Database, provider: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {
        "OIDC_ISSUER": provider, "OIDC_CLIENT_ID": CLIENT, "OIDC_CLIENT_SECRET": SECRET, "OIDC_NAME": NAME,
        "NO_PROXY": "localhost", "AUTHLIB_INSECURE_TRANSPORT": "1",
    }.items():  # fmt: skip
        monkeypatch.setenv(name, value)
    settings.cache_clear()
    oidc._client.cache_clear()


def away(client: TestClient, onward: str = "/review", **changed: str) -> str:
    """Leave for the provider; its address, with some of its parameters changed."""
    answer = client.get("/oidc/login", params={"next": onward})
    assert answer.status_code == 303, answer.text
    return _with(answer.headers["location"], changed)


def _with(address: str, changed: dict[str, str]) -> str:
    query = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()} | changed
    return f"{address.partition('?')[0]}?{urlencode(query)}"


def back(there: str, subject: str = "zhang", **form: str) -> str:
    """What the provider sends the browser back to, once the person there has agreed."""
    answer = httpx.post(there, data={"sub": subject, **form}, trust_env=False)
    assert answer.status_code == 302, answer.text
    return answer.headers["location"]


def enter(client: TestClient, subject: str = "zhang", onward: str = "/review") -> httpx.Response:
    return client.get(back(away(client, onward), subject))


def who(client: TestClient) -> str:
    """Who is signed in, in the words of the page; blank for nobody."""
    page = client.get("/login").text
    return page.partition("<h2>")[2].partition("</h2>")[0] if "退出登录" in page else ""


def claims(provider: str, subject: str, **claimed: object) -> None:
    httpx.put(f"{provider}/users/{subject}", json=claimed, trust_env=False).raise_for_status()


def test_a_first_login_makes_an_account_without_rights_and_later_ones_find_it(
    client: TestClient, app_database: Database, provider: str
) -> None:
    claims(provider, "zhang", name="张三", role="administrator", groups=["admin"], email="admin@example.cn")
    answer = enter(client)
    assert (answer.status_code, answer.headers["location"]) == (303, "/account")
    assert who(client) == "张三"
    again = enter(client)
    assert (again.status_code, again.headers["location"]) == (303, "/review")
    with app_database.read() as session:
        account = session.scalars(select(Account)).one()
        assert (
            account.role,
            account.organization_id,
            account.scope,
            account.password_hash,
            account.consent_version,
        ) == (Role.APPLICANT, None, None, "", "")
        identity = session.scalars(select(Identity)).one()
        assert (identity.issuer, identity.subject, identity.account_id) == (provider, "zhang", account.id)
        first, second = session.scalars(select(Login).order_by(Login.started_at))
        assert (first.method, second.method) == ("oidc", "oidc")
        assert first.ended_at is not None and second.ended_at is None
    assert enter(client, "li").headers["location"] == "/account", "another subject with the same e-mail is another one"


def test_the_way_there_is_bound_to_this_browser(client: TestClient, provider: str) -> None:
    answer = client.get("/oidc/login?next=/review")
    there = parse_qs(urlsplit(answer.headers["location"]).query)
    assert there["redirect_uri"] == ["http://localhost:8501/oidc/callback"] and there["response_type"] == ["code"]
    assert there["code_challenge_method"] == ["S256"] and there["scope"] == ["openid profile"]
    assert len(there["state"][0]) >= 20 and len(there["nonce"][0]) >= 20
    cookie = answer.headers["set-cookie"].lower()
    assert (
        cookie.startswith("bj-login=") and "httponly" in cookie and "samesite=lax" in cookie and "max-age=600" in cookie
    )
    assert SECRET not in answer.headers["location"] + cookie
    assert (
        f"用{NAME}登录" in client.get("/login").text
        and "form-action 'self'" in answer.headers["content-security-policy"]
    )


def test_logout_ends_ours_and_leads_to_the_providers(client: TestClient, provider: str) -> None:
    enter(client)
    token = client.cookies["bj"]
    answer = client.post("/logout", headers=OURS)
    there = answer.headers["refresh"].removeprefix("0; url=")
    assert answer.status_code == 200 and there.startswith(f"{provider}/oauth2/end_session?")
    assert parse_qs(urlsplit(there).query)["post_logout_redirect_uri"] == ["http://localhost:8501/"]
    assert 'bj=""' in answer.headers["set-cookie"]
    client.cookies.set("bj", token)
    assert who(client) == "" and client.post("/logout", headers=OURS).status_code == 303


def _other_state(client: TestClient, monkeypatch: pytest.MonkeyPatch, provider: str) -> str:
    return back(away(client, state="x" * 30))


def _other_nonce(client: TestClient, monkeypatch: pytest.MonkeyPatch, provider: str) -> str:
    return back(away(client, nonce="x" * 30))


def _other_browser(client: TestClient, monkeypatch: pytest.MonkeyPatch, provider: str) -> str:
    address = back(away(client))
    client.cookies.clear()
    return address


def _forged_cookie(client: TestClient, monkeypatch: pytest.MonkeyPatch, provider: str) -> str:
    address = back(away(client))
    body, _, rest = client.cookies["bj-login"].partition(".")
    client.cookies.clear()
    client.cookies.set("bj-login", f"{body[:-4]}AAAA.{rest}")
    return address


def _used_twice(client: TestClient, monkeypatch: pytest.MonkeyPatch, provider: str) -> str:
    there = away(client)
    progress = client.cookies["bj-login"]
    address = back(there)
    assert client.get(address).status_code == 303
    client.post("/logout", headers=OURS)
    client.cookies.set("bj-login", progress)
    return address


def _other_issuer(client: TestClient, monkeypatch: pytest.MonkeyPatch, provider: str) -> str:
    return _with(back(away(client)), {"iss": "https://evil.example"})


def _no_consent(client: TestClient, monkeypatch: pytest.MonkeyPatch, provider: str) -> str:
    return back(away(client), action="deny")


def _tokens(*, aud: str = "", **changed: object) -> Callable[[TestClient, pytest.MonkeyPatch, str], str]:
    """The provider makes its id tokens differently."""
    made = provider_code.OpenIDCode.get_jwt_config

    def attack(client: TestClient, monkeypatch: pytest.MonkeyPatch, provider: str) -> str:
        kind = provider_code.OpenIDCode
        monkeypatch.setattr(kind, "get_jwt_config", lambda *given, **named: {**made(*given, **named), **changed})
        if aud:
            monkeypatch.setattr(kind, "get_audiences", lambda *_: [aud], raising=False)
        return back(away(client))

    return attack


def _revoked(client: TestClient, monkeypatch: pytest.MonkeyPatch, provider: str) -> str:
    """The provider takes the token back between giving it out and our asking who it belongs to."""
    address = back(away(client))
    found = oidc._client(provider, CLIENT, SECRET, int(oidc.time.monotonic() // oidc._HOUR))
    fetch = found.fetch_access_token

    async def fetched(**named: object) -> object:
        token = await fetch(**named)
        httpx.post(f"{provider}/users/zhang/revoke-tokens", trust_env=False).raise_for_status()
        return token

    monkeypatch.setattr(found, "fetch_access_token", fetched)
    return address


FOREIGN = "不是从本平台发起的"
REFUSED = {
    "a state of somebody else": (_other_state, FOREIGN, ""),
    "a nonce of somebody else": (_other_nonce, INVALID, "InvalidClaimError"),
    "another browser": (_other_browser, FOREIGN, ""),
    "a forged cookie": (_forged_cookie, FOREIGN, ""),
    "a code used twice": (_used_twice, INVALID, "invalid_grant"),
    "an answer of another issuer": (_other_issuer, INVALID, "another issuer"),
    "no consent": (_no_consent, "没有同意", ""),
    "another audience": (_tokens(aud="another"), INVALID, "InvalidClaimError"),
    "an expired id token": (_tokens(exp=-3600), INVALID, "ExpiredTokenError"),
    "an id token of another issuer": (_tokens(iss="https://evil.example"), INVALID, "InvalidClaimError"),
    "an id token signed with a secret": (_tokens(alg="HS256", key="x" * 40), INVALID, "UnsupportedAlgorithmError"),
    "an unsigned id token": (_tokens(alg="none", key=None), INVALID, "UnsupportedAlgorithmError"),
    "a revoked token": (_revoked, INVALID, "revoked"),
}  # fmt: skip
"""What is done, what the person reads, and why it was refused according to the log."""


@pytest.mark.parametrize("attack", REFUSED)
def test_what_does_not_hold_opens_nothing(
    client: TestClient, app_database: Database, monkeypatch: pytest.MonkeyPatch, provider: str, attack: str
) -> None:
    make, sentence, reason = REFUSED[attack]
    address = make(client, monkeypatch, provider)
    with capture_logs() as logged:
        answer = client.get(address)
    assert [entry["reason"] for entry in logged if entry["event"] == "login refused"] == [reason] * bool(reason)
    assert answer.status_code == 403 and sentence in answer.text, answer.text
    assert "bj=" not in answer.headers.get("set-cookie", "") and who(client) == ""
    with app_database.read() as session:
        assert session.scalars(select(Login).where(Login.ended_at.is_(None))).all() == []


@pytest.mark.parametrize(
    "onward", ["//evil.example", "https://evil.example/x", "/\\evil.example", "javascript:alert(1)", "/logout"]
)
def test_one_comes_back_only_to_addresses_of_ours(client: TestClient, onward: str) -> None:
    enter(client)
    assert enter(client, onward=onward).headers["location"] == "/"


def test_a_switched_off_account_stays_out(client: TestClient, app_database: Database) -> None:
    enter(client)
    with app_database.write() as session:
        session.execute(update(Account).values(active=False))
    assert who(client) == ""
    answer = enter(client)
    assert answer.status_code == 403 and "已停用" in answer.text
    with app_database.read() as session:
        assert session.scalars(select(AuditEntry.action).order_by(AuditEntry.id.desc())).first() == "login.refused"


def test_an_invitation_is_accepted_by_a_first_login(client: TestClient, app_database: Database) -> None:
    token = links.invite(app_database, Role.OFFICIAL, 7, actor=KEEPER, scope="150200")
    assert f"/login?next=/invite/{token}" in client.get(f"/invite/{token}").text
    assert enter(client, "he", f"/invite/{token}").headers["location"] == f"/invite/{token}"
    assert client.post(f"/invite/{token}", data={"own": "1"}, headers=OURS).status_code == 303
    with app_database.read() as session:
        account = session.scalars(select(Account)).one()
        assert (account.role, account.scope) == (Role.OFFICIAL, "150200")
    assert who(client) == "统一身份用户"


@pytest.mark.usefixtures("administrator")
def test_an_account_is_linked_after_its_password_and_unlinked_again(
    client: TestClient, app_database: Database, provider: str
) -> None:
    assert client.get("/oidc/link").headers["location"] == "/login?next=/oidc/link"
    client.post("/login", data={"login": "admin", "password": PASSWORD}, headers=OURS)
    token = client.cookies["bj"]
    refused = client.post("/oidc/link", data={"do": "link", "password": "wrong"}, headers=OURS)
    assert refused.status_code == 403 and "密码不正确" in refused.text and "refresh" not in refused.headers
    asked = client.post("/oidc/link", data={"do": "link", "password": PASSWORD}, headers=OURS)
    done = client.get(back(asked.headers["refresh"].removeprefix("0; url="), "wang"))
    assert (done.status_code, done.headers["location"], client.cookies["bj"]) == (303, "/oidc/link", token)
    assert "已关联" in client.get("/oidc/link").text

    enter(client, "wang")
    assert who(client) == "管理员甲", "the linked account, with its own rights"
    assert (
        client.post("/oidc/link", data={"do": "unlink"}, headers={**OURS, "Origin": "http://evil.example"}).status_code
        == 403
    )
    assert client.post("/oidc/link", data={"do": "unlink"}, headers=OURS).status_code == 303
    assert who(client) == "", "the login that the identity opened has ended"
    enter(client, "wang")
    assert who(client) == "统一身份用户", "an unlinked identity is a stranger"
    stuck = client.post("/oidc/link", data={"do": "unlink"}, headers=OURS)
    assert stuck.status_code == 409 and "没有密码" in stuck.text


@pytest.mark.usefixtures("administrator")
def test_an_identity_cannot_be_linked_to_a_second_account_nor_by_another_login(
    client: TestClient, app_database: Database
) -> None:
    enter(client, "sun")
    client.post("/login", data={"login": "admin", "password": PASSWORD}, headers=OURS)
    asked = client.post("/oidc/link", data={"do": "link", "password": PASSWORD}, headers=OURS)
    taken = client.get(back(asked.headers["refresh"].removeprefix("0; url="), "sun"))
    assert taken.status_code == 409 and "另一个账号" in taken.text

    with app_database.write() as session:
        accounts.create_account(session, "second", PASSWORD, "乙", Role.OFFICIAL, actor=KEEPER)
    asked = client.post("/oidc/link", data={"do": "link", "password": PASSWORD}, headers=OURS)
    client.post("/login", data={"login": "second", "password": PASSWORD}, headers=OURS)
    moved = client.get(back(asked.headers["refresh"].removeprefix("0; url="), "zhao"))
    assert moved.status_code == 403 and "换了账号" in moved.text
    with app_database.read() as session:
        assert set(session.scalars(select(Identity.subject))) == {"sun"}


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (404, "nothing here"), (500, "{{}}"), (200, "<html>"), (200, "[]"), (200, "{{}}"), (200, '{{"issuer": 7}}'),
        (200, '{{"issuer": "https://evil.example", "authorization_endpoint": "https://evil.example/login"}}'),
        (200, '{{"issuer": "{issuer}"}}'),
    ],
)  # fmt: skip
def test_what_is_no_provider_is_one_sentence_with_a_number(
    client: TestClient, monkeypatch: pytest.MonkeyPatch, status: int, body: str
) -> None:
    @Request.application
    def other(request: Request) -> Response:
        return Response(body.format(issuer=request.host_url.rstrip("/")), status)

    with _threaded_server(other) as server:
        monkeypatch.setenv("OIDC_ISSUER", f"http://localhost:{server.server_port}")
        settings.cache_clear()
        refused(client, 502)


def refused(client: TestClient, status: int) -> None:
    answer = client.get("/oidc/login")
    assert answer.status_code == status and f"{NAME}暂时无法使用" in answer.text
    assert re.search("编号 E-[0-9A-F]{8}", answer.text) and "location" not in answer.headers
    assert client.get("/oidc/callback?code=a&state=b").status_code == 403


def test_the_provider_going_away_meanwhile_is_said_and_logout_works_all_the_same(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    enter(client)
    with oidc_provider_mock.run_server_in_thread(access_token_max_age=timedelta(minutes=5)) as server:
        monkeypatch.setenv("OIDC_ISSUER", f"http://localhost:{server.server_port}")
        settings.cache_clear()
        address = back(away(client))
    answer = client.get(address)
    assert answer.status_code == 503 and "暂时无法使用" in answer.text
    oidc._client.cache_clear()
    refused(client, 503)
    assert client.post("/logout", headers=OURS).status_code == 303 and who(client) == ""


def test_without_a_provider_there_is_no_door(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OIDC_CLIENT_SECRET", "")
    settings.cache_clear()
    assert "/oidc/" not in client.get("/login").text
    for path in ("/oidc/login", "/oidc/callback", "/oidc/link"):
        assert client.get(path).status_code == 404
    assert SECRET not in repr(settings()) and unescape(client.get("/login").text)
