"""三级网络, the parts beside the map: indicators, nodes and links with their forms, coverage and where next."""

import re
from collections.abc import Callable
from html import unescape
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from sqlalchemy import select, update
from streamlit.testing.v1 import AppTest

from lib.domain.access import VISITOR, Actor, Role
from lib.domain.vocabulary import NO_DATA
from lib.services import catalogue, coverage, network, standing
from lib.services.catalogue import CatalogueQuery
from lib.services.coverage import Need
from lib.services.standing import INDICATORS
from lib.store.engine import Database
from lib.store.models import NetworkLink, NetworkNode
from tests.pages.conftest import ADMINISTRATOR, ANONYMOUS, open_page
from tests.pages.test_network import html
from tests.samples import XILINGOL

ORDOS, HULUNBUIR = "150600", "150700"
LEAGUES = (
    "150100", "150200", "150300", "150400", "150500", "150600", "150700", "150800", "150900", "152200", "152500",
    "152900",
)  # fmt: skip


@pytest.fixture(autouse=True)
def _visitor(sign_in: Callable[..., Actor]) -> None:
    sign_in(ANONYMOUS)


def part(view: str, **query: Any) -> AppTest:
    return open_page("network", {"view": view, **query})


def hrefs(at: AppTest) -> list[tuple[str, dict[str, list[str]]]]:
    """Path and parameters of every link in the page's own markup."""
    found = [urlsplit(unescape(href)) for href in re.findall(r'href="([^"]+)"', html(at))]
    return [(each.path, parse_qs(each.query)) for each in found]


# ------------------------------------------------------------------ indicators
@pytest.mark.parametrize("league", ["", *LEAGUES])
def test_every_league_and_every_indicator_renders(league: str, app_database: Database) -> None:
    with app_database.read() as session:
        found = standing.read(session, actor=VISITOR)
    at = part("standing", parent=league) if league else part("standing")
    text = html(at)
    own = found.values[league or standing.REGION]
    for indicator in INDICATORS:
        assert indicator.label in text
        assert indicator.definition in text
        value = own[indicator.key]
        if value.numerator is not None:
            shown = f"{value.numerator:,} / {value.denominator:,}" if value.denominator else f"{value.numerator:,} "
            assert shown in text
        ranked = html(part("standing", indicator=indicator.key, **({"parent": league} if league else {})))
        assert f"{indicator.label}：各盟市" in ranked


def test_a_league_has_rank_share_and_the_other_beside_it() -> None:
    text = html(part("standing", parent=ORDOS, compare="150200"))
    assert "鄂尔多斯市" in text
    assert "包头市" in text
    row = next(line for line in text.split("<tr>") if "indicator=organizations" in line)
    assert "40 家" in row
    assert "56 家" in row
    assert "3 / 12" in row
    assert "12.9%" in row


def test_a_year_gives_the_change_and_narrows_the_lists() -> None:
    at = part("standing", parent="150200", year="2022")
    links = hrefs(at)
    assert any(path == "/achievements" and query.get("year") == ["2022"] for path, query in links)
    assert all("year" not in query for path, query in links if path == "/organizations")
    assert "较 2021 年" in html(at)
    assert html(part("standing", year="1901"))  # no such year: all of them


def test_a_count_is_the_total_of_the_list_it_opens(app_database: Database) -> None:
    for path, query in hrefs(part("standing", parent=ORDOS, year="2021")):
        if path not in ("/achievements", "/organizations", "/demands"):
            continue
        facets = {name: tuple(values) for name, values in query.items() if name in ("league", "year", "kind", "origin")}
        search = getattr(catalogue, f"search_{path[1:]}")
        with app_database.read() as session:
            total = search(session, CatalogueQuery(facets=facets, size=1), actor=VISITOR).total
            node = next(
                n for n in network.nodes(session, "league", actor=VISITOR, year=2021) if n.code == query["league"][0]
            )
        expected = node.services if "kind" in query else node.counts[path[1:]]
        assert total == expected, (path, query)


def test_the_two_cities_stand_beside_their_league_and_are_not_added_again(app_database: Database) -> None:
    text = html(part("standing"))
    assert "满洲里市" in text
    assert "二连浩特市" in text
    assert "已含在所属盟市的数字里，不再相加" in text
    assert "二连浩特市" not in html(part("standing", parent=HULUNBUIR)).split("单列市</h2>")[1].split("各盟市")[0]
    with app_database.read() as session:
        found = standing.read(session, actor=VISITOR)
    whole = found.values[standing.REGION]
    for key in ("stations", "links"):
        leagues = sum(values[key].denominator or 0 for place, values in found.values.items() if place in LEAGUES)
        outside = 2 if key == "links" else 0  # the hub's platforms lie in no league
        assert whole[key].denominator == leagues + outside


