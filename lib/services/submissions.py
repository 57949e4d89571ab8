"""Submissions as their submitters know them: handed in once, followed, revised, withdrawn, renewed.

Nothing of a submission is public until it is published (`lib.services.reviews`, `lib.services.publication`).
"""

import hmac
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from lib.domain import disclosure as levels
from lib.domain import paging
from lib.domain.access import Actor, Permission, require
from lib.domain.dates import now_utc, today_shanghai
from lib.domain.errors import Conflict, InvalidInput, NotFound
from lib.domain.reviews import changes, due
from lib.domain.submissions import TRANSITIONS, Action, advance, mask_name, mask_phone
from lib.domain.text import fold, organization_key
from lib.domain.vocabulary import EventState, FieldLevel, SubmissionKind, SubmissionState
from lib.services import attachments, attempts, audit, drafts, markings, notices, publication, receipts, records, scopes
from lib.services.forms import Form, check, without_numbers
from lib.store.engine import Database
from lib.store.models import Account, Division, Event, Organization, Submission

PAGE_SIZE: Final = 20
DRAFT_ID: Final = drafts.DRAFT_ID
LONGEST_RENEWAL: Final = timedelta(days=2 * 366)
_WRONG: Final = "没有找到这条提交。请核对回执号，以及提交时填写的手机号或邮箱。"
_NOT_YOURS: Final = "没有找到这条提交，或者它不是您的。请从「我的」页面打开。"
_S: Final = SubmissionState


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
    due_at: datetime | None = None
    field_comments: Mapping[str, str] | None = None
    revision: bool = False


@dataclass(frozen=True)
class OwnSubmission:
    """A submission as its submitter sees it: by account, or after naming its receipt and contact."""

    receipt: Receipt
    id: int
    title: str
    content: Mapping[str, Any]
    levels: Mapping[str, str]
    contact_hint: str
    event_id: int | None
    revises: str
    revision: str
    version: int
    draft_id: str


@dataclass(frozen=True)
class OwnItem:
    """A submission in its owner's list."""

    id: int
    receipt: Receipt
    title: str
    revision: bool
    valid_until: date | None


@dataclass(frozen=True)
class OwnPage:
    """One page of an actor's submissions, the latest first."""

    items: tuple[OwnItem, ...]
    total: int
    page: int

    @property
    def pages(self) -> int:
        """How many pages there are, at least one."""
        return paging.pages(self.total, PAGE_SIZE)


# ------------------------------------------------------------------ handing in
def submit(
    database: Database,
    kind: SubmissionKind,
    draft_id: str,
    values: Mapping[str, Any],
    *,
    actor: Actor,
    revises_id: int | None = None,
) -> Receipt:
    """Hand a form in, once: the same draft id always gets the same receipt, however often it is sent.

    The receipt number is drawn in the transaction of the submission. `values["levels"]` may say who sees a field;
    `revises_id` names the actor's own published submission that this one would replace once it is reviewed: until
    then the published record stays as it is. Raises InvalidInput with one sentence a field, Conflict when a
    revision is waiting already, NotFound also for another account's draft, AccessDenied.
    """
    require(actor, Permission.CREATE_SUBMISSION)
    if not DRAFT_ID.fullmatch(draft_id):
        raise InvalidInput({"title": "这份草稿的编号不对，请重新打开「提交」页面再填。"})
    form = _checked(database, kind, values, actor)
    try:
        return database.settle(
            lambda session: _insert(session, kind, draft_id, form, _chosen(values), actor, revises_id)
        )
    except IntegrityError:
        # The same draft arrived at the same moment under another kind or day; the first one stands.
        with database.read() as session:
            found = of_draft(session, draft_id, actor=actor)
        if found is None:
            raise
        return found


def _checked(database: Database, kind: SubmissionKind, values: Mapping[str, Any], actor: Actor) -> Form:
    """The form, checked; what carries a secrecy marking is refused before anything else looks at it."""
    markings.refuse(database, values, actor=actor)
    return check(kind, values)


def _chosen(values: Mapping[str, Any]) -> Mapping[str, str]:
    chosen = values.get("levels")
    return chosen if isinstance(chosen, Mapping) else {}


