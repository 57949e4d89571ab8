"""The calendar of events as an iCalendar file (RFC 5545) that calendar programs subscribe to."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Final, Protocol

from icalendar import Calendar, Event

from lib.domain.dates import PartialDate, Precision
from lib.domain.vocabulary import EventState

NAME: Final = "北疆技转 · 路演与活动"
DOMAIN: Final = "beijiang-jizhuan"
_NOTES: Final = {Precision.MONTH: "日期只到月", Precision.YEAR: "日期只到年"}


class Held(Protocol):
    """What the calendar needs to know of an event."""

    @property
    def id(self) -> int:
        """Its number; with our name it is the stable UID."""

    @property
    def title(self) -> str:
        """Its title."""

    @property
    def kind(self) -> str:
        """路演, 对接会 …"""

    @property
    def held(self) -> PartialDate | None:
        """When, as far as the source says."""

    @property
    def city(self) -> str:
        """Where, as printed."""

    @property
    def organizer(self) -> str:
        """Who, as printed."""

    @property
    def partner(self) -> str:
        """With whom, as printed."""

    @property
    def starts_at(self) -> datetime | None:
        """Its first hour, where that is known."""

    @property
    def ends_at(self) -> datetime | None:
        """Its last hour."""

    @property
    def venue(self) -> str:
        """Hall and address."""

    @property
    def state(self) -> EventState:
        """Whether it takes place."""

    @property
    def updated_at(self) -> datetime | None:
        """When our record last changed."""


def events_ics(items: Iterable[Held], *, base_url: str = "") -> bytes:
    """The events with their hours, or as all-day entries where only the day is known; the same events always give the
    same bytes.

    A date that the source gives only to the month or the year stands on its first day with a note that says
    so: nothing is spanned that nobody announced. Events without any date are left out. With `base_url` each
    entry links to its page.
    """
    calendar = Calendar()
    calendar.add("prodid", f"-//{DOMAIN}//events//ZH-CN")
    calendar.add("version", "2.0")
    calendar.add("calscale", "GREGORIAN")
    calendar.add("method", "PUBLISH")
    calendar.add("x-wr-calname", NAME)
    calendar.add("x-wr-timezone", "Asia/Shanghai")
    calendar.add("refresh-interval", timedelta(days=1), parameters={"value": "DURATION"})
    for item in items:
        if item.held is not None:
            calendar.add_component(_entry(item, item.held, base_url.rstrip("/")))
    return bytes(calendar.to_ical())


def _entry(item: Held, held: PartialDate, base_url: str) -> Event:
    entry = Event()
    entry.add("uid", f"event-{item.id}@{DOMAIN}")
    if item.updated_at is not None:
        entry.add("dtstamp", item.updated_at.replace(microsecond=0))
        entry.add("last-modified", item.updated_at.replace(microsecond=0))
    if item.starts_at is not None and item.ends_at is not None:
        entry.add("dtstart", item.starts_at.astimezone(UTC))
        entry.add("dtend", item.ends_at.astimezone(UTC))
    else:
        entry.add("dtstart", held.day)
        entry.add("dtend", held.day + timedelta(days=1))
    if item.state is EventState.CANCELLED:
        entry.add("status", "CANCELLED")
    note = _NOTES.get(held.precision, "")
    entry.add("summary", f"{item.title}（{note}）" if note else item.title)
    entry.add("categories", [item.kind])
    entry.add("transp", "TRANSPARENT" if item.starts_at is None else "OPAQUE")
    if place := " ".join(filter(None, (item.city, item.venue))):
        entry.add("location", place)
    lines = [f"{note}：来源写的是 {held}。" if note else ""]
    lines += [f"{name}：{value}" for name, value in (("主办", item.organizer), ("合作方", item.partner)) if value]
    if described := "\n".join(line for line in lines if line):
        entry.add("description", described)
    if base_url:
        entry.add("url", f"{base_url}/roadshows?id={item.id}")
    return entry
