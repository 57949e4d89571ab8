"""Published figures: the full list, comparable series, and the few that stand at the head of the home page.

Three things are never done here. 吸纳 and 输出 are never added: both count the deals inside the region, so a sum
counts those twice (rules §9). A year-to-date figure never joins a series of full years. A figure that nobody
published is never shown as one: what follows from published figures by arithmetic is `derived` and says how.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from itertools import pairwise
from typing import Any, Final, Literal

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.orm import Session

from lib.domain import paging
from lib.domain.access import Actor, Permission, require
from lib.domain.errors import InvalidQuery
from lib.domain.money import WAN, YI
from lib.domain.vocabulary import UNDISCLOSED, Level, Origin
from lib.services.catalogue import MAX_SIZE, UNKNOWN, FacetValue, Source
from lib.services.contains import contains_all
from lib.store.models import Division, Statistic
from lib.store.models.base import stated

REGION: Final = "全区"
FULL_YEAR: Final = "全年"
TARGET: Final = "目标"
OTHER_GROUP: Final = "产业与其他"

Standing = Literal["published", "derived", "target"]

GROUPS: Final[dict[str, re.Pattern[str]]] = {
    "技术合同": re.compile("技术合同|技术交易额|技术输出|技术成交额|类合同"),
    "揭榜挂帅与科技突围": re.compile("揭榜|突围"),
    "区外与国际合作": re.compile(
        "京蒙|津蒙|冀蒙|京津冀|国际|北博会|中蒙|中俄|俄罗斯|广东|满洲里|东西部|科技兴蒙(?!重点专项)|火炬直通车|留创园"
    ),
    "研发与财政投入": re.compile("R&D|研发投入|财政|资金|经费|(?<!核心区)投入(?!使用)|支出"),
    "企业与平台": re.compile(
        "企业(?!承担)|平台|孵化|众创|实验室|工作站|研发机构|研发中心|开发中心|流动站|高新区|示范基地|服务机构|小院|集群"
    ),
    "知识产权与成果": re.compile("专利|成果|奖|品种|标准|新技术|知识产权|种质|蒙成药"),
    "项目与人才": re.compile("项目|专项|课题|院士|人才|专家|特派员|人员|立项"),
}
"""Our classification of indicators, first match wins; the sources have none."""

DEFINITIONS: Final[dict[str, str]] = {
    "技术合同成交额": "认定登记的技术合同的合同总金额",
    "技术交易额": "成交额减去购置设备、仪器、零部件、原材料等非技术性费用",
    "技术合同登记数": "认定登记的技术合同项数",
    "R&D经费投入": "全社会研究与试验发展经费",
    "R&D经费投入强度": "R&D 经费与地区生产总值之比",
    "自治区级技术转移服务机构累计": "自治区级，累计认定",
}
"""口径 of the indicators whose definition is known; the others are shown with the words of their source."""

_GROWTH: Final = ("同比增长", "增长")
_QUALIFIER = re.compile(r"（([^（）]*)）$")
_HUNDRED: Final = Decimal(100)
_CENT: Final = Decimal("0.01")
_YUAN: Final = {"元": Decimal(1), "万元": WAN, "亿元": YI}


@dataclass(frozen=True)
class StatisticQuery:
    """What is asked of the figures. Tuples hold the values of the address; empty means no restriction."""

    indicator: tuple[str, ...] = ()
    scope: tuple[str, ...] = ()
    year: tuple[str, ...] = ()
    page: int = 1
    size: int = 20
    q: str = ""
    group: tuple[str, ...] = ()
    origin: tuple[str, ...] = ()


@dataclass(frozen=True)
class Figure:
    """One published figure, as printed."""

    id: int
    indicator: str
    scope: str
    year: int | None
    period: str
    value: Decimal
    unit: str
    source: Source

    @property
    def text(self) -> str:
        """The figure as published, with separators: 112,709.68 万元."""
        return show(self.value, self.unit)

    @property
    def when(self) -> str:
        """Year and period: 2023 年 1-6月."""
        return " ".join(part for part in (f"{self.year} 年" if self.year else "年份未披露", self.period) if part)


@dataclass(frozen=True)
class StatisticPage:
    """One page of figures, newest first, with the counts of every facet."""

    query: StatisticQuery
    total: int
    items: tuple[Figure, ...]
    facets: Mapping[str, tuple[FacetValue, ...]]

    @property
    def pages(self) -> int:
        """How many pages there are, at least one."""
        return paging.pages(self.total, self.query.size)


@dataclass(frozen=True)
class Point:
    """One year of a series, in the unit of the series."""

    year: int
    value: Decimal
    standing: Standing
    source: Source
    growth: Decimal | None = None
    """Published growth over the year before, in %."""
    qualifier: str = ""
    """What the source adds to the figure: 突破, 以上."""
    formula: str = ""
    """How a derived value follows from published ones."""
    rows: tuple[tuple[str, str], ...] = ()
    """The parameters with which the statistics page lists the rows behind the point."""


@dataclass(frozen=True)
class Series:
    """One indicator of one scope over comparable periods. Years without a point have no data."""

    indicator: str
    scope: str
    period: str
    unit: str
    points: tuple[Point, ...]
    parts: tuple[Figure, ...] = ()
    """Published parts of a year: shown beside the series, never in it."""

    @property
    def years(self) -> range:
        """Every year from the first to the last point, with the gaps."""
        return range(self.points[0].year, self.points[-1].year + 1) if self.points else range(0)

    @property
    def gaps(self) -> tuple[tuple[int, int], ...]:
        """First and last year of each gap."""
        known = [point.year for point in self.points]
        return tuple((before + 1, after - 1) for before, after in pairwise(known) if after - before > 1)

    @property
    def published(self) -> tuple[Point, ...]:
        """The points that were published as facts."""
        return tuple(point for point in self.points if point.standing == "published")


@dataclass(frozen=True)
class Headline:
    """A figure of the home page with its meaning and the rows it opens."""

    key: str
    name: str
    year: int
    value: Decimal
    unit: str
    change: str
    change_note: str
    meaning: str
    source: Source
    indicator: str
    scope: str

    @property
    def text(self) -> str:
        """61.71 亿元."""
        return show(self.value, self.unit)

    @property
    def address(self) -> dict[str, str]:
        """The parameters with which the statistics page lists the rows."""
        return {"indicator": self.indicator, "scope": self.scope, "year": str(self.year)}


@dataclass(frozen=True)
class Ratio:
    """A figure that follows from two published ones of the same scope and period; always 测算."""

    name: str
    scope: str
    year: int
    period: str
    value: Decimal
    unit: str
    formula: str
    parts: tuple[Figure, Figure]

    @property
    def indicators(self) -> tuple[str, ...]:
        """The indicators that it follows from."""
        return tuple(figure.indicator for figure in self.parts)


# ------------------------------------------------------------------ the list
def search_statistics(session: Session, query: StatisticQuery, *, actor: Actor) -> StatisticPage:
    """Figures that match, newest year first; facets group, scope, year ignore themselves.

    Raises InvalidQuery for a page, size or facet value out of range, AccessDenied.
    """
    require(actor, Permission.READ_STATISTICS)
    if query.page < 1 or not 1 <= query.size <= MAX_SIZE:
        raise InvalidQuery(f"页码从 1 起，每页 1 至 {MAX_SIZE} 条。")
    for name in ("indicator", "scope", "year", "group", "origin"):
        for value in getattr(query, name):
            if not valid(name, value):
                raise InvalidQuery(f"筛选值无效：{name}={value[:20]}。")
    conditions = _conditions(session, query)
    matching = tuple(conditions.values())
    total = session.scalar(select(func.count()).select_from(Statistic).where(*matching)) or 0
    statement = (
        select(Statistic)
        .where(*matching)
        .order_by(Statistic.year.desc().nulls_last(), Statistic.id)
        .offset((query.page - 1) * query.size)
        .limit(query.size)
    )
    items = tuple(_figure(row) for row in session.scalars(statement))
    return StatisticPage(query, total, items, _facets(session, conditions))


def indicators(session: Session, *, actor: Actor) -> frozenset[str]:
    """The names of all indicators. Raises AccessDenied."""
    require(actor, Permission.READ_STATISTICS)
    return frozenset(session.scalars(select(Statistic.indicator).distinct()))


def group_of(indicator: str) -> str:
    """The group that an indicator is listed under."""
    return next((name for name, pattern in GROUPS.items() if pattern.search(indicator)), OTHER_GROUP)


def valid(facet: str, value: str) -> bool:
    """True when the value can be one of the facet's; whether any figure has it is another matter."""
    if facet == "group":
        return value in GROUPS or value == OTHER_GROUP
    if facet == "origin":
        return value in {origin.value for origin in Origin}
    if facet == "year":
        return value == UNKNOWN or (
            value.isascii() and value.isdigit() and len(value) == 4 and 1900 <= int(value) <= 2100
        )
    return 0 < len(value) <= 120 and value.isprintable()


