"""Restricted fields: who may open what, requests and grants, revocation that counts at once."""

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from secrets import token_hex
from typing import Any

import pytest
from sqlalchemy import select

from lib.domain.access import VISITOR, Actor, Role
from lib.domain.dates import now_utc
from lib.domain.disclosure import FIELDS, level_of
from lib.domain.errors import AccessDenied, Conflict, InvalidInput, NotFound, ProductError
from lib.domain.submissions import Action
from lib.domain.vocabulary import AccessState, FieldLevel, SubmissionKind
from lib.services import disclosure, grants, notices, reviews, submissions
from lib.store.engine import Database
from lib.store.models import AccessRequest, Achievement, AuditEntry, Organization, Submission
from tests.samples import BAOTOU, CHECKED, XILINGOL, achievement, person

REASON = "用于评估年处理量两万吨的回收线，需要核对工艺参数。"


def publish(database: Database, kind: SubmissionKind, values: dict[str, Any], owner: Actor) -> int:
    """Hand a form in, have the region's administrator publish it; the id of the record."""
    receipt = submissions.submit(database, kind, token_hex(16), values, actor=owner)
    reviewer = person(database, Role.ADMINISTRATOR)
    with database.read() as session:
        found = session.scalars(select(Submission).where(Submission.receipt == receipt.number)).one()
    done = reviews.decide(database, found.id, Action.PUBLISH, "", found.version, actor=reviewer, checklist=CHECKED)
    assert done.record_id is not None
    return done.record_id


class People:
    """The owner and a colleague, officials here and elsewhere, two others who may ask, and who may not."""

    def __init__(self, database: Database) -> None:
        with database.read() as session:
            ours, theirs = session.scalars(select(Organization.id).limit(2))
        self.owner = person(database, Role.MEMBER, organization_id=ours)
        self.colleague = person(database, Role.MEMBER, organization_id=ours)
        self.official = person(database, Role.OFFICIAL, scope=XILINGOL)
        self.elsewhere = person(database, Role.OFFICIAL, scope=BAOTOU)
        self.asker = person(database, Role.MEMBER, organization_id=theirs)
        self.other = person(database, Role.BROKER)
        self.applicant = person(database, Role.APPLICANT)
        self.administrator = person(database, Role.ADMINISTRATOR)


@pytest.fixture
def scene(loaded: Database) -> Iterator[tuple[Database, People, int]]:
    """A published achievement: contact and formula 授权可见, indicators 登录可见, the price left to everybody."""
    people = People(loaded)
    values = achievement(
        formula="催化剂 3.7%", floor_price="80", price="200", levels={"indicators": "signed_in", "price": "public"}
    )
    yield loaded, people, publish(loaded, SubmissionKind.ACHIEVEMENT, values, people.owner)


def opened(database: Database, record_id: int, actor: Actor) -> set[str]:
    """The names that the actor may open, as the list says and as opening gives."""
    with database.read() as session:
        there = disclosure.restricted(session, "achievement", record_id, actor=actor)
    named = {field.name for field in there.fields if field.open}
    try:
        assert set(disclosure.view(database, "achievement", record_id, actor=actor)) == named
    except AccessDenied:
        assert not named
    return named


def ask(database: Database, record_id: int, actor: Actor, draft: str = "") -> int:
    return grants.request_access(database, draft or token_hex(16), "achievement", record_id, REASON, actor=actor)


def version(database: Database, request_id: int) -> int:
    with database.read() as session:
        return session.get_one(AccessRequest, request_id).version


def test_each_opens_what_is_theirs_to_open_and_every_opening_is_noted(scene: tuple[Database, People, int]) -> None:
    database, people, record = scene
    everything = {"contact", "floor_price", "formula", "indicators"}
    expected = {
        people.owner: everything,
        people.colleague: everything,
        people.official: everything,
        people.administrator: everything,
        people.elsewhere: {"indicators"},
        people.asker: {"indicators"},
        people.other: {"indicators"},
        people.applicant: set(),
        VISITOR: set(),
    }
    assert {actor.name: opened(database, record, actor) for actor in expected} == {
        actor.name: names for actor, names in expected.items()
    }
    with database.read() as session:
        entries = session.scalars(select(AuditEntry).where(AuditEntry.action == "field.view")).all()
        row = session.get_one(Achievement, record)
    assert {entry.actor for entry in entries} == {actor.name for actor, names in expected.items() if names}
    assert all(entry.league_code == XILINGOL for entry in entries)
    assert "3.7" not in str([entry.detail for entry in entries])
    assert (row.indicators, row.price) == ("", Decimal(2_000_000))


def test_a_grant_opens_for_a_time_and_only_to_whom_it_was_given(scene: tuple[Database, People, int]) -> None:
    database, people, record = scene
    draft = token_hex(16)
    request = ask(database, record, people.asker, draft)
    assert ask(database, record, people.asker, draft) == request
    with pytest.raises(Conflict, match="已经申请过"):
        ask(database, record, people.asker)
    seen = version(database, request)
    for _ in range(2):
        grants.decide(database, request, True, 30, "", seen, actor=people.owner)
    assert "formula" in opened(database, record, people.asker)
    assert "formula" not in opened(database, record, people.other)
    with database.read() as session:
        assert notices.unread(session, actor=people.owner) == 2  # published, asked
        assert notices.unread(session, actor=people.asker) == 1
        (mine,) = grants.requests_of(session, actor=people.asker).items
    assert (mine.label, mine.live) == ("已授权", True)
    with database.write() as session:
        session.get_one(AccessRequest, request).granted_until = now_utc() - timedelta(seconds=1)
    assert "formula" not in opened(database, record, people.asker)
    with database.read() as session:
        assert grants.requests_of(session, actor=people.asker).items[0].label == "已到期"


