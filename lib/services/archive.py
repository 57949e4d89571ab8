"""Everything there is, as files: exported and imported, backed up and restored, between SQLite and PostgreSQL too.

What is written comes from one read snapshot, so it is consistent while others write. Each table is one file of JSON
lines. Search indexes and sums of contracts are left out and built anew. An archive holds everything confidential that
the database holds.
"""

import contextlib
import json
import re
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from itertools import islice
from pathlib import Path
from typing import Any, Final

from sqlalchemy import JSON, Column, Date, Table, Text, bindparam, func, select, text, type_coerce
from sqlalchemy import cast as sql_cast
from sqlalchemy.orm import Session

from lib.domain.access import Actor, Permission, require
from lib.domain.dates import now_utc
from lib.domain.errors import Conflict, InvalidInput, Unavailable
from lib.files import bundle
from lib.services import audit
from lib.settings import settings
from lib.store import chain, migrations, rollup, search
from lib.store.engine import Database
from lib.store.models import Attachment, AuditHead, Base
from lib.store.models.base import Exact, Moment, Money

_BATCH: Final = 1000
_DERIVED: Final = frozenset(
    (*(index.table.name for index in search.INDEXES.values()), *(cube.table_name for cube in rollup.CUBES))
)
_STORED: Final = re.compile(r"[0-9a-f]{32}")
_BLOCK: Final = 1 << 20


@dataclass(frozen=True)
class Archive:
    """What was written or read: rows by table, attachments, files that were not where the database says."""

    path: Path
    rows: Mapping[str, int]
    attachments: int
    missing: tuple[str, ...]
    head: str
    digest: str
    seconds: float

    @property
    def total(self) -> int:
        """Rows of all tables."""
        return sum(self.rows.values())

    def __str__(self) -> str:
        return f"{len(self.rows)} 张表 {self.total} 行，附件 {self.attachments} 个，用时 {self.seconds:.1f} 秒"


def tables() -> tuple[Table, ...]:
    """The tables an archive holds, each after those it refers to."""
    return tuple(table for table in Base.metadata.sorted_tables if table.name not in _DERIVED)


# ------------------------------------------------------------------ writing
def export_all(database: Database, target: Path, *, actor: Actor) -> Archive:
    """Write everything into the new folder `target`. Raises AccessDenied, Conflict, Unavailable (disk)."""
    return _write(database, target, "data.export", folder=True, actor=actor)


def backup(database: Database, target: Path, *, actor: Actor) -> Archive:
    """Write everything into the new tar `target`, while others work; gzip where its name ends in gz.

    Raises AccessDenied, Conflict, Unavailable (disk).
    """
    return _write(database, target, "data.backup", folder=False, actor=actor)


def _write(database: Database, target: Path, action: str, *, folder: bool, actor: Actor) -> Archive:
    require(actor, Permission.LOAD_DATA)
    start, target = time.perf_counter(), target.absolute()
    with _disk(target), bundle.create(target, folder=folder) as out:
        with database.read() as session:
            rows = {table.name: _dump(session, table, out) for table in tables()}
            sequences, head = _sequences(session), str(chain.head(session))
            missing = _dump_attachments(session, out)
        attachments = sum(name.startswith("attachments/") for name in out.files)
        digest = out.finish(
            {
                "schema": migrations.head(),
                "created_at": str(now_utc()),
                "audit_head": head,
                "rows": rows,
                "sequences": sequences,
                "missing_attachments": missing,
            }
        )
    done = Archive(target, rows, attachments, tuple(missing), head, digest, time.perf_counter() - start)
    # One short transaction, also beside a running app: the database itself lets one writer in after the other.
    try:
        with database.write() as session:
            audit.record(
                session, actor, action, "dataset", "all", file=target.name, rows=done.total, manifest=digest, head=head
            )
    except Unavailable as away:
        told = f"{target} 已写好并核对过，但没能记入操作记录：{away.message}"
        raise Unavailable(told, passing=away.passing) from away
    return done


def _dump(session: Session, table: Table, out: bundle.Writer) -> int:
    names = [column.name for column in table.c]
    statement = select(*(_exact(session, column) for column in table.c)).order_by(*table.primary_key)
    count = 0
    with out.file(f"tables/{table.name}.jsonl") as file:
        for part in session.execute(statement, execution_options={"yield_per": _BATCH}).partitions():
            lines = (json.dumps(dict(zip(names, row, strict=True)), ensure_ascii=False, default=_word) for row in part)
            file.write("".join(f"{line}\n" for line in lines).encode())
            count += len(part)
    return count


