"""A programme: when each item begins, and what in it does not fit together.

Items of a room run one after another from the beginning of the event; rooms run side by side.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from difflib import SequenceMatcher

from lib.domain.vocabulary import ItemKind


@dataclass(frozen=True)
class Entry:
    """One line of a programme. `minutes` None: it is not on the programme yet."""

    id: int
    kind: ItemKind
    title: str
    minutes: int | None
    room: str = ""
    unit: str = ""
    presenter: str = ""
    record: tuple[str, int] | None = None
    """Kind and number of the catalogue record it shows."""


@dataclass(frozen=True)
class RecordState:
    """How the record of an entry stands. `valid_until` is its last day, `deadline` the day a demand wants to be
    met by; None: it has none."""

    there: bool = True
    valid_until: date | None = None
    deadline: date | None = None
    rights_over: bool = False
    """True when it names rights and all of them have run out on the day of the event."""


@dataclass(frozen=True)
class Slot:
    """When an entry runs; `starts` is None where the event has no hour or the entry no minutes."""

    entry: Entry
    starts: datetime | None
    ends: datetime | None


@dataclass(frozen=True)
class Conflict:
    """What does not fit, in one sentence, and the entries it is about. A hard one cannot be published."""

    sentence: str
    entries: tuple[int, ...]
    hard: bool = False


@dataclass(frozen=True)
class Changes:
    """How one published programme differs from the one before it, by the numbers of items."""

    added: tuple[int, ...] = ()
    removed: tuple[int, ...] = ()
    moved: tuple[int, ...] = ()
    retimed: tuple[int, ...] = field(default=())

    def __bool__(self) -> bool:
        return bool(self.added or self.removed or self.moved or self.retimed)


def schedule(entries: Sequence[Entry], start: datetime | None) -> tuple[Slot, ...]:
    """The entries in their order, each with its time: it begins where the one before it in its room ends."""
    clock: dict[str, datetime | None] = defaultdict(lambda: start)
    slots = []
    for entry in entries:
        begins = clock[entry.room]
        if entry.minutes is None or begins is None:
            slots.append(Slot(entry, None, None))
            continue
        clock[entry.room] = begins + timedelta(minutes=entry.minutes)
        slots.append(Slot(entry, begins, clock[entry.room]))
    return tuple(slots)


def begins(content: Sequence[Mapping[str, object]]) -> datetime | None:
    """When a published programme begins: the first item of a room stands at the hour of the event. None: no times."""
    told = [datetime.fromisoformat(str(line["starts"])) for line in content if line.get("starts")]
    return min(told, default=None)


def minutes(entries: Sequence[Entry]) -> int:
    """How long the programme is: the longest room, in minutes."""
    rooms: dict[str, int] = defaultdict(int)
    for entry in entries:
        rooms[entry.room] += entry.minutes or 0
    return max(rooms.values(), default=0)


def move(ids: Sequence[int], entry: int, place: int) -> tuple[int, ...]:
    """The order with one entry at another place, counted from 0. Raises ValueError for an entry that is not in it."""
    order = list(ids)
    order.remove(entry)
    order.insert(max(0, min(place, len(order))), entry)
    return tuple(order)


def changes(before: Sequence[Mapping[str, object]], after: Sequence[Mapping[str, object]]) -> Changes:
    """What a published programme changed, from the contents of two versions."""
    old, new = ({int(str(line["item"])): line for line in lines} for lines in (before, after))
    both = [item for item in new if item in old]
    order = [item for item in old if item in new]
    kept: set[int] = set()
    for block in SequenceMatcher(None, order, both, autojunk=False).get_matching_blocks():
        kept.update(order[block.a : block.a + block.size])
    return Changes(
        added=tuple(item for item in new if item not in old),
        removed=tuple(item for item in old if item not in new),
        moved=tuple(item for item in both if item not in kept),
        retimed=tuple(
            item
            for item in both
            if any(new[item].get(name) != old[item].get(name) for name in ("minutes", "room", "presenter"))
        ),
    )


def conflicts(
    entries: Sequence[Entry],
    records: Mapping[tuple[str, int], RecordState],
    *,
    start: datetime | None,
    end: datetime | None,
    day: date | None,
) -> tuple[Conflict, ...]:
    """What does not fit together, the hard ones first."""
    slots = schedule(entries, start)
    found = [
        *_records(entries, records, day),
        *_twice(entries),
        *_at_once(slots, "unit", "单位「{}」同一时间排在两个会场：{}、{}。请错开时间。"),
        *_at_once(slots, "presenter", "「{}」同一时间要在两个会场发言：{}、{}。请错开时间。"),
        *_over(slots, end),
        *(
            Conflict(f"「{entry.title}」还没有写时长，没有排进议程。", (entry.id,))
            for entry in entries
            if entry.minutes is None
        ),
    ]
    return tuple(sorted(found, key=lambda conflict: not conflict.hard))


def _records(
    entries: Sequence[Entry], records: Mapping[tuple[str, int], RecordState], day: date | None
) -> list[Conflict]:
    found = []
    for entry in entries:
        if entry.record is None:
            continue
        state = records.get(entry.record, RecordState(there=False))
        if not state.there:
            found.append(
                Conflict(f"「{entry.title}」的记录没有公开或已撤下，不能上场。请移出议程。", (entry.id,), hard=True)
            )
        elif day is not None and state.valid_until is not None and state.valid_until < day:
            found.append(
                Conflict(
                    f"「{entry.title}」的有效期到 {state.valid_until} 为止，活动当天已到期。请先续期。", (entry.id,)
                )
            )
        elif day is not None and state.deadline is not None and state.deadline < day:
            found.append(
                Conflict(f"「{entry.title}」希望完成的日期 {state.deadline} 早于活动当天。请与单位核实。", (entry.id,))
            )
        elif state.rights_over:
            found.append(Conflict(f"「{entry.title}」写明的知识产权在活动当天都已到期。请与单位核实。", (entry.id,)))
    return found


def _twice(entries: Sequence[Entry]) -> list[Conflict]:
    shown: dict[tuple[str, int], list[Entry]] = defaultdict(list)
    for entry in entries:
        if entry.record is not None and entry.minutes is not None:
            shown[entry.record].append(entry)
    return [
        Conflict(
            f"「{same[0].title}」在议程里出现了 {len(same)} 次。请只留一次。", tuple(e.id for e in same), hard=True
        )
        for same in shown.values()
        if len(same) > 1
    ]


def _at_once(slots: Sequence[Slot], name: str, sentence: str) -> list[Conflict]:
    found = []
    timed = [slot for slot in slots if slot.starts is not None and getattr(slot.entry, name)]
    for number, one in enumerate(timed):
        for other in timed[number + 1 :]:
            same = getattr(one.entry, name) == getattr(other.entry, name) and one.entry.room != other.entry.room
            if same and one.starts < other.ends and other.starts < one.ends:  # type: ignore[operator]
                told = sentence.format(getattr(one.entry, name), one.entry.title, other.entry.title)
                found.append(Conflict(told, (one.entry.id, other.entry.id)))
    return found


def _over(slots: Sequence[Slot], end: datetime | None) -> list[Conflict]:
    if end is None:
        return []
    last: dict[str, Slot] = {slot.entry.room: slot for slot in slots if slot.ends is not None}
    found = []
    for room, slot in last.items():
        over = round((slot.ends - end).total_seconds() / 60)  # type: ignore[operator]
        if over > 0:
            where = f"会场「{room}」" if room else "议程"
            found.append(Conflict(f"{where}比活动结束时间晚 {over} 分钟。请缩短时长或推迟结束。", (slot.entry.id,)))
    return found
