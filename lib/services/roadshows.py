"""Roadshows and events: what is coming, what took place, with whom, and what was shown there."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final, Literal

from sqlalchemy import ColumnElement, Select, and_, case, extract, func, or_, select
from sqlalchemy.orm import Session

from lib.domain import paging, windows
from lib.domain.access import Actor, Permission, require
from lib.domain.dates import PartialDate, Precision, today_shanghai
from lib.domain.errors import InvalidQuery
from lib.domain.vocabulary import EVENT_KINDS, FIELDS, UNDISCLOSED, AttendeeState, EventState, Origin
from lib.services import programme, scopes
from lib.services.catalogue import MAX_SIZE, UNKNOWN, FacetValue, Source, league_names
from lib.services.contains import contains_all
from lib.services.programme import Announced, Programme
from lib.store.models import Attendee, Event, EventItem, Organization
from lib.store.models.base import stated

When = Literal["coming", "past", "all"]
WHENS: Final = ("coming", "past", "all")
OUTSIDE: Final = "outside"
"""The league facet of an event in a city outside the region; a stated place, so not 未披露."""

_FIELD_VALUES: Final = frozenset(str(code) for code in FIELDS)
_ANNOUNCED: Final = (
    "state", "starts_at", "ends_at", "format", "venue", "stream_url", "co_organizers", "capacity",
    "registration_opens", "registration_closes",
)  # fmt: skip
"""Columns of an event that its card tells as they are."""
_AND_OTHERS = re.compile(r"等\d*国?$")
_SEPARATOR: Final = "、"


@dataclass(frozen=True)
class EventQuery:
    """What is asked of the events. Facets hold the values of the address; empty means no restriction."""

    q: str = ""
    kinds: tuple[str, ...] = ()
    years: tuple[str, ...] = ()
    leagues: tuple[str, ...] = ()
    partners: tuple[str, ...] = ()
    when: When = "all"
    page: int = 1
    size: int = 20
    origins: tuple[str, ...] = ()
    fields: tuple[str, ...] = ()
    """An event has the fields of what takes part in it."""
    between: tuple[date, date] | None = None
    """First and last day of a period that an event begins in, for the calendar."""


@dataclass(frozen=True)
class EventCard:
    """An event as lists show it. `coming` is relative to the day that was asked about."""

    id: int
    title: str
    kind: str
    held: PartialDate | None
    coming: bool
    source: Source
    updated_at: datetime
    city: str = ""
    league_code: str | None = None
    banner_code: str | None = None
    banner_text: str = ""
    organizer: str = ""
    organization_id: int | None = None
    project_count: int | None = None
    partner: str = ""
    state: EventState = EventState.PUBLISHED
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    format: str = ""
    venue: str = ""
    stream_url: str = ""
    co_organizers: str = ""
    capacity: int | None = None
    registration_opens: datetime | None = None
    registration_closes: datetime | None = None

    @property
    def period(self) -> tuple[datetime, datetime] | None:
        """First and last moment; None where no date is stated."""
        return windows.period(self.held, self.starts_at, self.ends_at)

    def registration_problem(self, now: datetime) -> str:
        """Why nobody can register now; blank while everybody can."""
        return windows.registration(self.state, self.registration_opens, self.registration_closes, self.period, now)

    def response_problem(self, now: datetime) -> str:
        """Why nobody can mark, ask or leave an intention now; blank while everybody can."""
        return windows.responding(self.state, self.period, now)

    @property
    def partners(self) -> tuple[str, ...]:
        """The partner regions and countries one by one."""
        return split_partners(self.partner)


@dataclass(frozen=True)
class EventPage:
    """One page of events: coming ones soonest first, then past ones newest first, undated ones last."""

    query: EventQuery
    total: int
    coming: int
    items: tuple[EventCard, ...]
    facets: Mapping[str, tuple[FacetValue, ...]]

    @property
    def pages(self) -> int:
        """How many pages there are, at least one."""
        return paging.pages(self.total, self.query.size)


@dataclass(frozen=True)
class EventRecord:
    """One event with its organizer's record and what was announced of its programme."""

    card: EventCard
    organization: str
    programme: Programme
    introduction: str
    rules: str
    seats_left: int | None
    """None where the number of seats is not limited."""
    source_quality: str
    created_at: datetime

    @property
    def items(self) -> tuple[Announced, ...]:
        """Everything that takes part, what is on the programme first."""
        return (*self.programme.items, *self.programme.others)


