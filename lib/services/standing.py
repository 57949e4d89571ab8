"""Where a league stands: indicators with numerator and denominator, its rank, its share, the change on the year before.

None is 暂无数据 and never 0: public facts are a collection, so that nothing found is not nothing there. What the
platform itself keeps, such as checks of links, can be 0.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Final

from sqlalchemy.orm import Session

from lib.domain.access import Actor, Permission, require
from lib.domain.dates import today_shanghai
from lib.domain.network import FRESH_MONTHS, STATIONS, NodeState
from lib.domain.vocabulary import Level, Origin
from lib.services import coverage, network, nodes
from lib.services.coverage import Need
from lib.services.network import SERVICE_KINDS, Metric

_TENTH: Final = Decimal("0.1")
_HUNDRED: Final = Decimal(100)
REGION: Final = "150000"


@dataclass(frozen=True)
class Indicator:
    """What is measured; a count has no denominator. `dated`: it can be asked for one year."""

    key: str
    label: str
    unit: str
    numerator: str
    denominator: str
    definition: str
    source: str
    dated: bool = False


@dataclass(frozen=True)
class Value:
    """An indicator of one place. `share` is of the region's numerator in percent, `rank` among the `known` leagues that
    have a value, `before` the numerator of the year before where a year was asked for."""

    numerator: int | None
    denominator: int | None
    before: int | None = None
    share: Decimal | None = None
    rank: int | None = None
    known: int = 0

    @property
    def ratio(self) -> Decimal | None:
        """Numerator by denominator in percent, to one decimal; None where either is not known or there is nothing."""
        if self.numerator is None or not self.denominator:
            return None
        return _percent(self.numerator, self.denominator)

    @property
    def change(self) -> int | None:
        """How many more than in the year before; None where either is not known."""
        return None if self.numerator is None or self.before is None else self.numerator - self.before


@dataclass(frozen=True)
class Standing:
    """Every indicator of every league and of the region (by division code); `until` is the newest source of each."""

    values: Mapping[str, Mapping[str, Value]]
    until: Mapping[str, str]
    year: int | None


_ROWS: Final = "库内逐条注明的来源"
_KEPT: Final = "本平台的节点与链路记录"
INDICATORS: Final[tuple[Indicator, ...]] = (
    *(
        Indicator(
            metric.value, f"{metric.label}数", metric.unit, f"写明盟市的{metric.label}记录", "",
            f"来源写明所在盟市的{metric.label}记录数；全区包括没有写明盟市的。", _ROWS,
            dated=metric is not Metric.ORGANIZATIONS,
        )
        for metric in Metric
    ),
    Indicator("services", "技术转移服务机构数", "家", "写明盟市的服务机构", "",
              f"类别为{'、'.join(SERVICE_KINDS)}的机构。", _ROWS),
    Indicator("stations", "站点覆盖率", "%", "有运行中站点的旗县", "全部旗县",
              "规划二(五)要求三级工作网络到旗县；节点都没有填报时为暂无数据。", _KEPT),
    Indicator("links", "链路核实率", "%", f"近 {FRESH_MONTHS} 个月核实过的链路", "全部链路",
              "含上行、下行和对外平台链路；核实由主管部门在本平台登记，没有登记就是 0。", _KEPT),
    Indicator("recent", "活动覆盖率", "%", "近 12 个月有活动的旗县", "全部旗县", f"{Need.EVENT.definition}。", _ROWS),
    Indicator("carriers", "载体覆盖率", "%", "有载体的旗县", "全部旗县", f"{Need.CARRIER.definition}。", _ROWS),
)  # fmt: skip
BY_KEY: Final = {indicator.key: indicator for indicator in INDICATORS}
NEEDS: Final = {"stations": Need.STATION, "recent": Need.EVENT, "carriers": Need.CARRIER}
"""The indicators whose banners stand in the survey of a need."""


def read(
    session: Session,
    *,
    actor: Actor,
    origins: Sequence[Origin] | None = None,
    year: int | None = None,
    today: date | None = None,
) -> Standing:
    """All indicators of the 12 leagues and the region. Raises AccessDenied."""
    require(actor, Permission.READ_NETWORK)
    day = today or today_shanghai()
    found: dict[str, dict[str, tuple[int | None, int | None, int | None]]] = {}
    now = _counts(session, actor, origins, year)
    before = _counts(session, actor, origins, year - 1) if year is not None else {}
    for place, counts in now.items():
        found[place] = {
            key: (
                number,
                None,
                before.get(place, {}).get(key) if key != "services" and BY_KEY[key].dated else None,
            )
            for key, number in counts.items()
        }
    for key, need in NEEDS.items():
        covered = coverage.survey(session, need, actor=actor, today=day)
        known = _stated(session, actor, day) if need is Need.STATION else None
        for place, values in found.items():
            inside = _inside(place)
            have = sum(inside(spot.league_code) for spot, _ in covered.have)
            total = have + sum(inside(gap.spot.league_code) for gap in covered.gaps)
            nothing = not have and (known is None or not any(inside(league) for league in known))
            values[key] = (None if nothing else have, total, None)
    lines = nodes.links(session, actor=actor, today=day)
    leagues = {one.id: one.league_code for one in nodes.listing(session, actor=actor, today=day)}
    for place, values in found.items():
        inside = _inside(place)
        own = [line for line in lines if inside(leagues.get(line.node_id) or "")]
        values["links"] = (sum(line.fresh for line in own), len(own), None)
    until = network.until(session, actor=actor)
    return Standing(_ranked(found), {metric.value: str(until[metric] or "") for metric in Metric}, year)


# ------------------------------------------------------------------ inside
def _counts(
    session: Session, actor: Actor, origins: Sequence[Origin] | None, year: int | None
) -> dict[str, dict[str, int | None]]:
    places = [
        *network.nodes(session, Level.REGION, actor=actor, origins=origins, year=year),
        *network.nodes(session, Level.LEAGUE, actor=actor, origins=origins, year=year),
    ]
    return {place.code: {**place.counts, "services": place.services} for place in places}


def _stated(session: Session, actor: Actor, day: date) -> list[str]:
    """The league of every station of which anything is stated."""
    found = nodes.listing(session, actor=actor, today=day)
    return [one.league_code or "" for one in found if one.kind in STATIONS and one.state is not NodeState.UNKNOWN]


def _inside(place: str) -> Callable[[str], bool]:
    return lambda league: place in (REGION, league)


def _ranked(
    found: Mapping[str, Mapping[str, tuple[int | None, int | None, int | None]]],
) -> dict[str, dict[str, Value]]:
    made: dict[str, dict[str, Value]] = {place: {} for place in found}
    for indicator in INDICATORS:
        heights = {
            place: _height(*values[indicator.key][:2])
            for place, values in found.items()
            if place != REGION and _height(*values[indicator.key][:2]) is not None
        }
        whole = found.get(REGION, {}).get(indicator.key, (None, None, None))[0]
        for place, values in found.items():
            numerator, denominator, before = values[indicator.key]
            own = heights.get(place)
            rank = None if own is None else 1 + sum(other > own for other in heights.values() if other is not None)
            share = _percent(numerator, whole) if numerator is not None and whole and place != REGION else None
            made[place][indicator.key] = Value(numerator, denominator, before, share, rank, len(heights))
    return made


def _height(numerator: int | None, denominator: int | None) -> Decimal | None:
    if not numerator or denominator == 0:
        return None
    return Decimal(numerator) / (denominator or 1)


def _percent(part: int, whole: int) -> Decimal:
    return (Decimal(part) / whole * _HUNDRED).quantize(_TENTH, ROUND_HALF_UP)
