"""Technology contracts that are public: few, and nearly all without an amount. Demonstration rows only on request."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.orm import Session

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
        return max(1, -(-self.total // self.query.size))


def search_contracts(session: Session, query: ContractQuery, *, actor: Actor) -> ContractPage:
    """Contracts that match, newest first; facets origin, type, mode, year ignore themselves.

    Raises InvalidQuery for a page, size or facet value out of range, AccessDenied.
    """
    require(actor, Permission.READ_STATISTICS)
    if query.page < 1 or not 1 <= query.size <= MAX_SIZE:
        raise InvalidQuery(f"页码从 1 起，每页 1 至 {MAX_SIZE} 条。")
    for name in ("origin", "type", "mode", "year"):
        for value in getattr(query, name):
            if not valid(name, value):
                raise InvalidQuery(f"筛选值无效：{name}={value[:20]}。")
    conditions = _conditions(query)
    matching = tuple(conditions.values())
    total, disclosed = session.execute(
        select(func.count(), func.count(Contract.amount)).select_from(Contract).where(*matching)
    ).one()
    rows = session.scalars(
        select(Contract)
        .where(*matching)
        .order_by(Contract.year.desc().nulls_last(), Contract.id.desc())
        .offset((query.page - 1) * query.size)
        .limit(query.size)
    )
    return ContractPage(query, total, disclosed, tuple(_row(row) for row in rows), _facets(session, conditions))


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
def _conditions(query: ContractQuery) -> dict[str, ColumnElement[bool]]:
    found: dict[str, ColumnElement[bool]] = {"origin": Contract.origin.in_(query.origins)}
    words = contains_all(query.q, Contract.title, Contract.seller, Contract.buyer)
    if words:
        found["q"] = and_(*words)
    for name, column, blank in (
        ("type", Contract.contract_type, Contract.contract_type.is_(None)),
        ("mode", Contract.mode, Contract.mode == ""),
    ):
        if values := getattr(query, name):
            chosen = column.in_(values)
            found[name] = or_(chosen, blank) if UNKNOWN in values else chosen
    if query.year:
        chosen = Contract.year.in_([int(value) for value in query.year if value != UNKNOWN])
        found["year"] = or_(chosen, Contract.year.is_(None)) if UNKNOWN in query.year else chosen
    return found


def _facets(session: Session, conditions: Mapping[str, ColumnElement[bool]]) -> dict[str, tuple[FacetValue, ...]]:
    def counts(facet: str, column: Any) -> dict[str, int]:
        others = [condition for name, condition in conditions.items() if name != facet]
        grouped = select(column, func.count()).select_from(Contract).where(*others).group_by(column)
        return {str(row[0] or UNKNOWN): row[1] for row in session.execute(grouped)}

    labels: dict[str, Mapping[str, str]] = {
        "origin": {origin.value: origin.label for origin in Origin},
        "type": CONTRACT_TYPES,
    }
    columns = {
        "origin": Contract.origin, "mode": Contract.mode, "type": Contract.contract_type, "year": Contract.year,
    }  # fmt: skip
    facets = {}
    for name, column in columns.items():
        found = counts(name, column)
        rank = (lambda item: (-int(item[0]),)) if name == "year" else (lambda item: (-item[1], item[0]))
        known = sorted(((value, count) for value, count in found.items() if value != UNKNOWN), key=rank)
        named = [
            FacetValue(value, labels.get(name, {}).get(value, f"{value} 年" if name == "year" else value), count)
            for value, count in known
        ]
        if UNKNOWN in found:
            named.append(FacetValue(UNKNOWN, UNDISCLOSED, found[UNKNOWN]))
        facets[name] = tuple(named)
    return facets


def _row(row: Contract) -> ContractRow:
    source = Source(
        Origin(row.origin), row.source_publisher, stated(row.source_date, row.source_precision), row.source_url
    )
    return ContractRow(
        row.id, row.title, row.seller, row.buyer, row.amount, row.technology_amount, row.contract_type, row.mode,
        row.pricing, row.year, source,
    )  # fmt: skip
