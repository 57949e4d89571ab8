"""Publication: from a reviewed submission to the public record and back.

The record's columns get only what is public; the rest is sealed beside it. A record that is taken back is removed
with its place in every list and index, and keeps its number: published again, it is found under the same address.
"""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session, undefer

from lib.domain import disclosure as levels
from lib.domain.dates import Precision, now_utc, today_shanghai
from lib.domain.money import show_wan
from lib.domain.text import organization_key
from lib.domain.vocabulary import FieldLevel, Origin, SubmissionKind
from lib.services import disclosure
from lib.services.forms import without_numbers
from lib.store.models import Achievement, Demand, EventItem, Organization, Submission

RECORDS: Final[dict[SubmissionKind, type[Achievement | Demand | EventItem]]] = {
    SubmissionKind.DEMAND: Demand,
    SubmissionKind.MILITARY: Demand,
    SubmissionKind.ACHIEVEMENT: Achievement,
    SubmissionKind.REGISTRATION: EventItem,
}
"""What a published submission becomes."""

ANSWERS: Final = {"ip": "rights"}
"""A restricted field whose answer has another name in the form; of the rights, only the numbers are restricted."""
_TOLD: Final = ("value", "problem", "application", "trl_scheme", "trl_judge", "trl_evidence", "pricing_mode")
"""Answers that an achievement's record takes over as they are, or leaves blank."""
_AMOUNTS: Final = frozenset({"price", "floor_price", "budget"})
CONFIDENTIAL: Final = (
    undefer(Submission.sealed),
    undefer(Submission.contact_name),
    undefer(Submission.contact_phone),
    undefer(Submission.contact_email),
)
"""Options of a query by whoever may read the confidential columns of a submission."""


def record_kind(kind: SubmissionKind) -> str:
    """The kind of record that a submission becomes: achievement, demand or event_item."""
    return str(RECORDS[kind].__tablename__)


def publish(session: Session, submission: Submission) -> int:
    """Make or renew the public record of a submission and seal what is not public; returns the record's id.

    The submission's `record_id` says which record it renews; a record that was taken back comes again under it.
    """
    kind = SubmissionKind(submission.kind)
    entity: Any = RECORDS[kind]
    columns = _columns(session, kind, submission)
    record = session.get(entity, submission.record_id, with_for_update={"of": entity}) if submission.record_id else None
    if record is None:
        stamp = {} if entity is EventItem else {"created_at": now_utc()}
        record = entity(**{"id": submission.record_id} if submission.record_id else {}, **columns, **stamp)
        session.add(record)
    else:
        for name, value in columns.items():
            setattr(record, name, value)
    session.flush()
    disclosure.seal(session, record_kind(kind), record.id, _restricted(kind, submission))
    return int(record.id)


def take_back(session: Session, submission: Submission) -> None:
    """Remove the public record of a submission from every list and index; what is sealed stays for its owner."""
    record = session.get(RECORDS[SubmissionKind(submission.kind)], submission.record_id or 0)
    if record is not None:
        session.delete(record)
        session.flush()


# ------------------------------------------------------------------ inside
def _restricted(kind: SubmissionKind, submission: Submission) -> dict[str, tuple[FieldLevel, str]]:
    """What is sealed: level and value, as the record page shows it, of every field that is filled and not public."""
    found: dict[str, tuple[FieldLevel, str]] = {}
    answers = {**submission.content, **submission.sealed}
    for field in levels.FIELDS[kind]:
        level = FieldLevel(submission.levels.get(field.name, FieldLevel.PUBLIC))
        if level is FieldLevel.PUBLIC:
            continue
        if field.name == levels.CONTACT:
            value = "，".join(
                filter(None, (submission.contact_name, submission.contact_phone, submission.contact_email))
            )
        else:
            value = _shown(field.name, answers.get(ANSWERS.get(field.name, field.name)))
        if value:
            found[field.name] = (level, value)
    return found


