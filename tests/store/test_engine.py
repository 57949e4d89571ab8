"""The database keeps what it acknowledged: no lost update, no write through a reader, one schema on both kinds."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import select
from sqlalchemy.exc import DBAPIError, IntegrityError

from lib.domain.dates import now_utc
from lib.store import migrations, revision
from lib.store.engine import Database
from lib.store.models import Achievement, Base, Cooperation, Revision
from lib.store.turns import Turns

WRITERS, ROUNDS = 16, 10


def _achievement(**values: object) -> Achievement:
    now = now_utc()
    return Achievement(**{"title": "题目", "origin": "public", "created_at": now, "updated_at": now} | values)


def test_a_hundred_and_sixty_increments_at_once_are_all_there(db: Database) -> None:
    with db.write() as session:
        session.add(Revision(topic="test", number=0))

    def count(_: int) -> None:
        for _ in range(ROUNDS):
            with db.write() as session:
                statement = select(Revision).where(Revision.topic == "test").with_for_update()
                session.scalars(statement).one().number += 1

    with ThreadPoolExecutor(WRITERS) as pool:
        list(pool.map(count, range(WRITERS)))
    with db.read() as session:
        assert session.get_one(Revision, "test").number == WRITERS * ROUNDS


def test_writers_take_turns_in_the_order_of_arrival() -> None:
    turns, order = Turns(), []
    first = turns.taken(5)
    first.__enter__()

    def come(name: str) -> None:
        with turns.taken(5):
            order.append(name)

    threads = []
    for number, name in enumerate("bcd", 1):
        threads.append(threading.Thread(target=come, args=(name,)))
        threads[-1].start()
        while len(turns._waiting) < number:
            time.sleep(0.001)
    with pytest.raises(TimeoutError), turns.taken(0.01):
        order.append("gave up")
    first.__exit__(None, None, None)
    come("a again")  # whoever has just had a turn comes after those who wait
    for thread in threads:
        thread.join()
    assert order == ["b", "c", "d", "a again"]


def test_a_reader_cannot_write(db: Database) -> None:
    with pytest.raises(DBAPIError), db.read() as session:
        session.add(Revision(topic="sneaked", number=1))
        session.flush()


def test_a_write_that_fails_leaves_nothing(db: Database) -> None:
    with pytest.raises(IntegrityError), db.write() as session:
        session.add(_achievement())
        session.flush()
        session.add(_achievement(title=""))
    with db.read() as session:
        assert session.scalars(select(Achievement)).all() == []
        assert revision.current(session)["achievement"] == 0


@pytest.mark.parametrize(
    "values",
    [{"title": "长" * 201}, {"field": 12}, {"trl": 10}, {"year": 12}, {"origin": "guess"}, {"league_code": "159999"}],
)
def test_what_validation_would_miss_the_database_refuses(db: Database, values: dict[str, object]) -> None:
    with pytest.raises(DBAPIError), db.write() as session:
        session.add(_achievement(**values))


def test_money_and_moments_come_back_as_they_went_in(db: Database) -> None:
    moment = datetime(2026, 12, 31, 15, 59, 59, tzinfo=UTC)
    with db.write() as session:
        session.add(_achievement(price=Decimal("1205000.05"), created_at=moment))
    with db.read() as session:
        found = session.scalars(select(Achievement)).one()
    assert (found.price, found.created_at) == (Decimal("1205000.05"), moment)


def test_each_write_raises_its_topic_once_and_only_its_own(db: Database) -> None:
    with db.write() as session:
        session.add_all([_achievement(), _achievement(title="另一个")])
    with db.read() as session:
        numbers = revision.current(session)
    assert numbers.pop("achievement") == 1 and set(numbers.values()) == {0}


def test_the_migrated_schema_is_the_one_the_code_expects(db: Database) -> None:
    assert db.ready()
    with db.engine.connect() as connection:
        differences = compare_metadata(MigrationContext.configure(connection), Base.metadata)
    ours = [d for d in differences if "_fts" not in str(d)]
    assert ours == []
    migrations.upgrade(db.engine)
    assert Cooperation.__tablename__ in Base.metadata.tables


def test_an_empty_database_is_not_ready(empty_sqlite: Database, tmp_path: object) -> None:
    other = Database(f"sqlite:///{tmp_path}/other.db")
    assert not other.ready()
    other.dispose()
