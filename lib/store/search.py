"""Chinese search: bigram phrases in a contentless index, facets in a narrow table of integers beside it.

SQLite keeps the bigrams in FTS5, PostgreSQL in a tsvector with GIN; both are told the same tokens by
`lib.domain.text.grams`, so both find the same rows. A term is found wherever it stands inside a word.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import lru_cache
from itertools import islice
from typing import Any, Final

from sqlalchemy import (
    Column,
    Connection,
    Index,
    Integer,
    Table,
    TextClause,
    bindparam,
    event,
    inspect,
    select,
    text,
)
from sqlalchemy.orm import Session, sessionmaker

from lib.domain.text import MAX_QUERY, grams, phrases, runs, simplified, terms
from lib.domain.vocabulary import ORGANIZATION_KINDS, Origin
from lib.store.models import Achievement, Base, Demand, Organization
from lib.store.models.base import Moment

Row = Mapping[str, Any]
UNKNOWN: Final = 0
"""The facet number of a value the source does not state."""

_BATCH = 2000
_CHUNK = 20_000
_RANKED: Final = 2000  # of more hits than these, the keywords do not tell which one to read
_FEW = 100  # of so many new records each is looked up in the index; of more, the hits are read and sifted
_TITLE_GAP = 10  # keeps a phrase from running from the title into the body of a tsvector


@dataclass(frozen=True)
class SearchIndex:
    """What is indexed of one kind of record."""

    entity: type[Base]
    title: str
    body: tuple[str, ...]
    facets: tuple[str, ...]
    sources: tuple[str, ...]
    numbers: Callable[[Row], dict[str, int]]

    @property
    def name(self) -> str:
        """The record's table."""
        return str(self.entity.__tablename__)

    @property
    def table(self) -> Table:
        """The narrow table of facet numbers."""
        return Base.metadata.tables[f"{self.name}_index"]

    @property
    def fts(self) -> str:
        """The full-text table."""
        return f"{self.name}_fts"

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns of a record that `add` and `remove` need."""
        return ("id", self.title, *self.body, *self.sources)

    def document(self, row: Row) -> tuple[str, str]:
        """The token streams of title and body."""
        return grams(row[self.title]), grams("\n".join(row[column] or "" for column in self.body))


_DIGITS: Final = {"field": (0, 16), "kind": (0, 32), "league": (150_000, 10_000), "year": (1899, 256), "origin": (0, 4)}
"""What a facet's numbers begin after, and how many there can be: the digits of a cell. Unknown is the digit 0."""


def _cell(index: SearchIndex, numbers: Mapping[str, int]) -> int:
    cell = 0
    for facet in index.facets:
        start, size = _DIGITS[facet]
        cell = cell * size + (numbers[facet] - start if numbers[facet] else 0)
    return cell


@lru_cache(maxsize=1 << 15)
def _numbers(facets: tuple[str, ...], cell: int) -> tuple[int, ...]:
    """The facet numbers of a cell, in the order of the facets."""
    numbers = []
    for facet in reversed(facets):
        start, size = _DIGITS[facet]
        cell, digit = divmod(cell, size)
        numbers.append(digit + start if digit else UNKNOWN)
    return tuple(reversed(numbers))


_COMMON: Final = ("league_code", "origin", "source_date", "created_at")


def _common(row: Row) -> dict[str, int]:
    published: date = row["source_date"] or row["created_at"].date()
    return {
        "league": int(row["league_code"] or UNKNOWN),
        "origin": Origin(row["origin"]).code,
        "recency": published.toordinal() if row["source_date"] or row["origin"] != Origin.PUBLIC else UNKNOWN,
    }


def _catalogue(row: Row) -> dict[str, int]:
    return {**_common(row), "field": row["field"] or UNKNOWN, "year": row["year"] or UNKNOWN}


def _organizations(row: Row) -> dict[str, int]:
    return {**_common(row), "kind": ORGANIZATION_KINDS.index(row["kind"]) + 1}


ACHIEVEMENTS: Final = SearchIndex(
    entity=Achievement,
    title="title",
    body=("summary", "organization_text", "other_units", "award", "keywords", "indicators"),
    facets=("field", "league", "year", "origin"),
    sources=(*_COMMON, "field", "year"),
    numbers=_catalogue,
)
DEMANDS: Final = SearchIndex(
    entity=Demand,
    title="title",
    body=("description", "organization_text", "keywords", "indicators"),
    facets=("field", "league", "year", "origin"),
    sources=(*_COMMON, "field", "year"),
    numbers=_catalogue,
)
ORGANIZATIONS: Final = SearchIndex(
    entity=Organization,
    title="name",
    body=("banner_text",),
    facets=("kind", "league", "origin"),
    sources=(*_COMMON, "kind"),
    numbers=_organizations,
)
INDEXES: Final = {index.name: index for index in (ACHIEVEMENTS, DEMANDS, ORGANIZATIONS)}

