"""The facts of the system: organizations, achievements, demands, events, co-operation, contracts, statistics."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, SmallInteger, String, true
from sqlalchemy.orm import Mapped, declared_attr, mapped_column, relationship

from lib.domain.dates import PartialDate
from lib.domain.vocabulary import (
    EVENT_FORMATS,
    IP_TYPES,
    PARTY_KINDS,
    PLAN_SOURCES,
    Channel,
    Direction,
    EventState,
    ItemKind,
)
from lib.store.models.base import (
    Base,
    Exact,
    Sourced,
    Versioned,
    one_of,
    sourced_checks,
    stated,
    text_length,
    year_range,
)

FIELD_RANGE = "field BETWEEN 1 AND 11"
Rows = list[dict[str, Any]]
"""Lines of a small table that belongs to one record and is only ever read with it."""
IDS_ONCE = {"sqlite_autoincrement": True}
"""A withdrawn record keeps its id for itself: SQLite would give the highest one away again."""


def newest(table: str) -> Index:
    """What tells which records are new since a moment, for searches that somebody keeps."""
    return Index(f"ix_{table}_created_at", "created_at")


class Placed:
    """Where a record belongs; null where the source names no place."""

    @declared_attr
    def league_code(cls) -> Mapped[str | None]:  # noqa: N805
        """盟市."""
        return mapped_column(ForeignKey("division.code"), index=True)

    @declared_attr
    def banner_code(cls) -> Mapped[str | None]:  # noqa: N805
        """旗县."""
        return mapped_column(ForeignKey("division.code"))


class Owned:
    """The unit a record names: linked where we know it, otherwise the printed name."""

    @declared_attr
    def organization_id(cls) -> Mapped[int | None]:  # noqa: N805
        """The organization of that name, if there is one."""
        return mapped_column(ForeignKey("organization.id"), index=True)

    organization_text: Mapped[str] = mapped_column(default="", comment="as printed by the source; may be blank")


class Organization(Versioned, Sourced, Placed, Base):
    """机构."""

    __tablename__ = "organization"
    __table_args__ = (text_length("name", 120), *sourced_checks(), newest("organization"))

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column()
    name_key: Mapped[str] = mapped_column(unique=True, comment="lib.domain.text.organization_key(name)")
    kind: Mapped[str] = mapped_column(String(20), comment="our classification")
    banner_text: Mapped[str] = mapped_column(default="", comment="a zone that is no division, e.g. 稀土高新区")
    since_year: Mapped[int | None] = mapped_column(SmallInteger)


class Achievement(Versioned, Owned, Sourced, Placed, Base):
    """科技成果. The columns below `summary` are those of 成果征集/入库表 (rules §8.2) and of its record page."""

    __tablename__ = "achievement"
    __table_args__ = (
        text_length("title", 200),
        text_length("summary", 4000, least=0),
        CheckConstraint(FIELD_RANGE, name="field_range"),
        CheckConstraint("trl BETWEEN 1 AND 9", name="trl_range"),
        year_range("year"),
        *sourced_checks(),
        newest("achievement"),
        IDS_ONCE,
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str] = mapped_column()
    other_units: Mapped[str] = mapped_column(default="")
    year: Mapped[int | None] = mapped_column(SmallInteger)
    award: Mapped[str] = mapped_column(default="", comment="award or programme the source names")
    field: Mapped[int | None] = mapped_column(SmallInteger, comment="技术领域 1–11, our classification")
    summary: Mapped[str] = mapped_column(default="")
    achievement_class: Mapped[str] = mapped_column(default="", comment="成果类别")
    completer: Mapped[str] = mapped_column(default="", comment="第一完成人")
    keywords: Mapped[str] = mapped_column(default="", comment="at most 3, separated by 、")
    indicators: Mapped[str] = mapped_column(default="", comment="技术指标")
    trl: Mapped[int | None] = mapped_column(SmallInteger, comment="技术成熟度 1–9")
    stage: Mapped[str] = mapped_column(default="", comment="所处阶段")
    rights: Mapped[Rows] = mapped_column(
        JSON, default=list, server_default="[]", comment="知识产权: kind, number, state, expires"
    )
    transfer_mode: Mapped[str] = mapped_column(default="", comment="拟转化方式, several separated by 、")
    price: Mapped[Decimal | None] = mapped_column(comment="意向价格, 元")
    negotiable: Mapped[bool] = mapped_column(default=False, comment="面议")
    value: Mapped[str] = mapped_column(default="", server_default="", comment="一句话价值")
    problem: Mapped[str] = mapped_column(default="", server_default="", comment="解决的问题")
    application: Mapped[str] = mapped_column(default="", server_default="", comment="应用场景")
    comparison: Mapped[Rows] = mapped_column(
        JSON, default=list, server_default="[]", comment="对比基准: indicator, existing, ours"
    )
    trl_scheme: Mapped[str] = mapped_column(default="", server_default="", comment="成熟度依据的标准")
    trl_judge: Mapped[str] = mapped_column(default="", server_default="", comment="自评 or 第三方")
    trl_evidence: Mapped[str] = mapped_column(default="", server_default="", comment="成熟度证据")
    shares: Mapped[Rows] = mapped_column(
        JSON, default=list, server_default="[]", comment="权益份额: holder, share in percent; 100 in all"
    )
    pricing_mode: Mapped[str] = mapped_column(default="", server_default="", comment="定价方式")
    steps: Mapped[Rows] = mapped_column(JSON, default=list, server_default="[]", comment="阶段记录: step, on, note")
    public_good: Mapped[bool | None] = mapped_column(comment="公益性; null: not stated")
    valid_until: Mapped[date | None] = mapped_column()

    organization: Mapped[Organization | None] = relationship(lazy="joined")

    @property
    def ip(self) -> str:
        """知识产权形式与编号 in one line."""
        return "；".join(" ".join(filter(None, (right["kind"], right["number"]))) for right in self.rights)


class Demand(Versioned, Owned, Sourced, Placed, Base):
    """技术需求. The columns below `description` are those of 企业技术需求征集表 (rules §8.1)."""

    __tablename__ = "demand"
    __table_args__ = (
        text_length("title", 200),
        text_length("description", 4000, least=0),
        CheckConstraint(FIELD_RANGE, name="field_range"),
        CheckConstraint("budget > 0", name="budget_positive"),
        year_range("year"),
        *sourced_checks(),
        newest("demand"),
        IDS_ONCE,
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str] = mapped_column()
    field: Mapped[int | None] = mapped_column(SmallInteger, comment="技术领域 1–11")
    budget: Mapped[Decimal | None] = mapped_column(comment="预算, 元; null: 面议 or undisclosed")
    negotiable: Mapped[bool] = mapped_column(default=False, comment="面议")
    description: Mapped[str] = mapped_column(default="")
    year: Mapped[int | None] = mapped_column(SmallInteger)
    demand_class: Mapped[str] = mapped_column(default="", comment="需求类别")
    keywords: Mapped[str] = mapped_column(default="")
    indicators: Mapped[str] = mapped_column(default="", comment="技术指标")
    cooperation_mode: Mapped[str] = mapped_column(default="", comment="合作方式, several separated by 、")
    valid_from: Mapped[date | None] = mapped_column()
    valid_until: Mapped[date | None] = mapped_column()
    comparison: Mapped[Rows] = mapped_column(
        JSON, default=list, server_default="[]", comment="量化指标: indicator, existing, wanted"
    )
    tried: Mapped[str] = mapped_column(default="", server_default="", comment="已经试过的办法")
    acceptance: Mapped[str] = mapped_column(default="", server_default="", comment="验收标准")
    deadline: Mapped[date | None] = mapped_column(comment="希望完成日期")

    organization: Mapped[Organization | None] = relationship(lazy="joined")


class Event(Versioned, Sourced, Placed, Base):
    """路演与活动."""

    __tablename__ = "event"
    __table_args__ = (
        text_length("title", 200),
        one_of("state", [state.value for state in EventState]),
        one_of("format", ["", *EVENT_FORMATS]),
        CheckConstraint("ends_at > starts_at", name="period_in_order"),
        CheckConstraint("capacity > 0", name="capacity_positive"),
        *sourced_checks(),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str] = mapped_column()
    kind: Mapped[str] = mapped_column(String(12), index=True, comment="our classification")
    state: Mapped[str] = mapped_column(String(9), default="published", server_default="published")
    held_on: Mapped[date | None] = mapped_column(index=True, comment="first day of the stated period")
    held_precision: Mapped[str | None] = mapped_column(String(5))
    city: Mapped[str] = mapped_column(default="", comment="as printed; outside the region too")
    banner_text: Mapped[str] = mapped_column(default="", comment="a zone that is no division")
    organizer: Mapped[str] = mapped_column(default="")
    organization_id: Mapped[int | None] = mapped_column(ForeignKey("organization.id"), index=True)
    project_count: Mapped[int | None] = mapped_column(comment="projects presented, where stated")
    partner: Mapped[str] = mapped_column(default="", comment="partner region or country, as printed")
    starts_at: Mapped[datetime | None] = mapped_column(comment="where the hour is known; its day is held_on")
    ends_at: Mapped[datetime | None] = mapped_column()
    format: Mapped[str] = mapped_column(
        String(8), default="", server_default="", comment="线下, 线上 …; blank: not stated"
    )
    venue: Mapped[str] = mapped_column(default="", server_default="", comment="地点: hall and address")
    stream_url: Mapped[str] = mapped_column(default="", server_default="", comment="where it can be watched")
    co_organizers: Mapped[str] = mapped_column(default="", server_default="", comment="协办、支持单位")
    introduction: Mapped[str] = mapped_column(default="", server_default="")
    rules: Mapped[str] = mapped_column(default="", server_default="", comment="活动规则")
    capacity: Mapped[int | None] = mapped_column(comment="seats for an audience; null: not limited")
    registration_opens: Mapped[datetime | None] = mapped_column()
    registration_closes: Mapped[datetime | None] = mapped_column()

    @property
    def held(self) -> PartialDate | None:
        """When it takes place, with the precision the source gave."""
        return stated(self.held_on, self.held_precision)


class EventItem(Base):
    """What takes part in an event: a project whose registration was published, or what its organizer put on the
    programme. `minutes` and `position` are the organizer's draft; what was announced stands in ProgrammeVersion."""

    __tablename__ = "event_item"
    __table_args__ = (
        text_length("title", 200),
        CheckConstraint(FIELD_RANGE, name="field_range"),
        one_of("kind", [kind.value for kind in ItemKind]),
        CheckConstraint("minutes BETWEEN 1 AND 600", name="minutes_range"),
        IDS_ONCE,
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    event_id: Mapped[int] = mapped_column(ForeignKey("event.id"), index=True)
    kind: Mapped[str] = mapped_column(String(11), default="achievement", server_default="achievement")
    registered: Mapped[bool] = mapped_column(
        default=True, server_default=true(), comment="made by a registration; false: picked by the organizer"
    )
    position: Mapped[int] = mapped_column(default=0, server_default="0", comment="order on the programme, then id")
    minutes: Mapped[int | None] = mapped_column(SmallInteger, comment="null: not on the programme yet")
    room: Mapped[str] = mapped_column(String(40), default="", server_default="", comment="rooms run side by side")
    presenter: Mapped[str] = mapped_column(String(40), default="", server_default="", comment="who speaks; public")
    title: Mapped[str] = mapped_column()
    organization_text: Mapped[str] = mapped_column(default="")
    field: Mapped[int | None] = mapped_column(SmallInteger)
    stage: Mapped[str] = mapped_column(default="")
    summary: Mapped[str] = mapped_column(default="")
    cooperation: Mapped[str] = mapped_column(default="", comment="合作需求")
    achievement_id: Mapped[int | None] = mapped_column(
        index=True, comment="the achievement it shows; one that was taken back keeps its number"
    )
    demand_id: Mapped[int | None] = mapped_column(index=True, comment="the demand it shows; the same")


class Cooperation(Sourced, Placed, Base):
    """A public fact of co-operation with a partner outside."""

    __tablename__ = "cooperation"
    __table_args__ = (
        one_of("channel", [channel.value for channel in Channel]),
        one_of("direction", [direction.value for direction in Direction]),
        year_range("year"),
        *sourced_checks(),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    partner: Mapped[str] = mapped_column()
    partner_kind: Mapped[str] = mapped_column(String(8))
    subject: Mapped[str] = mapped_column()
    year: Mapped[int | None] = mapped_column(SmallInteger)
    channel: Mapped[str] = mapped_column(String(13), index=True)
    direction: Mapped[str] = mapped_column(String(8))


class Contract(Sourced, Base):
    """A technology contract: few public ones, many only in the demonstration set."""

    __tablename__ = "contract"
    __table_args__ = (
        CheckConstraint("amount > 0", name="amount_positive"),
        CheckConstraint("technology_amount > 0 AND technology_amount <= amount", name="technology_amount_range"),
        CheckConstraint(FIELD_RANGE, name="field_range"),
        year_range("year"),
        one_of("ip_type", IP_TYPES),
        one_of("seller_kind", PARTY_KINDS),
        one_of("buyer_kind", PARTY_KINDS),
        one_of("plan_source", PLAN_SOURCES),
        *sourced_checks(),
        Index("ix_contract_census", "origin", "year", "contract_type", "mode", "amount"),
        Index("ix_contract_listed", "origin", "year", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str] = mapped_column()
    seller: Mapped[str] = mapped_column(default="")
    buyer: Mapped[str] = mapped_column(default="")
    seller_place: Mapped[str | None] = mapped_column(String(6), comment="division, province or country code")
    buyer_place: Mapped[str | None] = mapped_column(String(6), comment="division, province or country code")
    amount: Mapped[Decimal | None] = mapped_column(comment="合同成交额, 元")
    technology_amount: Mapped[Decimal | None] = mapped_column(comment="技术交易额, 元 (rule R01)")
    contract_type: Mapped[str | None] = mapped_column(String(2), comment="KF ZR XK ZX FW")
    field: Mapped[int | None] = mapped_column(SmallInteger)
    mode: Mapped[str] = mapped_column(default="", comment="as printed")
    pricing: Mapped[str] = mapped_column(default="", comment="as printed")
    year: Mapped[int | None] = mapped_column(SmallInteger)
    registered_on: Mapped[date | None] = mapped_column(comment="登记日期; its year is `year`")
    withdrawn_on: Mapped[date | None] = mapped_column(comment="注销日期: it counts nowhere from then on")
    ip_type: Mapped[str | None] = mapped_column(String(12), comment="知识产权类型")
    seller_kind: Mapped[str | None] = mapped_column(String(8), comment="卖方性质")
    buyer_kind: Mapped[str | None] = mapped_column(String(8), comment="买方性质")
    plan_source: Mapped[str | None] = mapped_column(String(8), comment="计划来源")


class Statistic(Sourced, Base):
    """One published figure."""

    __tablename__ = "statistic"
    __table_args__ = (year_range("year"), *sourced_checks())

    id: Mapped[int] = mapped_column(primary_key=True)
    indicator: Mapped[str] = mapped_column(index=True)
    scope: Mapped[str] = mapped_column(comment="全区, a league, or a direction such as 吸纳北京")
    year: Mapped[int | None] = mapped_column(SmallInteger)
    period: Mapped[str] = mapped_column(comment="全年, 1-6月, 累计, 目标 …")
    value: Mapped[Decimal] = mapped_column(Exact)
    unit: Mapped[str] = mapped_column(String(8))


class PolicyClause(Base):
    """One phrase of the region's plan (内政发〔2018〕44号) and what the product shows for it."""

    __tablename__ = "policy_clause"

    id: Mapped[str] = mapped_column(String(8), primary_key=True)
    section: Mapped[str] = mapped_column(String(8))
    phrase: Mapped[str] = mapped_column()
    kind: Mapped[str] = mapped_column()
    shows: Mapped[str] = mapped_column(comment="what the product can honestly show for it")
