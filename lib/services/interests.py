"""我有意向: somebody wants to talk about an item of an event, or about a record of the catalogue.

One a device and thing. Whoever leaves a contact agrees to its use first; it is read only by who may follow it up.
"""

from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy import case, or_, select, update
from sqlalchemy.orm import Session

from lib.domain import followups
from lib.domain.access import Actor, Permission, require
from lib.domain.dates import now_utc
from lib.domain.errors import InvalidInput, NotFound, TooManyTries
from lib.services import attempts, audit, contacts, markings, notices
from lib.services.contacts import Contact
from lib.services.drafts import DRAFT_ID
from lib.store.engine import Database
from lib.store.models import Achievement, Demand, Interest, Thread, ThreadStep

_RECORDS: Final[dict[str, Any]] = {"achievement": Achievement, "demand": Demand}
_PAGES: Final = {"achievement": "achievements", "demand": "demands"}


def leave(
    database: Database,
    kind: str,
    record_id: int,
    draft_id: str,
    values: Mapping[str, Any],
    *,
    device: str,
    actor: Actor,
) -> bool:
    """Leave an intention about a public achievement or demand; False when this device had left one before.

    `device` is what stands for the browser (a hash). Raises InvalidInput, NotFound, TooManyTries, AccessDenied.
    """
    require(actor, Permission.TAKE_PART)
    if kind not in _RECORDS or not DRAFT_ID.fullmatch(draft_id) or not device:
        raise InvalidInput({"note": "页面地址不完整，请从成果或需求页重新点「我有意向」。"})
    markings.refuse(database, values, actor=actor)
    contact = contacts.read(values, needed=False)

    def write(session: Session) -> bool:
        take_a_turn(session, device)
        record = session.get(_RECORDS[kind], record_id)
        if record is None:
            raise NotFound("这条记录已撤下，不能再留意向。请回到列表看看别的。")
        kept = keep(session, contact, draft_id, device, actor, **{f"{kind}_id": record_id})
        if kept:
            tell_owner(session, kind, record_id, record.title)
        return kept

    return database.settle(write)


def take_a_turn(session: Session, device: str) -> None:
    """Count what a device sends; TooManyTries for one that floods."""
    if attempts.exhausted(session, attempts.RESPOND, device):
        raise TooManyTries("发送得太频繁，请一小时后再试。", 3600)
    attempts.count(session, attempts.RESPOND, device)


def keep(
    session: Session,
    contact: Contact,
    draft_id: str,
    device: str,
    actor: Actor,
    *,
    event_id: int | None = None,
    event_item_id: int | None = None,
    achievement_id: int | None = None,
    demand_id: int | None = None,
) -> bool:
    """Write an intention, once a draft id and once a device and thing; False when there is one already."""
    i = Interest
    about = {
        "event_item_id": event_item_id,
        "achievement_id": achievement_id if event_item_id is None else None,
        "demand_id": demand_id if event_item_id is None else None,
    }
    column, number = next((name, value) for name, value in about.items() if value is not None)
    same = (i.browser_hash == device) & (getattr(i, column) == number)
    if column != "event_item_id":
        same &= i.event_item_id.is_(None)
    if session.scalar(select(i.id).where(or_(i.draft_id == draft_id, same)).limit(1)) is not None:
        return False
    made = Interest(
        draft_id=draft_id, event_id=event_id, event_item_id=event_item_id, achievement_id=achievement_id,
        demand_id=demand_id, browser_hash=device, account_id=actor.account_id, note=contact.note, created_at=now_utc(),
        **contact.columns,
    )  # fmt: skip
    session.add(made)
    session.flush()
    audit.record(
        session, actor, "interest.leave", "interest", made.id, item=event_item_id, record=achievement_id or demand_id,
        consent=contact.consent_version,
    )  # fmt: skip
    return True


def tell_owner(session: Session, kind: str, record_id: int, title: str) -> None:
    """A notice to the accounts whose record it is."""
    notices.tell_owners(session, kind, record_id, "有人对您的记录有意向", "followups", {}, title)


def erase(database: Database, *, actor: Actor) -> int:
    """Remove what is personal from intentions whose follow-up ended long enough ago, or that nobody followed up; how
    many. A note counts as personal: anything may stand in it. Raises AccessDenied.
    """
    require(actor, Permission.LOAD_DATA)
    last = now_utc() - contacts.KEPT
    running = select(Thread.interest_id).where(Thread.state.in_([state.value for state in followups.RUNNING]))
    lately = select(Thread.interest_id).join(ThreadStep, ThreadStep.thread_id == Thread.id).where(ThreadStep.at >= last)
    with database.write() as session:
        gone = session.execute(
            update(Interest)
            .where(
                Interest.created_at < last, Interest.erased_at.is_(None),
                or_(Interest.consent_version != "", Interest.note != ""),
                Interest.id.not_in(running), Interest.id.not_in(lately),
            )
            .values(
                name="", unit="", phone="", note="", erased_at=now_utc(),
                hint=case((Interest.consent_version != "", "已清除"), else_=""),
            )
            .execution_options(synchronize_session=False)
        ).rowcount  # type: ignore[attr-defined]  # fmt: skip
        if gone:
            audit.record(session, actor, "interest.erase", "interest", "", removed=gone)
    return int(gone)
