"""The demonstration set at volume: made in one transaction, marked `demo`, and removed as one.

Rows go to the driver in large batches, past the mapper; the search index, the revisions and the audit trail are
kept by hand in the same transaction.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from csv import DictReader
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final

from sqlalchemy import Connection, Table, delete, func, select, text
from sqlalchemy.orm import Session

from lib.domain import demo
from lib.domain.access import Actor, Permission, require
from lib.domain.errors import Conflict
from lib.domain.vocabulary import Level, Origin
from lib.services import audit, rehearsal
from lib.settings import settings
from lib.store import revision, rollup, search
from lib.store.engine import Database
from lib.store.models import Achievement, Contract, Demand, Division

Progress = Callable[[int], None]

_BATCH: Final = 10_000
_TABLES: Final[dict[str, Any]] = {"achievement": Achievement, "demand": Demand, "contract": Contract}
_LABELS: Final = {"achievement": "成果", "demand": "需求", "contract": "合同"}
_HOME: Final = "150000"


@dataclass(frozen=True)
class Volume:
    """How many rows of each kind, and the seed that decides what they say."""

    achievements: int = 0
    demands: int = 0
    contracts: int = 0
    seed: int = 1
    roadshows: bool = False
    """With two roadshows to rehearse with."""

    @property
    def total(self) -> int:
        """Rows of the large tables in all."""
        return self.achievements + self.demands + self.contracts


def create(database: Database, volume: Volume, *, actor: Actor, progress: Progress = lambda rows: None) -> None:
    """Add demonstration rows, in one transaction; `progress` hears how many more are in.

    Raises Conflict when rows of a wanted kind are there already or the divisions are not, AccessDenied.
    """
    require(actor, Permission.LOAD_DATA)
    wanted = {"achievement": volume.achievements, "demand": volume.demands, "contract": volume.contracts}
    wanted = {name: count for name, count in wanted.items() if count > 0}
    with database.write() as session:
        _refuse_twice(session, wanted)
        setting = _setting(session)
        connection = session.connection()
        for name, index, rows in (
            ("achievement", search.ACHIEVEMENTS, demo.achievements(volume.achievements, volume.seed, setting)),
            ("demand", search.DEMANDS, demo.demands(volume.demands, volume.seed, setting)),
        ):
            if name in wanted:
                _add_indexed(connection, index, rows, wanted[name], progress)
        if "contract" in wanted:
            with rollup.paused(connection):
                _add_contracts(connection, volume, setting, progress)
        if volume.roadshows:
            wanted["event"] = len(rehearsal.create(session, volume.seed))
        revision.bump(session, wanted)
        audit.record(session, actor, "demo.create", "dataset", "demo", seed=volume.seed, rows=wanted)


def clear(database: Database, *, actor: Actor) -> dict[str, int]:
    """Remove every demonstration row, in one transaction; how many of each kind. Raises AccessDenied."""
    require(actor, Permission.LOAD_DATA)
    removed: dict[str, int] = {}
    with database.write() as session:
        removed["event"] = rehearsal.clear(session)
        connection = session.connection()
        with rollup.paused(connection):
            for name, entity in _TABLES.items():
                removed[name] = connection.execute(delete(entity).where(entity.origin == Origin.DEMO.value)).rowcount
                if removed[name] and name in search.INDEXES:
                    search.rebuild(connection, search.INDEXES[name])
        if gone := {name: count for name, count in removed.items() if count}:
            revision.bump(session, gone)
            audit.record(session, actor, "demo.clear", "dataset", "demo", rows=gone)
    return removed


def _refuse_twice(session: Session, wanted: Iterable[str]) -> None:
    for name in wanted:
        if session.scalar(select(_TABLES[name].id).where(_TABLES[name].origin == Origin.DEMO.value).limit(1)):
            raise Conflict(f"库中已有演示{_LABELS[name]}，请先运行 python -m lib demo --clear 清除。")


def _setting(session: Session) -> demo.Setting:
    """The places that the set may name: our divisions, the other provinces, the partner countries."""
    rows = session.execute(
        select(Division.code, Division.name, Division.level, Division.parent_code).order_by(Division.code)
    ).all()
    leagues = [(row.code, row.name) for row in rows if row.level == Level.LEAGUE]
    if not leagues:
        raise Conflict("库中还没有盟市，请先运行 python -m lib init。")
    folder = settings().geo_dir
    with (folder / "provinces.csv").open(encoding="utf-8-sig", newline="") as file:
        provinces = [(row["code"], row["name"]) for row in DictReader(file) if row["code"] != _HOME]
    with (folder / "countries.csv").open(encoding="utf-8-sig", newline="") as file:
        countries = [(row["iso_a2"], row["name_zh"]) for row in DictReader(file)]
    banners = [(row.code, row.parent_code) for row in rows if row.level == Level.BANNER and row.parent_code]
    return demo.Setting(leagues, banners, provinces, countries)


# ------------------------------------------------------------------ writing
_DEFAULTS: Final[dict[str, Any]] = {
    "value": "",
    "problem": "",
    "application": "",
    "comparison": [],
    "trl_scheme": "",
    "trl_judge": "",
    "trl_evidence": "",
    "shares": [],
    "pricing_mode": "",
    "steps": [],
    "tried": "",
    "acceptance": "",
    "deadline": None,
    "other_units": "",
    "award": "",
    "completer": "",
    "source_publisher": "",
    "source_url": "",
    "source_quality": "",
    "source_date": None,
    "organization_id": None,
    "origin": Origin.DEMO.value,
    "version": 1,
}


def _add_indexed(
    connection: Connection, index: search.SearchIndex, rows: Iterator[dict[str, Any]], count: int, progress: Progress
) -> None:
    """Insert records with their search index."""
    table = index.entity.metadata.tables[index.name]
    defaults = {name: value for name, value in _DEFAULTS.items() if name in table.c}
    record_id = _reserve(connection, table, count)
    while batch := list(islice(rows, _BATCH)):
        for row in batch:
            row |= defaults
            row["id"] = record_id
            row["updated_at"] = row["created_at"]
            record_id += 1
        columns = tuple(batch[0])
        steps = [(name, _process(connection, table, name)) for name in columns]
        _insert(connection, table, columns, [tuple(step(row[name]) for name, step in steps) for row in batch])
        search.add(connection, index, batch)
        progress(len(batch))


def _add_contracts(connection: Connection, volume: Volume, setting: demo.Setting, progress: Progress) -> None:
    table = Contract.metadata.tables["contract"]
    fixed = {"origin": Origin.DEMO.value, "source_publisher": "", "source_url": "", "source_quality": ""}
    columns = ("id", *demo.CONTRACT_COLUMNS, *fixed)
    ends = tuple(fixed.values())
    steps = {name: _process(connection, table, name) for name in demo.CONTRACT_COLUMNS}
    rows = demo.contracts(volume.contracts, volume.seed, setting, lambda name, value: steps[name](value))
    record_id = _reserve(connection, table, volume.contracts)
    while batch := list(islice(rows, _BATCH)):
        numbered = enumerate(batch, record_id)
        _insert(connection, table, columns, [(number, *row, *ends) for number, row in numbered])
        record_id += len(batch)
        progress(len(batch))


def _reserve(connection: Connection, table: Table, count: int) -> int:
    """The first of `count` ids that nobody else takes."""
    highest = select(func.coalesce(func.max(table.c.id), 0))
    if connection.dialect.name == "sqlite":
        return int(connection.scalar(highest) or 0) + 1
    connection.execute(text(f"LOCK TABLE {table.name} IN SHARE ROW EXCLUSIVE MODE"))
    sequence = text("SELECT pg_get_serial_sequence(:table, 'id')")
    name = connection.scalar(sequence, {"table": table.name})
    used = connection.scalar(text(f"SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM {name}"))
    first = max(int(connection.scalar(highest) or 0), int(used or 0)) + 1
    connection.execute(text("SELECT setval(:name, :last)"), {"name": name, "last": first + count - 1})
    return first


def _process(connection: Connection, table: Table, column: str) -> Callable[[Any], Any]:
    """What turns a value of the column into what the driver takes."""
    kind = table.c[column].type.dialect_impl(connection.dialect)
    return kind.bind_processor(connection.dialect) or _same


def _same(value: Any) -> Any:
    return value


def _insert(connection: Connection, table: Table, columns: Sequence[str], rows: list[tuple[Any, ...]]) -> None:
    """Many rows of prepared values: executemany on SQLite, COPY on PostgreSQL."""
    listed = ", ".join(columns)
    if connection.dialect.name == "sqlite":
        marks = ", ".join("?" * len(columns))
        connection.exec_driver_sql(f"INSERT INTO {table.name} ({listed}) VALUES ({marks})", rows)
        return
    cursor: Any = connection.connection.cursor()
    with cursor, cursor.copy(f"COPY {table.name} ({listed}) FROM STDIN") as copy:
        for row in rows:
            copy.write_row(row)
