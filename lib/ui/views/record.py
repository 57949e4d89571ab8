"""The record pages of achievements, demands and organizations."""

from typing import TypeAlias

import streamlit as st

from lib.domain.dates import show_time
from lib.domain.errors import NotFound
from lib.domain.vocabulary import FIELDS, TRL_LEVELS, UNDISCLOSED, Origin
from lib.services import catalogue
from lib.store.engine import database
from lib.store.models import Achievement, Demand, Organization
from lib.ui import cache, navigation
from lib.ui.components import bands, cards, records
from lib.ui.components.markup import Markup, draw, el, external, ladder
from lib.ui.guard import Context
from lib.ui.views import access, history, matches

Record: TypeAlias = Achievement | Demand | Organization


def achievement(ctx: Context, record_id: int) -> None:
    """One achievement: key facts left, story right, sources last."""
    try:
        with database().read() as session:
            record = catalogue.read_achievement(session, record_id, actor=ctx.actor)
            siblings = catalogue.achievements_of(session, record.organization_id or 0, actor=ctx.actor)
    except NotFound as missing:
        records.missing("成果库", "achievements", missing.message)
        return
    closed = access.levels(ctx, "achievement", record.id)
    places = cache.place_names(ctx.revision("division"))
    field = FIELDS[record.field] if record.field else ""
    records.head("成果库", "achievements", record.title, record.summary, (field, record.award), _tag(record))
    left, right = st.columns([1, 2.05], gap="large")
    with left:
        with st.container(border=True, key="act"):
            st.page_link(
                navigation.href("submit"),
                label="我有意向",
                icon=":material/handshake:",
                width="stretch",
                query_params={"kind": "demand", "title": f"希望对接成果：{record.title}"[:100]},
            )
            st.caption("写明单位和用途，提交后由平台转给完成单位。")
        with st.container(border=True):
            _unit_link(record.organization_id, record.organization_text, "完成单位")
            records.facts(
                [
                    ("合作单位", record.other_units),
                    ("第一完成人", record.completer),
                    ("盟市旗县", _where(record.league_code, record.banner_code, places)),
                    ("年份", str(record.year or "")),
                    ("领域", field),
                    ("知识产权", " ".join(filter(None, (record.ip, closed.get("ip"))))),
                    ("转化方式", record.transfer_mode),
                    ("价格", cards.stated_amount(record.price, record.negotiable) or closed.get("price", "")),
                ]
            )
            level = f"{record.trl} 级：{TRL_LEVELS[record.trl]}" if record.trl else UNDISCLOSED
            draw(el("div", "成熟度", ladder(record.trl), level, cls="bj-count"))
    with right:
        bands.section("走到哪一步", "有公开依据的环节才点亮")
        records.rail(_stages(record))
        if record.indicators or record.keywords or record.achievement_class:
            bands.section("技术内容")
            records.facts(
                [
                    ("成果类别", record.achievement_class),
                    ("关键词", record.keywords),
                    ("技术指标", record.indicators or closed.get("indicators", "")),
                    ("所处阶段", record.stage),
                ]
            )
        access.block(ctx, "achievement", record.id, "achievements", record.id)
        matches.of_achievement(ctx, record.id)
        others = tuple(card for card in siblings if card.id != record.id)
        if others:
            bands.section("同单位成果")
            with st.grid(2, min_column_width=280, gap="small"):
                for card in others:
                    cards.draw_card(card, places)
        _provenance(ctx, record)


def _stages(record: Achievement) -> list[tuple[str, str, bool]]:
    year = f"{record.year} 年" if record.year else "已公开"
    return [
        ("创造", year, True),
        ("熟化", record.stage or UNDISCLOSED, bool(record.stage)),
        ("评估", record.award or UNDISCLOSED, "奖" in record.award),
        ("定价", cards.stated_amount(record.price, record.negotiable) or UNDISCLOSED, record.price is not None),
        ("交易", record.award if "挂牌" in record.award else UNDISCLOSED, "挂牌" in record.award),
        ("应用", UNDISCLOSED, False),
    ]


