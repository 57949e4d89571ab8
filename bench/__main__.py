"""`make bench`: the speed figures. Every figure is a ratio of two things that took turns in this very run.

Absolute milliseconds depend on the machine and are printed for orientation only. A figure that misses its goal
is said to; only a search that finds other rows than the scan ends the run with an error.
"""

import argparse
import asyncio
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path

from sqlalchemy import text
from sqlalchemy.orm import Session

from bench import judged, servers
from bench.client import Run, Tab, Widget
from lib.domain.access import VISITOR
from lib.domain.text import terms
from lib.services import catalogue, matching
from lib.services.catalogue import CatalogueQuery
from lib.settings import ROOT
from lib.store import search
from lib.store.engine import Database
from lib.ui.navigation import PLACES

_DEMANDS = {1: "肉牛", 5: "乳酸菌", 12: "灌区", 15: "制氢", 18: "盐碱地", 28: "稀土", 31: "煤炭", 40: "燃料电池"}
"""Demands of the real data, by id, and a word of each."""
FOLDER = ROOT / "build" / "bench"
ACHIEVEMENTS = 100_000
SESSIONS = 50
QUERIES = {
    "2 characters": ("稀土", "氢能", "肉牛"),
    "4 characters": ("智能控制", "节能改造", "农业科学"),
    "two words": ("稀土 材料", "草原 生态", "玉米 品种"),
}


def main() -> None:
    """Prepare the two databases, then take the four figures."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--seconds", type=float, default=10, help="length of one round of the load (4 rounds)")
    parser.add_argument("--rounds", type=int, default=15, help="how often each page is opened and each query asked")
    options = parser.parse_args()
    sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr]
    real, volume = _databases()
    print(f"gauge: {_gauge():.1f} ms for a fixed piece of work, before")
    with ExitStack() as running:
        hello = running.enter_context(servers.hello())
        tuned = running.enter_context(servers.tuned_hello(shutil.copyfile(real, FOLDER / "hello.db")))
        small = running.enter_context(servers.product(real))
        large = running.enter_context(servers.product(volume))
        capacity(hello, tuned, options.seconds)
        openings(hello, tuned, small, large, options.rounds)
        map_bytes(small)
    right = searches(volume, options.rounds)
    judgements(real)
    matches(volume, options.rounds)
    print(f"gauge: {_gauge():.1f} ms, after")
    sys.exit(not right)


def verdict(name: str, value: float, goal: float, *, least: bool = False) -> None:
    """One figure beside its goal."""
    reached = value >= goal if least else value <= goal
    bound = "at least" if least else "at most"
    print(f"  {name}: {value:.3g} (goal {bound} {goal:g}): {'reached' if reached else 'MISSED'}")


def _gauge() -> float:
    """Milliseconds of a fixed piece of Python work: how busy the machine is."""
    start = time.perf_counter()
    total = 0
    for i in range(1_000_000):
        total += i & 7
    return (time.perf_counter() - start) * 1000


def _databases() -> tuple[Path, Path]:
    """The real data, and the real data with demo achievements at volume; made once in build/bench."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    real, volume = FOLDER / "real.db", FOLDER / "volume.db"
    for file, commands in (
        (real, (["init"],)),
        (volume, (["init"], ["demo", "--achievements", str(ACHIEVEMENTS), "--demands", "30000", "--seed", "1"])),
    ):
        done = file.with_suffix(".done")
        if not done.exists():
            for leftover in FOLDER.glob(f"{file.name}*"):
                leftover.unlink()
            for command in commands:
                print(f"{file.name}: python -m lib {' '.join(command)}")
                _command(command, file)
            done.touch()
    return real, volume


def _command(arguments: Sequence[str], file: Path) -> None:
    subprocess.run(
        [sys.executable, "-m", "lib", *arguments],
        cwd=ROOT,
        env=servers.environment(file),
        check=True,
        stdout=subprocess.DEVNULL,
    )


# ------------------------------------------------------------------ 1: capacity
def capacity(hello: str, tuned: str, seconds: float) -> None:
    """Reruns a second that 50 sessions get out of one server, each asking again as soon as it is answered."""
    print(f"\n1. Streamlit's hello.py with {SESSIONS} sessions that rerun without a pause")
    rates: dict[str, list[float]] = {hello: [], tuned: []}
    for _ in range(2):
        for origin, measured in rates.items():
            measured.append(asyncio.run(_rate(origin, seconds)))
    default, launched = statistics.mean(rates[hello]), statistics.mean(rates[tuned])
    print(f"  streamlit run: {default:.1f} reruns/s; our launch configuration: {launched:.1f} reruns/s")
    verdict("ours ÷ streamlit run", launched / default, 8, least=True)


