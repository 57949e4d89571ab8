"""The real server: a page belongs to its browser and login, and nobody else's request gets anywhere."""

import asyncio
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import httpx
import pytest
import websockets
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

from lib.domain.access import Role
from lib.services import accounts, people
from lib.settings import ROOT
from lib.store.engine import Database
from tests.e2e.server import PASSWORD, Server
from tests.server.conftest import KEEPER

DENIED = "请先登录"


@dataclass
class Page:
    """One websocket to the server, as the frontend opens it; `resume` is the id of an earlier page session."""

    server: Server
    cookies: dict[str, str] = field(default_factory=dict)
    resume: str = ""
    session: str = ""
    _socket: websockets.ClientConnection | None = None

    async def __aenter__(self) -> "Page":
        protocols = ["streamlit", "PLACEHOLDER_AUTH_TOKEN", *([self.resume] if self.resume else [])]
        self._socket = await websockets.connect(
            f"{self.server.origin.replace('http', 'ws', 1)}/_stcore/stream",
            origin=websockets.Origin(self.server.origin),
            subprotocols=[websockets.Subprotocol(name) for name in protocols],
            additional_headers={"Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())},
            max_size=None,
            proxy=None,
        )
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._socket is not None
        await self._socket.close()

    async def run(self, name: str = "review", query: str = "") -> bytes:
        """Run a page; everything the server sent for it."""
        assert self._socket is not None
        message = BackMsg()
        message.rerun_script.page_name = name
        message.rerun_script.query_string = query
        await self._socket.send(message.SerializeToString())
        sent = b""
        async with asyncio.timeout(60):
            while True:
                raw = await self._socket.recv(decode=False)
                sent += raw
                answer = ForwardMsg.FromString(raw)
                kind = answer.WhichOneof("type")
                if kind == "new_session":
                    self.session = answer.new_session.initialize.session_id
                if kind == "script_finished" and answer.script_finished != ForwardMsg.FINISHED_EARLY_FOR_RERUN:
                    return sent


@pytest.fixture
def browser(served: Server) -> httpx.Client:
    """A browser with cookies of its own."""
    return httpx.Client(base_url=served.origin, headers={"Origin": served.origin}, trust_env=False)


def cookies_after(browser: httpx.Client, *, login: bool | str) -> dict[str, str]:
    """The cookies of a browser that opened the product, and logged in (as the administrator or by name) or not."""
    browser.get("/")
    if login:
        name = "admin" if login is True else login
        answer = browser.post("/login", data={"login": name, "password": PASSWORD, "next": "/review"})
        assert answer.status_code == 303
    return dict(browser.cookies.items())


def allowed(sent: bytes) -> bool:
    return not any(words.encode() in sent for words in (DENIED, "系统出错"))


Ending = Callable[[Database, httpx.Client, int, int], object]
ENDINGS: dict[str, Ending] = {
    "logout": lambda _db, browser, _id, _version: browser.post("/logout"),
    "own new password": lambda _db, browser, _id, _version: browser.post(
        "/password", data={"current": PASSWORD, "password": f"{PASSWORD}！", "again": f"{PASSWORD}！"}
    ),
    "switched off": lambda db, _browser, number, version: people.switch(db, number, False, version, actor=KEEPER),
    "another role": lambda db, _browser, number, version: people.assign(db, number, Role.BROKER, version, actor=KEEPER),
    "moved": lambda db, _browser, number, version: people.assign(
        db, number, Role.OFFICIAL, version, actor=KEEPER, scope="150600"
    ),
}


def test_an_open_page_follows_its_login_at_every_run(served: Server) -> None:
    """R5: whatever ends a login ends the pages it opened, at their next run; over the real socket."""
    store = Database(f"sqlite:///{served.file}")
    seen = {}
    for number, (name, end) in enumerate(ENDINGS.items()):
        with store.write() as session:
            made = accounts.create_account(
                session, f"official{number}", PASSWORD, "甲", Role.OFFICIAL, actor=KEEPER, scope="150200"
            )
        browser = httpx.Client(base_url=served.origin, headers={"Origin": served.origin}, trust_env=False)
        own = cookies_after(browser, login=made.login)
        seen[name] = asyncio.run(_before_and_after(served, own, partial(end, store, browser, made.id, made.version)))
    store.dispose()
    print(f"R5: {len(seen)} ways to end a login, {sum(after for _, after in seen.values())} pages open after")
    assert seen == dict.fromkeys(ENDINGS, (True, False))


async def _before_and_after(served: Server, own: dict[str, str], end: Callable[[], object]) -> tuple[bool, bool]:
    async with Page(served, own) as page:
        before = allowed(await page.run())
        end()
        return before, allowed(await page.run())


def test_a_dead_token_opens_nothing(served: Server, browser: httpx.Client) -> None:
    own = cookies_after(browser, login=True)
    browser.post("/logout")

    async def scene() -> bool:
        async with Page(served, own) as page:
            return allowed(await page.run())

    assert asyncio.run(scene()) is False


@pytest.mark.parametrize("active", [True, False], ids=["while it is open", "after it was closed"])
def test_a_page_id_alone_takes_nothing_over(served: Server, browser: httpx.Client, active: bool) -> None:
    own = cookies_after(browser, login=True)
    stranger = cookies_after(httpx.Client(base_url=served.origin, trust_env=False), login=False)
    thieves = [{}, stranger, {"bj-browser": own["bj-browser"]}, {**stranger, "bj": "x" * 43}]

    async def attack(session: str) -> None:
        for cookies in thieves:
            async with Page(served, cookies, resume=session) as thief:
                assert not allowed(await thief.run())
                assert thief.session != session

    async def scene() -> None:
        async with Page(served, own) as page:
            assert allowed(await page.run())
            if active:
                await attack(page.session)
                assert allowed(await page.run()), "the owner is disturbed"
        if not active:
            await attack(page.session)
        async with Page(served, own, resume=page.session) as again:
            assert allowed(await again.run())
            assert again.session == page.session, "the owner cannot resume"

    asyncio.run(scene())


@pytest.mark.parametrize("origin", [None, "http://evil.example", "null", "http://127.0.0.1:1"])
def test_a_foreign_socket_is_refused(served: Server, origin: str | None) -> None:
    async def scene() -> int:
        try:
            await websockets.connect(
                f"{served.origin.replace('http', 'ws', 1)}/_stcore/stream",
                origin=websockets.Origin(origin) if origin else None,
                subprotocols=[websockets.Subprotocol("streamlit")],
                proxy=None,
            )
        except websockets.InvalidStatus as refused:
            return refused.response.status_code
        return 101

    assert asyncio.run(scene()) == 403


def test_uploads_need_a_login_and_their_own_page(served: Server, browser: httpx.Client) -> None:
    own = cookies_after(browser, login=True)
    visitor = httpx.Client(base_url=served.origin, headers={"Origin": served.origin}, trust_env=False)
    theirs = cookies_after(visitor, login=False)

    async def scene() -> list[str]:
        async with Page(served, theirs) as page, Page(served, own) as mine:
            await page.run("home")
            await mine.run("home")
            return [
                visitor.put(f"/_stcore/upload_file/{page.session}/f", files={"f": b"x"}).text,
                visitor.put(f"/_stcore/upload_file/{mine.session}/f", files={"f": b"x"}).text,
                browser.put(f"/_stcore/upload_file/{page.session}/f", files={"f": b"x"}).text,
                browser.put(f"/_stcore/upload_file/{mine.session}/f", files={"f": b"x"}).text,
            ]

    refused = "请先登录再上传文件。"
    *others, own_page = asyncio.run(scene())
    assert others == [refused] * 3
    assert own_page != refused  # this far the guard lets it; Streamlit then asks for its own token


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/", 200), ("/review", 200), ("/_stcore/health", 200), ("/_stcore/host-config", 200), ("/media/x.csv", 404),
        ("/app/static/style.css", 200), ("/app/static/icon.svg", 200), ("/static/nothing.js", 200), ("/login", 200),
        ("/_stcore/metrics", 404), ("/_stcore/agent/openapi.json", 404), ("/_stcore/agent/mcp", 404),
        ("/_stcore/script-health-check", 404), ("/component/x", 404), ("/api/v1/achievements", 200), ("/readyz", 200),
    ],
)  # fmt: skip
def test_every_route_of_the_real_server_carries_the_headers(
    served: Server, browser: httpx.Client, path: str, status: int
) -> None:
    answer = browser.get(path)
    assert answer.status_code == status
    assert "server" not in answer.headers
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["content-security-policy"].startswith("default-src 'none'; script-src 'self'")
    if path.endswith(".css"):
        assert answer.headers["content-type"].startswith("text/css")


