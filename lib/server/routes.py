"""All that is served beside Streamlit, and what stands in front of both."""

from typing import Final

from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Mount, Route

from lib.server import (
    assets,
    bigscreen,
    briefs,
    chrome,
    console,
    downloads,
    eventfiles,
    feeds,
    follow,
    headers,
    health,
    jury,
    login,
    oidc,
    onepagers,
    people,
    presenter,
    stage,
)
from lib.server.api import PREFIX, api
from lib.server.guard import Guard


async def start_of_api(_request: Request) -> Response:
    """GET /api and /api/v1 lead to the contents of the API."""
    return RedirectResponse(f"{PREFIX}/", 308)


async def home(_request: Request) -> Response:
    """GET /home: the default page has no address but /."""
    return RedirectResponse("/", 308)


async def absent(_request: Request) -> Response:
    """Whatever else begins with /api/ or /feeds/ is not a page of Streamlit."""
    return JSONResponse({"detail": f"没有这个地址，请看 {PREFIX}/docs。", "errors": []}, 404)


ROUTES: Final[list[BaseRoute]] = [
    Route("/home", home),
    Route("/healthz", health.healthz),
    Route("/readyz", health.readyz),
    Route("/login", login.login, methods=["GET", "POST"]),
    Route("/logout", oidc.logout, methods=["POST"]),
    Mount("/oidc", oidc.app),
    Route("/chrome.js", chrome.script),
    assets.mount,
    *feeds.routes,
    *downloads.routes,
    *eventfiles.routes,
    *onepagers.routes,
    *briefs.routes,
    *people.routes,
    *presenter.routes,
    *stage.routes,
    *follow.routes,
    *console.routes,
    *jury.routes,
    *bigscreen.routes,
    Route("/api", start_of_api),
    Route(PREFIX, start_of_api),
    Mount(PREFIX, api),
    Route("/api/{rest:path}", absent),
    Route("/feeds/{rest:path}", absent),
]

MIDDLEWARE: Final = [
    Middleware(Guard, scripts=headers.script_hashes(chrome.index())),
    Middleware(chrome.Chrome),
]
