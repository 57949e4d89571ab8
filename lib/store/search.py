"""Chinese search: bigram phrases in a contentless index, facets in a narrow table of integers beside it.

SQLite keeps the bigrams in FTS5, PostgreSQL in a tsvector with GIN and the facets once more beside it; both are told
the same tokens by `lib.domain.text.grams`, so both find the same rows. A term is found wherever it stands in a word.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from functools import cached_property, lru_cache
from itertools import islice
from math import prod
from typing import Any, Final

from sqlalchemy import (
    Column,
    Connection,
    Dialect,
    Index,
    Integer,
    Table,
    TextClause,
    TypeDecorator,
    bindparam,
    event,
    inspect,
    select,
    text,
    type_coerce,
)
from sqlalchemy.orm import Session, sessionmaker
from sqlalchemy.types import NullType, TypeEngine

from lib.domain.text import MAX_QUERY, phrases, simplified, streams, terms
from lib.domain.vocabulary import COOPERATION_MODES, IP_TYPES, ORGANIZATION_KINDS, STAGES, TRANSFER_MODES, Origin
from lib.store.models import Achievement, Base, Demand, Organization
from lib.store.models.base import Moment

Row = Mapping[str, Any]
UNKNOWN: Final = 0
"""The facet number of a value the source does not state."""

_BATCH = 2000
_FEW = 40  # of so many new records each is looked up in the index; of more, the hits are read and sifted
_FTS = "CREATE VIRTUAL TABLE {} USING fts5(body, title, keywords, content='', columnsize=0, tokenize='ascii')"
"""Tokens come folded and with spaces between; the places of the first column, which has the most, take least room."""
_GATHERED = 32 << 20  # bytes of what a transaction indexes that SQLite sorts before it writes; less makes many parts
_DENSE = 500  # of so many hits for each record of a page and more, those records are soon met among the newest
_GAP = 10  # keeps a phrase from running from the title into the keywords and body of a tsvector


@dataclass(frozen=True)
class SearchIndex:
    """What is indexed of one kind of record."""

    entity: type[Base]
    title: str
    body: tuple[str, ...]
    groups: Mapping[str, tuple[str, ...]]
    """The facets that share a column of the index, as one number: few enough combinations to be counted together.
    Those of `cell`, the first, are counted in every search, the others where they are asked for."""
    words: Mapping[str, tuple[str, ...]]
    """The values of a facet that has a list of them; the number of a value is its place, from 1."""
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

    @cached_property
    def facets(self) -> tuple[str, ...]:
        """The facets that every search counts."""
        return self.groups["cell"]

    @cached_property
    def further(self) -> tuple[str, ...]:
        """The facets that are counted where they are asked for."""
        return tuple(facet for column, group in self.groups.items() if column != "cell" for facet in group)

    @cached_property
    def weighty(self) -> tuple[str, ...]:
        """Columns of the full-text index beside the title in which a hit ranks before one in the text."""
        return tuple(column for column in self.body if column == "keywords")

    @property
    def fts(self) -> str:
        """The full-text table."""
        return f"{self.name}_fts"

    @cached_property
    def columns(self) -> tuple[str, ...]:
        """The columns of a record that `add` and `remove` need."""
        return tuple(dict.fromkeys(("id", self.title, *self.body, *self.sources)))

    def documents(self, rows: Sequence[Row]) -> list[tuple[str, str, str]]:
        """The token streams of title, keywords and body of each record."""
        plain = [column for column in self.body if column not in ("keywords", "rights")]
        bodies = ["\n".join([row[column] or "" for column in plain]) for row in rows]
        if "rights" in self.body:
            bodies = [f"{body}\n{words(row['rights'])}" for body, row in zip(bodies, rows, strict=True)]
        keywords = [row["keywords"] for row in rows] if "keywords" in self.body else [""] * len(rows)
        columns = [row[self.title] for row in rows], keywords, bodies
        return list(zip(*map(streams, columns), strict=True))


def words(value: str | list[dict[str, Any]] | None) -> str:
    """A text, or of the lines of 知识产权 the public numbers."""
    return "\n".join(line["number"] for line in value) if isinstance(value, list) else value or ""


SETS: Final = frozenset({"ip", "mode"})
"""Facets of which a record may have several values. Their number has a bit for each of them."""
_DIGITS: Final = {
    "field": (0, 16), "kind": (0, 32), "league": (150_000, 10_000), "year": (1899, 256), "origin": (0, 4),
    "banner": (150_000, 10_000), "stage": (0, 4), "trl": (0, 10), "price": (0, 4), "unit": (0, 32),
    "public_good": (0, 4), "ip": (0, 512), "mode": (0, 512),
}  # fmt: skip
"""What a facet's numbers begin after, and how many there can be: the digits of a column. Unknown is the digit 0."""


@lru_cache(maxsize=1 << 15)
def _column(group: tuple[str, ...], numbers: tuple[int, ...]) -> int:
    """The numbers of a group of facets as one."""
    column = 0
    for facet, number in zip(group, numbers, strict=True):
        start, size = _DIGITS[facet]
        column = column * size + (number - start if number else 0)
    return column


