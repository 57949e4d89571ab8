"""我有意向 on a record: once a browser, told to its owner, and forgotten when its time is over."""

from datetime import timedelta
from secrets import token_hex
from typing import Any

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session, undefer

from lib.domain.access import VISITOR, Actor, Role
from lib.domain.dates import now_utc
from lib.domain.errors import InvalidInput, NotFound
from lib.domain.vocabulary import ThreadState
from lib.services import contacts, interests
from lib.store.engine import Database
from lib.store.models import Achievement, AuditEntry, Demand, Interest, Thread, ThreadStep
from tests.samples import CANARY

KEEPER = Actor(role=Role.ADMINISTRATOR, name="测试")
WHO = {"name": "张三", "unit": "某牧场", "phone": CANARY, "note": f"请打 {CANARY}", "consent": "1"}


def leave(database: Database, device: str, kind: str = "achievement", **values: Any) -> int:
    """Leave an intention about the first record of a kind; returns its id."""
    entity: Any = {"achievement": Achievement, "demand": Demand}[kind]
    with database.read() as session:
        record = session.scalar(select(func.min(entity.id))) or 0
    assert interests.leave(database, kind, record, token_hex(16), values, device=device * 64, actor=VISITOR)
    with database.read() as session:
        return session.scalar(select(func.max(Interest.id))) or 0


def age(session: Session, interest: int, days: int) -> None:
    session.execute(update(Interest).where(Interest.id == interest).values(created_at=now_utc() - timedelta(days=days)))


def kept(database: Database, interest: int) -> tuple[str, ...]:
    with database.read() as session:
        hidden = (Interest.name, Interest.unit, Interest.phone, Interest.note)
        one = session.scalars(select(Interest).where(Interest.id == interest).options(*map(undefer, hidden))).one()
        return one.name, one.unit, one.phone, one.note


@pytest.mark.parametrize("kind", ["achievement", "demand"])
def test_once_a_browser_and_record(loaded: Database, kind: str) -> None:
    leave(loaded, "a", kind, note="想谈许可")
    entity: Any = {"achievement": Achievement, "demand": Demand}[kind]
    with loaded.read() as session:
        record = session.scalar(select(func.min(entity.id))) or 0
    again = interests.leave(loaded, kind, record, token_hex(16), {}, device="a" * 64, actor=VISITOR)
    assert not again
    with loaded.read() as session:
        assert session.scalar(select(func.count()).select_from(Interest)) == 1
        entries = session.scalars(select(AuditEntry).where(AuditEntry.action == "interest.leave")).all()
        assert len(entries) == 1


def test_what_is_not_there_or_not_agreed_to_is_not_kept(loaded: Database) -> None:
    with pytest.raises(NotFound):
        interests.leave(loaded, "achievement", 99_999_999, token_hex(16), {}, device="a" * 64, actor=VISITOR)
    with pytest.raises(InvalidInput) as wrong:
        interests.leave(loaded, "achievement", 1, token_hex(16), WHO | {"consent": ""}, device="a" * 64, actor=VISITOR)
    assert set(wrong.value.fields) == {"consent"}
    with pytest.raises(InvalidInput):
        interests.leave(loaded, "achievement", 1, token_hex(16), {}, device="", actor=VISITOR)
    with loaded.read() as session:
        assert session.scalar(select(func.count()).select_from(Interest)) == 0


def test_the_trail_and_the_hint_hold_no_telephone(loaded: Database) -> None:
    number = leave(loaded, "a", **WHO)
    with loaded.read() as session:
        assert CANARY not in session.get_one(Interest, number).hint
        assert not [e.id for e in session.scalars(select(AuditEntry)) if CANARY in repr(e.detail)]


def test_what_is_personal_is_forgotten_when_its_time_is_over(loaded: Database) -> None:
    days = contacts.KEPT.days
    fresh, over, anonymous, running, lately, ended = (leave(loaded, d, **WHO) for d in "abcdef")
    with loaded.write() as session:
        for one in (over, anonymous, running, lately, ended):
            age(session, one, days + 1)
        age(session, fresh, days - 1)
        session.execute(
            update(Interest)
            .where(Interest.id == anonymous)
            .values(name="", unit="", phone="", hint="", consent_version="")
        )
        long_ago = now_utc() - timedelta(days=days + 1)
        for interest, state, at in (
            (running, ThreadState.TALKING, long_ago), (lately, ThreadState.CLOSED, now_utc()),
            (ended, ThreadState.CLOSED, long_ago),
        ):  # fmt: skip
            thread = Thread(interest_id=interest, state=state.value, opened_at=long_ago)
            session.add(thread)
            session.flush()
            session.add(ThreadStep(thread_id=thread.id, at=at, state=state.value))
    assert interests.erase(loaded, actor=KEEPER) == 3
    assert kept(loaded, over) == kept(loaded, ended) == ("", "", "", "")
    assert kept(loaded, anonymous) == ("", "", "", ""), "a note alone may hold a telephone number, too"
    for one in (fresh, running, lately):
        assert kept(loaded, one)[2] == CANARY, "its follow-up has not ended, or not long enough ago"
    with loaded.read() as session:
        assert session.get_one(Interest, over).hint == "已清除"
        assert session.get_one(Interest, anonymous).hint == "", "nobody had left a contact"
        assert session.scalar(select(func.count()).select_from(Interest)) == 6, "the rows count on"
    assert interests.erase(loaded, actor=KEEPER) == 0, "safe to repeat"
