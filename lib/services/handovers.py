"""Handing a follow-up over: to whom it may go, and that they are told.

Whoever may hold it is whoever may follow it up: `leads.reach` asked for somebody else.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from lib.domain.access import ROLE_PERMISSIONS, Actor, Permission, Role, require
from lib.domain.dates import now_utc
from lib.domain.errors import Conflict, InvalidInput
from lib.domain.vocabulary import ThreadState
from lib.services import audit, followups, leads, notices, scopes
from lib.store.engine import Database
from lib.store.models import Account, Event, EventOrganizer, Interest, Organization, Submission, Thread

_HOLDERS: Final = [role.value for role in Role if Permission.FOLLOW_UP in ROLE_PERMISSIONS[role]]
_NOBODY: Final = "这个账号不能跟进这条意向：由活动主办方、记录的单位或当地主管部门办理。请从列表里选。"


@dataclass(frozen=True)
class Heir:
    """Somebody who may follow an intention up: name, what the account is, and its organization if it has one."""

    id: int
    name: str
    role: Role
    organization: str


def heirs(session: Session, interest_id: int, *, actor: Actor) -> tuple[Heir, ...]:
    """Everybody but the present owner who may follow an intention up, by name. Raises NotFound, AccessDenied."""
    lead, _ = leads.read(session, interest_id, actor=actor)
    interest = session.get_one(Interest, interest_id)
    event = session.get(Event, interest.event_id) if interest.event_id else None
    shown = [
        (kinds, entity, number)
        for entity, column, kinds in leads.RECORDS
        if (number := getattr(interest, column.key)) is not None
    ]
    records = [record for _, entity, number in shown if (record := session.get(entity, number))]
    owners = [
        owner
        for kinds, _, number in shown
        for owner in session.execute(
            select(Submission.account_id, Submission.organization_id).where(
                Submission.kind.in_(kinds), Submission.record_id == number
            )
        )
    ]

    def holds(one: Actor) -> bool:
        return (
            (event is not None and scopes.hosts(one, event))
            or any(scopes.is_own(one, owner.account_id, owner.organization_id) for owner in owners)
            or any(one.covers(record.league_code, record.banner_code) for record in records)
        )

    return tuple(
        Heir(number, one.name, one.role, organization)
        for number, one, organization in _accounts(session)
        if number != lead.owner_id and holds(one)
    )


def hand_over(database: Database, interest_id: int, account_id: int, version: int, *, actor: Actor) -> int:
    """Give an intention to somebody else who may follow it up, as its thread was at `version` (0: nobody had taken it);
    returns the thread. Whoever gets it and whoever had it are told. The same again changes nothing.

    Raises InvalidInput (nobody who may hold it), Conflict (changed meanwhile, or signed), NotFound, AccessDenied.
    """
    require(actor, Permission.FOLLOW_UP)

    def write(session: Session) -> int:
        interest = followups.locked(session, interest_id, actor)
        thread = session.scalars(
            select(Thread).where(Thread.interest_id == interest_id).with_for_update()
        ).one_or_none()
        if thread is not None and thread.owner_id == account_id:
            return thread.id
        if (thread.version if thread else 0) != version:
            raise Conflict(followups.CHANGED)
        heir = next((one for number, one, _ in _accounts(session, account_id) if number == account_id), None)
        within = select(Interest.id).where(Interest.id == interest_id)
        if heir is None or session.scalar(within.where(leads.reach(heir))) is None:
            raise InvalidInput({"heir": _NOBODY})
        if thread is None:
            thread = Thread(interest_id=interest_id, opened_at=now_utc(), state=ThreadState.OPEN.value)
            session.add(thread)
        elif thread.state == ThreadState.SIGNED.value:
            raise Conflict("已签约的线索不用再转交。")
        before, thread.owner_id = thread.owner_id, account_id
        session.flush()
        audit.record(
            session, actor, "thread.hand", "thread", thread.id, item=interest.event_item_id, before=before,
            after=account_id,
        )  # fmt: skip
        title = leads.lead(session.execute(leads.leads().where(Interest.id == interest_id)).one()).title
        link = {"id": str(interest_id)}
        if account_id != actor.account_id:
            notices.tell(session, account_id, f"{actor.name}把一条意向转给您跟进", "followups", link, title)
        if before not in {None, actor.account_id}:
            notices.tell(session, before, f"您的线索转给{heir.name}跟进", "followups", link, title)
        return thread.id

    return database.settle(write)


def _accounts(session: Session, account_id: int | None = None) -> Iterator[tuple[int, Actor, str]]:
    """Accounts that may follow anything up, as they would act, with the name of their organization."""
    organizing: dict[int, set[int]] = {}
    for row in session.execute(select(EventOrganizer.account_id, EventOrganizer.event_id)):
        organizing.setdefault(row.account_id, set()).add(row.event_id)
    found: Any = (
        select(Account, Organization.name)
        .outerjoin(Organization, Organization.id == Account.organization_id)
        .where(Account.active, Account.role.in_(_HOLDERS))
        .order_by(Account.name, Account.id)
    )
    if account_id is not None:
        found = found.where(Account.id == account_id)
    for account, organization in session.execute(found):
        role = Role(account.role)
        events = frozenset(organizing.get(account.id, ()) if role is Role.ORGANIZER else ())
        yield account.id, Actor(
            role, account.id, account.name, organization_id=account.organization_id, scope=account.scope or "",
            events=events,
        ), organization or ""  # fmt: skip
