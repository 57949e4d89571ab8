"""A record on one sheet of paper: a page to be printed, and a Word document. Public fields only, whoever asks."""

import re
from html import escape
from typing import Final

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from lib.domain.access import VISITOR
from lib.domain.errors import NotFound
from lib.domain.sheet import Section, Sheet
from lib.domain.vocabulary import NO_DATA
from lib.server import headers, html
from lib.server.feeds import base_url
from lib.services import exports, records
from lib.settings import settings
from lib.store.engine import database

_LARGEST_ID: Final = 2_147_483_647
_KINDS: Final = {exports.PAGES[kind]: kind for kind in ("achievement", "demand")}
DOCX: Final = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
_NUMBER: Final = re.compile(r"[-\d,.%]{1,24}")
_STYLE: Final = """
@page{size:A4;margin:10mm 13mm}
*{box-sizing:border-box}
body{margin:0;background:#EEF2F5;color:#17212B;font:9.5pt/1.4
 'PingFang SC','Microsoft YaHei','Noto Sans CJK SC',sans-serif;font-variant-numeric:tabular-nums}
main{width:210mm;max-width:100%;margin:0 auto 24px;padding:10mm 13mm;background:#fff;overflow-wrap:anywhere}
.bar{width:210mm;max-width:100%;margin:0 auto;padding:14px 13mm;display:flex;flex-wrap:wrap;gap:6px 22px;color:#5B6B7A}
.bar a{color:#1A5F99;text-decoration:none}
.tags{color:#5B6B7A;font-size:8.5pt}
h1{font-size:16.5pt;line-height:1.3;margin:2pt 0 3pt;color:#0F3557}
.value{font-size:10.5pt;margin:0 0 5pt}
dl{display:grid;grid-template-columns:1fr 1fr;column-gap:8mm;margin:0;border-top:1.5pt solid #0F3557}
dl div{display:grid;grid-template-columns:6.1em 1fr;gap:5pt;padding:1.6pt 0;border-bottom:.5pt solid #D6DEE6}
dt{color:#5B6B7A}dd{margin:0}
.sections{display:grid;grid-template-columns:1fr 1fr;column-gap:8mm;align-items:start}
section{break-inside:avoid;min-width:0}.wide{grid-column:1/-1}
h2{font-size:10pt;margin:5.5pt 0 1pt;color:#15507F}
p{margin:0;white-space:pre-line}
table{width:100%;border-collapse:collapse}
th,td{text-align:left;vertical-align:top;padding:1.6pt 6pt 1.6pt 0;border-bottom:.5pt solid #D6DEE6}
th{color:#5B6B7A;font-weight:500}
footer{display:flex;gap:8mm;justify-content:space-between;align-items:end;margin-top:7pt;padding-top:4pt;
 border-top:.5pt solid #9AA9B7;color:#5B6B7A;font-size:8.5pt}
footer svg{width:20mm;height:20mm;flex:none}
.n{white-space:nowrap}
.bars{margin:3pt 0 6pt;font-size:8.5pt}.bars p{color:#5B6B7A}
.bars div{display:flex;align-items:center;gap:5pt;padding:1pt 0}.bars span{flex:none;width:13em;text-align:right}
.bars i{background:#1F6FB5;height:8pt;border-radius:0 2pt 2pt 0;print-color-adjust:exact}
@media print{body{background:#fff}.bar{display:none}main{width:auto;margin:0;padding:0}}
@media screen and (max-width:640px){main,.bar{padding:16px}dl,.sections{grid-template-columns:1fr}}
"""


async def printed(request: Request) -> Response:
    """GET /print/{page}/{id}: the sheet as a page that prints on A4 and needs no script; 404 where there is none."""
    try:
        sheet = await run_in_threadpool(_sheet, request)
    except NotFound as missing:
        page = request.url.path.split("/")[2]
        back = f'<div class="card"><a class="button" href="/{page}">回到目录</a></div>'
        return html.document("没有找到", missing.message, back, narrow=True, status=404)
    _, _, page, number = request.url.path.split("/")
    return HTMLResponse(
        page_of(sheet, f"/{page}?id={number}", f"/download/{page}/{number}.docx"), headers={"Cache-Control": "no-store"}
    )


