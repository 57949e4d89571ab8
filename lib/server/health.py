"""Is the process alive, and can it serve: for the watchdog, the proxy and the monitoring of the house."""

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from lib.store.engine import database


async def healthz(_request: Request) -> Response:
    """GET /healthz: the process answers."""
    return JSONResponse({"status": "ok"}, headers={"Cache-Control": "no-store"})


async def readyz(_request: Request) -> Response:
    """GET /readyz: the database answers and has the schema this code expects; else 503 with the reason."""
    if await run_in_threadpool(_ready):
        return JSONResponse({"status": "ok"}, headers={"Cache-Control": "no-store"})
    reason = "数据库无法连接，或还没有升级到当前版本。"
    return JSONResponse({"status": "unavailable", "reason": reason}, 503, headers={"Cache-Control": "no-store"})


def _ready() -> bool:
    return database().ready()
