"""R23: the audit trail is append-only and one chain; whatever is done to it behind our back is found."""

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError

from lib.domain.access import Actor, Role
from lib.domain.chain import START, link
from lib.services import audit
from lib.store import chain
from lib.store.chain import Head
from lib.store.engine import Database
from lib.store.models import AuditEntry

KEEPER = Actor(role=Role.ADMINISTRATOR, name="管理员", address="10.0.0.8")
ROWS = 100_000
_EVERYWHERE = (
    "UPDATE audit_entry SET actor = '别人' WHERE id = 2",
    "DELETE FROM audit_entry WHERE id = 2",
    "INSERT INTO audit_entry SELECT * FROM audit_entry WHERE id = 2 ON CONFLICT (id) DO UPDATE SET actor = ''",
)
FORBIDDEN = {
    "sqlite": (*_EVERYWHERE, "INSERT OR REPLACE INTO audit_entry SELECT * FROM audit_entry WHERE id = 2"),
    "postgresql": (*_EVERYWHERE, "TRUNCATE audit_entry"),
}
UNGUARD = {
    "sqlite": [f"DROP TRIGGER audit_entry_no_{what}" for what in ("update", "delete", "replace")],
    "postgresql": [f"DROP TRIGGER audit_entry_no_{what} ON audit_entry" for what in ("change", "truncate")],
}
TAMPERED = {
    "one character": ("UPDATE audit_entry SET actor = '管理貝' WHERE id = 5", 1),
    "a detail": ("UPDATE audit_entry SET detail = '{\"n\": 0}' WHERE id = 5", 1),
    "one from the middle": ("DELETE FROM audit_entry WHERE id = 5", 1),
    "the first": ("DELETE FROM audit_entry WHERE id = 1", 1),
    "the last": ("DELETE FROM audit_entry WHERE id = 9", 2),
    "two exchanged": ("UPDATE audit_entry SET hash = (SELECT hash FROM audit_entry WHERE id = 3) WHERE id = 4", 2),
}


def record(db: Database, count: int = 9) -> Head:
    for n in range(count):
        with db.write() as session:
            audit.record(session, KEEPER, "test.write", "test", n, league="150200", n=n, changes={"名": ["甲", "乙"]})
    with db.read() as session:
        return chain.head(session)


def faults(db: Database, kept: Head | None = None) -> tuple[str, ...]:
    with db.read() as session:
        return audit.verify(session, kept, actor=KEEPER).faults


def attack(engine: Engine, *statements: str) -> None:
    """What somebody with the database's own password can do."""
    with engine.begin() as connection:
        for statement in (*UNGUARD[engine.dialect.name], *statements):
            connection.execute(text(statement))


def test_what_was_recorded_cannot_be_changed(db: Database) -> None:
    """R23: UPDATE, DELETE, REPLACE, upserts and TRUNCATE are refused, also on a connection without our settings."""
    kept = record(db, 3)
    for statement in FORBIDDEN[db.url.get_backend_name()]:
        with pytest.raises(DBAPIError, match="append-only"), db.engine.begin() as connection:
            if db.sqlite:
                connection.execute(text("PRAGMA recursive_triggers=OFF"))
            connection.execute(text(statement))
    assert faults(db, kept) == ()


@pytest.mark.parametrize("what", TAMPERED)
def test_what_is_changed_behind_our_back_is_found(db: Database, what: str) -> None:
    """R23: one changed byte or missing entry shows as a fault; the entries before and after it still hold."""
    statement, wanted = TAMPERED[what]
    kept = record(db)
    attack(db.engine, statement)
    found = faults(db, kept)
    assert len(found) == wanted, found
    print(f"R23: {what}: {wanted} faults of 9 entries")


def test_a_removed_tail_and_a_rewritten_chain_are_found_by_the_head_that_was_kept(db: Database) -> None:
    """R23: whoever changes the end of the chain too is found by what was kept elsewhere, and by nothing else."""
    kept = record(db)
    attack(
        db.engine,
        "DELETE FROM audit_entry WHERE id > 6",
        "UPDATE audit_head SET number = 6, hash = (SELECT hash FROM audit_entry WHERE id = 6)",
    )
    assert faults(db) == ()
    assert len(faults(db, kept)) == 1 and "第 9 条" in faults(db, kept)[0]
    with pytest.raises(ValueError, match="NUMBER"):
        Head.parse(f"{kept.number}-{kept.hash}")
    assert faults(db, Head.parse(f"6:{'0' * 64}")) != ()


def test_writers_at_once_make_one_chain_without_gaps(db: Database) -> None:
    """R23: 16 writers, some of whose transactions fail, on both databases."""

    def work(writer: int) -> None:
        for n in range(12):
            try:
                with db.write() as session:
                    audit.record(session, KEEPER, "test.write", "test", f"{writer}-{n}")
                    if n % 4 == 3:
                        raise InterruptedError
            except InterruptedError:
                continue

    with ThreadPoolExecutor(16) as pool:
        list(pool.map(work, range(16)))
    with db.read() as session:
        found = audit.verify(session, actor=KEEPER)
    assert (found.head.number, found.faults) == (16 * 9, ())
    print(f"R23: {found.head.number} entries of 16 writers at once, 0 faults")


@pytest.fixture(scope="module")
def long_chain() -> list[dict[str, Any]]:
    """The rows of a chain of ROWS entries, made without a database."""
    begun, previous, rows = datetime(2026, 1, 1, tzinfo=UTC), START, []
    for number in range(1, ROWS + 1):
        values = {
            "id": number, "at": begun + timedelta(seconds=number), "account_id": number % 97 or None, "actor": "张三",
            "role": "member", "action": "submission.create", "object_kind": "submission", "object_id": str(number),
            "league_code": "150200", "banner_code": None, "outcome": "done", "address": "10.0.0.8",
            "detail": {"receipt": f"XQ-20260101-{number:06d}"}, "request_id": f"{number:016x}", "session": "",
        }  # fmt: skip
        previous = link(previous, chain.covered(SimpleNamespace(**values)))
        rows.append({**values, "hash": previous})
    return rows


def test_a_long_chain_is_walked_in_seconds(db: Database, long_chain: list[dict[str, Any]]) -> None:
    """R23: of 100,000 entries one changed byte in the middle is found, and all the others hold."""
    with db.engine.begin() as connection:
        connection.execute(AuditEntry.__table__.insert(), long_chain)
        kept = {"n": ROWS, "h": long_chain[-1]["hash"]}
        connection.execute(text("UPDATE audit_head SET number = :n, hash = :h"), kept)
    attack(db.engine, f"UPDATE audit_entry SET object_id = '0' WHERE id = {ROWS // 2}")
    start = time.perf_counter()
    found = faults(db)
    seconds = time.perf_counter() - start
    assert len(found) == 1 and f"第 {ROWS // 2} 条" in found[0]
    print(f"R23: chain of {ROWS} entries on {db.url.get_backend_name()}: {seconds:.1f} s, 1 changed byte found")
