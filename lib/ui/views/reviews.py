"""The review page: the queue, one submission, the decision."""

from typing import Final

import streamlit as st

from lib.domain.dates import show_time
from lib.domain.errors import Conflict, InvalidInput, NotFound
from lib.domain.submissions import TRANSITIONS, Action
from lib.domain.vocabulary import SubmissionState
from lib.services import submissions
from lib.services.submissions import Review
from lib.store.engine import database
from lib.ui import address, cache, filters, navigation
from lib.ui.components import bands, cards, forms, records
from lib.ui.components.markup import draw, el
from lib.ui.guard import Context

_DECISIONS: Final = (Action.PUBLISH, Action.RETURN, Action.DECLINE)


def queue(ctx: Context) -> None:
    """Submissions of one state, the oldest first."""
    state = SubmissionState(address.choice("state", tuple(SubmissionState), SubmissionState.PENDING))
    with database().read() as session:
        found = submissions.queue(session, state, address.number("page") or 1, actor=ctx.actor)
    bands.band("审核", f"待审核 {found.counts[SubmissionState.PENDING]} 条，先到的在前。")
    if done := st.session_state.pop("decided", ""):
        st.success(done, icon=":material/check_circle:")
    filters.segments(
        "状态",
        {option.value: f"{option.label} {found.counts[option]}" for option in SubmissionState},
        state.value,
        key="state",
        chosen=lambda value: address.write(state=value, page=None),
    )
    if not found.items:
        bands.empty(f"没有{state.label}的提交", "有新的提交时会出现在这里。")
        return
    with st.container(border=True, gap=None, key="queue"):
        for item in found.items:
            with st.container(gap=None, key=f"row-review-{item.id}"):
                st.page_link(
                    navigation.href("review"), label=cards.plain(item.title), query_params={"id": str(item.id)}
                )
                line = f"{item.kind.label} · {item.unit} · {item.receipt} · {show_time(item.submitted_at)}"
                draw(el("span", line, cls="bj-meaning"))
    filters.pager(found.page, found.pages)


def record(ctx: Context, submission_id: int) -> None:
    """One submission with its answers, its masked contact and the three decisions."""
    try:
        with database().read() as session:
            found = submissions.read(session, submission_id, actor=ctx.actor)
    except NotFound as missing:
        records.missing("审核列表", "review", missing.message)
        return
    receipt = found.receipt
    line = f"{receipt.number} · {show_time(receipt.submitted_at)} 提交"
    tag = el("span", receipt.state.label, cls="bj-tag bj-demo")
    records.head("审核", "review", found.title, line, (receipt.kind.label,), tag)
    left, right = st.columns([2, 1], gap="large")
    places = cache.place_names(ctx.revision("division"))
    with left, st.container(border=True):
        event = [("活动", found.event)] if found.event else []
        answers = forms.answers(receipt.kind, found.content, places)
        records.facts([("名称", found.title), *event, *answers], "提交的内容")
    with right:
        with st.container(border=True):
            _contact(ctx, found)
        with st.container(border=True):
            _decision(ctx, found)


def _contact(ctx: Context, found: Review) -> None:
    if st.button("查看联系方式", icon=":material/visibility:", help="每次查看都会记录在案"):
        seen = submissions.view_contact(database(), found.id, actor=ctx.actor)
        records.facts([("联系人", seen.name), ("电话", seen.phone), ("邮箱", seen.email)], "联系方式")
        return
    records.facts([("联系人", found.contact_name), ("电话", found.contact_phone)], "联系方式")


def _decision(ctx: Context, found: Review) -> None:
    draw(el("h3", "审核决定"))
    if not any((found.receipt.state, action) in TRANSITIONS for action in _DECISIONS):
        records.facts([("状态", found.receipt.state.label), ("意见", found.receipt.comment)])
        return
    seen = st.session_state.setdefault(f"seen-{found.id}", found.version)
    with st.form(f"decision-{found.id}", border=False, enter_to_submit=False):
        action = st.radio("决定", _DECISIONS, index=None, format_func=lambda option: option.label, key=f"d-{found.id}")
        comment = st.text_area(
            "意见", key=f"c-{found.id}", placeholder="退回或不予发布时必填，提交人会看到", height=100
        )
        sent = st.form_submit_button("确认", type="primary")
    if not sent:
        return
    if action is None:
        st.warning("请先选择一个决定。")
        return
    try:
        done = submissions.decide(database(), found.id, action, comment, seen, actor=ctx.actor)
    except InvalidInput as wrong:
        st.warning(wrong.message)
    except Conflict as refused:
        st.session_state.pop(f"seen-{found.id}", None)
        st.warning(refused.message)
    else:
        st.session_state["decided"] = f"{done.number} 已{action.label}。"
        address.write(id=None)
        st.rerun()