for _index in INDEXES.values():
    Table(
        f"{_index.name}_index",
        Base.metadata,
        Column("id", Integer, primary_key=True, autoincrement=False),
        *(Column(facet, Integer, nullable=False) for facet in _index.facets),
        Column("cell", Integer, nullable=False, comment="all facets as one number: counting groups by one column"),
        Column("recency", Integer, nullable=False),
        Index(f"ix_{_index.name}_index_cell", "cell"),
        Index(f"ix_{_index.name}_index_recency", "recency", "id"),
    )


# ------------------------------------------------------------------ asking
Terms = tuple[tuple[str, ...], ...]
"""Groups of alternatives: of every group one must be found. The first of a group is what was typed."""


def asked(query: str) -> Terms:
    """The terms of what a person typed; one in traditional characters may also be found in simplified ones."""
    return _asked(query) if len(query) <= MAX_QUERY else _asked.__wrapped__(query)


@lru_cache(maxsize=1024)
def _asked(query: str) -> Terms:
    return tuple(tuple(dict.fromkeys((term, simplified(term)))) for term in terms(query))


@dataclass(frozen=True)
class Match:
    """The part of a statement that finds what was typed: FROM, WHERE and bound values."""

    source: str
    condition: str
    values: dict[str, Any]
    title_condition: str


def match(session: Session, index: SearchIndex, query: str | Terms, *, some: bool = False) -> Match | None:
    """The condition for all terms of `query`, with `some` for any of them, or None when it has none.

    A term is found anywhere in the title or the body.
    """
    groups = asked(query) if isinstance(query, str) else query
    return _match(index.name, groups, some, _is_sqlite(session))


@lru_cache(maxsize=1024)
def _match(name: str, groups: Terms, some: bool, sqlite: bool) -> Match | None:
    index = INDEXES[name]
    if sqlite:
        expression = (" OR " if some else " AND ").join(filter(None, map(_fts, groups)))
        source = f"{index.fts} AS f JOIN {index.table.name} AS i ON i.id = f.rowid"
        condition = f"{index.fts} MATCH :match"
        title = f"title : ({expression})"
        title_condition = f"i.id IN (SELECT rowid FROM {index.fts} WHERE {index.fts} MATCH :title_match)"
    else:
        sign = " | " if some else " & "
        expression = sign.join(filter(None, (_tsquery(group, "") for group in groups)))
        source = f"{index.fts} AS f JOIN {index.table.name} AS i ON i.id = f.id"
        condition = "f.grams @@ CAST(:match AS tsquery)"
        title = sign.join(filter(None, (_tsquery(group, "A") for group in groups)))
        title_condition = "f.grams @@ CAST(:title_match AS tsquery)"
    if not expression:
        return None
    return Match(source, condition, {"match": expression, "title_match": title}, title_condition)


def _fts(group: Sequence[str]) -> str:
    """One group as FTS5 reads it."""
    either = (
        " AND ".join(f'"{" ".join(run)}"{"*" if prefix else ""}' for run, prefix in phrases(term)) for term in group
    )
    return _either(either, " OR ")


def _tsquery(group: Sequence[str], weight: str) -> str:
    """One group as PostgreSQL reads it; `weight` A finds in the title alone."""

    def phrase(run: Sequence[str], prefix: bool) -> str:
        flags = f":{'*' if prefix else ''}{weight}" if prefix or weight else ""
        return "(" + " <-> ".join(f"'{gram}'{flags}" for gram in run) + ")"

    return _either((" & ".join(phrase(run, prefix) for run, prefix in phrases(term)) for term in group), " | ")


def _either(alternatives: Iterable[str], sign: str) -> str:
    found = list(filter(None, alternatives))
    return found[0] if len(found) == 1 else "(" + sign.join(f"({one})" for one in found) + ")" if found else ""


@dataclass(frozen=True)
class Found:
    """One page of ids, the number of hits, the counts of every facet, and the hits without any choice of facets.

    `loosened` says that no record has all terms, and that these have at least one.
    """

    total: int
    ids: tuple[int, ...]
    facets: dict[str, dict[int, int]]
    whole: int = 0
    loosened: bool = False


