"""What the API takes and gives: every parameter with its limits, every answer with public fields only."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any, ClassVar, Generic, Literal, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, model_validator

from lib.domain.text import MAX_QUERY
from lib.domain.vocabulary import (
    COOPERATION_MODES,
    EVENT_KINDS,
    FIELDS,
    IP_TYPES,
    ORGANIZATION_KINDS,
    STAGES,
    TRANSFER_MODES,
    Channel,
    Direction,
    EventState,
    Level,
    Origin,
)
from lib.services import catalogue, channels, matching, network, roadshows, statistics

T = TypeVar("T")


def _ascending(value: str) -> str:
    low, _, high = value.partition("-")
    if high and low > high:
        raise ValueError("a range that holds nothing")
    return value


OriginName = Literal["public", "submitted", "demo"]
FieldValue = Annotated[str, StringConstraints(pattern=r"^(unknown|[1-9]|1[01])$")]
LeagueValue = Annotated[str, StringConstraints(pattern=r"^(unknown|15\d{4})$")]
BannerValue = LeagueValue
TrlValue = Annotated[str, StringConstraints(pattern=r"^(unknown|[1-9](-[1-9])?)$"), AfterValidator(_ascending)]
EventLeagueValue = Annotated[str, StringConstraints(pattern=r"^(unknown|outside|15\d{4})$")]
YearValue = Annotated[str, StringConstraints(pattern=r"^(unknown|19\d\d|20\d\d|2100)$")]
Name = Annotated[str, StringConstraints(min_length=1, max_length=120, pattern=r"^[^\x00-\x1f\x7f]+$")]
PartnerName = Annotated[str, StringConstraints(min_length=1, max_length=40, pattern=r"^[^\x00-\x1f\x7f、]+$")]
# A Literal made of a vocabulary: it appears in the description of the API as its closed list.
KindName = Literal[ORGANIZATION_KINDS]  # type: ignore[valid-type]
EventKindName = Literal[EVENT_KINDS]  # type: ignore[valid-type]
StageName = Literal[*STAGES, catalogue.UNKNOWN]  # type: ignore[valid-type]
RightName = Literal[*IP_TYPES, catalogue.UNKNOWN]  # type: ignore[valid-type]
TransferName = Literal[*TRANSFER_MODES, catalogue.UNKNOWN]  # type: ignore[valid-type]
CooperationName = Literal[*COOPERATION_MODES, catalogue.UNKNOWN]  # type: ignore[valid-type]
UnitKindName = Literal[*ORGANIZATION_KINDS, catalogue.UNKNOWN]  # type: ignore[valid-type]

_Q = "检索词，空格分隔，须全部出现"
_LEAGUE = "盟市行政区划代码，unknown 为未披露"
_BANNER = "旗县行政区划代码，unknown 为未披露"
_MORE = "是否同时给出其余筛选项的条数"


# ------------------------------------------------------------------ parameters
class Parameters(BaseModel):
    """The parameters of a list. Repeating a facet allows any of its values; a blank one counts as left out."""

    model_config = ConfigDict(extra="forbid")

    @model_validator(mode="before")
    @classmethod
    def without_blanks(cls, given: Any) -> Any:
        """Leave out what a form sends for a field that nobody filled in."""
        if not isinstance(given, Mapping):
            return given
        values = {name: [v for v in value if v != ""] if isinstance(value, list) else value
                  for name, value in given.items()}  # fmt: skip
        return {name: value for name, value in values.items() if value not in ("", [])}


class Paged(Parameters):
    """Parameters of a list that comes in pages."""

    q: str = Field("", max_length=MAX_QUERY, description=_Q)
    origin: list[OriginName] = Field([], max_length=3, description="来源：公开信息、平台申报、演示数据")
    page: int = Field(1, ge=1, le=1_000_000, description="页码")
    size: int = Field(20, ge=1, le=catalogue.MAX_SIZE, description="每页条数")


class CatalogueParameters(Paged):
    """Parameters of a catalogue: every facet of its kind, and whether all of them are counted."""

    kind_of_record: ClassVar[str]
    banner: list[BannerValue] = Field([], max_length=104, description=_BANNER)
    more: bool = Field(False, description=_MORE)
    order: str

    def query(self) -> catalogue.CatalogueQuery:
        """The same as a question to the catalogue."""
        facets = {name: tuple(dict.fromkeys(getattr(self, name))) for name in catalogue.FACETS[self.kind_of_record]}
        asked = catalogue.CatalogueQuery(q=self.q, facets=facets, page=self.page, size=self.size, more=self.more)
        return replace(asked, order=self.order)  # type: ignore[arg-type]

    def facets(self, page: catalogue.CataloguePage) -> dict[str, "list[Facet]"]:
        """The facets of an answer: the main ones, with `more` all."""
        named = catalogue.FACETS if self.more else catalogue.MAIN
        return Facet.all({name: page.facets[name] for name in named[self.kind_of_record]})


class RecordParameters(CatalogueParameters):
    """Parameters that achievements and demands have in common."""

    field: list[FieldValue] = Field([], max_length=12, description="技术领域 1–11，unknown 为未披露")
    league: list[LeagueValue] = Field([], max_length=13, description=_LEAGUE)
    year: list[YearValue] = Field([], max_length=50, description="年份，unknown 为未披露")
    price: list[Literal["priced", "negotiable", "unknown"]] = Field(
        [], max_length=3, description="价格或预算：有价、面议、未披露"
    )
    unit: list[UnitKindName] = Field(
        [], max_length=len(ORGANIZATION_KINDS) + 1, description="单位的机构类别，unknown 为未披露"
    )
    order: Literal["latest", "year", "relevance"] = Field("latest", description="排序：最新公开、年份、相关度")


class AchievementParameters(RecordParameters):
    """Parameters of achievements."""

    kind_of_record = "achievement"
    stage: list[StageName] = Field([], max_length=len(STAGES) + 1, description="所处阶段，unknown 为未披露")
    trl: list[TrlValue] = Field([], max_length=10, description="技术成熟度 1–9，4-6 为 4 至 6 级，unknown 为未披露")
    ip: list[RightName] = Field([], max_length=len(IP_TYPES) + 1, description="知识产权形式，unknown 为未披露")
    mode: list[TransferName] = Field([], max_length=len(TRANSFER_MODES) + 1, description="转化方式，unknown 为未披露")
    public_good: list[Literal["yes", "no", "unknown"]] = Field([], max_length=3, description="公益性：是、否、未披露")


class DemandParameters(RecordParameters):
    """Parameters of demands."""

    kind_of_record = "demand"
    mode: list[CooperationName] = Field(
        [], max_length=len(COOPERATION_MODES) + 1, description="合作方式，unknown 为未披露"
    )


class OrganizationParameters(CatalogueParameters):
    """Parameters of organizations."""

    kind_of_record = "organization"
    kind: list[KindName] = Field([], max_length=len(ORGANIZATION_KINDS), description="机构类别")
    league: list[LeagueValue] = Field([], max_length=13, description=_LEAGUE)
    order: Literal["latest", "relevance"] = Field("latest", description="排序：最新公开、相关度")


class EventParameters(Paged):
    """Parameters of events."""

    kind: list[EventKindName] = Field([], max_length=len(EVENT_KINDS), description="活动类别")
    league: list[EventLeagueValue] = Field([], max_length=14, description=f"{_LEAGUE}，outside 为区外")
    year: list[YearValue] = Field([], max_length=50, description="举办年份，unknown 为未披露")
    partner: list[PartnerName] = Field([], max_length=20, description="合作地区或国家")
    field: list[FieldValue] = Field([], max_length=12, description="参加项目的技术领域 1–11，unknown 为未披露")
    when: Literal["coming", "past", "all"] = Field("all", description="未举办、已举办、全部")

    def query(self) -> roadshows.EventQuery:
        """The same as a question to the events."""
        return roadshows.EventQuery(
            q=self.q, kinds=tuple(self.kind), years=tuple(self.year), leagues=tuple(self.league),
            partners=tuple(self.partner), fields=tuple(self.field), when=self.when, page=self.page, size=self.size,
            origins=tuple(self.origin),
        )  # fmt: skip


class StatisticParameters(Paged):
    """Parameters of statistics."""

    indicator: list[Name] = Field([], max_length=20, description="指标名称")
    scope: list[Name] = Field([], max_length=20, description="统计范围，如 全区、吸纳北京")
    group: list[Name] = Field([], max_length=20, description="指标分组")
    year: list[YearValue] = Field([], max_length=50, description="年份，unknown 为未披露")

    def query(self) -> statistics.StatisticQuery:
        """The same as a question to the statistics."""
        return statistics.StatisticQuery(
            indicator=tuple(self.indicator), scope=tuple(self.scope), year=tuple(self.year), page=self.page,
            size=self.size, q=self.q, group=tuple(self.group), origin=tuple(self.origin),
        )  # fmt: skip


class NodeParameters(Parameters):
    """Parameters of the network."""

    level: Literal["region", "league", "banner"] = Field("league", description="级别：自治区、盟市、旗县")
    parent: str | None = Field(None, pattern=r"^15\d{4}$", description="上级行政区划代码")
    origin: list[OriginName] = Field([], max_length=3, description="只统计这些来源")


class FlowParameters(Parameters):
    """Parameters of the flows."""

    channel: Literal["abroad", "interregional", "military", "within"] | None = Field(
        None, description="通道：跨国、跨区域、军民、区内"
    )
    year: YearValue | None = Field(None, description="年份，unknown 为未披露")
    kind: Literal["cooperation", "event"] | None = Field(None, description="合作记录或活动；两者不可相加")

    def query(self) -> channels.FlowQuery:
        """The same as a question to the channels."""
        year = channels.UNDATED if self.year == catalogue.UNKNOWN else int(self.year) if self.year else None
        return channels.FlowQuery(
            Channel(self.channel) if self.channel else None, year, channels.FactKind(self.kind) if self.kind else None
        )


# ------------------------------------------------------------------ answers
class Facet(BaseModel):
    """One value of a facet."""

    value: str = Field(description="参数值")
    label: str = Field(description="名称")
    count: int = Field(description="条数；不受本筛选项已选值影响")

    @classmethod
    def all(cls, facets: Mapping[str, Sequence[catalogue.FacetValue]]) -> dict[str, list["Facet"]]:
        """Every facet of a page."""
        return {
            name: [cls(value=v.value, label=v.label, count=v.count) for v in values] for name, values in facets.items()
        }


class Listing(BaseModel, Generic[T]):
    """A list: how many there are, those of this page, and the counts of the facets."""

    total: int = Field(description="符合条件的总数")
    items: list[T]
    facets: dict[str, list[Facet]]


class Source(BaseModel):
    """Where a record comes from."""

    publisher: str | None = Field(description="发布方；空为未披露")
    date: str | None = Field(description="公开日期：年、年-月或年-月-日，依来源写法", examples=["2024-12-20", "2024"])
    url: str | None = Field(description="来源网址")

    @classmethod
    def of(cls, source: catalogue.Source) -> "Source":
        """As the services give it."""
        stated = str(source.stated) if source.stated else None
        return cls(publisher=source.publisher or None, date=stated, url=source.url or None)


class Item(BaseModel):
    """What records have in common."""

    id: int = Field(description="编号")
    title: str = Field(description="标题")
    origin: OriginName = Field(description="public 公开信息、submitted 平台申报、demo 演示数据")
    source: Source = Field(description="发布方 publisher、日期 date、网址 url")


class Placed(BaseModel):
    """Where a record belongs; null where the source does not say."""

    league_code: str | None = Field(description="盟市行政区划代码")
    league: str | None = Field(description="盟市")
    banner_code: str | None = Field(description="旗县行政区划代码")
    banner: str | None = Field(description="旗县")


class Record(Placed, Item):
    """What achievements and demands have in common."""

    field: int | None = Field(description="技术领域 1–11")
    field_name: str | None = Field(description="技术领域名称")
    year: int | None = Field(description="年份")
    unit: str | None = Field(description="单位，依来源写法")
    organization_id: int | None = Field(description="单位的机构记录")
    negotiable: bool = Field(description="是否面议")


class Compared(BaseModel):
    """One indicator, as things are and as they would be; texts as the unit wrote them."""

    indicator: str = Field(description="指标")
    existing: str | None = Field(description="现有水平；空为未披露")
    offered: str = Field(description="成果的值，或需求希望达到的值")

    @classmethod
    def of(cls, lines: Sequence[Mapping[str, str]], offered: str) -> list["Compared"]:
        """The lines of a record, whose last cell is named `offered`."""
        return [
            cls(indicator=line["indicator"], existing=line["existing"] or None, offered=line[offered]) for line in lines
        ]


class Right(BaseModel):
    """An intellectual property right."""

    kind: str = Field(description="形式")
    number: str | None = Field(description="编号；没有公开或没有编号时为空")
    state: str | None = Field(description="申请中、有效、已失效")
    expires: str | None = Field(description="到期日：年、年-月或年-月-日")


class Share(BaseModel):
    """A part of the rights."""

    holder: str = Field(description="权利人")
    share: Decimal = Field(description="份额，百分数；各项合计 100")


class Step(BaseModel):
    """A step of an achievement's way, dated by its unit."""

    step: Literal["创造", "熟化", "评估", "定价", "交易", "应用"] = Field(description="环节")
    on: str = Field(description="时间：年、年-月或年-月-日")
    note: str | None = Field(description="做了什么")


