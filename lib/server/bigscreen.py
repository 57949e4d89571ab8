"""The big screen of a hall: scenes that go round by themselves, for days, in one plain page.

The scenes are made once for each state of the data, however many screens ask; a screen asks with what it has, and is
answered that nothing changed (304) or with all of them anew.
"""

import hashlib
from collections.abc import Callable, Sequence
from html import escape
from threading import Lock
from typing import Final

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import BaseRoute, Route

from lib.domain.access import VISITOR
from lib.domain.dates import show_time
from lib.domain.vocabulary import NO_DATA, UNDISCLOSED, Origin
from lib.files.onepager import qr_svg
from lib.server import assets, slides
from lib.server.feeds import base_url
from lib.services import bigscreen
from lib.services.bigscreen import Figure, Hall
from lib.services.catalogue import Card
from lib.services.roadshows import EventCard
from lib.settings import settings
from lib.store.engine import database

NAMES: Final = {
    "home": "总览",
    "network": "三级网络",
    "channels": "转移通道",
    "newest": "最新成果",
    "events": "路演与活动",
}
SECONDS: Final = 15
_FEWEST, _MOST = 5, 120
_KEPT: Final = 8
_KEYS: Final = (
    ("空格 P", "暂停或继续"), ("→ ←", "下一页、上一页"), ("1–5", "跳到那一页"), ("T", "明暗"), ("F", "全屏"),
    ("?", "按键说明"),
)  # fmt: skip


class Scenes:
    """The scenes as they were made last, by what they were made of."""

    def __init__(self, make: Callable[[str, bool], tuple[str, str]]) -> None:
        self._make = make
        self._lock = Lock()
        self._made: dict[tuple[str, str, bool], str] = {}

    def get(self, stamp: str, base: str, *, demo: bool) -> str:
        """The scenes of this state of the data; whoever asks meanwhile waits for the one reading."""
        key = (stamp, base, demo)
        with self._lock:
            if key not in self._made:
                made, stood = self._make(base, demo)
                if stood != stamp:  # written between the two readings: kept under what was read
                    key = (stood, base, demo)
                self._made[key] = made
                while len(self._made) > _KEPT:
                    del self._made[next(iter(self._made))]
            return self._made[key]


async def page(request: Request) -> Response:
    """GET /bigscreen[?seconds=&scenes=&theme=&demo=1]: the page; what an address gets wrong counts as not said."""
    asked = request.query_params
    seconds = asked.get("seconds", "")
    wanted = [name for name in asked.get("scenes", "").split(",") if name in NAMES]
    made = await run_in_threadpool(_scenes, request)
    data = {
        "seconds": int(seconds) if seconds.isascii() and seconds.isdigit() and _fits(int(seconds)) else SECONDS,
        "scenes": list(dict.fromkeys(wanted)) or list(NAMES),
        "source": f"/bigscreen/scenes{'?demo=1' if asked.get('demo') == '1' else ''}",
        "etag": _etag(made),
        "version": _version(),
    }
    theme = asked.get("theme", "")
    return assets.page(
        "大屏", _body(made), name="bigscreen", data=data, theme=theme if theme in {"light", "dark"} else "light"
    )


async def scenes(request: Request) -> Response:
    """GET /bigscreen/scenes: all scenes as a piece of HTML; 304 for who has them. X-Page says which page draws them."""
    made = await run_in_threadpool(_scenes, request)
    headers = {"Cache-Control": "no-store", "ETag": _etag(made), "X-Page": _version()}
    if request.headers.get("if-none-match") == headers["ETag"]:
        return Response(status_code=304, headers=headers)
    return HTMLResponse(made, headers=headers)


# ------------------------------------------------------------------ inside
def _scenes(request: Request) -> str:
    with database().read() as session:
        stamp = bigscreen.stamp(session, actor=VISITOR)
    base = base_url(request) if settings().origin else ""
    return made_scenes.get(stamp, base, demo=request.query_params.get("demo") == "1")


def _make(base: str, demo: bool) -> tuple[str, str]:
    with database().read() as session:
        return scenes_html(bigscreen.read(session, demo=demo, actor=VISITOR), base), bigscreen.stamp(
            session, actor=VISITOR
        )


made_scenes: Final = Scenes(_make)


def _fits(seconds: int) -> bool:
    return _FEWEST <= seconds <= _MOST


def _etag(made: str) -> str:
    return f'"{hashlib.sha256(made.encode()).hexdigest()[:16]}"'


