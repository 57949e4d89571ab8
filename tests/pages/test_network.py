"""三级网络: what the page says, where its numbers lead, and what a click on the map does."""

import json
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs

import pytest
from streamlit.proto.WidgetStates_pb2 import WidgetStates
from streamlit.testing.v1 import AppTest

from lib.domain.access import Actor
from lib.domain.dates import now_utc
from lib.domain.vocabulary import NO_DATA
from lib.services.network import Metric
from lib.store.engine import Database
from lib.store.models import Achievement
from lib.ui.maps import geometry, notice
from tests.pages.conftest import ANONYMOUS, open_page

ORDOS, UXIN = "150600", "150626"


@pytest.fixture(autouse=True)
def _visitor(sign_in: Callable[..., Actor]) -> None:
    sign_in(ANONYMOUS)


def links(at: AppTest) -> list[tuple[str, str, dict[str, list[str]]]]:
    """Label, page and parameters of every page link."""
    return [
        (e.proto.label, e.proto.page.rsplit("/", 1)[-1], parse_qs(e.proto.query_string)) for e in at.get("page_link")
    ]


def html(at: AppTest) -> str:
    """The page's own markup; no exception on it."""
    assert [e.value for e in at.exception] == []
    return "\n".join(e.proto.body for e in at.get("html"))


def map_of(at: AppTest) -> Any:
    """The message of the page's map."""
    (chart,) = at.get("deck_gl_json_chart")
    return chart.proto


def click(at: AppTest, layer: str, code: str) -> AppTest:
    """What the browser sends when a division is clicked."""
    picked = {"type": "Feature", "properties": {"code": code}}
    states = WidgetStates()
    state = states.widgets.add(id=map_of(at).id)
    state.string_value = json.dumps({"selection": {"indices": {layer: [0]}, "objects": {layer: [picked]}}})
    return at._run(states)


def test_the_region_ranks_its_leagues_and_each_count_opens_its_list() -> None:
    at = open_page("network")
    found = links(at)
    assert ("成果  \n**143**", "achievements", {}) in found
    assert ("呼和浩特 **38**", "achievements", {"league": ["150100"]}) in found
    assert ("未写明盟市的 34 项未计入", "achievements", {"league": ["unknown"]}) in found
    assert notice.notice() in [caption.value for caption in at.caption]
    assert "内蒙古自治区盟市地图，成果（项）：最多的是呼和浩特 38" in map_of(at).alt


def test_events_outside_the_region_are_among_those_left_out() -> None:
    left_out = next(link for link in links(open_page("network", {"metric": "events"})) if "未计入" in link[0])
    assert left_out == (
        "未写明盟市或在区外举行的 18 场未计入", "roadshows", {"league": ["unknown", "outside"]}
    )  # fmt: skip


def test_without_records_a_league_says_so_and_is_never_zero() -> None:
    at = open_page("network", {"metric": "demands"})
    text = html(at)
    assert "赤峰市、乌兰察布市、阿拉善盟" in text
    assert NO_DATA in text
    assert not any(label.endswith(" **0**") for label, _, _ in links(at))
    assert '"id":"hatch"' in map_of(at).json


def test_a_league_shows_its_banners_its_parts_and_the_rows() -> None:
    at = open_page("network", {"parent": ORDOS, "metric": "organizations"})
    found = links(at)
    text = html(at)
    assert "鄂尔多斯市：9 个旗县，4 个有机构记录" in text
    assert "未写明旗县的 24 家不在图上" in text
    down = {"metric": ["organizations"], "style": ["boundaries"], "parent": [ORDOS], "banner": [UXIN]}
    assert ("乌审旗 **5**", "network", down) in found
    assert ("企业 **21**", "organizations", {"league": [ORDOS], "kind": ["企业"]}) in found
    assert "内蒙古博大实地化学有限公司" in text


