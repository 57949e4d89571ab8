"""路演与活动: what is coming, what took place by year, and one event with what was shown there."""

from collections.abc import Sequence
from itertools import groupby
from typing import Final
from urllib.parse import urlsplit

import streamlit as st

from lib.domain.access import VISITOR
from lib.domain.dates import Precision, show_time, today_shanghai
from lib.domain.errors import NotFound
from lib.domain.vocabulary import UNDISCLOSED
from lib.services import roadshows
from lib.services.roadshows import EventCard, EventPage, EventQuery, EventRecord, Item
from lib.settings import settings
from lib.store.engine import database
from lib.ui import address, cache, filters, navigation
from lib.ui.components import bands, cards, records
from lib.ui.components.markup import Markup, draw, el, external
from lib.ui.components.tables import cell, row, table
from lib.ui.guard import Context
from lib.ui.views import access, history

FEED: Final = "/feeds/events.ics"
_TOPICS: Final = ("event", "event_item", "division", "organization")
_PRECISION_NOTES: Final = {Precision.MONTH: "来源只写到月", Precision.YEAR: "来源只写到年"}


def listing(ctx: Context) -> None:
    """Band with the search box, counted filters, coming events, then past ones year by year."""
    query = _query(ctx)
    page = _page(ctx, query)
    chosen = {"kind": query.kinds, "league": query.leagues, "year": query.years, "partner": query.partners}
    with bands.band("路演与活动", "近期去哪里看成果、见企业？", instrument=2.2):
        filters.search_box("搜蒙科聚、稀土、中蒙博览会")
    filters.pills(page.facets, chosen)
    with st.container(horizontal=True, vertical_alignment="center", key="summary"):
        draw(el("span", "共 ", el("b", f"{page.total:,}"), " 场活动", cls="bj-count"))
        filters.clear(chosen)
        st.space("stretch")
        draw(el("a", "订阅活动日历（.ics）", href=FEED, cls="bj-more"))
    asked = bool(query.q or any(chosen.values()))
    if query.page == 1 and (page.coming or not asked):
        _coming(page)
    past = tuple(card for card in page.items if not card.coming)
    if past:
        for heading, group in groupby(past, _year):
            bands.section(heading)
            rows(tuple(group), key=f"events-{heading[:4] if heading[:4].isdigit() else 'undated'}")
    elif not page.total:
        bands.empty("没有符合条件的活动", "减少一个筛选条件，或换一个词再试。")
    elif not page.items:
        bands.empty("这一页没有内容", "页码超出了范围，请回到第一页。")
    filters.pager(query.page, page.pages)
    _feed_note()


def rows(events: Sequence[EventCard], *, key: str) -> None:
    """Events as a list in one frame: date, kind, title, place; each line is the link to its record."""
    with st.container(border=True, gap=None, key=key):
        for event in events:
            _row(event)


def record(ctx: Context, record_id: int) -> None:
    """One event: facts left, what was shown there and related events right, source last."""
    try:
        with database().read() as session:
            found = roadshows.read_event(session, record_id, actor=ctx.actor)
    except NotFound as missing:
        records.missing("路演与活动", "roadshows", missing.message)
        return
    card = found.card
    state = "即将举行" if card.coming else ""
    records.head("路演与活动", "roadshows", card.title, "", (card.kind, state), cards.tag(card.source.origin))
    left, right = st.columns([1, 2.05], gap="large")
    with left:
        _act(card)
        with st.container(border=True):
            _facts(ctx, found)
    with right:
        bands.section("参加项目", "报名审核通过后公布")
        _items(found)
        for item in found.items:
            access.block(ctx, "event_item", item.id, "roadshows", card.id, of=item.title)
        _related(ctx, card)
        _provenance(ctx, found)


# ------------------------------------------------------------------ the list
def _query(ctx: Context) -> EventQuery:
    """What the address asks; a value that no event can have is left out."""
    known = _page(ctx, EventQuery(size=1)).facets

    def chosen(facet: str) -> tuple[str, ...]:
        values = {value.value for value in known[facet]}
        return address.choices(facet, lambda value: value in values)

    return EventQuery(
        q=address.words("q"),
        kinds=chosen("kind"),
        leagues=chosen("league"),
        years=chosen("year"),
        partners=chosen("partner"),
        page=address.number("page") or 1,
    )


def _page(ctx: Context, query: EventQuery) -> EventPage:
    today = today_shanghai()
    return cache.shared(
        "events",
        (query, today),
        ctx.revision(*_TOPICS),
        lambda session: roadshows.search_events(session, query, actor=VISITOR, today=today),
    )


def _coming(page: EventPage) -> None:
    coming = tuple(card for card in page.items if card.coming)
    bands.section("即将举行", f"{page.coming} 场" if page.coming else "")
    if not coming:
        bands.empty(
            "近期没有已公布的活动",
            "新的活动公布后列在这里，也会进入活动日历。想参加路演，可先提交成果或需求，由平台安排对接。",
        )
        with st.container(horizontal=True, horizontal_alignment="center", gap="small"):
            for kind, label, icon in (
                ("achievement", "提交成果", ":material/upload_file:"),
                ("demand", "发布需求", ":material/edit_square:"),
            ):
                st.page_link(navigation.href("submit"), label=label, icon=icon, query_params={"kind": kind})
        return
    with st.container(border=True, gap=None, key="events-coming"):
        for event in coming:
            with st.container(horizontal=True, vertical_alignment="center", gap="small", key=f"coming-{event.id}"):
                _row(event)
                _register(event, "content")


