"""Accounts: a login is refused alike for every reason, ends when it should, and nothing readable is kept."""

import threading
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from statistics import median

import pytest
from argon2 import PasswordHasher
from sqlalchemy import func, select, update

from lib.domain.access import VISITOR, Actor, Role
from lib.domain.errors import AccessDenied, InvalidInput
from lib.services import accounts, attempts, links, people, personal
from lib.settings import settings
from lib.store.engine import Database
from lib.store.models import Account, Attempt, AuditEntry, Login

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
    for module in (accounts, attempts):
        monkeypatch.setattr(module, "now_utc", lambda: moved.now)
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


def test_a_role_taken_away_counts_from_the_next_run(account: Database) -> None:
    token = enter(account)
    with account.write() as session:
        session.execute(update(Account).values(role=Role.VISITOR.value))
    assert who(account, token).role is Role.VISITOR


# ------------------------------------------------------------------ R5: what ends a login
OTHER = "锡林郭勒草原上的另一句话"
Ending = Callable[[Database, Actor, str, "Clock"], object]


def _version(db: Database, actor: Actor) -> int:
    with db.read() as session:
        return session.scalar(select(Account.version).where(Account.id == actor.account_id)) or 0


def _log_out(db: Database, token: str) -> None:
    with db.write() as session:
        accounts.log_out(session, token)


def _set_password(db: Database) -> None:
    with db.write() as session:
        accounts.set_password(session, "guanli", OTHER, actor=ADMINISTRATOR)


def _reset(db: Database, mine: Actor) -> None:
    token = links.reset_link(db, mine.account_id or 0, actor=ADMINISTRATOR)
    links.reset(db, token, OTHER, OTHER, actor=VISITOR)


def _accept(db: Database, mine: Actor) -> None:
    member = replace(mine, role=Role.BROKER)
    links.accept_signed_in(db, links.invite(db, Role.BROKER, 1, actor=ADMINISTRATOR), actor=member, agent="")


ENDINGS: dict[str, Ending] = {
    "logout": lambda db, mine, token, clock: _log_out(db, token),
    "idle": lambda db, mine, token, clock: clock.forward(minutes=31),
    "longest time": lambda db, mine, token, clock: [(clock.forward(minutes=29), touch(db, token)) for _ in range(25)],
    "switched off": lambda db, mine, token, clock: people.switch(
        db, mine.account_id or 0, False, _version(db, mine), actor=ADMINISTRATOR
    ),
    "another role": lambda db, mine, token, clock: people.assign(
        db, mine.account_id or 0, Role.BROKER, _version(db, mine), actor=ADMINISTRATOR
    ),
    "password set by command": lambda db, mine, token, clock: _set_password(db),
    "password reset by link": lambda db, mine, token, clock: _reset(db, mine),
    "own new password": lambda db, mine, token, clock: personal.change_password(
        db, PASSWORD, OTHER, OTHER, actor=mine, agent=""
    ),
    "ended by its owner": lambda db, mine, token, clock: personal.end_login(db, mine.session, actor=mine),
    "all others ended": lambda db, mine, token, clock: personal.end_other_logins(db, actor=who(db, enter(db))),
    "invitation accepted": lambda db, mine, token, clock: _accept(db, mine),
    "erased": lambda db, mine, token, clock: personal.erase(db, PASSWORD, actor=mine),
}


def test_whatever_ends_a_login_leaves_its_token_dead(account: Database, clock: Clock) -> None:
    """R5: replay after logout, expiry, switching off, a new password, another role; the token never lives again."""
    with account.write() as session:  # so that the first may be changed
        accounts.create_account(session, "zweite", PASSWORD, "管理员乙", Role.ADMINISTRATOR, actor=ADMINISTRATOR)
        before = session.execute(select(*Account.__table__.c).where(Account.login_key == "guanli")).mappings().one()
    dead = 0
    for name, end in ENDINGS.items():
        token = enter(account)
        mine = who(account, token)
        assert mine.account_id, name
        end(account, mine, token, clock)
        assert who(account, token).account_id is None, name
        touch(account, token)
        assert who(account, token).account_id is None, f"{name}: use revived it"
        dead += 1
        with account.write() as session:  # the account as it was, for the next way to end a login
            session.execute(update(Account).where(Account.id == mine.account_id).values(**before))
    print(f"R5: {dead} ways to end a login, 0 alive after")
    assert dead == len(ENDINGS) > 0