def test_a_banner_lists_what_was_counted() -> None:
    text = html(open_page("network", {"parent": ORDOS, "metric": "organizations", "banner": UXIN}))
    assert text.count('href="/organizations?id=') == 5
    empty = html(open_page("network", {"parent": ORDOS, "metric": "organizations", "banner": "150602"}))
    assert "公开信息里没有写明东胜区的机构，不等于没有" in empty


def test_hexagons_rank_banners_and_name_zones_that_no_map_has() -> None:
    at = open_page("network", {"style": "hexagons", "metric": "organizations"})
    assert ("稀土高新区 ＊ **10**", "organizations", {"league": ["150200"]}) in links(at)
    assert "＊ 是开发区，不是行政区划" in html(at)
    assert open_page("network", {"level": "banner", "metric": "organizations"}).session_state["net-style"] == "hexagons"


def test_the_table_has_every_count_as_a_link_without_the_map() -> None:
    text = html(open_page("network"))
    assert '<a href="/organizations?league=150200">56</a>' in text
    assert '<a href="/network?metric=achievements&amp;parent=150200">包头市</a>' in text


def test_a_click_on_a_league_goes_one_level_down_on_the_same_map() -> None:
    at = open_page("network", {"metric": "organizations"})
    before = map_of(at).id
    click(at, "divisions-region", ORDOS)
    assert at.query_params["parent"] == ORDOS
    assert "鄂尔多斯市：9 个旗县" in html(at)
    assert map_of(at).id == before, "to mount it anew takes seconds without a graphics card"
    click(at, f"divisions-{ORDOS}", "150602")
    assert at.query_params["banner"] == "150602"
    click(at, f"divisions-{ORDOS}", "150602")
    assert "banner" not in at.query_params


def test_a_click_on_a_hexagon_opens_its_banner() -> None:
    at = open_page("network", {"style": "hexagons", "metric": "organizations"})
    click(at, "divisions-hexagons-", UXIN)
    assert (at.query_params["parent"], at.query_params["banner"]) == (ORDOS, UXIN)
    assert "乌审旗" in html(at)


@pytest.mark.parametrize("code", ["", "999999", "<script>", "15"])
def test_a_click_with_a_code_that_is_no_division_changes_nothing(code: str) -> None:
    at = click(open_page("network"), "divisions-region", code)
    assert "网络强在哪里，空白在哪里" in html(at)


@pytest.mark.parametrize("metric", list(Metric))
def test_every_league_opens_by_every_count_in_both_ways_to_draw(metric: Metric) -> None:
    for feature in geometry.features("leagues_lite", decimals=3):
        for style in ("boundaries", "hexagons"):
            league = feature["properties"]["code"]
            at = open_page("network", {"metric": metric.value, "parent": league, "style": style, "layer": "carriers"})
            assert f"{feature['properties']['name']}：" in html(at), f"{league} {style}"


def test_widgets_write_the_address() -> None:
    at = open_page("network")
    at.segmented_control(key="net-metric").set_value("events").run()
    at.segmented_control(key="net-style").set_value("hexagons").run()
    at.selectbox(key="net-parent").set_value("150200").run()
    assert {name: at.query_params[name] for name in ("metric", "style", "parent")} == {
        "metric": "events", "style": "hexagons", "parent": "150200"
    }  # fmt: skip
    assert "包头市" in html(at)


def test_a_figure_that_mixes_origins_says_so_and_can_leave_demo_out(app_database: Database) -> None:
    with app_database.write() as session:
        session.add(
            Achievement(title="演示", league_code=ORDOS, origin="demo", created_at=now_utc(), updated_at=now_utc())
        )
    at = open_page("network")
    assert "含演示数据 1 条" in html(at)
    assert ("鄂尔多斯 **17**", "achievements", {"league": [ORDOS]}) in links(at)
    only = open_page("network", {"origin": "public"})
    assert "含演示数据" not in html(only)
    assert ("鄂尔多斯 **16**", "achievements", {"league": [ORDOS], "origin": ["public"]}) in links(only)
