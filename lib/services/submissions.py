"""Submissions: handed in once, reviewed, published. Nothing of one is public until it is published."""

import hmac
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from threading import Lock
from typing import Any, Final

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from lib.domain.access import Actor, Permission, require
from lib.domain.dates import Precision, now_utc, today_shanghai
from lib.domain.errors import Conflict, InvalidInput, NotFound
from lib.domain.submissions import Action, advance, mask_name, mask_phone
from lib.domain.text import fold, organization_key
from lib.domain.vocabulary import Origin, SubmissionKind, SubmissionState
from lib.services import audit
from lib.services.forms import Form, check
from lib.store.engine import Database
from lib.store.models import (
    Achievement,
    Demand,
    Division,
    Event,
    EventItem,
    Organization,
    ReceiptCounter,
    Submission,
)
from lib.store.revision import insert_for

PAGE_SIZE: Final = 20
DRAFT_ID: Final = re.compile(r"[0-9a-f]{32}")
"""What a draft is known by in the address of its form."""
_TRIES: Final = 10
_TRIES_SECONDS: Final = 3600
_WRONG: Final = "没有找到这条提交。请核对回执号，以及提交时填写的手机号或邮箱。"


@dataclass(frozen=True)
class Receipt:
    """What a submitter holds: the number and where the submission stands. No content, no contact."""

    number: str
    kind: SubmissionKind
    state: SubmissionState
    submitted_at: datetime
    decided_at: datetime | None
    comment: str
    record_id: int | None


@dataclass(frozen=True)
class OwnSubmission:
    """A submission as its submitter sees it, after naming its receipt and contact."""

    receipt: Receipt
    title: str
    content: Mapping[str, Any]
    contact_name: str
    contact_phone: str


@dataclass(frozen=True)
class QueueItem:
    """A submission in the review list."""

    id: int
    receipt: str
    kind: SubmissionKind
    title: str
    unit: str
    submitted_at: datetime


