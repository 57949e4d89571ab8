"""The audit trail in the database: entries wait until their transaction commits, then join the one chain.

The end of the chain is a row that every appending transaction locks, and it is locked last, so that the chain
never makes two writers wait for each other in a circle and holds them up only while one of them commits.
"""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy import event, select
from sqlalchemy.orm import Session, sessionmaker

from lib.domain.chain import START, link
from lib.store.models import AuditEntry, AuditHead

_WAITING: Final = "audit"
_COVERED: Final = (
    "at", "account_id", "actor", "role", "action", "object_kind", "object_id", "league_code", "banner_code", "outcome",
    "detail", "address", "request_id", "session",
)  # fmt: skip
"""The columns that a hash covers; the id and the hash itself follow from the chain."""


def append(session: Session, entry: AuditEntry) -> None:
    """Let the entry join the chain when the transaction of `session` commits; a rollback forgets it."""
    session.info.setdefault(_WAITING, []).append(entry)


def covered(entry: AuditEntry) -> dict[str, Any]:
    """What the hash of an entry covers, as JSON values that both databases give back unchanged."""
    found = {name: getattr(entry, name) for name in _COVERED}
    at: datetime = entry.at
    return {**found, "at": at.astimezone(UTC).isoformat(timespec="microseconds"), "id": entry.id}


def follow(factory: sessionmaker[Session]) -> None:
    """Append what waits in the sessions of this factory as they commit."""

    @event.listens_for(factory, "before_commit")
    def seal(session: Session) -> None:
        waiting: list[AuditEntry] = session.info.pop(_WAITING, [])
        if not waiting:
            return
        session.flush()
        head = session.scalars(select(AuditHead).with_for_update().execution_options(populate_existing=True)).one()
        for entry in waiting:
            head.number += 1
            entry.id = head.number
            head.hash = entry.hash = link(head.hash, covered(entry))
            session.add(entry)
        session.flush()

    @event.listens_for(factory, "after_rollback")
    def forget(session: Session) -> None:
        session.info.pop(_WAITING, None)


def faults(session: Session, *, batch: int = 2000) -> Iterator[str]:
    """What is wrong with the chain, one sentence each, entries in order; nothing when it holds."""
    previous, number = START, 0
    statement = select(AuditEntry).order_by(AuditEntry.id).execution_options(yield_per=batch)
    for entry in session.scalars(statement):
        wanted = link(previous, covered(entry))
        if entry.hash != wanted:
            yield f"第 {entry.id} 条与它的校验值不符：内容被改过，或它前面的记录被改过、删过。"
        previous, number = entry.hash, entry.id
        session.expunge(entry)
    head = session.get(AuditHead, 1)
    if head is None or (head.number, head.hash) != (number, previous):
        yield f"末尾与链头不符：最后一条是第 {number} 条，链头记的是第 {head.number if head else 0} 条。"


def hashed(rows: Iterator[Mapping[str, Any]]) -> Iterator[tuple[int, str]]:
    """Id and hash of rows written before there was a chain, in order."""
    previous = START
    for row in rows:
        entry = AuditEntry(**row)
        previous = link(previous, covered(entry))
        yield entry.id, previous
