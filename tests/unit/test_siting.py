"""Where sites stand best: equal to trying every choice, and what must hold whatever the map looks like."""

from itertools import combinations, pairwise
from math import inf, isclose

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lib.domain.distance import RADIUS, great_circle
from lib.services import siting

KM = st.integers(0, 900).map(float)


@st.composite
def problems(draw: st.DrawFn, largest: int = 9) -> tuple[list[list[float]], list[float], list[int], int]:
    """Distances, distance to what there is (all without, or all with), weights, how many sites."""
    places, candidates = draw(st.integers(1, 12)), draw(st.integers(1, largest))
    distances = [[draw(KM) for _ in range(candidates)] for _ in range(places)]
    before = [inf] * places if draw(st.booleans()) else [draw(KM) for _ in range(places)]
    return distances, before, [draw(st.integers(0, 50)) for _ in range(places)], draw(st.integers(1, candidates))


@given(problems())
@settings(max_examples=120, deadline=None)
def test_the_smallest_summed_distance_is_the_one_of_trying_every_choice(
    problem: tuple[list[list[float]], list[float], list[int], int],
) -> None:
    distances, before, _, k = problem
    found = siting.nearest(distances, before, k)
    tried = min(siting.total(distances, before, chosen) for chosen in combinations(range(len(distances[0])), k))
    assert found.exact
    assert len(found.chosen) == k
    assert isclose(found.value, tried, abs_tol=1e-6)
    assert isclose(found.value, siting.total(distances, before, found.chosen))


@given(problems(), st.integers(0, 900))
@settings(max_examples=120, deadline=None)
def test_the_least_weight_left_is_the_one_of_trying_every_choice(
    problem: tuple[list[list[float]], list[float], list[int], int], radius: int
) -> None:
    distances, before, weights, k = problem
    found = siting.covering(distances, before, weights, radius, k)
    tried = min(
        siting.beyond(distances, before, weights, radius, chosen)
        for chosen in combinations(range(len(distances[0])), k)
    )
    assert found.exact
    assert len(found.chosen) <= k
    assert found.value == tried == siting.beyond(distances, before, weights, radius, found.chosen)
    for site in found.chosen:  # no site without use
        rest = [other for other in found.chosen if other != site]
        assert siting.beyond(distances, before, weights, radius, rest) > found.value


@given(problems())
@settings(max_examples=60, deadline=None)
def test_one_site_more_is_never_worse_and_none_is_worse_than_before(
    problem: tuple[list[list[float]], list[float], list[int], int],
) -> None:
    distances, before, _, _ = problem
    values = [siting.nearest(distances, before, k).value for k in range(1, len(distances[0]) + 1)]
    assert all(later <= earlier + 1e-6 for earlier, later in pairwise(values))
    assert values[0] <= sum(before) + 1e-6


def test_no_time_at_all_is_said_and_not_passed_off_as_an_optimum() -> None:
    distances = [[float((7 * i + 13 * j) % 97) for j in range(60)] for i in range(60)]
    found = siting.nearest(distances, [inf] * 60, 5, seconds=0.0)
    assert not found.exact
    assert len(found.chosen) == 5
    assert found.bound <= found.value


@pytest.mark.parametrize("k", [0, 4])
def test_a_number_of_sites_that_cannot_be(k: int) -> None:
    with pytest.raises(ValueError, match="number of candidates"):
        siting.nearest([[1.0, 2.0, 3.0]], [inf], k)
    with pytest.raises(ValueError, match="number of candidates"):
        siting.covering([[1.0, 2.0, 3.0]], [inf], [1], 1, k)


def test_distances_on_the_earth() -> None:
    """A quarter of a meridian; one degree of a parallel at 60° is half of one at the equator, nearly."""
    assert isclose(great_circle(110, 0, 110, 90), RADIUS * 3.141592653589793 / 2)
    assert great_circle(111.7, 40.8, 111.7, 40.8) == 0
    assert isclose(great_circle(110, 60, 111, 60) / great_circle(110, 0, 111, 0), 0.5, abs_tol=1e-4)


@given(st.tuples(*[st.floats(-180, 180), st.floats(-90, 90)] * 2))
def test_a_distance_is_symmetric_and_at_most_half_round_the_earth(ends: tuple[float, float, float, float]) -> None:
    there = great_circle(*ends)
    assert 0 <= there <= RADIUS * 3.1415926536
    assert isclose(there, great_circle(*ends[2:], *ends[:2]), abs_tol=1e-6)
