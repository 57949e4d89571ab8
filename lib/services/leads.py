"""Leads: the intentions that somebody may follow up, as lists and files show them: masked.

An intention is followed up by whoever runs its event, by the owner of the record it is about, and by officials of the
record's place.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, and_, false, func, or_, select, true
from sqlalchemy.orm import Session

from lib.domain import followups, paging
from lib.domain.access import Actor, Permission, require
from lib.domain.dates import now_utc, show_time, today_shanghai
from lib.domain.errors import InvalidQuery, NotFound
from lib.domain.vocabulary import SubmissionKind, ThreadState
from lib.files import export
from lib.services import audit, scopes
from lib.store.engine import Database
from lib.store.models import Account, Achievement, Demand, Event, EventItem, Interest, Submission, Thread, ThreadStep

PAGE_SIZE: Final = 20
MOST_EXPORTED: Final = 10_000
_UNTAKEN: Final = "untaken"
_MINE: Final = "mine"
VIEWS: Final = ("", _UNTAKEN, _MINE, *(state.value for state in ThreadState))
"""What a list can be narrowed to by who follows and how far it came; blank: everything."""
DUES: Final[dict[str, str]] = {
    "overdue": "已过期",
    "soon": f"{followups.SOON.days} 天内",
    "later": "更晚",
    "open": "没定日子",
}
"""And by when the next step is due."""
RECORDS: Final[tuple[tuple[Any, Any, tuple[str, ...]], ...]] = (
    (Achievement, Interest.achievement_id, (SubmissionKind.ACHIEVEMENT.value,)),
    (Demand, Interest.demand_id, (SubmissionKind.DEMAND.value, SubmissionKind.MILITARY.value)),
)
"""The records that an intention may be about: their table, the column that names one, the submissions they come of."""


@dataclass(frozen=True)
class LeadQuery:
    """What is asked of the list; blanks and zeros restrict nothing."""

    view: str = ""
    event: int = 0
    owner: int = 0
    due: str = ""
    page: int = 1

    @classmethod
    def of(cls, asked: Mapping[str, str]) -> "LeadQuery":
        """The question in the parameters of an address; what makes no sense there restricts nothing."""
        view, due = asked.get("view", ""), asked.get("due", "")
        return cls(
            view if view in VIEWS else "", _number(asked.get("event", "")), _number(asked.get("owner", "")),
            due if due in DUES else "", _number(asked.get("page", "")) or 1,
        )  # fmt: skip

    @property
    def asked(self) -> dict[str, str]:
        """The parameters that ask this, without the page."""
        return {name: str(value) for name, value in asdict(self).items() if value and name != "page"}


@dataclass(frozen=True)
class Lead:
    """An intention with its follow-up, as lists show it: masked. `thread_id` None: nobody follows it up."""

    interest_id: int
    title: str
    """What it is about."""
    event_id: int | None
    event: str
    hint: str
    left_at: datetime
    thread_id: int | None
    version: int
    state: ThreadState | None
    owner: str
    owner_id: int | None
    due_on: date | None


@dataclass(frozen=True)
class Leads:
    """One page of them, what is due soonest first; how many there are in each view; who follows any of
    them, and the events they are of, by name."""

    items: tuple[Lead, ...]
    total: int
    page: int
    counts: Mapping[str, int]
    owners: Mapping[int, str]
    events: Mapping[int, str]

    @property
    def pages(self) -> int:
        """How many pages there are, at least one."""
        return paging.pages(self.total, PAGE_SIZE)


@dataclass(frozen=True)
class Step:
    """One step of a follow-up."""

    at: datetime
    state: ThreadState
    note: str
    by: str


# ------------------------------------------------------------------ reading
def listing(session: Session, query: LeadQuery, *, actor: Actor) -> Leads:
    """What the actor may follow up. Raises AccessDenied."""
    require(actor, Permission.FOLLOW_UP)
    whole = _event(query, reach(actor))
    narrowed = and_(whole, _owned(query), _due(query))

    def counted(name: str) -> int:
        found = select(func.count()).select_from(Interest).outerjoin(Thread).where(narrowed, _in(name, actor))
        return session.scalar(found) or 0

    counts = {name: counted(name) for name in VIEWS}
    page = max(1, query.page)
    rows = session.execute(_asked(query, actor).limit(PAGE_SIZE).offset((page - 1) * PAGE_SIZE)).all()
    mine = reach(actor)
    followed = select(Thread.owner_id).join(Interest, Thread.interest_id == Interest.id).where(mine)
    owners = session.execute(select(Account.id, Account.name).where(Account.id.in_(followed)).order_by(Account.name))
    about = select(Event.id, Event.title).where(Event.id.in_(select(Interest.event_id).where(mine)))
    events = session.execute(about.order_by(Event.held_on.desc(), Event.id.desc()))
    return Leads(
        tuple(map(lead, rows)), counts[query.view], page, counts, {one.id: one.name for one in owners},
        {one.id: one.title for one in events},
    )  # fmt: skip


def read(session: Session, interest_id: int, *, actor: Actor) -> tuple[Lead, tuple[Step, ...]]:
    """One intention with the steps of its follow-up, the newest first. Raises NotFound, AccessDenied."""
    require(actor, Permission.FOLLOW_UP)
    row = session.execute(leads().where(Interest.id == interest_id, reach(actor))).one_or_none()
    if row is None:
        raise NotFound("没有找到这条意向，或者它不归您跟进。")
    found = lead(row)
    steps = session.execute(
        select(ThreadStep.at, ThreadStep.state, ThreadStep.note, Account.name)
        .outerjoin(Account, Account.id == ThreadStep.account_id)
        .where(ThreadStep.thread_id == (found.thread_id or 0))
        .order_by(ThreadStep.id.desc())
    )
    return found, tuple(Step(s.at, ThreadState(s.state), s.note, s.name or "") for s in steps)


def reminders(session: Session, *, actor: Actor) -> tuple[Lead, ...]:
    """What the actor follows up and is overdue or due within three days, the most urgent first. Raises AccessDenied."""
    require(actor, Permission.FOLLOW_UP)
    last = today_shanghai() + followups.SOON
    rows = session.execute(
        leads()
        .where(reach(actor), Thread.owner_id == actor.account_id, Thread.due_on <= last, running())
        .order_by(Thread.due_on, Thread.id)
        .limit(50)
    )
    return tuple(map(lead, rows))


_COLUMNS: Final = {
    "编号": "平台内的编号",
    "事由": "意向是对哪个项目、成果或需求",
    "活动": "在哪场活动上留下；空白为成果、需求页",
    "意向人": "已隐去；联系方式请在「对接跟进」里看，每次查看都会记录",
    "留下时间": "内蒙古时间",
    "跟进人": "空白为没人跟进",
    "状态": "空白为没人跟进",
    "下次联系": "空白为没定日子",
    "首次联系": "跟进记录里第一次联系的时间；空白为还没有",
    "签约日期": "空白为没有签约",
    "合同名称": "空白为没有写明",
    "合同金额（元）": "人民币元；空白为没有写明",
    "最近一次记录": "空白为还没有记录",
}
"""Name and meaning of every column of the file."""


def export_list(database: Database, query: LeadQuery, *, actor: Actor) -> bytes:
    """What `listing` finds, on all its pages and in its order, as an XLSX; taking it is recorded.

    Raises AccessDenied, InvalidQuery when there are more than `MOST_EXPORTED`.
    """
    require(actor, Permission.FOLLOW_UP)
    newest = (
        select(ThreadStep.note).where(ThreadStep.thread_id == Thread.id).order_by(ThreadStep.id.desc()).limit(1)
    ).scalar_subquery()
    more = (Thread.contacted_at, Thread.signed_on, Thread.contract_title, Thread.amount, newest.label("note"))
    with database.write() as session:
        found = session.execute(_asked(query, actor).add_columns(*more).limit(MOST_EXPORTED + 1)).all()
        if len(found) > MOST_EXPORTED:
            raise InvalidQuery(f"符合条件的意向超过 {MOST_EXPORTED:,} 条，请缩小范围再下载。")
        audit.record(session, actor, "thread.export", "thread", "", filters=query.asked, rows=len(found))
    meanings = [(name, meaning) for name, meaning in _COLUMNS.items()]
    about = [("导出时间", show_time(now_utc())), ("条数", str(len(found))), ("筛选", _told(query, found))]
    return export.xlsx_bytes({
        "对接跟进": (tuple(_COLUMNS), map(_cells, found)), "说明": (("项", "说明"), [*about, *meanings]),
    })  # fmt: skip


def _cells(row: Any) -> tuple[export.Cell, ...]:
    one = lead(row)
    return (
        one.interest_id, one.title, one.event, one.hint, show_time(one.left_at), one.owner,
        one.state.label if one.state else "", one.due_on,
        show_time(row.contacted_at) if row.contacted_at else "", row.signed_on, row.contract_title or "", row.amount,
        row.note or "",
    )  # fmt: skip


def _told(query: LeadQuery, found: Any) -> str:
    """The question in words."""
    states = {_UNTAKEN: "没人跟进", _MINE: "我在跟进"} | {state.value: state.label for state in ThreadState}
    parts = (
        states.get(query.view, ""),
        f"活动编号 {query.event}" if query.event else "",
        f"跟进人账号 {query.owner}" if query.owner else "",
        f"下次联系：{DUES[query.due]}" if query.due else "",
    )
    return "；".join(filter(None, parts)) or "全部"


# ------------------------------------------------------------------ what a query of ours means
def reach(actor: Actor) -> ColumnElement[bool]:
    """The intentions that the actor may follow up."""
    ways: list[ColumnElement[bool]] = [Interest.event_id.in_(select(Event.id).where(scopes.hosting(actor)))]
    for entity, column, kinds in RECORDS:
        owned = select(Submission.record_id).where(
            Submission.kind.in_(kinds), scopes.own(actor, Submission.account_id, Submission.organization_id)
        )
        ways.append(column.in_(owned))
        near = scopes.within(actor, entity.league_code, entity.banner_code)
        ways.append(column.in_(select(entity.id).where(near)))
    return or_(false(), *ways)


def running() -> ColumnElement[bool]:
    """The follow-ups in which a next step is due."""
    return Thread.state.in_([state.value for state in followups.RUNNING])


def _event(query: LeadQuery, mine: ColumnElement[bool]) -> ColumnElement[bool]:
    return and_(mine, Interest.event_id == query.event) if query.event else mine


def _owned(query: LeadQuery) -> ColumnElement[bool]:
    return Thread.owner_id == query.owner if query.owner else true()


def _due(query: LeadQuery) -> ColumnElement[bool]:
    today = today_shanghai()
    last = today + followups.SOON
    ways = {
        "overdue": Thread.due_on < today,
        "soon": Thread.due_on.between(today, last),
        "later": Thread.due_on > last,
        "open": Thread.due_on.is_(None),
    }
    return and_(ways[query.due], running()) if query.due else true()


def _in(view: str, actor: Actor) -> ColumnElement[bool]:
    if view == _UNTAKEN:
        return Thread.id.is_(None)
    if view == _MINE:
        return and_(Thread.owner_id == actor.account_id, running())
    return Thread.state == view if view else true()


def _asked(query: LeadQuery, actor: Actor) -> Any:
    return (
        leads()
        .where(_event(query, reach(actor)), _owned(query), _due(query), _in(query.view, actor))
        .order_by(Thread.due_on.asc().nulls_last(), Interest.id.desc())
    )


def leads() -> Any:
    """Every intention with its follow-up, as `lead` reads its rows."""
    titles = func.coalesce(EventItem.title, Achievement.title, Demand.title, "")
    return (
        select(
            Interest.id, titles.label("title"), Interest.event_id, Event.title.label("event"), Interest.hint,
            Interest.created_at, Thread.id.label("thread"), Thread.version, Thread.state, Account.name.label("owner"),
            Thread.owner_id, Thread.due_on,
        )
        .select_from(Interest)
        .outerjoin(Thread, Thread.interest_id == Interest.id)
        .outerjoin(Account, Account.id == Thread.owner_id)
        .outerjoin(Event, Event.id == Interest.event_id)
        .outerjoin(EventItem, EventItem.id == Interest.event_item_id)
        .outerjoin(Achievement, Achievement.id == Interest.achievement_id)
        .outerjoin(Demand, Demand.id == Interest.demand_id)
    )  # fmt: skip


def lead(row: Any) -> Lead:
    """A row of `leads`."""
    return Lead(
        row.id, row.title or "记录已撤下", row.event_id, row.event or "", row.hint, row.created_at, row.thread,
        row.version or 0, ThreadState(row.state) if row.state else None, row.owner or "", row.owner_id, row.due_on,
    )  # fmt: skip


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 9 else 0
