"""The public data as files: the very ones that the product was loaded from."""

from typing import Final

from starlette.requests import Request
from starlette.responses import FileResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from lib.services.sources import KINDS
from lib.settings import settings

NAMES: Final = frozenset(kind.key for kind in KINDS)
"""The only names there are: a path is never made of what somebody typed."""


async def public_file(request: Request) -> Response:
    """GET /download/public/{name}.csv: one of the seven public files, as an attachment; 404 for any other name."""
    name = request.path_params["name"]
    file = settings().public_dir / f"{name}.csv"
    if name not in NAMES or not file.is_file():
        return PlainTextResponse("没有这个文件。请从「数据来源」页面下载。", 404)
    return FileResponse(
        file,
        media_type="text/csv; charset=utf-8",
        filename=f"{name}.csv",
        headers={"X-Content-Type-Options": "nosniff", "Cache-Control": "public, max-age=300"},
    )


routes: Final[list[BaseRoute]] = [Route("/download/public/{name}.csv", public_file)]
