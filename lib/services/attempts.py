"""Wrong guesses, counted in the database: so many an hour for one address or number, so many in all.

Every process counts together and a restart forgets nothing. Keys are kept as hashes. What cannot be counted is not
allowed: when the database does not answer, neither does the login.
"""

import hashlib
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from lib.domain.dates import now_utc
from lib.settings import settings
from lib.store.models import Attempt

LOGIN: Final = "login"
"""A failed login; the key is the address it came from."""
REGISTER: Final = "register"
"""A registration that was tried, whatever came of it; the key is the address."""
RECEIPT: Final = "receipt"
"""A wrong contact for a receipt; the key is the receipt number."""

ATTEND: Final = "attend"
"""A registration to attend an event that was tried; the key is the address."""
RESPOND: Final = "respond"
"""A mark, question or intention that was sent; the key is the device."""

JUDGE: Final = "judge"
"""A wrong code of a judge; the key is the address."""


@dataclass(frozen=True)
class Limit:
    """How many attempts a key, and all keys together, may make in a time; 0 stands for no limit."""

    each: int
    all: int
    within: timedelta


def limit(kind: str) -> Limit:
    """The limit of a kind of attempt."""
    return {
        LOGIN: Limit(settings().login_failures, settings().login_failures_all, timedelta(minutes=5)),
        REGISTER: Limit(settings().registrations, 0, timedelta(hours=1)),
        RECEIPT: Limit(10, 0, timedelta(hours=1)),
        ATTEND: Limit(settings().registrations * 10, 0, timedelta(hours=1)),
        JUDGE: Limit(30, 0, timedelta(hours=1)),
        RESPOND: Limit(600, 0, timedelta(hours=1)),
    }[kind]


def exhausted(session: Session, kind: str, key: str) -> bool:
    """True while this key, or everybody together, must wait."""
    allowed = limit(kind)
    recent = select(func.count()).where(Attempt.kind == kind, Attempt.at > now_utc() - allowed.within)
    if (session.scalar(recent.where(Attempt.key == _hash(kind, key))) or 0) >= allowed.each:
        return True
    return bool(allowed.all) and (session.scalar(recent) or 0) >= allowed.all


def count(session: Session, kind: str, key: str) -> None:
    """Note an attempt, and forget those that no limit looks back to."""
    now = now_utc()
    session.execute(delete(Attempt).where(Attempt.kind == kind, Attempt.at <= now - limit(kind).within))
    session.add(Attempt(kind=kind, key=_hash(kind, key), at=now))


def clear(session: Session, kind: str, key: str) -> None:
    """Forget the attempts of this key: it proved itself."""
    session.execute(delete(Attempt).where(Attempt.kind == kind, Attempt.key == _hash(kind, key)))


def _hash(kind: str, key: str) -> str:
    return hashlib.sha256(f"{kind}\0{key}".encode("utf-8", "replace")).hexdigest()
