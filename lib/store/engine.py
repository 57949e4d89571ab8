"""How the product talks to its database: one reader's and one writer's way, on SQLite and PostgreSQL.

SQLite: the driver's own transactions are switched off, because they silently lose read-then-write updates;
readers take a deferred snapshot, the only writer takes BEGIN IMMEDIATE. PostgreSQL: readers see one
REPEATABLE READ snapshot, writers lock the rows they change.
"""

import contextlib
import sqlite3
import time
from collections.abc import Callable, Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any, Final, TypeVar

from sqlalchemy import Engine, create_engine, event, make_url
from sqlalchemy.exc import InvalidatePoolError, SQLAlchemyError
from sqlalchemy.orm import Session, sessionmaker
from sqlalchemy.pool import QueuePool

from lib.domain.errors import ProductError, Unavailable
from lib.settings import settings
from lib.store import chain, outage, revision, search
from lib.store.turns import Turns

Value = TypeVar("Value")

_READERS = 40
_MAPPED = 1 << 30  # bytes of the file that readers share with the system's cache instead of copying them each
_WAIT_SECONDS = 30
_CONNECT_SECONDS = 5
_SNAPSHOT: Final = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
_PAUSES: Final = (0.1, 0.4, *(1.0,) * 8)
"""Seconds between the attempts of `settle`: a database server that restarts is back within them."""


class Database:
    """The shared database. `read()` and `write()` are the only ways in."""

    def __init__(self, url: str) -> None:
        self.url = make_url(url)
        self.sqlite = self.url.get_backend_name() == "sqlite"
        if self.sqlite:
            if not self.url.database or self.url.database == ":memory:":
                raise ValueError("the SQLite database needs a file: sqlite:///FILE")
            self.file: Path | None = Path(self.url.database)
            self.file.parent.mkdir(parents=True, exist_ok=True)
            self._reader = _sqlite_engine(url, begin="BEGIN", size=_READERS, query_only=True)
            self._writer = _sqlite_engine(url, begin="BEGIN IMMEDIATE", size=1, query_only=False)
        else:
            self.file = None
            self._reader = _postgresql_reader(url)
            self._writer = _postgresql_engine(url, pool_size=5, max_overflow=5, pool_pre_ping=True)
        self._turns = Turns()
        self._read_session = sessionmaker(self._reader, expire_on_commit=False, autoflush=False)
        self._write_session = sessionmaker(self._writer, expire_on_commit=False)
        search.follow(self._write_session)
        revision.follow(self._write_session)
        chain.follow(self._write_session)

    @property
    def engine(self) -> Engine:
        """The writing engine, for migrations and bulk loads."""
        return self._writer

    @contextlib.contextmanager
    def read(self) -> Iterator[Session]:
        """One consistent snapshot; writing through it fails. What was read stays readable after the block.

        Closing ends the transaction; a rollback would expire every record that the block hands out.
        Raises Unavailable when the database does not answer.
        """
        with outage.named(), self._read_session() as session:
            yield session

    @contextlib.contextmanager
    def write(self) -> Iterator[Session]:
        """One transaction: committed when the block ends, rolled back when anything leaves it early.

        Never call Streamlit inside: a click ends the running script there with a BaseException.
        Raises Unavailable when the database does not answer or its disk is full.
        """
        with self._turn(), outage.named(), self._write_session() as session, session.begin():
            yield session

    @contextlib.contextmanager
    def _turn(self) -> Iterator[None]:
        """SQLite has one writer: writers of this process take turns. PostgreSQL locks rows itself."""
        if not self.sqlite:
            yield
            return
        with contextlib.ExitStack() as held:
            try:
                held.enter_context(self._turns.taken(_WAIT_SECONDS))
            except TimeoutError:
                raise Unavailable(outage.BUSY, passing=True) from None
            yield

    def settle(self, work: Callable[[Session], Value]) -> Value:
        """What `work` makes of a writing session; done again, for some seconds, while the database is away.

        Only for work that writes once however often it is done: whether a commit arrived just before the
        connection broke, nobody can tell. Raises Unavailable when the database stays away or its disk is full.
        """
        for pause in _PAUSES:
            try:
                with self.write() as session:
                    return work(session)
            except Unavailable as gone:
                if self.sqlite or not gone.passing:
                    raise
            time.sleep(pause)
        with self.write() as session:
            return work(session)

    def ready(self) -> bool:
        """True when the database answers and its schema is the one this code expects."""
        from lib.store.migrations import head, version

        try:
            with self._reader.connect() as connection:
                return version(connection) == head()
        except Exception:  # noqa: BLE001 - whatever the driver raises, the answer is "not ready"
            return False

    def dispose(self) -> None:
        """Close every connection."""
        self._reader.dispose()
        self._writer.dispose()


def _sqlite_engine(url: str, *, begin: str, size: int, query_only: bool) -> Engine:
    engine = create_engine(
        url,
        poolclass=QueuePool,
        pool_size=size,
        max_overflow=0,
        pool_timeout=_WAIT_SECONDS,
        hide_parameters=True,
        connect_args={"check_same_thread": False, "timeout": _WAIT_SECONDS},
    )

    @event.listens_for(engine, "connect")
    def prepare(connection: sqlite3.Connection, _record: Any) -> None:
        connection.isolation_level = None
        for pragma in (
            "journal_mode=WAL",
            "synchronous=FULL",
            "foreign_keys=ON",
            "recursive_triggers=ON",
            "secure_delete=ON",
            "trusted_schema=OFF",
            "cache_size=-32000",
            f"busy_timeout={_WAIT_SECONDS * 1000}",
            *(("query_only=ON", f"mmap_size={_MAPPED}") if query_only else ()),
        ):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def start(connection: Any) -> None:
        connection.exec_driver_sql(begin)

    return engine


def _postgresql_engine(url: str, **pool: Any) -> Engine:
    connecting = {"connect_timeout": _CONNECT_SECONDS}
    return create_engine(url, pool_timeout=_WAIT_SECONDS, hide_parameters=True, connect_args=connecting, **pool)


def _postgresql_reader(url: str) -> Engine:
    """Readers begin their snapshot where a ping would ask whether the server is still there: each page reads twice,
    and every question that the server need not be asked is a tenth of a millisecond."""
    engine = _postgresql_engine(url, pool_size=10, max_overflow=10, pool_use_lifo=True, isolation_level="AUTOCOMMIT")

    @event.listens_for(engine, "checkout")
    def start(connection: Any, _record: Any, _proxy: Any) -> None:
        try:
            connection.execute(_SNAPSHOT, prepare=False)
        except connection.OperationalError as gone:
            raise InvalidatePoolError from gone  # has the pool try once more, with a new connection

    return engine


@lru_cache
def database() -> Database:
    """The database of this process."""
    return Database(settings().database_url)


def reach() -> Database:
    """The database of this process, once it answers. Raises ProductError with one clear line when it does not."""
    try:
        found = database()
        with found.engine.connect():
            return found
    except (SQLAlchemyError, ImportError, OSError, ValueError) as trouble:
        reason = str(trouble).strip().splitlines()[0]
        raise ProductError(f"无法使用数据库，请检查 DATABASE_URL：{reason}") from None
