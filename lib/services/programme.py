"""The programme of an event: its organizer's draft, what does not fit in it, and the versions that were published."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from hashlib import sha256
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from lib.domain import programme
from lib.domain.access import Actor, Permission, require
from lib.domain.dates import now_utc, today_shanghai
from lib.domain.deck import usual_minutes
from lib.domain.errors import Conflict, InvalidInput, NotFound
from lib.domain.programme import Changes, Entry, RecordState
from lib.domain.telling import Term, right_term
from lib.domain.text import clean
from lib.domain.vocabulary import FIELDS, EventState, ItemKind
from lib.services import audit, notices, scopes
from lib.store.engine import Database
from lib.store.models import Account, Achievement, Demand, Event, EventItem, ProgrammeVersion

_RECORDS: Final[dict[ItemKind, Any]] = {ItemKind.ACHIEVEMENT: Achievement, ItemKind.DEMAND: Demand}
_ROOM: Final = 40
_TITLE: Final = 100
_LONGEST: Final = 600
_MOST: Final = 200
"""Items of one programme; our parameter."""
_CHANGED: Final = "议程刚刚被别人改过，请看过现在的样子再改。"


@dataclass(frozen=True)
class Announced:
    """An item as everybody may see it. `minutes` and `starts` are None where nothing was announced."""

    id: int
    kind: ItemKind
    title: str
    unit: str = ""
    field: str = ""
    """A tech field by name; blank: not stated."""
    stage: str = ""
    summary: str = ""
    cooperation: str = ""
    minutes: int | None = None
    room: str = ""
    presenter: str = ""
    starts: datetime | None = None
    achievement_id: int | None = None
    demand_id: int | None = None
    registered: bool = True


@dataclass(frozen=True)
class Programme:
    """What was announced of an event. `number` None: no programme yet, `items` are the registered projects."""

    event_id: int
    number: int | None
    published_at: datetime | None
    items: tuple[Announced, ...]
    others: tuple[Announced, ...] = ()
    """Registered projects that are not on the programme."""
    moved: bool = False
    """True when the event was put at another time since: the times of its items are not told until they are
    published anew."""


@dataclass(frozen=True)
class Line:
    """A line of the draft, as its organizer edits it."""

    item: Announced
    position: int
    on: bool
    """True when it stands on the programme."""
    there: bool
    """False: its record was taken back."""


@dataclass(frozen=True)
class Draft:
    """The whole draft: lines in order, what does not fit, and the stamp a change has to name."""

    event_id: int
    stamp: str
    lines: tuple[Line, ...]
    conflicts: tuple[programme.Conflict, ...]
    minutes: int
    """Of the longest room."""
    number: int | None
    """The newest published version."""
    unpublished: bool
    """True when the draft differs from it."""
    moved: bool = False
    """As in `Programme`."""


@dataclass(frozen=True)
class Version:
    """A programme that was published: when, by whom, how many items, and what it changed."""

    number: int
    published_at: datetime
    by: str
    items: int
    changes: Changes


# ------------------------------------------------------------------ what everybody may see
def published(session: Session, event_id: int, *, actor: Actor) -> Programme:
    """The programme of an event as it was announced last; items whose record was taken back are left out.

    Before the first version: the projects whose registration was published, in the order they came. Raises NotFound,
    also for a draft that the actor does not run, AccessDenied.
    """
    require(actor, Permission.READ_EVENTS)
    event = session.get(Event, event_id)
    if event is None or (event.state == EventState.DRAFT.value and not scopes.hosts(actor, event)):
        raise NotFound(scopes.NO_EVENT)
    newest = _newest(session, event_id)
    items = {item.id: item for item in _items(session, event_id)}
    there = records_of(session, items.values())
    if newest is None:
        shown = [_announced(item, {}, there) for item in items.values() if item.registered]
        return Programme(event_id, None, None, tuple(shown))
    moved = _moved(event, newest)
    shown = [
        _announced(items[line["item"]], line | ({"starts": None} if moved else {}), there)
        for line in newest.content
        if line["item"] in items and _presentable(items[line["item"]], there)
    ]
    on = {item.id for item in shown}
    others = tuple(_announced(item, {}, there) for item in items.values() if item.registered and item.id not in on)
    return Programme(event_id, newest.number, newest.published_at, tuple(shown), others, moved)


def versions(session: Session, event_id: int, *, actor: Actor) -> tuple[Version, ...]:
    """The published programmes, newest first. Raises NotFound, AccessDenied."""
    published(session, event_id, actor=actor)  # the same people may see both
    rows = session.execute(
        select(ProgrammeVersion, Account.name)
        .outerjoin(Account, Account.id == ProgrammeVersion.account_id)
        .where(ProgrammeVersion.event_id == event_id)
        .order_by(ProgrammeVersion.number)
    ).all()
    found: list[Version] = []
    before: list[dict[str, Any]] = []
    for version, name in rows:
        told = programme.changes(before, version.content) if before else Changes()
        found.append(Version(version.number, version.published_at, name or "", len(version.content), told))
        before = version.content
    return tuple(reversed(found))


def records_of(session: Session, items: Iterable[EventItem | Announced]) -> dict[tuple[str, int], Any]:
    """The catalogue records that these items name and that are still public, by kind and number."""
    found: dict[tuple[str, int], Any] = {}
    for kind, entity in _RECORDS.items():
        ids = {number for item in items if (number := getattr(item, f"{kind.value}_id")) is not None}
        if ids:
            found |= {(kind.value, one.id): one for one in session.scalars(select(entity).where(entity.id.in_(ids)))}
    return found


# ------------------------------------------------------------------ the organizer's draft
def draft(session: Session, event_id: int, *, actor: Actor) -> Draft:
    """The draft of whoever runs the event. Raises NotFound, AccessDenied."""
    event = scopes.hosted(session, event_id, actor=actor)
    return _draft(session, event)


def add_record(database: Database, event_id: int, kind: ItemKind, record_id: int, stamp: str, *, actor: Actor) -> int:
    """Put a public achievement or demand at the end of the programme; returns the item. One that is there already is
    put on again, not twice; one that stands on it is there, whatever the stamp. Raises NotFound, Conflict,
    AccessDenied, InvalidInput.
    """
    if kind not in _RECORDS:
        raise InvalidInput({"kind": "请从成果库或需求库里选择。"})
    require(actor, Permission.MANAGE_EVENTS)
    with database.read() as session:
        scopes.hosted(session, event_id, actor=actor)
        for item in _items(session, event_id):
            if getattr(item, f"{kind.value}_id") == record_id and item.minutes is not None:
                return item.id

    def change(session: Session, event: Event, items: Sequence[EventItem]) -> int:
        record = session.get(_RECORDS[kind], record_id)
        if record is None:
            raise NotFound("这条记录没有公开或已撤下，不能排进议程。")
        column = f"{kind.value}_id"
        for item in items:
            if getattr(item, column) == record_id:
                item.minutes = item.minutes or usual_minutes(kind)
                return item.id
        summary = record.summary if kind is ItemKind.ACHIEVEMENT else record.description
        return _append(
            session, event, items, kind, record.title, usual_minutes(kind), organization_text=record.organization_text,
            field=record.field, summary=summary, **{column: record_id},
        )  # fmt: skip

    return _change(database, event_id, stamp, "programme.add", change, actor=actor)[0]


def add_line(
    database: Database, event_id: int, kind: ItemKind, values: Mapping[str, Any], stamp: str, *, actor: Actor
) -> int:
    """Put a talk or a break at the end; `values`: title, minutes, room, presenter, unit. Returns the item.

    Raises InvalidInput, Conflict, NotFound, AccessDenied.
    """
    if kind in _RECORDS:
        raise InvalidInput({"kind": "成果和需求请从库里选择。"})
    checked = _checked(values, titled=True)
    text = checked.pop("title", "") or ("茶歇" if kind is ItemKind.BREAK else "")
    if not text:
        raise InvalidInput({"title": "请填写题目。"})

    def change(session: Session, event: Event, items: Sequence[EventItem]) -> int:
        time = checked.get("minutes") or usual_minutes(kind)
        more = {name: value for name, value in checked.items() if name != "minutes"}
        return _append(session, event, items, kind, text, time, **more)

    return _change(database, event_id, stamp, "programme.add", change, actor=actor)[0]


def edit(
    database: Database, event_id: int, item_id: int, values: Mapping[str, Any], stamp: str, *, actor: Actor
) -> str:
    """Change minutes, room and presenter of an item, and title and unit of a talk or break; returns the new stamp.

    Raises InvalidInput, Conflict, NotFound, AccessDenied.
    """

    def change(_session: Session, _event: Event, items: Sequence[EventItem]) -> int:
        item = _one(items, item_id)
        own = ItemKind(item.kind) not in _RECORDS
        checked = _checked(values, titled=own)
        if not own:
            checked.pop("title", None)
            checked.pop("organization_text", None)
        elif "title" in checked and not checked["title"]:
            raise InvalidInput({"title": "请填写题目。"})
        for name, value in checked.items():
            setattr(item, name, value)
        return item.id

    return _change(database, event_id, stamp, "programme.edit", change, actor=actor)[1]


def move(database: Database, event_id: int, item_id: int, place: int, stamp: str, *, actor: Actor) -> str:
    """Put an item at another place, counted from 0; returns the new stamp. Raises Conflict, NotFound, AccessDenied."""

    def change(_session: Session, _event: Event, items: Sequence[EventItem]) -> int:
        item = _one(items, item_id)
        order = programme.move([one.id for one in items], item_id, place)
        for one in items:
            one.position = order.index(one.id)
        return item.id

    return _change(database, event_id, stamp, "programme.move", change, actor=actor)[1]


def remove(database: Database, event_id: int, item_id: int, stamp: str, *, actor: Actor) -> str:
    """Take an item off the draft; returns the new stamp. A registered project stays in the list of those that take
    part, and what was announced stays announced until the next version.

    Raises Conflict, NotFound, AccessDenied.
    """

    def change(session: Session, event: Event, items: Sequence[EventItem]) -> int:
        item = _one(items, item_id)
        newest = _newest(session, event.id) if event.state != EventState.DRAFT.value else None
        told = {line["item"] for line in newest.content} if newest else set()
        if item.registered or item.id in told:
            item.minutes = None
        else:
            session.delete(item)
        return item.id

    return _change(database, event_id, stamp, "programme.remove", change, actor=actor)[1]


def publish(database: Database, event_id: int, stamp: str, *, anyway: bool = False, actor: Actor) -> int:
    """Publish the draft as the next version; returns its number. The same draft again is the same version.

    `anyway` publishes in spite of what does not fit but could be meant. Raises InvalidInput with `conflicts`, Conflict
    (stale), NotFound, AccessDenied.
    """
    with database.write() as session:
        event = scopes.hosted(session, event_id, actor=actor, lock=True)
        now = _draft(session, event)
        if not now.unpublished and now.number is not None:
            return now.number
        if now.stamp != stamp:
            raise Conflict(_CHANGED)
        on = [line for line in now.lines if line.on]
        if not on:
            raise InvalidInput({"conflicts": "议程里还没有项目，请先添加并写明时长。"})
        standing = {line.item.id for line in on}
        hard = [c for c in now.conflicts if c.hard and standing.intersection(c.entries)]
        open_ = [c for c in now.conflicts if not c.hard and standing.intersection(c.entries)]
        if hard:
            raise InvalidInput({"conflicts": hard[0].sentence})
        if open_ and not anyway:
            raise InvalidInput({"conflicts": f"还有 {len(open_)} 处不合适：{open_[0].sentence}核对后可以仍然公布。"})
        number = (now.number or 0) + 1
        before = _newest(session, event_id)
        session.add(
            ProgrammeVersion(
                event_id=event_id, number=number, published_at=now_utc(), account_id=actor.account_id,
                content=_content(now),
            )
        )  # fmt: skip
        event.updated_at = now_utc()
        told = {line["item"] for line in before.content} if before else set()
        for item in _items(session, event_id):
            if not item.registered and item.id in told - standing:
                session.delete(item)  # taken off meanwhile; now it is announced no longer
        session.flush()
        tell_owners(session, event, but=told)
        audit.record(
            session, actor, "programme.publish", "event", event_id, league=event.league_code, banner=event.banner_code,
            number=number, rows=len(on),
        )  # fmt: skip
    return number


def outdated(session: Session, event: Event) -> bool:
    """True when the announced times of the programme are no longer those of the event."""
    return _moved(event, _newest(session, event.id))


def tell_owners(session: Session, event: Event, *, but: Collection[int] = ()) -> None:
    """A notice to the owners of the records on the announced programme of a public event, without the items `but`."""
    newest = _newest(session, event.id)
    if newest is None or event.state != EventState.PUBLISHED.value:
        return
    items = {item.id: item for item in _items(session, event.id)}
    there = records_of(session, items.values())
    for number in (line["item"] for line in newest.content):
        record = _record(items[number]) if number in items and number not in but else None
        if record is not None and record in there:
            link = {"id": str(event.id), "item": str(number)}
            notices.tell_owners(
                session, *record, "您的记录排进了活动议程", "roadshows", link, f"{event.title}：{there[record].title}"
            )


# ------------------------------------------------------------------ inside
def _newest(session: Session, event_id: int) -> ProgrammeVersion | None:
    return session.scalar(
        select(ProgrammeVersion)
        .where(ProgrammeVersion.event_id == event_id)
        .order_by(ProgrammeVersion.number.desc())
        .limit(1)
    )


def _moved(event: Event, newest: ProgrammeVersion | None) -> bool:
    return newest is not None and bool(newest.content) and programme.begins(newest.content) != event.starts_at


def _items(session: Session, event_id: int) -> Sequence[EventItem]:
    return session.scalars(
        select(EventItem).where(EventItem.event_id == event_id).order_by(EventItem.position, EventItem.id)
    ).all()


def _record(item: EventItem) -> tuple[str, int] | None:
    """Kind and number of the record that an item shows."""
    if item.achievement_id is not None:
        return ItemKind.ACHIEVEMENT.value, item.achievement_id
    return None if item.demand_id is None else (ItemKind.DEMAND.value, item.demand_id)


def _presentable(item: EventItem, there: Mapping[tuple[str, int], Any]) -> bool:
    """What an organizer picked is shown only while its record is public; a registered project speaks for itself."""
    return item.registered or _record(item) is None or _record(item) in there


def _announced(item: EventItem, line: Mapping[str, Any], there: Mapping[tuple[str, int], Any]) -> Announced:
    starts = line.get("starts")
    record = there.get(_record(item) or ("", 0))
    return Announced(
        id=item.id, kind=ItemKind(item.kind),
        title=line.get("title", item.title) if item.registered or record is None else record.title,
        unit=line.get("unit", item.organization_text), field=FIELDS[item.field] if item.field else "", stage=item.stage,
        summary=item.summary, cooperation=item.cooperation, minutes=line.get("minutes"), room=line.get("room", ""),
        presenter=line.get("presenter", ""), starts=datetime.fromisoformat(starts) if starts else None,
        achievement_id=item.achievement_id if (ItemKind.ACHIEVEMENT.value, item.achievement_id) in there else None,
        demand_id=item.demand_id if (ItemKind.DEMAND.value, item.demand_id) in there else None,
        registered=item.registered,
    )  # fmt: skip


def _draft(session: Session, event: Event) -> Draft:
    items = _items(session, event.id)
    there = records_of(session, items)
    entries = [
        Entry(
            item.id, ItemKind(item.kind), item.title, item.minutes, item.room, item.organization_text, item.presenter,
            _record(item) if not item.registered or _record(item) in there else None,
        )
        for item in items
    ]  # fmt: skip
    day = event.held_on if event.held_precision == "day" else None
    states = {record: _state(one, day) for record, one in there.items()}
    slots = programme.schedule(entries, event.starts_at)
    found = programme.conflicts(entries, states, start=event.starts_at, end=event.ends_at, day=day)
    lines = tuple(
        Line(
            _announced(
                item,
                {"minutes": item.minutes, "room": item.room, "presenter": item.presenter,
                 "starts": slot.starts.isoformat() if slot.starts else None},
                there,
            ),
            place, item.minutes is not None, _presentable(item, there),
        )
        for place, (item, slot) in enumerate(zip(items, slots, strict=True))
    )  # fmt: skip
    newest = _newest(session, event.id)
    made = Draft(event.id, "", lines, found, programme.minutes(entries), newest.number if newest else None, True)
    content = _content(made)
    return Draft(
        event.id, _stamp(items, event), lines, found, made.minutes, made.number,
        unpublished=newest is None or _differs(newest.content, content), moved=_moved(event, newest),
    )  # fmt: skip


def _differs(before: Sequence[Mapping[str, Any]], after: Sequence[Mapping[str, Any]]) -> bool:
    """True when a draft says something else than a version, by what the version says."""
    return len(before) != len(after) or any(
        new.get(name) != value for old, new in zip(before, after, strict=True) for name, value in old.items()
    )


def _content(of: Draft) -> list[dict[str, Any]]:
    """What a version says of each line; of a talk or break, which is the organizer's own words, also these."""
    return [
        {
            "item": line.item.id,
            "minutes": line.item.minutes,
            "room": line.item.room,
            "presenter": line.item.presenter,
            "starts": line.item.starts.isoformat() if line.item.starts else None,
        }
        | ({} if line.item.kind in _RECORDS else {"title": line.item.title, "unit": line.item.unit})
        for line in of.lines
        if line.on
    ]


