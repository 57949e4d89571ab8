"""When people may take part: the boundary of every window, with hours and without."""

from datetime import date, datetime, timedelta

import pytest

from lib.domain.dates import SHANGHAI, PartialDate, Precision
from lib.domain.vocabulary import EventState
from lib.domain.windows import AFTER, BEFORE, last_day, period, registration, responding

START = datetime(2026, 12, 1, 9, tzinfo=SHANGHAI)
END = START + timedelta(hours=2)
SECOND = timedelta(seconds=1)
OUT = EventState.PUBLISHED


@pytest.mark.parametrize(
    ("held", "last"),
    [
        (PartialDate(date(2026, 12, 1), Precision.DAY), date(2026, 12, 1)),
        (PartialDate(date(2026, 12, 1), Precision.MONTH), date(2026, 12, 31)),
        (PartialDate(date(2028, 2, 1), Precision.MONTH), date(2028, 2, 29)),
        (PartialDate(date(2026, 1, 1), Precision.YEAR), date(2026, 12, 31)),
    ],
)
def test_a_stated_period_ends_with_its_last_day(held: PartialDate, last: date) -> None:
    assert last_day(held) == last
    whole = period(held, None, None)
    assert whole is not None
    assert (whole[0].date(), whole[1].date()) == (held.day, last)
    assert period(None, None, None) is None
    assert period(held, START, END) == (START, END)


@pytest.mark.parametrize(
    ("now", "told"),
    [(START - timedelta(days=9), "开始"), (START - timedelta(days=8), ""), (START - timedelta(days=1), ""),
     (START - timedelta(days=1) + SECOND, "截止")],
)  # fmt: skip
def test_registration_is_open_from_the_first_moment_to_the_last(now: datetime, told: str) -> None:
    found = registration(OUT, START - timedelta(days=8), START - timedelta(days=1), (START, END), now)
    assert (told in found) if told else not found


def test_without_a_window_registration_closes_with_the_event() -> None:
    assert registration(OUT, None, None, (START, END), END) == ""
    assert "截止" in registration(OUT, None, None, (START, END), END + SECOND)
    assert registration(OUT, None, None, None, END) == ""
    for state in (EventState.DRAFT, EventState.CANCELLED):
        assert registration(state, None, None, (START, END), START)


@pytest.mark.parametrize(
    ("now", "told"),
    [(START - BEFORE - SECOND, "开始"), (START - BEFORE, ""), (END + AFTER, ""), (END + AFTER + SECOND, "结束")],
)
def test_an_audience_responds_from_a_day_before_to_a_week_after(now: datetime, told: str) -> None:
    found = responding(OUT, (START, END), now)
    assert (told in found) if told else not found


def test_nobody_responds_to_what_is_not_announced_or_has_no_date() -> None:
    assert responding(OUT, None, START)
    assert responding(EventState.CANCELLED, (START, END), START)
