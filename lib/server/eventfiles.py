"""Files of an event: the deck as a presentation, to everybody who may see the deck; lists to whoever runs the event."""

from collections.abc import Callable
from typing import Final

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from lib.domain.access import Actor
from lib.domain.dates import today_shanghai
from lib.domain.errors import AccessDenied, Conflict, NotFound
from lib.domain.sheet import Sheet
from lib.files import outlines
from lib.server import headers, html, onepagers, posted
from lib.server.feeds import base_url
from lib.services import attendance, deck, exports, jury, outcome_sheets
from lib.settings import settings
from lib.store.engine import database

_PPTX: Final = "application/vnd.openxmlformats-officedocument.presentationml.presentation"
Made = tuple[str, bytes]
"""The name of a file, without its ending, and its bytes."""


async def presentation(request: Request) -> Response:
    """GET /download/events/{id}/deck.pptx: the deck with native, editable shapes; 404 where there is none."""
    base = base_url(request) if settings().origin else ""
    return await _file(request, lambda actor, number: _deck(actor, number, base), "deck.pptx", _PPTX)


def _deck(actor: Actor, number: int, base: str) -> Made:
    from lib.files.presentation import pptx_bytes  # read when first asked for: it takes a third of a second

    with database().read() as session:
        found = deck.read(session, number, actor=actor)
    made = f"{today_shanghai()} 由北疆技转按公开记录生成"
    return found.title, pptx_bytes(found, outlines.leagues(settings().geo_dir), address=base, made=made)


async def attendees(request: Request) -> Response:
    """GET /download/events/{id}/attendees.xlsx: the audience with names and phones, to whoever runs the event."""
    return await _file(request, _attendees, "attendees.xlsx", exports.FORMS["xlsx"])


def _attendees(actor: Actor, number: int) -> Made:
    return f"观众名单-{today_shanghai():%Y%m%d}", attendance.export_list(database(), number, actor=actor)


async def scores(request: Request) -> Response:
    """GET /download/events/{id}/jury.xlsx: the frozen result of a jury, to whoever runs the event."""
    return await _file(request, _scores, "jury.xlsx", exports.FORMS["xlsx"])


def _scores(actor: Actor, number: int) -> Made:
    with database().read() as session:
        return f"评审结果-{today_shanghai():%Y%m%d}", jury.export_result(session, number, actor=actor)


async def report(request: Request) -> Response:
    """GET /download/events/{id}/outcome.docx: the result report, to whoever runs the event."""
    base = base_url(request)

    def made(actor: Actor, number: int) -> Made:
        sheet = _report(actor, number, base)
        return sheet.title, onepagers.docx_of(sheet)

    return await _file(request, made, "outcome.docx", onepagers.DOCX)


async def printed(request: Request) -> Response:
    """GET /print/events/{id}/outcome: the same as a page that prints; 404 for everybody else."""
    base = base_url(request)

    def made() -> str:
        actor = posted.actor(posted.token(request), posted.address(request))
        number = posted.number(request.path_params["id"])
        return onepagers.page_of(
            _report(actor, number, base),
            f"/hosting?id={number}&view=outcomes",
            f"/download/events/{number}/outcome.docx",
        )

    try:
        return HTMLResponse(await run_in_threadpool(made), headers={"Cache-Control": "no-store"})
    except (NotFound, AccessDenied):
        back = '<div class="card"><a class="button" href="/roadshows">回到路演与活动</a></div>'
        said = "没有这份报告，或者它没有对您开放。"
        return html.document("没有找到", said, back, narrow=True, status=404)


def _report(actor: Actor, number: int, base: str) -> Sheet:
    with database().read() as session:
        return outcome_sheets.read(session, number, actor=actor, base=base)


async def _file(request: Request, make: Callable[[Actor, int], Made], plain: str, media_type: str) -> Response:
    """What `make` makes for whoever asks; 404 also for who may not: that there is a list is nobody's business."""

    def work() -> Made:
        actor = posted.actor(posted.token(request), posted.address(request))
        return make(actor, posted.number(request.path_params["id"]))

    try:
        name, data = await run_in_threadpool(work)
    except (NotFound, AccessDenied, Conflict):
        return PlainTextResponse("没有这个文件，或者它没有对您开放。", 404, {"Cache-Control": "no-store"})
    whole = f"{name[:60]}.{plain.rpartition('.')[2]}"
    return Response(data, 200, headers.saved_as(whole, plain=plain), media_type)


routes: Final[list[BaseRoute]] = [
    Route("/download/events/{id}/deck.pptx", presentation),
    Route("/download/events/{id}/attendees.xlsx", attendees),
    Route("/download/events/{id}/jury.xlsx", scores),
    Route("/download/events/{id}/outcome.docx", report),
    Route("/print/events/{id}/outcome", printed),
]
