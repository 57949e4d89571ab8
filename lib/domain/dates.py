"""Dates as sources print them: a day, a month or only a year."""

import re
import unicodedata
from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import StrEnum
from zoneinfo import ZoneInfo

SHANGHAI = ZoneInfo("Asia/Shanghai")
EARLIEST_YEAR = 1949
YEARS_AHEAD = 10

_SHAPES = (
    re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})"),
    re.compile(r"(\d{4})/(\d{1,2})/(\d{1,2})"),
    re.compile(r"(\d{4})年(\d{1,2})月(\d{1,2})日"),
    re.compile(r"(\d{4})[-/](\d{1,2})"),
    re.compile(r"(\d{4})年(\d{1,2})月"),
    re.compile(r"(\d{4})年?"),
)


class Precision(StrEnum):
    """How much of a date the source states."""

    DAY = "day"
    MONTH = "month"
    YEAR = "year"


@dataclass(frozen=True, order=True)
class PartialDate:
    """The first day of the stated period, and how much of it was stated."""

    day: date
    precision: Precision

    def __str__(self) -> str:
        """As the source stated it: 2024-12-20, 2024-12 or 2024."""
        return self.day.isoformat()[: {"day": 10, "month": 7, "year": 4}[self.precision]]


def parse_date(text: str, *, today: date | None = None) -> PartialDate:
    """Read 2024-1-1, 2024/1/1, 2024年1月1日, 2024-12, 2024年12月 or 2024.

    Raises ValueError for anything else and for years outside 1949 … today + 10.
    """
    compact = unicodedata.normalize("NFKC", text).strip()
    for shape in _SHAPES:
        match = shape.fullmatch(compact)
        if match is None:
            continue
        year, month, day = (int(part) for part in (*match.groups(), "1", "1")[:3])
        check_year(year, today=today)
        precision = (Precision.YEAR, Precision.MONTH, Precision.DAY)[len(match.groups()) - 1]
        return PartialDate(date(year, month, day), precision)
    raise ValueError(f"not a date: {text!r}")


def check_year(year: int, *, today: date | None = None) -> int:
    """Return the year, or raise ValueError outside 1949 … this year + 10."""
    latest = (today or today_shanghai()).year + YEARS_AHEAD
    if not EARLIEST_YEAR <= year <= latest:
        raise ValueError(f"year out of range: {year}")
    return year


def now_utc() -> datetime:
    """The present moment, aware, as the database keeps it."""
    return datetime.now(UTC)


def today_shanghai() -> date:
    """The date on the wall in Inner Mongolia."""
    return datetime.now(SHANGHAI).date()


def show_time(moment: datetime) -> str:
    """A moment on the screen: 2026-11-23 19:20, Asia/Shanghai."""
    return moment.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M")
