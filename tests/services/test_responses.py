"""What an audience sends: once a device, item and kind, whatever arrives at once or again; counted for hosts only."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from decimal import Decimal
from secrets import token_hex
from typing import Any

import pytest
from sqlalchemy import func, select, update

from lib.domain.access import VISITOR, Actor, Role
from lib.domain.dates import now_utc
from lib.domain.errors import AccessDenied, Conflict, InvalidInput, NotFound, TooManyTries
from lib.domain.vocabulary import QuestionState
from lib.services import attempts, demo, interests, responses, stage
from lib.services.demo import Volume
from lib.store.engine import Database
from lib.store.models import Achievement, AuditEntry, Event, EventItem, Interest, Mark, Notice, Question, Revision
from tests.samples import BAOTOU, CANARY, person

KEEPER = Actor(role=Role.ADMINISTRATOR, name="测试")
DEVICE = "a" * 64


@pytest.fixture
def item(loaded: Database) -> EventItem:
    """An achievement on the programme of the roadshow that comes within a day."""
    demo.create(loaded, Volume(roadshows=True), actor=KEEPER)
    with loaded.read() as session:
        coming = session.scalars(select(Event).where(Event.origin == "demo").order_by(Event.starts_at.desc())).first()
        assert coming is not None
        found = session.scalars(
            select(EventItem).where(EventItem.event_id == coming.id, EventItem.achievement_id.is_not(None))
        ).first()
        assert found is not None
        return found


def send(database: Database, item: EventItem, kind: str, device: str = DEVICE, /, **values: Any) -> bool:
    told = {"id": token_hex(16), "item": item.id} | values
    return responses.keep(database, item.event_id, kind, told, device=device, actor=VISITOR)


def count(database: Database, entity: Any, item: EventItem) -> int:
    with database.read() as session:
        return session.scalar(select(func.count()).select_from(entity).where(entity.event_item_id == item.id)) or 0


SENT: tuple[tuple[str, dict[str, Any], Any], ...] = (
    ("mark", {"need": 5, "maturity": None, "willingness": 3}, Mark),
    ("question", {"text": "冬季能不能运行？"}, Question),
    ("intention", {"note": "想看中试线"}, Interest),
)


@pytest.mark.parametrize(("kind", "values", "entity"), SENT, ids=[s[0] for s in SENT])
def test_once_a_device_and_item_however_often_it_arrives(
    loaded: Database, item: EventItem, kind: str, values: dict[str, Any], entity: Any
) -> None:
    again = values | {"id": token_hex(16)}
    assert send(loaded, item, kind, **again)
    assert not send(loaded, item, kind, **again), "the same message"
    assert not send(loaded, item, kind, **values), "another message of the same device"
    assert send(loaded, item, kind, "b" * 64, **values)
    assert count(loaded, entity, item) == 2
    with ThreadPoolExecutor(8) as pool:
        kept = list(pool.map(lambda _: send(loaded, item, kind, "c" * 64, **values), range(20)))
    assert sum(kept) == 1
    assert count(loaded, entity, item) == 3


def test_what_is_sent_raises_no_revision_and_only_intentions_are_audited(loaded: Database, item: EventItem) -> None:
    def state() -> tuple[Any, Any]:
        with loaded.read() as session:
            numbers = {row.topic: row.number for row in session.scalars(select(Revision))}
            return numbers, session.scalar(select(func.count()).select_from(AuditEntry))

    before, entries = state()
    for kind, values, _ in SENT:
        send(loaded, item, kind, **values)
    after, more = state()
    assert before == after
    assert more == entries + 1


@pytest.mark.parametrize(
    ("kind", "values", "field"),
    [
        ("mark", {"need": 6}, "need"),
        ("mark", {"need": True}, "need"),
        ("mark", {"need": None, "maturity": None, "willingness": None}, "need"),
        ("question", {"text": "  "}, "text"),
        ("question", {"text": "问" * 201}, "text"),
        ("question", {"text": "机密★10年 的参数是什么"}, "text"),
        ("intention", {"name": "张三"}, "consent"),
        ("intention", {"phone": "12", "consent": "1"}, "phone"),
        ("gift", {}, "id"),
        ("mark", {"id": "x", "need": 3}, "id"),
        ("mark", {"item": "1", "need": 3}, "id"),
    ],
)
def test_what_is_wrong_gets_a_sentence(
    loaded: Database, item: EventItem, kind: str, values: dict[str, Any], field: str
) -> None:
    with pytest.raises(InvalidInput) as refused:
        send(loaded, item, kind, **values)
    assert list(refused.value.fields) == [field]
    assert sum(count(loaded, entity, item) for entity in (Mark, Question, Interest)) == 0


def test_only_on_an_announced_event_around_its_day(loaded: Database, item: EventItem) -> None:
    def at(**values: Any) -> None:
        with loaded.write() as session:
            session.execute(update(Event).where(Event.id == item.event_id).values(**values))

    start = now_utc() + timedelta(days=2)
    at(starts_at=start, ends_at=start + timedelta(hours=2), held_on=start.date())
    with pytest.raises(Conflict, match="开始"):
        send(loaded, item, "mark", need=3)
    start = now_utc() - timedelta(days=9)
    at(starts_at=start, ends_at=start + timedelta(hours=2), held_on=start.date())
    with pytest.raises(Conflict, match="结束"):
        send(loaded, item, "mark", need=3)
    start = now_utc() - timedelta(days=6)
    at(starts_at=start, ends_at=start + timedelta(hours=2), held_on=start.date())
    assert send(loaded, item, "mark", need=3)
    at(state="draft")
    with pytest.raises(NotFound):
        send(loaded, item, "mark", need=3)
    with pytest.raises(NotFound):
        responses.keep(
            loaded, item.event_id, "mark", {"id": token_hex(16), "item": 10**6, "need": 1}, device=DEVICE, actor=VISITOR
        )


def test_counts_and_questions_are_the_hosts(loaded: Database, item: EventItem) -> None:
    for device, points in (("a", 4), ("b", 5), ("c", None)):
        send(loaded, item, "mark", device * 64, need=points, maturity=3)
    send(loaded, item, "question", text="多少钱？")
    with loaded.read() as session:
        told = responses.counts(session, item.event_id, actor=KEEPER)[item.id]
        assert (told.marks, told.means["need"], told.means["maturity"], told.means["willingness"]) == (
            3, Decimal("4.5"), Decimal("3.0"), None,
        )  # fmt: skip
        asked = responses.questions(session, item.event_id, actor=KEEPER)
        assert [(q.text, q.state) for q in asked] == [("多少钱？", QuestionState.NEW)]
        mine = responses.mine(session, item.event_id, device=DEVICE, actor=VISITOR)
        assert mine[item.id]["mark"]["need"] == 4
        assert responses.mine(session, item.event_id, device="", actor=VISITOR) == {}
        for actor in (VISITOR, person(loaded, Role.OFFICIAL, scope=BAOTOU)):
            with pytest.raises(AccessDenied):
                responses.counts(session, item.event_id, actor=actor)
    responses.settle_question(loaded, asked[0].id, QuestionState.HIDDEN, actor=KEEPER)
    with pytest.raises(AccessDenied):
        responses.settle_question(loaded, asked[0].id, QuestionState.NEW, actor=VISITOR)


def test_a_device_that_floods_has_to_wait(loaded: Database, item: EventItem, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attempts, "limit", lambda _kind: attempts.Limit(2, 0, timedelta(hours=1)))
    send(loaded, item, "mark", need=1)
    send(loaded, item, "question", text="一？")
    with pytest.raises(TooManyTries):
        send(loaded, item, "intention")
    assert send(loaded, item, "mark", "b" * 64, need=1)


def test_an_intention_about_a_record_is_kept_once_and_hides_who_it_is(loaded: Database) -> None:
    with loaded.read() as session:
        record = session.scalars(select(Achievement.id).order_by(Achievement.id)).first() or 0

    def leave(device: str = DEVICE, **values: Any) -> bool:
        return interests.leave(loaded, "achievement", record, token_hex(16), values, device=device, actor=VISITOR)

    assert leave(name="张三", phone=CANARY, consent="1", note="想合作")
    assert not leave()
    assert leave("b" * 64)
    with loaded.read() as session:
        kept = session.scalars(select(Interest).order_by(Interest.id)).all()
        assert [(one.achievement_id, one.event_id, one.consent_version != "") for one in kept] == [
            (record, None, True), (record, None, False),
        ]  # fmt: skip
        assert CANARY not in kept[0].hint
        assert kept[0].hint.startswith("张＊")
        assert session.scalar(select(func.count()).select_from(Notice)) == 0, "a public fact has no owner here"
    with pytest.raises(NotFound):
        interests.leave(loaded, "achievement", 10**6, token_hex(16), {}, device=DEVICE, actor=VISITOR)
    with pytest.raises(InvalidInput):
        interests.leave(
            loaded, "achievement", record, token_hex(16), {"note": "绝密★ 参数"}, device="d" * 64, actor=VISITOR
        )


# ------------------------------------------------------------------ the stage
def state(seq: int, item: EventItem, /, **changes: Any) -> dict[str, Any]:
    timers = {"running": True, "since": 1_000, "key": f"item-{item.id}", "spent": {f"item-{item.id}": 5_000}}
    return {"seq": seq, "slide": f"item-{item.id}", "item": item.id, "timers": timers} | changes


def test_the_higher_number_holds_whatever_the_order(loaded: Database, item: EventItem) -> None:
    with loaded.read() as session:
        assert stage.read(session, item.event_id, actor=VISITOR).seq == 0
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda n: stage.put(loaded, item.event_id, state(n, item), actor=KEEPER), [5, 3, 9, 1, 7, 9, 2]))
    with loaded.read() as session:
        assert stage.read(session, item.event_id, actor=VISITOR).seq == 9
    late = stage.put(loaded, item.event_id, state(4, item, slide="title", item=None), actor=KEEPER)
    assert (late.seq, late.slide) == (9, f"item-{item.id}")
    assert late.plain()["timers"]["spent"] == {f"item-{item.id}": 5_000}


@pytest.mark.parametrize(
    "changes",
    [{"seq": -1}, {"seq": "9"}, {"seq": True}, {"slide": ""}, {"slide": "页"}, {"slide": "x" * 41}, {"item": "1"},
     {"item": 10**6}, {"timers": None}, {"timers": {"spent": {"a": -1}, "since": None, "key": ""}},
     {"timers": {"spent": {str(n): 1 for n in range(301)}, "since": None, "key": ""}}],
)  # fmt: skip
def test_a_state_that_is_none_is_refused(loaded: Database, item: EventItem, changes: dict[str, Any]) -> None:
    with pytest.raises(InvalidInput):
        stage.put(loaded, item.event_id, state(1, item, **changes), actor=KEEPER)


def test_only_whoever_runs_the_event_drives_it(loaded: Database, item: EventItem) -> None:
    for actor in (VISITOR, person(loaded, Role.BROKER), person(loaded, Role.OFFICIAL, scope=BAOTOU)):
        with pytest.raises(AccessDenied):
            stage.put(loaded, item.event_id, state(1, item), actor=actor)
        with loaded.read() as session:
            assert not stage.drives(session, item.event_id, actor=actor)
    with loaded.read() as session:
        assert stage.drives(session, item.event_id, actor=KEEPER)
