"""报名观摩: the form of an audience, its receipt, and the desk of whoever runs the event."""

from collections.abc import Mapping
from secrets import token_hex
from typing import Any, Final
from urllib.parse import urlencode

import streamlit as st

from lib.domain import consent
from lib.domain.dates import now_utc, show_time
from lib.domain.errors import InvalidInput, NotFound, ProductError
from lib.domain.vocabulary import AttendeeState
from lib.services import attendance, contacts, drafts
from lib.services.attendance import Booking, Guest
from lib.services.roadshows import EventRecord
from lib.store.engine import database
from lib.ui import address, filters, navigation, orders
from lib.ui.components import bands, cards, records
from lib.ui.components.markup import draw, el
from lib.ui.guard import Context
from lib.ui.views import roadshows as pages

_FIELDS: Final = ("name", "unit", "phone")
_STATES: Final = {"": "全部", "registered": "已报名", "present": "已签到", "waiting": "候补", "cancelled": "已取消"}


# ------------------------------------------------------------------ the audience
def form(ctx: Context, event_id: int) -> None:
    """Name, phone, unit and consent, for one event; the receipt stands in its place once it was sent."""
    found = pages.read(ctx, event_id)
    if found is None:
        return
    card = found.card
    st.page_link(
        navigation.href("roadshows"), label=cards.plain(card.title), icon=":material/arrow_back:",
        query_params={"id": str(card.id)},
    )  # fmt: skip
    bands.band("报名观摩", f"{card.title}　{pages.when(card)}")
    if problem := card.registration_problem(now_utc()):
        bands.empty("现在不能报名", problem)
        return
    draft = address.words("draft")
    if not drafts.DRAFT_ID.fullmatch(draft):
        draft = token_hex(16)
        address.write(draft=draft)
    left, right = st.columns([2, 1], gap="large")
    with left, st.container(border=True):
        _ask(ctx, found, draft)
    with right, st.container(border=True):
        st.markdown("**报名以后**")
        draw(
            el(
                "ol",
                el("li", "得到回执链接，凭它查看和取消"),
                el("li", "到场时报姓名或回执号签到"),
                el("li", f"姓名、单位和电话在活动结束 {contacts.KEPT.days} 天后清除"),
            )
        )


def _ask(ctx: Context, found: EventRecord, draft: str) -> None:
    wrong: Mapping[str, str] = st.session_state.get(f"attend-wrong-{draft}", {})
    if found.seats_left == 0:
        st.info("座位已满。现在报名进入候补，有人取消时按先后递补。", icon=":material/hourglass_top:")
    _boxes(draft, wrong)
    st.checkbox(consent.AGREE, key=f"attend-consent-{draft}")
    with st.expander(consent.TITLE):
        for title, text in consent.TEXT:
            draw(el("p", el("b", title), f"　{text}", cls="bj-meaning"))
    bands.wrong(wrong.get("consent", ""))
    bands.wrong(wrong.get("form", ""))
    if not st.button("提交报名", type="primary", icon=":material/how_to_reg:", key=f"attend-send-{draft}"):
        return
    try:
        ticket = attendance.register(database(), found.card.id, draft, _typed(draft), actor=ctx.actor)
    except InvalidInput as invalid:
        st.session_state[f"attend-wrong-{draft}"] = invalid.fields
        st.rerun()
    except ProductError as refused:
        st.session_state[f"attend-wrong-{draft}"] = {"form": refused.message}
        st.rerun()
    if ticket.key:
        st.session_state["ticket"] = True
        st.query_params.from_dict({"view": "booking", "receipt": ticket.receipt, "key": ticket.key})
        st.rerun()
    st.session_state[f"attend-wrong-{draft}"] = {
        "form": "这个电话已经报过名，不用再报。查看或取消请打开当时得到的回执链接；丢了请联系主办方。"
    }
    st.rerun()


def _boxes(draft: str, wrong: Mapping[str, str]) -> None:
    labels = {"name": "姓名", "unit": "单位（选填）", "phone": "电话"}
    for name in _FIELDS:
        st.text_input(labels[name], key=f"attend-{name}-{draft}", max_chars=100)
        bands.wrong(wrong.get(name, ""))


def _typed(draft: str) -> dict[str, Any]:
    typed: dict[str, Any] = {name: st.session_state.get(f"attend-{name}-{draft}", "") for name in _FIELDS}
    return typed | {"consent": "1" if st.session_state.get(f"attend-consent-{draft}") else ""}


