"""The search itself, goals 1 to 5: exact, and how fast beside Datasette and a scan, on both databases."""

import itertools
import statistics
import threading
import time
from collections.abc import Callable, Sequence

from sqlalchemy import text

from bench import datasette, turns
from bench.bed import POSTGRESQL, SQLITE, Bed
from bench.corpus import COMMONEST, QUERIES
from bench.turns import Way
from lib.domain.access import VISITOR
from lib.domain.text import terms
from lib.services import catalogue
from lib.services.catalogue import CataloguePage, CatalogueQuery, Order
from lib.store import search
from lib.store.engine import Database

PAGE = 20
TERMS = 200
THREADS = 16
_SMALL = "SQLite, a tenth of the records"
_BIGRAMS = "Datasette, bigrams"
_LIKE = "Datasette, LIKE"
_SCAN = "PostgreSQL, sequential LIKE scan"
_BEST = "best matches first"


def first_page(store: Database, query: str, order: Order = "latest") -> CataloguePage:
    """Hits, newest rows and the counts of all facets, from a session of its own as a page asks."""
    with store.read() as session:
        asked = CatalogueQuery(q=query, order=order, size=PAGE)
        return catalogue.search_achievements(session, asked, actor=VISITOR)


# ------------------------------------------------------------------ 1: exact
def exact(bed: Bed) -> None:
    """Goal 1: exactly the records that a scan finds, for random terms and for the fixed queries."""
    for kind, store in bed.stores.items():
        corpus = bed.corpora[kind]
        recalls, precisions = [], []
        asked = [*corpus.terms(TERMS), *QUERIES]
        for query in asked:
            true, found = corpus.ids(query), _ids(store, query)
            both = len(true & found)
            recalls.append(both / len(true) if true else 1.0)
            precisions.append(both / len(found) if found else 1.0)
            if true != found:
                bed.report.wrong(f"{kind}: {query} finds {len(found)} records, a scan {len(true)}; {both} are the same")
        bed.report.figure("1", f"{kind}: recall, mean of {len(asked)} queries", statistics.mean(recalls), 1, least=True)
        bed.report.figure("1", f"{kind}: precision", statistics.mean(precisions), 1, least=True)


def _ids(store: Database, query: str) -> set[int]:
    with store.read() as session:
        found = search.find(session, search.ACHIEVEMENTS, query, {}, order="latest", offset=0, limit=10**9)
    return set(found.ids)


