"""The way of a follow-up from an intention to a contract, and what is counted of it. The states are ours."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Final

from lib.domain.vocabulary import ThreadState

_S: Final = ThreadState
WAYS: Final[Mapping[ThreadState, tuple[ThreadState, ...]]] = {
    _S.OPEN: (_S.CONTACTED, _S.CLOSED),
    _S.CONTACTED: (_S.TALKING, _S.SIGNED, _S.CLOSED),
    _S.TALKING: (_S.SIGNED, _S.CLOSED),
    _S.SIGNED: (),
    _S.CLOSED: (_S.TALKING,),
}
"""Where each state may lead. Signed is the end. An intention that left no telephone is closed without a contact; what
was closed may be taken up again."""

RUNNING: Final = (_S.OPEN, _S.CONTACTED, _S.TALKING)
"""States in which a next step is due."""

DAYS: Final = (3, 7, 30)
"""Within how many days of the intention the first contact is counted; our parameters."""
SOON: Final = timedelta(days=3)
"""How long before its day a next step is reminded of; our parameter."""


def may(before: ThreadState, after: ThreadState) -> bool:
    """True when a step may lead from one state to the other; to stay where one is, is a note."""
    return before is after or after in WAYS[before]


def first_contact(contacted: datetime | None, after: ThreadState, now: datetime) -> datetime | None:
    """When the first contact was, after a step to `after` at `now`. To close without a contact is none."""
    if contacted is None and after in (_S.CONTACTED, _S.TALKING, _S.SIGNED):
        return now
    return contacted


@dataclass(frozen=True)
class Trail:
    """What is counted of one intention and of its follow-up; `state` None: nobody follows it up."""

    id: int
    item: int | None
    contact: bool
    """True when a name, a unit or a telephone number was left."""
    left_at: datetime
    state: ThreadState | None = None
    contacted_at: datetime | None = None
    signed_on: date | None = None
    amount: Decimal | None = None
    """Of the contract, 元; None: nobody told."""


def old(trail: Trail, days: int, now: datetime) -> bool:
    """True when the intention was left so many days ago, or longer: only such are asked for a contact within them."""
    return now - trail.left_at >= timedelta(days=days)


def contacted(trail: Trail, days: int, now: datetime) -> bool:
    """True when an `old` intention had its first contact within so many days."""
    return (
        old(trail, days, now)
        and trail.contacted_at is not None
        and trail.contacted_at - trail.left_at <= timedelta(days=days)
    )


Test = Callable[[Trail, datetime], bool]


def _within(days: int) -> Test:
    return lambda trail, now: contacted(trail, days, now)


def _old(days: int) -> Test:
    return lambda trail, now: old(trail, days, now)


def _in(state: ThreadState | None) -> Test:
    return lambda trail, _now: trail.state is state


FIGURES: Final[Mapping[str, Test]] = {
    "intentions": lambda _trail, _now: True,
    "contacts": lambda trail, _now: trail.contact,
    **{f"within_{days}": _within(days) for days in DAYS},
    **{f"old_{days}": _old(days) for days in DAYS},
    "untaken": _in(None),
    **{state.value: _in(state) for state in ThreadState},
    "amount": lambda trail, _now: trail.state is _S.SIGNED and trail.amount is not None,
}
"""Which intentions each figure counts."""


def amount(trails: list[Trail]) -> Decimal | None:
    """What the contracts add up to, 元; None when nobody told an amount."""
    told = [trail.amount for trail in trails if trail.state is _S.SIGNED and trail.amount is not None]
    return sum(told, Decimal(0)) if told else None
