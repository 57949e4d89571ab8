"""Contracts at volume: goal 7 of the aggregates, and the page of figures beside itself with a hundredth of the rows.

The same groups are asked of Datasette's raw SQL, of pandas over all rows and of DuckDB over the same rows. Before
anything is timed all of them give the same groups with the same counts and sums.
"""

import asyncio
import contextlib
import http.client
import json
import sqlite3
import statistics
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlencode, urlsplit

from bench import servers, turns
from bench.bed import POSTGRESQL, SQLITE, Bed
from bench.client import Tab
from bench.servers import FOLDER
from lib.domain.access import VISITOR
from lib.domain.dates import now_utc
from lib.domain.vocabulary import Origin
from lib.services import rollup as service
from lib.store import revision, rollup
from lib.store.engine import Database
from lib.store.models import Contract

YEAR: Final = 2024
_WRITTEN: Final = 1000
_ALL: Final = tuple(origin.value for origin in Origin)
_RAW: Final = "Datasette, raw SQL"
_VIEWS: Final = {
    "the page of figures as it opens": ("statistics", ""),
    "indicators of the demonstration": ("statistics", "view=indicators&data=demo"),
    "contracts of the demonstration": ("statistics", "view=contracts&origin=demo"),
    "the page of channels as it opens": ("channels", ""),
    "channels of the demonstration's contracts": ("channels", "kind=contract&data=demo"),
}
_SETTINGS: Final = {
    "sql_time_limit_ms": 120_000, "max_returned_rows": 2_000_000, "cache_size_kb": 64_000, "default_cache_ttl": 0,
}  # fmt: skip

Groups = dict[tuple[Any, ...], tuple[int, int]]
"""Count and amount in 分 by the group."""
Way = tuple[Callable[["Question"], Any], Callable[[Any], Groups]]
"""How it is asked, which is what is timed, and how its answer is read to be compared."""


@dataclass(frozen=True)
class Question:
    """One way to group the contracts, of one year where `year` says so; `bound` is the goal beside raw SQL."""

    name: str
    by: tuple[str, ...]
    year: int | None
    bound: float

    @property
    def sql(self) -> str:
        """The question to the raw rows."""
        where = f" WHERE year = {self.year}" if self.year else ""
        named = ", ".join(self.by)
        return f"SELECT {named}, count(*), sum(amount) FROM contract{where} GROUP BY {named}"


QUESTIONS: Final = (
    Question("year × type", ("year", "type"), None, 0.05),
    Question("flow of one year", ("seller", "buyer"), YEAR, 0.03),
    Question("full cube", ("year", "type", "seller", "buyer"), None, 0.15),
)


def aggregates(bed: Bed) -> None:
    """Goal 7: the kept sums beside raw SQL, pandas and DuckDB; what keeping them costs."""
    stores = {SQLITE: Database(f"sqlite:///{bed.contracts}"), POSTGRESQL: Database(bed.contracts_postgresql)}
    with contextlib.ExitStack() as running:
        for store in stores.values():
            running.callback(store.dispose)
        copy = FOLDER / "contract-copy.db"
        _fill(bed.contracts, copy)
        raw = running.enter_context(_datasette(copy))
        frame = _frame(copy)
        duck = _duckdb(frame)
        ways: dict[str, Way] = {
            _RAW: (raw, _groups),
            **{kind: (_ours(store), _of_sums) for kind, store in stores.items()},
            "DuckDB, all rows": (lambda question: duck.execute(question.sql).fetchall(), _groups),
            "pandas, all rows": (
                lambda question: _of_pandas(frame, question), lambda found: _groups(found.itertuples(False, None)),
            ),
        }  # fmt: skip
        _same(bed, ways)
        for question in QUESTIONS:
            _compare(bed, question, ways)
        _upkeep(bed, raw)


