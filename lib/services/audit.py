"""The audit trail: one entry for each write, in the transaction of the write, without confidential values."""

from typing import Any

from sqlalchemy.orm import Session

from lib.domain.access import Actor
from lib.domain.dates import now_utc
from lib.store import chain
from lib.store.models import AuditEntry


def record(
    session: Session,
    actor: Actor,
    action: str,
    object_kind: str,
    object_id: object,
    *,
    league: str | None = None,
    banner: str | None = None,
    outcome: str = "done",
    **detail: Any,
) -> None:
    """Note that `actor` did `action`; `detail` holds JSON values (text, whole numbers, lists) and nothing confidential.

    `league` and `banner` say where the object lies: officials search the entries of their scope.
    """
    chain.append(
        session,
        AuditEntry(
            at=now_utc(),
            account_id=actor.account_id,
            actor=actor.name,
            role=actor.role.value,
            action=action,
            object_kind=object_kind,
            object_id=str(object_id),
            league_code=league,
            banner_code=banner,
            outcome=outcome,
            detail=detail,
            address=actor.address,
            request_id=actor.request_id,
            session=actor.session,
        ),
    )
