"""Attachments: kept under random names outside anything served, opened only by who may see their level.

The file lies on the disk, complete, before its row commits. While row and file may disagree a marker stands beside the
file; by it `sweep` finds what a crash left behind, and deletes nothing else, whatever database it is pointed at.
Nothing here trusts a name or a type that a browser states.
"""

import contextlib
import hashlib
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

from sqlalchemy import ColumnElement, func, or_, select, update
from sqlalchemy.orm import Session

from lib.domain.access import Actor, Permission, require
from lib.domain.dates import now_utc
from lib.domain.errors import InvalidInput, NotFound, Unavailable
from lib.domain.vocabulary import FieldLevel, SubmissionKind, SubmissionState
from lib.files import sniff
from lib.files.sniff import FileRefused, Sniffed
from lib.services import audit, disclosure, drafts, scopes
from lib.settings import settings
from lib.store.engine import Database
from lib.store.models import Account, Attachment, Draft, Submission
from lib.store.outage import FULL

MOST_FILES: Final = 5
MIB: Final = 1024 * 1024
_EDITABLE: Final = (SubmissionState.RETURNED.value, SubmissionState.WITHDRAWN.value)
_GONE: Final = "没有找到这个附件，可能已经删除。"
_ORPHAN_SECONDS: Final = 3600
_MARKER: Final = ".unsure"
_PART: Final = ".part"


@dataclass(frozen=True)
class AttachmentItem:
    """An attachment in a list. Whoever may not open it learns its level only: `open` is False and `name` blank."""

    id: int
    name: str
    media_type: str
    size: int
    level: FieldLevel
    uploaded_at: datetime
    open: bool = True


@dataclass(frozen=True)
class StoredFile:
    """A file to be sent: where it lies, what it is called, what it is."""

    path: Path
    name: str
    media_type: str


# ------------------------------------------------------------------ uploading
def add(
    database: Database,
    kind: SubmissionKind,
    draft_id: str,
    name: str,
    data: bytes,
    level: FieldLevel = FieldLevel.GRANTED,
    *,
    actor: Actor,
) -> AttachmentItem:
    """Keep a file with a draft, or with the actor's own submission that is being corrected. The same file once.

    Raises InvalidInput with one sentence (`file`) for a kind without attachments, a file that is refused, too many
    files or too much space; NotFound for somebody else's draft; Unavailable when the disk is full; AccessDenied.
    """
    require(actor, Permission.UPLOAD_ATTACHMENT)
    if kind is SubmissionKind.MILITARY:
        raise InvalidInput({"file": "军民对接只收结构化的内容，不收附件；需要材料时，审核后由双方线下交换。"})
    with database.read() as session:
        _check_draft(session, draft_id, actor)
        _check_room(session, draft_id, 0, actor)
    kept, shown = _examined(database, name, data, actor)
    digest = hashlib.sha256(kept.data).hexdigest()
    stored = uuid4().hex
    with _written(stored, kept.data), database.write() as session:
        session.execute(select(Account.id).where(Account.id == actor.account_id).with_for_update())
        submission = _check_draft(session, draft_id, actor)
        same = session.scalar(select(Attachment).where(Attachment.draft_id == draft_id, Attachment.sha256 == digest))
        if same is not None:
            _unlink(stored)
            return _item(same)
        _check_room(session, draft_id, len(kept.data), actor)
        found = Attachment(
            submission_id=submission.id if submission else None,
            draft_id=draft_id,
            account_id=actor.account_id,
            stored=stored,
            name=shown,
            media_type=kept.media_type,
            size=len(kept.data),
            sha256=digest,
            level=level.value,
            uploaded_at=now_utc(),
        )
        session.add(found)
        session.flush()
        _note(session, actor, "attachment.add", found, submission, size=found.size, sha256=digest, level=level.value)
        return _item(found)


def remove(database: Database, attachment_id: int, *, actor: Actor) -> None:
    """Delete one of the actor's own attachments, unless it lies before a reviewer. Repeating it changes nothing.

    Raises InvalidInput while its submission waits for review, AccessDenied.
    """
    require(actor, Permission.UPLOAD_ATTACHMENT)
    with contextlib.ExitStack() as unsure:
        with database.write() as session:
            found = session.get(Attachment, attachment_id, with_for_update=True)
            if found is None or found.account_id != actor.account_id:
                return
            submission = _submission(session, found.draft_id)
            if submission is not None and submission.state == SubmissionState.PENDING:
                raise InvalidInput({"file": "提交正在审核，附件不能删除；可以先撤回提交。"})
            unsure.enter_context(_unsure(found.stored))
            session.delete(found)
            _note(session, actor, "attachment.remove", found, submission, sha256=found.sha256)
        _unlink(found.stored)


def handed_in(session: Session, draft_id: str, submission_id: int) -> None:
    """The draft became a submission, in this transaction: its files are the submission's from now on."""
    session.execute(
        update(Attachment)
        .where(Attachment.draft_id == draft_id)
        .values(submission_id=submission_id)
        .execution_options(synchronize_session=False)
    )