def demand(ctx: Context, record_id: int) -> None:
    """One demand: key facts left, what may already answer it right, sources last."""
    try:
        with database().read() as session:
            record = catalogue.read_demand(session, record_id, actor=ctx.actor)
    except NotFound as missing:
        records.missing("需求库", "demands", missing.message)
        return
    closed = access.levels(ctx, "demand", record.id)
    places = cache.place_names(ctx.revision("division"))
    field = FIELDS[record.field] if record.field else ""
    records.head("需求库", "demands", record.title, record.description, (field,), _tag(record))
    left, right = st.columns([1, 2.05], gap="large")
    with left, st.container(border=True):
        _unit_link(record.organization_id, record.organization_text, "需求单位")
        validity = f"{record.valid_from or '即日'} 至 {record.valid_until}" if record.valid_until else ""
        records.facts(
            [
                ("盟市旗县", _where(record.league_code, record.banner_code, places)),
                ("年份", str(record.year or "")),
                ("领域", field),
                ("需求类别", record.demand_class),
                ("合作方式", record.cooperation_mode),
                ("预算", cards.stated_amount(record.budget, record.negotiable) or closed.get("budget", "")),
                ("有效期", validity),
            ]
        )
    with right:
        if record.indicators or record.keywords:
            bands.section("技术要求")
            indicators = record.indicators or closed.get("indicators", "")
            records.facts([("技术指标", indicators), ("关键词", record.keywords)])
        access.block(ctx, "demand", record.id, "demands", record.id)
        matches.of_demand(ctx, record.id)
        _provenance(ctx, record)


def organization(ctx: Context, record_id: int) -> None:
    """One organization with what it made and what it asks for."""
    try:
        with database().read() as session:
            record = catalogue.read_organization(session, record_id, actor=ctx.actor)
            made = catalogue.achievements_of(session, record.id, actor=ctx.actor)
            asked = catalogue.demands_of(session, record.id, actor=ctx.actor)
    except NotFound as missing:
        records.missing("机构", "organizations", missing.message)
        return
    places = cache.place_names(ctx.revision("division"))
    records.head("机构", "organizations", record.name, "", (record.kind,), _tag(record))
    left, right = st.columns([1, 2.05], gap="large")
    with left, st.container(border=True):
        where = " ".join(filter(None, (_where(record.league_code, record.banner_code, places), record.banner_text)))
        since = f"{record.since_year} 年" if record.since_year else ""
        records.facts([("类别", record.kind), ("所在地", where), ("设立或认定", since)])
    with right:
        for heading, found, none in (("成果", made, "成果"), ("需求", asked, "需求")):
            bands.section(heading, f"署这家机构名称的{none}")
            if found:
                with st.grid(2, min_column_width=280, gap="small"):
                    for card in found:
                        cards.draw_card(card, places)
            else:
                bands.empty("暂无数据", f"公开信息里没有署这家机构名称的{none}。")
        _provenance(ctx, record)


def _tag(record: Record) -> Markup:
    return cards.tag(Origin(record.origin))


def _unit_link(organization_id: int | None, printed: str, label: str) -> None:
    st.caption(label)
    if organization_id:
        records.internal(cards.plain(printed), "organizations", organization_id)
    else:
        draw(el("p", printed or UNDISCLOSED, cls="bj-unit-name"))


def _where(league: str | None, banner: str | None, places: dict[str, str]) -> str:
    return " ".join(filter(None, (places.get(league or ""), places.get(banner or ""))))


def _provenance(ctx: Context, record: Record) -> None:
    bands.section("来源与更新记录")
    origin = Origin(record.origin)
    publisher = record.source_publisher or "发布方未披露"
    quality = {"page": "原文页面", "repost": "转载"}.get(record.source_quality, "")
    rows: list[records.Fact] = [
        ("来源", origin.label),
        ("发布方", external(publisher, record.source_url)),
        ("发布日期", str(record.source_stated or "")),
    ]
    if quality:
        rows.append(("依据", quality + ("" if record.source_url else "，地址未披露")))
    rows.append(("平台录入", show_time(record.created_at)))
    if record.updated_at != record.created_at:
        rows.append(("最近更新", show_time(record.updated_at)))
    records.facts(rows)
    if origin is Origin.SUBMITTED and isinstance(record, Achievement | Demand):
        history.steps(ctx, record.__tablename__, record.id)
