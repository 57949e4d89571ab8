"""The demonstration roadshows: shown as demo, true to the rules of the tables, nobody in them can be called."""

import json
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import undefer

from lib.domain.access import VISITOR, Actor, Role
from lib.domain.dates import now_utc
from lib.domain.errors import Conflict
from lib.services import demo, roadshows
from lib.services.demo import Volume
from lib.services.roadshows import EventQuery
from lib.store.engine import Database
from lib.store.models import (
    Attendee,
    Base,
    Event,
    EventItem,
    Interest,
    Mark,
    ProgrammeVersion,
    Question,
    Score,
    Thread,
)

ACTOR = Actor(role=Role.ADMINISTRATOR, name="测试")
ROADSHOWS = Volume(roadshows=True)


def everything(database: Database) -> dict[str, list[str]]:
    """Every row of every table but the trail of what was done."""
    with database.read() as session:
        return {
            table.name: sorted(repr(tuple(row)) for row in session.execute(select(table)))
            for table in Base.metadata.sorted_tables
            if table.name not in {"audit_entry", "audit_head", "revision"}
        }


def events(database: Database) -> list[Any]:
    with database.read() as session:
        return list(session.scalars(select(Event).where(Event.origin == "demo").order_by(Event.starts_at.desc())))


def test_one_comes_within_a_day_and_one_has_all_that_came_of_it(loaded: Database) -> None:
    demo.create(loaded, ROADSHOWS, actor=ACTOR)
    coming, past = events(loaded)
    assert timedelta(0) < coming.starts_at - now_utc() < timedelta(hours=18)
    assert past.starts_at < now_utc() - timedelta(days=39)
    with loaded.read() as session:

        def count(entity: Any, event: Any) -> int:
            return session.scalar(select(func.count()).select_from(entity).where(entity.event_id == event.id)) or 0

        assert [count(ProgrammeVersion, event) for event in (coming, past)] == [2, 1]
        assert [count(Attendee, event) for event in (coming, past)] == [60, 60]
        assert [count(entity, coming) for entity in (Mark, Question, Interest)] == [0, 0, 0]
        assert min(count(entity, past) for entity in (Mark, Question, Interest)) > 5
        assert session.scalar(select(func.count()).select_from(Thread)) > 5  # type: ignore[operator]
        assert session.scalar(select(func.count()).select_from(Score)) == 7 * 4 * 6
        found = roadshows.search_events(session, EventQuery(origins=("demo",)), actor=VISITOR)
        assert found.total == 2
        shown = session.scalars(select(EventItem).where(EventItem.event_id == coming.id)).all()
        assert sum(item.achievement_id is not None for item in shown) == 5


def test_nobody_in_it_can_be_called(loaded: Database) -> None:
    demo.create(loaded, ROADSHOWS, actor=ACTOR)
    with loaded.read() as session:
        people = [
            *session.scalars(select(Attendee).options(undefer(Attendee.phone))),
            *session.scalars(select(Interest).options(undefer(Interest.phone))),
        ]
        assert len(people) > 120
        assert {person.phone for person in people} == {""}
        assert all(person.hint.startswith("演示观众") for person in people)


def test_cleared_without_a_trace_and_once_only(loaded: Database) -> None:
    before = everything(loaded)
    demo.create(loaded, ROADSHOWS, actor=ACTOR)
    with pytest.raises(Conflict, match="演示路演"):
        demo.create(loaded, ROADSHOWS, actor=ACTOR)
    assert demo.clear(loaded, actor=ACTOR)["event"] == 2
    assert everything(loaded) == before
    assert demo.clear(loaded, actor=ACTOR)["event"] == 0


def test_the_programme_runs_without_a_gap(loaded: Database) -> None:
    demo.create(loaded, ROADSHOWS, actor=ACTOR)
    coming, _ = events(loaded)
    with loaded.read() as session:
        newest = session.scalars(
            select(ProgrammeVersion).where(ProgrammeVersion.event_id == coming.id).order_by(ProgrammeVersion.number)
        ).all()[-1]
    lines = json.loads(json.dumps(newest.content))
    starts = [line["starts"] for line in lines]
    assert starts == sorted(starts)
    assert sum(line["minutes"] for line in lines) <= 120
