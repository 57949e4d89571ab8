"""A jury's points: weights, what is left out, two decimals half up, ties that are told."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lib.domain import jury
from lib.domain.jury import CRITERIA, DROPS_FROM, Rating

D = Decimal
POINTS = st.decimals(0, 100, places=2)
JUDGES = st.dictionaries(st.integers(1, 30), POINTS, min_size=1, max_size=30)


def test_seven_judges_lose_their_highest_and_lowest() -> None:
    scores = {1: D(90), 2: D(70), 3: D(85), 4: D(88), 5: D("82.5"), 6: D(95), 7: D(80)}
    found = jury.rate(scores)
    assert found == Rating(scores, D("85.10"), dropped=(2, 6))  # (90 + 85 + 88 + 82.5 + 80) / 5
    assert jury.rate({n: s for n, s in scores.items() if n != 7}) == Rating(
        {n: s for n, s in scores.items() if n != 7}, D("85.08"), ()
    )  # 510.5 / 6 = 85.0833…


def test_half_a_cent_goes_up_and_a_tie_at_the_end_leaves_one_of_each_out() -> None:
    assert jury.rate({1: D("80.00"), 2: D("80.01")}).score == D("80.01")  # 80.005
    same = jury.rate({n: D(80) for n in range(1, 8)})
    assert (same.score, same.dropped) == (D("80.00"), (1, 2))
    assert jury.rate({}) == Rating({}, None)


def test_a_judge_counts_who_scored_every_criterion() -> None:
    weights = {1: 60, 2: 40}
    assert jury.weigh({1: D(90), 2: D("75.5")}, weights) == D("84.2")
    assert jury.weigh({1: D(90)}, weights) is None
    assert jury.weigh({1: D(90)}, {}) is None


def test_ties_share_a_rank_and_what_nobody_scored_has_none() -> None:
    ratings = {
        7: Rating({}, D("88.00")), 3: Rating({}, D("91.20")), 5: Rating({}, D("88.00")), 9: Rating({}, None),
        4: Rating({}, D("80.00")),
    }  # fmt: skip
    told = [(p.item, p.rank, p.tied) for p in jury.rank(ratings)]
    assert told == [(3, 1, False), (5, 2, True), (7, 2, True), (4, 4, False), (9, None, False)]


@given(JUDGES)
def test_the_score_lies_within_what_counted_and_the_order_of_judges_does_not_matter(scores: dict[int, D]) -> None:
    found = jury.rate(scores)
    kept = [score for number, score in scores.items() if number not in found.dropped]
    assert len(found.dropped) == (2 if len(scores) >= DROPS_FROM else 0)
    assert found.score is not None and min(kept) <= found.score <= max(kept)
    if found.dropped:
        low, high = (scores[number] for number in found.dropped)
        assert low == min(scores.values()) and high == max(scores.values())
    assert jury.rate(dict(reversed(scores.items()))) == found


@given(st.dictionaries(st.integers(1, 50), st.none() | POINTS, max_size=20))
def test_a_better_score_is_never_ranked_behind(scores: dict[int, D | None]) -> None:
    placed = jury.rank({item: Rating({}, score) for item, score in scores.items()})
    assert sorted(p.item for p in placed) == sorted(scores)
    for one in placed:
        mine = scores[one.item]
        assert (one.rank is None) == (mine is None)
        if mine is not None:
            better = sum(other is not None and other > mine for other in scores.values())
            same = sum(other == mine for other in scores.values())
            assert (one.rank, one.tied) == (better + 1, same > 1)


@pytest.mark.parametrize(
    ("criteria", "says"),
    [
        ((), "至少写一项"),
        ((("团队", 40), ("团队", 60)), "重复"),
        ((("", 100),), "名称"),
        ((("团队", 0), ("技术", 100)), "1 至 100"),
        ((("团队", 40), ("技术", 50)), "现在是 90，请增加 10"),
        ((("团队", 60), ("技术", 50)), "现在是 110，请减少 10"),
        (tuple((str(n), 1) for n in range(13)), "最多 12 项"),
        (CRITERIA, ""),
    ],
)
def test_weights_add_up_to_a_hundred(criteria: tuple[tuple[str, int], ...], says: str) -> None:
    told = jury.criteria_problem(criteria)
    assert says in told and bool(told) == bool(says)


@pytest.mark.parametrize("text", ["0", "100", "88.5", "88.55", " 7 ", "100.00"])
def test_points_are_taken_with_two_decimals(text: str) -> None:
    assert jury.points(text) == D(text.strip())


@pytest.mark.parametrize("text", ["", "-1", "100.01", "101", "88.555", "1e2", "八十", "٣", "NaN", "88,5", "0x10"])
def test_what_is_no_number_of_points_is_refused(text: str) -> None:
    assert jury.points(text) is None


def test_a_code_is_read_as_people_type_it() -> None:
    code = jury.new_code()
    assert jury.fold_code(f" {code.lower().replace('-', ' ')} ") == code.replace("-", "")
    assert len({jury.new_code() for _ in range(200)}) == 200
    assert jury.fold_code("K7MP2-X9RT") == jury.fold_code("K7MP2X9RT0") == jury.fold_code("") == ""