async def _rate(origin: str, seconds: float) -> float:
    tabs = [Tab(origin) for _ in range(SESSIONS)]
    try:
        for tab in tabs:
            await tab.open()
        start = time.perf_counter()
        counts = await asyncio.gather(*(_keep_asking(tab, start + seconds) for tab in tabs))
        return sum(counts) / (time.perf_counter() - start)
    finally:
        await asyncio.gather(*(tab.close() for tab in tabs))


async def _keep_asking(tab: Tab, end: float) -> int:
    count = 0
    while time.perf_counter() < end:
        await tab.rerun()
        count += 1
    return count


# ------------------------------------------------------------------ 2: opening
def openings(hello: str, tuned: str, small: str, large: str, rounds: int) -> None:
    """Connect and run each page once, to script_finished; a new session each time."""
    print(f"\n2. Opening a page to script finished: medians of {rounds} openings after a first one, in turns")
    pages = ["" if place.name == "home" else place.name for place in PLACES]
    targets = [(hello, ""), (tuned, ""), *((origin, page) for page in pages for origin in (small, large))]
    first = {target: _open(*target).seconds for target in targets}
    times: dict[tuple[str, str], list[float]] = {target: [] for target in targets}
    for _ in range(rounds):
        for target in targets:
            times[target].append(_open(*target).seconds)
    ms = {target: statistics.median(measured) * 1000 for target, measured in times.items()}
    base, launched = ms[hello, ""], ms[tuned, ""]
    print(f"  hello.py: streamlit run {base:.1f} ms, our launch configuration {launched:.1f} ms")
    print("  page               real  ÷ hello  ÷ tuned  100,000  ÷ real   first opening on the real data, ÷ hello")
    for page in pages:
        a, b = ms[small, page], ms[large, page]
        cold = first[small, page] * 1000
        print(
            f"  {page or 'home':14} {a:6.1f}ms {a / base:8.2f} {a / launched:8.2f} {b:6.1f}ms {b / a:7.2f}   "
            f"{cold:.0f} ms, {cold / base:.2f}"
        )
    verdict("slowest page on the real data ÷ hello of streamlit run", max(ms[small, p] / base for p in pages), 1.0)
    verdict("worst page, 100,000 ÷ real", max(ms[large, p] / ms[small, p] for p in pages), 1.5)


def _open(origin: str, page: str) -> Run:
    async def visit() -> Run:
        tab = Tab(origin, page)
        try:
            return await tab.open()
        finally:
            await tab.close()

    return asyncio.run(visit())


# ------------------------------------------------------------------ 3: search
def searches(volume: Path, rounds: int) -> bool:
    """First page with total and facets against a LIKE scan of title and summary; True when the rows are the same."""
    print(f"\n3. Search of {ACHIEVEMENTS:,} achievements: first page, total and facets ÷ LIKE over title and summary")
    database = Database(f"sqlite:///{volume}")
    right = True
    worst = 0.0
    with database.read() as session:
        for kind, queries in QUERIES.items():
            ratios = []
            for query in queries:
                found, scanned = _ids_found(session, query), _ids_scanned(session, query, _SEARCHED)
                right &= found == scanned and bool(found)
                ours, scan = _in_turns(
                    rounds,
                    lambda query=query: _first_page(session, query),  # type: ignore[misc]
                    lambda query=query: _scan(session, query),  # type: ignore[misc]
                )
                ratios.append(ours / scan)
                same = "the same rows" if found == scanned else f"OTHER ROWS than the scan's {len(scanned):,}"
                print(
                    f"  {query:10} {len(found):>7,} found, {same}; {ours * 1000:7.2f} ms against {scan * 1000:7.1f} ms"
                    f" = {ours / scan:.4f}"
                )
            worst = max(worst, statistics.median(ratios))
            verdict(f"{kind}, median of the queries", statistics.median(ratios), 0.05)
    database.dispose()
    print(
        f"  slowest kind {worst:.4f}; rows compared over every column that is searched: {'same' if right else 'WRONG'}"
    )
    return right


_NARROW = ("title", "summary")
_SEARCHED = (search.ACHIEVEMENTS.title, *search.ACHIEVEMENTS.body)


def _first_page(session: Session, query: str) -> None:
    catalogue.search_achievements(session, CatalogueQuery(q=query, order="relevance"), actor=VISITOR)


def _where(query: str, columns: Sequence[str]) -> tuple[str, dict[str, str]]:
    """Every term in any of the columns."""
    words = terms(query)
    condition = " AND ".join(
        "(" + " OR ".join(f"{column} LIKE :t{i}" for column in columns) + ")" for i in range(len(words))
    )
    return condition, {f"t{i}": f"%{word}%" for i, word in enumerate(words)}


