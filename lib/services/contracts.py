"""Technology contracts that are public: few, and nearly all without an amount. Demonstration rows only on request."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any, Final

from sqlalchemy import ColumnElement, and_, extract, func, or_, select
from sqlalchemy.orm import Session

from lib.domain import paging
from lib.domain.access import REGION, Actor, Permission, require
from lib.domain.errors import InvalidQuery
from lib.domain.vocabulary import CONTRACT_TYPES, FIELDS, IP_TYPES, PARTY_KINDS, PLAN_SOURCES, UNDISCLOSED, Origin
from lib.services import rollup
from lib.services.catalogue import MAX_SIZE, UNKNOWN, FacetValue, Source
from lib.services.contains import contains_all
from lib.services.rollup import Sums
from lib.store.models import Contract
from lib.store.models.base import stated
from lib.store.rollup import HOME

TYPE_NOTE: Final = (
    "合同类型自 2021-01-01 起为五类，技术许可合同单列（民法典第二十章）；此前为四类，许可并入技术转让。"
    "跨年比较时把转让与许可合并，按四类可比口径看。"
)

FACETS: Final = ("origin", "mode", "type", "year")
SIDES: Final = ("seller", "buyer")
"""Filters by where a party is: a league's code, 150000 for anywhere in the region, `elsewhere` of either, UNKNOWN."""
_NOT: Final = "not-"
PARTS: Final[dict[str, tuple[str, ...]]] = {
    "field": tuple(map(str, FIELDS)),
    "ip": IP_TYPES,
    "seller_kind": PARTY_KINDS,
    "buyer_kind": PARTY_KINDS,
    "plan": PLAN_SOURCES,
}
"""Filters by what a contract is registered with, and their values; UNKNOWN is one of each."""
_COLUMNS: Final[dict[str, Any]] = {
    "type": Contract.contract_type,
    "mode": Contract.mode,
    "year": Contract.year,
    "field": Contract.field,
    "ip": Contract.ip_type,
    "seller_kind": Contract.seller_kind,
    "buyer_kind": Contract.buyer_kind,
    "plan": Contract.plan_source,
}
_NUMBERS: Final = ("year", "field")


@dataclass(frozen=True)
class ContractQuery:
    """What is asked of the contracts. Empty `origin` means public ones only: demonstration is off unless asked for.

    `months` are the first and the last month of registration, for contracts whose day of registration is known.
    """

    q: str = ""
    origin: tuple[str, ...] = ()
    type: tuple[str, ...] = ()
    mode: tuple[str, ...] = ()
    year: tuple[str, ...] = ()
    page: int = 1
    size: int = 20
    months: tuple[int, int] | None = None
    seller: tuple[str, ...] = ()
    buyer: tuple[str, ...] = ()
    field: tuple[str, ...] = ()
    ip: tuple[str, ...] = ()
    seller_kind: tuple[str, ...] = ()
    buyer_kind: tuple[str, ...] = ()
    plan: tuple[str, ...] = ()

    @property
    def origins(self) -> tuple[str, ...]:
        """The origins that are listed."""
        return self.origin or (Origin.PUBLIC.value,)

    @property
    def kept(self) -> bool:
        """True when the sums that the database keeps can answer: no words, and none of the further filters."""
        return not (self.q.strip() or self.months or any(getattr(self, name) for name in (*SIDES, *PARTS)))

    @property
    def counted(self) -> "ContractQuery":
        """The query without what its census does not depend on: queries that share it share the census."""
        years = () if self.kept else self.year
        return replace(self, type=(), mode=(), year=years, page=1, size=1)


@dataclass(frozen=True)
class ContractRow:
    """A contract as the list shows it. Amounts in 元; None is undisclosed, never zero."""

    id: int
    title: str
    seller: str
    buyer: str
    amount: Decimal | None
    technology_amount: Decimal | None
    type: str | None
    mode: str
    pricing: str
    year: int | None
    source: Source

    @property
    def type_label(self) -> str:
        """技术开发合同 …, or 未披露."""
        return CONTRACT_TYPES[self.type] if self.type else UNDISCLOSED


@dataclass(frozen=True)
class ContractPage:
    """One page of contracts and what all that match add up to."""

    query: ContractQuery
    sums: Sums
    items: tuple[ContractRow, ...]
    facets: Mapping[str, tuple[FacetValue, ...]]

    @property
    def total(self) -> int:
        """How many contracts match."""
        return self.sums.number

    @property
    def disclosed(self) -> int:
        """Those whose amount is disclosed."""
        return self.sums.disclosed

    @property
    def pages(self) -> int:
        """How many pages there are, at least one."""
        return paging.pages(self.total, self.query.size)