# ------------------------------------------------------------------ 2 to 4: beside Datasette
def speed(bed: Bed) -> None:
    """Goals 2, 3 and 4: hits, first page and facets, in turns with Datasette and with a scan."""
    report, peer = bed.report, bed.datasette
    _same_hits(bed)
    small, seldom = bed.small_store, max(1, bed.rounds // 3)
    ways = [
        *(Way(kind, lambda query, store=store: first_page(store, query)) for kind, store in bed.stores.items()),  # type: ignore[misc]
        *(Way(f"{kind}, {_BEST}", lambda query, store=store: first_page(store, query, "relevance"))  # type: ignore[misc]
          for kind, store in bed.stores.items()),
        Way(_SMALL, lambda query: first_page(small, query)),
        Way(_BIGRAMS, peer.bigrams),
        Way(_LIKE, peer.like, every=seldom),
        Way(_SCAN, lambda query: _scan(bed.stores[POSTGRESQL], query), every=seldom),
    ]  # fmt: skip
    times = turns.costs(ways, QUERIES, bed.rounds)
    for line in turns.spread(times):
        report.line(line)
    place = QUERIES.index(COMMONEST)
    for kind in bed.stores:
        other = times[f"{kind}, {_BEST}"]
        report.line(f"{kind}, {_BEST}: {turns.ratio(other, times[_BIGRAMS]):.3f} × {_BIGRAMS}, median; "
                    f"p95 {turns.p95(other) / turns.p95(times[_BIGRAMS]):.3f} ×")  # fmt: skip
    ours, bigrams = times[SQLITE], times[_BIGRAMS]
    report.figure("2", f"{SQLITE} ÷ {_BIGRAMS}, median", turns.ratio(ours, bigrams), 0.15)
    report.figure("2", f"{SQLITE} ÷ {_LIKE}, median", turns.ratio(ours, times[_LIKE]), 0.01)
    report.figure("2", f"{SQLITE} ÷ {_BIGRAMS}, p95 of the queries", turns.p95(ours) / turns.p95(bigrams), 0.25)
    report.figure("3", f"{SQLITE} ÷ {_BIGRAMS}, {COMMONEST}", ours[place] / bigrams[place], 0.35)
    growth = statistics.median(ours) / statistics.median(times[_SMALL])
    report.figure("3", f"{SQLITE}, {bed.size:,} ÷ {bed.size // 10:,} records, medians", growth, 7)
    there, scan = times[POSTGRESQL], times[_SCAN]
    report.figure("4", f"{POSTGRESQL} ÷ {_BIGRAMS}, median", turns.ratio(there, bigrams), 0.5)
    slowest, query = max((a / b, query) for a, b, query in zip(there, scan, QUERIES, strict=True))
    report.figure("4", f"{_SCAN.replace(', ', ': query ÷ ')}, slowest ({query})", slowest, 1.2)


def _same_hits(bed: Bed) -> None:
    """Before anything is timed: all ways find the same number of records."""
    for query in QUERIES:
        true = len(bed.corpora[SQLITE].ids(query))
        counts = {
            **{kind: first_page(store, query).total for kind, store in bed.stores.items()},
            _BIGRAMS: datasette.total(bed.datasette.bigrams(query)),
            _LIKE: datasette.total(bed.datasette.like(query)),
        }
        for name, count in counts.items():
            if count != true:
                bed.report.wrong(f"{name}: {query} has {count} hits, a scan {true}")
    bed.report.line(f"the same number of hits by all ways for {len(QUERIES)} queries, unless said otherwise")


def _scan(store: Database, query: str) -> None:
    """The number of hits in title and summary alone, by one process: the least a scan has to do."""
    words = {f"t{i}": f"%{term}%" for i, term in enumerate(terms(query))}
    condition = " AND ".join(f"(title LIKE :{name} OR summary LIKE :{name})" for name in words)
    with store.read() as session:
        session.execute(text("SET LOCAL max_parallel_workers_per_gather = 0"))
        session.execute(text(f"SELECT count(*) FROM achievement WHERE {condition}"), words).scalar_one()


# ------------------------------------------------------------------ 5: threads
def threads(bed: Bed) -> None:
    """Goal 5: searches a second from threads of one process, beside as many that ask Datasette."""
    peer = bed.datasette
    ways: list[tuple[str, int, Callable[[str], object]]] = [
        (f"{_BIGRAMS}, {THREADS}", THREADS, peer.bigrams),
        *((f"{kind}, {number}", number, lambda query, store=store: first_page(store, query))
          for kind, store in bed.stores.items() for number in (1, THREADS)),
    ]  # fmt: skip
    rates: dict[str, list[float]] = {name: [] for name, _, _ in ways}
    for _ in range(2):
        for name, number, ask in ways:
            rates[name].append(_rate(number, ask, QUERIES, bed.seconds / 2))
    mean = {name: statistics.mean(each) for name, each in rates.items()}
    for name, rate in mean.items():
        bed.report.line(f"{name} threads: {rate:.1f} queries/s")
    for kind in bed.stores:
        many, one = mean[f"{kind}, {THREADS}"], mean[f"{kind}, 1"]
        other = mean[f"{_BIGRAMS}, {THREADS}"]
        bed.report.figure("5", f"{kind}: {THREADS} threads ÷ {_BIGRAMS}", many / other, 5, least=True)
        bed.report.figure("5", f"{kind}: {THREADS} threads ÷ one", many / one, 1.2, least=True)


def _rate(number: int, ask: Callable[[str], object], queries: Sequence[str], seconds: float) -> float:
    """Answers a second that `number` threads get, which take the queries as they come."""
    upcoming, lock, counts = itertools.cycle(queries), threading.Lock(), [0] * number
    start = time.perf_counter()

    def work(place: int) -> None:
        while time.perf_counter() < start + seconds:
            with lock:
                query = next(upcoming)
            ask(query)
            counts[place] += 1

    workers = [threading.Thread(target=work, args=(place,)) for place in range(number)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    return sum(counts) / (time.perf_counter() - start)
