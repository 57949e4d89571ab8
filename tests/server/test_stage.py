"""The deck, the stage, the audience's page, the second screen over HTTP: who may, what they say, nothing personal."""

import asyncio
import io
import json
from collections.abc import Iterator
from secrets import token_hex
from typing import Any

import pytest
from pptx import Presentation
from sqlalchemy import select, update
from starlette.testclient import TestClient

from lib.domain.access import Actor, Role
from lib.server.stage import Halls
from lib.services import demo
from lib.services.demo import Volume
from lib.services.stage import State
from lib.store.engine import Database
from lib.store.models import Event, EventItem
from tests.server.conftest import OURS, PASSWORD

KEEPER = Actor(role=Role.ADMINISTRATOR, name="测试")
PHONE = "13812345678"


@pytest.fixture
def event(app_database: Database, client: TestClient, administrator: None) -> int:
    demo.create(app_database, Volume(roadshows=True), actor=KEEPER)
    with app_database.read() as session:
        return (
            session.scalars(select(Event.id).where(Event.origin == "demo").order_by(Event.starts_at.desc())).first()
            or 0
        )


@pytest.fixture
def item(app_database: Database, event: int) -> int:
    with app_database.read() as session:
        return (
            session.scalars(
                select(EventItem.id).where(EventItem.event_id == event, EventItem.achievement_id.is_not(None))
            ).first()
            or 0
        )


def login(client: TestClient) -> None:
    client.post("/login", data={"login": "admin", "password": PASSWORD}, headers=OURS)


def state(seq: int, item: int | None, slide: str = "") -> dict[str, Any]:
    timers = {"running": False, "since": None, "key": "", "spent": {}}
    return {"seq": seq, "slide": slide or f"item-{item}", "item": item, "timers": timers}


def send(client: TestClient, event: int, **values: Any) -> Any:
    return client.post(f"/stage/{event}/responses", json={"id": token_hex(16)} | values, headers=OURS)


def test_the_deck_needs_no_account_and_runs_no_script_of_its_own(client: TestClient, event: int) -> None:
    page = client.get(f"/presenter?event={event}")
    assert (page.status_code, page.headers["x-deck"]) == (200, "public")
    assert page.text.count('<section class="slide') == 13
    assert "onclick" not in page.text
    assert all("src=" in tag or "application/json" in tag for tag in page.text.split("<script")[1:])
    data = json.loads(page.text.split('id="data">')[1].split("</script>")[0])
    assert (data["drives"], data["stage"]["seq"]) == (False, 0)
    login(client)
    assert json.loads(client.get(f"/presenter?event={event}").text.split('id="data">')[1].split("</script>")[0])[
        "drives"
    ]
    assert client.get("/presenter?event=999999").status_code == 404
    assert client.get("/presenter?event=x").status_code == 404
    assert "选一场活动放映" in client.get("/presenter").text
    assert client.get("/presenter-worker.js").headers["service-worker-allowed"] == "/presenter"
    assert client.get("/assets/presenter.js").status_code == 200


def test_a_draft_is_shown_to_nobody_else_anywhere(client: TestClient, app_database: Database, event: int) -> None:
    with app_database.write() as session:
        session.execute(update(Event).where(Event.id == event).values(state="draft", title="还没有公布的路演"))
    for path in (
        f"/presenter?event={event}", f"/follow?event={event}", f"/stage/{event}", f"/stage/{event}/stream",
        f"/feeds/events/{event}.ics", f"/download/events/{event}/deck.pptx",
    ):  # fmt: skip
        assert client.get(path).status_code == 404, path
    for path in ("/feeds/events.ics", "/api/v1/events?size=100", "/presenter", "/api/v1/events?q=还没有公布"):
        assert "还没有公布的路演" not in client.get(path).text, path
    login(client)
    assert "x-deck" not in client.get(f"/presenter?event={event}").headers


def test_titles_are_text_whatever_they_say(client: TestClient, app_database: Database, event: int) -> None:
    with app_database.write() as session:
        session.execute(update(Event).where(Event.id == event).values(title="</script><img src=x onerror=alert(1)>"))
    for path in (f"/presenter?event={event}", f"/follow?event={event}"):
        assert "<img src=x" not in client.get(path).text
        assert "</script><img" not in client.get(path).text


def test_only_whoever_runs_it_tells_the_stage(client: TestClient, event: int, item: int) -> None:
    assert client.get(f"/stage/{event}").json()["seq"] == 0
    assert client.post(f"/stage/{event}", json=state(1, item), headers=OURS).status_code == 403
    assert client.post(f"/stage/{event}", json=state(1, item)).status_code == 403, "no origin"
    login(client)
    told = client.post(f"/stage/{event}", json=state(5, item), headers=OURS)
    assert (told.status_code, told.json()["slide"]) == (200, f"item-{item}")
    assert client.post(f"/stage/{event}", json=state(3, None, "title"), headers=OURS).json()["seq"] == 5
    for body in ({}, {"seq": "1"}, state(6, 999_999)):
        assert client.post(f"/stage/{event}", json=body, headers=OURS).status_code == 422
    assert client.post(f"/stage/{event}", content=b"x" * 40_000, headers=OURS).status_code == 422


