"""Accounts and logins. Identity lives here and in a cookie, never in the memory of a browser tab."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from lib.domain.access import Role
from lib.domain.vocabulary import ClaimState
from lib.store.models.base import Base, Versioned, one_of, text_length


class Account(Versioned, Base):
    """Somebody who can log in, what they claim to belong to, and what they answer for."""

    __tablename__ = "account"
    __table_args__ = (
        text_length("login", 64, least=2),
        one_of("role", [role.value for role in Role]),
        one_of("claim_state", [state.value for state in ClaimState]),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    login: Mapped[str] = mapped_column(comment="as typed at creation")
    login_key: Mapped[str] = mapped_column(unique=True, comment="NFKC and case-folded")
    name: Mapped[str] = mapped_column()
    phone: Mapped[str] = mapped_column(default="", server_default="", comment="confidential")
    password_hash: Mapped[str] = mapped_column(comment="argon2id; blank: logs in by an identity only")
    role: Mapped[str] = mapped_column(String(16))
    scope: Mapped[str | None] = mapped_column(
        ForeignKey("division.code"), comment="the division an official answers for"
    )
    organization_id: Mapped[int | None] = mapped_column(
        ForeignKey("organization.id"), index=True, comment="set when the claim is approved"
    )
    claim_state: Mapped[str] = mapped_column(String(8), default="none", server_default="none")
    claim_name: Mapped[str] = mapped_column(default="", server_default="", comment="the organization claimed")
    claim_code: Mapped[str] = mapped_column(String(18), default="", server_default="", comment="统一社会信用代码")
    claim_league: Mapped[str | None] = mapped_column(
        ForeignKey("division.code"), index=True, comment="the league whose official decides the claim"
    )
    claim_comment: Mapped[str] = mapped_column(default="", server_default="", comment="what the official answered")
    consent_version: Mapped[str] = mapped_column(String(10), default="", server_default="")
    consented_at: Mapped[datetime | None] = mapped_column()
    feed_hash: Mapped[str | None] = mapped_column(String(64), unique=True, comment="SHA-256 of the own feed's key")
    active: Mapped[bool] = mapped_column(default=True)
    failed_logins: Mapped[int] = mapped_column(default=0)
    locked_until: Mapped[datetime | None] = mapped_column()
    created_at: Mapped[datetime] = mapped_column()
    erased_at: Mapped[datetime | None] = mapped_column(
        comment="personal data were removed; the row stays for the audit"
    )


class EventOrganizer(Base):
    """Which events an organizer runs."""

    __tablename__ = "event_organizer"

    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), primary_key=True)
    event_id: Mapped[int] = mapped_column(ForeignKey("event.id"), primary_key=True)


class Identity(Base):
    """Who an identity provider says somebody is: the pair of issuer and subject, never an e-mail address."""

    __tablename__ = "identity"

    issuer: Mapped[str] = mapped_column(String(255), primary_key=True)
    subject: Mapped[str] = mapped_column(String(255), primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), index=True)
    linked_at: Mapped[datetime] = mapped_column()


class AccountLink(Base):
    """A one-time link: an invitation to an account, or the reset of a password. Only its hash is kept."""

    __tablename__ = "account_link"
    __table_args__ = (one_of("purpose", ["invitation", "reset"]), one_of("role", [role.value for role in Role]))

    token_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    purpose: Mapped[str] = mapped_column(String(10))
    account_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"), comment="whose password is reset")
    role: Mapped[str | None] = mapped_column(String(16), comment="what the invited account becomes")
    organization_id: Mapped[int | None] = mapped_column(ForeignKey("organization.id"))
    scope: Mapped[str | None] = mapped_column(ForeignKey("division.code"))
    event_id: Mapped[int | None] = mapped_column(ForeignKey("event.id"))
    created_by: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    created_at: Mapped[datetime] = mapped_column()
    expires_at: Mapped[datetime] = mapped_column()
    used_at: Mapped[datetime | None] = mapped_column()


class Attempt(Base):
    """A wrong guess: at a password from an address, at a receipt. Kept for as long as limits look back."""

    __tablename__ = "attempt"
    __table_args__ = (Index("ix_attempt_recent", "kind", "key", "at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(10))
    key: Mapped[str] = mapped_column(String(64), comment="SHA-256 of the address or number")
    at: Mapped[datetime] = mapped_column()


class Login(Base):
    """A session of a signed-in account; the cookie holds the token, the table only its SHA-256."""

    __tablename__ = "login"

    token_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), index=True)
    started_at: Mapped[datetime] = mapped_column()
    seen_at: Mapped[datetime] = mapped_column()
    expires_at: Mapped[datetime] = mapped_column()
    ended_at: Mapped[datetime | None] = mapped_column()
    address: Mapped[str] = mapped_column(String(64), default="")
    agent: Mapped[str] = mapped_column(String(200), default="")
    method: Mapped[str] = mapped_column(String(8), default="password", server_default="password")

    account: Mapped[Account] = relationship(lazy="joined", innerjoin=True)