def _insert(
    session: Session,
    kind: SubmissionKind,
    draft_id: str,
    form: Form,
    chosen: Mapping[str, str],
    actor: Actor,
    revises_id: int | None,
) -> Receipt:
    today = today_shanghai()
    counter = receipts.locked(session, kind.value, today)
    known = session.scalar(select(Submission).where(Submission.draft_id == draft_id))
    if known is not None:
        return receipt_of(known)
    place = _check_references(session, form, actor.account_id, actor.organization_id)
    event_id = getattr(form, "event_id", None)
    if event_id is not None and revises_id is None:  # what is revised or asked back has its place already
        _open(session.get_one(Event, event_id))
    revised = _revisable(session, revises_id, kind, actor) if revises_id is not None else None
    submission = Submission(
        draft_id=draft_id,
        receipt=receipts.drawn(counter, kind.prefix),
        kind=kind.value,
        state=advance(_S.DRAFT, Action.SUBMIT).value,
        account_id=actor.account_id,
        organization_id=actor.organization_id,
        revises_id=revised.id if revised else None,
        record_id=revised.record_id if revised else None,
        before=snapshot(revised) if revised else None,
        **_filled(kind, form, chosen, place),
    )
    session.add(submission)
    session.flush()
    drafts.handed_in(session, draft_id, actor.account_id)
    attachments.handed_in(session, draft_id, submission.id)
    audit.record_submission(
        session, actor, "submission.create", submission, kind=kind.value, revises=revised.receipt if revised else ""
    )
    return receipt_of(submission)


def _open(event: Event) -> None:
    """Raise InvalidInput unless projects can be registered for the event now."""
    if problem := scopes.registration_problem(event):
        raise InvalidInput({"event_id": problem})


def _filled(
    kind: SubmissionKind, form: Form, chosen: Mapping[str, str], place: tuple[str | None, str | None]
) -> dict[str, Any]:
    """The columns of a form, what is 授权可见 apart from the rest; a level is kept where it is not public."""
    now = now_utc()
    content = form.content()
    kept = {
        field.name: level.value
        for field in levels.FIELDS[kind]
        if (level := levels.level_of(kind, field.name, chosen)) is not FieldLevel.PUBLIC
    }
    closed = [publication.ANSWERS.get(name, name) for name, level in kept.items() if level == FieldLevel.GRANTED]
    sealed = {name: content.pop(name) for name in closed if content.get(name)}
    if rights := sealed.get("rights"):
        content["rights"] = without_numbers(rights)
    return {
        "title": form.title,
        "content": content,
        "sealed": sealed,
        "levels": kept,
        "contact_name": form.contact_name,
        "contact_phone": form.contact_phone,
        "contact_email": form.contact_email,
        "contact_hint": f"{mask_name(form.contact_name)} {mask_phone(form.contact_phone)}",
        "event_id": getattr(form, "event_id", None),
        "league_code": place[0],
        "banner_code": place[1],
        "valid_until": getattr(form, "valid_until", None),
        "submitted_at": now,
        "due_at": due(now),
    }


def _check_references(
    session: Session, form: Form, account_id: int | None, organization_id: int | None
) -> tuple[str | None, str | None]:
    """The league and banner it belongs to; these and the event must exist and fit together, and an achievement that
    is shown must be in the catalogue and belong to this account or organization. Raises InvalidInput.
    """
    shown = getattr(form, "achievement_id", None)
    if shown is not None and not records.may_show(session, shown, account_id, organization_id):
        raise InvalidInput({"achievement_id": "展示的成果只能选本人或本单位已公开的，请重新选择，或改为不选。"})
    event_id = getattr(form, "event_id", None)
    if event_id is not None:
        event = session.get(Event, event_id)
        if event is None or event.state == EventState.DRAFT.value:
            raise InvalidInput({"event_id": "没有这场活动，请从「路演与活动」重新选择。"})
        return event.league_code, event.banner_code
    league, banner = getattr(form, "league", ""), getattr(form, "banner", "")
    found = session.get(Division, league)
    if found is None or found.level != "league":
        raise InvalidInput({"league": "请从列表里选择盟市。"})
    if banner:
        division = session.get(Division, banner)
        if division is None or division.parent_code != league:
            raise InvalidInput({"banner": "这个旗县不在所选的盟市里，请重新选择。"})
    return league, banner or None


