"""Datasette, what the search is measured beside: a server of its own on a copy of the same rows.

It is set up as its manual says for full-text search, over a column of bigrams, and in its favour: a table of nothing
but what is asked for, limits raised, no suggestions of facets, 64 MB of cache, the newest rows by primary key, and a
kept connection.
"""

import contextlib
import http.client
import json
import sqlite3
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Final
from urllib.parse import urlencode, urlsplit

from sqlalchemy import select
from sqlalchemy.orm import Session

from bench import servers
from lib.domain.text import grams, phrases, terms
from lib.store import search
from lib.store.models import Achievement

_SETTINGS: Final = {
    "sql_time_limit_ms": 60_000,
    "facet_time_limit_ms": 60_000,
    "suggest_facets": "off",
    "cache_size_kb": 64_000,
    "default_cache_ttl": 0,
}
_ASKED: Final = (
    *(("_facet", name) for name in ("field", "league", "year")),
    ("_size", "20"),
    ("_sort_desc", "id"),
    ("_nocol", "grams"),
)


class Datasette:
    """A running Datasette. Every thread that asks has a connection of its own."""

    def __init__(self, origin: str) -> None:
        self._address = urlsplit(origin)
        self._own = threading.local()

    def bigrams(self, query: str) -> bytes:
        """Hits, first page and three facets as JSON, by bigram phrases in raw mode."""
        phrase = " ".join(f'"{" ".join(run)}"' for term in terms(query) for run, _ in phrases(term))
        return self._get((("_search", phrase), ("_searchmode", "raw")))

    def like(self, query: str) -> bytes:
        """The same by LIKE on title and body."""
        tests = [f"(title LIKE '%{term}%' OR body LIKE '%{term}%')" for term in terms(query)]
        return self._get(tuple(("_where", test) for test in tests))

    def _get(self, asked: tuple[tuple[str, str], ...]) -> bytes:
        target = f"/copy/rows.json?{urlencode((*asked, *_ASKED))}"
        try:
            answer = self._answer(target)
        except ConnectionError:  # the server closes what was idle for five seconds
            self._own.connection = None
            answer = self._answer(target)
        body = answer.read()
        if answer.status != http.client.OK:
            raise RuntimeError(f"Datasette answered {answer.status}: {body[:300]!r}")
        return body

    def _answer(self, target: str) -> http.client.HTTPResponse:
        connection: http.client.HTTPConnection | None = getattr(self._own, "connection", None)
        if connection is None:
            connection = http.client.HTTPConnection(self._address.hostname or "", self._address.port, timeout=120)
            self._own.connection = connection
        connection.request("GET", target)
        return connection.getresponse()


def total(answer: bytes) -> int:
    """The number of hits in an answer."""
    return int(json.loads(answer)["filtered_table_rows_count"])


@contextlib.contextmanager
def serving(session: Session, folder: Path) -> Iterator[Datasette]:
    """Datasette on a copy of all achievements of the session's database, made in `folder`."""
    copy = folder / "copy.db"
    copy.unlink(missing_ok=True)
    _fill(session, copy)
    port = servers.free_port()
    settings = [word for name, value in _SETTINGS.items() for word in ("--setting", name, str(value))]
    command = [sys.executable, "-m", "datasette", "serve", str(copy), "--host", "127.0.0.1", "--port", str(port)]
    with servers.running([*command, *settings], port, cwd=folder, environment={}, ready="/-/versions.json") as origin:
        yield Datasette(origin)


def _fill(session: Session, file: Path) -> None:
    table, index = Achievement.__table__.c, search.ACHIEVEMENTS
    columns = (
        table.id,
        table.field,
        table.league_code,
        table.year,
        table[index.title],
        *(table[b] for b in index.body),
    )
    with contextlib.closing(sqlite3.connect(file)) as copy:
        copy.execute(
            "CREATE TABLE rows"
            " (id INTEGER PRIMARY KEY, title TEXT, body TEXT, field INTEGER, league TEXT, year INTEGER, grams TEXT)"
        )
        copy.execute(
            'CREATE VIRTUAL TABLE rows_fts USING fts5(grams, content="rows", content_rowid="id", '
            'tokenize="unicode61 remove_diacritics 0")'
        )
        for chunk in session.execute(select(*columns).order_by(table.id)).partitions(10_000):
            for record, field, league, year, title, *texts in chunk:
                body = "\n".join(map(search.words, texts))
                row = (record, title, body, field, league, year, grams(f"{title}\n{body}"))
                copy.execute("INSERT INTO rows VALUES (?, ?, ?, ?, ?, ?, ?)", row)
        copy.execute("INSERT INTO rows_fts (rows_fts) VALUES ('rebuild')")
        copy.commit()
        copy.execute("VACUUM")
