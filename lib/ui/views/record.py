"""The record pages of achievements, demands and organizations."""

from typing import Final, TypeAlias

import streamlit as st

from lib.domain.dates import show_time, today_shanghai
from lib.domain.errors import NotFound
from lib.domain.telling import Term
from lib.domain.text import shorten
from lib.domain.vocabulary import FIELDS, UNDISCLOSED, Origin
from lib.services import catalogue
from lib.services import records as telling
from lib.services.catalogue import Card
from lib.services.records import AchievementView, DemandView, Gone, Shown
from lib.store.engine import database
from lib.store.models import Achievement, Demand, Organization
from lib.ui import cache, navigation
from lib.ui.components import bands, cards, records
from lib.ui.components.markup import Markup, draw, el, external, ladder
from lib.ui.guard import Context
from lib.ui.views import access, history, intentions, matches

Record: TypeAlias = Achievement | Demand | Organization

_HEAD_LENGTH: Final = 90
"""How much of a description stands in the head of a page; a longer one is told in full below."""
_TITLE_LENGTH: Final = 100
_RELATED: Final = 4
_SEE: Final = "，见「需要授权的内容」"


def achievement(ctx: Context, record_id: int) -> None:
    """One achievement: key facts left, story right, then rights, maturity, terms, matches, sources."""
    try:
        with database().read() as session:
            view = telling.achievement(session, record_id, actor=ctx.actor)
    except NotFound as missing:
        _gone(ctx, "成果库", "achievement", record_id, missing.message)
        return
    record, places = view.record, cache.place_names(ctx.revision("division"))
    value = record.value or shorten(record.summary, _HEAD_LENGTH)
    tags = (_field(record), record.award)
    records.head("成果库", "achievements", record.title, value, tags, _tag(record), record.id)
    _validity(view)
    left, right = st.columns([1, 2.05], gap="large")
    with left:
        _act(
            "我有意向",
            "demand",
            f"希望对接成果：{record.title}",
            _forwarded("写明单位和用途", "完成单位", record.organization_text),
        )
        intentions.box(ctx, "achievement", record.id)
        with st.container(border=True):
            _unit_link(record.organization_id, record.organization_text, "完成单位")
            price = ("价格", _see(view.price, view.told.closed.get("price")))
            records.facts([*telling.facts_of_achievement(view, places), price])
            draw(
                el(
                    "div",
                    "成熟度",
                    ladder(record.trl),
                    f"{record.trl} 级" if record.trl else UNDISCLOSED,
                    cls="bj-count",
                )
            )
        _completeness(view)
    with right:
        bands.section("走到哪一步", "有日期或来源的环节才点亮")
        records.rail([(stage.name, stage.told, stage.lit) for stage in view.stages])
        _story(view)
        _rights(view)
        _maturity(record)
        if terms := telling.terms_of(view):
            bands.section("合作方式与价格")
            closed = view.told.closed.get("price")
            records.facts([(name, _see(text, closed) if name == "意向价格" else text) for name, text in terms])
        access.block(ctx, "achievement", record.id, "achievements", record.id)
        matches.of_achievement(ctx, record.id)
        _shown_at(view.events)
        _related(ctx, record, places)
        _provenance(ctx, record)