def _exact(session: Session, column: Column[Any]) -> Any:
    """The column as it is read: JSON as the text it is kept as, so that nothing of it is lost, nor null mistaken."""
    if not isinstance(column.type, JSON):
        return column
    return type_coerce(column, Text) if _sqlite(session) else sql_cast(column, Text)


def _word(value: Any) -> str:
    if isinstance(value, Decimal | date):
        return str(value)
    raise TypeError(f"no way to write {type(value).__name__}")


def _dump_attachments(session: Session, out: bundle.Writer) -> list[str]:
    """Copy the attachments; the names of those that are not there or not what they were."""
    folder, missing = settings().attachments_dir, []
    for stored, sha256 in session.execute(select(Attachment.stored, Attachment.sha256).order_by(Attachment.id)):
        source = folder / stored
        if not _STORED.fullmatch(stored) or not source.is_file():
            missing.append(stored)
            continue
        with source.open("rb") as data, out.file(f"attachments/{stored}") as copy:
            while block := data.read(_BLOCK):
                copy.write(block)
        if copy.hexdigest() != sha256:
            missing.append(stored)
    return missing


def _sequences(session: Session) -> dict[str, int]:
    """The last id that each table gave away, also to rows that are gone."""
    if _sqlite(session):
        found = session.execute(text("SELECT name, seq FROM sqlite_sequence ORDER BY 1"))
        return {row.name: row.seq for row in found}
    given = {}
    for table, sequence in _serials(session):
        last, called = session.execute(text(f"SELECT last_value, is_called FROM {sequence}")).one()
        given[table.name] = last if called else 0
    return given


def _serials(session: Session) -> Iterator[tuple[Table, str]]:
    for table in tables():
        if "id" in table.c:
            sequence = session.scalar(select(func.pg_get_serial_sequence(table.name, "id")))
            if sequence:
                yield table, sequence


# ------------------------------------------------------------------ reading
def restore(database: Database, source: Path, *, actor: Actor, despite_faults: bool = False) -> Archive:
    """Read an archive, folder or tar, into an empty database and check its audit chain, all in one transaction.

    A database without tables gets them. The attachments are there before the transaction commits, and gone again
    when it fails. With `despite_faults` a chain that does not hold is no reason to refuse: what was wrong with it
    then stands in the entry of the restoration. Raises InvalidInput for a damaged archive or another schema,
    Conflict when the database holds anything or its chain does not hold, AccessDenied, Unavailable (disk).
    """
    require(actor, Permission.LOAD_DATA)
    start = time.perf_counter()
    with _disk(source), bundle.open_bundle(source) as reader:
        facts = _facts(reader)
        reader.verify()
        with database.engine.connect() as connection:
            fresh = migrations.version(connection) is None
        if fresh:
            migrations.upgrade(database.engine)
        with contextlib.ExitStack() as undo:
            with database.write() as session:
                _require_empty(session)
                session.execute(AuditHead.__table__.delete())  # type: ignore[attr-defined]
                with rollup.paused(session.connection()):
                    rows = {table.name: _load(session, table, reader) for table in tables()}
                if rows != facts["rows"]:
                    raise bundle.damaged(source, "行数与清单不符")
                _set_sequences(session, facts["sequences"])
                for index in search.INDEXES.values():
                    search.rebuild(session.connection(), index)
                faults = tuple(chain.faults(session))
                if faults and not despite_faults:
                    raise Conflict(f"操作记录核对不通过，没有恢复：{faults[0]}")
                attachments = _load_attachments(session, reader, undo)
                audit.record(
                    session, actor, "data.restore", "dataset", "all", file=source.name, rows=sum(rows.values()),
                    head=facts["audit_head"], faults=list(faults),
                )  # fmt: skip
            undo.pop_all()
    missing = tuple(facts["missing_attachments"])
    return Archive(source, rows, attachments, missing, facts["audit_head"], "", time.perf_counter() - start)


def _facts(reader: bundle.Reader) -> dict[str, Any]:
    """What the manifest says. Raises InvalidInput when it is not of this schema."""
    facts = reader.manifest
    shapes = {"rows": dict, "sequences": dict, "missing_attachments": list, "audit_head": str}
    if any(not isinstance(facts.get(name), shape) for name, shape in shapes.items()):
        raise bundle.damaged(reader.path, "清单不完整")
    if facts.get("schema") != migrations.head():
        raise InvalidInput(
            {
                "file": f"这份数据的结构版本是 {facts.get('schema')}，本程序是 {migrations.head()}："
                "请用同版本的程序导入，再用 init 升级。"
            }
        )
    return facts


