"""A server with the demonstration roadshows, and what tests of the stage share."""

import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from playwright.sync_api import Page
from sqlalchemy import select

from lib.domain.access import Actor, Role
from lib.services import demo
from lib.services.demo import Volume
from lib.store.engine import Database
from lib.store.models import Event, EventItem
from tests.e2e.server import Server

KEEPER = Actor(role=Role.ADMINISTRATOR, name="测试")


def rehearsed(folder: Path, template: Path) -> Server:
    """A server that is not started yet, with an administrator and both demonstration roadshows."""
    server = Server(folder / "served.db", folder / "server.log")
    shutil.copyfile(template, server.file)
    server.administrator()
    store = Database(f"sqlite:///{server.file}")
    demo.create(store, Volume(roadshows=True), actor=KEEPER)
    store.dispose()
    return server


def read(server: Server, look: Callable[[Any], Any]) -> Any:
    """What `look` finds in a session on the server's database."""
    store = Database(f"sqlite:///{server.file}")
    try:
        with store.read() as session:
            return look(session)
    finally:
        store.dispose()


def coming(server: Server) -> tuple[int, list[int]]:
    """The roadshow that comes, and its items in the order of the programme."""

    def look(session: Any) -> tuple[int, list[int]]:
        event = session.scalars(select(Event).where(Event.origin == "demo").order_by(Event.starts_at.desc())).first()
        items = session.scalars(
            select(EventItem.id).where(EventItem.event_id == event.id).order_by(EventItem.position)
        ).all()
        return event.id, list(items)

    found: tuple[int, list[int]] = read(server, look)
    return found


def slide(page: Page) -> str:
    """The key of the slide on the screen."""
    return str(page.evaluate("() => document.querySelector('.slide.on').dataset.key"))


def until(holds: Callable[[], Any], seconds: float = 10.0) -> Any:
    """Wait until something holds; returns it. Raises AssertionError."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if found := holds():
            return found
        time.sleep(0.05)
    raise AssertionError("it never came true")
