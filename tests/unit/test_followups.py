"""The way of a follow-up: what leads where, when the first contact was, and what each figure counts."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from lib.domain.followups import DAYS, FIGURES, RUNNING, WAYS, Trail, amount, contacted, first_contact, may, old
from lib.domain.vocabulary import ThreadState

NOW = datetime(2026, 11, 26, 4, tzinfo=UTC)
S = ThreadState
MOMENTS = st.integers(0, 60 * 24).map(lambda hours: NOW - timedelta(hours=hours))
TRAILS = st.builds(
    Trail, id=st.integers(1, 99), item=st.none() | st.integers(1, 9), contact=st.booleans(), left_at=MOMENTS,
    state=st.none() | st.sampled_from(S), contacted_at=st.none() | MOMENTS, signed_on=st.just(date(2026, 11, 1)),
    amount=st.none() | st.decimals("0.01", "1000000", places=2),
)  # fmt: skip


def test_signed_is_the_end_and_closed_is_not() -> None:
    assert not any(may(S.SIGNED, after) for after in S if after is not S.SIGNED)
    assert may(S.CLOSED, S.TALKING)
    assert not may(S.OPEN, S.SIGNED)
    assert not may(S.TALKING, S.CONTACTED), "a way back would count a contact twice"
    assert set(RUNNING) == {state for state, after in WAYS.items() if S.CLOSED in after}


@given(st.lists(st.sampled_from(S), max_size=12))
def test_no_way_leads_to_a_contract_without_a_contact(wished: list[ThreadState]) -> None:
    """Whatever is tried, in any order: signed holds, and nothing is signed that was never contacted."""
    state, first = S.OPEN, None
    for number, after in enumerate(wished):
        if not may(state, after):
            continue
        assert state is not S.SIGNED or after is S.SIGNED
        earlier, first = first, first_contact(first, after, NOW + timedelta(hours=number))
        assert earlier is None or first == earlier, "the first contact is the first"
        state = after
    assert state in {S.OPEN, S.CLOSED} or first is not None


@given(TRAILS, st.sampled_from(DAYS))
def test_a_contact_counts_only_among_intentions_that_are_old_enough(trail: Trail, days: int) -> None:
    assert not contacted(trail, days, NOW) or old(trail, days, NOW)
    young = Trail(1, None, contact=True, left_at=NOW - timedelta(days=days) + timedelta(seconds=1), contacted_at=NOW)
    assert not old(young, days, NOW)
    just = Trail(1, None, contact=True, left_at=NOW - timedelta(days=days), contacted_at=NOW)
    assert contacted(just, days, NOW)


@given(st.lists(TRAILS, max_size=20))
def test_the_states_share_the_intentions_among_them(trails: list[Trail]) -> None:
    counts = {key: sum(test(trail, NOW) for trail in trails) for key, test in FIGURES.items()}
    assert counts["intentions"] == len(trails) == counts["untaken"] + sum(counts[state.value] for state in S)
    assert counts["within_3"] <= counts["old_3"]
    assert counts["old_30"] <= counts["old_7"] <= counts["old_3"]
    told = [t.amount or Decimal(0) for t in trails if FIGURES["amount"](t, NOW)]
    assert amount(trails) == (sum(told, Decimal(0)) if told else None)
