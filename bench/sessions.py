"""Many sessions at once, goals 13 to 15: what one process of ours carries beside Streamlit's hello.py."""

from dataclasses import dataclass
from typing import Final

from bench import turns
from bench.bed import SQLITE, Bed
from bench.corpus import questions
from bench.crowd import Load, Step, again, crowd, searching
from bench.page import PAGE

_CLOSED: Final = 10
_MANY: Final = 50
_THINK: Final = 2.0
_ALONE: Final = 0.2
"""One session thinks shorter, for a p95 that is more than one bad moment: nobody else is there whom it could meet."""
_ROUNDS: Final = 2


@dataclass(frozen=True)
class _Target:
    name: str
    origin: str
    page: str
    step: Step


def sessions(bed: Bed) -> None:
    """Goals 14, 15 and 13, in this order: closed sessions live on for a while and weigh on what follows."""
    with bed.stores[SQLITE].read() as session:
        search = searching(questions(session))
    hello = _Target("hello.py", bed.hello, "", again)
    tuned = _Target("hello.py, tuned", bed.tuned, "", again)
    launched = _Target("hello.py, our launch", bed.launched, "", again)
    pages = [_Target(kind, origin, PAGE, search) for kind, origin in bed.products.items()]
    _closed(bed, hello, tuned, pages)
    for page in pages:
        _thinking(bed, page)
    rates = _rates(bed, [hello, tuned, launched], _MANY)
    bed.report.figure(
        "13",
        f"hello.py, {_MANY} sessions: our launch ÷ streamlit run",
        rates[launched.name] / rates[hello.name],
        8,
        least=True,
    )


def _closed(bed: Bed, hello: _Target, tuned: _Target, pages: list[_Target]) -> None:
    rates = _rates(bed, [hello, tuned, *pages], _CLOSED)
    for page in pages:
        name = f"{page.name}: {_CLOSED} sessions that search without a pause ÷"
        rate = rates[page.name]
        bed.report.figure("14", f"{name} hello.py, tuned", rate / rates[tuned.name], 0.25, least=True)
        bed.report.figure("14", f"{name} hello.py", rate / rates[hello.name], 2, least=True)


def _rates(bed: Bed, targets: list[_Target], number: int) -> dict[str, float]:
    loads = {target.name: Load() for target in targets}
    for _ in range(_ROUNDS):
        for target in targets:
            loads[target.name] += crowd(
                target.origin, target.page, target.step, number=number, seconds=bed.seconds / _ROUNDS
            )
    for name, load in loads.items():
        bed.report.line(f"{name}, {number} sessions without a pause: {load.rate:.1f} reruns/s")
        _told(bed, name, load)
    return {name: load.rate for name, load in loads.items()}


def _thinking(bed: Bed, page: _Target) -> None:
    one, many = Load(), Load()
    for _ in range(_ROUNDS):
        one += crowd(page.origin, page.page, page.step, number=1, seconds=bed.seconds, think=_ALONE)
        many += crowd(page.origin, page.page, page.step, number=_MANY, seconds=bed.seconds, think=_THINK)
    for line in turns.spread({f"{page.name}, 1 session": one.times, f"{page.name}, {_MANY} sessions": many.times}):
        bed.report.line(line)
    name = f"{page.name}: {_MANY} sessions that search and think {_THINK:g} s"
    bed.report.figure("15", f"{name}, p95 ÷ that of one", turns.p95(many.times) / turns.p95(one.times), 3)
    bed.report.figure("15", f"{name}, errors", len(one.faults) + len(many.faults), 0)
    _told(bed, page.name, one + many)


def _told(bed: Bed, name: str, load: Load) -> None:
    for fault in load.faults[:3]:
        bed.report.line(f"{name}: {fault}")
