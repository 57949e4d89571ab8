"""Where the data comes from: files, publishers and what each of them gave, and the clauses of the region's plan."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy import Integer, Subquery, case, func, literal, select, union_all
from sqlalchemy.orm import Session

from lib.domain import paging
from lib.domain.access import Actor, Permission, require
from lib.domain.dates import PartialDate
from lib.domain.errors import InvalidQuery
from lib.domain.vocabulary import Origin
from lib.services.catalogue import MAX_SIZE, FacetValue
from lib.services.contains import contains_all
from lib.store.models import (
    Achievement,
    Contract,
    Cooperation,
    Dataset,
    Demand,
    Event,
    Organization,
    PolicyClause,
    Statistic,
)
from lib.store.models.base import stated

PLAN: Final = "内政发〔2018〕44号"
"""The region's plan for the technology-transfer system, whose clauses the product answers to."""


@dataclass(frozen=True)
class Kind:
    """One kind of record: its file, its name on the screen, the page that lists it."""

    key: str
    label: str
    unit: str
    page: str


KINDS: Final = (
    Kind("achievements", "成果", "项", "achievements"),
    Kind("demands", "需求", "条", "demands"),
    Kind("organizations", "机构", "家", "organizations"),
    Kind("events", "活动", "场", "roadshows"),
    Kind("cooperation", "合作", "项", "channels"),
    Kind("contracts", "合同", "项", "statistics"),
    Kind("statistics", "数据", "条", "statistics"),
)
_TABLES: Final[dict[str, Any]] = {
    "achievements": Achievement,
    "demands": Demand,
    "organizations": Organization,
    "events": Event,
    "cooperation": Cooperation,
    "contracts": Contract,
    "statistics": Statistic,
}
_LABELS: Final = {
    **{f"{kind.key}.csv": kind.label for kind in KINDS},
    "divisions.csv": "行政区划",
    "policy_clauses.csv": "政策条款",
}


@dataclass(frozen=True)
class DataFile:
    """A file that the product was loaded from. Dates are those of its sources; None where they have none."""

    name: str
    label: str
    rows: int
    sha256: str
    loaded_at: datetime
    first: date | None
    last: date | None
    kind: Kind | None
    """The kind of record that it holds, if it is one of the seven public files."""


@dataclass(frozen=True)
class Publisher:
    """Who published, and how many records of which kind. A blank name stands for the sources that name none."""

    name: str
    counts: Mapping[str, int]
    total: int
    first: date | None
    last: date | None


@dataclass(frozen=True)
class PublisherPage:
    """One page of publishers, most records first; the records without a publisher are one line, the last."""

    total: int
    unnamed: int
    """How many of the matching records name no publisher."""
    items: tuple[Publisher, ...]
    page: int
    size: int

    @property
    def named(self) -> int:
        """How many publishers there are."""
        return self.total - bool(self.unnamed)

    @property
    def pages(self) -> int:
        """How many pages there are, at least one."""
        return paging.pages(self.total, self.size)


@dataclass(frozen=True)
class Sourced:
    """A record of a publisher."""

    kind: str
    id: int
    title: str
    scope: str
    stated: PartialDate | None
    url: str


@dataclass(frozen=True)
class SourcedPage:
    """One page of a publisher's records, newest first, with the counts of every kind."""

    total: int
    items: tuple[Sourced, ...]
    kinds: tuple[FacetValue, ...]
    page: int
    size: int

    @property
    def pages(self) -> int:
        """How many pages there are, at least one."""
        return paging.pages(self.total, self.size)


@dataclass(frozen=True)
class Clause:
    """One phrase of the plan."""

    id: str
    section: str
    phrase: str


@dataclass(frozen=True)
class ClausePage:
    """One page of clauses in the order of the plan."""

    total: int
    items: tuple[Clause, ...]
    page: int
    size: int

    @property
    def pages(self) -> int:
        """How many pages there are, at least one."""
        return paging.pages(self.total, self.size)


def files(session: Session, *, actor: Actor) -> tuple[DataFile, ...]:
    """The files of the last load, public records first. Raises AccessDenied."""
    require(actor, Permission.READ_SOURCES)
    kinds = {f"{kind.key}.csv": kind for kind in KINDS}
    found = []
    for row in session.scalars(select(Dataset)):
        kind = kinds.get(row.name)
        first = last = None
        if kind is not None:
            table = _TABLES[kind.key]
            first, last = session.execute(
                select(func.min(table.source_date), func.max(table.source_date)).where(
                    table.origin == Origin.PUBLIC.value
                )
            ).one()
        label = _LABELS.get(row.name, row.name)
        found.append(DataFile(row.name, label, row.row_count, row.sha256, row.loaded_at, first, last, kind))
    order = list(_LABELS)
    return tuple(sorted(found, key=lambda file: (order.index(file.name) if file.name in order else 99, file.name)))


