"""对接跟进: the intentions that somebody may follow up, what is due, and one of them with its steps."""

from typing import Any, Final

import streamlit as st

from lib.domain import followups as ways
from lib.domain.dates import show_time
from lib.domain.errors import InvalidInput, NotFound, ProductError
from lib.domain.vocabulary import ThreadState
from lib.services import followups
from lib.services.followups import Lead
from lib.store.engine import database
from lib.ui import address, filters, navigation, orders
from lib.ui.components import bands, records
from lib.ui.components.markup import draw, el
from lib.ui.components.tables import cell, row, table
from lib.ui.guard import Context

_VIEWS: Final = {"": "全部", "untaken": "没人跟进", "mine": "我在跟进", "overdue": "已过期"} | {
    state.value: state.label for state in ThreadState
}


def listing(ctx: Context) -> None:
    """Reminders first, then the list with its views in the address."""
    view = address.choice("view", tuple(_VIEWS), "")
    event_id = address.number("event")
    with database().read() as session:
        found = followups.listing(session, view, address.number("page") or 1, event_id, actor=ctx.actor)
        due = followups.reminders(session, actor=ctx.actor)
    bands.band("对接跟进", "路演和成果页上留下的意向：谁来联系，谈到哪一步。")
    orders.heard()
    if due:
        bands.section("该联系了", f"{len(due)} 条")
        table(("事由", "意向人", "状态", "下次联系"), map(_due, due), stack=True)
        bands.section("全部意向")
    filters.segments(
        "看哪些",
        {name: f"{label} {found.counts[name]}" for name, label in _VIEWS.items()},
        view,
        key="lead-view",
        chosen=lambda value: address.write(view=value or None, page=None),
    )
    if not found.items:
        bands.empty("没有符合条件的意向", "活动现场或成果页上有人点「我有意向」后，会列在这里。")
        return
    table(("事由", "活动", "意向人", "留下时间", "跟进人", "状态", "下次联系"), map(_row, found.items))
    filters.pager(found.page, found.pages)


def _row(lead: Lead) -> Any:
    return row(
        cell(el("a", lead.title, href=f"/followups?id={lead.interest_id}")),
        cell(el("a", lead.event, href=f"/roadshows?id={lead.event_id}") if lead.event_id else "成果、需求页"),
        cell(lead.hint or "没有留联系方式"),
        cell(show_time(lead.left_at), "bj-tight"),
        cell(lead.owner or "没人跟进"),
        cell(lead.state.label if lead.state else "没人跟进", "bj-tight"),
        cell(str(lead.due_on or ""), "bj-tight"),
    )


def _due(lead: Lead) -> Any:
    return row(
        cell(el("a", lead.title, href=f"/followups?id={lead.interest_id}")),
        cell(lead.hint or "没有留联系方式"),
        cell(lead.state.label if lead.state else ""),
        cell(str(lead.due_on or ""), "bj-tight"),
    )


def record(ctx: Context, interest_id: int) -> None:
    """One intention: who may be called, what happened, and the next step."""
    _carry_out(ctx, interest_id)
    try:
        with database().read() as session:
            lead, steps = followups.read(session, interest_id, actor=ctx.actor)
    except NotFound as missing:
        records.missing("对接跟进", "followups", missing.message)
        return
    st.page_link(navigation.href("followups"), label="对接跟进", icon=":material/arrow_back:")
    bands.band(lead.title, f"{show_time(lead.left_at)} 留下的意向")
    orders.heard()
    left, right = st.columns([1, 1.6], gap="large")
    with left, st.container(border=True):
        facts: list[records.Fact] = [
            ("活动", el("a", lead.event, href=f"/roadshows?id={lead.event_id}") if lead.event_id else "成果、需求页"),
            ("意向人", lead.hint or "没有留联系方式"),
            ("状态", lead.state.label if lead.state else "没人跟进"),
            ("跟进人", lead.owner or "没人跟进"),
            ("下次联系", str(lead.due_on or "未定")),
        ]
        records.facts(facts)
        if lead.hint:
            orders.button("看联系方式", ("lead-contact",), key="lead-contact", icon=":material/call:")
        if lead.owner_id != ctx.actor.account_id:
            label = "转给我跟进" if lead.thread_id else "我来跟进"
            orders.button(label, ("lead-take",), key="lead-take", type="primary")
    with right:
        if lead.thread_id is not None and lead.state is not None:
            _next(lead, lead.state)
        bands.section("跟进记录")
        if not steps:
            st.caption("还没有记录。")
        for one in steps:
            told = el("span", f"　{show_time(one.at)}　{one.by}")
            draw(el("p", el("b", one.state.label), told, el("br"), one.note, cls="bj-meaning"))


def _next(lead: Lead, state: ThreadState) -> None:
    options = [state, *ways.WAYS[state]] if state is not ThreadState.SIGNED else []
    if not options:
        st.success("已签约，跟进结束。", icon=":material/handshake:")
        return
    wrong: dict[str, str] = st.session_state.get("lead-wrong", {})
    with st.container(border=True):
        st.markdown("**记一步**")
        chosen = st.selectbox("现在的状态", options, format_func=lambda one: one.label, key="lead-state")
        st.text_area("情况", key="lead-note", max_chars=500, height=90, placeholder="谈了什么，对方要什么")
        if chosen is ThreadState.SIGNED:
            st.date_input("签约日期", value=None, key="lead-signed_on", format="YYYY-MM-DD")
            st.text_input("合同名称（选填）", key="lead-contract_title", max_chars=100)
            st.text_input("合同金额（万元，选填）", key="lead-amount", max_chars=20, placeholder="不便写可以留空")
        elif chosen in ways.RUNNING:
            st.date_input("下次联系（选填）", value=None, key="lead-due_on", format="YYYY-MM-DD")
        for sentence in wrong.values():
            bands.wrong(sentence)
        orders.button("保存", ("lead-step", lead.thread_id, lead.version), key="lead-step", type="primary")


def _carry_out(ctx: Context, interest_id: int) -> None:
    order = orders.taken("lead-contact", "lead-take", "lead-step")
    if order is None:
        return
    st.session_state.pop("lead-wrong", None)
    try:
        if order[0] == "lead-contact":
            seen = followups.view_contact(database(), interest_id, actor=ctx.actor)
            told = "，".join(filter(None, (seen.name, seen.unit, seen.phone)))
            orders.say("　".join(filter(None, (told, f"想谈：{seen.note}" if seen.note else ""))) or "没有留联系方式。")
        elif order[0] == "lead-take":
            followups.take(database(), interest_id, None, actor=ctx.actor)
            orders.say("由您跟进。")
        else:
            values = {
                name: st.session_state.get(f"lead-{name}")
                for name in ("note", "due_on", "signed_on", "contract_title", "amount")
            }
            state = ThreadState(st.session_state.get("lead-state", ThreadState.CONTACTED))
            followups.step(database(), order[1], state, order[2], values, actor=ctx.actor)
            for name in ("note", "due_on", "signed_on", "contract_title", "amount", "state"):
                st.session_state.pop(f"lead-{name}", None)
            orders.say("已记下。")
    except InvalidInput as invalid:
        st.session_state["lead-wrong"] = invalid.fields
    except ProductError as refused:
        orders.say(refused.message, well=False)
