"""路演与活动: what is coming, what took place by year, a calendar, one event with its programme, one item of it."""

from calendar import Calendar
from collections.abc import Sequence
from datetime import date, datetime
from itertools import groupby
from typing import Final
from urllib.parse import urlencode, urlsplit

import streamlit as st

from lib.domain.access import VISITOR
from lib.domain.dates import SHANGHAI, Precision, now_utc, show_time, today_shanghai
from lib.domain.errors import NotFound
from lib.domain.vocabulary import UNDISCLOSED, EventState, ItemKind, Origin
from lib.files.onepager import qr_svg
from lib.services import jury, programme, roadshows
from lib.services.catalogue import UNKNOWN
from lib.services.programme import Announced
from lib.services.roadshows import EventCard, EventPage, EventQuery, EventRecord
from lib.settings import settings
from lib.store.engine import database
from lib.ui import address, cache, filters, navigation
from lib.ui.components import bands, cards, rankings, records
from lib.ui.components.markup import Markup, draw, el, external
from lib.ui.components.tables import cell, row, table
from lib.ui.guard import Context
from lib.ui.views import access, history

FEED: Final = "/feeds/events.ics"
_TOPICS: Final = ("event", "event_item", "division", "organization")
_CALENDAR: Final = 300
_WEEKDAYS: Final = ("一", "二", "三", "四", "五", "六", "日")
_PRECISION_NOTES: Final = {Precision.MONTH: "来源只写到月", Precision.YEAR: "来源只写到年"}


def listing(ctx: Context) -> None:
    """Band with the search box, counted filters, coming events, then past ones year by year; or a month of them."""
    query = _query(ctx)
    shape = address.choice("as", ("list", "calendar"), "list")
    page = _page(ctx, query)
    chosen = _chosen(query)
    with bands.band("路演与活动", "近期去哪里看成果、见企业？", instrument=2.2):
        filters.search_box("搜蒙科聚、稀土、中蒙博览会")
    told = {n: f for n, f in page.facets.items() if chosen[n] or any(value.value != UNKNOWN for value in f)}
    filters.pills(told, chosen)
    with st.container(horizontal=True, vertical_alignment="center", key="summary"):
        draw(el("span", "共 ", el("b", f"{page.total:,}"), " 场活动", cls="bj-count"))
        filters.clear(chosen)
        st.space("stretch")
        filters.segments("怎么看", {"list": "列表", "calendar": "月历"}, shape, key="as", chosen=_shape)
        links = ((_subscribe(query), _feed(query)), ("放映", "/presenter"), ("大屏", "/bigscreen"))
        draw(el("nav", *(el("a", label, href=href, cls="bj-more") for label, href in links), cls="bj-take"))
    if shape == "calendar":
        _month(ctx, query)
        _feed_note(query)
        return
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
    _feed_note(query)


def rows(events: Sequence[EventCard], *, key: str) -> None:
    """Events as a list in one frame: date, kind, title, place; each line is the link to its record."""
    with st.container(border=True, gap=None, key=key):
        for event in events:
            _row(event)


def read(ctx: Context, event_id: int) -> EventRecord | None:
    """The event of an address; None, and the page says so, where there is none."""
    try:
        with database().read() as session:
            return roadshows.read_event(session, event_id, actor=ctx.actor)
    except NotFound as missing:
        records.missing("路演与活动", "roadshows", missing.message)
        return None


def record(ctx: Context, record_id: int) -> None:
    """One event: facts left, what was shown there and related events right, source last."""
    found = read(ctx, record_id)
    if found is None:
        return
    card = found.card
    state = card.state.label if card.state is not EventState.PUBLISHED else "即将举行" if card.coming else ""
    records.head("路演与活动", "roadshows", card.title, "", (card.kind, state), cards.tag(card.source.origin))
    left, right = st.columns([1, 2.05], gap="large")
    with left:
        _act(found)
        with st.container(border=True):
            _facts(ctx, found)
    with right:
        for title, text in (("活动介绍", found.introduction), ("活动规则", found.rules)):
            if text:
                bands.section(title)
                draw(el("p", text, cls="bj-lead bj-lines"))
        _jury(ctx, found)
        _programme(ctx, found)
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
        fields=chosen("field"),
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


