"""Login and logout are real requests: a form posts, a cookie that no script can read comes back.

That the form came from a page of ours is checked by the guard, as for every changing request.
"""

import asyncio
from html import escape
from typing import Final
from urllib.parse import quote, urlencode, urlsplit

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from lib.domain.access import Actor
from lib.domain.errors import AccessDenied, TooManyTries
from lib.server import posted
from lib.server.html import document
from lib.services import accounts
from lib.settings import settings
from lib.store.engine import database

_AT_ONCE: Final = 2
_WAITING: Final = 20
_LEAD: Final = "浏览、检索和提交不需要账号；登录后可以管理自己的记录、申请查看授权内容。"


class Turns:
    """Passwords are checked two at a time: each check takes 64 MiB and a third of a second."""

    def __init__(self) -> None:
        self._places = asyncio.Semaphore(_AT_ONCE)
        self._waiting = 0

    @property
    def crowded(self) -> bool:
        """True when nobody more should wait."""
        return self._waiting >= _WAITING

    async def __aenter__(self) -> None:
        self._waiting += 1
        try:
            await self._places.acquire()
        finally:
            self._waiting -= 1

    async def __aexit__(self, *_: object) -> None:
        self._places.release()


turns = Turns()


async def login(request: Request) -> Response:
    """GET /login shows the form, or who is signed in; POST checks it and leads on."""
    token, address = posted.token(request), posted.address(request)
    if request.method != "POST":
        onward = safe_next(request.query_params.get("next") or _came_from(request))
        actor = await run_in_threadpool(posted.actor, token, address) if token else Actor()
        return _who(actor, onward) if actor.account_id else _form(onward)
    form = await posted.read(request)
    if form is None:
        return _form("/", problem="表单无法识别，请重新填写。", status=400)
    name, onward = form.get("login", ""), safe_next(form.get("next", "/"))
    if turns.crowded:
        return _form(onward, name, problem="同时登录的人太多，请稍候再试。", status=503)
    try:
        async with turns:
            fresh = await run_in_threadpool(
                _enter, name, form.get("password", ""), address, posted.agent(request), token
            )
    except AccessDenied as denied:
        return _form(onward, name, problem=denied.message, status=403)
    except TooManyTries as many:
        answer = _form(onward, name, problem=many.message, status=429)
        answer.headers["Retry-After"] = str(many.seconds)
        return answer
    return signed_in(fresh, onward)


async def logout(request: Request) -> Response:
    """POST /logout ends the login in the database and in the browser. It may be repeated."""
    form = await posted.read(request) or {}
    if token := posted.token(request):
        await run_in_threadpool(leave, token)
    answer = RedirectResponse(safe_next(form.get("next", "/")), 303, {"Cache-Control": "no-store"})
    answer.delete_cookie(settings().session_cookie, path="/", secure=settings().secure, httponly=True, samesite="lax")
    return answer


def signed_in(token: str, onward: str) -> Response:
    """The answer that puts a new login's token into the cookie and leads on."""
    answer = RedirectResponse(onward, 303, {"Cache-Control": "no-store"})
    answer.set_cookie(
        settings().session_cookie, token, path="/", secure=settings().secure, httponly=True, samesite="lax"
    )
    return answer


def leave(token: str) -> None:
    """End the login that a token stands for; call it beside the event loop."""
    with database().write() as session:
        accounts.log_out(session, token)


def safe_next(target: str) -> str:
    """The address to go on to, when it is one of ours; else the home page."""
    if not target.startswith("/") or target.startswith(("//", "/\\", "/login", "/logout")) or len(target) > 2000:
        return "/"
    if any(not character.isprintable() for character in target) or "\\" in target:
        return "/"
    parts = urlsplit(target)
    if parts.scheme or parts.netloc:
        return "/"
    return quote(parts.path, safe="/%") + (f"?{quote(parts.query, safe='=&%+')}" if parts.query else "")


# ------------------------------------------------------------------ inside
def _came_from(request: Request) -> str:
    """The page of ours that the link stood on."""
    try:
        parts = urlsplit(request.headers.get("referer", ""))
    except ValueError:
        return "/"
    if parts.netloc != request.headers.get("host"):
        return "/"
    return parts.path + (f"?{parts.query}" if parts.query else "")


def _enter(name: str, password: str, address: str, agent: str, former: str | None) -> str:
    """A new login; the one this browser had until now ends."""
    token = accounts.log_in(database(), name, password, address=address, agent=agent)
    if former:
        leave(former)
    return token


def _form(onward: str, name: str = "", *, problem: str = "", status: int = 200) -> Response:
    warning = f'<p class="problem" role="alert">{escape(problem)}</p>' if problem else ""
    body = f"""<form class="card" method="post" action="/login">
{warning}
<label for="login">登录名</label>
<input id="login" name="login" type="text" value="{escape(name[:64])}" autocomplete="username" autocapitalize="none"
 spellcheck="false" maxlength="64" required autofocus>
<label for="password">密码</label>
<input id="password" name="password" type="password" autocomplete="current-password"
 maxlength="{accounts.MOST_PASSWORD}" required>
<input type="hidden" name="next" value="{escape(onward)}">
<button>登录</button>
{_provider(onward)}
<p class="note">没有账号？<a href="/register">注册</a>。忘记密码请向管理员要重设链接。
{settings().session_idle_minutes} 分钟不操作会自动退出。</p>
</form>"""
    return document("登录", _LEAD, body, narrow=True, status=status)


def _provider(onward: str) -> str:
    """The way in by the identity provider, where there is one."""
    if not settings().oidc:
        return ""
    there, name = urlencode({"next": onward}), escape(settings().oidc_name)
    return f'<a class="button other" href="/oidc/login?{escape(there)}">用{name}登录</a>'


def _who(actor: Actor, onward: str) -> Response:
    body = f"""<form class="card" method="post" action="/logout">
<h2>{escape(actor.name)}</h2>
<p>您已登录，身份是{escape(actor.role.label)}。用完请退出，换账号也请先退出。</p>
<button>退出登录</button>
<p class="note"><a href="{escape(onward)}">返回刚才的页面</a></p>
</form>"""
    return document("账号", _LEAD, body, narrow=True)