# ------------------------------------------------------------------ series
def series(session: Session, indicator: str, scope: str, period: str = FULL_YEAR, *, actor: Actor) -> Series:
    """One indicator of one scope over every year in which the same period was published.

    A year before a published growth rate, itself unpublished, is derived: value / (1 + growth). A published
    target of the same indicator and scope joins a series of full years as `target`. Figures of other periods
    stay in `parts`. Amounts published partly in 万元 and partly in 亿元 are all given in 亿元. Raises AccessDenied.
    """
    require(actor, Permission.READ_STATISTICS)
    growths = [f"{indicator}{ending}" for ending in _GROWTH]
    target = Statistic.indicator.startswith(f"{indicator}{TARGET}", autoescape=True)
    rows = [
        _figure(row)
        for row in session.scalars(
            select(Statistic)
            .where(
                or_(Statistic.indicator.in_([indicator, *growths]), target),
                Statistic.scope == scope,
                Statistic.year.is_not(None),
            )
            .order_by(Statistic.year, Statistic.id)
        )
    ]
    own = [row for row in rows if row.indicator == indicator]
    unit = _common_unit(own)
    found = {row.year: row for row in own if row.period == period and _converts(row.unit, unit)}
    growth = {row.year: row for row in rows if row.indicator in growths and row.period == period and row.unit == "%"}
    points: dict[int, Point] = {}
    for year, row in found.items():
        rate = growth.get(year)
        points[year or 0] = Point(
            year or 0,
            _in_unit(row.value, row.unit, unit),
            "published",
            row.source,
            rate.value if rate else None,
            rows=_address(row),
        )
    for year, rate in growth.items():
        before = (year or 0) - 1
        if year in points and before not in points and rate.value > -_HUNDRED:
            points[before] = _derive(before, points[year], rate, unit)
    if period == FULL_YEAR:
        for row in rows:
            if row.period == TARGET and row.year and row.year not in points and _converts(row.unit, unit):
                note = _QUALIFIER.search(row.indicator)
                value = _in_unit(row.value, row.unit, unit)
                points[row.year] = Point(
                    row.year, value, "target", row.source, qualifier=note[1] if note else "", rows=_address(row)
                )
    parts = tuple(row for row in own if row.period != period and row.year)
    return Series(indicator, scope, period, unit, tuple(points[year] for year in sorted(points)), parts)


