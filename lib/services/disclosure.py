"""What of a record is not public: what there is, who may open it. Every opening is in the audit trail.

Publishing puts the values into `sealed_field`, and the record's own column stays blank. Nothing but `view` selects
a sealed value, and nothing caches one: a grant that was revoked or ran out counts from the next run of a page.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import ColumnElement, and_, delete, or_, select
from sqlalchemy.orm import Session

from lib.domain.access import Actor, Permission, require
from lib.domain.dates import now_utc
from lib.domain.disclosure import labels
from lib.domain.errors import AccessDenied, NotFound
from lib.domain.vocabulary import AccessState, FieldLevel, SubmissionKind, SubmissionState
from lib.services import audit, scopes
from lib.store.engine import Database
from lib.store.models import AccessRequest, Attachment, SealedField, Submission

KINDS: Final[dict[str, tuple[SubmissionKind, ...]]] = {
    "achievement": (SubmissionKind.ACHIEVEMENT,),
    "demand": (SubmissionKind.DEMAND, SubmissionKind.MILITARY),
    "event_item": (SubmissionKind.REGISTRATION,),
}
"""Which submissions make which kind of record."""

_LABELS: Final = {
    record_kind: {name: label for kind in kinds for name, label in labels(kind).items()}
    for record_kind, kinds in KINDS.items()
}


@dataclass(frozen=True)
class ClosedField:
    """A field of a record that is not public: its name and level, and whether the actor may open it."""

    name: str
    label: str
    level: FieldLevel
    open: bool


@dataclass(frozen=True)
class Restricted:
    """What of a record is not public, for one actor. It holds no value."""

    fields: tuple[ClosedField, ...]
    owner: bool
    """True when it is the actor's own record; not asked where all of it is public."""
    granted: bool
    """True when a field or a file is 授权可见."""
    may_ask: bool
    """True when asking would open something: the actor may ask, and what is 授权可见 is still closed."""


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
    statement = delete(SealedField).where(_sealed(record_kind, record_id))
    if names is not None:
        statement = statement.where(SealedField.name.in_(list(names)))
    session.execute(statement.execution_options(synchronize_session=False))


# ------------------------------------------------------------------ opening
def restricted(session: Session, record_kind: str, record_id: int, *, actor: Actor) -> Restricted:
    """Which fields of a record are not public, and which of them the actor may open; whose it is, if there are any.

    Raises AccessDenied.
    """
    require(actor, Permission.READ_CATALOGUE)
    now = _published(record_kind, record_id)
    rows = session.execute(
        select(SealedField.name, SealedField.level).where(_sealed(record_kind, record_id), now)
    ).all()
    granted_file = _granted_file(session, record_kind, record_id)
    if not rows and not granted_file:  # most records: all of it is public
        return Restricted((), owner=False, granted=False, may_ask=False)
    opened = levels(session, record_kind, record_id, actor=actor)
    names = _LABELS[record_kind]
    order = list(names)
    found = sorted(rows, key=lambda row: order.index(row.name) if row.name in names else len(order))
    fields = tuple(
        ClosedField(row.name, names.get(row.name, row.name), FieldLevel(row.level), row.level in opened)
        for row in found
    )
    granted = granted_file or any(field.level is FieldLevel.GRANTED for field in fields)
    may_ask = granted and FieldLevel.GRANTED not in opened and actor.may(Permission.REQUEST_ACCESS)
    return Restricted(fields, owns(session, record_kind, record_id, actor=actor), granted, may_ask)


def view(database: Database, record_kind: str, record_id: int, *, actor: Actor) -> dict[str, str]:
    """The values that the actor may open, by name, in the order of `restricted`; the opening is in the audit trail.

    Raises NotFound when nothing of the record is closed, AccessDenied when the actor may open none of it.
    """
    require(actor, Permission.READ_CATALOGUE)
    with database.write() as session:
        there = restricted(session, record_kind, record_id, actor=actor)
        if not there.fields:
            raise NotFound("这条记录没有需要授权的内容。")
        names = [field.name for field in there.fields if field.open]
        if not names:
            raise AccessDenied("这些内容还没有对您开放，请先申请查看。")
        rows = session.execute(
            select(SealedField.name, SealedField.value).where(
                _sealed(record_kind, record_id), SealedField.name.in_(names)
            )
        )
        values = {row.name: row.value for row in rows}
        league, banner = place(session, record_kind, record_id)
        audit.record(session, actor, "field.view", record_kind, record_id, league=league, banner=banner, names=names)
        return {name: values[name] for name in names}


