"""What a run of a page or an HTTP request is known by: in the log, in the audit trail and in the answer's header.

The number follows the work into threads, because it lives in the context and not in an argument of every function.
"""

import secrets
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Final

import structlog


@dataclass(frozen=True)
class Trace:
    """One run or request: its id and the address it came from; both blank outside of any, as in a command."""

    id: str = ""
    address: str = ""


_NONE: Final = Trace()
_NOW: Final[ContextVar[Trace]] = ContextVar("trace", default=_NONE)


def begin(address: str = "") -> Trace:
    """Start the trace of a run or request; whatever is logged or recorded from here on carries its id."""
    trace = Trace(secrets.token_hex(8), address[:64])
    _NOW.set(trace)
    structlog.contextvars.bind_contextvars(request=trace.id)
    return trace


def current() -> Trace:
    """The trace of whatever runs here."""
    return _NOW.get()
