"""A judge's page: the projects in their order, points for each criterion, saved one project at a time.

The code is typed once, or comes behind the # of an address, which no server and no log ever sees; from then on a cookie
that no script reads stands for it, in this event only.
"""

from html import escape
from typing import Any, Final

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from lib.domain import jury as rules
from lib.domain.access import VISITOR
from lib.domain.errors import InvalidInput, NotFound, ProductError, TooManyTries
from lib.server import answers, assets, html, posted
from lib.services import jury, roadshows
from lib.services.jury import Sheet
from lib.settings import settings
from lib.store.engine import database

_LARGEST: Final = 8192
_SECONDS: Final = 12 * 3600
"""A code is typed anew on another day."""


async def page(request: Request) -> Response:
    """GET /jury?event=: where a code is typed, and from then on what is scored; 404 where there is no such event."""
    event = posted.number(request.query_params.get("event", ""))

    def read() -> tuple[str, Sheet | None]:
        with database().read() as session:
            title = roadshows.read_event(session, event, actor=VISITOR).card.title
        try:
            return title, _sheet(request, event) if _code(request, event) else None
        except (InvalidInput, TooManyTries):  # a code that holds no more is asked for anew
            return title, None

    try:
        title, found = await run_in_threadpool(read)
    except NotFound as missing:
        back = '<div class="card"><a class="button" href="/roadshows">回到路演与活动</a></div>'
        return html.document("没有找到", missing.message, back, narrow=True, status=404)
    data = {"event": event, "sheet": _plain(found) if found else None}
    return assets.page(f"评审打分：{title}", _body(title), name="jury", data=data)


async def enter(request: Request) -> Response:
    """POST /jury/{event}/enter {"code"}: the sheet of the judge, and the cookie that stands for the code."""
    body = await posted.json_object(request, largest=_LARGEST)
    if body is None:
        return answers.unreadable()
    event, code = posted.number(request.path_params["event"]), str(body.get("code", ""))
    actor = await run_in_threadpool(posted.actor, None, posted.address(request))
    try:
        found = await run_in_threadpool(lambda: jury.sheet(database(), event, code, actor=actor))
    except ProductError as refused:
        return answers.refused(refused)
    answer = JSONResponse(_plain(found), headers=answers.NO_STORE)
    answer.set_cookie(
        _cookie(event), rules.fold_code(code), max_age=_SECONDS, path="/jury", secure=settings().secure,
        httponly=True, samesite="strict",
    )  # fmt: skip
    return answer


async def sheet(request: Request) -> Response:
    """GET /jury/{event}/sheet: what the judge of the cookie scores and has scored."""
    event = posted.number(request.path_params["event"])
    return await answers.answer(lambda: _plain(_sheet(request, event)))


async def scores(request: Request) -> Response:
    """POST /jury/{event}/scores {"item", "points": {criterion: text}}: {"kept": true}, also for the same again."""
    body = await posted.json_object(request, largest=_LARGEST)
    if body is None:
        return answers.unreadable()
    event, item, points = posted.number(request.path_params["event"]), body.get("item"), body.get("points")

    def write() -> Any:
        if not isinstance(item, int) or not isinstance(points, dict):
            raise InvalidInput({"item": "页面内容不完整，请刷新后再试。"})
        given = {posted.number(str(name)): str(value)[:20] for name, value in points.items()}
        actor = posted.actor(None, posted.address(request))
        jury.score(database(), event, _code(request, event), item, given, actor=actor)
        return {"kept": True}

    return await answers.answer(write)


async def leave(request: Request) -> Response:
    """POST /jury/{event}/leave: this device forgets the code."""
    answer = JSONResponse({}, headers=answers.NO_STORE)
    answer.delete_cookie(_cookie(posted.number(request.path_params["event"])), path="/jury")
    return answer


# ------------------------------------------------------------------ inside
def _sheet(request: Request, event: int) -> Sheet:
    actor = posted.actor(None, posted.address(request))
    return jury.sheet(database(), event, _code(request, event), actor=actor)


def _cookie(event: int) -> str:
    return f"jury-{event}"


def _code(request: Request, event: int) -> str:
    return request.cookies.get(_cookie(event), "")


def _plain(found: Sheet) -> dict[str, Any]:
    return {
        "number": found.number,
        "frozen": found.frozen,
        "measures": [{"id": one.id, "name": one.name, "weight": one.weight} for one in found.measures],
        "items": [
            {
                "id": one.item,
                "title": one.title,
                "unit": one.unit,
                "points": {str(id_): f"{given:f}" for id_, given in found.points.get(one.item, {}).items()},
            }
            for one in found.contenders
        ],
    }


def _body(title: str) -> str:
    return f"""<header><b>{escape(title)}</b><span id="who"></span>
<p id="sign" role="status" hidden>网络断开，正在重连；打的分会自动发送。</p></header>
<main><form id="enter" hidden><h1>评审打分</h1>
<label>评分码<input name="code" autocomplete="off" autocapitalize="characters" spellcheck="false" maxlength="20"
 placeholder="如 K7MP2-X9RTW" required></label><p class="told" role="status"></p><button>进入</button>
<p class="note">评分码由主办方发给评委本人，请不要转交。</p></form>
<section id="sheet" hidden><p id="state" role="status"></p><ol></ol>
<p class="note">每个项目打完点「保存」。公布之前，分数只有您自己看得到；冻结之前可以修改。</p>
<button id="leave" class="quiet">退出评分</button></section>
<noscript><p>打分需要浏览器启用 JavaScript。</p></noscript></main>
"""


routes: Final[list[BaseRoute]] = [
    Route("/jury", page),
    Route("/jury/{event}/enter", enter, methods=["POST"]),
    Route("/jury/{event}/sheet", sheet),
    Route("/jury/{event}/scores", scores, methods=["POST"]),
    Route("/jury/{event}/leave", leave, methods=["POST"]),
]
