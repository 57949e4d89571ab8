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

from sqlalchemy import func, select
from sqlalchemy.orm import Session, lazyload

from lib.domain.access import Actor, Permission, require
from lib.domain.dates import now_utc
from lib.domain.text import fold, organization_key
from lib.domain.vocabulary import Level, Origin
from lib.files import export, tables
from lib.files.facts import ROWS, Kind, Places, Row, header_problem, read_row
from lib.files.tables import Line, Table
from lib.services import audit, structure
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
_LOADING = 150_000  # the advisory lock of loads: the code of the region


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

    @property
    def counts(self) -> dict[str, int]:
        """How many rows were imported, updated, left unchanged, rejected."""
        return {
            "imported": self.imported,
            "updated": self.updated,
            "unchanged": self.unchanged,
            "rejected": self.rejected,
        }

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
    contents = {name: _parsed(name, data) for name, data in read.items()}

    outcomes: dict[str, Outcome] = {}
    with database.write() as session:
        _alone(session)
        outcomes["divisions.csv"] = _load_plain(session, Division, _divisions(contents["divisions.csv"]))
        for table, built in structure.build(session).items():
            outcomes[table] = Outcome(built.imported, built.updated, built.unchanged)
        for kind in ROWS:
            outcomes[f"{kind}.csv"] = _load(session, kind, contents[f"{kind}.csv"])
        outcomes["policy_clauses.csv"] = _load_plain(session, PolicyClause, _clauses(contents["policy_clauses.csv"]))
        for name, data in read.items():
            _note_dataset(session, name, data, len(contents[name].lines))
        if any(outcome.changed for outcome in outcomes.values()):
            counts = {name: outcome.counts for name, outcome in outcomes.items() if outcome.changed}
            audit.record(session, actor, "data.load", "dataset", "public", files=counts)
    return outcomes


def import_file(
    database: Database, kind: Kind, name: str, data: bytes, *, actor: Actor, dry_run: bool = False
) -> Outcome:
    """Load one table of facts: the valid rows in one transaction, the others as rejections.

    The file is parsed in a limited process. A file that is no table is one rejection of its first line.
    `dry_run` only counts. Raises AccessDenied.
    """
    require(actor, Permission.LOAD_DATA)
    name = name.encode("utf-8", "replace").decode()  # names of files need not be text
    try:
        table = tables.read(data, name, tables.IMPORT)
    except tables.TableError as refusal:
        return Outcome(rejections=(Rejection(1, str(refusal)),))
    if dry_run:
        with database.read() as session:
            return _load(session, kind, table, dry=True)
    with database.write() as session:
        _alone(session)
        outcome = _load(session, kind, table)
        if outcome.changed:
            digest = hashlib.sha256(data).hexdigest()
            audit.record(
                session, actor, "data.import", "dataset", kind, file=name[:200], sha256=digest, rows=outcome.counts
            )
    return outcome


