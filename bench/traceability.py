"""What traceability costs: the audit chain on a write, and a backup of many rows there and back.

The same transaction, one row and one audit entry, is written with the chain and, by plain inserts, without it; both
take short turns, and the median of each counts. Then a set of rows is backed up while a writer writes, and restored
into an empty database of either kind, which checks every hash and the whole chain: `python -m bench.traceability`.
"""

import argparse
import statistics
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

from sqlalchemy import func, select

from bench import postgres
from lib.domain.access import Actor, Role
from lib.domain.dates import now_utc
from lib.services import archive, audit, demo
from lib.services.exchange import load_public
from lib.store import chain, migrations
from lib.store.engine import Database
from lib.store.models import AuditEntry, AuditHead, Contract

ACTOR = Actor(role=Role.ADMINISTRATOR, name="bench")
COST_GOAL = 1.5
_TURN = 10
RESTORE_GOAL = 300.0  # seconds for 100,000 rows: R24


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--writes", type=int, default=400)
    parser.add_argument("--rows", type=int, default=100_000)
    asked = parser.parse_args()
    with ExitStack() as made:
        folder = Path(made.enter_context(tempfile.TemporaryDirectory(prefix="beijiang-bench-")))
        stores = {
            "sqlite": made.enter_context(_sqlite(folder, "first")),
            "postgresql": made.enter_context(_postgresql()),
        }
        for kind, store in stores.items():
            cost(kind, store, asked.writes)
        with _sqlite(folder, "volume") as source:
            load_public(source, actor=ACTOR)
            half = asked.rows // 2
            demo.create(source, demo.Volume(achievements=half, contracts=half), actor=ACTOR)
            for number in range(asked.rows // 100):
                _chained(source, number)
            for kind in stores:
                with _sqlite(folder, "copy") if kind == "sqlite" else _postgresql() as target:
                    recovery(kind, source, target, folder / f"{kind}.tar")


def cost(kind: str, store: Database, writes: int) -> None:
    """The chain on a write as a ratio."""
    times: dict[Any, list[float]] = {_chained: [], _plain: []}
    for way in (_chained, _plain) * (writes // _TURN):
        for number in range(_TURN):
            start = time.perf_counter()
            way(store, number)
            times[way].append((time.perf_counter() - start) * 1000)
        if way is _plain:
            _mend(store)
    with_chain, without = statistics.median(times[_chained]), statistics.median(times[_plain])
    ratio = with_chain / without
    verdict = "reached" if ratio <= COST_GOAL else "MISSED"
    print(f"chain on a write, {kind}: {with_chain:.2f} ms with, {without:.2f} ms without: ratio {ratio:.2f} "
          f"(goal at most {COST_GOAL:g}): {verdict}")  # fmt: skip


def recovery(kind: str, source: Database, target: Database, file: Path) -> None:
    """Backup beside a writer, restore with all checks."""
    stop = threading.Event()
    written = 0

    def write() -> None:
        nonlocal written
        while not stop.is_set():
            _chained(source, written)
            written += 1

    writer = threading.Thread(target=write)
    writer.start()
    try:
        out = archive.backup(source, file, actor=ACTOR)
    finally:
        stop.set()
        writer.join()
    back = archive.restore(target, file, actor=ACTOR)
    with target.read() as session:
        assert not audit.verify(session, chain.Head.parse(out.head), actor=ACTOR).faults  # noqa: S101
        assert session.scalar(select(func.count()).select_from(Contract)) == out.rows["contract"]  # noqa: S101
    verdict = "reached" if back.seconds <= RESTORE_GOAL else "MISSED"
    print(f"sqlite to {kind}: {out.total} rows, {file.stat().st_size / 1e6:.0f} MB: backup {out.seconds:.1f} s beside "
          f"{written} writes, restore {back.seconds:.1f} s (goal at most {RESTORE_GOAL:g}): {verdict}")  # fmt: skip


def _chained(store: Database, number: int) -> None:
    with store.write() as session:
        session.add(_contract())
        audit.record(session, ACTOR, "test.write", "contract", number, receipt=f"XQ-20261126-{number:04d}")


def _plain(store: Database, number: int) -> None:
    with store.write() as session:
        session.add(_contract())
        session.flush()
        last = session.scalar(select(func.max(AuditEntry.id))) or 0
        values = {"actor": "bench", "role": "administrator", "action": "test.write", "object_kind": "contract"}
        detail = {"receipt": f"XQ-20261126-{number:04d}"}
        session.add(AuditEntry(id=last + 1, at=now_utc(), object_id=str(number), detail=detail, **values))


def _mend(store: Database) -> None:
    """Plain entries move the end of the trail past the head: let the next chained ones come after them."""
    with store.write() as session:
        session.get_one(AuditHead, 1).number = session.scalar(select(func.max(AuditEntry.id))) or 0


def _contract() -> Contract:
    now = now_utc()
    return Contract(title="合同", amount=Decimal(100), origin="submitted", created_at=now, updated_at=now)


@contextmanager
def _sqlite(folder: Path, name: str) -> Iterator[Database]:
    store = Database(f"sqlite:///{folder / name}.db")
    migrations.upgrade(store.engine)
    try:
        yield store
    finally:
        store.dispose()


@contextmanager
def _postgresql() -> Iterator[Database]:
    with postgres.server() as database:
        store = Database(database("bench"))
        migrations.upgrade(store.engine)
        try:
            yield store
        finally:
            store.dispose()


if __name__ == "__main__":
    main()
