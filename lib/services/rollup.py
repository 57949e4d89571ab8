"""The sums of contracts that the database keeps, for whoever needs counts and amounts without reading the contracts.

`sums` answers any question that one of the summaries can; `routes` is the one about who gives technology to whom.
Withdrawn contracts count nowhere. An undisclosed amount is not 0: `Sums.amount` adds up `Sums.disclosed` contracts.
Demonstration counts only where it is asked for.
"""

import operator
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import Any, Final, NamedTuple

from sqlalchemy import BigInteger, ColumnElement, Select, bindparam, literal_column, select
from sqlalchemy.orm import Session

from lib.domain.access import Actor, Permission, require
from lib.domain.vocabulary import Origin
from lib.services import audit
from lib.store import revision, rollup
from lib.store.engine import Database
from lib.store.rollup import OUTSIDE, PARTS, UNKNOWN

__all__ = ["OUTSIDE", "PUBLIC", "UNKNOWN", "Route", "RouteQuery", "Sums", "rebuild", "routes", "sums"]

PUBLIC: Final = (Origin.PUBLIC.value,)
"""The origins that count unless others are named."""
_CENTS: Final = frozenset({"amount", "technology", "paired_amount", "paired_technology"})


class Sums(NamedTuple):
    """What contracts add up to. Amounts are kept in 分, whole numbers that cost nothing to read by the ten thousand;
    the properties give 元. `paired_*`: of the contracts that disclose both amounts."""

    number: int = 0
    disclosed: int = 0
    amount_cents: int = 0
    technology_disclosed: int = 0
    technology_cents: int = 0
    paired: int = 0
    paired_amount_cents: int = 0
    paired_technology_cents: int = 0

    def __add__(self, other: object) -> "Sums":
        if not isinstance(other, Sums):
            return NotImplemented
        return Sums._make(map(operator.add, self, other))

    @property
    def amount(self) -> Decimal:
        """What `disclosed` contracts add up to, 元."""
        return Decimal(self.amount_cents).scaleb(-2)

    @property
    def technology(self) -> Decimal:
        """What `technology_disclosed` contracts add up to, 元."""
        return Decimal(self.technology_cents).scaleb(-2)

    @property
    def paired_amount(self) -> Decimal:
        """合同成交额 of the contracts that disclose both, 元."""
        return Decimal(self.paired_amount_cents).scaleb(-2)

    @property
    def paired_technology(self) -> Decimal:
        """技术交易额 of the same contracts, 元."""
        return Decimal(self.paired_technology_cents).scaleb(-2)

    @property
    def turnover(self) -> Decimal | None:
        """合同成交额, 元; None where no contract discloses it."""
        return self.amount if self.disclosed else None

    @property
    def technology_turnover(self) -> Decimal | None:
        """技术交易额, 元; None where no contract discloses it."""
        return self.technology if self.technology_disclosed else None

    @property
    def hidden(self) -> int:
        """Contracts without a disclosed 成交额."""
        return self.number - self.disclosed


_SUMMED: Final = tuple.__new__
"""`Sums._make` without its count of the fields, for ten thousands of them."""


@dataclass(frozen=True)
class RouteQuery:
    """Which routes: public contracts of all years, types and fields unless told. A year, type or field that is not
    stated is 0 or blank. `sellers` and `buyers` are codes of leagues, provinces or countries; blank: not stated."""

    origins: tuple[str, ...] = PUBLIC
    years: tuple[int, ...] = ()
    types: tuple[str, ...] = ()
    fields: tuple[int, ...] = ()
    sellers: tuple[str, ...] = ()
    buyers: tuple[str, ...] = ()


@dataclass(frozen=True)
class Route:
    """Contracts from one place to another: codes of a league, a province or a country, 150000 where only the region is
    known, blank where the place is not stated. `year`, `type`, `field` and `origin` where they were asked by."""

    seller: str
    buyer: str
    sums: Sums
    year: int | None = None
    type: str | None = None
    field: int | None = None
    origin: str | None = None


def sums(
    session: Session,
    by: Collection[str] = (),
    where: Mapping[str, Collection[Any]] | None = None,
    *,
    origins: Collection[str] = PUBLIC,
    actor: Actor,
) -> dict[tuple[Any, ...], Sums]:
    """The sums of the contracts that `where` allows, by the values of `by` in its order; {(): …} without any.

    Names are those of `lib.store.rollup.DIMENSIONS`, and one of `PARTS` (as text). Raises LookupError for names that
    no summary has together, AccessDenied.
    """
    require(actor, Permission.READ_STATISTICS)
    chosen = {name: tuple(values) for name, values in (where or {}).items() if values}
    cube, part = _cube({"origin", *by, *chosen})
    chosen["origin"] = tuple(origins)
    single = {name for name, values in chosen.items() if len(values) == 1}
    # Where each cell of one origin is an answer, the cells are read as they stand and only origins are added up.
    whole = {*cube.keys, part} - {""} <= {"origin", *by, *single}
    sqlite = session.get_bind().dialect.name == "sqlite"
    statement = _of_cells(cube, part, tuple(by), tuple(chosen), frozenset(single), whole=whole, sqlite=sqlite)
    values = {f"_{name}": given[0] if name in single else given for name, given in chosen.items()}
    return _answer(session, statement, len(by), values)


