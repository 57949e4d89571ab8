"""The catalogue: search, facets, paging and records of achievements, demands and organizations."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from decimal import Decimal
from difflib import get_close_matches
from functools import lru_cache
from typing import Any, Final, Literal, NamedTuple, TypeVar
from unicodedata import normalize

from sqlalchemy import BindParameter, Select, bindparam, func, select
from sqlalchemy.orm import Session

from lib.domain import paging
from lib.domain.access import Actor, Permission, require
from lib.domain.dates import PartialDate
from lib.domain.errors import InvalidQuery, NotFound
from lib.domain.text import MAX_QUERY, clean, fold, hits, runs, terms
from lib.domain.vocabulary import FIELDS, UNDISCLOSED, Origin
from lib.services import concepts
from lib.store import search
from lib.store.models import Achievement, Demand, Division, Organization
from lib.store.models.base import stated

MAX_SIZE: Final = 100
"""How many terms of a search that found nothing are looked at, and how many words near them are tried."""
UNKNOWN: Final = "unknown"
"""The facet value of records whose source states none; shown as 未披露."""

_PROBES: Final = 40
"""How many words a search without a hit may try."""
Record = TypeVar("Record")
_ORIGINS: Final = {origin.value: origin for origin in Origin}
_IDS: Final[BindParameter[Any]] = bindparam("ids", expanding=True)
_D: Final = Division.__table__.c
_LEAGUES: Final = select(_D.code, _D.name).where(_D.level == "league")
Order = Literal["latest", "year", "relevance"]
ORDERS: Final[dict[str, str]] = {"latest": "最新公开", "year": "年份", "relevance": "相关度"}


@dataclass(frozen=True)
class CatalogueQuery:
    """What is asked of a catalogue. Facets hold the values of the address; empty means no restriction."""

    q: str = ""
    facets: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    order: Order = "latest"
    page: int = 1
    size: int = 12
    more: bool = False
    """Count the further facets too; they are counted anyway when something is chosen in one of them."""
    wide: bool = False
    """As a person searches: words of the same concept are found too, and several words one by one where no record
    has them all."""

    def key(self) -> tuple[Any, ...]:
        """A hashable form for caches."""
        facets = tuple(sorted((name, values) for name, values in self.facets.items() if values))
        return (self.q, facets, self.order, self.page, self.size, self.more, self.wide)


# A page of results makes many of these three: named tuples are made several times as fast as frozen dataclasses.
class FacetValue(NamedTuple):
    """One value of a facet: what the address says, what people read, how many records have it."""

    value: str
    label: str
    count: int  # type: ignore[assignment]  # of a tuple nobody asks it


class Source(NamedTuple):
    """Where a record comes from."""

    origin: Origin
    publisher: str
    stated: PartialDate | None
    url: str

    @property
    def line(self) -> str:
        """Publisher and date as a card shows them."""
        if self.origin is not Origin.PUBLIC:
            return self.origin.label
        return f"{self.publisher or '发布方未披露'} · {self.stated or '日期未披露'}"


class Card(NamedTuple):
    """A record as lists show it. Money in 元; blanks are undisclosed, never zero."""

    kind: str
    id: int
    title: str
    source: Source
    summary: str = ""
    field: int | None = None
    year: int | None = None
    unit: str = ""
    organization_id: int | None = None
    league_code: str | None = None
    banner_code: str | None = None
    place: str = ""
    amount: Decimal | None = None
    negotiable: bool = False
    trl: int | None = None
    organization_kind: str = ""
    since_year: int | None = None
    also: tuple[tuple[str, str], ...] = ()
    """What else a search looks through, with its name: shown where nothing else on the card holds the words."""

    @property
    def field_label(self) -> str:
        """技术领域, or 未披露."""
        return FIELDS[self.field] if self.field else UNDISCLOSED


@dataclass(frozen=True)
class Details:
    """What can be chosen of a record beside what its card shows; blanks are undisclosed."""

    unit_kind: str
    modes: str
    """Separated by 、, as the kinds of its rights."""
    stage: str = ""
    ip: str = ""
    public_good: bool | None = None


@dataclass(frozen=True)
class CataloguePage:
    """One page of results with the counts of every facet."""

    query: CatalogueQuery
    total: int
    items: tuple[Card, ...]
    facets: Mapping[str, tuple[FacetValue, ...]]
    widened: tuple[tuple[str, tuple[str, ...]], ...] = ()
    """Terms that were widened, as typed, with the words that were found too."""
    loosened: bool = False
    """True where no record has all the terms and these have at least one."""
    words: tuple[str, ...] = ()
    """Every word that makes a record a hit."""
    whole: int = 0
    """How many records the words find without any choice of facets."""
    without: Mapping[str, int] = field(default_factory=dict)
    """How many records there are without the choice made in a facet, for each facet that has one."""

    @property
    def pages(self) -> int:
        """How many pages there are, at least one."""
        return paging.pages(self.total, self.query.size)


MAIN: Final[dict[str, tuple[str, ...]]] = {kind: index.facets for kind, index in search.INDEXES.items()}
"""The facets that every search counts."""
_FURTHER: Final = ("banner", "stage", "trl", "ip", "mode", "price", "unit", "public_good")
FACETS: Final[dict[str, tuple[str, ...]]] = {
    kind: (*index.facets, *(facet for facet in _FURTHER if facet in index.further))
    for kind, index in search.INDEXES.items()
}
"""All facets of a kind, in the order in which pages list them."""
_FACET_NAMES: Final = {
    "field": "领域", "league": "盟市", "year": "年份", "origin": "来源", "kind": "类别", "banner": "旗县",
    "stage": "阶段", "trl": "成熟度", "ip": "知识产权", "mode": "转化方式", "price": "价格", "unit": "单位类别",
    "public_good": "公益性",
}  # fmt: skip
_DEMAND_NAMES: Final = {"mode": "合作方式", "price": "预算"}
_WORDED: Final = {"priced": "有价", "negotiable": "面议", "yes": "是", "no": "否"}
"""Values of the address that are no words of the screen."""
_LIMITS: Final = {"field": (1, 11), "league": (150000, 159999), "banner": (150000, 159999), "year": (1900, 2100),
                  "trl": (1, 9)}  # fmt: skip
_RANGES: Final = frozenset({"trl"})
"""Facets of which the address may name a range: 「4-6」 stands for 4, 5 and 6."""
_ORDERED: Final = frozenset({"stage", "trl", "price", "public_good"})
"""Facets whose values have an order of their own."""


def facet_name(kind: str, facet: str) -> str:
    """What a facet is called on the screen."""
    return (_DEMAND_NAMES if kind == "demand" else {}).get(facet) or _FACET_NAMES[facet]


def question(kind: str, values: Callable[[str], Sequence[str]]) -> CatalogueQuery:
    """What an address asks of a catalogue; `values` gives those of a parameter. What cannot be read is left out."""
    try:
        q = clean(_last(values("q")))[:MAX_QUERY]
    except ValueError:
        q = ""
    order = _last(values("order"))
    if order not in ORDERS or (order == "relevance" and not q):
        order = "relevance" if q else "latest"
    number = _last(values("page"))
    readable = number.isascii() and number.isdigit() and len(number) <= 9
    return CatalogueQuery(
        q=q,
        facets={name: _values(name, (v for v in values(name) if _is_value(kind, name, v))) for name in FACETS[kind]},
        order=order,  # type: ignore[arg-type]
        page=int(number) or 1 if readable else 1,
        more=_last(values("more")) == "1",
        wide=_last(values("exact")) != "1",
    )


def parameters(query: CatalogueQuery) -> list[tuple[str, str]]:
    """What an address says of the records that are asked for, always in one order: without order, page and size."""
    chosen = [(name, value) for name, values in sorted(query.facets.items()) for value in sorted(values)]
    return [*([("q", query.q)] if query.q else []), *chosen, *([] if query.wide or not query.q else [("exact", "1")])]


def _last(values: Sequence[str]) -> str:
    return values[-1] if values else ""


def _is_value(kind: str, facet: str, value: str) -> bool:
    try:
        for one in _values(facet, [value]):
            facet_number(kind, facet, one)
    except InvalidQuery:
        return False
    return True


def _values(facet: str, given: Iterable[str]) -> tuple[str, ...]:
    """Each value once, a range as what it holds. What is no range stays as it is, for `facet_number` to judge."""
    found: dict[str, None] = {}
    for value in given:
        low, dash, high = value.partition("-")
        if facet in _RANGES and dash and {low, high} <= set("123456789") and low <= high:
            found |= dict.fromkeys(map(str, range(int(low), int(high) + 1)))
        else:
            found[value] = None
    return tuple(found)


def search_achievements(session: Session, query: CatalogueQuery, *, actor: Actor) -> CataloguePage:
    """Achievements that match the query and that the actor may see, best first.

    Facets: field, league, year, origin, and where asked for banner, stage, trl (also as a range, 4-6), ip, mode,
    price, unit (the kind of unit), public_good. Counts ignore their own facet, so a chosen value still shows its
    alternatives. Raises InvalidQuery for a page, size, order or facet value out of range, AccessDenied.
    """
    return find(session, "achievement", query, actor=actor)


def search_demands(session: Session, query: CatalogueQuery, *, actor: Actor) -> CataloguePage:
    """Demands that match the query; of the further facets banner, mode, price, unit. Errors as for achievements."""
    return find(session, "demand", query, actor=actor)


def search_organizations(session: Session, query: CatalogueQuery, *, actor: Actor) -> CataloguePage:
    """Organizations that match the query; facets: kind, league, origin, banner. Errors as for achievements."""
    return find(session, "organization", query, actor=actor)


def read_achievement(session: Session, record_id: int, *, actor: Actor) -> Achievement:
    """One achievement with its organization. Raises NotFound, AccessDenied."""
    require(actor, Permission.READ_CATALOGUE)
    return _one(session, Achievement, record_id)


def read_demand(session: Session, record_id: int, *, actor: Actor) -> Demand:
    """One demand with its organization. Raises NotFound, AccessDenied."""
    require(actor, Permission.READ_CATALOGUE)
    return _one(session, Demand, record_id)


def read_organization(session: Session, record_id: int, *, actor: Actor) -> Organization:
    """One organization. Raises NotFound, AccessDenied."""
    require(actor, Permission.READ_CATALOGUE)
    return _one(session, Organization, record_id)


def achievements_of(session: Session, organization_id: int, *, actor: Actor, limit: int = 6) -> tuple[Card, ...]:
    """The newest achievements of one organization."""
    require(actor, Permission.READ_CATALOGUE)
    ids = session.scalars(
        select(Achievement.id)
        .where(Achievement.organization_id == organization_id)
        .order_by(Achievement.year.desc().nulls_last(), Achievement.id.desc())
        .limit(limit)
    ).all()
    return achievement_cards(session, ids)


def demands_of(session: Session, organization_id: int, *, actor: Actor, limit: int = 6) -> tuple[Card, ...]:
    """The newest demands of one organization."""
    require(actor, Permission.READ_CATALOGUE)
    ids = session.scalars(
        select(Demand.id).where(Demand.organization_id == organization_id).order_by(Demand.id.desc()).limit(limit)
    ).all()
    return demand_cards(session, ids)


def nearest(session: Session, kind: str, q: str, *, actor: Actor, most: int = 6) -> tuple[tuple[str, int], ...]:
    """Words near those of `q` that do find something, each with the number of records it finds alone, widened.

    They are the terms of `q` themselves, the longest parts of those that find nothing, and words of the table of
    concepts that are written alike. Raises AccessDenied.
    """
    require(actor, Permission.READ_CATALOGUE)
    index, found = search.INDEXES[kind], dict[str, int]()
    left = _PROBES

    def total(word: str) -> int:
        nonlocal left
        left -= 1
        groups = _groups(word) if left >= 0 else ()
        return search.find(session, index, groups, {}, order="latest", offset=0, limit=1).total if groups else 0

    typed = terms(q)
    for term in typed:
        if len(typed) > 1 and (count := total(term)):
            found[term] = count
            continue
        word = "".join(runs(term))
        for length in range(min(len(word) - 1, 6), 1, -1):
            parts = dict.fromkeys(word[i : i + length] for i in range(len(word) - length + 1))
            counts = {part: count for part in parts if (count := total(part))}
            found |= counts
            if counts:
                break
        alike = (fold(known) for known in get_close_matches(word, concepts.words(), n=4, cutoff=0.5))
        found |= {known: count for known in alike if known != term and (count := total(known))}
    return tuple(found.items())[:most]


# ------------------------------------------------------------------ cards
def achievement_cards(session: Session, ids: Sequence[int]) -> tuple[Card, ...]:
    """The cards of these achievements, in the order of `ids`."""
    rows = session.connection().execute(_achievement_columns(), {"ids": ids}).all()
    return _ordered(ids, [
        Card(
            "achievement", number, title, _source(*source), summary, field, year, organization or unit,
            organization_id, league, banner, amount=price, negotiable=negotiable, trl=trl,
        )
        for (number, title, *source, league, banner, summary, field, year, unit, organization_id, price, negotiable,
             trl, organization) in rows
    ])  # fmt: skip


# The tables themselves, not the mapped classes: a card is no object of the mapper, and the columns come cheaper.
@lru_cache
def _achievement_columns() -> Select[Any]:
    a, o = Achievement.__table__.c, Organization.__table__.c
    columns = (*_card_columns(a), a.summary, a.field, a.year, a.organization_text, a.organization_id, a.price,
               a.negotiable, a.trl, o.name.label("organization"))  # fmt: skip
    joined = Achievement.__table__.outerjoin(Organization.__table__, a.organization_id == o.id)
    return select(*columns).select_from(joined).where(a.id.in_(_IDS))


def demand_cards(session: Session, ids: Sequence[int]) -> tuple[Card, ...]:
    """The cards of these demands, in the order of `ids`."""
    rows = session.connection().execute(_demand_columns(), {"ids": ids}).all()
    return _ordered(ids, [
        Card(
            "demand", number, title, _source(*source), description, field, year, organization or unit,
            organization_id, league, banner, amount=budget, negotiable=negotiable,
        )
        for (number, title, *source, league, banner, description, field, year, unit, organization_id, budget,
             negotiable, organization) in rows
    ])  # fmt: skip


@lru_cache
def _demand_columns() -> Select[Any]:
    d, o = Demand.__table__.c, Organization.__table__.c
    columns = (*_card_columns(d), d.description, d.field, d.year, d.organization_text, d.organization_id, d.budget,
               d.negotiable, o.name.label("organization"))  # fmt: skip
    joined = Demand.__table__.outerjoin(Organization.__table__, d.organization_id == o.id)
    return select(*columns).select_from(joined).where(d.id.in_(_IDS))


def organization_cards(session: Session, ids: Sequence[int]) -> tuple[Card, ...]:
    """The cards of these organizations, in the order of `ids`."""
    rows = session.connection().execute(_organization_columns(), {"ids": ids}).all()
    return _ordered(ids, [
        Card(
            "organization", number, name, _source(*source), league_code=league, banner_code=banner, place=place,
            organization_kind=kind, since_year=since,
        )
        for number, name, *source, league, banner, kind, place, since in rows
    ])  # fmt: skip


@lru_cache
def _organization_columns() -> Select[Any]:
    o = Organization.__table__.c
    columns = (*_card_columns(o, title=o.name), o.kind, o.banner_text, o.since_year)
    return select(*columns).where(o.id.in_(_IDS))


def _card_columns(table: Any, title: Any = None) -> tuple[Any, ...]:
    return (table.id, (title if title is not None else table.title).label("title"), table.origin,
            table.source_publisher, table.source_date, table.source_precision, table.source_url,
            table.league_code, table.banner_code)  # fmt: skip


_ALSO: Final = {
    "achievement": {
        "award": "奖项", "keywords": "关键词", "other_units": "合作单位", "indicators": "技术指标", "value": "价值",
        "problem": "解决的问题", "application": "应用场景",
        "rights": "知识产权编号",
    },
    "demand": {"keywords": "关键词", "indicators": "技术指标", "tried": "试过的办法", "acceptance": "验收标准"},
    "organization": {},
}  # fmt: skip


def _quoted(session: Session, kind: str, cards: tuple[Card, ...], words: Sequence[str]) -> tuple[Card, ...]:
    """The same cards; those that do not show why they were found come with the other texts that a search reads."""
    names = _ALSO[kind]
    if not names or not words:
        return cards
    unseen = [c.id for c in cards if not any(hits(text, words) for text in (c.title, c.unit, c.summary, c.place))]
    if not unseen:
        return cards
    table = search.INDEXES[kind].entity.__table__.c
    rows = session.execute(select(table["id"], *(table[column] for column in names)).where(table["id"].in_(unseen)))
    told = {
        row.id: tuple(
            (name, search.words(text)) for (_, name), text in zip(names.items(), row[1:], strict=True) if text
        )
        for row in rows
    }
    return tuple(card._replace(also=told[card.id]) if card.id in told else card for card in cards)


def _source(origin: str, publisher: str, day: date | None, precision: str | None, url: str) -> Source:
    return Source(_ORIGINS[origin], publisher, _stated(day, precision), url)


_stated = lru_cache(maxsize=1 << 12)(stated)


def cards_of(session: Session, kind: str, ids: Sequence[int], *, actor: Actor) -> tuple[Card, ...]:
    """The cards of these records, in their order; those that are not there are left out. Raises AccessDenied."""
    require(actor, Permission.READ_CATALOGUE)
    return _CARDS[kind](session, ids)


def details_of(session: Session, kind: str, ids: Sequence[int], *, actor: Actor) -> dict[int, Details]:
    """The details of these achievements or demands by id; organizations have none. Raises AccessDenied."""
    require(actor, Permission.READ_CATALOGUE)
    if kind == "organization":
        return {}
    table, unit = search.INDEXES[kind].entity.__table__, Organization.__table__.c
    offered = kind == "achievement"
    own = ("transfer_mode", "stage", "rights", "public_good") if offered else ("cooperation_mode",)
    columns = select(table.c.id, unit.kind, *(table.c[name] for name in own))
    joined = columns.select_from(table.outerjoin(Organization.__table__, table.c.organization_id == unit.id))
    found = {}
    for number, unit_kind, modes, *rest in session.execute(joined.where(table.c.id.in_(_IDS)), {"ids": ids}):
        found[number] = Details(unit_kind or "", modes)
        if offered:
            stage, rights, public_good = rest
            kinds = "、".join(dict.fromkeys(right["kind"] for right in rights))
            found[number] = replace(found[number], stage=stage, ip=kinds, public_good=public_good)
    return found


_CARDS: Final = {"achievement": achievement_cards, "demand": demand_cards, "organization": organization_cards}


def _ordered(ids: Sequence[int], cards: Iterable[Card]) -> tuple[Card, ...]:
    by_id = {card.id: card for card in cards}
    return tuple(by_id[record_id] for record_id in ids if record_id in by_id)


# ------------------------------------------------------------------ inside
def find(
    session: Session,
    kind: str,
    query: CatalogueQuery,
    *,
    actor: Actor,
    most: int = MAX_SIZE,
    leagues: Mapping[str, str] | None = None,
) -> CataloguePage:
    """Records of a kind (achievement, demand, organization) that match the query; `most` is the largest page.

    `leagues` are the names by code, where the caller has them. Facets and errors as `search_achievements` says.
    """
    require(actor, Permission.READ_CATALOGUE)
    index = search.INDEXES[kind]
    if query.page < 1 or not 1 <= query.size <= most:
        raise InvalidQuery(f"页码从 1 起，每页 1 至 {most} 条。")
    if query.order not in ORDERS:
        raise InvalidQuery("没有这种排序方式。")
    if any(query.facets.get(name) for name in _RANGES):
        query = replace(query, facets={name: _values(name, values) for name, values in query.facets.items()})
    chosen = _numbers(kind, query)
    groups = _groups(query.q) if query.wide else search.asked(query.q)
    found = search.find(
        session,
        index,
        groups or query.q,
        chosen,
        order=query.order,
        offset=(query.page - 1) * query.size,
        limit=query.size,
        loosen=query.wide,
        more=query.more,
    )
    labels = league_names(session) if leagues is None else leagues
    if "banner" in found.facets:
        labels = {**labels, **_banner_names(session, alone=len(query.facets.get("league", ())) == 1)}
    facets = {
        name: tuple(
            FacetValue(facet_value(kind, name, number), facet_label(kind, name, number, labels), count)
            for number, count in sorted(
                _with(found.facets[name], chosen.get(name, ())), key=lambda item: _rank(name, item)
            )
        )
        for name in FACETS[kind]
        if name in found.facets
    }
    words = tuple(word for group in groups for word in group)
    cards = _CARDS[kind](session, found.ids)
    return CataloguePage(
        query,
        found.total,
        _quoted(session, kind, cards, words) if query.wide and query.size <= MAX_SIZE else cards,
        facets,
        widened=_widened(query.q) if query.wide else (),
        loosened=found.loosened,
        words=words,
        whole=found.whole,
        without=found.without,
    )


def count_since(session: Session, kind: str, query: CatalogueQuery, since: datetime, *, actor: Actor) -> int:
    """How many of the records that `find` finds were made public here after `since`.

    A record that was taken back and published again is new again. Raises InvalidQuery for a facet value that cannot
    be one, AccessDenied.
    """
    require(actor, Permission.READ_CATALOGUE)
    chosen = _numbers(kind, query)
    groups = _groups(query.q) if query.wide else search.asked(query.q)
    return search.fresh(session, search.INDEXES[kind], groups or query.q, chosen, since, loosen=query.wide)


def newest(session: Session, kind: str) -> datetime | None:
    """When the record of this kind that is the newest here was made public; None where there is none."""
    moment: datetime | None = session.scalar(select(func.max(search.INDEXES[kind].entity.__table__.c.created_at)))
    return moment


def _groups(q: str) -> search.Terms:
    """Each term with what may stand for it: its simplified characters, and the words of its concepts."""
    return tuple(
        tuple(dict.fromkeys((*group, *(fold(word) for term in group for word in concepts.synonyms(term)))))
        for group in search.asked(q)
    )


def _widened(q: str) -> tuple[tuple[str, tuple[str, ...]], ...]:
    typed = {fold(word): word for word in normalize("NFKC", q).split()}
    found = (
        (typed.get(group[0], group[0]), tuple(dict.fromkeys(w for term in group for w in concepts.synonyms(term))))
        for group in search.asked(q)
    )
    return tuple((term, words) for term, words in found if words)


def league_names(session: Session) -> dict[str, str]:
    """Names of the leagues by code."""
    return dict(session.connection().execute(_LEAGUES).all())


def place_names(session: Session) -> dict[str, str]:
    """Names of leagues and banners by code."""
    return {row.code: row.name for row in session.execute(select(Division.code, Division.name))}


def short_names(session: Session) -> dict[str, str]:
    """Short names of the leagues by code, for labels."""
    rows = session.execute(select(Division.code, Division.short_name).where(Division.level == "league"))
    return {row.code: row.short_name for row in rows}


def _numbers(kind: str, query: CatalogueQuery) -> dict[str, list[int]]:
    """What is chosen, as the index knows it. Raises InvalidQuery."""
    if unknown := set(query.facets) - set(FACETS[kind]):
        raise InvalidQuery(f"没有这个筛选项：{'、'.join(sorted(unknown))}。")
    return {
        name: [facet_number(kind, name, value) for value in _values(name, values)]
        for name, values in query.facets.items()
    }


def _banner_names(session: Session, *, alone: bool) -> dict[str, str]:
    """Names of the banners by code, with their league unless they stand `alone` with those of one league."""
    shorts = {} if alone else short_names(session)
    rows = session.execute(select(_D.code, _D.name, _D.parent_code).where(_D.level == "banner"))
    return {row.code: f"{row.name}（{shorts[row.parent_code]}）" if shorts else row.name for row in rows}


def facet_number(kind: str, facet: str, value: str) -> int:
    """The index number of a facet value of the address. Raises InvalidQuery for a value that cannot be one."""
    words = search.INDEXES[kind].words.get(facet, ())
    if value == UNKNOWN:
        return search.UNKNOWN
    if facet == "origin" and value in {origin.value for origin in Origin}:
        return Origin(value).code
    if value in words:
        return words.index(value) + 1
    if facet in _LIMITS and value.isascii() and value.isdigit() and len(value) <= 6:
        low, high = _LIMITS[facet]
        if low <= int(value) <= high:
            return int(value)
    raise InvalidQuery(f"筛选值无效：{facet}={value[:20]}。")


@lru_cache(maxsize=1 << 12)
def facet_value(kind: str, facet: str, number: int) -> str:
    """What the address says for an index number."""
    if number == search.UNKNOWN:
        return UNKNOWN
    if facet == "origin":
        return next(origin.value for origin in Origin if origin.code == number)
    words = search.INDEXES[kind].words.get(facet)
    return words[number - 1] if words else str(number)


def _with(counts: Mapping[int, int], chosen: Sequence[int]) -> Iterable[tuple[int, int]]:
    """The counts with a 0 for what was chosen and found nowhere: it has a name too."""
    return {**dict.fromkeys(chosen, 0), **counts}.items()


def facet_label(kind: str, facet: str, number: int, places: Mapping[str, str]) -> str:
    """What people read for an index number; `places` names leagues and banners by code."""
    label = _label(kind, facet, number)
    return places.get(label, label) if facet in ("league", "banner") else label


@lru_cache(maxsize=1 << 12)
def _label(kind: str, facet: str, number: int) -> str:
    """The same, with the code of a place in the stead of its name."""
    if number == search.UNKNOWN:
        return UNDISCLOSED
    value = facet_value(kind, facet, number)
    if facet == "field":
        return FIELDS[number]
    if facet == "origin":
        return Origin(value).label
    if facet in ("year", "trl"):
        return f"{value} {'年' if facet == 'year' else '级'}"
    return _WORDED.get(value, value)


def _rank(facet: str, item: tuple[int, int]) -> tuple[int, ...]:
    """Years newest first, what has an order in that order, everything else by count; the unknown last."""
    number, count = item
    unknown = number == search.UNKNOWN
    if facet == "year":
        return (unknown, -number)
    return (unknown, number) if facet in _ORDERED else (unknown, -count, number)


def _one(session: Session, entity: type[Record], record_id: int) -> Record:
    record = session.get(entity, record_id)
    if record is None:
        raise NotFound("没有找到这条记录，可能已撤下。请回到列表重新查找。")
    return record


def count(session: Session, entity: type[Any]) -> int:
    """How many rows a table has."""
    return session.scalar(select(func.count()).select_from(entity)) or 0


def newest_date(session: Session, entity: type[Any]) -> date | None:
    """The latest source date among the rows: 截至."""
    return session.scalar(select(func.max(entity.source_date)))
