"""Pages at the protocol level: goals 8 and 9 of the catalogue's rerun, how fast every page opens, bytes of the maps."""

import asyncio
import statistics
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from itertools import islice

from bench import turns
from bench.bed import SQLITE, Bed
from bench.client import Tab, Widget
from bench.corpus import QUERIES, questions
from bench.crowd import again, opened, searching
from lib.store import revision
from lib.ui.navigation import PLACES

PAGE = "achievements"
_EACH = 6  # different questions a round
_HELLO, _TUNED, _LAUNCHED = "hello.py", "hello.py, tuned", "hello.py, our launch"
_BIGRAMS, _LIKE = "Datasette, bigrams", "Datasette, LIKE"

Ask = Callable[[str], Awaitable[float]]
"""The seconds that a query takes."""


# ------------------------------------------------------------------ 8, 9: a search on the page
def reruns(bed: Bed) -> None:
    """Goals 8 and 9: a search typed into the catalogue page, in turns with Datasette and hello.py, one session."""
    asyncio.run(_reruns(bed))


async def _reruns(bed: Bed) -> None:
    with bed.stores[SQLITE].read() as session:
        different = list(islice(questions(session), _EACH * bed.rounds))
    async with AsyncExitStack() as closing:

        async def tab(origin: str, page: str = "") -> Tab:
            made = Tab(origin, page)
            await made.open()
            closing.push_async_callback(made.close)
            return made

        ways = {kind: _typed(await tab(origin, PAGE)) for kind, origin in bed.products.items()}
        hellos = {_HELLO: bed.hello, _TUNED: bed.tuned, _LAUNCHED: bed.launched}
        ways |= {name: _again(await tab(origin)) for name, origin in hellos.items()}
        ways |= {_BIGRAMS: _asked(bed.datasette.bigrams), _LIKE: _asked(bed.datasette.like)}
        fixed = await _costs_of(bed, ways, QUERIES, bed.rounds)
        del ways[_LIKE]
        once = await _costs_of(bed, ways, different, 1)
    bed.report.line(
        "the page: 12 records, best first, synonyms too, and 4 facets; Datasette: 20 rows, newest first, 3 facets"
    )
    _told(bed, f"the {len(QUERIES)} queries that the search itself is measured with, {bed.rounds} rounds", fixed)
    for kind in bed.products:
        name = f"{kind}: rerun of the catalogue with a search ÷"
        for other, goal in ((_BIGRAMS, 0.7), (_LIKE, 0.05)):
            bed.report.figure("8", f"{name} {other}", turns.ratio(fixed[kind], fixed[other]), goal)
        for other, goal in ((_HELLO, 0.35), (_TUNED, 2.5)):
            bed.report.figure("9", f"{name} {other}", _of_medians(fixed, kind, other), goal)
        bed.report.line(f"{name} {_LAUNCHED}: {_of_medians(fixed, kind, _LAUNCHED):.2f}, no goal is set for it")
    _told(bed, f"{len(different)} different searches made of the keywords of records, each asked once", once)
    for kind in bed.products:
        bed.report.line(f"{kind} ÷ {_BIGRAMS} {turns.ratio(once[kind], once[_BIGRAMS]):.2f}, "
                        f"÷ {_TUNED} {_of_medians(once, kind, _TUNED):.2f}, "
                        f"÷ {_LAUNCHED} {_of_medians(once, kind, _LAUNCHED):.2f}")  # fmt: skip


async def _costs_of(bed: Bed, ways: Mapping[str, Ask], queries: Sequence[str], rounds: int) -> dict[str, list[float]]:
    """Seconds of each query by the name of the way: the mean of the faster half of its rounds, in rotating order.

    A page keeps what it found until the data changes, so they change before each round: no query is answered from
    what is kept. LIKE takes half a second and is asked in every fifth round only.
    """
    times: dict[str, list[list[float]]] = {name: [[] for _ in queries] for name in ways}
    for number in range(rounds):
        for store in bed.stores.values():
            with store.write() as session:
                revision.bump(session, ["achievement"])
        for place, query in enumerate(queries):
            first = (number + place) % len(ways)
            for name in (*list(ways)[first:], *list(ways)[:first]):
                if name != _LIKE or number % 5 == 0:
                    times[name][place].append(await ways[name](query))
    return {name: [turns.faster_half(each) for each in measured] for name, measured in times.items()}