def levels(session: Session, record_kind: str, record_id: int, *, actor: Actor) -> frozenset[FieldLevel]:
    """The levels of a record's fields and files that the actor may open now.

    登录可见: accounts that an official has verified. 授权可见: the owner, whoever holds a grant that runs, and who
    decides about access in whose division the record lies.
    """
    require(actor, Permission.READ_CATALOGUE)
    found = {FieldLevel.PUBLIC}
    if actor.may(Permission.READ_SHARED_FIELDS):
        found.add(FieldLevel.SIGNED_IN)
    if owns(session, record_kind, record_id, actor=actor) or _entitled(session, record_kind, record_id, actor):
        found |= set(FieldLevel)
    return frozenset(found)


def owns(session: Session, record_kind: str, record_id: int, *, actor: Actor) -> bool:
    """True when the actor, or the actor's organization, handed in what was published as this record."""
    require(actor, Permission.READ_CATALOGUE)
    own = scopes.own(actor, Submission.account_id, Submission.organization_id)
    return _exists(session, of_record(record_kind, record_id), own)


def _entitled(session: Session, record_kind: str, record_id: int, actor: Actor) -> bool:
    """True while a grant of the actor's runs, or the record lies where the actor decides about access."""
    reach: list[ColumnElement[bool]] = []
    if actor.may(Permission.REQUEST_ACCESS):
        grant = select(AccessRequest.id).where(
            AccessRequest.record_kind == record_kind,
            AccessRequest.record_id == record_id,
            AccessRequest.account_id == actor.account_id,
            AccessRequest.state == AccessState.GRANTED.value,
            AccessRequest.granted_until > now_utc(),
        )
        reach.append(grant.exists())
    if actor.may(Permission.DECIDE_ACCESS):
        reach.append(scopes.within(actor, Submission.league_code, Submission.banner_code))
    return bool(reach) and _exists(session, of_record(record_kind, record_id), or_(*reach))


# ------------------------------------------------------------------ the submission behind a record
def place(session: Session, record_kind: str, record_id: int) -> tuple[str | None, str | None]:
    """League and banner of a record, as its newest submission states them."""
    found = session.execute(
        select(Submission.league_code, Submission.banner_code)
        .where(of_record(record_kind, record_id))
        .order_by(Submission.id.desc())
        .limit(1)
    ).first()
    return (found.league_code, found.banner_code) if found else (None, None)


def of_record(record_kind: str, record_id: Any) -> ColumnElement[bool]:
    """The condition that a submission is what was published as the record of this kind and id (a number or a column).

    A record that was taken back has none: what is sealed of it opens to nobody.
    """
    kinds = [kind.value for kind in KINDS[record_kind]]
    published = Submission.state == SubmissionState.PUBLISHED.value
    return and_(Submission.kind.in_(kinds), Submission.record_id == record_id, published)


def files_of(record_kind: str, record_id: int) -> ColumnElement[bool]:
    """The condition that an attachment goes with a record that is published now: handed in with what was published
    as it, or with what that revised."""
    behind = select(Submission.draft_id).where(
        Submission.kind.in_([kind.value for kind in KINDS[record_kind]]),
        Submission.record_id == record_id,
        Submission.state.in_([SubmissionState.PUBLISHED.value, SubmissionState.ARCHIVED.value]),
    )
    return and_(_published(record_kind, record_id), Attachment.draft_id.in_(behind))


def _granted_file(session: Session, record_kind: str, record_id: int) -> bool:
    closed = Attachment.level == FieldLevel.GRANTED.value
    return session.scalar(select(Attachment.id).where(files_of(record_kind, record_id), closed).limit(1)) is not None


def _exists(session: Session, *conditions: ColumnElement[bool]) -> bool:
    return session.scalar(select(Submission.id).where(*conditions).limit(1)) is not None


def _published(record_kind: str, record_id: int) -> ColumnElement[bool]:
    return select(Submission.id).where(of_record(record_kind, record_id)).exists()


def _sealed(record_kind: str, record_id: int) -> ColumnElement[bool]:
    return and_(SealedField.record_kind == record_kind, SealedField.record_id == record_id)
