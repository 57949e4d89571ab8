"""Queries as nobody should type them: pieces of the corpus between signs, controls, half characters and long texts."""

import statistics
from collections.abc import Iterator, Mapping, Sequence
from random import Random
from time import perf_counter
from typing import Final

from bench.bed import Bed
from bench.corpus import Corpus
from lib.domain.access import VISITOR
from lib.domain.text import runs, simplified, terms
from lib.services import catalogue
from lib.services.catalogue import CatalogueQuery
from lib.store.engine import Database

COUNT: Final = 10_000
HOSTILE: Final = (
    '"', "(", "*", "-x", "AND", "NEAR(", "c-d", "%", ";drop table achievement", "''", "t:稀土", "OR", "{t}:", "100%",
    "a_b", "\\", "稀土\x00", "^", "a:* | b", "!稀土", "<->", "\u202e",
)  # fmt: skip
_SIGNS: Final = (*HOSTILE, *"\ud800\u200f\0\x1b：“”\U0001f404 　", "乾隆", "'; --", "长" * 10_000)
_AT_VOLUME: Final = 2_000
_SCANNED: Final = 20
_AGAIN: Final = 50


def queries(texts: Sequence[str], count: int = COUNT) -> Iterator[str]:
    """The same queries for the same texts: a piece of one, and none to two of the signs, in any order."""
    chance = Random(4)  # noqa: S311 - a sample, not a secret
    for _ in range(count):
        row = chance.choice(texts)
        start = chance.randrange(len(row))
        parts = [row[start : start + chance.randint(1, 6)], *chance.sample(_SIGNS, chance.randint(0, 2))]
        yield "".join(chance.sample(parts, len(parts)))


def hits(texts: Sequence[str], query: str) -> int:
    """How many of the texts, folded, a search of the query must find."""
    wanted = [{term, simplified(term)} for term in terms(query)]
    if not wanted and query.strip():  # signs alone
        return 0
    return sum(all(any(all(run in text for run in runs(one)) for one in either) for either in wanted) for text in texts)


def fuzz(bed: Bed) -> None:
    """The same queries on every database: no exception, the same as a scan and as each other, none much slower."""
    simplified("漢")  # reads its tables
    _asked(bed, "the real data", bed.real_stores, COUNT)
    _asked(bed, f"{bed.size:,} achievements", bed.stores, _AT_VOLUME)


def _asked(bed: Bed, data: str, stores: Mapping[str, Database], count: int) -> None:
    totals: dict[str, list[int]] = {}
    for kind, store in stores.items():
        with store.read() as session:
            texts = list(Corpus(session).texts.values())
        asked = list(queries(texts, count))
        times: list[tuple[float, str]] = []
        found = totals.setdefault(kind, [])
        failed = 0
        for number, query in enumerate(asked):
            try:
                spent, total = _timed(store, query)
            except Exception as error:  # noqa: BLE001 - whatever is raised is the finding
                failed += 1
                bed.report.wrong(f"{kind}: {query[:40]!r} raised {error!r}"[:300])
                found.append(-1)
                continue
            times.append((spent, query))
            found.append(total)
            if number % _SCANNED == 0 and total != (true := hits(texts, query)):
                bed.report.wrong(f"{kind}: {query[:40]!r} has {total} hits, a scan {true}")
        times.sort()
        # A slow one is asked again: what counts is what the query costs, not what else the machine did meanwhile.
        slow = [(min(spent, *(_timed(store, query)[0] for _ in range(3))), query) for spent, query in times[-_AGAIN:]]
        worst, query = max(*slow, times[-_AGAIN - 1])
        middle = statistics.median(spent for spent, _ in times)
        bed.report.line(f"{kind}, {data}: {count:,} queries, {sum(total > 0 for total in found):,} with hits; median "
                        f"{middle * 1000:.2f} ms, slowest {worst * 1000:.1f} ms: {query[:40]!r}")  # fmt: skip
        name = f"{kind}, {data}: {count:,} fuzzed queries"
        bed.report.figure("fuzz", f"{name}, exceptions", failed, 0)
        bed.report.figure("fuzz", f"{name}, slowest ÷ the median", worst / middle, 10)
    for query, *counts in zip(asked, *totals.values(), strict=True):
        if len(set(counts)) > 1:
            bed.report.wrong(f"{query[:40]!r} has {' and '.join(map(str, counts))} hits on {' and '.join(totals)}")


def _timed(store: Database, query: str) -> tuple[float, int]:
    """Seconds and hits."""
    with store.read() as session:
        begun = perf_counter()
        asked = CatalogueQuery(q=query, order="relevance")
        total = catalogue.search_achievements(session, asked, actor=VISITOR).total
        return perf_counter() - begun, total
