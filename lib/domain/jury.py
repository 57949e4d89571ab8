"""评审打分: what the points of a jury come to.

The way of reckoning is that of public calls for roadshows (福州 2020): of seven judges the highest and the lowest score
are left out, the rest is averaged to two decimals. The criteria to begin with are weights typical of such calls; both
are parameters of ours as of 2026-11, not a rule of the region.
"""

import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Final

CRITERIA: Final = (
    ("技术创新性", 30), ("市场与商业模式", 20), ("团队", 15), ("实施可行性", 15), ("财务与资金", 10), ("社会效益", 10),
)  # fmt: skip
"""The criteria a jury begins with, and their weights of 100."""
DROPS_FROM: Final = 7
"""So many judges, and the highest and the lowest score are left out."""
MOST_JUDGES: Final = 30
MOST_CRITERIA: Final = 12
WHOLE: Final = 100
"""What the weights add up to, and the most points."""

_CENT: Final = Decimal("0.01")
_ALPHABET: Final = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
"""No characters that are mistaken for one another (0 O, 1 I L)."""
_CODE: Final = 10


@dataclass(frozen=True)
class Rating:
    """What the judges' scores of one item come to; `score` None: nobody scored it whole.

    `judges`: number of a judge → the weighted score. `dropped`: the judges whose scores were left out, lowest first.
    """

    judges: Mapping[int, Decimal]
    score: Decimal | None
    dropped: tuple[int, ...] = ()


@dataclass(frozen=True)
class Place:
    """Where an item stands. Items of the same score share a rank, and are told to be `tied`."""

    item: int
    rank: int | None
    tied: bool


def weigh(points: Mapping[int, Decimal], weights: Mapping[int, int]) -> Decimal | None:
    """One judge's score of an item, exact: Σ points × weight / 100; None while a criterion is without points."""
    if not weights or any(criterion not in points for criterion in weights):
        return None
    return sum((points[criterion] * weight for criterion, weight in weights.items()), Decimal(0)) / WHOLE


def rate(judges: Mapping[int, Decimal]) -> Rating:
    """The mean of the judges' scores, half up to two decimals; from seven judges on without one highest, one lowest.

    Of several equal ones the judge with the lower number is left out, which changes no score.
    """
    if not judges:
        return Rating({}, None)
    order = sorted(judges, key=lambda number: (judges[number], number))
    dropped: tuple[int, ...] = ()
    if len(order) >= DROPS_FROM:
        highest = min(number for number in order[1:] if judges[number] == judges[order[-1]])
        dropped = (order[0], highest)
    kept = [judges[number] for number in order if number not in dropped]
    mean = sum(kept, Decimal(0)) / len(kept)
    return Rating(dict(judges), mean.quantize(_CENT, ROUND_HALF_UP), dropped)


def rank(ratings: Mapping[int, Rating]) -> tuple[Place, ...]:
    """Items by score, best first: 1, 1, 3 for a tie; items that nobody scored come last, without a rank."""
    scores = {item: one.score for item, one in ratings.items() if one.score is not None}
    order = sorted(scores, key=lambda item: (-scores[item], item))
    placed = tuple(
        Place(
            item,
            rank=1 + sum(other > scores[item] for other in scores.values()),
            tied=sum(other == scores[item] for other in scores.values()) > 1,
        )
        for item in order
    )
    return placed + tuple(Place(item, None, tied=False) for item in sorted(set(ratings) - set(scores)))


def criteria_problem(criteria: Sequence[tuple[str, int]]) -> str:
    """Why a jury cannot score by these names and weights, in one sentence; blank when it can."""
    names = [name for name, _ in criteria]
    if not criteria:
        return "请至少写一项评分标准。"
    if len(criteria) > MOST_CRITERIA:
        return f"评分标准最多 {MOST_CRITERIA} 项，请删减。"
    if any(not name for name in names):
        return "请写明每一项评分标准的名称。"
    if len(set(names)) < len(names):
        return "评分标准的名称有重复，请改成不同的名称。"
    if any(not 1 <= weight <= WHOLE for _, weight in criteria):
        return f"每一项的权重请填 1 至 {WHOLE} 的整数。"
    total = sum(weight for _, weight in criteria)
    if total != WHOLE:
        return (
            f"各项权重之和应为 {WHOLE}，现在是 {total}，请{'增加' if total < WHOLE else '减少'} {abs(WHOLE - total)}。"
        )
    return ""


def points(text: str) -> Decimal | None:
    """Points as a judge types them, 0 to 100 with at most two decimals; None for anything else."""
    typed = text.strip()
    if not re.fullmatch(r"\d{1,3}(\.\d{1,2})?", typed, re.ASCII):
        return None
    given = Decimal(typed)
    return given if given <= WHOLE else None


def new_code() -> str:
    """A judge's code, such as K7MP2-X9RTW: 49 bits, far too many to guess over a network."""
    drawn = "".join(secrets.choice(_ALPHABET) for _ in range(_CODE))
    return f"{drawn[:5]}-{drawn[5:]}"


def fold_code(text: str) -> str:
    """A code as it was typed, without hyphens, spaces and case; blank for what can be no code."""
    folded = re.sub(r"[\s\-－—]", "", text).upper()
    return folded if re.fullmatch(f"[{_ALPHABET}]{{{_CODE}}}", folded) else ""
