"""A real Chromium, and tabs that note whatever goes wrong in them."""

import contextlib
import os
import shutil
import subprocess
from dataclasses import dataclass, field
from itertools import count
from urllib.parse import urlparse

from playwright.sync_api import BrowserContext, ConsoleMessage, Locator, Page, Playwright, Request, Response

from lib.ui.maps.base import Frame
from tests.e2e.server import PASSWORD

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
    "--disable-gpu-compositing",  # without a graphics card half of a page's time
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
]
PROBES = ("/_stcore/health", "/_stcore/host-config")
"""The frontend looks for its server under the page's own path first; there these two answer 404, as they should."""

MAP = "[data-testid='stDeckGlJsonChart']"
"""The panel of a map of deck.gl's."""

_STILL = 200
"""Milliseconds without a run after which a page has settled: a click is answered by a run within them."""
_CALLS = count()


def executable(playwright: Playwright) -> str | None:
    """A Chromium that starts: CHROMIUM, Debian's, or the one playwright fetched."""
    named = (os.environ.get("CHROMIUM"), "chromium", "chromium-browser", "google-chrome")
    found = [path for name in named if name and (path := shutil.which(name))]
    for path in (*found, playwright.chromium.executable_path):
        with contextlib.suppress(OSError):
            if subprocess.run([path, "--version"], capture_output=True, check=False).returncode == 0:
                return path
    return None


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
        """Wait until the app is connected, its script is done and nothing is left to be drawn, and stays so."""
        self.page.wait_for_function(
            """([call, still]) => {
                const app = document.querySelector("[data-testid='stApp']");
                const done = app && app.getAttribute('data-test-script-state') === 'notRunning'
                    && !document.querySelector("[data-testid='stSkeleton']");
                if (!done || window.settling?.call !== call)
                    window.settling = {call, since: performance.now()};
                return done && performance.now() - window.settling.since >= still;
            }""",
            arg=[next(_CALLS), _STILL],
            timeout=60_000,
        )
        for shown in self.page.locator("[data-testid='stException']").all_inner_texts():
            self.trouble.append(f"exception on the page: {shown[:400]}")

    def sign_in(self) -> None:
        """Log in as the administrator through the form."""
        self.page.goto(f"{self.origin}/login")
        self.page.locator("input[name=login]").fill("admin")
        self.page.locator("input[name=password]").fill(PASSWORD)
        self.page.locator("form button").click()
        self.settle()

    def watch(self) -> None:
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


def spot(panel: Locator, frame: Frame, lon: float, lat: float) -> tuple[float, float]:
    """Where on the page a place stands that the map in this panel draws in this frame."""
    box = panel.bounding_box()
    if box is None:
        raise RuntimeError("the page shows no map")
    x, y = frame.pixel(lon, lat)
    scale = box["width"] / frame.width
    return box["x"] + x * scale, box["y"] + y * scale


def click_at(panel: Locator, frame: Frame, lon: float, lat: float) -> None:
    """Click where the map in this panel draws a place."""
    panel.locator("canvas").first.wait_for()
    x, y = spot(panel, frame, lon, lat)
    panel.page.wait_for_timeout(800)  # deck.gl picks only what it has drawn
    panel.page.mouse.move(x, y)
    panel.page.wait_for_timeout(200)
    panel.page.mouse.click(x, y)
