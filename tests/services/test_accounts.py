"""Accounts: a login is refused alike for every reason, ends when it should, and nothing readable is kept."""

import threading
from datetime import datetime, timedelta

import pytest
from argon2 import PasswordHasher
from sqlalchemy import select, update

from lib.domain.access import VISITOR, Actor, Role
from lib.domain.errors import AccessDenied, InvalidInput
from lib.services import accounts
from lib.store.engine import Database
from lib.store.models import Account, AuditEntry, Login

ADMINISTRATOR = Actor(role=Role.ADMINISTRATOR, name="命令行")
PASSWORD = "草原上的风力发电机 7 号"
WRONG = "not the password at all"


@pytest.fixture(autouse=True)
def cheap_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Real argon2id, with little memory."""
    monkeypatch.setattr(accounts, "_HASHER", PasswordHasher(time_cost=1, memory_cost=64, parallelism=1))


@pytest.fixture
def account(db: Database) -> Database:
    """The database with one administrator, 'Guanli'."""
    with db.write() as session:
        accounts.create_account(session, "Guanli", PASSWORD, "管理员甲", Role.ADMINISTRATOR, actor=ADMINISTRATOR)
    return db


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> "Clock":
    """Time that a test moves."""
    moved = Clock(accounts.now_utc())
    monkeypatch.setattr(accounts, "now_utc", lambda: moved.now)
    return moved


class Clock:
    def __init__(self, now: datetime) -> None:
        self.now = now

    def forward(self, **by: int) -> None:
        self.now += timedelta(**by)


def enter(db: Database, login: str = "guanli", password: str = PASSWORD) -> str:
    return accounts.log_in(db, login, password, address="10.0.0.7", agent="Firefox\n\x1b[31m")


def who(db: Database, token: str | None) -> Actor:
    with db.read() as session:
        return accounts.actor_of(session, token, address="10.0.0.7", request_id="r1")


def touch(db: Database, token: str) -> None:
    with db.write() as session:
        accounts.touch(session, token)


def test_a_token_stands_for_its_account_and_only_its_hash_is_kept(account: Database) -> None:
    token = enter(account)
    actor = who(account, token)
    assert (actor.role, actor.name, actor.address, actor.request_id) == (
        Role.ADMINISTRATOR, "管理员甲", "10.0.0.7", "r1",
    )  # fmt: skip
    with account.read() as session:
        hash_kept, agent = session.execute(select(Login.token_hash, Login.agent)).one()
        hashed = session.scalars(select(Account.password_hash)).one()
        trail = session.scalars(select(AuditEntry.action).order_by(AuditEntry.id)).all()
    assert token != hash_kept and len(hash_kept) == 64
    assert agent == "Firefox[31m"
    assert hashed.startswith("$argon2id$") and PASSWORD not in hashed
    assert trail == ["account.create", "login"]


@pytest.mark.parametrize("token", [None, "", "x", "x" * 43, "草" * 43, "x" * 10_000, "' OR 1=1 --"])
def test_anything_else_is_a_visitor(account: Database, token: str | None) -> None:
    enter(account)
    assert who(account, token).account_id is None
    assert who(account, token).permissions == VISITOR.permissions


@pytest.mark.parametrize("login", ["GUANLI", "ｇｕａｎｌｉ", "  guanli "])
def test_login_names_are_compared_folded(account: Database, login: str) -> None:
    assert who(account, enter(account, login)).account_id


@pytest.mark.parametrize(
    ("login", "password"),
    [
        ("guanli", WRONG), ("nobody", PASSWORD), ("", ""), ("guanli\0", WRONG), ("\u202eguanli", PASSWORD),
        ("g" * 5000, "p" * 100_000), ("%", PASSWORD), ("guanli' --", PASSWORD),
    ],
)  # fmt: skip
def test_every_refusal_says_the_same(account: Database, login: str, password: str) -> None:
    with pytest.raises(AccessDenied) as refused:
        enter(account, login, password)
    assert refused.value.message == accounts.REFUSED
    with account.read() as session:
        columns = (AuditEntry.action, AuditEntry.address, AuditEntry.object_id, AuditEntry.detail)
        action, address, *noted = session.execute(select(*columns).order_by(AuditEntry.id.desc())).first() or ()
    assert (action, address) == ("login.refused", "10.0.0.7")
    assert not login or login not in str(noted)  # people type passwords into the wrong box


def test_failures_lock_the_account_longer_and_longer(account: Database, clock: Clock) -> None:
    def fail() -> None:
        with pytest.raises(AccessDenied):
            enter(account, password=WRONG)

    for _ in range(accounts.FREE_FAILURES + 1):
        fail()
    with pytest.raises(AccessDenied):
        enter(account)  # locked: even the right password
    clock.forward(seconds=61)
    fail()
    clock.forward(seconds=61)
    with pytest.raises(AccessDenied):
        enter(account)  # the second lock is two minutes
    clock.forward(seconds=61)
    assert who(account, enter(account)).account_id
    fail()  # a success starts the count anew
    assert who(account, enter(account)).account_id


@pytest.mark.parametrize(
    ("failures", "minutes"), [(1, 0), (4, 0), (5, 1), (6, 2), (7, 4), (10, 32), (11, 60), (999, 60)]
)
def test_the_delay_doubles_up_to_an_hour(failures: int, minutes: int) -> None:
    assert accounts._delay(failures) == timedelta(minutes=minutes)


def test_attempts_side_by_side_are_all_counted(account: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(accounts, "matches", lambda _hashed, _password: False)
    start = threading.Barrier(4)

    def attempt() -> None:
        start.wait()
        with pytest.raises(AccessDenied):
            enter(account, password=WRONG)

    threads = [threading.Thread(target=attempt) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with account.read() as session:
        assert session.scalar(select(Account.failed_logins)) == 4


def test_a_login_ends_at_logout_and_its_token_is_dead(account: Database) -> None:
    token, other = enter(account), enter(account)
    assert token != other
    with account.write() as session:
        accounts.log_out(session, token)
        accounts.log_out(session, token)
        accounts.log_out(session, None)
    assert who(account, token).account_id is None
    assert who(account, other).account_id


def test_a_login_ends_when_idle_and_at_last_in_any_case(account: Database, clock: Clock) -> None:
    token = enter(account)
    clock.forward(minutes=29)
    touch(account, token)
    clock.forward(minutes=29)
    assert who(account, token).account_id
    clock.forward(minutes=2)
    touch(account, token)  # too late: it revives nothing
    assert who(account, token).account_id is None

    token = enter(account)
    for _ in range(25):
        clock.forward(minutes=29)
        touch(account, token)
    assert who(account, token).account_id is None  # 12 hours


def test_use_is_noted_at_most_once_a_minute(account: Database, clock: Clock) -> None:
    token = enter(account)
    begun = clock.now
    clock.forward(seconds=59)
    touch(account, token)
    with account.read() as session:
        assert session.scalar(select(Login.seen_at)) == begun
    clock.forward(seconds=2)
    touch(account, token)
    with account.read() as session:
        assert session.scalar(select(Login.seen_at)) == clock.now


def test_a_switched_off_account_and_a_changed_role_take_effect_at_once(account: Database) -> None:
    token = enter(account)
    with account.write() as session:
        session.execute(update(Account).values(role=Role.VISITOR.value))
    assert who(account, token).role is Role.VISITOR
    with account.write() as session:
        session.execute(update(Account).values(active=False))
    assert who(account, token).account_id is None
    with pytest.raises(AccessDenied):
        enter(account)


def test_a_new_password_ends_every_login(account: Database) -> None:
    tokens = [enter(account), enter(account)]
    with account.write() as session:
        accounts.set_password(session, "guanli", "锡林郭勒草原上的另一句话", actor=ADMINISTRATOR)
    assert all(who(account, token).account_id is None for token in tokens)
    with pytest.raises(AccessDenied):
        enter(account)
    assert who(account, enter(account, password="锡林郭勒草原上的另一句话")).account_id


@pytest.mark.parametrize(
    ("login", "password", "name", "field"),
    [
        ("a", PASSWORD, "甲", "login"), ("a b", PASSWORD, "甲", "login"), ("x" * 65, PASSWORD, "甲", "login"),
        ("ＧＵＡＮＬＩ", PASSWORD, "甲", "login"), ("\u202eab", PASSWORD, "甲", "login"),
        ("second", "short", "甲", "password"), ("second", "aaaaaaaaaaaaaaaa", "甲", "password"),
        ("second", "my second password", "甲", "password"), ("second", "p" * 257, "甲", "password"),
        ("second", PASSWORD, " ", "name"),
    ],
)  # fmt: skip
def test_a_bad_account_is_refused_with_its_reason(
    account: Database, login: str, password: str, name: str, field: str
) -> None:
    with account.write() as session, pytest.raises(InvalidInput) as refused:
        accounts.create_account(session, login, password, name, Role.ADMINISTRATOR, actor=ADMINISTRATOR)
    assert field in refused.value.fields


def test_only_who_manages_accounts_may_make_them(db: Database) -> None:
    with db.write() as session, pytest.raises(AccessDenied):
        accounts.create_account(session, "someone", PASSWORD, "甲", Role.ADMINISTRATOR, actor=VISITOR)
    with db.write() as session, pytest.raises(AccessDenied):
        accounts.set_password(session, "someone", PASSWORD, actor=VISITOR)
    with db.read() as session:
        assert session.scalars(select(Account)).all() == []