def _scan(session: Session, query: str) -> None:
    condition, values = _where(query, _NARROW)
    session.execute(text(f"SELECT count(*) FROM achievement WHERE {condition}"), values).scalar_one()


def _ids_scanned(session: Session, query: str, columns: Sequence[str]) -> set[int]:
    condition, values = _where(query, columns)
    return set(session.execute(text(f"SELECT id FROM achievement WHERE {condition}"), values).scalars())


def _ids_found(session: Session, query: str) -> set[int]:
    found = search.find(session, search.ACHIEVEMENTS, query, {}, order="latest", offset=0, limit=10**9)
    return set(found.ids)


def _in_turns(rounds: int, ours: Callable[[], None], other: Callable[[], None]) -> tuple[float, float]:
    """Medians of two pieces of work that take turns, in seconds, after one of each."""
    ours()
    other()
    times: tuple[list[float], list[float]] = ([], [])
    for _ in range(rounds):
        for work, measured in zip((ours, other), times, strict=True):
            start = time.perf_counter()
            work()
            measured.append(time.perf_counter() - start)
    return statistics.median(times[0]), statistics.median(times[1])


# ------------------------------------------------------------------ 4: bytes of a map
def map_bytes(origin: str) -> None:
    """Bytes the server sends when a widget of a map page is changed: the most that any of its widgets costs."""
    print("\n4. Bytes of a rerun after a widget change, each widget once")
    for page in ("network", "channels"):
        costs = asyncio.run(_costs(origin, page))
        for label, cost in costs.items():
            print(f"  {page}, {label}: {cost / 1000:.1f} KB")
        verdict(f"{page}, the dearest, in KB", max(costs.values()) / 1000, 200)


async def _costs(origin: str, page: str) -> dict[str, int]:
    costs: dict[str, int] = {}
    tab = Tab(origin, page)
    await tab.open()
    changes = {label: change for label, widget in tab.widgets.items() if (change := _another(widget))}
    await tab.close()
    for label, (wire, value) in changes.items():
        tab = Tab(origin, page)
        await tab.open()
        try:
            costs[label] = (await tab.change(tab.widgets[label], wire, value)).bytes
        finally:
            await tab.close()
    return costs


def _another(widget: Widget) -> tuple[str, object] | None:
    """A value that the widget does not have now, and its field of the protocol."""
    proto = widget.proto
    if widget.kind == "button_group":
        chosen = list(proto.default)
        other = next((o.content for i, o in enumerate(proto.options) if i not in chosen), None)
        return ("string_array_value", [other]) if other else None
    if widget.kind in {"selectbox", "radio"}:
        other = next((option for i, option in enumerate(proto.options) if i != proto.default), None)
        return ("string_value", other) if other else None
    if widget.kind == "checkbox":
        return "bool_value", not proto.default
    return None


# ------------------------------------------------------------------ 5: judged results, and matching at volume
def judgements(real: Path) -> None:
    """The judged pairs and queries: the product against two baselines in this run."""
    print("\n5. Judged by reading: 41 demands with their achievements, and queries")
    database = Database(f"sqlite:///{real}")
    with database.read() as session:
        scores, recalls = judged.pairs(session), judged.queries(session)
    database.dispose()
    for name, score in scores.items():
        print(f"  {name:42} nDCG@5 {score.ndcg:.3f}  Recall@10 {score.recall:.3f}")
    ours = scores.pop("matching").ndcg
    verdict("nDCG@5 above the better baseline", ours - max(s.ndcg for s in scores.values()), 0.15, least=True)
    for name, recall in recalls.items():
        print(f"  queries, {name}: recall {recall:.3f}")


def matches(volume: Path, rounds: int) -> None:
    """A demand ranked against all achievements ÷ the catalogue page's search of a word of the same demand."""
    print(f"\n6. One demand against {ACHIEVEMENTS:,} achievements, ÷ a catalogue search")
    database = Database(f"sqlite:///{volume}")
    ratios: list[float] = []
    with database.read() as session:
        for demand_id, word in _DEMANDS.items():
            ours, search_time = _in_turns(
                rounds,
                lambda demand_id=demand_id: _matched(session, demand_id),  # type: ignore[misc]
                lambda word=word: _searched(session, word),  # type: ignore[misc]
            )
            ratios.append(ours / search_time)
            print(f"  demand {demand_id:2} {ours * 1000:6.1f} ms, search of {word} {search_time * 1000:6.1f} ms")
    database.dispose()
    verdict("median", statistics.median(ratios), 2)


def _matched(session: Session, demand_id: int) -> None:
    matching.for_demand(session, demand_id, actor=VISITOR)


def _searched(session: Session, word: str) -> None:
    catalogue.search_achievements(session, CatalogueQuery(q=word, order="relevance", wide=True), actor=VISITOR)


if __name__ == "__main__":
    main()
