"""What of a record is not public: the block on its page, and the page of requests to see it."""

from collections.abc import Callable
from secrets import token_hex
from typing import Final
from urllib.parse import urlencode

import streamlit as st

from lib.domain.access import Permission
from lib.domain.dates import show_time
from lib.domain.errors import AccessDenied, Conflict, InvalidInput, NotFound
from lib.domain.vocabulary import AccessState
from lib.services import attachments, disclosure, grants
from lib.services.disclosure import ClosedField, Restricted
from lib.services.grants import Request, Requests
from lib.store.engine import database
from lib.ui import address, filters
from lib.ui.components import bands, cards, records
from lib.ui.components.markup import Markup, draw, el
from lib.ui.guard import Context
from lib.ui.views.attachments import listing

_DAYS: Final = {7: "7 天", 30: "30 天", 90: "90 天", 180: "180 天", 365: "一年"}
_VIEWS: Final = ("mine", "waiting", "granted")
_NOTE: Final = "谁可以看由权属单位决定；每次查看都会记录在案。"


# ------------------------------------------------------------------ the block on a record page
def block(ctx: Context, record_kind: str, record_id: int, page: str, page_id: int, *, of: str = "") -> None:
    """What of this record is not public, and the way to it; nothing where all of it is.

    `page` and `page_id` say where the record is shown, so that a login comes back to it; `of` names the record where
    a page shows several.
    """
    with database().read() as session:
        there = disclosure.restricted(session, record_kind, record_id, actor=ctx.actor)
        files = attachments.of_record(session, record_kind, record_id, actor=ctx.actor)
        asked = grants.waiting(session, record_kind, record_id, actor=ctx.actor) if there.may_ask else None
    attached = tuple(file for file in files if file.open)
    if attached:
        bands.section(f"{of}：附件" if of else "附件")
        listing(attached)
    if not there.fields and len(attached) == len(files):
        return
    bands.section(f"{of}：需要授权的内容" if of else "需要授权的内容", _NOTE)
    with st.container(border=True, key=f"closed-{record_kind}-{record_id}"):
        _fields(ctx, record_kind, record_id, there)
        if closed := len(files) - len(attached):
            st.caption(f"{'另有' if attached else '有'} {closed} 个附件没有对您开放。")
        if there.owner:
            st.caption("这是您本人或本单位提交的记录，您可以查看全部内容，也可以办理别人的查看申请。")
        elif asked is not None:
            st.caption(f"您已于 {show_time(asked)} 申请查看，等待权属单位或主管部门办理。")
        elif there.may_ask:
            _ask(ctx, record_kind, record_id)
        elif ctx.actor.account_id is None:
            onward = urlencode({"next": f"/{page}?id={page_id}"})
            draw(el("p", el("a", "登录后可申请", href=f"/login?{onward}", cls="bj-more")))
        elif not ctx.actor.may(Permission.REQUEST_ACCESS):
            st.caption("单位审核通过后，可以查看「登录可见」的内容，并申请查看「授权可见」的内容。")


def _fields(ctx: Context, record_kind: str, record_id: int, there: Restricted) -> None:
    opened = any(field.open for field in there.fields)
    values: dict[str, str] = {}
    place = st.container()
    if opened and st.button("查看", icon=":material/visibility:", key=f"view-{record_kind}-{record_id}"):
        try:
            values = disclosure.view(database(), record_kind, record_id, actor=ctx.actor)
        except (AccessDenied, NotFound) as refused:
            st.warning(refused.message)
    if there.fields:
        with place:
            records.facts([(field.label, _state(field, values)) for field in there.fields])


def _state(field: ClosedField, values: dict[str, str]) -> str | Markup:
    if field.name in values:
        return values[field.name]
    level = el("span", field.level.label, cls="bj-badge")
    return el("span", level, " 可以查看" if field.open else " 没有对您开放", cls="bj-meaning")


def _ask(ctx: Context, record_kind: str, record_id: int) -> None:
    """The form with the reason; the same request however often it is sent."""
    name = f"{record_kind}-{record_id}"
    draft = st.session_state.setdefault(f"ask-{name}", token_hex(16))
    with st.form(f"ask-form-{name}", border=False, enter_to_submit=False):
        reason = st.text_area(
            "申请理由",
            key=f"reason-{name}",
            placeholder=f"写明单位、用途和合作意向，{grants.LEAST_REASON} 至 {grants.MOST_REASON} 字",
            height=80,
        )
        sent = st.form_submit_button("申请查看", icon=":material/key:")
    if not sent:
        return
    try:
        grants.request_access(database(), draft, record_kind, record_id, reason, actor=ctx.actor)
    except InvalidInput as wrong:
        bands.wrong(wrong.message)
    except (Conflict, NotFound, AccessDenied) as refused:
        st.warning(refused.message)
    else:
        del st.session_state[f"ask-{name}"]
        st.rerun()


