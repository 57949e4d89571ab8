"""Technology contracts that are public: few, and nearly all without an amount. Demonstration rows only on request."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session

from lib.domain import paging
from lib.domain.access import Actor, Permission, require
from lib.domain.errors import InvalidQuery
from lib.domain.vocabulary import CONTRACT_TYPES, UNDISCLOSED, Origin
from lib.services.catalogue import MAX_SIZE, UNKNOWN, FacetValue, Source
from lib.services.contains import contains_all
from lib.store.models import Contract
from lib.store.models.base import stated

TYPE_NOTE: Final = (
    "合同类型自 2021-01-01 起为五类，技术许可合同单列（民法典第二十章）；此前为四类，许可并入技术转让。"
    "跨年比较时把转让与许可合并，按四类可比口径看。"
)

FACETS: Final = ("origin", "mode", "type", "year")


@dataclass(frozen=True)
class ContractQuery:
    """What is asked of the contracts. Empty `origin` means public ones only: demonstration is off unless asked for."""

    q: str = ""
    origin: tuple[str, ...] = ()
    type: tuple[str, ...] = ()
    mode: tuple[str, ...] = ()
    year: tuple[str, ...] = ()
    page: int = 1
    size: int = 20

    @property
    def origins(self) -> tuple[str, ...]:
        """The origins that are listed."""
        return self.origin or (Origin.PUBLIC.value,)


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
    """One page of contracts; `disclosed` counts those whose amount is public."""

    query: ContractQuery
    total: int
    disclosed: int
    items: tuple[ContractRow, ...]
    facets: Mapping[str, tuple[FacetValue, ...]]

    @property
    def pages(self) -> int:
        """How many pages there are, at least one."""
        return paging.pages(self.total, self.query.size)


@dataclass(frozen=True)
class Combination:
    """How many contracts share type, mode and year; UNKNOWN where undisclosed."""

    type: str
    mode: str
    year: str
    count: int
    disclosed: int


def census(session: Session, query: ContractQuery, *, actor: Actor) -> tuple[Combination, ...]:
    """The contracts with the words and origins of the query, counted once by everything else that filters them.

    A few hundred combinations stand for a million contracts, so every filter, page and count of the list
    follows from one pass. Raises AccessDenied.
    """
    require(actor, Permission.READ_STATISTICS)
    columns = (Contract.contract_type, Contract.mode, Contract.year)
    statement = (
        select(*columns, func.count(), func.count(Contract.amount))
        .where(*_words(query.q), Contract.origin.in_(query.origins))
        .group_by(*columns)
    )
    return tuple(
        Combination(kind or UNKNOWN, mode or UNKNOWN, str(year or UNKNOWN), count, disclosed)
        for kind, mode, year, count, disclosed in session.execute(statement)
    )


def search_contracts(
    session: Session, query: ContractQuery, *, actor: Actor, counted: tuple[Combination, ...] | None = None
) -> ContractPage:
    """Contracts that match, newest first; facets origin, type, mode, year ignore themselves.

    `counted` is the census of the same words and origins, where the caller has it already. Raises InvalidQuery
    for a page, size or facet value out of range, AccessDenied.
    """
    require(actor, Permission.READ_STATISTICS)
    if query.page < 1 or not 1 <= query.size <= MAX_SIZE:
        raise InvalidQuery(f"页码从 1 起，每页 1 至 {MAX_SIZE} 条。")
    for name in FACETS:
        for value in getattr(query, name):
            if not valid(name, value):
                raise InvalidQuery(f"筛选值无效：{name}={value[:20]}。")
    combinations = census(session, query, actor=actor) if counted is None else counted
    chosen = {"type": query.type, "mode": query.mode, "year": query.year}
    matching = [one for one in combinations if _matches(one, chosen)]
    rows = session.scalars(
        select(Contract)
        .where(*_words(query.q), Contract.origin.in_(query.origins), *_conditions(query))
        .order_by(Contract.year.desc().nulls_last(), Contract.id.desc())
        .offset((query.page - 1) * query.size)
        .limit(query.size)
    )
    return ContractPage(
        query,
        sum(one.count for one in matching),
        sum(one.disclosed for one in matching),
        tuple(_row(row) for row in rows),
        {**{name: _facet(name, combinations, chosen) for name in chosen}, "origin": _origins(session, query)},
    )


def valid(facet: str, value: str) -> bool:
    """True when the value can be one of the facet's; whether any contract has it is another matter."""
    if facet == "origin":
        return value in {origin.value for origin in Origin}
    if value == UNKNOWN:
        return True
    if facet == "type":
        return value in CONTRACT_TYPES
    if facet == "year":
        return value.isascii() and value.isdigit() and len(value) == 4 and 1900 <= int(value) <= 2100
    return 0 < len(value) <= 40 and value.isprintable()


# ------------------------------------------------------------------ inside
def _words(q: str) -> list[ColumnElement[bool]]:
    return contains_all(q, Contract.title, Contract.seller, Contract.buyer)


def _conditions(query: ContractQuery) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    for values, column, blank in (
        (query.type, Contract.contract_type, Contract.contract_type.is_(None)),
        (query.mode, Contract.mode, Contract.mode == ""),
        (query.year, Contract.year, Contract.year.is_(None)),
    ):
        if values:
            stated_ones = [value for value in values if value != UNKNOWN]
            chosen = column.in_([int(value) for value in stated_ones] if column is Contract.year else stated_ones)
            found.append(or_(chosen, blank) if UNKNOWN in values else chosen)
    return found


def _origins(session: Session, query: ContractQuery) -> tuple[FacetValue, ...]:
    """How many contracts of each origin all other filters leave."""
    counted = select(Contract.origin, func.count()).where(*_words(query.q), *_conditions(query))
    rows = session.execute(counted.group_by(Contract.origin).order_by(func.count().desc()))
    return tuple(FacetValue(origin, Origin(origin).label, count) for origin, count in rows)


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
            counts[value] = counts.get(value, 0) + one.count

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
