"""What happens around an event: its programme, its audience, its stage, its jury, and what came of it."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import JSON, BigInteger, CheckConstraint, ForeignKey, SmallInteger, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from lib.domain.vocabulary import AttendeeState, QuestionState, ThreadState
from lib.store.models.base import Base, Exact, Versioned, one_of, text_length

_DRAFT = "from the address or the device: a repeat writes once"


def _once(*columns: str) -> tuple[CheckConstraint, UniqueConstraint]:
    """What an audience sends: a draft id of the usual length, and one row a device and item."""
    return CheckConstraint("length(draft_id) = 32", name="draft_id_length"), UniqueConstraint(*columns)


class ProgrammeVersion(Base):
    """A programme as it was published, and when. `content` names items; what they say is read from them."""

    __tablename__ = "programme_version"
    __table_args__ = (UniqueConstraint("event_id", "number"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    event_id: Mapped[int] = mapped_column(ForeignKey("event.id"))
    number: Mapped[int] = mapped_column(comment="1, 2, 3 … within the event")
    published_at: Mapped[datetime] = mapped_column()
    account_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    content: Mapped[list[dict[str, Any]]] = mapped_column(
        JSON, comment="in order: item, minutes, room, presenter, starts (ISO moment, or null)"
    )


class Attendee(Versioned, Base):
    """Somebody who registered to attend. Who they are is confidential and read only by whoever runs the event."""

    __tablename__ = "attendee"
    __table_args__ = (
        one_of("state", [state.value for state in AttendeeState]),
        CheckConstraint("length(draft_id) = 32", name="draft_id_length"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    event_id: Mapped[int] = mapped_column(ForeignKey("event.id"), index=True)
    draft_id: Mapped[str] = mapped_column(String(32), unique=True, comment=_DRAFT)
    receipt: Mapped[str] = mapped_column(String(20), unique=True)
    key_hash: Mapped[str] = mapped_column(String(64), unique=True, comment="SHA-256 of the receipt link's key")
    state: Mapped[str] = mapped_column(String(10))
    name: Mapped[str] = mapped_column(deferred=True, comment="confidential")
    unit: Mapped[str] = mapped_column(default="", deferred=True, comment="confidential")
    phone: Mapped[str] = mapped_column(deferred=True, comment="confidential")
    hint: Mapped[str] = mapped_column(comment="masked: 张＊ 138****5678")
    consent_version: Mapped[str] = mapped_column(String(10))
    account_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"), comment="null: a visitor")
    registered_at: Mapped[datetime] = mapped_column()
    cancelled_at: Mapped[datetime | None] = mapped_column()
    checked_in_at: Mapped[datetime | None] = mapped_column()
    checked_in_by: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    erased_at: Mapped[datetime | None] = mapped_column(comment="name, unit and phone were removed; the row counts on")


class Stage(Base):
    """What is on the screen of an event now. One row an event; a state with a lower `seq` never replaces a higher."""

    __tablename__ = "stage"

    event_id: Mapped[int] = mapped_column(ForeignKey("event.id"), primary_key=True)
    seq: Mapped[int] = mapped_column(BigInteger, comment="raised by the presenter's browser with each change")
    slide: Mapped[str] = mapped_column(String(40), comment="key of the slide, such as title or item-12")
    item_id: Mapped[int | None] = mapped_column(comment="the item on stage, if the slide shows one")
    timers: Mapped[dict[str, Any]] = mapped_column(JSON, comment="as the presenter's browser keeps them")
    updated_at: Mapped[datetime] = mapped_column()
    account_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"), comment="who presents")


class Mark(Base):
    """What one device thinks of an item, 1 to 5 each; null: not marked."""

    __tablename__ = "mark"
    __table_args__ = (
        *_once("event_item_id", "browser_hash"),
        *(
            CheckConstraint(f"{name} BETWEEN 1 AND 5", name=f"{name}_range")
            for name in ("need", "maturity", "willingness")
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    draft_id: Mapped[str] = mapped_column(String(32), unique=True, comment=_DRAFT)
    event_id: Mapped[int] = mapped_column(ForeignKey("event.id"), index=True)
    event_item_id: Mapped[int] = mapped_column(comment="one that was taken back keeps its number")
    browser_hash: Mapped[str] = mapped_column(String(64), comment="SHA-256 of the browser's cookie")
    need: Mapped[int | None] = mapped_column(SmallInteger, comment="需求契合")
    maturity: Mapped[int | None] = mapped_column(SmallInteger, comment="技术成熟")
    willingness: Mapped[int | None] = mapped_column(SmallInteger, comment="合作意愿")
    created_at: Mapped[datetime] = mapped_column()


class Question(Base):
    """A question from the audience to an item; never shown with a name, because none is asked for."""

    __tablename__ = "question"
    __table_args__ = (
        *_once("event_item_id", "browser_hash"),
        one_of("state", [state.value for state in QuestionState]),
        text_length("text", 200),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    draft_id: Mapped[str] = mapped_column(String(32), unique=True, comment=_DRAFT)
    event_id: Mapped[int] = mapped_column(ForeignKey("event.id"), index=True)
    event_item_id: Mapped[int] = mapped_column(comment="one that was taken back keeps its number")
    browser_hash: Mapped[str] = mapped_column(String(64), comment="SHA-256 of the browser's cookie")
    text: Mapped[str] = mapped_column()
    state: Mapped[str] = mapped_column(String(8), default="new")
    created_at: Mapped[datetime] = mapped_column()


class Interest(Base):
    """我有意向: somebody wants to talk about an item of an event, or about a record of the catalogue.

    Who it is may be left out; what is given is confidential and read only by whoever may follow it up.
    """

    __tablename__ = "interest"
    __table_args__ = (
        *_once("event_item_id", "browser_hash"),
        CheckConstraint(
            "event_item_id IS NOT NULL OR achievement_id IS NOT NULL OR demand_id IS NOT NULL", name="of_something"
        ),
        CheckConstraint("(event_id IS NULL) = (event_item_id IS NULL)", name="item_of_event"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    draft_id: Mapped[str] = mapped_column(String(32), unique=True, comment=_DRAFT)
    event_id: Mapped[int | None] = mapped_column(ForeignKey("event.id"), index=True)
    event_item_id: Mapped[int | None] = mapped_column(comment="one that was taken back keeps its number")
    achievement_id: Mapped[int | None] = mapped_column(index=True, comment="the record it is about; the same")
    demand_id: Mapped[int | None] = mapped_column(index=True, comment="the same")
    browser_hash: Mapped[str] = mapped_column(String(64), comment="SHA-256 of the browser's cookie")
    account_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"), comment="null: a visitor")
    name: Mapped[str] = mapped_column(default="", deferred=True, comment="confidential")
    unit: Mapped[str] = mapped_column(default="", deferred=True, comment="confidential")
    phone: Mapped[str] = mapped_column(default="", deferred=True, comment="confidential")
    note: Mapped[str] = mapped_column(default="", deferred=True, comment="confidential")
    hint: Mapped[str] = mapped_column(default="", comment="masked; blank: no contact was left")
    consent_version: Mapped[str] = mapped_column(String(10), default="", comment="blank: nothing personal was given")
    created_at: Mapped[datetime] = mapped_column(index=True)
    erased_at: Mapped[datetime | None] = mapped_column(comment="personal data were removed; the row counts on")


class Thread(Versioned, Base):
    """对接线索: the follow-up of one intention, from the first call to a contract."""

    __tablename__ = "thread"
    __table_args__ = (
        one_of("state", [state.value for state in ThreadState]),
        CheckConstraint("amount > 0", name="amount_positive"),
        CheckConstraint("(state = 'signed') = (signed_on IS NOT NULL)", name="signed_with_day"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    interest_id: Mapped[int] = mapped_column(ForeignKey("interest.id"), unique=True)
    owner_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"), index=True, comment="who follows it up")
    state: Mapped[str] = mapped_column(String(9), default="open")
    due_on: Mapped[date | None] = mapped_column(index=True, comment="when the next step is due")
    opened_at: Mapped[datetime] = mapped_column()
    contacted_at: Mapped[datetime | None] = mapped_column(comment="first contact")
    signed_on: Mapped[date | None] = mapped_column()
    contract_title: Mapped[str] = mapped_column(default="")
    amount: Mapped[Decimal | None] = mapped_column(comment="合同金额, 元; null: not told")


class ThreadStep(Base):
    """One step of a follow-up, in the order of what happened."""

    __tablename__ = "thread_step"

    id: Mapped[int] = mapped_column(primary_key=True)
    thread_id: Mapped[int] = mapped_column(ForeignKey("thread.id"), index=True)
    at: Mapped[datetime] = mapped_column()
    state: Mapped[str] = mapped_column(String(9), comment="the state it led to")
    note: Mapped[str] = mapped_column(default="", deferred=True, comment="confidential")
    account_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"))


class Criterion(Base):
    """What a jury scores by, with its weight."""

    __tablename__ = "criterion"
    __table_args__ = (text_length("name", 40), CheckConstraint("weight BETWEEN 1 AND 100", name="weight_range"))

    id: Mapped[int] = mapped_column(primary_key=True)
    event_id: Mapped[int] = mapped_column(ForeignKey("event.id"), index=True)
    position: Mapped[int] = mapped_column()
    name: Mapped[str] = mapped_column()
    weight: Mapped[int] = mapped_column(SmallInteger, comment="percent; 100 over the criteria of an event")


class Judge(Base):
    """A member of a jury, known by a number; the code that lets one score is kept as a hash only."""

    __tablename__ = "judge"
    __table_args__ = (UniqueConstraint("event_id", "number"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    event_id: Mapped[int] = mapped_column(ForeignKey("event.id"))
    number: Mapped[int] = mapped_column(SmallInteger, comment="1, 2, 3 …: 1 号评委")
    code_hash: Mapped[str] = mapped_column(String(64), unique=True, comment="SHA-256 of the code")
    active: Mapped[bool] = mapped_column(default=True)
    made_at: Mapped[datetime] = mapped_column()


class Score(Base):
    """What a judge gave an item by a criterion, 0 to 100."""

    __tablename__ = "score"
    __table_args__ = (UniqueConstraint("judge_id", "event_item_id", "criterion_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    judge_id: Mapped[int] = mapped_column(ForeignKey("judge.id"))
    event_item_id: Mapped[int] = mapped_column(index=True, comment="one that was taken back keeps its number")
    criterion_id: Mapped[int] = mapped_column(ForeignKey("criterion.id"))
    points: Mapped[Decimal] = mapped_column(Exact, comment="0 to 100, at most two decimals")
    scored_at: Mapped[datetime] = mapped_column()


class JuryResult(Base):
    """The scores of an event as they were frozen; everybody may read them once they are published."""

    __tablename__ = "jury_result"

    event_id: Mapped[int] = mapped_column(ForeignKey("event.id"), primary_key=True)
    content: Mapped[list[dict[str, Any]]] = mapped_column(
        JSON, comment="ranked: item, rank, score, judges, dropped, tied"
    )
    frozen_at: Mapped[datetime] = mapped_column()
    frozen_by: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    published_at: Mapped[datetime | None] = mapped_column()
