"""Chinese chrome: the page that carries Streamlit gets our language, style sheet and icon, and one small script
that translates the frontend's own English texts. It fails soft: without it everything still works, in English.
"""

import hashlib
import re
from collections.abc import Mapping
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from lib.server import headers
from lib.settings import ROOT

SCRIPT: Final = Path(__file__).with_name("chrome.js")
STATIC: Final = ROOT / "lib" / "shell" / "static"
_OTHERS: Final = (
    "/api/", "/feeds/", "/login", "/logout", "/oidc/", "/register", "/invite/", "/reset/", "/password", "/erase",
    "/download/", "/print/", "/assets/", "/presenter", "/stage/", "/console", "/jury", "/bigscreen", "/media/",
    "/_stcore/", "/component/", "/app/static/",
)  # fmt: skip
"""Addresses that never answer with Streamlit's page."""
_FOLLOW: Final = "/follow"
"""One more, which is not what other addresses begin with."""

_NOSCRIPT: Final = (
    "<noscript><p>北疆技转需要浏览器启用 JavaScript 才能显示。公开数据也可从 /api/v1/docs 读取。</p></noscript>"
)


def _version(file: Path) -> str:
    """Part of an address that changes with the file, so that browsers may keep it for ever."""
    return hashlib.sha256(file.read_bytes()).hexdigest()[:12]


@lru_cache
def index() -> bytes:
    """Streamlit's page in our words. Each change is left out where the page no longer has what it replaces."""
    spec = find_spec("streamlit")
    if spec is None or spec.origin is None:
        raise RuntimeError("streamlit is not installed")
    html = (Path(spec.origin).parent / "static" / "index.html").read_text(encoding="utf-8")
    style, icon = STATIC / "style.css", STATIC / "icon.svg"
    pages = " ".join(sorted(file.stem for file in (ROOT / "pages").glob("*.py")))
    added = [f'<script defer src="/chrome.js?v={_version(SCRIPT)}" data-pages="{pages}"></script>']
    if style.exists():
        added.insert(0, f'<link rel="stylesheet" href="/app/static/style.css?v={_version(style)}" />')
    changes: Mapping[str, str] = {
        r'<html lang="en">': '<html lang="zh-CN">',
        r"<title>Streamlit</title>": "<title>北疆技转</title>",
        r"<noscript>.*?</noscript>": _NOSCRIPT,
        r'<!--\s+Machine-readable.*?<link rel="service-desc"[^>]*/>': "",  # it points to what the guard has closed
        r'<link\s+rel="preload"[^>]*as="font"[^>]*/>': "",  # a Latin font that our type does not use
        r"</head>": "".join(added) + "</head>",
    }
    if icon.exists():
        changes = {**changes, r'href="\./favicon\.png"': f'href="/app/static/icon.svg?v={_version(icon)}"'}
    for old, new in changes.items():
        html = re.sub(old, lambda _found, new=new: new, html, count=1, flags=re.DOTALL)  # type: ignore[misc]
    return html.encode()


async def script(_request: Request) -> Response:
    """GET /chrome.js"""
    return FileResponse(
        SCRIPT,
        media_type="text/javascript; charset=utf-8",
        headers={"Cache-Control": headers.FOREVER},
    )


class Chrome:
    """The middleware: wherever Streamlit answers with its page, ours goes out in its place."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"].startswith(_OTHERS) or scope["path"] == _FOLLOW:
            await self.app(scope, receive, send)
            return
        replaced = False

        async def replace(message: Message) -> None:
            nonlocal replaced
            if message["type"] == "http.response.start":
                given = MutableHeaders(raw=list(message["headers"]))
                replaced = message["status"] in {200, 304} and given.get("content-type", "").startswith("text/html")
                if replaced:
                    body = b"" if scope["method"] == "HEAD" else index()
                    await send(
                        {
                            "type": "http.response.start",
                            "status": 200,
                            "headers": [
                                (b"content-type", b"text/html; charset=utf-8"),
                                (b"content-length", str(len(index())).encode()),
                                (b"cache-control", b"no-cache"),
                            ],
                        }
                    )
                    await send({"type": "http.response.body", "body": body})
                    return
            if not replaced:
                await send(message)

        await self.app(_unconditional(scope), receive, replace)


def _unconditional(scope: Scope) -> Scope:
    """The request without conditions: a page kept from before may be of another version of ours."""
    if scope["path"].startswith("/static/"):
        return scope
    kept = [(n, v) for n, v in scope["headers"] if n not in {b"if-none-match", b"if-modified-since", b"range"}]
    return {**scope, "headers": kept}
