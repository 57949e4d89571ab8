"""What is announced when an event moves, and who is told: the owners of its records, whoever comes to it."""

from datetime import datetime, time, timedelta
from secrets import token_hex

import pytest
from sqlalchemy import select

from lib.domain.access import VISITOR, Actor, Role
from lib.domain.dates import SHANGHAI, now_utc, today_shanghai
from lib.domain.vocabulary import ItemKind, SubmissionKind
from lib.services import attendance, deck, hosting, notices, programme, roadshows
from lib.store.engine import Database
from lib.store.models import Achievement, Organization, Submission
from tests.samples import person, roadshow
from tests.services.test_hosting import (  # noqa: F401
    announced,
    drafted,
    event,
    fill,
    official,
    records,
    version,
)

LATER = datetime.combine(today_shanghai() + timedelta(days=9), time(14))
POSTPONED = {"starts": LATER, "ends": LATER + timedelta(hours=2)}


def publish(database: Database, event_id: int, actor: Actor) -> None:
    programme.publish(database, event_id, drafted(database, event_id, actor).stamp, anyway=True, actor=actor)


def told(database: Database, actor: Actor) -> list[tuple[str, dict[str, str]]]:
    with database.read() as session:
        return [(one.title, dict(one.query)) for one in notices.listing(session, actor=actor).items]


@pytest.fixture
def owner(loaded: Database) -> Actor:
    """A member of the organization that the first achievement of the catalogue belongs to."""
    record = records(loaded, Achievement, 1)[0]
    with loaded.read() as session:
        ours = session.scalars(select(Organization.id).order_by(Organization.id)).first()
    with loaded.write() as session:
        session.add(
            Submission(
                kind=SubmissionKind.ACHIEVEMENT.value, receipt="CG-20260101-0001", draft_id=token_hex(16),
                state="published", title="成果", content={}, levels={}, sealed={}, contact_name="", contact_phone="",
                record_id=record, organization_id=ours, submitted_at=now_utc(),
            )
        )  # fmt: skip
    return person(loaded, Role.MEMBER, organization_id=ours)


def test_an_event_that_moved_tells_no_time_of_an_item_until_its_programme_is_published_anew(
    loaded: Database,
    official: Actor,  # noqa: F811
    event: int,  # noqa: F811
) -> None:
    items = fill(loaded, event, official)
    hosting.publish(loaded, event, version(loaded, event), actor=official)
    publish(loaded, event, official)
    before = announced(loaded, event)
    assert (before.moved, drafted(loaded, event, official).moved) == (False, False)
    assert all(item.starts for item in before.items)

    assert not hosting.save(loaded, event, roadshow(venue="3 号厅"), version(loaded, event), actor=official)
    assert announced(loaded, event) == before, "another hall moves nothing"

    assert hosting.save(loaded, event, roadshow(**POSTPONED), version(loaded, event), actor=official)
    shown, draft = announced(loaded, event), drafted(loaded, event, official)
    assert (shown.moved, shown.number, draft.moved, draft.unpublished) == (True, 1, True, True)
    assert [item.id for item in shown.items] == items
    assert [item.starts for item in shown.items] == [None] * len(items)
    with loaded.read() as session:
        slides = deck.read(session, event, actor=VISITOR).slides
        assert all(one.starts is None for one in deck.items_of(slides))
        assert roadshows.read_event(session, event, actor=VISITOR).programme.moved

    publish(loaded, event, official)
    after = announced(loaded, event)
    assert (after.moved, after.number) == (False, 2)
    assert after.items[0].starts == LATER.replace(tzinfo=SHANGHAI)
    assert not hosting.save(loaded, event, roadshow(**POSTPONED), version(loaded, event), actor=official)


def test_an_event_that_moves_back_tells_its_times_again(
    loaded: Database,
    official: Actor,  # noqa: F811
    event: int,  # noqa: F811
) -> None:
    fill(loaded, event, official)
    hosting.publish(loaded, event, version(loaded, event), actor=official)
    publish(loaded, event, official)
    before = announced(loaded, event)
    assert hosting.save(loaded, event, roadshow(**POSTPONED), version(loaded, event), actor=official)
    assert not hosting.save(loaded, event, roadshow(), version(loaded, event), actor=official)
    assert announced(loaded, event) == before


def test_the_owner_of_a_record_is_told_once_that_it_is_on_an_announced_programme(
    loaded: Database,
    official: Actor,  # noqa: F811
    event: int,  # noqa: F811
    owner: Actor,
) -> None:
    talk = programme.add_line(
        loaded, event, ItemKind.TALK, {"title": "致辞"}, drafted(loaded, event, official).stamp, actor=official
    )
    publish(loaded, event, official)
    item, *_ = fill(loaded, event, official)
    assert talk != item
    publish(loaded, event, official)
    assert told(loaded, owner) == [], "a draft is nobody's business"
    hosting.publish(loaded, event, version(loaded, event), actor=official)
    expected = ("您的记录排进了活动议程", {"id": str(event), "item": str(item)})
    assert told(loaded, owner) == [expected]
    programme.edit(loaded, event, talk, {"minutes": 33}, drafted(loaded, event, official).stamp, actor=official)
    publish(loaded, event, official)
    assert told(loaded, owner) == [expected], "it stood there before"
    programme.remove(loaded, event, item, drafted(loaded, event, official).stamp, actor=official)
    publish(loaded, event, official)
    record = records(loaded, Achievement, 1)[0]
    stamp = drafted(loaded, event, official).stamp
    again = programme.add_record(loaded, event, ItemKind.ACHIEVEMENT, record, stamp, actor=official)
    publish(loaded, event, official)
    assert told(loaded, owner)[0] == ("您的记录排进了活动议程", {"id": str(event), "item": str(again)})
    assert len(told(loaded, owner)) == 2


def test_whoever_comes_is_told_of_another_time_and_of_nothing_else(
    loaded: Database,
    official: Actor,  # noqa: F811
    event: int,  # noqa: F811
) -> None:
    guest = person(loaded, Role.MEMBER)
    hosting.publish(loaded, event, version(loaded, event), actor=official)
    contact = {"name": "来宾", "phone": "13912340000", "consent": "1"}
    attendance.register(loaded, event, token_hex(16), contact, actor=guest)
    before = len(told(loaded, guest))
    hosting.save(loaded, event, roadshow(introduction="介绍"), version(loaded, event), actor=official)
    assert len(told(loaded, guest)) == before
    hosting.save(loaded, event, roadshow(**POSTPONED), version(loaded, event), actor=official)
    assert told(loaded, guest)[0] == ("活动的时间或地点改了", {"id": str(event)})
    assert len(told(loaded, guest)) == before + 1