def search_events(session: Session, query: EventQuery, *, actor: Actor, today: date | None = None) -> EventPage:
    """Events that match the query, coming ones first; facets ignore themselves. Drafts are never among them.

    An event is coming while its stated period has not ended: a day includes today, a month its last day, a
    year its last day. Raises InvalidQuery for a page, size or facet value out of range, AccessDenied.
    """
    require(actor, Permission.READ_EVENTS)
    _check(query)
    now = today or today_shanghai()
    conditions = _conditions(session, query, now)
    matching = tuple(conditions.values())
    total = session.scalar(select(func.count()).select_from(Event).where(*matching)) or 0
    coming = session.scalar(select(func.count()).select_from(Event).where(*matching, _coming(now))) or 0
    statement = (
        _cards(now).where(*matching).order_by(*_order(now)).offset((query.page - 1) * query.size).limit(query.size)
    )
    items = tuple(_card(row) for row in session.execute(statement))
    return EventPage(query, total, coming, items, _facets(session, query, conditions))


def read_event(session: Session, record_id: int, *, actor: Actor, today: date | None = None) -> EventRecord:
    """One event with its organizer and items. Raises NotFound, AccessDenied."""
    require(actor, Permission.READ_EVENTS)
    announced = programme.published(session, record_id, actor=actor)  # the door: a draft is its hosts' alone
    statement = _cards(today or today_shanghai()).add_columns(
        Event.source_quality, Event.created_at, Event.introduction, Event.rules,
        Organization.name.label("organization"),
    )  # fmt: skip
    row = session.execute(
        statement.outerjoin(Organization, Event.organization_id == Organization.id).where(Event.id == record_id)
    ).one()
    taken = session.scalar(
        select(func.count())
        .select_from(Attendee)
        .where(Attendee.event_id == record_id, Attendee.state == AttendeeState.REGISTERED.value)
    )
    card = _card(row)
    left = None if card.capacity is None else max(0, card.capacity - (taken or 0))
    return EventRecord(
        card, row.organization or "", announced, row.introduction, row.rules, left, row.source_quality, row.created_at
    )


def newest_events(
    session: Session, *, actor: Actor, today: date | None = None, limit: int = 4
) -> tuple[EventCard, ...]:
    """What home shows: coming events soonest first, then the latest past ones. Raises AccessDenied."""
    require(actor, Permission.READ_EVENTS)
    now = today or today_shanghai()
    statement = _cards(now).where(scopes.announced()).order_by(*_order(now)).limit(limit)
    return tuple(_card(row) for row in session.execute(statement))


def dated_events(
    session: Session, query: EventQuery | None = None, *, actor: Actor, today: date | None = None, limit: int = 500
) -> tuple[EventCard, ...]:
    """The events of a calendar: all that the query finds and that have a date, newest first.

    Raises InvalidQuery, AccessDenied.
    """
    require(actor, Permission.READ_EVENTS)
    asked, now = query or EventQuery(), today or today_shanghai()
    _check(asked)
    statement = (
        _cards(now)
        .where(Event.held_on.is_not(None), *_conditions(session, asked, now).values())
        .order_by(Event.held_on.desc(), Event.id.desc())
        .limit(limit)
    )
    return tuple(_card(row) for row in session.execute(statement))


def split_partners(printed: str) -> tuple[str, ...]:
    """The regions and countries that a source names in one cell: 「俄罗斯、蒙古国」 is two, 「荷兰等10国」 is 荷兰."""
    names = (_AND_OTHERS.sub("", name.strip()) for name in printed.split(_SEPARATOR))
    return tuple(dict.fromkeys(name for name in names if name))


