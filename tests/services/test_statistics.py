"""Published figures: the list agrees with the file, series join only what is comparable, derived values show how."""

import csv
from collections import Counter
from datetime import date
from decimal import Decimal

import pytest

from lib.domain.access import VISITOR
from lib.domain.dates import now_utc
from lib.domain.errors import InvalidQuery
from lib.domain.text import fold
from lib.services import statistics
from lib.services.catalogue import UNKNOWN
from lib.services.statistics import FULL_YEAR, REGION, Series, StatisticQuery
from lib.settings import settings
from lib.store.engine import Database
from lib.store.models import Statistic

Row = dict[str, str]


@pytest.fixture(scope="module")
def rows() -> list[Row]:
    with (settings().public_dir / "statistics.csv").open(encoding="utf-8-sig", newline="") as lines:
        return list(csv.DictReader(lines))


@pytest.mark.parametrize(
    "query",
    [
        StatisticQuery(),
        StatisticQuery(indicator=("技术合同成交额",)),
        StatisticQuery(indicator=("R&D经费投入", "专利授权量"), scope=(REGION,)),
        StatisticQuery(scope=("吸纳北京", "包头市"), year=("2023",)),
        StatisticQuery(year=(UNKNOWN, "2010")),
        StatisticQuery(group=("技术合同", "企业与平台"), scope=(REGION,)),
        StatisticQuery(q="揭榜 内蒙古日报"),
        StatisticQuery(q="不存在的词"),
    ],
    ids=repr,
)
def test_the_list_and_its_counts_agree_with_the_file(loaded: Database, rows: list[Row], query: StatisticQuery) -> None:
    chosen = {name: getattr(query, name) for name in ("indicator", "scope", "year", "group")}

    def reading(row: Row) -> dict[str, str]:
        return {**row, "year": row["year"] or UNKNOWN, "group": statistics.group_of(row["indicator"])}

    def has_words(row: Row) -> bool:
        texts = [fold(row[name]) for name in ("indicator", "scope", "period", "source_publisher")]
        return all(any(word in text for text in texts) for word in fold(query.q).split())

    def matches(row: dict[str, str], without: str = "") -> bool:
        return all(not values or name == without or row[name] in values for name, values in chosen.items())

    readings = [reading(row) for row in rows if has_words(row)]
    with loaded.read() as session:
        found = []
        for number in range(1, 20):
            asked = StatisticQuery(**{**vars(query), "page": number, "size": 100})
            page = statistics.search_statistics(session, asked, actor=VISITOR)
            found += page.items
            if number >= page.pages:
                break
    expected = [row for row in readings if matches(row)]
    assert page.total == len(expected) == len(found)
    assert Counter((f.indicator, f.scope, f.period, f.value, f.unit) for f in found) == Counter(
        (row["indicator"], row["scope"], row["period"], Decimal(row["value"]), row["unit"]) for row in expected
    )
    for facet, values in page.facets.items():
        counted = Counter(row[facet] for row in readings if matches(row, facet))
        assert {value.value: value.count for value in values} == dict(counted), facet


def _series(db: Database, *key: str) -> Series:
    with db.read() as session:
        return statistics.series(session, *key, actor=VISITOR)


def test_turnover_of_the_region_is_published_derived_or_a_target_and_never_part_of_a_year(loaded: Database) -> None:
    found = _series(loaded, "技术合同成交额", REGION, FULL_YEAR)
    assert [(p.year, p.value, p.standing, p.growth, p.qualifier) for p in found.points] == [
        (2021, Decimal("46.12"), "derived", None, ""),
        (2022, Decimal("52.49"), "published", Decimal("13.8"), ""),
        (2023, Decimal("61.71"), "published", Decimal("17.57"), ""),
        (2025, Decimal(100), "target", None, "突破"),
    ]
    assert found.points[0].formula == "2022 年 52.49 亿元 ÷（1 + 13.8%）= 46.12 亿元"
    assert found.gaps == ((2024, 2024),)
    assert [(f.year, f.period, statistics.in_unit(f, found.unit)) for f in found.parts] == [
        (2023, "1-6月", "18.66 亿元"),
        (2024, "1月1日-5月15日", "11.27 亿元"),
    ]
    half = _series(loaded, "技术合同成交额", REGION, "1-6月")
    assert [(p.year, p.value, p.standing) for p in half.points] == [
        (2022, Decimal("11.96"), "derived"),
        (2023, Decimal("18.66"), "published"),
    ]


def test_a_series_holds_every_published_figure_of_its_period_as_printed(loaded: Database, rows: list[Row]) -> None:
    keys = {(row["indicator"], row["scope"], row["period"]) for row in rows if row["year"]}
    with loaded.read() as session:
        for key in keys:
            own = [row for row in rows if (row["indicator"], row["scope"], row["period"]) == key and row["year"]]
            found = statistics.series(session, *key, actor=VISITOR)
            printed = {(int(row["year"]), Decimal(row["value"])) for row in own}
            converted = {row["unit"] for row in own} != {found.unit}
            assert converted or {(p.year, p.value) for p in found.published} == printed, key
            derived = [point for point in found.points if point.standing == "derived"]
            assert all(point.formula and point.year + 1 in {p.year for p in found.published} for point in derived)


