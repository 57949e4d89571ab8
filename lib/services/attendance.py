"""The audience of an event: registration within its window and its seats, a waiting list, check-in at the door.

Who somebody is, is confidential: only whoever runs the event reads it, each look is recorded, and it is erased some
time after the event.
"""

import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import func, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, undefer

from lib.domain import paging
from lib.domain.access import Actor, Permission, require
from lib.domain.dates import now_utc, show_time, today_shanghai
from lib.domain.errors import AccessDenied, Conflict, InvalidInput, NotFound, TooManyTries
from lib.domain.vocabulary import AttendeeState, EventState
from lib.files import export
from lib.services import attempts, audit, contacts, notices, receipts, scopes
from lib.services.contacts import Contact
from lib.services.drafts import DRAFT_ID
from lib.store.engine import Database
from lib.store.models import Attendee, Event

PREFIX: Final = "GM"
PAGE_SIZE: Final = 50
_KIND: Final = "attendee"
_GONE: Final = "没有找到这份报名，请核对回执链接是否完整。"
_FULL: Final = (AttendeeState.REGISTERED.value, AttendeeState.WAITING.value)
_CONFIDENTIAL: Final = (undefer(Attendee.name), undefer(Attendee.unit), undefer(Attendee.phone))
_HEADER: Final = ("回执号", "状态", "姓名", "单位", "电话", "报名时间", "签到时间")


@dataclass(frozen=True)
class Ticket:
    """What somebody gets for a registration. `key` opens it again; blank when it was given out before."""

    receipt: str
    key: str
    state: AttendeeState
    place: int
    """On the waiting list, from 1; 0: not waiting."""


@dataclass(frozen=True)
class Booking:
    """A registration as its holder sees it."""

    event_id: int
    title: str
    receipt: str
    hint: str
    state: AttendeeState
    place: int
    registered_at: datetime
    checked_in: bool


@dataclass(frozen=True)
class Guest:
    """A registration as the desk sees it: masked."""

    id: int
    receipt: str
    hint: str
    state: AttendeeState
    place: int
    registered_at: datetime
    checked_in_at: datetime | None
    erased: bool


@dataclass(frozen=True)
class Guests:
    """One page of an event's audience, with the counts of all of it."""

    items: tuple[Guest, ...]
    counts: Mapping[str, int]
    """registered, waiting, cancelled, present."""
    total: int
    page: int

    @property
    def pages(self) -> int:
        """How many pages there are, at least one."""
        return paging.pages(self.total, PAGE_SIZE)


# ------------------------------------------------------------------ the audience
def register(database: Database, event_id: int, draft_id: str, values: Mapping[str, Any], *, actor: Actor) -> Ticket:
    """Register somebody: a seat while there is one, else a place on the waiting list. Safe to repeat.

    `values`: name, unit, phone, consent. The same phone has one registration an event, whoever sends it. Raises
    InvalidInput, Conflict (window, state), NotFound, TooManyTries, AccessDenied.
    """
    require(actor, Permission.TAKE_PART)
    if not DRAFT_ID.fullmatch(draft_id):
        raise InvalidInput({"name": "页面地址不完整，请从活动页重新点「报名观摩」。"})
    contact = contacts.read(values, needed=True)
    with database.read() as session:
        if attempts.exhausted(session, attempts.ATTEND, actor.address):
            raise TooManyTries("这个网络地址一小时内报名次数过多，请稍后再试。", 3600)
    with database.write() as session:
        attempts.count(session, attempts.ATTEND, actor.address)
    return database.settle(lambda session: _register(session, event_id, draft_id, contact, actor))


def booking(session: Session, receipt: str, key: str, *, actor: Actor) -> Booking:
    """A registration for whoever has its link. Raises NotFound with one sentence for every wrong link, AccessDenied."""
    require(actor, Permission.TAKE_PART)
    found = _opened(session, receipt, key)
    event = session.get_one(Event, found.event_id)
    return Booking(
        event.id, event.title, found.receipt, found.hint, AttendeeState(found.state), _place(session, found),
        found.registered_at, found.checked_in_at is not None,
    )  # fmt: skip


