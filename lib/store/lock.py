"""One process writes a SQLite file. A lock beside the file, held by the kernel, keeps a second one out.

The lock is gone the moment its process is, however it ended. PostgreSQL locks rows itself and needs none of this.
"""

import contextlib
import fcntl
import os
import re
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Final, TextIO

from lib.domain.errors import Conflict, InvalidInput
from lib.store.engine import Database

_MOUNTS: Final = Path("/proc/self/mountinfo")
_NETWORKED: Final = re.compile(r"nfs\d?|cifs|smb\w*|fuse(\..+)?")

_guard = threading.Lock()
_held: dict[Path, tuple[TextIO, int]] = {}
"""What this process holds: the open file and how often it was taken."""


@contextlib.contextmanager
def exclusive(database: Database) -> Iterator[None]:
    """Be the only writing process of a SQLite file while the block runs; nothing on PostgreSQL.

    May be nested and is shared by the threads of this process. Raises Conflict when another process holds it,
    InvalidInput when the file lies on a network file system, where neither locks nor WAL can be relied on.
    """
    if database.file is None:
        yield
        return
    path = database.file.resolve().with_name(database.file.name + ".lock")
    _take(path)
    try:
        yield
    finally:
        _release(path)


def hold(database: Database) -> None:
    """Take the lock for the rest of this process's life; raises as `exclusive`. Taking it twice does no harm."""
    if database.file is not None:
        _take(database.file.resolve().with_name(database.file.name + ".lock"))


def _take(path: Path) -> None:
    with _guard:
        if path in _held:
            handle, times = _held[path]
            _held[path] = (handle, times + 1)
            return
        if system := networked(path.parent):
            raise InvalidInput(
                {"database_url": f"数据库文件不能放在网络文件系统（{system}）上，请换到本机磁盘：{path.parent}"}
            )
        handle = path.open("a+", encoding="utf-8")
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            handle.seek(0)
            other = handle.read(20).strip()
            handle.close()
            named = f"（进程号 {other}）" if other.isdigit() else ""
            raise Conflict(f"数据库文件正由另一个进程使用{named}，请先停止它再试：{path.with_suffix('')}") from None
        handle.truncate(0)
        handle.write(str(os.getpid()))
        handle.flush()
        _held[path] = (handle, 1)


def _release(path: Path) -> None:
    with _guard:
        handle, times = _held[path]
        if times > 1:
            _held[path] = (handle, times - 1)
        else:
            del _held[path]
            handle.close()  # lets go of the lock; the file stays, because removing it would let two processes in


def networked(folder: Path, mounts: Path = _MOUNTS) -> str:
    """The file system type of `folder` when it is a network or user-space one, else a blank text."""
    if not mounts.exists():
        return ""
    best, kind = Path("/"), ""
    for line in mounts.read_text(encoding="utf-8", errors="replace").splitlines():
        before, _, after = line.partition(" - ")
        point = Path(re.sub(r"\\([0-7]{3})", lambda octal: chr(int(octal[1], 8)), before.split()[4]))
        if folder.is_relative_to(point) and len(point.parts) >= len(best.parts):
            best, kind = point, after.split()[0]
    return kind if _NETWORKED.fullmatch(kind) else ""
