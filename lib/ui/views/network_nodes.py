"""节点与链路: which nodes of the network there are, how they are linked, which market serves which league."""

from collections.abc import Iterable, Sequence
from typing import Final, TypeVar

import streamlit as st

from lib.domain import trail
from lib.domain.access import VISITOR, Permission
from lib.domain.dates import PartialDate, show_time, today_shanghai
from lib.domain.network import FRESH_MONTHS, PLAN, REPORTED_APART, NodeKind, NodeState
from lib.domain.vocabulary import NO_DATA, UNDISCLOSED, Origin
from lib.services import nodes
from lib.services.nodes import Check, Line, Place
from lib.store.engine import database
from lib.ui import address, cache, navigation, orders
from lib.ui.components import bands, cards
from lib.ui.components.markup import Markup, draw, el, external, join
from lib.ui.components.tables import cell, row, table
from lib.ui.guard import Context
from lib.ui.views import network_forms as forms
from lib.ui.views import network_state as state
from lib.ui.views.network_state import View

One = TypeVar("One", Place, Line)

_HEADS: Final = ("节点", "类别", "状态", "联系单位", "#人员", "最近核实", "最近上报", "来源")


def show(ctx: Context, view: View) -> None:
    """The lists of the selection, or one node or link with its form."""
    forms.carry_out(ctx)
    orders.heard()
    places = _places(ctx, view)
    lines = _lines(ctx, view)
    if (chosen := _chosen(places, address.number("node"))) is not None:
        _node(ctx, view, chosen, lines)
        return
    line = _chosen(lines, address.number("link"))
    if line is not None:
        _link(ctx, view, line, _chosen(places, line.node_id))
        return
    _states(view, places)
    _listing(view, places)
    _line_list(view, lines, places)
    if not view.league:
        _members(ctx)
    _additions(ctx, view)


# ------------------------------------------------------------------ reading
def _places(ctx: Context, view: View) -> tuple[Place, ...]:
    league, banner = view.parent, view.banner.code if view.banner else ""
    return cache.shared(
        "network places", (league, banner, _day()), ctx.revision("division", *state.NETWORK),
        lambda session: nodes.listing(session, league, banner, actor=VISITOR),
    )  # fmt: skip


def _lines(ctx: Context, view: View) -> tuple[Line, ...]:
    league, banner = view.parent, view.banner.code if view.banner else ""
    return cache.shared(
        "network lines", (league, banner, _day()), ctx.revision("division", *state.NETWORK),
        lambda session: nodes.links(session, league, banner, actor=VISITOR),
    )  # fmt: skip


def _day() -> str:
    return str(today_shanghai())


def _chosen(found: Iterable[One], number: int | None) -> One | None:
    return next((one for one in found if one.id == number), None)


# ------------------------------------------------------------------ lists
def _states(view: View, places: Sequence[Place]) -> None:
    """How many nodes are in each state; a number opens exactly these."""
    bands.section("节点", f"规划（{PLAN}）要求的与填报的，共 {len(places)} 个")
    shown = address.choice("state", tuple(NodeState), "")
    figures = [
        el(
            "a",
            el("b", f"{sum(one.state is each for one in places):,}"),
            el("span", f"{each.label}{'（已选）' if each == shown else ''}"),
            href=state.path({**state.here(view, banner=_banner(view)), "state": each.value}),
        )
        for each in NodeState
    ]
    draw(el("div", *figures, cls="bj-figures"))
    draw(
        join(
            el("p", "「暂无数据」是规划要求有、但没有公开来源也没有填报的节点，不等于没有。"
                    f"核实超过 {FRESH_MONTHS} 个月的，请主管部门重新核实。", cls="bj-meaning"),
            el("p", "满洲里市、二连浩特市单列上报：站点直接对自治区，数字同时列在呼伦贝尔市、锡林郭勒盟的旗县里，"
                    "合计时只算一次。", cls="bj-meaning"),
        )
    )  # fmt: skip


def _banner(view: View) -> str:
    return view.banner.code if view.banner else ""