def find(
    session: Session,
    index: SearchIndex,
    query: str | Terms,
    chosen: Mapping[str, Sequence[int]],
    *,
    order: str,
    offset: int,
    limit: int,
    loosen: bool = False,
) -> Found:
    """Search, count, and page in two statements.

    `chosen` maps facets to the numbers that are allowed; facets left out allow everything. The counts of a
    facet ignore the choice made in it, so a chosen value still shows its alternatives. `order` is `latest`,
    `year` or `relevance`: hits in the title first, of what was typed before its alternatives, then hits in the
    keywords, then the newest. With `loosen`, several terms that no record has together are looked for one by one,
    and records with more of them come first.
    """
    groups = asked(query) if isinstance(query, str) else query
    matched = match(session, index, groups)
    if matched is None and (query if isinstance(query, tuple) else query.strip()):
        return Found(0, (), {facet: {} for facet in index.facets})  # signs alone find nothing, not everything
    cells = _cells(session, index, matched)
    loosened = not cells and loosen and len(groups) > 1
    if loosened:
        matched = match(session, index, groups, some=True)
        cells = _cells(session, index, matched)
        loosened = bool(cells)
    total, counts = _tally(index, cells, chosen)
    whole = sum(count for _, count in cells)
    if offset >= total:
        return Found(total, (), counts, whole, loosened)

    condition = matched.condition if matched else "1 = 1"
    for facet, numbers in chosen.items():
        if numbers:
            condition += f" AND i.{facet} IN ({', '.join(str(int(number)) for number in numbers)})"
    source = matched.source if matched else f"{index.table.name} AS i"
    page = _Page(source, condition, "i.recency DESC, i.id DESC", {"limit": limit, "offset": offset})
    if matched is None:
        return Found(total, _ids(session, page, order), counts, whole)
    if order != "relevance":
        page = replace(page, values={**page.values, "match": matched.values["match"]})
    elif loosened:
        page = _most_terms_first(session, index, groups, matched, page)
    else:
        # Most searches fill their first page with hits in the title, which the index finds without a sort of all.
        typed = match(session, index, tuple(group[:1] for group in groups)) or matched
        in_title = _ids(session, replace(page, values={**page.values, "match": typed.values["title_match"]}), "latest")
        if len(in_title) == limit:
            return Found(total, in_title, counts, whole)
        page = _title_first(index, groups, matched, typed, page, total)
    return Found(total, _ids(session, page, order), counts, whole, loosened)


@dataclass(frozen=True)
class _Since:
    moment: datetime
    few: bool


def _cells(session: Session, index: SearchIndex, matched: Match | None, also: _Since | None = None) -> Sequence[Any]:
    source = matched.source if matched else f"{index.table.name} AS i"
    condition = matched.condition if matched else "1 = 1"
    values = {"match": matched.values["match"]} if matched else {}
    if also is not None:
        known = "f.rowid" if also.few and matched and _is_sqlite(session) else "i.id"
        condition += f" AND {known} IN (SELECT id FROM {index.name} WHERE created_at > :since)"
        values["since"] = also.moment
    sql = f"SELECT i.cell, count(*) FROM {source} WHERE {condition} GROUP BY i.cell"
    return session.execute(_dated(sql) if also else _statement(sql), values).all()


def fresh(
    session: Session,
    index: SearchIndex,
    query: str | Terms,
    chosen: Mapping[str, Sequence[int]],
    since: datetime,
    *,
    loosen: bool = False,
) -> int:
    """How many of the records that `find` finds with these arguments were made after `since`."""
    groups = asked(query) if isinstance(query, str) else query
    matched = match(session, index, groups)
    if matched is None and (query if isinstance(query, tuple) else query.strip()):
        return 0
    newer = f"SELECT count(*) FROM (SELECT 1 FROM {index.name} WHERE created_at > :since LIMIT {_FEW + 1}) AS newer"
    count = session.scalar(_dated(newer), {"since": since})
    if not count:
        return 0
    also = _Since(since, count <= _FEW)
    cells = _cells(session, index, matched, also)
    if not cells and loosen and len(groups) > 1 and matched and not _finds(session, matched):
        cells = _cells(session, index, match(session, index, groups, some=True), also)
    return _tally(index, cells, chosen)[0]


def _finds(session: Session, matched: Match) -> bool:
    sql = f"SELECT 1 FROM {matched.source} WHERE {matched.condition} LIMIT 1"
    return session.scalar(_statement(sql), {"match": matched.values["match"]}) is not None


