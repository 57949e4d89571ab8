"""The door: what may reach Streamlit and our routes at all. Pure ASGI, in front of everything, never blocking.

- A Host we do not know, and a foreign or missing Origin on a socket or a changing request, go no further.
- A page session can be resumed only by the browser and the login that opened it. Streamlit itself would hand it
  to anybody who knows its id, and ids stand in upload addresses.
- What nobody outside needs (metrics, the agent API, script health) does not exist. Uploads need a login.
- Every response carries the security headers.
"""

import asyncio
import hashlib
import hmac
import re
import secrets
import time
from collections import OrderedDict, deque
from collections.abc import Awaitable
from ipaddress import ip_address
from typing import Final

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import cookie_parser
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from lib.domain.access import Permission
from lib.server import errors, frames, headers
from lib.services import accounts, trace
from lib.settings import Settings, settings
from lib.store.engine import database

SAFE_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS"})
CLOSED: Final = re.compile(r"/_stcore/(metrics|script-health-check|agent)(/|$)|^/component(/|$)")
UPLOAD: Final = re.compile(r"^/_stcore/upload_file/([^/]+)/[^/]+$")

_HOST: Final = re.compile(r"(\[[0-9a-f:.]{2,45}\]|[a-z0-9_-][a-z0-9._-]{0,252})(?::\d{1,5})?")
_BROWSER_KEY: Final = re.compile(r"[\w-]{43}")
_REMEMBERED: Final = 20_000
_UPLOADS: Final = 20
_TOUCH_SECONDS: Final = 60
_MINUTE: Final = 60