class Achievement(Record):
    """An achievement as its card shows it."""

    summary: str | None = Field(description="简介")
    trl: int | None = Field(description="技术成熟度 1–9")
    price_yuan: Decimal | None = Field(description="意向价格，元")


class AchievementDetail(Achievement):
    """An achievement as its page shows it."""

    other_units: str | None = Field(description="其他完成单位")
    award: str | None = Field(description="奖项或计划")
    achievement_class: str | None = Field(description="成果类别")
    keywords: str | None = Field(description="关键词")
    indicators: str | None = Field(description="技术指标")
    stage: str | None = Field(description="所处阶段")
    ip: str | None = Field(description="知识产权形式与编号")
    rights: list[Right] = Field(description="知识产权")
    shares: list[Share] = Field(description="权益份额")
    transfer_mode: str | None = Field(description="拟转化方式，多项用「、」分开")
    pricing_mode: str | None = Field(description="定价方式")
    value: str | None = Field(description="一句话价值")
    problem: str | None = Field(description="解决的问题")
    application: str | None = Field(description="应用场景")
    comparison: list[Compared] = Field(description="对比基准")
    trl_scheme: str | None = Field(description="成熟度依据的标准")
    trl_judge: str | None = Field(description="成熟度由谁判定：自评、第三方")
    trl_evidence: str | None = Field(description="成熟度证据")
    steps: list[Step] = Field(description="阶段记录")
    public_good: bool | None = Field(description="是否公益性成果；空为未披露")
    valid_until: str | None = Field(description="有效期至")
    updated_at: datetime = Field(description="本平台最近更新时间")


