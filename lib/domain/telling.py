"""What the answers of a record mean to its reader: a right that ran out, two values that compare, how far it came."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Final

from lib.domain.dates import PartialDate, Precision, parse_date
from lib.domain.vocabulary import IP_STATES, STEPS, UNDISCLOSED, UNREGISTERED

Line = Mapping[str, str]
"""One line of a table within a record, by the names of its cells."""

_YEAR: Final = timedelta(days=365)
_SOON: Final = timedelta(days=30)
_LAPSED: Final = IP_STATES[-1]
_NUMBER: Final = re.compile(r"(\d{1,3}(?:,\d{3})+|\d{1,15})(\.\d{1,6})?\s*(\D{0,12})")
_LATEST_RIGHT: Final = date(2090, 1, 1)
"""A right may run longer than other dates are allowed to lie ahead: 20 years (专利法 第四十二条) and more."""


class Term(StrEnum):
    """Where a term stands on a day."""

    NONE = "none"
    RUNNING = "running"
    SOON = "soon"
    OVER = "over"


def validity(until: date | None, today: date) -> Term:
    """Where the validity of a record stands; it ends with the day `until`, and 30 days before that it is told."""
    if until is None:
        return Term.NONE
    if until < today:
        return Term.OVER
    return Term.SOON if until - today <= _SOON else Term.RUNNING


def right_end(text: str) -> PartialDate:
    """The day, month or year until which a right runs. Raises ValueError for what is none."""
    return parse_date(text, today=_LATEST_RIGHT)


def right_term(right: Line, today: date) -> Term:
    """Where a right stands: over once its last day has passed or its state says so, soon within twelve months."""
    if right.get("state") == _LAPSED:
        return Term.OVER
    try:
        expires = right_end(right.get("expires", ""))
    except ValueError:
        return Term.NONE
    # Of a month or a year only the first day is kept: it ends when the next one begins.
    last = (
        expires.day
        + {Precision.DAY: timedelta(), Precision.MONTH: timedelta(30), Precision.YEAR: timedelta(365)}[
            expires.precision
        ]
    )
    if last < today:
        return Term.OVER
    return Term.SOON if last - today <= _YEAR else Term.RUNNING


def right_remark(right: Line, today: date) -> str:
    """What to say beside the date of a right: 已到期, 12 个月内到期, or nothing."""
    if right.get("state") == _LAPSED:
        return ""
    return {Term.OVER: "已到期", Term.SOON: "12 个月内到期"}.get(right_term(right, today), "")


def numbered(right: Line) -> bool:
    """True for a kind of right that has a number and a state."""
    return right.get("kind") not in UNREGISTERED


@dataclass(frozen=True)
class Bars:
    """Two values of one unit as parts of the larger one, 0 to 1."""

    existing: float
    offered: float


def bars(existing: str, offered: str) -> Bars | None:
    """The two values as bars, only where both are plain numbers of the same unit.

    「82%」 and 「95%」 are; 「≥95%」, 「约 82%」, 「3–5 天」 and 「82」 beside 「95%」 are not: what a bar would say of
    those is not in the text.
    """
    first, second = _NUMBER.fullmatch(existing.strip()), _NUMBER.fullmatch(offered.strip())
    if not first or not second or first[3].strip() != second[3].strip():
        return None
    values = [Decimal(found[1].replace(",", "") + (found[2] or "")) for found in (first, second)]
    most = max(values)
    if not most:
        return None
    return Bars(float(values[0] / most), float(values[1] / most))


@dataclass(frozen=True)
class Stage:
    """One step of the way of an achievement: what is known of it, and whether that is a dated or sourced fact."""

    name: str
    told: str
    lit: bool


def stages(
    steps: Sequence[Line], *, year: int | None, stage: str, award: str, price: str, closed: str = ""
) -> tuple[Stage, ...]:
    """创造 → 应用: what the unit dated itself, else what the record's own facts tell; `closed` stands for a price
    that is stated and not public. Lit is a step only for a date or a fact that somebody states.
    """
    dated = {line["step"]: line for line in steps}
    known = {
        "创造": (f"{year} 年" if year else "已公开", True),
        "熟化": (stage, bool(stage) and not stage.startswith("初期")),
        "评估": (award if "奖" in award else "", "奖" in award),
        "定价": (price or closed, bool(price) and price != "面议"),
        "交易": (award if "挂牌" in award else "", "挂牌" in award),
        "应用": ("", False),
    }
    found = []
    for name in STEPS:
        if line := dated.get(name):
            found.append(Stage(name, " ".join(filter(None, (line.get("on"), line.get("note")))), True))
        else:
            told, lit = known[name]
            found.append(Stage(name, told or UNDISCLOSED, lit))
    return tuple(found)