@dataclass(frozen=True)
class Combination:
    """What contracts of one type, mode and year add up to; UNKNOWN where undisclosed."""

    type: str
    mode: str
    year: str
    sums: Sums


def elsewhere(code: str) -> str:
    """The value of a filter by place for parties that are known to be outside a league or the region."""
    return f"{_NOT}{code}"


def census(session: Session, query: ContractQuery, *, actor: Actor) -> tuple[Combination, ...]:
    """The contracts that match, but for type, mode and year: counted once by everything else that filters them.

    A few hundred combinations stand for a million contracts, so every filter, page and count of the list
    follows from them; where the database keeps the sums, not one contract is read. With further filters, the rows
    behind a number, only the chosen years are counted. Raises AccessDenied.
    """
    require(actor, Permission.READ_STATISTICS)
    names = ("type", "mode", "year")
    if query.kept:
        found = rollup.sums(session, names, origins=query.origins, actor=actor)
    else:
        columns = [_COLUMNS[name] for name in names]
        found = rollup.counted(session, columns, [*_base(query), *_chosen(query, "year")])
    return tuple(
        Combination(kind or UNKNOWN, mode or UNKNOWN, str(year or UNKNOWN), total)
        for (kind, mode, year), total in found.items()
    )


def search_contracts(
    session: Session, query: ContractQuery, *, actor: Actor, counted: tuple[Combination, ...] | None = None
) -> ContractPage:
    """Contracts that match, newest first; facets origin, type, mode, year ignore themselves.

    `counted` is the census of the same query, where the caller has it already. Raises InvalidQuery
    for a page, size or filter value out of range, AccessDenied.
    """
    require(actor, Permission.READ_STATISTICS)
    _check(query)
    combinations = census(session, query, actor=actor) if counted is None else counted
    chosen = {"type": query.type, "mode": query.mode, "year": query.year}
    matching = [one for one in combinations if _matches(one, chosen)]
    dated = sum(one.sums.number for one in matching if one.year != UNKNOWN)
    return ContractPage(
        query,
        sum((one.sums for one in matching), Sums()),
        tuple(_row(row) for row in _rows(session, query, dated)),
        {
            **{name: _facet(name, combinations, chosen) for name in chosen},
            "origin": _origins(session, query, actor=actor),
        },
    )


def valid(facet: str, value: str) -> bool:
    """True when the value can be one of the facet's; whether any contract has it is another matter."""
    if facet == "origin":
        return value in {origin.value for origin in Origin}
    if value == UNKNOWN:
        return True
    if facet in PARTS:
        return value in PARTS[facet]
    if facet in SIDES:
        code = value.removeprefix(_NOT)
        return len(code) == 6 and code.isascii() and code.isdigit() and code.endswith("00") and code.startswith(HOME)
    if facet == "type":
        return value in CONTRACT_TYPES
    if facet == "year":
        return value.isascii() and value.isdigit() and len(value) == 4 and 1900 <= int(value) <= 2100
    return 0 < len(value) <= 40 and value.isprintable()


# ------------------------------------------------------------------ inside
def _check(query: ContractQuery) -> None:
    if query.page < 1 or not 1 <= query.size <= MAX_SIZE:
        raise InvalidQuery(f"页码从 1 起，每页 1 至 {MAX_SIZE} 条。")
    if query.months and not 1 <= query.months[0] <= query.months[1] <= 12:
        raise InvalidQuery("月份从 1 到 12，起始月不晚于结束月。")
    for name in (*FACETS, *SIDES, *PARTS):
        for value in getattr(query, name):
            if not valid(name, value):
                raise InvalidQuery(f"筛选值无效：{name}={value[:20]}。")


def _base(query: ContractQuery) -> list[ColumnElement[bool]]:
    """Everything that is asked but type, mode and year."""
    found: list[ColumnElement[bool]] = [Contract.origin.in_(query.origins), Contract.withdrawn_on.is_(None)]
    found += contains_all(query.q, Contract.title, Contract.seller, Contract.buyer)
    if query.months:
        month = extract("month", Contract.registered_on)
        found.append(month.between(*query.months))
    for column, values in ((Contract.seller_place, query.seller), (Contract.buyer_place, query.buyer)):
        if values:
            found.append(or_(*(_at(column, value) for value in values)))
    return found + [_one_of(name, values) for name in PARTS if (values := getattr(query, name))]


