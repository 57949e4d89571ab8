"""A record as its page and its paper tell it: what is known, what is missing, whose it is, where it was shown."""

from collections.abc import Iterator
from datetime import timedelta
from secrets import token_hex

import pytest
from sqlalchemy import select, update

from lib.domain.access import VISITOR, Actor, Role
from lib.domain.dates import today_shanghai
from lib.domain.errors import InvalidInput, NotFound
from lib.domain.telling import Term
from lib.domain.vocabulary import SubmissionKind
from lib.services import records, roadshows, submissions
from lib.store.engine import Database
from lib.store.models import Achievement, Event, EventItem, Submission
from tests.conftest import LOADER
from tests.samples import achievement, military, person, registration, upcoming, whole_achievement, whole_demand
from tests.services.test_disclosure import People, publish

KIND = SubmissionKind.ACHIEVEMENT


@pytest.fixture
def people(loaded: Database) -> Iterator[People]:
    """Owner and others on the public facts."""
    return People(loaded)


def view(database: Database, record_id: int, actor: Actor = VISITOR) -> records.AchievementView:
    with database.read() as session:
        return records.achievement(session, record_id, actor=actor)


def shown_by(database: Database, actor: Actor) -> dict[int, str]:
    with database.read() as session:
        return records.own_achievements(session, actor=actor)


def test_a_whole_record_misses_nothing_and_counts_what_is_not_public_as_given(loaded: Database, people: People) -> None:
    open_to_all = publish(loaded, KIND, whole_achievement(), people.owner)
    levels = {"ip": "granted", "price": "granted", "indicators": "signed_in"}
    closed = publish(loaded, KIND, whole_achievement(title="另一项成果", levels=levels), people.owner)
    for number in (open_to_all, closed):
        assert view(loaded, number).told.completeness.missing == ()
    assert view(loaded, open_to_all).price == "320.00 万元"
    hidden = view(loaded, closed)
    assert hidden.price == "授权可见" and {"ip", "price", "indicators", "contact"} == set(hidden.told.closed)
    rights = {row[0]: row[1:] for row in records.rights_rows(hidden)}
    assert rights["发明专利"] == ("授权可见", "有效", "2043-01-05")
    assert rights["实用新型专利"][2].endswith("（已到期）") and rights["计算机软件著作权"][2].endswith(
        "（12 个月内到期）"
    )
    assert rights["技术秘密"] == ("无编号", "", "")
    assert view(loaded, closed, people.owner).told.own_id and hidden.told.own_id is None
    assert view(loaded, closed, people.other).told.own_id is None


def test_a_bare_public_fact_says_what_its_source_does_not_state(loaded: Database) -> None:
    with loaded.read() as session:
        number = session.scalar(select(Achievement.id).where(Achievement.award.contains("一等奖")).limit(1)) or 0
        bare = records.achievement(session, number, actor=VISITOR)
    told = records.missing_line(bare)
    assert told.startswith("来源没有写明：") and "技术成熟度" in told and "完成单位" not in told
    assert all(text for _, text in records.facts_of_achievement(bare, {}))
    assert records.terms_of(bare) == records.maturity(bare.record) == []
    assert bare.told.term is Term.NONE and [stage.lit for stage in bare.stages][:3] == [True, False, True]


def test_a_demand_tells_its_term_and_what_it_lacks(loaded: Database, people: People) -> None:
    number = publish(loaded, SubmissionKind.DEMAND, whole_demand(tried=""), people.owner)
    with loaded.read() as session:
        found = records.demand(session, number, actor=VISITOR)
        facts = dict(records.facts_of_demand(found, {}))
    assert records.missing_line(found) == "还缺：试过的办法。"
    assert (found.told.term, facts["预算"]) == (Term.SOON, "120.50 万元")


def test_nothing_is_missed_that_a_military_form_does_not_ask(loaded: Database, people: People) -> None:
    number = publish(loaded, SubmissionKind.MILITARY, military(), people.owner)
    with loaded.read() as session:
        assert records.missing_line(records.demand(session, number, actor=VISITOR)) == ""


