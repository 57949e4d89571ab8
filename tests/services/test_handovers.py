"""Handing a follow-up over, and the list as a file: only to whoever may hold it, told, noted, nothing twice."""

import contextlib
import io
import zipfile
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from secrets import token_hex
from typing import Any

import pytest
from python_calamine import CalamineWorkbook
from sqlalchemy import select

from lib.domain.access import VISITOR, Actor, Role
from lib.domain.dates import now_utc, today_shanghai
from lib.domain.errors import AccessDenied, Conflict, InvalidInput, NotFound
from lib.domain.vocabulary import SubmissionKind, ThreadState
from lib.services import demo, followups, handovers, leads, notices, responses
from lib.services.demo import Volume
from lib.services.leads import LeadQuery
from lib.store.engine import Database
from lib.store.models import Account, AuditEntry, Event, EventItem, Interest, Organization, Submission, Thread
from tests.samples import BAOTOU, CANARY, person

KEEPER = Actor(role=Role.ADMINISTRATOR, name="测试")
CHIFENG = "150400"


@pytest.fixture
def event(loaded: Database) -> int:
    """The demonstration roadshow that comes, in 赤峰."""
    demo.create(loaded, Volume(roadshows=True), actor=KEEPER)
    with loaded.read() as session:
        found = session.scalars(select(Event.id).where(Event.origin == "demo").order_by(Event.starts_at.desc()))
        return found.first() or 0


@pytest.fixture
def host(loaded: Database) -> Actor:
    return person(loaded, Role.OFFICIAL, scope=CHIFENG, name="赤峰主办")


@pytest.fixture
def interest(loaded: Database, event: int) -> int:
    with loaded.read() as session:
        item = session.scalars(
            select(EventItem.id).where(EventItem.event_id == event, EventItem.achievement_id.is_not(None))
        ).first()
    told = {"id": token_hex(16), "item": item, "name": "张三", "phone": CANARY, "consent": "1", "note": "=1+1"}
    responses.keep(loaded, event, "intention", told, device="d" * 64, actor=VISITOR)
    with loaded.read() as session:
        return session.scalars(select(Interest.id).where(Interest.event_id == event)).one()


@pytest.fixture
def crowd(loaded: Database, event: int, interest: int) -> dict[str, Actor]:
    """Accounts near and far; the record that the intention is about belongs to an organization with a member."""
    with loaded.write() as session:
        ours, theirs = session.scalars(select(Organization.id).order_by(Organization.id).limit(2))
        record = session.get_one(Interest, interest).achievement_id
    owner = person(loaded, Role.MEMBER, organization_id=ours, name="单位成员")
    with loaded.write() as session:
        session.add(
            Submission(
                kind=SubmissionKind.ACHIEVEMENT.value, receipt="CG-20260101-0001", draft_id=token_hex(16),
                state="published", title="成果", content={}, levels={}, sealed={}, contact_name="", contact_phone="",
                record_id=record, organization_id=ours, submitted_at=now_utc(),
            )
        )  # fmt: skip
    return {
        "owner": owner,
        "organizer": person(loaded, Role.ORGANIZER, events=frozenset({event}), name="主办人"),
        "keeper": person(loaded, Role.ADMINISTRATOR, name="管理员"),
        "other organizer": person(loaded, Role.ORGANIZER, name="别场主办人"),
        "other member": person(loaded, Role.MEMBER, organization_id=theirs, name="别的单位"),
        "other official": person(loaded, Role.OFFICIAL, scope=BAOTOU, name="包头主管"),
        "applicant": person(loaded, Role.APPLICANT, organization_id=ours, name="没审核"),
    }


def thread(database: Database, interest: int) -> Thread:
    with database.read() as session:
        return session.scalars(select(Thread).where(Thread.interest_id == interest)).one()


def told(database: Database, actor: Actor) -> list[str]:
    with database.read() as session:
        return [one.title for one in notices.listing(session, actor=actor).items]


