"""A database that is away, busy or out of disk is one sentence; a mistake in a statement stays what it is."""

import pytest
from sqlalchemy import URL, text
from sqlalchemy.exc import IntegrityError, OperationalError, ProgrammingError
from sqlalchemy.orm import Session

from lib.domain.errors import Unavailable
from lib.store import engine, outage
from lib.store.engine import Database


@pytest.mark.parametrize(
    ("state", "sentence"),
    [("53100", outage.FULL), ("58030", outage.FULL), ("53300", outage.BUSY), ("40001", outage.BUSY),
     ("40P01", outage.BUSY), ("57P01", outage.AWAY), ("08006", outage.AWAY)],
)  # fmt: skip
def test_what_postgresql_says_of_its_troubles(postgresql_server: URL, state: str, sentence: str) -> None:
    database = Database(postgresql_server.render_as_string(hide_password=False))
    try:
        with pytest.raises(Unavailable) as told, database.write() as session:
            session.execute(text(f"DO $$ BEGIN RAISE EXCEPTION 'x' USING ERRCODE = '{state}'; END $$"))
        assert told.value.message == sentence and told.value.passing is (sentence is not outage.FULL)
    finally:
        database.dispose()


def test_a_file_that_may_not_grow_is_a_full_disk_and_reading_goes_on(empty_sqlite: Database) -> None:
    with empty_sqlite.engine.connect() as connection:
        pages = connection.scalar(text("PRAGMA page_count"))
        connection.execute(text(f"PRAGMA max_page_count = {pages}"))
    with pytest.raises(Unavailable) as told, empty_sqlite.write() as session:
        session.execute(text("CREATE TABLE much AS SELECT hex(randomblob(100000)) AS x"))
    assert told.value.message == outage.FULL
    with empty_sqlite.read() as session:
        assert session.scalar(text("SELECT count(*) FROM audit_head")) == 1


def test_mistakes_pass_through(db: Database) -> None:
    with pytest.raises((ProgrammingError, OperationalError), match="nowhere"), db.read() as session:
        session.execute(text("SELECT * FROM nowhere"))
    with pytest.raises(IntegrityError), db.write() as session:
        session.execute(text("INSERT INTO audit_head (id, number, hash) VALUES (2, 0, '')"))


def test_a_server_that_stays_away_is_said_after_some_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "_PAUSES", (0.01, 0.01))
    tried = []

    def work(session: Session) -> None:
        tried.append(session)
        session.execute(text("SELECT 1"))

    away = Database("postgresql+psycopg://nobody@127.0.0.1:1/none")
    with pytest.raises(Unavailable) as told:
        away.settle(work)
    assert told.value.message == outage.AWAY and len(tried) == 3
    with pytest.raises(Unavailable), away.read() as session:
        session.execute(text("SELECT 1"))


def test_work_is_done_again_when_the_connection_breaks_under_it(postgresql_server: URL) -> None:
    database = Database(postgresql_server.render_as_string(hide_password=False))
    killed = []

    def work(session: Session) -> int:
        if not killed:
            killed.append(1)
            session.execute(text("SELECT pg_terminate_backend(pg_backend_pid())"))
        return int(session.scalar(text("SELECT 7")) or 0)

    assert database.settle(work) == 7 and killed
    database.dispose()
