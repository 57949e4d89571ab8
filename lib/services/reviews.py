"""Review: what lies in a reviewer's scope, what changed, who does it by when, and the decision.

An official reviews what lies in the official's division, an organizer the registrations of the own events; nobody
reviews what is theirs.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from lib.domain import paging
from lib.domain.access import Actor, Permission, Role, require
from lib.domain.dates import now_utc
from lib.domain.errors import AccessDenied, Conflict, InvalidInput, NotFound
from lib.domain.reviews import CHECKLIST, changes
from lib.domain.submissions import TRANSITIONS, Action, advance
from lib.domain.text import clean
from lib.domain.vocabulary import SubmissionKind, SubmissionState
from lib.services import audit, markings, notices, publication, scopes
from lib.services.submissions import Receipt, receipt_of, snapshot
from lib.store.engine import Database
from lib.store.models import Account, Event, Submission

PAGE_SIZE: Final = 20
DECISIONS: Final = (Action.PUBLISH, Action.RETURN, Action.DECLINE)
_LONGEST_COMMENT: Final = 500
_OUTSIDE: Final = "没有找到这条提交，或者它不在您的审核范围内。请回到列表。"
_S: Final = SubmissionState


@dataclass(frozen=True)
class QueueQuery:
    """Which submissions of the scope are asked for."""

    state: SubmissionState = SubmissionState.PENDING
    mine: bool = False
    overdue: bool = False
    page: int = 1


@dataclass(frozen=True)
class QueueItem:
    """A submission in the review list."""

    id: int
    receipt: str
    kind: SubmissionKind
    title: str
    unit: str
    league_code: str | None
    banner_code: str | None
    submitted_at: datetime
    due_at: datetime | None
    assignee: str
    revision: bool
    overdue: bool


@dataclass(frozen=True)
class Queue:
    """One page of the review list, the first due first, with the numbers of the scope."""

    items: tuple[QueueItem, ...]
    total: int
    counts: Mapping[SubmissionState, int]
    overdue: int
    mine: int
    page: int

    @property
    def pages(self) -> int:
        """How many pages there are, at least one."""
        return paging.pages(self.total, PAGE_SIZE)


@dataclass(frozen=True)
class Review:
    """A submission as its reviewer sees it; contact and sealed fields only by name, until they are asked for."""

    id: int
    version: int
    receipt: Receipt
    title: str
    content: Mapping[str, Any]
    changes: Mapping[str, tuple[Any, Any]]
    event: str
    levels: Mapping[str, str]
    contact_hint: str
    checklist: Mapping[str, bool]
    field_comments: Mapping[str, str]
    revises: str
    assignee_id: int | None
    assignee: str
    overdue: bool
    own: bool


@dataclass(frozen=True)
class Confidential:
    """What a reviewer opened: how to reach the submitter, and the sealed answers by field."""

    name: str
    phone: str
    email: str
    sealed: Mapping[str, Any]


@dataclass(frozen=True)
class Reviewer:
    """Somebody a submission can be assigned to."""

    id: int
    name: str


def queue(session: Session, query: QueueQuery, *, actor: Actor) -> Queue:
    """Submissions of a state that the actor may review, the first due first, without contacts. Raises AccessDenied."""
    require(actor, Permission.REVIEW_SUBMISSION)
    s, reach = Submission, scopes.reviewing(actor)
    counts: dict[SubmissionState, int] = {state: 0 for state in SubmissionState if state is not _S.DRAFT}
    for name, count in session.execute(select(s.state, func.count()).where(reach).group_by(s.state)):
        counts[SubmissionState(name)] = count
    late = reach & (s.state == _S.PENDING.value) & (s.due_at < now_utc())
    own = reach & (s.state == _S.PENDING.value) & (s.assignee_id == actor.account_id)
    wanted = reach & (s.state == query.state.value)
    if query.mine:
        wanted = wanted & (s.assignee_id == actor.account_id)
    if query.overdue:
        wanted = wanted & (s.due_at < now_utc())
    order = (s.due_at, s.id) if query.state is _S.PENDING else (s.decided_at.desc().nulls_last(), s.id.desc())
    rows = session.execute(
        select(
            s.id, s.receipt, s.kind, s.title, s.content, s.league_code, s.banner_code, s.submitted_at, s.due_at,
            s.revises_id, s.state, Account.name.label("assignee"),
        )
        .outerjoin(Account, Account.id == s.assignee_id)
        .where(wanted)
        .order_by(*order)
        .limit(PAGE_SIZE)
        .offset((max(1, query.page) - 1) * PAGE_SIZE)
    )  # fmt: skip
    now = now_utc()
    items = tuple(
        QueueItem(
            r.id, r.receipt, SubmissionKind(r.kind), r.title, r.content.get("unit", ""), r.league_code, r.banner_code,
            r.submitted_at, r.due_at, r.assignee or "", r.revises_id is not None,
            r.state == _S.PENDING and r.due_at is not None and r.due_at < now,
        )
        for r in rows
    )  # fmt: skip
    return Queue(
        items, _count(session, wanted), counts, _count(session, late), _count(session, own), max(1, query.page)
    )


def waiting(session: Session, *, actor: Actor) -> int:
    """How many submissions wait in the actor's scope. Raises AccessDenied."""
    require(actor, Permission.REVIEW_SUBMISSION)
    return _count(session, scopes.reviewing(actor) & (Submission.state == _S.PENDING.value))


