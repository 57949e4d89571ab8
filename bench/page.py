"""Pages at the protocol level: goals 8 and 9 of the catalogue's rerun, how fast every page opens, bytes of the maps."""

import asyncio
import statistics
from contextlib import AsyncExitStack
from itertools import islice

from bench import turns
from bench.bed import SQLITE, Bed
from bench.client import Tab, Widget
from bench.corpus import questions
from bench.crowd import again, opened, searching
from lib.ui.navigation import PLACES

PAGE = "achievements"
_EACH = 10  # questions a round


# ------------------------------------------------------------------ 8, 9: a search on the page
def reruns(bed: Bed) -> None:
    """Goals 8 and 9: a new search typed into the catalogue page, in turns with Datasette and hello.py, one session."""
    asyncio.run(_reruns(bed))


async def _reruns(bed: Bed) -> None:
    report, peer, seldom = bed.report, bed.datasette, 5
    with bed.stores[SQLITE].read() as session:
        asked = list(islice(questions(session), _EACH * bed.rounds))
    times: dict[str, list[float]] = {}
    async with AsyncExitStack() as closing:

        async def tab(origin: str, page: str = "") -> Tab:
            made = Tab(origin, page)
            await made.open()
            closing.push_async_callback(made.close)
            return made

        hello, tuned = await tab(bed.hello), await tab(bed.tuned)
        pages = {kind: await tab(origin, PAGE) for kind, origin in bed.products.items()}
        for number, query in enumerate(asked):
            step = searching(iter([query] * len(pages)))
            measured = {
                **{kind: (await step(page)).seconds for kind, page in pages.items()},
                "hello.py": (await again(hello)).seconds,
                "hello.py, our launch": (await again(tuned)).seconds,
                "Datasette, bigrams": turns.seconds(lambda query=query: peer.bigrams(query)),  # type: ignore[misc]
            }
            if number % seldom == 0:
                measured["Datasette, LIKE"] = turns.seconds(lambda query=query: peer.like(query))  # type: ignore[misc]
            for name, value in measured.items():
                times.setdefault(name, []).append(value)
    report.line(f"{len(asked)} different searches made of the keywords of records, each asked once")
    for line in turns.spread(times):
        report.line(line)
    for kind in bed.products:
        ours = times[kind]
        name = f"{kind}: rerun of the catalogue with a search ÷"
        report.figure("8", f"{name} Datasette, bigrams", turns.ratio(ours, times["Datasette, bigrams"]), 0.7)
        report.figure("8", f"{name} Datasette, LIKE", turns.ratio(ours[::seldom], times["Datasette, LIKE"]), 0.05)
        middle = statistics.median(ours)
        report.figure("9", f"{name} hello.py", middle / statistics.median(times["hello.py"]), 0.35)
        launched = statistics.median(times["hello.py, our launch"])
        report.figure("9", f"{name} hello.py in our launch", middle / launched, 2.5)


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
    report.line(f"hello.py: streamlit run {base:.1f} ms, our launch configuration {launched:.1f} ms")
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
    for page in ("network", "channels"):
        costs = asyncio.run(_costs(bed.small, page))
        for label, cost in costs.items():
            bed.report.line(f"{page}, {label}: {cost / 1000:.1f} KB")
        bed.report.figure("maps", f"{page}: bytes of the dearest widget change, KB", max(costs.values()) / 1000, 200)


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
