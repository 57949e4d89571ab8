"""The launch: alone on the database, and set up so that Streamlit is fast."""

import gc
import socket
import sys
import tomllib
from typing import Any

import pytest
import uvicorn

from lib.domain.errors import Conflict
from lib.server import launch
from lib.settings import ROOT
from lib.store import lock
from lib.store.engine import Database


def test_streamlit_collects_no_garbage_after_each_run() -> None:
    configured = tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text())
    assert configured["runner"]["postScriptGC"] is False
    assert configured["server"]["fileWatcherType"] == "none"
    assert configured["client"]["showErrorDetails"] == "none"
    assert configured["browser"]["gatherUsageStats"] is False


def test_served_by_the_fast_loop_and_silent_about_itself() -> None:
    used = launch.configuration("app:app")
    assert (used.loop, used.server_header, used.access_log, used.log_config) == ("uvloop", False, False, None)
    assert used.ws_max_size == 3 * 1024 * 1024


@pytest.mark.parametrize("family", [socket.AF_INET])
def test_small_answers_do_not_wait_for_acknowledgements(family: int) -> None:
    import asyncio

    import uvloop

    async def scene() -> int:
        seen: asyncio.Future[int] = asyncio.get_running_loop().create_future()

        async def connected(_reader: Any, writer: asyncio.StreamWriter) -> None:
            seen.set_result(writer.get_extra_info("socket").getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
            writer.close()

        server = await asyncio.start_server(connected, "127.0.0.1", 0, family=family)
        _, writer = await asyncio.open_connection(*server.sockets[0].getsockname()[:2])
        try:
            return await seen
        finally:
            writer.close()
            server.close()

    assert uvloop.run(scene()) != 0


def test_the_lifespan_holds_the_database_and_freezes_what_was_loaded(app_database: Database) -> None:
    import asyncio

    async def scene() -> int:
        async with launch.lifespan(None):
            assert lock._held
            return gc.get_freeze_count()

    try:
        assert asyncio.run(scene()) > 100_000
    finally:
        gc.unfreeze()
        for path in list(lock._held):
            lock._release(path)


@pytest.mark.parametrize("url", ["sqlite:///{folder}/new.db", "postgresql+psycopg://nobody@127.0.0.1:1/none"])
def test_nothing_starts_on_a_database_that_is_not_ready(
    monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory, url: str
) -> None:
    store = Database(url.format(folder=tmp_path_factory.mktemp("new")))
    with pytest.raises(Conflict, match="python -m lib init"):
        launch.prepare(store)
    for path in list(lock._held):
        lock._release(path)


def test_serve_runs_the_application_from_the_checkout(
    app_database: Database, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    ran: list[Any] = []
    monkeypatch.chdir(tmp_path_factory.mktemp("elsewhere"))
    monkeypatch.setattr(sys, "path", sys.path[:])
    monkeypatch.setattr(launch.logs, "configure", lambda: None)
    monkeypatch.setattr(uvicorn.Server, "run", lambda self: ran.append((self.config.app, launch.os.getcwd())))
    launch.serve()
    assert ran == [("app:app", str(ROOT))]
    for path in list(lock._held):
        lock._release(path)
