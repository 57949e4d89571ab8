"""The audit trail: one entry for each write, in the transaction of the write, without confidential values."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from lib.domain.access import Actor, Permission, require_scope
from lib.domain.dates import now_utc
from lib.services import trace
from lib.store import chain
from lib.store.chain import Head
from lib.store.engine import Database
from lib.store.models import AuditEntry, Submission


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
            address=actor.address or trace.current().address,
            request_id=actor.request_id or trace.current().id,
            session=actor.session,
        ),
    )


def record_submission(session: Session, actor: Actor, action: str, found: Submission, **detail: Any) -> None:
    """`record` of what was done with a submission: where it lies and under which receipt."""
    record(
        session, actor, action, "submission", found.id, league=found.league_code, banner=found.banner_code,
        receipt=found.receipt, **detail,
    )  # fmt: skip


def refused(database: Database, what: str, *, actor: Actor) -> None:
    """Note that a signed-in account tried what it may not; a visitor's tries are not kept."""
    if actor.account_id is not None:
        with database.write() as session:
            record(session, actor, "access.refused", "page", what[:40], outcome="refused")


# ------------------------------------------------------------------ does the chain hold
@dataclass(frozen=True)
class Verification:
    """What a walk along the whole chain found: its end, and one sentence a fault."""

    head: Head
    faults: tuple[str, ...]


def verify(session: Session, kept: Head | None = None, *, actor: Actor) -> Verification:
    """Recompute the chain from its first entry to its last, and compare it with a head kept elsewhere.

    Raises AccessDenied for whoever does not read the audit trail of the whole region.
    """
    require_scope(actor, Permission.READ_AUDIT, None)
    return Verification(chain.head(session), tuple(chain.faults(session, kept)))


def head(session: Session, *, actor: Actor) -> Head:
    """The end of the chain, to be kept outside the database. Raises AccessDenied as `verify`."""
    require_scope(actor, Permission.READ_AUDIT, None)
    return chain.head(session)
