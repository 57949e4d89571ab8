"""When the database cannot: the errors of the drivers that are nobody's mistake, as one sentence that says what to do.

Everything else (a broken rule, a wrong statement) passes through as it is.
"""

import contextlib
import sqlite3
from collections.abc import Iterator
from typing import Final

import structlog
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from lib.domain.errors import Unavailable

FULL: Final = "服务器的磁盘满了或写不进去，这一步没有保存；以前保存的都还在，仍可查看。请稍后再试，并告诉管理员。"
AWAY: Final = "数据库暂时没有响应，这一步可能没有保存。请等几秒再试一次；同一份表单重复提交只算一次。"
BUSY: Final = "现在同时操作的人太多，这一步没有保存。请等几秒再试一次。"

_LOG: Final = structlog.get_logger("database")
_SQLITE: Final = {
    sqlite3.SQLITE_FULL: FULL,
    sqlite3.SQLITE_IOERR: FULL,
    sqlite3.SQLITE_BUSY: BUSY,
    sqlite3.SQLITE_LOCKED: BUSY,
    sqlite3.SQLITE_CANTOPEN: AWAY,
}
_STATES: Final = {"53100": FULL, "58030": FULL, "40001": BUSY, "40P01": BUSY, "55P03": BUSY}
_CLASSES: Final = {"08": AWAY, "53": BUSY, "57": AWAY}


@contextlib.contextmanager
def named() -> Iterator[None]:
    """Raise Unavailable in place of what a driver raises when its database is away, busy or out of disk."""
    try:
        yield
    except (DBAPIError, PoolTimeout) as trouble:
        found = sentence(trouble)
        if found is None:
            raise
        cause = trouble.orig if isinstance(trouble, DBAPIError) else trouble
        _LOG.error("database unavailable", reason=str(cause).strip().partition("\n")[0])
        raise Unavailable(found, passing=found is not FULL) from trouble


def sentence(trouble: DBAPIError | PoolTimeout) -> str | None:
    """What a person reads about an outage; None for any other error."""
    if isinstance(trouble, PoolTimeout):
        return BUSY
    if isinstance(trouble.orig, sqlite3.Error):
        return _SQLITE.get(getattr(trouble.orig, "sqlite_errorcode", 0) & 0xFF)
    state = getattr(trouble.orig, "sqlstate", None)
    if state is None:
        broken = trouble.connection_invalidated or isinstance(trouble, OperationalError | InterfaceError)
        return AWAY if broken else None
    return _STATES.get(state) or _CLASSES.get(state[:2])
