"""What everybody may do with their own account: see it, correct it, end its logins, take it along, have it erased."""

import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final

from sqlalchemy import ColumnElement, delete, func, or_, select, update
from sqlalchemy.orm import InstrumentedAttribute, Session

from lib.domain import browsers, consent
from lib.domain.access import Actor, Permission, Role, require
from lib.domain.dates import now_utc
from lib.domain.errors import AccessDenied, InvalidInput
from lib.domain.text import clean
from lib.domain.vocabulary import AccessState, ClaimState
from lib.services import accounts, audit, disclosure, people, registration, submissions
from lib.store.engine import Database
from lib.store.models import (
    AccessRequest,
    Account,
    AccountLink,
    Attachment,
    Attendee,
    AuditEntry,
    Base,
    Division,
    Draft,
    EventOrganizer,
    Identity,
    Interest,
    Login,
    Notice,
    Organization,
    SavedSearch,
    Submission,
)

ERASED: Final = "已注销用户"


@dataclass(frozen=True)
class Me:
    """The actor's own account, for its own page."""

    login: str
    name: str
    phone: str
    role: Role
    scope: str
    organization: str
    claim: ClaimState
    claim_name: str
    claim_code: str
    claim_league: str
    claim_comment: str
    consent_version: str
    consented_at: datetime | None
    has_password: bool
    identities: int
    created_at: datetime


@dataclass(frozen=True)
class OwnLogin:
    """A login of the actor that has not ended; `mark` names it and opens nothing."""

    mark: str
    started_at: datetime
    seen_at: datetime
    address: str
    browser: str
    method: str
    current: bool


# ------------------------------------------------------------------ seeing
def me(session: Session, *, actor: Actor) -> Me:
    """The actor's own account. Raises AccessDenied."""
    require(actor, Permission.MANAGE_OWN_ACCOUNT)
    a = session.get_one(Account, actor.account_id)
    scope = session.get(Division, a.scope) if a.scope else None
    organization = session.get(Organization, a.organization_id) if a.organization_id else None
    identities = session.scalar(select(func.count()).where(Identity.account_id == a.id)) or 0
    return Me(
        a.login, a.name, a.phone, Role(a.role), scope.name if scope else "",
        organization.name if organization else "", ClaimState(a.claim_state), a.claim_name, a.claim_code,
        a.claim_league or "", a.claim_comment, a.consent_version, a.consented_at, bool(a.password_hash), identities,
        a.created_at,
    )  # fmt: skip


def logins(session: Session, *, actor: Actor) -> tuple[OwnLogin, ...]:
    """The actor's logins that are alive, the last used first. Raises AccessDenied."""
    require(actor, Permission.MANAGE_OWN_ACCOUNT)
    rows = session.execute(
        select(Login.token_hash, Login.started_at, Login.seen_at, Login.address, Login.agent, Login.method)
        .where(Login.account_id == actor.account_id, accounts.alive())
        .order_by(Login.seen_at.desc())
    )
    return tuple(
        OwnLogin(
            r.token_hash[:16], r.started_at, r.seen_at, r.address, browsers.in_words(r.agent), r.method,
            r.token_hash[:16] == actor.session,
        )
        for r in rows
    )  # fmt: skip


def must_agree(session: Session, *, actor: Actor) -> bool:
    """True when the actor agreed to an earlier version of the consent text; never for a visitor."""
    if not actor.may(Permission.MANAGE_OWN_ACCOUNT):
        return False
    require(actor, Permission.MANAGE_OWN_ACCOUNT)
    agreed = session.scalar(select(Account.consent_version).where(Account.id == actor.account_id))
    return agreed not in (None, "", consent.VERSION)


# ------------------------------------------------------------------ changing
def correct(database: Database, name: str, phone: str, *, actor: Actor) -> None:
    """Correct one's own name and phone. Raises InvalidInput, AccessDenied."""
    require(actor, Permission.MANAGE_OWN_ACCOUNT)
    problems = {k: v for k, v in accounts.personal_problems("xx", name, "").items() if k == "name"}
    number, wrong = registration.own_phone(phone)
    if wrong:
        problems["phone"] = wrong
    if problems:
        raise InvalidInput(problems)
    with database.write() as session:
        account = people.locked(session, actor.account_id or 0)
        wanted = {"name": clean(name), "phone": number}
        changed = [key for key, value in wanted.items() if getattr(account, key) != value]
        if changed:
            account.name, account.phone = wanted["name"], wanted["phone"]
            audit.record(session, actor, "account.correct", "account", account.id, fields=changed)


