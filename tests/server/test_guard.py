"""The door: who is let in, what does not exist, and what every answer carries."""

import asyncio
from collections.abc import Iterable
from typing import Any

import pytest
from starlette.datastructures import Headers
from starlette.testclient import TestClient
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

from lib.server import guard, headers
from lib.server.guard import Guard
from lib.settings import settings
from tests.server.conftest import HOST, OURS

KEY = "b" * 43
OTHER_KEY = "c" * 43


@pytest.fixture
def settings_of(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Settings as the environment of a test says."""

    def change(**environment: str) -> None:
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        settings.cache_clear()

    yield change
    monkeypatch.undo()
    settings.cache_clear()


# ------------------------------------------------------------------ requests
@pytest.mark.parametrize(
    ("host", "allowed"),
    [
        ("localhost", True), ("localhost:8501", True), ("LOCALHOST", True), ("127.0.0.1:1", True), ("[::1]:8501", True),
        ("localhost.", True), ("evil.example", False), ("localhost.evil.example", False), ("localhost@evil", False),
        ("localhost:99999999", False), ("", False), ("localhost/x", False), ("127.0.0.1.nip.io", False),
    ],
)  # fmt: skip
def test_only_known_hosts_are_answered(client: TestClient, host: str, allowed: bool) -> None:
    assert (client.get("/healthz", headers={"host": host}).status_code == 200) is allowed


@pytest.mark.parametrize("raw", [[], [(b"host", b"localhost"), (b"host", b"localhost")]])
def test_exactly_one_host_is_named(raw: list[tuple[bytes, bytes]]) -> None:
    assert guard.host_of(Headers(raw=raw), settings()) is None


def test_the_host_of_the_public_address_is_known(client: TestClient, settings_of: Any) -> None:
    settings_of(PUBLIC_URL="https://tt.example.gov.cn")
    assert guard.host_of(Headers({"host": "tt.example.gov.cn"}), settings()) == "tt.example.gov.cn"


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
@pytest.mark.parametrize(
    "origin", [None, "null", "http://evil.example", "https://localhost:8501", "http://localhost", "http://localhost:1",
               "http://localhost:8501.evil.example", ""],
)  # fmt: skip
def test_a_changing_request_comes_from_a_page_of_ours(client: TestClient, method: str, origin: str | None) -> None:
    given = {} if origin is None else {"Origin": origin}
    for path in ("/login", "/logout", "/", "/_stcore/upload_file/a/b", "/api/v1/achievements"):
        assert client.request(method, path, headers=given).status_code == 403


def test_the_browsers_own_word_counts_too(client: TestClient) -> None:
    assert client.post("/logout", headers=OURS).status_code == 303
    for site in ("cross-site", "same-site", "none"):
        assert client.post("/logout", headers={**OURS, "Sec-Fetch-Site": site}).status_code == 403


@pytest.mark.parametrize(
    ("public", "scheme", "origin", "same"),
    [
        ("https://tt.cn", "http", "https://tt.cn", True),  # the proxy hides TLS and the name
        ("https://tt.cn", "http", "http://localhost", False),
        ("https://tt.cn", "https", "https://localhost", True),
        ("", "http", "http://localhost", True),
        ("", "https", "http://localhost", False),
        ("http://tt.cn", "http", "HTTP://TT.cn", True),
    ],
)
def test_the_public_address_is_an_origin_of_ours(
    settings_of: Any, public: str, scheme: str, origin: str, same: bool
) -> None:
    settings_of(PUBLIC_URL=public)
    asked = Headers({"host": "localhost", "origin": origin})
    assert guard.same_origin({"scheme": scheme}, asked, settings()) is same


@pytest.mark.parametrize(
    "path",
    [
        "/_stcore/metrics", "/_stcore/metrics/", "//_stcore/metrics", "/_stcore/agent/interact",
        "/_stcore/agent/openapi.json", "/_stcore/agent/mcp", "/network/_stcore/agent/mcp",
        "/_stcore/script-health-check", "/component/x/index.html",
    ],
)  # fmt: skip
def test_what_nobody_outside_needs_does_not_exist(client: TestClient, path: str) -> None:
    # build the address by hand, so that the client does not tidy it up
    assert client.get(HOST + path).status_code == 404
    assert client.post(HOST + path, headers=OURS).status_code == 404


@pytest.mark.parametrize(
    "path",
    ["/", "/achievements", "/nowhere", "/login", "/healthz", "/readyz", "/chrome.js", "/api/v1/", "/api/v1/docs",
     "/api/v1/achievements", "/api/v1/achievements?page=0", "/api/nowhere", "/feeds/events.ics",
     "/feeds/achievements.atom", "/broken", "/_stcore/metrics", "/_stcore/health", "/download/public/events.csv"],
)  # fmt: skip
def test_every_answer_carries_the_headers(client: TestClient, path: str) -> None:
    answer = client.get(path)
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["x-frame-options"] == "DENY"
    assert answer.headers["referrer-policy"] == "same-origin"
    assert answer.headers["cross-origin-opener-policy"] == "same-origin"
    assert "geolocation=()" in answer.headers["permissions-policy"]
    assert "server" not in answer.headers
    assert "strict-transport-security" not in answer.headers
    policy = dict(rule.split(" ", 1) for rule in answer.headers["content-security-policy"].split("; "))
    assert policy["default-src"] == policy["frame-ancestors"] == policy["object-src"] == policy["frame-src"] == "'none'"
    assert policy["script-src"].split()[:2] == ["'self'", "'wasm-unsafe-eval'"]
    assert not {"'unsafe-inline'", "'unsafe-eval'", "data:", "blob:", "*"} & set(policy["script-src"].split())
    assert policy["connect-src"] == "'self' ws://localhost:8501 data: blob:"


def test_the_one_inline_script_is_allowed_by_its_hash(client: TestClient) -> None:
    page = client.get("/")
    hashes = headers.script_hashes(page.content)
    assert len(hashes) == 1
    assert hashes[0] in page.headers["content-security-policy"]


def test_over_tls_browsers_are_told_to_stay_there(settings_of: Any) -> None:
    assert "strict-transport-security" in headers.common(secure=True)
    assert "wss://tt.cn" in headers.content_security_policy("tt.cn", secure=True, scripts=())


def test_each_browser_gets_a_key_that_no_script_can_read(client: TestClient) -> None:
    first = client.get("/").headers["set-cookie"]
    assert first.startswith("bj-browser=") and "HttpOnly" in first and "SameSite=Lax" in first
    assert "set-cookie" not in client.get("/").headers
    client.cookies.clear()
    client.cookies.set("bj-browser", "guessable")
    assert "set-cookie" in client.get("/").headers


def test_an_error_shows_one_sentence_and_an_id(
    client: TestClient, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    answer = client.get("/broken")
    assert answer.status_code == 500
    assert "hunter2" not in answer.text and "Traceback" not in answer.text
    number = answer.text.partition("编号 ")[2][:10]
    assert number.startswith("E-") and int(number[2:], 16)
    # Where the log goes depends on whether a test before this one set it up.
    assert number in "".join((*capfd.readouterr(), caplog.text))


# ------------------------------------------------------------------ sockets
class Socket:
    """What Streamlit would be: keeps the scope it was given, names a page session, and stays open until told."""

    def __init__(self, session: str = "page-1") -> None:
        self.session = session
        self.scopes: list[dict[str, Any]] = []

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        self.scopes.append(scope)
        await receive()
        await send({"type": "websocket.accept"})
        named = ForwardMsg()
        named.new_session.initialize.session_id = self.session
        await send({"type": "websocket.send", "bytes": ForwardMsg(script_finished=0).SerializeToString()})
        await send({"type": "websocket.send", "bytes": named.SerializeToString()})
        while (await receive())["type"] != "websocket.disconnect":
            pass


async def connect(
    door: Guard,
    given: Iterable[tuple[str, str]],
    *,
    address: str = "127.0.0.1",
    stay: asyncio.Event | None = None,
) -> str:
    """Open a socket, close it again (after `stay`), and say what happened to it."""
    sent: list[Any] = []
    waiting = [{"type": "websocket.connect"}, {"type": "websocket.disconnect", "code": 1000}]

    async def receive() -> Any:
        message = waiting.pop(0)
        if stay is not None and message["type"] == "websocket.disconnect":
            await stay.wait()
        return message

    async def send(message: Any) -> None:
        sent.append(message)

    raw = [(name.lower().encode(), value.encode()) for name, value in given]
    scope = {"type": "websocket", "path": "/_stcore/stream", "scheme": "ws", "headers": raw, "client": (address, 1)}
    await door(scope, receive, send)
    return str(sent[0]["type"])


def handshake(*, resume: str = "", cookies: str = f"bj-browser={KEY}", **changed: str | None) -> list[tuple[str, str]]:
    protocols = "streamlit, xsrf" + (f", {resume}" if resume else "")
    given = {"host": "localhost:8501", "origin": HOST, "cookie": cookies, "sec-websocket-protocol": protocols}
    return [(name, value) for name, value in {**given, **changed}.items() if value is not None]


def protocols_of(streamlit: Socket) -> list[str]:
    found = [value.decode() for name, value in streamlit.scopes[-1]["headers"] if name == b"sec-websocket-protocol"]
    assert len(found) == 1
    return found[0].split(", ")


@pytest.mark.parametrize(
    "changed",
    [{"origin": None}, {"origin": "null"}, {"origin": "http://evil.example"}, {"origin": "http://127.0.0.1:8501"},
     {"origin": "https://localhost:8501"}, {"host": "evil.example", "origin": "http://evil.example"}, {"host": None},
     {"sec-fetch-site": "cross-site"}],
)  # fmt: skip
def test_a_foreign_socket_never_reaches_streamlit(changed: dict[str, str | None]) -> None:
    streamlit = Socket()
    assert asyncio.run(connect(Guard(streamlit), handshake(**changed))) == "websocket.close"
    assert streamlit.scopes == []


@pytest.mark.parametrize(
    ("cookies", "resumed"),
    [
        (f"bj-browser={KEY}; bj=token-a", True),
        (f"bj-browser={KEY}; bj=token-b", False),
        (f"bj-browser={KEY}", False),
        (f"bj-browser={OTHER_KEY}; bj=token-a", False),
        ("bj=token-a", False),
        ("", False),
    ],
)
def test_only_its_own_browser_and_login_resume_a_page(cookies: str, resumed: bool) -> None:
    streamlit = Socket()
    door = Guard(streamlit)

    async def scene() -> None:
        await connect(door, handshake(cookies=f"bj-browser={KEY}; bj=token-a"))
        await connect(door, handshake(resume="page-1", cookies=cookies))

    asyncio.run(scene())
    assert protocols_of(streamlit) == ["streamlit", "xsrf", "page-1"] if resumed else ["streamlit", "xsrf"]


@pytest.mark.parametrize("resume", ["page-2", "page-1, page-1", "x, page-1", "../page-1"])
def test_any_other_id_is_dropped(resume: str) -> None:
    streamlit = Socket()
    door = Guard(streamlit)

    async def scene() -> None:
        await connect(door, handshake())
        await connect(door, handshake(resume=resume))

    asyncio.run(scene())
    assert protocols_of(streamlit) == ["streamlit", "xsrf"]


def test_clients_without_cookies_resume_nothing() -> None:
    streamlit = Socket()
    door = Guard(streamlit)

    async def scene() -> None:
        await connect(door, handshake(cookies=""))
        await connect(door, handshake(resume="page-1", cookies=""))

    asyncio.run(scene())
    assert protocols_of(streamlit) == ["streamlit", "xsrf"]


def test_streamlit_has_no_reason_to_ask_the_internet_for_its_address(settings_of: Any) -> None:
    settings_of(PUBLIC_URL="https://tt.example.gov.cn")
    streamlit = Socket()
    given = handshake(host="localhost:8501", origin="https://tt.example.gov.cn")
    assert asyncio.run(connect(Guard(streamlit), given)) == "websocket.accept"
    seen = dict(streamlit.scopes[0]["headers"])
    assert seen[b"host"] == b"tt.example.gov.cn"


@pytest.mark.parametrize(
    ("setting", "address", "most"),
    [
        ("CONNECTIONS", "127.0.0.1", 3),
        ("CONNECTIONS_PER_ADDRESS", "10.1.1.1", 3),
        ("CONNECTIONS_PER_ADDRESS", "::1", 6),
    ],
)
def test_too_many_open_pages_are_refused_and_places_come_back(
    settings_of: Any, setting: str, address: str, most: int
) -> None:
    settings_of(**{setting: "3"})
    door = Guard(Socket())

    async def scene() -> tuple[list[str], str]:
        stay = asyncio.Event()
        pages = [asyncio.ensure_future(connect(door, handshake(), address=address, stay=stay)) for _ in range(6)]
        await asyncio.sleep(0.05)
        stay.set()
        return await asyncio.gather(*pages), await connect(door, handshake(), address=address)

    answers, afterwards = asyncio.run(scene())
    assert answers.count("websocket.accept") == most
    assert afterwards == "websocket.accept"
    assert door.open == {}


def test_one_address_cannot_knock_without_end(settings_of: Any) -> None:
    settings_of(HANDSHAKES_PER_MINUTE="5")
    door = Guard(Socket())

    async def scene() -> list[str]:
        answers = [await connect(door, handshake(), address="10.1.1.1") for _ in range(7)]
        return [*answers, await connect(door, handshake(), address="10.1.1.2")]

    assert asyncio.run(scene()) == ["websocket.accept"] * 5 + ["websocket.close"] * 2 + ["websocket.accept"]