@dataclass(frozen=True)
class Queue:
    """One page of the review list, oldest first, with the number of submissions in every state."""

    items: tuple[QueueItem, ...]
    total: int
    counts: Mapping[SubmissionState, int]
    page: int

    @property
    def pages(self) -> int:
        """How many pages there are, at least one."""
        return max(1, -(-self.total // PAGE_SIZE))


@dataclass(frozen=True)
class Review:
    """A submission as its reviewer sees it; the contact is masked until asked for."""

    id: int
    version: int
    receipt: Receipt
    title: str
    content: Mapping[str, Any]
    event: str
    contact_name: str
    contact_phone: str


@dataclass(frozen=True)
class Contact:
    """How to reach the submitter: confidential, each reading is in the audit trail."""

    name: str
    phone: str
    email: str


# ------------------------------------------------------------------ handing in
def submit(
    database: Database, kind: SubmissionKind, draft_id: str, values: Mapping[str, Any], *, actor: Actor
) -> Receipt:
    """Hand a form in, once: the same draft id always gets the same receipt, however often it is sent.

    The receipt number is drawn in the transaction of the submission. Raises InvalidInput with one sentence a
    field, AccessDenied.
    """
    require(actor, Permission.CREATE_SUBMISSION)
    if not DRAFT_ID.fullmatch(draft_id):
        raise InvalidInput({"title": "这份草稿的编号不对，请重新打开「提交」页面再填。"})
    form = check(kind, values)
    try:
        with database.write() as session:
            return _insert(session, kind, draft_id, form, actor)
    except IntegrityError:
        # The same draft arrived at the same moment under another kind or day; the first one stands.
        with database.read() as session:
            found = of_draft(session, draft_id, actor=actor)
        if found is None:
            raise
        return found


def _insert(session: Session, kind: SubmissionKind, draft_id: str, form: Form, actor: Actor) -> Receipt:
    today = today_shanghai()
    counter = _lock_counter(session, kind, today)
    known = session.scalar(select(Submission).where(Submission.draft_id == draft_id))
    if known is not None:
        return _receipt(known)
    _check_references(session, form)
    counter.last += 1
    submission = Submission(
        draft_id=draft_id,
        receipt=f"{kind.prefix}-{today:%Y%m%d}-{counter.last:04d}",
        kind=kind.value,
        state=SubmissionState.PENDING.value,
        submitted_at=now_utc(),
        **_filled(form),
    )
    session.add(submission)
    session.flush()
    audit.record(session, actor, "submission.create", "submission", submission.id, receipt=submission.receipt)
    return _receipt(submission)


def _lock_counter(session: Session, kind: SubmissionKind, day: date) -> ReceiptCounter:
    """The day's counter, locked until the transaction ends, so that numbers have no gaps and no twins."""
    insert = insert_for(session)(ReceiptCounter).values(kind=kind.value, day=day, last=0)
    session.execute(insert.on_conflict_do_nothing(index_elements=[ReceiptCounter.kind, ReceiptCounter.day]))
    statement = select(ReceiptCounter).where(ReceiptCounter.kind == kind.value, ReceiptCounter.day == day)
    return session.scalars(statement.with_for_update()).one()


def _filled(form: Form) -> dict[str, Any]:
    return {
        "title": form.title,
        "content": form.content(),
        "contact_name": form.contact_name,
        "contact_phone": form.contact_phone,
        "contact_email": form.contact_email,
        "event_id": getattr(form, "event_id", None),
    }


def _check_references(session: Session, form: Form) -> None:
    """League, banner and event must exist and fit together. Raises InvalidInput."""
    league, banner = getattr(form, "league", ""), getattr(form, "banner", "")
    if league and session.get(Division, league) is None:
        raise InvalidInput({"league": "请从列表里选择盟市。"})
    if banner:
        division = session.get(Division, banner)
        if division is None or division.parent_code != league:
            raise InvalidInput({"banner": "这个旗县不在所选的盟市里，请重新选择。"})
    event_id = getattr(form, "event_id", None)
    if event_id is not None and session.get(Event, event_id) is None:
        raise InvalidInput({"event_id": "没有这场活动，请从「路演与活动」重新选择。"})


def of_draft(session: Session, draft_id: str, *, actor: Actor) -> Receipt | None:
    """The receipt of a draft that was handed in already, or None."""
    require(actor, Permission.CREATE_SUBMISSION)
    found = session.scalar(select(Submission).where(Submission.draft_id == draft_id))
    return None if found is None else _receipt(found)


# ------------------------------------------------------------------ following
class _Tries:
    """Wrong guesses a receipt number: at most ten an hour, so that a contact cannot be found by trying."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._wrong: dict[str, list[float]] = {}

    def exhausted(self, number: str) -> bool:
        """True when this number was guessed wrong too often lately."""
        with self._lock:
            return len(self._recent(number)) >= _TRIES

    def count(self, number: str) -> None:
        """Note a wrong guess."""
        with self._lock:
            self._wrong[number] = [*self._recent(number), time.monotonic()]
            if len(self._wrong) > 10_000:
                self._wrong.pop(next(iter(self._wrong)))

    def _recent(self, number: str) -> list[float]:
        return [at for at in self._wrong.get(number, []) if time.monotonic() - at < _TRIES_SECONDS]


_tries = _Tries()


def status(session: Session, number: str, contact: str, *, actor: Actor) -> OwnSubmission:
    """A submission for whoever knows its receipt number and the phone or e-mail given with it.

    Raises NotFound with the same sentence for a wrong number and a wrong contact, Conflict after too many
    wrong tries, AccessDenied.
    """
    require(actor, Permission.READ_RECEIPT)
    found = _owned(session, number, contact)
    return OwnSubmission(
        _receipt(found), found.title, found.content, mask_name(found.contact_name), mask_phone(found.contact_phone)
    )


def _owned(session: Session, number: str, contact: str) -> Submission:
    wanted = fold(number).strip().upper()
    if _tries.exhausted(wanted):
        raise Conflict("查询次数太多，请一小时后再试。")
    found = session.scalar(select(Submission).where(Submission.receipt == wanted))
    given = re.sub(r"[\s()]", "", fold(contact))
    phone = found.contact_phone if found else "-"
    email = found.contact_email if found else ""
    matches = hmac.compare_digest(given.replace("-", "").encode(), phone.replace("-", "").encode())
    matches |= bool(email) and hmac.compare_digest(given.encode(), email.encode())
    if found is None or not matches:
        _tries.count(wanted)
        raise NotFound(_WRONG)
    return found


def resubmit(database: Database, number: str, contact: str, values: Mapping[str, Any], *, actor: Actor) -> Receipt:
    """Hand in the corrected form of a submission that was returned; it keeps its receipt number.

    The contact must be the one given before. Raises InvalidInput, NotFound, Conflict, AccessDenied.
    """
    require(actor, Permission.CREATE_SUBMISSION)
    with database.write() as session:
        found = _owned(session, number, contact)
        session.refresh(found, with_for_update=True)
        form = check(SubmissionKind(found.kind), values)
        if found.state == SubmissionState.PENDING and found.content == form.content():
            return _receipt(found)
        found.state = advance(SubmissionState(found.state), Action.RESUBMIT).value
        _check_references(session, form)
        for name, value in _filled(form).items():
            setattr(found, name, value)
        found.submitted_at = now_utc()
        audit.record(session, actor, "submission.resubmit", "submission", found.id, receipt=found.receipt)
        return _receipt(found)


# ------------------------------------------------------------------ reviewing
def queue(session: Session, state: SubmissionState, page: int = 1, *, actor: Actor) -> Queue:
    """Submissions of a state, oldest first, without contacts. Raises AccessDenied."""
    require(actor, Permission.REVIEW_SUBMISSION)
    counts = dict.fromkeys(SubmissionState, 0)
    for name, count in session.execute(select(Submission.state, func.count()).group_by(Submission.state)):
        counts[SubmissionState(name)] = count
    s = Submission
    columns = (s.id, s.receipt, s.kind, s.title, s.content, s.submitted_at)
    rows = session.execute(
        select(*columns)
        .where(s.state == state.value)
        .order_by(s.submitted_at, s.id)
        .limit(PAGE_SIZE)
        .offset((max(1, page) - 1) * PAGE_SIZE)
    )
    items = tuple(
        QueueItem(r.id, r.receipt, SubmissionKind(r.kind), r.title, r.content.get("unit", ""), r.submitted_at)
        for r in rows
    )
    return Queue(items, counts[state], counts, max(1, page))


def read(session: Session, submission_id: int, *, actor: Actor) -> Review:
    """One submission for review, its contact masked. Raises NotFound, AccessDenied."""
    require(actor, Permission.REVIEW_SUBMISSION)
    found = _one(session, submission_id)
    event = session.get(Event, found.event_id) if found.event_id else None
    return Review(
        found.id,
        found.version,
        _receipt(found),
        found.title,
        found.content,
        event.title if event else "",
        mask_name(found.contact_name),
        mask_phone(found.contact_phone),
    )


def view_contact(database: Database, submission_id: int, *, actor: Actor) -> Contact:
    """The submitter's contact; the reading goes into the audit trail. Raises NotFound, AccessDenied."""
    require(actor, Permission.REVIEW_SUBMISSION)
    with database.write() as session:
        found = _one(session, submission_id)
        audit.record(session, actor, "contact.view", "submission", found.id, receipt=found.receipt)
        return Contact(found.contact_name, found.contact_phone, found.contact_email)


def decide(
    database: Database, submission_id: int, action: Action, comment: str, version: int, *, actor: Actor
) -> Receipt:
    """Publish, return or decline a submission as it was when the reviewer read `version`.

    Publishing copies the public fields to a record of origin `submitted`. Returning and declining need a
    comment. Raises InvalidInput, Conflict (somebody else decided or the submitter changed it), NotFound,
    AccessDenied.
    """
    require(actor, Permission.REVIEW_SUBMISSION)
    words = comment.strip()
    if action is not Action.PUBLISH and len(words) < 2:
        raise InvalidInput({"comment": "请写明原因，提交人会看到这句话。"})
    if len(words) > 500:
        raise InvalidInput({"comment": f"意见最多 500 字，现在多了 {len(words) - 500} 字，请删减。"})
    with database.write() as session:
        found = _one(session, submission_id, lock=True)
        if found.version != version:
            raise Conflict("这条提交在您查看之后有了变化，请核对最新内容再决定。")
        found.state = advance(SubmissionState(found.state), action).value
        found.comment = words
        found.decided_at = now_utc()
        found.decided_by = actor.account_id
        if action is Action.PUBLISH:
            found.record_id = _publish(session, found)
        audit.record(
            session, actor, f"submission.{action.value}", "submission", found.id, receipt=found.receipt, comment=words
        )
        return _receipt(found)


def _publish(session: Session, submission: Submission) -> int:
    content = submission.content
    kind = SubmissionKind(submission.kind)
    if kind is SubmissionKind.REGISTRATION:
        item = EventItem(
            event_id=submission.event_id,
            title=submission.title,
            organization_text=content["unit"],
            field=content["field"],
            stage=content["stage"],
            summary=content["technology"],
            cooperation=content["cooperation"],
        )
        session.add(item)
        session.flush()
        return item.id
    now, today = now_utc(), today_shanghai()
    shared = {
        "title": submission.title,
        "organization_text": content["unit"],
        "organization_id": session.scalar(
            select(Organization.id).where(Organization.name_key == organization_key(content["unit"]))
        ),
        "field": content["field"],
        "league_code": content["league"],
        "banner_code": content["banner"] or None,
        "keywords": content["keywords"],
        "indicators": content["indicators"],
        "origin": Origin.SUBMITTED.value,
        "source_publisher": content["unit"],
        "source_date": today,
        "source_precision": Precision.DAY.value,
        "created_at": now,
        "updated_at": now,
        "edited_at": now,
    }
    record: Demand | Achievement
    if kind is SubmissionKind.DEMAND:
        record = Demand(
            **shared,
            description=content["description"],
            year=today.year,
            budget=_money(content["budget"]),
            negotiable=content["budget"] is None,
            demand_class=content["demand_class"],
            cooperation_mode=content["cooperation_mode"],
            valid_from=date.fromisoformat(content["valid_from"]),
            valid_until=date.fromisoformat(content["valid_until"]),
        )
    else:
        record = Achievement(
            **shared,
            summary=content["summary"],
            year=content["year"],
            other_units=content["other_units"],
            award=content["award"],
            achievement_class=content["achievement_class"],
            completer=content["completer"],
            trl=content["trl"],
            stage=content["stage"],
            ip=" ".join(filter(None, (content["ip_type"], content["ip_number"]))),
            transfer_mode=content["transfer_mode"],
            price=_money(content["price"]),
            negotiable=content["price"] is None,
        )
    session.add(record)
    session.flush()
    return record.id


def _money(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)


def _one(session: Session, submission_id: int, *, lock: bool = False) -> Submission:
    found = session.get(Submission, submission_id, with_for_update=lock or None)
    if found is None:
        raise NotFound("没有找到这条提交，请回到列表。")
    return found


def _receipt(found: Submission) -> Receipt:
    return Receipt(
        found.receipt,
        SubmissionKind(found.kind),
        SubmissionState(found.state),
        found.submitted_at,
        found.decided_at,
        found.comment,
        found.record_id,
    )
