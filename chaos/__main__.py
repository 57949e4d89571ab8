"""`make chaos`: the drills at full size, one after the other, and a table of what they found. Takes half an hour.

Anything lost, doubled, unaudited or broken ends the run with an error; a time that misses its goal is said to.
"""

import argparse
import logging
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import structlog

from chaos import disk, drills
from chaos.drills import Drill
from lib.settings import ROOT
from tests.e2e.server import Server

FOLDER = ROOT / "build" / "chaos"
GOALS: dict[str, tuple[tuple[str, float, str], ...]] = {
    "R9": (
        ("p95", 2, "s"),
        ("p99", 4, "s"),
        ("rss", 150, "MB"),
        ("kept", 130, "files still open, connections of the pool"),
        ("problems", 0, "exceptions"),
    ),
    "R10": (("ready", 10, "s"), ("problems", 0, "exceptions")),
    "R13": (("longest", 10, "s"),),
    "R15": (("silent", 0, "not refused"), ("leftovers", 0, "files left")),
}
"""For each drill its figures and the most that each should be."""


def main() -> None:
    """Run the drills that were asked for, all of them unless told otherwise."""
    parser = argparse.ArgumentParser(prog="python -m chaos", description=__doc__)
    parser.add_argument("drills", nargs="*", metavar="DRILL", help=f"of {', '.join(GOALS)}")
    parser.add_argument("--people", type=int, default=100, help="R9: sessions")
    parser.add_argument("--seconds", type=float, default=600, help="R9: how long")
    parser.add_argument("--think", type=float, default=20, help="R9: seconds between two acts")
    parser.add_argument("--killed", type=int, default=1000, help="R10: submissions")
    parser.add_argument("--restarted", type=int, default=2000, help="R13: submissions")
    asked = parser.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr]
    template = _template()
    runs: dict[str, Callable[[], Drill]] = {
        "R9": lambda: _served(template, lambda s: drills.crowd(s, asked.people, asked.seconds, asked.think, after=90)),
        "R10": lambda: _served(template, lambda s: drills.killed(s, asked.killed, kills=4)),
        "R13": lambda: drills.restarted(asked.restarted),
        "R15": lambda: disk.full(template),
    }
    clean = True
    print(f"load average before: {', '.join(f'{load:.1f}' for load in os.getloadavg())} on {os.cpu_count()} cores")
    for name in asked.drills or runs:
        begun = time.monotonic()
        try:
            done = runs[name]()
        except disk.NoDisk as reason:
            print(f"{name}: NOT RUN, no file system may be mounted here ({reason})")
            continue
        print(f"{done} [{time.monotonic() - begun:.0f} s]")
        for figure, most, unit in GOALS[name]:
            value = done.notes[figure]
            print(f"  {figure} {value:.3g} {unit} (goal at most {most:g}): {'reached' if value <= most else 'MISSED'}")
        clean &= done.verdict.clean
    sys.exit(not clean)


def _template() -> Path:
    """A database with the public facts, which each drill copies."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    file = FOLDER / "loaded.db"
    for leftover in FOLDER.glob("*.db*"):
        leftover.unlink()
    environment = {**os.environ, "DATABASE_URL": f"sqlite:///{file}"}
    subprocess.run(
        [sys.executable, "-m", "lib", "init"], cwd=ROOT, env=environment, check=True, stdout=subprocess.DEVNULL
    )
    return file


def _served(template: Path, drill: Callable[[Server], Drill]) -> Drill:
    """A drill on a server of its own."""
    server = Server(FOLDER / "served.db", FOLDER / "server.log")
    for leftover in (*FOLDER.glob("served.db*"), server.log):
        leftover.unlink(missing_ok=True)
    shutil.copyfile(template, server.file)
    server.start()
    try:
        return drill(server)
    finally:
        server.kill()


if __name__ == "__main__":
    main()
