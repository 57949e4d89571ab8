"""R15: the disk fills up under the database, the attachments and the archives, and is emptied again."""

import contextlib
import errno
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from secrets import token_hex
from typing import Any

from chaos.drills import LOADER, Drill
from chaos.verdict import verify
from lib.domain.access import VISITOR, Role
from lib.domain.errors import Unavailable
from lib.domain.vocabulary import SubmissionKind
from lib.services import archive, attachments, catalogue, drafts, markings, submissions
from lib.services.catalogue import CatalogueQuery
from lib.settings import settings
from lib.store.engine import Database
from tests.samples import demand, person

NOTE = "一份普通的说明文字。" * 2000
_MOST_BEFORE_FULL = 500


class NoDisk(Exception):
    """This process may not mount a file system, so there is no small disk to fill."""


@contextlib.contextmanager
def small(megabytes: int) -> Iterator[Path]:
    """A file system of so few megabytes in memory. Raises NoDisk where none may be mounted."""
    with tempfile.TemporaryDirectory(prefix="beijiang-small-") as folder:
        command = ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m,mode=700", "none", folder]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            raise NoDisk(done.stderr.strip())
        try:
            yield Path(folder)
        finally:
            subprocess.run(["umount", "--lazy", folder], check=True)


def full(template: Path, megabytes: int = 12) -> Drill:
    """Fill a disk with a copy of the database `template` on it, try everything that writes, empty it, try again."""
    with small(megabytes) as folder, _attachments_in(folder / "attachments"):
        database = Database(f"sqlite:///{shutil.copyfile(template, folder / 'app.db')}")
        try:
            return _fill_and_empty(database, folder)
        finally:
            database.dispose()


def _fill_and_empty(database: Database, folder: Path) -> Drill:
    member = person(database, Role.MEMBER)
    receipts: dict[str, str] = {}

    def hand_in(draft: str) -> None:
        receipt = submissions.submit(database, SubmissionKind.DEMAND, draft, demand(), actor=VISITOR)
        receipts[draft] = receipt.number

    def upload() -> None:
        attachments.add(database, SubmissionKind.DEMAND, token_hex(16), "说明.txt", NOTE.encode(), actor=member)

    def marked() -> None:
        markings.refuse(database, {"title": "密级：机密"}, actor=member)

    refused_draft = token_hex(16)
    writers: dict[str, Callable[[], Any]] = {
        "submit": lambda: hand_in(refused_draft),
        "draft": lambda: drafts.save(database, token_hex(16), SubmissionKind.DEMAND, demand(), actor=member),
        "audit": marked,
        "upload": upload,
        "export": lambda: archive.export_all(database, folder / "all", actor=LOADER),
        "backup": lambda: archive.backup(database, folder / "all.tar", actor=LOADER),
    }
    hand_in(token_hex(16))
    upload()
    kept = _names(folder)
    ballast = _fill(folder)
    for _ in range(_MOST_BEFORE_FULL):  # the journal has room for some more
        if _sentence(lambda: hand_in(token_hex(16))):
            break
    told = {name: _sentence(work) for name, work in writers.items()}
    leftovers = _names(folder) - kept - {ballast.name}
    with database.read() as session:
        found = catalogue.search_achievements(session, CatalogueQuery(q="稀土"), actor=VISITOR).total
    ballast.unlink()
    hand_in(refused_draft)
    upload()
    archive.backup(database, folder / "all.tar", actor=LOADER)
    silent = [name for name, sentence in told.items() if not sentence]
    figures = (
        f"{len(told)} ways to write on a full disk, {len(told) - len(silent)} refused with one sentence, "
        f"{len(leftovers)} files left behind, reading went on ({found} found), all wrote again after it was emptied; "
        f"{len(receipts)} submitted"
    )
    notes = {"silent": len(silent), "leftovers": len(leftovers), "found": found, "submitted": len(receipts)}
    for name in silent:
        print(f"  problem: {name} was not refused")
    for name in leftovers:
        print(f"  problem: {name} was left behind")
    return Drill("R15", figures, verify(database, receipts), notes)


def _sentence(work: Callable[[], Any]) -> str:
    """What a person is told by work that the disk refuses; blank when it went through."""
    try:
        work()
    except Unavailable as refusal:
        return refusal.message
    return ""


def _names(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


def _fill(folder: Path) -> Path:
    """A file that takes all the room there is."""
    ballast = folder / "ballast"
    with ballast.open("wb", buffering=0) as file:
        for size in (1 << 20, 1 << 12, 1):
            try:
                while True:
                    file.write(b"\0" * size)
            except OSError as trouble:
                if trouble.errno != errno.ENOSPC:
                    raise
    return ballast


@contextlib.contextmanager
def _attachments_in(folder: Path) -> Iterator[None]:
    before = os.environ.get("ATTACHMENTS_DIR")
    os.environ["ATTACHMENTS_DIR"] = str(folder)
    settings.cache_clear()
    try:
        yield
    finally:
        if before is None:
            del os.environ["ATTACHMENTS_DIR"]
        else:
            os.environ["ATTACHMENTS_DIR"] = before
        settings.cache_clear()
