"""The audit trail: one entry for each write, in the transaction of the write, without confidential values."""

from typing import Any

from sqlalchemy.orm import Session

from lib.domain.access import Actor
from lib.domain.dates import now_utc
from lib.store.models import AuditEntry


def record(session: Session, actor: Actor, action: str, object_kind: str, object_id: object, **detail: Any) -> None:
    """Note that `actor` did `action`; `detail` holds JSON values and nothing confidential."""
    session.add(
        AuditEntry(
            at=now_utc(),
            account_id=actor.account_id,
            actor=actor.name,
            action=action,
            object_kind=object_kind,
            object_id=str(object_id),
            detail=detail,
            address=actor.address,
            request_id=actor.request_id,
        )
    )
