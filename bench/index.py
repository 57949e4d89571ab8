"""The index, goal 6: what it costs to build, to keep and to store, and what writing costs a search."""

import itertools
import logging
import statistics
import threading
import time
import warnings
from importlib import import_module
from typing import Any, Final

from sqlalchemy import Connection, insert, select, text

from bench import turns
from bench.bed import POSTGRESQL, SQLITE, Bed
from bench.corpus import QUERIES
from bench.search import first_page
from lib.store import search
from lib.store.engine import Database
from lib.store.models import Achievement

WRITES: Final = 150
"""Indexed writes a second."""
_BUILDS: Final = 2
_INSERTS: Final = 300
_SAMPLE: Final = 5000
_TEXTS: Final = (search.ACHIEVEMENTS.title, *(name for name in search.ACHIEVEMENTS.body if name != "rights"))
"""The columns of text; the rights of the demonstration set have no numbers."""


def index(bed: Bed) -> None:
    """Goal 6."""
    store = bed.copy()
    _build(bed, store)
    _size(bed)
    _insert(bed, store)
    _beside_writes(bed, {SQLITE: store, POSTGRESQL: bed.stores[POSTGRESQL]})


# ------------------------------------------------------------------ build
def _build(bed: Bed, store: Database) -> None:
    """The whole index of the achievements from an empty one, beside FTS5's own trigrams, and words cut by jieba."""
    with store.engine.begin() as connection:
        joined = " || char(10) || ".join(f"coalesce({name}, '')" for name in _TEXTS)
        for statement in (
            f"CREATE TABLE bench_rows AS SELECT id, {joined} AS words FROM achievement ORDER BY id",
            "CREATE VIRTUAL TABLE bench_trigram USING fts5(words, content='', tokenize='trigram')",
            "CREATE VIRTUAL TABLE bench_jieba USING fts5(words, content='')",
        ):
            connection.execute(text(statement))
    ours, trigram = [], []
    for _ in range(_BUILDS):
        ours.append(_timed(store, _ours))
        trigram.append(_timed(store, _trigram))
    cut = _timed(store, _jieba) * max(1, bed.size / _SAMPLE)
    bed.report.line(f"build: ours {min(ours):.2f} s, trigram {min(trigram):.2f} s, jieba about {cut:.0f} s")
    bed.report.figure("6", "SQLite: building the index ÷ FTS5 trigrams", min(ours) / min(trigram), 1.2)
    bed.report.figure("6", f"SQLite: building the index ÷ jieba and FTS5, from {_SAMPLE:,}", min(ours) / cut, 0.2)
    with store.engine.begin() as connection:
        for name in ("bench_trigram", "bench_jieba", "bench_rows"):
            connection.execute(text(f"DROP TABLE {name}"))


def _timed(store: Database, build: Any) -> float:
    def work() -> None:
        with store.engine.begin() as connection:
            build(connection)

    return turns.seconds(work)


def _ours(connection: Connection) -> None:
    search.rebuild(connection, search.ACHIEVEMENTS)


def _trigram(connection: Connection) -> None:
    connection.execute(text("INSERT INTO bench_trigram (bench_trigram) VALUES ('delete-all')"))
    connection.execute(text("INSERT INTO bench_trigram (rowid, words) SELECT id, words FROM bench_rows"))


def _jieba(connection: Connection) -> None:
    jieba = _cutter()
    rows = connection.execute(text(f"SELECT id, words FROM bench_rows LIMIT {_SAMPLE}")).all()
    documents = [{"id": row.id, "words": " ".join(jieba.cut_for_search(row.words))} for row in rows]
    connection.execute(text("INSERT INTO bench_jieba (rowid, words) VALUES (:id, :words)"), documents)


def _cutter() -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        cutter: Any = import_module("jieba")
    cutter.setLogLevel(logging.WARNING)
    return cutter