# ------------------------------------------------------------------ nodes and links
def test_the_plan_is_no_proof_and_the_page_says_so() -> None:
    at = part("nodes")
    text = html(at)
    assert "内蒙古自治区枢纽" in text
    assert text.count("盟市分支") >= 12
    assert "不等于没有" in text
    assert "合计时只算一次" in text
    figures = dict(re.findall(r"state=(\w+)\"><b>(\d+)</b>", text))
    assert figures == {"unknown": "119", "preparing": "0", "open": "0", "closed": "0"}
    assert [e.proto.label for e in at.get("expander")] == []


def test_a_number_of_nodes_opens_as_many_rows(app_database: Database) -> None:
    with app_database.write() as session:
        session.execute(update(NetworkNode).where(NetworkNode.division_code.like("1506%")).values(state="open"))
    text = html(part("nodes", parent=ORDOS))
    number = int(re.search(r"state=open\"><b>(\d+)</b>", text)[1])  # type: ignore[index]
    listed = html(part("nodes", parent=ORDOS, state="open"))
    assert number == len(set(re.findall(r"[?&]node=(\d+)", unescape(listed)))) == 10


def fill(at: AppTest, name: str, values: dict[str, Any]) -> AppTest:
    for field, value in values.items():
        key = f"{name}-{field}"
        widget = next(w for kind in ("text_input", "selectbox", "number_input") for w in at.get(kind) if w.key == key)
        widget.set_value(value)
    return at.button(key=f"{name}-send").click().run()


def test_an_official_enters_checks_and_is_named_in_the_history(
    app_database: Database, sign_in: Callable[..., Actor]
) -> None:
    official = sign_in(Role.OFFICIAL)
    with app_database.read() as session:
        branch = session.scalars(select(NetworkNode).where(NetworkNode.division_code == XILINGOL)).one()
    at = part("nodes", parent=XILINGOL, node=str(branch.id))
    name = f"node-{branch.id}-{branch.version}"
    at = fill(at, name, {"state": "open", "source_publisher": "锡林郭勒盟科学技术局", "source_on": "2026-11"})
    assert "运行中的节点请填写「名称」。" in html(at)
    assert at.text_input(key=f"{name}-source_on").value == "2026-11"
    at = fill(at, name, {"name": "锡林郭勒盟分支", "unit": "锡林郭勒盟科学技术局", "staff": 4})
    assert "锡林郭勒盟分支" in html(at)
    at = at.button(key=f"node-verify-{branch.id}").click().run()
    text = html(at)
    assert "核实网络节点" in text
    assert official.name in text
    sign_in(ANONYMOUS)
    seen = part("nodes", parent=XILINGOL, node=str(branch.id))
    assert official.name not in html(seen)
    assert [button.key for button in seen.button] == []


def test_what_was_typed_stays_when_somebody_else_was_first(
    app_database: Database, sign_in: Callable[..., Actor]
) -> None:
    sign_in(Role.OFFICIAL)
    with app_database.read() as session:
        branch = session.scalars(select(NetworkNode).where(NetworkNode.division_code == XILINGOL)).one()
    at = part("nodes", parent=XILINGOL, node=str(branch.id))
    name = f"node-{branch.id}-{branch.version}"
    at.text_input(key=f"{name}-unit").set_value("我写的单位")
    with app_database.write() as session:
        session.get_one(NetworkNode, branch.id).unit = "别人写的单位"
    answers = {"state": "preparing", "source_publisher": "科技局", "source_on": "2026"}
    at = fill(at, name, answers)
    assert any("刚刚被别人改过" in warning.value for warning in at.warning)
    assert "请看过现在的样子再改" in html(at)
    assert at.text_input(key=f"{name}-unit").value == "我写的单位"
    at = at.button(key=f"net-opened-node-{branch.id}-again").click().run()
    assert any(widget.value == "别人写的单位" for widget in at.text_input)


def test_a_link_is_entered_and_a_new_one_added(app_database: Database, sign_in: Callable[..., Actor]) -> None:
    sign_in(ADMINISTRATOR)
    with app_database.read() as session:
        link = session.scalars(select(NetworkLink).where(NetworkLink.kind == "outside")).first()
    assert link is not None
    at = part("nodes", link=str(link.id))
    at = fill(at, f"link-{link.id}-{link.version}",
              {"state": "file", "source_publisher": "自治区科技厅", "source_on": "2026-11-01"})  # fmt: skip
    assert "文件" in html(at)
    at = part("nodes", node=str(link.node_id))
    (button,) = [b for b in at.button if b.key and b.key.startswith("new-link-")]
    name = button.key.removesuffix("-send")
    at = fill(at, name, {"target": "某省技术市场", "state": "manual", "source_publisher": "自治区科技厅",
                         "source_on": "2026-11-01"})  # fmt: skip
    assert "对外平台：某省技术市场" in html(at)


