"""Restricted content on the pages: asked for, granted, opened, taken back; attachments taken and refused."""

from collections.abc import Callable
from pathlib import Path
from secrets import token_hex
from typing import Any

import pytest
from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager
from streamlit.testing.v1 import AppTest

from lib.domain.access import Actor
from lib.domain.vocabulary import SubmissionKind
from lib.services import accounts
from lib.settings import settings
from lib.store.engine import Database
from lib.ui import guard
from tests.pages.conftest import open_page
from tests.pages.test_network import html
from tests.samples import achievement
from tests.services.test_disclosure import REASON, People, publish

SECRET = "催化剂 3.7%"
Become = Callable[[Actor | None], None]


def why(at: Any) -> Any:
    """Where the reason is typed: the first box that is not the one for an intention."""
    return next(box for box in at.text_area if not str(box.key).startswith("intent-"))


@pytest.fixture
def become(app_database: Database, monkeypatch: pytest.MonkeyPatch) -> Become:
    """Make the next pages see this account, or a visitor."""

    def sign(actor: Actor | None) -> None:
        token = None
        if actor is not None:
            with app_database.write() as session:
                token = accounts.start_login(session, actor.account_id or 0, address="", agent="")
        monkeypatch.setattr(guard, "token", lambda: token)

    return sign


@pytest.fixture
def scene(app_database: Database) -> tuple[People, dict[str, str]]:
    """People, and the address of an achievement with a formula of the owner's."""
    people = People(app_database)
    record = publish(app_database, SubmissionKind.ACHIEVEMENT, achievement(formula=SECRET), people.owner)
    return people, {"id": str(record)}


def button(at: AppTest, label: str) -> AppTest:
    """The page after a click on the button of this label."""
    return next(b for b in at.button if b.label == label).click().run()


def test_from_asking_to_opening_and_back(scene: tuple[People, dict[str, str]], become: Become) -> None:
    people, query = scene
    become(None)
    page = html(open_page("achievements", query))
    assert "配方与关键参数" in page
    assert "没有对您开放" in page
    assert f'href="/login?next=%2Fachievements%3Fid%3D{query["id"]}"' in page
    become(people.asker)
    at = open_page("achievements", query)
    why(at).set_value("想看")
    assert "10 至 500" in html(button(at, "申请查看"))
    assert why(at).value == "想看"
    why(at).set_value(REASON)
    assert any("等待权属单位" in caption.value for caption in button(at, "申请查看").caption)
    become(people.owner)
    answer = open_page("access")
    assert REASON in html(answer)
    answer = button(answer, "不同意")
    assert "一句说明" in html(answer)
    assert [message.value for message in button(answer, "同意").success] == ["已同意，30 天内可以查看。"]
    become(people.asker)
    at = open_page("achievements", query)
    assert SECRET not in html(at)
    assert SECRET in html(button(at, "查看"))
    assert SECRET not in html(at.run())
    become(people.official)
    button(open_page("access", {"view": "granted"}), "收回授权")
    become(people.asker)
    assert not [b for b in at.run().button if b.label == "查看"]
    assert "已收回" in html(open_page("access"))


def test_a_request_may_be_taken_back(scene: tuple[People, dict[str, str]], become: Become) -> None:
    people, query = scene
    become(people.other)
    at = open_page("achievements", query)
    why(at).set_value(REASON)
    button(at, "申请查看")
    assert [message.value for message in button(open_page("access"), "撤回申请").success] == ["申请已撤回。"]
    become(people.owner)
    assert "没有待办的申请" in html(open_page("access", {"view": "waiting"}))


def test_a_file_is_kept_with_the_draft_and_dropped_from_memory(
    app_database: Database, become: Become, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings(), "attachments_dir", tmp_path / "attachments")
    dropped: list[str] = []
    forget = MemoryUploadedFileManager.remove_file
    monkeypatch.setattr(
        MemoryUploadedFileManager,
        "remove_file",
        lambda kept, session_id, file_id: (dropped.append(file_id), forget(kept, session_id, file_id)),
    )
    become(People(app_database).owner)
    at = open_page("submit", {"kind": "achievement", "draft": token_hex(16), "step": "5"})
    at.file_uploader[0].set_value(("中试报告.txt", "回收率 93%".encode(), "text/html")).run()
    assert "中试报告.txt" in html(at)
    at.file_uploader[0].set_value(("a.exe.pdf", b"%PDF-", "application/pdf")).run()
    assert "两个扩展名" in html(at)
    assert len(dropped) == 2
    assert len(list((tmp_path / "attachments").iterdir())) == 1
    assert "中试报告.txt" not in html(button(at, "删除"))
    assert list((tmp_path / "attachments").iterdir()) == []
