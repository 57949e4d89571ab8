"""数据: the published figures as series and as the full list; the indicators and the contracts stand beside them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlencode

import streamlit as st

from lib.domain.access import VISITOR
from lib.domain.indicators import INDICATORS
from lib.domain.vocabulary import NO_DATA
from lib.services import statistics
from lib.services.contracts import ContractQuery
from lib.services.statistics import (
    DEFINITIONS,
    FULL_YEAR,
    REGION,
    Figure,
    Point,
    Ratio,
    Series,
    StatisticPage,
    StatisticQuery,
)
from lib.ui import address, cache, filters, navigation
from lib.ui.charts import series as charts
from lib.ui.charts.series import Chart
from lib.ui.components import bands
from lib.ui.components.markup import Markup, draw, el, join
from lib.ui.components.tables import cell, row, table
from lib.ui.guard import Context
from lib.ui.views import statistics_contracts, statistics_indicators
from lib.ui.views.statistics_contracts import source_of

PAGE: Final = "/statistics"
VIEWS: Final = {"series": "主要指标", "indicators": "指标 K01—K20", "rows": "全部数据", "contracts": "公开合同"}
_FACETS: Final = ("group", "scope", "year")
_ROWS: Final = 20

_TURNOVER: Final = ("技术合同成交额", REGION, FULL_YEAR)
_CARDS: Final = (
    ("技术合同登记数", REGION, FULL_YEAR),
    ("R&D经费投入强度", REGION, FULL_YEAR),
    ("专利授权量", REGION, FULL_YEAR),
    ("自治区重点实验室", REGION, "累计"),
    ("高新技术企业", "乌海市", "年末"),
)
_RESEARCH: Final = ("R&D经费投入", REGION, FULL_YEAR)


@dataclass(frozen=True)
class Drawn:
    """A series with its chart, built once a revision."""

    series: Series
    chart: Chart | None


@dataclass(frozen=True)
class Board:
    """What the first view of the page shows."""

    turnover: Drawn
    research: Drawn
    cards: tuple[Drawn, ...]
    both: tuple[Figure, ...]
    both_chart: Chart | None
    leagues: tuple[Figure, ...]
    leagues_chart: Chart | None
    ratios: tuple[Ratio, ...]


def page(ctx: Context) -> None:
    """The view that the address names: series, indicators, rows or contracts, or what one indicator means."""
    if key := address.choice("indicator", tuple(INDICATORS), ""):
        statistics_indicators.definition(ctx, key)
        return
    asked = _asked(ctx)
    filtered = bool(asked.q or asked.indicator or asked.scope or asked.year or asked.group)
    view = address.choice("view", tuple(VIEWS), "rows" if filtered else "series")
    if view == "rows":
        address.write(view=view)  # taking the last filter away must not leave the list
    with bands.searched("数据", "公布过哪些数字，怎么变化，谁公布的？"):
        filters.search_box("搜合同名称、卖方、买方" if view == "contracts" else "搜合同、品种、包头")
    _switch(ctx, view)
    if view == "contracts":
        statistics_contracts.listed(ctx)
    elif view == "indicators":
        statistics_indicators.board(ctx)
    elif view == "rows":
        _rows(ctx, asked)
    else:
        _series(ctx)


def turnover(ctx: Context) -> Drawn:
    """技术合同成交额 of the region with its chart: home draws the same picture."""
    return _drawn(ctx, *_TURNOVER)


# ------------------------------------------------------------------ series
def _series(ctx: Context) -> None:
    board = _board(ctx)
    draw_turnover(board.turnover)
    st.space("small")
    with st.grid(2, min_column_width=420, gap="medium"):
        _both(board)
        _card(board.cards[0])
    bands.section("研发投入", "全区与盟市")
    draw_wide(board.research)
    with st.grid(2, min_column_width=420, gap="medium"):
        _leagues(board)
        _card(board.cards[1])
    bands.section("成果与载体", "同一口径、同一范围的年份才放在一张图里")
    with st.grid(2, min_column_width=420, gap="medium"):
        for drawn in board.cards[2:]:
            _card(drawn)
        _note()
    _ratios(board.ratios)


def _board(ctx: Context) -> Board:
    def read(session: Any) -> Board:
        def drawn(key: tuple[str, str, str], height: int = charts.HEIGHT) -> Drawn:
            found = statistics.series(session, *key, actor=VISITOR)
            return Drawn(found, charts.years(found, height=height) if found.points else None)

        ratios = statistics.ratios(session, actor=VISITOR)
        both = next((r.parts[::-1] for r in ratios if r.name == "技术含量" and r.scope == REGION), ())
        leagues = statistics.by_league(session, _RESEARCH[0], actor=VISITOR)
        return Board(
            turnover=drawn(_TURNOVER, 320),
            research=drawn(_RESEARCH, 320),
            cards=tuple(drawn(key, 240) for key in _CARDS),
            both=both,
            both_chart=charts.comparison(both, [figure.indicator for figure in both]) if both else None,
            leagues=leagues,
            leagues_chart=charts.comparison(leagues, [figure.scope for figure in leagues]) if leagues else None,
            ratios=ratios,
        )

    return cache.shared("statistics-board", (), ctx.revision("statistic"), read)


def _drawn(ctx: Context, indicator: str, scope: str, period: str) -> Drawn:
    def read(session: Any) -> Drawn:
        found = statistics.series(session, indicator, scope, period, actor=VISITOR)
        return Drawn(found, charts.years(found) if found.points else None)

    return cache.shared("statistics-series", (indicator, scope, period), ctx.revision("statistic"), read)


def draw_turnover(drawn: Drawn) -> None:
    """The heading, the picture and what it says in words; every bar and the link open the rows."""
    with st.container(horizontal=True, vertical_alignment="bottom", key="chart-turnover"):
        bands.section(drawn.series.indicator, _subtitle(drawn.series))
        st.space("stretch")
        _rows_link(drawn.series, "查看数据")
    draw_wide(drawn, heading=False)


def draw_wide(drawn: Drawn, *, heading: bool = True, link: bool = True) -> None:
    """A chart with its words to the right."""
    with st.container(key=f"chart-wide-{_ascii(drawn.series)}"):
        picture, story = st.columns([1.9, 1], gap="large")
    with picture:
        if heading:
            draw(el("h3", _name(drawn.series), cls="bj-chart-title"))
        _chart(drawn.chart)
    with story:
        draw(_story(drawn.series))
        if heading and link:
            _rows_link(drawn.series, "查看数据")


def _card(drawn: Drawn) -> None:
    with st.container(border=True, gap="xsmall", height="stretch", key=f"chart-{_ascii(drawn.series)}"):
        draw(el("h3", _name(drawn.series), cls="bj-chart-title"))
        _chart(drawn.chart)
        draw(_story(drawn.series, short=True))
        _rows_link(drawn.series, "查看数据")


def _ascii(series: Series) -> str:
    """A key of plain letters: class names drop Chinese."""
    return f"{series.indicator}{series.scope}".encode().hex()[-24:]


def _chart(chart: Chart | None) -> None:
    if chart is None:
        bands.empty(NO_DATA, "还没有公布过可以放在一起比较的数字。")
    else:
        charts.draw(chart)


def _both(board: Board) -> None:
    """成交额 and 技术交易额 side by side: two definitions, never one total."""
    if board.both_chart is None:
        return
    when = f"{board.both[0].year} 年 {board.both[0].period}"
    _comparison("both", f"成交额与技术交易额 · {when}", board.both_chart, board.both, [
        f"{figure.indicator}：{DEFINITIONS[figure.indicator]}。" for figure in board.both
    ])  # fmt: skip


def _leagues(board: Board) -> None:
    if board.leagues_chart is not None:
        title = f"{board.leagues[0].indicator} · 盟市 · {board.leagues[0].year} 年"
        _comparison("leagues", title, board.leagues_chart, board.leagues, [f"其余盟市当年的数字{NO_DATA}。"])


def _comparison(key: str, title: str, chart: Chart, figures: Sequence[Figure], notes: Sequence[str]) -> None:
    with st.container(border=True, gap="xsmall", height="stretch", key=f"chart-{key}"):
        draw(el("h3", title, cls="bj-chart-title"))
        charts.draw(chart)
        lines = [*notes, _sources(figure.source.line for figure in figures)]
        draw(join(*(el("p", line, cls="bj-meaning") for line in lines)))
        pairs = ((name, str(getattr(figure, name))) for figure in figures for name in ("indicator", "scope", "year"))
        _link("查看数据", tuple(dict.fromkeys(pairs)))


def _note() -> None:
    with st.container(border=True, gap="xsmall", height="stretch", key="chart-note"):
        draw(el("h3", "怎么读这些数字", cls="bj-chart-title"))
        items = (
            "实心是公布的数，浅色是由公布的增长率推回去的测算，虚线框是规划或文件里的目标。",
            "吸纳与输出都含区内成交，两者不能相加。",
            "年内累计数（如 1—6 月）不与全年数放在一条序列里。",
            f"没有公布的年份写「{NO_DATA}」，不补、不估。",
        )
        draw(el("ul", *(el("li", item) for item in items), cls="bj-list"))


def _name(series: Series) -> str:
    return f"{series.indicator} · {series.scope}"


def _subtitle(series: Series) -> str:
    return f"{series.scope} · {series.unit} · {series.period}"


def _story(series: Series, *, short: bool = False) -> Markup:
    """Growth in words, how derived values came about, parts of years, gaps, sources."""
    lines: list[Markup] = []
    if not short and (lead := _lead(series)):
        lines.append(el("p", lead, cls="bj-lead"))
    notes = []
    if meaning := DEFINITIONS.get(series.indicator):
        notes.append(f"口径：{meaning}。")
    notes += [f"{point.year} 年为测算：{point.formula}。" for point in series.points if point.standing == "derived"]
    if series.period == FULL_YEAR:
        known = {point.year for point in series.published}
        notes += [
            f"{figure.year} 年只公布了{_period(figure)}的 {statistics.in_unit(figure, series.unit)}，不与全年并列。"
            for figure in series.parts
            if figure.year not in known
        ]
    for point in series.points:
        if point.standing == "target":
            aim = f"{point.qualifier} {statistics.show(point.value, series.unit)}".strip()
            notes.append(f"{point.year} 年为目标：{aim}，全年实绩{NO_DATA}。")
    notes.append(_sources(point.source.line for point in series.points))
    return join(*lines, *(el("p", note, cls="bj-meaning") for note in notes))


def _lead(series: Series) -> str:
    """What happened between the first and the last published year."""
    points = series.published
    if len(points) < 2:
        return ""
    first, last = points[0], points[-1]
    return (
        f"{last.year} 年 {statistics.show(last.value, series.unit)}，比 {first.year} 年的 "
        f"{statistics.show(first.value, series.unit)} {_difference(first, last, series.unit)}。"
    )


def _difference(first: Point, last: Point, unit: str) -> str:
    change = last.value - first.value
    if unit == "%":
        return f"{'高' if change >= 0 else '低'} {abs(change)} 个百分点"
    return f"{'多' if change >= 0 else '少'} {statistics.show(abs(change), unit)}"


def _period(figure: Figure) -> str:
    return figure.period.replace("-", "—")


def _sources(lines: Any) -> str:
    return f"来源：{'；'.join(dict.fromkeys(lines))}"


def _rows_link(series: Series, label: str) -> None:
    _link(label, [("indicator", series.indicator), ("scope", series.scope)])


def _link(label: str, pairs: Sequence[tuple[str, str]]) -> None:
    query: dict[str, list[str]] = {}
    for name, value in pairs:
        query.setdefault(name, []).append(value)
    st.page_link(
        navigation.href("statistics"),
        label=label,
        icon=":material/arrow_forward:",
        icon_position="right",
        query_params=query,
    )


def _ratios(ratios: Sequence[Ratio]) -> None:
    bands.section("由公布数算出", "都是测算；两个数出自同一范围、同一时段")
    names = ("指标", "范围", "时段", "#测算值", "怎么算")
    body = (
        row(
            cell(ratio.name),
            cell(ratio.scope),
            cell(f"{ratio.year} 年 {ratio.period}"),
            cell(el("b", statistics.show(ratio.value, ratio.unit)), cls="num"),
            cell(_anchor(ratio.formula, _ratio_rows(ratio))),
        )
        for ratio in ratios
    )
    table(names, body)


def _ratio_rows(ratio: Ratio) -> list[tuple[str, str]]:
    return [*(("indicator", name) for name in ratio.indicators), ("scope", ratio.scope), ("year", str(ratio.year))]


# ------------------------------------------------------------------ rows
def _asked(ctx: Context) -> StatisticQuery:
    """What the address asks; values that no figure has are left out."""
    known = _search(ctx, StatisticQuery(size=1)).facets
    names = _indicators(ctx)

    def chosen(facet: str) -> tuple[str, ...]:
        values = {value.value for value in known[facet]}
        return address.choices(facet, lambda value: value in values)

    return StatisticQuery(
        indicator=address.choices("indicator", lambda value: value in names),
        scope=chosen("scope"),
        year=chosen("year"),
        group=chosen("group"),
        q=address.words("q"),
        page=address.number("page") or 1,
        size=_ROWS,
    )


def _indicators(ctx: Context) -> frozenset[str]:
    return cache.shared(
        "statistics-indicators",
        (),
        ctx.revision("statistic"),
        lambda session: statistics.indicators(session, actor=VISITOR),
    )


def _search(ctx: Context, query: StatisticQuery) -> StatisticPage:
    return cache.shared(
        "statistics",
        query,
        ctx.revision("statistic"),
        lambda session: statistics.search_statistics(session, query, actor=VISITOR),
    )


def _switch(ctx: Context, view: str) -> None:
    counts = {
        "rows": f" {_search(ctx, StatisticQuery(size=1)).total:,} 条",
        "contracts": f" {statistics_contracts.found(ctx, ContractQuery(size=1)).total:,} 项",
    }
    labels = {name: label + counts.get(name, "") for name, label in VIEWS.items()}
    with st.container(key="switch"):
        filters.segments("看什么", labels, view, key="view", chosen=_leave)


def _leave(view: str) -> None:
    """Another view starts without the filters of this one."""
    names = ("q", "page", "indicator", *_FACETS, *statistics_contracts.FILTERS, *statistics_indicators.FILTERS)
    address.write(**{**dict.fromkeys(names), "view": view if view != "series" else None})


def _rows(ctx: Context, query: StatisticQuery) -> None:
    found = _search(ctx, query)
    chosen = {"group": query.group, "scope": query.scope, "year": query.year}
    filters.pills(found.facets, chosen)
    with st.container(horizontal=True, vertical_alignment="center", key="summary"):
        draw(el("span", "共 ", el("b", f"{found.total:,}"), " 条数据", cls="bj-count"))
        filters.clear({**chosen, "indicator": query.indicator})
        st.space("stretch")
        draw(el("a", "下载全部（CSV）", href="/download/public/statistics.csv", cls="bj-more"))
    if len(query.indicator) == 1 and len(query.scope) == 1:
        _series_of(ctx, query.indicator[0], query.scope[0])
    elif query.indicator:
        draw(el("p", f"指标：{'、'.join(query.indicator)}", cls="bj-meaning"))
    if found.items:
        _figures(found.items)
        filters.pager(query.page, found.pages)
    elif found.total:
        bands.empty("这一页没有内容", "页码超出了范围，请回到第一页。")
    else:
        bands.empty("没有符合条件的数据", "减少一个筛选条件，或换一个词再试。")


def _series_of(ctx: Context, indicator: str, scope: str) -> None:
    """The comparable series of the one indicator that is asked about, where there are two years to compare."""
    periods = dict.fromkeys(
        figure.period for figure in _search(ctx, StatisticQuery((indicator,), (scope,), size=100)).items
    )
    best = max((_drawn(ctx, indicator, scope, period) for period in periods), key=lambda d: len(d.series.points))
    if len(best.series.points) > 1:
        draw_wide(best, link=False)


def _figures(figures: Sequence[Figure]) -> None:
    names = ("指标", "#数值", "范围", "时间", "来源")
    body = (
        row(
            cell(_anchor(figure.indicator, [("indicator", figure.indicator), ("scope", figure.scope)])),
            cell(el("b", figure.text), cls="num"),
            cell(figure.scope, cls="bj-tight"),
            cell(figure.when, cls="bj-tight"),
            cell(source_of(figure.source), cls="bj-from"),
        )
        for figure in figures
    )
    table(names, body)


# ------------------------------------------------------------------ pieces
def _anchor(label: str, pairs: Sequence[tuple[str, str]]) -> Markup:
    return el("a", label, href=f"{PAGE}?{urlencode(pairs)}")