def test_a_second_server_on_the_same_file_refuses_to_start(served: Server, tmp_path: Path) -> None:
    for command in (["serve"], ["init"], ["account", "create", "--login", "b", "--name", "乙", "--password-stdin"]):
        done = run(served.file, *command)
        assert done.returncode == 1
        assert "正由另一个进程使用" in done.stderr and len(done.stderr.strip().splitlines()) == 1


def test_a_server_without_a_migrated_database_refuses_to_start(tmp_path: Path) -> None:
    done = run(tmp_path / "new.db", "serve")
    assert done.returncode == 1
    assert "python -m lib init" in done.stderr and len(done.stderr.strip().splitlines()) == 1


def run(file: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "lib", *arguments],
        cwd=ROOT,
        env={**os.environ, "DATABASE_URL": f"sqlite:///{file}", "PORT": "0"},
        input="a long enough password 1\n",
        capture_output=True,
        text=True,
        timeout=60,
    )


@pytest.mark.parametrize(
    ("path", "kept"),
    [
        ("/app/static/geo/leagues_lite.geojson", "public, max-age=3600"),
        ("/app/static/style.css?v=1", "public, max-age=31536000, immutable"),
        ("/", None),
    ],
)
def test_browsers_keep_what_is_everybodys(served: Server, browser: httpx.Client, path: str, kept: str | None) -> None:
    answer = browser.get(path)
    assert answer.status_code == 200
    assert answer.headers.get("cache-control") == kept if kept else "immutable" not in answer.headers["cache-control"]
