"""What the database holds beside what people were told."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, fields

from sqlalchemy import func, select, text

from lib.store import chain
from lib.store.engine import Database
from lib.store.models import AuditEntry, Submission


@dataclass(frozen=True)
class Verdict:
    """Each figure is a number of faults; all must be 0."""

    lost: int
    """Acknowledged receipts that are not in the database."""
    duplicate: int
    """Rows beyond one a draft."""
    gaps: int
    """Receipt numbers left out."""
    unaudited: int
    """Difference between rows and their entries in the audit trail."""
    broken: int
    """Faults of the audit chain and of the file itself."""

    @property
    def clean(self) -> bool:
        """True when nothing is wrong."""
        return not any(getattr(self, figure.name) for figure in fields(self))

    def __str__(self) -> str:
        return ", ".join(f"{figure.name} {getattr(self, figure.name)}" for figure in fields(self))


def verify(database: Database, receipts: Mapping[str, str], *, before: int = 0) -> Verdict:
    """Compare what was acknowledged with the rows; `before` rows stood there already."""
    with database.read() as session:
        held = {row.draft_id: row.receipt for row in session.execute(select(Submission.draft_id, Submission.receipt))}
        rows = session.scalar(select(func.count()).select_from(Submission)) or 0
        audited = session.scalar(select(func.count()).where(AuditEntry.action == "submission.create")) or 0
        broken = list(chain.faults(session))
        if database.sqlite:
            broken += [line for line in session.scalars(text("PRAGMA integrity_check")) if line != "ok"]
            broken += [str(row) for row in session.execute(text("PRAGMA foreign_key_check"))]
    numbers: dict[str, list[int]] = {}
    for receipt in held.values():
        day, _, number = receipt.rpartition("-")
        numbers.setdefault(day, []).append(int(number))
    return Verdict(
        lost=sum(held.get(draft) != receipt for draft, receipt in receipts.items()),
        duplicate=rows - before - len(receipts) + sum(n - 1 for n in Counter(held.values()).values()),
        gaps=sum(max(found) - len(found) for found in numbers.values()),
        unaudited=abs(rows - audited),
        broken=len(broken),
    )
