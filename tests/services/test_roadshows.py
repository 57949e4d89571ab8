"""Events: every filter and every count agrees with a plain reading of the file; what is coming depends on the day."""

import csv
import re
from collections import Counter
from datetime import date
from itertools import pairwise

import pytest
from sqlalchemy import select

from lib.domain.access import VISITOR
from lib.domain.dates import now_utc
from lib.domain.errors import InvalidQuery, NotFound
from lib.domain.text import fold
from lib.services import roadshows
from lib.services.catalogue import UNKNOWN
from lib.services.roadshows import OUTSIDE, EventQuery
from lib.settings import settings
from lib.store.engine import Database
from lib.store.models import Division, Event, EventItem

Row = dict[str, str]
TODAY = date(2026, 11, 25)


@pytest.fixture(scope="module")
def rows() -> list[Row]:
    with (settings().public_dir / "events.csv").open(encoding="utf-8-sig", newline="") as lines:
        return list(csv.DictReader(lines))


def _leagues(db: Database) -> dict[str, str]:
    with db.read() as session:
        statement = select(Division.name, Division.code).where(Division.level == "league")
        return {row.name: row.code for row in session.execute(statement)}


def _reading(row: Row, leagues: dict[str, str]) -> dict[str, set[str]]:
    """The facet values of a row, read from the file alone."""
    city = row["city"]
    partners = {re.sub(r"等\d*国?$", "", name) for name in row["partner_region"].split("、")} - {""}
    return {
        "kind": {row["kind"]},
        "year": {row["date"][:4] or UNKNOWN},
        "league": {leagues.get(city) or (OUTSIDE if city else UNKNOWN)},
        "partner": partners or {UNKNOWN},
        "field": {UNKNOWN},
    }


def _has_words(row: Row, q: str) -> bool:
    texts = [fold(row[name]) for name in ("title", "organizer", "city", "partner_region")]
    return all(any(word in text for text in texts) for word in re.findall(r"[^\W_]+", fold(q)))


@pytest.mark.parametrize(
    "query",
    [
        EventQuery(),
        EventQuery(q="内蒙古 稀土"),
        EventQuery(q="蒙科聚"),
        EventQuery(q="BDO"),
        EventQuery(q="100%_'\""),
        EventQuery(kinds=("路演", "展会")),
        EventQuery(years=("2023", UNKNOWN)),
        EventQuery(leagues=("150100", OUTSIDE)),
        EventQuery(leagues=(UNKNOWN,)),
        EventQuery(partners=("蒙古国",)),
        EventQuery(partners=("荷兰", "北京市")),
        EventQuery(kinds=("展会",), years=("2014", "2015"), partners=("俄罗斯",)),
        EventQuery(q="科技", kinds=("对接会",), leagues=("150100",), partners=(UNKNOWN,)),
        EventQuery(partners=("不存在的地方",)),
    ],
    ids=repr,
)
def test_search_and_counts_agree_with_the_file(loaded: Database, rows: list[Row], query: EventQuery) -> None:
    leagues = _leagues(loaded)
    chosen = {"kind": query.kinds, "year": query.years, "league": query.leagues, "partner": query.partners}
    readings = [(row, _reading(row, leagues)) for row in rows if _has_words(row, query.q)]

    def matches(reading: dict[str, set[str]], without: str = "") -> bool:
        return all(not values or name == without or reading[name] & set(values) for name, values in chosen.items())

    with loaded.read() as session:
        page = roadshows.search_events(session, EventQuery(**{**vars(query), "size": 100}), actor=VISITOR, today=TODAY)
    expected = [row for row, reading in readings if matches(reading)]
    assert page.total == len(expected)
    assert sorted(card.title for card in page.items) == sorted(row["title"] for row in expected)
    for facet, values in page.facets.items():
        counted = Counter(value for _, reading in readings if matches(reading, facet) for value in reading[facet])
        assert {value.value: value.count for value in values} == dict(counted), facet


