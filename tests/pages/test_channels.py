"""转移通道: what the page says, and that each card, node, band, place and filter leads to its rows."""

import csv
import json
import re
from collections.abc import Callable
from html import unescape
from typing import Any
from urllib.parse import parse_qs

import pytest
from streamlit.proto.WidgetStates_pb2 import WidgetStates
from streamlit.testing.v1 import AppTest

from lib.domain.access import Actor, Role
from lib.services import demo
from lib.services.demo import Volume
from lib.settings import settings
from lib.store.engine import Database
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
    at = open_page("channels", {"channel": "interregional"})
    assert "103 条合作记录，逐条注明来源" in html(at)
    groups = {node["name"].split(":")[1] for node in series(at)["data"] if node["depth"] == 0}
    assert {"京津冀", "长三角", "珠三角", "周边省区市"} <= groups and not groups & {"俄蒙东盟", "军工单位"}
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
    choose(at, "node", names.index("m:京津冀:清华大学"))
    assert (at.query_params["group"], at.query_params["partner"]) == ("京津冀", "清华大学")
    assert rows(at).count("<td>清华大学</td>") == 4
    assert "国内合作记录 4 条" in html(at), "the map follows"
    others = names.index("m:京津冀:other")
    choose(at, "node", others)
    number = nodes[others]["label"]["formatter"].split("  ")[-1]
    assert int(number) > 10 and f"{number} 条合作记录，逐条注明来源" in html(at)
    band = next(i for i, b in enumerate(bands) if (b["source"], b["target"]) == ("m:俄蒙东盟:俄罗斯", "l:150700"))
    choose(at, "edge", band)
    assert at.query_params["league"] == "150700"
    assert f"{bands[band]['value']} 条合作记录，逐条注明来源" in html(at)
    send(at, "echarts_chart", {"selected": [], "areas": []})
    assert "140 条合作记录，逐条注明来源；另有军民通道 4 条，只列条数" in html(at)


def test_the_military_channel_is_counts_and_a_notice() -> None:
    text = html(open_page("channels", {"channel": "military"}))
    assert "本平台不收录涉密信息" in "".join(box.value for box in open_page("channels", {"channel": "military"}).info)
    assert "军民通道的条数" in text and "逐条注明来源" not in text
    everything = html(open_page("channels"))
    assert "本平台不收录涉密信息" in everything
    with (settings().public_dir / "cooperation.csv").open(encoding="utf-8-sig", newline="") as lines:
        closed = [row for row in csv.DictReader(lines) if row["partner_kind"] == "军工"]
    assert len(closed) == 4
    for row in closed:
        assert row["subject"] not in text + everything and row["partner"] not in text + everything


def test_a_click_on_a_place_lists_its_rows() -> None:
    at = open_page("channels")
    send(at, "deck_gl_json_chart", {"indices": {"places": [0]}, "objects": {"places": [{"code": "110000"}]}})
    assert at.query_params["place"] == "110000"
    assert "49 条合作记录，逐条注明来源" in html(at)


def test_the_map_says_what_it_derives_and_leaves_out() -> None:
    text = html(open_page("channels"))
    assert "国内合作记录 102 条" in text
    assert "29 条未写明盟市，只画到全区" in text
    assert "按单位本部所在地归集，是我们的推定，不是原文" in text
    assert "未写明所在地（如京津冀、环渤海）" in html(open_page("channels", {"kind": "event"}))


def test_a_year_holds_for_cards_pictures_and_list() -> None:
    at = open_page("channels", {"year": "2018"})
    assert "19 条合作记录，另有 2 场有伙伴的活动" in html(at)
    assert "17 条合作记录，逐条注明来源；另有军民通道 2 条，只列条数" in html(at)
    undated = open_page("channels", {"year": "unknown"})
    assert "18 条合作记录，逐条注明来源" in html(undated)
    assert "未披露" in rows(undated)


