"""我的: one's own submissions and what to do with them, notices, drafts, saved searches, the own feed."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any, Final

import streamlit as st

from lib.domain import disclosure
from lib.domain.access import Permission
from lib.domain.dates import show_time, today_shanghai
from lib.domain.errors import InvalidInput, NotFound, ProductError
from lib.domain.submissions import Action
from lib.domain.vocabulary import FieldLevel, SubmissionState
from lib.services import attachments, drafts, notices, submissions
from lib.services.drafts import DraftItem
from lib.services.notices import NoticeItem, Notices
from lib.services.publication import ANSWERS
from lib.services.submissions import OwnItem, OwnPage, OwnSubmission
from lib.store.engine import database
from lib.ui import address, cache, filters, guard, navigation
from lib.ui.components import bands, cards, forms, receipts, records
from lib.ui.components.markup import Markup, draw, el
from lib.ui.guard import Context
from lib.ui.views import attachments as attachment_views
from lib.ui.views import searches

_VIEWS: Final = ("submissions", "notices", "drafts", "searches", "feed")
_YEAR: Final = timedelta(days=365)


def overview(ctx: Context) -> None:
    """Submissions, notices, drafts, saved searches or the feed: one of them at a time."""
    view = address.choice("view", _VIEWS, "submissions")
    page = address.number("page") or 1
    with database().read() as session:
        sent = submissions.own(session, page if view == "submissions" else 1, actor=ctx.actor)
        told = notices.listing(session, page if view == "notices" else 1, actor=ctx.actor)
        typed = drafts.listing(session, actor=ctx.actor, browser=guard.browser())
    bands.band("我的", "提交的进展、通知、没写完的草稿和保存的搜索都在这里。")
    if done := st.session_state.pop("done", ""):
        st.success(done, icon=":material/check_circle:")
    with st.container(horizontal=True, vertical_alignment="center", key="summary"):
        labels = {
            "submissions": f"提交 {sent.total}",
            "notices": f"通知 {told.unread} 条未读" if told.unread else "通知",
            "drafts": f"草稿 {len(typed)}",
            "searches": searches.label(ctx),
            "feed": "订阅",
        }
        filters.segments("看什么", labels, view, key="view", chosen=lambda value: address.write(view=value, page=None))
        st.space("stretch")
        st.page_link(
            navigation.href("submit"), label="发布需求", icon=":material/edit_square:", query_params={"kind": "demand"}
        )
    if view == "notices":
        _notices(ctx, told)
    elif view == "drafts":
        _drafts(ctx, typed)
    elif view == "searches":
        searches.mine(ctx, page)
    elif view == "feed":
        _feed(ctx)
    else:
        _submissions(sent)


def _submissions(sent: OwnPage) -> None:
    if not sent.items:
        bands.empty("还没有提交", "从「发布需求」开始；以前没有登录时提交的，可在「查进度」里归到这个账号。")
        return
    with st.container(border=True, gap=None, key="mine"):
        for item in sent.items:
            with st.container(gap=None, key=f"row-mine-{item.id}"):
                st.page_link(navigation.href("mine"), label=cards.plain(item.title), query_params={"id": str(item.id)})
                draw(_line(item))
    filters.pager(sent.page, sent.pages)


def _line(item: OwnItem) -> Markup:
    receipt = item.receipt
    kind = f"{receipt.kind.label}修订" if item.revision else receipt.kind.label
    sent = el("span", f"{show_time(receipt.submitted_at)} 提交", cls="bj-tight")
    until = f" · 有效期至 {item.valid_until}" if receipt.state is SubmissionState.PUBLISHED and item.valid_until else ""
    number = el("span", receipt.number, cls="bj-tight")
    decided = receipt.comment and receipt.state is not SubmissionState.PENDING
    said = el("p", el("b", "审核意见："), receipt.comment, cls="bj-said") if decided else None
    step = el("p", receipts.next_step(receipt), cls="bj-meaning")
    line = el("span", receipts.tag(receipt.state), f" {kind} · ", number, " · ", sent, until, cls="bj-meaning")
    return el("div", line, said, step)


# ------------------------------------------------------------------ notices, drafts, feed
def _notices(ctx: Context, told: Notices) -> None:
    if not told.items:
        bands.empty("还没有通知", "审核有了结果、记录快到期、有人申请查看时，会在这里告诉您。")
        return
    with st.container(border=True, gap=None, key="mine"):
        for item in told.items:
            with st.container(gap=None, key=f"row-notice-{item.id}"):
                _notice(item)
    filters.pager(told.page, told.pages)
    if told.unread:
        notices.mark_read(database(), actor=ctx.actor)


def _notice(item: NoticeItem) -> None:
    known = next((place for place in navigation.PLACES if place.name == item.page), None)
    label = cards.plain(item.title)
    st.page_link(
        navigation.href(known.name if known else "mine"),
        label=label if item.read else f"**{label}**",
        icon=None if item.read else ":material/fiber_new:",
        query_params=dict(item.query),
    )
    body = el("p", item.body, cls="bj-meaning") if item.body else None
    draw(el("div", el("span", show_time(item.at), cls="bj-meaning"), body))


def _drafts(ctx: Context, typed: tuple[DraftItem, ...]) -> None:
    if not typed:
        bands.empty("没有草稿", f"填写时会自动保存，{drafts.KEPT_DAYS} 天没有继续的草稿会自动删除。")
        return
    with st.container(border=True, gap=None, key="mine"):
        for item in typed:
            with st.container(key=f"line-{item.id}", horizontal=True, vertical_alignment="center"):
                kind = f"{item.kind.label}修改" if item.revises_id else item.kind.label
                draw(
                    el(
                        "div",
                        el("b", item.title or "（还没有写名称）"),
                        el("p", f"{kind} · {show_time(item.saved_at)} 保存", cls="bj-meaning"),
                    )
                )
                st.page_link(
                    navigation.href("submit"), label="继续填写", icon=":material/edit:", query_params=_address(item)
                )
                st.button(
                    "删除",
                    icon=":material/delete:",
                    type="tertiary",
                    key=f"discard-{item.id}",
                    on_click=_discard,
                    args=(ctx, item.id),
                )


def _address(item: DraftItem) -> dict[str, str]:
    revised = {"revise": str(item.revises_id)} if item.revises_id else {"kind": item.kind.value}
    event = {"event": str(item.event_id)} if item.event_id else {}
    return {**revised, **event, "draft": item.id}


def _discard(ctx: Context, draft_id: str) -> None:
    drafts.discard(database(), draft_id, actor=ctx.actor, browser=guard.browser())


def _feed(ctx: Context) -> None:
    with st.container(border=True):
        draw(el("h3", "订阅通知"))
        st.caption("在订阅软件里加上这个地址，有新通知就能看到。地址只显示这一次；重新生成后，旧地址立即停用。")
        if st.button("生成订阅地址", icon=":material/rss_feed:"):
            key = notices.new_feed_key(database(), actor=ctx.actor)
            st.code(f"{guard.origin()}/feeds/own/{key}.atom", language=None, wrap_lines=True)
            st.caption("请当作密码保管：知道它的人能看到您的通知标题。通知里只有回执号，没有内容和联系方式。")


# ------------------------------------------------------------------ one submission
def record(ctx: Context, submission_id: int) -> None:
    """One of the actor's own submissions: where it stands, what the reviewer said, what can be done, what was said."""
    manages = ctx.actor.may(Permission.MANAGE_OWN_RECORDS)
    try:
        with database().read() as session:
            own = submissions.read_own(session, submission_id, actor=ctx.actor)
            answers = submissions.filled(session, submission_id, actor=ctx.actor) if manages else own.content
            files = attachments.of_submission(session, submission_id, actor=ctx.actor)
    except NotFound as missing:
        records.missing("我的", "mine", missing.message)
        return
    receipt = own.receipt
    kind = f"{receipt.kind.label}修订" if receipt.revision else receipt.kind.label
    line = f"{receipt.number} · {show_time(receipt.submitted_at)} 提交"
    if own.revises:
        line += f" · 修订 {own.revises}"
    records.head("我的", "mine", own.title, line, (kind,), receipts.tag(receipt.state))
    if done := st.session_state.pop("done", ""):
        st.success(done, icon=":material/check_circle:")
    left, right = st.columns([2, 1], gap="large")
    with left:
        receipts.progress(receipt, comments=False)
        with st.container(border=True):
            _answers(ctx, own, answers)
            if files:
                draw(el("h3", "附件"))
                attachment_views.listing(files)
    with right:
        if manages:
            with st.container(border=True):
                _actions(ctx, own, answers)


