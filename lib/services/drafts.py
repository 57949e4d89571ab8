"""Drafts: what somebody is typing, kept so that a reload, a crash or another day loses nothing.

A draft belongs to the account that typed it, or to the browser of a visitor; its id alone opens nothing.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from hashlib import sha256
from typing import Any, Final

from sqlalchemy import ColumnElement, and_, delete, or_, select
from sqlalchemy.orm import Session

from lib.domain.access import Actor, Permission, require
from lib.domain.dates import now_utc
from lib.domain.errors import InvalidInput, NotFound
from lib.domain.vocabulary import SubmissionKind
from lib.services import audit, markings
from lib.services.forms import DATES, DECLARED, FORMS
from lib.store.engine import Database
from lib.store.models import Attachment, Draft, Submission

DRAFT_ID: Final = re.compile(r"[0-9a-f]{32}")
"""What a draft is known by in the address of its form."""
KEPT_DAYS: Final = 90
_LARGEST: Final = 40_000
_FOREIGN: Final = "没有找到这份草稿。它可能是在另一台电脑或另一个账号上写的，请重新填写。"


@dataclass(frozen=True)
class DraftItem:
    """A draft in its owner's list."""

    id: str
    kind: SubmissionKind
    title: str
    saved_at: datetime
    revises_id: int | None
    event_id: int | None


def browser_of(cookie: str | None) -> str:
    """What stands for a browser where somebody has no account: the SHA-256 of its cookie, blank without one."""
    return sha256(cookie.encode()).hexdigest() if cookie else ""


def save(
    database: Database,
    draft_id: str,
    kind: SubmissionKind,
    values: Mapping[str, Any],
    *,
    actor: Actor,
    browser: str = "",
    revises_id: int | None = None,
) -> datetime | None:
    """Keep what is typed so far, unchecked but for secrecy markings; returns when.

    None says that nothing is kept: nothing is typed, a visitor's browser has no cookie, or the draft was handed in
    meanwhile, in another tab.

    Saving the same again writes nothing. Raises InvalidInput for a marking or for far too much text, NotFound for
    somebody else's draft, AccessDenied.
    """
    require(actor, Permission.CREATE_SUBMISSION)
    typed = _typed(kind, values)
    if not DRAFT_ID.fullmatch(draft_id) or not any(typed.values()):
        return None
    if len(json.dumps(typed, ensure_ascii=False)) > _LARGEST:
        raise InvalidInput({"title": "填写的内容太长，草稿存不下，请先删减。"})
    markings.refuse(database, typed, actor=actor)
    with database.write() as session:
        draft = session.get(Draft, draft_id, with_for_update=True)
        if draft is not None and not _mine(draft, actor, browser):
            raise NotFound(_FOREIGN)
        if draft is None:
            if not (actor.account_id or browser) or _sent(session, draft_id):
                return None
            draft = Draft(id=draft_id, kind=kind.value, values={}, saved_at=now_utc(), revises_id=revises_id)
            session.add(draft)
        if draft.values != typed or draft.kind != kind:
            draft.kind, draft.values, draft.saved_at = kind.value, typed, now_utc()
        if actor.account_id is not None:
            draft.account_id, draft.browser_hash = actor.account_id, ""
        elif draft.account_id is None:
            draft.browser_hash = browser
        return draft.saved_at


def load(session: Session, draft_id: str, *, actor: Actor, browser: str = "") -> Mapping[str, Any]:
    """What was typed into a draft, by field; empty when there is none or it is somebody else's. Raises AccessDenied."""
    require(actor, Permission.CREATE_SUBMISSION)
    draft = session.get(Draft, draft_id) if DRAFT_ID.fullmatch(draft_id) else None
    if draft is None or not _mine(draft, actor, browser):
        return {}
    return {name: _read(name, value) for name, value in draft.values.items()}


def find(session: Session, draft_id: str, *, actor: Actor, browser: str = "") -> DraftItem | None:
    """One of the actor's drafts, or None where nothing was kept yet. Raises NotFound for another's, AccessDenied."""
    require(actor, Permission.CREATE_SUBMISSION)
    draft = session.get(Draft, draft_id) if DRAFT_ID.fullmatch(draft_id) else None
    if draft is not None and not _mine(draft, actor, browser):
        raise NotFound(_FOREIGN)
    return None if draft is None else _item(draft)