def pages(bed: Bed) -> None:
    """The page of figures with all contracts beside the same with a hundredth of them, on data that just changed."""
    large, small = bed.contracts, bed.contracts_few
    with contextlib.ExitStack() as running:
        origins = [running.enter_context(servers.product(f"sqlite:///{file}")) for file in (large, small)]
        stores = [Database(f"sqlite:///{file}") for file in (large, small)]
        for store in stores:
            running.callback(store.dispose)
        for name, (page, query) in _VIEWS.items():
            times: tuple[list[float], list[float]] = ([], [])
            for number in range(bed.rounds + 1):
                for origin, store, measured in zip(origins, stores, times, strict=True):
                    with store.write() as session:
                        revision.bump(session, ["contract", "cooperation", "statistic"])
                    took = asyncio.run(_opened(origin, page, query))
                    if number:  # the first opening reads the program
                        measured.append(took)
            a, b = (turns.faster_half(measured) for measured in times)
            bed.report.line(f"{name}: {a * 1000:.1f} ms and {b * 1000:.1f} ms")
            bed.report.figure("figures", f"{name}, {bed.size * 10:,} contracts ÷ {bed.size // 10:,}", a / b, 1.5)


async def _opened(origin: str, page: str, query: str) -> float:
    tab = Tab(origin, page, query)
    try:
        return (await tab.open()).seconds
    finally:
        await tab.close()


# ------------------------------------------------------------------ the ways to ask
def _ours(store: Database) -> Callable[[Question], Any]:
    def ask(question: Question) -> Any:
        where = {"year": (question.year,)} if question.year else {}
        with store.read() as session:
            return service.sums(session, question.by, where, origins=_ALL, actor=VISITOR)

    return ask


def _of_sums(found: Any) -> Groups:
    return {key: (total.number, total.amount_cents) for key, total in found.items()}


def _fill(source: Path, target: Path) -> None:
    """The rows as somebody would publish them, with the places cut to leagues already and an index on the year."""
    target.unlink(missing_ok=True)
    expressions = ", ".join(
        f"{rollup.DIMENSIONS[name][1].format(r='c')} AS {name}" for name in ("year", "type", "seller", "buyer")
    )
    with contextlib.closing(sqlite3.connect(target)) as copy:
        copy.execute("ATTACH ? AS ours", (str(source),))
        copy.execute(f"CREATE TABLE contract AS SELECT c.id, c.title, c.field, {expressions}, c.amount "
                     "FROM ours.contract c WHERE c.withdrawn_on IS NULL")  # fmt: skip
        copy.execute("CREATE INDEX contract_year ON contract (year)")
        copy.commit()


@contextlib.contextmanager
def _datasette(file: Path) -> Iterator[Callable[[Question], Any]]:
    port = servers.free_port()
    settings = [word for name, value in _SETTINGS.items() for word in ("--setting", name, str(value))]
    command = [sys.executable, "-m", "datasette", "serve", str(file), "--host", "127.0.0.1", "--port", str(port)]
    with servers.running(
        [*command, *settings], port, cwd=file.parent, environment={}, ready="/-/versions.json"
    ) as origin:
        address = urlsplit(origin)

        def ask(question: Question) -> Any:
            connection = http.client.HTTPConnection(address.hostname or "", address.port, timeout=240)
            connection.request("GET", f"/{file.stem}.json?{urlencode({'sql': question.sql, '_shape': 'arrays'})}")
            answer = connection.getresponse()
            body = answer.read()
            connection.close()
            if answer.status != http.client.OK:
                raise RuntimeError(f"Datasette answered {answer.status}: {body[:300]!r}")
            return json.loads(body)["rows"]

        yield ask


def _frame(file: Path) -> Any:
    import pandas as pd

    with contextlib.closing(sqlite3.connect(file)) as connection:
        return pd.read_sql_query("SELECT year, type, seller, buyer, amount FROM contract", connection)


def _of_pandas(frame: Any, question: Question) -> Any:
    rows = frame[frame.year == question.year] if question.year else frame
    return rows.groupby(list(question.by), sort=False).amount.agg(["size", "sum"]).reset_index()


def _duckdb(frame: Any) -> Any:
    import duckdb

    connection = duckdb.connect()
    connection.register("frame", frame)
    connection.execute("CREATE TABLE contract AS SELECT * FROM frame")
    return connection