class Demand(Record):
    """A demand as its card shows it."""

    description: str | None = Field(description="需求描述")
    budget_yuan: Decimal | None = Field(description="预算，元")


class DemandDetail(Demand):
    """A demand as its page shows it."""

    demand_class: str | None = Field(description="需求类别")
    keywords: str | None = Field(description="关键词")
    indicators: str | None = Field(description="技术指标")
    comparison: list[Compared] = Field(description="量化指标")
    tried: str | None = Field(description="试过的办法")
    acceptance: str | None = Field(description="验收标准")
    cooperation_mode: str | None = Field(description="合作方式，多项用「、」分开")
    deadline: str | None = Field(description="希望完成日期")
    valid_from: str | None = Field(description="有效期起")
    valid_until: str | None = Field(description="有效期至")
    updated_at: datetime = Field(description="本平台最近更新时间")


class Named(BaseModel):
    """What organizations have in place of a title."""

    id: int = Field(description="编号")
    name: str = Field(description="名称")
    origin: OriginName = Field(description="public 公开信息、submitted 平台申报、demo 演示数据")
    source: Source = Field(description="发布方 publisher、日期 date、网址 url")


class Match(BaseModel):
    """The other record of a pair that fits, why, and what is open."""

    id: int = Field(description="编号：需求的接口里是成果，成果的接口里是需求")
    title: str = Field(description="名称")
    grade: Literal["强", "较强", "弱"] = Field(description="匹配程度；低于「弱」的不列出")
    reasons: list[str] = Field(description="理由：两边共有的词、相近的用词、同领域、同盟市、条件相合之处")
    gaps: list[str] = Field(description="不合之处和没有公开、尚待了解的内容")
    confirmed: bool = Field(description="是否已确认对接；已排除的不列出")

    @classmethod
    def of(cls, found: matching.Suggestion) -> "Match":
        """As the service gives it."""
        return cls(
            id=found.card.id, title=found.card.title, grade=found.match.grade.label,
            reasons=list(found.match.reasons), gaps=list(found.match.gaps), confirmed=found.confirmed,
        )  # fmt: skip


