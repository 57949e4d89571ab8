"""三级网络: where the network is strong, where it has holes, and the rows behind every count."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import streamlit as st

from lib.domain.access import VISITOR
from lib.domain.vocabulary import NO_DATA, Level, Origin
from lib.services import network
from lib.services.catalogue import UNKNOWN
from lib.services.network import SERVICE_KINDS, Entry, Metric, Node, Part, Zone
from lib.services.roadshows import OUTSIDE
from lib.ui import address, cache, filters, navigation
from lib.ui.components import bands
from lib.ui.components.cards import plain
from lib.ui.components.markup import Markup, draw, el, join
from lib.ui.guard import Context
from lib.ui.maps import classes, geometry, legend, notice, picture
from lib.ui.maps import network as maps
from lib.ui.theme import NO_DATA_HATCH, STONE

STYLES: Final = {"boundaries": "边界", "hexagons": "六边形"}
_TOPICS: Final = ("division", *(f"{metric.value[:-1]}" for metric in Metric))
_RANKED: Final = 14
_REGION: Final = "自治区"


@dataclass(frozen=True)
class View:
    """What the address asks for. `league` and `banner` are the chosen divisions, None: the region."""

    metric: Metric
    style: str
    leagues: tuple[Node, ...]
    league: Node | None
    banner: Node | None
    origins: tuple[str, ...]

    @property
    def parent(self) -> str:
        """The code of the league whose banners are shown, blank for the region."""
        return self.league.code if self.league else ""

    @property
    def by_banner(self) -> bool:
        """True when the map counts by banner."""
        return bool(self.league) or self.style == "hexagons"


@dataclass(frozen=True)
class Survey:
    """One level of the network with what it leaves out; `until` has the latest source date of each metric."""

    nodes: tuple[Node, ...]
    unplaced: dict[str, int]
    zones: tuple[Zone, ...]
    until: dict[str, str]


def show(ctx: Context) -> None:
    """The whole page."""
    view = _view(ctx)
    survey = _survey(ctx, Level.BANNER if view.by_banner else Level.LEAGUE, view.parent, view.origins)
    drawing = _drawing(ctx, view)
    _band(ctx, view, survey)
    left, right = st.columns([870, 378], gap="medium")
    with left:
        with st.container(horizontal=True, vertical_alignment="center", gap="small", key="net-controls"):
            _crumbs(ctx, view)
            _switches(ctx, view)
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


# ------------------------------------------------------------------ the question
def _view(ctx: Context) -> View:
    metric = Metric(address.choice("metric", tuple(Metric), Metric.ACHIEVEMENTS))
    by_banner = st.query_params.get("level") == Level.BANNER
    style = address.choice("style", tuple(STYLES), "hexagons" if by_banner else "boundaries")
    origins = address.choices("origin", lambda value: value in tuple(Origin))
    leagues = _survey(ctx, Level.LEAGUE, "", origins).nodes
    parent = st.query_params.get("parent", "")
    league = next((node for node in leagues if node.code == parent), None)
    banner = None
    if league:
        banners = {node.code: node for node in _survey(ctx, Level.BANNER, league.code, origins).nodes}
        banner = banners.get(st.query_params.get("banner", ""))
    return View(metric, style, leagues, league, banner, origins)


def _survey(ctx: Context, level: Level, parent: str, origins: tuple[str, ...]) -> Survey:
    chosen = [Origin(origin) for origin in origins] or None
    return cache.shared(
        "network survey",
        (level.value, parent, origins),
        ctx.revision(*_TOPICS),
        lambda session: Survey(
            network.nodes(session, level, parent or None, actor=VISITOR, origins=chosen),
            network.unplaced(session, level, parent or None, actor=VISITOR, origins=chosen),
            network.zones(session, parent or None, actor=VISITOR, origins=chosen),
            {metric.value: str(day or "") for metric, day in network.until(session, actor=VISITOR).items()},
        ),
    )


def _drawing(ctx: Context, view: View) -> maps.Drawing:
    """The map, built once for each question and change of the data."""
    banners = _survey(ctx, Level.BANNER, view.parent, view.origins).nodes if view.by_banner else ()
    banner = view.banner.code if view.banner else ""

    def build(_session: object) -> maps.Drawing:
        if view.style == "hexagons":
            return maps.hexagons(banners, view.leagues, view.metric, view.parent, banner)
        if view.league:
            return maps.league(view.league, banners, view.metric, banner)
        return maps.region(view.leagues, view.metric)

    key = (view.metric.value, view.parent, view.style, banner, view.origins)
    return cache.shared("network map", key, ctx.revision(*_TOPICS), build)


def _link(view: View, metric: Metric, league: str = "", **facets: str | list[str]) -> dict[str, str | list[str]]:
    """The address parameters of the list that shows what was counted."""
    asked: dict[str, str | list[str]] = {"league": league} if league else {}
    if view.origins:
        asked["origin"] = list(view.origins)
    return {**asked, **facets}


# ------------------------------------------------------------------ head
def _band(ctx: Context, view: View, survey: Survey) -> None:
    metric = view.metric
    if view.league:
        named = sum(node.count(metric) is not None for node in survey.nodes)
        has = f"{named} 个有{metric.label}记录" if named else f"{metric.label}都未写明旗县"
        title, line = f"{view.league.name}：{len(survey.nodes)} 个旗县，{has}", "点地图上的旗县，看它的每一条记录。"
    else:
        title = "网络强在哪里，空白在哪里"
        line = "自治区、盟市、旗县三级。点一个盟市看旗县；没有公开记录的地方画斜线，不写 0。"
    scope = view.league or _region(ctx, view)
    with bands.band(title, line, instrument=0.82), st.container(key="net-figures"):
        for column, each in zip(st.columns(len(Metric), gap="small"), Metric, strict=True):
            with column, st.container(key=f"net-figure-{each.value}"):
                value = scope.count(each)
                st.page_link(
                    navigation.href(each.page),
                    label=f"{each.label}  \n**{NO_DATA if value is None else f'{value:,}'}**",
                    query_params=_link(view, each, view.parent),
                    help=f"{scope.name}的{each.label}记录，点开看清单",
                )


def _region(ctx: Context, view: View) -> Node:
    return _survey(ctx, Level.REGION, "", view.origins).nodes[0]


def _crumbs(ctx: Context, view: View) -> None:
    """自治区 › 盟市 › 旗县: each step a link or a choice, so that the map is not needed to move."""
    leagues = {node.code: node.name for node in view.leagues}
    st.page_link(navigation.href("network"), label=_REGION, query_params=_here(view, parent="", banner=""))
    draw(el("span", "›", aria_hidden="true"))
    _step("盟市", "parent", leagues, view.parent)
    if view.league:
        banners = {n.code: n.name for n in _survey(ctx, Level.BANNER, view.parent, view.origins).nodes}
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
        chosen=lambda code: _go(**{name: code, **clears}),
        width=150,
    )


def _here(view: View, *, parent: str | None = None, banner: str | None = None) -> dict[str, str | list[str]]:
    """This page's address with another division."""
    asked: dict[str, str | list[str]] = {"metric": view.metric.value, "style": view.style}
    for name, value in (("parent", view.parent if parent is None else parent), ("banner", banner or "")):
        if value:
            asked[name] = value
    if view.origins:
        asked["origin"] = list(view.origins)
    return asked


