"""How far an actor's word holds, as a condition of a query: `Actor.covers` and what is one's own, for a whole table."""

from typing import Any

from sqlalchemy import ColumnElement, and_, false, or_, true

from lib.domain.access import REGION, Actor
from lib.domain.vocabulary import SubmissionKind
from lib.store.models import Submission


def within(actor: Actor, league: Any, banner: Any) -> ColumnElement[bool]:
    """The condition that rows with these league and banner columns lie in the actor's division; none without one."""
    if actor.scope == REGION:
        return true()
    if not actor.scope:
        return false()
    column: ColumnElement[Any] = league if actor.scope.endswith("00") else banner
    return column == actor.scope


def own(actor: Actor, account: Any, organization: Any) -> ColumnElement[bool]:
    """The condition that rows with these account and organization columns are the actor's own, or the actor's
    organization's; none for a visitor."""
    mine = [account == actor.account_id] if actor.account_id is not None else []
    ours = [organization == actor.organization_id] if actor.organization_id is not None else []
    return or_(false(), *mine, *ours)


def is_own(actor: Actor, account_id: int | None, organization_id: int | None) -> bool:
    """`own` for one row: true when it is the actor's, or the actor's organization's."""
    ours = organization_id is not None and organization_id == actor.organization_id
    return ours or (account_id is not None and account_id == actor.account_id)


def reviewing(actor: Actor) -> ColumnElement[bool]:
    """The condition that a submission is the actor's to review: it lies in the actor's division, or it is a
    registration for an event that the actor organizes. Whether the actor may review at all is asked elsewhere."""
    registration = Submission.kind == SubmissionKind.REGISTRATION.value
    events = and_(registration, Submission.event_id.in_(actor.events)) if actor.events else false()
    return or_(within(actor, Submission.league_code, Submission.banner_code), events)