# ------------------------------------------------------------------ size
def _size(bed: Bed) -> None:
    """Pages of the index, full text and facet numbers together, beside the pages of the table."""
    name = search.ACHIEVEMENTS.name
    with bed.stores[SQLITE].read() as session:
        pages: dict[str, int] = dict(
            session.execute(text("SELECT name, sum(pgsize) FROM dbstat GROUP BY name")).tuples().all()
        )
    with bed.stores[POSTGRESQL].read() as session:
        relations = "SELECT relname, pg_table_size(oid) FROM pg_class WHERE relkind IN ('r', 'i')"
        there: dict[str, int] = dict(session.execute(text(relations)).tuples().all())
    kept = {SQLITE: _share(pages, name), POSTGRESQL: _share(there, name)}
    for kind, (size, table) in kept.items():
        bed.report.line(f"{kind}: index {size / 2**20:.1f} MiB, table {table / 2**20:.1f} MiB")
    bed.report.figure("6", "SQLite: size of the index ÷ the table", kept[SQLITE][0] / kept[SQLITE][1], 0.7)
    share = kept[POSTGRESQL][0] / kept[POSTGRESQL][1]
    bed.report.note(
        f"On PostgreSQL the index, which stores its tokens, is {share:.2f} × the table; no goal is set for it."
    )


def _share(pages: dict[str, int], name: str) -> tuple[int, int]:
    parts = sum(size for part, size in pages.items() if f"{name}_fts" in part or f"{name}_index" in part)
    return int(parts), int(pages[name])


# ------------------------------------------------------------------ writing
def _rows(store: Database) -> list[dict[str, Any]]:
    """Rows as they stand in the table, without their numbers."""
    with store.read() as session:
        rows = session.execute(select(Achievement.__table__).order_by(Achievement.id.desc()).limit(_INSERTS)).mappings()
        return [{name: value for name, value in row.items() if name != "id"} for row in rows]


def _indexed(store: Database, row: dict[str, Any]) -> None:
    with store.write() as session:
        session.add(Achievement(**row))


def _plain(store: Database, row: dict[str, Any]) -> None:
    with store.write() as session:
        session.execute(insert(Achievement.__table__).values(row))  # type: ignore[arg-type]


def _insert(bed: Bed, store: Database) -> None:
    """One row a transaction: through the mapper, which keeps the index, and past it, which does not."""
    rows = itertools.cycle(_rows(store))
    ours, plain = turns.pair(_INSERTS, lambda: _indexed(store, next(rows)), lambda: _plain(store, next(rows)))
    bed.report.line(f"one insert and its commit: indexed {ours * 1000:.2f} ms, plain {plain * 1000:.2f} ms")
    bed.report.figure("6", "SQLite: an indexed insert ÷ a plain one", ours / plain, 10)


def _beside_writes(bed: Bed, stores: dict[str, Database]) -> None:
    """Searches while another thread of the same process writes, and while it does not, in turns."""
    for kind, store in stores.items():
        quiet: list[float] = []
        busy: list[float] = []
        written = 0
        for _ in range(2):
            quiet += _searches(store, bed.seconds)
            with _Writer(store) as writer:
                busy += _searches(store, bed.seconds)
            written += writer.written
        rate = written / (2 * bed.seconds)
        bed.report.line(f"{kind}: p95 {turns.p95(quiet) * 1000:.1f} ms quiet, {turns.p95(busy) * 1000:.1f} ms beside "
                        f"{rate:.0f} writes/s; medians {statistics.median(quiet) * 1000:.2f} and "
                        f"{statistics.median(busy) * 1000:.2f} ms")  # fmt: skip
        bed.report.figure(
            "6", f"{kind}: search p95 beside {rate:.0f} writes/s ÷ quiet", turns.p95(busy) / turns.p95(quiet), 1.25
        )
        if rate < 0.95 * WRITES:
            bed.report.note(f"{kind}: the writer wanted {WRITES} writes/s and reached {rate:.0f} beside the searches.")


def _searches(store: Database, seconds: float) -> list[float]:
    """Seconds of each of the fixed queries, all of them again and again until the time is over."""
    times: list[float] = []
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        times += [turns.seconds(lambda query=query: first_page(store, query)) for query in QUERIES]  # type: ignore[misc]
    return times


class _Writer:
    """A thread that writes indexed records at an even pace until the block ends."""

    def __init__(self, store: Database) -> None:
        self.written = 0
        self._store = store
        self._rows = itertools.cycle(_rows(store))
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._work)

    def __enter__(self) -> "_Writer":
        self._thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._stop.set()
        self._thread.join()

    def _work(self) -> None:
        start = time.perf_counter()
        while not self._stop.is_set():
            _indexed(self._store, next(self._rows))
            self.written += 1
            self._stop.wait(max(0.0, start + self.written / WRITES - time.perf_counter()))
