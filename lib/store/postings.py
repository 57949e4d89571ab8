"""Which records hold each of many features: one statement over the search index, bounded whatever is asked.

Of a frequent feature only the newest records are read; how densely they stand tells how frequent it is.
"""

import math
from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final
from weakref import WeakKeyDictionary

from sqlalchemy import TextClause, text
from sqlalchemy.orm import Session

from lib.domain.text import phrases
from lib.store.search import SearchIndex

_LARGE: Final = 10_000
MOST: Final = 80
"""How many records of one feature are read."""
_MANY: Final = 1_000
"""From how many records on counts are remembered."""
_REMEMBERED: Final = 20_000
_STEP: Final = 0.02
_SAMPLE, _FREQUENT = 3_000, 0.01
"""Of how many of the newest records of a large index on PostgreSQL is told how frequent a word is, and the share from
which on that is enough."""
_DENSE: Final = 0.022
"""The share of records from which on PostgreSQL finds the newest sooner by looking at one after the other."""
Words = tuple[str, ...]
"""A feature: any of these folded words."""


@dataclass(frozen=True)
class Posting:
    """The newest records with a feature, and about how many there are in all."""

    ids: tuple[int, ...]
    count: float


def postings(
    session: Session,
    index: SearchIndex,
    features: Sequence[Words],
    together: Sequence[tuple[int, int]] = (),
    counted: Sequence[float] = (),
) -> list[Posting]:
    """Where each feature stands; after them, where two of them (told by their places in `features`) stand together.

    Counts are exact up to MOST and estimated beyond. A feature whose words hold no letter or digit stands nowhere.
    `counted` says in how many records each stands, where that is known: it makes frequent ones quicker to find.
    """
    highest, total = _size(session, index)
    dense = frozenset(place for place, count in enumerate(counted) if count > _DENSE * total)
    return _found(session, index, features, together, dense, highest, total)


def counts(session: Session, index: SearchIndex, features: Iterable[Words]) -> tuple[int, dict[Words, float]]:
    """How many records are indexed, and in about how many of them each feature stands.

    In an index of many records what was counted is remembered until it has grown or shrunk by a fiftieth.
    """
    highest, total = _size(session, index)
    wanted = list(dict.fromkeys(features))
    if total < _MANY:
        return total, dict(zip(wanted, _counted(session, index, wanted, highest, total), strict=True))
    size = round(math.log(total) / _STEP)
    known = _known.setdefault(session.get_bind(), {})
    if len(known) > _REMEMBERED:
        known.clear()
    fresh = [words for words in wanted if (index.name, size, words) not in known]
    for words, count in zip(fresh, _counted(session, index, fresh, highest, total), strict=True):
        known[index.name, size, words] = count
    return total, {words: known[index.name, size, words] for words in wanted}


_known: WeakKeyDictionary[Any, dict[tuple[str, int, Words], float]] = WeakKeyDictionary()
"""What `counts` remembers of each database."""


def _counted(session: Session, index: SearchIndex, features: Sequence[Words], highest: int, total: int) -> list[float]:
    """In how many records each feature stands. On PostgreSQL, which must look at every record that has a word, the
    frequent ones of a large index are told by the newest records alone."""
    sampled: dict[int, float] = {}
    if total >= _LARGE and not _is_sqlite(session):
        sampled = {place: count for place, count in _sampled(session, index, features, highest, total).items()
                   if count > _FREQUENT * total}  # fmt: skip
    rest = [place for place in range(len(features)) if place not in sampled]
    found = _found(session, index, [features[place] for place in rest], (), frozenset(), highest, total)
    sampled |= {place: posting.count for place, posting in zip(rest, found, strict=True)}
    return [sampled[place] for place in range(len(features))]


def _sampled(
    session: Session, index: SearchIndex, features: Sequence[Words], highest: int, total: int
) -> dict[int, float]:
    """In how many records each feature stands, as the newest of them let expect."""
    values = {f"m{number}": _expression(words, sqlite=False) for number, words in enumerate(features)}
    asked = {name: expression for name, expression in values.items() if expression}
    if not asked:
        return {}
    columns = "".join(f", count(*) FILTER (WHERE grams @@ CAST(:{name} AS tsquery)) AS {name}" for name in asked)
    sql = f"SELECT count(*) AS seen{columns} FROM {index.fts} WHERE id > :least"
    row = session.execute(_statement(sql), {**asked, "least": highest - _SAMPLE}).mappings().one()
    return {int(name[1:]): row[name] * total / max(1, row["seen"]) for name in asked}


def _found(
    session: Session,
    index: SearchIndex,
    features: Sequence[Words],
    together: Sequence[tuple[int, int]],
    dense: Container[int],
    highest: int,
    total: int,
) -> list[Posting]:
    sqlite = _is_sqlite(session)
    expressions = [_expression(words, sqlite=sqlite) for words in features]
    both = " AND " if sqlite else " & "
    for one, other in together:
        pair = (expressions[one], expressions[other])
        expressions.append(both.join(f"({part})" for part in pair) if all(pair) else "")
    branches = [
        _newest_on_sqlite(index, number) if sqlite else _newest_on_postgresql(index, number, number in dense)
        for number, expression in enumerate(expressions)
        if expression
    ]
    if not sqlite:
        session.execute(_statement("SET LOCAL jit = off"))  # compiling takes longer than all there is to do
    found: dict[int, tuple[int, ...]] = {}
    if branches:
        values = {f"m{number}": expression for number, expression in enumerate(expressions) if expression}
        rows = session.execute(_statement(" UNION ALL ".join(branches)), values)
        found = {number: tuple(map(int, ids.split(","))) for number, ids in rows if ids}
    return [_posting(found.get(number, ()), highest, total) for number in range(len(expressions))]


def _newest_on_sqlite(index: SearchIndex, number: int) -> str:
    return (
        f"SELECT {number}, group_concat(rowid) FROM (SELECT rowid FROM {index.fts} "
        f"WHERE {index.fts} MATCH :m{number} ORDER BY rowid DESC LIMIT {MOST}) AS p{number}"
    )


def _newest_on_postgresql(index: SearchIndex, number: int, dense: bool) -> str:
    # It takes every word for common and would read the newest records until it has found enough: OFFSET 0 makes it
    # ask the index first.
    fence = "" if dense else " OFFSET 0) AS f"
    source = f"SELECT id FROM {index.fts} WHERE grams @@ CAST(:m{number} AS tsquery){fence}"
    newest = f"{source if dense else f'SELECT id FROM ({source}'} ORDER BY id DESC LIMIT {MOST}"
    return f"SELECT {number}, string_agg(CAST(id AS text), ',') FROM ({newest}) AS p{number}"


def _is_sqlite(session: Session) -> bool:
    return session.get_bind().dialect.name == "sqlite"


def _size(session: Session, index: SearchIndex) -> tuple[int, int]:
    """The highest id, and how many records there are: counted, or as PostgreSQL estimates a table that is large."""
    name = index.table.name
    highest = f"SELECT max(id) FROM {name}"
    if not _is_sqlite(session):
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
