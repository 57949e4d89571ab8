"""Contracts as flows between places: counted from the sums that the database keeps, listed from the contracts.

Each contract is in one flow, also one that names only one of its ends (未注明). So what flows add up to is the number
of contracts, and no contract of two leagues counts twice.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any, Final

from sqlalchemy import ColumnElement, and_, func, or_, select, true
from sqlalchemy.orm import Session

from lib.domain.access import REGION, Actor
from lib.domain.channels import HOME, SEVERAL, UNSTATED, WITHIN, Crossing, classify
from lib.domain.vocabulary import Channel, Direction
from lib.services import catalogue, rollup
from lib.services.places import COUNTRY, PROVINCE, by_code
from lib.services.rollup import Route, RouteQuery, Sums
from lib.store.models import Contract

HOME_UNKNOWN: Final = "内蒙古（未写明盟市）"
"""The seller within the region of whom only that is known."""
NO_FIELD: Final = 0
"""The field of contracts that state none."""


@dataclass(frozen=True)
class ContractFlow:
    """Contracts of one partner, league and direction; of one year or field where they were read by it.

    `partner` is the other place by name, within the region the league of the seller; `league_code` the league in the
    region, within it that of the buyer, None where it is not known. `amount` in 元 of the `disclosed` ones.
    """

    crossing: Crossing
    partner: str
    partner_code: str
    kind: str
    group: str
    league_code: str | None
    number: int
    disclosed: int
    amount: Decimal
    year: int = 0
    field: int = NO_FIELD


@dataclass(frozen=True)
class LeagueSums:
    """Contracts of one league and crossing, by what they were asked by: a year (0: not stated), a field."""

    crossing: Crossing
    league_code: str | None
    year: int
    field: int
    sums: Sums


def read(
    session: Session,
    years: Sequence[int],
    origins: tuple[str, ...],
    *,
    by: Collection[str] = (),
    place: str = "",
    fields: Sequence[int] = (),
    actor: Actor,
) -> list[ContractFlow]:
    """Contracts of these origins, years (0: not stated; none: all) and fields as flows, `by` year or field; with
    `place` only those that this place gives or takes. Raises AccessDenied.
    """
    names = catalogue.league_names(session)
    query = RouteQuery(origins=origins, years=tuple(years), fields=tuple(fields))
    if not place:
        return [_flow(route, names) for route in rollup.routes(session, query, by=by, actor=actor)]
    given = rollup.routes(session, replace(query, sellers=(place,)), by=by, actor=actor)
    taken = rollup.routes(session, replace(query, buyers=(place,)), by=by, actor=actor)
    routes = {(r.seller, r.buyer, r.year, r.field): r for r in (*given, *taken)}
    found = (_flow(route, names) for route in routes.values())
    return [flow for flow in found if flow.partner_code == place]


def by_league(
    session: Session, years: Sequence[int], origins: tuple[str, ...], by: Collection[str], *, actor: Actor
) -> list[LeagueSums]:
    """The same without partners: by league and crossing, and by year or field. As quick for many contracts as for
    few. Raises AccessDenied."""
    names = ("league", "crossing", *by)
    found = rollup.sums(session, names, {"year": years}, origins=origins, actor=actor)
    told = []
    for key, sums in found.items():
        values = dict(zip(names, key, strict=True))
        league = None if values["league"] in {"", REGION} else values["league"]
        told.append(LeagueSums(
            _crossing(values["crossing"]), league, values.get("year", 0), values.get("field", NO_FIELD), sums
        ))  # fmt: skip
    return told


def _crossing(told: str) -> Crossing:
    channel, _, direction = told.partition(":")
    return Crossing(Channel(channel) if channel else None, Direction(direction) if direction else Direction.UNSTATED)


def condition(channel: Channel | None, direction: Direction | None, *, unstated: bool = False) -> ColumnElement[bool]:
    """The condition on Contract that `classify` gives this channel and direction; `unstated`: no channel."""
    giver, taker = func.coalesce(Contract.seller_place, ""), func.coalesce(Contract.buyer_place, "")
    gives, takes = giver.like(f"{HOME}%"), taker.like(f"{HOME}%")
    crosses = and_(giver != "", taker != "", or_(and_(gives, ~takes), and_(~gives, takes)))
    abroad = or_(and_(gives, func.length(taker) == 2), and_(takes, func.length(giver) == 2))
    wanted: list[ColumnElement[bool]] = []
    if unstated:
        wanted.append(~or_(crosses, and_(gives, takes)))
    elif channel is Channel.WITHIN:
        wanted.append(and_(gives, takes))
    elif channel is Channel.ABROAD:
        wanted.append(and_(crosses, abroad))
    elif channel is Channel.INTERREGIONAL:
        wanted.append(and_(crosses, ~abroad))
    elif channel is Channel.MILITARY:
        wanted.append(Contract.id.is_(None))  # no contract says that it is one
    if direction is Direction.IN:
        wanted.append(and_(crosses, takes))
    elif direction is Direction.OUT:
        wanted.append(and_(crosses, gives))
    elif direction is Direction.UNSTATED:
        wanted.append(~crosses)
    return and_(true(), *wanted)


def at_partner(codes: Iterable[str]) -> ColumnElement[bool]:
    """The condition that the partner of a contract is one of these places: the end outside, within the region the
    seller; blank for contracts whose partner is 未注明."""
    giver, taker = func.coalesce(Contract.seller_place, ""), func.coalesce(Contract.buyer_place, "")
    chosen = []
    for code in codes:
        if not code:
            chosen.append(condition(None, None, unstated=True))
        elif code.startswith(HOME):
            chosen.append(and_(_league(giver, code), taker.like(f"{HOME}%")))
        else:
            chosen.append(
                and_(or_(giver == code, taker == code), condition(None, None) & ~condition(None, None, unstated=True))
            )
    return or_(*chosen) if chosen else true()


def in_league(code: str | None) -> ColumnElement[bool]:
    """The condition that the league of a contract is this one; None: not known."""
    giver, taker = func.coalesce(Contract.seller_place, ""), func.coalesce(Contract.buyer_place, "")
    gives, takes = giver.like(f"{HOME}%"), taker.like(f"{HOME}%")
    if code is None:
        known = [and_(takes, ~_league(taker, REGION)), and_(~takes, gives, ~_league(giver, REGION))]
        return ~or_(*known)
    return or_(_league(taker, code), and_(~takes, _league(giver, code)))


# ------------------------------------------------------------------ inside
def _league(column: ColumnElement[Any], code: str) -> ColumnElement[bool]:
    return func.substr(column, 1, 4) == code[:4]


def _flow(route: Route, names: Mapping[str, str]) -> ContractFlow:
    found = classify(route.seller, route.buyer)
    home = next((code for code in (route.buyer, route.seller) if code.startswith(HOME)), "")
    league = None if home in {"", REGION} else home
    if found.channel is None:
        partner, code, kind, group = UNSTATED, "", UNSTATED, UNSTATED
    elif found.channel is Channel.WITHIN:
        code = route.seller
        partner, kind, group = names.get(code, HOME_UNKNOWN), WITHIN, WITHIN
    else:
        code = route.seller if found.direction is Direction.IN else route.buyer
        place = by_code(code)
        partner = place.name if place else code
        kind = place.kind if place else COUNTRY if len(code) == 2 else PROVINCE
        group = place.group if place else SEVERAL
    return ContractFlow(
        found, partner, code, kind, group, league, route.sums.number, route.sums.disclosed, route.sums.amount,
        route.year or 0, route.field or NO_FIELD,
    )  # fmt: skip


def rows(session: Session, conditions: Sequence[ColumnElement[bool]], offset: int, limit: int) -> Sequence[Contract]:
    """Contracts that the conditions allow, newest first; withdrawn ones are none."""
    return session.scalars(
        select(Contract)
        .where(Contract.withdrawn_on.is_(None), *conditions)
        .order_by(Contract.year.desc().nulls_last(), Contract.id.desc())
        .offset(offset)
        .limit(limit)
    ).all()
