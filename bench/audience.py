"""A hall at the protocol level: phones that follow a stage, whoever presents, and devices that send intentions.

They do what the pages' own scripts do: a stream that broke is opened anew after the time the server named, what was not
answered is sent again under the same number until it is.
"""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from secrets import token_hex, token_urlsafe
from typing import Any, Final

import httpx

from lib.settings import settings

RETRY: Final = 1.5
"""Seconds until a phone opens a stream that broke anew, as the stream itself says."""
AGAIN: Final = 3.0
"""Seconds until a phone sends anew what was not answered (follow.js)."""
_PATIENCE: Final = 30.0
_BROKEN: Final = (httpx.TransportError, httpx.StreamError)
_WAYS: Final = 5
"""Of five devices one sends again after the answer, one at the same time, one presses again under a new number."""


@dataclass
class Phone:
    """A phone that follows; what it heard: number of the state and the moment, in seconds of the clock of delays."""

    state: dict[str, Any] = field(default_factory=dict)
    heard: list[tuple[int, float]] = field(default_factory=list)
    opened: int = 0

    def learn(self, told: dict[str, Any]) -> None:
        """A state that came over the stream; one that is older than the last changes nothing."""
        if told["seq"] > self.state.get("seq", -1):
            self.state = told
            self.heard.append((told["seq"], time.perf_counter()))

    def when(self, seq: int) -> float | None:
        """The moment at which it showed this state or a newer one."""
        return next((moment for number, moment in self.heard if number >= seq), None)


@dataclass
class Sent:
    """One device's intention: its number, what it cost from the first try to the answer, and what was answered."""

    id: str
    device: str
    item: int
    seconds: float = 0
    tries: int = 0
    kept: list[bool] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)


