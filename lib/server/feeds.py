"""What programs subscribe to: the calendar of events and the newest achievements."""

import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, time
from hashlib import sha256
from typing import Final
from urllib.parse import urlencode
from xml.etree import ElementTree

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from lib.domain.access import VISITOR
from lib.domain.dates import SHANGHAI, today_shanghai
from lib.files.calendar import events_ics
from lib.services import catalogue, revisions, roadshows
from lib.services.catalogue import Card, CatalogueQuery
from lib.settings import settings
from lib.store.engine import database

ATOM: Final = "http://www.w3.org/2005/Atom"
_ENTRIES: Final = 50
_UNDATED: Final = datetime(1970, 1, 1, tzinfo=UTC).isoformat()
_NOT_XML: Final = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

ElementTree.register_namespace("", ATOM)


async def events(request: Request) -> Response:
    """GET /feeds/events.ics: every dated event."""
    return await _feed(request, "event", "text/calendar; charset=utf-8", _calendar)


async def achievements(request: Request) -> Response:
    """GET /feeds/achievements.atom: the achievements made public last."""
    return await _feed(request, "achievement", "application/atom+xml; charset=utf-8", _atom)


def base_url(request: Request) -> str:
    """The address that people use, without a slash at its end; the guard has checked the Host it may come from."""
    return settings().origin or str(request.base_url).rstrip("/")


async def _feed(request: Request, topic: str, media_type: str, make: Callable[[str], bytes]) -> Response:
    base = base_url(request)
    number = await run_in_threadpool(_revision, topic)
    # An event that was coming yesterday may be past today, so the day is part of the version.
    version = sha256(f"{topic} {number} {today_shanghai()} {base}".encode()).hexdigest()[:32]
    headers = {"ETag": f'"{version}"', "Cache-Control": "public, max-age=0, must-revalidate"}
    if version in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    return Response(await run_in_threadpool(make, base), media_type=media_type, headers=headers)


def _revision(topic: str) -> int:
    with database().read() as session:
        return revisions.read(session)[topic]


def _calendar(base: str) -> bytes:
    with database().read() as session:
        held = roadshows.dated_events(session, actor=VISITOR)
    return events_ics(held, base_url=base)


def _atom(base: str) -> bytes:
    with database().read() as session:
        page = catalogue.search_achievements(session, CatalogueQuery(size=_ENTRIES), actor=VISITOR)
    return achievements_atom(page.items, base)


def achievements_atom(cards: Sequence[Card], base: str) -> bytes:
    """An Atom feed (RFC 4287) of achievements, with absolute addresses. The same cards give the same bytes."""
    address = f"{base}/feeds/achievements.atom"
    feed = ElementTree.Element(f"{{{ATOM}}}feed", {"xml:lang": "zh-CN"})
    _text(feed, "id", address)
    _text(feed, "title", "北疆技转 · 最新科技成果")
    _text(feed, "updated", max((_updated(card) for card in cards), default=_UNDATED))
    _link(feed, "self", address, "application/atom+xml")
    _link(feed, "alternate", f"{base}/achievements", "text/html")
    _author(feed, "北疆技转")
    for card in cards:
        entry = ElementTree.SubElement(feed, f"{{{ATOM}}}entry")
        page = f"{base}/achievements?{urlencode({'id': card.id})}"
        _text(entry, "id", page)
        _text(entry, "title", card.title)
        _text(entry, "updated", _updated(card))
        _link(entry, "alternate", page, "text/html")
        if card.source.url.startswith(("https://", "http://")):
            _link(entry, "via", card.source.url, "text/html")
        _author(entry, card.unit or card.source.publisher or card.source.origin.label)
        _text(entry, "summary", f"{card.summary or '简介未披露'}（{card.source.line}）")
        if card.field:
            ElementTree.SubElement(
                entry, f"{{{ATOM}}}category", {"term": str(card.field), "label": _clean(card.field_label)}
            )
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