def by_league(session: Session, indicator: str, period: str = FULL_YEAR, *, actor: Actor) -> tuple[Figure, ...]:
    """The leagues' figures of the newest year in which at least two leagues published one, largest first.

    Raises AccessDenied.
    """
    require(actor, Permission.READ_STATISTICS)
    leagues = select(Division.name).where(Division.level == Level.LEAGUE.value)
    rows = session.scalars(
        select(Statistic).where(
            Statistic.indicator == indicator,
            Statistic.period == period,
            Statistic.scope.in_(leagues),
            Statistic.year.is_not(None),
        )
    )
    by_year: dict[int, list[Figure]] = {}
    for row in rows:
        by_year.setdefault(row.year or 0, []).append(_figure(row))
    newest = max((year for year, figures in by_year.items() if len(figures) > 1), default=0)
    return tuple(sorted(by_year.get(newest, ()), key=lambda figure: (-figure.value, figure.scope)))


def headline(session: Session, *, actor: Actor) -> tuple[Headline, ...]:
    """What home shows: turnover and number of contracts of the latest full year, and the service institutions.

    A figure that was never published is left out. Raises AccessDenied.
    """
    require(actor, Permission.READ_STATISTICS)
    found: list[Headline] = []
    for key, indicator in (("turnover", "技术合同成交额"), ("contracts", "技术合同登记数")):
        points = series(session, indicator, REGION, FULL_YEAR, actor=actor)
        if points.published:
            last = points.published[-1]
            change = f"{last.growth:+}%" if last.growth is not None else ""
            found.append(
                Headline(
                    key, indicator, last.year, last.value, points.unit, change, "较上年" if change else "",
                    DEFINITIONS[indicator], last.source, indicator, REGION,
                )
            )  # fmt: skip
    indicator = "自治区级技术转移服务机构累计"
    institutions = series(session, indicator, REGION, "累计", actor=actor)
    if institutions.published:
        last = institutions.published[-1]
        added = session.scalars(
            select(Statistic).where(
                Statistic.indicator == "新增自治区级技术转移服务机构",
                Statistic.scope == REGION,
                Statistic.year == last.year,
            )
        ).first()
        found.append(
            Headline(
                "institutions", "技术转移服务机构", last.year, last.value, institutions.unit,
                f"+{added.value:,} {added.unit}" if added else "", "当年新增" if added else "",
                DEFINITIONS[indicator], last.source, indicator, REGION,
            )
        )  # fmt: skip
    return tuple(found)