def _version() -> str:
    """Changes with the script and the styles: a screen that has run for weeks takes the new ones."""
    told = "".join(map(assets.address, ("bigscreen.js", "bigscreen.css", "presenter.css", "stage.css")))
    return hashlib.sha256(told.encode()).hexdigest()[:12]


def _body(made: str) -> str:
    helped = "".join(f"<div><dt>{name}</dt><dd>{what}</dd></div>" for name, what in _KEYS)
    return f"""<main id="deck" tabindex="-1">{made}</main>
<div id="sign" role="status" hidden></div><div id="said" role="status" hidden></div>
<footer id="bar"><b>北疆技转</b><nav id="names" aria-label="画面"></nav><time id="clock"></time>
<i id="line"></i></footer>
<div id="help" role="dialog" aria-label="按键说明" hidden><dl>{helped}</dl></div>
"""


def scenes_html(hall: Hall, base: str) -> str:
    """The five scenes, each a section; `base` is what codes lead to, blank where nobody else could open it."""
    draw = {
        "home": lambda: _home(hall),
        "network": lambda: slides.network_html(hall.network),
        "channels": lambda: slides.channels_html(hall.channels),
        "newest": lambda: _newest(hall.newest, base),
        "events": lambda: _events(hall, base),
    }
    marks = {
        "home": hall.network.origins,
        "network": hall.network.origins,
        "channels": hall.channels.origins,
        "newest": _origins(hall.newest),
        "events": _origins((*hall.coming, *hall.past)),
    }
    return "".join(
        f'<section class="slide {name}" data-key="{name}" aria-label="{label}"><header><span class="event">'
        f'内蒙古自治区技术转移体系</span>{slides.tags(marks[name])}<span class="right">{label}　数据截至 '
        f"{show_time(hall.at)}</span></header>{draw[name]()}</section>"
        for name, label in NAMES.items()
    )


def _origins(cards: Sequence[Card | EventCard]) -> tuple[Origin, ...]:
    there = {card.source.origin for card in cards}
    return tuple(origin for origin in Origin if origin in there)


def _titled(card: Card | EventCard) -> str:
    """Demonstration is named beside its row too: the head names what is there, not which."""
    mark = f"{slides.tags((Origin.DEMO,))} " if card.source.origin is Origin.DEMO else ""
    return f"{mark}{escape(card.title)}"


def _home(hall: Hall) -> str:
    tiles = "".join(map(_tile, hall.figures))
    return f'<h1>科技成果，从创造走到应用</h1><div class="tiles">{tiles}</div>'


def _tile(figure: Figure) -> str:
    return (
        f'<a href="{escape(figure.page)}"><span>{escape(figure.name)}</span><b>{escape(figure.text)}</b>'
        f"<small>{escape(figure.note)}</small></a>"
    )


def _newest(cards: Sequence[Card], base: str) -> str:
    rows = "".join(
        f'<li><b>{card.year or "—"}</b><a class="what" href="/achievements?id={card.id}">{_titled(card)}</a>'
        f'<span class="who">{escape(card.unit or UNDISCLOSED)}</span><span class="when">{escape(card.field_label)}'
        f"</span></li>"
        for card in cards
    )
    return _listed("最新成果", rows, base, "/achievements", "扫码找成果")


def _events(hall: Hall, base: str) -> str:
    shown, title = (hall.coming, "即将举行") if hall.coming else (hall.past, "最近举办")
    rows = "".join(map(_event, shown))
    return _listed(title, rows, base, "/roadshows", "扫码看活动")


def _event(card: EventCard) -> str:
    return (
        f'<li><b>{escape(card.kind)}</b><a class="what" href="/roadshows?id={card.id}">{_titled(card)}</a>'
        f'<span class="who">{escape(card.city or UNDISCLOSED)}</span><span class="when">'
        f"{escape(str(card.held or UNDISCLOSED))}</span></li>"
    )


def _listed(title: str, rows: str, base: str, path: str, words: str) -> str:
    lines = f'<ol class="lines">{rows}</ol>' if rows else f'<p class="blank">{NO_DATA}</p>'
    code = f'<aside class="code">{qr_svg(f"{base}{path}")}<b>{words}</b></aside>' if base else ""
    return f'<h1>{title}</h1><div class="body{"" if code else " wide"}"><div>{lines}</div>{code}</div>'


routes: Final[list[BaseRoute]] = [Route("/bigscreen", page), Route("/bigscreen/scenes", scenes)]
