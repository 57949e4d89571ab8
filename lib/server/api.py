"""The other face: read-only JSON under /api/v1, as everybody may see it. Cookies mean nothing here."""

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Annotated, Any, Final

from fastapi import FastAPI, Path, Query, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from starlette.exceptions import HTTPException

from lib.domain.access import VISITOR
from lib.domain.errors import ProductError
from lib.domain.vocabulary import Direction, Origin
from lib.server import errors, manual, schema
from lib.services import catalogue, channels, matching, network, roadshows, statistics
from lib.store.engine import database

PREFIX: Final = "/api/v1"
_MATCHES: Final = 20
"""How many records an answer about matches lists at most."""
_REFUSALS: Final[dict[int | str, dict[str, Any]]] = {422: {"model": schema.Refusal, "description": "参数无效"}}
_MISSING: Final[dict[int | str, dict[str, Any]]] = {404: {"model": schema.Refusal, "description": "没有这条记录"}}
_SENTENCES: Final = {404: "没有这个接口，请看 /api/v1/docs。", 405: "这里只能读取，请用 GET。"}

RecordId = Annotated[int, Path(ge=1, le=2_147_483_647, description="记录编号")]

api = FastAPI(
    title="北疆技转开放接口",
    version="1",
    description="内蒙古技术转移体系的公开数据，只读。空值表示来源未披露；条数为空表示暂无数据，不是 0。金额单位为元。",
    docs_url=None,
    redoc_url=None,
    responses=_REFUSALS,
)


# ------------------------------------------------------------------ records
@api.get("/achievements", summary="科技成果", tags=["成果"])
def achievements(asked: Annotated[schema.AchievementParameters, Query()]) -> schema.Listing[schema.Achievement]:
    """检索科技成果，附领域、盟市、年份、来源的条数，more=true 时附全部筛选项；有几种知识产权、转化方式的各计一次。"""
    with database().read() as session:
        names = catalogue.place_names(session)
        page = catalogue.search_achievements(session, asked.query(), actor=VISITOR)
        items = [schema.Achievement(**schema.achievement(card, names)) for card in page.items]
        return schema.Listing(total=page.total, items=items, facets=asked.facets(page))


@api.get("/achievements/{id}", summary="一项科技成果", tags=["成果"], responses=_MISSING)
def achievement(id: RecordId) -> schema.AchievementDetail:
    """一项成果的全部公开内容。"""
    with database().read() as session:
        record = catalogue.read_achievement(session, id, actor=VISITOR)
        card = catalogue.achievement_cards(session, [id])[0]
        return schema.AchievementDetail(
            **schema.achievement(card, catalogue.place_names(session)),
            **_stated(
                record, "other_units", "award", "achievement_class", "keywords", "indicators", "stage", "ip",
                "transfer_mode", "pricing_mode", "value", "problem", "application", "trl_scheme", "trl_judge",
                "trl_evidence",
            ),
            rights=[schema.Right(**_blanks(line)) for line in record.rights],
            shares=[schema.Share(**line) for line in record.shares],
            comparison=schema.Compared.of(record.comparison, "ours"),
            steps=[schema.Step(**_blanks(line)) for line in record.steps],
            public_good=record.public_good,
            valid_until=_day(record.valid_until),
            updated_at=record.updated_at,
        )  # fmt: skip


@api.get("/demands", summary="技术需求", tags=["需求"])
def demands(asked: Annotated[schema.DemandParameters, Query()]) -> schema.Listing[schema.Demand]:
    """检索技术需求，附领域、盟市、年份、来源的条数，more=true 时附全部筛选项；有几种合作方式的各计一次。"""
    with database().read() as session:
        names = catalogue.place_names(session)
        page = catalogue.search_demands(session, asked.query(), actor=VISITOR)
        items = [schema.Demand(**schema.demand(card, names)) for card in page.items]
        return schema.Listing(total=page.total, items=items, facets=asked.facets(page))