class Guard:
    """The middleware."""

    def __init__(self, app: ASGIApp, *, scripts: tuple[str, ...] = ()) -> None:
        self.app = app
        self.settings = settings()
        self.scripts = scripts
        self.owners: OrderedDict[str, bytes] = OrderedDict()
        """Page session → hash of the cookies that opened it."""
        self.uploads: dict[str, int] = {}
        """Page session → how many files it was sent; what Streamlit has not handed on lies in memory."""
        self.open: dict[str, int] = {}
        self.handshakes: dict[str, deque[float]] = {}
        self.tasks: set[asyncio.Task[None]] = set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            await self._http(scope, receive, send)
        elif scope["type"] == "websocket":
            await self._websocket(scope, receive, send)
        else:
            await self.app(scope, receive, send)

    # ------------------------------------------------------------------ requests
    async def _http(self, scope: Scope, receive: Receive, send: Send) -> None:
        asked = Headers(scope=scope)
        cookies = _cookies(asked)
        number = trace.begin(_address(scope)).id
        started = False

        async def answer(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                self._dress(message, scope, asked, cookies)
                message["headers"].append((b"x-request-id", number.encode()))
            await send(message)

        try:
            refusal = await self._refusal(scope, asked, cookies)
            await (refusal or self.app)(scope, receive, answer)
        except Exception as error:  # noqa: BLE001 - the last resort: whatever it is, a person reads one sentence
            response = errors.crashed(error, scope["path"])
            if not started:
                await response(scope, receive, answer)

    async def _refusal(self, scope: Scope, asked: Headers, cookies: dict[str, str]) -> Response | None:
        path = re.sub(r"/+", "/", scope["path"])
        if host_of(asked, self.settings) is None:
            return _refuse(scope, 400, "地址中的主机名不受信任，请从正式网址访问。")
        if CLOSED.search(path):
            return _refuse(scope, 404, "没有这个页面。")
        if scope["method"] in SAFE_METHODS:
            return None
        if not same_origin(scope, asked, self.settings):
            return _refuse(scope, 403, "请求不是从本站页面发出的，已拒绝。")
        if "/upload_file" in path:
            return await self._upload_refusal(scope, path, cookies)
        return None

    async def _upload_refusal(self, scope: Scope, path: str, cookies: dict[str, str]) -> Response | None:
        """An upload needs a login that may upload, and the page session of the same browser and login; few a page."""
        found = UPLOAD.match(path)
        token = cookies.get(self.settings.session_cookie)
        if found is None or token is None or not self._owns(found[1], cookies):
            return _refuse(scope, 403, "请先登录再上传文件。")
        if not await run_in_threadpool(_may_upload, token):
            return _refuse(scope, 403, "这个账号还不能上传文件，请先登录有权限的账号。")
        if self.uploads.get(found[1], 0) >= _UPLOADS:
            return _refuse(scope, 429, "这个页面上传的次数太多，请刷新后继续。")
        self.uploads[found[1]] = self.uploads.get(found[1], 0) + 1
        return None

    def _dress(self, message: Message, scope: Scope, asked: Headers, cookies: dict[str, str]) -> None:
        given = MutableHeaders(raw=list(message["headers"]))
        del given["server"]
        for name, value in headers.common(secure=self.settings.secure).items():
            given[name] = value
        if "content-security-policy" not in given:  # a file of ours may state a stricter one
            host = asked.get("host", "") if host_of(asked, self.settings) else "localhost"
            given["content-security-policy"] = headers.content_security_policy(
                host, secure=_tls(scope), scripts=self.scripts
            )
        everybodys = scope["path"].startswith("/app/static/") and message["status"] in (200, 304)
        if everybodys and "cache-control" not in given:
            given["cache-control"] = headers.kept(versioned=b"v=" in scope["query_string"])
        page = given.get("content-type", "").startswith("text/html") and message["status"] == 200
        if page and self._browser_key(cookies) is None:
            secure = "; Secure" if self.settings.secure else ""
            given.append(
                "set-cookie",
                f"{self.settings.browser_cookie}={secrets.token_urlsafe(32)}; Path=/; HttpOnly; SameSite=Lax{secure}",
            )
        message["headers"] = given.raw

    # ------------------------------------------------------------------ sockets
    async def _websocket(self, scope: Scope, receive: Receive, send: Send) -> None:
        asked = Headers(scope=scope)
        address = _address(scope)
        trace.begin(address)
        if (
            host_of(asked, self.settings) is None
            or "origin" not in asked
            or not same_origin(scope, asked, self.settings)
            or not self._room(address)
        ):
            await receive()
            await send({"type": "websocket.close", "code": 1008})
            return
        cookies = _cookies(asked)
        owner = self._owner(cookies)
        token = cookies.get(self.settings.session_cookie)
        scope = {**scope, "headers": self._handshake(scope, asked, cookies)}
        self.open[address] = self.open.get(address, 0) + 1
        try:
            await self.app(scope, self._reading(receive, send, token), self._noting_session(send, owner))
        except Exception as error:  # noqa: BLE001 - one broken page must not be silent, nor end the server
            errors.crashed(error, scope["path"])
        finally:
            self.open[address] -= 1
            if not self.open[address]:
                del self.open[address]

    def _handshake(self, scope: Scope, asked: Headers, cookies: dict[str, str]) -> list[tuple[bytes, bytes]]:
        """The headers that Streamlit sees: no id of a page session that is not this browser's own."""
        protocols = [part.strip() for part in ",".join(asked.getlist("sec-websocket-protocol")).split(",")]
        if len(protocols) > 2 and not (len(protocols) == 3 and self._owns(protocols[2], cookies)):
            protocols = protocols[:2]
        raw = [(name, value) for name, value in scope["headers"] if name not in {b"sec-websocket-protocol", b"host"}]
        # Streamlit compares Host and Origin anew and, where a proxy made them differ, asks the Internet for its own
        # address, which stops every page while no answer comes. They have been compared already.
        raw.append((b"host", asked["origin"].partition("://")[2].encode("latin-1")))
        if protocols != [""]:
            raw.append((b"sec-websocket-protocol", ", ".join(protocols).encode("latin-1")))
        return raw

    def _noting_session(self, send: Send, owner: bytes | None) -> Send:
        """Remember whose page session this is, as soon as Streamlit names it."""
        waiting = True

        async def noting(message: Message) -> None:
            nonlocal waiting
            if waiting and message["type"] == "websocket.send" and message.get("bytes"):
                session = frames.session_id(message["bytes"])
                if session is not None:
                    waiting = False
                    self._remember(session, owner)
            await send(message)

        return noting

    def _reading(self, receive: Receive, send: Send, token: str | None) -> Receive:
        """What a page says. What no page says ends the socket, without a traceback in the log for each try.

        Whoever does something on a page uses their login; noted at most once a minute, beside the page's run.
        """
        noted = 0.0

        async def reading() -> Message:
            nonlocal noted
            message = await receive()
            if message["type"] != "websocket.receive":
                return message
            if not frames.from_page(message.get("bytes")):
                await send({"type": "websocket.close", "code": 1003})
                return {"type": "websocket.disconnect", "code": 1003}
            if token is not None and time.monotonic() - noted > _TOUCH_SECONDS:
                noted = time.monotonic()
                self._beside(run_in_threadpool(_touch, token))
            return message

        return reading

    def _beside(self, work: Awaitable[None]) -> None:
        async def run() -> None:
            try:
                await work
            except Exception as error:  # noqa: BLE001 - a busy database must not disturb the page
                errors.crashed(error, "touch")

        task = asyncio.ensure_future(run())
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    def _room(self, address: str) -> bool:
        """True when one more page may open."""
        if sum(self.open.values()) >= self.settings.connections:
            return False
        if _loopback(address):
            return True
        if self.open.get(address, 0) >= self.settings.connections_per_address:
            return False
        now = time.monotonic()
        times = self.handshakes.setdefault(address, deque())
        while times and times[0] < now - _MINUTE:
            times.popleft()
        if len(times) >= self.settings.handshakes_per_minute:
            return False
        times.append(now)
        if len(self.handshakes) > _REMEMBERED:
            self.handshakes = {a: t for a, t in self.handshakes.items() if t and t[-1] > now - _MINUTE}
        return True

    # ------------------------------------------------------------------ whose page it is
    def _browser_key(self, cookies: dict[str, str]) -> str | None:
        key = cookies.get(self.settings.browser_cookie, "")
        return key if _BROWSER_KEY.fullmatch(key) else None

    def _owner(self, cookies: dict[str, str]) -> bytes | None:
        """The hash that stands for a browser and its login; None for a client that keeps no cookies."""
        key = self._browser_key(cookies)
        if key is None:
            return None
        login = cookies.get(self.settings.session_cookie, "")
        return hashlib.sha256(f"{key}\0{login}".encode()).digest()

    def _remember(self, session: str, owner: bytes | None) -> None:
        if owner is None:
            self.owners.pop(session, None)
            return
        self.owners[session] = owner
        self.owners.move_to_end(session)
        if len(self.owners) > _REMEMBERED:
            self.uploads.pop(self.owners.popitem(last=False)[0], None)

    def _owns(self, session: str, cookies: dict[str, str]) -> bool:
        owner, asking = self.owners.get(session), self._owner(cookies)
        return owner is not None and asking is not None and hmac.compare_digest(owner, asking)


def host_of(asked: Headers, configured: Settings) -> str | None:
    """The host name a request is for, when it names exactly one that is ours."""
    named = asked.getlist("host")
    found = _HOST.fullmatch(named[0].lower()) if len(named) == 1 else None
    return found[1] if found and found[1].rstrip(".") in configured.hosts else None


def same_origin(scope: Scope, asked: Headers, configured: Settings) -> bool:
    """True when a browser says that the request comes from a page of ours."""
    named = asked.getlist("origin")
    if len(named) != 1 or asked.get("sec-fetch-site", "same-origin") != "same-origin":
        return False
    ours = {configured.origin} - {""}
    if _tls(scope) or not configured.secure:
        ours.add(f"{'https' if _tls(scope) else 'http'}://{asked.get('host', '')}".lower())
    return named[0].lower() in ours


def _address(scope: Scope) -> str:
    client = scope.get("client")
    return str(client[0]) if client else ""


def _tls(scope: Scope) -> bool:
    return scope.get("scheme") in {"https", "wss"}


def _cookies(asked: Headers) -> dict[str, str]:
    return cookie_parser("; ".join(asked.getlist("cookie")))


def _loopback(address: str) -> bool:
    """True for this machine, which behind a proxy that hides the callers is all of them."""
    try:
        return ip_address(address).is_loopback
    except ValueError:
        return True


def _refuse(scope: Scope, status: int, sentence: str) -> Response:
    if scope["path"].startswith("/api/"):
        return JSONResponse({"detail": sentence}, status)
    return PlainTextResponse(sentence, status)


def _may_upload(token: str) -> bool:
    with database().read() as session:
        actor = accounts.actor_of(session, token)
    return actor.may(Permission.UPLOAD_ATTACHMENT) or actor.may(Permission.LOAD_DATA)


def _touch(token: str) -> None:
    with database().write() as session:
        accounts.touch(session, token)
