"""The map of 三级网络 and what stands beside it: ranking, parts, the rows behind every count, the same as a table."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import streamlit as st

from lib.domain.access import VISITOR
from lib.domain.dates import today_shanghai
from lib.domain.vocabulary import NO_DATA, Level, Origin
from lib.services import network
from lib.services.catalogue import UNKNOWN
from lib.services.network import SERVICE_KINDS, Entry, Metric, Node, Part, Zone
from lib.services.roadshows import OUTSIDE
from lib.ui import cache, navigation
from lib.ui.components import bands
from lib.ui.components.cards import plain
from lib.ui.components.markup import Markup, draw, el, join
from lib.ui.guard import Context
from lib.ui.maps import classes, clicks, geometry, legend, notice, picture
from lib.ui.maps import network as maps
from lib.ui.theme import NO_DATA_HATCH, STONE
from lib.ui.views import network_layers
from lib.ui.views import network_state as state
from lib.ui.views.network_state import Survey, View

_MAP: Final = "net-map"
_RANKED: Final = 14


def show(ctx: Context, view: View, survey: Survey) -> None:
    """The map with what stands beside and under it."""
    drawing = _drawing(ctx, view)
    left, right = st.columns([870, 378], gap="medium")
    with left:
        _map(ctx, view, survey, drawing)
    with right:
        if view.league and view.banner:
            _rows_of_banner(ctx, view)
        else:
            _ranking(view, survey, drawing)
        if view.league:
            _parts(ctx, view)
        _definition(ctx, view, survey)
    if view.league and not view.banner:
        _rows_of_league(ctx, view)
    _table(ctx, view, survey)


def _drawing(ctx: Context, view: View) -> maps.Drawing:
    """The map, built once for each question and change of the data."""
    banners = state.survey(ctx, Level.BANNER, view.parent, view.origins, view.year).nodes if view.by_banner else ()
    banner = view.banner.code if view.banner else ""
    chips, outlined = network_layers.chips(ctx, view), network_layers.outlined(ctx, view)

    def build(_session: object) -> maps.Drawing:
        if view.style == "hexagons":
            return maps.hexagons(banners, view.leagues, view.metric, view.parent, banner, chips, outlined)
        if view.league:
            return maps.league(view.league, banners, view.metric, banner, chips)
        return maps.region(view.leagues, view.metric, chips, outlined, services="services" in view.layers)

    day = str(today_shanghai())
    key = (view.metric.value, view.parent, view.style, banner, view.origins, view.year, view.layers, day)
    return cache.shared("network map", key, ctx.revision(*state.TOPICS, *state.NETWORK), build)


# ------------------------------------------------------------------ the map
def _map(ctx: Context, view: View, survey: Survey, drawing: maps.Drawing) -> None:
    metric = view.metric
    with st.container(border=True, key="net-panel"):
        with st.container(key="net-wide"):
            st.pydeck_chart(
                drawing.spec,
                height=maps.HEIGHT,
                key=_MAP,
                on_select=lambda: _picked(view.parent),
                alt=drawing.alt,
            )
        with st.container(key="net-phone"):
            st.image(_phone(ctx, view, survey, drawing), alt=drawing.alt, width="stretch")
        title = f"{'旗县' if view.by_banner else '盟市'}{metric.label}（{metric.unit}）"
        with st.container(horizontal=True, gap="small", key="net-legend"):
            classed, *signs = legend.wrapped(title, drawing.bands, gap=drawing.has_gap, signs=_signs(view, drawing))
            st.image(classed, alt=f"图例：{title}", width="content")
            with st.container(key="net-signs", width="content"):
                for row in signs:
                    st.image(
                        row, alt=f"图例：{'、'.join(words for _, words in _signs(view, drawing))}", width="content"
                    )
        if view.style == "hexagons":
            st.caption("等面积示意：每个六边形是一个旗县（市、区），不表示边界与面积。")
        network_layers.rows(ctx, view)
        st.caption(notice.notice())


def _signs(view: View, drawing: maps.Drawing) -> tuple[tuple[str, str], ...]:
    if view.style == "hexagons":
        return ()
    if view.league:
        linked = (("node", f"有{view.metric.label}记录的旗县"), ("link", "盟市—旗县")) if drawing.bands else ()
        return (("seat", "盟市驻地"), *linked, ("hollow", NO_DATA))
    if "services" not in view.layers:
        return ()
    return (("hub", "枢纽"), ("node", "有技术转移机构"), ("hollow", f"节点{NO_DATA}"), ("link", "枢纽—分支"))


def _picked(parent: str) -> None:
    """A click on the map as an event: one level down, or back from a banner clicked twice."""
    code = maps.picked(clicks.take(_MAP))
    if not code:
        return
    if code.endswith("00"):
        state.go(parent=code, banner=None)
    else:
        same = code == st.query_params.get("banner")
        state.go(parent=parent or f"{code[:4]}00", banner=None if same else code)


def _phone(ctx: Context, view: View, survey: Survey, drawing: maps.Drawing) -> str:
    """The small picture; the choice of a league above it and the ranking under it lead on."""
    nodes = {node.code: node for node in survey.nodes}
    name = "banners_hex" if view.style == "hexagons" else "banners_lite" if view.league else "leagues_lite"

    def build(_session: object) -> str:
        shapes = [f for f in geometry.features(name, decimals=3) if f["properties"]["code"] in nodes]
        return picture.picture(shapes, nodes, view.metric, drawing.bands)

    key = (view.metric.value, view.parent, view.style, view.origins, view.year)
    return cache.shared("network picture", key, ctx.revision(*state.TOPICS), build)


# ------------------------------------------------------------------ beside the map
def _ranking(view: View, survey: Survey, drawing: maps.Drawing) -> None:
    """Every division by its count in the colours of the map; a row opens the rows that were counted."""
    metric = view.metric
    known = sorted(
        (node for node in survey.nodes if node.count(metric) is not None),
        key=lambda node: (-(node.count(metric) or 0), node.code),
    )
    bands.section(
        f"{'旗县' if view.by_banner else '盟市'}{metric.label}排名", f"{len(known)} 个有记录" if known else ""
    )
    zones = [zone for zone in survey.zones if view.by_banner and zone.counts[metric.value]]
    if not known and not zones:
        where = view.league.name if view.league else "全区"
        bands.empty(NO_DATA, f"{where}的{metric.label}都没有写明旗县，不等于没有。")
        return
    rows = [_Row.of(node, view, drawing) for node in known[:_RANKED]] + [
        _Row.zone(f"zone{position}", zone, metric) for position, zone in enumerate(zones)
    ]
    _bars("divisions", rows)
    rest = len(known) - _RANKED
    missing = [node.name for node in survey.nodes if node.count(metric) is None]
    if rest > 0:
        draw(el("p", f"另有 {rest} 个旗县，见下方数据表。", cls="bj-meaning"))
    if missing:
        names = "、".join(missing) if len(missing) <= 12 else f"{len(missing)} 个旗县"
        draw(el("p", el("b", f"{NO_DATA}："), names, cls="bj-meaning"))


@dataclass(frozen=True)
class _Row:
    """One bar: an ASCII key, what it says, its value and colour, and what it opens."""

    key: str
    label: str
    value: int
    colour: str
    page: str
    query: dict[str, str | list[str]]

    @classmethod
    def of(cls, node: Node, view: View, drawing: maps.Drawing) -> "_Row":
        value = node.count(view.metric) or 0
        band = classes.band_of(drawing.bands, value)
        colour = band.colour if band else NO_DATA_HATCH
        if node.level == Level.LEAGUE:
            query = state.rows(view, view.metric, node.code)
            return cls(node.code, node.short_name, value, colour, view.metric.page, query)
        query = state.here(view, parent=node.parent_code or "", banner=node.code)
        return cls(node.code, node.name, value, colour, "network", query)

    @classmethod
    def zone(cls, key: str, zone: Zone, metric: Metric) -> "_Row":
        query: dict[str, str | list[str]] = {"league": zone.league_code} if zone.league_code else {}
        return cls(
            f"zone{zone.league_code}", f"{zone.name} ＊", zone.counts[metric.value] or 0, STONE, metric.page, query
        )


def _bars(name: str, rows: Sequence[_Row]) -> None:
    """Horizontal bars whose every row is a link; `name` tells those of a page apart."""
    if not rows:
        return
    most = max(row.value for row in rows)
    rules = (f".st-key-rank-{row.key}{{--share:{max(0.02, row.value / most):.2f};--bar:{row.colour}}}" for row in rows)
    draw(el("style", "".join(rules)))
    wide = max(len(row.label) for row in rows) > 5
    with st.container(gap=None, key=f"net-ranking-{'wide-' if wide else ''}{name}"):
        for row in rows:
            with st.container(key=f"rank-{row.key}"):
                label = f"{plain(row.label)} **{row.value:,}**"
                st.page_link(navigation.href(row.page), label=label, query_params=row.query, width="stretch")


def _parts(ctx: Context, view: View) -> None:
    """A league's count by field or kind; each part opens its list."""
    metric = view.metric
    parts, _ = _detail(ctx, view, "")
    if not parts:
        return
    total = view.league.count(metric) if view.league else None
    word = "按领域" if parts[0].facet == "field" else "按类别"
    bands.section(f"{metric.label} {total:,} {metric.unit}", f"{view.league.short_name if view.league else ''}，{word}")
    _bars(
        "parts",
        [
            _Row(
                f"part{position}",
                part.label,
                part.count,
                "#1F6FB2",
                metric.page,
                state.rows(view, metric, view.parent, **{part.facet: part.value}),
            )
            for position, part in enumerate(parts[:8])
        ],
    )


