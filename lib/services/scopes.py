"""Where an official's word holds, as a condition of a query: `Actor.covers` for a whole table."""

from typing import Any

from sqlalchemy import ColumnElement, false, true

from lib.domain.access import REGION, Actor


def within(actor: Actor, league: Any, banner: Any) -> ColumnElement[bool]:
    """The condition that rows with these league and banner columns lie in the actor's division; none without one."""
    if actor.scope == REGION:
        return true()
    if not actor.scope:
        return false()
    column: ColumnElement[Any] = league if actor.scope.endswith("00") else banner
    return column == actor.scope