@api.get("/demands/{id}", summary="一项技术需求", tags=["需求"], responses=_MISSING)
def demand(id: RecordId) -> schema.DemandDetail:
    """一项需求的全部公开内容。"""
    with database().read() as session:
        record = catalogue.read_demand(session, id, actor=VISITOR)
        card = catalogue.demand_cards(session, [id])[0]
        return schema.DemandDetail(
            **schema.demand(card, catalogue.place_names(session)),
            **_stated(record, "demand_class", "keywords", "indicators", "cooperation_mode", "tried", "acceptance"),
            comparison=schema.Compared.of(record.comparison, "wanted"),
            deadline=_day(record.deadline),
            valid_from=_day(record.valid_from),
            valid_until=_day(record.valid_until),
            updated_at=record.updated_at,
        )


# ------------------------------------------------------------------ what fits what
@api.get("/demands/{id}/matches", summary="一项需求可能用得上的成果", tags=["对接"], responses=_MISSING)
def matches_of_demand(id: RecordId) -> schema.Matches:
    """按两边公开的内容比对，最合适的在前；每项附程度、理由和待了解的内容，没有合适的则为空。"""
    with database().read() as session:
        found = matching.for_demand(session, id, actor=VISITOR, limit=_MATCHES)
        return schema.Matches(items=[schema.Match.of(item) for item in found.items])


@api.get("/achievements/{id}/matches", summary="可能用得上一项成果的需求", tags=["对接"], responses=_MISSING)
def matches_of_achievement(id: RecordId) -> schema.Matches:
    """同一比对从成果一侧看；有效期已过的需求不列出。"""
    with database().read() as session:
        found = matching.for_achievement(session, id, actor=VISITOR, limit=_MATCHES)
        return schema.Matches(items=[schema.Match.of(item) for item in found.items])


@api.get("/organizations", summary="机构", tags=["机构"])
def organizations(asked: Annotated[schema.OrganizationParameters, Query()]) -> schema.Listing[schema.Organization]:
    """检索机构，附类别、盟市、来源的条数，more=true 时附旗县的条数。"""
    with database().read() as session:
        names = catalogue.place_names(session)
        page = catalogue.search_organizations(session, asked.query(), actor=VISITOR)
        items = [schema.organization(card, names) for card in page.items]
        return schema.Listing(total=page.total, items=items, facets=asked.facets(page))


@api.get("/events", summary="路演与活动", tags=["活动"])
def events(asked: Annotated[schema.EventParameters, Query()]) -> schema.Listing[schema.Event]:
    """检索路演与活动，未举办的在前。"""
    with database().read() as session:
        names = catalogue.place_names(session)
        page = roadshows.search_events(session, asked.query(), actor=VISITOR)
        items = [schema.event(card, names) for card in page.items]
        return schema.Listing(total=page.total, items=items, facets=schema.Facet.all(page.facets))


@api.get("/statistics", summary="统计数据", tags=["数据"])
def figures(asked: Annotated[schema.StatisticParameters, Query()]) -> schema.Listing[schema.Figure]:
    """检索已发布的统计数据。吸纳与输出是两个口径，不可相加。"""
    with database().read() as session:
        page = statistics.search_statistics(session, asked.query(), actor=VISITOR)
        items = [schema.figure(found) for found in page.items]
        return schema.Listing(total=page.total, items=items, facets=schema.Facet.all(page.facets))


# ------------------------------------------------------------------ network and channels
@api.get("/network/nodes", summary="三级网络", tags=["网络"])
def nodes(asked: Annotated[schema.NodeParameters, Query()]) -> schema.Listing[schema.Node]:
    """一级行政区划及其成果、机构、需求、活动条数，一次全部返回。"""
    with database().read() as session:
        origins = [Origin(name) for name in asked.origin] or None
        found = network.nodes(session, asked.level, asked.parent, actor=VISITOR, origins=origins)
    facets = {"zone": _counted((node.zone, node.zone) for node in found if node.zone)}
    return schema.Listing(total=len(found), items=[schema.Node.of(node) for node in found], facets=facets)