async def word(request: Request) -> Response:
    """GET /download/{page}/{id}.docx: the same sheet as a Word document; 404 where there is none."""
    try:
        sheet = await run_in_threadpool(_sheet, request)
    except NotFound as missing:
        return PlainTextResponse(missing.message, 404, {"Cache-Control": "no-store"})
    data = await run_in_threadpool(docx_of, sheet)
    name = f"{sheet.title[:60]}.docx"
    plain = f"{request.url.path.split('/')[2]}.docx"
    return Response(data, 200, headers.saved_as(name, plain=plain), DOCX)


def page_of(sheet: Sheet, back: str, saved: str) -> str:
    """The whole HTML page of a sheet; `back` is the address it was opened from, `saved` that of the document."""
    value = f'<p class="value">{escape(sheet.value)}</p>' if sheet.value else ""
    missing = f"<p>{escape(sheet.missing)}</p>" if sheet.missing else ""
    code = _code(sheet.address) if sheet.coded else ""
    return f"""<!DOCTYPE html>
<html lang="zh-CN">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{escape(sheet.title)} · 北疆技转</title>
<link rel="icon" href="/app/static/icon.svg">
<style>{_STYLE}</style>
</head>
<body>
<nav class="bar"><a href="{escape(back)}">返回</a><a href="{escape(saved)}">下载 Word</a>
<span>用浏览器的「打印」功能打印这一页，纸张选 A4。</span></nav>
<main>
<div class="tags">{escape(" · ".join(sheet.tags))}</div>
<h1>{escape(sheet.title)}</h1>
{value}
{html.facts(sheet.facts)}
<div class="sections">{"".join(_section(section) for section in sheet.sections)}</div>
<footer><div>{missing}<p>{escape(sheet.source)}</p><p>{escape(sheet.printed)}{escape(sheet.address)}</p></div>{code}</footer>
</main>
</body>
</html>
"""


def _sheet(request: Request) -> Sheet:
    """What a visitor may see of the record that the address names. Raises NotFound."""
    number = request.path_params["id"]
    if not (number.isascii() and number.isdigit() and len(number) <= 10 and 0 < int(number) <= _LARGEST_ID):
        raise NotFound("没有找到这条记录，可能已撤下。请回到列表重新查找。")
    kind = _KINDS[request.url.path.split("/")[2]]
    with database().read() as session:
        # A code on paper is of use only where the address is one that other people can open.
        return records.sheet(
            session, kind, int(number), actor=VISITOR, base=base_url(request), coded=bool(settings().origin)
        )


def docx_of(sheet: Sheet) -> bytes:
    """The sheet as a Word document."""
    from lib.files.onepager import docx_bytes  # read when first asked for: it takes a third of a second

    return docx_bytes(sheet)


def _code(address: str) -> str:
    from lib.files.onepager import qr_svg  # the same

    return qr_svg(address)


def _section(section: Section) -> str:
    head = "".join(f"<th>{escape(name)}</th>" for name in section.header)
    body = "".join(
        f"<tr>{''.join(f'<td{_tight(cell)}>{escape(cell)}</td>' for cell in row)}</tr>" for row in section.rows
    )
    table = f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>" if body else ""
    text = f"<p>{escape(section.text)}</p>" if section.text else ""
    wide = ' class="wide"' if section.wide else ""
    drawn = _bars(section) if section.bars else ""
    return f"<section{wide}><h2>{escape(section.title)}</h2>{drawn}{table}{text}</section>"


def _tight(cell: str) -> str:
    """Numbers and 暂无数据 do not break."""
    return ' class="n"' if cell == NO_DATA or _NUMBER.fullmatch(cell) else ""


def _bars(section: Section) -> str:
    """A bar chart that needs no script: a line for each bar, its length in percent of the longest."""
    top = max(value for _, value in section.bars) or 1
    lines = "".join(
        f'<div><span>{escape(label)}</span><i style="width:{float(value / top) * 60:.1f}%"></i><b>{value:,}</b></div>'
        for label, value in section.bars
    )
    return (
        f'<div class="bars" role="img" aria-label="{escape(section.title)}"><p>{escape(section.unit)}</p>{lines}</div>'
    )


routes: Final[list[BaseRoute]] = [
    route
    for page in _KINDS
    for route in (Route(f"/print/{page}/{{id}}", printed), Route(f"/download/{page}/{{id}}.docx", word))
]
