"""对接跟进: the intentions that somebody may follow up, what is due, and one of them with its steps."""

from collections.abc import Mapping, Sequence
from typing import Any, Final
from urllib.parse import urlencode

import streamlit as st

from lib.domain import followups as ways
from lib.domain.dates import show_time
from lib.domain.errors import InvalidInput, NotFound, ProductError
from lib.domain.vocabulary import ThreadState
from lib.services import followups, handovers, leads
from lib.services.handovers import Heir
from lib.services.leads import Lead, LeadQuery, Leads
from lib.store.engine import database
from lib.ui import address, filters, navigation, orders
from lib.ui.components import bands, records
from lib.ui.components.markup import draw, el
from lib.ui.components.tables import cell, row, table
from lib.ui.guard import Context

DOWNLOAD: Final = "/download/followups.xlsx"
_ASKED: Final = ("view", "event", "owner", "due")
_VIEWS: Final = {"": "全部", "untaken": "没人跟进", "mine": "我在跟进"} | {
    state.value: state.label for state in ThreadState
}


def listing(ctx: Context) -> None:
    """Reminders first, then the list with what narrows it in the address, and the same list as a file."""
    query = LeadQuery.of({name: address.words(name) for name in (*_ASKED, "page")})
    with database().read() as session:
        found = leads.listing(session, query, actor=ctx.actor)
        due = leads.reminders(session, actor=ctx.actor)
    bands.band("对接跟进", "路演和成果页上留下的意向：谁来联系，谈到哪一步。")
    orders.heard()
    if due:
        bands.section("该联系了", f"{len(due)} 条")
        table(("事由", "意向人", "状态", "下次联系"), map(_due, due), stack=True)
        bands.section("全部意向")
    filters.segments(
        "看哪些",
        {name: f"{label} {found.counts[name]}" for name, label in _VIEWS.items()},
        query.view,
        key="lead-view",
        chosen=lambda value: address.write(view=value or None, page=None),
    )
    _narrow(query, found)
    if not found.items:
        usual = "活动现场或成果页上有人点「我有意向」后，会列在这里。"
        bands.empty("没有符合条件的意向", "减少一个条件再试。" if query.asked else usual)
        return
    table(("事由", "活动", "意向人", "留下时间", "跟进人", "状态", "下次联系"), map(_row, found.items), stack=True)
    filters.pager(found.page, found.pages)


def _narrow(query: LeadQuery, found: Leads) -> None:
    """By event, by who follows and by when the next step is due; the way back; the file."""
    choices: tuple[tuple[str, str, Mapping[str, str], str], ...] = (
        ("event", "全部活动", {str(number): title for number, title in found.events.items()}, str(query.event or "")),
        ("owner", "全部跟进人", {str(number): name for number, name in found.owners.items()}, str(query.owner or "")),
        ("due", "下次联系：不限", leads.DUES, query.due),
    )
    with st.container(horizontal=True, vertical_alignment="center", key="summary"):
        for name, placeholder, options, current in choices:
            if options:
                filters.select(
                    placeholder, options, current, key=f"lead-{name}", placeholder=placeholder, width=200,
                    chosen=lambda value, name=name: address.write(**{name: value, "page": None}),  # type: ignore[misc]
                )  # fmt: skip
        if query.asked:
            st.button("清除条件", icon=":material/close:", type="tertiary", on_click=_clear)
        st.space("stretch")
        if found.total:
            draw(el("a", "下载 Excel", href=f"{DOWNLOAD}?{urlencode(query.asked)}".rstrip("?"), cls="bj-more"))


def _clear() -> None:
    address.write(page=None, **dict.fromkeys(_ASKED))


def _row(lead: Lead) -> Any:
    return row(
        cell(el("a", lead.title, href=f"/followups?id={lead.interest_id}"), "bj-wide"),
        cell(el("a", lead.event, href=f"/roadshows?id={lead.event_id}") if lead.event_id else "成果、需求页"),
        cell(lead.hint or "没有留联系方式"),
        cell(show_time(lead.left_at), "bj-tight"),
        cell(_owner(lead)),
        cell(lead.state.label if lead.state else "没人跟进", "bj-tight"),
        cell(str(lead.due_on or ""), "bj-tight"),
    )


def _owner(lead: Lead) -> str:
    return lead.owner or ("没人跟进" if lead.thread_id is None else "未指定")


def _due(lead: Lead) -> Any:
    return row(
        cell(el("a", lead.title, href=f"/followups?id={lead.interest_id}"), "bj-wide"),
        cell(lead.hint or "没有留联系方式"),
        cell(lead.state.label if lead.state else ""),
        cell(str(lead.due_on or ""), "bj-tight"),
    )


