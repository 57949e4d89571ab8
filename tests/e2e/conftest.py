"""The real server in a process of its own, and a real Chromium in front of it."""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from urllib.parse import urlparse

import httpx
import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Request, Response, sync_playwright

from lib.domain.access import Actor, Role
from lib.services import accounts
from lib.settings import ROOT
from lib.store.engine import Database

PASSWORD = "草原上的风吹过-2026"
FLAGS = [
    "--no-sandbox",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--use-gl=angle",
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
]
PROBES = ("/_stcore/health", "/_stcore/host-config")
"""The frontend looks for its server under the page's own path first; there these two answer 404, as they should."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """One browser at a time, however many workers there are."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.xdist_group("browser"))


# ------------------------------------------------------------------ the server
@dataclass
class Server:
    """`python -m lib serve` on a database file of its own."""

    file: Path
    log: Path
    port: int = 0
    process: subprocess.Popen[bytes] | None = None

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start, and wait until the server says that it is ready."""
        self.port = self.port or _free_port()
        environment = {**os.environ, "DATABASE_URL": f"sqlite:///{self.file}", "PORT": str(self.port)}
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "lib", "serve"],
                cwd=ROOT,
                env=environment,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        end = time.monotonic() + 60
        while time.monotonic() < end:
            assert self.process.poll() is None, self.output()
            with contextlib.suppress(httpx.TransportError):
                if httpx.get(f"{self.origin}/readyz", timeout=5, trust_env=False).status_code == 200:
                    return
            time.sleep(0.1)
        raise AssertionError("the server is not ready after a minute\n" + self.output())

    def kill(self) -> None:
        """End it as a power cut would: no signal that it could handle."""
        if self.process is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait(10)
            self.process = None

    def output(self) -> str:
        """What it wrote on standard error and output so far."""
        return self.log.read_text(encoding="utf-8", errors="replace")

    def administrator(self) -> None:
        """An account that may review: login admin, with PASSWORD."""
        store = Database(f"sqlite:///{self.file}")
        with store.write() as session:
            keeper = Actor(role=Role.ADMINISTRATOR, name="测试")
            accounts.create_account(session, "admin", PASSWORD, "管理员", Role.ADMINISTRATOR, actor=keeper)
        store.dispose()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextlib.contextmanager
def _running(folder: Path, template: Path, *, administrator: bool) -> Iterator[Server]:
    server = Server(folder / "served.db", folder / "server.log")
    shutil.copyfile(template, server.file)
    if administrator:
        server.administrator()
    try:
        server.start()
        yield server
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


# ------------------------------------------------------------------ the browser
@lru_cache
def _executable() -> str | None:
    """A Chromium that starts: CHROMIUM, Debian's, or the one playwright fetched."""
    named = (os.environ.get("CHROMIUM"), "chromium", "chromium-browser", "google-chrome")
    found = [path for name in named if name and (path := shutil.which(name))]
    with sync_playwright() as playwright:
        found.append(playwright.chromium.executable_path)
    for path in found:
        with contextlib.suppress(OSError):
            if subprocess.run([path, "--version"], capture_output=True, check=False).returncode == 0:
                return path
    return None


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """One Chromium for the run; without one the browser tests are skipped, loudly."""
    executable = _executable()
    if executable is None:
        pytest.skip("NO BROWSER TEST WAS RUN: Chromium is missing; as root: apt-get install chromium fonts-noto-cjk")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=FLAGS)
        yield browser
        browser.close()


@dataclass
class Visit:
    """A tab of a browser of its own, which notes everything that went wrong in it."""

    context: BrowserContext
    page: Page
    origin: str
    trouble: list[str] = field(default_factory=list)

    def open(self, path: str) -> Page:
        """Open an address and wait until the page has settled."""
        self.page.goto(f"{self.origin}/{path}")
        self.settle()
        return self.page

    def settle(self) -> None:
        """Wait until the app is connected, its script is done and nothing is left to be drawn."""
        self.page.wait_for_selector("[data-testid='stApp']", timeout=60_000)
        self.page.wait_for_function(
            """() => { const app = document.querySelector("[data-testid='stApp']");
                       return app && app.getAttribute('data-test-script-state') === 'notRunning'
                           && !document.querySelector("[data-testid='stSkeleton']"); }""",
            timeout=60_000,
        )
        self.page.wait_for_timeout(300)
        for shown in self.page.locator("[data-testid='stException']").all_inner_texts():
            self.trouble.append(f"exception on the page: {shown[:400]}")

    def sign_in(self) -> None:
        """Log in as the administrator through the form."""
        self.page.goto(f"{self.origin}/login")
        self.page.locator("input[name=login]").fill("admin")
        self.page.locator("input[name=password]").fill(PASSWORD)
        self.page.locator("button[type=submit]").click()
        self.settle()

    def _watch(self) -> None:
        own = urlparse(self.origin).netloc

        def console(message: ConsoleMessage) -> None:
            if message.type == "error" and "Failed to load resource" not in message.text:
                self.trouble.append(f"console: {message.text[:300]}")

        def request(sent: Request) -> None:
            if not sent.url.startswith(("data:", "blob:")) and urlparse(sent.url).netloc != own:
                self.trouble.append(f"left the machine: {sent.url[:200]}")

        def response(got: Response) -> None:
            if got.status >= 400 and not got.url.endswith(PROBES):
                self.trouble.append(f"{got.status}: {got.url[:200]}")

        self.page.on("console", console)
        self.page.on("request", request)
        self.page.on("response", response)
        self.page.on("pageerror", lambda error: self.trouble.append(f"script error: {str(error)[:300]}"))


@pytest.fixture
def visit(chromium: Browser) -> Iterator[Callable[..., Visit]]:
    """Open a browser of one's own on a server: `visit(server, width=1440, height=900)`."""
    contexts = []

    def start(server: Server, width: int = 1440, height: int = 900) -> Visit:
        context = chromium.new_context(
            viewport={"width": width, "height": height}, locale="zh-CN", timezone_id="Asia/Shanghai"
        )
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(30_000)
        visit = Visit(context, page, server.origin)
        visit._watch()
        return visit

    yield start
    for context in contexts:
        context.close()
