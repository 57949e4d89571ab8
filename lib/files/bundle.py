"""A bundle: files with a manifest of their SHA-256, as a folder or as one tar (gzip where its name ends in gz).

It grows under a temporary name and gets its own only when it is complete, on the disk and read back: whatever
stands under a bundle's name is whole. Only the owner may read it.
"""

import contextlib
import gzip
import hashlib
import io
import json
import os
import re
import shutil
import tarfile
import tempfile
import time
import zlib
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import IO, Any, Final

from lib.domain.errors import Conflict, InvalidInput

MANIFEST: Final = "manifest.json"
FORMAT: Final = "beijiang-jizhuan-archive-1"
_NAME: Final = re.compile(r"(tables/[a-z_]{1,40}\.jsonl|attachments/[0-9a-f]{32})")
"""The only names there are: nothing is ever written where a bundle's names might lead."""
_BLOCK: Final = 1 << 20
_LARGEST_MANIFEST: Final = 64 << 20


class Writer(ABC):
    """A bundle that is being written."""

    def __init__(self, target: Path) -> None:
        self.target = target
        self.growing = target.with_name(f".{target.name}.part")
        self.files: dict[str, dict[str, Any]] = {}

    @contextlib.contextmanager
    def file(self, name: str) -> Iterator["Hashed"]:
        """A new file of the bundle, to be written from its beginning to its end."""
        if not _NAME.fullmatch(name) or name in self.files:
            raise ValueError(f"not a name for a new file: {name}")
        with self._room(name) as room:
            hashed = Hashed(room)
            yield hashed
        self.files[name] = {"sha256": hashed.hexdigest(), "size": hashed.size}

    def finish(self, facts: Mapping[str, Any]) -> str:
        """Write the manifest, put everything on the disk, read it back, and give it its name; the manifest's SHA-256.

        Raises InvalidInput when what was read back is not what was written.
        """
        manifest = json.dumps({"format": FORMAT, **facts, "files": self.files}, ensure_ascii=False, indent=1).encode()
        with self._room(MANIFEST) as room:
            room.write(manifest)
        self._close()
        with open_bundle(self.growing) as reader:
            reader.verify()
        self.growing.rename(self.target)
        _sync(self.target.parent)
        return hashlib.sha256(manifest).hexdigest()

    @abstractmethod
    def discard(self) -> None:
        """Leave nothing of an unfinished bundle."""

    @abstractmethod
    def _room(self, name: str) -> contextlib.AbstractContextManager[IO[bytes]]:
        """Where the bytes of a file go."""

    @abstractmethod
    def _close(self) -> None:
        """Everything is written: put it on the disk."""


class Hashed:
    """Counts and hashes what is written."""

    def __init__(self, room: IO[bytes]) -> None:
        self._room = room
        self._hash = hashlib.sha256()
        self.size = 0

    def write(self, data: bytes) -> None:
        """Write all of `data`."""
        self._room.write(data)
        self._hash.update(data)
        self.size += len(data)

    def hexdigest(self) -> str:
        """The SHA-256 of what was written."""
        return self._hash.hexdigest()


class FolderWriter(Writer):
    """A bundle as a folder."""

    def __init__(self, target: Path) -> None:
        super().__init__(target)
        self.growing.mkdir(mode=0o700)

    @contextlib.contextmanager
    def _room(self, name: str) -> Iterator[IO[bytes]]:
        path = self.growing / name
        path.parent.mkdir(mode=0o700, exist_ok=True)
        with open(path, "xb", opener=_private) as room:
            yield room
            room.flush()
            os.fsync(room.fileno())

    def _close(self) -> None:
        for folder in (*(path for path in self.growing.iterdir() if path.is_dir()), self.growing):
            _sync(folder)

    def discard(self) -> None:
        shutil.rmtree(self.growing, ignore_errors=True)


class TarWriter(Writer):
    """A bundle as a tar. A tar names the size of a file before its bytes, so each file waits beside it first."""

    def __init__(self, target: Path) -> None:
        super().__init__(target)
        self._disk = open(self.growing, "xb", opener=_private)  # noqa: SIM115 - closed by `_close`, `discard`
        self._press = gzip.GzipFile("", "wb", 6, self._disk, 0) if target.suffix in {".gz", ".tgz"} else None
        self._tar = tarfile.open(fileobj=self._press or self._disk, mode="w")  # noqa: SIM115

    @contextlib.contextmanager
    def _room(self, name: str) -> Iterator[IO[bytes]]:
        with tempfile.TemporaryFile(dir=self.target.parent) as room:
            yield room
            entry = tarfile.TarInfo(name)
            entry.size, entry.mode, entry.mtime = room.tell(), 0o600, int(time.time())
            room.seek(0)
            self._tar.addfile(entry, room)

    def _close(self) -> None:
        self._tar.close()
        if self._press:
            self._press.close()
        self._disk.flush()
        os.fsync(self._disk.fileno())
        self._disk.close()

    def discard(self) -> None:
        with contextlib.suppress(OSError):  # what cannot be written any more is thrown away
            self._disk.close()
        self.growing.unlink(missing_ok=True)