def _figure(indicator: str, year: int, value: str, unit: str = "亿元", period: str = FULL_YEAR) -> Statistic:
    return Statistic(
        indicator=indicator, scope=REGION, year=year, period=period, value=Decimal(value), unit=unit,
        origin="public", source_publisher="发布方", source_date=date(2026, 1, 1), source_precision="day",
        created_at=now_utc(), updated_at=now_utc(),
    )  # fmt: skip


def test_amounts_in_two_units_of_money_are_shown_in_one(db: Database) -> None:
    with db.write() as session:
        session.add_all([_figure("某项投入", 2020, "12345.67", "万元"), _figure("某项投入", 2021, "2.5")])
    found = _series(db, "某项投入", REGION, FULL_YEAR)
    assert [(p.value, found.unit) for p in found.points] == [(Decimal("1.23"), "亿元"), (Decimal("2.5"), "亿元")]


def test_what_cannot_be_derived_is_not(db: Database) -> None:
    with db.write() as session:
        session.add_all(
            [
                _figure("甲", 2023, "90"),
                _figure("甲同比增长", 2023, "-10", "%"),
                _figure("乙", 2023, "5"),
                _figure("乙同比增长", 2023, "-100", "%"),
                _figure("丙同比增长", 2023, "7", "%"),
                _figure("丁", 2022, "1"),
                _figure("丁", 2023, "2"),
                _figure("丁同比增长", 2023, "50", "%"),
                _figure("戊", 2023, "2"),
                _figure("戊同比增长", 2023, "50", "%", "1-6月"),
            ]
        )
    fallen = _series(db, "甲", REGION, FULL_YEAR).points
    assert [(p.year, p.value) for p in fallen] == [(2022, Decimal(100)), (2023, Decimal(90))]
    assert fallen[0].formula == "2023 年 90 亿元 ÷（1 − 10%）= 100 亿元"
    assert [p.year for p in _series(db, "乙", REGION, FULL_YEAR).points] == [2023]
    assert _series(db, "丙", REGION, FULL_YEAR).points == ()
    assert [(p.year, p.standing) for p in _series(db, "丁", REGION, FULL_YEAR).points] == [
        (2022, "published"),
        (2023, "published"),
    ]
    assert [p.year for p in _series(db, "戊", REGION, FULL_YEAR).points] == [2023]


def test_headlines_are_the_latest_full_year_and_open_the_rows_they_show(loaded: Database) -> None:
    with loaded.read() as session:
        found = {line.key: line for line in statistics.headline(session, actor=VISITOR)}
        assert {key: (line.year, line.text, line.change) for key, line in found.items()} == {
            "turnover": (2023, "61.71 亿元", "+17.57%"),
            "contracts": (2023, "2,219 项", "+45.32%"),
            "institutions": (2021, "29 家", "+10 家"),
        }
        for line in found.values():
            query = StatisticQuery(**{name: (value,) for name, value in line.address.items()})
            values = {f.value for f in statistics.search_statistics(session, query, actor=VISITOR).items}
            assert line.value in values
            assert line.source.publisher and line.source.stated and line.meaning


def test_without_data_there_is_no_headline_and_no_series(db: Database) -> None:
    with db.read() as session:
        assert statistics.headline(session, actor=VISITOR) == ()
        assert statistics.ratios(session, actor=VISITOR) == ()
        assert statistics.by_league(session, "R&D经费投入", actor=VISITOR) == ()
        assert statistics.series(session, "技术合同成交额", REGION, actor=VISITOR).points == ()


def test_ratios_follow_from_two_figures_of_the_same_scope_and_period(loaded: Database) -> None:
    with loaded.read() as session:
        found = {(r.name, r.scope, r.year, r.period): r for r in statistics.ratios(session, actor=VISITOR)}
    # K04 and K05 of the rules: 12.09 / 18.66, and 61.71 亿元 / 2,219.
    assert found["技术含量", REGION, 2023, "1-6月"].value == Decimal("64.79")
    assert found["平均每项成交额", REGION, 2023, FULL_YEAR].value == Decimal("278.10")
    assert all(len({(f.scope, f.year, f.period) for f in ratio.parts}) == 1 for ratio in found.values())


def test_leagues_are_compared_within_one_year(loaded: Database) -> None:
    with loaded.read() as session:
        found = statistics.by_league(session, "R&D经费投入", actor=VISITOR)
    assert [(f.scope, f.value, f.year) for f in found] == [
        ("包头市", Decimal("77.5"), 2022),
        ("呼和浩特市", Decimal("44.5"), 2022),
        ("鄂尔多斯市", Decimal("44.1"), 2022),
    ]


@pytest.mark.parametrize(
    "query",
    [
        StatisticQuery(page=0),
        StatisticQuery(size=101),
        StatisticQuery(year=("99999",)),
        StatisticQuery(group=("没有的主题",)),
        StatisticQuery(scope=("",)),
        StatisticQuery(indicator=("\x00",)),
    ],
    ids=repr,
)
def test_a_question_out_of_range_is_refused(empty_sqlite: Database, query: StatisticQuery) -> None:
    with empty_sqlite.read() as session, pytest.raises(InvalidQuery):
        statistics.search_statistics(session, query, actor=VISITOR)
