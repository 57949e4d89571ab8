"""The accounts of everybody, for those who manage them: find, switch off and on, say what each may do."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import delete, func, or_, select
from sqlalchemy.orm import Session

from lib.domain import paging
from lib.domain.access import Actor, Permission, Role, require, require_scope
from lib.domain.errors import AccessDenied, Conflict, InvalidInput, NotFound
from lib.domain.submissions import mask_phone
from lib.domain.text import fold, organization_key
from lib.domain.vocabulary import ClaimState
from lib.services import accounts, audit
from lib.store.engine import Database
from lib.store.models import Account, Division, Event, EventOrganizer, Login, Organization

PAGE_SIZE: Final = 20
ASSIGNABLE: Final = tuple(role for role in Role if role is not Role.VISITOR)


@dataclass(frozen=True)
class AccountItem:
    """An account in the list. The phone is masked; `last_seen` is its last use."""

    id: int
    version: int
    login: str
    name: str
    phone: str
    role: Role
    scope: str
    scope_name: str
    organization_id: int | None
    organization: str
    events: tuple[int, ...]
    claim: ClaimState
    active: bool
    erased: bool
    created_at: datetime
    last_seen: datetime | None


@dataclass(frozen=True)
class AccountPage:
    """One page of accounts, the newest first."""

    items: tuple[AccountItem, ...]
    total: int
    page: int

    @property
    def pages(self) -> int:
        """How many pages there are, at least one."""
        return paging.pages(self.total, PAGE_SIZE)


def listing(session: Session, words: str = "", role: Role | None = None, page: int = 1, *, actor: Actor) -> AccountPage:
    """Accounts whose login, name or organization holds these words. Raises AccessDenied."""
    require(actor, Permission.MANAGE_ACCOUNTS)
    found = select(Account.id).outerjoin(Organization, Organization.id == Account.organization_id)
    if words:
        found = found.where(
            or_(
                Account.login_key.contains(fold(words), autoescape=True),
                Account.name.contains(words, autoescape=True),
                Organization.name.contains(words, autoescape=True),
            )
        )
    if role is not None:
        found = found.where(Account.role == role.value)
    total = session.scalar(select(func.count()).select_from(found.subquery())) or 0
    page = max(1, page)
    ids = session.scalars(found.order_by(Account.id.desc()).limit(PAGE_SIZE).offset((page - 1) * PAGE_SIZE)).all()
    return AccountPage(_items(session, ids), total, page)


def read(session: Session, account_id: int, *, actor: Actor) -> AccountItem:
    """One account. Raises NotFound, AccessDenied."""
    require(actor, Permission.MANAGE_ACCOUNTS)
    found = _items(session, [account_id])
    if not found:
        raise NotFound(_MISSING)
    return found[0]


def places(session: Session, *, actor: Actor) -> tuple[dict[int, str], dict[int, str]]:
    """What accounts can be tied to: names of organizations and titles of events by id. Raises AccessDenied."""
    require(actor, Permission.MANAGE_ACCOUNTS)
    named = select(Organization.id, Organization.name).order_by(Organization.name).limit(5000)
    titled = select(Event.id, Event.title).order_by(Event.id.desc()).limit(500)
    return (
        {row.id: row.name for row in session.execute(named)},
        {row.id: row.title for row in session.execute(titled)},
    )


def account_named(session: Session, login: str, *, actor: Actor) -> int | None:
    """The id of the account with this login, or None. Raises AccessDenied."""
    require(actor, Permission.MANAGE_ACCOUNTS)
    return session.scalar(select(Account.id).where(Account.login_key == accounts.login_key(login)))


def organization_named(session: Session, name: str, *, actor: Actor) -> int | None:
    """The id of the organization of this name, or None. Raises AccessDenied."""
    require(actor, Permission.MANAGE_ACCOUNTS)
    return session.scalar(select(Organization.id).where(Organization.name_key == organization_key(name)))


def switch(database: Database, account_id: int, active: bool, version: int, *, actor: Actor) -> None:
    """Switch an account off, which ends its logins at once, or on again.

    Raises Conflict when somebody changed it meanwhile, AccessDenied for one's own account and the last administrator.
    """
    require(actor, Permission.MANAGE_ACCOUNTS)
    with database.write() as session:
        if not active:
            keep_an_administrator(session, account_id)
        account = _changeable(session, account_id, version, actor)
        if account.active == active:
            return
        if not active:
            accounts.end_logins(session, account.id)
        account.active = active
        account.failed_logins, account.locked_until = 0, None
        action = "account.enable" if active else "account.disable"
        audit.record(session, actor, action, "account", account.id, before=not active, after=active)


def assign(
    database: Database,
    account_id: int,
    role: Role,
    version: int,
    *,
    actor: Actor,
    scope: str | None = None,
    organization_id: int | None = None,
    events: Sequence[int] = (),
) -> None:
    """Say what an account is: its role, the division it answers for, its organization, its events. Its logins end.

    Raises InvalidInput, Conflict, AccessDenied for one's own account and the last administrator.
    """
    require(actor, Permission.MANAGE_ACCOUNTS)
    with database.write() as session:
        if role is not Role.ADMINISTRATOR:
            keep_an_administrator(session, account_id)
        account = _changeable(session, account_id, version, actor)
        check_place(session, role, scope, organization_id, events)
        before = {**place_of(account), "events": _events(session, account.id)}
        account.role, account.scope, account.organization_id = role.value, scope, organization_id
        if organization_id is not None:
            account.claim_state = ClaimState.APPROVED.value
        session.execute(delete(EventOrganizer).where(EventOrganizer.account_id == account.id))
        session.add_all(EventOrganizer(account_id=account.id, event_id=event) for event in dict.fromkeys(events))
        session.flush()
        after = {**place_of(account), "events": _events(session, account.id)}
        if after == before:
            return
        accounts.end_logins(session, account.id)
        audit.record(session, actor, "account.assign", "account", account.id, before=before, after=after)


def view_phone(database: Database, account_id: int, *, actor: Actor) -> str:
    """The phone of an account, for whoever decides claims in its league; the reading goes into the audit trail.

    Raises NotFound, AccessDenied.
    """
    require(actor, Permission.APPROVE_ACCOUNT)
    with database.write() as session:
        account = locked(session, account_id)
        require_scope(actor, Permission.APPROVE_ACCOUNT, account.claim_league)
        audit.record(session, actor, "contact.view", "account", account.id, league=account.claim_league)
        return account.phone


# ------------------------------------------------------------------ what links share
def check_place(
    session: Session, role: Role, scope: str | None, organization_id: int | None, events: Sequence[int]
) -> None:
    """Raise InvalidInput unless the role has what it needs, and all of it exists."""
    problems: dict[str, str] = {}
    if role not in ASSIGNABLE:
        problems["role"] = "请从列表里选择身份。"
    if role is Role.OFFICIAL and not scope:
        problems["scope"] = "主管部门须选择所管的地区。"
    elif scope and (role is not Role.OFFICIAL or session.get(Division, scope) is None):
        problems["scope"] = "只有主管部门有所管地区，请从列表里选择。"
    if role is Role.MEMBER and organization_id is None:
        problems["organization_id"] = "单位成员须选择所属单位。"
    elif organization_id is not None and session.get(Organization, organization_id) is None:
        problems["organization_id"] = "没有这家机构，请从列表里选择。"
    if role is Role.ORGANIZER and not events:
        problems["events"] = "活动主办方须选择至少一场活动。"
    elif events and (role is not Role.ORGANIZER or any(session.get(Event, event) is None for event in events)):
        problems["events"] = "只有活动主办方有所办活动，请从列表里选择。"
    if problems:
        raise InvalidInput(problems)


def place_of(account: Account) -> dict[str, Any]:
    """What an account is, for the audit trail."""
    return {"role": account.role, "scope": account.scope, "organization": account.organization_id}


def locked(session: Session, account_id: int) -> Account:
    """The account, locked until the transaction ends. Raises NotFound."""
    account = session.get(Account, account_id, with_for_update=True)
    if account is None or account.erased_at is not None:
        raise NotFound(_MISSING)
    return account


def keep_an_administrator(session: Session, account_id: int) -> None:
    """Raise AccessDenied when no active administrator but this account is left.

    All of them are locked, in one order and before anything else, so that two of them cannot remove each other.
    """
    others = session.scalars(
        select(Account.id)
        .where(Account.role == Role.ADMINISTRATOR.value, Account.active)
        .order_by(Account.id)
        .with_for_update()
    ).all()
    if account_id in others and len(others) == 1:
        raise AccessDenied("这是最后一个在用的管理员账号，请先再设一名管理员。")


# ------------------------------------------------------------------ inside
_MISSING: Final = "没有找到这个账号，请回到列表。"


def _changeable(session: Session, account_id: int, version: int, actor: Actor) -> Account:
    if account_id == actor.account_id:
        raise AccessDenied("不能停用自己或改变自己的身份，请交由另一名管理员办理。")
    account = locked(session, account_id)
    if account.version != version:
        raise Conflict("这个账号在您查看之后有了变化，请核对最新内容再办理。")
    return account


def _events(session: Session, account_id: int) -> list[int]:
    own = select(EventOrganizer.event_id).where(EventOrganizer.account_id == account_id)
    return sorted(session.scalars(own))


def _items(session: Session, ids: Sequence[int]) -> tuple[AccountItem, ...]:
    a = Account
    seen = select(func.max(Login.seen_at)).where(Login.account_id == a.id).scalar_subquery()
    rows = session.execute(
        select(
            a.id, a.version, a.login, a.name, a.phone, a.role, a.scope, Division.name.label("scope_name"),
            a.organization_id, Organization.name.label("organization"), a.claim_state, a.active, a.erased_at,
            a.created_at, seen.label("last_seen"),
        )
        .outerjoin(Division, Division.code == a.scope)
        .outerjoin(Organization, Organization.id == a.organization_id)
        .where(a.id.in_(ids))
        .order_by(a.id.desc())
    )  # fmt: skip
    return tuple(
        AccountItem(
            r.id, r.version, r.login, r.name, mask_phone(r.phone) if r.phone else "", Role(r.role), r.scope or "",
            r.scope_name or "", r.organization_id, r.organization or "", tuple(_events(session, r.id)),
            ClaimState(r.claim_state), r.active, r.erased_at is not None, r.created_at, r.last_seen,
        )
        for r in rows
    )  # fmt: skip
