"""Pictures of every page at the sizes of a desk and of a phone, from a server of their own with the real data."""

import argparse
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

from lib.domain.access import Actor, Role
from lib.services import exchange
from lib.settings import ROOT
from lib.store import migrations
from lib.store.engine import Database
from lib.ui.navigation import PLACES
from tests.e2e.browser import FLAGS, Visit, executable
from tests.e2e.server import Server

SIZES = ((1440, 900), (390, 844))


def main() -> int:
    """Take the pictures; exits with 1 when a page complained."""
    parser = argparse.ArgumentParser(prog="python -m tools.pictures", description=__doc__)
    parser.add_argument("pages", nargs="*", default=[place.name for place in PLACES])
    parser.add_argument("--into", type=Path, default=ROOT / "build" / "pictures")
    options = parser.parse_args()
    options.into.mkdir(parents=True, exist_ok=True)
    trouble: list[str] = []
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        server = Server(Path(folder) / "pictures.db", Path(folder) / "server.log")
        store = Database(f"sqlite:///{server.file}")
        migrations.upgrade(store.engine)
        exchange.load_public(store, actor=Actor(role=Role.ADMINISTRATOR, name="pictures"))
        store.dispose()
        server.administrator()
        server.start()
        browser = playwright.chromium.launch(executable_path=executable(playwright), args=FLAGS)
        try:
            for width, height in SIZES:
                context = browser.new_context(
                    viewport={"width": width, "height": height}, locale="zh-CN", timezone_id="Asia/Shanghai"
                )
                visit = Visit(context, context.new_page(), server.origin)
                visit.watch()
                for name in options.pages:
                    if name == "review":
                        visit.sign_in()
                    page = visit.open(name)
                    page.wait_for_timeout(1500)
                    file = options.into / f"{name}-{width}x{height}.png"
                    page.screenshot(path=file)
                    print(file)
                trouble += visit.trouble
                context.close()
        finally:
            browser.close()
            server.kill()
    print(*trouble, sep="\n")
    return 1 if trouble else 0


if __name__ == "__main__":
    sys.exit(main())
