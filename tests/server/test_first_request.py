"""The first request of a fresh process: Streamlit decides at it which pages there are, and once for the process."""

import asyncio
import multiprocessing
import os
import shutil
from pathlib import Path

import pytest

from bench.client import Tab
from lib.domain.access import VISITOR
from lib.server import launch
from lib.ui.navigation import PLACES, Place
from tests.e2e.server import free_port

# A process that has imported the product, and forks one that has answered nothing: a third of the time of a start.
FORKS = multiprocessing.get_context("forkserver")
FORKS.set_forkserver_preload(["app", "pandas"])


def _serve(database: Path, port: int) -> None:
    with database.with_suffix(".log").open("ab") as log:
        os.dup2(log.fileno(), 1)
        os.dup2(log.fileno(), 2)
    os.environ.update(DATABASE_URL=f"sqlite:///{database}", PORT=str(port))
    launch.serve()


async def _first_request(port: int, page: str) -> Tab:
    """A tab that opened the page as soon as the server let it in."""
    async with asyncio.timeout(60):
        while True:
            tab = Tab(f"http://127.0.0.1:{port}", page)
            try:
                await tab.open()
            except ConnectionRefusedError:
                await asyncio.sleep(0.05)
            else:
                await tab.close()
                return tab


def _address(place: Place) -> str:
    return "" if place is PLACES[0] else place.name


@pytest.mark.parametrize("place", PLACES, ids=lambda place: place.name)
def test_the_first_request_of_a_fresh_server_meets_navigation_and_guard(
    place: Place, tmp_path: Path, loaded_file: Path
) -> None:
    database, port = tmp_path / "served.db", free_port()
    shutil.copyfile(loaded_file, database)
    process = FORKS.Process(target=_serve, args=(database, port), daemon=True)
    process.start()
    try:
        seen = asyncio.run(_first_request(port, _address(place)))
    finally:
        process.kill()
        process.join()
        log = database.with_suffix(".log").read_text()
    assert any("这个页面需要权限" in text for text in seen.texts) is not VISITOR.may(place.permission)
    assert seen.pages == [_address(other) for other in PLACES if VISITOR.may(other.permission)]
    assert "Traceback" not in log, log