def _listing(view: View, places: Sequence[Place]) -> None:
    shown = address.choice("state", tuple(NodeState), "")
    every = bool(shown or view.league or st.query_params.get("all"))
    found = [one for one in places if (not shown or one.state == shown) and (every or one.kind is not NodeKind.STATION)]
    if not found:
        bands.empty("没有这种状态的节点", "换一个状态，或回到全部节点。")
    else:
        table(_HEADS, (_place_row(view, one) for one in found))
    if shown:
        href = state.path(state.here(view, banner=_banner(view)))
        draw(el("p", el("a", "全部节点", href=href, cls="bj-more")))
    elif not every:
        stations = sum(one.kind is NodeKind.STATION for one in places)
        href = state.path({**state.here(view), "all": "1"})
        draw(el("p", el("a", f"列出 {stations} 个旗县站点", href=href, cls="bj-more"), cls="bj-meaning"))


def _place_row(view: View, one: Place) -> Markup:
    href = state.path({**state.here(view, banner=_banner(view)), "node": str(one.id)})
    return row(
        cell(el("a", one.title, href=href)),
        cell(one.kind.label, "bj-tight"),
        cell(one.state.label, "bj-tight"),
        cell(one.unit or NO_DATA),
        cell(NO_DATA if one.staff is None else f"{one.staff:,}", "num"),
        cell(_checked(one), "bj-tight"),
        cell(str(one.last_report_on or NO_DATA), "bj-tight"),
        cell(_source(one.origin, one.source_publisher, one.source_date, one.source_url), "bj-from"),
    )


def _checked(one: Place | Line) -> str:
    if one.verified_on is None:
        return "未核实"
    return str(one.verified_on) if one.fresh else f"{one.verified_on}（已过期）"


def _source(origin: Origin, publisher: str, day: PartialDate | None, url: str) -> Markup:
    words = f"{publisher or UNDISCLOSED} {day or ''}".strip()
    return join(cards.tag(origin), external(words, url) if url else el("span", words))


def _line_list(view: View, lines: Sequence[Line], places: Sequence[Place]) -> None:
    checked = sum(one.fresh for one in lines)
    bands.section("链路", f"{len(lines)} 条，近 {FRESH_MONTHS} 个月核实 {checked} 条")
    stations = {one.id for one in places if one.kind is NodeKind.STATION}
    every = bool(view.league or st.query_params.get("all"))
    shown = [one for one in lines if every or one.node_id not in stations]
    if not shown:
        bands.empty(NO_DATA, "这里还没有填报链路。")
        return
    table(
        ("从", "方向", "到", "接入方式", "最近核实", "说明", "来源"),
        (
            row(
                cell(one.start),
                cell(one.kind.label, "bj-tight"),
                cell(one.end),
                cell(
                    el("a", one.state.label,
                       href=state.path({**state.here(view, banner=_banner(view)), "link": str(one.id)})),
                    "bj-tight",
                ),
                cell(_checked(one), "bj-tight"),
                cell(one.note or "—"),
                cell(_source(one.origin, one.source_publisher, one.source_date, one.source_url), "bj-from"),
            )
            for one in shown
        ),
    )  # fmt: skip
    if not every:
        href = state.path({**state.here(view), "all": "1"})
        draw(el("p", el("a", f"列出全部 {len(lines)} 条链路", href=href, cls="bj-more"), cls="bj-meaning"))


def _members(ctx: Context) -> None:
    with database().read() as session:
        found = nodes.members(session, actor=VISITOR)
    bands.section("常设技术交易市场的归属", "规划只写中、东、西部，没有写明哪个盟市归哪个市场；此表可改，逐条有依据")
    table(
        ("市场", "盟市", "起", "止", "依据"),
        (
            row(
                cell(f"{one.zone}市场", "bj-tight"),
                cell(one.league, "bj-tight"),
                cell(str(one.valid_from or "未定"), "bj-tight"),
                cell(str(one.valid_to or ("至今" if one.now else "未定")), "bj-tight"),
                cell(one.basis),
            )
            for one in found
        ),
        stack=True,
    )
    if forms.keeps_region(ctx.actor):
        with st.expander("改归属", icon=":material/edit:"):
            forms.member(ctx, found)


def _additions(ctx: Context, view: View) -> None:
    """A further station, for whoever keeps the chosen league or banner."""
    if view.league is None or not ctx.actor.may(Permission.MANAGE_NETWORK):
        return
    names = cache.place_names(ctx.revision("division"))
    banners = {
        code: name for code, name in names.items()
        if code.startswith(view.parent[:4]) and not code.endswith("00") and ctx.actor.covers(view.parent, code)
    }  # fmt: skip
    if banners:
        with st.expander("新增站点", icon=":material/add_location:"):
            forms.new_station(ctx, banners)


