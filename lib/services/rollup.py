"""The sums of contracts that the database keeps, for whoever needs counts and amounts without reading the contracts.

`sums` answers any question that one of the summaries can; `routes` is the one about who gives technology to whom.
Withdrawn contracts count nowhere. An undisclosed amount is not 0: `Sums.amount` adds up `Sums.disclosed` contracts.
Demonstration counts only where it is asked for.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, fields
from decimal import Decimal
from typing import Any, Final

from sqlalchemy import ColumnElement, func, literal_column, select
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
_NOTHING: Final = Decimal("0.00")


@dataclass(frozen=True)
class Sums:
    """What contracts add up to, amounts in 元. `paired_*`: of the contracts that disclose both amounts."""

    number: int = 0
    disclosed: int = 0
    amount: Decimal = _NOTHING
    technology_disclosed: int = 0
    technology: Decimal = _NOTHING
    paired: int = 0
    paired_amount: Decimal = _NOTHING
    paired_technology: Decimal = _NOTHING

    def __add__(self, other: "Sums") -> "Sums":
        return Sums(*(getattr(self, f.name) + getattr(other, f.name) for f in fields(Sums)))

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


_READ: Final[tuple[Callable[[Any], Any], ...]] = tuple(Decimal if f.type is Decimal else int for f in fields(Sums))
"""PostgreSQL sums whole numbers to a numeric."""


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
    chosen["origin"] = tuple(origins)
    cube, part = _cube({*by, *chosen})
    table = cube.table.c
    columns = {name: table.value if name == part else table[name] for name in {*by, *chosen}}
    conditions: list[ColumnElement[bool]] = [columns[name].in_(values) for name, values in chosen.items()]
    if part:
        conditions.append(table.dimension == part)
    keys = [columns[name] for name in by]
    added = [func.sum(table[f.name], type_=table[f.name].type) for f in fields(Sums)]
    return _answer(session, keys, added, conditions)


def counted(session: Session, keys: Sequence[Any], conditions: Sequence[Any]) -> dict[tuple[Any, ...], Sums]:
    """The same sums made from the contracts themselves, for conditions that no summary knows: columns and conditions
    of Contract. Reads every contract that matches."""
    added = [
        literal_column(f"sum({expression.format(r='contract')})", kind) for kind, expression in rollup.MEASURES.values()
    ]
    return _answer(session, keys, added, conditions)


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


def _answer(
    session: Session, keys: Sequence[Any], added: Sequence[Any], conditions: Sequence[Any]
) -> dict[tuple[Any, ...], Sums]:
    width = len(keys)
    found = {
        tuple(row[:width]): Sums(*(read(value) for read, value in zip(_READ, row[width:], strict=True)))
        for row in session.execute(select(*keys, *added).where(*conditions).group_by(*keys))
        if row[width]
    }
    return found or ({} if keys else {(): Sums()})


def _cube(names: set[str]) -> tuple[rollup.Cube, str]:
    """The smallest summary that has all the names, and the part of the structure among them."""
    for cube in rollup.CUBES:
        rest = names - set(cube.keys)
        if not rest:
            return cube, ""
        if cube.structure and len(rest) == 1 and rest <= set(PARTS):
            return cube, rest.pop()
    raise LookupError(f"no summary of contracts has {', '.join(sorted(names))} together")
