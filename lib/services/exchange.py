"""Facts from files: the public data of the product, and tables that an administrator imports.

Each row is known by its kind and natural key (`load_key`) and by its content (`load_hash`): loading a file again
changes nothing, a changed row updates its record, and a record edited in the app since is left alone.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from itertools import islice
from pathlib import Path
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session, noload

from lib.domain.access import Actor, Permission, require
from lib.domain.dates import now_utc
from lib.domain.text import fold, organization_key
from lib.domain.vocabulary import Level, Origin
from lib.files import tables
from lib.files.facts import ROWS, Kind, Places, Row, header_problem, read_row
from lib.files.tables import Table
from lib.services import audit
from lib.settings import settings
from lib.store.engine import Database
from lib.store.models import (
    Achievement,
    Contract,
    Cooperation,
    Dataset,
    Demand,
    Division,
    Event,
    Organization,
    PolicyClause,
    Statistic,
)

ENTITIES: Final[dict[Kind, Any]] = {
    "organizations": Organization,
    "achievements": Achievement,
    "demands": Demand,
    "events": Event,
    "cooperation": Cooperation,
    "contracts": Contract,
    "statistics": Statistic,
}
_NAMING: Final = ((Achievement, Achievement.organization_text), (Demand, Demand.organization_text),
                  (Event, Event.organizer))  # fmt: skip
"""The records that name an organization, and the column with the printed name."""

_BATCH = 2000


@dataclass(frozen=True)
class Rejection:
    """A row that was not taken: its line in the file, why, and its cells."""

    line: int
    reason: str
    cells: tuple[str, ...] = ()


@dataclass(frozen=True)
class Outcome:
    """What became of the rows of one file."""

    imported: int = 0
    updated: int = 0
    unchanged: int = 0
    rejections: tuple[Rejection, ...] = ()
    header: tuple[str, ...] = ()

    @property
    def rejected(self) -> int:
        """How many rows were not taken."""
        return len(self.rejections)

    @property
    def changed(self) -> bool:
        """True when the load wrote anything."""
        return bool(self.imported or self.updated)

    def __str__(self) -> str:
        return f"imported {self.imported}, updated {self.updated}, unchanged {self.unchanged}, rejected {self.rejected}"


@dataclass
class _Tally:
    imported: int = 0
    updated: int = 0
    unchanged: int = 0
    rejections: list[Rejection] = field(default_factory=list)

    def outcome(self, header: Iterable[str]) -> Outcome:
        rejections = tuple(sorted(self.rejections, key=lambda rejection: rejection.line))
        return Outcome(self.imported, self.updated, self.unchanged, rejections, tuple(header))


# ------------------------------------------------------------------ the public data
def load_public(database: Database, *, actor: Actor) -> dict[str, Outcome]:
    """Load divisions, public facts and policy clauses, in one transaction; the outcome of each file by name.

    A second load of the same files changes nothing, not even revision numbers. Raises AccessDenied,
    TableError for a file that is no table, OSError for one that cannot be read.
    """
    require(actor, Permission.LOAD_DATA)
    chosen = settings()
    files: dict[str, Path] = {"divisions.csv": chosen.geo_dir / "divisions.csv"}
    files |= {f"{kind}.csv": chosen.public_dir / f"{kind}.csv" for kind in ROWS}
    files["policy_clauses.csv"] = chosen.clauses_file
    read = {name: path.read_bytes() for name, path in files.items()}
    contents = {name: tables.read_csv(data) for name, data in read.items()}

    outcomes: dict[str, Outcome] = {}
    with database.write() as session:
        outcomes["divisions.csv"] = _load_plain(session, Division, _divisions(contents["divisions.csv"]))
        for kind in ROWS:
            outcomes[f"{kind}.csv"] = _load(session, kind, contents[f"{kind}.csv"])
        outcomes["policy_clauses.csv"] = _load_plain(session, PolicyClause, _clauses(contents["policy_clauses.csv"]))
        for name, data in read.items():
            _note_dataset(session, name, data, len(contents[name].rows))
        if any(outcome.changed for outcome in outcomes.values()):
            detail = {name: str(outcome) for name, outcome in outcomes.items() if outcome.changed}
            audit.record(session, actor, "data.load", "dataset", "public", **detail)
    return outcomes


def _divisions(table: Table) -> Iterator[dict[str, Any]]:
    """Rows of divisions.csv, from the region down, so that every parent comes before its children."""
    levels = [level.value for level in Level]
    rows = [dict(zip(table.header, cells, strict=True)) for _, cells in table.rows]
    for row in sorted(rows, key=lambda row: levels.index(row["level"])):
        yield {
            "code": row["code"],
            "name": row["name"],
            "short_name": row["short_name"],
            "level": row["level"],
            "parent_code": row["parent_code"] or None,
            "zone": row["zone"],
            "kind": row["kind"],
            "lon": float(row["centroid_lon"]),
            "lat": float(row["centroid_lat"]),
            "seat_lon": float(row["seat_lon"]),
            "seat_lat": float(row["seat_lat"]),
        }


def _clauses(table: Table) -> Iterator[dict[str, Any]]:
    for _, cells in table.rows:
        row = dict(zip(table.header, cells, strict=True))
        yield {
            "id": row["clause_id"],
            "section": row["section"],
            "phrase": row["phrase"],
            "kind": row["kind"],
            "shows": row["what_the_product_shows"],
        }


def _load_plain(session: Session, entity: Any, rows: Iterable[dict[str, Any]]) -> Outcome:
    """Load rows of a table that only files change, keyed by its primary key."""
    key = entity.__mapper__.primary_key[0].name
    known = {getattr(record, key): record for record in session.scalars(select(entity))}
    tally = _Tally()
    for values in rows:
        record = known.get(values[key])
        if record is None:
            session.add(entity(**values))
            session.flush()
            tally.imported += 1
        elif _assign(record, values):
            tally.updated += 1
        else:
            tally.unchanged += 1
    session.flush()
    return tally.outcome(())


def _note_dataset(session: Session, name: str, data: bytes, rows: int) -> None:
    digest = hashlib.sha256(data).hexdigest()
    known = session.get(Dataset, name)
    if known is None:
        session.add(Dataset(name=name, sha256=digest, row_count=rows, loaded_at=now_utc()))
    elif known.sha256 != digest:
        _assign(known, {"sha256": digest, "row_count": rows, "loaded_at": now_utc()})


def _assign(record: Any, values: Mapping[str, Any]) -> bool:
    """Set what differs; True when anything did."""
    changed = {name: value for name, value in values.items() if getattr(record, name) != value}
    for name, value in changed.items():
        setattr(record, name, value)
    return bool(changed)


# ------------------------------------------------------------------ rows of facts
@dataclass(frozen=True)
class _Known:
    """A record that an earlier load left."""

    id: int
    content: str | None
    edited: bool


def _load(session: Session, kind: Kind, table: Table, *, dry: bool = False) -> Outcome:
    """Load one table of facts into the open transaction; `dry` only counts."""
    if problem := header_problem(kind, table.header):
        refused = table.rows or [(1, [])]
        return Outcome(
            rejections=tuple(Rejection(line, problem, tuple(cells)) for line, cells in refused),
            header=tuple(table.header),
        )
    entity = ENTITIES[kind]
    tally = _Tally()
    known = _known(session, kind)
    seen: dict[str, tuple[int, str]] = {}
    complete = set(table.header) == set(ROWS[kind].model_fields)
    rows = _distinct(_read(session, kind, table, tally), kind, seen, tally)
    while batch := list(islice(rows, _BATCH)):
        records = {} if complete else _records(session, entity, [known[key].id for key, _ in batch if key in known])
        links = _links(session, [row.printed_organization for _, row in batch])
        changes: dict[int, dict[str, Any]] = {}
        for key, row in batch:
            old = known.get(key)
            if old is None:
                tally.imported += 1
                values = row.values()
                values |= _linked(kind, row, links)
                if not dry:
                    session.add(_fresh(entity, key, values))
                continue
            values = row.values() if complete else {**_current(records[old.id], row), **row.given()}
            content = _content(values)
            if old.edited or content == old.content:
                tally.unchanged += 1
                continue
            tally.updated += 1
            changes[old.id] = {**values, **_linked(kind, row, links), "load_hash": content, "updated_at": now_utc()}
        if changes and not dry:
            for record_id, record in _records(session, entity, list(changes)).items():
                _assign(record, changes[record_id])
        session.flush()
        session.expunge_all()
    if kind == "organizations" and tally.imported and not dry:
        _link_waiting(session)
    return tally.outcome(table.header)


def _read(session: Session, kind: Kind, table: Table, tally: _Tally) -> Iterator[tuple[int, list[str], Row]]:
    """The rows that hold what they must; the others go to the rejections."""
    places = read_places(session)
    width = len(table.header)
    for line, cells in table.rows:
        if len(cells) > width and any(cell.strip() for cell in cells[width:]):
            reason = f"这一行有 {len(cells)} 格，表头只有 {width} 列"
            tally.rejections.append(Rejection(line, reason, tuple(cells)))
            continue
        padded = cells[:width] + [""] * (width - len(cells))
        try:
            row = read_row(kind, dict(zip(table.header, padded, strict=True)), places)
        except ValueError as wrong:
            tally.rejections.append(Rejection(line, str(wrong), tuple(cells)))
            continue
        yield line, cells, row


def _distinct(
    rows: Iterable[tuple[int, list[str], Row]], kind: Kind, seen: dict[str, tuple[int, str]], tally: _Tally
) -> Iterator[tuple[str, Row]]:
    """Each row once, with its key: a repetition is unchanged, a contradiction is rejected."""
    for line, cells, row in rows:
        key = load_key(kind, row)
        content = _content(row.values())
        first, content_before = seen.setdefault(key, (line, content))
        if first == line:
            yield key, row
        elif content == content_before:
            tally.unchanged += 1
        else:
            tally.rejections.append(Rejection(line, f"与第 {first} 行是同一条记录，但内容不同", tuple(cells)))


def load_key(kind: Kind, row: Row) -> str:
    """The identity of a row: the same in every version of its file."""
    return hashlib.sha256("\x1f".join((kind, *row.identity())).encode()).hexdigest()


def _content(values: Mapping[str, Any]) -> str:
    """The hash of what a row says."""
    plain = {name: _plain(value) for name, value in values.items()}
    return hashlib.sha256(json.dumps(plain, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return format(value.normalize(), "f")
    return value.isoformat() if isinstance(value, date | datetime) else value


def _known(session: Session, kind: Kind) -> dict[str, _Known]:
    """The records of earlier loads by key. An organization that was entered in the app counts as edited."""
    entity = ENTITIES[kind]
    columns = (entity.id, entity.load_key, entity.load_hash, entity.edited_at)
    known = {
        row.load_key: _Known(row.id, row.load_hash, row.edited_at is not None)
        for row in session.execute(select(*columns).where(entity.load_key.is_not(None)))
    }
    if kind == "organizations":
        statement = select(Organization.id, Organization.name_key).where(Organization.load_key.is_(None))
        for row in session.execute(statement):
            known[_digest(kind, row.name_key)] = _Known(row.id, None, True)
    return known


def _digest(kind: Kind, *identity: str) -> str:
    return hashlib.sha256("\x1f".join((kind, *identity)).encode()).hexdigest()


def _records(session: Session, entity: Any, ids: list[int]) -> dict[int, Any]:
    statement = select(entity).where(entity.id.in_(ids))
    if hasattr(entity, "organization"):
        statement = statement.options(noload(entity.organization))
    return {record.id: record for record in session.scalars(statement)}


def _current(record: Any, row: Row) -> dict[str, Any]:
    return {name: getattr(record, name) for name in row.values()}


def _fresh(entity: Any, key: str, values: dict[str, Any]) -> Any:
    now = now_utc()
    content = _content({name: value for name, value in values.items() if name != "organization_id"})
    return entity(**values, origin=Origin.PUBLIC.value, load_key=key, load_hash=content, created_at=now, updated_at=now)


# ------------------------------------------------------------------ places and names
def read_places(session: Session) -> Places:
    """The divisions that rows may name."""
    leagues: dict[str, str] = {}
    banners: dict[str, tuple[str, str]] = {}
    for row in session.execute(select(Division.code, Division.name, Division.short_name, Division.level,
                                      Division.parent_code)):  # fmt: skip
        if row.level == Level.LEAGUE:
            leagues[fold(row.name)] = leagues[fold(row.short_name)] = row.code
        elif row.level == Level.BANNER and row.parent_code:
            banners[fold(row.name)] = (row.code, row.parent_code)
    return Places(leagues, banners)


def _links(session: Session, names: Iterable[str]) -> dict[str, int]:
    """Ids of the organizations of these printed names, by compared name."""
    keys = {organization_key(name) for name in names if name} - {""}
    if not keys:
        return {}
    statement = select(Organization.name_key, Organization.id).where(Organization.name_key.in_(keys))
    return {row.name_key: row.id for row in session.execute(statement)}


def _linked(kind: Kind, row: Row, links: Mapping[str, int]) -> dict[str, int | None]:
    if kind not in ("achievements", "demands", "events"):
        return {}
    return {"organization_id": links.get(organization_key(row.printed_organization))}


def _link_waiting(session: Session) -> None:
    """Link the records that named an organization before it was known; records edited in the app stay."""
    known = {row.name_key: row.id for row in session.execute(select(Organization.name_key, Organization.id))}
    for entity, printed in _NAMING:
        waiting = session.execute(
            select(entity.id, printed.label("printed")).where(
                entity.organization_id.is_(None),
                entity.edited_at.is_(None),
                entity.origin != Origin.DEMO.value,
                printed != "",
            )
        )
        found = {row.id: known.get(organization_key(row.printed)) for row in waiting}
        for record_id, record in _records(session, entity, [i for i, link in found.items() if link]).items():
            record.organization_id = found[record_id]
    session.flush()
