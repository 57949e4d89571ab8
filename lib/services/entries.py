"""The audit trail read: searched by officials within their scope, taken away as a file, and told on a record's page."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date, datetime, time, timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, false, func, or_, select
from sqlalchemy.orm import Session

from lib.domain import paging, trail
from lib.domain.access import Actor, Permission, require
from lib.domain.dates import SHANGHAI
from lib.domain.errors import InvalidQuery
from lib.domain.text import fold
from lib.domain.vocabulary import SubmissionKind, SubmissionState
from lib.files import export
from lib.services import audit, scopes
from lib.store.engine import Database
from lib.store.models import AuditEntry, Submission

PAGE_SIZE: Final = 30
MOST_COUNTED: Final = 9_990
"""Hits beyond these are neither counted nor paged: a narrower question finds them."""
MOST_EXPORTED: Final = 50_000
_LONGEST: Final = 60
_HEADER: Final = (
    "编号", "时间", "操作人", "账号", "身份", "操作", "对象", "对象编号", "盟市", "旗县", "结果", "来自地址",
    "请求编号", "登录", "改动", "其他",
)  # fmt: skip


@dataclass(frozen=True)
class AuditQuery:
    """What is asked of the trail; blanks restrict nothing. Days are whole days in Inner Mongolia."""

    since: date | None = None
    until: date | None = None
    who: str = ""
    action: str = ""
    kind: str = ""
    number: str = ""
    receipt: str = ""
    outcome: str = ""
    page: int = 1

    @classmethod
    def of(cls, asked: Mapping[str, str]) -> "AuditQuery":
        """The question in the parameters of an address; what makes no sense there restricts nothing."""
        page = asked.get("page", "")
        return cls(
            since=_day(asked.get("since", "")),
            until=_day(asked.get("until", "")),
            who=asked.get("who", "")[:_LONGEST].replace("\0", "").strip(),
            action=_known(asked.get("action", ""), trail.ACTIONS),
            kind=_known(asked.get("kind", ""), trail.OBJECTS),
            number=asked.get("number", "")[:40].replace("\0", "").strip(),
            receipt=fold(asked.get("receipt", "")[:_LONGEST]).replace("\0", "").strip().upper(),
            outcome=_known(asked.get("outcome", ""), trail.OUTCOMES),
            page=int(page) if page.isascii() and page.isdigit() and 0 < len(page) < 5 and int(page) else 1,
        )

    @property
    def asked(self) -> dict[str, str]:
        """The parameters that ask this, without the page."""
        return {name: str(value) for name, value in asdict(self).items() if value and name != "page"}


@dataclass(frozen=True)
class Entry:
    """One entry of the trail."""

    id: int
    at: datetime
    account_id: int | None
    actor: str
    role: str
    action: str
    object_kind: str
    object_id: str
    league_code: str | None
    banner_code: str | None
    outcome: str
    detail: Mapping[str, Any]
    address: str
    request_id: str
    session: str


@dataclass(frozen=True)
class AuditPage:
    """One page of entries, the newest first, and how many there are; at most `MOST_COUNTED` are counted."""

    query: AuditQuery
    items: tuple[Entry, ...]
    total: int

    @property
    def pages(self) -> int:
        """How many pages there are, at least one."""
        return paging.pages(min(self.total, MOST_COUNTED), PAGE_SIZE)


def search(session: Session, query: AuditQuery, *, actor: Actor) -> AuditPage:
    """Entries about what lies in the actor's scope. Raises AccessDenied."""
    require(actor, Permission.READ_AUDIT)
    conditions = _conditions(session, query, actor)
    some = select(AuditEntry.id).where(*conditions).limit(MOST_COUNTED + 1).subquery()
    total = session.scalar(select(func.count()).select_from(some)) or 0
    offset = (query.page - 1) * PAGE_SIZE
    rows = session.execute(_entries(conditions).limit(PAGE_SIZE).offset(offset)) if offset < total else ()
    return AuditPage(query, tuple(Entry(*row) for row in rows), total)


def export_csv(database: Database, query: AuditQuery, *, actor: Actor) -> bytes:
    """The same entries as a file, all pages; taking it is recorded.

    Raises AccessDenied, InvalidQuery when there are more than `MOST_EXPORTED`.
    """
    require(actor, Permission.READ_AUDIT)
    with database.read() as session:
        statement = _entries(_conditions(session, query, actor)).limit(MOST_EXPORTED + 1)
        rows = [_cells(Entry(*row)) for row in session.execute(statement)]
    if len(rows) > MOST_EXPORTED:
        raise InvalidQuery(f"符合条件的记录超过 {MOST_EXPORTED:,} 条，请缩小时间范围再下载。")
    with database.write() as session:
        audit.record(session, actor, "audit.export", "audit", "", filters=query.asked, rows=len(rows))
    return export.csv_bytes(_HEADER, rows)


def _entries(conditions: list[ColumnElement[bool]]) -> Any:
    columns = (getattr(AuditEntry, name) for name in Entry.__dataclass_fields__)
    return select(*columns).where(*conditions).order_by(AuditEntry.id.desc())


