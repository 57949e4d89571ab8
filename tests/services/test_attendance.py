"""The audience of an event: no seat twice, the waiting list in order, nothing told to strangers, erased in time."""

import io
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from secrets import token_hex
from typing import Any

import pytest
from python_calamine import CalamineWorkbook
from sqlalchemy import func, select, update
from sqlalchemy.orm import undefer

from lib.domain.access import VISITOR, Actor, Role
from lib.domain.dates import now_utc
from lib.domain.errors import AccessDenied, Conflict, InvalidInput, NotFound
from lib.domain.vocabulary import AttendeeState
from lib.services import attendance, hosting, notices, personal, upkeep
from lib.store.engine import Database
from lib.store.models import Attendee, AuditEntry, Event
from tests.samples import BAOTOU, CANARY, XILINGOL, person, roadshow

KEEPER = Actor(role=Role.ADMINISTRATOR, name="测试")


def guest(number: int = 0, **changes: Any) -> dict[str, Any]:
    return {"name": f"来宾{number}", "unit": "某公司", "phone": f"1391234{number:04d}", "consent": "1"} | changes


@pytest.fixture
def host(loaded: Database) -> Actor:
    return person(loaded, Role.OFFICIAL, scope=XILINGOL)


@pytest.fixture
def event(loaded: Database, host: Actor) -> int:
    """A published event with three seats."""
    made = hosting.create(loaded, "e" * 32, roadshow(), actor=host)
    with loaded.read() as session:
        version = session.get_one(Event, made).version
    hosting.publish(loaded, made, version, actor=host)
    return made


def come(database: Database, event: int, number: int, **changes: Any) -> attendance.Ticket:
    return attendance.register(database, event, token_hex(16), guest(number, **changes), actor=VISITOR)


def listed(database: Database, event: int, actor: Actor, state: str = "") -> attendance.Guests:
    with database.read() as session:
        return attendance.guests(session, event, 1, state, actor=actor)


def test_seats_then_a_waiting_list_that_moves_up_in_order(loaded: Database, host: Actor, event: int) -> None:
    tickets = [come(loaded, event, number) for number in range(5)]
    assert [(t.state, t.place) for t in tickets] == [
        *[(AttendeeState.REGISTERED, 0)] * 3, (AttendeeState.WAITING, 1), (AttendeeState.WAITING, 2),
    ]  # fmt: skip
    assert attendance.cancel(loaded, tickets[1].receipt, tickets[1].key, actor=VISITOR)
    assert not attendance.cancel(loaded, tickets[1].receipt, tickets[1].key, actor=VISITOR)
    with loaded.read() as session:
        fourth, fifth = (attendance.booking(session, t.receipt, t.key, actor=VISITOR) for t in tickets[3:])
    assert (fourth.state, fifth.state, fifth.place) == (AttendeeState.REGISTERED, AttendeeState.WAITING, 1)
    counts = listed(loaded, event, host).counts
    assert counts == {"registered": 3, "waiting": 1, "cancelled": 1, "present": 0}


def test_two_at_once_never_take_one_seat(loaded: Database, event: int, host: Actor) -> None:
    with ThreadPoolExecutor(8) as pool:
        tickets = list(pool.map(lambda number: come(loaded, event, number), range(12)))
    assert sum(t.state is AttendeeState.REGISTERED for t in tickets) == 3
    assert sorted(t.receipt[-4:] for t in tickets) == [f"{n:04d}" for n in range(1, 13)], "no gap, no twin"
    with loaded.read() as session:
        places = [attendance.booking(session, t.receipt, t.key, actor=VISITOR).place for t in tickets]
    assert sorted(places) == [0, 0, 0, *range(1, 10)]


def test_the_same_draft_or_phone_is_one_registration_and_says_nothing_to_a_stranger(
    loaded: Database, event: int
) -> None:
    draft = token_hex(16)
    first = attendance.register(loaded, event, draft, guest(), actor=VISITOR)
    again = attendance.register(loaded, event, draft, guest(), actor=VISITOR)
    stranger = attendance.register(
        loaded, event, token_hex(16), guest(name="别人", phone="139 1234 0000"), actor=VISITOR
    )
    assert first.receipt == again.receipt == stranger.receipt
    assert first.key
    assert again.key == stranger.key == ""
    with loaded.read() as session:
        assert session.scalar(select(func.count()).select_from(Attendee)) == 1
    attendance.cancel(loaded, first.receipt, first.key, actor=VISITOR)
    assert come(loaded, event, 0).key, "whoever cancelled may come again"


@pytest.mark.parametrize(
    ("changes", "field"),
    [({"name": ""}, "name"), ({"phone": ""}, "phone"), ({"phone": "12"}, "phone"), ({"consent": ""}, "consent"),
     ({"name": "\u202e甲"}, "name"), ({"unit": "单" * 101}, "unit")],
)  # fmt: skip
def test_bad_input_gets_a_sentence_and_writes_nothing(
    loaded: Database, event: int, changes: dict[str, Any], field: str
) -> None:
    with pytest.raises(InvalidInput) as refused:
        come(loaded, event, 0, **changes)
    assert list(refused.value.fields) == [field]
    with loaded.read() as session:
        assert session.scalar(select(func.count()).select_from(Attendee)) == 0


