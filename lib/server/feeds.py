"""What programs subscribe to: the calendar of events, any search of the catalogue, the notices of one account."""

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, time
from hashlib import sha256
from typing import Final
from urllib.parse import urlencode
from xml.etree import ElementTree

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from lib.domain.access import VISITOR
from lib.domain.dates import SHANGHAI, today_shanghai
from lib.domain.errors import NotFound
from lib.domain.text import MAX_QUERY, clean
from lib.files.calendar import events_ics
from lib.server import posted
from lib.services import catalogue, notices, revisions, roadshows, searches
from lib.services.catalogue import Card, CatalogueQuery
from lib.services.exports import NOUNS, PAGES
from lib.services.notices import NoticeItem
from lib.services.roadshows import EventQuery
from lib.settings import settings
from lib.store.engine import database

ATOM: Final = "http://www.w3.org/2005/Atom"
_ENTRIES: Final = 50
_UNDATED: Final = datetime(1970, 1, 1, tzinfo=UTC).isoformat()
_LONGEST: Final = 2 * searches.LONGEST
_TITLES: Final = {"achievement": "最新科技成果", "demand": "最新技术需求", "organization": "最新机构"}
_NOT_XML: Final = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

ElementTree.register_namespace("", ATOM)


async def events(request: Request) -> Response:
    """GET /feeds/events.ics: every dated event, or those that the list finds with the same parameters."""
    query = _events_asked(request)
    topics = ("event", "event_item")
    return await _feed(
        request, topics, "text/calendar; charset=utf-8", lambda base: _calendar(base, query), repr(query)
    )


async def one_event(request: Request) -> Response:
    """GET /feeds/events/{id}.ics: one event; 404 where there is none or it has no date."""
    number = posted.number(request.path_params["id"])
    try:
        held = await run_in_threadpool(_dated, number)
    except NotFound as missing:
        return PlainTextResponse(missing.message, 404)
    if held.held is None:
        return PlainTextResponse("这场活动没有公布日期。", 404)
    return await _feed(
        request, ("event",), "text/calendar; charset=utf-8", lambda base: events_ics([held], base_url=base), str(number)
    )


def _dated(number: int) -> roadshows.EventCard:
    with database().read() as session:
        return roadshows.read_event(session, number, actor=VISITOR).card


def _events_asked(request: Request) -> EventQuery:
    """The filters of the list, leniently: a value that no event can have is left out."""

    def chosen(facet: str) -> tuple[str, ...]:
        values = request.query_params.getlist(facet)[:50]
        return tuple(dict.fromkeys(value for value in values if roadshows.valid(facet, value)))

    try:
        words = clean(request.query_params.get("q", ""))[:MAX_QUERY]
    except ValueError:
        words = ""
    return EventQuery(
        q=words, kinds=chosen("kind"), leagues=chosen("league"), years=chosen("year"), partners=chosen("partner"),
        fields=chosen("field"),
    )  # fmt: skip


async def search(request: Request) -> Response:
    """GET /feeds/{page}.atom: the newest records that the page finds with the same parameters; 414 for far too many."""
    kind = _KINDS[request.url.path.rpartition("/")[2].removesuffix(".atom")]
    query = catalogue.question(kind, request.query_params.getlist)
    asked = searches.address(query)
    if len(request.url.query) > _LONGEST or len(asked) > searches.LONGEST:
        return PlainTextResponse("这个订阅地址太长。请减少一些搜索词或筛选条件，再从列表页复制。", 414)
    newest = replace(query, order="latest", page=1, size=_ENTRIES)
    topics = (kind, "organization", "division")
    media_type = "application/atom+xml; charset=utf-8"
    return await _feed(request, topics, media_type, lambda base: _atom(kind, newest, base), asked)


async def own(request: Request) -> Response:
    """GET /feeds/own/{key}.atom: the notices of the account whose key it is; 404 for every other key."""
    headers = {"Cache-Control": "no-store"}
    try:
        found = await run_in_threadpool(_notices, request.path_params["key"])
    except NotFound as missing:
        return PlainTextResponse(missing.message, 404, headers=headers)
    document = notices_atom(found, base_url(request), request.path_params["key"])
    return Response(document, media_type="application/atom+xml; charset=utf-8", headers=headers)


def base_url(request: Request) -> str:
    """The address that people use, without a slash at its end; the guard has checked the Host it may come from."""
    return settings().origin or str(request.base_url).rstrip("/")


async def _feed(
    request: Request, topics: Sequence[str], media_type: str, make: Callable[[str], bytes], asked: str = ""
) -> Response:
    base = base_url(request)
    numbers = await run_in_threadpool(_revision, topics)
    # An event that was coming yesterday may be past today, so the day is part of the version.
    version = sha256(f"{topics} {numbers} {today_shanghai()} {base} {asked}".encode()).hexdigest()[:32]
    headers = {"ETag": f'"{version}"', "Cache-Control": "public, max-age=0, must-revalidate"}
    if version in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    return Response(await run_in_threadpool(make, base), media_type=media_type, headers=headers)


def _revision(topics: Sequence[str]) -> list[int]:
    with database().read() as session:
        numbers = revisions.read(session)
    return [numbers[topic] for topic in topics]


