"""转移通道: what the page says, and that each card, node, band, place and filter leads to its rows."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from streamlit.proto.WidgetStates_pb2 import WidgetStates
from streamlit.testing.v1 import AppTest

from lib.domain.access import Actor
from lib.ui.maps import notice
from tests.pages.conftest import ANONYMOUS, open_page
from tests.pages.test_network import html, links


@pytest.fixture(autouse=True)
def _visitor(sign_in: Callable[..., Actor]) -> None:
    sign_in(ANONYMOUS)


def rows(at: AppTest) -> str:
    """The table of facts."""
    return next(e.proto.body for e in at.get("html") if "bj-stack" in e.proto.body)


def send(at: AppTest, kind: str, value: dict[str, Any]) -> AppTest:
    """What the browser sends when something in a chart is clicked."""
    (chart,) = at.get(kind)
    states = WidgetStates()
    states.widgets.add(id=chart.proto.id).string_value = json.dumps({"selection": value})
    return at._run(states)


def choose(at: AppTest, data_type: str, index: int) -> AppTest:
    """A click on the sankey's node or band of that index."""
    return send(at, "echarts_chart", {"selected": [{"data_type": data_type, "data_indices": [index]}], "areas": []})


def series(at: AppTest) -> Any:
    (chart,) = at.get("echarts_chart")
    return json.loads(chart.proto.spec)["baseOption"]["series"][0]


def test_four_cards_and_the_directions_open_their_rows() -> None:
    at = open_page("channels")
    found = links(at)
    assert ("跨国  \n**36 条**", "channels", {"channel": ["abroad"]}) in found
    assert ("引进  \n**7**", "channels", {"direction": ["in"]}) in found
    assert ("输出  \n**暂无数据**", "channels", {"direction": ["out"]}) in found
    assert "144 条合作记录，另有 34 场有伙伴的活动" in html(at)
    assert notice.notice() in [caption.value for caption in at.caption]
    assert "7 条合作记录" in html(open_page("channels", {"direction": "in"}))


def test_a_chosen_channel_draws_and_lists_only_its_own() -> None:
    at = open_page("channels", {"channel": "military"})
    assert "4 条合作记录，逐条注明来源" in html(at)
    assert {node["name"].split(":")[1] for node in series(at)["data"] if node["depth"] == 0} == {"军工"}
    assert any("已选" in label and "channel" not in query for label, _, query in links(at))


def test_events_are_another_picture_and_never_added() -> None:
    at = open_page("channels", {"kind": "event"})
    assert "34 场活动，逐条注明来源" in html(at)
    assert 'href="/roadshows?id=' in rows(at)
    assert any("俄罗斯、蒙古国  6" in node["label"]["formatter"] for node in series(at)["data"])


def test_a_click_on_a_node_or_a_band_lists_its_rows() -> None:
    at = open_page("channels")
    nodes, bands = series(at)["data"], series(at)["links"]
    names = [node["name"] for node in nodes]
    choose(at, "node", names.index("m:高校:清华大学"))
    assert (at.query_params["group"], at.query_params["partner"]) == ("高校", "清华大学")
    assert rows(at).count("<td>清华大学</td>") == 4
    choose(at, "node", names.index("m:高校:other"))
    assert "25 条合作记录，逐条注明来源" in html(at)
    band = next(i for i, b in enumerate(bands) if (b["source"], b["target"]) == ("m:国家:俄罗斯", "l:150700"))
    choose(at, "edge", band)
    assert at.query_params["league"] == "150700"
    assert f"{bands[band]['value']} 条合作记录，逐条注明来源" in html(at)
    send(at, "echarts_chart", {"selected": [], "areas": []})
    assert "144 条合作记录，逐条注明来源" in html(at)


def test_a_click_on_a_place_lists_its_rows() -> None:
    at = open_page("channels")
    send(at, "deck_gl_json_chart", {"indices": {"places": [0]}, "objects": {"places": [{"code": "110000"}]}})
    assert at.query_params["place"] == "110000"
    assert "52 条合作记录，逐条注明来源" in html(at)


def test_the_map_says_what_it_derives_and_leaves_out() -> None:
    text = html(open_page("channels"))
    assert "国内合作记录 106 条" in text
    assert "30 条未写明盟市，只画到全区" in text
    assert "按单位本部所在地归集，是我们的推定，不是原文" in text
    assert "未写明所在地（如京津冀、环渤海）" in html(open_page("channels", {"kind": "event"}))


def test_a_year_holds_for_cards_pictures_and_list() -> None:
    at = open_page("channels", {"year": "2018"})
    assert "19 条合作记录，另有 2 场有伙伴的活动" in html(at)
    assert "19 条合作记录，逐条注明来源" in html(at)
    undated = open_page("channels", {"year": "unknown"})
    assert "18 条合作记录，逐条注明来源" in html(undated)
    assert "未披露" in rows(undated)


def test_filters_need_no_mouse_and_write_the_address() -> None:
    at = open_page("channels")
    at.selectbox(key="flow-league").set_value("150200").run()
    assert at.query_params["league"] == "150200"
    assert "17 条合作记录，逐条注明来源" in html(at)
    at.selectbox(key="flow-partner").set_value("兰州大学").run()
    assert "2 条合作记录，逐条注明来源" in html(at)
    at.segmented_control(key="flow-kind").set_value("event").run()
    assert "partner" not in at.query_params
    assert "34 场活动，逐条注明来源" in html(at)


@pytest.mark.parametrize(
    "query", [{"partner": "没有这个单位"}, {"place": "ZZ"}, {"page": "999"}, {"group": "高校", "partner": "other"}]
)
def test_addresses_that_name_nothing_still_show_the_page(query: dict[str, str]) -> None:
    assert "谁给我们技术，谁用我们的技术" in html(open_page("channels", query))