def _revisable(session: Session, submission_id: int, kind: SubmissionKind, actor: Actor) -> Submission:
    """The published submission that a revision would replace, locked."""
    found = _own_for_update(session, submission_id, actor)
    if found.kind != kind or found.state != _S.PUBLISHED:
        raise Conflict("这条提交现在不能修订，只有已发布的记录可以。请刷新后查看最新状态。")
    if session.scalar(select(Submission.id).where(_waiting_revision(found.id)).limit(1)) is not None:
        raise Conflict("这条记录已有一份修订在办理，请先等它办完，或撤回它。")
    return found


def _waiting_revision(submission_id: int) -> ColumnElement[bool]:
    return (Submission.revises_id == submission_id) & Submission.state.in_([_S.PENDING.value, _S.RETURNED.value])


def snapshot(submission: Submission) -> dict[str, Any]:
    """What a reviewer saw of a submission, for the comparison with what comes next."""
    return {**submission.content, "title": submission.title}


def of_draft(session: Session, draft_id: str, *, actor: Actor) -> Receipt | None:
    """The receipt of a draft that was handed in already, or None."""
    require(actor, Permission.CREATE_SUBMISSION)
    found = session.scalar(select(Submission).where(Submission.draft_id == draft_id))
    return None if found is None else receipt_of(found)


# ------------------------------------------------------------------ following
def status(database: Database, number: str, contact: str, *, actor: Actor) -> OwnSubmission:
    """A submission for whoever knows its receipt number and the phone or e-mail given with it.

    Raises NotFound with the same sentence for a wrong number and a wrong contact, Conflict after too many
    wrong tries, AccessDenied.
    """
    require(actor, Permission.READ_RECEIPT)
    found = _proven(database, number, contact)
    with database.read() as session:
        return _own_view(session, session.get_one(Submission, found))


def proven_answers(database: Database, number: str, contact: str, *, actor: Actor) -> Mapping[str, Any]:
    """All answers of a submission, the confidential ones too, for whoever knows receipt and contact; as `status`."""
    require(actor, Permission.READ_RECEIPT)
    found = _proven(database, number, contact)
    with database.read() as session:
        return answers_of(session.get_one(Submission, found, options=publication.CONFIDENTIAL))


def _proven(database: Database, number: str, contact: str) -> int:
    """The id of the submission that both number and contact name; a wrong guess is counted in the database."""
    wanted = re.sub(r"[^A-Z0-9-]", "", fold(number).upper())[:40]
    with database.read() as session:
        if attempts.exhausted(session, "receipt", wanted):
            raise Conflict("查询次数太多，请一小时后再试。")
        s = Submission
        found = session.execute(select(s.id, s.contact_phone, s.contact_email).where(s.receipt == wanted)).one_or_none()
    given = re.sub(r"[\s()]", "", fold(contact)).encode(errors="replace")
    phone = found.contact_phone if found else "-"
    email = found.contact_email if found else ""
    matches = hmac.compare_digest(given.replace(b"-", b""), phone.replace("-", "").encode())
    matches |= bool(email) and hmac.compare_digest(given, email.encode())
    if found is None or not matches:
        with database.write() as session:
            attempts.count(session, "receipt", wanted)
        raise NotFound(_WRONG)
    return int(found.id)


def own(session: Session, page: int = 1, *, actor: Actor) -> OwnPage:
    """The submissions of the actor and of the actor's organization, the latest first. Raises AccessDenied."""
    require(actor, Permission.MANAGE_OWN_ACCOUNT)
    total = session.scalar(select(func.count()).select_from(Submission).where(_is_of(actor))) or 0
    rows = session.scalars(
        select(Submission)
        .where(_is_of(actor))
        .order_by(Submission.submitted_at.desc(), Submission.id.desc())
        .limit(PAGE_SIZE)
        .offset((max(1, page) - 1) * PAGE_SIZE)
    )
    return OwnPage(tuple(map(_own_item, rows)), total, max(1, page))


def _own_item(found: Submission) -> OwnItem:
    return OwnItem(found.id, receipt_of(found), found.title, found.revises_id is not None, found.valid_until)


def read_own(session: Session, submission_id: int, *, actor: Actor) -> OwnSubmission:
    """One of the actor's own submissions. Raises NotFound, AccessDenied."""
    require(actor, Permission.MANAGE_OWN_ACCOUNT)
    found = session.scalar(select(Submission).where(Submission.id == submission_id, _is_of(actor)))
    if found is None:
        raise NotFound(_NOT_YOURS)
    return _own_view(session, found)