class Matches(BaseModel):
    """What fits a record, best first."""

    items: list[Match]


class Organization(Placed, Named):
    """An organization as its card shows it."""

    kind: str = Field(description="类别（本平台归类）")
    place: str | None = Field(description="所在园区等，依来源写法")
    since_year: int | None = Field(description="起始年份")


class Event(Placed, Item):
    """An event as its card shows it."""

    kind: str = Field(description="类别（本平台归类）")
    date: str | None = Field(description="举办日期：年、年-月或年-月-日，依来源写法")
    coming: bool = Field(description="是否尚未结束")
    state: Literal["published", "cancelled"] = Field(description="已公布或已取消")
    starts_at: datetime | None = Field(description="开始时间，UTC；只知道日期的为空")
    ends_at: datetime | None = Field(description="结束时间，UTC")
    format: str | None = Field(description="举办形式：线下、线上、线上线下结合")
    venue: str | None = Field(description="地点")
    capacity: int | None = Field(description="观众人数上限；null 为不限或未写明")
    city: str | None = Field(description="城市，依来源写法")
    organizer: str | None = Field(description="主办方")
    organization_id: int | None = Field(description="主办方的机构记录")
    partner: str | None = Field(description="合作地区或国家，依来源写法")
    project_count: int | None = Field(description="展示项目数")


