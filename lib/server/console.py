"""The presenter's second screen: now and next, the clock, what the audience sends as numbers and questions as text.

Nothing personal is on it: a second screen is seen by whoever walks past.
"""

from collections.abc import Sequence
from html import escape
from typing import Any, Final

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from lib.domain.access import Permission
from lib.domain.deck import Slide
from lib.domain.errors import AccessDenied, NotFound
from lib.domain.vocabulary import MARKS
from lib.server import assets, html, posted
from lib.services import deck, roadshows, scopes, stage
from lib.services.roadshows import EventCard
from lib.services.stage import State
from lib.store.engine import database


async def console(request: Request) -> Response:
    """GET /console?event=: for whoever runs the event; a visitor is asked to log in, others are told."""
    number = posted.number(request.query_params.get("event", ""))
    actor = await run_in_threadpool(posted.actor, posted.token(request), posted.address(request))
    if not actor.may(Permission.MANAGE_EVENTS) and actor.account_id is None:
        return RedirectResponse(f"/login?next=/console%3Fevent%3D{number}", 303)
    try:
        card, slides, told = await run_in_threadpool(_read, number, actor)
    except (NotFound, AccessDenied) as refused:
        back = '<div class="card"><a class="button" href="/roadshows">回到路演与活动</a></div>'
        status = 404 if isinstance(refused, NotFound) else 403
        return html.document("不能打开讲台", refused.message, back, narrow=True, status=status)
    data = _data(card.id, slides, told)
    return assets.page(f"讲台：{card.title}", _body(card), name="console", data=data, theme="dark")


def _read(number: int, actor: Any) -> tuple[EventCard, tuple[Slide, ...], State]:
    with database().read() as session:
        scopes.hosted(session, number, actor=actor)
        found = roadshows.read_event(session, number, actor=actor)
        return found.card, deck.outline(session, found), stage.read(session, number, actor=actor)


def _data(event: int, slides: Sequence[Slide], told: State) -> dict[str, Any]:
    return {
        "event": event,
        "stage": told.plain(),
        "marks": MARKS,
        "slides": [
            {
                "key": slide.key,
                "title": slide.title,
                "item": slide.item.id if slide.item else None,
                "minutes": slide.item.minutes if slide.item else None,
            }
            for slide in slides
        ],
    }


def _body(card: EventCard) -> str:
    return f"""<header><b>{escape(card.title)}</b><a href="/presenter?event={card.id}">打开放映页</a>
<span id="sign" role="status" hidden>与服务器断开，正在重连</span></header>
<main><section id="now"><small>正在</small><h1></h1><p><small>下一项</small> <b id="next"></b></p>
<time id="clock"></time><nav><button data-do="previous">‹ 上一页</button><button data-do="next">下一页 ›</button>
<button data-do="pause">暂停计时</button></nav><p id="place"></p></section>
<section id="counts"><h2>观众发来的</h2><table><thead></thead><tbody></tbody></table></section>
<section id="questions"><h2>提问</h2><ol></ol><p class="none">还没有提问。</p></section></main>
"""


routes: Final[list[BaseRoute]] = [Route("/console", console)]