@dataclass(frozen=True)
class _Page:
    source: str
    condition: str
    keys: str
    values: dict[str, Any]


def _title_first(index: SearchIndex, groups: Terms, matched: Match, typed: Match, page: _Page, total: int) -> _Page:
    """Hits of what was typed in the title, then of its alternatives, then hits in the keywords."""
    source = page.source
    values = {**page.values, "match": matched.values["match"], "typed_match": typed.values["title_match"]}
    tiers = [matched.title_condition.replace(":title_match", ":typed_match")]
    if typed.values != matched.values:
        tiers.append(matched.title_condition)
        values["title_match"] = matched.values["title_match"]
    if "keywords" in index.body and total <= _RANKED:
        source += f" JOIN {index.name} AS r ON r.id = i.id"
        tiers.append(" OR ".join(f"lower(r.keywords) LIKE :keyword{i}" for i in range(len(groups))))
        values |= {f"keyword{i}": f"%{'%'.join(runs(group[0]))}%" for i, group in enumerate(groups)}
    ranks = " ".join(f"WHEN {tier} THEN {rank}" for rank, tier in enumerate(tiers))
    return replace(page, source=source, keys=f"CASE {ranks} ELSE {len(tiers)} END, {page.keys}", values=values)


def _most_terms_first(session: Session, index: SearchIndex, groups: Terms, matched: Match, page: _Page) -> _Page:
    """Records with more of the terms first, of these hits in the title, then the newest."""
    values = {**page.values, "match": matched.values["match"], "title_match": matched.values["title_match"]}
    has = []
    for i, group in enumerate(groups):
        if one := match(session, index, (group,)):
            inside = f"i.id IN (SELECT rowid FROM {index.fts} WHERE {index.fts} MATCH :term{i})"
            test = inside if _is_sqlite(session) else f"f.grams @@ CAST(:term{i} AS tsquery)"
            has.append(f"CASE WHEN {test} THEN 1 ELSE 0 END")
            values[f"term{i}"] = one.values["match"]
    keys = f"({' + '.join(has)}) DESC, ({matched.title_condition}) DESC, {page.keys}"
    return replace(page, keys=keys, values=values)


def _ids(session: Session, page: _Page, order: str) -> tuple[int, ...]:
    keys = f"i.year DESC, {page.keys}" if order == "year" else page.keys
    sql = f"SELECT i.id FROM {page.source} WHERE {page.condition} ORDER BY {keys} LIMIT :limit OFFSET :offset"
    return tuple(session.execute(_statement(sql), page.values).scalars())


def _tally(
    index: SearchIndex, cells: Iterable[Any], chosen: Mapping[str, Sequence[int]]
) -> tuple[int, dict[str, dict[int, int]]]:
    """Total and facet counts from the grouped cells: a cell counts for a facet when all others allow it."""
    allowed = [frozenset(chosen.get(facet) or ()) for facet in index.facets]
    counts: list[Counter[int]] = [Counter() for _ in index.facets]
    choosing = any(allowed)
    total = 0
    for cell, count in cells:
        numbers = _numbers(index.facets, cell)
        if choosing:
            refused = [i for i, number in enumerate(numbers) if allowed[i] and number not in allowed[i]]
            if refused:
                if len(refused) == 1:
                    counts[refused[0]][numbers[refused[0]]] += count
                continue
        total += count
        for counter, number in zip(counts, numbers, strict=True):
            counter[number] += count
    return total, {facet: dict(counter) for facet, counter in zip(index.facets, counts, strict=True)}


@lru_cache(maxsize=256)
def _statement(sql: str) -> TextClause:
    """The same text is parsed once."""
    return text(sql)


@lru_cache(maxsize=256)
def _dated(sql: str) -> TextClause:
    """The same with a moment in it."""
    return text(sql).bindparams(bindparam("since", type_=Moment()))


# ------------------------------------------------------------------ keeping
def follow(factory: sessionmaker[Session]) -> None:
    """Keep the indexes in step with whatever a session of this factory writes through the mapper."""

    @event.listens_for(factory, "after_flush")
    def keep(session: Session, _context: Any) -> None:
        connection = session.connection()
        for index in INDEXES.values():
            gone = [o for o in session.deleted if isinstance(o, index.entity)]
            changed = [o for o in session.dirty if isinstance(o, index.entity) and session.is_modified(o)]
            fresh = [o for o in session.new if isinstance(o, index.entity)]
            if gone or changed:
                remove(connection, index, [_row(index, o, before=True) for o in (*gone, *changed)])
            if fresh or changed:
                add(connection, index, [_row(index, o, before=False) for o in (*fresh, *changed)])


