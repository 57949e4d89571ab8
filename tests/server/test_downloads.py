"""Downloads: the public files and nothing else; the audit trail to its readers, what a table left to its sender."""

import io

import pytest
from python_calamine import CalamineWorkbook
from sqlalchemy import update
from starlette.applications import Starlette
from starlette.testclient import TestClient

from lib.domain.access import Actor, Role
from lib.domain.vocabulary import SubmissionKind
from lib.files import export, tables
from lib.files.template import Column
from lib.server import downloads
from lib.services import bulk, demo
from lib.settings import settings
from lib.store.engine import Database
from lib.store.models import Account
from tests.server.conftest import OURS, PASSWORD


@pytest.fixture(scope="module")
def public() -> TestClient:
    return TestClient(Starlette(routes=downloads.routes))


@pytest.mark.parametrize("name", sorted(downloads.NAMES))
def test_a_public_file_is_sent_as_it_is(public: TestClient, name: str) -> None:
    answer = public.get(f"/download/public/{name}.csv")
    assert answer.status_code == 200
    assert answer.content == (settings().public_dir / f"{name}.csv").read_bytes()
    assert answer.headers["content-disposition"] == f'attachment; filename="{name}.csv"'
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"


@pytest.mark.parametrize(
    "path",
    [
        "policy_clauses.csv",
        "accounts.csv",
        "achievements",
        "..%2f..%2fpyproject.toml",
        "..%2fpolicy_clauses.csv",
        "%2e%2e/policy_clauses.csv",
        "achievements.csv%00.csv",
        "ACHIEVEMENTS.csv",
        "%E6%88%90%E6%9E%9C.csv",
    ],
)
def test_any_other_name_is_no_file(public: TestClient, path: str) -> None:
    assert public.get(f"/download/public/{path}").status_code == 404


def test_the_audit_trail_is_sent_to_whoever_may_read_it_now(
    client: TestClient, administrator: None, app_database: Database
) -> None:
    assert client.get("/download/audit.csv").status_code == 403
    client.post("/login", data={"login": "admin", "password": PASSWORD}, headers=OURS)
    answer = client.get("/download/audit.csv", params={"action": "login", "page": "9"})
    lines = answer.content.decode("utf-8-sig").splitlines()
    assert (answer.status_code, len(lines), "管理员甲" in lines[1]) == (200, 2, True)
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["content-disposition"].startswith("attachment;")
    for role, status, rows in (("official", 200, 1), ("member", 403, 0)):
        with app_database.write() as session:
            session.execute(update(Account).values(role=role, scope="150200" if rows else None))
        answer = client.get("/download/audit.csv")
        assert answer.status_code == status
        assert not rows or len(answer.content.decode("utf-8-sig").splitlines()) == rows, "header only: out of scope"


def test_what_was_left_of_a_table_goes_to_whoever_sent_it_and_may_send(
    client: TestClient, administrator: None, app_database: Database
) -> None:
    columns = (Column("title", "成果名称", required=True), Column("unit", "单位全称", required=True))
    needed = tuple(Column(name, name) for name in bulk.required(SubmissionKind.ACHIEVEMENT) - {"title", "unit"})
    table = export.csv_bytes([c.header for c in (*columns, *needed)], [["=某项", "某家"]])
    with app_database.write() as session:
        owner = Actor(Role.MEMBER, session.scalars(update(Account).values(role="member").returning(Account.id)).one())
    batch = bulk.preview(app_database, SubmissionKind.ACHIEVEMENT, (*columns, *needed), "成果.csv", table, actor=owner)
    path = f"/download/bulk/{batch.digest}.xlsx"
    assert client.get(path).status_code == 404
    client.post("/login", data={"login": "admin", "password": PASSWORD}, headers=OURS)
    answer = client.get(path)
    assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-store")
    assert "unsent.xlsx" in answer.headers["content-disposition"]
    assert tables.read(answer.content, "x.xlsx").lines[0].cells[0] == "'=某项"
    assert client.get(f"/download/bulk/{'0' * 64}.xlsx").status_code == 404
    with app_database.write() as session:
        session.execute(update(Account).values(role="applicant"))
    assert client.get(path).status_code == 404


@pytest.mark.parametrize("page", ["achievements", "demands", "organizations"])
def test_a_result_is_sent_in_three_forms(client: TestClient, page: str) -> None:
    asked = {"q": "技术", "league": ["150100", "junk"], "page": "9", "order": "='x", "size": "1"}
    items = client.get(f"/download/{page}.json", params=asked).json()["items"]
    lines = client.get(f"/download/{page}.csv", params=asked).content.decode("utf-8-sig").splitlines()
    answer = client.get(f"/download/{page}.xlsx", params=asked)
    assert len(items) > 0 and len(lines) >= len(items) + 1 and f"/{page}?q=" in lines[1]
    assert {item["盟市"] for item in items} == {"呼和浩特市"}
    assert answer.content.startswith(b"PK") and answer.headers["cache-control"] == "no-store"
    assert answer.headers["content-disposition"].startswith(f'attachment; filename="{page}.xlsx"')
    for path in (f"{page}.xls", page, "events.csv"):
        assert "content-disposition" not in client.get(f"/download/{path}").headers


def test_the_list_of_follow_ups_is_sent_to_whoever_may_read_it_now(
    client: TestClient, administrator: None, app_database: Database
) -> None:
    demo.create(app_database, demo.Volume(roadshows=True), actor=Actor(role=Role.ADMINISTRATOR, name="测试"))
    assert client.get("/download/followups.xlsx").status_code == 403
    client.post("/login", data={"login": "admin", "password": PASSWORD}, headers=OURS)
    answer = client.get("/download/followups.xlsx", params={"view": "signed", "owner": "x", "page": "9"})
    assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-store")
    assert answer.headers["content-disposition"].startswith("attachment;")
    rows = CalamineWorkbook.from_filelike(io.BytesIO(answer.content)).get_sheet_by_name("对接跟进").to_python()
    assert len(rows) > 1
    assert {row[6] for row in rows[1:]} == {"已签约"}
    with app_database.write() as session:
        session.execute(update(Account).values(role="applicant"))
    assert client.get("/download/followups.xlsx").status_code == 403
