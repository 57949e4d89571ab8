"""Which records hold each of many features: one statement over the search index, bounded whatever is asked.

Of a frequent feature only the newest records are read; how densely they stand tells how frequent it is.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from sqlalchemy import TextClause, text
from sqlalchemy.orm import Session

from lib.domain.text import phrases
from lib.store.search import SearchIndex

_LARGE: Final = 10_000
MOST: Final = 120
"""How many records of one feature are read."""


@dataclass(frozen=True)
class Posting:
    """The newest records with a feature, and about how many there are in all."""

    ids: tuple[int, ...]
    count: float


def postings(session: Session, index: SearchIndex, features: Sequence[tuple[str, ...]]) -> tuple[int, list[Posting]]:
    """How many records are indexed, and for each feature, which is any of its folded words, where it stands.

    Counts are exact up to MOST and estimated beyond. A feature whose words hold no letter or digit stands nowhere.
    """
    sqlite = session.get_bind().dialect.name == "sqlite"
    key, match = ("rowid", f"{index.fts} MATCH") if sqlite else ("id", "grams @@")
    listed = f"group_concat({key})" if sqlite else f"string_agg(CAST({key} AS text), ',')"
    expressions = [_expression(words, sqlite=sqlite) for words in features]
    branches = [
        f"SELECT {number}, {listed} FROM (SELECT {key} FROM {index.fts} WHERE {match} "
        f"{f':m{number}' if sqlite else f'CAST(:m{number} AS tsquery)'} ORDER BY {key} DESC LIMIT {MOST}) AS p{number}"
        for number, expression in enumerate(expressions)
        if expression
    ]
    highest, total = _size(session, index, sqlite=sqlite)
    found: dict[int, tuple[int, ...]] = {}
    if branches:
        values = {f"m{number}": expression for number, expression in enumerate(expressions) if expression}
        rows = session.execute(_statement(" UNION ALL ".join(branches)), values)
        found = {number: tuple(map(int, ids.split(","))) for number, ids in rows if ids}
    return total, [_posting(found.get(number, ()), highest, total) for number in range(len(features))]


def _size(session: Session, index: SearchIndex, *, sqlite: bool) -> tuple[int, int]:
    """The highest id, and how many records there are: counted, or as PostgreSQL estimates a table that is large."""
    name = index.table.name
    highest = f"SELECT max(id) FROM {name}"
    if not sqlite:
        estimated = "SELECT reltuples FROM pg_class WHERE oid = to_regclass(:name)"
        last, estimate = session.execute(_statement(f"SELECT ({highest}), ({estimated})"), {"name": name}).one()
        if estimate >= _LARGE:
            return last or 0, min(last or 0, int(estimate))
    last, count = session.execute(_statement(f"SELECT ({highest}), (SELECT count(*) FROM {name})")).one()
    return last or 0, count


def _posting(ids: tuple[int, ...], highest: int, total: int) -> Posting:
    if len(ids) < MOST:
        return Posting(ids, len(ids))
    return Posting(ids, min(total, max(MOST, total * MOST / (highest - min(ids) + 1))))


@lru_cache(maxsize=256)
def _statement(sql: str) -> TextClause:
    """The same text is parsed once."""
    return text(sql)


@lru_cache(maxsize=4096)
def _expression(words: tuple[str, ...], *, sqlite: bool) -> str:
    """Any of the words, each with all its parts, in the language of the database; blank when there is nothing."""
    alternatives = []
    for word in words:
        if any(other != word and other in word for other in words):
            continue  # whatever holds the word holds the other
        runs = phrases(word)
        if not runs:
            continue
        if sqlite:
            parts = (f'"{" ".join(grams)}"{"*" if prefix else ""}' for grams, prefix in runs)
            alternatives.append(" AND ".join(parts))
        else:
            parts = (" <-> ".join(f"'{gram}'{':*' if prefix else ''}" for gram in grams) for grams, prefix in runs)
            alternatives.append(" & ".join(f"({part})" for part in parts))
    return " OR ".join(f"({part})" for part in alternatives) if sqlite else " | ".join(f"({a})" for a in alternatives)
