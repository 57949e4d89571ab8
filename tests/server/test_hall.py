"""A full hall in small, on the real server: every phone shows the slide in time, what is sent arrives once, also when
the server is killed in the middle. `make bench` measures it at full size."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from statistics import median

import pytest
from sqlalchemy import func, select

from bench import stage, turns
from lib.services import demo
from lib.services.demo import Volume
from lib.store.engine import Database
from lib.store.models import Interest
from tests.e2e.server import Server

PHONES, DEVICES, SECONDS, EVERY = 20, 50, 6.0, 1.0


@pytest.fixture
def hall(loaded: Database, tmp_path: Path) -> Iterator[tuple[Server, Database]]:
    demo.create(loaded, Volume(roadshows=True), actor=stage.KEEPER)
    with stage.serving(loaded.url.render_as_string(hide_password=False), tmp_path / "server.log") as serving:
        yield serving


def rows(store: Database) -> int:
    with store.read() as session:
        return session.scalar(select(func.count()).select_from(Interest)) or 0


def test_every_phone_shows_every_slide_in_time_and_what_is_sent_arrives_once(hall: tuple[Server, Database]) -> None:
    server, store = hall
    before = rows(store)
    done = asyncio.run(stage.full(server, store, PHONES, DEVICES, SECONDS, EVERY))
    delays = done.delays()
    assert len(delays) == PHONES * len(done.told) >= PHONES * (SECONDS / EVERY - 1)
    assert turns.p95(delays) <= 2
    assert (done.behind(), [one.refused for one in done.sent if one.refused]) == (0, [])
    answers = [kept for one in done.sent for kept in one.kept]
    assert (answers.count(True), answers.count(False)) == (DEVICES, DEVICES), "half of what is sent is sent again"
    assert stage.kept(store, done) == stage.Kept(DEVICES, lost=0, doubled=0)
    assert rows(store) == before + DEVICES
    assert "Traceback" not in server.output()


def test_a_killed_server_loses_nobody_and_nothing(hall: tuple[Server, Database]) -> None:
    server, store = hall
    done, away, back = asyncio.run(stage.killed(server, store, PHONES, 20))
    assert len(back) == PHONES, "each phone came back by itself"
    assert all(phone.opened >= 2 for phone in done.phones)
    assert done.behind() == 0, "the slide and its clock as they were told last"
    assert turns.p95(back) <= 5
    assert away > 0
    assert any(one.tries > len(one.kept) for one in done.sent), "something was sent while nobody was there"
    assert stage.kept(store, done) == stage.Kept(20, lost=0, doubled=0)


@pytest.mark.parametrize("loaded", ["postgresql"], indirect=True)
def test_phones_at_a_second_process_hear_of_a_slide_from_the_database(
    hall: tuple[Server, Database], tmp_path: Path
) -> None:
    server, store = hall
    other = Server(Path(), tmp_path / "other.log", url=server.url)
    try:
        other.start()
        done = asyncio.run(stage.full(server, store, PHONES, DEVICES, SECONDS, EVERY, elsewhere=other.origin))
    finally:
        other.kill()
    here, there = done.delays(done.phones[::2]), done.delays(done.phones[1::2])
    assert len(here) == len(there) == PHONES // 2 * len(done.told)
    assert turns.p95(there) <= 2
    assert median(there) > median(here), "they read it, nobody hands it to them"
    assert done.behind() == 0
    assert stage.kept(store, done) == stage.Kept(DEVICES, lost=0, doubled=0)
