"""R4: what is confidential is met nowhere by whoever may not see it: every page as every role, down to the bytes of
the protocol, every route, search, caches, notices, the audit trail, errors and logs."""

import logging
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

import pytest
import structlog
from argon2 import PasswordHasher
from sqlalchemy import select
from starlette.applications import Starlette
from starlette.routing import Mount, Route
from starlette.testclient import TestClient
from streamlit.runtime.forward_msg_queue import ForwardMsgQueue

from lib.domain.access import VISITOR, Actor
from lib.domain.errors import ProductError
from lib.domain.vocabulary import SubmissionKind
from lib.server import downloads, logs, routes
from lib.server.api import PREFIX, api
from lib.services import accounts, audit, disclosure, matching, submissions, trouble
from lib.settings import settings
from lib.store.engine import Database
from lib.store.models import AuditEntry, Notice, SealedField
from lib.ui import cache, guard
from tests.canaries import Planted, addresses, found_in, plant
from tests.pages.conftest import open_page
from tests.samples import achievement

HOST = "http://localhost:8501"


class Crawl:
    """The places that were looked at, and what was found where it must not be."""

    def __init__(self, planted: Planted) -> None:
        self.everything = planted.all()
        self.public = planted.public
        self.places = 0
        self.leaks: list[str] = []
        self.met: set[str] = set()

    def look(self, place: str, text: bytes | str, forbidden: set[str] | None = None) -> None:
        """Note what stands in the text of a place; all canaries are forbidden unless said."""
        self.places += 1
        self.met |= found_in(text, self.everything | {self.public})
        wrong = found_in(text, self.everything if forbidden is None else forbidden)
        self.leaks += [f"{place}: {canary}" for canary in sorted(wrong)]

    def report(self, where: str) -> None:
        """The figure; fails on a leak, and when not even what is public was met."""
        print(f"R4: {where}: {len(self.everything)} canaries × {self.places} places, {len(self.leaks)} leaks")
        assert self.leaks == [], "\n".join(self.leaks)
        assert self.public in self.met
        assert self.places > 20