def twin(session: Session, kind: SubmissionKind, title: str, unit: str, *, actor: Actor) -> OwnItem | None:
    """What the actor handed in before under this title for this unit and did not take back, or None.

    Nothing for whoever has no account: what others handed in is not theirs to know. Raises AccessDenied.
    """
    require(actor, Permission.CREATE_SUBMISSION)
    if not actor.may(Permission.MANAGE_OWN_RECORDS):
        return None
    standing = [_S.PENDING.value, _S.RETURNED.value, _S.PUBLISHED.value]
    named = " ".join(title.split())
    rows = session.scalars(
        select(Submission)
        .where(_is_of(actor), Submission.kind == kind.value, Submission.title == named, Submission.state.in_(standing))
        .order_by(Submission.id.desc())
    )
    found = next((row for row in rows if organization_key(row.content["unit"]) == organization_key(unit)), None)
    return None if found is None else _own_item(found)


def published_as(
    session: Session, kind: SubmissionKind, record_ids: Sequence[int], *, actor: Actor
) -> Mapping[int, int]:
    """Which of these records the actor may revise: the published submission of each, by record. Raises AccessDenied."""
    require(actor, Permission.CREATE_SUBMISSION)
    if not record_ids or not actor.may(Permission.MANAGE_OWN_RECORDS):
        return {}
    rows = session.execute(
        select(Submission.record_id, Submission.id).where(
            _is_of(actor), Submission.kind == kind.value, Submission.state == _S.PUBLISHED.value,
            Submission.record_id.in_(record_ids),
        )
    )  # fmt: skip
    return {record: submission for record, submission in rows if record is not None}


def filled(session: Session, submission_id: int, *, actor: Actor) -> Mapping[str, Any]:
    """All answers of one's own submission, confidential ones too, to be corrected. Raises NotFound, AccessDenied."""
    require(actor, Permission.MANAGE_OWN_RECORDS)
    found = session.scalar(
        select(Submission).where(Submission.id == submission_id, _is_of(actor)).options(*publication.CONFIDENTIAL)
    )
    if found is None:
        raise NotFound(_NOT_YOURS)
    return answers_of(found)


def remembered(session: Session, *, actor: Actor) -> Mapping[str, str]:
    """What the actor's forms say each time: unit, code, place and contact, as last handed in, else of the account.

    Nothing for whoever has no account.
    """
    if not actor.may(Permission.MANAGE_OWN_RECORDS):
        return {}
    require(actor, Permission.MANAGE_OWN_RECORDS)
    account = session.get_one(Account, actor.account_id)
    unit = session.get(Organization, actor.organization_id) if actor.organization_id else None
    known = {
        "unit": unit.name if unit else account.claim_name,
        "credit_code": account.claim_code,
        "league": (unit.league_code if unit else None) or account.claim_league,
        "banner": unit.banner_code if unit else None,
        "contact_name": account.name,
        "contact_phone": account.phone,
    }
    last = session.scalar(
        select(Submission)
        .where(Submission.account_id == actor.account_id)
        .order_by(Submission.id.desc())
        .limit(1)
        .options(*publication.CONFIDENTIAL)
    )
    if last is not None:
        place = {"league": last.league_code, "banner": last.banner_code} if last.event_id is None else {}
        known |= {name: last.content[name] for name in ("unit", "credit_code") if last.content.get(name)} | place
        known |= {name: getattr(last, name) for name in levels.CONTACT_FIELDS}
    return {name: value for name, value in known.items() if value}


def answers_of(found: Submission) -> dict[str, Any]:
    """Everything that was answered; the confidential columns must have been read."""
    contact = {name: getattr(found, name) for name in levels.CONTACT_FIELDS}
    return {**found.content, **found.sealed, **contact, "title": found.title, "levels": dict(found.levels)}


def _own_view(session: Session, found: Submission) -> OwnSubmission:
    revises = session.scalar(select(Submission.receipt).where(Submission.id == found.revises_id))
    revision = session.scalar(select(Submission.receipt).where(_waiting_revision(found.id)).limit(1))
    return OwnSubmission(
        receipt_of(found), found.id, found.title, found.content, found.levels, found.contact_hint, found.event_id,
        revises or "", revision or "", found.version, found.draft_id,
    )  # fmt: skip


