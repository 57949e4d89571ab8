"""Counts of every facet, on both databases: what plain Python counts over the rows, whatever is chosen and searched."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from lib.domain.access import VISITOR
from lib.domain.dates import now_utc
from lib.domain.errors import InvalidQuery
from lib.domain.text import fold
from lib.domain.vocabulary import COOPERATION_MODES, IP_TYPES, STAGES, TRANSFER_MODES
from lib.services import catalogue, concepts
from lib.services.catalogue import FACETS, MAIN, CataloguePage, CatalogueQuery
from lib.store import search
from lib.store.engine import Database
from lib.store.models import Achievement, Demand, Organization

WORDS = ("稀土", "储氢", "肉羊", "草原", "风电")
PLACES = ((None, None), ("150200", None), ("150200", "150221"), ("150200", "150202"), ("150600", "150621"))
KINDS = ("高校", "企业", "科研院所")
ORIGINS = ("public", "submitted", "demo")
VALUES: dict[str, tuple[str, ...]] = {
    "field": ("unknown", "5", "9"), "league": ("unknown", "150200", "150600", "150100"),
    "year": ("unknown", "2024", "2025"), "origin": ORIGINS, "kind": KINDS,
    "banner": ("unknown", "150221", "150202", "150621", "150102"),
    "stage": ("unknown", *STAGES), "trl": ("unknown", "1", "4", "5", "9", "4-6", "1-9"),
    "ip": ("unknown", *IP_TYPES[:3], IP_TYPES[-1]), "price": ("priced", "negotiable", "unknown"),
    "unit": ("unknown", *KINDS), "public_good": ("yes", "no", "unknown"),
}  # fmt: skip
"""Values of the address that may be chosen."""
MODES = {"achievement": ("unknown", *TRANSFER_MODES[:4]), "demand": ("unknown", *COOPERATION_MODES[-4:])}
Row = Mapping[str, Any]


def _choose(kind: str, facet: str) -> st.SearchStrategy[tuple[str, ...]]:
    values = st.sampled_from(MODES[kind] if facet == "mode" else VALUES[facet])
    return st.one_of(st.just(()), st.lists(values, max_size=3, unique=True).map(tuple))


def _asked(kind: str) -> st.SearchStrategy[CatalogueQuery]:
    return st.builds(
        CatalogueQuery,
        q=st.sampled_from(("", "", *WORDS[:3], "稀土 草原", "没有这个词")),
        facets=st.fixed_dictionaries({facet: _choose(kind, facet) for facet in FACETS[kind]}),
        order=st.sampled_from(("latest", "relevance", *(() if kind == "organization" else ("year",)))),
        size=st.just(100),
        more=st.booleans(),
        wide=st.booleans(),
    )


def _facts(kind: str, record: Any) -> dict[str, set[str]]:
    """The values of a record in each facet, as the address says them."""
    unit = record.organization.kind if kind != "organization" and record.organization else None
    amount = getattr(record, {"achievement": "price", "demand": "budget"}.get(kind, ""), None)
    modes = getattr(record, {"achievement": "transfer_mode", "demand": "cooperation_mode"}.get(kind, ""), "")
    told: dict[str, set[Any]] = {
        "field": {getattr(record, "field", None)}, "league": {record.league_code}, "origin": {record.origin},
        "year": {getattr(record, "year", None)}, "kind": {getattr(record, "kind", None)},
        "banner": {record.banner_code}, "stage": {getattr(record, "stage", "")}, "trl": {getattr(record, "trl", None)},
        "ip": {right["kind"] for right in getattr(record, "rights", [])}, "mode": set(filter(None, modes.split("、"))),
        "price": {"priced" if amount else "negotiable" if getattr(record, "negotiable", False) else None},
        "unit": {unit}, "public_good": {{True: "yes", False: "no"}.get(getattr(record, "public_good", None))},
    }  # fmt: skip
    return {facet: {str(v) if v else "unknown" for v in told[facet]} or {"unknown"} for facet in FACETS[kind]}


@dataclass(frozen=True)
class Plain:
    """A record as plain Python sees it."""

    id: int
    text: str
    facts: Mapping[str, set[str]]

    def allowed(self, chosen: Mapping[str, set[str]], but: str = "") -> bool:
        """Whether what is chosen, except in the facet `but`, allows it."""
        return all(not values or values & self.facts[name] for name, values in chosen.items() if name != but)


def _levels(value: str) -> set[str]:
    low, _, high = value.partition("-")
    return {str(level) for level in range(int(low), int(high) + 1)} if high else {value}


def _check(kind: str, rows: list[Plain], query: CatalogueQuery, page: CataloguePage) -> None:
    chosen = {name: set().union(*map(_levels, values)) for name, values in query.facets.items()}
    words = [(word, *(map(fold, concepts.synonyms(word)) if query.wide else ())) for word in query.q.split()]
    found = [row for row in rows if all(any(one in row.text for one in either) for either in words)]
    if not found and query.wide:
        found = [row for row in rows if any(one in row.text for either in words for one in either)]
    hits = {row.id for row in found if row.allowed(chosen)}
    assert page.total == len(hits) and page.whole == len(found)
    assert {card.id for card in page.items} == hits if len(hits) <= query.size else len(page.items) == query.size
    further = query.more or any(chosen[name] for name in FACETS[kind] if name not in MAIN[kind])
    assert tuple(page.facets) == (FACETS if further else MAIN)[kind]
    for facet, values in page.facets.items():
        others = [row for row in found if row.allowed(chosen, but=facet)]
        counted = Counter(value for row in others for value in row.facts[facet])
        assert {value.value: value.count for value in values if value.count} == counted, facet
        assert {value.value for value in values} == counted.keys() | chosen[facet], facet
        if chosen[facet]:
            assert page.without[facet] == len(others), facet


def _fill(database: Database) -> dict[str, list[Plain]]:
    """150 achievements, demands and organizations with every value a facet knows, and some with none."""
    chance, now = Random(4), now_utc()  # noqa: S311

    def some(words: tuple[str, ...]) -> str:
        return "、".join(chance.sample(words, chance.choice((0, 1, 1, 2, 3))))

    with database.write() as session:
        units = []
        for number in range(150):
            league, banner = chance.choice(PLACES)
            shared = {"origin": chance.choice(ORIGINS), "league_code": league, "banner_code": banner,
                      "created_at": now, "updated_at": now}  # fmt: skip
            name = f"{chance.choice(WORDS)}单位{number}"
            units.append(Organization(name=name, name_key=name, kind=chance.choice(KINDS), **shared))
        session.add_all(units)
        session.flush()
        for number in range(150):
            league, banner = chance.choice(PLACES)
            unit = chance.choice((None, chance.choice(units)))
            shared = {
                "title": f"{chance.choice(WORDS)}{chance.choice(WORDS)}{number}", "origin": chance.choice(ORIGINS),
                "league_code": league, "banner_code": banner, "field": chance.choice((None, 5, 9, 10)),
                "year": chance.choice((None, 2023, 2024, 2025)), "organization_id": unit.id if unit else None,
                "negotiable": chance.random() < 0.4, "created_at": now, "updated_at": now,
            }  # fmt: skip
            amount = chance.choice((None, Decimal(100)))
            rights = [{"kind": kind, "number": "", "state": "", "expires": ""}
                      for kind in filter(None, some(IP_TYPES).split("、"))]  # fmt: skip
            session.add(Achievement(
                **shared, price=amount, stage=chance.choice(("", *STAGES)), rights=rights,
                transfer_mode=some(TRANSFER_MODES), trl=chance.choice((None, *range(1, 10))),
                public_good=chance.choice((None, True, False)),
            ))  # fmt: skip
            session.add(Demand(**shared, budget=amount, cooperation_mode=some(COOPERATION_MODES)))
    found = {}
    with database.read() as session:
        for kind, index in search.INDEXES.items():
            records: Any = session.scalars(select(index.entity)).all()
            columns = (index.title, *index.body)
            found[kind] = [
                Plain(r.id, fold("\n".join(search.words(getattr(r, name)) for name in columns)), _facts(kind, r))
                for r in records
            ]
    return found


def test_every_count_is_what_a_scan_counts(loaded: Database) -> None:
    rows, told = _fill(loaded), Counter[str]()

    @settings(max_examples=150, derandomize=True, suppress_health_check=list(HealthCheck))
    @given(st.sampled_from(tuple(FACETS)).flatmap(lambda kind: st.tuples(st.just(kind), _asked(kind))))
    def ask(asked: tuple[str, CatalogueQuery]) -> None:
        kind, query = asked
        with loaded.read() as session:
            page = catalogue.find(session, kind, query, actor=VISITOR)
        _check(kind, rows[kind], query, page)
        told.update({"questions": 1, "found": page.total > 0, "facets": len(page.facets)})

    ask()
    assert told["found"] > told["questions"] / 5
    print(f"facets: {told['questions']} questions on {loaded.url.get_backend_name()}, {told['facets']} facets, 0 wrong")


def _units(database: Database, kind: str = "achievement") -> dict[str, int]:
    with database.read() as session:
        page = catalogue.find(session, kind, CatalogueQuery(more=True), actor=VISITOR)
    return {value.value: value.count for value in page.facets["unit"]}


def test_the_kind_of_unit_follows_the_unit(loaded: Database) -> None:
    before, asked = _units(loaded), _units(loaded, "demand")
    with loaded.write() as session:
        unit = session.scalars(select(Organization).where(Organization.id == Achievement.organization_id)).first()
        assert unit is not None and unit.kind != "孵化器" not in before
        moved, old, unit.kind = unit.id, unit.kind, "孵化器"
    with loaded.read() as session:
        theirs = session.scalars(select(Achievement.id).where(Achievement.organization_id == moved)).all()
        wanted = session.scalars(select(Demand.id).where(Demand.organization_id == moved)).all()
        query = CatalogueQuery(facets={"unit": ("孵化器",)})
        for kind, ids in (("achievement", theirs), ("demand", wanted)):
            found = catalogue.find(session, kind, query, actor=VISITOR).items
            assert sorted(card.id for card in found) == sorted(ids)
    assert _units(loaded)["孵化器"] == len(theirs) > 0 and _units(loaded)["unknown"] == before["unknown"]
    with loaded.write() as session:  # neither a name nor a league says what kind of unit it is
        unit = session.get_one(Organization, moved)
        unit.name, unit.league_code, unit.kind = "改名", "150600", old
    assert (_units(loaded), _units(loaded, "demand")) == (before, asked)
    with loaded.write() as session:
        session.get_one(Achievement, theirs[0]).organization_id = None
    assert _units(loaded)["unknown"] == before["unknown"] + 1


def test_an_index_made_anew_counts_the_same(loaded: Database) -> None:
    _fill(loaded)
    asked = {kind: CatalogueQuery(q="稀土", more=True, order="relevance") for kind in FACETS}

    def pages() -> list[CataloguePage]:
        with loaded.read() as session:
            return [catalogue.find(session, kind, query, actor=VISITOR) for kind, query in asked.items()]

    before = pages()
    with loaded.engine.begin() as connection:
        for index in search.INDEXES.values():
            search.rebuild(connection, index)
    assert pages() == before


def test_labels_and_order_of_the_values(loaded_sqlite: Database) -> None:
    _fill(loaded_sqlite)
    with loaded_sqlite.read() as session:
        whole = catalogue.find(session, "achievement", CatalogueQuery(more=True), actor=VISITOR).facets
        one = CatalogueQuery(more=True, facets={"league": ("150200",)})
        placed = catalogue.find(session, "achievement", one, actor=VISITOR).facets
    labels = {facet: [value.label for value in values] for facet, values in whole.items()}
    assert labels["trl"] == [*(f"{level} 级" for level in range(1, 10)), "未披露"]
    assert labels["stage"] == [*STAGES, "未披露"] and labels["price"] == ["有价", "面议", "未披露"]
    assert labels["public_good"] == ["是", "否", "未披露"]
    assert {"土默特右旗（包头）", "达拉特旗（鄂尔多斯）"} <= set(labels["banner"]) and labels["unit"][-1] == "未披露"
    assert {value.label for value in placed["banner"]} == {"东河区", "土默特右旗", "未披露"}


@pytest.mark.parametrize(
    ("kind", "facets"),
    [
        ("achievement", {"trl": ("0",)}), ("achievement", {"trl": ("6-4",)}), ("achievement", {"trl": ("4-",)}),
        ("achievement", {"mode": ("技术转让",)}), ("demand", {"mode": ("向他人转让",)}), ("demand", {"trl": ("4",)}),
        ("achievement", {"price": ("有价",)}), ("achievement", {"public_good": ("maybe",)}),
        ("achievement", {"banner": ("110101",)}), ("organization", {"unit": ("高校",)}), ("demand", {"stage": ("x",)}),
    ],
)  # fmt: skip
def test_a_value_that_cannot_be_is_refused_by_the_service_and_left_out_of_an_address(
    loaded_sqlite: Database, kind: str, facets: dict[str, tuple[str, ...]]
) -> None:
    with loaded_sqlite.read() as session, pytest.raises(InvalidQuery):
        catalogue.find(session, kind, CatalogueQuery(facets=facets), actor=VISITOR)
    assert not any(catalogue.question(kind, lambda name: facets.get(name, ())).facets.values())


def test_a_range_in_the_address_is_its_levels() -> None:
    asked: dict[str, list[str]] = {"trl": ["4-6", "5", "9", "unknown"], "more": ["1"]}
    query = catalogue.question("achievement", lambda name: asked.get(name, []))
    assert query.facets["trl"] == ("4", "5", "6", "9", "unknown") and query.more