def cancel(database: Database, receipt: str, key: str, *, actor: Actor) -> bool:
    """Give a seat or a place back; the first on the waiting list moves up. False when it was cancelled before.

    Raises NotFound, Conflict once somebody has checked in, AccessDenied.
    """
    require(actor, Permission.TAKE_PART)
    with database.write() as session:
        found = _opened(session, receipt, key, lock=True)
        if found.state == AttendeeState.CANCELLED.value:
            return False
        if found.checked_in_at is not None:
            raise Conflict("已经签到，不能再取消。")
        event = session.get(Event, found.event_id, with_for_update={"of": Event})
        found.state, found.cancelled_at = AttendeeState.CANCELLED.value, now_utc()
        session.flush()
        audit.record(session, actor, "attendee.cancel", "attendee", found.id, receipt=found.receipt)
        if event is not None:
            _move_up(session, event)
    return True


# ------------------------------------------------------------------ the desk
def guests(session: Session, event_id: int, page: int = 1, state: str = "", q: str = "", *, actor: Actor) -> Guests:
    """The audience of an event that the actor runs; `q` finds a receipt number or the visible part of a name or phone.

    `state`: registered, waiting, cancelled or present; blank: all. Raises NotFound, AccessDenied.
    """
    scopes.hosted(session, event_id, actor=actor)
    a = Attendee
    mine = a.event_id == event_id
    grouped = session.execute(select(a.state, func.count(), func.count(a.checked_in_at)).where(mine).group_by(a.state))
    counts = dict.fromkeys((*(one.value for one in AttendeeState), "present"), 0)
    for name, number, present in grouped:
        counts[name] = number
        counts["present"] += present
    conditions = [mine]
    if state == "present":
        conditions.append(a.checked_in_at.is_not(None))
    elif state in set(AttendeeState):
        conditions.append(a.state == state)
    if words := q.strip():
        conditions.append(a.receipt.contains(words.upper(), autoescape=True) | a.hint.contains(words, autoescape=True))
    total = session.scalar(select(func.count()).select_from(a).where(*conditions)) or 0
    rows = session.scalars(
        select(a).where(*conditions).order_by(a.id).limit(PAGE_SIZE).offset((max(1, page) - 1) * PAGE_SIZE)
    ).all()
    order = _queue(session, event_id)
    items = tuple(
        Guest(
            one.id, one.receipt, one.hint, AttendeeState(one.state), order.get(one.id, 0),
            one.registered_at, one.checked_in_at, one.erased_at is not None,
        )
        for one in rows
    )  # fmt: skip
    return Guests(items, counts, total, max(1, page))


def check_in(database: Database, attendee_id: int, present: bool, *, actor: Actor) -> None:
    """Note that somebody came, or take that back; the same again changes nothing. Raises Conflict for a registration
    that was cancelled, NotFound, AccessDenied.
    """
    require(actor, Permission.MANAGE_EVENTS)
    with database.write() as session:
        found = _of_host(session, attendee_id, actor)
        if present is (found.checked_in_at is not None):
            return
        if present and found.state == AttendeeState.CANCELLED.value:
            raise Conflict("这份报名已取消，不能签到；请按现场来宾登记。")
        found.checked_in_at = now_utc() if present else None
        found.checked_in_by = actor.account_id if present else None
        if present:
            found.state = AttendeeState.REGISTERED.value
        audit.record(
            session, actor, "attendee.check_in" if present else "attendee.check_out", "attendee", found.id,
            receipt=found.receipt,
        )  # fmt: skip


