"""Where sites stand best: two location problems of operational research, solved to a proven optimum by HiGHS.

Both are mixed integer programs over a few thousand variables. scipy is imported when one is solved, so that no page
pays for it at its start. A solve is bounded in time; what it did not prove is said, never guessed.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf, isfinite
from typing import Any, Final

SECONDS: Final = 4.0
"""The longest that one solve may take; the problems of the region take well under one."""

Matrix = Sequence[Sequence[float]]
"""Kilometres from each place (row) to each candidate (column)."""


@dataclass(frozen=True)
class Choice:
    """The candidates chosen, by their column; the value reached; the best that is not excluded, equal where `exact`."""

    chosen: tuple[int, ...]
    value: float
    bound: float
    exact: bool


def total(distances: Matrix, before: Sequence[float], chosen: Sequence[int]) -> float:
    """The summed distance of the places to the nearest of the chosen candidates or of the sites there are."""
    return sum(min((row[j] for j in chosen), default=inf) if not isfinite(old) else
               min(old, min((row[j] for j in chosen), default=inf))
               for row, old in zip(distances, before, strict=True))  # fmt: skip


def nearest(distances: Matrix, before: Sequence[float], k: int, seconds: float = SECONDS) -> Choice:
    """The k candidates with the smallest summed distance (p-median); `before` is each place's distance to the nearest
    site there is, infinite without one.

    Formulated by García, Labbé and Marín's radius variables: z says that no site stands among the l nearest
    candidates of a place. Raises ValueError when k is not between 1 and the number of candidates.
    """
    number = len(distances[0]) if distances else 0
    if not 1 <= k <= number:
        raise ValueError("k lies between 1 and the number of candidates")
    if k in (1, number):  # every choice can be looked at
        options = [(j,) for j in range(number)] if k == 1 else [tuple(range(number))]
        best = min(options, key=lambda option: (total(distances, before, option), option))
        value = total(distances, before, best)
        return Choice(best, value, value, exact=True)
    program = _Program(number)
    for row, old in zip(distances, before, strict=True):
        order = sorted((j for j in range(number) if row[j] < old), key=lambda j: (row[j], j))
        if not order:
            program.constant += old
            continue
        steps = [row[j] for j in order] + ([old] if isfinite(old) else [])
        program.constant += steps[0]
        above: int | None = None
        for position, step in enumerate(steps[:-1]):
            unserved = program.variable(steps[position + 1] - step)
            program.row([(unserved, 1), (order[position], 1), *([(above, -1)] if above is not None else [])],
                        0 if above is not None else 1)  # fmt: skip
            above = unserved
        if not isfinite(old):
            program.row([(order[-1], 1), *([(above, -1)] if above is not None else [])], 0 if above is not None else 1)
    program.number(k, k)
    chosen, bound, exact = program.solve(seconds)
    value = total(distances, before, chosen)
    return Choice(chosen, value, value if exact else min(bound, value), exact)


def covering(
    distances: Matrix, before: Sequence[float], weights: Sequence[int], radius: float, k: int, seconds: float = SECONDS
) -> Choice:
    """At most k candidates that leave the least weight beyond `radius` (maximal covering); as few of them as reach it.

    Weights are whole, so that a small price of each site decides among equals and nothing else. Raises ValueError as
    `nearest`.
    """
    number = len(distances[0]) if distances else 0
    if not 1 <= k <= number:
        raise ValueError("k lies between 1 and the number of candidates")
    program = _Program(number, price=0.5 / (number + 1))
    for row, old, weight in zip(distances, before, weights, strict=True):
        if old <= radius or not weight:
            continue
        left = program.variable(weight)
        program.row([(left, 1), *((j, 1) for j in range(number) if row[j] <= radius)], 1)
    program.number(0, k)
    chosen, bound, exact = program.solve(seconds)
    value = beyond(distances, before, weights, radius, chosen)
    return Choice(chosen, value, value if exact else max(0, min(bound, value)), exact)


def beyond(
    distances: Matrix, before: Sequence[float], weights: Sequence[int], radius: float, chosen: Sequence[int]
) -> int:
    """The weight of the places that no site reaches within `radius`."""
    return sum(
        weight
        for row, old, weight in zip(distances, before, weights, strict=True)
        if old > radius and all(row[j] > radius for j in chosen)
    )


class _Program:
    """A mixed integer program: first one binary variable a candidate, then continuous ones between 0 and 1."""

    def __init__(self, candidates: int, price: float = 0.0) -> None:
        self.candidates = candidates
        self.costs = [price] * candidates
        self.constant = 0.0
        self._cells: list[tuple[int, int, float]] = []
        self._low: list[float] = []
        self._high: list[float] = []

    def variable(self, cost: float) -> int:
        self.costs.append(cost)
        return len(self.costs) - 1

    def row(self, terms: Sequence[tuple[int, float]], low: float, high: float = inf) -> None:
        self._cells += [(len(self._low), column, factor) for column, factor in terms]
        self._low.append(low)
        self._high.append(high)

    def number(self, least: int, most: int) -> None:
        """How many candidates are chosen."""
        self.row([(j, 1) for j in range(self.candidates)], least, most)

    def solve(self, seconds: float) -> tuple[tuple[int, ...], float, bool]:
        """The candidates chosen, the proven bound of the value, and whether it is reached. With nothing found in time,
        the first candidates stand for an answer that is not exact."""
        import numpy as np
        from scipy.optimize import Bounds, LinearConstraint, milp
        from scipy.sparse import coo_array

        rows, columns, factors = zip(*self._cells, strict=True)
        shape = (len(self._low), len(self.costs))
        whole = np.zeros(len(self.costs))
        whole[: self.candidates] = 1
        found: Any = milp(
            np.array(self.costs),
            integrality=whole,
            bounds=Bounds(0, 1),
            constraints=LinearConstraint(
                coo_array((factors, (rows, columns)), shape=shape).tocsc(), self._low, self._high
            ),
            options={"time_limit": seconds, "mip_rel_gap": 0},
        )  # fmt: skip
        if found.x is None:
            least = max(1, int(self._low[-1]))
            return tuple(range(least)), -inf, False
        chosen = tuple(j for j in range(self.candidates) if found.x[j] > 0.5)
        bound = found.mip_dual_bound if found.mip_dual_bound is not None else -inf
        return chosen, float(bound) + self.constant, found.status == 0
