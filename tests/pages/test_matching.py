"""Matches on the pages: reasons and gaps for everybody; a pair confirmed and one refused by who may."""

from collections.abc import Callable
from typing import Any

import pytest

from lib.domain.access import VISITOR, Actor, Role
from lib.domain.vocabulary import Decision
from lib.services import matching
from lib.store.engine import Database
from tests.pages.conftest import open_page
from tests.pages.test_access import button
from tests.pages.test_network import html

DEMAND = {"id": "13"}
SignIn = Callable[..., Actor]


def why(at: Any) -> Any:
    """Where the reason is typed: the first box that is not the one for an intention."""
    return next(box for box in at.text_input if not str(box.key).startswith("intent-"))


def test_both_record_pages_say_why_and_what_is_open(sign_in: SignIn, app_database: Database) -> None:
    sign_in(Role.VISITOR)
    at = open_page("demands", DEMAND)
    page = html(at)
    assert "库里可能用得上的成果" in page and "推荐 6 项，已确认对接 0 项" in page
    assert "匹配强" in page and "都提到「白云鄂博」" in page and "待了解：成果没有公开价格" in page
    assert "办理对接" not in page and not at.selectbox
    with app_database.read() as session:
        best = matching.for_demand(session, int(DEMAND["id"]), actor=VISITOR).items[0].card
    found = html(open_page("achievements", {"id": str(best.id)}))
    assert "可能用得上它的需求" in found and "匹配强" in found and "都提到「白云鄂博」" in found


@pytest.mark.parametrize(("role", "scope"), [(Role.BROKER, ""), (Role.OFFICIAL, "150200")])
def test_a_pair_is_confirmed_and_one_refused(sign_in: SignIn, role: Role, scope: str) -> None:
    sign_in(role, **({"scope": scope} if scope else {}))
    at = open_page("demands", DEMAND)
    assert "请先选择" in html(button(at, "保存"))
    at.selectbox[0].select_index(0)
    at.radio[0].set_value(Decision.CONFIRMED)
    why(at).set_value("好")
    assert "4 至 200" in html(button(at, "保存")) and why(at).value == "好"
    why(at).set_value("已约见双方")
    at = button(at, "保存")
    assert [message.value for message in at.success] == ["已保存：确认对接。"] and why(at).value == ""
    assert "推荐 6 项，已确认对接 1 项" in html(at)
    at.selectbox[0].select_index(1)
    at.radio[0].set_value(Decision.REFUSED)
    why(at).set_value("工艺路线不同")
    page = html(button(at, "保存"))
    assert "推荐 6 项，已确认对接 1 项，另有 1 项已排除" in page and "工艺路线不同" in page
    sign_in(Role.MEMBER)
    page = html(open_page("demands", DEMAND))
    assert "已确认对接 1 项" in page and "工艺路线不同" not in page and "办理对接" not in page