@contextlib.contextmanager
def create(target: Path, *, folder: bool) -> Iterator[Writer]:
    """A new bundle; nothing is left of it unless `finish` was reached.

    Raises Conflict when something stands under its name, or another process writes it.
    """
    if target.exists() and not (folder and target.is_dir() and not any(target.iterdir())):
        raise Conflict(f"{target} 已经存在，请换一个名字；已有的不会被覆盖。")
    try:
        writer: Writer = FolderWriter(target) if folder else TarWriter(target)
    except FileExistsError:
        raise Conflict(
            f"另一个进程正在写 {target}，或上次没有写完；确认没有之后请删除 .{target.name}.part 再试。"
        ) from None
    try:
        yield writer
    finally:
        writer.discard()


class Reader(ABC):
    """A bundle that is there."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            with self.open(MANIFEST) as file:
                self.manifest: dict[str, Any] = json.loads(file.read(_LARGEST_MANIFEST))
            known = self.manifest["format"] == FORMAT and all(
                _NAME.fullmatch(name) and isinstance(stated["sha256"], str)
                for name, stated in self.manifest["files"].items()
            )
        except (ValueError, KeyError, TypeError, AttributeError):
            known = False
        if not known:
            raise damaged(path, "没有可以识别的清单 manifest.json")

    @abstractmethod
    def open(self, name: str) -> IO[bytes]:
        """A file of the bundle. Raises KeyError when there is none of this name."""

    @abstractmethod
    def names(self) -> set[str]:
        """What there is beside the manifest."""

    def verify(self) -> None:
        """Compare every file with the manifest. Raises InvalidInput that names the first that differs."""
        stated = self.manifest["files"]
        if odd := sorted(self.names() ^ set(stated)):
            raise damaged(self.path, f"{odd[0]} 与清单不符（缺少或多余）")
        for name, facts in stated.items():
            found = hashlib.sha256()
            try:
                with self.open(name) as file:
                    while block := file.read(_BLOCK):
                        found.update(block)
            except KeyError:
                raise damaged(self.path, f"{name} 不是普通文件") from None
            if found.hexdigest() != facts["sha256"]:
                raise damaged(self.path, f"{name} 的校验值不符")


class FolderReader(Reader):
    """A bundle as a folder."""

    def open(self, name: str) -> IO[bytes]:
        try:
            return (self.path / name).open("rb")
        except FileNotFoundError:
            raise KeyError(name) from None

    def names(self) -> set[str]:
        found = (path.relative_to(self.path).as_posix() for path in self.path.rglob("*") if not path.is_dir())
        return set(found) - {MANIFEST}


class TarReader(Reader):
    """A bundle as a tar."""

    def __init__(self, path: Path, tar: tarfile.TarFile) -> None:
        self._tar = tar
        self._members = {member.name: member for member in tar.getmembers() if member.isfile()}
        super().__init__(path)

    def open(self, name: str) -> IO[bytes]:
        return self._tar.extractfile(self._members[name]) or io.BytesIO()

    def names(self) -> set[str]:
        return {member.name for member in self._tar.getmembers()} - {MANIFEST}


@contextlib.contextmanager
def open_bundle(path: Path) -> Iterator[Reader]:
    """A bundle for reading. Raises InvalidInput when it is damaged or none, also while the block reads it."""
    try:
        if path.is_dir():
            yield FolderReader(path)
        else:
            with tarfile.open(path, "r:*") as tar:
                yield TarReader(path, tar)
    except FileNotFoundError:
        raise InvalidInput({"file": f"没有这个文件：{path}"}) from None
    except (tarfile.TarError, EOFError, zlib.error, gzip.BadGzipFile) as broken:
        raise damaged(path, f"文件不完整（{broken}）") from None


def damaged(path: Path, reason: str) -> InvalidInput:
    """The refusal of a bundle that is not what it should be."""
    return InvalidInput({"file": f"{path.name} 已损坏或不是本平台导出的：{reason}。请换一份备份。"})


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _sync(folder: Path) -> None:
    """Put the names in a folder on the disk."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
