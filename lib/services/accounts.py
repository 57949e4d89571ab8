"""Accounts and logins: who somebody is. A login is a row; the browser holds only the token that points to it.

Tokens are 256 random bits and the database keeps their SHA-256, so a copy of the database opens nothing.
Passwords are argon2id. Logins end after an idle time and after a longest time (settings), at logout, and
when the account is switched off or its password changes.
"""

import hashlib
import secrets
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any, Final

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import ColumnElement, Row, and_, delete, select, true, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from lib.domain.access import Actor, Permission, Role, require
from lib.domain.dates import now_utc
from lib.domain.errors import AccessDenied, InvalidInput, TooManyTries
from lib.domain.text import clean, fold
from lib.services import attempts, audit
from lib.settings import settings
from lib.store.engine import Database
from lib.store.models import Account, AccountLink, Division, EventOrganizer, Login, Organization

LEAST_PASSWORD: Final = 12
MOST_PASSWORD: Final = 256
SEEN_EVERY: Final = timedelta(minutes=1)
"""How exactly the last use of a login is known; so often it may cost a write."""

FREE_FAILURES: Final = 4
"""Failures in a row without a delay; each one after them doubles it, from a minute to an hour."""
_LONGEST_DELAY: Final = timedelta(hours=1)

REFUSED: Final = "登录名或密码不正确，或者失败次数过多。请核对后重试，仍不成功请过一会儿再来。"
"""One answer to every failed login, so that it tells nobody which accounts exist."""

LOGIN_TAKEN: Final = "这个登录名已被使用，请换一个。"
KEPT: Final = timedelta(days=184)
"""How long a login that is over is remembered; the audit trail remembers it anyway."""
FRESH: Final = timedelta(minutes=10)
"""How long a login counts as proof that its owner is there."""

_TOKEN_LENGTH: Final = 43
_HASHER: Final = PasswordHasher()


def actor_of(session: Session, token: str | None, *, address: str = "", request_id: str = "") -> Actor:
    """Whoever the token of a login stands for; a visitor when it is unknown, ended, idle too long or expired.

    One indexed read, for every run of a page. `touch` keeps a used login from ageing.
    """
    found = _login(session, token, now_utc())
    if found is None or token is None:
        return Actor(address=address, request_id=request_id)
    role = Role(found.role)
    events: frozenset[int] = frozenset()
    if role is Role.ORGANIZER:
        own = select(EventOrganizer.event_id).where(EventOrganizer.account_id == found.id)
        events = frozenset(session.scalars(own))
    return Actor(
        role,
        found.id,
        found.name,
        address,
        request_id,
        organization_id=found.organization_id,
        scope=found.scope or "",
        events=events,
        session=_hash(token)[:16],
    )


def touch(session: Session, token: str) -> None:
    """Note that a live login is in use. It never revives one that has ended."""
    now = now_utc()
    session.execute(
        update(Login)
        .where(
            Login.token_hash == _hash(token),
            Login.ended_at.is_(None),
            Login.seen_at > now - _idle(),
            Login.seen_at <= now - SEEN_EVERY,
        )
        .values(seen_at=now)
        .execution_options(synchronize_session=False)
    )


def log_in(database: Database, login: str, password: str, *, address: str, agent: str) -> str:
    """Check a password and start a login; returns its token, for the cookie and nowhere else.

    Raises AccessDenied with the same sentence for an unknown account, a wrong password, a switched-off account
    and one that is locked after too many failures, in about the same time; TooManyTries when this address, or
    everybody together, failed too often. The password is checked outside any transaction, because argon2 takes a
    third of a second and a writer holds the database.
    """
    key = login_key(login)
    with database.read() as session:
        if attempts.exhausted(session, attempts.LOGIN, address):
            raise TooManyTries("失败次数过多，请五分钟后再试。", 300)
        account = session.execute(
            select(Account.id, Account.password_hash).where(Account.login_key == key)
        ).one_or_none()
    right = matches(account.password_hash if account else "", password)
    token = None
    with database.write() as session:
        visitor = Actor(address=address[:64])
        if account is None:
            audit.record(session, visitor, "login.refused", "account", "", outcome="refused")
        else:
            token = _enter(session, account.id, right, visitor, agent)
        if token is None:
            attempts.count(session, attempts.LOGIN, address)
    if token is None:
        raise AccessDenied(REFUSED)
    return token