def sheet(file: bytes, name: str) -> list[list[Any]]:
    return list(CalamineWorkbook.from_filelike(io.BytesIO(file)).get_sheet_by_name(name).to_python())


def test_the_heirs_are_exactly_those_who_may_follow_it_up(
    loaded: Database, interest: int, host: Actor, crowd: dict[str, Actor]
) -> None:
    off = person(loaded, Role.OFFICIAL, scope=CHIFENG, name="停用的")
    with loaded.write() as session:
        session.get_one(Account, off.account_id).active = False
    with loaded.read() as session:
        found = {heir.id for heir in handovers.heirs(session, interest, actor=host)}
        may = set()
        for actor in (*crowd.values(), host):
            try:
                leads.read(session, interest, actor=actor)
                may.add(actor.account_id)
            except (AccessDenied, NotFound):
                pass
        with pytest.raises(NotFound):
            handovers.heirs(session, interest, actor=crowd["other official"])
    assert found == may == {crowd[name].account_id for name in ("owner", "organizer", "keeper")} | {host.account_id}


def test_who_gets_it_and_who_had_it_are_told_once(
    loaded: Database, interest: int, host: Actor, crowd: dict[str, Actor]
) -> None:
    owner, organizer = crowd["owner"], crowd["organizer"]
    followups.take(loaded, interest, today_shanghai(), actor=organizer)
    version = thread(loaded, interest).version
    heir = owner.account_id or 0
    for _ in range(2):
        handovers.hand_over(loaded, interest, heir, version, actor=host)
    kept = thread(loaded, interest)
    assert (kept.owner_id, kept.due_on) == (heir, today_shanghai()), "what is due stays due"
    assert told(loaded, owner) == ["赤峰主办把一条意向转给您跟进"]
    assert told(loaded, organizer) == ["您的线索转给单位成员跟进"]
    with loaded.read() as session:
        noted = session.scalars(select(AuditEntry).where(AuditEntry.action == "thread.hand")).all()
        assert [(one.detail["before"], one.detail["after"]) for one in noted] == [(organizer.account_id, heir)]
        assert [lead.owner for lead in leads.reminders(session, actor=owner)] == ["单位成员"]
    with pytest.raises(Conflict):
        handovers.hand_over(loaded, interest, organizer.account_id or 0, version, actor=host)
    followups.take(loaded, interest, None, actor=organizer)
    assert told(loaded, owner)[0] == "主办人接着跟进您的线索"


def test_one_that_nobody_took_can_be_given_to_somebody(
    loaded: Database, interest: int, host: Actor, crowd: dict[str, Actor]
) -> None:
    heir = crowd["organizer"].account_id or 0
    with pytest.raises(Conflict):
        handovers.hand_over(loaded, interest, heir, 7, actor=host)
    handovers.hand_over(loaded, interest, heir, 0, actor=host)
    assert (thread(loaded, interest).owner_id, thread(loaded, interest).state) == (heir, ThreadState.OPEN.value)


@pytest.mark.parametrize("name", ["other organizer", "other member", "other official", "applicant"])
def test_nobody_gets_what_they_may_not_follow_up(
    loaded: Database, interest: int, host: Actor, crowd: dict[str, Actor], name: str
) -> None:
    number = followups.take(loaded, interest, None, actor=host)
    version = thread(loaded, interest).version
    for stranger in (crowd[name].account_id or 0, 999_999):
        with pytest.raises(InvalidInput, match="不能跟进"):
            handovers.hand_over(loaded, interest, stranger, version, actor=host)
    with pytest.raises(AccessDenied):
        handovers.hand_over(loaded, interest, host.account_id or 0, version, actor=crowd[name])
    assert thread(loaded, interest).owner_id == host.account_id
    assert thread(loaded, interest).id == number
    assert told(loaded, crowd[name]) == []


