"""Datasette, what the search is measured beside: a server of its own on a copy of the same rows.

It is set up as its manual says for full-text search: the table of achievements with a column of bigrams, the newest
rows first, three facets; in its favour with limits raised, no suggestions of facets, 64 MB of cache and a connection
that is kept.
"""

import contextlib
import http.client
import json
import sqlite3
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final
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
    *(("_facet", name) for name in ("field", "league_code", "year")),
    ("_size", "20"),
    ("_sort_desc", "recency"),
    ("_nocol", "grams"),
)

_TEXTS: Final = tuple(name for name in search.ACHIEVEMENTS.body if name != "rights")
"""The searched columns of text; the rights of the demonstration set have no numbers."""


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
        """The same by LIKE on the searched texts."""
        texts = " || char(10) || ".join((search.ACHIEVEMENTS.title, *_TEXTS))
        tests = [f"{texts} LIKE '%{term}%'" for term in terms(query)]
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
    """The whole table, as somebody would publish it, with a column of bigrams and the day that makes a row new."""
    table, index = Achievement.__table__, search.ACHIEVEMENTS
    newest = index.table.c.recency
    names = [column.name for column in table.columns]
    searched = [names.index(name) for name in (index.title, *index.body)]
    with contextlib.closing(sqlite3.connect(file)) as copy:
        others = ", ".join(name for name in names if name != "id")
        copy.execute(f"CREATE TABLE rows (id INTEGER PRIMARY KEY, {others}, recency INTEGER, grams TEXT)")
        copy.execute("CREATE INDEX rows_recency ON rows (recency)")
        copy.execute(
            'CREATE VIRTUAL TABLE rows_fts USING fts5(grams, content="rows", content_rowid="id", '
            'tokenize="unicode61 remove_diacritics 0")'
        )
        insert = f"INSERT INTO rows (id, {others}, recency, grams) VALUES ({', '.join('?' * (len(names) + 2))})"
        rows = select(*table.columns, newest).join(index.table, index.table.c.id == table.c.id).order_by(table.c.id)
        first = names.index("id")
        for chunk in session.execute(rows).partitions(10_000):
            for *values, recency in chunk:
                words = "\n".join(search.words(values[place]) for place in searched)
                plain = [_plain(value) for value in (values[first], *values[:first], *values[first + 1 :])]
                copy.execute(insert, (*plain, recency, grams(words)))
        copy.execute("INSERT INTO rows_fts (rows_fts) VALUES ('rebuild')")
        copy.commit()
        copy.execute("VACUUM")


def _plain(value: Any) -> Any:
    """A value as SQLite keeps it."""
    if isinstance(value, list | dict):
        return json.dumps(value, ensure_ascii=False)
    return value if value is None or isinstance(value, str | int) else str(value)