@lru_cache(maxsize=256)
def _of_cells(
    cube: rollup.Cube,
    part: str,
    by: tuple[str, ...],
    chosen: tuple[str, ...],
    single: frozenset[str],
    *,
    whole: bool,
    sqlite: bool,
) -> Select[Any]:
    """The statement for the cells that `sums` is asked for, made once: to put it together takes as long as to read."""
    table = cube.table.c
    columns = {name: table.value if name == part else table[name] for name in {*by, *chosen}}
    conditions: list[ColumnElement[bool]] = [
        columns[name] == bindparam(f"_{name}")
        if name in single
        else columns[name].in_(bindparam(f"_{name}", expanding=True))
        for name in chosen
    ]
    if part:
        conditions.append(table.dimension == part)
    measures = [f"{cube.table_name}.{name}" for name in rollup.MEASURES]
    return _summed([columns[name] for name in by], measures, conditions, whole=whole, sqlite=sqlite)


def counted(session: Session, keys: Sequence[Any], conditions: Sequence[Any]) -> dict[tuple[Any, ...], Sums]:
    """The same sums made from the contracts themselves, for conditions that no summary knows: columns and conditions
    of Contract. Reads every contract that matches."""
    measures = [expression.format(r="contract") for _, expression in rollup.MEASURES.values()]
    sqlite = session.get_bind().dialect.name == "sqlite"
    return _answer(session, _summed(keys, measures, conditions, whole=False, sqlite=sqlite), len(keys), {})


def routes(session: Session, query: RouteQuery, *, by: Collection[str] = (), actor: Actor) -> tuple[Route, ...]:
    """Who gives technology to whom: contracts by the places of seller and buyer, and by `by`, largest number first.

    `by` may name origin, year, and one of type and field; types and fields cannot be asked for together. Each
    contract is in one route. Raises LookupError, AccessDenied.
    """
    where: dict[str, Collection[Any]] = {
        "year": query.years, "type": query.types, "field": query.fields, "seller": query.sellers,
        "buyer": query.buyers,
    }  # fmt: skip
    names = ("seller", "buyer", *by)
    found = sums(session, names, where, origins=query.origins, actor=actor)
    made = (Route(**dict(zip(names, key, strict=True)), sums=total) for key, total in found.items())
    return tuple(sorted(made, key=lambda r: (-r.sums.number, r.seller, r.buyer, r.year or 0)))


def rebuild(database: Database, *, actor: Actor) -> int:
    """Sum up all contracts anew, in one transaction; how many are counted. Raises AccessDenied, Unavailable."""
    require(actor, Permission.LOAD_DATA)
    with database.write() as session:
        rollup.rebuild(session.connection())
        counted = sums(session, origins=[origin.value for origin in Origin], actor=actor)[()].number
        revision.bump(session, ["contract"])
        audit.record(session, actor, "data.rollup", "dataset", "contract", rows=counted)
    return counted


def _summed(
    keys: Sequence[Any], measures: Sequence[str], conditions: Sequence[Any], *, whole: bool, sqlite: bool
) -> Select[Any]:
    """The keys and the sums of the measures, in 分; `whole` when each row is one of the groups already."""
    added = []
    for name, measure in zip(rollup.MEASURES, measures, strict=True):
        cents = name in _CENTS and not sqlite  # SQLite keeps them so
        summed = measure if whole else f"sum({measure})"
        written = summed if sqlite else f"CAST({f'{summed} * 100' if cents else summed} AS bigint)"
        added.append(literal_column(written, BigInteger))
    statement = select(*keys, *added).where(*conditions)
    return statement if whole else statement.group_by(*keys)


def _answer(
    session: Session, statement: Select[Any], width: int, values: Mapping[str, Any]
) -> dict[tuple[Any, ...], Sums]:
    """What a statement says of the first `width` columns as keys and all others as sums."""
    result = session.connection().execute(statement, values)
    found: dict[tuple[Any, ...], Sums] = {}
    # The driver's own tuples: SQLAlchemy's rows, which nothing here asks by name, take as long as to fetch them.
    for row in result.cursor.fetchall():
        if row[width]:
            total = _SUMMED(Sums, row[width:])
            before = found.setdefault(row[:width], total)
            if before is not total:
                found[row[:width]] = before + total
    return found or ({} if width else {(): Sums()})


def _cube(names: set[str]) -> tuple[rollup.Cube, str]:
    """The smallest summary that has all the names, and the part of the structure among them."""
    for cube in rollup.CUBES:
        rest = names - set(cube.keys)
        if not rest:
            return cube, ""
        if cube.structure and len(rest) == 1 and rest <= set(PARTS):
            return cube, rest.pop()
    raise LookupError(f"no summary of contracts has {', '.join(sorted(names))} together")
