"""Notices: what an account should know, in the app and in a feed of its own. They hold nothing confidential."""

import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from lib.domain import paging
from lib.domain.access import Actor, Permission, require
from lib.domain.dates import now_utc
from lib.domain.errors import NotFound
from lib.services import audit
from lib.store.engine import Database
from lib.store.models import Account, Notice, Submission

PAGE_SIZE: Final = 20
_KEY_LENGTH: Final = 43


@dataclass(frozen=True)
class NoticeItem:
    """One notice: what happened and where to go."""

    id: int
    at: datetime
    title: str
    body: str
    page: str
    query: Mapping[str, str]
    read: bool


@dataclass(frozen=True)
class Notices:
    """One page of notices, the newest first."""

    items: tuple[NoticeItem, ...]
    total: int
    unread: int
    page: int

    @property
    def pages(self) -> int:
        """How many pages there are, at least one."""
        return paging.pages(self.total, PAGE_SIZE)


def tell(
    session: Session, account_id: int | None, title: str, page: str, query: Mapping[str, str], body: str = ""
) -> None:
    """Leave a notice for an account that leads to `page` with `query`; a visitor (None) gets none."""
    if account_id is not None:
        session.add(Notice(account_id=account_id, at=now_utc(), title=title, body=body, page=page, query=dict(query)))


def tell_owners(
    session: Session, kind: str, record_id: int, title: str, page: str, query: Mapping[str, str], body: str = ""
) -> None:
    """A notice to the accounts whose record it is (`kind`: achievement or demand): who handed it in, and the members of
    its organization.
    """
    kinds = ("demand", "military") if kind == "demand" else ("achievement",)
    owner = session.execute(
        select(Submission.account_id, Submission.organization_id)
        .where(Submission.kind.in_(kinds), Submission.record_id == record_id)
        .order_by(Submission.id.desc())
        .limit(1)
    ).one_or_none()
    if owner is None:
        return
    told = {owner.account_id}
    if owner.organization_id is not None:
        told |= set(session.scalars(select(Account.id).where(Account.organization_id == owner.organization_id)))
    for account in sorted(number for number in told if number is not None):
        tell(session, account, title, page, query, body)


def unread(session: Session, *, actor: Actor) -> int:
    """How many notices the actor has not read; none for a visitor."""
    if not actor.may(Permission.MANAGE_OWN_ACCOUNT):
        return 0
    require(actor, Permission.MANAGE_OWN_ACCOUNT)
    mine = select(func.count()).where(Notice.account_id == actor.account_id, Notice.read_at.is_(None))
    return session.scalar(mine) or 0


def listing(session: Session, page: int = 1, *, actor: Actor) -> Notices:
    """The actor's own notices, unread ones first, then the newest. Raises AccessDenied."""
    require(actor, Permission.MANAGE_OWN_ACCOUNT)
    mine = Notice.account_id == actor.account_id
    total = session.scalar(select(func.count()).select_from(Notice).where(mine)) or 0
    rows = session.scalars(
        select(Notice)
        .where(mine)
        .order_by(Notice.read_at.is_not(None), Notice.at.desc(), Notice.id.desc())
        .limit(PAGE_SIZE)
        .offset((max(1, page) - 1) * PAGE_SIZE)
    )
    items = tuple(NoticeItem(n.id, n.at, n.title, n.body, n.page, n.query, n.read_at is not None) for n in rows)
    return Notices(items, total, unread(session, actor=actor), max(1, page))


def mark_read(database: Database, *, actor: Actor) -> None:
    """All of the actor's notices have been read. Repeating it changes nothing. Raises AccessDenied."""
    require(actor, Permission.MANAGE_OWN_ACCOUNT)
    with database.write() as session:
        session.execute(
            update(Notice)
            .where(Notice.account_id == actor.account_id, Notice.read_at.is_(None))
            .values(read_at=now_utc())
            .execution_options(synchronize_session=False)
        )


# ------------------------------------------------------------------ the own feed
def new_feed_key(database: Database, *, actor: Actor) -> str:
    """A key that opens the actor's own feed and nothing else; the one before it opens nothing any more.

    Shown once: the database keeps its SHA-256. Raises AccessDenied.
    """
    require(actor, Permission.MANAGE_OWN_ACCOUNT)
    key = secrets.token_urlsafe(32)
    with database.write() as session:
        session.execute(
            update(Account)
            .where(Account.id == actor.account_id)
            .values(feed_hash=_hash(key))
            .execution_options(synchronize_session=False)
        )
        audit.record(session, actor, "feed.key", "account", actor.account_id)
    return key


def of_feed(session: Session, key: str, limit: int = 50) -> tuple[NoticeItem, ...]:
    """The newest notices of the account whose feed the key opens. Raises NotFound for any other key."""
    account_id = None
    if len(key) == _KEY_LENGTH and key.isascii():
        account_id = session.scalar(select(Account.id).where(Account.feed_hash == _hash(key), Account.active))
    if account_id is None:
        raise NotFound("没有这个订阅地址，或者它已停用。请在「我的」页面重新生成。")
    rows = session.scalars(
        select(Notice).where(Notice.account_id == account_id).order_by(Notice.at.desc(), Notice.id.desc()).limit(limit)
    )
    return tuple(NoticeItem(n.id, n.at, n.title, n.body, n.page, n.query, n.read_at is not None) for n in rows)


def _hash(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()
