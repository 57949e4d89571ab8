"""One-time links: an invitation to an account, the reset of a password. Only the hash of a link is kept."""

import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, NoReturn

from sqlalchemy import select
from sqlalchemy.orm import Session

from lib.domain import consent
from lib.domain.access import Actor, Permission, Role, require
from lib.domain.dates import now_utc
from lib.domain.errors import AccessDenied, Conflict, InvalidInput, NotFound
from lib.domain.vocabulary import ClaimState
from lib.services import accounts, audit, people, registration
from lib.store.engine import Database
from lib.store.models import Account, AccountLink, Division, Event, EventOrganizer, Organization

INVITATION: Final = "invitation"
RESET: Final = "reset"
RESET_HOURS: Final = 24
LONGEST_DAYS: Final = 30

_DEAD: Final = "这个链接不存在、已经用过或已过期。请向管理员要一个新的；已有账号可以直接登录。"
_LENGTH: Final = 43


@dataclass(frozen=True)
class Invitation:
    """What an invited account becomes."""

    role: Role
    organization: str
    scope: str
    event: str
    expires_at: datetime


@dataclass(frozen=True)
class OpenInvitation:
    """An invitation that nobody has used; `mark` is the start of its hash and opens nothing."""

    mark: str
    invitation: Invitation
    created_at: datetime


# ------------------------------------------------------------------ giving out
def invite(
    database: Database,
    role: Role,
    days: int,
    *,
    actor: Actor,
    scope: str | None = None,
    organization_id: int | None = None,
    event_id: int | None = None,
) -> str:
    """A token that lets whoever holds it have an account of this role; shown once.

    Raises InvalidInput, AccessDenied.
    """
    require(actor, Permission.MANAGE_ACCOUNTS)
    if not 1 <= days <= LONGEST_DAYS:
        raise InvalidInput({"days": f"有效天数请填 1 至 {LONGEST_DAYS}。"})
    with database.write() as session:
        people.check_place(session, role, scope, organization_id, (event_id,) if event_id else ())
        wanted: dict[str, Any] = {
            "role": role.value, "scope": scope, "organization_id": organization_id, "event_id": event_id,
        }  # fmt: skip
        token = _give(session, INVITATION, timedelta(days=days), actor, **wanted)
        audit.record(
            session, actor, "invitation.create", "invitation", _hash(token)[:16], league=_league_of(scope),
            days=days, **wanted,
        )  # fmt: skip
    return token


def open_invitations(session: Session, *, actor: Actor) -> tuple[OpenInvitation, ...]:
    """Invitations that still wait, the newest first. Raises AccessDenied."""
    require(actor, Permission.MANAGE_ACCOUNTS)
    rows = session.scalars(
        select(AccountLink)
        .where(AccountLink.purpose == INVITATION, AccountLink.used_at.is_(None), AccountLink.expires_at > now_utc())
        .order_by(AccountLink.created_at.desc())
        .limit(50)
    )
    return tuple(OpenInvitation(row.token_hash[:16], _shown(session, row), row.created_at) for row in rows)


def revoke(database: Database, mark: str, *, actor: Actor) -> None:
    """Let an invitation open nothing any more. Repeating it changes nothing. Raises AccessDenied."""
    require(actor, Permission.MANAGE_ACCOUNTS)
    with database.write() as session:
        row = session.scalar(
            select(AccountLink)
            .where(
                AccountLink.purpose == INVITATION,
                AccountLink.token_hash.startswith(mark, autoescape=True),
                AccountLink.used_at.is_(None),
            )
            .with_for_update()
        )
        if row is not None:
            row.used_at = now_utc()
            audit.record(session, actor, "invitation.revoke", "invitation", mark)


def reset_link(database: Database, account_id: int, *, actor: Actor) -> str:
    """A token that lets whoever holds it set a new password of this account within a day; shown once.

    A link given out before opens nothing any more. Raises NotFound, Conflict for an account that is switched off,
    AccessDenied.
    """
    require(actor, Permission.MANAGE_ACCOUNTS)
    with database.write() as session:
        account = people.locked(session, account_id)
        if not account.active:
            raise Conflict("这个账号已停用，请先启用再重设密码。")
        earlier = select(AccountLink).where(AccountLink.account_id == account_id, AccountLink.used_at.is_(None))
        for link in session.scalars(earlier):
            link.used_at = now_utc()
        token = _give(session, RESET, timedelta(hours=RESET_HOURS), actor, account_id=account_id)
        audit.record(session, actor, "account.reset_link", "account", account_id)
    return token


# ------------------------------------------------------------------ using
def invitation(session: Session, token: str, *, actor: Actor) -> Invitation:
    """What a token invites to. Raises NotFound with one sentence for an unknown, used or expired one, AccessDenied."""
    require(actor, Permission.REGISTER)
    return _shown(session, _open(session, token, INVITATION))


def reset_login(session: Session, token: str, *, actor: Actor) -> str:
    """The login whose password a token resets. Raises NotFound, AccessDenied."""
    require(actor, Permission.REGISTER)
    link = _open(session, token, RESET)
    return session.scalar(select(Account.login).where(Account.id == link.account_id, Account.active)) or _refuse()