def demand(ctx: Context, record_id: int) -> None:
    """One demand: key facts left, the problem and what may already answer it right, sources last."""
    try:
        with database().read() as session:
            view = telling.demand(session, record_id, actor=ctx.actor)
    except NotFound as missing:
        _gone(ctx, "需求库", "demand", record_id, missing.message)
        return
    record, places, closed = view.record, cache.place_names(ctx.revision("division")), view.told.closed
    short = shorten(record.description, _HEAD_LENGTH)
    records.head("需求库", "demands", record.title, short, (_field(record),), _tag(record), record.id)
    _validity(view)
    left, right = st.columns([1, 2.05], gap="large")
    with left:
        _act(
            "我能解决",
            "achievement",
            f"可用于需求：{record.title}",
            _forwarded("写明成果和证据", "需求单位", record.organization_text),
        )
        intentions.box(ctx, "demand", record.id)
        with st.container(border=True):
            _unit_link(record.organization_id, record.organization_text, "需求单位")
            facts = dict(telling.facts_of_demand(view, places))
            records.facts([*(facts | {"预算": _see(view.budget, closed.get("budget"))}).items()])
        _completeness(view)
    with right:
        _told("需求说明", [
            ("要解决的问题", record.description if len(record.description) > _HEAD_LENGTH else ""),
            ("希望达到的指标", _see(record.indicators, closed.get("indicators"))),
            ("试过的办法", record.tried),
            ("验收标准", record.acceptance),
        ])  # fmt: skip
        if record.comparison:
            bands.section("量化指标", "现有水平和希望达到的值，由需求单位填写")
            records.comparison(record.comparison, "wanted", "希望达到")
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
        where = " ".join(filter(None, (telling.place(record, places), record.banner_text)))
        since = f"{record.since_year} 年" if record.since_year else ""
        records.facts([("类别", record.kind), ("所在地", where), ("设立或认定", since)])
    with right:
        for heading, found, none in (("成果", made, "成果"), ("需求", asked, "需求")):
            bands.section(heading, f"署这家机构名称的{none}")
            if found:
                cards.grid(found, places, narrow=True)
            else:
                bands.empty("暂无数据", f"公开信息里没有署这家机构名称的{none}。")
        _provenance(ctx, record)


# ------------------------------------------------------------------ parts of an achievement's story
def _story(view: AchievementView) -> None:
    record = view.record
    # A summary that stands whole in the head is not told twice.
    whole = not record.value and len(record.summary) <= _HEAD_LENGTH
    _told("成果说明", [
        ("解决的问题", record.problem),
        ("应用场景", record.application),
        ("成果简介", "" if whole else record.summary),
        ("技术指标", _see(record.indicators, view.told.closed.get("indicators"))),
    ])  # fmt: skip
    if record.comparison:
        bands.section("对比基准", "现有水平和本成果的值，由完成单位填写")
        records.comparison(record.comparison, "ours", "本成果")


def _rights(view: AchievementView) -> None:
    rows = telling.rights_rows(view)
    if rows:
        bands.section("知识产权", "编号没有公开的，见「需要授权的内容」" if "ip" in view.told.closed else "")
        records.rights(rows)
    if view.record.shares:
        bands.section("权益份额", "合计 100%")
        records.shares(view.record.shares)


def _maturity(record: Achievement) -> None:
    known = telling.maturity(record)
    if known:
        bands.section("成熟度证据", "等级说明为通行说法，不代替标准原文" if record.trl else "")
        steps = {"等级": ladder(record.trl)}
        records.facts([(name, el("span", steps.get(name), text)) for name, text in known])


def _shown_at(events: tuple[Shown, ...]) -> None:
    if not events:
        return
    bands.section("在哪里展示过")
    rows = (
        el(
            "li",
            el("time", str(event.held or "日期未披露")),
            el("a", event.title, href=f"/roadshows?id={event.event_id}"),
        )
        for event in events
    )
    draw(el("ol", *rows, cls="bj-steps"))


def _related(ctx: Context, record: Achievement, places: dict[str, str]) -> None:
    """Achievements that say the same, and others of the same unit."""
    words = f"{record.title} {record.keywords}".strip()
    found = cache.similar(words, _RELATED + 1, ctx.revision("achievement", "organization"))
    alike = tuple(card for card in found if card.id != record.id)[:_RELATED]
    _cards("相关成果", alike, places)
    with database().read() as session:
        siblings = catalogue.achievements_of(session, record.organization_id or 0, actor=ctx.actor)
    others = {record.id} | {card.id for card in alike}
    _cards("同单位成果", tuple(card for card in siblings if card.id not in others)[:_RELATED], places)