# ------------------------------------------------------------------ inside
def _check(query: EventQuery) -> None:
    if query.page < 1 or not 1 <= query.size <= MAX_SIZE:
        raise InvalidQuery(f"页码从 1 起，每页 1 至 {MAX_SIZE} 条。")
    if query.when not in WHENS:
        raise InvalidQuery("时间只能是 coming、past 或 all。")
    chosen = {
        "kind": query.kinds,
        "year": query.years,
        "league": query.leagues,
        "partner": query.partners,
        "field": query.fields,
    }
    for name, values in {**chosen, "origin": query.origins}.items():
        for value in values:
            if not valid(name, value):
                raise InvalidQuery(f"筛选值无效：{name}={value[:20]}。")


def valid(facet: str, value: str) -> bool:
    """True when the value can be one of the facet's; whether any event has it is another matter."""
    if facet == "origin":
        return value in {origin.value for origin in Origin}
    if facet == "kind":
        return value in EVENT_KINDS
    if value == UNKNOWN:
        return True
    if facet == "field":
        return value in _FIELD_VALUES
    if facet == "partner":
        return 0 < len(value) <= 40 and _SEPARATOR not in value and value.isprintable()
    digits = value.isascii() and value.isdigit()
    if facet == "year":
        return digits and len(value) == 4 and 1900 <= int(value) <= 2100
    return value == OUTSIDE or (digits and len(value) == 6)


def _coming(today: date) -> ColumnElement[bool]:
    """The stated period has not ended: `held_on` is its first day."""
    starts = {
        Precision.DAY: today,
        Precision.MONTH: today.replace(day=1),
        Precision.YEAR: today.replace(month=1, day=1),
    }
    return and_(
        Event.state == EventState.PUBLISHED.value,
        or_(
            *(
                and_(Event.held_precision == precision.value, Event.held_on >= first)
                for precision, first in starts.items()
            )
        ),
    )


def _order(today: date) -> tuple[Any, ...]:
    coming = _coming(today)
    return (
        case((coming, 0), else_=1),
        case((coming, Event.held_on), else_=None).asc(),
        Event.held_on.desc().nulls_last(),
        Event.id.desc(),
    )


def _conditions(session: Session, query: EventQuery, today: date) -> dict[str, ColumnElement[bool]]:
    """One condition a facet, so that a facet's counts can leave its own out."""
    found: dict[str, ColumnElement[bool]] = {"announced": scopes.announced()}
    words = contains_all(query.q, Event.title, Event.organizer, Event.city, Event.partner)
    if words:
        found["q"] = and_(*words)
    if query.when != "all":
        found["when"] = _coming(today) if query.when == "coming" else or_(Event.held_on.is_(None), ~_coming(today))
    if query.origins:
        found["origin"] = Event.origin.in_(query.origins)
    if query.kinds:
        found["kind"] = Event.kind.in_(query.kinds)
    if query.years:
        found["year"] = or_(*(_in_year(value) for value in query.years))
    if query.leagues:
        found["league"] = or_(*(_in_league(value) for value in query.leagues))
    if query.partners:
        found["partner"] = _with_partner(session, query.partners)
    if query.fields:
        found["field"] = or_(*(_with_field(value) for value in query.fields))
    if query.between:
        found["between"] = Event.held_on.between(*query.between)
    return found


def _with_field(value: str) -> ColumnElement[bool]:
    if value == UNKNOWN:
        return Event.id.not_in(select(EventItem.event_id).where(EventItem.field.is_not(None)))
    return Event.id.in_(select(EventItem.event_id).where(EventItem.field == int(value)))


def _in_year(value: str) -> ColumnElement[bool]:
    if value == UNKNOWN:
        return Event.held_on.is_(None)
    return Event.held_on.between(date(int(value), 1, 1), date(int(value), 12, 31))


def _in_league(value: str) -> ColumnElement[bool]:
    if value == UNKNOWN:
        return and_(Event.league_code.is_(None), Event.city == "")
    if value == OUTSIDE:
        return and_(Event.league_code.is_(None), Event.city != "")
    return Event.league_code == value