def publishers(session: Session, *, actor: Actor, q: str = "", page: int = 1, size: int = 20) -> PublisherPage:
    """Publishers of the public records, those with most records first; the unnamed ones are the last line.

    Raises InvalidQuery for a page or size out of range, AccessDenied.
    """
    require(actor, Permission.READ_SOURCES)
    _check(page, size)
    rows = _public()
    words = contains_all(q, rows.c.publisher)
    per_kind = [func.sum(case((rows.c.kind == kind.key, 1), else_=0)).cast(Integer).label(kind.key) for kind in KINDS]
    grouped = (
        select(
            rows.c.publisher,
            func.count().label("total"),
            func.min(rows.c.source_date).label("first"),
            func.max(rows.c.source_date).label("last"),
            *per_kind,
        )
        .where(*words)
        .group_by(rows.c.publisher)
    )
    all_of_them = grouped.subquery()
    unnamed = func.sum(case((all_of_them.c.publisher == "", all_of_them.c.total), else_=0)).cast(Integer)
    total, without = session.execute(select(func.count(), unnamed).select_from(all_of_them)).one()
    last = case((rows.c.publisher == "", 1), else_=0)
    statement = grouped.order_by(last, func.count().desc(), rows.c.publisher).offset((page - 1) * size).limit(size)
    items = tuple(
        Publisher(
            row.publisher,
            {kind.key: row._mapping[kind.key] for kind in KINDS},
            row.total,
            row.first,
            row.last,
        )
        for row in session.execute(statement)
    )
    return PublisherPage(total, without or 0, items, page, size)


def publisher_names(session: Session, *, actor: Actor) -> frozenset[str]:
    """The names of all publishers, the blank one included. Raises AccessDenied."""
    require(actor, Permission.READ_SOURCES)
    return frozenset(session.scalars(select(_public().c.publisher).distinct()))


def rows_of(
    session: Session, publisher: str, *, actor: Actor, kinds: tuple[str, ...] = (), page: int = 1, size: int = 20
) -> SourcedPage:
    """The public records of one publisher, newest first; counts of kinds ignore the chosen kinds.

    Raises InvalidQuery for a page, size or kind out of range, AccessDenied.
    """
    require(actor, Permission.READ_SOURCES)
    _check(page, size)
    if unknown := set(kinds) - set(_TABLES):
        raise InvalidQuery(f"没有这个类别：{'、'.join(sorted(unknown))}。")
    rows = _public()
    own = rows.c.publisher == publisher
    grouped = select(rows.c.kind, func.count()).where(own).group_by(rows.c.kind)
    counts = {row[0]: row[1] for row in session.execute(grouped)}
    chosen = kinds or tuple(_TABLES)
    statement = (
        select(rows)
        .where(own, rows.c.kind.in_(chosen))
        .order_by(rows.c.source_date.desc().nulls_last(), rows.c.kind, rows.c.id)
        .offset((page - 1) * size)
        .limit(size)
    )
    items = tuple(
        Sourced(r.kind, r.id, r.title, r.scope, stated(r.source_date, r.source_precision), r.source_url)
        for r in session.execute(statement)
    )
    labels = {kind.key: kind.label for kind in KINDS}
    facets = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return SourcedPage(
        sum(count for kind, count in counts.items() if kind in chosen),
        items,
        tuple(FacetValue(kind, labels[kind], count) for kind, count in facets),
        page,
        size,
    )


def clauses(session: Session, *, actor: Actor, q: str = "", page: int = 1, size: int = 20) -> ClausePage:
    """The phrases of the plan in its order. Raises InvalidQuery for a page or size out of range, AccessDenied."""
    require(actor, Permission.READ_SOURCES)
    _check(page, size)
    words = contains_all(q, PolicyClause.phrase, PolicyClause.id)
    total = session.scalar(select(func.count()).select_from(PolicyClause).where(*words)) or 0
    statement = select(PolicyClause.id, PolicyClause.section, PolicyClause.phrase).where(*words)
    rows = session.execute(statement.order_by(PolicyClause.id).offset((page - 1) * size).limit(size))
    return ClausePage(total, tuple(Clause(row.id, section_label(row.section), row.phrase) for row in rows), page, size)


def section_label(section: str) -> str:
    """The place in the plan as the plan numbers it: 2.5 is 二（五）, 0 stands before the first chapter."""
    numerals = "一二三四五六七八九十"
    parts = section.split(".")
    if not all(part.isdigit() and 0 < int(part) <= len(numerals) for part in parts):
        return "引言"
    chapter, *rest = (numerals[int(part) - 1] for part in parts)
    return chapter + "".join(f"（{part}）" for part in rest)


# ------------------------------------------------------------------ inside
def _check(page: int, size: int) -> None:
    if page < 1 or not 1 <= size <= MAX_SIZE:
        raise InvalidQuery(f"页码从 1 起，每页 1 至 {MAX_SIZE} 条。")


def _public() -> Subquery:
    """Every public record as kind, id, title, scope and source. Demonstration rows have no publisher to name."""
    parts = []
    for key, table in _TABLES.items():
        title = {
            "organizations": Organization.name,
            "statistics": Statistic.indicator,
            "cooperation": Cooperation.partner + "：" + Cooperation.subject,
        }.get(key)
        parts.append(
            select(
                literal(key).label("kind"),
                table.id.label("id"),
                (title if title is not None else table.title).label("title"),
                (Statistic.scope if key == "statistics" else literal("")).label("scope"),
                func.trim(table.source_publisher).label("publisher"),
                table.source_date.label("source_date"),
                table.source_precision.label("source_precision"),
                table.source_url.label("source_url"),
            ).where(table.origin == Origin.PUBLIC.value)
        )
    return union_all(*parts).subquery("public_records")