def _stamp(items: Sequence[EventItem], event: Event) -> str:
    """What the draft is now, in few characters: a change that names another one was made on something else."""
    told = [(i.id, i.position, i.minutes, i.room, i.presenter, i.title, i.organization_text) for i in items]
    return sha256(repr((told, event.starts_at, event.ends_at)).encode()).hexdigest()[:16]


def _state(record: Any, day: date | None) -> RecordState:
    rights = getattr(record, "rights", None) or []
    on = day or today_shanghai()
    over = bool(rights) and all(right_term(right, on) is Term.OVER for right in rights)
    return RecordState(True, record.valid_until, getattr(record, "deadline", None), over)


def _change(
    database: Database,
    event_id: int,
    stamp: str,
    action: str,
    change: Callable[[Session, Event, Sequence[EventItem]], int],
    *,
    actor: Actor,
) -> tuple[int, str]:
    """One change of the draft, on the draft that `stamp` names, in one transaction; the item and the new stamp."""
    require(actor, Permission.MANAGE_EVENTS)
    with database.write() as session:
        event = scopes.hosted(session, event_id, actor=actor, lock=True)
        items = _items(session, event_id)
        if _stamp(items, event) != stamp:
            raise Conflict(_CHANGED)
        item = change(session, event, items)
        session.flush()
        audit.record(
            session, actor, action, "event", event_id, league=event.league_code, banner=event.banner_code, item=item
        )
        return item, _stamp(_items(session, event_id), event)


