"""The audit page: entries with their details as literal text, the address as the question, refusals on the record."""

from collections.abc import Callable

from sqlalchemy import select
from streamlit.testing.v1 import AppTest

from lib.domain.access import Actor, Role
from lib.services import audit
from lib.store.engine import Database
from lib.store.models import AuditEntry
from tests.pages.conftest import open_page

HOSTILE = "<img src=x onerror=alert(1)> **粗** :material/bug_report: [x](javascript:alert(1))"


def text(at: AppTest) -> str:
    return "".join(element.proto.body for element in at.get("html"))


def test_entries_are_shown_literally_and_found_by_the_address(
    app_database: Database, sign_in: Callable[..., Actor]
) -> None:
    for place in ("150200", "150300"):
        with app_database.write() as session:
            audit.record(
                session, Actor(name=HOSTILE), "submission.publish", "submission", 7, league=place, receipt=HOSTILE,
                changes={"title": [HOSTILE, place]}, comment=HOSTILE,
            )  # fmt: skip
    sign_in(Role.OFFICIAL, scope="150200")
    at = open_page("audit", {"action": "submission.publish", "who": "onerror"})
    shown = text(at)
    assert not at.exception and shown.count("<details>") == 1
    assert "<img src" not in shown and "&lt;img src=x onerror=alert(1)&gt; **粗**" in shown
    assert "/download/audit.csv?who=onerror&amp;action=submission.publish" in shown
    at.text_input(key="a-who").set_value("没有这个人")
    assert "没有符合条件的记录" in text(at.button(key="FormSubmitter:audit-查询").click().run())


def test_a_try_at_what_is_not_for_one_is_on_the_record_once(
    app_database: Database, sign_in: Callable[..., Actor]
) -> None:
    member = sign_in(Role.MEMBER)
    open_page("audit").run()
    sign_in(Role.VISITOR)
    open_page("audit")
    with app_database.read() as session:
        tries = session.scalars(select(AuditEntry).where(AuditEntry.action == "access.refused")).all()
    assert [(entry.account_id, entry.outcome) for entry in tries] == [(member.account_id, "refused")]
    assert tries[0].object_id == "查辖区内的操作记录" and len(tries[0].request_id) == 16