def test_pages_hold_every_event_once_newest_first_undated_last(loaded: Database) -> None:
    with loaded.read() as session:
        pages = [
            roadshows.search_events(session, EventQuery(page=n, size=20), actor=VISITOR, today=TODAY)
            for n in range(1, 7)
        ]
    cards = [card for page in pages for card in page.items]
    assert pages[0].pages == 5
    assert len(cards) == len({card.id for card in cards}) == pages[0].total == 81
    days = [card.held.day if card.held else date.min for card in cards]
    assert all(first >= second for first, second in pairwise(days))


COMING = {
    "yesterday": ("2026-11-24", "day", False),
    "today": ("2026-11-25", "day", True),
    "tomorrow": ("2026-11-26", "day", True),
    "this month": ("2026-11-01", "month", True),
    "last month": ("2026-10-01", "month", False),
    "this year": ("2026-01-01", "year", True),
    "last year": ("2025-01-01", "year", False),
    "undated": (None, None, False),
}


def _event(day: str | None, precision: str | None, title: str) -> Event:
    return Event(
        title=title, kind="路演", held_on=date.fromisoformat(day) if day else None, held_precision=precision,
        origin="submitted", created_at=now_utc(), updated_at=now_utc(),
    )  # fmt: skip


def test_an_event_is_coming_until_its_stated_period_has_ended(db: Database) -> None:
    with db.write() as session:
        session.add_all(_event(day, precision, title) for title, (day, precision, _) in COMING.items())
    with db.read() as session:

        def find(when: roadshows.When) -> list[roadshows.EventCard]:
            query = EventQuery(when=when)
            return list(roadshows.search_events(session, query, actor=VISITOR, today=TODAY).items)

        everything = find("all")
        assert {card.title: card.coming for card in everything} == {name: c for name, (_, _, c) in COMING.items()}
        assert {card.title for card in find("coming")} == {name for name, (_, _, c) in COMING.items() if c}
        assert {card.title for card in find("past")} == {name for name, (_, _, c) in COMING.items() if not c}
        # Coming ones first and soonest first, then past ones newest first, undated ones last.
        assert [card.title for card in everything] == [
            "this year", "this month", "today", "tomorrow", "yesterday", "last month", "last year", "undated",
        ]  # fmt: skip
        newest = roadshows.newest_events(session, actor=VISITOR, today=TODAY, limit=3)
        assert [card.title for card in newest] == ["this year", "this month", "today"]
        dated = roadshows.dated_events(session, actor=VISITOR, today=TODAY)
        assert len(dated) == len(COMING) - 1


def test_a_record_holds_its_organizer_and_items(loaded: Database) -> None:
    with loaded.write() as session:
        event = session.scalars(select(Event).where(Event.title == "敕勒川国际动物疫苗创新大会")).one()
        session.add(EventItem(event_id=event.id, title="口蹄疫疫苗", organization_text="某单位", field=4))
    with loaded.read() as session:
        record = roadshows.read_event(session, event.id, actor=VISITOR, today=TODAY)
        assert record.organization == "金宇生物技术股份有限公司"
        assert str(record.card.held) == "2024-08"
        assert [(item.title, item.field) for item in record.items] == [("口蹄疫疫苗", "生物、医药和医疗器械")]
        with pytest.raises(NotFound):
            roadshows.read_event(session, 999_999, actor=VISITOR)


@pytest.mark.parametrize(
    "query",
    [
        EventQuery(page=0),
        EventQuery(size=0),
        EventQuery(size=101),
        EventQuery(kinds=("晚会",)),
        EventQuery(years=("20x4",)),
        EventQuery(leagues=("呼和浩特市",)),
        EventQuery(partners=("",)),
        EventQuery(origins=("rumour",)),
        EventQuery(when="someday"),  # type: ignore[arg-type]
    ],
    ids=repr,
)
def test_a_question_out_of_range_is_refused(empty_sqlite: Database, query: EventQuery) -> None:
    with empty_sqlite.read() as session, pytest.raises(InvalidQuery):
        roadshows.search_events(session, query, actor=VISITOR)


def test_a_page_beyond_the_last_is_empty(loaded_sqlite: Database) -> None:
    with loaded_sqlite.read() as session:
        page = roadshows.search_events(session, EventQuery(page=99_999_999), actor=VISITOR)
    assert (page.total, page.items) == (81, ())