def listing(session: Session, *, actor: Actor, browser: str = "") -> tuple[DraftItem, ...]:
    """The actor's drafts, the latest first. Raises AccessDenied."""
    require(actor, Permission.CREATE_SUBMISSION)
    rows = session.scalars(select(Draft).where(_own(actor, browser)).order_by(Draft.saved_at.desc()).limit(50))
    return tuple(_item(draft) for draft in rows)


def discard(database: Database, draft_id: str, *, actor: Actor, browser: str = "") -> None:
    """Delete one of the actor's drafts; another's or an unknown one stays as it is. Raises AccessDenied."""
    require(actor, Permission.CREATE_SUBMISSION)
    with database.write() as session:
        session.execute(delete(Draft).where(Draft.id == draft_id, _own(actor, browser)))


def handed_in(session: Session, draft_id: str, account_id: int | None) -> None:
    """The draft became a submission of this account, in this transaction: what was typed need not be kept twice.

    Raises NotFound when another account typed into it or added a file to it: nobody hands those in.
    """
    for known, owner in (Draft.id, Draft.account_id), (Attachment.draft_id, Attachment.account_id):
        another = owner.is_not(None) if account_id is None else owner != account_id
        if session.scalar(select(owner).where(known == draft_id, another).limit(1)) is not None:
            raise NotFound(_FOREIGN)
    session.execute(delete(Draft).where(Draft.id == draft_id))


def prune(database: Database, *, actor: Actor) -> int:
    """Delete drafts that nobody touched for `KEPT_DAYS`; how many. Raises AccessDenied."""
    require(actor, Permission.LOAD_DATA)
    old = Draft.saved_at < now_utc() - timedelta(days=KEPT_DAYS)
    with database.read() as session:
        if session.scalar(select(Draft.id).where(old).limit(1)) is None:
            return 0
    with database.write() as session:
        gone = session.connection().execute(delete(Draft).where(old)).rowcount
        audit.record(session, actor, "draft.prune", "draft", "", rows=gone)
        return gone


# ------------------------------------------------------------------ inside
def _item(draft: Draft) -> DraftItem:
    title, event_id = str(draft.values.get("title", "")), draft.values.get("event_id")
    return DraftItem(draft.id, SubmissionKind(draft.kind), title, draft.saved_at, draft.revises_id, event_id)


def _sent(session: Session, draft_id: str) -> bool:
    return session.scalar(select(Submission.id).where(Submission.draft_id == draft_id)) is not None


def _typed(kind: SubmissionKind, values: Mapping[str, Any]) -> dict[str, Any]:
    """The answers to this form's questions as JSON values; declarations are made anew each time."""
    names = set(FORMS[kind].model_fields) - DECLARED
    found: dict[str, Any] = {}
    for name, value in values.items():
        if name in names and isinstance(value, str | int | date) and value != "":
            found[name] = value.isoformat() if isinstance(value, date) else value
        elif name in names and isinstance(value, list):
            found[name] = [
                {str(cell): str(text) for cell, text in line.items() if text}
                for line in value
                if isinstance(line, Mapping)
            ]
        elif name == "levels" and isinstance(value, Mapping):
            found[name] = {str(field): str(level) for field, level in value.items()}
    return {name: value for name, value in found.items() if value}


def _read(name: str, value: Any) -> Any:
    if name not in DATES:
        return value
    try:
        return date.fromisoformat(value)
    except (TypeError, ValueError):
        return None


def _own(actor: Actor, browser: str) -> ColumnElement[bool]:
    visitors = and_(Draft.account_id.is_(None), Draft.browser_hash == browser, Draft.browser_hash != "")
    return visitors if actor.account_id is None else or_(Draft.account_id == actor.account_id, visitors)


def _mine(draft: Draft, actor: Actor, browser: str) -> bool:
    if draft.account_id is not None:
        return draft.account_id == actor.account_id
    return bool(browser) and draft.browser_hash == browser