@pytest.mark.parametrize(
    ("window", "sentence"),
    [
        ({"registration_opens": now_utc() + timedelta(days=1)}, "开始"),
        ({"registration_closes": now_utc() - timedelta(days=1)}, "截止"),
        ({"state": "cancelled"}, "已取消"),
    ],
)
def test_only_within_the_window(loaded: Database, event: int, window: dict[str, Any], sentence: str) -> None:
    with loaded.write() as session:
        session.execute(update(Event).where(Event.id == event).values(**window))
    with pytest.raises(Conflict, match=sentence):
        come(loaded, event, 0)


def test_a_wrong_link_opens_nothing(loaded: Database, event: int) -> None:
    first, second = come(loaded, event, 0), come(loaded, event, 1)
    with loaded.read() as session:
        for receipt, key in ((first.receipt, second.key), (first.receipt, ""), ("GM-1", first.key)):
            with pytest.raises(NotFound):
                attendance.booking(session, receipt, key, actor=VISITOR)
        kept = session.scalars(select(Attendee.key_hash)).all()
    assert first.key not in kept


def test_the_door_checks_in_takes_back_and_lets_in(loaded: Database, host: Actor, event: int) -> None:
    ticket = come(loaded, event, 0)
    number = listed(loaded, event, host).items[0].id
    for present in (True, True, False, True):
        attendance.check_in(loaded, number, present, actor=host)
    assert listed(loaded, event, host).counts["present"] == 1
    with pytest.raises(Conflict, match="签到"):
        attendance.cancel(loaded, ticket.receipt, ticket.key, actor=VISITOR)
    draft = token_hex(16)
    receipts = {attendance.walk_in(loaded, event, draft, guest(9), actor=host) for _ in range(2)}
    assert len(receipts) == 1
    assert listed(loaded, event, host, "present").total == 2
    with loaded.read() as session:
        actions = session.scalars(select(AuditEntry.action).order_by(AuditEntry.id)).all()
    assert [a for a in actions if a.startswith("attendee.check")] == ["attendee.check_in", "attendee.check_out",
                                                                     "attendee.check_in"]  # fmt: skip


def test_only_whoever_runs_it_sees_the_list_and_each_look_is_noted(loaded: Database, host: Actor, event: int) -> None:
    come(loaded, event, 0, phone=CANARY, name="=SUM(A1)")
    item = listed(loaded, event, host).items[0]
    assert CANARY not in repr(item)
    for actor in (VISITOR, person(loaded, Role.MEMBER), person(loaded, Role.OFFICIAL, scope=BAOTOU)):
        for act in (
            lambda actor=actor: listed(loaded, event, actor),
            lambda actor=actor: attendance.view_contact(loaded, item.id, actor=actor),
            lambda actor=actor: attendance.check_in(loaded, item.id, True, actor=actor),
            lambda actor=actor: attendance.export_list(loaded, event, actor=actor),
        ):
            with pytest.raises(AccessDenied):
                act()
    assert attendance.view_contact(loaded, item.id, actor=host).phone == CANARY
    rows = CalamineWorkbook.from_filelike(io.BytesIO(attendance.export_list(loaded, event, actor=host)))
    told = rows.get_sheet_by_name("观众名单").to_python()
    assert told[1][2] == "'=SUM(A1)"
    assert str(told[1][4]) == CANARY
    with loaded.read() as session:
        noted = session.scalars(
            select(AuditEntry).where(AuditEntry.action.in_(("contact.view", "attendee.export")))
        ).all()
        assert len(noted) == 2
        assert CANARY not in repr([entry.detail for entry in noted])


def test_what_is_personal_goes_half_a_year_after_the_event(loaded: Database, host: Actor, event: int) -> None:
    member = person(loaded, Role.MEMBER)
    attendance.register(loaded, event, token_hex(16), guest(1, phone=CANARY), actor=member)
    assert upkeep.sweep(loaded, actor=KEEPER).people == 0
    exported = personal.export(loaded, actor=member)
    assert CANARY in repr(exported["attendance"])
    assert "key_hash" not in repr(exported["attendance"])
    with loaded.write() as session:
        session.execute(update(Event).where(Event.id == event).values(held_on=now_utc().date() - timedelta(days=181)))
    assert upkeep.sweep(loaded, actor=KEEPER).people == 1
    assert upkeep.sweep(loaded, actor=KEEPER).people == 0
    with loaded.read() as session:
        kept = session.scalars(select(Attendee).options(undefer(Attendee.phone), undefer(Attendee.name))).one()
        assert (kept.name, kept.phone, kept.hint) == ("", "", "已清除")
    assert listed(loaded, event, host).counts["registered"] == 1, "the row counts on"


def test_an_account_that_waits_is_told_when_it_moves_up(loaded: Database, event: int) -> None:
    tickets = [come(loaded, event, number) for number in range(3)]
    member = person(loaded, Role.MEMBER)
    attendance.register(loaded, event, token_hex(16), guest(9), actor=member)
    attendance.cancel(loaded, tickets[0].receipt, tickets[0].key, actor=VISITOR)
    with loaded.read() as session:
        assert notices.listing(session, actor=member).items[0].title == "候补成功，已有座位"
