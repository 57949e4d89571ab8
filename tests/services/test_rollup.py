"""What the kept sums answer: the same as a reading of the contracts, for every summary and on both databases."""

from decimal import Decimal
from itertools import combinations

import pytest

from lib.domain.access import VISITOR, Actor, Role
from lib.services import contracts, demo, rollup
from lib.services.contracts import ContractQuery
from lib.services.rollup import RouteQuery
from lib.store.engine import Database
from lib.store.rollup import CUBES, PARTS

ACTOR = Actor(role=Role.ADMINISTRATOR, name="测试")
ALL = ("public", "demo")


@pytest.fixture
def filled(loaded: Database) -> Database:
    demo.create(loaded, demo.Volume(contracts=800), actor=ACTOR)
    return loaded


def test_every_question_a_summary_can_answer_has_the_same_total(filled: Database) -> None:
    with filled.read() as session:
        for origins in (("public",), ("demo",), ALL):
            whole = rollup.sums(session, origins=origins, actor=VISITOR)[()]
            assert whole.number == {"public": 21, "demo": 800}.get(origins[0], 0) * (len(origins) == 1) or 821
            asked = {names for cube in CUBES for size in (1, 2, 3) for names in combinations(cube.keys, size)}
            asked |= {("seller_side", part) for part in PARTS}
            for names in asked:
                found = rollup.sums(session, names, origins=origins, actor=VISITOR)
                assert sum(found.values(), rollup.Sums()) == whole, names


def test_demonstration_counts_only_where_it_is_asked_for(filled: Database) -> None:
    with filled.read() as session:
        assert rollup.sums(session, actor=VISITOR)[()].number == 21
        assert all(route.seller == "" for route in rollup.routes(session, RouteQuery(), actor=VISITOR))
        nobody = rollup.sums(session, where={"year": [1999]}, actor=VISITOR)[()]
    assert (nobody.number, nobody.turnover, nobody.technology_turnover) == (0, None, None)


def test_what_no_summary_has_together_is_refused(filled: Database) -> None:
    with filled.read() as session, pytest.raises(LookupError, match="field, origin, type"):
        rollup.sums(session, ("type", "field"), actor=VISITOR)


def test_routes_conserve_the_contracts(filled: Database) -> None:
    with filled.read() as session:
        for year in (2019, 2024):
            query = RouteQuery(origins=("demo",), years=(year,))
            found = rollup.routes(session, query, actor=VISITOR)
            by_field = rollup.routes(session, query, by=("field", "year"), actor=VISITOR)
            listed = contracts.search_contracts(
                session, ContractQuery(origin=("demo",), year=(str(year),)), actor=VISITOR
            )
            assert sum((route.sums for route in found), rollup.Sums()) == listed.sums
            assert sum((route.sums for route in by_field), rollup.Sums()) == listed.sums
            assert {route.year for route in by_field} == {year}
            assert len({(route.seller, route.buyer) for route in found}) == len(found)


def test_sums_of_the_list_are_those_of_its_rows(filled: Database) -> None:
    asked: list[dict[str, object]] = [
        {}, {"year": ("2024",)}, {"year": ("2024",), "months": (1, 6)}, {"seller": ("150200",)},
        {"seller": ("150000",), "buyer": ("not-150000",)}, {"seller": ("not-150200", "unknown")}, {"field": ("5", "9")},
        {"ip": ("发明专利",)}, {"plan": ("计划外",), "buyer_kind": ("科研机构", "unknown")}, {"q": "稀土"},
        {"type": ("XK", "ZR"), "year": ("2021", "2022")},
    ]  # fmt: skip
    with filled.read() as session:
        for filters in asked:
            query = ContractQuery(origin=ALL, size=100, **filters)  # type: ignore[arg-type]
            first = contracts.search_contracts(session, query, actor=VISITOR)
            rows = [
                row
                for page in range(1, first.pages + 1)
                for row in contracts.search_contracts(
                    session,
                    ContractQuery(origin=ALL, size=100, page=page, **filters),  # type: ignore[arg-type]
                    actor=VISITOR,
                ).items
            ]
            assert len({row.id for row in rows}) == len(rows) == first.total, filters
            amounts = [row.amount for row in rows if row.amount is not None]
            assert (len(amounts), sum(amounts, Decimal(0))) == (first.sums.disclosed, first.sums.amount), filters
            years = [row.year for row in rows]
            assert years == sorted(years, key=lambda year: -(year or 0)), "newest first, undated last"
