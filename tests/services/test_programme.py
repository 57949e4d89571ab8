"""A programme between two people and two clicks: what is announced, what is stale, and what a cancelled event tells."""

from datetime import timedelta

import pytest
from sqlalchemy import update

from lib.domain.access import Actor, Role
from lib.domain.dates import today_shanghai
from lib.domain.errors import Conflict, InvalidInput
from lib.domain.vocabulary import ItemKind, SubmissionKind
from lib.services import hosting, programme, submissions
from lib.store.engine import Database
from lib.store.models import Achievement, Demand, Event, Submission
from tests.samples import person, registration, roadshow
from tests.services.test_hosting import (  # noqa: F401
    DRAFT,
    announced,
    drafted,
    event,
    fill,
    official,
    records,
    version,
)


def test_a_draft_goes_with_the_versions_of_its_programme(loaded: Database, official: Actor, event: int) -> None:  # noqa: F811
    items = fill(loaded, event, official, 1)
    programme.publish(loaded, event, drafted(loaded, event, official).stamp, actor=official)
    for item in items:
        programme.remove(loaded, event, item, drafted(loaded, event, official).stamp, actor=official)
    hosting.remove(loaded, event, version(loaded, event), actor=official)
    with loaded.read() as session:
        assert session.get(Event, event) is None


def test_other_words_for_a_talk_are_announced_with_the_next_version(
    loaded: Database,
    official: Actor,  # noqa: F811
    event: int,  # noqa: F811
) -> None:
    *_, talk = fill(loaded, event, official)
    hosting.publish(loaded, event, version(loaded, event), actor=official)
    programme.publish(loaded, event, drafted(loaded, event, official).stamp, actor=official)
    shown = announced(loaded, event)
    programme.edit(
        loaded, event, talk, {"title": "另一个题目", "unit": "另一个单位"},
        drafted(loaded, event, official).stamp, actor=official,
    )  # fmt: skip
    assert announced(loaded, event) == shown
    assert drafted(loaded, event, official).unpublished
    programme.publish(loaded, event, drafted(loaded, event, official).stamp, actor=official)
    last = announced(loaded, event).items[-1]
    assert (last.title, last.unit) == ("另一个题目", "另一个单位")


def test_a_second_click_adds_nothing_and_refuses_nothing(loaded: Database, official: Actor, event: int) -> None:  # noqa: F811
    record = records(loaded, Achievement, 1)[0]
    stamp = drafted(loaded, event, official).stamp
    first = programme.add_record(loaded, event, ItemKind.ACHIEVEMENT, record, stamp, actor=official)
    assert programme.add_record(loaded, event, ItemKind.ACHIEVEMENT, record, stamp, actor=official) == first
    assert len(drafted(loaded, event, official).lines) == 1


def test_a_change_returns_the_stamp_of_what_it_made(loaded: Database, official: Actor, event: int) -> None:  # noqa: F811
    first, _, talk = fill(loaded, event, official)
    stamp = drafted(loaded, event, official).stamp
    for after in (
        programme.edit(loaded, event, first, {"minutes": 12}, stamp, actor=official),
        programme.move(loaded, event, talk, 0, drafted(loaded, event, official).stamp, actor=official),
        programme.remove(loaded, event, first, drafted(loaded, event, official).stamp, actor=official),
    ):
        assert after != stamp
    assert after == drafted(loaded, event, official).stamp
    with pytest.raises(Conflict):
        programme.edit(loaded, event, talk, {"minutes": 12}, stamp, actor=official)


def test_a_demand_that_wanted_to_be_met_before_the_day_is_named(loaded: Database, official: Actor, event: int) -> None:  # noqa: F811
    record = records(loaded, Demand, 1)[0]
    with loaded.write() as session:
        session.get_one(Demand, record).deadline = today_shanghai()
    stamp = drafted(loaded, event, official).stamp
    programme.add_record(loaded, event, ItemKind.DEMAND, record, stamp, actor=official)
    (conflict,) = drafted(loaded, event, official).conflicts
    assert not conflict.hard
    assert f"希望完成的日期 {today_shanghai()}" in conflict.sentence


def test_who_took_a_registration_back_is_not_told_of_the_cancellation(
    loaded: Database,
    official: Actor,  # noqa: F811
    event: int,  # noqa: F811
) -> None:
    member = person(loaded, Role.MEMBER)
    hosting.publish(loaded, event, version(loaded, event), actor=official)
    submissions.submit(loaded, SubmissionKind.REGISTRATION, "a" * 32, registration(event), actor=member)
    with loaded.write() as session:
        session.execute(update(Submission).where(Submission.event_id == event).values(state="withdrawn"))
    assert hosting.cancel(loaded, event, "场地临时不能用", version(loaded, event), actor=official) == 0


def test_registration_cannot_begin_when_all_is_over(loaded: Database, official: Actor) -> None:  # noqa: F811
    late = roadshow(registration_opens=roadshow()["ends"] + timedelta(days=3))
    with pytest.raises(InvalidInput) as refused:
        hosting.create(loaded, DRAFT, late, actor=official)
    assert list(refused.value.fields) == ["registration_opens"]


def test_one_item_at_another_place_is_one_change(loaded: Database, official: Actor, event: int) -> None:  # noqa: F811
    *_, talk = fill(loaded, event, official)
    programme.publish(loaded, event, drafted(loaded, event, official).stamp, actor=official)
    programme.move(loaded, event, talk, 0, drafted(loaded, event, official).stamp, actor=official)
    programme.publish(loaded, event, drafted(loaded, event, official).stamp, actor=official)
    with loaded.read() as session:
        assert programme.versions(session, event, actor=official)[0].changes.moved == (talk,)


def test_what_was_announced_stays_until_the_next_version(loaded: Database, official: Actor, event: int) -> None:  # noqa: F811
    first, second, talk = fill(loaded, event, official)
    hosting.publish(loaded, event, version(loaded, event), actor=official)
    programme.publish(loaded, event, drafted(loaded, event, official).stamp, actor=official)
    programme.remove(loaded, event, first, drafted(loaded, event, official).stamp, actor=official)
    assert [item.id for item in announced(loaded, event).items] == [first, second, talk]
    assert drafted(loaded, event, official).unpublished
    programme.publish(loaded, event, drafted(loaded, event, official).stamp, actor=official)
    assert [item.id for item in announced(loaded, event).items] == [second, talk]
    assert [line.item.id for line in drafted(loaded, event, official).lines] == [second, talk]
