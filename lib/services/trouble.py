"""What nobody expected: written to the log with a short id, which is all that a person is shown of it."""

import secrets
from typing import Final

import structlog

_LOG: Final = structlog.get_logger("trouble")
_NOTED: Final = "_trouble_id"


def note(error: BaseException, **where: str) -> str:
    """Log an error with its traceback once and return its id, E- and 8 hexadecimal digits.

    Tracebacks hold no values of variables, and the database layer leaves the values of statements out.
    """
    known = getattr(error, _NOTED, None)
    if isinstance(known, str):
        return known
    number = f"E-{secrets.token_hex(4).upper()}"
    error.__dict__[_NOTED] = number
    _LOG.error("unexpected error", id=number, exc_info=error, **where)
    return number


def mismatch(error: BaseException) -> None:
    """Log that a browser sent a value which its widget cannot have; the value itself is not logged."""
    _LOG.warning("unreadable widget value", kind=type(error).__name__)


def sentence(number: str) -> str:
    """What a person reads about the error with this id."""
    return f"系统出错了，已经记录。请刷新后重试；如再次出现，请把编号 {number} 告诉管理员。"
