"""Receipt numbers: a prefix, the day, and a number without gaps or twins, drawn in the transaction that uses it."""

from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from lib.store.models import ReceiptCounter
from lib.store.revision import insert_for


def locked(session: Session, kind: str, day: date) -> ReceiptCounter:
    """The day's counter of a kind, locked until the transaction ends."""
    insert = insert_for(session)(ReceiptCounter).values(kind=kind, day=day, last=0)
    session.execute(insert.on_conflict_do_nothing(index_elements=[ReceiptCounter.kind, ReceiptCounter.day]))
    statement = select(ReceiptCounter).where(ReceiptCounter.kind == kind, ReceiptCounter.day == day)
    return session.scalars(statement.with_for_update()).one()


def drawn(counter: ReceiptCounter, prefix: str) -> str:
    """The next number: CG-20261126-0001."""
    counter.last += 1
    return f"{prefix}-{counter.day:%Y%m%d}-{counter.last:04d}"
