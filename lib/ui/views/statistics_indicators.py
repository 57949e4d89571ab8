"""数据 › 指标: K01–K20 of a scope and a period, each number with its parts, its rows and its definition."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlencode

import streamlit as st

from lib.domain.access import REGION, VISITOR
from lib.domain.dates import today_shanghai
from lib.domain.indicators import FIVE_SINCE, INDICATORS, Period, share
from lib.domain.money import YI, show_wan, show_yi
from lib.domain.vocabulary import CONTRACT_TYPES, NO_DATA
from lib.services import indicators
from lib.services.indicators import Question, Reading, Rows, Scope, Structure, TypeYear, Value, YearSums
from lib.services.rollup import Sums
from lib.ui import address, cache, filters, navigation
from lib.ui.charts import series as charts
from lib.ui.charts.series import Bar, Chart
from lib.ui.components import bands
from lib.ui.components.markup import Markup, draw, el, join
from lib.ui.components.tables import cell, row, table
from lib.ui.guard import Context

FILTERS: Final = ("area", "months", "data", "base")
"""The parameters of the address that choose scope, months, whose rows, and how types are compared; the year is
`year`."""
_TOPICS: Final = (
    "contract", "statistic", "achievement", "demand", "event", "event_item", "match_decision", "thread", "division",
)  # fmt: skip
_DATA: Final = {"real": "真实数据", "demo": "演示数据"}
_MONTHS: Final = {
    "": "全年",
    **{f"1-{last}": f"1—{last} 月" for last in range(2, 12)},
    **{f"{month}-{month}": f"{month} 月" for month in range(1, 13)},
}
_BASES: Final = {"four": "四类可比", "five": "五类"}


@dataclass(frozen=True)
class Asked:
    """What the address asks for, and what could be asked instead."""

    question: Question
    scopes: tuple[Scope, ...]
    years: tuple[int, ...]
    demo: bool

    @property
    def address(self) -> dict[str, str]:
        """The parameters that ask the same again."""
        period = self.question.period
        months = "" if period.whole else f"{period.first}-{period.last}"
        data = "" if self.question.data == "real" else self.question.data
        chosen = {"area": self.question.scope.code, "year": str(period.year), "months": months, "data": data}
        return {name: value for name, value in chosen.items() if value}


def board(ctx: Context) -> None:
    """The indicators with what they are made of, the structure of the contracts, the years and the leagues."""
    asked = _asked(ctx)
    _controls(asked)
    _warning(asked.question)
    _readings(_read(ctx, asked.question), asked)
    _takeaway(asked)
    base = _base(asked.question)
    _structures(ctx, asked.question, base)
    _years(ctx, asked.question, base)
    if asked.question.scope.region:
        _leagues(ctx, asked.question)


def definition(ctx: Context, key: str) -> None:
    """What one indicator means, and what it says of the scope and period."""
    asked, one = _asked(ctx), INDICATORS[key]
    bands.band(f"{one.key} {one.name}", one.definition)
    st.page_link(
        navigation.href("statistics"), label="回到指标", icon=":material/arrow_back:",
        query_params={"view": "indicators", **asked.address},
    )  # fmt: skip
    _controls(asked)
    _warning(asked.question)
    reading = next(r for r in _read(ctx, asked.question) if r.indicator.key == key)
    bands.section(asked.question.scope.name, asked.question.period.label)
    _readings((reading,), asked)
    bands.section("定义", one.standing)
    facts = (
        ("名称", one.name), ("含义", one.definition), ("公式", one.formula), ("单位", one.unit),
        ("依据", one.basis), ("口径", one.standing), ("注意", one.caution),
    )  # fmt: skip
    draw(el("dl", *(el("div", el("dt", name), el("dd", text)) for name, text in facts if text), cls="bj-facts"))


# ------------------------------------------------------------------ what is asked
def _asked(ctx: Context) -> Asked:
    revision = ctx.revision("contract", "division", "statistic")
    places: tuple[Scope, ...] = cache.shared(
        "indicator-scopes", "", revision, lambda s: indicators.scopes(s, actor=VISITOR)
    )
    known: dict[str, tuple[int, ...]] = {
        data: cache.shared(
            "indicator-years", data, revision,
            lambda s, data=data: indicators.years(s, data, actor=VISITOR),  # type: ignore[misc]
        )
        for data in _DATA
    }  # fmt: skip
    data = address.choice("data", tuple(_DATA) if known["demo"] else ("real",), "real")
    years = known[data] or (today_shanghai().year - 1,)
    code = address.choice("area", tuple(scope.code for scope in places), REGION)
    scope = next((one for one in places if one.code == code), Scope(REGION, "内蒙古自治区"))
    year = int(address.choice("year", tuple(map(str, years)), str(_usual(ctx, data, years))))
    first, _, last = address.choice("months", tuple(_MONTHS), "").partition("-")
    period = Period(year, int(first), int(last)) if last else Period(year)
    return Asked(Question(scope, period, data), places, years, bool(known["demo"]))


def _usual(ctx: Context, data: str, years: tuple[int, ...]) -> int:
    """The year to begin with: of real data the last one whose turnover was published, otherwise the last that is
    over."""
    latest: int | None = cache.shared(
        "indicator-latest", "", ctx.revision("statistic"), lambda s: indicators.latest(s, actor=VISITOR)
    )
    if data == "real" and latest in years:
        return latest
    return next((year for year in years if year < today_shanghai().year), years[0])


def _controls(asked: Asked) -> None:
    period = asked.question.period
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="indicator-controls"):
        filters.select(
            "范围", {scope.code: scope.name for scope in asked.scopes}, asked.question.scope.code, key="area",
            placeholder="内蒙古自治区", chosen=lambda value: address.write(area=value), width=200,
        )  # fmt: skip
        filters.select(
            "年份", {str(year): f"{year} 年" for year in asked.years}, str(period.year), key="year",
            placeholder="年份", chosen=lambda value: address.write(year=value), width=130,
        )  # fmt: skip
        filters.select(
            "时段", _MONTHS, "" if period.whole else f"{period.first}-{period.last}", key="months",
            placeholder="全年", chosen=lambda value: address.write(months=value), width=130,
        )  # fmt: skip
        if asked.demo:
            filters.segments(
                "用哪些合同", _DATA, asked.question.data, key="data",
                chosen=lambda data: address.write(data=None if data == "real" else data, year=None),
            )  # fmt: skip


def _warning(question: Question) -> None:
    if question.data == "demo":
        tag = el("span", "演示数据", cls="bj-tag bj-demo")
        draw(
            el(
                "p",
                tag,
                " 下面的数由生成的合同算出，只用来演示，不与真实数据相加，也不与公布数比较。",
                cls="bj-meaning",
            )
        )
    else:
        told = "「本平台」一栏只由库内的合同算出，公开的合同很少；「公布数」是官方公布的总数。两者并列，不相加。"
        draw(el("p", told, cls="bj-meaning"))


def _read(ctx: Context, question: Question) -> tuple[Reading, ...]:
    today = today_shanghai()
    return cache.shared(
        "indicators",
        (question, today),
        ctx.revision(*_TOPICS),
        lambda session: indicators.read(session, question, actor=VISITOR, today=today),
    )


# ------------------------------------------------------------------ the table of readings
def _readings(readings: tuple[Reading, ...], asked: Asked) -> None:
    names = ("指标", "#本平台", "怎么算", "公布数")
    table(names, (_line(reading, asked) for reading in readings), stack=True)


def _line(reading: Reading, asked: Asked) -> Markup:
    one = reading.indicator
    about = f"/statistics?{urlencode({'indicator': one.key, **asked.address})}"
    return row(
        cell(join(el("a", f"{one.key} {one.name}", href=about), _small(one.standing)), cls="bj-wide"),
        cell(join(*(_told(value, alone=len(reading.values) == 1) for value in reading.values)), cls="num"),
        cell(_how(reading), cls="bj-wide"),
        cell(_published(reading), cls="bj-wide"),
    )


def _told(value: Value, *, alone: bool) -> Markup:
    """A number with its label, on a line of its own."""
    return el("div", None if alone else el("span", f"{value.label} ", cls="bj-meaning"), _number(value))


def _number(value: Value) -> Markup:
    text = el("b", value.text)
    return el("a", text, href=_href(value.rows)) if value.rows and value.value is not None else text


def _how(reading: Reading) -> Markup:
    """Numerators and denominators with their rows, why numbers are missing, and what to mind."""
    several = len(reading.values) > 1
    pieces: list[Markup] = []
    for value in reading.values:
        if value.parts:
            pieces.append(el("p", *_parts(value, named=several), cls="bj-meaning"))
    whys: dict[str, list[str]] = {}
    for value in reading.values:
        if value.why:
            whys.setdefault(value.why, []).append(value.label)
    for why, labels in whys.items():
        pieces.append(_small(f"{'、'.join(labels)}：{why}" if several and len(whys) > 1 else why))
    return join(*pieces, *(_small(note) for note in reading.notes))


def _parts(value: Value, *, named: bool) -> list[str | Markup]:
    """本期 1,234 项，上年同期 1,100 项; 技术交易额 … ÷ 成交额 …; 吸纳 … − 输出 …."""
    first, second = value.parts
    sign = "，" if first.label == "本期" else " − " if value.unit == "元" else " ÷ "
    name = [f"{value.label}："] if named else []
    return [*name, f"{first.label} ", _number(first), sign, f"{second.label} ", _number(second)]


def _published(reading: Reading) -> Markup:
    """What was published of the same scope and period, and what follows from it by arithmetic."""
    pieces: list[Markup] = []
    for figure in reading.published:
        rows = {
            "view": ("rows",), "indicator": (figure.indicator,), "scope": (figure.scope,), "year": (str(figure.year),),
        }  # fmt: skip
        pieces.append(el("a", el("b", figure.text), href=_href(rows)))
        named = f"{figure.indicator} · " if len(reading.published) > 1 else ""
        pieces.append(_small(f"{named}{figure.when} · {figure.source.line}"))
    for value in reading.derived:
        pieces.append(el("div", el("b", value.text), el("span", " 测算", cls="bj-meaning")))
        pieces.append(el("p", *_parts(value, named=False), cls="bj-meaning"))
    return join(*pieces) if pieces else _small("没有公布数")


def _small(text: str) -> Markup:
    return el("p", text, cls="bj-meaning")


def _href(rows: Rows) -> str:
    query = dict(rows)
    page = query.pop("page", ("statistics",))[0]
    return f"/{page}?{urlencode(query, doseq=True)}"


def _takeaway(asked: Asked) -> None:
    """The same figures to take away, of real data only."""
    query = urlencode({name: value for name, value in asked.address.items() if name != "data"})
    links = [
        el("a", label, href=f"{path}?{query}", cls="bj-more")
        for label, path in (
            ("打印简报", "/print/brief"), ("下载 Word", "/download/brief.docx"), ("下载 Excel", "/download/brief.xlsx"),
        )
    ]  # fmt: skip
    real = "（只含真实数据）" if asked.demo else ""
    spaced = [piece for link in links for piece in (link, el("span", " · "))][:-1]
    what = f"带走{asked.question.scope.name} {asked.question.period.label}的简报{real}："
    draw(el("p", el("span", what), *spaced, cls="bj-meaning"))


# ------------------------------------------------------------------ structure
def _base(question: Question) -> str:
    """How types are told apart: by five from 2021 on, by four where years before are compared."""
    return address.choice("base", tuple(_BASES), "four" if question.period.year < FIVE_SINCE else "five")


def _structures(ctx: Context, question: Question, base: str) -> None:
    bands.section("结构", f"{question.scope.name} · {question.period.label} · 按登记口径，占写明该项的合同的比重")
    filters.segments("合同类型", _BASES, base, key="base", chosen=lambda value: address.write(base=value))
    with st.grid(2, min_column_width=420, gap="medium"):
        for dimension in indicators.DIMENSIONS:
            found, chart = _structure(ctx, question, dimension, comparable=base == "four")
            _structure_card(found, chart)


def _structure(ctx: Context, question: Question, dimension: str, *, comparable: bool) -> tuple[Structure, Chart | None]:
    def read(session: Any) -> tuple[Structure, Chart | None]:
        found = indicators.structure(session, question, dimension, actor=VISITOR, comparable=comparable)
        drawn = [
            Bar(
                part.label, part.sums.number, f"{part.sums.number:,} 项 {part.of_number}%",
                f"成交额 {_money(part.sums)}" + (f"，占 {part.of_amount}%" if part.of_amount is not None else ""),
                _href(part.rows),
            )
            for part in found.slices
        ]  # fmt: skip
        return found, charts.bars(drawn, unit="项", height=36 * len(drawn) + 16) if drawn else None

    key = (question, dimension, comparable)
    return cache.shared("indicator-structure", key, ctx.revision("contract", "division"), read)


def _structure_card(found: Structure, chart: Chart | None) -> None:
    with st.container(border=True, gap="xsmall", height="stretch", key=f"chart-{found.dimension}"):
        title = f"{found.name} · 四类可比" if found.comparable else found.name
        draw(el("h3", title, cls="bj-chart-title"))
        if chart is None:
            bands.empty(NO_DATA, f"本时段的合同都没有写明{found.name}。")
        else:
            charts.draw(chart)
            if found.unstated.number:
                draw(_small(f"另有 {found.unstated.number:,} 项没有写明，不在比重之内。"))


def _money(total: Sums) -> str:
    return show_wan(total.turnover) if total.turnover is not None else NO_DATA


# ------------------------------------------------------------------ years and leagues
def _years(ctx: Context, question: Question, base: str) -> None:
    def read(session: Any) -> tuple[tuple[YearSums, ...], tuple[TypeYear, ...], tuple[TypeYear, ...]]:
        scope, data = question.scope, question.data
        return (
            indicators.by_year(session, scope, data, actor=VISITOR),
            indicators.types_by_year(session, scope, data, comparable=True, actor=VISITOR),
            indicators.types_by_year(session, scope, data, comparable=False, actor=VISITOR),
        )

    years, four, five = cache.shared(
        "indicator-series", (question.scope, question.data), ctx.revision("contract", "division"), read
    )
    if not years:
        return
    bands.section("历年", f"{question.scope.name} · 登记口径")
    names = ("年份", "#项数", "#成交额", "#技术交易额", "#没有披露金额")
    table(names, (
        row(
            cell(el("a", f"{one.year} 年", href=_href(one.rows))),
            cell(f"{one.sums.number:,}", cls="num"),
            cell(_money(one.sums), cls="num"),
            cell(show_wan(t) if (t := one.sums.technology_turnover) is not None else NO_DATA, cls="num"),
            cell(f"{one.sums.hidden:,} 项", cls="num"),
        )
        for one in reversed(years)
    ))  # fmt: skip
    if four and base == "four":
        _types("合同类型 · 四类可比：许可并入技术转让，各年可比", four, ("KF", "ZR", "ZX", "FW"))
    elif five:
        _types(f"合同类型 · 五类：自 {FIVE_SINCE} 年起，此前没有单列的许可", five, tuple(CONTRACT_TYPES))


def _types(title: str, years: tuple[TypeYear, ...], kinds: tuple[str, ...]) -> None:
    draw(el("p", title, cls="bj-meaning"))
    names = ("年份", *(f"#{CONTRACT_TYPES[kind].removesuffix('合同')}" for kind in kinds))
    table(names, (
        row(cell(f"{one.year} 年"), *(cell(_of_type(one.types, kind), cls="num") for kind in kinds))
        for one in reversed(years)
    ))  # fmt: skip


def _of_type(types: Mapping[str, Sums], kind: str) -> str:
    whole, part = sum((total.number for total in types.values()), 0), types.get(kind, Sums()).number
    return f"{part:,} 项 {share(part, whole)}%"


def _leagues(ctx: Context, question: Question) -> None:
    found = cache.shared(
        "indicator-leagues", (question.period, question.data), ctx.revision("contract", "division"),
        lambda session: indicators.by_league(session, question.period, question.data, actor=VISITOR),
    )  # fmt: skip
    whole = sum((total for _, total, _ in found), Sums())
    bands.section("盟市", f"{question.period.label} · 登记口径 · 按成交额从高到低")
    if not whole.number:
        bands.empty(NO_DATA, "库内的合同没有写明卖方所在盟市，不能归到盟市。")
        return
    bars = [
        Bar(
            scope.name,
            float(total.amount / YI),
            show_yi(total.amount),
            f"{total.number:,} 项",
            _href(rows),
        )
        for scope, total, rows in found
        if total.disclosed
    ]
    charts.draw(charts.bars(bars, unit="亿元", height=36 * len(bars) + 16))
    names = ("盟市", "#项数", "#成交额", "#占全部盟市", "#技术交易额")
    table(names, (
        row(
            cell(scope.name),
            cell(el("a", f"{total.number:,}", href=_href(rows)) if total.number else NO_DATA, cls="num"),
            cell(_money(total), cls="num"),
            cell(f"{part}%" if (part := share(total.amount, whole.amount)) is not None else NO_DATA, cls="num"),
            cell(show_wan(t) if (t := total.technology_turnover) is not None else NO_DATA, cls="num"),
        )
        for scope, total, rows in found
    ))  # fmt: skip
