"""Upkeep: what time alone brings about. The server does it every few minutes, `python -m lib sweep` at once."""

from dataclasses import dataclass

from lib.domain.access import Actor, Permission, require
from lib.services import attachments, attendance, drafts, followups, interests, submissions
from lib.store.engine import Database


@dataclass(frozen=True)
class Swept:
    """What a sweep did."""

    expired: int
    drafts: int
    files: int
    people: int
    """Rows whose personal data were kept long enough."""


def sweep(database: Database, *, actor: Actor) -> Swept:
    """Take expired records out of the public lists; delete drafts and files nobody came back to;
    erase what was personal long enough; remind of follow-ups. Safe to repeat.

    Raises AccessDenied.
    """
    require(actor, Permission.LOAD_DATA)
    expired = submissions.expire(database, actor=actor)
    pruned = drafts.prune(database, actor=actor)
    files = attachments.sweep(database, actor=actor)
    people = attendance.erase(database, actor=actor) + interests.erase(database, actor=actor)
    followups.remind(database, actor=actor)
    return Swept(expired, pruned, files, people)