@api.get("/channels/flows", summary="转移通道", tags=["网络"])
def flows(asked: Annotated[schema.FlowParameters, Query()]) -> schema.Listing[schema.Flow]:
    """四条通道上的流向，一次全部返回。合作记录与活动分别计数，不可相加。"""
    with database().read() as session:
        names = catalogue.league_names(session)
        found = channels.flows(session, asked.query(), actor=VISITOR)
    facets = {
        "channel": _counted((flow.channel.value, flow.channel.label) for flow in found if flow.channel),
        "kind": _counted((flow.kind.value, flow.kind.label) for flow in found),
        "direction": _counted((flow.direction.value, Direction(flow.direction).label) for flow in found),
    }
    return schema.Listing(total=len(found), items=[schema.Flow.of(flow, names) for flow in found], facets=facets)


# ------------------------------------------------------------------ about itself
@api.get("/", include_in_schema=False)
def contents() -> dict[str, Any]:
    """What there is."""
    paths = [PREFIX + path for path in api.openapi()["paths"]]
    return {
        "title": api.title,
        "version": api.version,
        "documentation": f"{PREFIX}/docs",
        "openapi": f"{PREFIX}/openapi.json",
        "endpoints": paths,
    }


@api.get("/docs", include_in_schema=False)
def docs() -> Response:
    """The documentation, drawn from the description; it needs nothing from elsewhere."""
    return manual.page(api.openapi(), PREFIX)


# ------------------------------------------------------------------ refusals
@api.exception_handler(RequestValidationError)
async def invalid(_request: Request, error: Exception) -> Response:
    """A bad parameter, in the shape of every other refusal."""
    if not isinstance(error, RequestValidationError):
        raise TypeError("a handler for bad parameters") from error
    faults = [
        schema.Fault(parameter=str(fault["loc"][1]) if len(fault["loc"]) > 1 else "", problem=_problem(fault))
        for fault in error.errors()
    ]
    named = "、".join(dict.fromkeys(fault.parameter[:40] for fault in faults))
    refusal = schema.Refusal(detail=f"参数无效：{named}。", errors=faults)
    return JSONResponse(refusal.model_dump(), 422)


@api.exception_handler(HTTPException)
async def absent(_request: Request, error: Exception) -> Response:
    """No such address, or not with this method."""
    status = error.status_code if isinstance(error, HTTPException) else 500
    headers = error.headers if isinstance(error, HTTPException) else None
    return JSONResponse({"detail": _SENTENCES.get(status, "请求无法处理。"), "errors": []}, status, headers)


api.add_exception_handler(ProductError, errors.refused)
api.add_exception_handler(Exception, errors.unexpected)


def _problem(fault: Any) -> str:
    context = fault.get("ctx", {})
    said = {
        "extra_forbidden": "没有这个参数",
        "greater_than_equal": f"不能小于 {context.get('ge')}",
        "less_than_equal": f"不能大于 {context.get('le')}",
        "int_parsing": "须为整数",
        "int_parsing_size": "数值过大",
        "string_too_long": f"不能超过 {context.get('max_length')} 个字",
        "too_long": f"最多 {context.get('max_length')} 个值",
        "literal_error": f"只能是 {context.get('expected', '').replace(' or ', '、').replace(', ', '、')}",
        "string_pattern_mismatch": f"须符合 {context.get('pattern')}",
    }
    return said.get(fault["type"], "不是有效的值")


def _stated(record: Any, *names: str) -> dict[str, str | None]:
    """Text columns of a record; blank is null: the source does not say."""
    return {name: getattr(record, name) or None for name in names}


def _blanks(line: Mapping[str, str]) -> dict[str, Any]:
    """A line of a record's table; blank cells are null."""
    return {name: text or None for name, text in line.items()}


def _day(day: date | None) -> str | None:
    return day.isoformat() if day else None


def _counted(values: Iterable[tuple[str, str]]) -> list[schema.Facet]:
    """How many items of the answer have each value, most frequent first."""
    counts = Counter(values)
    return [
        schema.Facet(value=value, label=label, count=count)
        for (value, label), count in sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    ]
