"""The system in one picture: what each box counts, and the list that was counted."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Final

from sqlalchemy import distinct, func, select
from sqlalchemy.orm import Session

from lib.domain.access import Actor, Permission, require
from lib.domain.vocabulary import Origin
from lib.services import catalogue, channels, contracts
from lib.services.catalogue import Card, CatalogueQuery
from lib.services.contracts import ContractQuery
from lib.store.models import Achievement, Demand, Division, Organization

CARRIERS: Final = ("新型研发机构", "孵化器", "众创空间", "大学科技园")
"""Organizations in which achievements mature: 载体 of rules §2.15 among our kinds."""


@dataclass(frozen=True)
class Box:
    """One count of the picture and the page that lists exactly what was counted."""

    key: str
    name: str
    count: int
    unit: str
    page: str
    query: dict[str, str | list[str]] = field(default_factory=dict)
    meaning: str = ""


@dataclass(frozen=True)
class Overview:
    """What the home page shows of the catalogue."""

    achievements: int
    demonstration: int
    demands: int
    organizations: int
    leagues_with_organization: int
    leagues: int
    banners_with_organization: int
    banners: int
    organizations_by_league: dict[str, int]
    stages: tuple[Box, ...]
    channels: tuple[Box, ...]
    newest: tuple[Card, ...]
    newest_date: str


def read(session: Session, *, actor: Actor) -> Overview:
    """The stages of 创造→熟化→评估→定价→交易→应用 (plan 一(四)) and the reach of the three levels.

    A count is made by the very search that its link opens, so both always agree. Raises AccessDenied.
    """
    require(actor, Permission.READ_HOME)

    def found(q: str) -> int:
        return catalogue.search_achievements(session, CatalogueQuery(q=q, size=1), actor=actor).total

    latest = catalogue.search_achievements(session, CatalogueQuery(size=3), actor=actor)
    carriers = catalogue.search_organizations(session, CatalogueQuery(facets={"kind": CARRIERS}, size=1), actor=actor)
    demands = catalogue.count(session, Demand)
    deals = contracts.search_contracts(session, ContractQuery(), actor=actor).total
    stages = (
        Box("create", "创造", latest.total, "项成果", "achievements", meaning="在库成果，每项注明来源"),
        Box("mature", "熟化", carriers.total, "家载体", "organizations", {"kind": list(CARRIERS)},
            "新型研发机构、孵化器、众创空间、大学科技园"),
        Box("assess", "评估", found("奖"), "项获奖成果", "achievements", {"q": "奖"}, "公开信息写明获奖的成果"),
        Box("price", "定价", found("挂牌"), "项挂牌成果", "achievements", {"q": "挂牌"}, "公开信息写明挂牌的成果"),
        Box("trade", "交易", deals, "项公开合同", "statistics", {"view": "contracts"}, "公开报道的签约、转让与挂牌"),
        Box("apply", "应用", demands, "条技术需求", "demands", meaning="企业和地方等着用技术的地方"),
    )  # fmt: skip
    placed = session.execute(select(Organization.league_code, func.count()).group_by(Organization.league_code))
    by_league = {code: count for code, count in placed if code}
    levels = Counter(session.scalars(select(Division.level)))
    newest_date = catalogue.newest_date(session, Achievement)
    return Overview(
        achievements=latest.total,
        demonstration=sum(v.count for v in latest.facets["origin"] if v.value == Origin.DEMO),
        demands=demands,
        organizations=catalogue.count(session, Organization),
        leagues_with_organization=len(by_league),
        leagues=levels["league"],
        banners_with_organization=session.scalar(select(func.count(distinct(Organization.banner_code)))) or 0,
        banners=levels["banner"],
        organizations_by_league=by_league,
        stages=stages,
        channels=tuple(
            Box(
                total.channel.value,
                total.channel.label,
                total.cooperation,
                "项合作",
                "channels",
                {"channel": total.channel.value},
                "公开报道的合作记录",
            )
            for total in channels.totals(session, actor=actor)
        ),
        newest=latest.items,
        newest_date=newest_date.isoformat() if newest_date else "",
    )
