"""Downloads: the public files themselves and nothing else; the audit trail to whoever may read it."""

import pytest
from sqlalchemy import update
from starlette.applications import Starlette
from starlette.testclient import TestClient

from lib.server import downloads
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
