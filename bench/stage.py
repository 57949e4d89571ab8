"""The stage of an event with a full hall: how late phones show a slide, whether anything sent is lost or doubled.

Beside it the same hall on an empty page: as many sessions that rerun when a slide would turn, as many posts to a route
that does nothing, in our launch configuration. It stands before and after what it is compared with, in one run.
"""

import asyncio
import contextlib
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import httpx
import psutil
from sqlalchemy import select

from bench import servers, turns
from bench.audience import Hall, spaced
from bench.bed import Bed
from bench.client import RunFailed, Tab
from bench.servers import FOLDER
from lib.domain.access import Actor, Role
from lib.services import accounts
from lib.store.engine import Database
from lib.store.models import Event, EventItem, Interest
from tests.e2e.server import PASSWORD, Server

FOLLOWERS: Final = 200
INTENTIONS: Final = 1000
SECONDS: Final = 120.0
EVERY: Final = 2.0
"""Seconds between two slides: ten times as often as anybody turns them."""
_OUTAGE: Final = 50
"""Intentions that are sent while the server is killed and started again."""
_SHARED: Final = 20.0
"""Seconds in which half of the phones follow at a second process."""
KEEPER: Final = Actor(role=Role.ADMINISTRATOR, name="bench")


@dataclass
class Emptiness:
    """What an empty page cost: seconds from the click to script_finished, and of a post to an empty route."""

    reruns: list[float] = field(default_factory=list)
    posts: list[float] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Kept:
    """What stands in the database of what was sent: nothing lost and nothing doubled is what it should say."""

    rows: int
    lost: int
    doubled: int


def stage(bed: Bed) -> None:
    """A full hall on both databases, and an empty page with as much to do before and after them."""
    emptiness = Emptiness()
    _empty(bed, emptiness)
    halls = {kind: _hall(bed, kind, address) for kind, address in bed.stages.items()}
    _empty(bed, emptiness)
    for line in turns.spread({"empty page, click to finish": emptiness.reruns, "empty route": emptiness.posts}):
        bed.report.line(line)
    for fault in emptiness.faults[:3]:
        bed.report.line(f"empty page: {fault}")
    for kind, hall in halls.items():
        posts = [one.seconds for one in hall.sent if one.tries == 1]
        late, sent = turns.p95(hall.delays()), turns.p95(posts)
        name = f"{kind}: {FOLLOWERS} followers,"
        bed.report.figure("stage", f"{name} slide told to slide heard, p95 s", late, 2)
        bed.report.figure(
            "stage", f"{name} p95 ÷ {FOLLOWERS} sessions of an empty page", late / turns.p95(emptiness.reruns), 1
        )
        bed.report.figure(
            "stage",
            f"{name} p95 of an intention ÷ a post to an empty route beside them",
            sent / turns.p95(emptiness.posts),
            1,
        )


# ------------------------------------------------------------------ ours
def _hall(bed: Bed, kind: str, address: str) -> Hall:
    with serving(address, FOLDER / "stage.log") as (server, store):
        begun = time.process_time()
        used = psutil.Process(server.process.pid if server.process else 0).cpu_times()
        hall = asyncio.run(full(server, store, FOLLOWERS, INTENTIONS, SECONDS, EVERY))
        spent = psutil.Process(server.process.pid if server.process else 0).cpu_times()
        busy = spent.user + spent.system - used.user - used.system
        delays, posts = hall.delays(), [one.seconds for one in hall.sent]
        for line in turns.spread({f"{kind}, slide": delays, f"{kind}, intention": posts}):
            bed.report.line(line)
        bed.report.line(
            f"{kind}: {len(delays):,} slides heard, the latest after {max(delays):.2f} s; {len(posts):,} intentions in "
            f"{sum(one.tries for one in hall.sent):,} posts; processor {busy:.0f} s of {SECONDS:.0f} (the client "
            f"{time.process_time() - begun:.0f})"
        )
        _judge(bed, kind, hall, kept(store, hall))
        _outage(bed, kind, server, store)
        if store.file is None:
            _shared(bed, kind, server, store)
    return hall


def _shared(bed: Bed, kind: str, server: Server, store: Database) -> None:
    """Half of the phones follow at a second process, which hears of a slide from the database alone."""
    other = Server(Path(), FOLDER / "stage.log", url=server.url)
    try:
        other.start()
        hall = asyncio.run(full(server, store, FOLLOWERS, _OUTAGE, _SHARED, EVERY, elsewhere=other.origin))
    finally:
        other.kill()
    bed.report.figure("stage", f"{kind}: half of them at a second process, p95 s", turns.p95(hall.delays()), 2)
    _judge(bed, f"{kind}, two processes", hall, kept(store, hall))


def _outage(bed: Bed, kind: str, server: Server, store: Database) -> None:
    hall, away, back = asyncio.run(killed(server, store, FOLLOWERS, _OUTAGE))
    bed.report.line(
        f"{kind}: killed and away for {away:.1f} s; then phones showed the slide after p95 {turns.p95(back):.2f} s, "
        f"the last after {max(back):.2f} s; {sum(one.tries for one in hall.sent)} posts of {len(hall.sent)} intentions"
    )
    bed.report.figure("stage", f"{kind}: server killed, ready to slide and clock right, p95 s", turns.p95(back), 5)
    _judge(bed, f"{kind}, killed", hall, kept(store, hall))


