"""When people may take part in an event: register before it, respond while it is on and shortly after."""

from datetime import date, datetime, time, timedelta
from typing import Final

from lib.domain.dates import SHANGHAI, PartialDate, Precision, show_time
from lib.domain.vocabulary import EventState

BEFORE: Final = timedelta(days=1)
AFTER: Final = timedelta(days=7)
"""How long before its beginning and after its end an event takes marks, questions and intentions; our parameters."""


def period(
    held: PartialDate | None, starts: datetime | None, ends: datetime | None
) -> tuple[datetime, datetime] | None:
    """First and last moment of an event: its hours where they are known, else the whole days of what is stated."""
    if held is None and starts is None:
        return None
    first = held.day if held is not None else (starts or datetime.now(SHANGHAI)).astimezone(SHANGHAI).date()
    last = first if held is None else last_day(held)
    begin = starts or datetime.combine(first, time(), SHANGHAI)
    return begin, ends or datetime.combine(last, time(23, 59, 59), SHANGHAI)


def last_day(held: PartialDate) -> date:
    """The last day of a stated day, month or year."""
    if held.precision is Precision.DAY:
        return held.day
    if held.precision is Precision.YEAR:
        return date(held.day.year, 12, 31)
    return (held.day.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)


def registration(
    state: EventState,
    opens: datetime | None,
    closes: datetime | None,
    whole: tuple[datetime, datetime] | None,
    now: datetime,
) -> str:
    """Why nobody can register now, in one sentence; blank when everybody can. `whole` is the event's period."""
    if state is EventState.CANCELLED:
        return "这场活动已取消，不能报名。"
    if state is EventState.DRAFT:
        return "这场活动还没有公布，不能报名。"
    if opens is not None and now < opens:
        return f"报名从 {show_time(opens)} 开始，请到时再来。"
    last = closes or (whole[1] if whole else None)
    if last is not None and now > last:
        return f"报名已在 {show_time(last)} 截止，请联系主办方或看看别的活动。"
    return ""


def responding(state: EventState, whole: tuple[datetime, datetime] | None, now: datetime) -> str:
    """Why nobody can mark, ask or leave an intention now, in one sentence; blank when everybody can."""
    if state is not EventState.PUBLISHED:
        return "这场活动没有公布或已取消，不能互动。"
    if whole is None:
        return "这场活动没有公布日期，不能互动。"
    if now < whole[0] - BEFORE:
        return f"现场互动从 {show_time(whole[0] - BEFORE)} 开始，请到时再来。"
    if now > whole[1] + AFTER:
        return f"现场互动已在 {show_time(whole[1] + AFTER)} 结束。"
    return ""
