"""All that is served beside Streamlit, and what stands in front of both."""

from typing import Final

from starlette.middleware import Middleware
from starlette.routing import BaseRoute, Route

from lib.server import chrome, headers, health, login
from lib.server.guard import Guard

ROUTES: Final[list[BaseRoute]] = [
    Route("/healthz", health.healthz),
    Route("/readyz", health.readyz),
    Route("/login", login.login, methods=["GET", "POST"]),
    Route("/logout", login.logout, methods=["POST"]),
    Route("/chrome.js", chrome.script),
]

MIDDLEWARE: Final = [
    Middleware(Guard, scripts=headers.script_hashes(chrome.index())),
    Middleware(chrome.Chrome),
]
