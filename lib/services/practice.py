"""What was done on the platform, in counts: achievements signed, demands matched, roadshow projects that led to a
contract. Public counts only; a sum of few contracts is not told, since it would tell the contract of one."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from lib.domain.access import Actor, Permission, require
from lib.domain.indicators import SMALL, TARGET_INSTITUTIONS
from lib.domain.vocabulary import Decision, ThreadState
from lib.services.statistics import REGION, Figure, StatisticQuery, search_statistics
from lib.store.models import Achievement, Demand, Event, EventItem, Interest, MatchDecision, Thread

_INSTITUTIONS: Final = "自治区级技术转移服务机构累计"
_SIGNED: Final = Thread.state == ThreadState.SIGNED.value


@dataclass(frozen=True)
class Count:
    """A part of a whole, with the parameters that list the whole, and an amount in 元 where one belongs to it."""

    part_name: str
    part: int
    whole_name: str
    whole: int
    unit: str
    rows: Mapping[str, tuple[str, ...]] | None = None
    amount_name: str = ""
    amount: Decimal | None = None
    amount_why: str = ""


def converted(session: Session, origins: Collection[str], league: str, *, actor: Actor) -> Count:
    """K14: achievements with a signed follow-up, directly or by a project of an event, of all. Raises AccessDenied."""
    require(actor, Permission.READ_STATISTICS)
    of = func.coalesce(Interest.achievement_id, EventItem.achievement_id)
    signed = (
        select(of)
        .select_from(Thread)
        .join(Interest, Thread.interest_id == Interest.id)
        .outerjoin(EventItem, EventItem.id == Interest.event_item_id)
        .outerjoin(Event, Event.id == Interest.event_id)
        .where(_SIGNED, or_(Interest.event_id.is_(None), Event.origin.in_(origins)))
    )
    where = [Achievement.origin.in_(origins), *_at(Achievement, league)]
    part = _number(session, Achievement.id, *where, Achievement.id.in_(signed))
    whole = _number(session, Achievement.id, *where)
    return Count("已签约成果", part, "库内成果", whole, "项", _listed("achievements", origins, league))


def matched(session: Session, origins: Collection[str], league: str, *, actor: Actor) -> Count:
    """K16: published demands with a confirmed match, of all. Raises AccessDenied."""
    require(actor, Permission.READ_STATISTICS)
    confirmed = select(MatchDecision.demand_id).where(MatchDecision.decision == Decision.CONFIRMED.value)
    where = [Demand.origin.in_(origins), *_at(Demand, league)]
    part = _number(session, Demand.id, *where, Demand.id.in_(confirmed))
    whole = _number(session, Demand.id, *where)
    return Count("确认对接的需求", part, "已发布需求", whole, "项", _listed("demands", origins, league))


def signed(session: Session, origins: Collection[str], league: str, *, actor: Actor) -> Count:
    """K17: projects of events that led to a contract, of all, and what the contracts add up to; the sum of fewer than
    three is not told. Raises AccessDenied."""
    require(actor, Permission.READ_STATISTICS)
    where = [Event.origin.in_(origins), Event.state == "published", *_at(Event, league)]
    items = select(func.count(EventItem.id)).join(Event, Event.id == EventItem.event_id).where(*where)
    deals = session.execute(
        select(func.count(func.distinct(Interest.event_item_id)), func.count(Thread.amount), func.sum(Thread.amount))
        .select_from(Thread)
        .join(Interest, Thread.interest_id == Interest.id)
        .join(Event, Event.id == Interest.event_id)
        .where(_SIGNED, *where)
    ).one()
    told = deals[1] >= SMALL
    return Count(
        "签约的项目", deals[0], "参加路演的项目", session.scalar(items) or 0, "项", None,
        "签约额", deals[2] if told else None, f"签约并登记金额的不足 {SMALL} 项，不给出合计。",
    )  # fmt: skip


def institutions(session: Session, year: int, *, actor: Actor) -> tuple[Figure, int] | None:
    """K19: the latest published number of institutions up to a year, and the target. Raises AccessDenied."""
    require(actor, Permission.READ_STATISTICS)
    found = search_statistics(session, StatisticQuery((_INSTITUTIONS,), (REGION,), size=100), actor=actor).items
    past = [figure for figure in found if figure.year is not None and figure.year <= year]
    return (max(past, key=lambda figure: figure.year or 0), TARGET_INSTITUTIONS) if past else None


def _at(entity: Any, league: str) -> list[Any]:
    return [entity.league_code == league] if league else []


def _number(session: Session, column: Any, *where: Any) -> int:
    return session.scalar(select(func.count(column)).where(*where)) or 0


def _listed(page: str, origins: Collection[str], league: str) -> dict[str, tuple[str, ...]]:
    return {"page": (page,), "origin": tuple(origins), **({"league": (league,)} if league else {})}
