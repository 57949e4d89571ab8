"""The league's monthly brief and the yearly report: indicators, structure, years, published figures, what is missing.

Real rows only: demonstration is left out and the report says so. Our rows and published figures stand in tables of
their own. Numbers are those of `lib.services.indicators`; money is told in 万元.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Final

from sqlalchemy.orm import Session

from lib.domain.access import Actor, Permission, require
from lib.domain.brief import Brief, Cell, Part, Table
from lib.domain.dates import today_shanghai
from lib.domain.errors import InvalidQuery
from lib.domain.indicators import FIVE_SINCE, INDICATORS, Period, share
from lib.domain.money import WAN
from lib.services import indicators, rollup
from lib.services.indicators import DEMO, DIMENSIONS, Question, Reading, Scope, Structure, Value
from lib.services.rollup import Sums
from lib.services.statistics import Figure, StatisticQuery, search_statistics

_CENT: Final = Decimal("0.01")
_TURNOVER: Final = "技术合同成交额"
_MOST: Final = 100


@dataclass(frozen=True)
class BriefQuery:
    """Which report: the code of the region or of a league, and the period."""

    area: str
    period: Period


def make(session: Session, asked: BriefQuery, *, actor: Actor, address: str = "", today: date | None = None) -> Brief:
    """The report of a scope and a period; `address` is the page that shows the same.

    Raises InvalidQuery for a scope that is none, AccessDenied.
    """
    require(actor, Permission.READ_STATISTICS)
    today = today or today_shanghai()
    scope = next((one for one in indicators.scopes(session, actor=actor) if one.code == asked.area), None)
    if scope is None:
        raise InvalidQuery("没有这个地区，请在「数据」页选择自治区或盟市。")
    question = Question(scope, asked.period)
    readings = indicators.read(session, question, actor=actor, today=today)
    leagues = indicators.by_league(session, asked.period, "real", actor=actor) if scope.region else ()
    published = _published(session, scope, asked.period.year, actor)
    parts = (
        _indicators(readings),
        *([_leagues(leagues)] if any(total.number for _, total, _ in leagues) else []),
        *_structures(session, question, actor),
        *_years(session, scope, actor),
        _figures(published),
        _missing(session, question, readings, leagues, actor),
        _definitions(),
    )
    demo = rollup.sums(session, origins=DEMO, actor=actor)[()].number
    sources = dict.fromkeys(figure.source.line for figure in published)
    sources |= dict.fromkeys(figure.source.line for reading in readings for figure in reading.published)
    kind = _kind(asked.period)
    return Brief(
        f"{scope.name}技术合同{kind}（{asked.period.label}）", scope.name, asked.period.label,
        tuple(_lead(demo)), parts, tuple(sources), f"{today:%Y-%m-%d} 由北疆技转生成。", address,
    )  # fmt: skip


def _kind(period: Period) -> str:
    if period.whole:
        return "年度报告"
    return "月报" if period.first == period.last else "累计简报"


def _lead(demo: int) -> Iterator[str]:
    yield "「本平台」各数只由库内的真实合同算出，按登记口径（卖方所在地）归属。"
    yield "公布数是官方公布的总数，与本平台各数并列，不相加。"
    if demo:
        yield f"库内另有演示数据 {demo:,} 项合同，没有计入。"
    else:
        yield "没有计入演示数据。"
    yield "没有披露的金额不计 0；没有数据的写「暂无数据」，原因见「缺报清单」。"


# ------------------------------------------------------------------ parts
_Leagues = tuple[tuple[Scope, Sums, object], ...]


def _indicators(readings: tuple[Reading, ...]) -> Part:
    rows: list[tuple[Cell, ...]] = []
    for reading in readings:
        one = reading.indicator
        for value in reading.values:
            number, unit = value.shown
            rows.append((_named(f"{one.key} {one.name}", value, reading), number, unit, _how(value)))
    table = Table(("指标", "#本平台", "单位", "怎么算"), tuple(rows))
    return Part("指标", "", table)


def _named(name: str, value: Value, reading: Reading) -> str:
    return name if len(reading.values) == 1 else f"{name} · {value.label}"


def _how(value: Value) -> str:
    if value.why:
        return value.why
    return "；".join(f"{part.label} {part.text}" for part in value.parts)


def _leagues(found: _Leagues) -> Part:
    whole = sum((total for _, total, _ in found), Sums())
    rows: tuple[tuple[Cell, ...], ...] = tuple(
        (
            scope.name, total.number or None, _wan(total.turnover), share(total.amount, whole.amount),
            _wan(total.technology_turnover),
        )
        for scope, total, _ in found
    )  # fmt: skip
    bars = tuple((scope.name, _wan(total.amount) or Decimal(0)) for scope, total, _ in found if total.disclosed)
    header = ("盟市", "#项数", "#成交额（万元）", "#占全部盟市（%）", "#技术交易额（万元）")
    return Part("盟市", "登记口径，按成交额从高到低。", Table(header, rows), bars, "成交额，万元")


def _structures(session: Session, question: Question, actor: Actor) -> Iterator[Part]:
    comparable = question.period.year < FIVE_SINCE
    for dimension in DIMENSIONS:
        found = indicators.structure(session, question, dimension, actor=actor, comparable=comparable)
        if found.slices:
            yield _structure(found)


def _structure(found: Structure) -> Part:
    header = (found.name, "#项数", "#项数占比（%）", "#成交额（万元）", "#成交额占比（%）")
    rows: tuple[tuple[Cell, ...], ...] = tuple(
        (part.label, part.sums.number, part.of_number, _wan(part.sums.turnover), part.of_amount)
        for part in found.slices
    )
    told = f"另有 {found.unstated.number:,} 项没有写明，不在比重之内。" if found.unstated.number else ""
    bars = tuple((part.label, Decimal(part.sums.number)) for part in found.slices)
    return Part(f"结构：{found.name}", told, Table(header, rows), bars, "项")


def _years(session: Session, scope: Scope, actor: Actor) -> Iterator[Part]:
    found = indicators.by_year(session, scope, "real", actor=actor)
    if not found:
        return
    header = ("年份", "#项数", "#成交额（万元）", "#技术交易额（万元）", "#没有披露金额（项）")
    rows: tuple[tuple[Cell, ...], ...] = tuple(
        (
            f"{one.year} 年", one.sums.number, _wan(one.sums.turnover), _wan(one.sums.technology_turnover),
            one.sums.hidden,
        )
        for one in found
    )  # fmt: skip
    bars = tuple((f"{one.year} 年", Decimal(one.sums.number)) for one in found)
    yield Part("历年", "登记口径。", Table(header, rows), bars, "项")


def _published(session: Session, scope: Scope, year: int, actor: Actor) -> tuple[Figure, ...]:
    query = StatisticQuery(
        scope=(scope.printed,), year=(str(year),), group=("技术合同",), size=_MOST, origin=("public", "submitted")
    )
    return search_statistics(session, query, actor=actor).items


def _figures(found: tuple[Figure, ...]) -> Part:
    if not found:
        return Part("公布数", "没有同一地区、同一年份公布的技术合同数字。")
    rows: tuple[tuple[Cell, ...], ...] = tuple(
        (figure.indicator, figure.value, figure.unit, figure.when, figure.source.line) for figure in found
    )
    return Part("公布数", "", Table(("指标", "#数值", "单位", "时段", "来源"), rows))


def _missing(
    session: Session, question: Question, readings: tuple[Reading, ...], leagues: _Leagues, actor: Actor
) -> Part:
    """What has no figure for the period, and why: indicators, leagues without contracts, leagues nobody published."""
    rows: list[tuple[Cell, ...]] = [
        (question.scope.name, _named(f"{reading.indicator.key} {reading.indicator.name}", value, reading), value.why)
        for reading in readings
        for value in reading.values
        if value.value is None
    ]
    rows += [
        (scope.name, "库内合同", "本时段没有登记到该盟市的合同。") for scope, total, _ in leagues if not total.number
    ]
    period = question.period
    query = StatisticQuery((_TURNOVER,), year=(str(period.year),), size=_MOST, origin=("public", "submitted"))
    told = {
        figure.scope for figure in search_statistics(session, query, actor=actor).items
        if figure.period == period.printed
    }  # fmt: skip
    asked = [scope for scope, _, _ in leagues] or [question.scope]
    rows += [
        (scope.name, f"公布的{_TURNOVER}", f"{period.label}没有公布。") for scope in asked if scope.printed not in told
    ]
    if question.scope.region and "全区" not in told:
        rows.append((question.scope.name, f"公布的{_TURNOVER}", f"{period.label}没有公布。"))
    text = f"共 {len(rows)} 处没有数据。" if rows else "没有缺报。"
    return Part("缺报清单", text, Table(("地区", "缺什么", "原因"), tuple(rows)) if rows else None)


def _definitions() -> Part:
    rows: tuple[tuple[Cell, ...], ...] = tuple(
        (
            f"{one.key} {one.name}", one.formula,
            one.basis if one.standing in one.basis else f"{one.standing}：{one.basis}", one.caution,
        )
        for one in INDICATORS.values()
    )  # fmt: skip
    return Part("指标定义", "", Table(("指标", "公式", "依据", "注意"), rows))


def _wan(amount: Decimal | None) -> Decimal | None:
    return None if amount is None else (amount / WAN).quantize(_CENT, ROUND_HALF_UP)
