"""Feeds: valid for the programs that read them, and cheap to ask for again."""

from dataclasses import replace
from datetime import datetime
from urllib.parse import parse_qs
from xml.etree import ElementTree

import pytest
from icalendar import Calendar
from sqlalchemy import select
from starlette.testclient import TestClient

from lib.domain.access import VISITOR, Role
from lib.domain.dates import now_utc
from lib.domain.vocabulary import Origin
from lib.server import feeds
from lib.services import catalogue, notices
from lib.services.catalogue import Card, Source
from lib.settings import settings
from lib.store.engine import Database
from lib.store.models import Account, Achievement, Demand, Event
from tests.samples import person
from tests.server.conftest import HOST

ATOM = {"a": feeds.ATOM}
FEEDS = {"/feeds/events.ics": "text/calendar", "/feeds/achievements.atom": "application/atom+xml"}


def atom(content: bytes) -> ElementTree.Element:
    """The parsed feed, with what RFC 4287 asks of every feed and entry."""
    feed = ElementTree.fromstring(content)  # noqa: S314 - our own feed
    assert feed.tag == f"{{{feeds.ATOM}}}feed"
    for node in (feed, *feed.findall("a:entry", ATOM)):
        for name in ("id", "title", "updated"):
            assert len(node.findall(f"a:{name}", ATOM)) == 1 and node.findtext(f"a:{name}", "", ATOM)
        assert datetime.fromisoformat(node.findtext("a:updated", "", ATOM)).tzinfo
        assert node.findtext("a:author/a:name", "", ATOM)
        assert {link.get("rel") for link in node.findall("a:link", ATOM)} >= {"alternate"}
        assert all(link.get("href", "").startswith("http") for link in node.findall("a:link", ATOM))
    return feed


def test_achievements_are_a_valid_feed_of_absolute_addresses(client: TestClient) -> None:
    answer = client.get("/feeds/achievements.atom")
    feed = atom(answer.content)
    entries = feed.findall("a:entry", ATOM)
    ids = [entry.findtext("a:id", "", ATOM) for entry in entries]
    assert len(entries) == len(set(ids)) == 50
    assert all(address.startswith(f"{HOST}/achievements?id=") for address in ids)
    moments = [datetime.fromisoformat(entry.findtext("a:updated", "", ATOM)) for entry in entries]
    assert moments == sorted(moments, reverse=True)
    assert datetime.fromisoformat(feed.findtext("a:updated", "", ATOM)) == moments[0]


def test_no_text_breaks_the_feed() -> None:
    odd = "<b>&amp; ]]> \x0b\ufffe 𠮷 \"'"
    source = Source(Origin.SUBMITTED, odd, None, "javascript:alert(1)")
    feed = atom(feeds.search_atom("achievement", [Card("achievement", 1, odd, source, summary=odd, unit=odd)], HOST))
    assert feed.findtext("a:entry/a:title", "", ATOM) == "<b>&amp; ]]>  𠮷 \"'"
    assert "javascript" not in {link.get("href", "")[:10] for link in feed.iter(f"{{{feeds.ATOM}}}link")}
    atom(feeds.search_atom("organization", [], HOST, "q=%0B", odd))


def test_events_are_a_calendar_with_every_dated_event(client: TestClient, app_database: Database) -> None:
    calendar = Calendar.from_ical(client.get("/feeds/events.ics").content)
    found = {int(str(entry["UID"]).split("-")[1].split("@")[0]): entry for entry in calendar.walk("VEVENT")}
    with app_database.read() as session:
        statement = select(Event.id, Event.held_on).where(Event.held_on.is_not(None))
        dated = {row.id: row.held_on for row in session.execute(statement)}
    assert {number: entry["DTSTART"].dt for number, entry in found.items()} == dated
    assert all(str(entry["URL"]).startswith(f"{HOST}/roadshows?id=") for entry in found.values())


@pytest.mark.parametrize("path", FEEDS)
def test_a_feed_is_sent_again_only_when_something_changed(
    client: TestClient, app_database: Database, path: str
) -> None:
    first = client.get(path)
    assert first.headers["content-type"].startswith(FEEDS[path])
    assert client.get(path).content == first.content
    again = client.get(path, headers={"If-None-Match": first.headers["etag"]})
    assert again.status_code == 304 and again.content == b"" and again.headers["etag"] == first.headers["etag"]
    with app_database.write() as session:
        for entity in (Achievement, Event):
            record = session.scalars(select(entity).limit(1)).one()
            record.title = f"{record.title}（更新）"
    changed = client.get(path, headers={"If-None-Match": first.headers["etag"]})
    assert changed.status_code == 200 and changed.headers["etag"] != first.headers["etag"]


