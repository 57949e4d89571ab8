"""K01–K20: every number equals its rows in count and sum, parts add up, and what is not known is not 0."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from lib.domain.access import VISITOR, Actor, Role
from lib.domain.dates import now_utc
from lib.domain.errors import InvalidQuery
from lib.domain.indicators import INDICATORS, Period
from lib.services import contracts, demo, indicators
from lib.services.contracts import ContractQuery
from lib.services.indicators import Question, Reading, Scope, Value
from lib.services.rollup import Sums
from lib.store.engine import Database
from lib.store.models import Contract, Statistic

ACTOR = Actor(role=Role.ADMINISTRATOR, name="测试")
REGION = Scope("150000", "内蒙古自治区")
BAOTOU = Scope("150200", "包头市")
TODAY = date(2026, 11, 26)


@pytest.fixture
def filled(loaded: Database) -> Database:
    demo.create(loaded, demo.Volume(contracts=3000), actor=ACTOR)
    return loaded


def ask(session: Any, scope: Scope, period: Period, data: str = "demo") -> dict[str, Reading]:
    found = indicators.read(session, Question(scope, period, data), actor=VISITOR, today=TODAY)
    return {reading.indicator.key: reading for reading in found}


def listed(session: Any, rows: Mapping[str, tuple[str, ...]]) -> Sums:
    """What the list of contracts has under the address of a number."""
    named = dict(rows)
    assert named.pop("view") == ("contracts",)
    months = (int(named.pop("from")[0]), int(named.pop("to")[0])) if "from" in named else None
    query = ContractQuery(months=months, **named)  # type: ignore[arg-type]
    return contracts.search_contracts(session, query, actor=VISITOR).sums


def every(reading: Reading) -> list[Value]:
    return [value for one in reading.values for value in (one, *one.parts)]


@pytest.mark.parametrize("period", [Period(2024), Period(2024, 1, 6), Period(2023, 3, 3)])
@pytest.mark.parametrize("scope", [REGION, BAOTOU])
def test_every_number_equals_its_rows_in_count_and_sum(filled: Database, scope: Scope, period: Period) -> None:
    seen = 0
    with filled.read() as session:
        for reading in ask(session, scope, period).values():
            for value in every(reading):
                if value.rows is None or value.rows.get("view") != ("contracts",) or value.value is None:
                    continue
                found = listed(session, value.rows)
                if value.unit == "项" and value.label not in ("写明的合同", "披露金额的合同"):
                    assert value.value == found.number, (reading.indicator.key, value.label)
                    seen += 1
                elif value.unit == "元":
                    sums = (found.amount, found.technology, found.paired_amount, found.paired_technology)
                    assert value.value in sums, (reading.indicator.key, value.label)
                    seen += 1
    assert seen > 25


@pytest.mark.parametrize("scope", [REGION, BAOTOU])
def test_given_taken_and_inner_deals_are_never_counted_twice(filled: Database, scope: Scope) -> None:
    with filled.read() as session:
        found = ask(session, scope, Period(2024))
        union = indicators._Sides(session, Question(scope, Period(2024), "demo"), VISITOR)
    given, given_amount = (value.value for value in found["K08"].values)
    taken, taken_amount = (value.value for value in found["K09"].values)
    inner, inner_amount, out, out_amount, in_, in_amount = (value.value for value in found["K10"].values)
    assert None not in (given, taken, inner, out, in_, given_amount, taken_amount, inner_amount, out_amount, in_amount)
    assert given == inner + out  # type: ignore[operator]
    assert taken == inner + in_  # type: ignore[operator]
    assert given_amount == inner_amount + out_amount  # type: ignore[operator]
    assert found["K11"].values[0].value == taken_amount - given_amount  # type: ignore[operator]
    once = union.sums("in", "in out").number + union.sums("out", "in").number
    assert inner + out + in_ == once < given + taken  # type: ignore[operator]


def test_leagues_add_up_to_the_region(filled: Database) -> None:
    with filled.read() as session:
        whole = ask(session, REGION, Period(2024))["K01"].values[0].value
        leagues = indicators.by_league(session, Period(2024), "demo", actor=VISITOR)
    assert len(leagues) == 12
    assert sum(total.number for _, total, _ in leagues) == whole
    amounts = [total.amount for _, total, _ in leagues]
    assert amounts == sorted(amounts, reverse=True)


@pytest.mark.parametrize("dimension", indicators.DIMENSIONS)
def test_a_structure_conserves_the_contracts_and_opens_its_rows(filled: Database, dimension: str) -> None:
    asked = Question(REGION, Period(2024), "demo")
    with filled.read() as session:
        found = indicators.structure(session, asked, dimension, actor=VISITOR)
        whole = ask(session, REGION, Period(2024))["K01"].values[0].value
        assert found.stated.number + found.unstated.number == whole
        for part in found.slices:
            assert listed(session, part.rows) == part.sums, part.label
    assert abs(sum(part.of_number or 0 for part in found.slices) - 100) < Decimal("0.1")


def test_types_are_compared_across_2021_by_four(filled: Database) -> None:
    asked = Question(REGION, Period(2024), "demo")
    with filled.read() as session:
        five = indicators.structure(session, asked, "type", actor=VISITOR)
        four = indicators.structure(session, asked, "type", actor=VISITOR, comparable=True)
        series = indicators.types_by_year(session, REGION, "demo", comparable=False, actor=VISITOR)
        long = indicators.types_by_year(session, REGION, "demo", comparable=True, actor=VISITOR)
        merged = next(part for part in four.slices if part.value == "ZR")
        assert listed(session, merged.rows) == merged.sums
    assert five.stated == four.stated
    assert len(five.slices) == 5
    assert [part.label for part in four.slices].count("技术转让合同（含许可）") == 1
    assert len(four.slices) == 4
    assert min(year.year for year in series) == 2021, "before that there were no five types"
    assert min(year.year for year in long) == 2016
    assert all("XK" not in year.types for year in long)


def test_growth_is_of_the_same_period_and_not_of_one_that_runs(filled: Database) -> None:
    with filled.read() as session:
        half = ask(session, REGION, Period(2024, 1, 6))["K07"].values[0]
        asked = Question(REGION, Period(2024, 1, 6), "demo")
        running = indicators.read(session, asked, actor=VISITOR, today=date(2024, 6, 30))
    new, old = half.parts
    assert new.rows is not None and old.rows is not None
    assert (new.rows["year"], old.rows["year"]) == (("2024",), ("2023",))
    assert new.rows["to"] == old.rows["to"] == ("6",)
    assert new.value and old.value
    assert half.value == ((new.value / old.value - 1) * 100).quantize(Decimal("0.01"))
    open_ = next(reading for reading in running if reading.indicator.key == "K07").values[0]
    assert open_.value is None
    assert "还没有结束" in open_.why


def test_real_rows_alone_say_no_data_with_a_reason_and_stand_beside_the_published(loaded: Database) -> None:
    with loaded.read() as session:
        found = ask(session, REGION, Period(2023), "real")
        league = ask(session, BAOTOU, Period(2022), "real")
        half = ask(session, REGION, Period(2023, 1, 6), "real")
    assert [figure.text for figure in found["K02"].published] == ["61.71 亿元"]
    assert [figure.text for figure in found["K01"].published] == ["2,219 项"]
    assert [figure.text for figure in half["K03"].published] == ["12.09 亿元"]
    assert [figure.text for figure in league["K02"].published] == ["16.15 亿元"]
    assert found["K19"].values[0].value == 145
    for key in ("K08", "K09", "K12", "K18", "K20"):
        for value in found[key].values:
            assert (value.value, value.text) == (None, "暂无数据"), key
            assert value.why, key
    assert league["K01"].values[0].value is None, "contracts without a place are no 0 of a league"


def test_demonstration_never_mixes(filled: Database) -> None:
    with filled.read() as session:
        real = ask(session, REGION, Period(2024), "real")["K01"].values[0]
        shown = ask(session, REGION, Period(2024))["K01"]
        with pytest.raises(InvalidQuery):
            indicators.years(session, "both", actor=VISITOR)
    assert shown.published == ()
    assert real.rows is not None and real.rows["origin"] == ("public", "submitted")
    assert shown.values[0].rows is not None and shown.values[0].rows["origin"] == ("demo",)


def _contract(**values: Any) -> Contract:
    now = now_utc()
    return Contract(
        **{"title": "合同", "origin": "submitted", "created_at": now, "updated_at": now, "year": 2023} | values
    )


def test_undisclosed_amounts_are_no_zeros_and_withdrawn_contracts_are_gone(db: Database) -> None:
    with db.write() as session:
        session.add_all((
            _contract(amount=Decimal(100), technology_amount=Decimal(60), seller_place="150202"),
            _contract(amount=Decimal(300), seller_place="150202"),
            _contract(seller_place="150202"),
            _contract(amount=Decimal(900), seller_place="150202", withdrawn_on=date(2024, 1, 1)),
        ))  # fmt: skip
    with db.read() as session:
        found = ask(session, BAOTOU, Period(2023), "real")
    assert found["K01"].values[0].value == 3
    assert found["K02"].values[0].value == 400
    assert found["K02"].notes == ("其中 1 项没有披露成交额，不计入合计。",)
    assert found["K04"].values[0].value == 60, "of the one contract with both amounts"
    assert found["K05"].values[0].value == 200, "the mean of those that tell"


def test_the_share_of_the_product_takes_the_published_product_first(db: Database) -> None:
    with db.write() as session:
        session.add(_contract(amount=Decimal("6171000000"), seller_place="150202"))
    with db.read() as session:
        built_in = ask(session, REGION, Period(2023), "real")["K06"]
    assert built_in.values[0].value == Decimal("0.25"), "TC31"
    with db.write() as session:
        now = now_utc()
        session.add(
            Statistic(indicator="地区生产总值", scope="全区", year=2023, period="全年", value=Decimal("6171"),
                      unit="亿元", origin="public", source_publisher="统计局", created_at=now, updated_at=now)
        )  # fmt: skip
    with db.read() as session:
        replaced = ask(session, REGION, Period(2023), "real")["K06"]
        half = ask(session, REGION, Period(2023, 1, 6), "real")["K06"]
    assert replaced.values[0].value == 1
    assert "统计局" in replaced.notes[0]
    assert half.values[0].value is None


def test_every_scope_and_indicator_can_be_read(filled: Database) -> None:
    with filled.read() as session:
        places = indicators.scopes(session, actor=VISITOR)
        assert len(places) == 13
        for scope in places:
            for data in ("real", "demo"):
                found = ask(session, scope, Period(2024), data)
                assert list(found) == list(INDICATORS)
                for reading in found.values():
                    assert reading.values
                    for value in reading.values:
                        assert value.text
                        assert (value.value is None) == bool(value.why), (reading.indicator.key, value.label)
