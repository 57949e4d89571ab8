"""Accounts and logins. Identity lives here and in a cookie, never in the memory of a browser tab."""

from datetime import datetime

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from lib.domain.access import Role
from lib.store.models.base import Base, Versioned, one_of, text_length


class Account(Versioned, Base):
    """Somebody who can log in."""

    __tablename__ = "account"
    __table_args__ = (text_length("login", 64, least=2), one_of("role", [role.value for role in Role]))

    id: Mapped[int] = mapped_column(primary_key=True)
    login: Mapped[str] = mapped_column(comment="as typed at creation")
    login_key: Mapped[str] = mapped_column(unique=True, comment="NFKC and case-folded")
    name: Mapped[str] = mapped_column()
    password_hash: Mapped[str] = mapped_column(comment="argon2id")
    role: Mapped[str] = mapped_column(String(16))
    active: Mapped[bool] = mapped_column(default=True)
    failed_logins: Mapped[int] = mapped_column(default=0)
    locked_until: Mapped[datetime | None] = mapped_column()
    created_at: Mapped[datetime] = mapped_column()


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

    account: Mapped[Account] = relationship(lazy="joined", innerjoin=True)