def _chosen(query: EventQuery) -> dict[str, tuple[str, ...]]:
    return {
        "kind": query.kinds,
        "field": query.fields,
        "league": query.leagues,
        "year": query.years,
        "partner": query.partners,
    }


def _shape(shape: str) -> None:
    address.write(**{"as": None if shape == "list" else shape, "page": None, "month": None})


def _asked(query: EventQuery, *, month: str = "") -> str:
    """The filters of the address as parameters, in one order."""
    pairs = [("q", query.q)] if query.q else []
    pairs += [(name, value) for name, values in _chosen(query).items() for value in values]
    if month:
        pairs += [("as", "calendar"), ("month", month)]
    return urlencode(pairs)


def _feed(query: EventQuery) -> str:
    asked = _asked(query)
    return f"{FEED}?{asked}" if asked else FEED


def _subscribe(query: EventQuery) -> str:
    return "订阅这些活动（.ics）" if _asked(query) else "订阅活动日历（.ics）"


def _month(ctx: Context, query: EventQuery) -> None:
    """A month of events: a grid on a screen, the days that have any on a phone. Events without a day are told below."""
    first = _first_day(address.words("month"))
    weeks = Calendar().monthdatescalendar(first.year, first.month)
    found = cache.shared(
        "calendar",
        (query, first),
        ctx.revision(*_TOPICS),
        lambda session: roadshows.dated_events(
            session,
            EventQuery(
                q=query.q, kinds=query.kinds, leagues=query.leagues, years=query.years, partners=query.partners,
                fields=query.fields, between=(weeks[0][0], weeks[-1][-1]),
            ),
            actor=VISITOR,
            limit=_CALENDAR,
        ),
    )  # fmt: skip
    by_day: dict[date, list[EventCard]] = {}
    vague = []
    for card in sorted(found, key=_hour):
        if card.held and card.held.precision is Precision.DAY:
            by_day.setdefault(card.held.day, []).append(card)
        elif card.held and card.held.day == first:
            vague.append(card)
    before = date(first.year - (first.month == 1), (first.month - 2) % 12 + 1, 1)
    after = date(first.year + (first.month == 12), first.month % 12 + 1, 1)
    turn = el(
        "nav",
        _to_month(query, before, f"‹ {before:%Y-%m}"),
        el("b", f"{first.year} 年 {first.month} 月"),
        _to_month(query, after, f"{after:%Y-%m} ›"),
        cls="bj-turn",
        aria_label="换月份",
    )
    head = el("tr", *(el("th", f"周{name}") for name in _WEEKDAYS))
    body = (el("tr", *(_day(day, first.month, by_day.get(day, [])) for day in week)) for week in weeks)
    draw(el("div", turn, el("table", el("thead", head), el("tbody", *body), cls="bj-month")))
    if not any(day.month == first.month for day in by_day) and not vague:
        bands.empty("这个月没有活动", "换一个月份，或减少筛选条件。")
    if vague:
        bands.section("只写到月份的活动")
        rows(vague, key="events-vague")


def _hour(card: EventCard) -> tuple[datetime, int]:
    return card.starts_at or datetime.min.replace(tzinfo=SHANGHAI), card.id


def _first_day(month: str) -> date:
    try:
        return datetime.strptime(month, "%Y-%m").replace(tzinfo=SHANGHAI).date()
    except ValueError:
        return today_shanghai().replace(day=1)


def _to_month(query: EventQuery, month: date, label: str) -> Markup:
    return el("a", label, href=f"/roadshows?{_asked(query, month=f'{month:%Y-%m}')}", cls="bj-more")


