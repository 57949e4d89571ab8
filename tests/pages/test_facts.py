"""路演与活动, 数据, 数据来源: what the pages say about the public facts, and that each number leads to its rows."""

import json
from collections.abc import Callable
from datetime import date, timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from streamlit.testing.v1 import AppTest

from lib.domain.access import Actor
from lib.domain.dates import now_utc, today_shanghai
from lib.store.engine import Database
from lib.store.models import Contract, Event, EventItem
from tests.pages.conftest import ANONYMOUS, open_page


@pytest.fixture(autouse=True)
def _visitor(sign_in: Callable[..., Actor]) -> None:
    sign_in(ANONYMOUS)


def _text(at: AppTest) -> str:
    assert [e.value for e in at.exception] == []
    return "\n".join([*(e.proto.body for e in at.get("html")), *(e.proto.label for e in at.get("page_link"))])


def _links(at: AppTest, label: str) -> list[dict[str, list[str]]]:
    """The parameters of the page links with this label."""
    return [parse_qs(e.proto.query_string) for e in at.get("page_link") if label in e.proto.label]


def _event(title: str, day: date, precision: str = "day") -> Event:
    return Event(
        title=title, kind="路演", held_on=day, held_precision=precision, city="包头市", origin="submitted",
        created_at=now_utc(), updated_at=now_utc(),
    )  # fmt: skip


def test_without_coming_events_the_page_says_what_to_do() -> None:
    text = _text(open_page("roadshows"))
    assert "近期没有已公布的活动" in text
    assert "提交成果" in text
    assert "共 <b>81</b> 场活动" in text
    assert "/feeds/events.ics" in text


def test_a_coming_event_stands_first_and_takes_registrations(app_database: Database) -> None:
    with app_database.write() as session:
        coming = _event("明天的*路演*", today_shanghai() + timedelta(days=1))
        session.add(coming)
        session.flush()
        session.add(EventItem(event_id=coming.id, title="<b>项目</b>", organization_text="某单位"))
    at = open_page("roadshows")
    assert "近期没有已公布的活动" not in _text(at)
    assert _links(at, "路演报名") == [{"kind": ["registration"], "event": [str(coming.id)]}]
    record = _text(open_page("roadshows", {"id": str(coming.id)}))
    assert "路演报名" in record
    assert "明天的*路演*" in record
    assert "&lt;b&gt;项目&lt;/b&gt;" in record


def test_a_past_event_takes_no_registrations(app_database: Database) -> None:
    with app_database.write() as session:
        past = _event("昨天的路演", today_shanghai() - timedelta(days=1))
        session.add(past)
    assert "路演报名" not in _text(open_page("roadshows", {"id": str(past.id)}))


def test_events_are_found_by_partner_and_a_record_that_is_gone_says_so() -> None:
    found = _text(open_page("roadshows", {"partner": "蒙古国"}))
    assert "共 <b>12</b> 场活动" in found
    assert "近期没有已公布的活动" not in found  # that is said of all events, not of the chosen ones
    assert "可能已撤下" in _text(open_page("roadshows", {"id": "999999"}))
    assert "页码超出了范围" in _text(open_page("roadshows", {"page": "999"}))


def test_the_charts_tell_published_derived_and_target_apart_and_lead_to_rows() -> None:
    at = open_page("statistics")
    text = _text(at)
    assert "2022 年 52.49 亿元 ÷（1 + 13.8%）= 46.12 亿元" in text
    assert "11.27 亿元，不与全年并列" in text
    assert "吸纳与输出都含区内成交，两者不能相加" in text
    charts = at.get("vega_lite_chart") or at.get("arrow_vega_lite_chart")
    assert len(charts) >= 7
    assert all(chart.proto.alt for chart in charts)
    turnover = json.loads(charts[0].proto.spec)
    links = {row["h"] for layer in turnover["layer"] for row in layer["data"]["values"] if "h" in row}
    assert len(links) == 4
    for link in links:
        query = parse_qs(urlsplit(link).query)
        assert "条数据" in _text(open_page("statistics", query))


def test_a_figure_opens_exactly_its_rows() -> None:
    text = _text(open_page("statistics", {"indicator": "技术合同成交额", "scope": "全区", "year": "2023"}))
    assert "共 <b>2</b> 条数据" in text
    assert "61.71 亿元" in text and "18.66 亿元" in text
    assert "52.49 亿元</b>" not in text


def test_public_contracts_show_no_invented_amount_and_no_demonstration(app_database: Database) -> None:
    with app_database.write() as session:
        session.add(
            Contract(title="演示合同", contract_type="XK", origin="demo", created_at=now_utc(), updated_at=now_utc())
        )
    text = _text(open_page("statistics", {"view": "contracts"}))
    assert "共 <b>21</b> 项公开合同" in text
    assert "其中 20 项没有公布金额" in text
    assert "2,000.00 万元" in text
    assert "演示合同" not in text
    demo = _text(open_page("statistics", {"view": "contracts", "origin": "demo"}))
    assert "演示合同" in demo and "演示数据" in demo
    assert "技术许可合同单列" in demo


def test_sources_list_files_publishers_and_clauses() -> None:
    files = _text(open_page("sources"))
    assert all(f'href="/download/public/{name}.csv"' in files for name in ("achievements", "statistics"))
    assert "天地图" in files and "未经地图审核" in files
    publishers = _text(open_page("sources", {"view": "publishers"}))
    assert "共 <b>130</b> 家发布方，另有 153 条记录未披露发布方" in publishers
    one = _text(open_page("sources", {"publisher": "内蒙古日报", "kind": "contracts"}))
    assert "3 条记录" in one
    clauses = _text(open_page("sources", {"view": "clauses", "q": "挂牌"}))
    assert "内政发〔2018〕44号" in clauses
    assert "price, period" not in clauses  # working notes stay inside


@pytest.mark.parametrize("name", ["roadshows", "statistics", "sources"])
@pytest.mark.parametrize("garbage", ["nonsense", "<script>", "\x00\u202e", "9" * 30, "'; DROP TABLE event; --"])
def test_garbage_in_the_address_shows_the_default(name: str, garbage: str) -> None:
    parameters = ("id", "page", "kind", "league", "year", "partner", "view", "indicator", "scope", "group", "publisher")
    default = _text(open_page(name))
    assert _text(open_page(name, dict.fromkeys(parameters, garbage))) == default