def agree(database: Database, *, actor: Actor) -> None:
    """Agree to the present consent text. Repeating it changes nothing. Raises AccessDenied."""
    require(actor, Permission.MANAGE_OWN_ACCOUNT)
    with database.write() as session:
        account = people.locked(session, actor.account_id or 0)
        if account.consent_version != consent.VERSION:
            account.consent_version, account.consented_at = consent.VERSION, now_utc()
            audit.record(session, actor, "account.consent", "account", account.id, version=consent.VERSION)


def change_password(database: Database, current: str, password: str, again: str, *, actor: Actor, agent: str) -> str:
    """A new password of one's own. Every login ends; the token of a fresh one is returned for this browser.

    Raises InvalidInput, AccessDenied when the current password is wrong (which counts as a failed login).
    """
    require(actor, Permission.MANAGE_OWN_ACCOUNT)
    with database.read() as session:
        login = session.scalar(select(Account.login).where(Account.id == actor.account_id)) or ""
    if weakness := accounts.password_weakness(password, login):
        raise InvalidInput({"password": weakness})
    if password != again:
        raise InvalidInput({"again": "两次输入的密码不一致，请重新输入。"})
    accounts.confirm(database, current, actor=actor)
    hashed = accounts.hash_password(password)
    with database.write() as session:
        accounts.replace_password(session, actor.account_id or 0, hashed)
        audit.record(session, actor, "account.password", "account", actor.account_id)
        token = accounts.start_login(session, actor.account_id or 0, address=actor.address, agent=agent)
    if token is None:
        raise AccessDenied("这个账号已停用。")
    return token


def end_login(database: Database, mark: str, *, actor: Actor) -> None:
    """End one of one's own logins. Repeating it changes nothing. Raises AccessDenied."""
    require(actor, Permission.MANAGE_OWN_ACCOUNT)
    with database.write() as session:
        if len(mark) == 16 and accounts.end_logins(session, actor.account_id or 0, mark=mark):
            audit.record(session, actor, "login.end", "account", actor.account_id, ended=1)


def end_other_logins(database: Database, *, actor: Actor) -> int:
    """End all of one's own logins but this one; how many there were. Raises AccessDenied."""
    require(actor, Permission.MANAGE_OWN_ACCOUNT)
    with database.write() as session:
        ended = accounts.end_logins(session, actor.account_id or 0, besides=actor.session)
        if ended:
            audit.record(session, actor, "login.end", "account", actor.account_id, ended=ended)
    return ended


# ------------------------------------------------------------------ taking along
def export(database: Database, *, actor: Actor) -> dict[str, Any]:
    """Everything the database holds about the actor, as JSON values; hashes of secrets are left out.

    The reading goes into the audit trail. Raises AccessDenied.
    """
    require(actor, Permission.MANAGE_OWN_ACCOUNT)
    with database.write() as session:
        audit.record(session, actor, "account.export", "account", actor.account_id)
    with database.read() as session:
        return {
            "exported_at": _plain(now_utc()),
            **{name: _rows(session, model, mine) for name, model, mine in _mine(actor.account_id or 0)},
        }


_SECRET: Final = frozenset({"password_hash", "token_hash", "feed_hash", "browser_hash", "stored", "hash", "key_hash"})


def _mine(account_id: int) -> Iterator[tuple[str, type[Base], ColumnElement[bool]]]:
    """Every table with rows about an account, and which of them are."""
    yield "account", Account, Account.id == account_id
    yield "identities", Identity, Identity.account_id == account_id
    yield "logins", Login, Login.account_id == account_id
    yield "events", EventOrganizer, EventOrganizer.account_id == account_id
    yield "drafts", Draft, Draft.account_id == account_id
    yield "submissions", Submission, Submission.account_id == account_id
    yield "attachments", Attachment, Attachment.account_id == account_id
    yield "access_requests", AccessRequest, AccessRequest.account_id == account_id
    yield "notices", Notice, Notice.account_id == account_id
    yield "attendance", Attendee, Attendee.account_id == account_id
    yield "interests", Interest, Interest.account_id == account_id
    yield "searches", SavedSearch, SavedSearch.account_id == account_id
    about = (AuditEntry.object_kind == "account") & (AuditEntry.object_id == str(account_id))
    yield "audit", AuditEntry, or_(AuditEntry.account_id == account_id, about)


