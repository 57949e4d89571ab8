"""简报 of a scope and period: a page to be printed, a Word document, a workbook. Everybody may have what everybody may
see."""

from typing import Final

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import BaseRoute, Route

from lib.domain.access import REGION, VISITOR
from lib.domain.brief import Brief, sheet_of
from lib.domain.errors import InvalidQuery
from lib.domain.indicators import Period
from lib.server import headers, html, onepagers
from lib.server.feeds import base_url
from lib.services import briefs, indicators
from lib.services.briefs import BriefQuery
from lib.store.engine import database

_DOCX: Final = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
_XLSX: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


async def printed(request: Request) -> Response:
    """GET /print/brief?area=150200&year=2024&months=1-6: the report as a page that prints on A4; 404 for a scope or
    period that is none."""
    try:
        brief = await run_in_threadpool(_brief, request)
    except InvalidQuery as wrong:
        return _wrong(wrong)
    query = f"?{request.url.query}" if request.url.query else ""
    back = f"/statistics?view=indicators{query.replace('?', '&')}"
    page = onepagers.page_of(sheet_of(brief), back, f"/download/brief.docx{query}")
    return HTMLResponse(page, headers={"Cache-Control": "no-store"})


async def word(request: Request) -> Response:
    """GET /download/brief.docx: the same as a Word document."""
    return await _file(request, "docx", _DOCX)


async def workbook(request: Request) -> Response:
    """GET /download/brief.xlsx: the same as a workbook with charts."""
    return await _file(request, "xlsx", _XLSX)


async def _file(request: Request, ending: str, kind: str) -> Response:
    try:
        brief = await run_in_threadpool(_brief, request)
    except InvalidQuery as wrong:
        return _wrong(wrong)
    data = await run_in_threadpool(_bytes, brief, ending)
    return Response(data, 200, headers.saved_as(f"{brief.name}.{ending}", plain=f"brief.{ending}"), kind)


def _bytes(brief: Brief, ending: str) -> bytes:
    # Read when first asked for: each takes a third of a second.
    if ending == "docx":
        from lib.files.onepager import docx_bytes

        return docx_bytes(sheet_of(brief))
    from lib.files.workbook import xlsx_bytes

    return xlsx_bytes(brief)


def _brief(request: Request) -> Brief:
    """What the address asks for; the whole last published year of the region where it does not say. Raises
    InvalidQuery."""
    asked = request.query_params
    area = asked.get("area", REGION)
    with database().read() as session:
        year = asked.get("year") or str(indicators.latest(session, actor=VISITOR) or "")
        first, _, last = asked.get("months", "").partition("-")
        try:
            period = Period(_number(year), _number(first or "1"), _number(last or "12"))
        except ValueError:
            raise InvalidQuery("没有这个时段。请写年份，以及起止月份，如 year=2024、months=1-6。") from None
        query = f"?view=indicators&area={area}&year={period.year}"
        address = f"{base_url(request)}/statistics{query}"
        return briefs.make(session, BriefQuery(area, period), actor=VISITOR, address=address)


def _number(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 4):
        raise ValueError(f"not a number: {text[:20]!r}")
    return int(text)


def _wrong(refusal: InvalidQuery) -> Response:
    back = '<div class="card"><a class="button" href="/statistics?view=indicators">回到指标</a></div>'
    return html.document("没有这份简报", refusal.message, back, narrow=True, status=404)


routes: Final[list[BaseRoute]] = [
    Route("/print/brief", printed),
    Route("/download/brief.docx", word),
    Route("/download/brief.xlsx", workbook),
]
