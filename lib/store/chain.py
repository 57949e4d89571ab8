"""The audit trail in the database: entries wait until their transaction commits, then join the one chain.

The end of the chain is a row that every appending transaction locks, and it is locked last, so that the chain
never makes two writers wait for each other in a circle and holds them up only while one of them commits.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy import event, select
from sqlalchemy.orm import Session, sessionmaker

from lib.domain.chain import START, link
from lib.store.models import AuditEntry, AuditHead

_WAITING: Final = "audit"
_HEAD: Final = re.compile(r"(\d{1,18}):([0-9a-f]{64})")
_COVERED: Final = (
    "at", "account_id", "actor", "role", "action", "object_kind", "object_id", "league_code", "banner_code", "outcome",
    "detail", "address", "request_id", "session",
)  # fmt: skip
"""The columns that a hash covers; the id and the hash itself follow from the chain."""


def append(session: Session, entry: AuditEntry) -> None:
    """Let the entry join the chain when the transaction of `session` commits; a rollback forgets it."""
    session.info.setdefault(_WAITING, []).append(entry)


def covered(entry: Any) -> dict[str, Any]:
    """What the hash of an entry, or of a row with its columns, covers: JSON values that both databases give back."""
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


@dataclass(frozen=True)
class Head:
    """The end of the chain at some time: the number of its last entry, that entry's hash, and when it was made."""

    number: int
    hash: str
    at: datetime | None = None

    def __str__(self) -> str:
        return f"{self.number}:{self.hash}"

    @classmethod
    def parse(cls, text: str) -> "Head":
        """Read NUMBER:HASH. Raises ValueError for anything else."""
        found = _HEAD.fullmatch(text.strip())
        if found is None:
            raise ValueError("not NUMBER:HASH")
        return cls(int(found[1]), found[2])


def head(session: Session) -> Head:
    """The end of the chain, to be kept where nobody who can change the database can change it."""
    found = session.get_one(AuditHead, 1)
    return Head(found.number, found.hash, session.scalar(select(AuditEntry.at).where(AuditEntry.id == found.number)))


def faults(session: Session, kept: Head | None = None, *, batch: int = 2000) -> Iterator[str]:
    """What is wrong with the chain, one sentence each, entries in order; nothing when it holds.

    `kept` is a head noted earlier: whoever rewrites the whole chain cannot rewrite that.
    """
    previous, number = START, 0
    statement = select(*AuditEntry.__table__.c).order_by(AuditEntry.id)
    for entry in session.execute(statement, execution_options={"yield_per": batch}):
        if entry.id != number + 1:
            yield f"第 {number} 条之后是第 {entry.id} 条：中间的记录不见了。"
        elif entry.hash != link(previous, covered(entry)):
            yield f"第 {entry.id} 条与它的校验值不符：内容被改过，或它前面的记录被换过。"
        if kept is not None and entry.id == kept.number and entry.hash != kept.hash:
            yield f"第 {entry.id} 条不是留存的那一条：留存之后，它或它之前的记录被改写过。"
        previous, number = entry.hash, entry.id
    if kept is not None and number < kept.number:
        yield f"留存时已有第 {kept.number} 条，现在最后一条是第 {number} 条：末尾的记录被删除了。"
    end = session.get(AuditHead, 1)
    if end is None or (end.number, end.hash) != (number, previous):
        yield f"末尾与链头不符：最后一条是第 {number} 条，链头记的是第 {end.number if end else 0} 条。"


def hashed(rows: Iterator[Mapping[str, Any]]) -> Iterator[tuple[int, str]]:
    """Id and hash of rows written before there was a chain, in order."""
    previous = START
    for row in rows:
        entry = AuditEntry(**row)
        previous = link(previous, covered(entry))
        yield entry.id, previous