def _row(index: SearchIndex, item: Base, *, before: bool) -> Row:
    state = inspect(item)
    row: dict[str, Any] = {}
    for column in index.columns:
        history = state.attrs[column].history
        row[column] = history.deleted[0] if before and history.deleted else getattr(item, column)
    return row


def add(connection: Connection, index: SearchIndex, rows: Iterable[Row]) -> None:
    """Index these records; `rows` hold the id and the columns of the index."""
    rows = iter(rows)
    while batch := list(islice(rows, _BATCH)):
        connection.execute(index.table.insert(), [_facet_row(index, row) for row in batch])
        documents = [{"id": row["id"], **_streams(index, row)} for row in batch]
        if connection.dialect.name == "sqlite":
            statement = f"INSERT INTO {index.fts} (rowid, title, body) VALUES (:id, :title, :body)"
        else:
            statement = f"INSERT INTO {index.fts} (id, grams) VALUES (:id, CAST(:grams AS tsvector))"
            documents = [{"id": d["id"], "grams": _tsvector(d["title"], d["body"])} for d in documents]
        connection.execute(text(statement), documents)


def remove(connection: Connection, index: SearchIndex, rows: Sequence[Row]) -> None:
    """Take these records out of the index; `rows` hold what was indexed, as a contentless index needs it."""
    ids = [{"id": row["id"]} for row in rows]
    connection.execute(text(f"DELETE FROM {index.table.name} WHERE id = :id"), ids)
    if connection.dialect.name == "sqlite":
        connection.execute(
            text(f"INSERT INTO {index.fts} ({index.fts}, rowid, title, body) VALUES ('delete', :id, :title, :body)"),
            [{"id": row["id"], **_streams(index, row)} for row in rows],
        )
    else:
        connection.execute(text(f"DELETE FROM {index.fts} WHERE id = :id"), ids)


def rebuild(connection: Connection, index: SearchIndex) -> None:
    """Index every record anew, from an empty index."""
    connection.execute(text(f"DELETE FROM {index.table.name}"))
    if connection.dialect.name == "sqlite":
        connection.execute(text(f"INSERT INTO {index.fts} ({index.fts}) VALUES ('delete-all')"))
    else:
        connection.execute(text(f"DELETE FROM {index.fts}"))
    columns = index.entity.__table__.c
    statement, last = select(*(columns[name] for name in index.columns)).order_by(columns["id"]).limit(_CHUNK), 0
    while rows := connection.execute(statement.where(columns["id"] > last)).mappings().all():
        add(connection, index, rows)  # type: ignore[arg-type]
        last = rows[-1]["id"]


def _facet_row(index: SearchIndex, row: Row) -> dict[str, int]:
    numbers = index.numbers(row)
    return {"id": row["id"], "cell": _cell(index, numbers), **numbers}


def _streams(index: SearchIndex, row: Row) -> dict[str, str]:
    title, body = index.document(row)
    return {"title": title, "body": body}


def _tsvector(title: str, body: str) -> str:
    """The literal of a tsvector: tokens with positions, the title's with weight A."""
    places: dict[str, list[str]] = {}
    start = 1
    for stream, weight in ((title, "A"), (body, "")):
        tokens = stream.split()
        for position, token in enumerate(tokens, start):
            places.setdefault(token, []).append(f"{min(position, 16383)}{weight}")
        start += len(tokens) + _TITLE_GAP
    return " ".join(f"'{token}':{','.join(positions[:255])}" for token, positions in places.items())


def _is_sqlite(session: Session) -> bool:
    return session.get_bind().dialect.name == "sqlite"


DDL: Final = {
    "sqlite": tuple(
        f"CREATE VIRTUAL TABLE {index.fts} USING fts5("
        "title, body, content='', tokenize='unicode61 remove_diacritics 0')"
        for index in INDEXES.values()
    ),
    "postgresql": tuple(
        statement
        for index in INDEXES.values()
        for statement in (
            f"CREATE TABLE {index.fts} (id integer PRIMARY KEY, grams tsvector NOT NULL)",
            f"CREATE INDEX ix_{index.fts}_grams ON {index.fts} USING gin (grams)",
        )
    ),
}
"""The full-text tables, which the mapper does not know."""
