"""Following up and what came of it: within one's reach, step by step, and every number has exactly its rows."""

from datetime import timedelta
from decimal import Decimal
from secrets import token_hex
from typing import Any

import pytest
from sqlalchemy import func, select

from lib.domain.access import VISITOR, Actor, Role
from lib.domain.dates import today_shanghai
from lib.domain.errors import AccessDenied, Conflict, InvalidInput, NotFound
from lib.domain.followups import FIGURES
from lib.domain.vocabulary import ThreadState
from lib.services import demo, followups, leads, notices, outcomes, responses
from lib.services.demo import Volume
from lib.services.leads import LeadQuery
from lib.services.outcomes import LABELS
from lib.store.engine import Database
from lib.store.models import AuditEntry, Event, EventItem, Interest, Thread
from tests.samples import BAOTOU, CANARY, person

KEEPER = Actor(role=Role.ADMINISTRATOR, name="测试")
CHIFENG = "150400"


@pytest.fixture
def event(loaded: Database) -> int:
    """The demonstration roadshow that comes, in 赤峰."""
    demo.create(loaded, Volume(roadshows=True), actor=KEEPER)
    with loaded.read() as session:
        return (
            session.scalars(select(Event.id).where(Event.origin == "demo").order_by(Event.starts_at.desc())).first()
            or 0
        )


@pytest.fixture
def host(loaded: Database) -> Actor:
    return person(loaded, Role.OFFICIAL, scope=CHIFENG)


@pytest.fixture
def interest(loaded: Database, event: int) -> int:
    """An intention with a telephone number, about an item of the event."""
    with loaded.read() as session:
        item = session.scalars(
            select(EventItem.id).where(EventItem.event_id == event, EventItem.achievement_id.is_not(None))
        ).first()
    told = {"id": token_hex(16), "item": item, "name": "张三", "phone": CANARY, "consent": "1", "note": "想看中试线"}
    responses.keep(loaded, event, "intention", told, device="d" * 64, actor=VISITOR)
    with loaded.read() as session:
        return session.scalars(select(Interest.id).where(Interest.event_id == event)).one()


def thread(database: Database, interest: int) -> Thread:
    with database.read() as session:
        return session.scalars(select(Thread).where(Thread.interest_id == interest)).one()


def test_only_whoever_runs_the_event_sees_it_and_each_look_is_noted(
    loaded: Database, interest: int, host: Actor, event: int
) -> None:
    with loaded.read() as session:
        found = leads.listing(session, LeadQuery("untaken", event), actor=host)
        assert [(lead.interest_id, lead.state) for lead in found.items] == [(interest, None)]
        assert CANARY not in repr(found)
    for actor in (
        person(loaded, Role.OFFICIAL, scope=BAOTOU),
        person(loaded, Role.MEMBER),
        person(loaded, Role.ORGANIZER),
    ):
        with loaded.read() as session:
            assert leads.listing(session, LeadQuery(), actor=actor).total == 0
            with pytest.raises(NotFound):
                leads.read(session, interest, actor=actor)
        with pytest.raises(AccessDenied):
            followups.view_contact(loaded, interest, actor=actor)
        with pytest.raises(AccessDenied):
            followups.take(loaded, interest, None, actor=actor)
    with pytest.raises(AccessDenied):
        followups.view_contact(loaded, interest, actor=VISITOR)
    seen = followups.view_contact(loaded, interest, actor=host)
    assert (seen.phone, seen.note) == (CANARY, "想看中试线")
    with loaded.read() as session:
        noted = session.scalars(select(AuditEntry).where(AuditEntry.action == "contact.view")).all()
        assert len(noted) == 1
        assert CANARY not in repr(noted[0].detail)