def ratios(session: Session, *, actor: Actor) -> tuple[Ratio, ...]:
    """技术含量 (K04 = 技术交易额 / 成交额) and 平均每项成交额 (K05 = 成交额 / 登记数), newest first.

    Only where both figures were published for the same scope, year and period. Raises AccessDenied.
    """
    require(actor, Permission.READ_STATISTICS)
    turnover, technology, number = "技术合同成交额", "技术交易额", "技术合同登记数"
    figures: dict[tuple[str, int, str], dict[str, Figure]] = {}
    for row in session.scalars(
        select(Statistic).where(Statistic.indicator.in_([turnover, technology, number]), Statistic.year.is_not(None))
    ):
        figure = _figure(row)
        figures.setdefault((figure.scope, figure.year or 0, figure.period), {})[figure.indicator] = figure
    found: list[Ratio] = []
    for (scope, year, period), known in figures.items():
        whole = known.get(turnover)
        if whole is None or whole.unit not in _YUAN or not whole.value:
            continue
        part, count = known.get(technology), known.get(number)
        if part is not None and part.unit in _YUAN:
            share = (_yuan(part) / _yuan(whole) * _HUNDRED).quantize(_CENT, ROUND_HALF_UP)
            formula = f"技术交易额 {part.text} ÷ 成交额 {whole.text}"
            found.append(Ratio("技术含量", scope, year, period, share, "%", formula, (part, whole)))
        if count is not None and count.value:
            mean = (_yuan(whole) / WAN / count.value).quantize(_CENT, ROUND_HALF_UP)
            formula = f"成交额 {whole.text} ÷ {count.text}"
            found.append(Ratio("平均每项成交额", scope, year, period, mean, "万元/项", formula, (whole, count)))
    return tuple(sorted(found, key=lambda ratio: (ratio.name, ratio.scope != REGION, -ratio.year, ratio.period)))


def show(value: Decimal, unit: str) -> str:
    """A figure with separators and unit; a percent sign stands close."""
    number = f"{value:,f}"
    return f"{number}%" if unit == "%" else f"{number} {unit}"


# ------------------------------------------------------------------ inside
def _derive(year: int, later: Point, rate: Figure, unit: str) -> Point:
    """The year before a published growth rate, with as many decimals as the later year was published with."""
    factor = 1 + rate.value / _HUNDRED
    exponent = min(int(later.value.as_tuple().exponent), 0)
    value = (later.value / factor).quantize(Decimal(1).scaleb(exponent), ROUND_HALF_UP)
    sign = "+" if rate.value >= 0 else "−"
    formula = f"{later.year} 年 {show(later.value, unit)} ÷（1 {sign} {abs(rate.value)}%）= {show(value, unit)}"
    return Point(
        year, value, "derived", rate.source, formula=formula, rows=(*later.rows, ("indicator", rate.indicator))
    )