# ------------------------------------------------------------------ lists
def of_draft(session: Session, draft_id: str, *, actor: Actor) -> tuple[AttachmentItem, ...]:
    """The actor's own files of a draft, in the order of their upload. Raises AccessDenied."""
    require(actor, Permission.UPLOAD_ATTACHMENT)
    own = select(Attachment).where(Attachment.draft_id == draft_id, Attachment.account_id == actor.account_id)
    return tuple(_item(found) for found in session.scalars(own.order_by(Attachment.id)))


def of_submission(session: Session, submission_id: int, *, actor: Actor) -> tuple[AttachmentItem, ...]:
    """The files of a submission for its owner or its reviewer; none for anybody else. Raises AccessDenied."""
    require(actor, Permission.MANAGE_OWN_ACCOUNT)
    statement = (
        select(Attachment)
        .join(Submission, Submission.draft_id == Attachment.draft_id)
        .where(Submission.id == submission_id, _close(actor))
        .order_by(Attachment.id)
    )
    return tuple(_item(found) for found in session.scalars(statement))


def of_record(session: Session, record_kind: str, record_id: int, *, actor: Actor) -> tuple[AttachmentItem, ...]:
    """The files of a published record: open ones with their names, closed ones without. Raises AccessDenied."""
    require(actor, Permission.READ_CATALOGUE)
    a = Attachment
    columns = (a.id, a.media_type, a.size, a.level, a.uploaded_at)
    statement = select(*columns).where(disclosure.files_of(record_kind, record_id)).order_by(a.id)
    rows = session.execute(statement).all()
    if not rows:
        return ()
    opened = disclosure.levels(session, record_kind, record_id, actor=actor)
    ids = [row.id for row in rows if row.level in opened]
    names = {row.id: row.name for row in session.execute(select(a.id, a.name).where(a.id.in_(ids)))} if ids else {}
    return tuple(
        AttachmentItem(
            row.id, names.get(row.id, ""), row.media_type, row.size, FieldLevel(row.level), row.uploaded_at,
            row.id in names,
        )
        for row in rows
    )  # fmt: skip


# ------------------------------------------------------------------ opening
def open_file(database: Database, attachment_id: int, *, actor: Actor) -> StoredFile:
    """Where an attachment lies, for whoever may open it; the opening goes into the audit trail.

    Raises NotFound for an attachment that is not there and for one that the actor may not know of, AccessDenied.
    """
    require(actor, Permission.READ_CATALOGUE)
    with database.write() as session:
        found = session.get(Attachment, attachment_id)
        submission = _submission(session, found.draft_id) if found else None
        if found is None or not _may_open(session, found, submission, actor):
            raise NotFound(_GONE)
        path = settings().attachments_dir / found.stored
        if not path.is_file():
            raise NotFound(_GONE)
        _note(session, actor, "attachment.open", found, submission)
        return StoredFile(path, found.name, found.media_type)


def _may_open(session: Session, found: Attachment, submission: Submission | None, actor: Actor) -> bool:
    if found.account_id == actor.account_id:
        return True
    if submission is None:
        return False
    if session.scalar(select(Submission.id).where(Submission.id == submission.id, _close(actor))) is not None:
        return True
    if submission.record_id is None:
        return False
    record_kind = next(name for name, kinds in disclosure.KINDS.items() if submission.kind in kinds)
    listed = of_record(session, record_kind, submission.record_id, actor=actor)
    return any(item.open and item.id == found.id for item in listed)


# ------------------------------------------------------------------ keeping house
def sweep(database: Database, *, actor: Actor) -> int:
    """Delete the files of drafts that nobody handed in, and what a crash left without a row; how many files.

    Raises AccessDenied.
    """
    require(actor, Permission.LOAD_DATA)
    abandoned = now_utc() - timedelta(days=drafts.KEPT_DAYS)
    handed_in = select(Submission.id).where(Submission.draft_id == Attachment.draft_id).exists()
    kept = select(Draft.id).where(Draft.id == Attachment.draft_id).exists()
    with contextlib.ExitStack() as unsure:
        with database.write() as session:
            forgotten = session.scalars(
                select(Attachment).where(Attachment.uploaded_at < abandoned, ~handed_in, ~kept)
            ).all()
            for found in forgotten:
                unsure.enter_context(_unsure(found.stored))
                session.delete(found)
            if forgotten:
                audit.record(session, actor, "attachment.sweep", "attachment", "", removed=len(forgotten))
        for found in forgotten:
            _unlink(found.stored)
    return len(forgotten) + _settle(database)


def _settle(database: Database) -> int:
    """Look after the markers that a crash left: a file without a row goes, one with a row stays; how many went."""
    old = time.time() - _ORPHAN_SECONDS
    left = [path for path in _folder().glob(f".*{_MARKER}") if path.stat().st_mtime < old]
    names = {path.name.removesuffix(_MARKER).lstrip(".") for path in left}
    with database.read() as session:
        names -= set(session.scalars(select(Attachment.stored).where(Attachment.stored.in_(names))))
    for name in names:
        _unlink(name)
        _unlink(f".{name}{_PART}")
    for path in left:
        path.unlink(missing_ok=True)
    return len(names)


