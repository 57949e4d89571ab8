"""A server and a browser for each test that asks for one."""

import contextlib
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

from lib.settings import settings
from tests.e2e.browser import FLAGS, Visit, executable
from tests.e2e.server import Server


@contextlib.contextmanager
def _running(folder: Path, template: Path, *, administrator: bool) -> Iterator[Server]:
    server = Server(folder / "served.db", folder / "server.log")
    shutil.copyfile(template, server.file)
    if administrator:
        server.administrator()
    try:
        server.start()
        yield server
        ended = server.process and server.process.poll()
        assert ended is None, f"the server ended by itself with {ended}\n{server.output()}"
        assert "Traceback" not in server.output(), server.output()
    finally:
        server.kill()


@pytest.fixture
def fresh_server(tmp_path: Path, loaded_file: Path) -> Iterator[Server]:
    """A server that has answered no request but its health check."""
    with _running(tmp_path, loaded_file, administrator=True) as server:
        yield server


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, loaded_file: Path) -> Iterator[Server]:
    """One server for the tests of a module, with an administrator."""
    with _running(tmp_path_factory.mktemp("server"), loaded_file, administrator=True) as running:
        yield running


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """One Chromium for the run; without one the browser tests are skipped, loudly."""
    with sync_playwright() as playwright:
        found = executable(playwright)
        if found is None:
            pytest.skip("NO BROWSER TEST WAS RUN: no Chromium; as root: apt-get install chromium fonts-noto-cjk")
        browser = playwright.chromium.launch(executable_path=found, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def administrator(server: Server) -> str:
    """The token of the administrator's login on `server`, for `visit`."""
    return server.sign_in()


@pytest.fixture
def visit(chromium: Browser) -> Iterator[Callable[..., Visit]]:
    """Open a browser of one's own on a server: `visit(server, width, height, token)`."""
    contexts = []

    def start(server: Server, width: int = 1440, height: int = 900, token: str | None = None) -> Visit:
        context = chromium.new_context(
            viewport={"width": width, "height": height}, locale="zh-CN", timezone_id="Asia/Shanghai"
        )
        contexts.append(context)
        if token:
            context.add_cookies([{"name": settings().session_cookie, "value": token, "url": server.origin}])
        page = context.new_page()
        page.set_default_timeout(30_000)
        visit = Visit(context, page, server.origin)
        visit.watch()
        return visit

    yield start
    for context in contexts:
        context.close()