class Figure(Item):
    """A published figure. Its title is the indicator."""

    scope: str = Field(description="统计范围")
    year: int | None = Field(description="年份")
    period: str = Field(description="期间")
    value: Decimal = Field(description="数值，依来源写法")
    unit: str = Field(description="单位")


class Node(BaseModel):
    """A division with its counts; null counts are 暂无数据, never 0."""

    id: str = Field(description="行政区划代码")
    name: str
    short_name: str
    level: Literal["region", "league", "banner"]
    parent: str | None = Field(description="上级行政区划代码")
    zone: str = Field(description="东部、中部、西部，通行说法")
    lon: float = Field(description="区域内一点的经度，度（WGS 84）")
    lat: float
    seat_lon: float = Field(description="政府驻地经度")
    seat_lat: float
    counts: dict[str, int | None] = Field(
        description="achievements、organizations、demands、events 的条数；null 为暂无数据"
    )

    @classmethod
    def of(cls, node: network.Node) -> "Node":
        """As the service gives it."""
        return cls(
            id=node.code, name=node.name, short_name=node.short_name, level=Level(node.level).value,
            parent=node.parent_code, zone=node.zone, lon=node.lon, lat=node.lat, seat_lon=node.seat_lon,
            seat_lat=node.seat_lat, counts=node.counts,
        )  # fmt: skip


