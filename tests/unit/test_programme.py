"""A programme's arithmetic: nothing overlaps in a room, nothing is lost by moving, and what does not fit is named."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lib.domain.programme import Entry, RecordState, changes, conflicts, minutes, move, schedule
from lib.domain.vocabulary import ItemKind

START = datetime(2026, 12, 1, 1, tzinfo=UTC)
DAY = date(2026, 12, 1)
ENTRIES = st.lists(
    st.builds(
        Entry,
        id=st.integers(1, 10**6),
        kind=st.sampled_from(ItemKind),
        title=st.text(min_size=1, max_size=5),
        minutes=st.none() | st.integers(1, 600),
        room=st.sampled_from(["", "一厅", "二厅"]),
        unit=st.sampled_from(["", "甲", "乙"]),
        presenter=st.sampled_from(["", "张", "李"]),
    ),
    max_size=12,
    unique_by=lambda entry: entry.id,
)


def entry(number: int, minutes: int | None = 10, **more: object) -> Entry:
    return Entry(**{"id": number, "kind": ItemKind.TALK, "title": f"第{number}项", "minutes": minutes} | more)  # type: ignore[arg-type]


def told(*entries: Entry, end: datetime | None = None, **records: RecordState) -> list[str]:
    known = {("achievement", int(name[1:])): state for name, state in records.items()}
    return [c.sentence for c in conflicts(entries, known, start=START, end=end, day=DAY)]


@given(ENTRIES)
def test_a_room_runs_without_a_gap_and_without_an_overlap(entries: list[Entry]) -> None:
    slots = schedule(entries, START)
    assert [slot.entry for slot in slots] == entries
    for room in {e.room for e in entries}:
        timed = [slot for slot in slots if slot.entry.room == room and slot.starts is not None]
        assert all(before.ends == after.starts for before, after in pairwise(timed))
        assert not timed or timed[0].starts == START
        assert sum((s.ends - s.starts for s in timed), timedelta()) == timedelta(  # type: ignore[operator]
            minutes=sum(s.entry.minutes or 0 for s in timed)
        )
    longest = max((slot.ends for slot in slots if slot.ends), default=START)
    assert longest - START == timedelta(minutes=minutes(entries))


@given(ENTRIES)
def test_without_an_hour_nothing_has_a_time(entries: list[Entry]) -> None:
    assert all(slot.starts is None for slot in schedule(entries, None))


@given(st.lists(st.integers(), min_size=1, max_size=12, unique=True), st.data())
def test_moving_there_and_back_changes_nothing(ids: list[int], data: st.DataObject) -> None:
    chosen, place = data.draw(st.sampled_from(ids)), data.draw(st.integers(0, len(ids) - 1))
    moved = move(ids, chosen, place)
    assert moved[place] == chosen
    assert sorted(moved) == sorted(ids)
    assert list(move(moved, chosen, ids.index(chosen))) == ids


@given(ENTRIES, ENTRIES)
def test_changes_tell_exactly_what_came_and_went(before: list[Entry], after: list[Entry]) -> None:
    def content(entries: list[Entry]) -> list[dict[str, object]]:
        return [{"item": e.id, "minutes": e.minutes, "room": e.room, "presenter": e.presenter} for e in entries]

    found = changes(content(before), content(after))
    old, new = [e.id for e in before], [e.id for e in after]
    assert set(found.added) == set(new) - set(old)
    assert set(found.removed) == set(old) - set(new)
    assert bool(found.moved) == ([i for i in old if i in new] != [i for i in new if i in old])
    assert not changes(content(before), content(before))


def test_one_unit_and_one_person_cannot_be_in_two_rooms_at_once() -> None:
    first, second = (
        entry(1, room="一厅", unit="甲公司", presenter="张"),
        entry(2, room="二厅", unit="甲公司", presenter="张"),
    )
    assert told(first, second) == [
        "单位「甲公司」同一时间排在两个会场：第1项、第2项。请错开时间。",
        "「张」同一时间要在两个会场发言：第1项、第2项。请错开时间。",
    ]
    assert told(first, entry(3, room="二厅"), entry(2, room="二厅", unit="甲公司", presenter="张")) == []
    assert told(entry(1, unit="甲公司"), entry(2, unit="甲公司")) == []


@pytest.mark.parametrize(("end", "late"), [(20, ""), (19, "1"), (5, "15")])
def test_running_over_is_told_to_the_minute(end: int, late: str) -> None:
    found = told(entry(1), entry(2), end=START + timedelta(minutes=end))
    assert found == ([f"议程比活动结束时间晚 {late} 分钟。请缩短时长或推迟结束。"] if late else [])


def test_a_record_has_to_be_public_valid_and_shown_once() -> None:
    shown = [
        entry(n, kind=ItemKind.ACHIEVEMENT, record=("achievement", r))
        for n, r in ((1, 1), (2, 2), (3, 3), (4, 4), (5, 4))
    ]
    found = conflicts(
        shown,
        {
            ("achievement", 2): RecordState(valid_until=DAY - timedelta(days=1)),
            ("achievement", 3): RecordState(rights_over=True),
            ("achievement", 4): RecordState(valid_until=DAY),
        },
        start=START,
        end=None,
        day=DAY,
    )
    assert [(c.entries, c.hard) for c in found] == [((1,), True), ((4, 5), True), ((2,), False), ((3,), False)]
    assert "没有公开或已撤下" in found[0].sentence
    assert "2026-11-30" in found[2].sentence


def test_an_item_without_minutes_is_named_and_takes_no_time() -> None:
    assert told(entry(1, None), entry(2)) == ["「第1项」还没有写时长，没有排进议程。"]
    assert schedule([entry(1, None), entry(2)], START)[1].starts == START
