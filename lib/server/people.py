"""Plain forms about accounts: register, accept an invitation, set a new password, leave. They work without a script.

Passwords go only through these, never through a page's widgets, which keep what was typed in memory.
"""

import json
from collections.abc import Awaitable, Callable, Mapping
from html import escape
from typing import Any, Final

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from lib.domain import consent
from lib.domain.access import Actor
from lib.domain.dates import show_time
from lib.domain.errors import AccessDenied, Conflict, InvalidInput, NotFound, ProductError, TooManyTries
from lib.server import posted
from lib.server.html import choice, document, facts, field, problem, tick
from lib.server.login import leave, signed_in, turns
from lib.services import accounts, catalogue, links, personal, registration
from lib.settings import settings
from lib.store.engine import database

_CROWDED: Final = "同时操作的人太多，请稍候再试。"
_NO_FORM: Final = "表单无法识别，请重新填写。"
_STATUS: Final[Mapping[type[ProductError], int]] = {
    InvalidInput: 422, NotFound: 404, AccessDenied: 403, Conflict: 409, TooManyTries: 429,
}  # fmt: skip

Show = Callable[[dict[str, str], Mapping[str, str], str, int], Awaitable[Response]]
"""Draws a form: what was typed, what is wrong with each field, one sentence above, the status."""
Work = Callable[[dict[str, str]], Awaitable[Response]]


async def _handle(request: Request, show: Show, work: Work) -> Response:
    """GET shows the form; POST does the work, or shows the form again with what was typed and what is wrong."""
    if request.method != "POST":
        return await show({}, {}, "", 200)
    form = await posted.read(request, fields=12)
    if form is None:
        return await show({}, {}, _NO_FORM, 400)
    if turns.crowded:
        return await show(form, {}, _CROWDED, 503)
    try:
        async with turns:
            return await work(form)
    except InvalidInput as wrong:
        sentence = f"还有 {len(wrong.fields)} 处需要修改，已标在各项下面。"
        return await show(form, wrong.fields, sentence, 422)
    except ProductError as refused:
        answer = await show(form, {}, refused.message, _STATUS.get(type(refused), 400))
        if isinstance(refused, TooManyTries):
            answer.headers["Retry-After"] = str(refused.seconds)
        return answer


# ------------------------------------------------------------------ registering
async def register(request: Request) -> Response:
    """GET /register shows the form; POST makes the account, signs it in and leads to 我的账号."""
    visitor = Actor(address=posted.address(request))

    async def show(typed: dict[str, str], wrong: Mapping[str, str], sentence: str, status: int) -> Response:
        leagues = await run_in_threadpool(_leagues)
        body = f"""<form class="card" method="post" action="/register" novalidate>{problem(sentence)}
<h2>所属单位</h2>
{
            field(
                "organization",
                "单位全称",
                typed.get("organization", ""),
                wrong.get("organization", ""),
                maxlength="100",
                autocomplete="organization",
                tip="与营业执照或法人证书一致",
            )
        }
<div class="row">{
            field(
                "code",
                "统一社会信用代码",
                typed.get("code", ""),
                wrong.get("code", ""),
                maxlength="24",
                autocomplete="off",
                tip="18 位",
            )
        }
{
            choice(
                "league",
                "所在盟市",
                leagues,
                typed.get("league", ""),
                wrong.get("league", ""),
                tip="由当地主管部门审核",
            )
        }</div>
<h2 class="part">账号</h2>
{_newcomer(typed, wrong)}
<button>注册</button>
<p class="note">已有账号请<a href="/login">登录</a>。</p></form>"""
        lead = "注册后即可登录；单位经主管部门审核通过后，可以管理本单位的记录、申请查看授权内容。"
        return document("注册", lead, body, narrow=True, status=status)

    async def work(form: dict[str, str]) -> Response:
        agent = posted.agent(request)
        try:
            token = await run_in_threadpool(registration.register, database(), form, actor=visitor, agent=agent)
        except InvalidInput as wrong:
            if wrong.fields != {"login": accounts.LOGIN_TAKEN}:
                raise
            token = await run_in_threadpool(_sent_twice, form, visitor.address, agent, wrong)
        return await _enter(request, token, "/account")

    return await _handle(request, show, work)


def _sent_twice(form: Mapping[str, str], address: str, agent: str, wrong: InvalidInput) -> str:
    """A form that was sent twice made its account the first time: the password tells."""
    try:
        return accounts.log_in(database(), form["login"], form["password"], address=address, agent=agent)
    except ProductError:
        raise wrong from None


def _leagues() -> dict[str, str]:
    with database().read() as session:
        return catalogue.league_names(session)


