"""K01–K20 of a scope and a period, from our own rows, each number with the rows behind it.

Our rows and what was officially published stand beside each other and are never added: `Reading.published` holds the
published figures of the same scope, year and period. Demonstration is a set of its own that never mixes with the real
rows. What cannot be told is None with a reason, never 0.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from lib.domain.access import REGION, Actor, Permission, require
from lib.domain.dates import today_shanghai
from lib.domain.errors import InvalidQuery
from lib.domain.indicators import FIVE_SINCE, GDP, GDP_NAME, INDICATORS, Indicator, Period, growth, mean, share
from lib.domain.money import WAN, YI, show_wan, show_yi
from lib.domain.vocabulary import CONTRACT_TYPES, FIELDS, NO_DATA, UNDISCLOSED, Level, Origin
from lib.services import practice, rollup
from lib.services.catalogue import UNKNOWN as UNSTATED
from lib.services.contracts import elsewhere
from lib.services.rollup import OUTSIDE, UNKNOWN, Sums
from lib.services.statistics import Figure, StatisticQuery, search_statistics, series
from lib.store.models import Division

REAL: Final = (Origin.PUBLIC.value, Origin.SUBMITTED.value)
DEMO: Final = (Origin.DEMO.value,)
SETS: Final[dict[str, tuple[str, ...]]] = {"real": REAL, "demo": DEMO}
"""Whose rows are counted; the two are never added."""

Rows = Mapping[str, tuple[str, ...]]
"""The parameters with which a page lists the rows behind a number; `page` names it where it is another one."""

_PUBLISHED: Final[dict[str, tuple[str, ...]]] = {
    "K01": ("技术合同登记数",),
    "K02": ("技术合同成交额",),
    "K03": ("技术交易额",),
    "K07": ("技术合同登记数同比增长", "技术合同成交额同比增长", "技术交易额同比增长"),
}
_TURNOVER: Final = _PUBLISHED["K02"][0]
_UNSTATED: Final = "未写明"
DIMENSIONS: Final[dict[str, str]] = {
    "type": "合同类型",
    "plan": "计划来源",
    "field": "技术领域",
    "ip": "知识产权",
    "seller_kind": "卖方性质",
    "buyer_kind": "买方性质",
}
"""What K12 and K13 break the contracts down by."""


@dataclass(frozen=True)
class Scope:
    """自治区 or a 盟市."""

    code: str
    name: str

    @property
    def region(self) -> bool:
        """True for the whole region."""
        return self.code == REGION

    @property
    def printed(self) -> str:
        """The scope as published figures name it."""
        return "全区" if self.region else self.name


@dataclass(frozen=True)
class Question:
    """Whose rows, of where and when. `data` is real or demo."""

    scope: Scope
    period: Period
    data: str = "real"

    @property
    def origins(self) -> tuple[str, ...]:
        """The origins that count."""
        return SETS[self.data]


_MANY_YI: Final = 10 * YI
"""From here on an amount reads better in 亿元 than in 万元, 元."""


@dataclass(frozen=True)
class Value:
    """One number of an indicator: money in 元, shares in %. None: not known, and `why`."""

    label: str
    value: Decimal | None
    unit: str
    why: str = ""
    rows: Rows | None = None
    parts: tuple["Value", ...] = ()
    """Numerator and denominator of a ratio, or the two sides of a difference."""

    @property
    def text(self) -> str:
        """1,234 项, 1,200.00 万元, 61.71 亿元, 64.79%, or 暂无数据."""
        if self.value is None:
            return NO_DATA
        if self.unit == "元":
            return show_yi(self.value) if abs(self.value) >= _MANY_YI else show_wan(self.value)
        if self.unit == "元/项":
            return f"{show_wan(self.value)}/项"
        number = f"{self.value:,}"
        return f"{number}%" if self.unit == "%" else f"{number} {self.unit}"

    @property
    def shown(self) -> tuple[Decimal | None, str]:
        """The number and its unit for a table to calculate with: 元 become 万元, however many."""
        if self.unit not in ("元", "元/项"):
            return self.value, self.unit
        value = None if self.value is None else (self.value / WAN).quantize(Decimal("0.01"), ROUND_HALF_UP)
        return value, self.unit.replace("元", "万元")


@dataclass(frozen=True)
class Reading:
    """One indicator of one question: its values, notes, and the published figures beside it."""

    indicator: Indicator
    values: tuple[Value, ...]
    notes: tuple[str, ...] = ()
    published: tuple[Figure, ...] = ()
    derived: tuple[Value, ...] = ()
    """What follows from published figures by arithmetic: never published itself, never from our rows."""

    @property
    def known(self) -> bool:
        """True when at least one value is."""
        return any(value.value is not None for value in self.values)


@dataclass(frozen=True)
class Slice:
    """One value of a breakdown; shares are of the contracts that state it."""

    value: str
    label: str
    sums: Sums
    of_number: Decimal | None
    of_amount: Decimal | None
    rows: Rows


@dataclass(frozen=True)
class Structure:
    """The registered contracts of a scope by one dimension; those that do not state it stand apart."""

    dimension: str
    name: str
    slices: tuple[Slice, ...]
    unstated: Sums
    comparable: bool = False

    @property
    def stated(self) -> Sums:
        """What the slices add up to."""
        return sum((one.sums for one in self.slices), Sums())


@dataclass(frozen=True)
class YearSums:
    """The registered contracts of one whole year."""

    year: int
    sums: Sums
    rows: Rows


@dataclass(frozen=True)
class TypeYear:
    """The contract types of one year, in number and amount, by five types or, made comparable, by four."""

    year: int
    types: Mapping[str, Sums]


# ------------------------------------------------------------------ what may be asked
def scopes(session: Session, *, actor: Actor) -> tuple[Scope, ...]:
    """The region and its leagues in the order of their codes. Raises AccessDenied."""
    require(actor, Permission.READ_STATISTICS)
    found = session.execute(
        select(Division.code, Division.name)
        .where(Division.level.in_((Level.REGION.value, Level.LEAGUE.value)))
        .order_by(Division.code)
    )
    return tuple(Scope(code, name) for code, name in found)


def years(session: Session, data: str, *, actor: Actor) -> tuple[int, ...]:
    """The years in which our rows have contracts or, of the real set, turnover was published, newest first.

    Raises AccessDenied, InvalidQuery.
    """
    if data not in SETS:
        raise InvalidQuery("没有这种数据，请选择真实数据或演示数据。")
    found = {key[0] for key in rollup.sums(session, ("year",), origins=SETS[data], actor=actor)}
    if data == "real":
        found |= {point.year for point in series(session, _TURNOVER, "全区", actor=actor).published}
    return tuple(sorted(found - {0}, reverse=True))


def latest(session: Session, *, actor: Actor) -> int | None:
    """The last year whose turnover of the region was published. Raises AccessDenied."""
    require(actor, Permission.READ_STATISTICS)
    return max((point.year for point in series(session, _TURNOVER, "全区", actor=actor).published), default=None)


# ------------------------------------------------------------------ readings
def read(session: Session, asked: Question, *, actor: Actor, today: date | None = None) -> tuple[Reading, ...]:
    """All indicators K01–K20 of a question, in order. Raises AccessDenied."""
    require(actor, Permission.READ_STATISTICS)
    today = today or today_shanghai()
    now = _Sides(session, asked, actor)
    before = _Sides(session, replace(asked, period=asked.period.before), actor)
    board = _Board(session, asked, now, before, actor, today)
    return tuple(_MADE[key](board, INDICATORS[key]) for key in INDICATORS)


def structure(
    session: Session, asked: Question, dimension: str, *, actor: Actor, comparable: bool = False
) -> Structure:
    """The registered contracts by one dimension, largest number first; fields and types in their own order.

    `comparable` merges 许可 into 转让, as before 2021. Raises LookupError for another dimension, AccessDenied.
    """
    name = DIMENSIONS[dimension]
    found = rollup.sums(
        session, (dimension,), _where(asked) | {"seller_side": _inside(session, asked.scope, actor)},
        origins=asked.origins, actor=actor,
    )  # fmt: skip
    values = {str(key[0]): total for key, total in found.items()}
    unstated = values.pop("", Sums())
    merged = comparable and dimension == "type"
    if merged:
        values = dict(_four(values))
    stated = sum(values.values(), Sums())
    order = {"type": list(CONTRACT_TYPES), "field": [str(code) for code in FIELDS]}.get(dimension)
    ranked = sorted(values, key=order.index) if order else sorted(values, key=lambda v: (-values[v].number, v))
    slices = tuple(
        Slice(
            value, _label(dimension, value, merged=merged), values[value],
            share(values[value].number, stated.number), share(values[value].amount, stated.amount),
            _registered(asked) | {dimension: ("ZR", "XK") if merged and value == "ZR" else (value,)},
        )
        for value in ranked
    )  # fmt: skip
    return Structure(dimension, name, slices, unstated, merged)


def by_year(session: Session, scope: Scope, data: str, *, actor: Actor) -> tuple[YearSums, ...]:
    """The registered contracts of every whole year that has any, oldest first. Raises AccessDenied."""
    inside = _inside(session, scope, actor)
    found = rollup.sums(session, ("year",), {"seller_side": inside}, origins=SETS[data], actor=actor)
    return tuple(
        YearSums(year, total, _registered(Question(scope, Period(year), data)))
        for (year,), total in sorted(found.items())
        if year
    )


def types_by_year(session: Session, scope: Scope, data: str, *, comparable: bool, actor: Actor) -> tuple[TypeYear, ...]:
    """Contract types over the years, oldest first. By five types the series begins in 2021, when 许可 became a type of
    its own; made comparable it has four types throughout. Raises AccessDenied."""
    inside = _inside(session, scope, actor)
    found = rollup.sums(session, ("year", "type"), {"seller_side": inside}, origins=SETS[data], actor=actor)
    every: dict[int, dict[str, Sums]] = {}
    for (year, kind), total in found.items():
        if year and kind and (comparable or year >= FIVE_SINCE):
            every.setdefault(year, {})[kind] = total
    return tuple(TypeYear(y, _four(every[y]) if comparable else every[y]) for y in sorted(every))


def by_league(session: Session, period: Period, data: str, *, actor: Actor) -> tuple[tuple[Scope, Sums, Rows], ...]:
    """What each league registered, largest 成交额 first; leagues without contracts with empty sums. Raises
    AccessDenied."""
    found = rollup.sums(
        session, ("seller_side",), _where(Question(Scope(REGION, ""), period, data)), origins=SETS[data], actor=actor
    )
    leagues = [scope for scope in scopes(session, actor=actor) if not scope.region]
    made = [(scope, found.get((scope.code,), Sums()), _registered(Question(scope, period, data))) for scope in leagues]
    return tuple(sorted(made, key=lambda one: (-one[1].amount, -one[1].number, one[0].code)))


# ------------------------------------------------------------------ the contracts by their two sides
def _where(asked: Question) -> dict[str, Any]:
    period = asked.period
    months = {} if period.whole else {"month": range(period.first, period.last + 1)}
    return {"year": (period.year,), **months}


def _inside(session: Session, scope: Scope, actor: Actor) -> tuple[str, ...]:
    """The sides that count as registered in the scope: of the region also those whose place nobody stated."""
    if not scope.region:
        return (scope.code,)
    return (*(one.code for one in scopes(session, actor=actor)), UNKNOWN)


def _when(asked: Question) -> dict[str, tuple[str, ...]]:
    period = asked.period
    months = {} if period.whole else {"from": (str(period.first),), "to": (str(period.last),)}
    return {"view": ("contracts",), "year": (str(period.year),), "origin": asked.origins, **months}


def _registered(asked: Question) -> dict[str, tuple[str, ...]]:
    """The rows of what is registered in the scope."""
    return {**_when(asked), "seller": (REGION, UNSTATED) if asked.scope.region else (asked.scope.code,)}


class _Sides:
    """The contracts of a question by where seller and buyer are: in the scope, elsewhere, not stated."""

    def __init__(self, session: Session, asked: Question, actor: Actor) -> None:
        self.asked = asked
        self._found = rollup.sums(
            session, ("seller_side", "buyer_side"), _where(asked), origins=asked.origins, actor=actor
        )

    def _at(self, side: str) -> str:
        if side == UNKNOWN:
            return "?"
        home = side != OUTSIDE if self.asked.scope.region else side == self.asked.scope.code
        return "in" if home else "out"

    def sums(self, sellers: str, buyers: str) -> Sums:
        """`in`, `out`, `?` for the seller and the buyer, each several at once: in? is in the scope or not stated."""
        return sum(
            (
                total
                for (seller, buyer), total in self._found.items()
                if self._at(seller) in sellers.split() and self._at(buyer) in buyers.split()
            ),
            Sums(),
        )

    def registered(self) -> Sums:
        """登记口径: the seller is in the scope; in the region also where its place is not stated."""
        return self.sums("in ?" if self.asked.scope.region else "in", "in out ?")

    def rows(self, sellers: str, buyers: str) -> Rows:
        """The address of the contracts that `sums` adds up."""
        code = self.asked.scope.code
        words = {"in": (code,), "out": (elsewhere(code),), "?": (UNSTATED,)}
        found = dict(_when(self.asked))
        for name, asked in (("seller", sellers), ("buyer", buyers)):
            if set(asked.split()) != {"in", "out", "?"}:
                found[name] = tuple(word for part in asked.split() for word in words[part])
        return found


@dataclass(frozen=True)
class _Board:
    """What the indicators of one question are made from."""

    session: Session
    asked: Question
    now: _Sides
    before: _Sides
    actor: Actor
    today: date


def _count(board: _Board, label: str, total: Sums, rows: Rows) -> Value:
    """A count; where nothing could be counted it is not known rather than 0."""
    every = board.now.sums("in out ?", "in out ?").number
    unplaced = every - board.now.sums("in out", "in out").number
    if total.number == 0 and not every:
        return Value(label, None, "项", "库内没有本时段的合同。")
    if total.number == 0 and unplaced:
        return Value(label, None, "项", f"本时段有 {unplaced:,} 项合同没有写明双方所在地，不能归到本地区。")
    return Value(label, Decimal(total.number), "项", rows=rows)


def _money(label: str, amount: Decimal | None, rows: Rows) -> Value:
    return Value(label, amount, "元", "" if amount is not None else "没有披露金额的合同。", rows)


def _ratio(label: str, part: Value, whole: Value, why: str, unit: str = "%") -> Value:
    value = None if part.value is None or whole.value is None else share(part.value, whole.value)
    return Value(label, value, unit, "" if value is not None else why, part.rows, (part, whole))


_NONE: Final = "本时段没有可计的合同。"


def _hidden(total: Sums) -> tuple[str, ...]:
    return (f"其中 {total.hidden:,} 项没有披露成交额，不计入合计。",) if total.hidden and total.disclosed else ()


def _month_note(board: _Board) -> tuple[str, ...]:
    if board.asked.period.whole:
        return ()
    whole = replace(board.asked, period=Period(board.asked.period.year))
    undated = rollup.sums(
        board.session, where={"year": (whole.period.year,), "month": (0,)}, origins=whole.origins, actor=board.actor
    )[()].number
    return (f"另有 {undated:,} 项只知道年份，不计入按月的时段。",) if undated else ()


def _beside(board: _Board, key: str) -> tuple[Figure, ...]:
    """The officially published figures of the same scope, year and period."""
    asked = board.asked
    if asked.data == "demo":
        return ()
    query = StatisticQuery(_PUBLISHED[key], (asked.scope.printed,), (str(asked.period.year),), size=100)
    found = search_statistics(board.session, query, actor=board.actor).items
    return tuple(
        figure for name in _PUBLISHED[key] for figure in found
        if figure.indicator == name and figure.period == asked.period.printed
    )  # fmt: skip


def _of_published(board: _Board, key: str) -> Value | None:
    """A published figure as a value: money in 元."""
    for figure in _beside(board, key):
        factor = {"亿元": YI, "万元": WAN, "元": Decimal(1)}.get(figure.unit)
        rows: Rows = {"view": ("rows",), "indicator": (figure.indicator,), "scope": (figure.scope,),
                      "year": (str(figure.year),)}  # fmt: skip
        if factor is not None:
            return Value(f"公布的{figure.indicator}", figure.value * factor, "元", rows=rows)
        return Value(f"公布的{figure.indicator}", figure.value, figure.unit, rows=rows)
    return None


def _derived(label: str, unit: str, part: Value | None, whole: Value | None) -> tuple[Value, ...]:
    """A ratio of two published figures of the same scope and period; none where one is missing."""
    if part is None or whole is None or part.value is None or not whole.value:
        return ()
    value = share(part.value, whole.value) if unit == "%" else mean(part.value, int(whole.value))
    return (Value(label, value, unit, rows=None, parts=(part, whole)),)


def _k01(board: _Board, one: Indicator) -> Reading:
    total = board.now.registered()
    value = _count(board, "登记", total, _registered(board.asked))
    return Reading(one, (value,), _month_note(board), _beside(board, one.key))


def _k02(board: _Board, one: Indicator) -> Reading:
    total = board.now.registered()
    value = _money("成交额", total.turnover, _registered(board.asked))
    return Reading(one, (value,), _hidden(total), _beside(board, one.key))


def _k03(board: _Board, one: Indicator) -> Reading:
    total = board.now.registered()
    value = _money("技术交易额", total.technology_turnover, _registered(board.asked))
    left = total.number - total.technology_disclosed
    notes = (f"其中 {left:,} 项没有披露技术交易额，不计入合计。",) if left and total.technology_disclosed else ()
    return Reading(one, (value,), notes, _beside(board, one.key))


def _k04(board: _Board, one: Indicator) -> Reading:
    total, rows = board.now.registered(), _registered(board.asked)
    known = bool(total.paired)
    part = Value("技术交易额", total.paired_technology if known else None, "元", rows=rows)
    whole = Value("成交额", total.paired_amount if known else None, "元", rows=rows)
    value = _ratio("技术含量", part, whole, "没有同时披露成交额和技术交易额的合同。")
    derived = _derived("技术含量", "%", _of_published(board, "K03"), _of_published(board, "K02"))
    notes = (f"按两项金额都披露的 {total.paired:,} 项合同计算。",) if known else ()
    return Reading(one, (value,), notes, derived=derived)


def _k05(board: _Board, one: Indicator) -> Reading:
    total, rows = board.now.registered(), _registered(board.asked)
    value = mean(total.amount, total.disclosed)
    parts = (_money("成交额", total.turnover, rows), Value("披露金额的合同", Decimal(total.disclosed), "项", rows=rows))
    derived = _derived("平均每项", "元/项", _of_published(board, "K02"), _of_published(board, "K01"))
    average = Value("平均每项", value, "元/项", "" if value else "没有披露金额的合同。", rows, parts)
    return Reading(one, (average,), derived=derived)


def _k06(board: _Board, one: Indicator) -> Reading:
    asked, total = board.asked, board.now.registered()
    product, source = _gdp(board)
    why = "没有披露金额的合同。"
    if not asked.period.whole:
        why = "占比只按全年计算。"
    elif product is None:
        why = f"没有{asked.scope.printed} {asked.period.year} 年公布的地区生产总值。"
    part = _money("成交额", total.turnover, _registered(asked))
    value = _ratio("占比", part, Value(GDP_NAME, product if asked.period.whole else None, "亿元"), why)
    whole = Value(GDP_NAME, None if product is None else (product / YI).quantize(Decimal("0.01")), "亿元")
    known = Value(GDP_NAME, product, "元") if asked.period.whole else None
    derived = _derived("占比", "%", _of_published(board, "K02"), known)
    notes = (source,) if value.value is not None or derived else ()
    return Reading(one, (replace(value, parts=(part, whole)),), notes, derived=derived)


def _gdp(board: _Board) -> tuple[Decimal | None, str]:
    """The published product of the scope and year in 元, and where it is from: the statistics first."""
    asked = board.asked
    found = series(board.session, GDP_NAME, asked.scope.printed, actor=board.actor)
    for point in found.published:
        if point.year == asked.period.year and found.unit in ("亿元", "万元"):
            return point.value * (YI if found.unit == "亿元" else WAN), f"地区生产总值：{point.source.line}。"
    if asked.scope.region and asked.period.year in GDP:
        return GDP[asked.period.year], "地区生产总值为公布数，按年设定；可在「数据」导入同名指标替换。"
    return None, ""


def _k07(board: _Board, one: Indicator) -> Reading:
    now, before = board.now.registered(), board.before.registered()
    rows, other = _registered(board.asked), _registered(board.before.asked)
    why = _no_growth(board)

    def grown(label: str, unit: str, new: Decimal | None, old: Decimal | None) -> Value:
        value = growth(new, old) if not why and new is not None and old else None
        reason = "" if value is not None else why or "上年同期或本期没有可比的数。"
        parts = (Value("本期", new, unit, rows=rows), Value("上年同期", old, unit, rows=other))
        return Value(label, value, "%", reason, rows, parts if not why else ())

    values = (
        grown("项数", "项", Decimal(now.number), Decimal(before.number)),
        grown("成交额", "元", now.turnover, before.turnover),
        grown("技术交易额", "元", now.technology_turnover, before.technology_turnover),
    )
    return Reading(one, values, published=_beside(board, one.key))


def _no_growth(board: _Board) -> str:
    """Why the two periods cannot be compared; blank when they can."""
    asked = board.asked
    if not asked.period.over(board.today):
        return f"{asked.period.label}还没有结束，不与上年同期比较。"
    for year in (asked.period.year, asked.period.year - 1):
        inside = _inside(board.session, asked.scope, board.actor)
        where = {"year": (year,), "month": (0,), "seller_side": inside}
        if rollup.sums(board.session, where=where, origins=asked.origins, actor=board.actor)[()].number:
            return f"{year} 年有合同没有登记日期，只是公开报道，不是登记统计，不作比较。"
    return ""


def _pair(board: _Board, label: str, sellers: str, buyers: str) -> tuple[Value, Value]:
    total, rows = board.now.sums(sellers, buyers), board.now.rows(sellers, buyers)
    return _count(board, f"{label}项数", total, rows), _money(f"{label}成交额", total.turnover, rows)


def _k08(board: _Board, one: Indicator) -> Reading:
    return Reading(one, _pair(board, "输出", "in", "in out ?"), _hidden(board.now.sums("in", "in out ?")))


def _k09(board: _Board, one: Indicator) -> Reading:
    return Reading(one, _pair(board, "吸纳", "in out ?", "in"), _hidden(board.now.sums("in out ?", "in")))


def _k10(board: _Board, one: Indicator) -> Reading:
    home, away = ("区内流动", "流向区外") if board.asked.scope.region else ("本地流动", "流向外地")
    values = (*_pair(board, home, "in", "in"), *_pair(board, away, "in", "out"), *_pair(board, "引进", "out", "in"))
    unknown = board.now.sums("in", "?").number + board.now.sums("?", "in").number
    notes = (f"另有 {unknown:,} 项一方在本地区、另一方所在地未披露。",) if unknown else ()
    return Reading(one, values, notes)


def _k11(board: _Board, one: Indicator) -> Reading:
    gained, given = _pair(board, "吸纳", "in out ?", "in")[1], _pair(board, "输出", "in", "in out ?")[1]
    known = gained.value is not None and given.value is not None
    value = (gained.value or Decimal(0)) - (given.value or Decimal(0)) if known else None
    return Reading(
        one, (Value("净吸纳", value, "元", "" if known else "吸纳或输出没有披露金额的合同。", parts=(gained, given)),)
    )


def _largest(board: _Board, one: Indicator, dimensions: tuple[str, ...]) -> Reading:
    values = []
    for dimension in dimensions:
        found = structure(board.session, board.asked, dimension, actor=board.actor)
        name, top = found.name, max(found.slices, key=lambda s: s.sums.number, default=None)
        if top is None:
            values.append(Value(name, None, "%", f"合同都没有写明{name}。"))
            continue
        stated = Value("写明的合同", Decimal(found.stated.number), "项", rows=_registered(board.asked))
        part = Value(top.label, Decimal(top.sums.number), "项", rows=top.rows)
        values.append(Value(f"{name}最多：{top.label}", top.of_number, "%", rows=top.rows, parts=(part, stated)))
    return Reading(one, tuple(values))


def _k12(board: _Board, one: Indicator) -> Reading:
    return _largest(board, one, ("type",))


def _k13(board: _Board, one: Indicator) -> Reading:
    return _largest(board, one, ("field", "ip", "seller_kind", "buyer_kind", "plan"))


def _k15(board: _Board, one: Indicator) -> Reading:
    found = structure(board.session, board.asked, "type", actor=board.actor)
    total = sum((s.sums for s in found.slices if s.value in ("ZR", "XK")), Sums())
    rows = _registered(board.asked) | {"type": ("ZR", "XK")}
    average, told = mean(total.amount, total.disclosed), bool(found.slices)
    number = (
        _count(board, "转让、许可", total, rows)
        if told
        else Value("转让、许可", None, "项", "合同都没有写明合同类型。")
    )
    missing = "库内合同不记录作价投资、到账和奖励。"
    return Reading(one, (
        number,
        _money("转让、许可成交额", total.turnover, rows),
        Value("均价", average, "元/项", "" if average else "没有披露金额的合同。", rows),
        Value("作价投资", None, "项", missing),
        Value("当年到账", None, "元", missing),
        Value("奖励", None, "人次", missing),
    ))  # fmt: skip


def _of_practice(make: Callable[..., practice.Count], label: str) -> Callable[[_Board, Indicator], Reading]:
    """A rate of what was done on the platform."""

    def made(board: _Board, one: Indicator) -> Reading:
        league = "" if board.asked.scope.region else board.asked.scope.code
        found = make(board.session, board.asked.origins, league, actor=board.actor)
        part = Value(found.part_name, Decimal(found.part), found.unit)
        whole = Value(found.whole_name, Decimal(found.whole), found.unit, rows=found.rows)
        value = _ratio(label, part, whole, f"本地区没有{found.whole_name}。")
        amount = () if found.amount_name == "" else (
            Value(found.amount_name, found.amount, "元", "" if found.amount is not None else found.amount_why),
        )  # fmt: skip
        return Reading(one, (value, *amount), ("截至目前的累计数，不分时段。",))

    return made


def _k18(board: _Board, one: Indicator) -> Reading:
    return Reading(one, (Value("得分", None, "分", "没有取得自治区评分办法的原文，也没有机构年度考核材料。"),))


def _k19(board: _Board, one: Indicator) -> Reading:
    found = practice.institutions(board.session, board.asked.period.year, actor=board.actor)
    if not board.asked.scope.region or found is None:
        why = (
            "只公布过全区数。"
            if not board.asked.scope.region
            else f"{board.asked.period.year} 年及以前没有公布过累计数。"
        )
        return Reading(one, (Value("达标", None, "%", why),))
    figure, target = found
    rows: Rows = {"view": ("rows",), "indicator": (figure.indicator,), "scope": (figure.scope,)}
    part = Value(f"{figure.year} 年累计机构", figure.value, figure.unit, rows=rows)
    value = _ratio("达标", part, Value("目标", Decimal(target), figure.unit), _NONE)
    return Reading(one, (value,), ("目标年为 2020 年。",), (figure,))


def _k20(board: _Board, one: Indicator) -> Reading:
    return Reading(one, (Value("完成率", None, "%", "任务完成情况还没有登记，不推断。"),))


_MADE: Final[dict[str, Callable[[_Board, Indicator], Reading]]] = {
    "K01": _k01, "K02": _k02, "K03": _k03, "K04": _k04, "K05": _k05, "K06": _k06, "K07": _k07, "K08": _k08,
    "K09": _k09, "K10": _k10, "K11": _k11, "K12": _k12, "K13": _k13,
    "K14": _of_practice(practice.converted, "转化率"), "K15": _k15,
    "K16": _of_practice(practice.matched, "对接率"), "K17": _of_practice(practice.signed, "成交率"),
    "K18": _k18, "K19": _k19, "K20": _k20,
}  # fmt: skip


def _four(types: Mapping[str, Sums]) -> Mapping[str, Sums]:
    """The types as before 2021: 许可 in 转让."""
    merged = {kind: total for kind, total in types.items() if kind != "XK"}
    if "XK" in types:
        merged["ZR"] = merged.get("ZR", Sums()) + types["XK"]
    return merged


def _label(dimension: str, value: str, *, merged: bool) -> str:
    if dimension == "type":
        return "技术转让合同（含许可）" if merged and value == "ZR" else CONTRACT_TYPES[value]
    return FIELDS[int(value)] if dimension == "field" else value or UNDISCLOSED