def _detail(ctx: Context, view: View, banner: str) -> tuple[tuple[Part, ...], tuple[Entry, ...]]:
    chosen = [Origin(origin) for origin in view.origins] or None
    return cache.shared(
        "network detail",
        (view.metric.value, view.parent, banner, view.origins, view.year),
        ctx.revision(*state.TOPICS),
        lambda session: (
            network.breakdown(session, view.metric, view.parent, actor=VISITOR, origins=chosen, year=view.counted_year),
            network.entries(
                session, view.metric, view.parent, banner or None, actor=VISITOR, origins=chosen, year=view.counted_year
            ),
        ),
    )


def _rows_of_banner(ctx: Context, view: View) -> None:
    """The rows that were counted for the chosen banner."""
    if view.banner is None:
        return
    metric = view.metric
    _, entries = _detail(ctx, view, view.banner.code)
    bands.section(view.banner.name, f"{metric.label} {len(entries)} {metric.unit}" if entries else NO_DATA)
    if entries:
        draw(_entries(metric, entries, {}))
    else:
        bands.empty(NO_DATA, f"公开信息里没有写明{view.banner.name}的{metric.label}，不等于没有。")
    st.page_link(
        navigation.href("network"),
        label="回到旗县排名",
        icon=":material/arrow_back:",
        query_params=state.here(view, banner=""),
    )


