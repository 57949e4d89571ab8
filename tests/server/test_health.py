"""Health: alive is not the same as ready."""

import pytest
from starlette.testclient import TestClient

from lib.settings import settings
from lib.store.engine import Database, database


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


def test_an_unmigrated_file_is_not_ready(tmp_path_factory: pytest.TempPathFactory) -> None:
    assert not Database(f"sqlite:///{tmp_path_factory.mktemp('empty') / 'x.db'}").ready()