def _day(day: date, month: int, events: Sequence[EventCard]) -> Markup:
    today = day == today_shanghai()
    cls = " ".join(filter(None, ("bj-other" if day.month != month else "", "bj-today" if today else "",
                                 "" if events else "bj-none")))  # fmt: skip
    label = el("span", str(day.day), el("small", f" {day.month} 月，周{_WEEKDAYS[day.weekday()]}"), cls="bj-date")
    links = (
        el(
            "a",
            el("small", _when_short(card)) if card.starts_at else None,
            f"{card.title}{'（已取消）' if card.state is EventState.CANCELLED else ''}",
            href=f"/roadshows?id={card.id}",
        )
        for card in events
    )
    return el("td", label, *links, cls=cls)


def _when_short(card: EventCard) -> str:
    return f"{card.starts_at.astimezone(SHANGHAI):%H:%M} " if card.starts_at else ""


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
                if not event.registration_problem(now_utc()):
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


def _feed_note(query: EventQuery) -> None:
    draw(
        el(
            "p",
            "活动日历地址：",
            el("code", f"{base()}{_feed(query)}"),
            "　可在手机或电脑的日历程序里订阅；日期只到月的活动记在当月第一天并注明，没有日期的不列入。",
            cls="bj-meaning",
        )
    )


def base() -> str:
    """The address people use: as configured, or as this browser came."""
    if settings().public_url:
        return settings().public_url.rstrip("/")
    came = urlsplit(st.context.url or "")
    return f"{came.scheme}://{came.netloc}" if came.scheme in {"http", "https"} else ""


# ------------------------------------------------------------------ the record
def _act(found: EventRecord) -> None:
    """What to do now: register while that is possible, follow while it is on, look at the deck."""
    card, now = found.card, now_utc()
    problem = card.registration_problem(now)
    on = not card.response_problem(now)
    if card.state is EventState.CANCELLED:
        st.warning("这场活动已取消。", icon=":material/event_busy:")
        return
    with st.container(border=True, key="act"):
        if not problem:
            _register(card, "stretch")
            st.page_link(
                navigation.href("roadshows"),
                label="报名观摩" if found.seats_left != 0 else "报名候补",
                icon=":material/event_seat:",
                query_params={"id": str(card.id), "view": "attend"},
                width="stretch",
            )
            left = (
                ""
                if found.seats_left is None
                else f"还有 {found.seats_left} 个座位；"
                if found.seats_left
                else "座位已满，可以候补；"
            )
            st.caption(f"{left}报名的项目经审核后列入参加项目。")
        elif card.coming:
            st.caption(problem)
        links = [("放映", f"/presenter?event={card.id}")] + ([("现场互动", f"/follow?event={card.id}")] if on else [])
        draw(el("p", *(el("a", label, href=href, cls="bj-button bj-plain") for label, href in links), cls="bj-actions"))


def _facts(ctx: Context, found: EventRecord) -> None:
    card = found.card
    places = cache.place_names(ctx.revision("division"))
    if card.organization_id:
        st.caption("主办单位")
        records.internal(cards.plain(found.organization), "organizations", card.organization_id)
    banner = places.get(card.banner_code or "", "") or card.banner_text
    stated = card.source.origin is Origin.PUBLIC  # of a public fact it is worth telling what the source leaves out
    facts: list[records.Fact] = [
        ("时间", when(card)),
        ("地点", " ".join(filter(None, (card.city, banner, card.venue)))),
        *([("举办形式", card.format)] if card.format else []),
        *([("直播", external("打开直播", card.stream_url))] if card.stream_url else []),
        ("主办", card.organizer),
        *([("协办、支持", card.co_organizers)] if card.co_organizers else []),
        *([("合作方", card.partner)] if card.partner or stated else []),
        *([("参加项目数", _projects(card))] if card.project_count is not None or stated else []),
        ("类别", card.kind),
        *([("观众人数上限", f"{card.capacity:,} 人")] if card.capacity else []),
        *([("报名", _window(card))] if _window(card) else []),
    ]
    records.facts(facts)
    own = el("a", "加入日历（.ics）", href=f"/feeds/events/{card.id}.ics")
    draw(el("p", own, "　", el("a", "订阅全部活动", href=FEED), cls="bj-meaning"))


