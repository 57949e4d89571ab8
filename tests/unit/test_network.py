"""How long a check counts: months as the civil code counts them."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lib.domain.network import FRESH_MONTHS, LinkKind, LinkState, NodeKind, NodeState, fresh, months_before
from lib.domain.vocabulary import NO_DATA

DAYS = st.dates(date(1950, 1, 1), date(2100, 12, 31))


@pytest.mark.parametrize(
    ("day", "months", "before"),
    [
        (date(2026, 11, 26), 12, date(2025, 11, 26)),
        (date(2024, 2, 29), 12, date(2023, 2, 28)),
        (date(2026, 3, 31), 1, date(2026, 2, 28)),
        (date(2026, 5, 31), 1, date(2026, 4, 30)),
        (date(2026, 1, 15), 1, date(2025, 12, 15)),
        (date(2026, 1, 15), 0, date(2026, 1, 15)),
    ],
)
def test_the_corresponding_day_or_the_last_of_its_month(day: date, months: int, before: date) -> None:
    assert months_before(day, months) == before


@given(DAYS, st.integers(0, 240))
def test_later_days_have_no_earlier_correspondence(day: date, months: int) -> None:
    before = months_before(day, months)
    assert before.day <= day.day
    assert (day.year * 12 + day.month) - (before.year * 12 + before.month) == months
    assert months_before(day + timedelta(days=1), months) >= before


@given(DAYS)
def test_a_check_is_fresh_on_its_day_and_for_twelve_months(day: date) -> None:
    assert fresh(day, day)
    assert fresh(months_before(day, FRESH_MONTHS), day)
    assert not fresh(months_before(day, FRESH_MONTHS) - timedelta(days=1), day)
    assert not fresh(None, day)


def test_unknown_reads_as_no_data_and_known_not_connected_does_not() -> None:
    assert NodeState.UNKNOWN.label == LinkState.UNKNOWN.label == NO_DATA
    assert LinkState.NONE.label == "未接入"
    for kinds in (NodeKind, NodeState, LinkKind, LinkState):
        assert len({one.label for one in kinds}) == len(kinds)