def test_the_public_address_stands_in_the_feeds(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PUBLIC_URL", "https://tt.example.gov.cn/")
    settings.cache_clear()
    for path in FEEDS:
        text = client.get(path).text
        assert "https://tt.example.gov.cn/" in text and "localhost" not in text


@pytest.mark.parametrize(
    ("page", "kind", "asked", "title"),
    [
        ("achievements", "achievement", "q=稀土&league=150200", "成果：稀土；盟市：包头市"),
        ("achievements", "achievement", "", "最新科技成果"),
        ("demands", "demand", "field=7&q=技术&exact=1", "需求：技术；领域："),
        ("demands", "demand", "", "最新技术需求"),
        ("organizations", "organization", "kind=高校", "机构：类别：高校"),
    ],
)
def test_any_search_is_a_feed_of_its_newest_records(
    client: TestClient, app_database: Database, page: str, kind: str, asked: str, title: str
) -> None:
    noise = f"{asked}&order=year&view=table&page=2&compare=1&nonsense=1"
    answer = client.get(f"/feeds/{page}.atom?{noise}")
    feed = atom(answer.content)
    assert feed.findtext("a:title", "", ATOM).startswith(f"北疆技转 · {title}")
    links = {link.get("rel"): link.get("href") or "" for link in feed.findall("a:link", ATOM)}
    assert links["alternate"].partition("?")[0] == f"{HOST}/{page}"
    assert client.get(links["self"]).content == answer.content
    values = parse_qs(asked)
    query = replace(catalogue.question(kind, lambda n: values.get(n, [])), order="latest", size=50)
    with app_database.read() as session:
        wanted = [card.title for card in catalogue.find(session, kind, query, actor=VISITOR).items]
    entries = feed.findall("a:entry", ATOM)
    assert [entry.findtext("a:title", "", ATOM) for entry in entries] == wanted != []
    assert all(entry.findtext("a:id", "", ATOM).startswith(f"{HOST}/{page}?id=") for entry in entries)


def test_a_search_feed_has_its_own_version_which_follows_the_data(client: TestClient, app_database: Database) -> None:
    rare, other = (client.get(f"/feeds/demands.atom?q={word}") for word in ("稀土", "牛羊"))
    assert rare.headers["etag"] != other.headers["etag"]
    same = {"If-None-Match": rare.headers["etag"]}
    assert client.get("/feeds/demands.atom?page=9&q=稀土", headers=same).status_code == 304
    assert client.get("/feeds/demands.atom?q=牛羊", headers=same).status_code == 200
    now = now_utc()
    with app_database.write() as session:
        session.add(Demand(title="稀土废料回收", origin="submitted", created_at=now, updated_at=now))
    changed = client.get("/feeds/demands.atom?q=稀土", headers=same)
    assert changed.status_code == 200 and "稀土废料回收" in changed.text


@pytest.mark.parametrize(
    "asked",
    [
        "q=%00",
        "q=%ED%A0%80",
        "q=%22%27*%28&league=abc&field=99&year=%F0%9F%90%8E",
        "q=" + "%E2%80%AE",
        "page=-1&order=x",
    ],
)
def test_a_feed_of_garbage_is_still_a_feed(client: TestClient, asked: str) -> None:
    for page in ("achievements", "demands", "organizations"):
        answer = client.get(f"/feeds/{page}.atom?{asked}")
        assert answer.status_code == 200
        atom(answer.content)


def test_a_feed_that_asks_for_far_too_much_is_refused_with_what_to_do(client: TestClient) -> None:
    for asked in ("q=" + "a" * 10_000, "&".join(f"league={code}" for code in range(150000, 150250))):
        refused = client.get(f"/feeds/achievements.atom?{asked}")
        assert refused.status_code == 414 and "请减少" in refused.text


def test_ones_own_feed_opens_by_its_key_and_says_nothing_of_the_content(
    client: TestClient, app_database: Database
) -> None:
    member = person(app_database, Role.MEMBER)
    with app_database.write() as session:
        notices.tell(session, member.account_id, "XQ-20261126-0001 退回整改", "mine", {"id": "7"}, "意见：写明 <配方>")
    old, key = (notices.new_feed_key(app_database, actor=member) for _ in range(2))
    answer = client.get(f"/feeds/own/{key}.atom")
    assert answer.headers["cache-control"] == "no-store" and "配方" not in answer.text
    (entry,) = atom(answer.content).findall("a:entry", ATOM)
    assert entry.findtext("a:title", "", ATOM) == "XQ-20261126-0001 退回整改"
    links = {link.get("href") for link in entry.findall("a:link", ATOM)}
    assert links == {f"{HOST}/mine?id=7"}
    atom(feeds.notices_atom([], HOST, key))
    for wrong in (old, key[:-1], key.lower(), "..", "%00", "é" * 43):
        refused = client.get(f"/feeds/own/{wrong}.atom")
        assert refused.status_code == 404 and "XQ-" not in refused.text, wrong
    with app_database.write() as session:
        session.get_one(Account, member.account_id).active = False
    assert client.get(f"/feeds/own/{key}.atom").status_code == 404


def test_any_other_feed_is_404(client: TestClient) -> None:
    assert client.get("/feeds/contacts.csv").status_code == 404
