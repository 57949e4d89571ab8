"""Small drills on the real server and a real PostgreSQL; `make chaos` runs them at full size."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from chaos import disk, drills
from tests.e2e.server import Server


@pytest.fixture
def server(tmp_path: Path, loaded_file: Path) -> Iterator[Server]:
    """A server of the test's own, which it may kill."""
    own = Server(tmp_path / "served.db", tmp_path / "server.log")
    shutil.copyfile(loaded_file, own.file)
    own.start()
    yield own
    own.kill()


def test_thirty_people_browse_and_submit_and_nothing_is_lost(server: Server) -> None:
    """R9."""
    done = drills.crowd(server, people=30, seconds=20, think=2.5)
    print(done)
    assert done.notes["submitted"] > 20 and done.notes["problems"] == 0
    assert done.verdict.clean
    assert "Traceback" not in server.output()


def test_a_killed_server_loses_and_doubles_nothing(server: Server) -> None:
    """R10."""
    done = drills.killed(server, submitted=150, kills=3)
    print(done)
    assert done.notes["submitted"] >= 150 and done.notes["problems"] == 0
    assert done.verdict.clean
    assert done.notes["ready"] <= 3 * done.notes["start"] + 5  # 10 s on a quiet machine; this one may be busy


def test_a_restarted_database_loses_and_doubles_nothing() -> None:
    """R13."""
    done = drills.restarted(submitted=300)
    print(done)
    assert done.notes["submitted"] == 300 and done.verdict.clean
    assert done.notes["longest"] <= 30


def test_a_full_disk_is_said_and_loses_nothing(loaded_file: Path) -> None:
    """R15."""
    try:
        done = disk.full(loaded_file)
    except disk.NoDisk as reason:
        pytest.skip(f"NO DISK WAS FILLED, it takes the right to mount one: {reason}")
    print(done)
    assert done.verdict.clean and done.notes["submitted"] > 1 and done.notes["found"]
    assert done.notes["silent"] == done.notes["leftovers"] == 0
