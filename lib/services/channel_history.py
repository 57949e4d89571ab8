"""转移通道 over the years: what came in, what went out, what stayed; of all partners or of one country or province."""

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final

from sqlalchemy.orm import Session

from lib.domain.access import REGION, Actor, Permission, require
from lib.domain.channels import Crossing
from lib.domain.vocabulary import Channel, Direction
from lib.services import channels, contract_flows
from lib.services.channels import REAL, FactKind, names_in
from lib.services.places import place_of

NET: Final = "净引进 = 引进的合同 − 输出的合同，只算写明两端、一端在区内一端在区外的合同；成交额只加总写明金额的。"


@dataclass(frozen=True)
class Tally:
    """Contracts, and what the `disclosed` ones of them come to in 元."""

    number: int = 0
    disclosed: int = 0
    amount: Decimal = Decimal(0)

    def __add__(self, other: "Tally") -> "Tally":
        return Tally(self.number + other.number, self.disclosed + other.disclosed, self.amount + other.amount)

    @property
    def turnover(self) -> Decimal | None:
        """合同成交额, 元; None where no contract discloses it."""
        return self.amount if self.disclosed else None


@dataclass(frozen=True)
class YearFlow:
    """One year; `year` None: not stated. Co-operation and events are counted apart and never added."""

    year: int | None
    cooperation: int = 0
    events: int = 0
    incoming: Tally = field(default_factory=Tally)
    outgoing: Tally = field(default_factory=Tally)
    within: Tally = field(default_factory=Tally)

    @property
    def net(self) -> int | None:
        """净引进 in contracts; None where none crossed the border."""
        crossed = self.incoming.number + self.outgoing.number
        return self.incoming.number - self.outgoing.number if crossed else None

    @property
    def net_amount(self) -> Decimal | None:
        """净引进 in 元; None where neither side discloses an amount."""
        if not (self.incoming.disclosed or self.outgoing.disclosed):
            return None
        return self.incoming.amount - self.outgoing.amount


def years(session: Session, place: str = "", origins: tuple[str, ...] = REAL, *, actor: Actor) -> tuple[YearFlow, ...]:
    """Every year that has anything, newest first, the undated last; with `place` (a country, a province) only what it
    is the partner of. Raises AccessDenied.
    """
    require(actor, Permission.READ_CHANNELS)
    found: dict[int | None, dict[str, Tally]] = defaultdict(lambda: defaultdict(Tally))
    if place:
        for one in contract_flows.read(session, (), origins, by=("year",), place=place, actor=actor):
            found[one.year or None][_side(one.crossing)] += Tally(one.number, one.disclosed, one.amount)
    else:
        for summed in contract_flows.by_league(session, (), origins, ("year",), actor=actor):
            sums = summed.sums
            found[summed.year or None][_side(summed.crossing)] += Tally(sums.number, sums.disclosed, sums.amount)
    counts = _facts(session, place, actor)
    told = sorted(set(found) | {year for year, _ in counts}, key=lambda year: -(year or 0))
    return tuple(
        YearFlow(
            year, counts.get((year, FactKind.COOPERATION), 0), counts.get((year, FactKind.EVENT), 0),
            found[year]["in"], found[year]["out"], found[year]["within"],
        )
        for year in told
    )  # fmt: skip


def total(flows: tuple[YearFlow, ...]) -> YearFlow:
    """All years together."""
    return YearFlow(
        None, sum(one.cooperation for one in flows), sum(one.events for one in flows),
        sum((one.incoming for one in flows), Tally()), sum((one.outgoing for one in flows), Tally()),
        sum((one.within for one in flows), Tally()),
    )  # fmt: skip


def matrix(
    session: Session, year: int | None = None, origins: tuple[str, ...] = REAL, *, actor: Actor
) -> Mapping[tuple[str, str], Tally]:
    """区内 contracts by the league of the seller and that of the buyer; 150000 where only the region is known.

    Raises AccessDenied.
    """
    require(actor, Permission.READ_CHANNELS)
    found: dict[tuple[str, str], Tally] = defaultdict(Tally)
    for one in contract_flows.read(session, () if year is None else (year,), origins, actor=actor):
        if one.crossing.channel is Channel.WITHIN:
            found[one.partner_code, one.league_code or REGION] += Tally(one.number, one.disclosed, one.amount)
    return found


def fields_of(
    session: Session, place: str, origins: tuple[str, ...] = REAL, *, actor: Actor
) -> tuple[tuple[int, int], ...]:
    """The fields (0: not stated) of the contracts of a country or province, most first. Raises AccessDenied."""
    require(actor, Permission.READ_CHANNELS)
    counts: Counter[int] = Counter()
    for one in contract_flows.read(session, (), origins, by=("field",), place=place, actor=actor):
        counts[one.field] += one.number
    return tuple(counts.most_common())


# ------------------------------------------------------------------ inside
def _side(crossing: Crossing) -> str:
    if crossing.channel is Channel.WITHIN:
        return "within"
    return {Direction.IN: "in", Direction.OUT: "out"}.get(crossing.direction, "unstated")


def _facts(session: Session, place: str, actor: Actor) -> dict[tuple[int | None, FactKind], int]:
    """Facts of each year and kind."""
    if not place:
        counted = channels.years(session, actor=actor)
        return {
            (one.year, kind): number
            for one in counted
            for kind, number in ((FactKind.COOPERATION, one.cooperation), (FactKind.EVENT, one.events))
            if number
        }
    found: dict[tuple[int | None, FactKind], int] = defaultdict(int)
    for row in channels.yearly(session, actor=actor):
        if any((at := place_of(name)) is not None and at.code == place for name in names_in(row.partner)):
            found[row.year, row.kind] += row.count
    return found