def _rows_of_league(ctx: Context, view: View) -> None:
    """The rows of a league that name a banner or a zone: what the map counts."""
    _, entries = _detail(ctx, view, "")
    if not entries:
        return
    names = cache.place_names(ctx.revision("division"))
    bands.section(f"写明旗县的{view.metric.label}", f"{len(entries)} {view.metric.unit}，地图上的数字就是这些")
    draw(el("div", _entries(view.metric, entries, names), cls="bj-scroll"))


def _entries(metric: Metric, entries: Sequence[Entry], names: dict[str, str]) -> Markup:
    note = "年份" if metric in (Metric.ACHIEVEMENTS, Metric.DEMANDS) else "类别"
    heads = [metric.label, *(["旗县"] if names else []), note]
    rows = [
        el(
            "tr",
            el("td", el("a", entry.title, href=f"/{metric.page}?id={entry.id}")),
            el("td", names.get(entry.banner_code or "", "") or f"{entry.banner_text} ＊") if names else None,
            el("td", entry.note or "未披露"),
        )
        for entry in entries
    ]
    head = el("thead", el("tr", *(el("th", text) for text in heads)))
    return el("table", head, el("tbody", *rows), cls="bj-table bj-dense")


def _definition(ctx: Context, view: View, survey: Survey) -> None:
    """What the numbers mean: 口径 · 来源 · 截至, and what the map leaves out, as a link to those rows."""
    metric = view.metric
    left_out = survey.unplaced[metric.value]
    level = "旗县" if view.by_banner else "盟市"
    until = survey.until[metric.value]
    origin = "、".join(Origin(value).label for value in view.origins) or "库内全部来源"
    lines = [
        f"口径：{origin}中写明{level}的{metric.label}记录数；斜线是{NO_DATA}，不是 0。",
        f"来源：逐条注明 · 截至 {until or NO_DATA}",
    ]
    if view.by_banner and any(zone.counts[metric.value] for zone in survey.zones):
        lines.append("＊ 是开发区，不是行政区划，地图上没有它。")
    if not view.by_banner:
        lines.append(f"枢纽和分支：有{'、'.join(SERVICE_KINDS)}的盟市；枢纽是其中最多的一个。")
    demo = state.origins(ctx).get(Origin.DEMO, 0)
    if demo and (not view.origins or Origin.DEMO in view.origins):
        lines.append(f"含{Origin.DEMO.label} {demo:,} 条（成果、机构、需求、活动合计），可用上方的来源筛选去掉。")
    with st.container(key="net-meaning", gap="small"):
        draw(join(*(el("p", line, cls="bj-meaning") for line in lines)))
        if not left_out:
            return
        if view.by_banner:
            draw(el("p", f"未写明旗县的 {left_out:,} {metric.unit}不在图上。", cls="bj-meaning"))
            if not view.league:
                return
            query, label = (
                state.rows(view, metric, view.parent),
                f"全部 {view.league.count(metric) or 0:,} {metric.unit}{metric.label}",
            )
        else:
            query, label = state.rows(view, metric, UNKNOWN), f"未写明盟市的 {left_out:,} {metric.unit}未计入"
            if metric is Metric.EVENTS:
                query["league"] = [UNKNOWN, OUTSIDE]
                label = f"未写明盟市或在区外举行的 {left_out:,} {metric.unit}未计入"
        st.page_link(
            navigation.href(metric.page),
            label=label,
            icon=":material/arrow_forward:",
            icon_position="right",
            query_params=query,
        )