def test_taking_a_grant_back_or_the_record_closes_it_at_once(scene: tuple[Database, People, int]) -> None:
    database, people, record = scene
    requests = [ask(database, record, actor) for actor in (people.asker, people.other)]
    for request, by in zip(requests, (people.colleague, people.official), strict=True):
        grants.decide(database, request, True, 365, "", version(database, request), actor=by)
    grants.revoke(database, requests[0], actor=people.owner)
    grants.revoke(database, requests[0], actor=people.owner)
    assert opened(database, record, people.asker) == {"indicators"}
    assert "formula" in opened(database, record, people.other)
    with database.read() as session:
        number = session.scalars(select(Submission.id).where(Submission.record_id == record)).one()
    submissions.withdraw(database, number, actor=people.owner)
    for actor in (people.other, people.owner, people.official):
        with pytest.raises(NotFound):
            disclosure.view(database, "achievement", record, actor=actor)


def test_nobody_else_answers_and_nobody_answers_themself(scene: tuple[Database, People, int]) -> None:
    database, people, record = scene
    request = ask(database, record, people.asker)
    seen = version(database, request)
    for actor in (people.asker, people.other, people.elsewhere, people.applicant, VISITOR):
        with pytest.raises(AccessDenied):
            grants.decide(database, request, True, 30, "", seen, actor=actor)
        with pytest.raises(AccessDenied):
            grants.revoke(database, request, actor=actor)
    with database.read() as session:
        listed = {
            person.name: {item.id for item in grants.requests_for(session, AccessState.PENDING, actor=person).items}
            for person in (people.owner, people.official, people.elsewhere, people.asker, people.other)
        }
    assert [name for name, ids in listed.items() if ids] == [people.owner.name, people.official.name]


def test_what_cannot_be_is_refused_with_a_sentence(scene: tuple[Database, People, int]) -> None:
    database, people, record = scene
    request = ask(database, record, people.asker)
    seen = version(database, request)

    def request_with(reason: str, actor: Actor = people.other, kind: str = "achievement", number: int = record) -> Any:
        return lambda: grants.request_access(database, token_hex(16), kind, number, reason, actor=actor)

    def answer(grant: bool, days: int, comment: str, version: int = seen) -> Any:
        return lambda: grants.decide(database, request, grant, days, comment, version, actor=people.owner)

    cases: list[tuple[Any, type[ProductError], str]] = [
        (request_with("太短"), InvalidInput, "10 至 500"),
        (request_with("长" * 501), InvalidInput, "501"),
        (request_with(REASON + "\u202e"), InvalidInput, "控制字符"),
        (request_with(REASON, people.applicant), AccessDenied, "权限"),
        (request_with(REASON, VISITOR), AccessDenied, "登录"),
        (request_with(REASON, people.owner), Conflict, "不用申请"),
        (request_with(REASON, number=record + 999), NotFound, "没有需要授权"),
        (lambda: ask(database, record, people.other, "x"), InvalidInput, "编号"),
        (answer(True, 0, ""), InvalidInput, "1 至 365"),
        (answer(True, 366, ""), InvalidInput, "1 至 365"),
        (answer(False, 30, " "), InvalidInput, "一句说明"),
        (answer(False, 30, "长" * 201), InvalidInput, "删减"),
        (answer(True, 30, "", seen + 1), Conflict, "已经有人"),
        (lambda: grants.decide(database, 10**6, True, 1, "", 1, actor=people.owner), NotFound, "没有找到"),
        (lambda: grants.revoke(database, request, actor=people.owner), Conflict, "待办理"),
        (lambda: grants.withdraw(database, request, actor=people.other), NotFound, "没有找到"),
    ]
    for act, kind, words in cases:
        with pytest.raises(kind, match=words):
            act()
    grants.withdraw(database, request, actor=people.asker)
    grants.withdraw(database, request, actor=people.asker)
    with pytest.raises(Conflict):
        answer(True, 30, "", seen + 1)()
    with database.read() as session:
        assert grants.requests_of(session, actor=people.asker).items[0].label == "已撤回"
    assert ask(database, record, people.asker) != request


def test_a_choice_never_makes_a_field_more_public_than_it_may_be() -> None:
    for kind, fields in FIELDS.items():
        for field in fields:
            for choice in ("public", "signed_in", "granted", "", "nonsense"):
                level = level_of(kind, field.name, {field.name: choice})
                assert level == (choice if choice in field.levels else field.default)
    assert level_of(SubmissionKind.DEMAND, "contact_phone", {"contact": "public"}) is FieldLevel.GRANTED
    assert level_of(SubmissionKind.DEMAND, "title", {"title": "granted"}) is FieldLevel.PUBLIC