def _groups(rows: Any) -> Groups:
    return {tuple(row[:-2]): (int(row[-2]), int(row[-1] or 0)) for row in rows}


# ------------------------------------------------------------------ comparing
def _same(bed: Bed, ways: dict[str, Way]) -> None:
    """Before anything is timed: the same groups, counts and sums by all ways."""
    for question in QUESTIONS:
        answers = {name: read(ask(question)) for name, (ask, read) in ways.items()}
        first = answers[_RAW]
        for name, answer in answers.items():
            if answer != first:
                differs = len(set(answer.items()) ^ set(first.items()))
                bed.report.wrong(f"{question.name}: {name} differs from {_RAW} in {differs} groups")
        bed.report.line(f"{question.name}: {len(first):,} groups, the same by all ways unless said otherwise")


def _compare(bed: Bed, question: Question, ways: dict[str, Way]) -> None:
    times: dict[str, list[float]] = {name: [] for name in ways}
    for number in range(bed.rounds):
        names = list(ways)
        first = number % len(names)
        for name in (*names[first:], *names[:first]):
            times[name].append(turns.seconds(lambda name=name: ways[name][0](question)))  # type: ignore[misc]
    cost = {name: turns.faster_half(measured) for name, measured in times.items()}
    for name, seconds in cost.items():
        bed.report.line(f"{question.name}: {name:20} {seconds * 1000:8.1f} ms, {seconds / cost[_RAW]:.3f} × {_RAW}")
    for kind in (SQLITE, POSTGRESQL):
        bed.report.figure("7", f"{kind}: {question.name} ÷ {_RAW}", cost[kind] / cost[_RAW], question.bound)


def _upkeep(bed: Bed, raw: Callable[[Question], Any]) -> None:
    """What it costs to keep the sums: of a write in the write itself, and of making all of them anew."""
    store = bed.contracts_copy()
    full, kept, bare, anew = [], [], [], []
    for number in range(max(3, bed.rounds // 3)):
        full.append(turns.seconds(lambda: raw(QUESTIONS[-1])))
        kept.append(_written(store, number * 2))
        with store.write() as session:
            anew.append(turns.seconds(lambda: rollup.rebuild(session.connection())))
        with store.write() as session:
            for name in rollup.triggers("sqlite"):
                session.connection().exec_driver_sql(f"DROP TRIGGER {name}")
        bare.append(_written(store, number * 2 + 1))
        with store.write() as session:
            rollup.install(session.connection())
    aggregate, with_sums, without = (turns.faster_half(times) for times in (full, kept, bare))
    bed.report.line(
        f"{_WRITTEN:,} contracts written in one transaction: {with_sums * 1000:.1f} ms, without the sums "
        f"{without * 1000:.1f} ms; all sums made anew: {statistics.median(anew) * 1000:.0f} ms, "
        f"{statistics.median(anew) / aggregate:.2f} × one raw full aggregate"
    )
    name = f"{SQLITE}: the sums brought up to date for {_WRITTEN:,} new contracts ÷ one raw full aggregate"
    bed.report.figure("7", name, max(with_sums - without, 0) / aggregate, 0.15)
    store.dispose()


def _written(store: Database, seed: int) -> float:
    now = now_utc()
    rows: Sequence[dict[str, Any]] = [
        {
            "title": "合同", "seller": "甲", "buyer": "乙", "origin": Origin.DEMO.value, "year": YEAR, "mode": "",
            "contract_type": "FW", "field": number % 11 + 1, "amount": Decimal(10_000 + number + seed), "pricing": "",
            "seller_place": f"15{number % 9 + 1:02}00", "buyer_place": "110000", "created_at": now,
            "updated_at": now, "source_publisher": "", "source_url": "", "source_quality": "",
        }
        for number in range(_WRITTEN)
    ]  # fmt: skip

    def write() -> None:
        with store.write() as session:
            session.execute(Contract.__table__.insert(), rows)  # type: ignore[attr-defined]

    return turns.seconds(write)