def test_the_markets_are_a_dated_table_that_the_region_can_change(sign_in: Callable[..., Actor]) -> None:
    sign_in(Role.OFFICIAL)
    assert [e.proto.label for e in part("nodes").get("expander")] == []
    sign_in(ADMINISTRATOR)
    at = part("nodes")
    (button,) = [b for b in at.button if b.key and b.key.startswith("member-")]
    name = button.key.removesuffix("-send")
    at = fill(at, name, {"league": XILINGOL, "zone": "中部", "basis": "自治区科技厅核定（测试）"})
    assert "自治区科技厅核定（测试）" in html(at)


# ------------------------------------------------------------------ coverage
@pytest.mark.parametrize("need", Need)
@pytest.mark.parametrize("league", ["", XILINGOL, "152900"])
def test_the_banners_without_are_named_as_many_as_counted(league: str, need: Need, app_database: Database) -> None:
    with app_database.read() as session:
        found = coverage.survey(session, need, league, actor=VISITOR)
    text = html(part("coverage", need=need.value, **({"parent": league} if league else {})))
    assert f"没有{need.label}的旗县</h2><span>{len(found.gaps)} / {found.total} 个" in text
    table = text.split(f"没有{need.label}的旗县</h2>")[1]
    for gap in found.gaps:
        assert gap.spot.name in table
    assert need.definition in text


def test_where_next_explains_itself_and_keeps_its_question_in_the_address(app_database: Database) -> None:
    at = part("coverage", need="carrier", k="2")
    with app_database.read() as session:
        found = coverage.where_next(session, Need.CARRIER, 2, actor=VISITOR)
    text = html(at)
    assert found is not None
    assert found.before is not None
    assert all(site.name in text for site in found.sites)
    assert f"现在合计 {found.before:,.0f} 公里" in text
    assert "精确最优解" in text
    assert "大圆距离" in text
    at.slider(key="net-k").set_value(5).run()
    assert at.query_params["k"] == "5"
    at.segmented_control(key="net-need").set_value("event").run()
    assert (at.query_params["need"], at.query_params["k"]) == ("event", "5")
    assert "还可以按覆盖人口来选" in html(at)


def test_without_any_site_no_reduction_is_told() -> None:
    text = html(part("coverage", need="station", k="1"))
    assert "谈不上减少多少" in text
    assert NO_DATA in text


@pytest.mark.parametrize("query", [{"k": "99"}, {"k": "x"}, {"radius": "7"}, {"need": "nonsense"}, {"node": "9"}])
def test_garbage_is_the_default(query: dict[str, str]) -> None:
    for view in ("coverage", "nodes", "standing"):
        assert html(part(view, **query))


# ------------------------------------------------------------------ layers
def test_layers_are_in_the_address_and_each_number_is_a_link_to_its_rows() -> None:
    at = open_page("network", {"layer": ["carriers", "ports", "zone", "markets", "institutions", "nodes", "events"]})
    text = html(at)
    (chart,) = at.get("deck_gl_json_chart")
    for name in ("over-zone", "over-markets-area", "over-carriers", "over-ports"):
        assert f'"id":"{name}"' in chart.proto.json
    assert '"id":"links"' not in chart.proto.json, "the service organizations are not asked for"
    assert "策克口岸" in text
    assert "国际商报 2017-08-13" in text
    carriers = [query for path, query in hrefs(at) if path == "/organizations" and "孵化器" in query.get("kind", [])]
    assert {tuple(query["league"]) for query in carriers} >= {("150100",), (ORDOS,)}
    bare = open_page("network", {"layer": "none"})
    assert '"id":"over-' not in bare.get("deck_gl_json_chart")[0].proto.json
    kept = [parse_qs(e.proto.query_string) for e in at.get("page_link") if e.proto.page.endswith("network")]
    assert any(set(query.get("layer", [])) >= {"carriers", "ports"} for query in kept)


def test_a_league_shows_what_names_only_the_league_as_such() -> None:
    text = html(open_page("network", {"parent": ORDOS, "layer": "carriers"}))
    assert "仅知盟市，画在盟市驻地" in text
