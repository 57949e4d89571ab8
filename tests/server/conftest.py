"""Our routes and middleware without Streamlit, for what needs no page; the real server, for what does."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from argon2 import PasswordHasher
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.routing import Route
from starlette.testclient import TestClient

from lib.domain.access import Actor, Role
from lib.server import login, routes
from lib.services import accounts
from lib.store.engine import Database
from tests.e2e.server import Server

HOST = "http://localhost:8501"
OURS = {"Origin": HOST}
PASSWORD = "草原上的风力发电机 7 号"
KEEPER = Actor(role=Role.ADMINISTRATOR, name="测试")


async def _streamlit(_request: Request) -> Response:
    """In Streamlit's place: whatever is asked, its page."""
    return HTMLResponse('<html><script>x = 1</script><div id="root"></div></html>')


async def _core(request: Request) -> Response:
    return PlainTextResponse(request.url.path)


async def _broken(_request: Request) -> Response:
    raise RuntimeError("password=hunter2")


@pytest.fixture
def client(app_database: Database, monkeypatch: pytest.MonkeyPatch) -> Iterator[TestClient]:
    """A browser without cookies on the public facts. Errors are answered, as they are in a real server."""
    monkeypatch.setattr(login, "turns", login.Turns())
    served = Starlette(
        routes=[
            *routes.ROUTES,
            Route("/broken", _broken),
            Route("/_stcore/{rest:path}", _core, methods=["GET", "PUT", "DELETE"]),
            Route("/{rest:path}", _streamlit, methods=["GET", "POST"]),
        ],
        middleware=routes.MIDDLEWARE,
    )
    with TestClient(served, base_url=HOST, raise_server_exceptions=False, follow_redirects=False) as visitor:
        yield visitor


@pytest.fixture
def administrator(app_database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """An account 'admin' with PASSWORD; its hash is cheap to check."""
    monkeypatch.setattr(accounts, "_HASHER", PasswordHasher(time_cost=1, memory_cost=64, parallelism=1))
    with app_database.write() as session:
        accounts.create_account(session, "admin", PASSWORD, "管理员甲", Role.ADMINISTRATOR, actor=KEEPER)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory, loaded_file: Path) -> Iterator[Server]:
    """The real server on the public facts, with its administrator."""
    folder = tmp_path_factory.mktemp("served")
    server = Server(folder / "served.db", folder / "server.log")
    shutil.copyfile(loaded_file, server.file)
    server.administrator()
    server.start()
    yield server
    server.kill()
