"""成果库, 需求库, 机构: what a search says of itself, marks, puts side by side, and offers where nothing was found."""

from collections.abc import Callable
from urllib.parse import parse_qs

import pytest
from streamlit.testing.v1 import AppTest

from lib.domain.access import Actor
from tests.pages.conftest import ANONYMOUS, open_page


@pytest.fixture(autouse=True)
def _visitor(sign_in: Callable[..., Actor]) -> None:
    sign_in(ANONYMOUS)


def _html(at: AppTest) -> str:
    assert [e.value for e in at.exception] == []
    return "\n".join(e.proto.body for e in at.get("html"))


def _titles(at: AppTest) -> list[str]:
    return [e.proto.label for e in at.get("page_link") if "id=" in e.proto.query_string]


def _press(at: AppTest, label: str) -> AppTest:
    return next(button for button in at.button if button.label == label).click().run()


def test_a_widened_search_says_so_and_leads_back() -> None:
    at = open_page("achievements", {"q": "奶业"})
    assert "已扩展：奶业 → 乳业、乳品" in _html(at) and '<mark class="bj-hit">乳业</mark>' in _html(at)
    assert any(":orange-background[乳制品]" in title for title in _titles(at))
    wide = len(_titles(at))
    at = _press(at, "只搜原词")
    assert at.query_params["exact"] == "1" and "已扩展" not in _html(at) and len(_titles(at)) < wide
    assert len(_titles(_press(at, "加入同义词"))) == wide


def test_a_hit_that_the_card_does_not_show_is_quoted() -> None:
    told = _html(open_page("achievements", {"q": "二等奖"}))
    assert "奖项：" in told and '<mark class="bj-hit">二等奖</mark>' in told


def test_words_that_are_nowhere_together_are_said_to_be_apart() -> None:
    at = open_page("achievements", {"q": "稀土 乳酸菌"})
    assert "没有同时含有所有词的记录" in _html(at) and len(_titles(at)) == 12


def test_what_is_typed_is_marked_as_text() -> None:
    at = open_page("achievements", {"q": "<b>稀土</b> *"})
    assert "<b>稀土" not in _html(at)


@pytest.mark.parametrize("page", ["achievements", "demands", "organizations"])
def test_a_table_has_the_records_of_the_cards(page: str) -> None:
    cards, table = open_page(page), open_page(page, {"view": "table"})
    told = _html(table)
    linked = [parse_qs(e.proto.query_string)["id"][0] for e in cards.get("page_link") if "id=" in e.proto.query_string]
    assert len(linked) == 12 and all(f'href="/{page}?id={number}"' in told for number in linked)
    assert f'href="/download/{page}.xlsx?' in told and not _titles(table)


def test_up_to_four_records_stand_side_by_side() -> None:
    at = open_page("achievements", {"q": "稀土", "compare": "19,20,999999999,x,21,22,23"})
    told = _html(at)
    assert "对比 3 项成果" in told, "19, 20, 21: one of the four is no record"
    compared = told[told.index("对比 3 项") :]
    assert all(f'href="/achievements?id={number}"' in compared for number in (19, 20, 21)) and "id=22" not in compared
    assert 'href="/achievements?q=%E7%A8%80%E5%9C%9F&amp;compare=20%2C999999999%2C21"' in told, "19 is taken out"
    at = _press(at, "清空对比")
    assert "compare" not in at.query_params and "加入对比" in _html(at)


def test_a_search_that_finds_nothing_leads_on() -> None:
    at = open_page("achievements", {"q": "稀土永磁电机", "league": "150200", "year": "2024"})
    buttons = [button.label for button in at.button]
    assert "稀土永磁 **1**" in buttons and not any("去掉" in label for label in buttons)
    demand = next(e for e in at.get("page_link") if e.proto.label.startswith("发布需求："))
    assert parse_qs(demand.proto.query_string)["title"] == ["稀土永磁电机"]
    at = _press(at, "稀土永磁 **1**")
    assert dict(at.query_params) == {"q": "稀土永磁"} and len(_titles(at)) == 1


def test_one_condition_less_says_how_many_there_are() -> None:
    at = open_page("achievements", {"q": "稀土", "exact": "1", "league": "150200", "year": "1999"})
    at = _press(at, next(label for b in at.button if (label := b.label).startswith("去掉「年份」有 ")))
    assert at.query_params["league"] == "150200" and "year" not in at.query_params and _titles(at)
