"""三级网络: where the network is strong, where it has holes, and the rows behind every count."""

from typing import Final

import streamlit as st

from lib.domain.vocabulary import NO_DATA, Level, Origin
from lib.services.network import Metric, Node
from lib.ui import filters, navigation
from lib.ui.components import bands
from lib.ui.components.markup import draw, el
from lib.ui.guard import Context
from lib.ui.views import network_coverage, network_layers, network_map, network_nodes, network_standing
from lib.ui.views import network_state as state
from lib.ui.views.network_state import Survey, View

_REGION: Final = "自治区"
_ALL_YEARS: Final = "全部年份"


def show(ctx: Context) -> None:
    """The whole page."""
    view = state.read(ctx)
    level = Level.BANNER if view.by_banner else Level.LEAGUE
    survey = state.survey(ctx, level, view.parent, view.origins, view.year)
    _band(ctx, view, survey)
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="net-controls"):
        _crumbs(ctx, view)
        filters.segments("看什么", state.TABS, view.tab, key="net-view", chosen=_turn)
    if view.tab in ("map", "standing"):
        with st.container(horizontal=True, vertical_alignment="center", gap="small", key="net-switches"):
            _switches(ctx, view)
    if view.tab == "standing":
        network_standing.show(ctx, view)
    elif view.tab == "nodes":
        network_nodes.show(ctx, view)
    elif view.tab == "coverage":
        network_coverage.show(ctx, view)
    else:
        network_map.show(ctx, view, survey)


def _turn(tab: str) -> None:
    state.go(view=None if tab == "map" else tab, node=None, link=None, indicator=None)


# ------------------------------------------------------------------ head
def _band(ctx: Context, view: View, survey: Survey) -> None:
    metric = view.metric
    if view.league:
        named = sum(node.count(metric) is not None for node in survey.nodes)
        has = f"{named} 个有{metric.label}记录" if named else f"{metric.label}都未写明旗县"
        title = f"{view.league.name}：{len(survey.nodes)} 个旗县，{has}"
        line = "点地图上的旗县，看它的每一条记录。" if view.tab == "map" else "旗县的节点、活动、载体，逐个可查。"
    else:
        title = "网络强在哪里，空白在哪里"
        line = "自治区、盟市、旗县三级。点一个盟市看旗县；没有公开记录的地方画斜线，不写 0。"
    if view.year:
        line = f"{view.year} 年的成果、需求、活动；机构记录没有年份，全部计入。"
    scope = view.league or _region(ctx, view)
    with bands.band(title, line, instrument=0.82), st.container(key="net-figures"):
        for column, each in zip(st.columns(len(Metric), gap="small"), Metric, strict=True):
            with column, st.container(key=f"net-figure-{each.value}"):
                value = scope.count(each)
                st.page_link(
                    navigation.href(each.page),
                    label=f"{each.label}  \n**{NO_DATA if value is None else f'{value:,}'}**",
                    query_params=state.rows(view, each, view.parent),
                    help=f"{scope.name}的{each.label}记录，点开看清单",
                )


def _region(ctx: Context, view: View) -> Node:
    return state.survey(ctx, Level.REGION, "", view.origins, view.year).nodes[0]


def _crumbs(ctx: Context, view: View) -> None:
    """自治区 › 盟市 › 旗县: each step a link or a choice, so that the map is not needed to move."""
    leagues = {node.code: node.name for node in view.leagues}
    st.page_link(navigation.href("network"), label=_REGION, query_params=state.here(view, parent="", banner=""))
    draw(el("span", "›", aria_hidden="true"))
    _step("盟市", "parent", leagues, view.parent)
    if view.league:
        banners = {n.code: n.name for n in state.survey(ctx, Level.BANNER, view.parent, view.origins, view.year).nodes}
        draw(el("span", "›", aria_hidden="true"))
        _step("旗县", "banner", banners, view.banner.code if view.banner else "")
    st.space("stretch")


def _step(label: str, name: str, options: dict[str, str], chosen: str) -> None:
    clears = {"banner": None} if name == "parent" else {}
    filters.select(
        label,
        options,
        chosen,
        key=f"net-{name}",
        placeholder=f"选择{label}",
        chosen=lambda code: state.go(**{name: code, **clears}),
        width=150,
    )


def _switches(ctx: Context, view: View) -> None:
    """What is counted, how it is drawn, of which year, and, where demonstration rows are loaded, whose rows count."""
    _origin_switch(ctx, view)
    _year_switch(ctx, view)
    if view.tab != "map":
        return
    metrics = {metric.value: metric.label for metric in Metric}
    filters.segments(
        "计数对象", metrics, view.metric.value, key="net-metric", chosen=lambda value: state.go(metric=value)
    )
    network_layers.switch(view)
    filters.segments("画法", state.STYLES, view.style, key="net-style", chosen=lambda value: state.go(style=value))


def _year_switch(ctx: Context, view: View) -> None:
    """One year or all; organizations have no year."""
    known = state.years(ctx)
    if len(known) < 2:
        return
    options = [_ALL_YEARS, *map(str, known)]
    st.session_state["net-year"] = str(view.year) if view.year else _ALL_YEARS
    st.select_slider(
        "年份", options, key="net-year", label_visibility="collapsed", width=220,
        on_change=lambda: state.go(year=None if st.session_state["net-year"] == _ALL_YEARS
                                   else st.session_state["net-year"]),
    )  # fmt: skip


def _origin_switch(ctx: Context, view: View) -> None:
    present = state.origins(ctx)
    if len(present) < 2 and not view.origins:
        return
    st.session_state["net-origin"] = list(view.origins)
    st.pills(
        "来源",
        sorted({*present, *view.origins}),
        format_func=lambda value: Origin(value).label,
        selection_mode="multi",
        key="net-origin",
        label_visibility="collapsed",
        on_change=lambda: state.go(origin=list(st.session_state["net-origin"])),
    )