def _at(column: Any, value: str) -> ColumnElement[bool]:
    """Whether a party is there."""
    if value == UNKNOWN:
        return func.coalesce(column, "") == ""
    start = value.removeprefix(_NOT).removesuffix("00")
    start = HOME if start == REGION[:4] else start
    there: ColumnElement[bool] = func.substr(column, 1, len(start)) == start
    return and_(column != "", ~there) if value.startswith(_NOT) else there


def _chosen(query: ContractQuery, *names: str) -> list[ColumnElement[bool]]:
    return [_one_of(name, values) for name in names if (values := getattr(query, name))]


def _one_of(name: str, values: tuple[str, ...]) -> ColumnElement[bool]:
    column = _COLUMNS[name]
    stated_ones = [int(value) if name in _NUMBERS else value for value in values if value != UNKNOWN]
    chosen: ColumnElement[bool] = column.in_(stated_ones)
    if UNKNOWN not in values:
        return chosen
    return or_(chosen, column == "" if name == "mode" else column.is_(None))


def _rows(session: Session, query: ContractQuery, dated: int) -> list[Contract]:
    """The rows of the page: the dated ones by year, then those without; `dated` is how many there are.

    Asked apart, so that either database reads an index backwards, whatever it thinks of nulls.
    """
    conditions = [*_base(query), *_chosen(query, "type", "mode", "year")]
    start = (query.page - 1) * query.size
    found: list[Contract] = []
    for known, skipped in ((Contract.year.is_not(None), start), (Contract.year.is_(None), max(0, start - dated))):
        left = query.size - len(found)
        if left:
            newest = select(Contract).where(*conditions, known).order_by(Contract.year.desc(), Contract.id.desc())
            found += session.scalars(newest.offset(skipped).limit(left))
    return found


def _origins(session: Session, query: ContractQuery, *, actor: Actor) -> tuple[FacetValue, ...]:
    """How many contracts of each origin all other filters leave."""
    names = ("type", "mode", "year")
    if query.kept:
        blank = {"type": "", "mode": "", "year": 0}
        where = {
            name: [blank[name] if v == UNKNOWN else int(v) if name == "year" else v for v in getattr(query, name)]
            for name in names
        }
        every = tuple(origin.value for origin in Origin)
        counts = rollup.sums(session, ("origin",), where, origins=every, actor=actor)
    else:
        asked = replace(query, origin=tuple(o.value for o in Origin)) if query.q.strip() else query
        counts = rollup.counted(session, [Contract.origin], [*_base(asked), *_chosen(query, *names)])
    ordered = sorted(((key[0], total.number) for key, total in counts.items()), key=lambda item: -item[1])
    return tuple(FacetValue(origin, Origin(origin).label, count) for origin, count in ordered)


def _matches(one: Combination, chosen: Mapping[str, tuple[str, ...]], without: str = "") -> bool:
    return all(not values or name == without or getattr(one, name) in values for name, values in chosen.items())


def _facet(
    name: str, combinations: tuple[Combination, ...], chosen: Mapping[str, tuple[str, ...]]
) -> tuple[FacetValue, ...]:
    """The counts of one facet under all other filters: years newest first, the rest by count, the unknown last."""
    counts: dict[str, int] = {}
    for one in combinations:
        if _matches(one, chosen, without=name):
            value = getattr(one, name)
            counts[value] = counts.get(value, 0) + one.sums.number

    def rank(item: tuple[str, int]) -> tuple[bool, int, str]:
        value, count = item
        return (value == UNKNOWN, -int(value) if name == "year" and value != UNKNOWN else -count, value)

    return tuple(FacetValue(value, _label(name, value), count) for value, count in sorted(counts.items(), key=rank))


def _label(facet: str, value: str) -> str:
    if value == UNKNOWN:
        return UNDISCLOSED
    if facet == "type":
        return CONTRACT_TYPES[value]
    return f"{value} 年" if facet == "year" else value


def _row(row: Contract) -> ContractRow:
    source = Source(
        Origin(row.origin), row.source_publisher, stated(row.source_date, row.source_precision), row.source_url
    )
    return ContractRow(
        row.id, row.title, row.seller, row.buyer, row.amount, row.technology_amount, row.contract_type, row.mode,
        row.pricing, row.year, source,
    )  # fmt: skip
