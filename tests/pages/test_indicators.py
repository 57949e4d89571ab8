"""数据 › 指标 for every league and indicator; each number leads to the rows that it counts."""

import re
from collections.abc import Callable
from html import unescape
from urllib.parse import parse_qs, urlsplit

import pytest
from streamlit.testing.v1 import AppTest

from lib.domain.access import Actor, Role
from lib.domain.indicators import INDICATORS
from lib.services import demo, indicators
from lib.store.engine import Database
from tests.pages.conftest import ANONYMOUS, open_page

ADMINISTRATOR = Actor(role=Role.ADMINISTRATOR, name="测试")
_LINKED = re.compile(r'<a href="(/statistics\?view=contracts[^"]*)"><b>([\d,.]+) (项|万元)</b></a>')


@pytest.fixture
def filled(app_database: Database, sign_in: Callable[..., Actor]) -> Database:
    demo.create(app_database, demo.Volume(contracts=1500), actor=ADMINISTRATOR)
    sign_in(ANONYMOUS)
    return app_database


def _text(at: AppTest) -> str:
    assert [e.value for e in at.exception] == []
    return "\n".join(e.proto.body for e in at.get("html"))


def _board(**query: str) -> str:
    return _text(open_page("statistics", {"view": "indicators", **query}))


def test_every_league_shows_every_indicator(filled: Database) -> None:
    with filled.read() as session:
        scopes = indicators.scopes(session, actor=ADMINISTRATOR)
    assert len(scopes) == 13
    for scope in scopes:
        text = _board(area=scope.code, data="demo", year="2024")
        for one in INDICATORS.values():
            assert f"{one.key} {one.name}" in text, (scope.name, one.key)
        assert "演示数据" in text


@pytest.mark.parametrize("key", INDICATORS)
def test_every_indicator_has_a_page_with_its_definition(filled: Database, key: str) -> None:
    one = INDICATORS[key]
    text = _text(open_page("statistics", {"indicator": key, "data": "demo", "area": "150200", "year": "2024"}))
    for words in (one.name, one.definition, one.formula, one.basis, one.standing, one.caution, "包头市"):
        assert words in unescape(text), words


def test_a_number_opens_rows_equal_in_count_and_sum(filled: Database) -> None:
    found = _LINKED.findall(_board(data="demo", area="150200", year="2024", months="1-6"))
    assert len(found) > 8
    counts = [(unescape(link), number) for link, number, unit in found if unit == "项"]
    amounts = [(unescape(link), number) for link, number, unit in found if unit == "万元"]
    for link, number in counts[:4]:
        text = _text(open_page("statistics", parse_qs(urlsplit(link).query)))
        assert f"共 <b>{number}</b> 项合同" in text
        assert "登记于 1—6 月" in text
    for link, number in amounts[:3]:
        text = _text(open_page("statistics", parse_qs(urlsplit(link).query)))
        assert f"{number} 万元" in text


def test_real_data_begin_with_the_published_year_and_say_what_is_missing(filled: Database) -> None:
    text = _board()
    assert "61.71 亿元" in text
    assert "2,219 项" in text
    assert "278.10 万元/项" in text, "TC31, from published figures"
    assert "0.25%" in text
    assert "17.57%" in text
    assert "暂无数据" in text
    assert "下面的数由生成的合同算出" not in text


@pytest.mark.parametrize("role", Role)
def test_every_role_may_read_the_indicators(filled: Database, sign_in: Callable[..., Actor], role: Role) -> None:
    sign_in(role)
    assert "K20 政策任务完成率" in _board()


def test_garbage_in_the_address_is_no_trouble(filled: Database) -> None:
    text = _board(area="999999", year="abc", months="13-1", data="all", base="seven")
    assert "内蒙古自治区" in text
    strange = {"view": "contracts", "seller": "15'; --", "from": "12", "to": "3", "ip": "x", "plan": "y"}
    assert "项公开合同" in _text(open_page("statistics", strange))
