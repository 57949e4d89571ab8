"""The first page of a fresh process: Streamlit decides with it which pages there are, once for the process."""

import asyncio
import shutil
from pathlib import Path

import pytest

from bench.client import Tab
from lib.domain.access import VISITOR
from lib.ui.navigation import PLACES, Place
from tests.e2e.server import Server


async def _open(origin: str, page: str) -> Tab:
    tab = Tab(origin, page)
    await tab.open()
    await tab.close()
    return tab


def _address(place: Place) -> str:
    return "" if place is PLACES[0] else place.name


@pytest.mark.parametrize("place", PLACES, ids=lambda place: place.name)
def test_the_first_request_of_a_fresh_server_meets_navigation_and_guard(
    place: Place, tmp_path: Path, loaded_file: Path
) -> None:
    server = Server(tmp_path / "served.db", tmp_path / "server.log")
    shutil.copyfile(loaded_file, server.file)
    server.start()
    try:
        seen = asyncio.run(_open(server.origin, _address(place)))
    finally:
        server.kill()
    assert any("这个页面需要权限" in text for text in seen.texts) is not VISITOR.may(place.permission)
    assert seen.pages == [_address(other) for other in PLACES if VISITOR.may(other.permission)]
    assert "Traceback" not in server.output(), server.output()