# ------------------------------------------------------------------ inside
def _close(actor: Actor) -> ColumnElement[bool]:
    """The condition that a submission is the actor's own or the actor's to review."""
    near = [scopes.own(actor, Submission.account_id, Submission.organization_id)]
    if actor.may(Permission.REVIEW_SUBMISSION):
        near.append(scopes.reviewing(actor))
    return or_(*near)


def _examined(database: Database, name: str, data: bytes, actor: Actor) -> tuple[Sniffed, str]:
    """The bytes to keep and the name to show. Raises InvalidInput; of a marking only its rule is noted."""
    try:
        shown = sniff.clean_name(name)
        return sniff.sniff(data, shown), shown
    except FileRefused as refusal:
        if refusal.rule:
            with database.write() as session:
                audit.record(
                    session, actor, "marking.refuse", "attachment", "", outcome="refused", rules=[refusal.rule],
                    lengths=[len(data)],
                )  # fmt: skip
        raise InvalidInput({"file": str(refusal)}) from None


def _check_draft(session: Session, draft_id: str, actor: Actor) -> Submission | None:
    """The submission that the draft became, if it did. Raises NotFound unless the actor may add to it."""
    missing = NotFound("没有找到这份草稿，请重新打开「提交」页面。")
    if not drafts.DRAFT_ID.fullmatch(draft_id):
        raise missing
    draft = session.scalar(select(Draft.account_id).where(Draft.id == draft_id, Draft.account_id.is_not(None)))
    others = select(Attachment.id).where(Attachment.draft_id == draft_id, Attachment.account_id != actor.account_id)
    if draft not in (None, actor.account_id) or session.scalar(others.limit(1)) is not None:
        raise missing
    submission = _submission(session, draft_id)
    if submission is not None and submission.account_id != actor.account_id:
        raise missing
    if submission is not None and submission.state not in _EDITABLE:
        raise InvalidInput({"file": "已经提交审核，现在不能再加附件；退回整改或撤回以后可以。"})
    return submission


def _check_room(session: Session, draft_id: str, size: int, actor: Actor) -> None:
    """Raises InvalidInput when the draft or the account has no room for so many bytes more."""
    count = session.scalar(select(func.count()).select_from(Attachment).where(Attachment.draft_id == draft_id)) or 0
    if count >= MOST_FILES:
        raise InvalidInput({"file": f"每份提交最多 {MOST_FILES} 个附件，请先删去不需要的。"})
    most = settings().attachment_quota_mb
    used = session.scalar(select(func.sum(Attachment.size)).where(Attachment.account_id == actor.account_id)) or 0
    if used + size > most * MIB:
        raise InvalidInput({"file": f"附件总量超过每个账号的 {most} MB，请先删去不需要的。"})


def _submission(session: Session, draft_id: str) -> Submission | None:
    return session.scalar(select(Submission).where(Submission.draft_id == draft_id))


def _item(found: Attachment) -> AttachmentItem:
    return AttachmentItem(
        found.id, found.name, found.media_type, found.size, FieldLevel(found.level), found.uploaded_at
    )


def _note(
    session: Session, actor: Actor, action: str, found: Attachment, submission: Submission | None, **detail: Any
) -> None:
    league, banner = (submission.league_code, submission.banner_code) if submission else (None, None)
    receipt = {"receipt": submission.receipt} if submission else {}
    audit.record(session, actor, action, "attachment", found.id, league=league, banner=banner, **receipt, **detail)


def _folder() -> Path:
    folder = settings().attachments_dir
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder


@contextlib.contextmanager
def _written(stored: str, data: bytes) -> Iterator[None]:
    """The bytes lie complete on the disk inside this block, and are gone after it when anything leaves it early.

    Raises Unavailable when the disk is full or cannot be written.
    """
    with _unsure(stored):
        try:
            folder = _folder()
            growing = folder / f".{stored}{_PART}"
            try:
                with growing.open("xb") as file:
                    growing.chmod(0o600)
                    file.write(data)
                    file.flush()
                    os.fsync(file.fileno())
                growing.rename(folder / stored)
            finally:
                growing.unlink(missing_ok=True)
        except OSError:
            raise Unavailable(FULL, passing=False) from None
        try:
            yield
        except BaseException:
            _unlink(stored)
            raise


@contextlib.contextmanager
def _unsure(stored: str) -> Iterator[None]:
    """A marker stands beside the file while it may be without a row. Raises Unavailable when it cannot be written."""
    marker = _folder() / f".{stored}{_MARKER}"
    try:
        marker.touch(0o600)
    except OSError:
        raise Unavailable(FULL, passing=False) from None
    try:
        yield
    finally:
        marker.unlink(missing_ok=True)


def _unlink(stored: str) -> None:
    (settings().attachments_dir / stored).unlink(missing_ok=True)