def walk_in(database: Database, event_id: int, draft_id: str, values: Mapping[str, Any], *, actor: Actor) -> str:
    """Register and check in somebody who stands at the door, over the seats if need be; returns the receipt number.

    Raises InvalidInput, NotFound, AccessDenied.
    """
    require(actor, Permission.MANAGE_EVENTS)
    if not DRAFT_ID.fullmatch(draft_id):
        raise InvalidInput({"name": "页面地址不完整，请刷新后再登记。"})
    contact = contacts.read(values, needed=True)
    with database.write() as session:
        event = scopes.hosted(session, event_id, actor=actor, lock=True)
        known = _known(session, event.id, draft_id, contact.phone)
        if known is None:
            known, _ = _add(session, event, draft_id, contact, AttendeeState.REGISTERED, actor)
        if known.checked_in_at is None:
            known.state, known.checked_in_at, known.checked_in_by = (
                AttendeeState.REGISTERED.value, now_utc(), actor.account_id,
            )  # fmt: skip
        return known.receipt


def view_contact(database: Database, attendee_id: int, *, actor: Actor) -> Contact:
    """Name, unit and phone of a guest; each look is recorded. Raises NotFound, AccessDenied."""
    require(actor, Permission.MANAGE_EVENTS)
    with database.write() as session:
        found = _of_host(session, attendee_id, actor, *_CONFIDENTIAL)
        audit.record(session, actor, "contact.view", "attendee", found.id, receipt=found.receipt)
        return Contact(found.name, found.unit, found.phone, hint=found.hint, consent_version=found.consent_version)


def export_list(database: Database, event_id: int, *, actor: Actor) -> bytes:
    """The whole list with names and phones as an XLSX; taking it is recorded. Raises NotFound, AccessDenied."""
    require(actor, Permission.MANAGE_EVENTS)
    with database.write() as session:
        event = scopes.hosted(session, event_id, actor=actor)
        found = session.scalars(
            select(Attendee).where(Attendee.event_id == event_id).options(*_CONFIDENTIAL).order_by(Attendee.id)
        ).all()
        rows = [
            (
                one.receipt, AttendeeState(one.state).label, one.name or ("已清除" if one.erased_at else ""), one.unit,
                one.phone, show_time(one.registered_at), show_time(one.checked_in_at) if one.checked_in_at else "",
            )
            for one in found
        ]  # fmt: skip
        audit.record(session, actor, "attendee.export", "event", event_id, league=event.league_code, rows=len(rows))
        title = event.title
    about = ((f"{title}　导出于 {show_time(now_utc())}。含个人信息，请妥善保管。",),)
    return export.xlsx_bytes({"观众名单": (_HEADER, rows), "说明": (("说明",), about)})


def erase(database: Database, *, actor: Actor) -> int:
    """Remove names, units and phones of audiences whose event ended long enough ago; how many. Raises AccessDenied."""
    require(actor, Permission.LOAD_DATA)
    last = today_shanghai() - contacts.KEPT
    with database.write() as session:
        over = select(Event.id).where(Event.held_on < last)
        gone = session.execute(
            update(Attendee)
            .where(Attendee.event_id.in_(over), Attendee.erased_at.is_(None))
            .values(name="", unit="", phone="", hint="已清除", erased_at=now_utc())
            .execution_options(synchronize_session=False)
        ).rowcount  # type: ignore[attr-defined]
        if gone:
            audit.record(session, actor, "attendee.erase", "attendee", "", removed=gone)
    return int(gone)


# ------------------------------------------------------------------ inside
def _register(session: Session, event_id: int, draft_id: str, contact: Contact, actor: Actor) -> Ticket:
    event = session.get(Event, event_id, with_for_update={"of": Event})
    if event is None or event.state == EventState.DRAFT.value:
        raise NotFound(scopes.NO_EVENT)
    known = _known(session, event.id, draft_id, contact.phone)
    if known is not None:
        return Ticket(known.receipt, "", AttendeeState(known.state), _place(session, known))
    if problem := scopes.registration_problem(event):
        raise Conflict(problem)
    taken = session.scalar(
        select(func.count()).select_from(Attendee).where(Attendee.event_id == event_id, Attendee.state.in_(_FULL))
    )
    seated = event.capacity is None or (taken or 0) < event.capacity
    state = AttendeeState.REGISTERED if seated else AttendeeState.WAITING
    made, key = _add(session, event, draft_id, contact, state, actor)
    return Ticket(made.receipt, key, state, _place(session, made))


