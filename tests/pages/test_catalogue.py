"""成果库, 需求库, 机构: what a search says of itself, marks, puts side by side, and offers where nothing was found."""

import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qs

import pytest
from streamlit.testing.v1 import AppTest

from lib.domain.access import Actor
from lib.domain.dates import now_utc
from lib.store.engine import Database
from lib.store.models import Achievement
from tests.pages.conftest import ANONYMOUS, open_page


@pytest.fixture(autouse=True)
def _visitor(sign_in: Callable[..., Actor]) -> None:
    sign_in(ANONYMOUS)


def _html(at: AppTest) -> str:
    assert [e.value for e in at.exception] == []
    return "\n".join(e.proto.body for e in at.get("html"))


def _titles(at: AppTest) -> list[str]:
    return re.findall(r'<a class="bj-card-title"[^>]*><span>(.*?)</span></a>', _html(at))


def _press(at: AppTest, label: str) -> AppTest:
    return next(button for button in at.button if button.label == label).click().run()


def test_a_widened_search_says_so_and_leads_back() -> None:
    at = open_page("achievements", {"q": "奶业"})
    assert "已扩展：奶业 → 乳业、乳品" in _html(at) and '<mark class="bj-hit">乳业</mark>' in _html(at)
    assert any('<mark class="bj-hit">乳制品</mark>' in title for title in _titles(at))
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
    linked = re.findall(rf'<a class="bj-card-title" href="/{page}\?id=(\d+)">', _html(cards))
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


def _pills(at: AppTest, key: str) -> Any:
    return next((group for group in at.pills if group.key == key), None)


@pytest.fixture
def varied(app_database: Database) -> None:
    """Three achievements that say more than the public ones do."""
    moment = now_utc()
    rights = [{"kind": kind, "number": "", "state": "", "expires": ""} for kind in ("发明专利", "植物新品种权")]
    with app_database.write() as session:
        for trl in (4, 5, 8):
            session.add(Achievement(
                title=f"储氢罐 {trl}", origin="public", trl=trl, rights=rights[: 1 + (trl == 5)], public_good=trl == 8,
                transfer_mode="向他人转让、许可他人使用", stage="中期阶段", price=Decimal(trl * 10_000),
                league_code="150200", banner_code="150221", created_at=moment, updated_at=moment,
            ))  # fmt: skip


@pytest.mark.usefixtures("varied")
def test_further_filters_open_are_chosen_and_taken_back() -> None:
    at = open_page("achievements")
    assert _pills(at, "facet-field") and _pills(at, "facet-trl") is None and _pills(at, "chips") is None
    at = _press(at, "更多筛选")
    assert at.query_params["more"] == "1"
    assert _pills(at, "facet-trl").options == ["4 级 **1**", "5 级 **1**", "8 级 **1**", "未披露 **143**"]
    assert "向他人转让 **3**" in _pills(at, "facet-mode").options
    at = _pills(at, "facet-trl").set_value(["4", "5"]).run()
    assert sorted(_titles(at)) == ["储氢罐 4", "储氢罐 5"] and at.query_params["trl"] == ["4", "5"]
    assert _pills(at, "facet-ip").options[:2] == ["发明专利 **2**", "植物新品种权 **1**"]
    assert "8 级 **1**" in _pills(at, "facet-trl").options, "its own choice does not count"
    at = _press(at, "更多筛选 **2**")
    assert "more" not in at.query_params and _pills(at, "facet-trl") is None and len(_titles(at)) == 2
    chips = _pills(at, "chips")
    assert [option.split()[-2:] for option in chips.options] == [["成熟度：4", "级"], ["成熟度：5", "级"]]
    at = chips.set_value(["trl=4"]).run()
    assert _titles(at) == ["储氢罐 5"]
    at = _press(at, "清除筛选")
    assert "trl" not in at.query_params and len(_titles(at)) == 12


@pytest.mark.usefixtures("varied")
def test_an_address_with_further_filters_reopens_the_view() -> None:
    at = open_page(
        "achievements", {"trl": "4-6", "mode": "许可他人使用", "banner": "150221", "price": "x", "more": "1"}
    )
    assert sorted(_titles(at)) == ["储氢罐 4", "储氢罐 5"]
    assert _pills(at, "facet-trl").value == ["4", "5", "6"] and _pills(at, "facet-price").value == []
    assert "土默特右旗（包头） **2**" in _pills(at, "facet-banner").options
    told = _html(at)
    assert "trl=4-6&amp;mode=" in told, "a file of the same"
    assert "trl=4-6" in next(code.value for code in at.code), "the link to copy"


@pytest.mark.usefixtures("varied")
def test_one_further_condition_less_counts_records_not_values() -> None:
    at = open_page("achievements", {"q": "储氢罐", "trl": "9", "ip": ["发明专利", "植物新品种权"]})
    labels = [button.label for button in at.button]
    assert not _titles(at) and "去掉「成熟度」有 3 条" in labels and not any("知识产权」" in label for label in labels)
    at = open_page("achievements", {"q": "储氢罐", "ip": "技术秘密"})
    at = _press(at, "去掉「知识产权」有 3 条")
    assert len(_titles(at)) == 3


def test_what_no_source_states_is_named_not_counted() -> None:
    at = open_page("achievements", {"more": "1"})
    assert _pills(at, "facet-stage") is None and _pills(at, "facet-unit").options[-1].startswith("未披露")
    assert any("成熟度、知识产权" in caption.value for caption in at.caption)


@pytest.mark.parametrize(
    ("page", "facet", "value", "label"),
    [("demands", "unit", "企业", "企业"), ("organizations", "banner", "150626", "乌审旗（鄂尔多斯）")],
)
def test_every_list_has_further_filters(page: str, facet: str, value: str, label: str) -> None:
    group = _pills(at := open_page(page, {"more": "1"}), f"facet-{facet}")
    count = next(option.split("**")[1] for option in group.options if option.startswith(label))
    group.set_value([value]).run()
    assert f"共 <b>{count}</b>" in _html(at) and at.query_params[facet] == value
