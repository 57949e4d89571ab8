"""Running events: made once, seen by nobody before it is published, changed only as it was seen, within one's reach."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from lib.domain.access import VISITOR, Actor, Role
from lib.domain.errors import AccessDenied, Conflict, InvalidInput, NotFound
from lib.domain.vocabulary import EventState, ItemKind
from lib.services import accounts, hosting, notices, programme, roadshows
from lib.services.roadshows import EventQuery
from lib.store.engine import Database
from lib.store.models import Achievement, AuditEntry, Demand, Event, EventItem, EventOrganizer, ProgrammeVersion
from tests.samples import BAOTOU, XILINGOL, person, roadshow

DRAFT = "d" * 32


@pytest.fixture
def official(loaded: Database) -> Actor:
    return person(loaded, Role.OFFICIAL, scope=XILINGOL)


@pytest.fixture
def event(loaded: Database, official: Actor) -> int:
    return hosting.create(loaded, DRAFT, roadshow(), actor=official)


def version(database: Database, event_id: int) -> int:
    with database.read() as session:
        return session.get_one(Event, event_id).version


def drafted(database: Database, event_id: int, actor: Actor) -> programme.Draft:
    with database.read() as session:
        return programme.draft(session, event_id, actor=actor)


def announced(database: Database, event_id: int, actor: Actor = VISITOR) -> programme.Programme:
    with database.read() as session:
        return programme.published(session, event_id, actor=actor)


def records(database: Database, entity: Any, count: int) -> list[int]:
    with database.read() as session:
        return list(session.scalars(select(entity.id).order_by(entity.id).limit(count)))


def fill(database: Database, event_id: int, actor: Actor, count: int = 2) -> list[int]:
    """Put achievements and a talk on the programme; returns the items."""
    items = []
    for record in records(database, Achievement, count):
        stamp = drafted(database, event_id, actor).stamp
        items.append(programme.add_record(database, event_id, ItemKind.ACHIEVEMENT, record, stamp, actor=actor))
    stamp = drafted(database, event_id, actor).stamp
    talk = {"title": "政策解读", "minutes": 20, "presenter": "赵六", "unit": "自治区科技厅"}
    items.append(programme.add_line(database, event_id, ItemKind.TALK, talk, stamp, actor=actor))
    return items


# ------------------------------------------------------------------ the event itself
def test_a_repeat_makes_it_once_and_nobody_else_sees_the_draft(loaded: Database, official: Actor, event: int) -> None:
    assert hosting.create(loaded, DRAFT, roadshow(title="别的名字别的名字"), actor=official) == event
    with loaded.read() as session:
        found = hosting.read(session, event, actor=official)
        assert (found.state, found.values["starts"], found.values["capacity"]) == (
            EventState.DRAFT, roadshow()["starts"], 3,
        )  # fmt: skip
        assert [one.id for one in hosting.listing(session, actor=official)][:1] == [event]
        entry = session.scalars(select(AuditEntry).order_by(AuditEntry.id.desc()).limit(1)).one()
        assert (entry.action, entry.object_id, entry.league_code) == ("event.create", str(event), XILINGOL)
        with pytest.raises(NotFound):
            programme.published(session, event, actor=VISITOR)
        with pytest.raises(NotFound):
            roadshows.read_event(session, event, actor=VISITOR)
        assert roadshows.search_events(session, EventQuery(q="新能源科技成果路演"), actor=VISITOR).total == 0


def test_published_changed_and_called_off(loaded: Database, official: Actor, event: int) -> None:
    hosting.publish(loaded, event, version(loaded, event), actor=official)
    with loaded.read() as session:
        assert roadshows.search_events(session, EventQuery(q="新能源科技成果路演"), actor=VISITOR).coming == 1
    stale = version(loaded, event)
    hosting.save(loaded, event, roadshow(title="锡林郭勒盟新能源与储能路演"), stale, actor=official)
    with pytest.raises(Conflict):
        hosting.save(loaded, event, roadshow(), stale, actor=official)
    now = version(loaded, event)
    hosting.save(loaded, event, roadshow(title="锡林郭勒盟新能源与储能路演"), now, actor=official)
    assert version(loaded, event) == now, "nothing changed, so nothing is written"
    with pytest.raises(InvalidInput):
        hosting.cancel(loaded, event, "不", now, actor=official)
    hosting.cancel(loaded, event, "场地临时不能用", now, actor=official)
    with loaded.read() as session:
        page = roadshows.search_events(session, EventQuery(q="储能路演"), actor=VISITOR)
        assert (page.total, page.coming) == (1, 0)
        assert page.items[0].state is EventState.CANCELLED


def test_an_official_stays_in_the_own_place_and_an_organizer_with_the_own_events(
    loaded: Database, official: Actor, event: int
) -> None:
    far = person(loaded, Role.OFFICIAL, scope=BAOTOU)
    organizer = person(loaded, Role.ORGANIZER)
    for actor in (far, organizer):
        with pytest.raises(AccessDenied):
            hosting.publish(loaded, event, version(loaded, event), actor=actor)
    with pytest.raises(AccessDenied):
        hosting.create(loaded, "e" * 32, roadshow(league=BAOTOU), actor=official)
    with pytest.raises(AccessDenied):
        hosting.create(loaded, "e" * 32, roadshow(), actor=person(loaded, Role.MEMBER))
    own = hosting.create(loaded, "f" * 32, roadshow(league=BAOTOU), actor=organizer)
    with loaded.read() as session:
        assert session.get(EventOrganizer, (organizer.account_id, own)) is not None
    fresh = Actor(Role.ORGANIZER, organizer.account_id, events=frozenset({own}))
    hosting.publish(loaded, own, version(loaded, own), actor=fresh)
    with pytest.raises(Conflict, match="已公布的请取消"):
        hosting.remove(loaded, own, version(loaded, own), actor=fresh)
    hosting.remove(loaded, event, version(loaded, event), actor=official)
    with loaded.read() as session:
        assert session.get(Event, event) is None


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"title": "路演"}, "title"),
        ({"kind": "聚会"}, "kind"),
        ({"starts": None}, "starts"),
        ({"ends": roadshow()["starts"]}, "ends"),
        ({"league": "", "city": ""}, "league"),
        ({"league": "999900"}, "league"),
        ({"banner": "150203"}, "banner"),
        ({"venue": ""}, "venue"),
        ({"stream_url": "javascript:alert(1)"}, "stream_url"),
        ({"stream_url": "http://example.com/live"}, "stream_url"),
        ({"capacity": 0}, "capacity"),
        ({"capacity": 2.5}, "capacity"),
        ({"registration_closes": roadshow()["ends"] + timedelta(hours=1)}, "registration_closes"),
        (
            {"registration_opens": roadshow()["starts"], "registration_closes": roadshow()["starts"]},
            "registration_closes",
        ),
        ({"introduction": "机密★10年"}, "introduction"),
    ],
)
def test_bad_input_gets_one_sentence_and_writes_nothing(
    loaded: Database, official: Actor, changes: dict[str, Any], field: str
) -> None:
    with pytest.raises(InvalidInput) as refused:
        hosting.create(loaded, DRAFT, roadshow(**changes), actor=official)
    assert list(refused.value.fields) == [field]
    assert refused.value.fields[field].endswith("。")
    with loaded.read() as session:
        assert session.scalar(select(func.count()).select_from(Event).where(Event.load_key == f"hosting:{DRAFT}")) == 0


# ------------------------------------------------------------------ its programme
def test_a_programme_is_built_moved_published_and_versioned(loaded: Database, official: Actor, event: int) -> None:
    first, second, talk = fill(loaded, event, official)
    now = drafted(loaded, event, official)
    assert [line.item.id for line in now.lines] == [first, second, talk]
    assert now.lines[0].item.starts is not None
    assert now.minutes == 8 + 8 + 20
    programme.move(loaded, event, talk, 0, now.stamp, actor=official)
    with pytest.raises(Conflict):
        programme.move(loaded, event, talk, 2, now.stamp, actor=official)
    now = drafted(loaded, event, official)
    hosting.publish(loaded, event, version(loaded, event), actor=official)
    assert announced(loaded, event).items == (), "picked, and not announced yet"
    assert programme.publish(loaded, event, now.stamp, actor=official) == 1
    assert programme.publish(loaded, event, now.stamp, actor=official) == 1, "the same draft is the same version"
    shown = announced(loaded, event)
    assert [item.id for item in shown.items] == [talk, first, second]
    assert (shown.items[1].starts - shown.items[0].starts) == timedelta(minutes=20)  # type: ignore[operator]
    programme.edit(
        loaded, event, first, {"minutes": 12, "room": "二厅"}, drafted(loaded, event, official).stamp, actor=official
    )
    assert announced(loaded, event) == shown, "what was announced stands until the next version"
    programme.remove(loaded, event, second, drafted(loaded, event, official).stamp, actor=official)
    assert programme.publish(loaded, event, drafted(loaded, event, official).stamp, actor=official) == 2
    with loaded.read() as session:
        newest, oldest = programme.versions(session, event, actor=VISITOR)
    assert (newest.number, newest.changes.removed, newest.changes.retimed) == (2, (second,), (first,))
    assert (oldest.number, oldest.items, bool(oldest.changes)) == (1, 3, False)


def test_a_record_is_on_it_once_and_only_while_it_is_public(loaded: Database, official: Actor, event: int) -> None:
    first, *_ = fill(loaded, event, official)
    record = records(loaded, Achievement, 1)[0]
    again = programme.add_record(
        loaded, event, ItemKind.ACHIEVEMENT, record, drafted(loaded, event, official).stamp, actor=official
    )
    assert again == first
    with pytest.raises(NotFound):
        programme.add_record(
            loaded, event, ItemKind.DEMAND, 10**6, drafted(loaded, event, official).stamp, actor=official
        )
    hosting.publish(loaded, event, version(loaded, event), actor=official)
    programme.publish(loaded, event, drafted(loaded, event, official).stamp, actor=official)
    with loaded.write() as session:
        session.delete(session.get_one(Achievement, record))
    assert first not in {item.id for item in announced(loaded, event).items}
    now = drafted(loaded, event, official)
    assert now.conflicts[0].hard
    assert now.conflicts[0].entries == (first,)
    stamp = drafted(loaded, event, official).stamp
    programme.edit(loaded, event, first, {"minutes": 9}, stamp, actor=official)
    with pytest.raises(InvalidInput, match="没有公开或已撤下"):
        programme.publish(loaded, event, drafted(loaded, event, official).stamp, anyway=True, actor=official)


def test_what_does_not_fit_is_published_only_on_purpose(loaded: Database, official: Actor, event: int) -> None:
    *_, talk = fill(loaded, event, official)
    programme.edit(loaded, event, talk, {"minutes": 300}, drafted(loaded, event, official).stamp, actor=official)
    stamp = drafted(loaded, event, official).stamp
    with pytest.raises(InvalidInput, match="晚 196 分钟"):
        programme.publish(loaded, event, stamp, actor=official)
    assert programme.publish(loaded, event, stamp, anyway=True, actor=official) == 1


def test_a_registered_project_leaves_the_programme_and_stays_in_the_list(
    loaded: Database, official: Actor, event: int
) -> None:
    with loaded.write() as session:
        session.add(EventItem(event_id=event, title="报名的项目", minutes=8))
    hosting.publish(loaded, event, version(loaded, event), actor=official)
    item = announced(loaded, event).items[0]
    assert (item.title, item.minutes) == ("报名的项目", None)
    programme.remove(loaded, event, item.id, drafted(loaded, event, official).stamp, actor=official)
    now = drafted(loaded, event, official)
    assert [(line.item.id, line.on) for line in now.lines] == [(item.id, False)]
    with pytest.raises(InvalidInput, match="还没有项目"):
        programme.publish(loaded, event, now.stamp, actor=official)


@pytest.mark.parametrize(
    ("values", "field"),
    [({"minutes": 0}, "minutes"), ({"minutes": 601}, "minutes"), ({"minutes": "十"}, "minutes"),
     ({"room": "厅" * 41}, "room"), ({"title": ""}, "title"), ({"presenter": "\u202e"}, "presenter")],
)  # fmt: skip
def test_a_bad_line_is_refused(
    loaded: Database, official: Actor, event: int, values: dict[str, Any], field: str
) -> None:
    *_, talk = fill(loaded, event, official, 1)
    with pytest.raises(InvalidInput) as refused:
        programme.edit(loaded, event, talk, values, drafted(loaded, event, official).stamp, actor=official)
    assert list(refused.value.fields) == [field]


def test_those_who_registered_are_told_when_it_is_called_off(loaded: Database, official: Actor, event: int) -> None:
    from lib.domain.vocabulary import SubmissionKind
    from lib.services import submissions
    from tests.samples import registration

    member = person(loaded, Role.MEMBER)
    hosting.publish(loaded, event, version(loaded, event), actor=official)
    submissions.submit(loaded, SubmissionKind.REGISTRATION, "a" * 32, registration(event), actor=member)
    assert hosting.cancel(loaded, event, "场地临时不能用", version(loaded, event), actor=official) == 1
    with loaded.read() as session:
        assert notices.listing(session, actor=member).items[0].title == "活动已取消"


def test_demands_come_on_it_too(loaded: Database, official: Actor, event: int) -> None:
    record = records(loaded, Demand, 1)[0]
    stamp = drafted(loaded, event, official).stamp
    programme.add_record(loaded, event, ItemKind.DEMAND, record, stamp, actor=official)
    line = drafted(loaded, event, official).lines[0]
    assert (line.item.kind, line.item.demand_id) == (ItemKind.DEMAND, record)


def test_an_organizer_made_one_can_run_it_at_once(loaded: Database) -> None:
    """The actor is read anew each run, with the events that the account organizes."""
    organizer = person(loaded, Role.ORGANIZER)
    own = hosting.create(loaded, DRAFT, roadshow(), actor=organizer)
    with loaded.write() as session:
        token = accounts.start_login(session, organizer.account_id or 0, address="", agent="")
    with loaded.read() as session:
        assert own in accounts.actor_of(session, token).events
        assert session.scalar(select(func.count()).select_from(ProgrammeVersion)) == 0