def _row(event: EventCard) -> None:
    place = event.city or f"地点{UNDISCLOSED}"
    when = str(event.held) if event.held else f"日期{UNDISCLOSED}"
    st.page_link(
        navigation.href("roadshows"),
        label=f"**{when}** :blue-badge[{cards.plain(event.kind)}] {cards.plain(event.title)} "
        f":gray[{cards.plain(place)}]",
        query_params={"id": str(event.id)},
        width="stretch",
    )


def _register(event: EventCard, width: str) -> None:
    st.page_link(
        navigation.href("submit"),
        label="路演报名",
        icon=":material/how_to_reg:",
        query_params={"kind": "registration", "event": str(event.id)},
        width=width,  # type: ignore[arg-type]
    )


def _year(event: EventCard) -> str:
    return f"{event.held.day.year} 年" if event.held else f"日期{UNDISCLOSED}"


def _feed_note() -> None:
    draw(
        el(
            "p",
            "活动日历地址：",
            el("code", f"{_base()}{FEED}"),
            "　可在手机或电脑的日历程序里订阅；日期只到月的活动记在当月第一天并注明，没有日期的不列入。",
            cls="bj-meaning",
        )
    )


def _base() -> str:
    """The address people use: as configured, or as this browser came."""
    if settings().public_url:
        return settings().public_url.rstrip("/")
    came = urlsplit(st.context.url or "")
    return f"{came.scheme}://{came.netloc}" if came.scheme in {"http", "https"} else ""


# ------------------------------------------------------------------ the record
def _act(card: EventCard) -> None:
    """The one thing to do: register while the event is coming."""
    if card.coming:
        with st.container(border=True, key="act"):
            _register(card, "stretch")
            st.caption("报名的项目经审核后列入参加项目。")


def _facts(ctx: Context, found: EventRecord) -> None:
    card = found.card
    places = cache.place_names(ctx.revision("division"))
    if card.organization_id:
        st.caption("主办单位")
        records.internal(cards.plain(found.organization), "organizations", card.organization_id)
    note = _PRECISION_NOTES.get(card.held.precision, "") if card.held else ""
    when = f"{card.held}（{note}）" if note else str(card.held or "")
    banner = places.get(card.banner_code or "", "") or card.banner_text
    facts: list[records.Fact] = [
        ("时间", when),
        ("地点", " ".join(filter(None, (card.city, banner)))),
        ("主办", card.organizer),
        ("合作方", card.partner),
        ("参加项目数", f"{card.project_count:,} 项" if card.project_count is not None else ""),
        ("形式", card.kind),
    ]
    records.facts(facts)
    draw(el("p", el("a", "订阅活动日历（.ics）", href=FEED), cls="bj-meaning"))


def _items(found: EventRecord) -> None:
    if not found.items:
        stated = found.card.project_count
        told = f"来源写明有 {stated:,} 个项目参加，没有列出名单。" if stated else "公开信息没有列出参加的项目。"
        bands.empty("暂无数据", told)
        return
    names = ("项目", "单位", "领域", "阶段", "合作需求")
    table(
        names,
        (
            row(_project(i), *(cell(value or UNDISCLOSED) for value in (i.unit, i.field, i.stage, i.cooperation)))
            for i in found.items
        ),
    )


def _project(item: Item) -> Markup:
    """The project's name, and the way to the achievement it shows."""
    if item.achievement_id is None:
        return cell(item.title)
    return cell(el("a", item.title, href=f"/achievements?id={item.achievement_id}"))


def _related(ctx: Context, card: EventCard) -> None:
    """Events with the same partner, or else in the same place."""
    if card.partners:
        query = EventQuery(partners=card.partners, size=6)
        title = f"与{'、'.join(card.partners)}的其他活动"
    elif card.league_code:
        query = EventQuery(leagues=(card.league_code,), size=6)
        title = f"{cache.place_names(ctx.revision('division')).get(card.league_code, '同地')}的其他活动"
    else:
        return
    others = tuple(event for event in _page(ctx, query).items if event.id != card.id)[:5]
    if others:
        bands.section(title)
        rows(others, key="events-related")


def _provenance(ctx: Context, found: EventRecord) -> None:
    bands.section("来源与更新记录")
    source = found.card.source
    publisher = source.publisher or "发布方未披露"
    quality = {"page": "原文页面", "repost": "转载"}.get(found.source_quality, "")
    facts: list[records.Fact] = [
        ("来源", source.origin.label),
        ("发布方", external(publisher, source.url)),
        ("发布日期", str(source.stated or "")),
    ]
    if quality:
        facts.append(("依据", quality + ("" if source.url else "，地址未披露")))
    facts.append(("平台录入", show_time(found.created_at)))
    if found.card.updated_at != found.created_at:
        facts.append(("最近更新", show_time(found.card.updated_at)))
    records.facts(facts)
    history.steps(ctx, "event", found.card.id)
