"""R4 on the real server: the bytes that a browser's socket receives, and the log that the server writes."""

import asyncio
import shutil
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlencode

import httpx
import pytest
from argon2 import PasswordHasher

from lib.domain.access import Actor
from lib.services import accounts
from lib.settings import settings
from lib.store.engine import Database
from tests.canaries import Planted, addresses, found_in, plant
from tests.e2e.server import Server
from tests.server.test_session import Page

WHO = ("visitor", "member")


@pytest.fixture(scope="module")
def scene(
    tmp_path_factory: pytest.TempPathFactory, loaded_file: Path
) -> Iterator[tuple[Server, Planted, dict[str, str]]]:
    """The real server on a database with canaries, and the logins of those who look."""
    folder = tmp_path_factory.mktemp("canaries")
    server = Server(folder / "served.db", folder / "server.log")
    shutil.copyfile(loaded_file, server.file)
    tokens: dict[str, str] = {}
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ATTACHMENTS_DIR", str(folder / "attachments"))
        patch.setattr(accounts, "_HASHER", PasswordHasher(time_cost=1, memory_cost=64, parallelism=1))
        settings.cache_clear()
        store = Database(f"sqlite:///{server.file}")
        planted = plant(store)
        for who in WHO:
            actor: Actor = planted.viewers()[who][0]
            if actor.account_id is not None:
                with store.write() as session:
                    tokens[who] = accounts.start_login(session, actor.account_id, address="", agent="") or ""
        store.dispose()
        server.start()
        yield server, planted, tokens
        server.kill()
    settings.cache_clear()


def test_no_socket_carries_what_its_reader_may_not_see(scene: tuple[Server, Planted, dict[str, str]]) -> None:
    """R4: raw bytes of the protocol, visitor and member, every page."""
    server, planted, tokens = scene
    leaks: list[str] = []
    met: set[str] = set()
    places = size = 0

    async def crawl(who: str) -> None:
        nonlocal places, size
        forbidden = planted.viewers()[who][1]
        cookies = {settings().session_cookie: tokens[who]} if who in tokens else {}
        async with Page(server, cookies) as page:
            for name, query in addresses(planted):
                sent = await page.run(name if name != "home" else "", urlencode(query))
                places, size = places + 1, size + len(sent)
                met.update(found_in(sent, {planted.public}))
                leaks.extend(f"{who} {name} {query}: {canary}" for canary in found_in(sent, forbidden))

    for who in WHO:
        asyncio.run(crawl(who))
    log = server.output()
    leaks += [f"log: {canary}" for canary in found_in(log, planted.all())]
    print(
        f"R4: socket and log: {len(planted.all())} canaries × {places + 1} places, {size:,} bytes, {len(leaks)} leaks"
    )
    assert leaks == [], "\n".join(leaks)
    assert met == {planted.public}
    assert places > 50
    assert '"level": "error"' not in log, log[-3000:]


def test_no_feed_carries_or_finds_what_is_closed(scene: tuple[Server, Planted, dict[str, str]]) -> None:
    server, planted, _ = scene
    with httpx.Client(base_url=server.origin, trust_env=False) as client:
        for page in ("achievements", "demands", "organizations"):
            for query in ({}, {"q": planted.public}, {"origin": "submitted"}):
                assert found_in(client.get(f"/feeds/{page}.atom", params=query).content, planted.all()) == set()
        assert planted.public in client.get("/feeds/achievements.atom", params={"q": planted.public}).text
        for canary in sorted(planted.closed | planted.shared | planted.handed_in)[::7]:
            answer = client.get("/feeds/achievements.atom", params={"q": canary, "exact": "1"})
            assert answer.status_code == 200 and "<entry>" not in answer.text, canary
