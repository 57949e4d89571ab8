"""The result report of an event on paper: the figures of `outcomes`, project by project, with what each figure means.

Nothing personal stands on it: it is made to be sent on. Intentions are numbers, judges are numbers.
"""

from collections.abc import Mapping, Sequence
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from lib.domain import followups
from lib.domain.access import Actor
from lib.domain.dates import SHANGHAI, now_utc, show_time
from lib.domain.money import show_wan
from lib.domain.sheet import Section, Sheet
from lib.domain.vocabulary import MARKS, NO_DATA, UNDISCLOSED, Origin, ThreadState
from lib.services import jury, outcomes, scopes
from lib.services.jury import Ranked, Result
from lib.services.outcomes import LABELS, MEANINGS, Outcome
from lib.store.models import Event, EventItem, Interest, Thread

GROUPS: Final[Mapping[str, tuple[str, ...]]] = {
    "现场": ("projects", "registered", "waiting", "present", "marks", "questions"),
    "意向": ("intentions", "contacts", *(f"within_{days}" for days in followups.DAYS)),
    "跟进": ("untaken", *(state.value for state in ThreadState), "amount"),
}
"""The figures in the order in which they are told."""


def read(session: Session, event_id: int, *, actor: Actor, base: str) -> Sheet:
    """The report of an event that the actor runs; `base` is the product's address. Raises NotFound, AccessDenied."""
    event = scopes.hosted(session, event_id, actor=actor)
    found = outcomes.read(session, event_id, actor=actor)
    result = jury.result(session, event_id, actor=actor)
    demo = event.origin == Origin.DEMO.value
    sections = [
        *(Section(title, header=("指标", "数值"), rows=_figures(found, names)) for title, names in GROUPS.items()),
        Section("成交", text=_closing(found)),
        Section("逐项", header=_ITEM_HEADER, rows=_items(found), wide=True),
        *([_ranking(result)] if result else []),
        Section("跟进清单", text="" if found.figures["intentions"] else "没有人留下意向。", header=_THREAD_HEADER,
                rows=_threads(session, event_id), wide=True),
        Section("口径", text="\n".join(MEANINGS.values()), wide=True),
    ]  # fmt: skip
    return Sheet(
        title=f"{event.title}　成效报告",
        value="这场活动及其观众、意向和跟进是演示数据，不是真实成效。" if demo else "",
        tags=("北疆技转 · 成效报告", Origin(event.origin).label),
        facts=_facts(event),
        sections=tuple(sections),
        missing=_missing(found),
        source="来源：本平台的报名、签到、现场互动和跟进记录；意向只以编号列出，不含个人信息。",
        printed=f"数据截至 {show_time(now_utc())}。",
        address=f"{base}/hosting?id={event_id}&view=outcomes",
        numbered=True,
    )


def shown(found: Outcome, name: str) -> str:
    """A figure as it is read: with its denominator where it is a share."""
    number = f"{found.figures[name]:,}"
    return f"{number} / {found.of[name]:,}" if name in found.of else number


# ------------------------------------------------------------------ inside
_ITEM_HEADER: Final = ("项目", "打分", *MARKS.values(), "提问", "意向", "签约", "签约额")
_THREAD_HEADER: Final = ("编号", "项目", "留下时间", "状态", "首次联系", "下一步期限", "签约", "金额")


def _facts(event: Event) -> tuple[tuple[str, str], ...]:
    hours = ""
    if event.starts_at and event.ends_at:
        first, last = (moment.astimezone(SHANGHAI) for moment in (event.starts_at, event.ends_at))
        hours = f"{first:%Y-%m-%d %H:%M} 至 {last:%Y-%m-%d %H:%M}"
    told = (
        ("类别", event.kind),
        ("时间", hours or str(event.held or "")),
        ("地点", " ".join(filter(None, (event.city, event.venue)))),
        ("举办形式", event.format),
        ("主办", event.organizer),
        ("协办、支持", event.co_organizers),
    )
    return tuple((name, text or UNDISCLOSED) for name, text in told)


def _figures(found: Outcome, names: Sequence[str]) -> tuple[tuple[str, str], ...]:
    return tuple((LABELS[name], shown(found, name)) for name in names)


def _closing(found: Outcome) -> str:
    signed, asked = found.figures[ThreadState.SIGNED.value], found.figures["intentions"]
    rate = f"{signed / asked:.1%}（{signed} / {asked}）" if asked else NO_DATA
    amount = show_wan(found.amount) if found.amount is not None else NO_DATA
    return f"路演成交率 {rate}，签约额 {amount}。"


def _items(found: Outcome) -> tuple[tuple[str, ...], ...]:
    return tuple(
        (
            one.title, str(one.counts.marks),
            *(NO_DATA if mean is None else str(mean) for mean in one.counts.means.values()),
            str(one.counts.questions), str(one.counts.intentions), str(one.signed),
            NO_DATA if one.amount is None else show_wan(one.amount),
        )
        for one in found.items
    )  # fmt: skip


def _ranking(found: Result) -> Section:
    def line(one: Ranked) -> tuple[str, ...]:
        place = "没有评分" if one.rank is None else f"{'并列' if one.tied else ''}第 {one.rank}"
        given = "、".join(f"{n} 号 {score.normalize():f}" for n, score in sorted(one.judges.items()))
        dropped = "、".join(f"{number} 号" for number in one.dropped) or "—"
        score = NO_DATA if one.score is None else f"{one.score:f}"
        return place, one.contender.title, score, given or NO_DATA, dropped

    state = f"{show_time(found.published_at)} 公布。" if found.published_at else "已冻结，还没有公布。"
    header = ("名次", "项目", "得分", "各评委", "未计入")
    return Section("评审结果", state + jury.how(found), header, tuple(map(line, found.ranked)), wide=True)


def _threads(session: Session, event_id: int) -> tuple[tuple[str, ...], ...]:
    rows = session.execute(
        select(
            Interest.id, EventItem.title, Interest.created_at, Thread.state, Thread.contacted_at, Thread.due_on,
            Thread.signed_on, Thread.amount,
        )
        .outerjoin(EventItem, EventItem.id == Interest.event_item_id)
        .outerjoin(Thread, Thread.interest_id == Interest.id)
        .where(Interest.event_id == event_id)
        .order_by(Interest.id)
    )  # fmt: skip
    return tuple(
        (
            f"{r.id}", r.title or "项目已撤下", show_time(r.created_at),
            ThreadState(r.state).label if r.state else "没人跟进",
            show_time(r.contacted_at) if r.contacted_at else "—", str(r.due_on or "—"), str(r.signed_on or "—"),
            "—" if r.signed_on is None else show_wan(r.amount) if r.amount is not None else NO_DATA,
        )
        for r in rows
    )  # fmt: skip


def _missing(found: Outcome) -> str:
    """What the figures do not know, named."""
    unknown = [
        name for name, there in (("到场人数", found.figures["present"]), ("打分", found.figures["marks"])) if not there
    ]
    if found.figures[ThreadState.SIGNED.value] and found.amount is None:
        unknown.append("签约金额")
    return f"没有记录：{'、'.join(unknown)}。" if unknown else ""
