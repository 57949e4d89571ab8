"""The archives inside office files, unpacked with a measure: what their directory says about sizes is not believed."""

import io
import re
import zipfile
import zlib
from collections.abc import Iterator
from typing import Final

from lib.files.limited import MIB

_RATIO: Final = 100  # a document that unpacks to more than this many times its size is no document
_MEMBERS: Final = 1_000
_CHUNK: Final = 64 * 1024


class PackedError(ValueError):
    """The archive is none, is damaged or asks for too much; the message is one Chinese sentence."""


def names(data: bytes) -> frozenset[str]:
    """The names of the archive's members. Raises PackedError."""
    with _opened(data) as archive:
        return frozenset(archive.namelist())


def chunks(data: bytes, unpacked: int) -> Iterator[tuple[str, bytes]]:
    """Name and content, piece by piece, of each member; counted while inflating, at most `unpacked` bytes in all.

    Raises PackedError for an archive that is encrypted, damaged, of too many or unsafely named members, too large.
    """
    with _opened(data) as archive:
        members = archive.infolist()
        if len(members) > _MEMBERS:
            raise PackedError("文件里的部件太多，不是普通的文档。")
        if any(member.flag_bits & 1 for member in members):
            raise PackedError("文件已加密，请去掉密码后再试。")
        if any(_unsafe(member.filename) for member in members) or len(members) != len(set(archive.namelist())):
            raise PackedError("文件里的部件名称不安全，已拒绝。")
        if any(member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED) for member in members):
            raise PackedError("文件的压缩方式不受支持；请用办公软件重新另存。")
        total = 0
        try:
            for member in members:
                member.file_size = unpacked + 1  # or the directory would say where to stop
                with archive.open(member) as stream:
                    while chunk := stream.read(_CHUNK):
                        total += len(chunk)
                        if total > unpacked or total > max(MIB, _RATIO * len(data)):
                            raise PackedError("文件解压后过大，不是普通的文档；请拆成较小的文件。")
                        yield member.filename, chunk
        except (zipfile.BadZipFile, zlib.error, NotImplementedError, EOFError, OSError) as damage:
            raise PackedError("文件已损坏，无法打开；请用办公软件重新另存。") from damage


def _opened(data: bytes) -> zipfile.ZipFile:
    try:
        return zipfile.ZipFile(io.BytesIO(data))
    except (zipfile.BadZipFile, EOFError, OSError, ValueError) as damage:
        raise PackedError("文件已损坏，无法打开；请用办公软件重新另存。") from damage


def _unsafe(name: str) -> bool:
    return name.startswith(("/", "\\")) or ".." in re.split(r"[/\\]", name)