class Flow(BaseModel):
    """Facts of one kind with the same channel, partner, league and direction. The two kinds are never added."""

    id: str = Field(description="本流向的标识")
    title: str = Field(description="合作方与盟市")
    kind: Literal["cooperation", "event"] = Field(description="合作记录或活动")
    channel: Literal["abroad", "interregional", "military", "within"]
    partner: str = Field(description="合作方，依来源写法")
    partner_kind: str
    league_code: str | None = Field(description="盟市行政区划代码；空为未披露")
    league: str | None
    direction: Literal["in", "out", "unstated"] = Field(description="引进、输出、未写明")
    count: int = Field(description="合作记录条数或活动场数")

    @classmethod
    def of(cls, flow: channels.Flow, names: Mapping[str, str]) -> "Flow":
        """As the service gives it."""
        league = names.get(flow.league_code or "")
        channel = flow.channel or Channel.WITHIN  # facts always state one; contracts are not asked for here
        parts = (flow.kind, channel, flow.partner, flow.partner_kind, flow.league_code or "", flow.direction)
        return cls(
            id=":".join(parts), title=f"{flow.partner} — {league or '盟市未披露'}", kind=flow.kind.value,
            channel=channel.value, partner=flow.partner, partner_kind=flow.partner_kind,
            league_code=flow.league_code, league=league, direction=Direction(flow.direction).value, count=flow.count,
        )  # fmt: skip


class Fault(BaseModel):
    """One parameter that cannot be."""

    parameter: str
    problem: str


class Refusal(BaseModel):
    """Why there is no answer."""

    detail: str = Field(description="原因")
    errors: list[Fault] = Field([], description="有问题的参数")


# ------------------------------------------------------------------ from cards
def placed(record: Any, names: Mapping[str, str]) -> dict[str, str | None]:
    """Codes and names of a record's place."""
    return {
        "league_code": record.league_code, "league": names.get(record.league_code or ""),
        "banner_code": record.banner_code, "banner": names.get(record.banner_code or ""),
    }  # fmt: skip


def _record(card: catalogue.Card, names: Mapping[str, str]) -> dict[str, Any]:
    return {
        "id": card.id, "title": card.title, "origin": Origin(card.source.origin).value,
        "source": Source.of(card.source), "field": card.field, "field_name": FIELDS[card.field] if card.field else None,
        "year": card.year, "unit": card.unit or None, "organization_id": card.organization_id,
        "negotiable": card.negotiable, **placed(card, names),
    }  # fmt: skip


def achievement(card: catalogue.Card, names: Mapping[str, str]) -> dict[str, Any]:
    """The fields of an Achievement."""
    return {
        **_record(card, names), "summary": card.summary or None, "trl": card.trl, "price_yuan": card.amount,
    }  # fmt: skip


def demand(card: catalogue.Card, names: Mapping[str, str]) -> dict[str, Any]:
    """The fields of a Demand."""
    return {**_record(card, names), "description": card.summary or None, "budget_yuan": card.amount}


def organization(card: catalogue.Card, names: Mapping[str, str]) -> Organization:
    """An organization's answer."""
    return Organization(
        id=card.id, name=card.title, kind=card.organization_kind, place=card.place or None,
        since_year=card.since_year, origin=card.source.origin.value, source=Source.of(card.source),
        **placed(card, names),
    )  # fmt: skip


def event(card: roadshows.EventCard, names: Mapping[str, str]) -> Event:
    """An event's answer."""
    return Event(
        id=card.id, title=card.title, origin=card.source.origin.value, source=Source.of(card.source), kind=card.kind,
        date=str(card.held) if card.held else None, coming=card.coming, city=card.city or None,
        organizer=card.organizer or None, organization_id=card.organization_id, partner=card.partner or None,
        project_count=card.project_count, starts_at=card.starts_at, ends_at=card.ends_at,
        state="cancelled" if card.state is EventState.CANCELLED else "published",
        format=card.format or None, venue=card.venue or None, capacity=card.capacity, **placed(card, names),
    )  # fmt: skip


def figure(found: statistics.Figure) -> Figure:
    """A figure's answer."""
    return Figure(
        id=found.id, title=found.indicator, origin=found.source.origin.value, source=Source.of(found.source),
        scope=found.scope, year=found.year, period=found.period, value=found.value, unit=found.unit,
    )  # fmt: skip
