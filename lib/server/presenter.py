"""The presenter's page: a whole deck in one document that turns its slides without asking anybody."""

from html import escape
from pathlib import Path
from typing import Any, Final

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import BaseRoute, Route

from lib.domain.access import VISITOR
from lib.domain.deck import Deck
from lib.domain.errors import NotFound
from lib.server import assets, html, posted, slides
from lib.server.feeds import base_url
from lib.services import deck, roadshows, stage
from lib.services.roadshows import EventQuery
from lib.services.stage import State
from lib.settings import settings
from lib.store.engine import database

_WORKER: Final = Path(__file__).with_name("assets") / "presenter-worker.js"
_THEMES: Final = ("light", "dark")
_LISTED: Final = 30


async def presenter(request: Request) -> Response:
    """GET /presenter?event=: the deck; without an event a list of those to present; 404 where there is none."""
    number = posted.number(request.query_params.get("event", ""))
    if "event" not in request.query_params:
        return await run_in_threadpool(_choice)
    try:
        found, told, drives = await run_in_threadpool(_deck, request, number)
    except NotFound as missing:
        back = '<div class="card"><a class="button" href="/roadshows">回到路演与活动</a></div>'
        return html.document("没有找到", missing.message, back, narrow=True, status=404)
    theme = request.query_params.get("theme", "")
    base = base_url(request) if settings().origin else ""
    headers = {"X-Deck": "public"} if found.announced else {}
    return assets.page(
        found.title, _body(found, base), name="presenter", data=_data(found, told, drives=drives),
        theme=theme if theme in _THEMES else "light", headers=headers,
    )  # fmt: skip


async def worker(_request: Request) -> Response:
    """GET /presenter-worker.js: keeps the newest decks of this browser for when the server cannot be reached."""
    headers = {"Cache-Control": "no-cache", "Service-Worker-Allowed": "/presenter"}
    return FileResponse(_WORKER, media_type="text/javascript; charset=utf-8", headers=headers)


def _deck(request: Request, number: int) -> tuple[Deck, State, bool]:
    actor = posted.actor(posted.token(request), posted.address(request))
    with database().read() as session:
        found = deck.read(session, number, actor=actor)
        return found, stage.read(session, number, actor=actor), stage.drives(session, number, actor=actor)


def _data(found: Deck, told: State, *, drives: bool) -> dict[str, Any]:
    return {
        "event": found.event_id,
        "drives": drives,
        "stage": told.plain(),
        "slides": [
            {
                "key": slide.key,
                "title": slide.title,
                "item": slide.item.id if slide.item else None,
                "minutes": slide.item.minutes if slide.item else None,
            }
            for slide in found.slides
        ],
    }


def _body(found: Deck, base: str) -> str:
    jump = "".join(
        f'<li><a href="?event={found.event_id}&amp;slide={number}" data-to="{number}">{number} '
        f"{escape(slide.title)}</a></li>"
        for number, slide in enumerate(found.slides, 1)
    )
    keys = (
        ("→ 空格 PageDown", "下一页"), ("← PageUp", "上一页"), ("Home End", "第一页、最后一页"),
        ("数字 回车", "跳到那一页"), ("P", "暂停或继续计时"), ("B", "黑屏"), ("T", "明暗"), ("F", "全屏"),
        ("Esc 两次", "结束放映"),
    )  # fmt: skip
    helped = "".join(f"<div><dt>{name}</dt><dd>{what}</dd></div>" for name, what in keys)
    return f"""<main id="deck" tabindex="-1">{slides.deck_html(found, base)}</main>
<div id="sign" role="status" hidden>离线放映：翻页不受影响，恢复连接后自动同步</div>
<div id="said" role="status" hidden></div>
<footer id="bar"><span class="now"><small>正在</small><b></b></span>
<span class="next"><small>下一项</small><b></b></span>
<time id="clock" aria-label="本项剩余时间"></time><i id="line"></i></footer>
<nav id="tools" aria-label="放映"><button data-do="previous" title="上一页">‹</button>
<button data-do="next" title="下一页">›</button>
<button data-do="pause" title="暂停或继续计时">计时</button><button data-do="theme" title="明暗">明暗</button>
<button data-do="full" title="全屏">全屏</button><button data-do="help" title="按键说明">按键</button></nav>
<div id="help" role="dialog" aria-label="按键说明" hidden><dl>{helped}</dl><ol>{jump}</ol></div>
<div id="black" hidden></div>
"""


def _choice() -> Response:
    """The events that can be presented: coming ones first."""
    with database().read() as session:
        page = roadshows.search_events(session, EventQuery(size=_LISTED), actor=VISITOR)
    rows = "".join(
        f'<p><a href="/presenter?event={card.id}">{escape(card.title)}</a><br><small>{escape(str(card.held or ""))} '
        f"{escape(card.city)}</small></p>"
        for card in page.items
    )
    return html.document(
        "选一场活动放映",
        "放映稿由活动的议程和记录自动生成，不用准备。",
        f'<div class="card">{rows}</div>',
        narrow=False,
    )


routes: Final[list[BaseRoute]] = [Route("/presenter", presenter), Route("/presenter-worker.js", worker)]