def _rows(session: Session, model: type[Base], mine: ColumnElement[bool]) -> list[dict[str, Any]]:
    columns: list[InstrumentedAttribute[Any]] = [
        getattr(model, attribute.key) for attribute in model.__mapper__.column_attrs if attribute.key not in _SECRET
    ]
    if model is AuditEntry:  # what others did to the account is told without naming them or where they were
        columns = [c for c in columns if c.key not in {"address", "request_id", "session", "account_id", "actor"}]
    rows = session.execute(select(*columns).where(mine).order_by(*model.__mapper__.primary_key)).mappings()
    return [{name: _plain(value) for name, value in row.items()} for row in rows]


def _plain(value: Any) -> Any:
    if isinstance(value, datetime | date):
        return value.isoformat()
    return str(value) if isinstance(value, Decimal) else value


# ------------------------------------------------------------------ being forgotten
def erase(database: Database, password: str, *, actor: Actor) -> None:
    """Remove everything personal about the actor and leave an empty row that the audit trail can point to.

    Asks for the password. What waits for review is withdrawn; published records stay with their unit, without the
    contact. Raises AccessDenied (wrong password; the last administrator).
    """
    require(actor, Permission.MANAGE_OWN_ACCOUNT)
    accounts.confirm(database, password, actor=actor)
    mine = actor.account_id or 0
    with database.write() as session:
        people.keep_an_administrator(session, mine)
        account = people.locked(session, mine)
        withdrawn = submissions.withdraw_all(session, mine, actor=actor)
        session.flush()
        _erase_contacts(session, mine)
        unused = delete(Attachment).where(Attachment.account_id == mine, Attachment.submission_id.is_(None))
        session.execute(unused.execution_options(synchronize_session=False))  # the files go with the next sweep
        for model, column in _FORGOTTEN.items():
            session.execute(delete(model).where(column == mine).execution_options(synchronize_session=False))
        session.execute(
            update(AccessRequest)
            .where(AccessRequest.account_id == mine)
            .values(reason="", state=AccessState.REVOKED.value, version=AccessRequest.version + 1)
            .execution_options(synchronize_session=False)
        )
        account.login = account.login_key = f"erased-{secrets.token_hex(8)}"
        account.name, account.phone, account.password_hash = ERASED, "", ""
        account.claim_state, account.claim_league = ClaimState.NONE.value, None
        account.claim_name = account.claim_code = account.claim_comment = ""
        account.role, account.scope, account.organization_id = Role.VISITOR.value, None, None
        account.feed_hash, account.active, account.erased_at = None, False, now_utc()
        unnamed = Actor(
            actor.role, mine, ERASED, actor.address, actor.request_id, scope=actor.scope, session=actor.session
        )
        audit.record(session, unnamed, "account.erase", "account", mine, withdrawn=withdrawn)


_FORGOTTEN: Final[Mapping[type[Base], InstrumentedAttribute[Any]]] = {
    Identity: Identity.account_id,
    Draft: Draft.account_id,
    Login: Login.account_id,
    Notice: Notice.account_id,
    SavedSearch: SavedSearch.account_id,
    EventOrganizer: EventOrganizer.account_id,
    AccountLink: AccountLink.account_id,
}
"""Tables whose rows about an account go with it."""


def _erase_contacts(session: Session, account_id: int) -> None:
    """The contact of every submission of an account, also where a published record keeps it sealed."""
    published = session.execute(
        select(Submission.kind, Submission.record_id).where(
            Submission.account_id == account_id, Submission.record_id.is_not(None)
        )
    ).all()
    for kind, record_id in published:
        record_kind = next(name for name, kinds in disclosure.KINDS.items() if kind in kinds)
        disclosure.erase(session, record_kind, record_id or 0, ["contact"])
    session.execute(
        update(Submission)
        .where(Submission.account_id == account_id)
        .values(contact_name="", contact_phone="", contact_email="", contact_hint="", version=Submission.version + 1)
        .execution_options(synchronize_session=False)
    )
    for entity in (Attendee, Interest):
        blank = {"note": ""} if entity is Interest else {}
        session.execute(
            update(entity)
            .where(entity.account_id == account_id)
            .values(name="", unit="", phone="", hint="", erased_at=now_utc(), **blank)
            .execution_options(synchronize_session=False)
        )
