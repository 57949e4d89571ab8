"""R18: junk in addresses and forms: every route answers it, none with a server error."""

import re
from collections.abc import Iterator
from typing import Final
from urllib.parse import quote

from starlette.routing import BaseRoute, Mount, Route
from starlette.testclient import TestClient

from lib.server import routes
from lib.settings import settings
from tests.server.conftest import OURS

WORDS: Final = (
    "%00", "%ff%fe", "%ED%A0%80", "..%2f..%2fetc%2fpasswd", "-1", "999999999999999999999", "١", "'--", "%0d%0aX: 1",
    quote("\u202e机密"), "a" * 3000,
)  # fmt: skip
BODIES: Final = (
    (b"", "application/x-www-form-urlencoded"),
    (b"\xff\xfe\x00=\x00&login=%00&password=%ff&name=%ED%A0%80", "application/x-www-form-urlencoded"),
    (b"login=a&login=b&password=" + b"x" * 200_000, "application/x-www-form-urlencoded"),
    (b"&".join(b"f%d=1" % n for n in range(3000)), "application/x-www-form-urlencoded"),
    (b"--x\r\nContent-Disposition: form-data; name=login\r\n\r\n\xff", "multipart/form-data; boundary=x"),
    (b"\x00", "multipart/form-data"),
    (b'{"login": 1}', "application/json"),
)
KEYS: Final = ("q", "page", "id", "next", "field", "since", "who", "size", "order", "code", "state", "league")


def _routes(found: list[BaseRoute], prefix: str = "") -> Iterator[tuple[str, set[str]]]:
    for route in found:
        if isinstance(route, Mount):
            yield from _routes(list(route.routes), prefix + route.path)
        elif isinstance(route, Route):
            yield prefix + route.path, route.methods or {"GET"}
        elif path := getattr(route, "path", ""):
            yield prefix + path, getattr(route, "methods", None) or {"GET"}


def test_no_junk_is_a_server_error(client: TestClient, administrator: None) -> None:
    """R18."""
    sent, wrong = 0, []
    for path, methods in _routes(routes.ROUTES):
        for number, word in enumerate(WORDS):
            address = re.sub(r"\{[^}]+\}", word, path)
            query = "&".join(f"{key}={WORDS[(number + i) % len(WORDS)]}" for i, key in enumerate(KEYS))
            client.cookies.set(settings().session_cookie, "x" * (number * 40))
            answers = [client.get(f"{address}?{query}")]
            if "POST" in methods:
                body, kind = BODIES[number % len(BODIES)]
                answers.append(client.post(address, content=body, headers={**OURS, "Content-Type": kind}))
            sent += len(answers)
            wrong += [f"{a.status_code} {a.request.method} {address[:80]}" for a in answers if a.status_code >= 500]
    print(f"R18: {sent} requests of junk, {len(wrong)} server errors")
    assert wrong == [] and sent > 200