def _go(**values: str | list[str] | None) -> None:
    """Change the address; the map is mounted anew, because a selection that deck.gl keeps fades every layer."""
    address.write(level=None, **values)
    st.session_state["net-mount"] = st.session_state.get("net-mount", 0) + 1


def _switches(ctx: Context, view: View) -> None:
    """What is counted, how it is drawn, and, where demonstration rows are loaded, whose rows count."""
    _origin_switch(ctx, view)
    metrics = {metric.value: metric.label for metric in Metric}
    filters.segments("计数对象", metrics, view.metric.value, key="net-metric", chosen=lambda value: _go(metric=value))
    filters.segments("画法", STYLES, view.style, key="net-style", chosen=lambda value: _go(style=value))


def _origins(ctx: Context) -> dict[str, int]:
    return cache.shared(
        "network origins",
        (),
        ctx.revision(*_TOPICS),
        lambda session: network.origins_present(session, actor=VISITOR),
    )


def _origin_switch(ctx: Context, view: View) -> None:
    present = _origins(ctx)
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
        on_change=lambda: _go(origin=list(st.session_state["net-origin"])),
    )


# ------------------------------------------------------------------ the map
def _map(ctx: Context, view: View, survey: Survey, drawing: maps.Drawing) -> None:
    metric = view.metric
    key = f"net-map-{st.session_state.get('net-mount', 0)}"
    with st.container(border=True, key="net-panel"):
        with st.container(key="net-wide"):
            st.pydeck_chart(
                drawing.spec,
                height=maps.HEIGHT,
                key=key,
                on_select=lambda: _picked(key, view.parent),
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
        st.caption(notice.notice())


def _signs(view: View, drawing: maps.Drawing) -> tuple[tuple[str, str], ...]:
    if view.style == "hexagons":
        return ()
    if view.league:
        linked = (("node", f"有{view.metric.label}记录的旗县"), ("link", "盟市—旗县")) if drawing.bands else ()
        return (("seat", "盟市驻地"), *linked, ("hollow", NO_DATA))
    return (("hub", "枢纽"), ("node", "有技术转移机构"), ("hollow", f"节点{NO_DATA}"), ("link", "枢纽—分支"))


def _picked(key: str, parent: str) -> None:
    """A click on the map as an event: one level down, or back from a banner clicked twice."""
    objects = st.session_state[key].selection.objects
    codes = [
        feature.get("properties", {}).get("code", "")
        for layer in maps.PICKED
        for feature in objects.get(layer, [])
        if isinstance(feature, dict)
    ]
    code = str(codes[0]) if codes else ""
    if not code:
        return
    if code.endswith("00"):
        _go(parent=code, banner=None)
    else:
        same = code == st.query_params.get("banner")
        _go(parent=parent or f"{code[:4]}00", banner=None if same else code)


def _phone(ctx: Context, view: View, survey: Survey, drawing: maps.Drawing) -> str:
    """The small picture; the choice of a league above it and the ranking under it lead on."""
    nodes = {node.code: node for node in survey.nodes}
    name = "banners_hex" if view.style == "hexagons" else "banners_lite" if view.league else "leagues_lite"

    def build(_session: object) -> str:
        shapes = [f for f in geometry.features(name, decimals=3) if f["properties"]["code"] in nodes]
        return picture.picture(shapes, nodes, view.metric, drawing.bands)

    key = (view.metric.value, view.parent, view.style, view.origins)
    return cache.shared("network picture", key, ctx.revision(*_TOPICS), build)


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
    _bars(rows)
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
            query = _link(view, view.metric, node.code)
            return cls(node.code, node.short_name, value, colour, view.metric.page, query)
        query = _here(view, parent=node.parent_code or "", banner=node.code)
        return cls(node.code, node.name, value, colour, "network", query)

    @classmethod
    def zone(cls, key: str, zone: Zone, metric: Metric) -> "_Row":
        query: dict[str, str | list[str]] = {"league": zone.league_code} if zone.league_code else {}
        return cls(
            f"zone{zone.league_code}", f"{zone.name} ＊", zone.counts[metric.value] or 0, STONE, metric.page, query
        )


def _bars(rows: Sequence[_Row]) -> None:
    """Horizontal bars whose every row is a link."""
    if not rows:
        return
    most = max(row.value for row in rows)
    rules = (f".st-key-rank-{row.key}{{--share:{max(0.02, row.value / most):.2f};--bar:{row.colour}}}" for row in rows)
    draw(el("style", "".join(rules)))
    wide = max(len(row.label) for row in rows) > 5
    with st.container(gap=None, key="net-ranking-wide" if wide else "net-ranking"):
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
        [
            _Row(
                f"part{position}",
                part.label,
                part.count,
                "#1F6FB2",
                metric.page,
                _link(view, metric, view.parent, **{part.facet: part.value}),
            )
            for position, part in enumerate(parts[:8])
        ]
    )


def _detail(ctx: Context, view: View, banner: str) -> tuple[tuple[Part, ...], tuple[Entry, ...]]:
    chosen = [Origin(origin) for origin in view.origins] or None
    return cache.shared(
        "network detail",
        (view.metric.value, view.parent, banner, view.origins),
        ctx.revision(*_TOPICS),
        lambda session: (
            network.breakdown(session, view.metric, view.parent, actor=VISITOR, origins=chosen),
            network.entries(session, view.metric, view.parent, banner or None, actor=VISITOR, origins=chosen),
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
        query_params=_here(view, banner=""),
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
    demo = _origins(ctx).get(Origin.DEMO, 0)
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
                _link(view, metric, view.parent),
                f"全部 {view.league.count(metric) or 0:,} {metric.unit}{metric.label}",
            )
        else:
            query, label = _link(view, metric, UNKNOWN), f"未写明盟市的 {left_out:,} {metric.unit}未计入"
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
        key = (view.metric.value, view.parent, view.style, view.origins)
        draw(cache.shared("network table", key, ctx.revision(*_TOPICS), lambda _session: _table_markup(view, nodes)))


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