def _address(figure: Figure) -> tuple[tuple[str, str], ...]:
    """Indicator, scope and year of a figure as parameters of the address."""
    return (("indicator", figure.indicator), ("scope", figure.scope), ("year", str(figure.year)))


def _common_unit(rows: Sequence[Figure]) -> str:
    """The unit of a series: 亿元 where amounts mix, otherwise the newest row's."""
    units = {row.unit for row in rows}
    if len(units) > 1 and units <= set(_YUAN):
        return "亿元"
    return rows[-1].unit if rows else ""


def _converts(unit: str, wanted: str) -> bool:
    return unit == wanted or (unit in _YUAN and wanted in _YUAN)


def _in_unit(value: Decimal, unit: str, wanted: str) -> Decimal:
    """The value as published, or converted and rounded to two decimals."""
    if unit == wanted:
        return value
    return (value * _YUAN[unit] / _YUAN[wanted]).quantize(_CENT, ROUND_HALF_UP)


def _yuan(figure: Figure) -> Decimal:
    return figure.value * _YUAN[figure.unit]


def in_unit(figure: Figure, unit: str) -> str:
    """A figure in another unit of money for display, or as published where units do not convert."""
    if not _converts(figure.unit, unit):
        return figure.text
    return show(_in_unit(figure.value, figure.unit, unit), unit)


def _conditions(session: Session, query: StatisticQuery) -> dict[str, ColumnElement[bool]]:
    found: dict[str, ColumnElement[bool]] = {}
    words = contains_all(query.q, Statistic.indicator, Statistic.scope, Statistic.period, Statistic.source_publisher)
    if words:
        found["q"] = and_(*words)
    if query.indicator:
        found["indicator"] = Statistic.indicator.in_(query.indicator)
    if query.origin:
        found["origin"] = Statistic.origin.in_(query.origin)
    if query.scope:
        found["scope"] = Statistic.scope.in_(query.scope)
    if query.group:
        names = session.scalars(select(Statistic.indicator).distinct())
        found["group"] = Statistic.indicator.in_([name for name in names if group_of(name) in query.group])
    if query.year:
        stated_years = [int(value) for value in query.year if value != UNKNOWN]
        unknown = Statistic.year.is_(None)
        in_years = Statistic.year.in_(stated_years)
        found["year"] = or_(in_years, unknown) if UNKNOWN in query.year else in_years
    return found


def _facets(session: Session, conditions: Mapping[str, ColumnElement[bool]]) -> dict[str, tuple[FacetValue, ...]]:
    def counts(facet: str, column: Any) -> dict[Any, int]:
        others = [condition for name, condition in conditions.items() if name != facet]
        grouped = select(column, func.count()).select_from(Statistic).where(*others).group_by(column)
        return {row[0]: row[1] for row in session.execute(grouped)}

    groups: dict[str, int] = {}
    for indicator, count in counts("group", Statistic.indicator).items():
        groups[group_of(indicator)] = groups.get(group_of(indicator), 0) + count
    years = counts("year", Statistic.year)
    return {
        "group": _by_count(groups.items()),
        "scope": _by_count(counts("scope", Statistic.scope).items()),
        "year": tuple(
            FacetValue(str(year) if year else UNKNOWN, f"{year} 年" if year else UNDISCLOSED, years[year])
            for year in sorted(years, key=lambda year: -(year or 0))
        ),
    }


def _by_count(counts: Iterable[tuple[str, int]]) -> tuple[FacetValue, ...]:
    return tuple(
        FacetValue(value, value, count) for value, count in sorted(counts, key=lambda item: (-item[1], item[0]))
    )


def _figure(row: Statistic) -> Figure:
    source = Source(
        Origin(row.origin), row.source_publisher, stated(row.source_date, row.source_precision), row.source_url
    )
    return Figure(row.id, row.indicator, row.scope, row.year, row.period, row.value, row.unit, source)