def _conditions(session: Session, query: AuditQuery, actor: Actor) -> list[ColumnElement[bool]]:
    e = AuditEntry
    found = [scopes.within(actor, e.league_code, e.banner_code)]
    if query.since:
        found.append(e.at >= _midnight(query.since))
    if query.until:
        found.append(e.at < _midnight(query.until + timedelta(days=1)))
    if query.who:
        named = e.actor.contains(query.who, autoescape=True)
        numbered = query.who.isascii() and query.who.isdigit() and len(query.who) < 10
        found.append(or_(named, e.account_id == int(query.who)) if numbered else named)
    for name, column in (
        ("action", e.action),
        ("kind", e.object_kind),
        ("number", e.object_id),
        ("outcome", e.outcome),
    ):
        if value := getattr(query, name):
            found.append(column == value)
    if query.receipt:
        submission = session.scalar(select(Submission.id).where(Submission.receipt == query.receipt))
        of = (e.object_kind == "submission") & (e.object_id == str(submission))
        found.append(of if submission is not None else false())
    return found


def _cells(entry: Entry) -> tuple[export.Cell, ...]:
    changed = "；".join(f"{name}：{was} → {now}" for name, was, now in trail.changes(entry.detail))
    rest = "；".join(f"{name}：{value}" for name, value in trail.rest(entry.detail))
    at = entry.at.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M:%S")
    return (
        entry.id, at, entry.actor, entry.account_id, trail.role_label(entry.role), trail.action_label(entry.action),
        trail.object_label(entry.object_kind), entry.object_id, entry.league_code, entry.banner_code,
        trail.OUTCOMES.get(entry.outcome, entry.outcome), entry.address, entry.request_id, entry.session, changed, rest,
    )  # fmt: skip


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), SHANGHAI)


def _day(value: str) -> date | None:
    try:
        day = date.fromisoformat(value)
    except ValueError:
        return None
    return day if 2000 <= day.year <= 2100 else None


def _known(value: str, words: Mapping[str, str]) -> str:
    return value if value in words else ""


# ------------------------------------------------------------------ the history of one record
@dataclass(frozen=True)
class Step:
    """Something that happened to a record. Who did it and what changed is told only to whom it concerns."""

    at: datetime
    label: str
    who: str = ""
    changes: tuple[trail.Change, ...] = ()
    comment: str = ""


_KINDS: Final = {
    "achievement": (SubmissionKind.ACHIEVEMENT,),
    "demand": (SubmissionKind.DEMAND, SubmissionKind.MILITARY),
    "event": (SubmissionKind.REGISTRATION,),
}
_PUBLISHED: Final = (SubmissionState.PUBLISHED, SubmissionState.EXPIRED, SubmissionState.ARCHIVED)
_STEPS: Final = 60


def history(session: Session, kind: str, record_id: int, *, actor: Actor) -> tuple[Step, ...]:
    """What happened to an achievement, a demand or the items of an event, the newest first.

    Everybody is told when it was submitted, published and renewed; its owner, and whoever reads the audit trail where
    it lies, also who did what and what it changed. Raises AccessDenied.
    """
    require(actor, Permission.READ_EVENTS if kind == "event" else Permission.READ_CATALOGUE)
    s = Submission
    of = s.event_id if kind == "event" else s.record_id
    reads = scopes.within(actor, s.league_code, s.banner_code) if actor.may(Permission.READ_AUDIT) else false()
    inside = or_(scopes.own(actor, s.account_id, s.organization_id), reads)
    rows = session.execute(
        select(s.id, s.title, s.revises_id, s.state, inside.label("inside"))
        .where(s.kind.in_([k.value for k in _KINDS[kind]]), of == record_id)
    ).all()  # fmt: skip
    revised = {str(row.id) for row in rows if row.revises_id}
    titles = {str(row.id): row.title for row in rows} if kind == "event" else {}
    known = [str(row.id) for row in rows if row.inside]
    public = [str(row.id) for row in rows if not row.inside and row.state in _PUBLISHED]
    e = AuditEntry
    about = (e.object_kind == "submission", e.object_id.in_(public), e.action.in_(trail.PUBLIC_STEPS))
    told: list[tuple[Any, Any]] = [
        (row, None) for row in session.execute(select(e.id, e.at, e.action, e.object_id).where(*about))
    ]
    if known:
        ours: ColumnElement[bool] = (e.object_kind == "submission") & e.object_id.in_(known)
        if kind != "event":
            ours = or_(ours, (e.object_kind == kind) & (e.object_id == str(record_id)))
        columns = (e.id, e.at, e.action, e.object_id, e.object_kind, e.actor, e.role, e.detail)
        told += [
            (row, row) for row in session.execute(select(*columns).where(ours).order_by(e.id.desc()).limit(_STEPS))
        ]
    told.sort(key=lambda pair: -pair[0].id)
    return tuple(_step(row, full, revised, titles) for row, full in told[:_STEPS])


def _step(row: Any, full: Any, revised: set[str], titles: Mapping[str, str]) -> Step:
    label = trail.action_label(row.action)
    if row.object_id in revised and row.action in {"submission.create", "submission.publish"}:
        label += "修订"
    if full is not None and full.detail.get("replaced_by"):
        label = "由修订替代"
    if title := titles.get(row.object_id):
        label += f"「{title}」"
    if full is None:
        return Step(row.at, label)
    who = "　".join(filter(None, (full.actor, trail.role_label(full.role))))
    return Step(row.at, label, who, tuple(trail.changes(full.detail)), str(full.detail.get("comment", "")))
