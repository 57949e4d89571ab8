"""Contracts: public ones unless demonstration is asked for; an amount nobody published is none."""

import csv
from collections import Counter
from decimal import Decimal

import pytest

from lib.domain.access import VISITOR
from lib.domain.dates import now_utc
from lib.domain.errors import InvalidQuery
from lib.services import contracts
from lib.services.catalogue import UNKNOWN
from lib.services.contracts import ContractQuery
from lib.settings import settings
from lib.store.engine import Database
from lib.store.models import Contract


def _demonstration() -> Contract:
    return Contract(
        title="演示合同", seller="甲", buyer="乙", amount=Decimal("1200000.00"), contract_type="XK", year=2026,
        origin="demo", created_at=now_utc(), updated_at=now_utc(),
    )  # fmt: skip


def test_public_contracts_agree_with_the_file(loaded: Database) -> None:
    with (settings().public_dir / "contracts.csv").open(encoding="utf-8-sig", newline="") as lines:
        rows = list(csv.DictReader(lines))
    with loaded.read() as session:
        page = contracts.search_contracts(session, ContractQuery(size=100), actor=VISITOR)
    assert page.total == len(rows) == 21
    assert page.disclosed == 1
    assert {row.title: row.amount for row in page.items} == {
        row["title"]: Decimal(row["amount_cny"]) if row["amount_cny"] else None for row in rows
    }
    assert {v.value: v.count for v in page.facets["year"]} == dict(Counter(row["year"] or UNKNOWN for row in rows))
    assert {v.value: v.count for v in page.facets["mode"]} == dict(Counter(row["mode"] for row in rows))
    assert [v.value for v in page.facets["type"]] == [UNKNOWN]


def test_demonstration_rows_are_listed_only_when_asked_for(loaded: Database) -> None:
    with loaded.write() as session:
        session.add(_demonstration())
    with loaded.read() as session:

        def titles(**asked: object) -> set[str]:
            query = ContractQuery(size=100, **asked)  # type: ignore[arg-type]
            return {row.title for row in contracts.search_contracts(session, query, actor=VISITOR).items}

        assert "演示合同" not in titles()
        assert titles(origin=("demo",)) == {"演示合同"}
        assert len(titles(origin=("demo", "public"))) == 22
        assert titles(origin=("demo", "public"), type=("XK",)) == {"演示合同"}
        assert titles(q="清华大学 稀土") == {"新型稀土金属电解槽和镝铁合金冶炼坩埚研制合作"}
        assert len(titles(year=(UNKNOWN,))) == 5
        origins = contracts.search_contracts(session, ContractQuery(), actor=VISITOR).facets["origin"]
        assert {value.value: value.count for value in origins} == {"public": 21, "demo": 1}


@pytest.mark.parametrize(
    "query",
    [ContractQuery(page=0), ContractQuery(size=0), ContractQuery(type=("??",)), ContractQuery(origin=("x",))],
    ids=repr,
)
def test_a_question_out_of_range_is_refused(empty_sqlite: Database, query: ContractQuery) -> None:
    with empty_sqlite.read() as session, pytest.raises(InvalidQuery):
        contracts.search_contracts(session, query, actor=VISITOR)