@lru_cache(maxsize=64)
def _digit(name: str, facet: str) -> tuple[str, int, str]:
    """Where the digit of a facet stands: the column, what it is multiplied by, and how a statement reads it."""
    column, group = next((column, group) for column, group in INDEXES[name].groups.items() if facet in group)
    times = prod(_DIGITS[after][1] for after in group[group.index(facet) + 1 :])
    return column, times, f"{column} / {times} % {_DIGITS[facet][1]}"


@lru_cache(maxsize=1 << 15)
def _numbers(facets: tuple[str, ...], cell: int) -> tuple[int, ...]:
    """The facet numbers of a column, in the order of the facets."""
    numbers = []
    for facet in reversed(facets):
        start, size = _DIGITS[facet]
        cell, digit = divmod(cell, size)
        numbers.append(digit + start if digit else UNKNOWN)
    return tuple(reversed(numbers))


@lru_cache(maxsize=1 << 10)
def _members(bits: int) -> tuple[int, ...]:
    """The values of a set: the places of its bits, from 1; of an empty one the unknown."""
    return tuple(place for place in range(1, bits.bit_length() + 1) if bits >> (place - 1) & 1) or (UNKNOWN,)


_COMMON: Final = ("league_code", "banner_code", "origin", "source_date", "created_at")
_WORKED: Final = (*_COMMON, "field", "year", "negotiable", "organization_id")
_ORIGINS: Final[dict[str, int]] = {origin.value: origin.code for origin in Origin}
_PRICES: Final = ("priced", "negotiable")
_YES_NO: Final = ("yes", "no")


def _common(row: Row) -> dict[str, int]:
    published: date = row["source_date"] or row["created_at"].date()
    return {
        "league": int(row["league_code"] or UNKNOWN),
        "banner": int(row["banner_code"] or UNKNOWN),
        "origin": _ORIGINS[row["origin"]],
        "recency": published.toordinal() if row["source_date"] or row["origin"] != Origin.PUBLIC else UNKNOWN,
    }


def _worked(row: Row, amount: str) -> dict[str, int]:
    price = 1 if row[amount] is not None else 2 if row["negotiable"] else UNKNOWN
    return {**_common(row), "field": row["field"] or UNKNOWN, "year": row["year"] or UNKNOWN, "price": price}


def _achievement(row: Row) -> dict[str, int]:
    return {
        **_worked(row, "price"),
        "stage": _place(row["stage"], STAGES),
        "trl": row["trl"] or UNKNOWN,
        "ip": _bits([right["kind"] for right in row["rights"]], IP_TYPES),
        "mode": _modes(row["transfer_mode"], TRANSFER_MODES),
        "public_good": UNKNOWN if row["public_good"] is None else 1 if row["public_good"] else 2,
    }


def _demand(row: Row) -> dict[str, int]:
    return _worked(row, "budget") | {"mode": _modes(row["cooperation_mode"], COOPERATION_MODES)}


def _organization(row: Row) -> dict[str, int]:
    return _common(row) | {"kind": ORGANIZATION_KINDS.index(row["kind"]) + 1}


def _place(word: str, words: Sequence[str]) -> int:
    return words.index(word) + 1 if word in words else UNKNOWN


def _bits(found: Iterable[str], words: Sequence[str]) -> int:
    bits = 0
    for word in found:
        if word in words:
            bits |= 1 << words.index(word)
    return bits


@lru_cache(maxsize=1 << 10)
def _modes(listed: str, words: tuple[str, ...]) -> int:
    return _bits(listed.split("、"), words)


ACHIEVEMENTS: Final = SearchIndex(
    entity=Achievement,
    title="title",
    body=(
        "summary", "organization_text", "other_units", "award", "keywords", "indicators", "value", "problem",
        "application", "rights",
    ),
    groups={
        "cell": ("field", "league", "year", "origin"), "banner": ("banner",),
        "traits": ("stage", "trl", "price", "unit", "public_good"), "sets": ("ip", "mode"),
    },
    words={"stage": STAGES, "ip": IP_TYPES, "mode": TRANSFER_MODES, "price": _PRICES, "unit": ORGANIZATION_KINDS,
           "public_good": _YES_NO},
    sources=(*_WORKED, "price", "stage", "trl", "rights", "transfer_mode", "public_good"),
    numbers=_achievement,
)  # fmt: skip
DEMANDS: Final = SearchIndex(
    entity=Demand,
    title="title",
    body=("description", "organization_text", "keywords", "indicators", "tried", "acceptance"),
    groups={
        "cell": ("field", "league", "year", "origin"), "banner": ("banner",), "traits": ("price", "unit"),
        "sets": ("mode",),
    },
    words={"mode": COOPERATION_MODES, "price": _PRICES, "unit": ORGANIZATION_KINDS},
    sources=(*_WORKED, "budget", "cooperation_mode"),
    numbers=_demand,
)  # fmt: skip
ORGANIZATIONS: Final = SearchIndex(
    entity=Organization,
    title="name",
    body=("banner_text",),
    groups={"cell": ("kind", "league", "origin"), "banner": ("banner",)},
    words={"kind": ORGANIZATION_KINDS},
    sources=(*_COMMON, "kind"),
    numbers=_organization,
)
INDEXES: Final = {index.name: index for index in (ACHIEVEMENTS, DEMANDS, ORGANIZATIONS)}

