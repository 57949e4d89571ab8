"""Who an identity provider says somebody is, and which account of ours that is.

A provider proves an identity: the pair of issuer and subject, never an e-mail address. What an account may do is
decided here alone; nothing that a provider claims grants a right.
"""

import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import delete, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from lib.domain.access import Actor, Permission, Role, require
from lib.domain.dates import now_utc
from lib.domain.errors import AccessDenied, Conflict
from lib.domain.text import clean
from lib.services import accounts, audit
from lib.store.engine import Database
from lib.store.models import Account, Identity, Login

METHOD: Final = "oidc"
"""How such a login is known in the table of logins."""

_LONGEST: Final = 255
_NAMELESS: Final = "统一身份用户"


@dataclass(frozen=True)
class Proof:
    """What a provider vouched for. The name is only a suggestion for a new account."""

    issuer: str
    subject: str
    name: str = ""


@dataclass(frozen=True)
class Entry:
    """A login that was started: its token for the cookie, and whether the account is new."""

    token: str
    new: bool


def enter(database: Database, proof: Proof, *, address: str, agent: str) -> Entry:
    """Start a login for the account of this identity; an unknown identity gets an account without any right.

    Such an account has no password and no organization: its owner completes it on 我的账号. Raises AccessDenied when
    the account was switched off, or when the subject cannot be a subject.
    """
    if not (0 < len(proof.issuer) <= _LONGEST and 0 < len(proof.subject) <= _LONGEST):
        raise AccessDenied("统一身份认证没有说明您是谁，请联系它的管理员。")
    try:
        entry = _enter(database, proof, address, agent)
    except IntegrityError:  # another tab made the account in this moment: now it is found
        entry = _enter(database, proof, address, agent)
    if entry is None:
        raise AccessDenied("这个账号已停用，请联系管理员。")
    return entry


def link(session: Session, proof: Proof, *, actor: Actor) -> None:
    """Let this identity open the actor's account from now on. Repeating it changes nothing.

    The caller has let the actor confirm it by the password. Raises Conflict when the identity belongs to another
    account.
    """
    require(actor, Permission.MANAGE_OWN_ACCOUNT)
    found = session.get(Identity, (proof.issuer, proof.subject))
    if found is not None and found.account_id != actor.account_id:
        raise Conflict("这个统一身份已关联另一个账号；请先用它登录，在那个账号里解除关联。")
    if found is None and actor.account_id is not None:
        _bind(session, proof, actor.account_id)
        audit.record(session, actor, "identity.link", "account", actor.account_id, issuer=proof.issuer)


def unlink(session: Session, *, actor: Actor) -> None:
    """No identity opens the actor's account any more, and the logins that one opened end. It may be repeated.

    Raises Conflict for an account without a password, which would have no way in left.
    """
    require(actor, Permission.MANAGE_OWN_ACCOUNT)
    account = session.scalars(select(Account).where(Account.id == actor.account_id).with_for_update()).one()
    if not account.password_hash:
        raise Conflict("您的账号没有密码，解除关联后就无法登录；请先在「我的账号」设定密码。")
    gone = session.scalars(delete(Identity).where(Identity.account_id == account.id).returning(Identity.issuer)).all()
    if not gone:
        return
    session.execute(
        update(Login)
        .where(Login.account_id == account.id, Login.method == METHOD, Login.ended_at.is_(None))
        .values(ended_at=now_utc())
        .execution_options(synchronize_session=False)
    )
    audit.record(session, actor, "identity.unlink", "account", account.id, issuers=sorted(set(gone)))


def linked(session: Session, *, actor: Actor) -> list[datetime]:
    """Since when identities open the actor's account (UTC), the first first."""
    require(actor, Permission.MANAGE_OWN_ACCOUNT)
    own = select(Identity.linked_at).where(Identity.account_id == actor.account_id).order_by(Identity.linked_at)
    return list(session.scalars(own))


def by_provider(session: Session, *, actor: Actor) -> bool:
    """True when the provider opened the login through which the actor acts."""
    require(actor, Permission.MANAGE_OWN_ACCOUNT)
    method = select(Login.method).where(
        Login.account_id == actor.account_id,
        Login.token_hash.startswith(actor.session, autoescape=True),
        Login.ended_at.is_(None),
    )
    return bool(actor.session) and session.scalar(method) == METHOD


# ------------------------------------------------------------------ inside
def _enter(database: Database, proof: Proof, address: str, agent: str) -> Entry | None:
    """One transaction; None for an account that was switched off."""
    with database.write() as session:
        known = session.get(Identity, (proof.issuer, proof.subject))
        account_id = known.account_id if known else _create(session, proof, address)
        token = accounts.start_login(session, account_id, address=address, agent=agent, method=METHOD)
        if token is None:
            visitor = Actor(address=address[:64])
            audit.record(session, visitor, "login.refused", "account", account_id, method=METHOD, active=False)
            return None
        return Entry(token, new=known is None)


def _create(session: Session, proof: Proof, address: str) -> int:
    account = accounts.new_account(session, f"u-{secrets.token_hex(6)}", "", _name(proof.name), Role.APPLICANT)
    _bind(session, proof, account.id)
    created = Actor(Role.APPLICANT, account.id, account.name, address[:64])
    audit.record(
        session, created, "account.create", "account", account.id, role=account.role, method=METHOD, issuer=proof.issuer
    )
    return account.id


def _bind(session: Session, proof: Proof, account_id: int) -> None:
    session.add(Identity(issuer=proof.issuer, subject=proof.subject, account_id=account_id, linked_at=now_utc()))


def _name(claimed: str) -> str:
    try:
        return clean(claimed)[:40].strip() or _NAMELESS
    except ValueError:
        return _NAMELESS
