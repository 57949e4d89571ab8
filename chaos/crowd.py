"""People who browse and submit at the protocol level, and do not give up until they hold a receipt."""

import asyncio
import random
import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from secrets import token_hex, token_urlsafe
from typing import Final

import websockets

from bench.client import RunFailed, Tab, Widget
from lib.domain.dates import today_shanghai
from lib.settings import settings
from lib.store import outage

PAGES: Final = ("", "achievements", "demands", "organizations", "roadshows", "statistics", "sources")
_RECEIPT: Final = re.compile(r"(?:XQ|CG|BM|JM)-\d{8}-\d{4,}")
_BROKEN: Final = (OSError, websockets.WebSocketException)
_SENTENCES: Final = (outage.AWAY, outage.BUSY, outage.FULL)
_PAUSE: Final = 0.5


class Away(Exception):
    """The page said that the database does not answer now."""


@dataclass
class Book:
    """What the people were told, and how long it took."""

    begun: set[str] = field(default_factory=set)
    receipts: dict[str, str] = field(default_factory=dict)
    """Draft id to receipt number: what was acknowledged."""
    views: list[float] = field(default_factory=list)
    submits: list[float] = field(default_factory=list)
    retries: int = 0
    told_away: int = 0
    longest: float = 0.0
    """Seconds from the first click to the receipt, of whoever waited longest."""
    problems: list[str] = field(default_factory=list)


@dataclass
class Person:
    """One browser with one tab."""

    origin: str
    book: Book
    think: float
    rng: random.Random
    cookie: str = field(default_factory=lambda: f"{settings().browser_cookie}={token_urlsafe(32)}")
    tab: Tab | None = None

    async def rest(self, least: float = 0.5, most: float = 1.5) -> None:
        """Look at the page for a while."""
        await asyncio.sleep(self.think * self.rng.uniform(least, most))

    async def browse(self) -> None:
        """Open some page; a broken connection is opened anew, as a browser does."""
        try:
            self.book.views.append(await self._visit(self.rng.choice(PAGES), ""))
        except (*_BROKEN, Away):
            await self._stumble()
        except RunFailed as failed:
            self.book.problems.append(str(failed))

    async def submit(self) -> None:
        """Hand in one demand: the same draft again and again until its receipt is on the page."""
        draft, begun = token_hex(16), time.perf_counter()
        self.book.begun.add(draft)
        while draft not in self.book.receipts:
            try:
                self.book.receipts[draft] = await self._attempt(draft)
            except (*_BROKEN, Away):
                await self._stumble()
            except RunFailed as failed:
                self.book.problems.append(str(failed))
                await self._stumble()
        self.book.longest = max(self.book.longest, time.perf_counter() - begun)

    async def leave(self) -> None:
        """Close the tab."""
        if self.tab is not None:
            await self.tab.close()
            self.tab = None

    async def _stumble(self) -> None:
        self.book.retries += 1
        try:
            await self.leave()
        except _BROKEN:
            self.tab = None
        await asyncio.sleep(_PAUSE)

    async def _visit(self, page: str, query: str) -> float:
        if self.tab is None:
            self.tab = Tab(self.origin, page, query, self.cookie, timeout=60)
            seconds = (await self.tab.open()).seconds
        else:
            seconds = (await self.tab.go(page, query)).seconds
        self._listen(self.tab)
        return seconds

    async def _attempt(self, draft: str) -> str:
        await self._visit("submit", f"kind=demand&draft={draft}")
        tab = self.tab
        if tab is None:
            raise RunFailed("no tab")
        if known := _receipt(tab):
            return known
        await tab.change(tab.field("f-title"), "string_value", f"混沌演练需求 {draft}")
        self._listen(tab)
        fill(tab, self.rng)
        while await on(tab):
            self._listen(tab)
            fill(tab, self.rng)
        await asyncio.sleep(min(self.think, 5) * self.rng.random())
        run = await tab.press(next(w for name, w in tab.widgets.items() if "提交审核" in name))
        self._listen(tab)
        self.book.submits.append(run.seconds)
        if not (receipt := _receipt(tab)):
            raise RunFailed("refused: " + " | ".join(text for text in tab.texts if "bj-wrong" in text)[:500])
        return receipt

    def _listen(self, tab: Tab) -> None:
        said = "\n".join(tab.texts)
        if any(sentence in said for sentence in _SENTENCES):
            self.book.told_away += 1
            raise Away
        if "系统出错了" in said:
            raise RunFailed(said[:300])


async def on(tab: Tab) -> bool:
    """To the next step of the form; False when this is the last."""
    button = next((widget for label, widget in tab.widgets.items() if "下一步" in label), None)
    if button is not None:
        await tab.press(button)
    return button is not None


def fill(tab: Tab, rng: random.Random) -> None:
    """Answer every question of the demand form that the tab shows; the answers go along with the next run."""
    for widget in tuple(tab.widgets.values()):
        _, mark, name = widget.id.rpartition("-f-")
        if mark and (answer := _answer(name, widget, rng)):
            tab.type(widget, *answer)


def _answer(name: str, widget: Widget, rng: random.Random) -> tuple[str, object] | None:
    """A good answer to a question of the demand form: the field of the protocol and the value."""
    known = {
        "unit": "混沌演练有限公司",
        "credit_code": "91350100M000100Y43",
        "keywords": "风机、回收",
        "budget": "１２０．５",
        "contact_name": "张三",
        "contact_phone": "13900001234",
    }
    if name in known:
        return "string_value", known[name]
    if widget.kind == "date_input":
        day = today_shanghai() + timedelta(days=90 if name == "valid_until" else 0)
        return "string_array_value", [day.isoformat()]
    if widget.kind == "checkbox":
        return "bool_value", True
    if widget.kind == "button_group":
        return "string_array_value", [rng.choice(widget.proto.options).content]
    if widget.kind == "text_area":
        return "string_value", "退役叶片堆存，纤维与树脂难以分离；年处理量不低于 2 万吨。"
    if widget.kind == "selectbox" and "选填" not in widget.label and widget.proto.options:
        return "string_value", rng.choice(list(widget.proto.options))
    return None


def _receipt(tab: Tab) -> str:
    found = _RECEIPT.search("\n".join(text for text in tab.texts if "bj-receipt" in text))
    return found[0] if found else ""


async def spend(
    origin: str,
    people: int,
    think: float,
    book: Book,
    more: Callable[[], bool],
    *,
    submitting: float = 0.3,
    seed: int = 1,
) -> None:
    """Let `people` act until `more()` says no: each act is a submission with the probability `submitting`."""
    everyone = [Person(origin, book, think, random.Random(seed * 1000 + i)) for i in range(people)]  # noqa: S311

    async def live(person: Person) -> None:
        await person.rest(0, 1)
        while more():
            await (person.submit() if person.rng.random() < submitting else person.browse())
            await person.rest()

    try:
        await asyncio.gather(*map(live, everyone))
    finally:
        await asyncio.gather(*(person.leave() for person in everyone), return_exceptions=True)


def percentile(values: list[float], share: float) -> float:
    """The value below which this share of the values lies."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]
