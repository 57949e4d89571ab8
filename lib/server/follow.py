"""The audience's page: what is on stage now, marks, a question, an intention; a few kilobytes on a crowded network."""

from collections.abc import Sequence
from html import escape
from typing import Any, Final

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from lib.domain import consent
from lib.domain.access import VISITOR
from lib.domain.dates import SHANGHAI, now_utc
from lib.domain.deck import Slide
from lib.domain.errors import NotFound
from lib.domain.vocabulary import MARKS, ItemKind
from lib.server import assets, html, posted
from lib.services import contacts, deck, roadshows, stage
from lib.services.roadshows import EventCard
from lib.services.stage import State
from lib.store.engine import database


async def follow(request: Request) -> Response:
    """GET /follow?event=[&item=]: the page of an event; a clear sentence where there is nothing to follow now."""
    number = posted.number(request.query_params.get("event", ""))
    try:
        card, slides, told = await run_in_threadpool(_read, number)
    except NotFound as missing:
        back = '<div class="card"><a class="button" href="/roadshows">看看别的活动</a></div>'
        return html.document("没有找到", missing.message, back, narrow=True, status=404)
    closed = card.response_problem(now_utc())
    data = _data(card.id, slides, told, closed)
    return assets.page(f"现场互动：{card.title}", _body(card, slides, closed), name="follow", data=data)


def _read(number: int) -> tuple[EventCard, tuple[Slide, ...], State]:
    with database().read() as session:
        found = roadshows.read_event(session, number, actor=VISITOR)
        return found.card, deck.outline(session, found), stage.read(session, number, actor=VISITOR)


def _data(event: int, slides: Sequence[Slide], told: State, closed: str) -> dict[str, Any]:
    return {
        "event": event,
        "stage": told.plain(),
        "closed": closed,
        "slides": {slide.key: slide.title for slide in slides},
        "items": [
            {
                "id": item.id,
                "number": item.number,
                "kind": item.kind.label,
                "open": item.kind is not ItemKind.BREAK,
                "title": item.title,
                "unit": item.unit or item.presenter,
                "value": item.value,
                "field": item.field if item.kind in {ItemKind.ACHIEVEMENT, ItemKind.DEMAND} else "",
                "trl": item.trl,
                "price": item.price,
                "time": f"{item.starts.astimezone(SHANGHAI):%H:%M}" if item.starts else "",
                "page": item.page,
            }
            for item in deck.items_of(slides)
        ],
    }


def _body(card: EventCard, slides: Sequence[Slide], closed: str) -> str:
    marks = "".join(_mark(name, label) for name, label in MARKS.items())
    told = "".join(f"<p><b>{escape(title)}</b>　{escape(text)}</p>" for title, text in consent.TEXT)
    lines = "".join(
        f"<li>{item.number or '—'} {escape(item.title)} <small>{escape(item.unit)}</small></li>"
        for item in deck.items_of(slides)
    )
    said = '<p class="told" role="status"></p>'
    shut = f'<p class="shut">{escape(closed)}</p>' if closed else ""
    return f"""<header><a href="/roadshows?id={card.id}">{escape(card.title)}</a>
<p id="sign" role="status" hidden>网络断开，正在重连；写下的内容会自动发送。</p></header>
<main>{shut}
<section id="now" aria-live="polite"><p class="label"></p><h1></h1><p class="unit"></p><p class="value"></p>
<p class="facts"></p><p class="more"><a id="page">看详情</a></p>
<button id="back" hidden>回到台上的项目</button></section>
<section id="ask" hidden>
<form id="mark"><h2>打分 <small>1 低 5 高，给一次</small></h2>{marks}<button>提交打分</button>{said}</form>
<form id="intention"><h2>我有意向</h2>
<label>想谈什么（选填）<textarea name="note" maxlength="500" rows="2"></textarea></label>
<details><summary>留下联系方式（选填），主办方才能联系您</summary>
<label>姓名<input name="name" maxlength="40" autocomplete="name"></label>
<label>单位<input name="unit" maxlength="100" autocomplete="organization"></label>
<label>电话<input name="phone" type="tel" maxlength="40" autocomplete="tel"></label>
<label class="tick"><input type="checkbox" name="consent" value="1">{escape(consent.AGREE)}</label>
<details class="consent"><summary>{escape(consent.TITLE)}</summary>{told}
<p>对接办完 {contacts.KEPT.days} 天后，姓名、单位和电话会被清除。</p></details></details>
<button>我有意向</button>{said}</form>
<form id="question"><h2>提问 <small>不显示您是谁</small></h2>
<label class="hide">问题<textarea name="text" maxlength="200" rows="2" required
 placeholder="想问台上的人什么"></textarea></label>
<button>提交问题</button>{said}</form>
</section>
<section id="agenda"><h2>议程</h2><ol></ol>
<noscript><ol>{lines}</ol><p>互动需要浏览器启用 JavaScript。</p></noscript></section>
</main>
"""


def _mark(name: str, label: str) -> str:
    choices = "".join(
        f'<label><input type="radio" name="{name}" value="{points}"><span>{points}</span></label>'
        for points in range(1, 6)
    )
    return f'<fieldset><legend>{label}</legend><div class="points">{choices}</div></fieldset>'


routes: Final[list[BaseRoute]] = [Route("/follow", follow)]
