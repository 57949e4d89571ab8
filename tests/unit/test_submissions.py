"""States and numbers of submissions."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lib.domain.errors import Conflict
from lib.domain.submissions import TRANSITIONS, Action, advance, credit_code_holds, email, mask_phone, phone
from lib.domain.vocabulary import SubmissionState

GOOD = "91350100M000100Y43"


def test_only_the_listed_transitions_exist() -> None:
    for state in SubmissionState:
        for action in Action:
            if (state, action) in TRANSITIONS:
                assert advance(state, action) is TRANSITIONS[state, action]
            else:
                with pytest.raises(Conflict):
                    advance(state, action)


@given(st.integers(0, 17), st.sampled_from("0123456789ABCDEFGHJKLMNPQRTUWXY"))
def test_any_single_changed_character_breaks_the_credit_code(place: int, character: str) -> None:
    changed = GOOD[:place] + character + GOOD[place + 1 :]
    assert credit_code_holds(changed) is (changed == GOOD)


@given(st.text())
def test_contacts_are_read_or_refused_never_broken(text: str) -> None:
    for read in (phone, email):
        try:
            assert read(read(text)) == read(text)
        except ValueError:
            continue


@pytest.mark.parametrize(
    ("typed", "kept"),
    [("138 1234 5678", "13812345678"), ("１３８１２３４５６７８", "13812345678"), ("0471-1234567", "0471-1234567")],
)
def test_phone_numbers_are_kept_in_one_form(typed: str, kept: str) -> None:
    assert phone(typed) == kept


def test_a_masked_number_hides_its_middle() -> None:
    assert mask_phone("13812345678") == "138****5678"
