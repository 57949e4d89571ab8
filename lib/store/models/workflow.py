"""Submissions and their review, restricted fields, attachments, the audit trail, revisions, loaded files."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, CheckConstraint, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from lib.domain.vocabulary import AccessState, Decision, FieldLevel, SubmissionKind, SubmissionState
from lib.store.models.base import Base, Versioned, one_of, text_length

_RECORD_KINDS = ["achievement", "demand", "event_item"]


class Draft(Base):
    """What somebody typed and has not handed in: kept so that a reload loses nothing, opened only by its owner."""

    __tablename__ = "draft"
    __table_args__ = (
        one_of("kind", [kind.value for kind in SubmissionKind]),
        CheckConstraint("length(id) = 32", name="id_length"),
    )

    id: Mapped[str] = mapped_column(String(32), primary_key=True, comment="the draft id of the address")
    kind: Mapped[str] = mapped_column(String(12))
    account_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"), index=True)
    browser_hash: Mapped[str] = mapped_column(String(64), default="", comment="SHA-256 of a visitor's browser cookie")
    revises_id: Mapped[int | None] = mapped_column(ForeignKey("submission.id"))
    values: Mapped[dict[str, Any]] = mapped_column(JSON, comment="as typed; confidential")
    saved_at: Mapped[datetime] = mapped_column(index=True)


class Submission(Versioned, Base):
    """What somebody handed in. Nothing of it is public: publishing copies the public fields to a record.

    Confidential columns are deferred: they are read only by the functions that may.
    """

    __tablename__ = "submission"
    __table_args__ = (
        one_of("kind", [kind.value for kind in SubmissionKind]),
        one_of("state", [state.value for state in SubmissionState if state is not SubmissionState.DRAFT]),
        CheckConstraint("length(draft_id) = 32", name="draft_id_length"),
        Index("ix_submission_place", "state", "league_code", "banner_code"),
        Index("ix_submission_record", "kind", "record_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    draft_id: Mapped[str] = mapped_column(String(32), unique=True, comment="from the address: a repeat writes once")
    receipt: Mapped[str] = mapped_column(String(20), unique=True)
    kind: Mapped[str] = mapped_column(String(12))
    state: Mapped[str] = mapped_column(String(9), index=True)
    title: Mapped[str] = mapped_column()
    content: Mapped[dict[str, Any]] = mapped_column(JSON, comment="the fields of the form that are not sealed")
    levels: Mapped[dict[str, str]] = mapped_column(
        JSON, default=dict, server_default="{}", comment="field to FieldLevel, where it is not public"
    )
    sealed: Mapped[dict[str, Any]] = mapped_column(
        JSON, default=dict, server_default="{}", deferred=True, comment="confidential: fields of level granted"
    )
    contact_name: Mapped[str] = mapped_column(deferred=True, comment="confidential")
    contact_phone: Mapped[str] = mapped_column(deferred=True, comment="confidential")
    contact_email: Mapped[str] = mapped_column(default="", deferred=True, comment="confidential")
    contact_hint: Mapped[str] = mapped_column(default="", server_default="", comment="masked: 张＊ 138****5678")
    event_id: Mapped[int | None] = mapped_column(ForeignKey("event.id"))
    league_code: Mapped[str | None] = mapped_column(ForeignKey("division.code"), comment="who reviews it")
    banner_code: Mapped[str | None] = mapped_column(ForeignKey("division.code"))
    account_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"), index=True, comment="null: a visitor")
    organization_id: Mapped[int | None] = mapped_column(
        ForeignKey("organization.id"), index=True, comment="the submitter's organization: it owns the record"
    )
    revises_id: Mapped[int | None] = mapped_column(
        ForeignKey("submission.id"), index=True, comment="the published submission this one would replace"
    )
    before: Mapped[dict[str, Any] | None] = mapped_column(JSON, comment="title and content the reviewer saw last")
    submitted_at: Mapped[datetime] = mapped_column(index=True)
    due_at: Mapped[datetime | None] = mapped_column(index=True, comment="when the review should be done")
    assignee_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"), index=True)
    decided_at: Mapped[datetime | None] = mapped_column()
    decided_by: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    comment: Mapped[str] = mapped_column(default="", comment="what the reviewer says to the submitter")
    field_comments: Mapped[dict[str, str]] = mapped_column(JSON, default=dict, server_default="{}")
    checklist: Mapped[dict[str, bool]] = mapped_column(JSON, default=dict, server_default="{}")
    valid_until: Mapped[date | None] = mapped_column(index=True, comment="after this day a published demand expires")
    record_id: Mapped[int | None] = mapped_column(comment="the record that publishing made, by kind")


class SealedField(Base):
    """A field of a published record that is not public. The record's own column is blank, so nothing that reads
    records (search, lists, matches, exports, the API) can meet the value."""

    __tablename__ = "sealed_field"
    __table_args__ = (
        one_of("record_kind", _RECORD_KINDS),
        one_of("level", [FieldLevel.SIGNED_IN.value, FieldLevel.GRANTED.value]),
        UniqueConstraint("record_kind", "record_id", "name"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    record_kind: Mapped[str] = mapped_column(String(12))
    record_id: Mapped[int] = mapped_column()
    name: Mapped[str] = mapped_column(String(30))
    level: Mapped[str] = mapped_column(String(9))
    value: Mapped[str] = mapped_column(deferred=True, comment="confidential; as the record page shows it")


class AccessRequest(Versioned, Base):
    """Somebody asks to see the 授权可见 fields of a record; its owner or an official answers for a time."""

    __tablename__ = "access_request"
    __table_args__ = (
        one_of("record_kind", _RECORD_KINDS),
        one_of("state", [state.value for state in AccessState]),
        CheckConstraint("length(draft_id) = 32", name="draft_id_length"),
        Index("ix_access_request_record", "record_kind", "record_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    draft_id: Mapped[str] = mapped_column(String(32), unique=True, comment="a repeat writes once")
    record_kind: Mapped[str] = mapped_column(String(12))
    record_id: Mapped[int] = mapped_column()
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), index=True)
    reason: Mapped[str] = mapped_column()
    state: Mapped[str] = mapped_column(String(8), default="pending")
    asked_at: Mapped[datetime] = mapped_column()
    decided_at: Mapped[datetime | None] = mapped_column()
    decided_by: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    comment: Mapped[str] = mapped_column(default="")
    granted_until: Mapped[datetime | None] = mapped_column()


class MatchDecision(Base):
    """What somebody decided about a demand and an achievement. A record that was taken back keeps its number, and
    with it the decisions: the pair is not suggested again when it comes back."""

    __tablename__ = "match_decision"
    __table_args__ = (
        one_of("decision", [decision.value for decision in Decision]),
        UniqueConstraint("demand_id", "achievement_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    demand_id: Mapped[int] = mapped_column()
    achievement_id: Mapped[int] = mapped_column(index=True)
    decision: Mapped[str] = mapped_column(String(9))
    reason: Mapped[str] = mapped_column()
    account_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    at: Mapped[datetime] = mapped_column()


class SavedSearch(Base):
    """A search of the catalogue that an account keeps: what was found since it was last looked at is unread."""

    __tablename__ = "saved_search"
    __table_args__ = (
        one_of("kind", ["achievement", "demand", "organization"]),
        text_length("name", 60),
        UniqueConstraint("account_id", "kind", "query"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    kind: Mapped[str] = mapped_column(String(12))
    query: Mapped[str] = mapped_column(comment="the parameters of its address, in one order")
    name: Mapped[str] = mapped_column()
    created_at: Mapped[datetime] = mapped_column()
    seen_at: Mapped[datetime] = mapped_column(comment="what was published later is unread")


class Attachment(Base):
    """A file of a submission. Its bytes lie under a random name outside anything served."""

    __tablename__ = "attachment"
    __table_args__ = (
        one_of("level", [level.value for level in FieldLevel]),
        CheckConstraint("size > 0", name="size_positive"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    submission_id: Mapped[int | None] = mapped_column(ForeignKey("submission.id"), index=True)
    draft_id: Mapped[str] = mapped_column(String(32), index=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), index=True)
    stored: Mapped[str] = mapped_column(String(36), unique=True, comment="random file name")
    name: Mapped[str] = mapped_column(comment="as the browser named it, cleaned; only ever shown as text")
    media_type: Mapped[str] = mapped_column(String(80), comment="what its bytes are")
    size: Mapped[int] = mapped_column(BigInteger, comment="bytes")
    sha256: Mapped[str] = mapped_column(String(64))
    level: Mapped[str] = mapped_column(String(9), default="granted")
    uploaded_at: Mapped[datetime] = mapped_column()


class Notice(Base):
    """What an account should know: shown in the app and in its own feed. Holds nothing confidential."""

    __tablename__ = "notice"
    __table_args__ = (Index("ix_notice_account", "account_id", "read_at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    at: Mapped[datetime] = mapped_column()
    title: Mapped[str] = mapped_column()
    body: Mapped[str] = mapped_column(default="")
    page: Mapped[str] = mapped_column(String(20), comment="the page it leads to")
    query: Mapped[dict[str, str]] = mapped_column(JSON, comment="and the parameters of its address")
    read_at: Mapped[datetime | None] = mapped_column()


class ReceiptCounter(Base):
    """The last receipt number given out a day and kind, drawn in the transaction of the submission."""

    __tablename__ = "receipt_counter"

    kind: Mapped[str] = mapped_column(String(12), primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    last: Mapped[int] = mapped_column()


class AuditEntry(Base):
    """Who did what, when, from where. Written in the transaction of the change; holds no confidential value.

    Append-only: triggers refuse UPDATE, DELETE and TRUNCATE, and each entry's hash covers the one before it.
    """

    __tablename__ = "audit_entry"
    __table_args__ = (Index("ix_audit_entry_object", "object_kind", "object_id"),)

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False, comment="gap-free, drawn from the head")
    at: Mapped[datetime] = mapped_column(index=True)
    account_id: Mapped[int | None] = mapped_column(index=True, comment="null: a visitor or the command line")
    actor: Mapped[str] = mapped_column()
    role: Mapped[str] = mapped_column(String(16), default="", server_default="")
    action: Mapped[str] = mapped_column(String(40), index=True)
    object_kind: Mapped[str] = mapped_column(String(20))
    object_id: Mapped[str] = mapped_column(String(40))
    league_code: Mapped[str | None] = mapped_column(String(6), index=True, comment="where the object lies")
    banner_code: Mapped[str | None] = mapped_column(String(6))
    outcome: Mapped[str] = mapped_column(String(8), default="done", server_default="done", comment="done or refused")
    detail: Mapped[dict[str, Any]] = mapped_column(JSON, comment="before and after where something changed")
    address: Mapped[str] = mapped_column(String(64), default="")
    request_id: Mapped[str] = mapped_column(String(32), default="")
    session: Mapped[str] = mapped_column(String(16), default="", server_default="", comment="start of the login's hash")
    hash: Mapped[str] = mapped_column(String(64), default="", server_default="", comment="SHA-256 of this and the last")


class AuditHead(Base):
    """The end of the chain: one row, locked by whoever appends, so that there is only one chain."""

    __tablename__ = "audit_head"
    __table_args__ = (CheckConstraint("id = 1", name="one_row"),)

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    number: Mapped[int] = mapped_column(comment="id of the last entry")
    hash: Mapped[str] = mapped_column(String(64))


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