# ------------------------------------------------------------------ the page
def page(ctx: Context) -> None:
    """查看申请: what one asked for, what one answers, what one granted."""
    asks = ctx.actor.may(Permission.REQUEST_ACCESS)
    answers = ctx.actor.may(Permission.MANAGE_OWN_RECORDS) or ctx.actor.may(Permission.DECIDE_ACCESS)
    number = address.number("page") or 1
    with database().read() as session:
        mine = grants.requests_of(session, number, actor=ctx.actor) if asks else Requests((), 0, 1)
        waiting = granted = Requests((), 0, 1)
        if answers:
            waiting = grants.requests_for(session, AccessState.PENDING, number, actor=ctx.actor)
            granted = grants.requests_for(session, AccessState.GRANTED, number, actor=ctx.actor)
    bands.band("查看申请", "「授权可见」的内容，由权属单位或所在地主管部门按申请开放，到期自动关闭。")
    if done := st.session_state.pop("answered", ""):
        st.success(done, icon=":material/check_circle:")
    counts = {
        "mine": f"我的申请 {mine.total}",
        "waiting": f"待我办理 {waiting.total}",
        "granted": f"已授权 {granted.total}",
    }
    view = address.choice("view", _VIEWS, "waiting" if waiting.total else "mine")
    with st.container(key="summary"):
        filters.segments("看什么", counts, view, key="view", chosen=lambda value: address.write(view=value, page=None))
    shown, drawn, nothing = {
        "mine": (mine, _mine, ("您还没有申请过", "在成果或需求的页面上，可以申请查看没有公开的内容。")),
        "waiting": (waiting, _waiting, ("没有待办的申请", "有人申请查看您的记录或辖区内的记录时，会出现在这里。")),
        "granted": (granted, _granted, ("没有生效中的授权", "同意的申请列在这里，可以随时收回。")),
    }[view]
    if not shown.items:
        bands.empty(*nothing)
    for request in shown.items:
        with st.container(border=True, gap="small", key=f"request-{request.id}"):
            _head(request)
            drawn(ctx, request)
    filters.pager(shown.page, shown.pages)


def _head(request: Request) -> None:
    if request.page_id:
        records.internal(f"**{cards.plain(request.title)}**", request.page, request.page_id)
    else:
        draw(el("p", request.title))


def _mine(ctx: Context, request: Request) -> None:
    until = f"，到 {show_time(request.until)} 为止" if request.live and request.until else ""
    draw(
        el(
            "p",
            el("span", request.label, cls="bj-badge"),
            f" {show_time(request.asked_at)} 申请{until}",
            cls="bj-meaning",
        )
    )
    records.facts([("申请理由", request.reason), *([("答复", request.comment)] if request.comment else [])])
    waits = request.state is AccessState.PENDING
    if waits and st.button("撤回申请", icon=":material/undo:", key=f"withdraw-{request.id}"):
        _do(lambda: grants.withdraw(database(), request.id, actor=ctx.actor), "申请已撤回。")


def _who(request: Request) -> list[records.Fact]:
    return [
        ("申请人", f"{request.who}{f'（{request.organization}）' if request.organization else ''}"),
        ("申请时间", show_time(request.asked_at)),
        ("申请理由", request.reason),
    ]


def _waiting(ctx: Context, request: Request) -> None:
    records.facts(_who(request))
    seen = st.session_state.setdefault(f"seen-access-{request.id}", request.version)
    with st.form(f"answer-{request.id}", border=False, enter_to_submit=False):
        days = st.selectbox(
            "同意查看多久", list(_DAYS), index=list(_DAYS).index(grants.DAYS), format_func=_DAYS.__getitem__,
            key=f"days-{request.id}",
        )  # fmt: skip
        comment = st.text_input("说明", placeholder="不同意时必填，申请人会看到", key=f"comment-{request.id}")
        with st.container(horizontal=True):
            yes = st.form_submit_button("同意", type="primary", icon=":material/check:")
            no = st.form_submit_button("不同意", icon=":material/close:")
    if yes or no:
        _do(
            lambda: grants.decide(database(), request.id, yes, days, comment, seen, actor=ctx.actor),
            f"已同意，{_DAYS[days]}内可以查看。" if yes else "已答复不同意。",
            stale=f"seen-access-{request.id}",
        )


def _granted(ctx: Context, request: Request) -> None:
    until = show_time(request.until) if request.until else ""
    records.facts([*_who(request), ("到期时间", until)])
    if st.button("收回授权", icon=":material/block:", key=f"revoke-{request.id}"):
        _do(lambda: grants.revoke(database(), request.id, actor=ctx.actor), "授权已收回，对方再打开页面就看不到了。")


def _do(act: Callable[[], None], done: str, *, stale: str = "answered") -> None:
    """Do it and say so on the next run, or say what stands in the way; what is kept under `stale` is forgotten."""
    try:
        act()
    except InvalidInput as wrong:
        for sentence in wrong.fields.values():
            bands.wrong(sentence)
    except (Conflict, NotFound, AccessDenied) as refused:
        st.session_state.pop(stale, None)
        st.warning(refused.message)
    else:
        st.session_state.pop(stale, None)
        st.session_state["answered"] = done
        st.rerun()
