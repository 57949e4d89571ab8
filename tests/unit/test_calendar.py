"""The calendar feed: read back by a calendar library, it says what the sources said and nothing more."""

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime

from icalendar import Calendar

from lib.domain.dates import PartialDate, Precision
from lib.domain.vocabulary import EventState
from lib.files.calendar import events_ics


@dataclass(frozen=True)
class Held:
    id: int
    title: str
    held: PartialDate | None
    kind: str = "路演"
    city: str = "包头市"
    organizer: str = "包头市、中南民族大学"
    partner: str = "湖北省"
    updated_at: datetime = datetime(2026, 11, 25, 1, 2, 3, 456789, UTC)
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    venue: str = ""
    state: EventState = EventState.PUBLISHED


EVENTS = (
    Held(1, "有日期的，带；分号,逗号\n换行", PartialDate(date(2024, 12, 31), Precision.DAY)),
    Held(2, "只到月", PartialDate(date(2025, 9, 1), Precision.MONTH)),
    Held(3, "只到年", PartialDate(date(2019, 1, 1), Precision.YEAR), organizer="", partner="", city=""),
    Held(4, "没有日期", None),
)


def _entries(data: bytes) -> dict[int, dict[str, object]]:
    calendar = Calendar.from_ical(data)
    return {int(str(e["uid"]).split("-")[1].split("@")[0]): e for e in calendar.walk("VEVENT")}


def test_all_day_entries_for_dated_events_only() -> None:
    entries = _entries(events_ics(EVENTS, base_url="https://tt.example/"))
    assert set(entries) == {1, 2, 3}
    assert str(entries[1]["summary"]) == EVENTS[0].title
    assert entries[1]["dtstart"].dt == date(2024, 12, 31)
    assert entries[1]["dtend"].dt == date(2025, 1, 1)
    assert str(entries[1]["url"]) == "https://tt.example/roadshows?id=1"
    assert entries[1]["dtstamp"].dt == datetime(2026, 11, 25, 1, 2, 3, tzinfo=UTC)
    assert "主办：包头市、中南民族大学" in str(entries[1]["description"])


def test_a_partial_date_spans_one_day_and_says_so() -> None:
    entries = _entries(events_ics(EVENTS))
    for number, note in ((2, "日期只到月"), (3, "日期只到年")):
        entry = entries[number]
        assert (entry["dtend"].dt - entry["dtstart"].dt).days == 1
        assert note in str(entry["summary"])
        assert note in str(entry["description"])
    assert "location" not in entries[3]


def test_the_same_events_give_the_same_bytes_and_an_edit_changes_the_stamp() -> None:
    assert events_ics(EVENTS) == events_ics(EVENTS)
    edited = replace(EVENTS[0], updated_at=datetime(2026, 12, 1, tzinfo=UTC))
    assert events_ics([edited]) != events_ics(EVENTS[:1])
    assert all(len(line) <= 75 for line in events_ics(EVENTS).split(b"\r\n"))


def test_hours_place_and_cancellation_are_told() -> None:
    start = datetime(2026, 12, 1, 1, tzinfo=UTC)
    held = Held(
        7, "有钟点的", PartialDate(date(2026, 12, 1), Precision.DAY), starts_at=start,
        ends_at=datetime(2026, 12, 1, 3, 30, tzinfo=UTC), venue="会展中心 2 号厅", state=EventState.CANCELLED,
    )  # fmt: skip
    entry = _entries(events_ics([held]))[7]
    assert (entry["dtstart"].dt, (entry["dtend"].dt - entry["dtstart"].dt).total_seconds()) == (start, 9000)
    assert str(entry["location"]) == "包头市 会展中心 2 号厅"
    assert str(entry["status"]) == "CANCELLED"
    assert "status" not in _entries(events_ics(EVENTS))[1]
