"""Requests to see what of a record is 授权可见: asked with a reason, answered by its owner or an official, for a time.

A grant is a row with a date: nothing has to happen for it to end, and taking it back counts from the next page.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.orm import Session

from lib.domain import paging
from lib.domain.access import Actor, Permission, require, require_scope
from lib.domain.dates import now_utc
from lib.domain.errors import AccessDenied, Conflict, InvalidInput, NotFound
from lib.domain.text import clean
from lib.domain.vocabulary import AccessState
from lib.services import audit, disclosure, drafts, forms, markings, notices, scopes
from lib.store.engine import Database
from lib.store.models import AccessRequest, Account, Achievement, Demand, EventItem, Organization, Submission

PAGE_SIZE: Final = 20
DAYS: Final = 30
"""For how long a request is granted unless somebody says otherwise."""
MOST_DAYS: Final = 365
LEAST_REASON: Final = 10
MOST_REASON: Final = 500
_MOST_COMMENT: Final = 200
_ENTITIES: Final[dict[str, Any]] = {"achievement": Achievement, "demand": Demand, "event_item": EventItem}
_PAGES: Final = {"achievement": "achievements", "demand": "demands", "event_item": "roadshows"}
_GONE: Final = "没有找到这份查看申请，请回到列表。"


@dataclass(frozen=True)
class Request:
    """A request as the asker, the owner and the official see it."""

    id: int
    version: int
    record_kind: str
    record_id: int
    title: str
    page: str
    page_id: int
    who: str
    organization: str
    reason: str
    state: AccessState
    asked_at: datetime
    decided_at: datetime | None
    until: datetime | None
    comment: str
    withdrawn: bool

    @property
    def live(self) -> bool:
        """True while the grant runs."""
        return self.state is AccessState.GRANTED and self.until is not None and self.until > now_utc()

    @property
    def label(self) -> str:
        """The state in words; a grant ends by its date alone."""
        if self.withdrawn:
            return "已撤回"
        return "已到期" if self.state is AccessState.GRANTED and not self.live else self.state.label


@dataclass(frozen=True)
class Requests:
    """One page of requests."""

    items: tuple[Request, ...]
    total: int
    page: int

    @property
    def pages(self) -> int:
        """How many pages there are, at least one."""
        return paging.pages(self.total, PAGE_SIZE)


# ------------------------------------------------------------------ asking
def request_access(
    database: Database, draft_id: str, record_kind: str, record_id: int, reason: str, *, actor: Actor
) -> int:
    """Ask to see what of a record is 授权可见; returns the number of the request. The same draft id asks once.

    Raises InvalidInput for a reason of other than 10 to 500 characters, Conflict while a request waits or when there
    is nothing left to ask for, NotFound for a record without such content, AccessDenied.
    """
    require(actor, Permission.REQUEST_ACCESS)
    markings.refuse(database, {"reason": reason}, actor=actor)
    words = forms.reason(reason, "用途", LEAST_REASON, MOST_REASON)
    if not drafts.DRAFT_ID.fullmatch(draft_id):
        raise InvalidInput({"reason": "这份申请的编号不对，请刷新页面后再填。"})
    with database.write() as session:
        # One account asks one thing at a time: its row is the lock.
        session.execute(select(Account.id).where(Account.id == actor.account_id).with_for_update())
        known = session.scalar(select(AccessRequest).where(AccessRequest.draft_id == draft_id))
        if known is not None:
            if known.account_id != actor.account_id:
                raise InvalidInput({"reason": "这份申请的编号不对，请刷新页面后再填。"})
            return known.id
        there = disclosure.restricted(session, record_kind, record_id, actor=actor)
        if not there.granted:
            raise NotFound("这条记录没有需要授权的内容。")
        if not there.may_ask:
            raise Conflict("这些内容已经对您开放，不用申请。")
        if waiting(session, record_kind, record_id, actor=actor) is not None:
            raise Conflict("您已经申请过，正在等待办理。")
        asked = AccessRequest(
            draft_id=draft_id,
            record_kind=record_kind,
            record_id=record_id,
            account_id=actor.account_id,
            reason=words,
            state=AccessState.PENDING.value,
            asked_at=now_utc(),
        )
        session.add(asked)
        session.flush()
        _note(session, actor, "access.request", asked)
        owner = session.scalar(
            select(Submission.account_id)
            .where(disclosure.of_record(record_kind, record_id))
            .order_by(Submission.id.desc())
            .limit(1)
        )
        title = _titles(session, record_kind, [record_id])[record_id][0]
        notices.tell(session, owner, f"有人申请查看「{title}」中授权可见的内容", "access", {"view": "waiting"})
        return asked.id


def withdraw(database: Database, request_id: int, *, actor: Actor) -> None:
    """Take one's own request back while it waits. Repeating it changes nothing. Raises NotFound, Conflict."""
    require(actor, Permission.REQUEST_ACCESS)
    with database.write() as session:
        found = _one(session, request_id)
        if found.account_id != actor.account_id:
            raise NotFound(_GONE)
        if found.state == AccessState.REVOKED and found.decided_by == actor.account_id:
            return
        _change(found, AccessState.PENDING, AccessState.REVOKED, actor)
        _note(session, actor, "access.withdraw", found)