def start_login(session: Session, account_id: int, *, address: str, agent: str, method: str = "password") -> str | None:
    """A new login of somebody whose identity was proved by `method`; its token, or None for a switched-off account.

    The token belongs in the cookie and nowhere else. What the browser held before is ended by the caller.
    """
    now = now_utc()
    row = session.execute(
        select(Account.name, Account.role, Account.active).where(Account.id == account_id).with_for_update()
    ).one_or_none()
    if row is None or not row.active:
        return None
    old = delete(Login).where(Login.account_id == account_id, Login.expires_at < now - KEPT)
    session.execute(old.execution_options(synchronize_session=False))
    token = secrets.token_urlsafe(32)
    session.add(
        Login(
            token_hash=_hash(token),
            account_id=account_id,
            started_at=now,
            seen_at=now,
            expires_at=now + timedelta(hours=settings().session_hours),
            address=address[:64],
            agent=_printable(agent)[:200],
            method=method,
        )
    )
    entered = Actor(Role(row.role), account_id, row.name, address[:64], session=_hash(token)[:16])
    audit.record(session, entered, "login", "account", account_id, method=method)
    return token


def log_out(session: Session, token: str | None) -> None:
    """End the login that the token stands for; a token used up or unknown changes nothing."""
    found = _login(session, token, now_utc())
    if found is None or token is None:
        return
    session.execute(
        update(Login)
        .where(Login.token_hash == _hash(token))
        .values(ended_at=now_utc())
        .execution_options(synchronize_session=False)
    )
    leaving = Actor(Role(found.role), found.id, found.name, session=_hash(token)[:16])
    audit.record(session, leaving, "logout", "account", found.id)


def confirm(database: Database, password: str, *, actor: Actor) -> None:
    """Let the owner of an account prove that it is them, before something that cannot be undone.

    An account that logs in by an identity only proves it by a login of the last minutes. A wrong password counts as
    a failed login. Raises AccessDenied.
    """
    require(actor, Permission.MANAGE_OWN_ACCOUNT)
    with database.read() as session:
        hashed = session.scalar(select(Account.password_hash).where(Account.id == actor.account_id)) or ""
        recent = session.scalar(
            select(Login.token_hash).where(
                Login.account_id == actor.account_id,
                Login.token_hash.startswith(actor.session),
                Login.started_at > now_utc() - FRESH,
            )
        )
    if not hashed:
        if recent is None or not actor.session:
            raise AccessDenied("请先退出，用统一身份重新登录，再在十分钟内操作。")
        return
    right = matches(hashed, password)
    with database.write() as session:
        refused = not _counted(session, actor.account_id or 0, right, actor)
    if refused:
        raise AccessDenied("密码不正确，或者失败次数过多。请核对后重试，仍不成功请过一会儿再来。")


def create_account(
    session: Session,
    login: str,
    password: str,
    name: str,
    role: Role,
    *,
    actor: Actor,
    scope: str | None = None,
    organization_id: int | None = None,
) -> Account:
    """Make an account that can log in. There is none by default, and none with a default password.

    Raises InvalidInput for a login of other than 2 to 64 characters or in use, a blank name, a weak password, an
    unknown division or organization.
    """
    require(actor, Permission.MANAGE_ACCOUNTS)
    problems = personal_problems(login, name, password)
    hashed = "" if problems else hash_password(password)  # before the first statement, which takes the writer's lock
    if scope and session.get(Division, scope) is None:
        problems["scope"] = "没有这个行政区划代码，请核对。"
    if organization_id and session.get(Organization, organization_id) is None:
        problems["organization_id"] = "没有这家机构，请核对编号。"
    if problems:
        raise InvalidInput(problems)
    account = new_account(session, login, hashed, name, role, scope=scope, organization_id=organization_id)
    audit.record(
        session, actor, "account.create", "account", account.id,
        role=account.role, scope=scope, organization=organization_id,
    )  # fmt: skip
    return account