for _index in INDEXES.values():
    Table(
        f"{_index.name}_index",
        Base.metadata,
        Column("id", Integer, primary_key=True, autoincrement=False),
        *(Column(column, Integer, nullable=False, comment="、".join(group)) for column, group in _index.groups.items()),
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
    keyword_condition: str
    """True of records with any of the terms among their keywords."""


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
        keyword = f"keywords : ({' OR '.join(filter(None, map(_fts, groups)))})"
        inside = f"i.id IN (SELECT rowid FROM {index.fts} WHERE {condition})"
    else:
        sign = " | " if some else " & "
        expression = sign.join(filter(None, (_tsquery(group, "") for group in groups)))
        source = f"{index.fts} AS i"
        condition = "i.grams @@ CAST(:match AS tsquery)"
        title = sign.join(filter(None, (_tsquery(group, "A") for group in groups)))
        keyword = " | ".join(filter(None, (_tsquery(group, "B") for group in groups)))
        inside = condition
    if not expression:
        return None
    values = {"match": expression, "title_match": title, "keyword_match": keyword}
    return Match(source, condition, values, *(inside.replace(":match", f":{name}") for name in list(values)[1:]))


def _fts(group: Sequence[str]) -> str:
    """One group as FTS5 reads it."""
    either = (
        " AND ".join(f'"{" ".join(run)}"{"*" if prefix else ""}' for run, prefix in phrases(term)) for term in group
    )
    return _either(either, " OR ")


def _tsquery(group: Sequence[str], weight: str) -> str:
    """One group as PostgreSQL reads it; `weight` A finds in the title alone, B among the keywords."""

    def phrase(run: Sequence[str], prefix: bool) -> str:
        flags = f":{'*' if prefix else ''}{weight}" if prefix or weight else ""
        return "(" + " <-> ".join(f"'{gram}'{flags}" for gram in run) + ")"

    return _either((" & ".join(phrase(run, prefix) for run, prefix in phrases(term)) for term in group), " | ")


def _either(alternatives: Iterable[str], sign: str) -> str:
    found = list(filter(None, alternatives))
    return found[0] if len(found) == 1 else "(" + sign.join(f"({one})" for one in found) + ")" if found else ""


@dataclass(frozen=True)
class Found:
    """One page of ids, the number of hits, the counts of the facets, and the hits without any choice of facets.

    `without` says how many hits there are without the choice made in a facet, for each that has one; `loosened`, that
    no record has all terms, and that these have at least one.
    """

    total: int
    ids: tuple[int, ...]
    facets: dict[str, dict[int, int]]
    whole: int = 0
    without: Mapping[str, int] = field(default_factory=dict)
    loosened: bool = False


Chosen = Mapping[str, Sequence[int]]
"""The numbers that are allowed in a facet, by facet; one that is left out, or has none, allows everything."""


def find(
    session: Session,
    index: SearchIndex,
    query: str | Terms,
    chosen: Chosen,
    *,
    order: str,
    offset: int,
    limit: int,
    loosen: bool = False,
    more: bool = False,
) -> Found:
    """Search, count and page: in one statement where it can be, in a few where that is quicker.

    The counts of a facet ignore the choice made in it, so a chosen value still shows its alternatives. The further
    facets are counted with `more`, or when something is chosen in one of them. `order` is `latest`, `year` or
    `relevance`: hits in the title first, of what was typed before its alternatives, then hits in the keywords, then
    the newest. With `loosen`, several terms that no record has together are looked for one by one, and records with
    more of them come first.
    """
    groups = asked(query) if isinstance(query, str) else query
    matched = match(session, index, groups)
    more = more or any(chosen.get(facet) for facet in index.further)
    if matched is None and (query if isinstance(query, tuple) else query.strip()):
        # Signs alone find nothing, not everything.
        return Found(0, (), {facet: {} for facet in (*index.facets, *(index.further if more else ()))})
    _by_index(session, groups)
    count = _count_all if more else _count
    typed = match(session, index, tuple(group[:1] for group in groups)) or matched
    if matched and typed and not more and order != "year":
        asking = _Asking(index, groups, matched, typed if order == "relevance" else None, chosen, offset, limit)
        found, order = (_first_on_sqlite if _is_sqlite(session) else _first_on_postgresql)(session, asking)
    else:
        found = count(session, index, matched, chosen)
    if not found.whole and loosen and len(groups) > 1:
        matched = match(session, index, groups, some=True)
        found = count(session, index, matched, chosen)
        found = replace(found, loosened=bool(found.whole))
    if found.ids or offset >= found.total:
        return found

    condition = _with(index, matched.condition if matched else "1 = 1", chosen, "i")
    source = matched.source if matched else f"{index.table.name} AS i"
    values = {"limit": limit, "offset": offset, **({"match": matched.values["match"]} if matched else {})}
    page = _Page(index, source, condition, "i.recency DESC, i.id DESC", values, found.total)
    if matched and typed and order == "relevance":
        if found.loosened:
            page = _most_terms_first(session, groups, matched, page)
        elif _is_sqlite(session):
            return replace(found, ids=_tier_by_tier(session, groups, matched, typed, page))
        else:
            rank, more_values = _rank(index, matched, typed)
            page = replace(page, keys=f"{rank}, {page.keys}", values=values | more_values)
    return replace(found, ids=_ids(session, page, order))


def _by_index(session: Session, groups: Terms) -> None:
    """Have PostgreSQL look up short words for the rest of this transaction: a pair of characters that is common looks
    to its planner like a reason to read the tokens of every record."""
    if not _is_sqlite(session) and any(len(word) < 3 for group in groups for word in group):
        session.execute(_statement("SET LOCAL enable_seqscan = off"))


@dataclass(frozen=True)
class _Asking:
    """What the first statement of a search is to find. With `typed` the best come first, else the newest."""

    index: SearchIndex
    groups: Terms
    matched: Match
    typed: Match | None
    chosen: Chosen
    offset: int
    limit: int


def _first_on_sqlite(session: Session, asking: _Asking) -> tuple[Found, str]:
    """The main facets, with the page where one statement tells it; and the order in which to list all else."""
    if asking.typed:
        return _titles_on_sqlite(session, asking, asking.typed)
    matched = asking.matched
    page = _newest("m AS i", _with(asking.index, "1 = 1", asking.chosen, "i"))
    found = f"SELECT i.id, i.cell, i.recency FROM {matched.source} WHERE {matched.condition}"
    sql = f"WITH m AS MATERIALIZED ({found}) SELECT (SELECT group_concat(cell, ' ') FROM m), ({page})"
    values = {"match": matched.values["match"], "limit": asking.limit, "offset": asking.offset}
    cells, listed = session.connection().execute(_statement(sql), values).one()
    return replace(_told(asking.index, _counted(cells), asking.chosen), ids=_listed(listed)), "latest"


def _titles_on_sqlite(session: Session, asking: _Asking, typed: Match) -> tuple[Found, str]:
    """The same for the best first: the page where hits in the title fill it, as they do most first pages.

    Where neither a title nor a keyword has any of the words, as with a phrase of which thousands of texts are full,
    the best are the newest.
    """
    index, matched, most = asking.index, asking.matched, asking.offset + asking.limit
    page = _newest(matched.source, _with(index, matched.condition.replace(":match", ":within"), asking.chosen, "i"))
    anywhere = f"{{{' '.join(('title', *index.weighty))}}} : ({' OR '.join(filter(None, map(_fts, asking.groups)))})"
    some = f"EXISTS (SELECT 1 FROM {index.fts} WHERE {index.fts} MATCH :anywhere)"
    cells = f"SELECT group_concat(i.cell, ' ') FROM {matched.source} WHERE {matched.condition}"
    sql = f"SELECT ({cells}), CASE WHEN {'1' if _is_short(anywhere) else some} THEN ({page}) END"
    values = {"match": matched.values["match"], "within": typed.values["title_match"], "limit": most, "offset": 0}
    told, listed = session.connection().execute(_statement(sql), {**values, "anywhere": anywhere}).one()
    found = _told(index, _counted(told), asking.chosen)
    if listed is None:
        return found, "latest"
    ids = _listed(listed)
    return replace(found, ids=ids[asking.offset :] if len(ids) == most else ()), "relevance"


def _newest(source: str, condition: str) -> str:
    """What tells SQLite's newest of these as one text, blank of none."""
    page = f"SELECT i.id FROM {source} WHERE {condition} ORDER BY i.recency DESC, i.id DESC LIMIT :limit OFFSET :offset"
    return f"SELECT coalesce(group_concat(id, ' '), '') FROM ({page})"


def _listed(ids: str | None) -> tuple[int, ...]:
    """The ids that a statement told as one text."""
    return tuple(map(int, (ids or "").split()))


def _first_on_postgresql(session: Session, asking: _Asking) -> tuple[Found, str]:
    """The main facets and the page: each record that has the words is looked at once, which is most of the work, and
    where in it they stand is told then."""
    index, matched = asking.index, asking.matched
    rank, ranked = _rank(index, matched, asking.typed) if asking.typed else ("0", {})
    found = f"SELECT i.id, i.cell, i.recency, {rank} AS rank FROM {matched.source} WHERE {matched.condition}"
    cells = "SELECT cell AS first, count(*) AS second FROM m GROUP BY cell"
    where = _with(index, "1 = 1", asking.chosen, "i")
    order = "rank, recency DESC, id DESC"
    page = f"SELECT i.* FROM m AS i WHERE {where} ORDER BY {order} LIMIT :limit OFFSET :offset"
    listed = f"SELECT string_agg(CAST(id AS text), ' ' ORDER BY {order}) FROM ({page}) AS p"
    sql = f"WITH m AS MATERIALIZED ({found}) SELECT ({_in_one(session, cells)}), ({listed})"
    values = {"match": matched.values["match"], "limit": asking.limit, "offset": asking.offset, **ranked}
    counts, ids = session.connection().execute(_statement(sql), values).one()
    result = _told(index, _pairs(counts), asking.chosen)
    return replace(result, ids=_listed(ids)), "relevance" if asking.typed else "latest"


def _counted(cells: str | None) -> list[tuple[int, int]]:
    """How often each number stands there: SQLite would sort them all, which takes longer than to find them."""
    return [(int(cell), count) for cell, count in Counter((cells or "").split()).items()]


def _in_one(session: Session, pairs: str) -> str:
    """A statement for all rows (first, second) of another as one text: rows cost more than the numbers in them, and
    each one that a driver fetches lets another thread in between."""
    join = "group_concat" if _is_sqlite(session) else "string_agg"
    return f"SELECT {join}(first || ' ' || second, ' ') FROM ({pairs}) AS pairs"


def _pairs(told: str | None) -> list[tuple[int, int]]:
    """What `_in_one` told."""
    numbers = list(map(int, told.split())) if told else []
    return list(zip(numbers[::2], numbers[1::2], strict=True))


def _with(index: SearchIndex, condition: str, chosen: Chosen, alias: str, but: Sequence[str] = ()) -> str:
    """The condition, and what is chosen in each facet `but` those."""
    allowed = (
        _allows(index, facet, numbers, alias) for facet, numbers in chosen.items() if numbers and facet not in but
    )
    return " AND ".join((condition, *allowed))


def _allows(index: SearchIndex, facet: str, numbers: Sequence[int], alias: str) -> str:
    """The condition that a record has one of these numbers in a facet."""
    digit = f"{alias}.{_digit(index.name, facet)[2]}"
    if facet not in SETS:
        start = _DIGITS[facet][0]
        return f"{digit} IN ({', '.join(str(int(n) - start if n != UNKNOWN else 0) for n in numbers)})"
    bits = sum({1 << (int(number) - 1) for number in numbers if number != UNKNOWN})
    either = [f"({digit}) & {bits} <> 0"] if bits else []
    return "(" + " OR ".join(either + ([f"{digit} = 0"] if UNKNOWN in numbers else [])) + ")"


def _count(session: Session, index: SearchIndex, matched: Match | None, chosen: Chosen) -> Found:
    """The main facets alone: one column groups them all."""
    return _told(index, _cells(session, index, matched), chosen)


def _told(index: SearchIndex, cells: Sequence[tuple[int, int]], chosen: Chosen) -> Found:
    """What the cells of all that was found say of the main facets."""
    total, counts = _tally(index.facets, cells, chosen)
    without = {facet: sum(counts[facet].values()) for facet, numbers in chosen.items() if numbers}
    return Found(total, (), counts, sum(count for _, count in cells), without)


def _count_all(session: Session, index: SearchIndex, matched: Match | None, chosen: Chosen) -> Found:
    """Main and further facets in one statement: what was found is read once and counted by each column.

    A column is counted among the records that the choices outside of it allow; what is chosen in its own facets is
    told from the combinations of their numbers.
    """
    source = "m" if matched else f"{index.table.name} AS m"
    branches = [f"SELECT '', 0, count(*) FROM {source}"]
    for column, group in index.groups.items():
        where = _with(index, "1 = 1", chosen, "m", but=group)
        branches.append(f"SELECT '{column}', m.{column}, count(*) FROM {source} WHERE {where} GROUP BY m.{column}")
    sql = " UNION ALL ".join(branches)
    if matched:
        listed = ", ".join(f"i.{column}" for column in index.groups)
        found = f"SELECT {listed} FROM {matched.source} WHERE {matched.condition}"
        sql = f"WITH m AS MATERIALIZED ({found}) {sql}"
    cells: dict[str, list[tuple[int, int]]] = {column: [] for column in ("", *index.groups)}
    for column, cell, count in session.execute(_statement(sql), {"match": matched.values["match"]} if matched else {}):
        cells[column].append((cell, count))
    total, counts = _tally(index.facets, cells["cell"], chosen)
    several: dict[str, int] = {}
    for column, group in index.groups.items():
        if not SETS.isdisjoint(group):
            members, several = _tally_sets(group, cells[column], chosen)
            counts |= members
        elif column != "cell":
            counts |= _tally(group, cells[column], chosen)[1]
    without = {facet: several.get(facet, sum(counts[facet].values())) for facet, numbers in chosen.items() if numbers}
    return Found(total, (), counts, cells[""][0][1], without)


@dataclass(frozen=True)
class _Since:
    moment: datetime
    few: bool


def _cells(
    session: Session,
    index: SearchIndex,
    matched: Match | None,
    further: Chosen | None = None,
    also: _Since | None = None,
) -> list[tuple[int, int]]:
    """Counts of what was found by cell, among what is chosen in further facets."""
    source = matched.source if matched else f"{index.table.name} AS i"
    condition = matched.condition if matched else "1 = 1"
    values: dict[str, Any] = {"match": matched.values["match"]} if matched else {}
    if further:
        condition = _with(index, condition, further, "i", but=index.facets)
    if also is not None:
        known = "f.rowid" if also.few and matched and _is_sqlite(session) else "i.id"
        condition += f" AND {known} IN (SELECT id FROM {index.name} WHERE created_at > :since)"
        values["since"] = also.moment
    if matched and _is_sqlite(session):
        sql = f"SELECT group_concat(i.cell, ' ') FROM {source} WHERE {condition}"
    else:
        sql = f"SELECT i.cell AS first, count(*) AS second FROM {source} WHERE {condition} GROUP BY i.cell"
        sql = _in_one(session, sql)
    told = session.scalar(_dated(sql) if also else _statement(sql), values)
    return _counted(told) if matched and _is_sqlite(session) else _pairs(told)


def fresh(
    session: Session,
    index: SearchIndex,
    query: str | Terms,
    chosen: Chosen,
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
    _by_index(session, groups)
    cells = _cells(session, index, matched, chosen, also)
    if not cells and loosen and len(groups) > 1 and matched and not _finds(session, matched):
        cells = _cells(session, index, match(session, index, groups, some=True), chosen, also)
    return _tally(index.facets, cells, chosen)[0]


def _finds(session: Session, matched: Match) -> bool:
    sql = f"SELECT 1 FROM {matched.source} WHERE {matched.condition} LIMIT 1"
    return session.scalar(_statement(sql), {"match": matched.values["match"]}) is not None


@dataclass(frozen=True)
class _Page:
    index: SearchIndex
    source: str
    condition: str
    keys: str
    values: dict[str, Any]
    total: int
    """How many records there are to be listed, at most."""


def _tier_by_tier(session: Session, groups: Terms, matched: Match, typed: Match, page: _Page) -> tuple[int, ...]:
    """Hits of what was typed in the title, then of its alternatives, then hits in the keywords, then the others; of
    each the newest, until the page is full: SQLite need not tell of all that was found where the words stand."""
    tiers = [typed.values["title_match"]]
    if typed.values != matched.values:
        tiers.append(matched.values["title_match"])
    for _ in page.index.weighty:
        inside = typed.values["keyword_match"]  # of several words any: those that have them all are to be listed
        tiers.append(f"({matched.values['match']}) AND ({inside})" if len(groups) > 1 else inside)
    offset, most = page.values["offset"], page.values["offset"] + page.values["limit"]
    ids: dict[int, None] = {}
    for expression in (*tiers, matched.values["match"]):
        values = {"match": expression, "limit": most + len(ids), "offset": 0}
        total = page.total if expression == matched.values["match"] else 0
        ids |= dict.fromkeys(_ids(session, replace(page, values=values, total=total), "latest"))
        if len(ids) >= most:
            break
    return tuple(ids)[offset:most]


def _rank(index: SearchIndex, matched: Match, typed: Match) -> tuple[str, dict[str, Any]]:
    """The same tiers as a number of each record, with the values that are bound."""
    tiers = [matched.title_condition.replace(":title_match", ":typed_match")]
    values = {"typed_match": typed.values["title_match"]}
    if typed.values != matched.values:
        tiers.append(matched.title_condition)
        values["title_match"] = matched.values["title_match"]
    for _ in index.weighty:
        tiers.append(typed.keyword_condition)
        values["keyword_match"] = typed.values["keyword_match"]
    whens = " ".join(f"WHEN {tier} THEN {rank}" for rank, tier in enumerate(tiers))
    return f"CASE {whens} ELSE {len(tiers)} END", values


def _most_terms_first(session: Session, groups: Terms, matched: Match, page: _Page) -> _Page:
    """Records with more of the terms first, of these hits in the title, then the newest."""
    values = {**page.values, "match": matched.values["match"], "title_match": matched.values["title_match"]}
    has = []
    for i, group in enumerate(groups):
        if one := match(session, page.index, (group,)):
            inside = f"i.id IN (SELECT rowid FROM {page.index.fts} WHERE {page.index.fts} MATCH :term{i})"
            test = inside if _is_sqlite(session) else f"i.grams @@ CAST(:term{i} AS tsquery)"
            has.append(f"CASE WHEN {test} THEN 1 ELSE 0 END")
            values[f"term{i}"] = one.values["match"]
    keys = f"({' + '.join(has)}) DESC, ({matched.title_condition}) DESC, {page.keys}"
    return replace(page, keys=keys, values=values)


def _ids(session: Session, page: _Page, order: str) -> tuple[int, ...]:
    keys, source = page.keys, page.source
    if order == "year":
        keys = f"i.{_digit(page.index.name, 'year')[2]} DESC, {keys}"
    elif order == "latest" and _is_sqlite(session) and _is_dense(page):
        by_recency = f"{page.index.table.name} AS i INDEXED BY ix_{page.index.table.name}_recency"
        source = f"{by_recency} CROSS JOIN {page.index.fts} AS f ON f.rowid = i.id"
    sql = f"SELECT i.id FROM {source} WHERE {page.condition} ORDER BY {keys} LIMIT :limit OFFSET :offset"
    return tuple(session.execute(_statement(sql), page.values).scalars())


def _is_dense(page: _Page) -> bool:
    """Whether to look at the newest records one after the other is quicker than to sort all that was found."""
    few = page.total <= _DENSE * (page.values["offset"] + page.values["limit"])
    return "match" in page.values and not few and not _is_short(page.values["match"])


def _is_short(expression: str) -> bool:
    """Whether a single character is looked for: each time it is, FTS5 first gathers all pairs that begin with it."""
    return "*" in expression


def _tally(
    facets: tuple[str, ...], cells: Sequence[tuple[int, int]], chosen: Chosen
) -> tuple[int, dict[str, dict[int, int]]]:
    """Total and facet counts from the grouped cells: a cell counts for a facet when all others allow it."""
    allowed = [frozenset(chosen.get(facet) or ()) for facet in facets]
    counts: list[defaultdict[int, int]] = [defaultdict(int) for _ in facets]
    if any(allowed):
        kept = []
        for cell, count in cells:
            numbers = _numbers(facets, cell)
            refused = [i for i, number in enumerate(numbers) if allowed[i] and number not in allowed[i]]
            if not refused:
                kept.append((cell, count))
            elif len(refused) == 1:
                counts[refused[0]][numbers[refused[0]]] += count
        cells = kept
    # One facet after the other: a search has hundreds of cells, and this is most of its work outside of the database.
    weights = [count for _, count in cells]
    for counter, column in zip(counts, zip(*(_numbers(facets, cell) for cell, _ in cells), strict=True), strict=False):
        for number, count in zip(column, weights, strict=True):
            counter[number] += count
    return sum(weights), {facet: dict(counter) for facet, counter in zip(facets, counts, strict=True)}


def _tally_sets(
    facets: tuple[str, ...], cells: Iterable[tuple[int, int]], chosen: Chosen
) -> tuple[dict[str, dict[int, int]], dict[str, int]]:
    """Facet counts where a record may have several values and counts for each of them; and how many records there
    are for each facet when its own choice is left out."""
    counts: dict[str, Counter[int]] = {facet: Counter() for facet in facets}
    records: Counter[str] = Counter()
    for cell, count in cells:
        members = dict(zip(facets, map(_members, _numbers(facets, cell)), strict=True))
        refused = {f for f, numbers in members.items() if chosen.get(f) and not set(numbers) & set(chosen[f])}
        for facet in facets:
            if refused <= {facet}:
                records[facet] += count
                for number in members[facet]:
                    counts[facet][number] += count
    return {facet: dict(counter) for facet, counter in counts.items()}, {facet: records[facet] for facet in facets}


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
            if index is ORGANIZATIONS:
                _rekind(connection, [o for o in changed if inspect(o).attrs["kind"].history.has_changes()])


def _row(index: SearchIndex, item: Base, *, before: bool) -> Row:
    state = inspect(item)
    row: dict[str, Any] = {}
    for column in index.columns:
        history = state.attrs[column].history
        row[column] = history.deleted[0] if before and history.deleted else getattr(item, column)
    return row


def _rekind(connection: Connection, units: Iterable[Any]) -> None:
    """The records of organizations that changed their kind follow them."""
    for unit in units:
        number = ORGANIZATION_KINDS.index(unit.kind) + 1
        for index in INDEXES.values():
            if "unit" in index.further:
                column, times, digit = _digit(index.name, "unit")
                theirs = f"SELECT id FROM {index.name} WHERE organization_id = :unit"
                for name in (index.table.name, *(() if connection.dialect.name == "sqlite" else (index.fts,))):
                    change = f"UPDATE {name} SET {column} = {column} + (:kind - {digit}) * {times}"
                    connection.execute(text(f"{change} WHERE id IN ({theirs})"), {"unit": unit.id, "kind": number})


def _units(connection: Connection, rows: Sequence[Row]) -> dict[int, int]:
    """The kinds of the organizations that these records are linked to, as numbers, by id."""
    ids = {row["organization_id"] for row in rows} - {None}
    if not ids:
        return {}
    kinds = select(Organization.id, Organization.kind).where(Organization.id.in_(ids))
    return {number: ORGANIZATION_KINDS.index(kind) + 1 for number, kind in connection.execute(kinds)}


def add(connection: Connection, index: SearchIndex, rows: Iterable[Row]) -> None:
    """Index these records; `rows` hold the id and the columns of the index."""
    rows = iter(rows)
    while batch := list(islice(rows, _BATCH)):
        units = _units(connection, batch) if "unit" in index.further else {}
        names = ("id", "recency", *index.groups)
        numbers = [_facet_row(index, row, units) for row in batch]
        _insert(connection, index.table.name, names, numbers)
        documents = index.documents(batch)
        if connection.dialect.name == "sqlite":
            tokens = [(row["id"], *document) for row, document in zip(batch, documents, strict=True)]
            _insert(connection, index.fts, ("rowid", "title", "keywords", "body"), tokens)
        else:
            # With the facets beside the tokens, counting what was found needs no join.
            both = [(*facet, _tsvector(*document)) for facet, document in zip(numbers, documents, strict=True)]
            _insert(connection, index.fts, (*names, "grams"), both, "CAST(%s AS tsvector)")


def _insert(
    connection: Connection, into: str, names: tuple[str, ...], rows: Sequence[tuple[Any, ...]], last: str = ""
) -> None:
    """Many rows at the driver: a whole index is made of hundreds of thousands."""
    mark = "?" if connection.dialect.name == "sqlite" else "%s"
    marks = [*[mark] * (len(names) - 1), last or mark]
    connection.exec_driver_sql(f"INSERT INTO {into} ({', '.join(names)}) VALUES ({', '.join(marks)})", list(rows))


def remove(connection: Connection, index: SearchIndex, rows: Sequence[Row]) -> None:
    """Take these records out of the index; `rows` hold what was indexed, as a contentless index needs it."""
    ids = [{"id": row["id"]} for row in rows]
    connection.execute(text(f"DELETE FROM {index.table.name} WHERE id = :id"), ids)
    if connection.dialect.name == "sqlite":
        columns = f"({index.fts}, rowid, title, keywords, body) VALUES ('delete', :id, :title, :keywords, :body)"
        documents = zip(rows, index.documents(rows), strict=True)
        gone = [{"id": row["id"], "title": t, "keywords": k, "body": b} for row, (t, k, b) in documents]
        connection.execute(text(f"INSERT INTO {index.fts} {columns}"), gone)
    else:
        connection.execute(text(f"DELETE FROM {index.fts} WHERE id = :id"), ids)


def rebuild(connection: Connection, index: SearchIndex) -> None:
    """Index every record anew, from an empty index."""
    connection.execute(text(f"DELETE FROM {index.table.name}"))
    for own in index.table.indexes:
        own.drop(connection)
    if connection.dialect.name == "sqlite":
        connection.execute(text(f"DROP TABLE {index.fts}"))
        connection.execute(text(_FTS.format(index.fts)))
        connection.execute(text(f"INSERT INTO {index.fts} ({index.fts}, rank) VALUES ('hashsize', {_GATHERED})"))
    else:
        connection.execute(text(f"DELETE FROM {index.fts}"))
    columns = index.entity.__table__.c
    read = [type_coerce(columns[name], _Remembered(columns[name].type)).label(name) for name in index.columns]
    statement, last = select(*read).order_by(columns["id"]).limit(_BATCH), 0
    while rows := connection.execute(statement.where(columns["id"] > last)).all():
        add(connection, index, [dict(zip(index.columns, row, strict=True)) for row in rows])
        last = rows[-1].id
    for own in index.table.indexes:
        own.create(connection)


class _Remembered(TypeDecorator[Any]):
    """A type of which the same stored value is read once: in a whole table most days, sums and lists come again."""

    impl = NullType
    cache_ok = True

    def __init__(self, kind: TypeEngine[Any]) -> None:
        super().__init__()
        self.kind = kind

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[Any], Any] | None:
        """What reads a stored value, if anything has to."""
        read = self.kind.dialect_impl(dialect).result_processor(dialect, coltype)
        return read and lru_cache(maxsize=1 << 14)(read)


def _facet_row(index: SearchIndex, row: Row, units: Mapping[int, int]) -> tuple[int, ...]:
    numbers = index.numbers(row)
    numbers["unit"] = units.get(row["organization_id"], UNKNOWN) if units else UNKNOWN
    columns = [_column(group, tuple([numbers[facet] for facet in group])) for group in index.groups.values()]
    return row["id"], numbers["recency"], *columns


def _tsvector(title: str, keywords: str, body: str) -> str:
    """The literal of a tsvector: tokens with positions, the title's with weight A, those of the keywords with B."""
    places: dict[str, list[str]] = {}
    start = 1
    for stream, weight in ((title, "A"), (keywords, "B"), (body, "")):
        tokens = stream.split()
        for position, token in enumerate(tokens, start):
            places.setdefault(token, []).append(f"{min(position, 16383)}{weight}")
        start += len(tokens) + _GAP
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
"""The full-text tables as revision 0001 makes them. Revision 0004 makes them anew, with a column of keywords; on SQLite
`rebuild` does, after every revision."""