def test_an_audience_sends_once_and_only_the_hosts_count(client: TestClient, event: int, item: int) -> None:
    client.get(f"/follow?event={event}")  # sets the browser's cookie
    assert send(client, event, kind="mark", item=item, need=5).json() == {"kept": True}
    assert send(client, event, kind="mark", item=item, need=1).json() == {"kept": False}
    refused = send(client, event, kind="intention", item=item, phone=PHONE)
    assert (refused.status_code, list(refused.json()["errors"])) == (422, ["consent"])
    assert send(client, event, kind="intention", item=item, phone=PHONE, name="张三", consent="1").json() == {
        "kept": True
    }
    assert client.get(f"/stage/{event}/mine").json()[str(item)]["mark"]["need"] == 5
    for path in ("counts", "questions"):
        assert client.get(f"/stage/{event}/{path}").status_code == 403
    assert client.get(f"/console?event={event}").status_code == 303
    login(client)
    counted = client.get(f"/stage/{event}/counts").json()[str(item)]
    assert (counted["marks"], counted["means"]["need"], counted["intentions"]) == (1, "5.0", 1)
    for path in (
        f"/console?event={event}",
        f"/stage/{event}/counts",
        f"/presenter?event={event}",
        f"/follow?event={event}",
    ):
        assert PHONE not in client.get(path).text
        assert "张三" not in client.get(path).text


def test_files_of_an_event(client: TestClient, event: int) -> None:
    deck = client.get(f"/download/events/{event}/deck.pptx")
    assert len(Presentation(io.BytesIO(deck.content)).slides) == 13
    assert client.get(f"/download/events/{event}/attendees.xlsx").status_code == 404
    login(client)
    assert client.get(f"/download/events/{event}/attendees.xlsx").status_code == 200
    one = client.get(f"/feeds/events/{event}.ics").text
    assert "DTSTART:" in one
    assert client.get("/feeds/events.ics", params={"kind": "培训"}).text.count("BEGIN:VEVENT") < 5


class Reader:
    """A database that can be told what to say, and counts how often it is asked."""

    def __init__(self) -> None:
        self.state, self.asked, self.away = State(), 0, False

    def __call__(self, _event: int) -> State:
        self.asked += 1
        if self.away:
            raise ConnectionError("away")
        return self.state


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr("lib.server.stage._EVERY", 0.02)
    monkeypatch.setattr("lib.server.stage._PING", 0.2)
    yield


def test_three_hundred_listeners_are_one_reader_and_outlive_an_outage(quick: None) -> None:
    reader = Reader()
    halls = Halls(reader)

    async def listen(seen: list[int]) -> None:
        async for state in halls.follow(1, State()):
            if state is not None:
                seen.append(state.seq)
                if state.seq == 2:
                    return

    async def run() -> list[list[int]]:
        heard: list[list[int]] = [[] for _ in range(300)]
        tasks = [asyncio.create_task(listen(seen)) for seen in heard]
        await asyncio.sleep(0.3)
        assert halls.listening() == 300
        reader.state = State(1, "title")
        await asyncio.sleep(0.3)
        reader.away = True
        await asyncio.sleep(0.2)
        reader.away, reader.state = False, State(2, "agenda")
        await asyncio.wait_for(asyncio.gather(*tasks), 5)
        await asyncio.sleep(0.1)
        return heard

    heard = asyncio.run(run())
    assert {tuple(seen) for seen in heard} == {(0, 1, 2)}
    assert reader.asked < 100
    assert halls.listening() == 0
    assert halls.halls == {}


def test_a_listener_that_does_not_listen_is_let_go(quick: None) -> None:
    halls = Halls(Reader())

    async def run() -> None:
        stream = halls.follow(1, State())
        assert await anext(stream) == State()
        waiting = asyncio.create_task(anext(stream))
        await asyncio.sleep(0.05)
        halls.tell(1, State(1, "title"))
        assert (await waiting).seq == 1  # type: ignore[union-attr]
        for number in range(2, 30):
            halls.tell(1, State(number, "title"))
        assert halls.listening() == 0
        assert [one async for one in stream if one is not None][-1].seq <= 29
        await asyncio.sleep(0.1)

    asyncio.run(run())


def test_the_result_report_is_for_whoever_runs_the_event(client: TestClient, event: int) -> None:
    assert client.get(f"/download/events/{event}/outcome.docx").status_code == 404
    assert client.get(f"/print/events/{event}/outcome").status_code == 404
    login(client)
    word = client.get(f"/download/events/{event}/outcome.docx")
    assert word.status_code == 200 and word.content[:2] == b"PK" and "no-store" in word.headers["cache-control"]
    page = client.get(f"/print/events/{event}/outcome")
    assert "成效报告" in page.text and "跟进清单" in page.text and PHONE not in page.text
    assert client.get("/print/events/999999/outcome").status_code == 404
