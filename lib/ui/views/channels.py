"""转移通道: who gives us technology, who takes ours, and the facts behind every band and arc."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import streamlit as st

from lib.domain.access import REGION, VISITOR
from lib.domain.channels import GROUPS, MILITARY_NOTICE, UNSTATED, Crossing
from lib.domain.money import show_wan
from lib.domain.vocabulary import FIELDS, NO_DATA, UNDISCLOSED, Channel, Direction, Level, Origin
from lib.services import channels, contract_flows, network
from lib.services.catalogue import UNKNOWN
from lib.services.channels import (
    UNDATED,
    ChannelTotal,
    Fact,
    FactKind,
    FactPage,
    FactQuery,
    Flow,
    FlowQuery,
    YearCount,
)
from lib.services.network import Node
from lib.services.places import by_code, place_of
from lib.ui import address, cache, filters, navigation, theme
from lib.ui.charts import sankey
from lib.ui.components import bands, cards
from lib.ui.components.markup import Markup, draw, el, external, join
from lib.ui.guard import Context
from lib.ui.maps import channels as maps
from lib.ui.maps import clicks, notice
from lib.ui.views import channel_history as history

_SCOPES: Final[dict[maps.Scope, str]] = {"home": "国内", "world": "国际"}
_FILTERS: Final = ("partner", "group", "league", "direction", "place", "field", "giver", "ends")
_DATA: Final = {"real": "真实数据", "demo": "演示数据"}
_PARTNERS: Final = {
    Channel.ABROAD: "个国家",
    Channel.INTERREGIONAL: "个省外伙伴",
    Channel.MILITARY: "个军工单位",
    Channel.WITHIN: "个区内单位",
}


@dataclass(frozen=True)
class View:
    """What the address asks for: the flows drawn (channel, year, kind) and the rows listed."""

    kind: FactKind
    channel: Channel | None
    year: int | None
    scope: maps.Scope
    group: str
    partner: str
    league: str
    direction: Direction | None
    place: str
    page: int
    data: str
    field: int | None
    giver: str
    """The league of the seller, of contracts within the region."""
    unstated: bool
    """True: contracts that do not state both their ends."""

    @property
    def origins(self) -> tuple[str, ...]:
        """The origins of contracts that count: what is real, or demonstration by itself."""
        return channels.REAL if self.data == "real" else (Origin.DEMO.value,)

    @property
    def drawn(self) -> tuple[str, str, int | None, str]:
        """The key of what is drawn."""
        return self.kind.value, self.channel.value if self.channel else "", self.year, self.data

    @property
    def narrowed(self) -> bool:
        """True when the list shows less than what is drawn."""
        chosen = (self.group, self.partner, self.league, self.direction, self.place, self.giver, self.unstated)
        return any(chosen) or self.field is not None


@dataclass(frozen=True)
class Board:
    """The figures of the four channels in a year, how many facts each year has, the latest source date."""

    totals: tuple[ChannelTotal, ...]
    years: tuple[YearCount, ...]
    until: str
    contracts: Mapping[int | None, int]
    """Real contracts by year."""
    demo: Mapping[int | None, int]
    """Demonstration contracts by year."""


def show(ctx: Context) -> None:
    """The whole page."""
    view = _view(ctx)
    board = _board(ctx, view.year)
    flows = _flows(ctx, view)
    chosen = _chosen_flows(ctx, view, flows)
    _band(board, view)
    _lanes(board, view)
    place = by_code(view.place)
    if place is not None:
        history.place_head(ctx, place, flows, _leagues(ctx), view.origins if view.kind is FactKind.CONTRACT else ())
    if view.kind is FactKind.CONTRACT:  # four stages need the whole width
        _switches(board, view)
        _flow_chart(ctx, view, flows)
        _arcs(ctx, view, flows, chosen)
    else:
        left, right = st.columns([1, 1], gap="medium")
        with left:
            _switches(board, view)
            _flow_chart(ctx, view, flows)
        with right:
            _arcs(ctx, view, flows, chosen)
    _facts(ctx, view, flows, chosen)
    if view.kind is FactKind.CONTRACT and view.channel in {None, Channel.WITHIN} and place is None:
        history.matrix(ctx, _leagues(ctx), view.year, view.origins, view.data)
    history.years(ctx, place, view.origins, view.data)


# ------------------------------------------------------------------ the question
def _view(ctx: Context) -> View:
    channel = address.choice("channel", tuple(Channel), "")
    year = st.query_params.get("year", "")
    board = _board(ctx, None)
    known = {each.year for each in board.years} | set(board.contracts) | set(board.demo)
    years = {str(each or UNKNOWN): each or UNDATED for each in known}
    giver, field = st.query_params.get("giver", ""), st.query_params.get("field", "")
    league = st.query_params.get("league", "")
    direction = address.choice("direction", tuple(Direction), "")
    place = by_code(st.query_params.get("place", ""))
    abroad = channel == Channel.ABROAD or (place is not None and place.kind == "国家")
    scope = address.choice("scope", tuple(_SCOPES), "world" if abroad else "home")
    return View(
        kind=FactKind(address.choice("kind", tuple(FactKind), FactKind.COOPERATION)),
        channel=Channel(channel) if channel else None,
        year=years.get(year),
        scope="world" if scope == "world" else "home",
        group=address.choice("group", GROUPS, ""),
        partner=address.words("partner"),
        league=league if league == UNKNOWN or league in _leagues(ctx) else "",
        direction=Direction(direction) if direction else None,
        place=place.code if place else "",
        page=address.number("page") or 1,
        data=address.choice("data", tuple(_DATA) if board.demo else ("real",), "real"),
        field=int(field) if field in {"0", *map(str, FIELDS)} else None,
        giver=giver if giver == REGION or giver in _leagues(ctx) else "",
        unstated=st.query_params.get("ends", "") == UNKNOWN,
    )


def _board(ctx: Context, year: int | None) -> Board:
    return cache.shared(
        "channel board",
        year,
        ctx.revision(*history.TOPICS),
        lambda session: Board(
            channels.totals(session, year, actor=VISITOR),
            channels.years(session, actor=VISITOR),
            str(channels.until(session, actor=VISITOR) or ""),
            channels.contract_years(session, channels.REAL, actor=VISITOR),
            channels.contract_years(session, (Origin.DEMO.value,), actor=VISITOR),
        ),
    )  # fmt: skip


def _flows(ctx: Context, view: View) -> tuple[Flow, ...]:
    query = _query(view)
    return cache.shared(
        "channel flows",
        view.drawn,
        ctx.revision(*history.TOPICS),
        lambda session: channels.flows(session, query, actor=VISITOR),
    )


def _nodes(ctx: Context) -> tuple[Node, ...]:
    return cache.shared(
        "league nodes",
        (),
        ctx.revision("division"),
        lambda session: network.nodes(session, Level.LEAGUE, actor=VISITOR),
    )


def _leagues(ctx: Context) -> dict[str, str]:
    return {node.code: node.short_name for node in _nodes(ctx)}


def _sankey(ctx: Context, view: View, flows: tuple[Flow, ...]) -> sankey.Sankey:
    names, query = _leagues(ctx), _query(view)
    return cache.shared(
        "channel sankey", view.drawn, ctx.revision(*history.TOPICS),
        lambda session: sankey.sankey(
            flows, names,
            channels.fields(session, query, actor=VISITOR) if view.kind is FactKind.CONTRACT else (),
        ),
    )  # fmt: skip


def _query(view: View) -> FlowQuery:
    return FlowQuery(view.channel, view.year, view.kind, view.origins)


def _go(**values: str | int | None) -> None:
    """Change the address from the first page of the list on; the chart is mounted anew without its selection."""
    address.write(page=None, **values)
    st.session_state["flow-mount"] = st.session_state.get("flow-mount", 0) + 1


# ------------------------------------------------------------------ head
def _band(board: Board, view: View) -> None:
    cooperation = sum(total.cooperation for total in board.totals)
    events = sum(total.events for total in board.totals)
    line = f"{cooperation:,} 条合作记录，另有 {events:,} 场有伙伴的活动。两种记录分开计数，同一件事不算两次。"
    with bands.band("谁给我们技术，谁用我们的技术", line, instrument=0.72), st.container(key="net-figures"):
        for column, direction in zip(st.columns(3, gap="small"), Direction, strict=True):
            number = sum(total.directions[direction.value] for total in board.totals)
            with column, st.container(key=f"net-figure-{direction.value}"):
                st.page_link(
                    navigation.href("channels"),
                    label=f"{direction.label}  \n**{f'{number:,}' if number else NO_DATA}**",
                    query_params=_asked(direction=direction.value, year=_year_value(view.year)),
                    help="按合作记录的原文判断方向；原文没有写明的不猜",
                )


def _asked(**values: str) -> dict[str, str | list[str]]:
    return {name: value for name, value in values.items() if value}


def _year_value(year: int | None) -> str:
    return "" if year is None else str(year or UNKNOWN)


def _lanes(board: Board, view: View) -> None:
    """Four cards; a card shows only its channel, and all again when it is chosen already."""
    for column, total in zip(st.columns(4, gap="small"), board.totals, strict=True):
        chosen = view.channel is total.channel
        with column, st.container(border=True, height="stretch", gap=None, key=f"lane-{total.channel.value}"):
            number = f"{total.cooperation:,} 条" if total.cooperation else NO_DATA
            st.page_link(
                navigation.href("channels"),
                label=f"{total.channel.label}{'　:blue-badge[已选]' if chosen else ''}  \n**{number}**",
                query_params=_asked(
                    channel="" if chosen else total.channel.value, kind=_kind(view), year=_year_value(view.year)
                ),
                width="stretch",
            )
            draw(join(*(el("p", line, cls="bj-meaning") for line in _lane_notes(total))))


def _kind(view: View) -> str:
    return "" if view.kind is FactKind.COOPERATION else view.kind.value


def _lane_notes(total: ChannelTotal) -> tuple[str, str]:
    events = f"另有活动 {total.events:,} 场" if total.events else f"活动{NO_DATA}"
    if total.top is None:
        return "没有公开的合作记录", events
    if total.channel is Channel.MILITARY:
        return "只列条数，不列单位和事项", events
    name, most = total.top
    who = f"{total.partners:,} {_PARTNERS[total.channel]}"
    if most > 1:
        return f"{who}，最多 {name} {most} 条", events
    return f"{who}，{'各 ' if total.partners > 1 else ''}1 条", events


def _switches(board: Board, view: View) -> None:
    """Which kind of record is drawn, and of which year."""
    counts = _counts(board, view)
    st.session_state["flow-year"] = _year_value(view.year) or None
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="flow-controls"):
        bands.section("来源 → 伙伴 → 盟市" + (" → 领域" if view.kind is FactKind.CONTRACT else ""))
        st.space("stretch")
        filters.segments(
            "记录",
            {kind.value: kind.label for kind in FactKind},
            view.kind.value,
            key="flow-kind",
            chosen=lambda value: _go(kind=value, year=None, data=None, **dict.fromkeys(_FILTERS)),
        )
        if view.kind is FactKind.CONTRACT and board.demo:
            filters.segments(
                "数据",
                _DATA,
                view.data,
                key="flow-data",
                chosen=lambda value: _go(data=value, year=None, **dict.fromkeys(_FILTERS)),
            )

        def shown(value: str) -> str:
            return f"{'未写明年份' if value == UNKNOWN else f'{value} 年'} · {counts[value]:,} {view.kind.unit}"

        st.selectbox(
            "年份",
            list(counts),
            format_func=shown,
            key="flow-year",
            placeholder="全部年份",
            label_visibility="collapsed",
            width=176,
            on_change=lambda: _go(year=st.session_state["flow-year"]),
        )


def _counts(board: Board, view: View) -> dict[str, int]:
    """How many facts of the kind every year has, by its value in the address."""
    if view.kind is FactKind.CONTRACT:
        found = board.contracts if view.data == "real" else board.demo
        return {_year_value(year or UNDATED): found[year] for year in sorted(found, key=lambda y: -(y or 0))}
    numbers = {
        each.year: each.cooperation if view.kind is FactKind.COOPERATION else each.events for each in board.years
    }
    return {_year_value(year or UNDATED): number for year, number in numbers.items() if number}


# ------------------------------------------------------------------ pictures
def _flow_chart(ctx: Context, view: View, flows: tuple[Flow, ...]) -> None:
    if not flows:
        bands.empty(NO_DATA, f"这一年没有公开的{view.kind.label}，换一年，或看全部年份。")
        return
    if all(flow.channel is None and flow.league_code is None for flow in flows):
        told = f"这 {sum(flow.count for flow in flows):,} {view.kind.unit}公开{view.kind.label}"
        bands.empty(f"流向{NO_DATA}", f"{told}都没有写明双方在哪里，画不出从哪里到哪里；下面逐条列出。")
        return
    chart = _sankey(ctx, view, flows)
    key = f"flow-chart-{'-'.join(str(part) for part in view.drawn)}-{st.session_state.get('flow-mount', 0)}"
    st.echarts_chart(
        chart.spec,
        height=560 if view.kind is FactKind.CONTRACT else 496,
        theme=None,
        key=key,
        on_select=lambda: _chosen(key, chart),
        alt=chart.alt,
    )
    demo = "演示合同，不是真实交易。" if view.kind is FactKind.CONTRACT and view.data == "demo" else ""
    told = "带宽＝记录数；点节点或带，下面列出它的每一条。虚线框是原文未写明盟市的。"
    draw(el("p", f"{demo}{told}", cls="bj-meaning"))


def _chosen(key: str, chart: sankey.Sankey) -> None:
    """A click on a node or band as a filter of the list; a second click takes it back."""
    found = sankey.Choice()
    for group in st.session_state[key].selection.selected:
        items = chart.links if group.get("data_type") == "edge" else chart.nodes
        chosen = [items[i] for i in group.get("data_indices", []) if isinstance(i, int) and 0 <= i < len(items)]
        if chosen:
            found = chosen[0]
    address.write(
        page=None, place=None, giver=None, ends=None, group=found.group or None, partner=found.partner or None,
        league=found.league or None, field=found.field or None,
    )  # fmt: skip


def _arcs(ctx: Context, view: View, flows: tuple[Flow, ...], chosen: tuple[Flow, ...]) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="arc-head"):
        bands.section("从哪里来，到哪里去")
        st.space("stretch")
        filters.segments("范围", _SCOPES, view.scope, key="flow-scope", chosen=lambda value: _go(scope=value))
    nodes = _nodes(ctx)
    # A place that was picked on the map leaves the others there to be picked next.
    drawn = flows if view.place else chosen
    asked = (view.place,) if view.place else (view.group, view.partner, view.giver, view.league, view.direction)
    drawing = cache.shared(
        "channel arcs", (*view.drawn, view.scope, asked), ctx.revision(*history.TOPICS),
        lambda _session: maps.arcs(drawn, nodes, view.scope, view.place),
    )  # fmt: skip
    key = f"arc-map-{view.scope}"
    with st.container(key="arcs-wide"):
        st.pydeck_chart(
            drawing.spec,
            height=maps.HEIGHT,
            key=key,
            on_select=lambda: _picked(key),
            alt=drawing.alt,
        )
    with st.container(key="arcs-phone"):
        draw(_place_list(view, drawn))
    draw(join(*(el("p", line, cls="bj-meaning") for line in _arc_notes(view, drawing))))
    st.caption(notice.notice())


def _picked(key: str) -> None:
    objects = clicks.take(key).get(maps.PICKED, [])
    codes = [str(found.get("code", "")) for found in objects if isinstance(found, dict)]
    if codes:
        _go(place=codes[0], partner=None, group=None, league=None)


def _arc_notes(view: View, drawing: maps.Drawing) -> list[str]:
    unit = view.kind.unit
    what = f"{_SCOPES[view.scope]}{view.kind.label} {drawing.shown:,} {unit}"
    notes = [f"{what}。弧线由淡变浓的一端是技术到达的地方；两端一样浓的，原文未写明方向。"]
    if drawing.unplaced_league:
        notes.append(f"空心圈：{drawing.unplaced_league:,} {unit}未写明盟市，只画到全区。")
    if drawing.derived:
        notes.append(f"{drawing.derived:,} {unit}的伙伴是单位，按单位本部所在地归集，是我们的推定，不是原文。")
    if drawing.within:
        notes.append(f"{drawing.within:,} {unit}的伙伴在区内，不画弧线。")
    if drawing.unknown:
        notes.append(f"{drawing.unknown:,} {unit}未写明所在地（如京津冀、环渤海），不在图上。")
    return notes


def _place_list(view: View, flows: tuple[Flow, ...]) -> Markup:
    """The places as links, where the map has no room."""
    counts: dict[str, int] = {}
    for flow in flows:
        codes = {place.code for place in map(place_of, flow.partners) if place and not place.home}
        for code in codes:
            counts[code] = counts.get(code, 0) + flow.count
    links: list[Markup] = []
    for code, number in sorted(counts.items(), key=lambda item: -item[1]):
        place = by_code(code)
        if place is None or (place.kind == "国家") != (view.scope == "world"):
            continue
        asked = _asked(kind=_kind(view), channel=view.drawn[1], year=_year_value(view.year), place=code)
        href = "/channels?" + "&".join(f"{name}={value}" for name, value in asked.items())
        links.append(el("a", f"{place.short_name} {number}", href=href, cls="bj-badge"))
    return el("div", *links, cls="bj-badges")


# ------------------------------------------------------------------ the list
def _facts(ctx: Context, view: View, flows: tuple[Flow, ...], chosen: tuple[Flow, ...]) -> None:
    """The rows behind the pictures, or behind the chosen node, band, place."""
    if view.channel is Channel.MILITARY:
        bands.section("军民通道的条数")
        history.military(ctx, _leagues(ctx))
        return
    page = _page(ctx, view, flows)
    hidden = sum(flow.count for flow in chosen if flow.channel is Channel.MILITARY)  # counted, and not listed
    also = f"；另有军民通道 {hidden:,} 条，只列条数" if hidden else ""
    bands.section("背后的记录", f"{page.total:,} {view.kind.unit}{view.kind.label}，逐条注明来源{also}")
    _narrowing(ctx, view, flows)
    if not page.items:
        bands.empty("没有符合条件的记录", "去掉一个筛选条件，或点「全部显示」。")
        return
    draw(el("div", _table(page, _leagues(ctx)), cls="bj-scroll"))
    if hidden:
        draw(el("p", MILITARY_NOTICE, cls="bj-meaning"))
    filters.pager(view.page, page.pages)


def _chosen_flows(ctx: Context, view: View, flows: tuple[Flow, ...]) -> tuple[Flow, ...]:
    """The flows that the address narrows the page to; by field the contracts are narrowed in the list only."""
    partners = _partners(ctx, view, flows)
    return tuple(
        flow
        for flow in flows
        if (not view.group or flow.group == view.group)
        and (not partners or flow.partner in partners)
        and (not view.league or (flow.league_code or UNKNOWN) == view.league)
        and (view.direction is None or flow.direction is view.direction)
    )


def _page(ctx: Context, view: View, flows: tuple[Flow, ...]) -> FactPage:
    query = FactQuery(
        kind=view.kind,
        channel=view.channel,
        year=view.year,
        group=view.group,
        partners=_partners(ctx, view, flows),
        field=view.field,
        origins=view.origins,
        unstated=view.unstated,
        league=view.league,
        direction=view.direction,
        page=view.page,
    )
    return cache.shared(
        "channel facts",
        query,
        ctx.revision(*history.TOPICS),
        lambda session: channels.facts(session, query, actor=VISITOR),
    )


def _partners(ctx: Context, view: View, flows: tuple[Flow, ...]) -> tuple[str, ...]:
    """The printed partners that the address means: one, the others of a kind, or all of a place."""
    if view.partner == sankey.OTHER:
        return _sankey(ctx, view, flows).others.get(view.group, ())
    if view.partner:
        return (view.partner,)
    if view.giver:
        names = cache.place_names(ctx.revision("division"))
        return (contract_flows.HOME_UNKNOWN if view.giver == REGION else names[view.giver],)
    if view.place:
        return tuple(
            sorted({flow.partner for flow in flows if any(_at(name, view.place) for name in flow.partners)})
        ) or ("",)
    return ()


def _at(name: str, code: str) -> bool:
    place = place_of(name)
    return place is not None and place.code == code


def _narrowing(ctx: Context, view: View, flows: tuple[Flow, ...]) -> None:
    """The same filters as clicks on the pictures, as choices: nothing needs a mouse."""
    partners = {flow.partner: flow.partner for flow in flows}
    if view.partner == sankey.OTHER:
        partners[sankey.OTHER] = sankey.other(view.group, some=True)
    elif view.partner:
        partners.setdefault(view.partner, view.partner)
    leagues = {**_leagues(ctx), UNKNOWN: "未写明盟市"}
    directions = {direction.value: direction.label for direction in Direction}
    codes = {place.code for flow in flows for place in map(place_of, flow.partners) if place} | {view.place}
    places = {place.code: place.short_name for place in map(by_code, sorted(codes)) if place}
    fields = {str(number): name for number, name in FIELDS.items()} | {"0": UNDISCLOSED}
    columns = st.columns([1.4, 1, 1, 1, 1, 0.8], gap="small", vertical_alignment="center")
    with columns[0]:
        _choice("伙伴", "partner", partners, view.partner, clears=("place", "group"))
    with columns[1]:
        _choice("来源地", "place", places, view.place, clears=("partner", "group"))
    with columns[2]:
        _choice("盟市", "league", leagues, view.league)
    with columns[3]:
        _choice("方向", "direction", directions, view.direction.value if view.direction else "")
    with columns[4]:
        if view.kind is FactKind.CONTRACT:
            _choice("领域", "field", fields, "" if view.field is None else str(view.field))
        else:
            groups = {flow.group: flow.group for flow in flows}
            _choice("伙伴分组", "group", groups, view.group, clears=("place", "partner"))
    with columns[5]:
        if view.narrowed or view.channel or view.year is not None:
            st.button(
                "全部显示",
                icon=":material/close:",
                type="tertiary",
                on_click=lambda: _go(channel=None, year=None, scope=None, **dict.fromkeys(_FILTERS)),
            )


def _choice(label: str, name: str, options: Mapping[str, str], chosen: str, *, clears: tuple[str, ...] = ()) -> None:
    filters.select(
        label,
        options,
        chosen,
        key=f"flow-{name}",
        placeholder=f"全部{label}",
        chosen=lambda value: _go(**{name: value, **dict.fromkeys(clears)}),
    )


def _table(page: FactPage, leagues: Mapping[str, str]) -> Markup:
    contracts = page.query.kind is FactKind.CONTRACT
    heads = ("年份", "通道", "伙伴", "合同" if contracts else "事项", "盟市", "方向",
             *(("成交额",) if contracts else ()), "来源")  # fmt: skip
    head = el("thead", el("tr", *(el("th", text) for text in heads)))
    return el(
        "table", head, el("tbody", *(_line(fact, leagues) for fact in page.items)), cls="bj-table bj-dense bj-stack"
    )


def _line(fact: Fact, leagues: Mapping[str, str]) -> Markup:
    when = str(fact.held or fact.year or UNDISCLOSED)
    colour = theme.CHANNEL_COLOURS[fact.channel]
    subject = el("a", fact.subject, href=f"/roadshows?id={fact.id}") if fact.kind is FactKind.EVENT else fact.subject
    source = fact.source
    return el(
        "tr",
        el("td", when, cls="bj-tight"),
        el(
            "td",
            el("i", "", cls="bj-dot", style=f"background:{colour}"),
            fact.channel.label if fact.channel else UNSTATED,
            cls="bj-tight",
        ),
        el("td", fact.partner or UNDISCLOSED),
        el("td", subject, cls="bj-wide"),
        el("td", leagues.get(fact.league_code or "", "未写明盟市"), cls="bj-tight"),
        el("td", _way(fact), cls="bj-tight"),
        el("td", UNDISCLOSED if fact.amount is None else show_wan(fact.amount), cls="num")
        if fact.kind is FactKind.CONTRACT
        else None,
        el("td", cards.tag(source.origin), " ", external(source.line, source.url)),
    )


def _way(fact: Fact) -> str:
    told = Crossing(fact.channel, fact.direction).label
    return "未写明方向" if told == Direction.UNSTATED.label else told