def _answers(ctx: Context, own: OwnSubmission, answers: Mapping[str, Any]) -> None:
    """What was handed in, with who may see it and what the reviewer said beside each answer."""
    kind, comments = own.receipt.kind, own.receipt.field_comments or {}
    places = cache.place_names(ctx.revision("division"))
    levels = {ANSWERS.get(name, name): FieldLevel(level) for name, level in own.levels.items()}
    levels |= dict.fromkeys(disclosure.CONTACT_FIELDS, levels.get(disclosure.CONTACT, FieldLevel.GRANTED))

    def shown(name: str, value: str) -> str | Markup:
        level = el("span", levels[name].label, cls="bj-tag") if name in levels else None
        said = el("p", el("b", "审核意见："), comments[name], cls="bj-said") if name in comments else None
        return el("div", value, " ", level, said) if level or said else value

    rows = [("名称", shown("title", own.title)), *records.shows(answers)]
    rows += [(label, shown(name, value)) for name, label, value in forms.named_answers(kind, answers, places)]
    if "contact_name" not in answers:
        rows.append(("联系人", own.contact_hint))
    records.facts(rows, "提交的内容")


def _actions(ctx: Context, own: OwnSubmission, answers: Mapping[str, Any]) -> None:
    draw(el("h3", "可以做的"))
    state, may = own.receipt.state, submissions.may
    if may(own, Action.RESUBMIT):
        _to_form("修改后重新提交", own)
    elif state is SubmissionState.PUBLISHED:
        if own.revision:
            st.caption(f"已有一份修订 {own.revision} 在办理，办完以前不能再改。")
        else:
            _to_form("修订", own)
    if may(own, Action.RENEW):
        _renew(ctx, own)
    if may(own, Action.WITHDRAW):
        _withdraw(ctx, own)
    if not any(may(own, action) for action in (Action.RESUBMIT, Action.RENEW, Action.WITHDRAW)):
        st.caption(receipts.next_step(own.receipt))
    if own.receipt.state in {SubmissionState.DECLINED, SubmissionState.ARCHIVED}:
        st.page_link(
            navigation.href("submit"),
            label="另填一条",
            icon=":material/add:",
            query_params={"kind": own.receipt.kind.value} | ({"event": str(own.event_id)} if own.event_id else {}),
        )