def _is_of(actor: Actor) -> ColumnElement[bool]:
    return scopes.own(actor, Submission.account_id, Submission.organization_id)


# ------------------------------------------------------------------ correcting
def resubmit(database: Database, number: str, contact: str, values: Mapping[str, Any], *, actor: Actor) -> Receipt:
    """Hand in the corrected form of a submission that was returned; it keeps its receipt number.

    The contact must be the one given before. Raises InvalidInput, NotFound, Conflict, AccessDenied.
    """
    require(actor, Permission.CREATE_SUBMISSION)
    submission_id = _proven(database, number, contact)
    return _resubmit(database, submission_id, values, actor, None)


def resubmit_own(database: Database, submission_id: int, values: Mapping[str, Any], *, actor: Actor) -> Receipt:
    """The same for one of the actor's own submissions, without naming the contact again."""
    require(actor, Permission.MANAGE_OWN_RECORDS)
    return _resubmit(database, submission_id, values, actor, actor)


def _resubmit(
    database: Database, submission_id: int, values: Mapping[str, Any], actor: Actor, owner: Actor | None
) -> Receipt:
    with database.read() as session:
        kind = session.scalar(select(Submission.kind).where(Submission.id == submission_id))
    form = _checked(database, SubmissionKind(kind), values, actor) if kind else None
    with database.write() as session:
        found = _own_for_update(session, submission_id, owner) if owner else _locked(session, submission_id)
        if form is None:
            raise NotFound(_WRONG)
        place = _check_references(session, form, found.account_id, found.organization_id)
        columns = _filled(SubmissionKind(found.kind), form, _chosen(values), place)
        if found.state == _S.PENDING and all(
            getattr(found, name) == columns[name] for name in ("content", "sealed", "levels", "contact_phone")
        ):
            return receipt_of(found)
        before = snapshot(found)
        found.state = advance(SubmissionState(found.state), Action.RESUBMIT).value
        for name, value in columns.items():
            setattr(found, name, value)
        found.before = before
        found.checklist = {}
        session.flush()
        audit.record_submission(
            session, actor, "submission.resubmit", found, changed=sorted(changes(before, snapshot(found)))
        )
        if found.assignee_id is not None:
            notices.tell(
                session,
                found.assignee_id,
                f"{found.receipt} 已修改后重新提交",
                "review",
                {"id": str(found.id)},
                found.title,
            )
        return receipt_of(found)


def adopt(database: Database, number: str, contact: str, *, actor: Actor) -> Receipt:
    """Take a submission handed in without an account into one's own, by its receipt and contact.

    Repeating it changes nothing. Raises NotFound, Conflict when it belongs to somebody already, AccessDenied.
    """
    require(actor, Permission.MANAGE_OWN_RECORDS)
    submission_id = _proven(database, number, contact)
    with database.write() as session:
        found = _locked(session, submission_id)
        if found.account_id not in (None, actor.account_id):
            raise Conflict("这条提交已归到另一个账号，如有疑问请联系管理员。")
        if found.account_id is None:
            found.account_id, found.organization_id = actor.account_id, actor.organization_id
            audit.record_submission(session, actor, "submission.adopt", found)
        return receipt_of(found)


def withdraw(database: Database, submission_id: int, *, actor: Actor) -> Receipt:
    """Take one's own submission back; what it published leaves every list. Raises Conflict, NotFound, AccessDenied."""
    require(actor, Permission.MANAGE_OWN_RECORDS)
    with database.write() as session:
        found = _own_for_update(session, submission_id, actor)
        if found.state != _S.WITHDRAWN:
            _withdraw(session, found, actor)
        return receipt_of(found)


def withdraw_all(session: Session, account_id: int, *, actor: Actor) -> int:
    """Withdraw what of an account still waits for a decision, in the caller's transaction; how many.

    For an account that is erased: nobody could follow these any more. What is published stays with its unit.
    """
    require(actor, Permission.MANAGE_OWN_ACCOUNT)
    waiting = [_S.PENDING.value, _S.RETURNED.value]
    rows = session.scalars(
        select(Submission).where(Submission.account_id == account_id, Submission.state.in_(waiting)).with_for_update()
    ).all()
    for found in rows:
        _withdraw(session, found, actor)
    return len(rows)


