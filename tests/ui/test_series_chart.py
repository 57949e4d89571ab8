"""Charts of figures: published, derived and target bars are told apart, gaps are named, each bar has its rows."""

import json
from datetime import date
from decimal import Decimal

from lib.domain.dates import PartialDate, Precision
from lib.domain.vocabulary import Origin
from lib.services.catalogue import Source
from lib.services.statistics import Figure, Point, Series
from lib.ui.charts import series as charts
from lib.ui.charts.theme import PALE, TARGET_EDGE
from lib.ui.theme import SKY

SOURCE = Source(Origin.PUBLIC, "发布方", PartialDate(date(2024, 1, 1), Precision.DAY), "")
ROWS = (("indicator", "R&D经费"), ("scope", "全区"), ("year", "2022"))


def _series(*points: Point) -> Series:
    return Series("R&D经费", "全区", "全年", "亿元", points)


def _point(year: int, value: str, standing: str = "published", **more: object) -> Point:
    return Point(year, Decimal(value), standing, SOURCE, rows=ROWS, **more)  # type: ignore[arg-type]


def _texts(made: charts.Chart) -> set[str]:
    return {
        "".join(row[layer["encoding"]["text"]["field"]])
        for layer in made.spec["layer"]
        if "text" in layer["encoding"]
        for row in layer["data"]["values"]
    }


TURNOVER = _series(
    _point(2021, "46.12", "derived", formula="…"),
    _point(2022, "52.49", growth=Decimal("13.8")),
    _point(2023, "61.71", growth=Decimal("17.57")),
    _point(2025, "100", "target", qualifier="突破"),
)


def test_every_bar_has_its_value_its_standing_and_the_way_to_its_rows() -> None:
    made = charts.years(TURNOVER)
    assert _texts(made) == {"46.12", "52.49", "61.71", "突破 100", "测算", "目标", "+13.8%", "+17.57%", "暂无数据"}
    bars = [layer for layer in made.spec["layer"] if layer["mark"]["type"] == "bar"]
    assert [(bar["mark"]["color"], len(bar["data"]["values"])) for bar in bars[:2]] == [(SKY, 2), (PALE, 1)]
    assert bars[2]["mark"]["stroke"] == TARGET_EDGE and bars[2]["mark"]["strokeDash"]
    links = {row["h"] for bar in bars for row in bar["data"]["values"]}
    assert links == {"/statistics?indicator=R%26D%E7%BB%8F%E8%B4%B9&scope=%E5%85%A8%E5%8C%BA&year=2022"}


def test_the_picture_is_told_in_words() -> None:
    assert charts.years(TURNOVER).alt == (
        "R&D经费，全区，全年：2021 年测算 46.12 亿元，2022 年 52.49 亿元，2023 年 61.71 亿元，"
        "2024 年暂无数据，2025 年目标 突破 100 亿元。"
    )


def test_a_run_of_years_without_data_takes_one_named_place() -> None:
    made = charts.years(_series(_point(2006, "16.49"), _point(2010, "63.72"), _point(2011, "85.17")))
    domain = made.spec["layer"][0]["encoding"]["x"]["scale"]["domain"]
    assert domain == ["2006", "2007|–2009", "2010", "2011"]
    assert "2007–2009 年暂无数据" in made.alt


def test_bars_start_at_zero_and_nothing_is_fetched() -> None:
    for made in (charts.years(TURNOVER), charts.comparison([_figure("包头市", "77.5")], ["包头市"])):
        spec = json.dumps(made.spec)
        assert "url" not in spec
        scales = [
            layer["encoding"][axis]["scale"]["domain"]
            for layer in made.spec["layer"]
            for axis in ("x", "y")
            if layer["encoding"][axis]["type"] == "quantitative"
        ]
        assert all(low == 0 for low, _ in scales)


def _figure(scope: str, value: str) -> Figure:
    return Figure(1, "R&D经费", scope, 2022, "全年", Decimal(value), "亿元", SOURCE)
