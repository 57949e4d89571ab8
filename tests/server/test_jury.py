"""A judge's page over HTTP: the code is told once, a cookie stands for it, and nobody learns what was given."""

from typing import Any

import pytest
from starlette.testclient import TestClient

from lib.domain.access import Actor, Role
from lib.services import jury
from lib.store.engine import Database
from tests.server.conftest import OURS
from tests.server.test_stage import event  # noqa: F401

KEEPER = Actor(role=Role.ADMINISTRATOR, name="测试")


@pytest.fixture
def code(app_database: Database, event: int) -> str:  # noqa: F811
    jury.set_criteria(app_database, event, (("团队", 100),), (), actor=KEEPER)
    return jury.appoint(app_database, event, 2, actor=KEEPER)[1]


def enter(client: TestClient, number: int, code: Any) -> Any:
    return client.post(f"/jury/{number}/enter", json={"code": code}, headers=OURS)


def score(client: TestClient, number: int, item: Any, points: Any) -> Any:
    return client.post(f"/jury/{number}/scores", json={"item": item, "points": points}, headers=OURS)


def test_a_code_is_told_once_and_a_cookie_that_no_script_reads_stands_for_it(
    client: TestClient,
    event: int,  # noqa: F811
    code: str,
) -> None:
    assert '"sheet": null' in client.get(f"/jury?event={event}").text
    answer = enter(client, event, code.lower())
    assert answer.status_code == 200 and answer.json()["number"] == 1
    cookie = answer.headers["set-cookie"]
    assert "HttpOnly" in cookie and "SameSite=strict" in cookie and "Path=/jury" in cookie
    page = client.get(f"/jury?event={event}").text
    assert '"number": 1' in page and code not in page and code.replace("-", "") not in page
    client.post(f"/jury/{event}/leave", headers=OURS)
    assert client.get(f"/jury/{event}/sheet").status_code == 422


def test_points_are_kept_and_shown_to_their_judge_only(
    app_database: Database,
    client: TestClient,
    event: int,  # noqa: F811
    code: str,
) -> None:
    sheet = enter(client, event, code).json()
    item, measure = sheet["items"][0]["id"], str(sheet["measures"][0]["id"])
    assert score(client, event, item, {measure: "88.5"}).json() == {"kept": True}
    refused = score(client, event, item, {measure: "101"})
    assert (refused.status_code, list(refused.json()["errors"])) == (422, [measure])
    assert client.get(f"/jury/{event}/sheet").json()["items"][0]["points"] == {measure: "88.5"}
    for path in (f"/api/v1/events/{event}", f"/roadshows?id={event}", f"/presenter?event={event}",
                 f"/follow?event={event}", f"/stage/{event}", f"/console?event={event}"):  # fmt: skip
        assert "88.5" not in client.get(path).text, path
    assert client.get(f"/download/events/{event}/jury.xlsx").status_code == 404
    jury.freeze(app_database, event, actor=KEEPER)
    assert score(client, event, item, {measure: "90"}).status_code == 409
    assert client.get(f"/download/events/{event}/jury.xlsx").status_code == 404, "a visitor, still"


def test_what_is_no_code_no_event_or_no_sheet_gets_a_sentence(
    client: TestClient,
    event: int,  # noqa: F811
    code: str,
) -> None:
    assert client.get("/jury?event=999999").status_code == client.get("/jury").status_code == 404
    assert enter(client, 999999, code).status_code == 404
    for wrong in ("", "22222-22222", None, ["x"], "\x00" * 50):
        assert enter(client, event, wrong).json()["errors"]["code"].startswith("评分码不对")
    assert score(client, event, 1, {}).status_code == 422, "without a code"
    enter(client, event, code)
    for item, points in (("1", {}), (None, {}), (1, []), (True, "x")):
        assert score(client, event, item, points).status_code in {404, 422}
    unreadable = client.post(f"/jury/{event}/scores", content=b"{" * 10, headers=OURS)
    assert unreadable.status_code == 422
    foreign = client.post(f"/jury/{event}/enter", json={"code": code}, headers={"Origin": "https://evil.example"})
    assert foreign.status_code == 403