def read(session: Session, submission_id: int, *, actor: Actor) -> Review:
    """One submission for review, with what changed since it was seen last. Raises NotFound, AccessDenied."""
    require(actor, Permission.REVIEW_SUBMISSION)
    found = _one(session, submission_id, actor)
    event = session.get(Event, found.event_id) if found.event_id else None
    assignee = session.get(Account, found.assignee_id) if found.assignee_id else None
    revises = session.scalar(select(Submission.receipt).where(Submission.id == found.revises_id))
    return Review(
        id=found.id,
        version=found.version,
        receipt=receipt_of(found),
        title=found.title,
        content=found.content,
        changes=changes(found.before, snapshot(found)) if found.before is not None else {},
        event=event.title if event else "",
        levels=found.levels,
        contact_hint=found.contact_hint,
        checklist=found.checklist,
        field_comments=found.field_comments,
        revises=revises or "",
        assignee_id=found.assignee_id,
        assignee=assignee.name if assignee else "",
        overdue=found.state == _S.PENDING and found.due_at is not None and found.due_at < now_utc(),
        own=scopes.is_own(actor, found.account_id, found.organization_id),
    )


def view_confidential(database: Database, submission_id: int, *, actor: Actor) -> Confidential:
    """Contact and sealed answers of a submission under review; the reading goes into the audit trail.

    Raises NotFound, AccessDenied.
    """
    require(actor, Permission.REVIEW_SUBMISSION)
    with database.write() as session:
        found = _one(session, submission_id, actor, confidential=True)
        audit.record_submission(session, actor, "contact.view", found, fields=["contact", *sorted(found.sealed)])
        return Confidential(found.contact_name, found.contact_phone, found.contact_email, dict(found.sealed))


def reviewers(session: Session, submission_id: int, *, actor: Actor) -> tuple[Reviewer, ...]:
    """Whom the actor may assign a submission to: active reviewers whose scope includes it. Raises as `read`."""
    require(actor, Permission.REVIEW_SUBMISSION)
    found = _one(session, submission_id, actor)
    accounts = session.scalars(select(Account).where(Account.active, Account.scope.is_not(None)).order_by(Account.name))
    return tuple(
        Reviewer(account.id, account.name)
        for account in accounts
        if (other := _as_actor(account)).may(Permission.REVIEW_SUBMISSION)
        and other.covers(found.league_code, found.banner_code)
        and not scopes.is_own(other, found.account_id, found.organization_id)
    )