def booking(ctx: Context) -> None:
    """A registration for whoever has its link: what it is, and the way to give it back."""
    receipt, key = address.words("receipt"), address.words("key")
    if orders.taken("cancel-booking"):
        try:
            attendance.cancel(database(), receipt, key, actor=ctx.actor)
            orders.say("已取消报名，座位让给候补的人。")
        except ProductError as refused:
            orders.say(refused.message, well=False)
    try:
        with database().read() as session:
            found = attendance.booking(session, receipt, key, actor=ctx.actor)
    except NotFound as missing:
        records.missing("路演与活动", "roadshows", missing.message)
        return
    bands.band("观摩报名", found.title)
    orders.heard()
    if st.session_state.pop("ticket", False):
        st.success("报名已收到。请保存下面的链接，查看和取消都凭它。", icon=":material/check_circle:")
    with st.container(border=True):
        facts: list[records.Fact] = [
            ("回执号", found.receipt),
            ("状态", _state(found)),
            ("报名人", found.hint),
            ("报名时间", show_time(found.registered_at)),
            ("活动", el("a", found.title, href=f"/roadshows?id={found.event_id}")),
        ]
        records.facts(facts)
    if found.state is AttendeeState.CANCELLED:
        return
    link = f"{pages.base()}/roadshows?{urlencode({'view': 'booking', 'receipt': receipt, 'key': key})}"
    draw(el("p", "回执链接：", el("code", link), cls="bj-meaning"))
    if not found.checked_in:
        orders.button("取消报名", ("cancel-booking",), key="cancel-booking", icon=":material/event_busy:")


def _state(found: Booking) -> str:
    if found.checked_in:
        return "已签到"
    return f"候补第 {found.place} 位" if found.state is AttendeeState.WAITING else found.state.label


# ------------------------------------------------------------------ the desk
def desk(ctx: Context, event_id: int) -> None:
    """Counts, the list with check-in, somebody at the door, the whole list as a file."""
    _carry_out(ctx)
    orders.heard()
    state = address.choice("state", tuple(_STATES), "")
    with database().read() as session:
        found = attendance.guests(
            session, event_id, address.number("page") or 1, state, address.words("q"), actor=ctx.actor
        )
    total = sum(found.counts[one.value] for one in AttendeeState)
    counts = {"": total, **{name: found.counts[name] for name in _STATES if name}}
    filters.segments(
        "看哪些",
        {name: f"{label} {counts[name]}" for name, label in _STATES.items()},
        state,
        key="state",
        chosen=lambda value: address.write(state=value or None, page=None),
    )
    with st.container(horizontal=True, vertical_alignment="bottom", key="guest-tools"):
        filters.search_box("回执号，或姓名、电话露出的部分")
        if total:
            draw(el("a", "下载名单（Excel）", href=f"/download/events/{event_id}/attendees.xlsx", cls="bj-more"))
    if not found.items:
        bands.empty("没有符合条件的报名", "活动公布后，观众可以在活动页报名观摩。")
    else:
        for guest in found.items:
            _guest(guest)
        filters.pager(found.page, found.pages)
    _walk_in(ctx, event_id)


def _guest(guest: Guest) -> None:
    with st.container(horizontal=True, vertical_alignment="center", key=f"guest-{guest.id}"):
        came = f"　{show_time(guest.checked_in_at)} 签到" if guest.checked_in_at else ""
        place = f"第 {guest.place} 位" if guest.place else ""
        draw(
            el(
                "p",
                el("b", guest.hint or "已清除"),
                el("span", f"　{guest.receipt}　{guest.state.label}{place}{came}"),
                cls="bj-meaning",
            )
        )
        st.space("stretch")
        if not guest.erased:
            orders.button("看联系方式", ("guest-contact", guest.id), key=f"see-{guest.id}", type="tertiary")
        if guest.checked_in_at:
            orders.button("撤销签到", ("guest-in", guest.id, False), key=f"out-{guest.id}", type="tertiary")
        elif guest.state is not AttendeeState.CANCELLED:
            orders.button("签到", ("guest-in", guest.id, True), key=f"in-{guest.id}", icon=":material/done:")


def _walk_in(ctx: Context, event_id: int) -> None:
    with st.expander("登记现场来宾"):
        draft = st.session_state.setdefault(f"walk-in-{event_id}", token_hex(16))
        wrong: Mapping[str, str] = st.session_state.get(f"attend-wrong-{draft}", {})
        _boxes(draft, wrong)
        st.checkbox("来宾已阅读个人信息处理说明并同意", key=f"attend-consent-{draft}")
        bands.wrong(wrong.get("consent", ""))
        if st.button("登记并签到", key=f"walk-in-send-{draft}", icon=":material/person_add:"):
            try:
                receipt = attendance.walk_in(database(), event_id, draft, _typed(draft), actor=ctx.actor)
            except InvalidInput as invalid:
                st.session_state[f"attend-wrong-{draft}"] = invalid.fields
            else:
                st.session_state[f"walk-in-{event_id}"] = token_hex(16)
                orders.say(f"已登记并签到，回执号 {receipt}。")
            st.rerun()


def _carry_out(ctx: Context) -> None:
    order = orders.taken("guest-in", "guest-contact")
    if order is None:
        return
    try:
        if order[0] == "guest-in":
            attendance.check_in(database(), order[1], order[2], actor=ctx.actor)
            orders.say("已签到。" if order[2] else "已撤销签到。")
        else:
            seen = attendance.view_contact(database(), order[1], actor=ctx.actor)
            orders.say("，".join(filter(None, (seen.name, seen.unit, seen.phone))) or "没有联系方式。")
    except ProductError as refused:
        orders.say(refused.message, well=False)