def test_a_moved_official_loses_access_at_the_next_run(loaded: Database) -> None:
    """R5: the scope is read anew each time, and being moved ends the logins besides."""
    with loaded.write() as session:
        for login, role, scope in (("chief", Role.ADMINISTRATOR, None), ("guanli", Role.OFFICIAL, "150200")):
            accounts.create_account(session, login, PASSWORD, "甲", role, actor=ADMINISTRATOR, scope=scope)
    token = enter(loaded)
    assert who(loaded, token).covers("150200")
    with loaded.write() as session:
        session.execute(update(Account).where(Account.login_key == "guanli").values(scope="150600"))
    assert not who(loaded, token).covers("150200")
    mine = who(loaded, token)
    people.assign(
        loaded, mine.account_id or 0, Role.OFFICIAL, _version(loaded, mine), actor=ADMINISTRATOR, scope="150100"
    )
    assert who(loaded, token).account_id is None
    assert who(loaded, enter(loaded)).covers("150100")


# ------------------------------------------------------------------ R6: how often, how fast
@pytest.mark.parametrize(
    ("kind", "each", "everybody", "minutes"),
    [(attempts.LOGIN, 3, 5, 5), (attempts.REGISTER, 4, 0, 60), (attempts.RECEIPT, 10, 0, 60)],
)
def test_attempts_are_limited_for_each_and_for_all(
    db: Database, clock: Clock, monkeypatch: pytest.MonkeyPatch, kind: str, each: int, everybody: int, minutes: int
) -> None:
    """R6: the limits hold to the attempt, end with their time, and keep no address."""
    for name, value in (("LOGIN_FAILURES", 3), ("LOGIN_FAILURES_ALL", 5), ("REGISTRATIONS", 4)):
        monkeypatch.setenv(name, str(value))
    settings.cache_clear()

    def tried(key: str, times: int) -> list[bool]:
        found = []
        for _ in range(times):
            with db.read() as session:
                found.append(attempts.exhausted(session, kind, key))
            with db.write() as session:
                attempts.count(session, kind, key)
        return found

    assert tried("10.0.0.1", each + 1) == [False] * each + [True]
    assert tried("10.0.0.2", 2) == [False, bool(everybody)]
    with db.read() as session:
        assert not any("10.0" in key for key in session.scalars(select(Attempt.key)))
    clock.forward(minutes=minutes, seconds=1)
    assert tried("10.0.0.1", 1) == [False]
    with db.read() as session:
        assert session.scalar(select(func.count()).select_from(Attempt)) == 1, "what no limit looks back to stays"
    with db.write() as session:
        attempts.clear(session, kind, "10.0.0.1")
        assert not attempts.exhausted(session, kind, "10.0.0.1")
    monkeypatch.undo()
    settings.cache_clear()
    print(f"R6: {kind}: {each} for each, {everybody or 'no limit'} for all in {minutes} minutes")


def test_an_unknown_login_takes_as_long_as_a_wrong_password(
    empty_sqlite: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """R6: with the real hasher; also for an account that logs in by an identity and has no password at all."""
    monkeypatch.setattr(accounts, "_HASHER", PasswordHasher())
    accounts._dummy_hash.cache_clear()
    monkeypatch.setenv("LOGIN_FAILURES", "1000")
    settings.cache_clear()
    with empty_sqlite.write() as session:
        accounts.create_account(session, "guanli", PASSWORD, "甲", Role.BROKER, actor=ADMINISTRATOR)
        accounts.new_account(session, "identity", "", "乙", Role.BROKER)
    taken: dict[str, list[float]] = {"guanli": [], "nobody": [], "identity": []}
    enter(empty_sqlite)
    for run in range(9):
        for login in taken:
            begun = time.process_time()  # of this process: what others do on the machine does not count
            with pytest.raises(AccessDenied):
                enter(empty_sqlite, login, WRONG)
            if run:  # the first of each warms up
                taken[login].append(time.process_time() - begun)
    middle = {login: median(times) for login, times in taken.items()}
    ratios = {login: middle[login] / middle["guanli"] for login in ("nobody", "identity")}
    accounts._dummy_hash.cache_clear()
    monkeypatch.undo()
    settings.cache_clear()
    print(f"R6: wrong password {middle['guanli'] * 1000:.0f} ms; unknown × {ratios['nobody']:.2f}, "
          f"without password × {ratios['identity']:.2f}")  # fmt: skip
    assert all(0.85 < ratio < 1.15 for ratio in ratios.values())


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