def personal_problems(login: str, name: str, password: str) -> dict[str, str]:
    """What is wrong with how somebody wants to be known, one sentence a field; whether a login is free comes later."""
    problems: dict[str, str] = {}
    login, name = _cleaned(login), _cleaned(name)
    if not 2 <= len(login) <= 64 or " " in login:
        problems["login"] = "登录名须为 2 至 64 个字符，不含空格。"
    if not 1 <= len(name) <= 40:
        problems["name"] = "请填写姓名，不超过 40 个字。"
    if weakness := password_weakness(password, login):
        problems["password"] = weakness
    return problems


def new_account(session: Session, login: str, hashed: str, name: str, role: Role, **values: Any) -> Account:
    """The row of a new account, checked before by whoever calls. Raises InvalidInput when the login is taken."""
    login, name = _cleaned(login), _cleaned(name)
    if session.scalar(select(Account.id).where(Account.login_key == login_key(login))) is not None:
        raise InvalidInput({"login": LOGIN_TAKEN})
    account = Account(
        login=login,
        login_key=login_key(login),
        name=name,
        password_hash=hashed,
        role=Role(role).value,
        created_at=now_utc(),
        **values,
    )
    session.add(account)
    try:
        session.flush()
    except IntegrityError:  # somebody took it in this moment
        raise InvalidInput({"login": LOGIN_TAKEN}) from None
    return account


def set_password(session: Session, login: str, password: str, *, actor: Actor) -> None:
    """Give an account a new password, lift its lock, and end all its logins. Raises InvalidInput."""
    require(actor, Permission.MANAGE_ACCOUNTS)
    if weakness := password_weakness(password, login):
        raise InvalidInput({"password": weakness})
    hashed = hash_password(password)
    account_id = session.scalar(select(Account.id).where(Account.login_key == login_key(login)))
    if account_id is None:
        raise InvalidInput({"login": "没有这个登录名，请核对。"})
    replace_password(session, account_id, hashed)
    audit.record(session, actor, "account.password", "account", account_id)


def replace_password(session: Session, account_id: int, hashed: str) -> None:
    """A new password: the lock is lifted, every login ends, reset links given out before are dead."""
    now = now_utc()
    for statement in (
        update(Account)
        .where(Account.id == account_id)
        .values(password_hash=hashed, failed_logins=0, locked_until=None, version=Account.version + 1),
        update(AccountLink)
        .where(AccountLink.account_id == account_id, AccountLink.purpose == "reset", AccountLink.used_at.is_(None))
        .values(used_at=now),
    ):
        session.execute(statement.execution_options(synchronize_session=False))
    end_logins(session, account_id)


def end_logins(session: Session, account_id: int, *, mark: str = "", besides: str = "") -> int:
    """End the logins of an account: all, the one of this mark, or all besides one; returns how many ended.

    A mark is what `Actor.session` holds: the start of the hash of a token.
    """
    ended = session.execute(
        update(Login)
        .where(
            Login.account_id == account_id,
            Login.ended_at.is_(None),
            Login.token_hash.startswith(mark, autoescape=True),
            ~Login.token_hash.startswith(besides, autoescape=True) if besides else true(),
        )
        .values(ended_at=now_utc())
        .execution_options(synchronize_session=False)
    )
    return int(ended.rowcount)  # type: ignore[attr-defined]


def alive(now: datetime | None = None) -> ColumnElement[bool]:
    """The condition that a login has not ended, is not idle for too long and has not reached its longest time."""
    now = now or now_utc()
    return and_(Login.ended_at.is_(None), Login.expires_at > now, Login.seen_at > now - _idle())


