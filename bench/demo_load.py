"""How long `python -m lib demo` takes beside bare inserts of the same rows.

The set is loaded by the product. Its rows are then read back and inserted with plain `executemany` into the same
tables of another migrated file with the same settings, in one transaction. Only the inserts and the commit are
timed there. Both run in turn and the smallest time of each counts: `python -m bench.demo_load`.
"""

import argparse
import shutil
import sqlite3
import tempfile
import time
from pathlib import Path
from typing import Any

from lib.domain.access import Actor, Role
from lib.services import demo
from lib.services.exchange import load_public
from lib.store import migrations, rollup
from lib.store.engine import Database

ACTOR = Actor(role=Role.ADMINISTRATOR, name="bench")
GOAL = 3.0
_BATCH = 10_000


def main() -> None:
    """Measure and print both times and their ratio."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--achievements", type=int, default=100_000)
    parser.add_argument("--contracts", type=int, default=1_000_000)
    parser.add_argument("--runs", type=int, default=2)
    asked = parser.parse_args()
    volume = demo.Volume(achievements=asked.achievements, contracts=asked.contracts)
    ours, bare = [], []
    with tempfile.TemporaryDirectory(prefix="beijiang-bench-") as folder:
        template = Path(folder) / "template.db"
        store = Database(f"sqlite:///{template}")
        migrations.upgrade(store.engine)
        load_public(store, actor=ACTOR)
        store.dispose()
        for run in range(asked.runs):
            filled, plain = Path(folder) / f"demo{run}.db", Path(folder) / f"bare{run}.db"
            shutil.copyfile(template, filled)
            shutil.copyfile(template, plain)
            ours.append(_ours(filled, volume))
            bare.append(_bare(filled, plain))
            print(f"run {run + 1}: demo {ours[-1]:.2f} s, bare executemany {bare[-1]:.2f} s", flush=True)
            for file in Path(folder).glob(f"*{run}.db*"):
                file.unlink()
    ratio = min(ours) / min(bare)
    print(f"ratio {ratio:.2f} (goal: at most {GOAL:.1f})")


def _ours(file: Path, volume: demo.Volume) -> float:
    store = Database(f"sqlite:///{file}")
    start = time.perf_counter()
    demo.create(store, volume, actor=ACTOR)
    took = time.perf_counter() - start
    store.dispose()
    return took


def _bare(source: Path, target: Path) -> float:
    """Insert the demonstration rows of `source` into `target`, with the connection settings of the product."""
    store = Database(f"sqlite:///{target}")
    took = 0.0
    with store.engine.connect() as ours:  # the product's own connection: same pragmas, in BEGIN IMMEDIATE
        ours.begin()
        connection: Any = ours.connection.driver_connection
        for name in rollup.triggers("sqlite"):  # bare: without the sums that the product keeps
            connection.execute(f"DROP TRIGGER {name}")
        reader = sqlite3.connect(f"file:{source}?mode=ro", uri=True)
        for table in ("achievement", "contract"):
            rows = reader.execute(f"SELECT * FROM {table} WHERE origin = 'demo'")
            marks = ", ".join("?" * len(rows.description))
            while batch := rows.fetchmany(_BATCH):
                start = time.perf_counter()
                connection.executemany(f"INSERT INTO {table} VALUES ({marks})", batch)
                took += time.perf_counter() - start
        start = time.perf_counter()
        ours.commit()
        took += time.perf_counter() - start
        reader.close()
    store.dispose()
    return took


if __name__ == "__main__":
    main()