# ------------------------------------------------------------------ invited
async def invite(request: Request) -> Response:
    """GET /invite/{token} shows what it invites to; POST makes the account, or changes the one that is signed in."""
    token = request.path_params["token"]
    actor = await run_in_threadpool(posted.actor, posted.token(request), posted.address(request))

    async def show(typed: dict[str, str], wrong: Mapping[str, str], sentence: str, status: int) -> Response:
        try:
            found = await run_in_threadpool(_invitation, token)
        except NotFound as dead:
            return _dead("邀请", dead.message)
        rows = [("身份", found.role.label), ("单位", found.organization), ("地区", found.scope), ("活动", found.event),
                ("有效至", show_time(found.expires_at))]  # fmt: skip
        what = facts((name, value) for name, value in rows if value)
        if actor.account_id is not None:
            form = f"""<input type="hidden" name="own" value="1"><p>您已登录为 <b>{escape(actor.name)}</b>。</p>
<button>用这个账号接受</button><p class="note">要用另一个账号，请先<a href="/login">退出</a>。</p>"""
        else:
            here = f"/login?next=/invite/{escape(token)}"
            form = f"""<h2 class="part">新账号</h2>{_newcomer(typed, wrong)}<button>接受邀请</button>
<p class="note">已有账号？<a href="{here}">登录后接受</a>。</p>"""
        body = (
            f"""<form class="card" method="post" novalidate>{problem(sentence)}<h2>邀请您成为</h2>{what}{form}</form>"""
        )
        return document("接受邀请", "邀请只能用一次，请不要转给他人。", body, narrow=True, status=status)

    async def work(form: dict[str, str]) -> Response:
        agent = posted.agent(request)
        if form.get("own") == "1":
            fresh = await run_in_threadpool(links.accept_signed_in, database(), token, actor=actor, agent=agent)
        else:
            fresh = await run_in_threadpool(links.accept, database(), token, form, actor=actor, agent=agent)
        return await _enter(request, fresh, "/account")

    return await _handle(request, show, work)


def _invitation(token: str) -> links.Invitation:
    with database().read() as session:
        return links.invitation(session, token, actor=Actor())


# ------------------------------------------------------------------ passwords
async def reset(request: Request) -> Response:
    """GET /reset/{token} asks for a new password; POST sets it once and leads to the login."""
    token = request.path_params["token"]
    visitor = Actor(address=posted.address(request))

    async def show(_typed: dict[str, str], wrong: Mapping[str, str], sentence: str, status: int) -> Response:
        try:
            login = await run_in_threadpool(_reset_login, token)
        except NotFound as dead:
            return _dead("重设密码", dead.message)
        body = f"""<form class="card" method="post" novalidate>{problem(sentence)}
<p>登录名 <b>{escape(login)}</b></p>{_hidden_login(login)}{_twice(wrong)}<button>设定新密码</button>
<p class="note">设定后，这个账号在各处的登录都会退出。</p></form>"""
        return document("重设密码", "这个链接只能用一次。", body, narrow=True, status=status)

    async def work(form: dict[str, str]) -> Response:
        password, again = form.get("password", ""), form.get("again", "")
        await run_in_threadpool(links.reset, database(), token, password, again, actor=visitor)
        return RedirectResponse("/login", 303, {"Cache-Control": "no-store"})

    return await _handle(request, show, work)


def _reset_login(token: str) -> str:
    with database().read() as session:
        return links.reset_login(session, token, actor=Actor())


async def password(request: Request) -> Response:
    """GET /password asks for the present and a new password; POST changes it and ends every other login."""
    actor = await run_in_threadpool(posted.actor, posted.token(request), posted.address(request))
    if actor.account_id is None:
        return RedirectResponse("/login?next=/password", 303)

    async def show(_typed: dict[str, str], wrong: Mapping[str, str], sentence: str, status: int) -> Response:
        me = await run_in_threadpool(_me, actor)
        body = f"""<form class="card" method="post" action="/password" novalidate>{problem(sentence)}
{_hidden_login(me.login)}{_present(me)}{_twice(wrong)}<button>修改密码</button>
<p class="note">其他浏览器上的登录会退出。<a href="/account">返回我的账号</a></p></form>"""
        return document("修改密码", "长度要紧：用几个不相干的词连成一句，比夹杂符号更难猜、更好记。", body, narrow=True,
                        status=status)  # fmt: skip

    async def work(form: dict[str, str]) -> Response:
        fresh = await run_in_threadpool(
            personal.change_password, database(), form.get("current", ""), form.get("password", ""),
            form.get("again", ""), actor=actor, agent=posted.agent(request),
        )  # fmt: skip
        return signed_in(fresh, "/account")

    return await _handle(request, show, work)