def _projects(card: EventCard) -> str:
    return f"{card.project_count:,} 项" if card.project_count is not None else ""


def when(card: EventCard) -> str:
    """When an event takes place: with its hours where they are known, with a note where the source is vague."""
    if card.starts_at and card.ends_at:
        first, last = (moment.astimezone(SHANGHAI) for moment in (card.starts_at, card.ends_at))
        until = f"{last:%H:%M}" if first.date() == last.date() else f"{last:%Y-%m-%d %H:%M}"
        return f"{first:%Y-%m-%d %H:%M}–{until}"
    note = _PRECISION_NOTES.get(card.held.precision, "") if card.held else ""
    return f"{card.held}（{note}）" if note else str(card.held or "")


def _window(card: EventCard) -> str:
    opens, closes = card.registration_opens, card.registration_closes
    told = (f"{show_time(opens)} 起" if opens else "", f"{show_time(closes)} 止" if closes else "")
    return "，".join(filter(None, told))


def _jury(ctx: Context, found: EventRecord) -> None:
    """The ranking, once it is published."""
    with database().read() as session:
        result = jury.result(session, found.card.id, actor=ctx.actor)
    if result is not None:
        bands.section("评审结果", rankings.when(result))
        rankings.brief(result)


def _programme(ctx: Context, found: EventRecord) -> None:
    """The announced programme with its times, then the projects that are not on it, then its earlier versions."""
    announced = found.programme
    if announced.number is None:
        bands.section("参加项目", "报名审核通过后公布")
        _items(found)
        return
    note = f"第 {announced.number} 版，{show_time(announced.published_at or now_utc())} 公布"
    bands.section("议程", note)
    if announced.moved:
        st.info("活动时间改过，各项的时间待重新公布。", icon=":material/update:")
    rooms = any(item.room for item in announced.items)
    names = ("时间", "项目", "单位", *(("会场",) if rooms else ()), "#时长")
    table(
        names,
        (
            row(
                cell(f"{item.starts.astimezone(SHANGHAI):%H:%M}" if item.starts else "", "bj-tight"),
                cell(item.title) if item.kind is ItemKind.BREAK else _project(item, found.card.id),
                cell(item.unit or ("" if item.kind is ItemKind.BREAK else UNDISCLOSED)),
                cell(item.room) if rooms else None,
                cell(f"{item.minutes} 分钟" if item.minutes else "", "num"),
            )
            for item in announced.items
        ),
    )
    if announced.others:
        bands.section("其他参加项目", "报名已通过，没有排进议程")
        _table(announced.others, found.card.id)
    if announced.number > 1:
        with database().read() as session:
            earlier = programme.versions(session, found.card.id, actor=ctx.actor)
        with st.expander("议程的各个版本"):
            for version in earlier:
                draw(el("p", el("b", f"第 {version.number} 版"), f"　{show_time(version.published_at)} 公布，"
                        f"{version.items} 项{_differences(version)}", cls="bj-meaning"))  # fmt: skip


def _differences(version: programme.Version) -> str:
    told = (
        (len(version.changes.added), "新增"),
        (len(version.changes.removed), "移出"),
        (len(version.changes.moved), "换了次序"),
        (len(version.changes.retimed), "改了时长、会场或发言人"),
    )
    words = [f"{name} {count} 项" for count, name in told if count]
    return f"；与上一版比：{'，'.join(words)}" if words else ""