@dataclass
class Hall:
    """One event on one server: `token` is the login of whoever presents, `items` may be on stage."""

    origin: str
    event: int
    items: Sequence[int]
    token: str
    elsewhere: str = ""
    """Origin of another process on the same database, which every other phone follows at."""
    before: int = 0
    """Number of the last intention that stood in the database when the hall was seated."""
    phones: list[Phone] = field(default_factory=list)
    told: dict[int, float] = field(default_factory=dict)
    """Number of each state that was told → the moment it was told."""
    sent: list[Sent] = field(default_factory=list)
    last: dict[str, Any] = field(default_factory=dict)
    """The state that whoever presents told last."""
    untold: bool = False

    def __post_init__(self) -> None:
        limits = httpx.Limits(max_connections=None, max_keepalive_connections=100)
        self.client = httpx.AsyncClient(
            base_url=self.origin, headers={"Origin": self.origin}, limits=limits, trust_env=False, timeout=_PATIENCE
        )

    # -------------------------------------------------------------- phones
    async def follow(self, number: int) -> list[asyncio.Task[None]]:
        """Let `number` phones follow until their tasks are cancelled; returns when each has heard the stage once."""
        self.phones = [Phone() for _ in range(number)]
        origins = [self.origin, self.elsewhere or self.origin]
        tasks = [
            asyncio.create_task(self._listen(phone, origins[place % 2])) for place, phone in enumerate(self.phones)
        ]
        while not all(phone.state for phone in self.phones):
            await asyncio.sleep(0.02)
        return tasks

    async def _listen(self, phone: Phone, origin: str) -> None:
        while True:
            try:
                async with self.client.stream("GET", f"{origin}/stage/{self.event}/stream") as stream:
                    stream.raise_for_status()
                    phone.opened += 1
                    async for line in stream.aiter_lines():
                        if line.startswith("data: "):
                            phone.learn(json.loads(line[6:]))
            except (*_BROKEN, httpx.HTTPStatusError):
                pass  # as a browser does: nothing is said, it tries anew
            await asyncio.sleep(RETRY)

    # -------------------------------------------------------------- whoever presents
    async def present(self, every: float, more: Callable[[], bool]) -> None:
        """Turn to the next item every so many seconds; what was not told is told again, at the newest state."""
        while more():
            began = time.perf_counter()
            self.turn()
            await self.tell()
            while (left := every - (time.perf_counter() - began)) > 0:
                await asyncio.sleep(min(left, 0.5))
                if self.untold:
                    await self.tell()

    def turn(self) -> None:
        """The next item is on the screen, its clock running."""
        now = int(time.time() * 1000)
        seq = max(now, self.last.get("seq", 0) + 1)
        item = self.items[len(self.told) % len(self.items)]
        key = f"item-{item}"
        timers = {"running": True, "since": now, "key": key, "spent": {key: 1000 * len(self.told)}}
        self.last = {"seq": seq, "slide": key, "item": item, "timers": timers}
        self.told[seq] = time.perf_counter()
        self.untold = True

    async def tell(self) -> None:
        """Tell the server what is on the screen. Raises RuntimeError when it refuses."""
        try:
            answer = await self.client.post(
                f"/stage/{self.event}", json=self.last, headers={"Cookie": f"{settings().session_cookie}={self.token}"},
                timeout=5,
            )  # fmt: skip
        except _BROKEN:
            return
        if answer.status_code >= httpx.codes.INTERNAL_SERVER_ERROR:
            return
        if answer.status_code != httpx.codes.OK:
            raise RuntimeError(f"the stage was refused: {answer.status_code} {answer.text[:200]}")
        self.untold = answer.json()["seq"] < self.last["seq"]

    # -------------------------------------------------------------- devices
    async def send(self, number: int, seconds: float, more: Callable[[], bool] = lambda: True) -> None:
        """Let `number` devices leave one intention each, evenly within `seconds`; returns when all are answered."""
        await spaced(number, seconds, self._device, more)

    async def _device(self, number: int) -> None:
        one = Sent(token_hex(16), token_urlsafe(32), self.items[number % len(self.items)])
        self.sent.append(one)
        began = time.perf_counter()
        at_once = 3 if number % _WAYS == 1 else 1
        await asyncio.gather(*(self._until_answered(one, one.id) for _ in range(at_once)))
        one.seconds = time.perf_counter() - began
        if number % _WAYS == 0:
            await self._until_answered(one, one.id)
            await self._until_answered(one, one.id)
        if number % _WAYS == 2:
            await self._until_answered(one, token_hex(16))

    async def _until_answered(self, one: Sent, number: str) -> None:
        body = {"id": number, "kind": "intention", "item": one.item, "note": f"想看中试现场，{number[:6]}"}
        while True:
            one.tries += 1
            try:
                answer = await self.client.post(
                    f"/stage/{self.event}/responses", json=body,
                    headers={"Cookie": f"{settings().browser_cookie}={one.device}"}, timeout=8,
                )  # fmt: skip
            except _BROKEN:
                await asyncio.sleep(AGAIN)
                continue
            if answer.status_code == httpx.codes.OK:
                one.kept.append(bool(answer.json()["kept"]))
                return
            if answer.status_code < httpx.codes.INTERNAL_SERVER_ERROR:
                one.refused.append(f"{answer.status_code} {answer.text[:100]}")
                return
            await asyncio.sleep(AGAIN)

    # -------------------------------------------------------------- what came of it
    def delays(self, phones: Sequence[Phone] = ()) -> list[float]:
        """Seconds of these phones, or of every one, from the telling of every state to hearing it, or a newer one."""
        return [
            heard - told
            for seq, told in self.told.items()
            for phone in phones or self.phones
            if (heard := phone.when(seq)) is not None
        ]

    def behind(self) -> int:
        """How many phones do not show what is on the screen: the slide, the item and its clock."""
        return sum({name: phone.state.get(name) for name in self.last} != self.last for phone in self.phones)

    async def settle(self, seconds: float = 10) -> None:
        """Wait until every phone shows what is on the screen, at most so long."""
        end = time.perf_counter() + seconds
        while self.behind() and time.perf_counter() < end:
            await asyncio.sleep(0.02)


async def spaced(
    number: int, seconds: float, work: Callable[[int], Awaitable[None]], more: Callable[[], bool] = lambda: True
) -> None:
    """Begin a piece of work `number` times, evenly within `seconds`, while `more()`; returns when all are done."""
    began, tasks = time.perf_counter(), []
    for place in range(number):
        if (wait := began + seconds * place / number - time.perf_counter()) > 0:
            await asyncio.sleep(wait)
        if not more():
            break
        tasks.append(asyncio.ensure_future(work(place)))
    await asyncio.gather(*tasks)