def _calendar(base: str, query: EventQuery) -> bytes:
    with database().read() as session:
        held = roadshows.dated_events(session, query, actor=VISITOR)
    return events_ics(held, base_url=base)


def _atom(kind: str, query: CatalogueQuery, base: str) -> bytes:
    with database().read() as session:
        page = catalogue.find(session, kind, query, actor=VISITOR)
        words = searches.in_words(kind, query, catalogue.place_names(session))
    return search_atom(kind, page.items, base, searches.address(query), words)


def search_atom(kind: str, cards: Sequence[Card], base: str, asked: str = "", words: str = "") -> bytes:
    """An Atom feed (RFC 4287) of what a search of this kind finds, with absolute addresses.

    `asked` holds the parameters of the search's address, `words` says them. The same cards give the same bytes.
    """
    newest = max((_updated(card) for card in cards), default=_UNDATED)
    name, query = PAGES[kind], f"?{asked}" if asked else ""
    title = f"{NOUNS[kind]}：{words}" if asked else _TITLES[kind]
    feed = _start(f"北疆技转 · {title}", f"{base}/feeds/{name}.atom{query}", f"{base}/{name}{query}", newest)
    for card in cards:
        page = f"{base}/{name}?{urlencode({'id': card.id})}"
        entry = _entry(feed, page, card.title, _updated(card), page)
        if card.source.url.startswith(("https://", "http://")):
            _link(entry, "via", card.source.url, "text/html")
        _author(entry, card.unit or card.source.publisher or card.source.origin.label)
        _text(entry, "summary", f"{_about(card)}（{card.source.line}）")
        if card.field:
            ElementTree.SubElement(
                entry, f"{{{ATOM}}}category", {"term": str(card.field), "label": _clean(card.field_label)}
            )
    return _written(feed)


def _about(card: Card) -> str:
    if card.kind == "organization":
        return " · ".join(filter(None, (card.organization_kind, card.place)))
    return card.summary or "简介未披露"


def notices_atom(items: Sequence[NoticeItem], base: str, key: str) -> bytes:
    """An Atom feed of an account's notices: titles with receipt numbers and where they lead, nothing of the content."""
    newest = max((item.at for item in items), default=None)
    updated = newest.isoformat() if newest else _UNDATED
    feed = _start("北疆技转 · 我的通知", f"{base}/feeds/own/{key}.atom", f"{base}/mine?view=notices", updated)
    for item in items:
        page = f"{base}/{item.page}?{urlencode(dict(item.query))}"
        entry = _entry(feed, f"urn:beijiang:notice:{item.id}", item.title, item.at.isoformat(), page)
        _author(entry, "北疆技转")
    return _written(feed)


def _notices(key: str) -> tuple[NoticeItem, ...]:
    with database().read() as session:
        return notices.of_feed(session, key)


def _start(title: str, address: str, page: str, updated: str) -> ElementTree.Element:
    feed = ElementTree.Element(f"{{{ATOM}}}feed", {"xml:lang": "zh-CN"})
    _text(feed, "id", address)
    _text(feed, "title", title)
    _text(feed, "updated", updated)
    _link(feed, "self", address, "application/atom+xml")
    _link(feed, "alternate", page, "text/html")
    _author(feed, "北疆技转")
    return feed


def _entry(feed: ElementTree.Element, known: str, title: str, updated: str, page: str) -> ElementTree.Element:
    entry = ElementTree.SubElement(feed, f"{{{ATOM}}}entry")
    _text(entry, "id", known)
    _text(entry, "title", title)
    _text(entry, "updated", updated)
    _link(entry, "alternate", page, "text/html")
    return entry


def _written(feed: ElementTree.Element) -> bytes:
    document: bytes = ElementTree.tostring(feed, encoding="utf-8", xml_declaration=True)
    return document


def _updated(card: Card) -> str:
    """When the source was published: the only date that is a fact of the achievement."""
    stated = card.source.stated
    return datetime.combine(stated.day, time(), SHANGHAI).isoformat() if stated else _UNDATED


def _text(parent: ElementTree.Element, name: str, value: str) -> None:
    ElementTree.SubElement(parent, f"{{{ATOM}}}{name}").text = _clean(value)


def _link(parent: ElementTree.Element, relation: str, address: str, kind: str) -> None:
    attributes = {"rel": relation, "href": _clean(address), "type": kind}
    ElementTree.SubElement(parent, f"{{{ATOM}}}link", attributes)


def _author(parent: ElementTree.Element, name: str) -> None:
    author = ElementTree.SubElement(parent, f"{{{ATOM}}}author")
    ElementTree.SubElement(author, f"{{{ATOM}}}name").text = _clean(name)


def _clean(value: str) -> str:
    """Without the characters that XML 1.0 cannot hold."""
    return _NOT_XML.sub("", value)


_KINDS: Final = {page: kind for kind, page in PAGES.items()}

routes: Final[list[BaseRoute]] = [
    Route("/feeds/events.ics", events),
    Route("/feeds/events/{id}.ics", one_event),
    *(Route(f"/feeds/{page}.atom", search) for page in _KINDS),
    Route("/feeds/own/{key}.atom", own),
]
