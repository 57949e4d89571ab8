"""Sessions at the protocol level: one or many tabs that rerun a page, with or without a pause for thinking."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from random import Random

from bench.client import Run, RunFailed, Tab

Step = Callable[[Tab], Awaitable[Run]]
"""One rerun of an open tab."""


@dataclass
class Load:
    """What a crowd got: the seconds of every rerun, how long it all took, and what went wrong."""

    times: list[float] = field(default_factory=list)
    seconds: float = 0
    faults: list[str] = field(default_factory=list)

    @property
    def rate(self) -> float:
        """Reruns a second."""
        return len(self.times) / self.seconds

    def __add__(self, other: "Load") -> "Load":
        return Load(self.times + other.times, self.seconds + other.seconds, self.faults + other.faults)


async def again(tab: Tab) -> Run:
    """A rerun with nothing changed."""
    return await tab.rerun()


def searching(questions: Iterator[str]) -> Step:
    """A rerun of the catalogue page with the next of the questions typed into its search box."""

    async def step(tab: Tab) -> Run:
        return await tab.change(tab.field("q"), "string_value", next(questions))

    return step


def crowd(origin: str, page: str, step: Step, *, number: int, seconds: float, think: float = 0) -> Load:
    """`number` sessions that rerun for some seconds, each after thinking `think` seconds, half more or less."""
    return asyncio.run(_crowd(origin, page, step, number, seconds, think))


async def _crowd(origin: str, page: str, step: Step, number: int, seconds: float, think: float) -> Load:
    tabs = [Tab(origin, page) for _ in range(number)]
    load = Load()
    chance = Random(number)  # noqa: S311 - pauses, not a secret
    try:
        for tab in tabs:
            await tab.open()
        start = time.perf_counter()
        await asyncio.gather(*(_ask(tab, step, start + seconds, think, chance, load) for tab in tabs))
        load.seconds = time.perf_counter() - start
    finally:
        await asyncio.gather(*(tab.close() for tab in tabs))
    return load


async def _ask(tab: Tab, step: Step, end: float, think: float, chance: Random, load: Load) -> None:
    if think:
        await asyncio.sleep(chance.uniform(0, think))  # they did not come together
    while time.perf_counter() < end:
        try:
            load.times.append((await step(tab)).seconds)
        except (RunFailed, OSError, TimeoutError) as fault:
            load.faults.append(repr(fault))
            return
        if think:
            await asyncio.sleep(chance.uniform(think / 2, think * 1.5))


def opened(origin: str, page: str) -> Run:
    """Connect and run a page once, to script_finished, in a session that ends then."""

    async def visit() -> Run:
        tab = Tab(origin, page)
        try:
            return await tab.open()
        finally:
            await tab.close()

    return asyncio.run(visit())