def _to_form(label: str, own: OwnSubmission) -> None:
    with st.container(key="act"):
        st.page_link(
            navigation.href("submit"), label=label, icon=":material/edit:", query_params={"revise": str(own.id)}
        )


def _renew(ctx: Context, own: OwnSubmission) -> None:
    today = today_shanghai()
    until = st.date_input(
        "新的有效期止",
        today + _YEAR,
        min_value=today + timedelta(days=1),
        max_value=today + submissions.LONGEST_RENEWAL,
        format="YYYY-MM-DD",
        key=f"until-{own.id}",
    )
    if st.button("续期", type="primary", icon=":material/event_repeat:"):
        _do(lambda: submissions.renew(database(), own.id, until, actor=ctx.actor), "已续期，记录重新公开。")


def _withdraw(ctx: Context, own: OwnSubmission) -> None:
    with st.popover("撤回", icon=":material/undo:"):
        public = "公开的记录会立即从所有列表撤下。" if own.receipt.state is SubmissionState.PUBLISHED else ""
        st.caption(f"{public}撤回以后，需要时还可以修改后重新提交。")
        if st.button("确认撤回", type="primary", key=f"withdraw-{own.id}"):
            _do(lambda: submissions.withdraw(database(), own.id, actor=ctx.actor), "已撤回。")


def _do(work: Callable[[], object], done: str) -> None:
    """Carry something out and say so on the page as it is afterwards."""
    try:
        work()
    except InvalidInput as wrong:
        bands.wrong(wrong.message)
    except ProductError as refused:
        st.warning(refused.message, icon=":material/info:")
    else:
        st.session_state["done"] = done
        st.rerun()
