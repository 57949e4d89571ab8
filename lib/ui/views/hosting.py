"""办活动: the events that somebody runs, and the desk of one of them: what it is, its programme, its audience …"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from secrets import token_hex
from typing import Any, Final

import streamlit as st

from lib.domain.access import REGION, Role
from lib.domain.dates import SHANGHAI, now_utc
from lib.domain.errors import AccessDenied, InvalidInput, NotFound, ProductError
from lib.domain.vocabulary import EVENT_FORMATS, EVENT_KINDS, EventState
from lib.services import drafts, hosting
from lib.services.hosting import Desk, Hosted
from lib.store.engine import database
from lib.ui import address, cache, filters, navigation, orders
from lib.ui.components import bands, cards, records
from lib.ui.components.markup import draw, el
from lib.ui.components.tables import cell, row, table
from lib.ui.guard import Context
from lib.ui.views import attendance, jury, outcomes, programme

_TABS: Final[dict[str, str]] = {
    "info": "基本信息", "programme": "议程", "audience": "观众", "jury": "评审", "outcomes": "成效",
}  # fmt: skip
_DESKS: Final[dict[str, Callable[[Context, int], None]]] = {
    "programme": programme.desk,
    "audience": attendance.desk,
    "jury": jury.desk,
    "outcomes": outcomes.desk,
}
_TEXTS: Final = ("title", "venue", "stream_url", "organizer", "co_organizers", "partner", "city")
_LABELS: Final = {
    "title": "活动名称",
    "kind": "活动类别",
    "starts": "开始时间",
    "ends": "结束时间",
    "league": "盟市",
    "banner": "旗县（选填）",
    "city": "城市（区外活动填写）",
    "format": "举办形式",
    "venue": "地点（会场、地址）",
    "stream_url": "直播地址（选填）",
    "organizer": "主办单位",
    "co_organizers": "协办、支持单位（选填）",
    "partner": "合作地区（选填）",
    "capacity": "观众人数上限（选填）",
    "registration_opens": "报名开始（选填）",
    "registration_closes": "报名截止（选填）",
    "introduction": "活动介绍（选填）",
    "rules": "活动规则（选填）",
}
_PLACEHOLDERS: Final = {
    "title": "如：赤峰市农牧业科技成果路演",
    "venue": "如：赤峰市会展中心 2 号厅",
    "stream_url": "https://…",
    "partner": "如：北京市",
}


def listing(ctx: Context) -> None:
    """The events that the actor runs, and the way to a new one."""
    with database().read() as session:
        found = hosting.listing(session, actor=ctx.actor)
    with bands.band("办活动", "从议程到对接：排议程、管报名、放映、看成效。", instrument=0.6):
        st.page_link(navigation.href("hosting"), label="新建活动", icon=":material/add:", query_params={"view": "new"})
    orders.heard()
    if not found:
        bands.empty("还没有您组织的活动", "点「新建活动」写下时间、地点和主办单位，公布之前只有您看得到。")
        return
    names = ("活动", "状态", "时间", "地点", "#项目", "#观众", "#候补")
    table(names, map(_row, found))


def _row(one: Hosted) -> Any:
    when = f"{one.starts_at.astimezone(SHANGHAI):%Y-%m-%d %H:%M}" if one.starts_at else one.held
    return row(
        cell(el("a", one.title, href=f"/hosting?id={one.id}")),
        cell(one.state.label, "bj-tight"),
        cell(when or "未披露", "bj-tight"),
        cell(one.place or "未披露"),
        cell(el("a", str(one.items), href=f"/hosting?id={one.id}&view=programme"), "num"),
        cell(el("a", str(one.registered), href=f"/hosting?id={one.id}&view=audience&state=registered"), "num"),
        cell(el("a", str(one.waiting), href=f"/hosting?id={one.id}&view=audience&state=waiting"), "num"),
    )


def new(ctx: Context) -> None:
    """The form of an event that is not there yet; its draft id stands in the address, so that it is made once."""
    draft = address.words("draft")
    if not drafts.DRAFT_ID.fullmatch(draft):
        draft = token_hex(16)
        address.write(draft=draft)
    st.page_link(navigation.href("hosting"), label="办活动", icon=":material/arrow_back:")
    bands.band("新建活动", "公布之前，只有组织它的人看得到。")
    left, _ = st.columns([2, 1], gap="large")
    with left, st.container(border=True):
        start = now_utc().astimezone(SHANGHAI).replace(hour=9, minute=0, second=0, microsecond=0, tzinfo=None)
        start += timedelta(days=14)
        first: dict[str, Any] = {
            "starts": start, "ends": start + timedelta(hours=3), "kind": EVENT_KINDS[0], "format": EVENT_FORMATS[0],
        }  # fmt: skip
        if ctx.actor.scope not in {"", REGION}:
            first["league"] = f"{ctx.actor.scope[:4]}00"
            first["banner"] = "" if ctx.actor.scope.endswith("00") else ctx.actor.scope
        _form(ctx, draft, first, "保存为草稿", lambda values: _create(ctx, draft, values))


def _create(ctx: Context, draft: str, values: Mapping[str, Any]) -> None:
    made = hosting.create(database(), draft, values, actor=ctx.actor)
    orders.say("已保存。接着排议程，排好后公布。")
    st.query_params.from_dict({"id": str(made), "view": "programme"})
    st.rerun()


def desk(ctx: Context, event_id: int) -> None:
    """One event: its state with what can be done, and one tab at a time."""
    _keep(event_id)
    _carry_out(ctx, event_id)
    try:
        with database().read() as session:
            found = hosting.read(session, event_id, actor=ctx.actor)
    except (NotFound, AccessDenied) as refused:
        records.missing("办活动", "hosting", refused.message)
        return
    st.page_link(navigation.href("hosting"), label="办活动", icon=":material/arrow_back:")
    with st.container(key="band-record"):
        badges = el("div", el("span", found.state.label, cls="bj-badge"), cards.tag(found.origin), cls="bj-badges")
        draw(el("div", badges, el("h1", found.title, cls="bj-title"), el("p", found.held, cls="bj-subtitle")))
    orders.heard()
    _actions(ctx, found)
    view = address.choice("view", tuple(_TABS), "info")
    filters.segments(
        "看什么", _TABS, view, key="view",
        chosen=lambda value: address.write(view=value, state=None, q=None, page=None, figure=None),
    )  # fmt: skip
    if view == "info":
        with st.container(border=True):
            opened = _open(found)
            _form(
                ctx, opened.name, opened.values, "保存",
                lambda values: _save(ctx, event_id, values, opened.version),
            )  # fmt: skip
    else:
        _DESKS[view](ctx, event_id)


def _actions(ctx: Context, found: Desk) -> None:
    links = [("公开页", f"/roadshows?id={found.id}"), ("放映", f"/presenter?event={found.id}")]
    links += [("讲台", f"/console?event={found.id}"), ("放映稿 PPTX", f"/download/events/{found.id}/deck.pptx")]
    with st.container(horizontal=True, vertical_alignment="center", key="desk-actions"):
        if found.state is not EventState.PUBLISHED:
            orders.button("公布活动", ("event-publish", found.version), key="event-publish", type="primary")
        draw(el("nav", *(el("a", label, href=href, cls="bj-more") for label, href in links), cls="bj-take"))
        st.space("stretch")
        if found.state is EventState.PUBLISHED:
            with st.popover("取消活动", icon=":material/event_busy:"):
                st.text_input("取消的原因，报名的人会看到", key="cancel-reason", max_chars=200)
                orders.button("确认取消", ("event-cancel", found.version), key="event-cancel")
        elif found.state is EventState.DRAFT:
            orders.button("删除草稿", ("event-remove", found.version), key="event-remove", type="tertiary")


def _carry_out(ctx: Context, event_id: int) -> None:
    order = orders.taken("event-publish", "event-cancel", "event-remove")
    if order is None:
        return
    name, version = order
    try:
        if name == "event-publish":
            hosting.publish(database(), event_id, version, actor=ctx.actor)
            orders.say("活动已公布，日历和列表里都看得到了。")
        elif name == "event-cancel":
            reason = st.session_state.get("cancel-reason", "")
            told = hosting.cancel(database(), event_id, reason, version, actor=ctx.actor)
            orders.say(f"活动已取消，通知了 {told} 个账号。")
        else:
            hosting.remove(database(), event_id, version, actor=ctx.actor)
            orders.say("草稿已删除。")
            st.query_params.clear()
            st.rerun()
    except ProductError as refused:
        orders.say(refused.message, well=False)


@dataclass(frozen=True)
class _Opened:
    """What the form of an event was opened on in this tab. Its widgets go by `name`, so they stay while it is open."""

    name: str
    version: int
    values: Mapping[str, Any]


def _open(found: Desk) -> _Opened:
    """The form as it was opened; it follows a version that changed no answer. Where somebody else changed one, it
    says so: what was typed stays until its author asks for the present state."""
    key = f"event-opened-{found.id}"
    opened: _Opened | None = st.session_state.get(key)
    if opened is None:
        opened = _Opened(f"{found.id}-{found.version}", found.version, found.values)
    elif opened.values == found.values:
        opened = replace(opened, version=found.version)
    else:
        st.warning("这场活动刚刚被别人改过。您写的还在下面，保存不了；请记下要改的，再看现在的样子。")
        st.button("看现在的样子", key="event-reopen", on_click=_close, args=(found.id,))
    st.session_state[key] = opened
    return opened


def _close(event_id: int) -> None:
    st.session_state.pop(f"event-opened-{event_id}", None)


def _keep(event_id: int) -> None:
    """Hold on to what is typed in the form while another tab is looked at: an answer not drawn would be dropped."""
    opened: _Opened | None = st.session_state.get(f"event-opened-{event_id}")
    if opened is not None:
        for field in _LABELS:
            if (key := f"event-{opened.name}-{field}") in st.session_state:
                st.session_state[key] = st.session_state[key]


def _save(ctx: Context, event_id: int, values: Mapping[str, Any], version: int) -> None:
    moved = hosting.save(database(), event_id, values, version, actor=ctx.actor)
    _close(event_id)
    orders.say(
        "已保存。开始时间与已公布的议程不一致，各项时间暂不显示，请到「议程」重新公布。" if moved else "已保存。"
    )
    st.rerun()


# ------------------------------------------------------------------ the form
def _form(
    ctx: Context, name: str, start: Mapping[str, Any], label: str, send: Callable[[Mapping[str, Any]], None]
) -> None:
    """The questions of an event; what was typed stays when something is wrong, and is asked again beside its field."""
    wrong: Mapping[str, str] = st.session_state.get(f"event-wrong-{name}", {})

    def key(field: str) -> str:
        return f"event-{name}-{field}"

    def begin(field: str, value: Any) -> None:
        st.session_state.setdefault(key(field), value)

    def say(field: str) -> None:
        bands.wrong(wrong.get(field, ""))

    def text(field: str) -> None:
        begin(field, start.get(field) or "")
        st.text_input(_LABELS[field], key=key(field), max_chars=300, placeholder=_PLACEHOLDERS.get(field, ""))
        say(field)

    def moment(field: str) -> None:
        begin(field, start.get(field))
        st.datetime_input(_LABELS[field], value=None, key=key(field), format="YYYY-MM-DD", step=timedelta(minutes=15))
        say(field)

    def choice(field: str, options: Mapping[str, str]) -> None:
        begin(field, start.get(field) or "")
        st.selectbox(_LABELS[field], list(options), format_func=lambda value: options.get(value, value), key=key(field))
        say(field)

    text("title")
    for pair in (("starts", "ends"), ("registration_opens", "registration_closes")):
        for column, field in zip(st.columns(2), pair, strict=True):
            with column:
                moment(field)
    for column, (field, options) in zip(
        st.columns(2),
        (("kind", _stated(EVENT_KINDS, start.get("kind"))), ("format", _stated(EVENT_FORMATS, start.get("format")))),
        strict=True,
    ):
        with column:
            choice(field, options)
    places = cache.place_names(ctx.revision("division"))
    leagues = {code: title for code, title in places.items() if code.endswith("00") and code != REGION}
    left, right = st.columns(2)
    with left:
        choice("league", {"": "区外或不限"} | _allowed(ctx, leagues))
    league = st.session_state.get(key("league"), "")
    with right:
        inside = {c: t for c, t in places.items() if league and c.startswith(league[:4]) and not c.endswith("00")}
        if st.session_state.get(key("banner"), "") not in {"", *inside}:
            st.session_state[key("banner")] = ""
        choice("banner", {"": "不限"} | inside)
    for field in _TEXTS[1:]:
        if field != "city" or not league:
            text(field)
    begin("capacity", start.get("capacity"))
    st.number_input(
        _LABELS["capacity"],
        min_value=1,
        max_value=100_000,
        value=None,
        step=1,
        key=key("capacity"),
        placeholder="留空为不限",
    )
    say("capacity")
    for field in ("introduction", "rules"):
        begin(field, start.get(field) or "")
        st.text_area(_LABELS[field], key=key(field), max_chars=1000, height=110)
        say(field)
    say("form")
    if st.button(label, type="primary", key=f"event-send-{name}", icon=":material/save:"):
        values = {field: st.session_state.get(key(field)) for field in _LABELS}
        try:
            st.session_state.pop(f"event-wrong-{name}", None)
            send({n: v.replace(tzinfo=SHANGHAI) if isinstance(v, datetime) else v for n, v in values.items()})
        except InvalidInput as invalid:
            st.session_state[f"event-wrong-{name}"] = invalid.fields
            st.rerun()
        except ProductError as refused:
            st.session_state[f"event-wrong-{name}"] = {"form": refused.message}
            st.rerun()


def _stated(options: Sequence[str], value: str | None) -> dict[str, str]:
    """The options of a choice; one that was never stated is not stated by opening the form."""
    return ({} if value else {"": "请选择"}) | {option: option for option in options}


def _allowed(ctx: Context, leagues: dict[str, str]) -> dict[str, str]:
    """The leagues in which the actor may hold an event."""
    if ctx.actor.role is Role.ORGANIZER or ctx.actor.scope == REGION:
        return leagues
    own = f"{ctx.actor.scope[:4]}00"
    return {code: title for code, title in leagues.items() if code == own}