def test_what_is_signed_stays_where_it_is(
    loaded: Database, interest: int, host: Actor, crowd: dict[str, Actor]
) -> None:
    number = followups.take(loaded, interest, None, actor=host)
    for state, values in ((ThreadState.CONTACTED, {}), (ThreadState.SIGNED, {"signed_on": today_shanghai()})):
        followups.step(loaded, number, state, thread(loaded, interest).version, values, actor=host)
    with pytest.raises(Conflict, match="不用再转交"):
        handovers.hand_over(
            loaded, interest, crowd["owner"].account_id or 0, thread(loaded, interest).version, actor=host
        )


def test_the_list_is_narrowed_by_owner_and_due_day_and_the_file_holds_exactly_that(
    loaded: Database, interest: int, host: Actor, event: int
) -> None:
    number = followups.take(loaded, interest, today_shanghai() + timedelta(days=1), actor=host)
    version = thread(loaded, interest).version
    values = {"note": '=HYPERLINK("x")', "due_on": today_shanghai() + timedelta(days=1)}
    followups.step(loaded, number, ThreadState.CONTACTED, version, values, actor=host)
    asked = {"owner": str(host.account_id), "due": "soon", "event": str(event), "view": "contacted"}
    queries = [
        LeadQuery.of({}),
        LeadQuery.of(asked),
        LeadQuery.of({"view": "'", "owner": "x", "due": "?", "page": "0"}),
    ]
    queries += [LeadQuery(due=due) for due in leads.DUES]
    for query in queries:
        with loaded.read() as session:
            pages = leads.listing(session, query, actor=host)
            every = list(pages.items)
            for page in range(2, pages.pages + 1):
                every += leads.listing(session, LeadQuery(**{**vars(query), "page": page}), actor=host).items
        file = leads.export_list(loaded, query, actor=host)
        rows = sheet(file, "对接跟进")[1:]
        assert [row[0] for row in rows] == [lead.interest_id for lead in every], query
        assert pages.total == len(rows)
        assert b"<f>" not in zipfile.ZipFile(io.BytesIO(file)).read("xl/worksheets/sheet1.xml")
        text = repr(rows) + repr(sheet(file, "说明"))
        assert CANARY not in text
        assert "张三" not in text
    with loaded.read() as session:
        one = leads.listing(session, LeadQuery.of(asked), actor=host)
        assert ([lead.interest_id for lead in one.items], one.owners[host.account_id or 0]) == ([interest], "赤峰主办")
        noted = session.scalars(select(AuditEntry).where(AuditEntry.action == "thread.export")).all()
    assert noted[1].detail["filters"] == asked
    stranger = person(loaded, Role.OFFICIAL, scope=BAOTOU)
    assert len(sheet(leads.export_list(loaded, LeadQuery(), actor=stranger), "对接跟进")) == 1
    with pytest.raises(AccessDenied):
        leads.export_list(loaded, LeadQuery(), actor=VISITOR)


def test_a_step_and_a_handover_at_once_wait_for_each_other(
    loaded: Database, interest: int, host: Actor, crowd: dict[str, Actor]
) -> None:
    number = followups.take(loaded, interest, None, actor=host)
    followups.step(loaded, number, ThreadState.CONTACTED, thread(loaded, interest).version, {}, actor=host)
    both = (crowd["owner"].account_id or 0, crowd["organizer"].account_id or 0)
    done: list[str] = []

    def hand(place: int) -> None:
        with contextlib.suppress(Conflict):
            version = thread(loaded, interest).version
            handovers.hand_over(loaded, interest, both[place % 2], version, actor=host)
            done.append("hand")

    def note(place: int) -> None:
        with contextlib.suppress(Conflict):
            version = thread(loaded, interest).version
            followups.step(loaded, number, ThreadState.CONTACTED, version, {"note": f"第 {place} 次"}, actor=host)
            done.append("note")

    with ThreadPoolExecutor(8) as pool:
        for work in [pool.submit((hand, note)[place % 2], place // 2) for place in range(60)]:
            work.result()
    assert {"hand", "note"} == set(done)
    with loaded.read() as session:
        assert len(leads.read(session, interest, actor=host)[1]) == done.count("note") + 1