def record(ctx: Context, interest_id: int) -> None:
    """One intention: who may be called, what happened, and the next step."""
    _carry_out(ctx, interest_id)
    try:
        with database().read() as session:
            lead, steps = leads.read(session, interest_id, actor=ctx.actor)
            heirs = handovers.heirs(session, interest_id, actor=ctx.actor)
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
            ("跟进人", _owner(lead)),
            ("下次联系", str(lead.due_on or "未定")),
        ]
        records.facts(facts)
        if lead.hint:
            orders.button("看联系方式", ("lead-contact",), key="lead-contact", icon=":material/call:")
        if lead.owner_id != ctx.actor.account_id:
            label = "转给我跟进" if lead.thread_id else "我来跟进"
            orders.button(label, ("lead-take",), key="lead-take", type="primary")
        if heirs and lead.state is not ThreadState.SIGNED:
            _hand(lead, heirs)
    with right:
        if lead.thread_id is not None and lead.state is not None:
            _next(lead, lead.state)
        bands.section("跟进记录")
        if not steps:
            st.caption("还没有记录。")
        for one in steps:
            told = el("span", f"　{show_time(one.at)}　{one.by}")
            draw(el("p", el("b", one.state.label), told, el("br"), one.note, cls="bj-meaning"))


def _hand(lead: Lead, heirs: Sequence[Heir]) -> None:
    """Somebody else who may follow it up, and the way to give it to them."""
    names = {
        heir.id: f"{heir.name}（{'，'.join(filter(None, (heir.role.label, heir.organization)))}）" for heir in heirs
    }
    wrong: Mapping[str, str] = st.session_state.get(f"lead-wrong-{lead.interest_id}", {})
    with st.popover("转给别人跟进" if lead.thread_id else "请别人跟进", icon=":material/forward:"):
        st.selectbox(
            "转给谁", list(names), index=None, format_func=lambda number: names.get(number, ""), key="lead-heir",
            placeholder="主办方、记录单位或主管部门的人",
        )  # fmt: skip
        bands.wrong(wrong.get("heir", ""))
        st.caption("对方会收到通知。")
        orders.button("转交", ("lead-hand", lead.version), key="lead-hand", type="primary")


def _next(lead: Lead, state: ThreadState) -> None:
    options = [state, *ways.WAYS[state]] if state is not ThreadState.SIGNED else []
    if not options:
        st.success("已签约，跟进结束。", icon=":material/handshake:")
        return
    wrong: Mapping[str, str] = st.session_state.get(f"lead-wrong-{lead.interest_id}", {})

    def key(name: str) -> str:
        return _key(lead.thread_id, name)

    def say(name: str) -> None:
        bands.wrong(wrong.get(name, ""))

    with st.container(border=True):
        st.markdown("**记一步**")
        chosen = st.selectbox("现在的状态", options, format_func=lambda one: one.label, key=key("state"))
        say("state")
        st.text_area("情况", key=key("note"), max_chars=500, height=90, placeholder="谈了什么，对方要什么")
        say("note")
        if chosen is ThreadState.SIGNED:
            st.date_input("签约日期", value=None, key=key("signed_on"), format="YYYY-MM-DD")
            say("signed_on")
            st.text_input("合同名称（选填）", key=key("contract_title"), max_chars=100)
            say("contract_title")
            st.text_input("合同金额（万元，选填）", key=key("amount"), max_chars=20, placeholder="不便写可以留空")
            say("amount")
        elif chosen in ways.RUNNING:
            st.date_input("下次联系（选填）", value=None, key=key("due_on"), format="YYYY-MM-DD")
            say("due_on")
        orders.button("保存", ("lead-step", lead.thread_id, lead.version), key="lead-step", type="primary")


def _key(thread_id: int | None, name: str) -> str:
    """The key of an answer about a step: what is typed about one thread is not another's."""
    return f"lead-{thread_id}-{name}"


def _carry_out(ctx: Context, interest_id: int) -> None:
    order = orders.taken("lead-contact", "lead-take", "lead-step", "lead-hand")
    if order is None:
        return
    st.session_state.pop(f"lead-wrong-{interest_id}", None)
    try:
        if order[0] == "lead-contact":
            seen = followups.view_contact(database(), interest_id, actor=ctx.actor)
            told = "，".join(filter(None, (seen.name, seen.unit, seen.phone)))
            orders.say("　".join(filter(None, (told, f"想谈：{seen.note}" if seen.note else ""))) or "没有留联系方式。")
        elif order[0] == "lead-take":
            followups.take(database(), interest_id, None, actor=ctx.actor)
            orders.say("由您跟进。")
        elif order[0] == "lead-hand":
            heir = st.session_state.get("lead-heir")
            if heir is None:
                raise InvalidInput({"heir": "请选择转给谁。"})
            handovers.hand_over(database(), interest_id, heir, order[1], actor=ctx.actor)
            st.session_state.pop("lead-heir", None)
            orders.say("已转交，对方会收到通知。")
        else:
            values = {
                name: st.session_state.get(_key(order[1], name))
                for name in ("note", "due_on", "signed_on", "contract_title", "amount")
            }
            state = ThreadState(st.session_state.get(_key(order[1], "state"), ThreadState.CONTACTED))
            followups.step(database(), order[1], state, order[2], values, actor=ctx.actor)
            blank = {"note": "", "due_on": None, "signed_on": None, "contract_title": "", "amount": "", "state": state}
            st.session_state.update({_key(order[1], name): value for name, value in blank.items()})
            orders.say("已记下。")
    except InvalidInput as invalid:
        st.session_state[f"lead-wrong-{interest_id}"] = invalid.fields
    except ProductError as refused:
        orders.say(refused.message, well=False)
