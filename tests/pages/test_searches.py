"""Saved searches on the lists and in 我的: kept with one click, opened, renamed, removed; what is new counted."""

from collections.abc import Callable
from urllib.parse import parse_qsl

from streamlit.testing.v1 import AppTest

from lib.domain.access import Actor, Role
from lib.domain.dates import now_utc
from lib.services import searches
from lib.store.engine import Database
from lib.store.models import Achievement
from tests.pages.conftest import ANONYMOUS, open_page
from tests.pages.test_catalogue import _html, _press

ASKED = {"q": "稀土", "league": "150200"}
MINE = {"view": "searches"}


def _kept(database: Database, actor: Actor) -> list[str]:
    with database.read() as session:
        return [saved.name for saved in searches.listing(session, actor=actor)]


def _labels(at: AppTest) -> list[str]:
    return [button.label for button in at.button]


def test_a_visitor_is_led_to_log_in_and_back_and_may_subscribe(sign_in: Callable[..., Actor]) -> None:
    sign_in(ANONYMOUS)
    for page, asked in (("achievements", ASKED), ("demands", {"q": "没有这样的需求"}), ("organizations", {})):
        at = open_page(page, asked)
        told = _html(at)
        assert "保存这次搜索" not in _labels(at)
        assert f'href="/login?next=%2F{page}' in told and f'href="/feeds/{page}.atom' in told
    assert "next=%2Fachievements%3Fq%3D%25E7%25A8%2580" in _html(open_page("achievements", ASKED))


def test_one_click_keeps_a_search_and_says_so(sign_in: Callable[..., Actor], app_database: Database) -> None:
    actor = sign_in(Role.APPLICANT)
    at = _press(open_page("achievements", ASKED | {"page": "1", "view": "table"}), "保存这次搜索")
    assert "已保存" in _html(at) and "保存这次搜索" not in _labels(at)
    assert _kept(app_database, actor) == ["稀土；盟市：包头市"]
    assert "保存这次搜索" in _labels(open_page("achievements", {"q": "稀土"}))
    assert "已保存" in _html(open_page("achievements", {"league": "150200", "q": "稀土", "order": "year"}))
    assert "还没有保存的搜索" not in _html(open_page("mine", MINE))


def test_what_is_new_is_counted_until_the_search_is_opened(
    sign_in: Callable[..., Actor], app_database: Database
) -> None:
    sign_in(Role.MEMBER)
    assert "还没有保存的搜索" in _html(open_page("mine", MINE))
    _press(open_page("achievements", {"q": "稀土", "league": ["150200", "150100"]}), "保存这次搜索")
    assert "新公开" not in _html(open_page("mine", MINE))
    now = now_utc()
    with app_database.write() as session:
        session.add(
            Achievement(title="稀土尾矿", origin="submitted", league_code="150200", created_at=now, updated_at=now)
        )
    at = open_page("mine", MINE)
    assert "新公开 1 条" in _html(at)
    assert any("保存的搜索 1 个有新内容" in str(group.options) for group in at.get("button_group"))
    (link,) = (e.proto for e in at.get("page_link") if e.proto.page == "achievements" and "q=" in e.proto.query_string)
    asked = parse_qsl(link.query_string)
    assert sorted(asked) == [("league", "150100"), ("league", "150200"), ("order", "latest"), ("q", "稀土")]
    opened = {name: [value for known, value in asked if known == name] for name, _ in asked}
    assert "上次看过以后新公开 1 条" in _html(open_page("achievements", opened))
    assert "上次看过" not in _html(open_page("achievements", opened))
    assert "新公开" not in _html(open_page("mine", MINE))


def test_a_search_is_renamed_and_removed(sign_in: Callable[..., Actor], app_database: Database) -> None:
    actor = sign_in(Role.BROKER)
    _press(open_page("demands", {"q": "叶片"}), "保存这次搜索")
    at = open_page("mine", MINE)
    at.text_input[0].set_value("风机的事 **").run()
    at = _press(at, "保存")
    assert _kept(app_database, actor) == ["风机的事 **"]
    at.text_input[0].set_value("   ").run()
    assert "请写一个名称" in _html(_press(at, "保存"))
    assert "还没有保存的搜索" in _html(_press(open_page("mine", MINE), "删除")) and _kept(app_database, actor) == []