def _require_empty(session: Session) -> None:
    for table in tables():
        kept = select(table).where(AuditHead.number > 0) if table is AuditHead.__table__ else select(table)
        if session.execute(kept.limit(1)).first() is not None:
            raise Conflict(f"数据库里已经有数据（{table.name}），不会被覆盖。请换一个空的数据库再导入。")


def _load(session: Session, table: Table, reader: bundle.Reader) -> int:
    statement = table.insert().values({column.name: _bound(session, column) for column in table.c})
    read = {column.name: _reader(column) for column in table.c}
    count = 0
    with reader.open(f"tables/{table.name}.jsonl") as file:
        lines = iter(file)
        while batch := list(islice(lines, _BATCH)):
            rows = [json.loads(line) for line in batch]
            if any(row.keys() != read.keys() for row in rows):
                raise bundle.damaged(reader.path, f"{table.name} 的列与本程序不符")
            values = ({f"v_{n}": None if v is None else read[n](v) for n, v in row.items()} for row in rows)
            session.execute(statement, list(values))
            count += len(rows)
    return count


def _bound(session: Session, column: Column[Any]) -> Any:
    name = f"v_{column.name}"
    if not isinstance(column.type, JSON):
        return bindparam(name, type_=column.type)
    return bindparam(name, type_=Text) if _sqlite(session) else sql_cast(bindparam(name, type_=Text), column.type)


def _reader(column: Column[Any]) -> Callable[[Any], Any]:
    """How a value of this column is made of its JSON."""
    kinds: dict[type, Callable[[Any], Any]] = {
        Moment: datetime.fromisoformat, Date: date.fromisoformat, Money: Decimal, Exact: Decimal,
    }  # fmt: skip
    return next((make for kind, make in kinds.items() if isinstance(column.type, kind)), lambda value: value)


def _set_sequences(session: Session, last: Mapping[str, int]) -> None:
    """Ids go on where they were: none that was ever given away is given again."""
    if _sqlite(session):
        once = [table for table in tables() if table.dialect_options["sqlite"]["autoincrement"]]
        for table in once:
            session.execute(text("DELETE FROM sqlite_sequence WHERE name = :name"), {"name": table.name})
            values = {"name": table.name, "seq": max(_most(session, table), last.get(table.name, 0))}
            session.execute(text("INSERT INTO sqlite_sequence (name, seq) VALUES (:name, :seq)"), values)
        return
    for table, sequence in _serials(session):
        reached = max(_most(session, table), last.get(table.name, 0))
        if reached:
            session.execute(select(func.setval(sequence, reached)))


def _most(session: Session, table: Table) -> int:
    return session.scalar(select(func.max(table.c.id))) or 0


def _load_attachments(session: Session, reader: bundle.Reader, undo: contextlib.ExitStack) -> int:
    """Put the attachments where they belong; `undo` takes them away again unless the transaction commits."""
    folder, count = settings().attachments_dir, 0
    held = {name.partition("/")[2] for name in reader.manifest["files"] if name.startswith("attachments/")}
    for stored in session.scalars(select(Attachment.stored)):
        if stored not in held:
            continue
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        path, growing = folder / stored, folder / f".{stored}.part"
        if path.exists():
            raise Conflict(f"附件文件夹里已有 {stored}，不会被覆盖。请先清空 {folder} 或换一个 ATTACHMENTS_DIR。")
        undo.callback(growing.unlink, missing_ok=True)
        with reader.open(f"attachments/{stored}") as data, growing.open("wb") as copy:
            growing.chmod(0o600)
            while block := data.read(_BLOCK):
                copy.write(block)
        undo.callback(path.unlink, missing_ok=True)
        growing.rename(path)
        count += 1
    return count


@contextlib.contextmanager
def _disk(path: Path) -> Iterator[None]:
    """Raise Unavailable in place of what the disk refuses."""
    try:
        yield
    except OSError as trouble:
        raise Unavailable(
            f"无法读写 {path}：{trouble.strerror or trouble}。请检查目录、磁盘空间和权限后再试。", passing=False
        ) from trouble


def _sqlite(session: Session) -> bool:
    return session.get_bind().dialect.name == "sqlite"