def hash_password(password: str) -> str:
    """The argon2id hash to be kept; takes a third of a second, so never inside a transaction."""
    return _HASHER.hash(password)


def login_key(login: str) -> str:
    """The form in which login names are compared: cleaned, NFKC, case-folded."""
    return fold(_cleaned(login[:200]))


def password_weakness(password: str, login: str) -> str:
    """What is wrong with a new password, or a blank text. Length counts; no rules about kinds of characters."""
    if not LEAST_PASSWORD <= len(password) <= MOST_PASSWORD:
        return f"密码须为 {LEAST_PASSWORD} 至 {MOST_PASSWORD} 个字符，建议用几个不相干的词连成一句。"
    key = login_key(login)
    if len(set(password)) < 5 or (key and key in login_key(password)):
        return "密码太容易猜到：字符重复过多，或包含登录名。请换一个。"
    return ""


# ------------------------------------------------------------------ inside
def _login(session: Session, token: str | None, now: datetime) -> Row[int, str, str, int | None, str | None] | None:
    """Id, role, name, organization and scope of the account behind a live token."""
    if token is None or len(token) != _TOKEN_LENGTH or not token.isascii():
        return None
    return session.execute(
        select(Account.id, Account.role, Account.name, Account.organization_id, Account.scope)
        .join(Login, Login.account_id == Account.id)
        .where(Login.token_hash == _hash(token), alive(now), Account.active)
    ).one_or_none()


def _enter(session: Session, account_id: int, right: bool, visitor: Actor, agent: str) -> str | None:
    """Start a login, or count the failure; None when refused."""
    if not _counted(session, account_id, right, visitor):
        return None
    return start_login(session, account_id, address=visitor.address, agent=agent)


def _counted(session: Session, account_id: int, right: bool, visitor: Actor) -> bool:
    """Whether a password opens its account now; a failure is counted, with the row locked so that none is missed."""
    now = now_utc()
    # Columns, not the object: counting failures must not raise the version that an editor of the account sees.
    row = session.execute(
        select(Account.name, Account.role, Account.active, Account.failed_logins, Account.locked_until)
        .where(Account.id == account_id)
        .with_for_update()
    ).one()
    locked = row.locked_until is not None and row.locked_until > now
    if not right or locked or not row.active:
        if not locked:
            failures = row.failed_logins + 1
            _count(session, account_id, failures, now + _delay(failures) if _delay(failures) else None)
        audit.record(
            session,
            visitor,
            "login.refused",
            "account",
            account_id,
            outcome="refused",
            locked=locked,
            active=row.active,
        )
        return False
    if row.failed_logins:
        _count(session, account_id, 0, None)
    return True


def _count(session: Session, account_id: int, failures: int, locked_until: datetime | None) -> None:
    session.execute(
        update(Account)
        .where(Account.id == account_id)
        .values(failed_logins=failures, locked_until=locked_until)
        .execution_options(synchronize_session=False)
    )


def _delay(failures: int) -> timedelta:
    """How long an account refuses everybody after so many failures in a row."""
    over = failures - FREE_FAILURES
    return timedelta() if over <= 0 else min(timedelta(minutes=2 ** min(over - 1, 10)), _LONGEST_DELAY)


def _idle() -> timedelta:
    return timedelta(minutes=settings().session_idle_minutes)


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def matches(hashed: str, password: str) -> bool:
    """Whether a password is the one behind a hash. Without a hash the answer is no, in the time of a real check."""
    try:
        return _HASHER.verify(hashed or _dummy_hash(), password[:MOST_PASSWORD])
    except (VerificationError, InvalidHashError):
        return False


@lru_cache
def _dummy_hash() -> str:
    """What an unknown account's password is checked against, so that it takes as long."""
    return _HASHER.hash(secrets.token_urlsafe(32))


def _cleaned(text: str) -> str:
    try:
        return clean(text)
    except ValueError:
        return ""


def _printable(text: str) -> str:
    return "".join(character for character in text if character.isprintable())