def waiting(session: Session, record_kind: str, record_id: int, *, actor: Actor) -> datetime | None:
    """When the actor asked about this record, while that request waits; else None. Raises AccessDenied."""
    require(actor, Permission.REQUEST_ACCESS)
    return session.scalar(
        select(AccessRequest.asked_at).where(
            AccessRequest.record_kind == record_kind,
            AccessRequest.record_id == record_id,
            AccessRequest.account_id == actor.account_id,
            AccessRequest.state == AccessState.PENDING.value,
        )
    )


# ------------------------------------------------------------------ answering
def decide(
    database: Database, request_id: int, grant: bool, days: int, comment: str, version: int, *, actor: Actor
) -> None:
    """Grant a request for `days` days, or decline it with a sentence. The same answer twice counts once.

    `version` is the one that the actor saw. Raises InvalidInput for days outside 1 to 365 and for a decline without
    a sentence, Conflict when somebody was faster, NotFound, AccessDenied (not the owner, not in scope, one's own).
    """
    markings.refuse(database, {"comment": comment}, actor=actor)
    words = _answer(grant, days, comment)
    wanted = AccessState.GRANTED if grant else AccessState.DECLINED
    with database.write() as session:
        found = _answerable(session, request_id, actor)
        if found.state == wanted and found.decided_by == actor.account_id and found.version == version + 1:
            return
        if found.version != version:
            raise Conflict("这份申请已经有人办理，请刷新后查看。")
        _change(found, AccessState.PENDING, wanted, actor)
        found.comment = words
        found.granted_until = now_utc() + timedelta(days=days) if grant else None
        _note(session, actor, "access.grant" if grant else "access.decline", found, **({"days": days} if grant else {}))
        _tell(session, found, f"已同意，{days} 天内可以查看" if grant else "没有同意，请看说明")


def revoke(database: Database, request_id: int, *, actor: Actor) -> None:
    """Take a grant back: it counts from the next page that the other side opens. Repeating it changes nothing.

    Raises Conflict when there is no grant, NotFound, AccessDenied.
    """
    with database.write() as session:
        found = _answerable(session, request_id, actor)
        if found.state == AccessState.REVOKED and found.decided_by == actor.account_id:
            return
        _change(found, AccessState.GRANTED, AccessState.REVOKED, actor)
        _note(session, actor, "access.revoke", found)
        _tell(session, found, "授权已收回")


# ------------------------------------------------------------------ lists
def requests_of(session: Session, page: int = 1, *, actor: Actor) -> Requests:
    """The actor's own requests, the newest first. Raises AccessDenied."""
    require(actor, Permission.REQUEST_ACCESS)
    return _page(session, AccessRequest.account_id == actor.account_id, AccessRequest.asked_at.desc(), page)


def requests_for(session: Session, state: AccessState, page: int = 1, *, actor: Actor) -> Requests:
    """What the actor may answer, as owner or in the actor's division: waiting ones oldest first, grants that run by
    their end. Raises AccessDenied for an actor who may answer nothing at all."""
    conditions = [AccessRequest.state == state.value, answerable(actor=actor)]
    if state is AccessState.GRANTED:
        conditions.append(AccessRequest.granted_until > now_utc())
    order = AccessRequest.granted_until if state is AccessState.GRANTED else AccessRequest.asked_at
    return _page(session, and_(*conditions), order.asc(), page)


def answerable(*, actor: Actor) -> ColumnElement[bool]:
    """The condition that a request is the actor's to answer. Raises AccessDenied for who may answer nothing."""
    reach: list[ColumnElement[bool]] = []
    if not actor.may(Permission.MANAGE_OWN_RECORDS):
        require(actor, Permission.DECIDE_ACCESS)
    else:
        reach.append(scopes.own(actor, Submission.account_id, Submission.organization_id))
    if actor.may(Permission.DECIDE_ACCESS):
        reach.append(scopes.within(actor, Submission.league_code, Submission.banner_code))
    behind = (
        and_(AccessRequest.record_kind == kind, disclosure.of_record(kind, AccessRequest.record_id))
        for kind in disclosure.KINDS
    )
    theirs = select(Submission.id).where(or_(*behind), or_(*reach)).correlate(AccessRequest).exists()
    return and_(theirs, AccessRequest.account_id != actor.account_id)