def test_an_achievement_lists_the_events_where_it_was_shown(loaded: Database, people: People) -> None:
    number = publish(loaded, KIND, achievement(), people.owner)
    with loaded.read() as session:
        events = session.scalars(select(Event.id).order_by(Event.id).limit(2)).all()
    upcoming(loaded, *events)
    for event in (*events, events[0]):  # twice at the same event is one event
        publish(loaded, SubmissionKind.REGISTRATION, registration(event, achievement_id=number), people.colleague)
    assert {shown.event_id for shown in view(loaded, number).events} == set(events)
    with loaded.read() as session:
        assert {i.achievement_id for i in roadshows.read_event(session, events[0], actor=VISITOR).items} == {number}
    own = next(iter(shown_ids(loaded, people.owner)))
    submissions.withdraw(loaded, own, actor=people.owner)
    with loaded.read() as session:
        items = roadshows.read_event(session, events[0], actor=VISITOR).items
        assert session.scalar(select(EventItem.achievement_id).limit(1)) == number, "it keeps its number"
    assert len(items) == 2 and {item.achievement_id for item in items} == {None}


def shown_ids(database: Database, actor: Actor) -> list[int]:
    with database.read() as session:
        kept = Submission.account_id == actor.account_id, Submission.kind == KIND.value
        return list(session.scalars(select(Submission.id).where(*kept)))


def test_only_what_is_ones_own_and_published_may_be_shown(loaded: Database, people: People) -> None:
    number = publish(loaded, KIND, achievement(), people.owner)
    with loaded.read() as session:
        event = session.scalar(select(Event.id).limit(1)) or 0
        unit, fact = session.execute(
            select(Achievement.organization_id, Achievement.id).where(Achievement.organization_id.is_not(None)).limit(1)
        ).one()
    upcoming(loaded, event)
    theirs = person(loaded, Role.MEMBER, organization_id=unit)
    assert number in shown_by(loaded, people.owner) and number in shown_by(loaded, people.colleague)
    assert number not in shown_by(loaded, people.asker) and number not in shown_by(loaded, theirs)
    assert fact in shown_by(loaded, theirs), "a public fact about the own unit"
    values = registration(event, achievement_id=number)
    for stranger in (people.asker, theirs, VISITOR):
        with pytest.raises(InvalidInput, match="只能选本人或本单位已公开的"):
            submissions.submit(loaded, SubmissionKind.REGISTRATION, token_hex(16), values, actor=stranger)
    receipt = submissions.submit(loaded, SubmissionKind.REGISTRATION, token_hex(16), values, actor=people.owner)
    assert receipt.number.startswith("BM-")
    with pytest.raises(InvalidInput, match="只能选"):  # not there
        gone = registration(event, achievement_id=999_999)
        submissions.submit(loaded, SubmissionKind.REGISTRATION, token_hex(16), gone, actor=people.owner)


def test_a_record_whose_time_is_over_says_so_and_its_owner_may_renew(loaded: Database, people: People) -> None:
    number = publish(loaded, KIND, whole_achievement(), people.owner)
    over = today_shanghai() - timedelta(days=1)
    with loaded.write() as session:
        session.execute(update(Submission).where(Submission.record_id == number).values(valid_until=over))
        session.execute(update(Achievement).where(Achievement.id == number).values(valid_until=over))
    assert view(loaded, number).told.term is Term.OVER, "until the sweep comes by"
    with loaded.read() as session:
        assert records.gone(session, "achievement", 999_999, actor=VISITOR) is None
    submissions.expire(loaded, actor=LOADER)
    with loaded.read() as session:
        with pytest.raises(NotFound):
            records.achievement(session, number, actor=VISITOR)
        for actor in (VISITOR, people.other, people.owner):
            found = records.gone(session, "achievement", number, actor=actor)
            assert found is not None and found.expired == over
            assert (found.own_id is not None) is (actor is people.owner)


def test_the_paper_cuts_what_is_long_and_says_so(loaded: Database, people: People) -> None:
    lines = [{"indicator": f"指标{n}", "existing": "1", "ours": "长" * 100} for n in range(10)]
    number = publish(
        loaded,
        KIND,
        whole_achievement(summary="字" * 2000, comparison=lines, levels={"price": "granted"}),
        people.owner,
    )
    with loaded.read() as session:
        paper = records.sheet(session, "achievement", number, actor=people.owner, base="https://x.example")
    sections = {section.title: section for section in paper.sections}
    assert sections["成果简介"].text.endswith("…（全文见网页）") and len(sections["成果简介"].text) < 240
    kept = len(sections["对比基准"].rows)
    assert 0 < kept < 10 and sections["对比基准"].text == f"另有 {10 - kept} 行，见网页。"
    assert paper.address == f"https://x.example/achievements?id={number}"
    assert dict(paper.facts)["意向价格"] == "授权可见", "the same paper for whoever asks"