def _judge(bed: Bed, kind: str, hall: Hall, found: Kept) -> None:
    bed.report.figure(
        "stage", f"{kind}: of {len(hall.sent):,} intentions lost or doubled", found.lost + found.doubled, 0
    )
    for number, what in ((found.lost, "lost"), (found.doubled, "doubled"), (hall.behind(), "phones behind in the end")):
        if number:
            bed.report.wrong(f"{kind}: {number} {what}")
    for refused in [said for one in hall.sent for said in one.refused][:3]:
        bed.report.wrong(f"{kind}: refused: {refused}")


async def full(
    server: Server, store: Database, phones: int, devices: int, seconds: float, every: float, *, elsewhere: str = ""
) -> Hall:
    """Fill the hall: `phones` follow slides that turn `every` seconds while `devices` leave an intention each."""
    hall = _seated(server, store)
    hall.elsewhere = elsewhere
    async with hall.client:
        tasks = await hall.follow(phones)
        end = time.perf_counter() + seconds
        await asyncio.gather(hall.present(every, lambda: time.perf_counter() < end), hall.send(devices, seconds))
        await hall.settle()
        await _left(tasks)
    return hall


async def killed(server: Server, store: Database, phones: int, devices: int) -> tuple[Hall, float, list[float]]:
    """Kill the server with signal 9 in the middle and start it again, while slides turn and `devices` send.

    Returns the hall, how long the server was away, and for each phone the seconds from then until it showed a slide
    that was told after the kill.
    """
    hall = _seated(server, store)
    async with hall.client:
        tasks = await hall.follow(phones)
        more = True
        presenting = asyncio.create_task(hall.present(EVERY, lambda: more))
        sending = asyncio.create_task(hall.send(devices, 4 * EVERY))
        await asyncio.sleep(1.5 * EVERY)
        server.kill()
        begun = time.perf_counter()
        await asyncio.sleep(EVERY)  # long enough for a slide to turn while nobody hears of it
        after = max(hall.told)
        await asyncio.to_thread(server.start)
        ready = time.perf_counter()
        await sending
        await asyncio.sleep(2 * EVERY)
        more = False
        await presenting
        await hall.settle()
        await _left(tasks)
    back = [max(0.0, moment - ready) for phone in hall.phones if (moment := phone.when(after)) is not None]
    return hall, ready - begun, back


def kept(store: Database, hall: Hall) -> Kept:
    """Look what is there of what the devices of a hall sent."""
    with store.read() as session:
        rows = session.execute(
            select(Interest.draft_id, Interest.browser_hash).where(
                Interest.event_id == hall.event, Interest.id > hall.before
            )
        ).all()
    ids = {row.draft_id for row in rows}
    lost = sum(one.id not in ids for one in hall.sent)
    return Kept(len(rows), lost, len(rows) - len(ids & {one.id for one in hall.sent}))


def _seated(server: Server, store: Database) -> Hall:
    with store.read() as session:
        event = session.scalars(select(Event.id).where(Event.origin == "demo").order_by(Event.starts_at.desc())).first()
        items = session.scalars(
            select(EventItem.id)
            .where(EventItem.event_id == event, EventItem.achievement_id.is_not(None))
            .order_by(EventItem.position)
        ).all()
        before = session.scalar(select(Interest.id).order_by(Interest.id.desc()).limit(1)) or 0
    return Hall(server.origin, event or 0, items, server.sign_in(), before=before)


async def _left(tasks: list[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


@contextlib.contextmanager
def serving(address: str, log: Path) -> Iterator[tuple[Server, Database]]:
    """The product on a database with the demonstration roadshows, and the database."""
    store = Database(address)
    server = Server(Path(), log, url=address)
    with store.write() as session:
        accounts.create_account(session, "admin", PASSWORD, "管理员", Role.ADMINISTRATOR, actor=KEEPER)
    try:
        server.start()
        yield server, store
    finally:
        server.kill()
        store.dispose()


# ------------------------------------------------------------------ the peer
def _empty(bed: Bed, found: Emptiness) -> None:
    with servers.empty(bed.unread("empty.db")) as origin:
        asyncio.run(_reruns(origin, found, SECONDS / 2))


async def _reruns(origin: str, found: Emptiness, seconds: float) -> None:
    tabs = [Tab(origin) for _ in range(FOLLOWERS)]
    end = time.perf_counter() + seconds

    async def click(tab: Tab, begun: float) -> None:
        try:
            await tab.rerun()
            found.reruns.append(time.perf_counter() - begun)
        except (RunFailed, OSError, TimeoutError) as fault:
            found.faults.append(repr(fault))

    async def clicks() -> None:
        while (begun := time.perf_counter()) < end:
            await asyncio.gather(*(click(tab, begun) for tab in tabs))
            await asyncio.sleep(max(0, begun + EVERY - time.perf_counter()))

    async with httpx.AsyncClient(base_url=origin, headers={"Origin": origin}, trust_env=False, timeout=30) as client:

        async def post(_number: int) -> None:
            begun = time.perf_counter()
            (await client.post("/empty", json={"note": "想看中试现场"})).raise_for_status()
            found.posts.append(time.perf_counter() - begun)

        try:
            for tab in tabs:
                await tab.open()
            end = time.perf_counter() + seconds
            await asyncio.gather(clicks(), spaced(int(INTENTIONS * seconds / SECONDS), seconds, post))
        finally:
            await asyncio.gather(*(tab.close() for tab in tabs))