# ------------------------------------------------------------------ inside
def _answer(grant: bool, days: int, comment: str) -> str:
    wrong: dict[str, str] = {}
    words = ""
    try:
        words = clean(comment, multiline=True)
    except ValueError:
        wrong["comment"] = "说明里有看不见的控制字符，请删去后重新输入。"
    if len(words) > _MOST_COMMENT:
        wrong["comment"] = f"说明最多 {_MOST_COMMENT} 字，现在多了 {len(words) - _MOST_COMMENT} 字，请删减。"
    if not grant and not words and not wrong:
        wrong["comment"] = "不同意时请写一句说明，申请人会看到。"
    if grant and not 1 <= days <= MOST_DAYS:
        wrong["days"] = f"授权天数须为 1 至 {MOST_DAYS} 天。"
    if wrong:
        raise InvalidInput(wrong)
    return words


def _one(session: Session, request_id: int) -> AccessRequest:
    found = session.get(AccessRequest, request_id, with_for_update=True)
    if found is None:
        raise NotFound(_GONE)
    return found


def _answerable(session: Session, request_id: int, actor: Actor) -> AccessRequest:
    """The request, locked, if the actor may answer it. Raises NotFound, AccessDenied."""
    if not actor.may(Permission.MANAGE_OWN_RECORDS):
        require(actor, Permission.DECIDE_ACCESS)
    found = _one(session, request_id)
    if found.account_id == actor.account_id:
        raise AccessDenied("不能办理自己提出的申请。")
    owner = disclosure.owns(session, found.record_kind, found.record_id, actor=actor)
    if not (owner and actor.may(Permission.MANAGE_OWN_RECORDS)):
        league, banner = disclosure.place(session, found.record_kind, found.record_id)
        require_scope(actor, Permission.DECIDE_ACCESS, league, banner)
    return found


def _change(found: AccessRequest, expected: AccessState, wanted: AccessState, actor: Actor) -> None:
    if found.state != expected:
        raise Conflict(f"这份申请现在是「{AccessState(found.state).label}」，请刷新后查看。")
    found.state = wanted.value
    found.decided_at = now_utc()
    found.decided_by = actor.account_id


def _note(session: Session, actor: Actor, action: str, found: AccessRequest, **detail: Any) -> None:
    league, banner = disclosure.place(session, found.record_kind, found.record_id)
    record = f"{found.record_kind}:{found.record_id}"
    audit.record(
        session, actor, action, "access_request", found.id, league=league, banner=banner,
        record=record, asker=found.account_id, **detail,
    )  # fmt: skip


def _tell(session: Session, found: AccessRequest, outcome: str) -> None:
    title, page, page_id = _titles(session, found.record_kind, [found.record_id])[found.record_id]
    notices.tell(session, found.account_id, f"查看「{title}」的申请：{outcome}", page, {"id": str(page_id)})


def _titles(session: Session, record_kind: str, ids: list[int]) -> dict[int, tuple[str, str, int]]:
    """Title, page and the id of its address for records of a kind; a record that is gone has no title."""
    entity = _ENTITIES[record_kind]
    shown = entity.event_id if record_kind == "event_item" else entity.id
    rows = session.execute(select(entity.id, entity.title, shown.label("shown")).where(entity.id.in_(ids)))
    page = _PAGES[record_kind]
    return {**dict.fromkeys(ids, ("已撤下的记录", page, 0)), **{r.id: (r.title, page, r.shown) for r in rows}}


def _page(session: Session, condition: ColumnElement[bool], order: ColumnElement[Any], page: int) -> Requests:
    total = session.scalar(select(func.count()).select_from(AccessRequest).where(condition)) or 0
    statement = (
        select(AccessRequest, Account.name, Organization.name.label("organization"))
        .join(Account, Account.id == AccessRequest.account_id)
        .outerjoin(Organization, Organization.id == Account.organization_id)
        .where(condition)
        .order_by(order, AccessRequest.id)
        .limit(PAGE_SIZE)
        .offset((max(1, page) - 1) * PAGE_SIZE)
    )
    rows = session.execute(statement).all()
    titles = {
        kind: _titles(session, kind, [row[0].record_id for row in rows if row[0].record_kind == kind])
        for kind in {row[0].record_kind for row in rows}
    }
    items = (_item(*row, *titles[row[0].record_kind][row[0].record_id]) for row in rows)
    return Requests(tuple(items), total, max(1, page))


def _item(found: AccessRequest, who: str, organization: str | None, title: str, page: str, page_id: int) -> Request:
    return Request(
        id=found.id,
        version=found.version,
        record_kind=found.record_kind,
        record_id=found.record_id,
        title=title,
        page=page,
        page_id=page_id,
        who=who,
        organization=organization or "",
        reason=found.reason,
        state=AccessState(found.state),
        asked_at=found.asked_at,
        decided_at=found.decided_at,
        until=found.granted_until,
        comment=found.comment,
        withdrawn=found.state == AccessState.REVOKED and found.decided_by == found.account_id,
    )
