"""One counter a topic, bumped in the transaction of each write. Caches are keyed by it: fresh everywhere at once."""

from collections.abc import Iterable
from typing import Any, Final

from sqlalchemy import Insert, event, select
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.orm import Session, sessionmaker

from lib.store.models import Base, Revision

TOPICS: Final = frozenset(
    {
        "achievement",
        "demand",
        "organization",
        "event",
        "event_item",
        "cooperation",
        "contract",
        "statistic",
        "submission",
        "match_decision",
        "thread",
        "division",
        "policy_clause",
        "network_node",
        "network_link",
        "market_member",
    }
)

# The table, not the mapped class: every run of a page asks for it, and the mapper takes longer than the database.
_CURRENT: Final = select(Revision.__table__.c.topic, Revision.__table__.c.number)


def insert_for(session: Session) -> Any:
    """The dialect's INSERT with ON CONFLICT."""
    return sqlite_insert if session.get_bind().dialect.name == "sqlite" else postgresql_insert


def bump(session: Session, topics: Iterable[str]) -> None:
    """Raise the counter of each topic, in this transaction."""
    insert = insert_for(session)
    for topic in sorted(topics):
        statement: Insert = insert(Revision).values(topic=topic, number=1)
        session.execute(
            statement.on_conflict_do_update(  # type: ignore[attr-defined]
                index_elements=[Revision.topic], set_={"number": Revision.number + 1}
            )
        )


def current(session: Session) -> dict[str, int]:
    """Every topic's number in this snapshot; a topic never written is 0."""
    numbers = dict.fromkeys(TOPICS, 0)
    numbers.update((topic, number) for topic, number in session.connection().execute(_CURRENT))
    return numbers


def follow(factory: sessionmaker[Session]) -> None:
    """Bump the topics of whatever a session of this factory writes through the mapper."""

    @event.listens_for(factory, "after_flush")
    def note(session: Session, _context: Any) -> None:
        changed: set[Base] = {
            *session.new,
            *session.deleted,
            *(o for o in session.dirty if session.is_modified(o)),
        }
        topics = {item.__tablename__ for item in changed} & TOPICS
        if topics:
            bump(session, topics)