# ------------------------------------------------------------------ without the map
def _table(ctx: Context, view: View, survey: Survey) -> None:
    """Every division with every count as a table of links, for keyboards and screen readers."""
    nodes = survey.nodes
    if not view.league and view.by_banner:
        nodes = tuple(node for node in nodes if any(value is not None for value in node.counts.values()))
    with st.expander(
        f"数据表：{'有记录的旗县' if nodes is not survey.nodes else '每个' + ('旗县' if view.league else '盟市')}"
    ):
        key = (view.metric.value, view.parent, view.style, view.origins, view.year)
        draw(
            cache.shared("network table", key, ctx.revision(*state.TOPICS), lambda _session: _table_markup(view, nodes))
        )


def _table_markup(view: View, nodes: Sequence[Node]) -> Markup:
    rows = [
        el(
            "tr",
            el("td", el("a", node.name, href=_down(view, node))),
            *(_cell(view, node, metric) for metric in Metric),
        )
        for node in nodes
    ]
    heads = ["地区", *(f"{metric.label}（{metric.unit}）" for metric in Metric)]
    head = el("thead", el("tr", *(el("th", text) for text in heads)))
    return el("div", el("table", head, el("tbody", *rows), cls="bj-table bj-dense"), cls="bj-scroll")


def _down(view: View, node: Node) -> str:
    if node.level == Level.LEAGUE:
        return f"/network?metric={view.metric.value}&parent={node.code}"
    return f"/network?metric={view.metric.value}&parent={node.parent_code}&banner={node.code}"


def _cell(view: View, node: Node, metric: Metric) -> Markup:
    value = node.count(metric)
    if value is None:
        return el("td", el("span", NO_DATA, cls="bj-place"))
    origins = "".join(f"&origin={origin}" for origin in view.origins)
    if node.level == Level.LEAGUE:
        return el("td", el("a", f"{value:,}", href=f"/{metric.page}?league={node.code}{origins}"))
    href = f"/network?metric={metric.value}&parent={node.parent_code}&banner={node.code}{origins}"
    return el("td", el("a", f"{value:,}", href=href))
