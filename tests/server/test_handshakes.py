"""R8: hostile sockets are refused at once, and nobody else notices."""

import asyncio
import http.client
import os
import statistics
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import psutil
import pytest
from websockets.frames import Frame, Opcode

from bench.client import Tab
from tests.e2e.server import Server

ROUNDS = 12
AT_ONCE = 20
CLOSE = b"\x88"
"""How a frame begins that ends the socket."""
REFUSED, SHUT = "refused", "shut"
"""No socket at all; a socket that the server closes after what was sent on it."""

HANDSHAKES: dict[str, tuple[dict[str, str | list[str] | None], bytes, str]] = {
    "no origin": ({"Origin": None}, b"", REFUSED),
    "a foreign origin": ({"Origin": "http://evil.example"}, b"", REFUSED),
    "a sandbox": ({"Origin": "null"}, b"", REFUSED),
    "another port of ours": ({"Origin": "http://127.0.0.1:1"}, b"", REFUSED),
    "another scheme": ({"Origin": "https://{ours}"}, b"", REFUSED),
    "ours as a user name": ({"Origin": "http://{ours}@evil.example"}, b"", REFUSED),
    "two origins": ({"Origin": ["http://{ours}", "http://evil.example"]}, b"", REFUSED),
    "a foreign host": ({"Host": "evil.example", "Origin": "http://evil.example"}, b"", REFUSED),
    "no host": ({"Host": None}, b"", REFUSED),
    "two hosts": ({"Host": ["{ours}", "evil.example"]}, b"", REFUSED),
    "another site, says the browser": ({"Sec-Fetch-Site": "cross-site"}, b"", REFUSED),
    "the page of somebody else": (
        {"Sec-WebSocket-Protocol": "streamlit, x, {session}", "Cookie": None}, b"\xff" * 8, SHUT
    ),
    "text": ({}, Frame(Opcode.TEXT, b"hello").serialize(mask=True), SHUT),
    "an empty message": ({}, Frame(Opcode.BINARY, b"").serialize(mask=True), SHUT),
    "junk": ({}, Frame(Opcode.BINARY, os.urandom(4096)).serialize(mask=True), SHUT),
    "a frame without a mask": ({}, Frame(Opcode.BINARY, b"x").serialize(mask=False), SHUT),
    "a frame of 1 TiB": ({}, b"\x82\xff" + (1 << 40).to_bytes(8, "big") + b"mask", SHUT),
}  # fmt: skip
"""Headers that differ from a page's own handshake, what is sent on the socket, and what becomes of it."""


async def shake(server: Server, session: str, name: str) -> float:
    """Make one hostile handshake; the seconds until the server had done with it. Fails when it let it pass."""
    changed, sent, wanted = HANDSHAKES[name]
    ours = server.origin.removeprefix("http://")
    plain = {
        "Host": "{ours}", "Origin": "http://{ours}", "Connection": "Upgrade", "Upgrade": "websocket",
        "Sec-WebSocket-Version": "13", "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
        "Sec-WebSocket-Protocol": "streamlit",
    }  # fmt: skip
    lines = ["GET /_stcore/stream HTTP/1.1"]
    for header, value in {**plain, **changed}.items():
        for one in [value] if isinstance(value, str) else value or []:
            lines.append(f"{header}: {one.format(ours=ours, session=session)}")
    start = time.perf_counter()
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    try:
        writer.write("\r\n".join([*lines, "", ""]).encode())
        async with asyncio.timeout(10):
            answer = await reader.readline()
            if sent:
                await reader.readuntil(b"\r\n\r\n")
                writer.write(sent)
                ended = await reader.read(1)
                assert ended in (b"", CLOSE), f"{name}: {ended!r}"
            else:
                await reader.read()
    finally:
        writer.close()
    status = int(answer.split()[1])
    assert status == 101 if wanted == SHUT else 400 <= status < 500, f"{name}: {answer!r}"
    return time.perf_counter() - start


@contextmanager
def watching(server: Server) -> Iterator[list[float]]:
    """Ask for the server's health all the time; the seconds that each answer took."""
    times: list[float] = []
    done = threading.Event()

    def watch() -> None:
        asking = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)
        while not done.is_set():
            start = time.perf_counter()
            asking.request("GET", "/healthz")
            assert asking.getresponse().read() == b'{"status":"ok"}'
            times.append(time.perf_counter() - start)
            time.sleep(0.001)

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        yield times
    finally:
        done.set()
        watcher.join()


def test_hostile_handshakes_disturb_nobody(served: Server, capsys: pytest.CaptureFixture[str]) -> None:
    """R8: 200 and more handshakes that no page of ours makes; health under 100 ms all the while."""
    assert served.process is not None
    process = psutil.Process(served.process.pid)

    async def scene() -> list[float]:
        owner = Tab(served.origin)
        await owner.open()
        places = asyncio.Semaphore(AT_ONCE)

        async def one(name: str) -> float:
            async with places:
                return await shake(served, owner.session, name)

        with watching(served) as health:
            took = await asyncio.gather(*(one(name) for _ in range(ROUNDS) for name in HANDSHAKES))
        await owner.rerun()
        await owner.close()
        assert len(process.net_connections("tcp")) <= 3, "sockets stay open: more than ours, the watcher's, the door"
        assert "Traceback" not in served.output(), "each try fills the log"
        slowest, usual = sorted(health)[int(len(health) * 0.99)], statistics.median(health)
        with capsys.disabled():
            print(
                f"\nR8: {len(took)} handshakes of {len(HANDSHAKES)} kinds, {AT_ONCE} at a time, 0 let pass; done with "
                f"after {statistics.median(took) * 1000:.0f} ms (longest {max(took) * 1000:.0f} ms); health asked "
                f"{len(health)} times: median {usual * 1000:.1f} ms, 99% within {slowest * 1000:.0f} ms, longest "
                f"{max(health) * 1000:.0f} ms"
            )
        assert len(took) >= 200 and len(health) >= 10
        assert slowest < 0.1
        return took

    asyncio.run(scene())