def assign(database: Database, submission_id: int, assignee_id: int | None, *, actor: Actor) -> None:
    """Say who does a review, or nobody in particular. Repeating it changes nothing.

    Raises InvalidInput for somebody who may not review it, Conflict when it is decided, NotFound, AccessDenied.
    """
    require(actor, Permission.REVIEW_SUBMISSION)
    with database.write() as session:
        found = _one(session, submission_id, actor, lock=True)
        if found.assignee_id == assignee_id:
            return
        if found.state != _S.PENDING:
            raise Conflict("这条提交已经办结，不用再分派。")
        if assignee_id is not None and assignee_id not in {r.id for r in reviewers(session, found.id, actor=actor)}:
            raise InvalidInput({"assignee": "这个人不能审核这条提交，请从列表里选择。"})
        found.assignee_id = assignee_id
        session.flush()
        audit.record_submission(session, actor, "submission.assign", found, assignee=assignee_id)
        if assignee_id != actor.account_id:
            notices.tell(
                session, assignee_id, f"{found.receipt} 分派给您审核", "review", {"id": str(found.id)}, found.title
            )


def decide(
    database: Database,
    submission_id: int,
    action: Action,
    comment: str,
    version: int,
    *,
    actor: Actor,
    checklist: Mapping[str, bool] | None = None,
    field_comments: Mapping[str, str] | None = None,
) -> Receipt:
    """Publish, return or decline a submission as it was when the reviewer read `version`.

    Publishing needs every point of the checklist and makes or renews the public record; a published revision
    archives what it replaces. Returning and declining need a comment, at the end or beside a field. Raises
    InvalidInput, Conflict (somebody else decided or the submitter changed it), NotFound, AccessDenied, also to
    whoever handed it in.
    """
    require(actor, Permission.REVIEW_SUBMISSION)
    markings.refuse(database, {"comment": comment, **(field_comments or {})}, actor=actor)
    words, beside = _words("comment", comment), _beside(field_comments or {})
    ticked = {name: bool((checklist or {}).get(name)) for name in CHECKLIST}
    _check(action, words, beside, ticked)
    with database.write() as session:
        found = _one(session, submission_id, actor, lock=True, confidential=True)
        if scopes.is_own(actor, found.account_id, found.organization_id):
            raise AccessDenied("这是您本人或本单位的提交，请由其他人审核。")
        if found.version != version:
            raise Conflict("这条提交在您查看之后有了变化，请核对最新内容再决定。")
        before = found.state
        found.state = advance(SubmissionState(before), action).value
        found.comment, found.field_comments, found.checklist = words, beside, ticked
        found.decided_at, found.decided_by = now_utc(), actor.account_id
        changed = changes(found.before, snapshot(found)) if found.before else {}
        if action is Action.PUBLISH:
            _publish(session, found, actor)
        session.flush()
        audit.record_submission(
            session, actor, f"submission.{action.value}", found, state=[before, found.state], comment=words,
            fields=sorted(beside), changed=sorted(changed), changes=_published(found, changed),
        )  # fmt: skip
        notices.tell(
            session, found.account_id, f"{found.receipt} {_told(action)}", "mine", {"id": str(found.id)}, words
        )
        return receipt_of(found)


def archive(database: Database, submission_id: int, *, actor: Actor) -> Receipt:
    """Put a submission away for good; what it published leaves every list. Raises Conflict, NotFound, AccessDenied."""
    require(actor, Permission.REVIEW_SUBMISSION)
    with database.write() as session:
        found = _one(session, submission_id, actor, lock=True)
        if scopes.is_own(actor, found.account_id, found.organization_id):
            raise AccessDenied("这是您本人或本单位的提交，请由其他人办理。")
        if found.state != _S.ARCHIVED:
            _archive(session, found, actor)
            notices.tell(
                session, found.account_id, f"{found.receipt} 已归档", "mine", {"id": str(found.id)}, found.title
            )
        return receipt_of(found)