# ------------------------------------------------------------------ leaving, taking along
async def erase(request: Request) -> Response:
    """GET /erase says what goes and what stays; POST removes the account after its password was given once more."""
    actor = await run_in_threadpool(posted.actor, posted.token(request), posted.address(request))
    if actor.account_id is None:
        return RedirectResponse("/login?next=/erase", 303)

    async def show(_typed: dict[str, str], _wrong: Mapping[str, str], sentence: str, status: int) -> Response:
        me = await run_in_threadpool(_me, actor)
        rows = (
            ("会删除", "姓名、电话、登录名、密码、统一身份、草稿、通知、登录记录，以及您提交时填的联系方式"),
            ("会撤回", "还没有审核的提交"),
            ("会保留", "已公开发布的记录（归单位所有，不含联系方式）；操作记录（依法留存，不含联系方式）"),
        )
        body = f"""<form class="card" method="post" action="/erase" novalidate>{problem(sentence)}
<h2>{escape(me.login)}</h2>{facts(rows)}<p></p>{_hidden_login(me.login)}{_present(me)}
<button class="danger">注销账号</button>
<p class="note">注销后无法恢复。<a href="/download/my-data.json">先导出我的数据</a>，或
<a href="/account">返回我的账号</a>。</p>
</form>"""
        return document("注销账号", "删除您的个人信息，且无法恢复。", body, narrow=True, status=status)

    async def work(form: dict[str, str]) -> Response:
        await run_in_threadpool(personal.erase, database(), form.get("current", ""), actor=actor)
        answer = RedirectResponse("/", 303, {"Cache-Control": "no-store"})
        answer.delete_cookie(
            settings().session_cookie, path="/", secure=settings().secure, httponly=True, samesite="lax"
        )
        return answer

    return await _handle(request, show, work)


async def my_data(request: Request) -> Response:
    """GET /download/my-data.json: everything kept about whoever asks, and nobody else."""
    actor = await run_in_threadpool(posted.actor, posted.token(request), posted.address(request))
    if actor.account_id is None:
        return RedirectResponse("/login?next=/account", 303)
    data: dict[str, Any] = await run_in_threadpool(personal.export, database(), actor=actor)
    return Response(
        json.dumps(data, ensure_ascii=False, indent=1),
        media_type="application/json; charset=utf-8",
        headers={"Content-Disposition": 'attachment; filename="my-data.json"', "Cache-Control": "no-store"},
    )


# ------------------------------------------------------------------ pieces
def _newcomer(typed: Mapping[str, str], wrong: Mapping[str, str]) -> str:
    """The questions to somebody new."""
    return f"""<div class="row">{
        field("name", "姓名", typed.get("name", ""), wrong.get("name", ""), maxlength="40", autocomplete="name")
    }
{
        field(
            "phone",
            "电话（选填）",
            typed.get("phone", ""),
            wrong.get("phone", ""),
            kind="tel",
            maxlength="30",
            autocomplete="tel",
        )
    }</div>
{
        field(
            "login",
            "登录名",
            typed.get("login", ""),
            wrong.get("login", ""),
            maxlength="64",
            autocomplete="username",
            autocapitalize="none",
            spellcheck="false",
            tip="2 至 64 个字符，不含空格",
        )
    }
{_twice(wrong)}{_agreement(wrong.get("consent", ""))}"""


def _twice(wrong: Mapping[str, str]) -> str:
    most, tip = str(accounts.MOST_PASSWORD), f"至少 {accounts.LEAST_PASSWORD} 个字符，可以是一句话"
    return f"""<div class="row">{
        field(
            "password",
            "新密码",
            "",
            wrong.get("password", ""),
            kind="password",
            autocomplete="new-password",
            maxlength=most,
            tip=tip,
        )
    }
{
        field(
            "again",
            "再输入一次",
            "",
            wrong.get("again", ""),
            kind="password",
            autocomplete="new-password",
            maxlength=most,
        )
    }</div>"""


def _agreement(wrong: str) -> str:
    return f"""<details><summary>{escape(consent.TITLE)}</summary>{facts(consent.TEXT)}</details>
{tick("consent", consent.AGREE, wrong)}"""


def _present(me: personal.Me) -> str:
    """The question for the present password, where there is one."""
    if not me.has_password:
        return '<p class="note">您用统一身份登录，没有本平台的密码；请在登录后十分钟内操作。</p>'
    most = str(accounts.MOST_PASSWORD)
    return field("current", "现在的密码", kind="password", autocomplete="current-password", maxlength=most)


def _hidden_login(login: str) -> str:
    """Tells password managers whose password this is."""
    return f'<input type="text" value="{escape(login)}" autocomplete="username" hidden>'


def _dead(title: str, sentence: str) -> Response:
    body = f'<div class="card">{problem(sentence)}<a href="/login">去登录</a></div>'
    return document(title, "链接只能用一次，并且有期限。", body, narrow=True, status=404)


def _me(actor: Actor) -> personal.Me:
    with database().read() as session:
        return personal.me(session, actor=actor)


async def _enter(request: Request, token: str, onward: str) -> Response:
    """Put a new login into the cookie; the one this browser had until now ends."""
    if former := posted.token(request):
        await run_in_threadpool(leave, former)
    return signed_in(token, onward)


routes: Final[list[BaseRoute]] = [
    Route("/register", register, methods=["GET", "POST"]),
    Route("/invite/{token}", invite, methods=["GET", "POST"]),
    Route("/reset/{token}", reset, methods=["GET", "POST"]),
    Route("/password", password, methods=["GET", "POST"]),
    Route("/erase", erase, methods=["GET", "POST"]),
    Route("/download/my-data.json", my_data),
]
