"""Health: alive is not the same as ready."""

import pytest
from starlette.testclient import TestClient

from lib.settings import settings
from lib.store.engine import Database, database
from lib.store.outage import AWAY
from tests.server.conftest import OURS


def test_alive_and_ready(client: TestClient) -> None:
    assert client.get("/healthz").json() == {"status": "ok"}
    assert client.get("/readyz").json() == {"status": "ok"}


@pytest.mark.parametrize("url", ["sqlite:///{folder}/new.db", "postgresql+psycopg://nobody@127.0.0.1:1/none"])
def test_not_ready_without_a_migrated_database(
    client: TestClient, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory, url: str
) -> None:
    monkeypatch.setenv("DATABASE_URL", url.format(folder=tmp_path_factory.mktemp("empty")))
    settings.cache_clear()
    database.cache_clear()
    assert client.get("/healthz").status_code == 200
    answer = client.get("/readyz")
    assert answer.status_code == 503 and "数据库" in answer.json()["reason"]
    database.cache_clear()


@pytest.mark.parametrize("path", ["/feeds/achievements.atom", "/api/v1/achievements", "/download/audit.csv", "/login"])
def test_while_the_database_is_away_every_route_says_so(
    client: TestClient, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    """R13: one sentence and 503, no id of an unexpected error."""
    monkeypatch.setenv("DATABASE_URL", "postgresql+psycopg://nobody@127.0.0.1:1/none")
    settings.cache_clear()
    database.cache_clear()
    client.cookies.set(settings().session_cookie, "x" * 43)
    asked = {"login": "a", "password": "b"}
    answer = client.post(path, data=asked, headers=OURS) if path == "/login" else client.get(path)
    assert answer.status_code == 503 and AWAY in answer.text
    database.cache_clear()


def test_an_unmigrated_file_is_not_ready(tmp_path_factory: pytest.TempPathFactory) -> None:
    assert not Database(f"sqlite:///{tmp_path_factory.mktemp('empty') / 'x.db'}").ready()
