"""The guided forms: every question has its help, completeness grows with what is told, shares add up to 100."""

from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lib.domain import completeness
from lib.domain.errors import InvalidInput
from lib.domain.vocabulary import SubmissionKind
from lib.services.forms import FORMS, check
from lib.ui.components.guides import GUIDES, Guide
from lib.ui.components.questions import TICKS, fields, steps
from tests.samples import achievement, demand, whole_achievement, whole_demand

GUIDED = (SubmissionKind.ACHIEVEMENT, SubmissionKind.DEMAND)
WHOLE = {SubmissionKind.ACHIEVEMENT: whole_achievement, SubmissionKind.DEMAND: whole_demand}
LEAST = {SubmissionKind.ACHIEVEMENT: achievement, SubmissionKind.DEMAND: demand}
TYPED = {"text", "prose", "table"}


@pytest.mark.parametrize("kind", GUIDED)
def test_every_question_has_its_help_and_what_is_typed_a_good_and_a_bad_example(kind: SubmissionKind) -> None:
    asked = fields(kind, {}, {})
    assert [item.name for item in asked if item.name not in GUIDES[kind]] == []
    for item in asked:
        told = GUIDES[kind][item.name]
        assert told.help.endswith("。") and len(told.help) <= 40
        assert bool(told.good and told.bad and told.good != told.bad) is (item.shape in TYPED), item.name


@pytest.mark.parametrize("kind", GUIDED)
def test_whatever_is_missing_is_asked_for_in_words(kind: SubmissionKind) -> None:
    nothing: dict[str, Any] = {}
    missing = completeness.missing(kind, nothing)
    assert missing and all(GUIDES[kind].get(name, Guide("")).nudge for name in missing)
    assert completeness.score(kind, nothing) == (0, len(missing))
    assert set(missing) <= {item.name for item in fields(kind, {}, {})}


@pytest.mark.parametrize("kind", tuple(SubmissionKind))
def test_a_form_asks_each_question_of_its_rules_once(kind: SubmissionKind) -> None:
    asked = [item.name for item in (*fields(kind, {}, {}), *TICKS)]
    apart = {"event_id", "achievement_id", "secret_content", "secret_patent", "secret_review"}
    if kind is SubmissionKind.MILITARY:
        apart |= {"title"}
    assert sorted(asked) == sorted(set(FORMS[kind].model_fields) - apart)


@pytest.mark.parametrize("kind", GUIDED)
def test_the_good_examples_of_single_lines_are_taken_by_the_rules(kind: SubmissionKind) -> None:
    for item in fields(kind, {}, {}):
        if item.shape in {"text", "prose"}:
            good = GUIDES[kind][item.name].good
            assert check(kind, LEAST[kind](**{item.name: good})), item.name


@pytest.mark.parametrize("kind", GUIDED)
def test_what_is_required_counts_and_a_whole_form_lacks_nothing(kind: SubmissionKind) -> None:
    whole = WHOLE[kind]()
    assert completeness.missing(kind, whole) == ()
    filled, total = completeness.score(kind, LEAST[kind]())
    assert 0 < filled < total
    with pytest.raises(InvalidInput) as refused:
        check(kind, {})
    assert set(refused.value.fields) - {"truthful", "not_secret"} <= set(completeness.missing(kind, {}))


@pytest.mark.parametrize("kind", GUIDED)
@given(data=st.data())
def test_filling_in_a_blank_never_lowers_the_score(kind: SubmissionKind, data: st.DataObject) -> None:
    whole = WHOLE[kind]() | {"rights": data.draw(st.sampled_from(([{"kind": "未涉及知识产权"}], whole_rights())))}
    names = sorted(whole)
    answers = {name: whole[name] for name in data.draw(st.sets(st.sampled_from(names)))}
    added = data.draw(st.sampled_from(names))
    (before, of), (after, then_of) = (
        completeness.score(kind, found) for found in (answers, answers | {added: whole[added]})
    )
    assert after >= before and after * of >= before * then_of


def whole_rights() -> Any:
    return whole_achievement()["rights"]


def test_what_does_not_apply_is_not_asked_for() -> None:
    kind = SubmissionKind.ACHIEVEMENT
    assert "shares" in completeness.missing(kind, {"rights": [{"kind": "发明专利"}]})
    assert "shares" not in completeness.missing(kind, {"rights": [{"kind": "未涉及知识产权"}]})
    assert "pricing_mode" not in completeness.missing(kind, {"transfer_mode": "自行投资实施转化"})
    assert "pricing_mode" in completeness.missing(kind, {"transfer_mode": "自行投资实施转化、许可他人使用"})


def test_the_last_step_of_each_form_asks_who_hands_it_in() -> None:
    for kind in SubmissionKind:
        assert {"unit", "contact_name", "contact_phone"} <= {item.name for item in steps(kind, {}, {})[-1].fields}


def _shares(hundredths: list[int]) -> dict[str, Any]:
    lines = [{"holder": f"第{n}家", "share": f"{Decimal(part) / 100}"} for n, part in enumerate(hundredths, 1)]
    return achievement(shares=lines)


@given(st.lists(st.integers(1, 9_999), max_size=9, unique=True))
def test_any_split_that_adds_up_to_a_hundred_is_taken(cuts: list[int]) -> None:
    edges = [0, *sorted(cuts), 10_000]
    parts = [end - start for start, end in pairwise(edges)]
    form = check(SubmissionKind.ACHIEVEMENT, _shares(parts))
    kept = [Decimal(line["share"]) for line in form.content()["shares"]]
    assert kept == [Decimal(part) / 100 for part in parts] and sum(kept) == 100


@given(st.lists(st.integers(1, 10_000), min_size=1, max_size=10).filter(lambda parts: sum(parts) != 10_000))
def test_any_other_split_is_refused_with_its_sum(parts: list[int]) -> None:
    with pytest.raises(InvalidInput) as refused:
        check(SubmissionKind.ACHIEVEMENT, _shares(parts))
    stated = f"{Decimal(sum(parts)) / 100:f}"
    shown = stated.rstrip("0").rstrip(".") if "." in stated else stated
    assert refused.value.fields == {"shares": f"「权益份额」要合计 100%，现在是 {shown}%。"}