def _cards(title: str, found: tuple[Card, ...], places: dict[str, str]) -> None:
    if found:
        bands.section(title)
        cards.grid(found, places, narrow=True)


# ------------------------------------------------------------------ parts of every record
def _told(title: str, texts: list[tuple[str, str]]) -> None:
    """A section of texts, each under its name; blank ones are left out, and the section without any."""
    if known := [(name, text) for name, text in texts if text]:
        bands.section(title)
        records.facts(list[records.Fact](known))


def _act(label: str, kind: str, title: str, note: str) -> None:
    """The one thing to do: a form that begins with this record's name."""
    with st.container(border=True, key="act"):
        st.page_link(
            navigation.href("submit"),
            label=label,
            icon=":material/handshake:",
            width="stretch",
            query_params={"kind": kind, "title": title[:_TITLE_LENGTH]},
        )
        st.caption(note)


def _forwarded(ask: str, unit: str, named: str) -> str:
    """What becomes of what one hands in; nobody is promised a unit that the source does not name."""
    return f"{ask}，提交后由平台转给{unit}。" if named else f"{ask}，提交后由平台办理；来源没有写明{unit}。"


def _see(text: str, closed: str | None) -> str:
    """The text of a field; where it is not public, who may see it and where."""
    if closed and text in ("", closed):
        return f"{closed}{_SEE}"
    return text


def _field(record: Achievement | Demand) -> str:
    return FIELDS[record.field] if record.field else ""


def _completeness(view: AchievementView | DemandView) -> None:
    """How much is told and what is missing; its owner is led to where it is mended."""
    told = view.told.completeness
    with st.container(border=True, key="complete"):
        records.completeness(told.line, told.filled / told.total, telling.missing_line(view))
        if view.told.own_id:
            _own_link("submit", "补充或修改", ":material/edit:", {"revise": str(view.told.own_id)})


def _validity(view: AchievementView | DemandView) -> None:
    """A record whose time is over or nearly so says it at once; its owner is led to where it is renewed."""
    until, term = view.record.valid_until, view.told.term
    if until is None or term not in {Term.SOON, Term.OVER}:
        return
    left = (until - today_shanghai()).days
    words = f"有效期到 {until} 为止，还有 {left} 天。" if left else f"有效期到今天（{until}）为止。"
    if term is Term.OVER:
        words = f"有效期到 {until} 为止，已经过期，请先与单位确认是否仍然有效。"
    with st.container(key="validity", horizontal=True, vertical_alignment="center"):
        draw(el("p", words, cls="bj-said", role="status"))
        if view.told.own_id:
            _own_link("mine", "在「我的」里办理", ":material/event_repeat:", {"id": str(view.told.own_id)})


def _gone(ctx: Context, kind: str, record_kind: str, record_id: int, message: str) -> None:
    """A record that is not there; one whose validity is over says so, and its owner may renew it."""
    with database().read() as session:
        found: Gone | None = telling.gone(session, record_kind, record_id, actor=ctx.actor)
    if found:
        message = f"这条记录的有效期到 {found.expired} 为止，已从目录撤下；续期以后仍在这个地址。"
    records.missing(kind, f"{record_kind}s", message)
    if found and found.own_id:
        _own_link("mine", "在「我的」里续期", ":material/event_repeat:", {"id": str(found.own_id)})


def _own_link(page: str, label: str, icon: str, query: dict[str, str]) -> None:
    st.page_link(navigation.href(page), label=label, icon=icon, query_params=query)


def _tag(record: Record) -> Markup:
    return cards.tag(Origin(record.origin))


def _unit_link(organization_id: int | None, printed: str, label: str) -> None:
    st.caption(label)
    if organization_id:
        records.internal(cards.plain(printed), "organizations", organization_id)
    else:
        draw(el("p", printed or UNDISCLOSED, cls="bj-unit-name"))


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
