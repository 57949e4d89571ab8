"""批量提交 on the page: a file is looked at, what holds is handed in once declared, and its receipts stand there."""

from collections.abc import Callable
from typing import Any

from sqlalchemy import func, select
from streamlit.testing.v1 import AppTest

from lib.domain.access import Actor, Role
from lib.domain.vocabulary import SubmissionKind
from lib.services import bulk, catalogue
from lib.store.engine import Database
from lib.store.models import Submission
from lib.ui.views.bulk import columns_of
from tests.pages.conftest import open_page
from tests.services.test_bulk import achieved, written

SignIn = Callable[..., Actor]
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
QUERY = {"view": "bulk", "kind": "achievement"}


def _html(at: AppTest) -> str:
    assert [e.value for e in at.exception] == []
    return "\n".join(e.proto.body for e in at.get("html"))


def _table(database: Database, *rows: dict[str, Any]) -> bytes:
    with database.read() as session:
        return written(columns_of(SubmissionKind.ACHIEVEMENT, catalogue.place_names(session)), rows)


def _count(database: Database) -> int:
    with database.read() as session:
        return session.scalar(select(func.count()).select_from(Submission)) or 0


def _send(at: AppTest) -> AppTest:
    return at.button(key="bulk-take").click().run()


def test_a_file_is_checked_declared_and_handed_in(app_database: Database, sign_in: SignIn) -> None:
    member = sign_in(Role.MEMBER)
    at = open_page("submit", QUERY)
    data = _table(app_database, achieved(title="第一项技术"), achieved(title="第二项技术"), achieved(trl="15"))
    at.file_uploader[0].set_value(("成果.xlsx", data, XLSX)).run()
    seen = _html(at)
    assert "没有「15」" in seen and "第 4 行" in seen and "第一项技术" not in seen  # what is wrong stands first
    assert at.segmented_control(key="bulk-rows").options == ["全部 3", "可提交 2", "有问题 1"]
    assert _count(app_database) == 0
    _send(at)
    assert _html(at).count('class="bj-wrong"') == 2 and _count(app_database) == 0
    for box in at.checkbox:
        box.check()
    _send(at.run())
    told = _html(at)
    assert "已提交 2 条" in told and "CG-" in told and 'href="/mine?id=' in told and _count(app_database) == 2
    digest = told.partition("/download/bulk/")[2].partition(".xlsx")[0]
    assert bulk.unsent(digest, actor=member)[:2] == b"PK"
    at.file_uploader[0].set_value(("成果.xlsx", data, XLSX)).run()
    at.segmented_control(key="bulk-rows").set_value("repeated").run()
    assert "这一行已经提交过" not in _html(at) and _html(at).count("/mine?id=") == 2
    assert not [button for button in at.button if button.key == "bulk-take"]


def test_a_file_that_is_no_table_is_one_sentence_and_the_next_one_can_come(
    app_database: Database, sign_in: SignIn
) -> None:
    sign_in(Role.MEMBER)
    at = open_page("submit", QUERY)
    at.file_uploader[0].set_value(("成果.csv", "甲,乙\n1,2\n".encode(), "text/csv")).run()
    assert "表头里缺少" in _html(at)
    at.file_uploader[0].set_value(("成果.xlsx", _table(app_database, achieved()), XLSX)).run()
    assert "表头里缺少" not in _html(at) and at.button(key="bulk-take").label == "提交可用的 1 条"
    at.segmented_control(key="bulk-kind").set_value("demand").run()
    assert not [button for button in at.button if button.key == "bulk-take"]


def test_whoever_may_not_is_told_what_to_do_instead(app_database: Database, sign_in: SignIn) -> None:
    for role, says in ((Role.VISITOR, "登录后可以批量提交"), (Role.APPLICANT, "这个账号还不能批量提交")):
        sign_in(role)
        at = open_page("submit", QUERY)
        assert says in _html(at) and not at.file_uploader
