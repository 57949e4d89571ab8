"""Sums of the contracts, kept by the database itself in the transaction of every write.

Triggers keep them: whatever writes a contract, the mapper, a bulk load or a statement at the console, the sums agree
when it commits, and nothing has to remember them. SQLite adds and takes away row by row; PostgreSQL once a statement,
from its transition tables. A bulk load does without them for a while and sums up once, in its transaction: `paused`.

A contract that was withdrawn (注销) counts nowhere. An amount nobody disclosed adds no 0: each sum stands beside the
number of contracts that it adds up.
"""

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

from sqlalchemy import BigInteger, Column, Connection, Integer, SmallInteger, String, Table, Text, text
from sqlalchemy.types import TypeEngine

from lib.store.models import Base
from lib.store.models.base import Money

UNKNOWN: Final = ""
"""A side whose place nobody stated; a text that is not stated. The number that is not stated is 0."""
OUTSIDE: Final = "-"
"""A side that lies outside the region."""
HOME: Final = "15"
"""What the code of every place in the region begins with."""

_LOCK: Final = 150_001  # the advisory lock of those who write contracts on PostgreSQL: sums wait for one another


def _side(column: str) -> str:
    """The league of a place, the region's own code where only that is known, OUTSIDE or UNKNOWN."""
    return (
        f"CASE WHEN coalesce({{r}}.{column}, '') = '' THEN '' WHEN substr({{r}}.{column}, 1, 2) = '{HOME}' "
        f"THEN substr({{r}}.{column}, 1, 4) || '00' ELSE '-' END"
    )


def _region(column: str) -> str:
    """The same, with provinces and countries by their codes."""
    return (
        f"CASE WHEN substr({{r}}.{column}, 1, 2) = '{HOME}' THEN substr({{r}}.{column}, 1, 4) || '00' "
        f"ELSE coalesce({{r}}.{column}, '') END"
    )


_GIVES: Final = f"substr(coalesce({{r}}.seller_place, ''), 1, 2) = '{HOME}'"
_TAKES: Final = f"substr(coalesce({{r}}.buyer_place, ''), 1, 2) = '{HOME}'"
_LEAGUE: Final = (
    f"CASE WHEN {_TAKES} THEN substr({{r}}.buyer_place, 1, 4) || '00' "
    f"WHEN {_GIVES} THEN substr({{r}}.seller_place, 1, 4) || '00' ELSE '' END"
)
"""The league in the region: the buyer's, else the seller's; the region's own code where only that is known."""
_CROSSING: Final = (
    "CASE WHEN coalesce({r}.seller_place, '') = '' OR coalesce({r}.buyer_place, '') = '' THEN '' "
    f"WHEN {_GIVES} AND {_TAKES} THEN 'within' "
    f"WHEN {_TAKES} AND length({{r}}.seller_place) = 2 THEN 'abroad:in' WHEN {_TAKES} THEN 'interregional:in' "
    f"WHEN {_GIVES} AND length({{r}}.buyer_place) = 2 THEN 'abroad:out' WHEN {_GIVES} THEN 'interregional:out' "
    "ELSE '' END"
)
"""Channel and direction, as `lib.domain.channels.classify` tells them; a test holds both equal."""

_MONTH: Final = {
    "sqlite": "coalesce(CAST(strftime('%m', {r}.registered_on) AS integer), 0)",
    "postgresql": "coalesce(CAST(extract(month FROM {r}.registered_on) AS smallint), 0)",
}
DIMENSIONS: Final[dict[str, tuple[TypeEngine[Any], str]]] = {
    "origin": (String(9), "{r}.origin"),
    "year": (SmallInteger(), "coalesce({r}.year, 0)"),
    "month": (SmallInteger(), "month"),
    "type": (String(2), "coalesce({r}.contract_type, '')"),
    "mode": (Text(), "{r}.mode"),
    "field": (SmallInteger(), "coalesce({r}.field, 0)"),
    "seller": (String(6), _region("seller_place")),
    "buyer": (String(6), _region("buyer_place")),
    "seller_side": (String(6), _side("seller_place")),
    "buyer_side": (String(6), _side("buyer_place")),
    "league": (String(6), _LEAGUE),
    "crossing": (String(17), _CROSSING),
}
"""Column type and expression of what contracts are summed by; `{r}` is the row."""
PARTS: Final[dict[str, str]] = {
    "type": "coalesce({r}.contract_type, '')",
    "field": "CASE WHEN {r}.field IS NULL THEN '' ELSE CAST({r}.field AS text) END",
    "ip": "coalesce({r}.ip_type, '')",
    "seller_kind": "coalesce({r}.seller_kind, '')",
    "buyer_kind": "coalesce({r}.buyer_kind, '')",
    "plan": "coalesce({r}.plan_source, '')",
}
"""What the structure of the registered contracts is told by, as texts: 类型, 领域, 知识产权, 主体, 计划来源."""
_BOTH: Final = "{r}.amount IS NULL OR {r}.technology_amount IS NULL THEN 0 ELSE"
MEASURES: Final[dict[str, tuple[TypeEngine[Any], str]]] = {
    "number": (Integer(), "1"),
    "disclosed": (Integer(), "CASE WHEN {r}.amount IS NULL THEN 0 ELSE 1 END"),
    "amount": (Money(), "coalesce({r}.amount, 0)"),
    "technology_disclosed": (Integer(), "CASE WHEN {r}.technology_amount IS NULL THEN 0 ELSE 1 END"),
    "technology": (Money(), "coalesce({r}.technology_amount, 0)"),
    "paired": (Integer(), f"CASE WHEN {_BOTH} 1 END"),
    "paired_amount": (Money(), f"CASE WHEN {_BOTH} {{r}}.amount END"),
    "paired_technology": (Money(), f"CASE WHEN {_BOTH} {{r}}.technology_amount END"),
}
"""What is summed. 技术含量 divides sums over the same contracts: `paired_*` are those with both amounts."""