def test_filters_need_no_mouse_and_write_the_address() -> None:
    at = open_page("channels")
    at.selectbox(key="flow-league").set_value("150200").run()
    assert at.query_params["league"] == "150200"
    assert "14 条合作记录，逐条注明来源；另有军民通道 3 条，只列条数" in html(at)
    at.selectbox(key="flow-partner").set_value("兰州大学").run()
    assert "2 条合作记录，逐条注明来源" in html(at)
    at.segmented_control(key="flow-kind").set_value("event").run()
    assert "partner" not in at.query_params
    assert "34 场活动，逐条注明来源" in html(at)


@pytest.mark.parametrize(
    "query",
    [
        {"partner": "没有这个单位"}, {"place": "ZZ"}, {"page": "999"}, {"group": "长三角", "partner": "other"},
        {"group": "高校"}, {"field": "99"}, {"giver": "110000"},
    ],
)  # fmt: skip
def test_addresses_that_name_nothing_still_show_the_page(query: dict[str, str]) -> None:
    assert "谁给我们技术，谁用我们的技术" in html(open_page("channels", query))


@pytest.fixture
def demonstrated(app_database: Database) -> None:
    demo.create(app_database, Volume(contracts=300), actor=Actor(role=Role.ADMINISTRATOR, name="测试"))


def test_contracts_flow_through_four_stages_and_each_opens_its_rows(demonstrated: None) -> None:
    real = open_page("channels", {"kind": "contract"})
    assert "21 项合同，逐条注明来源" in html(real), "real ones unless asked"
    assert "这 21 项公开合同都没有写明双方在哪里" in html(real), "a picture of one grey band says less"
    assert not real.get("echarts_chart")
    at = open_page("channels", {"kind": "contract", "data": "demo"})
    assert "300 项合同，逐条注明来源" in html(at) and "演示合同，不是真实交易" in html(at)
    nodes = series(at)["data"]
    for depth in range(4):
        numbers = [n["label"]["formatter"].split("  ")[-1] for n in nodes if n["depth"] == depth]
        assert sum(int(number.replace(",", "")) for number in numbers) == 300
    names = [node["name"] for node in nodes]
    for name in (
        "g:区内",
        "f:2",
        "l:150100",
        next(name for name in names if name.startswith("m:区内:15") or "盟" in name),
    ):
        place = names.index(name)
        choose(at, "node", place)
        number = nodes[place]["label"]["formatter"].split("  ")[-1]
        assert f"{number} 项合同，逐条注明来源" in html(at), name
        at = open_page("channels", {"kind": "contract", "data": "demo"})
    band = next(i for i, b in enumerate(series(at)["links"]) if b["source"] == "l:150100" and b["target"] == "f:2")
    choose(at, "edge", band)
    assert f"{series(at)['links'][band]['value']} 项合同，逐条注明来源" in html(at)


def test_cells_of_the_matrix_and_years_lead_to_as_many_rows(demonstrated: None) -> None:
    text = html(open_page("channels", {"kind": "contract", "data": "demo"}))
    cells = re.findall(r'href="/channels\?([^"]*giver=[^"]*)"[^>]*>([\d,]+)</a>', text)
    assert len(cells) > 20
    for address, number in [*cells[:3], cells[-1]]:
        asked = {name: values[0] for name, values in parse_qs(unescape(address)).items()}
        assert f"{number} 项合同，逐条注明来源" in html(open_page("channels", asked)), asked
    years = re.findall(r'href="/channels\?([^"]*direction=(?:in|out)[^"]*)"[^>]*>([\d,]+)</a>', text)
    for address, number in years[:4]:
        asked = {name: values[0] for name, values in parse_qs(unescape(address)).items()}
        assert f"{number} 项合同，逐条注明来源" in html(open_page("channels", asked)), asked


def test_a_country_and_a_province_have_a_page(demonstrated: None) -> None:
    country = html(open_page("channels", {"place": "MN"}))
    assert "蒙古国" in country and "俄蒙东盟" in country and "12 条合作记录，逐条注明来源" in country
    province = html(open_page("channels", {"place": "110000", "kind": "contract", "data": "demo"}))
    assert "北京市" in province and "京津冀" in province and "去向：" in province and "领域：" in province
