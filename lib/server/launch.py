"""How the product is started: alone on its database, with the settings that make Streamlit fast.

Streamlit's own launch costs ten times the time: it collects garbage after every run of a page (switched off in
.streamlit/config.toml; here the start-up's objects are taken out of the collector instead) and waits for
acknowledged packets (uvloop does not).
"""

import asyncio
import contextlib
import gc
import os
import resource
import sys
from collections.abc import AsyncIterator
from functools import partial
from importlib import import_module
from typing import Any, Final

import structlog
import uvicorn
from starlette.concurrency import run_in_threadpool

from lib.domain.access import Actor, Role
from lib.domain.errors import Conflict, ProductError
from lib.domain.text import simplified
from lib.server import logs
from lib.services import concepts, trouble, upkeep
from lib.settings import ROOT, settings
from lib.store import lock
from lib.store.engine import Database, database

_LARGEST_FRAME: Final = 3 * 1024 * 1024
_FILES_PER_PAGE: Final = 4
_SWEEP_SECONDS: Final = 600
_SYSTEM: Final = Actor(role=Role.ADMINISTRATOR, name="系统")
_WARM: Final = ("pandas", "pyarrow", "altair", "pydeck", "streamlit.elements.vega_charts")
"""What pages import on their first run: a second that no visitor should wait for."""

_LOG: Final = structlog.get_logger("launch")


def serve() -> None:
    """Serve until told to stop. Ends with one clear line and status 1 when it may not start."""
    logs.configure()
    os.chdir(ROOT)  # where Streamlit looks for its configuration
    sys.path.insert(0, str(ROOT))
    try:
        prepare(database())
    except ProductError as refusal:
        sys.exit(refusal.message)
    _allow_files(settings().connections)
    _LOG.info("serving", address=settings().public_url or f"http://{settings().host}:{settings().port}")
    uvicorn.Server(configuration("app:app")).run()


def configuration(app: Any) -> uvicorn.Config:
    """How an application is served: the fast event loop, no access log (addresses name page sessions), our log."""
    return uvicorn.Config(
        app,
        host=settings().host,
        port=settings().port,
        loop="uvloop",
        ws="websockets-sansio",
        ws_max_size=_LARGEST_FRAME,
        ws_ping_interval=30,
        ws_ping_timeout=30,
        ws_per_message_deflate=False,
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_keep_alive=20,
        timeout_graceful_shutdown=5,
    )


def prepare(store: Database) -> None:
    """Make sure that this process may serve from the database. Raises a ProductError with one clear line."""
    lock.hold(store)
    if not store.ready():
        raise Conflict("数据库无法连接、还没有创建或版本较旧，请检查 DATABASE_URL，并先运行 python -m lib init。")


@contextlib.asynccontextmanager
async def lifespan(_app: Any) -> AsyncIterator[None]:
    """What holds while the application runs, also under another server than ours."""
    logs.configure()
    store = database()
    await run_in_threadpool(prepare, store)
    await run_in_threadpool(_warm)
    gc.collect()
    gc.freeze()
    keeping = asyncio.create_task(_keep(store))
    try:
        yield
    finally:
        keeping.cancel()
        store.dispose()


async def _keep(store: Database) -> None:
    """Sweep now and every few minutes. One that fails is logged, and the next one tries again."""
    while True:
        try:
            await run_in_threadpool(partial(upkeep.sweep, store, actor=_SYSTEM))
        except Exception as error:  # noqa: BLE001 - a busy or absent database must not end the server
            trouble.note(error, path="upkeep")
        await asyncio.sleep(_SWEEP_SECONDS)


def _warm() -> None:
    for name in _WARM:
        with contextlib.suppress(ImportError):
            import_module(name)
    concepts.words()
    simplified("漢")  # reads its tables: half a second of the first search


def _allow_files(connections: int) -> None:
    """An open page holds four files; ask the system for as many as the pages we let in may need."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = max(8192, connections * _FILES_PER_PAGE * 2)
    if soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(wanted, hard), hard))