def _append(
    session: Session, event: Event, items: Sequence[EventItem], kind: ItemKind, title: str, time: int, **more: Any
) -> int:
    if len(items) >= _MOST:
        raise InvalidInput({"title": f"一场活动最多排 {_MOST} 项。"})
    for place, one in enumerate(items):
        one.position = place
    item = EventItem(
        event_id=event.id, kind=kind.value, registered=False, position=len(items), title=title, minutes=time, **more
    )
    session.add(item)
    session.flush()
    return item.id


def _one(items: Sequence[EventItem], item_id: int) -> EventItem:
    for item in items:
        if item.id == item_id:
            return item
    raise NotFound("这一项已经不在议程里，请刷新后再改。")


def _checked(values: Mapping[str, Any], *, titled: bool) -> dict[str, Any]:
    """The columns that these values name. Raises InvalidInput with a sentence each."""
    found: dict[str, Any] = {}
    problems: dict[str, str] = {}
    texts = {"room": ("会场", "room", _ROOM), "presenter": ("发言人", "presenter", _ROOM)}
    if titled:
        texts |= {"title": ("题目", "title", _TITLE), "unit": ("单位", "organization_text", _TITLE)}
    for name, (label, column, most) in texts.items():
        if name not in values:
            continue
        try:
            found[column] = clean(str(values[name] or ""))
        except ValueError:
            problems[name] = f"「{label}」里有看不见的控制字符，请删去后重新输入。"
            continue
        if len(found[column]) > most:
            problems[name] = f"「{label}」最多 {most} 字，请删减。"
    if "minutes" in values:
        time = values["minutes"]
        if time in (None, ""):
            found["minutes"] = None
        elif isinstance(time, int | float) and float(time).is_integer() and 1 <= time <= _LONGEST:
            found["minutes"] = int(time)
        else:
            problems["minutes"] = f"时长请填 1 至 {_LONGEST} 的整数，单位为分钟。"
    if problems:
        raise InvalidInput(problems)
    return found