@pytest.fixture
def planted(app_database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Planted:
    """The scene, in the database and the folder that the pages and routes of this process use."""
    monkeypatch.setenv("ATTACHMENTS_DIR", str(tmp_path / "attachments"))
    settings.cache_clear()
    monkeypatch.setattr(accounts, "_HASHER", PasswordHasher(time_cost=1, memory_cost=64, parallelism=1))
    return plant(app_database)


@pytest.fixture
def log_as_before() -> Iterator[None]:
    """The log of the test run, whatever a test configures."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers = handlers
    root.setLevel(level)
    structlog.reset_defaults()


def token_of(database: Database, actor: Actor) -> str | None:
    """A login of the actor; none for a visitor."""
    if actor.account_id is None:
        return None
    with database.write() as session:
        return accounts.start_login(session, actor.account_id, address="", agent="")


def test_pages_hold_nothing_that_their_reader_may_not_see(
    app_database: Database, planted: Planted, monkeypatch: pytest.MonkeyPatch
) -> None:
    """R4: pages, as the protocol sends them, and what they keep in shared caches."""
    crawl, sent = Crawl(planted), bytearray()
    enqueue, shared = ForwardMsgQueue.enqueue, cache.shared

    def noting(queue: ForwardMsgQueue, message: Any) -> None:
        sent.extend(message.SerializeToString())
        enqueue(queue, message)

    def caching(name: str, key: object, revision: tuple[int, ...], read: Callable[[Any], Any]) -> Any:
        value = shared(name, key, revision, read)
        crawl.look(f"cache {name}", repr(value))
        return value

    monkeypatch.setattr(ForwardMsgQueue, "enqueue", noting)
    monkeypatch.setattr(cache, "shared", caching)
    for who, (actor, forbidden, clicks) in planted.viewers().items():
        token = token_of(app_database, actor)
        monkeypatch.setattr(guard, "token", lambda token=token: token)
        for page, query in addresses(planted):
            sent.clear()
            at = open_page(page, query)
            for key in [button.key for button in at.button if clicks and button.label == "查看"]:
                at.button(key=key).click().run()
            assert [e.value for e in at.exception] == [], f"{who} {page} {query}"
            crawl.look(f"{who} {page} {query}", bytes(sent), forbidden)
    assert len(crawl.met & planted.shared) >= 6, "nobody met what verified accounts may see"
    assert len(crawl.met & planted.handed_in) >= 6, "no reviewer met what is to be reviewed"
    crawl.report("pages")


_STAGE: Final = ("/presenter", "/follow", "/console")
"""Pages of an event that are not Streamlit's."""


def urls(planted: Planted) -> Iterator[str]:
    """Every address of our own routes that can be read, as the route table states them; a new one needs its values."""
    ids = [*range(1, 4), *planted.records["achievement"], *planted.records["demand"], *planted.records["military"]]
    values: dict[str, list[Any]] = {
        "{name}": sorted(downloads.NAMES), "{id:int}": [*planted.files, 99], "{id}": ids, "{token}": ["x" * 43],
        "{key}": ["x" * 43], "{rest:path}": ["x"], "{digest}": planted.tables, "{event}": planted.records["event"],
    }  # fmt: skip
    patterns = [route.path for route in routes.ROUTES if isinstance(route, Route) and "GET" in (route.methods or ())]
    mounted = [route.path for route in routes.ROUTES if isinstance(route, Mount)]
    assert set(mounted) == {PREFIX, "/oidc", "/assets"}
    patterns.remove("/stage/{event}/stream")  # says for as long as it is open what /stage/{event} says once
    patterns += [f"{page}?event={event}" for page in _STAGE for event in planted.records["event"]]
    patterns += [PREFIX + path for path in api.openapi()["paths"]] + [f"{PREFIX}/", f"{PREFIX}/docs"]
    for pattern in patterns:
        slots = re.findall(r"\{[^}]+\}", pattern)
        assert set(slots) <= set(values), f"no values for {pattern}"
        for value in values[slots[0]] if slots else [""]:
            yield pattern.replace(slots[0], str(value)) if slots else pattern


def test_routes_and_searches_hold_nothing_that_their_reader_may_not_see(
    app_database: Database, planted: Planted
) -> None:
    """R4: HTTP bodies and headers, feeds, downloads, the API and its counts."""
    crawl = Crawl(planted)
    served = Starlette(routes=routes.ROUTES, middleware=routes.MIDDLEWARE)
    with TestClient(served, base_url=HOST, raise_server_exceptions=False, follow_redirects=False) as client:
        for who, (actor, forbidden, _) in planted.viewers().items():
            client.cookies.clear()
            if token := token_of(app_database, actor):
                client.cookies.set(settings().session_cookie, token)
            for url in urls(planted):
                answer = client.get(url)
                assert answer.status_code < 500, f"{who} {url}"
                # A reviewer may fetch the files of the division; each fetch is noted.
                may = planted.closed if "/attachment/" in url and not planted.viewers()[who][2] else set()
                crawl.look(f"{who} {url}", str(answer.headers).encode() + answer.content, forbidden - may)
        client.cookies.clear()
        for kind in ("achievements", "demands", "organizations", "events"):
            for canary in sorted(crawl.everything):
                found = client.get(f"{PREFIX}/{kind}", params={"q": canary}).json()
                assert found["total"] == 0, f"{kind} counts {canary}"
        assert client.get(f"{PREFIX}/achievements", params={"q": planted.public}).json()["total"] == 2
    # Keys are random letters, of which two may stand side by side in a public text as well: they match by chance.
    fields = sorted(canary for canary in crawl.everything if canary.startswith("cnry"))
    assert len(fields) > 50
    with app_database.read() as session:
        for canary in fields:
            similar = matching.similar_achievements(session, canary, actor=VISITOR, limit=50)
            assert not {card.id for card in similar} & set(planted.records["achievement"]), canary
            alike = matching.similar_demands(session, canary, actor=VISITOR, limit=50)
            assert not {card.id for card in alike} & set(planted.records["demand"]), canary
    assert crawl.met & planted.shared, "no verified account fetched a file of theirs"
    crawl.report("routes")


def test_what_is_kept_about_people_holds_no_confidential_value(
    app_database: Database,
    planted: Planted,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    log_as_before: None,
) -> None:
    """R4: the audit trail, notices, errors of database and program, the log."""
    logs.configure()
    crawl, people = Crawl(planted), planted.people
    for kind, number in [("achievement", planted.records["achievement"][0]), ("demand", planted.records["demand"][0])]:
        assert found_in(str(disclosure.view(app_database, kind, number, actor=people.owner)), planted.closed)
    with app_database.read() as session:
        for entry in session.scalars(select(AuditEntry)):
            crawl.look(f"audit {entry.action}", repr({c.key: getattr(entry, c.key) for c in AuditEntry.__table__.c}))
        for notice in session.scalars(select(Notice)):
            crawl.look(f"notice {notice.title}", f"{notice.title} {notice.body} {notice.query}", crawl.everything)
    canary = sorted(planted.closed)[0]

    def fails(*_: object, **__: object) -> None:
        raise RuntimeError("while it was being written")

    def into_the_program() -> None:
        monkeypatch.setattr(audit, "record", fails)
        values = achievement(formula=canary, contact_name=canary, title=f"成果 {canary}")
        submissions.submit(app_database, SubmissionKind.ACHIEVEMENT, "a" * 32, values, actor=people.owner)

    def into_the_database() -> None:
        with app_database.write() as session:
            session.add(SealedField(record_kind="nonsense", record_id=1, name="x", level="granted", value=canary))

    for act in (into_the_program, into_the_database):
        with pytest.raises(Exception) as broken:
            act()
        assert not isinstance(broken.value, ProductError)
        number = trouble.note(broken.value)
        crawl.look(f"error {act.__name__}", f"{broken.value!r} {trouble.sentence(number)}")
    log = capsys.readouterr().err
    assert number in log
    crawl.look("log", log)
    crawl.met.add(planted.public)
    crawl.report("records and errors")