def _with_partner(session: Session, values: tuple[str, ...]) -> ColumnElement[bool]:
    """The printed list names one of these; read from the distinct lists, so that it agrees with the counts."""
    lists = session.scalars(select(Event.partner).distinct())
    return Event.partner.in_([printed for printed in lists if set(split_partners(printed) or (UNKNOWN,)) & set(values)])


def _facets(
    session: Session, query: EventQuery, conditions: Mapping[str, ColumnElement[bool]]
) -> dict[str, tuple[FacetValue, ...]]:
    names = league_names(session)
    year = extract("year", Event.held_on)
    league = case((Event.league_code.is_not(None), Event.league_code), (Event.city != "", OUTSIDE), else_=UNKNOWN)

    def counts(facet: str, column: Any) -> dict[Any, int]:
        others = [condition for name, condition in conditions.items() if name != facet]
        grouped = select(column, func.count()).select_from(Event).where(*others).group_by(column)
        return {row[0]: row[1] for row in session.execute(grouped)}

    others = [condition for name, condition in conditions.items() if name != "field"]
    of_fields = (
        select(EventItem.field, func.count(Event.id.distinct()))
        .select_from(Event)
        .join(EventItem, EventItem.event_id == Event.id)
        .where(*others, EventItem.field.is_not(None))
        .group_by(EventItem.field)
    )
    fields = {str(code): number for code, number in session.execute(of_fields)}
    silent = select(func.count()).select_from(Event).where(*others, _with_field(UNKNOWN))
    fields[UNKNOWN] = session.scalar(silent) or 0
    partners: dict[str, int] = {}
    for printed, count in counts("partner", Event.partner).items():
        for name in split_partners(printed) or (UNKNOWN,):
            partners[name] = partners.get(name, 0) + count
    years = {str(int(value)) if value is not None else UNKNOWN: n for value, n in counts("year", year).items()}
    return {
        "kind": _values(counts("kind", Event.kind), lambda value: value),
        "league": _values(
            counts("league", league),
            lambda value: "区外" if value == OUTSIDE else names.get(value, value),
        ),
        "year": tuple(
            sorted(_values(years, lambda value: f"{value} 年"), key=lambda v: (v.value == UNKNOWN, _newest(v.value)))
        ),
        "partner": _values(partners, lambda value: value),
        "field": _values(fields, lambda value: FIELDS[int(value)]),
    }


def _newest(value: str) -> int:
    return -int(value) if value.isdigit() else 0


def _values(counts: Mapping[str, int], label: Any) -> tuple[FacetValue, ...]:
    """Most frequent first, the unknown last."""
    ordered = sorted(counts.items(), key=lambda item: (item[0] == UNKNOWN, -item[1], item[0]))
    return tuple(
        FacetValue(value, UNDISCLOSED if value == UNKNOWN else label(value), count) for value, count in ordered if count
    )


def _cards(today: date) -> Select[Any]:
    e: Any = Event
    return select(
        e.id, e.title, e.kind, e.held_on, e.held_precision, e.city, e.league_code, e.banner_code, e.banner_text,
        e.organizer, e.organization_id, e.project_count, e.partner, e.origin, e.source_publisher, e.source_date,
        e.source_precision, e.source_url, e.updated_at, case((_coming(today), 1), else_=0).label("coming"),
        *(getattr(e, name) for name in _ANNOUNCED),
    )  # fmt: skip


def _card(row: Any) -> EventCard:
    return EventCard(
        id=row.id, title=row.title, kind=row.kind, held=stated(row.held_on, row.held_precision),
        coming=bool(row.coming), city=row.city, league_code=row.league_code, banner_code=row.banner_code,
        banner_text=row.banner_text, organizer=row.organizer, organization_id=row.organization_id,
        state=EventState(row.state), **{name: getattr(row, name) for name in _ANNOUNCED if name != "state"},
        project_count=row.project_count, partner=row.partner, updated_at=row.updated_at,
        source=Source(
            Origin(row.origin),
            row.source_publisher,
            stated(row.source_date, row.source_precision),
            row.source_url,
        ),
    )  # fmt: skip
