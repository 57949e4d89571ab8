"""What is on the screen of an event now: told by whoever presents, read by everybody who follows.

A state has a number that only rises; one with a lower number never replaces it, so what a browser sends late, twice or
out of order does no harm.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final

from sqlalchemy.orm import Session

from lib.domain.access import Actor, Permission, require
from lib.domain.dates import now_utc
from lib.domain.errors import InvalidInput, NotFound
from lib.domain.vocabulary import EventState
from lib.services import audit, scopes
from lib.store.engine import Database
from lib.store.models import Event, EventItem, Stage
from lib.store.revision import insert_for

_LONGEST_KEY: Final = 40
_MOST_TIMERS: Final = 300
_LARGEST: Final = 2**53
_TAKEN: Final = timedelta(hours=6)
"""Whoever changes a state that is older than this takes the stage anew."""


@dataclass(frozen=True)
class State:
    """What is on stage. `seq` 0: nothing was ever presented."""

    seq: int = 0
    slide: str = ""
    item: int | None = None
    timers: Mapping[str, Any] = field(default_factory=dict)
    at: int = 0
    """Milliseconds since 1970 at which it was told."""

    def plain(self) -> dict[str, Any]:
        """As JSON values."""
        return {"seq": self.seq, "slide": self.slide, "item": self.item, "timers": dict(self.timers), "at": self.at}


def read(session: Session, event_id: int, *, actor: Actor) -> State:
    """The state of an event that the actor may see. Raises NotFound, AccessDenied."""
    require(actor, Permission.READ_EVENTS)
    event = session.get(Event, event_id)
    if event is None or (event.state == EventState.DRAFT.value and not scopes.hosts(actor, event)):
        raise NotFound("没有找到这场活动，可能已撤下。")
    return _state(session.get(Stage, event_id))


def drives(session: Session, event_id: int, *, actor: Actor) -> bool:
    """True when what the actor shows is what followers see: the actor runs the event."""
    event = session.get(Event, event_id)
    return event is not None and scopes.hosts(actor, event)


def put(database: Database, event_id: int, told: Mapping[str, Any], *, actor: Actor) -> State:
    """Tell what is on stage; returns the state that holds then: this one, or a newer one that was there already.

    `told`: seq, slide, item, timers. Raises InvalidInput, NotFound, AccessDenied.
    """
    require(actor, Permission.MANAGE_EVENTS)
    columns = _checked(told)

    def write(session: Session) -> State:
        event = scopes.hosted(session, event_id, actor=actor)
        item = columns["item_id"]
        if item is not None:
            found = session.get(EventItem, item)
            if found is None or found.event_id != event_id:
                raise InvalidInput({"item": "这一项不在这场活动里，请刷新放映页。"})
        now = now_utc()
        blank = insert_for(session)(Stage).values(
            event_id=event_id, seq=0, slide="", timers={}, updated_at=now - 2 * _TAKEN
        )
        session.execute(blank.on_conflict_do_nothing(index_elements=[Stage.event_id]))
        stage = session.get_one(Stage, event_id, with_for_update=True)
        if columns["seq"] <= stage.seq:
            return _state(stage)
        fresh = stage.account_id != actor.account_id or now - stage.updated_at > _TAKEN
        for name, value in columns.items():
            setattr(stage, name, value)
        stage.updated_at, stage.account_id = now, actor.account_id
        session.flush()
        if fresh:
            audit.record(
                session, actor, "stage.take", "event", event_id, league=event.league_code, banner=event.banner_code
            )
        return _state(stage)

    return database.settle(write)


# ------------------------------------------------------------------ inside
def _state(stage: Stage | None) -> State:
    if stage is None or not stage.seq:
        return State()
    return State(stage.seq, stage.slide, stage.item_id, stage.timers, int(stage.updated_at.timestamp() * 1000))


def _checked(told: Mapping[str, Any]) -> dict[str, Any]:
    seq, slide, item, timers = (told.get(name) for name in ("seq", "slide", "item", "timers"))
    fine = _whole(seq) and isinstance(slide, str) and 0 < len(slide) <= _LONGEST_KEY and slide.isascii()
    if not fine or not (item is None or _whole(item)) or not isinstance(timers, Mapping):
        raise InvalidInput({"seq": "放映页发来的状态不完整，请刷新放映页。"})
    spent = timers.get("spent")
    if not isinstance(spent, Mapping) or len(spent) > _MOST_TIMERS or not all(map(_whole, spent.values())):
        raise InvalidInput({"timers": "放映页发来的计时不完整，请刷新放映页。"})
    since, key = timers.get("since"), timers.get("key")
    if not (since is None or _whole(since)) or not isinstance(key, str) or len(key) > _LONGEST_KEY:
        raise InvalidInput({"timers": "放映页发来的计时不完整，请刷新放映页。"})
    kept = {
        "running": timers.get("running") is True,
        "since": since,
        "key": key,
        "spent": {str(name)[:_LONGEST_KEY]: number for name, number in spent.items()},
    }
    return {"seq": seq, "slide": slide, "item_id": item, "timers": kept}


def _whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < _LARGEST
