"""One process writes a SQLite file: a second is kept out, and a dead one keeps nobody out."""

import subprocess
import sys
from pathlib import Path

import pytest

from lib.domain.errors import Conflict, InvalidInput
from lib.settings import ROOT
from lib.store import lock
from lib.store.engine import Database

HOLDER = """
import sys
from lib.store.engine import Database
from lib.store.lock import hold
hold(Database(sys.argv[1]))
print("held", flush=True)
sys.stdin.read()
"""


def test_a_second_process_is_refused_until_the_first_is_dead(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'x.db'}"
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDER, url], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    try:
        assert holder.stdout is not None and holder.stdout.readline() == "held\n"
        with pytest.raises(Conflict) as refused, lock.exclusive(Database(url)):
            pass
        assert f"进程号 {holder.pid}" in refused.value.message and "\n" not in refused.value.message
    finally:
        holder.kill()
        holder.wait()
    with lock.exclusive(Database(url)):
        assert (tmp_path / "x.db.lock").read_text() != str(holder.pid)


def test_this_process_may_take_it_again_and_lets_go_at_the_end(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'x.db'}")
    with lock.exclusive(database):
        with lock.exclusive(database):
            pass
        assert lock._held
    assert not lock._held


def test_postgresql_needs_no_lock() -> None:
    with lock.exclusive(Database("postgresql+psycopg://nobody@127.0.0.1:1/none")):
        assert not lock._held


@pytest.mark.parametrize(
    ("folder", "found"),
    [
        ("/srv/data", ""), ("/srv/share/db", "nfs4"), ("/srv/win", "cifs"), ("/srv/ssh/a/b", "fuse.sshfs"),
        ("/srv/sha", ""), ("/srv/a b", "fuse"), ("/srv/ntfs", ""), ("/srv/share/db/local", ""),
    ],
)  # fmt: skip
def test_network_file_systems_are_known_by_their_mounts(tmp_path: Path, folder: str, found: str) -> None:
    mounts = tmp_path / "mountinfo"
    mounts.write_text(
        "22 1 8:1 / / rw - ext4 /dev/sda1 rw\n"
        "23 22 0:40 / /srv/share rw shared:1 - nfs4 server:/x rw\n"
        "24 22 0:41 / /srv/win rw - cifs //server/x rw\n"
        "25 22 0:42 / /srv/ssh rw - fuse.sshfs me@host: rw\n"
        "26 22 0:43 / /srv/a\\040b rw - fuse x rw\n"
        "27 22 8:2 / /srv/ntfs rw - fuseblk /dev/sdb1 rw\n"
        "28 23 8:3 / /srv/share/db/local rw - ext4 /dev/sdc1 rw\n"
    )
    assert lock.networked(Path(folder), mounts) == found


def test_a_file_on_a_network_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lock, "networked", lambda _folder: "nfs4")
    with pytest.raises(InvalidInput, match="nfs4"):
        lock.hold(Database(f"sqlite:///{tmp_path / 'x.db'}"))
