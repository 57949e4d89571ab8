"""Submissions and their review, the audit trail, revisions, and what was loaded from files."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from lib.domain.vocabulary import SubmissionKind, SubmissionState
from lib.store.models.base import Base, Versioned, one_of


class Submission(Versioned, Base):
    """What somebody handed in. Nothing of it is public: publishing copies the public fields to a record."""

    __tablename__ = "submission"
    __table_args__ = (
        one_of("kind", [kind.value for kind in SubmissionKind]),
        one_of("state", [state.value for state in SubmissionState]),
        CheckConstraint("length(draft_id) = 32", name="draft_id_length"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    draft_id: Mapped[str] = mapped_column(String(32), unique=True, comment="from the address: a repeat writes once")
    receipt: Mapped[str] = mapped_column(String(20), unique=True)
    kind: Mapped[str] = mapped_column(String(12))
    state: Mapped[str] = mapped_column(String(9), index=True)
    title: Mapped[str] = mapped_column()
    content: Mapped[dict[str, Any]] = mapped_column(JSON, comment="the public fields of the form")
    contact_name: Mapped[str] = mapped_column(comment="confidential")
    contact_phone: Mapped[str] = mapped_column(comment="confidential")
    contact_email: Mapped[str] = mapped_column(default="", comment="confidential")
    event_id: Mapped[int | None] = mapped_column(ForeignKey("event.id"))
    submitted_at: Mapped[datetime] = mapped_column(index=True)
    decided_at: Mapped[datetime | None] = mapped_column()
    decided_by: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    comment: Mapped[str] = mapped_column(default="", comment="what the reviewer says to the submitter")
    record_id: Mapped[int | None] = mapped_column(comment="the record that publishing made, by kind")


class ReceiptCounter(Base):
    """The last receipt number given out a day and kind, drawn in the transaction of the submission."""

    __tablename__ = "receipt_counter"

    kind: Mapped[str] = mapped_column(String(12), primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    last: Mapped[int] = mapped_column()


class AuditEntry(Base):
    """Who did what, when, from where. Written in the transaction of the change; holds no confidential value."""

    __tablename__ = "audit_entry"

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(index=True)
    account_id: Mapped[int | None] = mapped_column(comment="null: a visitor or the command line")
    actor: Mapped[str] = mapped_column()
    action: Mapped[str] = mapped_column(String(40))
    object_kind: Mapped[str] = mapped_column(String(20))
    object_id: Mapped[str] = mapped_column(String(40))
    detail: Mapped[dict[str, Any]] = mapped_column(JSON)
    address: Mapped[str] = mapped_column(String(64), default="")
    request_id: Mapped[str] = mapped_column(String(32), default="")


class Revision(Base):
    """One counter a topic, bumped in the transaction of each write: the key of every cache."""

    __tablename__ = "revision"

    topic: Mapped[str] = mapped_column(String(20), primary_key=True)
    number: Mapped[int] = mapped_column()


class Dataset(Base):
    """A file the product was loaded from."""

    __tablename__ = "dataset"

    name: Mapped[str] = mapped_column(String(40), primary_key=True)
    sha256: Mapped[str] = mapped_column(String(64))
    row_count: Mapped[int] = mapped_column()
    loaded_at: Mapped[datetime] = mapped_column()