# ------------------------------------------------------------------ inside
def _one(
    session: Session, submission_id: int, actor: Actor, *, lock: bool = False, confidential: bool = False
) -> Submission:
    statement = select(Submission).where(Submission.id == submission_id, scopes.reviewing(actor))
    if confidential:
        statement = statement.options(*publication.CONFIDENTIAL)
    found = session.scalar(statement.with_for_update() if lock else statement)
    if found is None:
        raise NotFound(_OUTSIDE)
    return found


def _count(session: Session, condition: ColumnElement[bool]) -> int:
    return session.scalar(select(func.count()).select_from(Submission).where(condition)) or 0


def _as_actor(account: Account) -> Actor:
    return Actor(
        Role(account.role), account.id, account.name, organization_id=account.organization_id, scope=account.scope or ""
    )


def _beside(given: Mapping[str, str]) -> dict[str, str]:
    return {name[:30]: words for name, text in given.items() if (words := _words(name, str(text)))}


def _words(name: str, text: str) -> str:
    try:
        return clean(text, multiline=True)
    except ValueError:
        raise InvalidInput({name: "意见里有看不见的控制字符，请删去后重新输入。"}) from None


def _check(action: Action, words: str, beside: Mapping[str, str], ticked: Mapping[str, bool]) -> None:
    if action not in DECISIONS:
        raise InvalidInput({"action": "请选择发布、退回整改或不予发布。"})
    problems: dict[str, str] = {}
    if action is not Action.PUBLISH and len(words) < 2 and not beside:
        problems["comment"] = "请写明原因，提交人会看到这句话。"
    for name, text in {"comment": words, **beside}.items():
        if len(text) > _LONGEST_COMMENT:
            problems[name] = f"意见最多 {_LONGEST_COMMENT} 字，现在多了 {len(text) - _LONGEST_COMMENT} 字，请删减。"
    if action is Action.PUBLISH and (missing := [CHECKLIST[name] for name, done in ticked.items() if not done]):
        problems["checklist"] = f"发布前请逐项核对并勾选：{'；'.join(text.split('：')[0] for text in missing)}。"
    if problems:
        raise InvalidInput(problems)


def _publish(session: Session, found: Submission, actor: Actor) -> None:
    if found.revises_id is not None:
        replaced = session.get_one(Submission, found.revises_id, with_for_update=True)
        if replaced.state != _S.PUBLISHED:
            raise Conflict(f"它要修订的记录现在是「{SubmissionState(replaced.state).label}」，不能再发布这份修订。")
        replaced.state = advance(_S.PUBLISHED, Action.ARCHIVE).value
        session.flush()
        audit.record_submission(session, actor, "submission.archive", replaced, replaced_by=found.receipt)
    found.record_id = publication.publish(session, found)


def _archive(session: Session, found: Submission, actor: Actor) -> None:
    before = SubmissionState(found.state)
    found.state = advance(before, Action.ARCHIVE).value
    if before is _S.PUBLISHED:
        publication.take_back(session, found)
    session.flush()
    audit.record_submission(session, actor, "submission.archive", found, state=[before.value, found.state])


def _told(action: Action) -> str:
    return {Action.PUBLISH: "已公开发布", Action.RETURN: "退回整改", Action.DECLINE: "不予发布"}[action]


def _published(found: Submission, changed: Mapping[str, tuple[Any, Any]]) -> dict[str, list[Any]]:
    """What changed in public, before and after; of what is restricted, no value goes into the audit trail."""
    if found.state != _S.PUBLISHED:
        return {}
    closed = {publication.ANSWERS.get(name, name) for name in found.levels}
    return {name: list(pair) for name, pair in changed.items() if name not in closed}


def open_to(found: Review, action: Action) -> bool:
    """True when the state of a submission allows the action."""
    return (found.receipt.state, action) in TRANSITIONS
