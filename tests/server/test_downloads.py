"""Downloads of the public data: the files themselves, as attachments, and nothing else."""

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from lib.server import downloads
from lib.settings import settings


@pytest.fixture(scope="module")
def client() -> TestClient:
    return TestClient(Starlette(routes=downloads.routes))


@pytest.mark.parametrize("name", sorted(downloads.NAMES))
def test_a_public_file_is_sent_as_it_is(client: TestClient, name: str) -> None:
    answer = client.get(f"/download/public/{name}.csv")
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
def test_any_other_name_is_no_file(client: TestClient, path: str) -> None:
    assert client.get(f"/download/public/{path}").status_code == 404