def _shown(name: str, value: Any) -> str:
    if value in (None, ""):
        return ""
    if name == "ip":
        return "；".join(f"{line['kind']} {line['number']}" for line in value if line["number"])
    return show_wan(Decimal(str(value))) if name in _AMOUNTS else str(value)


def _columns(session: Session, kind: SubmissionKind, submission: Submission) -> dict[str, Any]:
    public = _Public(submission)
    if kind is SubmissionKind.REGISTRATION:
        return {
            "event_id": submission.event_id,
            "title": submission.title,
            "organization_text": public["unit"],
            "field": public["field"],
            "stage": public["stage"],
            "summary": public["technology"],
            "cooperation": public["cooperation"],
            "achievement_id": public["achievement_id"],
        }
    shared = _shared(session, submission, public)
    if kind is SubmissionKind.ACHIEVEMENT:
        return shared | {
            "summary": public["summary"],
            "year": public["year"],
            "other_units": public["other_units"],
            "award": public["award"],
            "achievement_class": public["achievement_class"],
            "completer": public["completer"],
            "trl": public["trl"],
            "stage": public["stage"],
            "rights": public.lines("rights"),
            "transfer_mode": public["transfer_mode"],
            "price": _money(public["price"]),
            "negotiable": public.negotiable("price"),
            "keywords": public["keywords"],
            "indicators": public["indicators"],
            **{name: public[name] or "" for name in _TOLD},
            **{name: public.lines(name) for name in ("comparison", "shares", "steps")},
            "public_good": {"是": True, "否": False}.get(public["public_good"]),
            "valid_until": submission.valid_until,
        }
    wanted = shared | {
        "year": today_shanghai().year,
        "budget": _money(public["budget"]),
        "negotiable": public.negotiable("budget"),
        "demand_class": public["demand_class"],
        "cooperation_mode": public["cooperation_mode"],
        "valid_from": date.fromisoformat(public["valid_from"]),
        "valid_until": submission.valid_until,
    }
    if kind is SubmissionKind.MILITARY:
        return wanted | {"description": "", "keywords": f"军民、{public['direction']}", "indicators": ""}
    return wanted | {
        "description": public["description"],
        "keywords": public["keywords"],
        "indicators": public["indicators"],
        "comparison": public.lines("comparison"),
        "tried": public["tried"] or "",
        "acceptance": public["acceptance"] or "",
        "deadline": date.fromisoformat(public["deadline"]) if public["deadline"] else None,
    }


class _Public:
    """The answers of a submission that may stand in a public column; the others read as blank."""

    def __init__(self, submission: Submission) -> None:
        self._content: Mapping[str, Any] = submission.content
        named = {ANSWERS.get(name, name) for name in submission.levels}
        self._hidden = named | set(submission.sealed)

    def __getitem__(self, name: str) -> Any:
        value = self._content.get(name)
        if name in self._hidden:
            return None if name in _AMOUNTS else ""
        return value

    def lines(self, name: str) -> list[dict[str, str]]:
        """The lines of a table; the numbers of the rights only where these are public."""
        found: list[dict[str, str]] = self._content.get(name) or []
        return without_numbers(found) if name in self._hidden else found

    def negotiable(self, name: str) -> bool:
        """面议: the owner left a public amount open."""
        return name not in self._hidden and self._content.get(name) is None


def _shared(session: Session, submission: Submission, public: _Public) -> dict[str, Any]:
    now = now_utc()
    unit = public["unit"]
    return {
        "title": submission.title,
        "organization_text": unit,
        "organization_id": session.scalar(
            select(Organization.id).where(Organization.name_key == organization_key(unit))
        ),
        "field": public["field"],
        "league_code": submission.league_code,
        "banner_code": submission.banner_code,
        "origin": Origin.SUBMITTED.value,
        "source_publisher": unit,
        "source_date": today_shanghai(),
        "source_precision": Precision.DAY.value,
        "updated_at": now,
        "edited_at": now,
    }


def _money(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)