def _alone(session: Session) -> None:
    """One load at a time: two of the same new row would collide. SQLite has a single writer anyway."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(select(func.pg_advisory_xact_lock(_LOADING)))


def rejected_csv(outcome: Outcome) -> bytes:
    """The rejected rows as a CSV file: line number, reason, and the columns as they came."""
    columns = ("行号", "原因", *outcome.header)
    return export.csv_bytes(columns, ((r.line, r.reason, *r.cells) for r in outcome.rejections))


def _parsed(name: str, data: bytes) -> Table:
    try:
        return tables.parse(data, ".csv")
    except tables.TableError as refusal:
        raise tables.TableError(f"{name}：{refusal}") from None


def _divisions(table: Table) -> list[dict[str, Any]]:
    """Rows of divisions.csv, from the region down, so that every parent comes before its children."""
    levels = [level.value for level in Level]
    rows = [_plain_row("divisions.csv", table, line) for line in table.lines]
    try:
        rows.sort(key=lambda row: levels.index(row["level"]))
        return [
            {
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
            for row in rows
        ]
    except (KeyError, ValueError) as wrong:
        raise tables.TableError(f"divisions.csv：缺少列或内容无法识别（{wrong}）。") from None


def _clauses(table: Table) -> list[dict[str, Any]]:
    rows = (_plain_row("policy_clauses.csv", table, line) for line in table.lines)
    try:
        return [
            {
                "id": row["clause_id"],
                "section": row["section"],
                "phrase": row["phrase"],
                "kind": row["kind"],
                "shows": row["what_the_product_shows"],
            }
            for row in rows
        ]
    except KeyError as missing:
        raise tables.TableError(f"policy_clauses.csv：缺少列 {missing}。") from None


def _plain_row(name: str, table: Table, line: Line) -> dict[str, str]:
    if line.problem:
        raise tables.TableError(f"{name} 第 {line.number} 行：{line.problem}。")
    return dict(zip(table.header, line.cells, strict=True))


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


@dataclass(frozen=True)
class _Candidate:
    """A valid row on its way in."""

    line: Line
    key: str
    row: Row
    values: dict[str, Any]
    content: str


def _load(session: Session, kind: Kind, table: Table, *, dry: bool = False) -> Outcome:
    """Load one table of facts into the open transaction; `dry` only counts."""
    tally = _Tally()
    if problem := header_problem(kind, table.header):
        refused = table.lines or [Line(1, table.header)]
        tally.rejections += [Rejection(line.number, problem, tuple(line.cells)) for line in refused]
        return tally.outcome(table.header)
    entity = ENTITIES[kind]
    complete = set(table.header) == set(ROWS[kind].model_fields)
    known = _known(session, kind)
    candidates = _distinct(_candidates(session, kind, table, tally), tally)
    while batch := list(islice(candidates, _BATCH)):
        present = [known[c.key].id for c in batch if c.key in known and not known[c.key].edited]
        before = {} if complete else _records(session, entity, present)
        links = _links(session, [c.row.printed_organization for c in batch])
        changes: dict[int, dict[str, Any]] = {}
        for c in batch:
            old = known.get(c.key)
            if old is None:
                tally.imported += 1
                if not dry:
                    session.add(_fresh(entity, c, _linked(kind, c.row, links)))
                continue
            if old.edited:
                tally.unchanged += 1
                continue
            values, content = c.values, c.content
            if not complete:
                values = {name: getattr(before[old.id], name) for name in values} | c.row.given()
                content = _content(values)
            if content == old.content:
                tally.unchanged += 1
                continue
            tally.updated += 1
            link = _linked(kind, c.row, links) if c.row.printed_organization else {}
            changes[old.id] = {**values, **link, "load_hash": content, "updated_at": now_utc()}
        if changes and not dry:
            for record_id, record in _records(session, entity, list(changes)).items():
                _assign(record, changes[record_id])
        session.flush()
        session.expunge_all()
    if kind == "organizations" and tally.imported and not dry:
        _link_waiting(session)
    return tally.outcome(table.header)


def _candidates(session: Session, kind: Kind, table: Table, tally: _Tally) -> Iterator[_Candidate]:
    """The rows that hold what they must; the others go to the rejections."""
    places = read_places(session)
    for line in table.lines:
        if line.problem:
            tally.rejections.append(Rejection(line.number, line.problem, tuple(line.cells)))
            continue
        try:
            row = read_row(kind, dict(zip(table.header, line.cells, strict=True)), places)
        except ValueError as wrong:
            tally.rejections.append(Rejection(line.number, str(wrong), tuple(line.cells)))
            continue
        values = row.values()
        yield _Candidate(line, load_key(kind, *row.identity()), row, values, _content(values))


def _distinct(candidates: Iterable[_Candidate], tally: _Tally) -> Iterator[_Candidate]:
    """Each row once: a repetition is unchanged, a contradiction is rejected."""
    seen: dict[str, tuple[int, str]] = {}
    for c in candidates:
        first, content = seen.setdefault(c.key, (c.line.number, c.content))
        if first == c.line.number:
            yield c
        elif content == c.content:
            tally.unchanged += 1
        else:
            reason = f"与第 {first} 行是同一条记录，但内容不同"
            tally.rejections.append(Rejection(c.line.number, reason, tuple(c.line.cells)))


def load_key(kind: Kind, *identity: str) -> str:
    """The identity of a row: the same in every version of its file."""
    return hashlib.sha256("\x1f".join((kind, *identity)).encode()).hexdigest()


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
            known[load_key(kind, row.name_key)] = _Known(row.id, None, True)
    return known


def _records(session: Session, entity: Any, ids: list[int]) -> dict[int, Any]:
    statement = select(entity).where(entity.id.in_(ids))
    if hasattr(entity, "organization"):
        statement = statement.options(lazyload(entity.organization))
    return {record.id: record for record in session.scalars(statement)}


def _fresh(entity: Any, candidate: _Candidate, link: Mapping[str, int | None]) -> Any:
    now = now_utc()
    return entity(
        **candidate.values,
        **link,
        origin=Origin.PUBLIC.value,
        load_key=candidate.key,
        load_hash=candidate.content,
        created_at=now,
        updated_at=now,
    )


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