@dataclass(frozen=True)
class Cube:
    """One summary: contracts by some dimensions, or by the parts of a structure."""

    name: str
    keys: tuple[str, ...]
    structure: bool = False

    @property
    def table_name(self) -> str:
        """The table that holds it."""
        return f"contract_by_{self.name}"

    @property
    def table(self) -> Table:
        """The table that holds it."""
        return Base.metadata.tables[self.table_name]

    @cached_property
    def columns(self) -> tuple[str, ...]:
        """The columns of the key."""
        return (*self.keys, "dimension", "value") if self.structure else self.keys

    def selects(self, dialect: str, row: str) -> list[tuple[str, ...]]:
        """The expressions of the key for a row of the contracts; several where a contract counts in several parts."""
        keys = tuple(_expression(DIMENSIONS[key][1], dialect, row) for key in self.keys)
        if not self.structure:
            return [keys]
        return [(*keys, f"'{name}'", _expression(value, dialect, row)) for name, value in PARTS.items()]


CUBES: Final = (
    Cube("class", ("origin", "year", "type", "mode")),
    Cube("side", ("origin", "year", "month", "seller_side", "buyer_side")),
    Cube("flow", ("origin", "year", "field", "league", "crossing")),
    Cube("route", ("origin", "year", "seller", "buyer")),
    Cube("route_type", ("origin", "year", "type", "seller", "buyer")),
    Cube("route_field", ("origin", "year", "field", "seller", "buyer")),
    Cube("structure", ("origin", "year", "month", "seller_side"), structure=True),
)
"""From small to large, so that the first that can answer is the one to ask. A single one over all dimensions would
have a cell for nearly every contract."""

for _cube in CUBES:
    _kinds = {name: kind for name, (kind, _) in DIMENSIONS.items()} | {"dimension": String(12), "value": String(12)}
    Table(
        _cube.table_name,
        Base.metadata,
        *(Column(name, _kinds[name], primary_key=True, autoincrement=False) for name in _cube.columns),
        *(
            Column(name, BigInteger() if isinstance(kind, Integer) else kind, nullable=False)
            for name, (kind, _) in MEASURES.items()
        ),
        sqlite_with_rowid=False,
    )


def rebuild(connection: Connection) -> None:
    """Sum up all contracts anew, in this transaction."""
    dialect = connection.dialect.name
    if dialect == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
        connection.execute(text("LOCK TABLE contract IN SHARE ROW EXCLUSIVE MODE"))
    for cube in CUBES:
        connection.exec_driver_sql(f"DELETE FROM {cube.table_name}")
        for keys in cube.selects(dialect, "c"):
            connection.exec_driver_sql(_inserted(cube, keys, "contract c", dialect))


@contextlib.contextmanager
def paused(connection: Connection) -> Iterator[None]:
    """Write many contracts without a trigger for each, and sum up once in the end, all in this transaction."""
    sqlite = connection.dialect.name == "sqlite"
    if sqlite:
        for name in triggers("sqlite"):
            connection.exec_driver_sql(f"DROP TRIGGER IF EXISTS {name}")
    else:
        for name in triggers("postgresql"):
            connection.exec_driver_sql(f"ALTER TABLE contract DISABLE TRIGGER {name}")
    yield
    rebuild(connection)
    if sqlite:
        install(connection)
    else:
        for name in triggers("postgresql"):
            connection.exec_driver_sql(f"ALTER TABLE contract ENABLE TRIGGER {name}")


def install(connection: Connection) -> None:
    """Put the triggers in their place, in this transaction; those of an older version go."""
    dialect = connection.dialect.name
    if dialect == "postgresql":
        connection.exec_driver_sql(_function())
    for name, statement in triggers(dialect).items():
        suffix = "" if dialect == "sqlite" else " ON contract"
        connection.exec_driver_sql(f"DROP TRIGGER IF EXISTS {name}{suffix}")
        connection.exec_driver_sql(statement)