def accept(database: Database, token: str, values: Mapping[str, str], *, actor: Actor, agent: str) -> str:
    """Make the invited account and start its first login, whose token is returned.

    `values`: login, name, phone, password, again, consent ("1"). Raises InvalidInput, NotFound, AccessDenied.
    """
    require(actor, Permission.REGISTER)
    with database.read() as session:
        _open(session, token, INVITATION)
    if problems := registration.newcomer_problems(values):
        raise InvalidInput(problems)
    hashed = accounts.hash_password(values["password"])
    with database.write() as session:
        link = _open(session, token, INVITATION, lock=True)
        account = accounts.new_account(
            session,
            values["login"],
            hashed,
            values["name"],
            Role(link.role or Role.APPLICANT),
            phone=registration.own_phone(values.get("phone", ""))[0],
            consent_version=consent.VERSION,
            consented_at=now_utc(),
        )
        _become(session, account, link, actor)
        login = accounts.start_login(session, account.id, address=actor.address, agent=agent)
    return login or _refuse()


def accept_signed_in(database: Database, token: str, *, actor: Actor, agent: str) -> str:
    """Let the actor's own account become what it is invited to. Its logins end; the token of a new one is returned.

    Raises NotFound, AccessDenied (also for an administrator, who would lose rights by a link).
    """
    require(actor, Permission.MANAGE_OWN_ACCOUNT)
    if actor.may(Permission.MANAGE_ACCOUNTS):
        raise AccessDenied("管理员的身份不能用邀请改变，请退出后用新账号接受邀请。")
    with database.write() as session:
        link = _open(session, token, INVITATION, lock=True)
        account = people.locked(session, actor.account_id or 0)
        _become(session, account, link, actor)
        accounts.end_logins(session, account.id)
        session.flush()
        login = accounts.start_login(session, account.id, address=actor.address, agent=agent)
    return login or _refuse()


def reset(database: Database, token: str, password: str, again: str, *, actor: Actor) -> None:
    """Set the password that a token resets; every login of the account ends. Raises InvalidInput, NotFound."""
    require(actor, Permission.REGISTER)
    with database.read() as session:
        login = reset_login(session, token, actor=actor)
    if weakness := accounts.password_weakness(password, login):
        raise InvalidInput({"password": weakness})
    if password != again:
        raise InvalidInput({"again": "两次输入的密码不一致，请重新输入。"})
    hashed = accounts.hash_password(password)
    with database.write() as session:
        link = _open(session, token, RESET, lock=True)
        account = people.locked(session, link.account_id or 0)
        if not account.active:
            _refuse()
        link.used_at = now_utc()
        session.flush()
        accounts.replace_password(session, account.id, hashed)
        audit.record(session, actor, "account.reset", "account", account.id)


# ------------------------------------------------------------------ inside
def _give(session: Session, purpose: str, lasting: timedelta, actor: Actor, **values: Any) -> str:
    token, now = secrets.token_urlsafe(32), now_utc()
    session.add(
        AccountLink(
            token_hash=_hash(token),
            purpose=purpose,
            created_by=actor.account_id,
            created_at=now,
            expires_at=now + lasting,
            **values,
        )
    )
    return token


def _open(session: Session, token: str, purpose: str, *, lock: bool = False) -> AccountLink:
    if len(token) == _LENGTH and token.isascii():
        wanted = select(AccountLink).where(
            AccountLink.token_hash == _hash(token),
            AccountLink.purpose == purpose,
            AccountLink.used_at.is_(None),
            AccountLink.expires_at > now_utc(),
        )
        found = session.scalar(wanted.with_for_update() if lock else wanted)
        if found is not None:
            return found
    raise NotFound(_DEAD)


def _become(session: Session, account: Account, link: AccountLink, actor: Actor) -> None:
    """Give an account what its invitation says, and let nobody use the invitation again."""
    before = people.place_of(account)
    link.used_at = now_utc()
    account.role = link.role or account.role
    account.scope = link.scope
    if link.organization_id is not None:
        account.organization_id = link.organization_id
        account.claim_state = ClaimState.APPROVED.value
    if link.event_id is not None:
        session.merge(EventOrganizer(account_id=account.id, event_id=link.event_id))
    audit.record(
        session, actor, "invitation.accept", "account", account.id, league=_league_of(link.scope),
        before=before, after=people.place_of(account), invitation=link.token_hash[:16],
    )  # fmt: skip


def _shown(session: Session, link: AccountLink) -> Invitation:
    def name(model: Any, key: Any, column: str) -> str:
        found = session.get(model, key) if key is not None else None
        return str(getattr(found, column)) if found is not None else ""

    return Invitation(
        Role(link.role or Role.APPLICANT),
        name(Organization, link.organization_id, "name"),
        name(Division, link.scope, "name"),
        name(Event, link.event_id, "title"),
        link.expires_at,
    )


def _league_of(scope: str | None) -> str | None:
    return f"{scope[:4]}00" if scope and not scope.endswith("0000") else None


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def _refuse() -> NoReturn:
    raise NotFound(_DEAD)
