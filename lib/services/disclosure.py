"""What of a record is not public: who may open it, who asks to, who answers. Every opening is in the audit trail.

Publishing puts the values into `sealed_field`, and the record's own column stays blank. Nothing but `view` selects
a sealed value, and nothing caches one: a grant that was revoked or ran out counts from the next run of a page.
"""

from collections.abc import Iterable, Mapping
from typing import Final

from sqlalchemy import ColumnElement, delete, false, or_, select
from sqlalchemy.orm import Session

from lib.domain.access import Actor, Permission, require
from lib.domain.vocabulary import FieldLevel, SubmissionKind, SubmissionState
from lib.store.models import SealedField, Submission

KINDS: Final[dict[str, tuple[SubmissionKind, ...]]] = {
    "achievement": (SubmissionKind.ACHIEVEMENT,),
    "demand": (SubmissionKind.DEMAND, SubmissionKind.MILITARY),
    "event_item": (SubmissionKind.REGISTRATION,),
}
"""Which submissions make which kind of record."""

_LIVE: Final = (SubmissionState.PUBLISHED.value, SubmissionState.EXPIRED.value)


# ------------------------------------------------------------------ sealing
def seal(session: Session, record_kind: str, record_id: int, values: Mapping[str, tuple[FieldLevel, str]]) -> None:
    """Keep these values of a record closed, in place of what was closed before; blank texts are left out.

    Part of the transaction that publishes, which checks and notes who does it. `values` holds name → (level, text
    as the record page shows it). Raises ValueError for a public level: that value belongs into the record.
    """
    if public := [name for name, (level, _) in values.items() if level is FieldLevel.PUBLIC]:
        raise ValueError(f"public values are not sealed: {public}")
    erase(session, record_kind, record_id)
    session.add_all(
        SealedField(record_kind=record_kind, record_id=record_id, name=name, level=level.value, value=text)
        for name, (level, text) in values.items()
        if text
    )


def erase(session: Session, record_kind: str, record_id: int, names: Iterable[str] | None = None) -> None:
    """Delete what is sealed of a record, or only these fields; part of the caller's transaction."""
    statement = delete(SealedField).where(SealedField.record_kind == record_kind, SealedField.record_id == record_id)
    if names is not None:
        statement = statement.where(SealedField.name.in_(list(names)))
    session.execute(statement.execution_options(synchronize_session=False))


def owns(session: Session, record_kind: str, record_id: int, *, actor: Actor) -> bool:
    """True when the actor, or the actor's organization, handed in what was published as this record."""
    require(actor, Permission.READ_CATALOGUE)
    return (
        session.scalar(select(Submission.id).where(_of(record_kind, record_id), _belongs_to(actor)).limit(1))
        is not None
    )


def _of(record_kind: str, record_id: int) -> ColumnElement[bool]:
    """The condition that a submission stands behind this record."""
    return (
        Submission.kind.in_([kind.value for kind in KINDS[record_kind]])
        & (Submission.record_id == record_id)
        & Submission.state.in_(_LIVE)
    )


def _belongs_to(actor: Actor) -> ColumnElement[bool]:
    """The condition that a submission is the actor's own or that of the actor's organization; never a visitor's."""
    mine = [Submission.account_id == actor.account_id] if actor.account_id is not None else []
    ours = [Submission.organization_id == actor.organization_id] if actor.organization_id is not None else []
    return or_(false(), *mine, *ours)
