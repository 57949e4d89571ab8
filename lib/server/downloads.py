"""Files that are sent: the public data, to everybody; attachments, the audit trail, the list of follow-ups and what
one's own file left over, to whoever may have them."""

from collections.abc import Callable
from typing import Final

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.responses import FileResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from lib.domain.access import Actor
from lib.domain.dates import today_shanghai
from lib.domain.errors import AccessDenied, InvalidQuery, NotFound
from lib.server import headers, posted
from lib.server.feeds import base_url
from lib.services import attachments, bulk, catalogue, entries, exports, leads
from lib.services.attachments import StoredFile
from lib.services.sources import KINDS
from lib.settings import settings
from lib.store.engine import database

NAMES: Final = frozenset(kind.key for kind in KINDS)
"""The only names there are: a path is never made of what somebody typed."""
_LARGEST_ID: Final = 2_147_483_647


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


async def attachment(request: Request) -> Response:
    """GET /download/attachment/{id}: one attachment, to whoever may open it now; to anybody else there is none.

    Streamed from the disk, saved and never shown by the browser, kept by no cache.
    """
    try:
        found = await run_in_threadpool(_open, request)
    except (NotFound, AccessDenied):
        return PlainTextResponse("没有这个文件，或者它没有对您开放。", 404, {"Cache-Control": "no-store"})
    return FileResponse(found.path, media_type=found.media_type, filename=found.name, headers=headers.PRIVATE_FILE)


def _open(request: Request) -> StoredFile:
    actor = posted.actor(posted.token(request), posted.address(request))
    number = request.path_params["id"]
    if number > _LARGEST_ID:
        raise NotFound("没有这个文件。")
    return attachments.open_file(database(), number, actor=actor)


async def trail(request: Request) -> Response:
    """GET /download/audit.csv: the entries that the audit page shows with the same parameters; 403 for who may not."""
    return await _listed(request, _trail, "操作记录", "audit.csv", "text/csv; charset=utf-8")


def _trail(asked: QueryParams, actor: Actor) -> bytes:
    return entries.export_csv(database(), entries.AuditQuery.of(asked), actor=actor)


async def follow_ups(request: Request) -> Response:
    """GET /download/followups.xlsx: what the page 对接跟进 shows with the same parameters; 403 for who may not."""
    return await _listed(request, _follow_ups, "对接跟进", "followups.xlsx", exports.FORMS["xlsx"])


def _follow_ups(asked: QueryParams, actor: Actor) -> bytes:
    return leads.export_list(database(), leads.LeadQuery.of(asked), actor=actor)


async def _listed(
    request: Request, make: Callable[[QueryParams, Actor], bytes], noun: str, plain: str, media_type: str
) -> Response:
    """What `make` finds with the parameters of the address, for whoever asks; 422 when it is too much for a file."""

    def work() -> bytes:
        return make(request.query_params, posted.actor(posted.token(request), posted.address(request)))

    try:
        data = await run_in_threadpool(work)
    except (AccessDenied, InvalidQuery) as refused:
        status = 403 if isinstance(refused, AccessDenied) else 422
        return PlainTextResponse(refused.message, status, {"Cache-Control": "no-store"})
    name = f"{noun}-{today_shanghai():%Y%m%d}.{plain.rpartition('.')[2]}"
    return Response(data, 200, headers.saved_as(name, plain=plain), media_type)


async def result(request: Request) -> Response:
    """GET /download/{page}.{form}: what the page finds with the same parameters, on all its pages; see `exports`."""
    try:
        data = await run_in_threadpool(_result, request)
    except AccessDenied as refused:
        return PlainTextResponse(refused.message, 403, {"Cache-Control": "no-store"})
    page, _, form = request.url.path.rpartition("/")[2].partition(".")
    name = f"{exports.NOUNS[_KINDS[page]]}-{today_shanghai():%Y%m%d}.{form}"
    return Response(data, 200, headers.saved_as(name, plain=f"{page}.{form}"), exports.FORMS[form])


def _result(request: Request) -> bytes:
    actor = posted.actor(posted.token(request), posted.address(request))
    page, _, form = request.url.path.rpartition("/")[2].partition(".")
    query = catalogue.question(_KINDS[page], request.query_params.getlist)
    base = base_url(request)
    address = f"{base}/{page}?{request.url.query}".rstrip("?")
    with database().read() as session:
        return exports.write(session, _KINDS[page], form, query, actor=actor, base=base, address=address)


async def unsent(request: Request) -> Response:
    """GET /download/bulk/{digest}.xlsx: the rows of one's own file that were not handed in, with why; else 404."""
    try:
        data = await run_in_threadpool(_unsent, request)
    except (NotFound, AccessDenied) as refused:
        return PlainTextResponse(refused.message, 404, {"Cache-Control": "no-store"})
    name = f"没有提交的行-{today_shanghai():%Y%m%d}.xlsx"
    return Response(data, 200, headers.saved_as(name, plain="unsent.xlsx"), exports.FORMS["xlsx"])


def _unsent(request: Request) -> bytes:
    actor = posted.actor(posted.token(request), posted.address(request))
    return bulk.unsent(request.path_params["digest"], actor=actor)


_KINDS: Final = {page: kind for kind, page in exports.PAGES.items()}

routes: Final[list[BaseRoute]] = [
    *(Route(f"/download/{page}.{form}", result) for page in _KINDS for form in exports.FORMS),
    Route("/download/public/{name}.csv", public_file),
    Route("/download/audit.csv", trail),
    Route("/download/followups.xlsx", follow_ups),
    Route("/download/attachment/{id:int}", attachment),
    Route("/download/bulk/{digest}.xlsx", unsent),
]