def test_from_the_first_call_to_the_contract(loaded: Database, interest: int, host: Actor, event: int) -> None:
    number = followups.take(loaded, interest, today_shanghai(), actor=host)
    assert followups.take(loaded, interest, today_shanghai(), actor=host) == number

    def step(state: ThreadState, **values: Any) -> None:
        followups.step(loaded, number, state, thread(loaded, interest).version, values, actor=host)

    with pytest.raises(InvalidInput, match="不能直接到"):
        step(ThreadState.SIGNED, signed_on=today_shanghai())
    step(ThreadState.CONTACTED, note="打过电话", due_on=today_shanghai() + timedelta(days=2))
    assert thread(loaded, interest).contacted_at is not None
    stale = thread(loaded, interest).version
    step(ThreadState.TALKING, note="约了看现场")
    with pytest.raises(Conflict):
        followups.step(loaded, number, ThreadState.CLOSED, stale, {}, actor=host)
    for wrong, field in (
        ({"signed_on": None}, "signed_on"),
        ({"signed_on": today_shanghai() + timedelta(days=1)}, "signed_on"),
        ({"signed_on": today_shanghai(), "amount": "许多"}, "amount"),
        ({"signed_on": today_shanghai(), "amount": "0"}, "amount"),
        ({"signed_on": today_shanghai(), "note": "字" * 501}, "note"),
    ):
        with pytest.raises(InvalidInput) as refused:
            step(ThreadState.SIGNED, **wrong)
        assert list(refused.value.fields) == [field]
    step(ThreadState.SIGNED, signed_on=today_shanghai(), amount="120.5", contract_title="技术许可合同")
    kept = thread(loaded, interest)
    assert (kept.amount, kept.due_on) == (Decimal("1205000.00"), None)
    with loaded.read() as session:
        _, steps = leads.read(session, interest, actor=host)
        assert [one.state for one in steps] == [ThreadState.SIGNED, ThreadState.TALKING, ThreadState.CONTACTED]
        found = outcomes.read(session, event, actor=host)
    assert (found.figures["signed"], found.amount) == (1, Decimal("1205000.00"))
    with pytest.raises(InvalidInput):
        step(ThreadState.TALKING)
    with pytest.raises(InvalidInput, match="从留下意向那天"):
        step(ThreadState.SIGNED, signed_on=today_shanghai() - timedelta(days=1))
    step(ThreadState.SIGNED, signed_on=today_shanghai(), note="已备案")
    assert thread(loaded, interest).amount == Decimal("1205000.00"), "what was signed stands"


def test_a_step_that_is_sent_twice_is_noted_once(loaded: Database, interest: int, host: Actor) -> None:
    number = followups.take(loaded, interest, None, actor=host)
    version = thread(loaded, interest).version
    for _ in range(2):
        followups.step(loaded, number, ThreadState.CONTACTED, version, {"note": "打过电话"}, actor=host)
    with pytest.raises(Conflict):
        followups.step(loaded, number, ThreadState.CONTACTED, version, {"note": "另一句"}, actor=host)
    with loaded.read() as session:
        assert len(leads.read(session, interest, actor=host)[1]) == 1


def test_two_threads_of_one_item_are_reminded_of_each(loaded: Database, interest: int, host: Actor, event: int) -> None:
    with loaded.read() as session:
        item = session.get_one(Interest, interest).event_item_id
    responses.keep(loaded, event, "intention", {"id": token_hex(16), "item": item}, device="e" * 64, actor=VISITOR)
    with loaded.read() as session:
        both = session.scalars(select(Interest.id).where(Interest.event_id == event)).all()
    for number in both:
        followups.take(loaded, number, today_shanghai(), actor=host)
    followups.remind(loaded, actor=KEEPER)
    with loaded.read() as session:
        told = notices.listing(session, actor=host).items
    assert sorted(one.query["id"] for one in told) == sorted(map(str, both))


def test_what_is_due_is_reminded_of_once(loaded: Database, interest: int, host: Actor) -> None:
    followups.take(loaded, interest, today_shanghai(), actor=host)
    with loaded.read() as session:
        assert [lead.interest_id for lead in leads.reminders(session, actor=host)] == [interest]
    before = followups.remind(loaded, actor=KEEPER)
    assert before >= 1
    assert followups.remind(loaded, actor=KEEPER) == 0
    with loaded.read() as session:
        told = notices.listing(session, actor=host).items
    assert [(one.title, one.query) for one in told] == [("该联系了", {"id": str(interest)})]
    with pytest.raises(InvalidInput):
        followups.take(loaded, interest, today_shanghai() - timedelta(days=1), actor=host)


def test_every_number_opens_exactly_its_rows(loaded: Database, event: int) -> None:
    with loaded.read() as session:
        events = session.scalars(select(Event.id).where(Event.origin == "demo")).all()
        for number in events:
            found = outcomes.read(session, number, actor=KEEPER)
            for figure in LABELS:
                rows = outcomes.rows(session, number, figure, actor=KEEPER)
                assert len(rows) == found.figures[figure], figure
                led = [row.interest for row in rows if row.interest]
                assert len(led) == len(set(led)) == (len(rows) if figure in FIGURES else 0)
            assert sum(one.counts.marks for one in found.items) == found.figures["marks"]
            assert sum(one.counts.intentions for one in found.items) == found.figures["intentions"]
            assert sum(one.signed for one in found.items) == found.figures["signed"]
            told = [one.amount for one in found.items if one.amount is not None]
            assert found.amount == (sum(told) if told else None)
    past = next(n for n in events if n != event)
    with loaded.read() as session:
        whole = outcomes.read(session, past, actor=KEEPER)
        assert 0 < whole.figures["within_30"] <= whole.of["within_30"] == whole.figures["intentions"]
        assert whole.figures["within_3"] <= whole.figures["within_7"] <= whole.figures["within_30"]
        coming = outcomes.read(session, event, actor=KEEPER)
        assert (coming.amount, coming.of["within_3"]) == (None, 0)
        assert session.scalar(select(func.count()).select_from(Thread)) == sum(
            whole.figures[state.value] for state in ThreadState
        )