# ------------------------------------------------------------------ one of them
def _back(view: View) -> None:
    st.page_link(
        navigation.href("network"), label="节点与链路", icon=":material/arrow_back:",
        query_params=state.here(view, banner=_banner(view)),
    )  # fmt: skip


def _node(ctx: Context, view: View, place: Place, lines: Sequence[Line]) -> None:
    _back(view)
    bands.section(place.title, place.kind.label)
    keeps = forms.may_keep(ctx.actor, place)
    left, right = st.columns([3, 2], gap="large")
    with left:
        _facts(place)
        if keeps:
            if place.state is not NodeState.UNKNOWN:
                forms.verify_button("node", place.id, place.version)
            bands.section("填报")
            forms.node(ctx, place)
    with right:
        own = [line for line in lines if line.node_id == place.id]
        bands.section("链路", f"{len(own)} 条")
        for line in own:
            href = state.path({**state.here(view, banner=_banner(view)), "link": str(line.id)})
            words = f"{line.kind.label}：{line.end}　{line.state.label}　{_checked(line)}"
            draw(el("p", el("a", words, href=href, cls="bj-more")))
        if keeps:
            with st.expander("新增链路", icon=":material/add_link:"):
                others = {one.id: one.title for one in _places(ctx, view) if one.id != place.id}
                forms.new_link(ctx, place, others)
        _history(ctx, "network_node", place.id)


def _facts(place: Place) -> None:
    told = (
        ("状态", place.state.label),
        ("名称", place.name or NO_DATA),
        ("联系单位", place.unit or NO_DATA),
        ("人员数", NO_DATA if place.staff is None else f"{place.staff} 人"),
        ("启用日期", str(place.opened_on or NO_DATA)),
        ("最近上报", str(place.last_report_on or NO_DATA)),
        ("最近核实", _checked(place)),
    )
    lines = [el("div", el("dt", label), el("dd", value)) for label, value in told]
    source = _source(place.origin, place.source_publisher, place.source_date, place.source_url)
    draw(el("dl", *lines, el("div", el("dt", "来源"), el("dd", source)), cls="bj-facts"))
    if place.division_code in REPORTED_APART:
        draw(el("p", "单列市：直接对自治区上报，数字同时列在所属盟市的旗县里，合计时只算一次。", cls="bj-meaning"))


def _link(ctx: Context, view: View, line: Line, start: Place | None) -> None:
    _back(view)
    bands.section(f"{line.start} → {line.end}", line.kind.label)
    left, right = st.columns([3, 2], gap="large")
    with left:
        told = (("接入方式", line.state.label), ("最近核实", _checked(line)), ("说明", line.note or UNDISCLOSED))
        lines = [el("div", el("dt", label), el("dd", value)) for label, value in told]
        source = _source(line.origin, line.source_publisher, line.source_date, line.source_url)
        draw(el("dl", *lines, el("div", el("dt", "来源"), el("dd", source)), cls="bj-facts"))
        if start is not None and forms.may_keep(ctx.actor, start):
            if line.state.value != "unknown":
                forms.verify_button("link", line.id, line.version)
            bands.section("填报")
            forms.link(ctx, line)
    with right:
        _history(ctx, "network_link", line.id)


def _history(ctx: Context, kind: str, number: int) -> None:
    """What was entered and checked, and by whom for whom that concerns."""
    with database().read() as session:
        found = nodes.history(session, kind, number, actor=ctx.actor)
    bands.section("填报与核实记录", f"{len(found)} 次")
    if not found:
        st.caption("还没有填报或核实。")
    else:
        draw(el("ol", *(_step(one) for one in found), cls="bj-steps"))


def _step(one: Check) -> Markup:
    changed = (
        el("div", f"{name}：", el("del", was), " → ", el("ins", now)) for name, was, now in trail.changes(one.detail)
    )
    return el(
        "li",
        el("time", show_time(one.at) if one.who else show_time(one.at)[:10]),
        el("b", trail.action_label(one.action)),
        el("span", one.who) if one.who else None,
        *changed,
    )