def _known(session: Session, event_id: int, draft_id: str, phone: str) -> Attendee | None:
    """The registration that was made with this draft id, or with this phone and not cancelled."""
    a = Attendee
    same = (a.phone == phone) & (a.state != AttendeeState.CANCELLED.value) & a.erased_at.is_(None)
    return session.scalars(
        select(a).where(a.event_id == event_id, (a.draft_id == draft_id) | same).order_by(a.id).limit(1)
    ).one_or_none()


def _add(
    session: Session, event: Event, draft_id: str, contact: Contact, state: AttendeeState, actor: Actor
) -> tuple[Attendee, str]:
    key = secrets.token_urlsafe(24)
    number = receipts.drawn(receipts.locked(session, _KIND, today_shanghai()), PREFIX)
    made = Attendee(
        event_id=event.id, draft_id=draft_id, receipt=number, key_hash=_hash(key), state=state.value,
        account_id=actor.account_id, registered_at=now_utc(), **contact.columns,
    )  # fmt: skip
    session.add(made)
    try:
        session.flush()
    except IntegrityError:  # the draft id stands at another event
        raise InvalidInput({"name": "这一页已经报过名，请从活动页重新点「报名观摩」。"}) from None
    audit.record(
        session, actor, "attendee.register", "attendee", made.id, league=event.league_code, receipt=number,
        state=state.value,
    )  # fmt: skip
    return made, key


def _move_up(session: Session, event: Event) -> None:
    """Give free seats to those who have waited longest, and tell whoever has an account."""
    if event.capacity is None:
        free = None
    else:
        seated = session.scalar(
            select(func.count())
            .select_from(Attendee)
            .where(Attendee.event_id == event.id, Attendee.state == AttendeeState.REGISTERED.value)
        )
        free = max(0, event.capacity - (seated or 0))
    waiting = session.scalars(
        select(Attendee)
        .where(Attendee.event_id == event.id, Attendee.state == AttendeeState.WAITING.value)
        .order_by(Attendee.id)
        .limit(free)
    ).all()
    for one in waiting:
        one.state = AttendeeState.REGISTERED.value
        notices.tell(session, one.account_id, "候补成功，已有座位", "roadshows", {"id": str(event.id)}, event.title)


def _queue(session: Session, event_id: int) -> dict[int, int]:
    """The place of everybody on the waiting list, by registration."""
    ids = session.scalars(
        select(Attendee.id)
        .where(Attendee.event_id == event_id, Attendee.state == AttendeeState.WAITING.value)
        .order_by(Attendee.id)
    )
    return {number: place for place, number in enumerate(ids, 1)}


def _place(session: Session, found: Attendee) -> int:
    if found.state != AttendeeState.WAITING.value:
        return 0
    return _queue(session, found.event_id).get(found.id, 0)


def _opened(session: Session, receipt: str, key: str, *, lock: bool = False) -> Attendee:
    """The registration that both name; the key is looked for by its hash, so that a wrong one takes the same time."""
    statement = select(Attendee).where(Attendee.key_hash == _hash(key))
    found = session.scalars(statement.with_for_update() if lock else statement).one_or_none()
    if found is None or found.receipt != receipt.strip().upper():
        raise NotFound(_GONE)
    return found


def _of_host(session: Session, attendee_id: int, actor: Actor, *options: Any) -> Attendee:
    found = session.scalars(
        select(Attendee).where(Attendee.id == attendee_id).options(*options).with_for_update()
    ).one_or_none()
    if found is None:
        raise NotFound("没有找到这份报名，请刷新列表。")
    event = session.get_one(Event, found.event_id)
    if not scopes.hosts(actor, event):
        raise AccessDenied("这场活动不由您组织，也不在您的辖区内。")
    return found


def _hash(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()
