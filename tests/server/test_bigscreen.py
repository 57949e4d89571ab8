"""The big screen over HTTP: read once for a state of the data however many screens ask, and only what is public."""

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from sqlalchemy import select
from starlette.testclient import TestClient

from lib.domain.access import Actor, Role
from lib.server import bigscreen
from lib.services import bigscreen as services
from lib.services import demo
from lib.services.demo import Volume
from lib.store.engine import Database
from lib.store.models import Achievement

KEEPER = Actor(role=Role.ADMINISTRATOR, name="测试")


@pytest.fixture
def readings(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """A number for each time the scenes were read from the database."""
    told: list[int] = []
    read = services.read

    def counted(*args: Any, **more: Any) -> Any:
        told.append(1)
        return read(*args, **more)

    monkeypatch.setattr(services, "read", counted)
    monkeypatch.setattr(bigscreen, "made_scenes", bigscreen.Scenes(bigscreen._make))
    return told


def data_of(client: TestClient, asked: str = "") -> Any:
    page = client.get(f"/bigscreen{asked}")
    assert page.status_code == 200
    return json.loads(page.text.split('id="data">')[1].split("</script>")[0])


def test_twenty_screens_cost_one_reading(client: TestClient, app_database: Database, readings: list[int]) -> None:
    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(lambda _: client.get("/bigscreen/scenes"), range(20)))
    assert {answer.status_code for answer in answers} == {200} and len(readings) == 1
    known = {"If-None-Match": answers[0].headers["etag"]}
    again = client.get("/bigscreen/scenes", headers=known)
    assert (again.status_code, again.content, len(readings)) == (304, b"", 1)
    with app_database.write() as session:
        for one in session.scalars(select(Achievement)):
            one.title = "改了名字的成果"
    fresh = client.get("/bigscreen/scenes", headers=known)
    assert fresh.status_code == 200 and len(readings) == 2


def test_what_is_asked_wrongly_counts_as_not_said(client: TestClient) -> None:
    assert data_of(client, "?seconds=30&scenes=events,home,events")["scenes"] == ["events", "home"]
    for seconds, told in (("30", 30), ("4", 15), ("121", 15), ("x", 15), ("-7", 15), ("", 15), ("9" * 99, 15)):
        assert data_of(client, f"?seconds={seconds}")["seconds"] == told
    assert data_of(client, "?scenes=<script>,nothing")["scenes"] == list(bigscreen.NAMES)
    assert 'data-theme="dark"' in client.get("/bigscreen?theme=dark").text
    assert 'data-theme="light"' in client.get("/bigscreen?theme=x").text


def test_it_shows_demonstration_only_when_asked_and_runs_no_script_of_its_own(
    client: TestClient, app_database: Database
) -> None:
    demo.create(app_database, Volume(roadshows=True), actor=KEEPER)
    page, shown = client.get("/bigscreen").text, "草原乳业与绿色能源科技成果路演"
    assert shown not in page and page.count('<section class="slide') == 5
    assert shown in client.get("/bigscreen?demo=1").text
    assert all("src=" in tag or "application/json" in tag for tag in page.split("<script")[1:])