def item(ctx: Context, event_id: int, item_id: int) -> None:
    """One item of an event: what it shows, when and where, and a code that leads back here."""
    found = read(ctx, event_id)
    if found is None:
        return
    shown = next((one for one in found.items if one.id == item_id and one.kind is not ItemKind.BREAK), None)
    if shown is None:
        records.missing("路演与活动", "roadshows", "这一项已不在活动里。请回到活动页查看现在的议程。")
        return
    card = found.card
    st.page_link(
        navigation.href("roadshows"), label=cards.plain(card.title), icon=":material/arrow_back:",
        query_params={"id": str(card.id)},
    )  # fmt: skip
    with st.container(key="band-record"):
        badges = el("div", el("span", shown.kind.label, cls="bj-badge"), cards.tag(card.source.origin), cls="bj-badges")
        draw(el("div", badges, el("h1", shown.title, cls="bj-title")))
    left, right = st.columns([1, 2.05], gap="large")
    with left:
        with st.container(border=True, key="act"):
            _item_actions(card, shown)
        path = f"/roadshows?id={card.id}&item={shown.id}"
        st.image(qr_svg(f"{base()}{path}"), caption="扫码打开这一项", width=180)
    with right:
        starts = f"{shown.starts.astimezone(SHANGHAI):%Y-%m-%d %H:%M}" if shown.starts else ""
        facts: list[records.Fact] = [
            ("活动", el("a", card.title, href=f"/roadshows?id={card.id}")),
            ("时间", starts or when(card)),
            ("时长", f"{shown.minutes} 分钟" if shown.minutes else ""),
            ("会场", " ".join(filter(None, (card.venue, shown.room)))),
            ("单位", shown.unit),
            ("发言人", shown.presenter),
        ]
        if shown.kind in {ItemKind.ACHIEVEMENT, ItemKind.DEMAND}:
            facts += [("领域", shown.field), ("阶段", shown.stage), ("合作需求", shown.cooperation)]
        records.facts(facts)
        if shown.summary:
            bands.section("简介")
            draw(el("p", shown.summary, cls="bj-lead bj-lines"))


def _item_actions(card: EventCard, shown: Announced) -> None:
    links = []
    if not card.response_problem(now_utc()):
        links.append(("我有意向", f"/follow?event={card.id}&item={shown.id}"))
    if shown.achievement_id:
        links.append(("打开成果页", f"/achievements?id={shown.achievement_id}"))
    if shown.demand_id:
        links.append(("打开需求页", f"/demands?id={shown.demand_id}"))
    if not links:
        st.caption("这一项没有对应的成果或需求记录。")
        return
    draw(el("p", *(el("a", label, href=href, cls="bj-button") for label, href in links), cls="bj-actions"))


def _items(found: EventRecord) -> None:
    if not found.items:
        stated = found.card.project_count
        told = f"来源写明有 {stated:,} 个项目参加，没有列出名单。" if stated else "公开信息没有列出参加的项目。"
        bands.empty("暂无数据", told)
        return
    _table(found.items, found.card.id)


def _table(items: Sequence[Announced], event_id: int) -> None:
    names = ("项目", "单位", "领域", "阶段", "合作需求")
    table(
        names,
        (
            row(
                _project(i, event_id),
                *(cell(value or UNDISCLOSED) for value in (i.unit, i.field, i.stage, i.cooperation)),
            )
            for i in items
        ),
    )


def _project(item: Announced, event_id: int) -> Markup:
    """The project's name, the way to its own page; and to the achievement or demand it shows."""
    name = el("a", item.title, href=f"/roadshows?id={event_id}&item={item.id}")
    if item.achievement_id:
        return cell(
            el("span", name, "　", el("a", "成果", href=f"/achievements?id={item.achievement_id}", cls="bj-more"))
        )
    if item.demand_id:
        return cell(el("span", name, "　", el("a", "需求", href=f"/demands?id={item.demand_id}", cls="bj-more")))
    return cell(name)


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