def _typed(tab: Tab) -> Ask:
    async def ask(query: str) -> float:
        return (await searching(iter([query]))(tab)).seconds

    return ask


def _again(tab: Tab) -> Ask:
    async def ask(_query: str) -> float:
        return (await again(tab)).seconds

    return ask


def _asked(answer: Callable[[str], object]) -> Ask:
    async def ask(query: str) -> float:
        return turns.seconds(lambda: answer(query))

    return ask


def _told(bed: Bed, what: str, times: Mapping[str, Sequence[float]]) -> None:
    bed.report.line(what)
    for line in turns.spread(times):
        bed.report.line(line)


def _of_medians(times: Mapping[str, Sequence[float]], ours: str, other: str) -> float:
    return statistics.median(times[ours]) / statistics.median(times[other])


# ------------------------------------------------------------------ 10: opening
def openings(bed: Bed) -> None:
    """Goal 10: connect and run each page once, to script_finished; a new session each time."""
    report = bed.report
    hello, tuned, small, large = bed.hello, bed.tuned, bed.small, bed.products[SQLITE]
    pages = ["" if place.name == "home" else place.name for place in PLACES]
    targets = [(hello, ""), (tuned, ""), *((origin, page) for page in pages for origin in (small, large))]
    first = {target: opened(*target).seconds for target in targets}
    times: dict[tuple[str, str], list[float]] = {target: [] for target in targets}
    for _ in range(bed.rounds):
        for target in targets:
            times[target].append(opened(*target).seconds)
    ms = {target: statistics.median(measured) * 1000 for target, measured in times.items()}
    base, launched = ms[hello, ""], ms[tuned, ""]
    report.line(f"hello.py: streamlit run {base:.1f} ms, tuned {launched:.1f} ms")
    report.line("page               real  ÷ hello  ÷ tuned   volume  ÷ real   first opening on the real data, ÷ hello")
    for page in pages:
        a, b, cold = ms[small, page], ms[large, page], first[small, page] * 1000
        report.line(f"{page or 'home':14} {a:6.1f}ms {a / base:8.2f} {a / launched:8.2f} {b:6.1f}ms {b / a:7.2f}   "
                    f"{cold:.0f} ms, {cold / base:.2f}")  # fmt: skip
    slowest = max(ms[small, page] / base for page in pages)
    report.figure("10", "opening the slowest page on the real data ÷ hello.py", slowest, 1.0)
    worst = max(ms[large, page] / ms[small, page] for page in pages)
    report.figure("10", f"opening a page, {bed.size:,} achievements ÷ real data, worst page", worst, 1.5)


# ------------------------------------------------------------------ bytes of a map
def traffic(bed: Bed) -> None:
    """Bytes the server sends when a widget of a map page is changed: the most that any of its widgets costs."""
    for page, most in (("network", 60), ("channels", 200)):
        costs = asyncio.run(_costs(bed.small, page))
        for label, cost in costs.items():
            bed.report.line(f"{page}, {label}: {cost / 1000:.1f} KB")
        bed.report.figure("maps", f"{page}: bytes of the dearest widget change, KB", max(costs.values()) / 1000, most)


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
        contents = [option.content for option in proto.options]
        chosen = list(proto.raw_values) if proto.set_value else [contents[place] for place in proto.default]
        other = next((content for content in contents if content not in chosen), None)
        return ("string_array_value", [other]) if other else None
    if widget.kind in {"selectbox", "radio"}:
        other = next((option for i, option in enumerate(proto.options) if i != proto.default), None)
        return ("string_value", other) if other else None
    if widget.kind == "slider" and proto.options:
        return "string_array_value", [proto.options[-1]]
    if widget.kind == "checkbox":
        return "bool_value", not proto.default
    return None
