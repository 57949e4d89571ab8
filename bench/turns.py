"""Taking turns: what is compared is asked alternately in one run, so that a busy machine slows all of it alike."""

import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Way:
    """One way to answer a query; a slow one is asked in every `every`-th round only."""

    name: str
    ask: Callable[[str], object]
    every: int = 1


def costs(ways: Sequence[Way], queries: Sequence[str], rounds: int) -> dict[str, list[float]]:
    """Seconds of each query by the name of the way: the mean of the faster half of its rounds.

    In every round all queries come up once, and each is asked in all ways, in rotating order.
    """
    for way in ways:
        way.ask(queries[0])
    times: dict[str, list[list[float]]] = {way.name: [[] for _ in queries] for way in ways}
    for number in range(rounds):
        for place, query in enumerate(queries):
            first = (number + place) % len(ways)
            for way in (*ways[first:], *ways[:first]):
                if number % way.every == 0:
                    times[way.name][place].append(seconds(lambda way=way, query=query: way.ask(query)))  # type: ignore[misc]
    return {name: [faster_half(one) for one in each] for name, each in times.items()}


def pair(rounds: int, ours: Callable[[], object], other: Callable[[], object]) -> tuple[float, float]:
    """Medians of two pieces of work that take turns, in seconds, after one of each."""
    ours()
    other()
    times: tuple[list[float], list[float]] = ([], [])
    for _ in range(rounds):
        for work, measured in zip((ours, other), times, strict=True):
            measured.append(seconds(work))
    return statistics.median(times[0]), statistics.median(times[1])


def seconds(work: Callable[[], object]) -> float:
    """How long it takes."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def ratio(ours: Sequence[float], other: Sequence[float]) -> float:
    """The median over the queries of what ours costs, divided by what the other way costs."""
    return statistics.median(a / b for a, b in zip(ours, other, strict=True))


def p95(values: Sequence[float]) -> float:
    """The value that one in twenty exceeds."""
    return statistics.quantiles(values, n=20, method="inclusive")[-1]


def spread(times: Mapping[str, Sequence[float]]) -> list[str]:
    """A line for each way: median and 95th percentile, for orientation."""
    return [
        f"{name:32} p50 {statistics.median(each) * 1000:8.2f} ms  p95 {p95(each) * 1000:8.2f} ms"
        for name, each in times.items()
    ]


def faster_half(times: Sequence[float]) -> float:
    """The mean of the faster half."""
    return statistics.mean(sorted(times)[: (len(times) + 1) // 2])
