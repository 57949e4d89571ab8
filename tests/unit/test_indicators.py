"""The arithmetic of the indicators on published figures, and periods that may be compared."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lib.domain.indicators import GDP, INDICATORS, TARGET_INSTITUTIONS, Period, growth, mean, share
from lib.domain.money import WAN, YI

D = Decimal


def test_the_published_growth_of_2023_and_what_follows_from_it() -> None:
    """TC31."""
    assert growth(D("61.71"), D("52.49")) == D("17.57")
    average = mean(D("61.71") * YI, 2219)
    assert average is not None
    assert (average / WAN).quantize(D("0.01")) == D("278.10")
    assert share(D("61.71") * YI, GDP[2023]) == D("0.25")
    assert share(D("52.49") * YI, GDP[2022]) == D("0.23")


def test_the_first_half_of_2023_and_the_part_of_one_league() -> None:
    """TC32."""
    assert share(D("12.09"), D("18.66")) == D("64.79")
    assert share(125, 605) == D("20.66")
    assert share(D("7.81"), D("18.66")) == D("41.85")
    assert share(D("4.62"), D("12.09")) == D("38.21")
    assert share(D("16.15"), D("52.49")) == D("30.77")


def test_a_share_of_rounded_figures_is_near_the_printed_one() -> None:
    """TC33: 6.01 is rounded, so the press has 53.33."""
    found = share(D("6.01"), D("11.270968"))
    assert found == D("53.32")
    assert abs(found - D("53.33")) <= D("0.02")


def test_the_national_figures_of_2013() -> None:
    """TC35."""
    average = mean(D("7469.13") * YI, 295_000)
    assert average is not None
    assert (average / WAN).quantize(D("0.1")) == D("253.2")
    developed = share(D("2773.4"), D("7469.1"))
    assert developed is not None
    assert developed.quantize(D("0.1")) == D("37.1")


def test_institutions_against_the_target() -> None:
    """TC37."""
    assert share(29, TARGET_INSTITUTIONS) == D(145)


def test_nothing_is_divided_by_nothing() -> None:
    assert share(0, 0) is None
    assert growth(5, 0) is None
    assert mean(D(5), 0) is None


@given(st.integers(1901, 2099), st.integers(1, 12), st.integers(1, 12))
def test_a_period_is_compared_with_the_same_months_only(year: int, one: int, other: int) -> None:
    first, last = min(one, other), max(one, other)
    period = Period(year, first, last)
    assert (period.before.year, period.before.first, period.before.last) == (year - 1, first, last)
    assert period.whole == (first == 1 and last == 12)
    assert not period.over(date(year, last, 28))
    assert period.over(date(year + 1, 1, 1))


@pytest.mark.parametrize("wrong", [(2024, 0, 6), (2024, 7, 6), (2024, 1, 13), (1800, 1, 12)])
def test_what_is_no_period_is_refused(wrong: tuple[int, int, int]) -> None:
    with pytest.raises(ValueError, match="no period"):
        Period(*wrong)


def test_every_indicator_says_what_it_is() -> None:
    assert list(INDICATORS) == [f"K{number:02}" for number in range(1, 21)]
    for one in INDICATORS.values():
        assert all((one.name, one.definition, one.formula, one.unit, one.basis, one.caution)), one.key
    ours = {key for key, one in INDICATORS.items() if not one.published}
    assert {"K14", "K16", "K17", "K18", "K20"} <= ours, "no official definition is claimed for these"