def triggers(dialect: str) -> dict[str, str]:
    """The triggers by name."""
    if dialect == "sqlite":
        return {
            "contract_rollup_insert": _on_row("INSERT", "contract_rollup_insert", added=True),
            "contract_rollup_update": _on_row("UPDATE", "contract_rollup_update", added=True, taken=True),
            "contract_rollup_delete": _on_row("DELETE", "contract_rollup_delete", taken=True),
        }
    seen = {"insert": "NEW TABLE AS added", "delete": "OLD TABLE AS taken"}
    seen["update"] = f"{seen['delete']} {seen['insert']}"
    return {
        f"contract_rollup_{event}": f"CREATE TRIGGER contract_rollup_{event} AFTER {event.upper()} ON contract "
        f"REFERENCING {tables} FOR EACH STATEMENT EXECUTE FUNCTION contract_rollup()"
        for event, tables in seen.items()
    }


# ------------------------------------------------------------------ inside
def _expression(template: str, dialect: str, row: str) -> str:
    return (_MONTH[dialect] if template == "month" else template).format(r=row)


def _inserted(cube: Cube, keys: Sequence[str], source: str, dialect: str, row: str = "c") -> str:
    """Sum up rows of `source` into cells; add to those that are there."""
    sums = [f"sum({expression.format(r=row)})" for _, expression in MEASURES.values()]
    places = ", ".join(str(place) for place, key in enumerate(keys, 1) if not key.startswith("'"))
    raised = ", ".join(f"{name} = {cube.table_name}.{name} + excluded.{name}" for name in MEASURES)
    return (
        f"INSERT INTO {cube.table_name} ({', '.join((*cube.columns, *MEASURES))}) "
        f"SELECT {', '.join((*keys, *sums))} FROM {source} WHERE {row}.withdrawn_on IS NULL "
        f"GROUP BY {places} ORDER BY {places} "
        f"ON CONFLICT ({', '.join(cube.columns)}) DO UPDATE SET {raised}"
    )


def _on_row(event: str, name: str, *, added: bool = False, taken: bool = False) -> str:
    """A trigger of SQLite: it takes the old row out of its cells and adds the new one to its own."""
    steps: list[str] = []
    for cube in CUBES:
        if taken:
            for keys in cube.selects("sqlite", "OLD"):
                where = " AND ".join(f"{c} = {key}" for c, key in zip(cube.columns, keys, strict=True))
                less = ", ".join(f"{n} = {n} - ({e.format(r='OLD')})" for n, (_, e) in MEASURES.items())
                steps.append(f"UPDATE {cube.table_name} SET {less} WHERE OLD.withdrawn_on IS NULL AND {where}")
                steps.append(f"DELETE FROM {cube.table_name} WHERE {where} AND number = 0")
        if added:
            values = [expression.format(r="NEW") for _, expression in MEASURES.values()]
            raised = ", ".join(f"{n} = {n} + excluded.{n}" for n in MEASURES)
            steps += [
                f"INSERT INTO {cube.table_name} ({', '.join((*cube.columns, *MEASURES))}) "
                f"SELECT {', '.join((*keys, *values))} WHERE NEW.withdrawn_on IS NULL "
                f"ON CONFLICT ({', '.join(cube.columns)}) DO UPDATE SET {raised}"
                for keys in cube.selects("sqlite", "NEW")
            ]
    body = ";\n".join(steps)
    return f"CREATE TRIGGER {name} AFTER {event} ON contract BEGIN\n{body};\nEND"


def _function() -> str:
    """The function of PostgreSQL's triggers: the same by statement. One writer of sums at a time, so that none waits
    for another in a circle."""
    taken, added = [], []
    for cube in CUBES:
        for keys in cube.selects("postgresql", "c"):
            named = ", ".join(f"{key} AS {column}" for key, column in zip(keys, cube.columns, strict=True))
            sums = ", ".join(f"sum({e.format(r='c')}) AS {name}" for name, (_, e) in MEASURES.items())
            grouped = ", ".join(str(place) for place, key in enumerate(keys, 1) if not key.startswith("'"))
            old = f"(SELECT {named}, {sums} FROM taken c WHERE c.withdrawn_on IS NULL GROUP BY {grouped}) o"
            same = " AND ".join(f"s.{column} = o.{column}" for column in cube.columns)
            less = ", ".join(f"{name} = s.{name} - o.{name}" for name in MEASURES)
            taken.append(f"UPDATE {cube.table_name} s SET {less} FROM {old} WHERE {same};")
            taken.append(f"DELETE FROM {cube.table_name} s USING {old} WHERE {same} AND s.number = 0;")
            added.append(f"{_inserted(cube, keys, 'added c', 'postgresql')};")
    return (
        "CREATE OR REPLACE FUNCTION contract_rollup() RETURNS trigger LANGUAGE plpgsql AS $rollup$\nBEGIN\n"
        f"PERFORM pg_advisory_xact_lock({_LOCK});\n"
        f"IF TG_OP <> 'INSERT' THEN\n{chr(10).join(taken)}\nEND IF;\n"
        f"IF TG_OP <> 'DELETE' THEN\n{chr(10).join(added)}\nEND IF;\n"
        "RETURN NULL;\nEND $rollup$"
    )