def _withdraw(session: Session, found: Submission, actor: Actor) -> None:
    before = SubmissionState(found.state)
    found.state = advance(before, Action.WITHDRAW).value
    if before is _S.PUBLISHED:
        publication.take_back(session, found)
        for waiting in session.scalars(select(Submission).where(_waiting_revision(found.id)).with_for_update()):
            waiting.state = advance(SubmissionState(waiting.state), Action.WITHDRAW).value
            audit.record_submission(session, actor, "submission.withdraw", waiting, state=[waiting.state])
    session.flush()
    audit.record_submission(session, actor, "submission.withdraw", found, state=[before.value, found.state])
    notices.tell(
        session, found.assignee_id, f"{found.receipt} 已由提交人撤回", "review", {"id": str(found.id)}, found.title
    )


# ------------------------------------------------------------------ validity
def renew(database: Database, submission_id: int, until: date | None, *, actor: Actor) -> Receipt:
    """Make an expired submission public again until a later day, at most two years on, under its old address.

    Raises InvalidInput, Conflict, NotFound, AccessDenied.
    """
    require(actor, Permission.MANAGE_OWN_RECORDS)
    today = today_shanghai()
    if until is None or not today < until <= today + LONGEST_RENEWAL:
        raise InvalidInput({"valid_until": "请选择新的有效期止：今天以后，两年以内。"})
    with database.write() as session:
        found = _own_for_update(session, submission_id, actor)
        if found.state == _S.PUBLISHED and found.valid_until == until:
            return receipt_of(found)
        before = found.valid_until
        found.state = advance(SubmissionState(found.state), Action.RENEW).value
        found.valid_until = until
        found.content = {**found.content, "valid_until": until.isoformat()}
        session.flush()
        publication.publish(session, found)
        audit.record_submission(session, actor, "submission.renew", found, valid_until=[str(before), str(until)])
        return receipt_of(found)


def expire(database: Database, *, actor: Actor) -> int:
    """Take what is past its validity out of the public lists and tell its owners; how many. Safe to repeat.

    Run by the server every few minutes and by `python -m lib sweep`. Raises AccessDenied.
    """
    require(actor, Permission.LOAD_DATA)
    over = (Submission.state == _S.PUBLISHED.value) & (Submission.valid_until < today_shanghai())
    with database.read() as session:
        if session.scalar(select(Submission.id).where(over).limit(1)) is None:
            return 0
    with database.write() as session:
        rows: Sequence[Submission] = session.scalars(select(Submission).where(over).with_for_update()).all()
        for found in rows:
            found.state = advance(SubmissionState(found.state), Action.EXPIRE).value
            publication.take_back(session, found)
            audit.record_submission(session, actor, "submission.expire", found, valid_until=str(found.valid_until))
            notices.tell(
                session, found.account_id, f"{found.receipt} 已到期", "mine", {"id": str(found.id)},
                "有效期已过，公开的记录已撤下。仍然需要的话，请在「我的」页面续期。",
            )  # fmt: skip
        return len(rows)


# ------------------------------------------------------------------ shared with reviews
def _own_for_update(session: Session, submission_id: int, actor: Actor) -> Submission:
    """One of the actor's own submissions, locked, with its confidential columns. Raises NotFound."""
    found = session.scalar(
        select(Submission)
        .where(Submission.id == submission_id, _is_of(actor))
        .options(*publication.CONFIDENTIAL)
        .with_for_update()
    )
    if found is None:
        raise NotFound(_NOT_YOURS)
    return found


def _locked(session: Session, submission_id: int) -> Submission:
    return session.scalars(
        select(Submission).where(Submission.id == submission_id).options(*publication.CONFIDENTIAL).with_for_update()
    ).one()


def receipt_of(found: Submission) -> Receipt:
    """What a submitter may hold of a submission."""
    return Receipt(
        found.receipt,
        SubmissionKind(found.kind),
        SubmissionState(found.state),
        found.submitted_at,
        found.decided_at,
        found.comment,
        found.record_id if found.state == _S.PUBLISHED else None,
        found.due_at if found.state == _S.PENDING else None,
        found.field_comments,
        found.revises_id is not None,
    )


def may(found: OwnSubmission | OwnItem, action: Action) -> bool:
    """True when the state of a submission allows the action."""
    return (found.receipt.state, action) in TRANSITIONS
