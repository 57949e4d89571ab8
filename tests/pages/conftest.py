"""Opening a page of the product as whoever, without a browser."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Final

import pytest
import streamlit as st
from streamlit.components.v2.component_manager import BidiComponentManager
from streamlit.runtime.state.query_params_proxy import QueryParamsProxy
from streamlit.testing.v1 import AppTest

from lib.domain.access import VISITOR, Actor, Role
from lib.services import accounts
from lib.settings import ROOT
from lib.store.engine import Database
from lib.ui import guard
from tests.samples import XILINGOL, person

SHELL = ROOT / "lib" / "shell" / "main.py"
ANONYMOUS, ADMINISTRATOR = Role.VISITOR, Role.ADMINISTRATOR
SCOPES: Final[dict[Role, dict[str, Any]]] = {
    Role.OFFICIAL: {"scope": XILINGOL},
    Role.ORGANIZER: {"events": frozenset({1})},
}
"""What an account of the role answers for, unless a test says otherwise."""


@pytest.fixture(autouse=True)
def _browser(monkeypatch: pytest.MonkeyPatch) -> None:
    """A browser without cookies: what AppTest has in the place of one gives neither text nor nothing."""
    for name, value in {"ip_address": "127.0.0.1", "cookies": {}, "headers": {}}.items():
        monkeypatch.setattr(type(st.context), name, property(lambda _context, value=value: value))


@pytest.fixture
def sign_in(app_database: Database, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Actor]:
    """Make the next pages see a visitor or an account of a role: `sign_in(Role.OFFICIAL, scope="152500")`."""

    def sign(role: Role, **details: Any) -> Actor:
        token, actor = None, VISITOR
        if role is not Role.VISITOR:
            actor = person(app_database, role, **SCOPES.get(role, {}) | details)
            with app_database.write() as session:
                token = accounts.start_login(session, actor.account_id or 0, address="127.0.0.1", agent="test")
        monkeypatch.setattr(guard, "token", lambda: token)
        return actor

    return sign


def open_page(name: str, query: dict[str, Any] | None = None) -> AppTest:
    """A fresh session whose first request is this page's address, run to its end."""
    at = AppTest.from_file(str(SHELL), default_timeout=60)
    at._bidi_component_manager = _components()
    if name != "home":
        at.switch_page(f"../../pages/{name}.py")
    at.query_params.update(query or {})
    return at.run()


@lru_cache
def _components() -> BidiComponentManager:
    """What AppTest makes anew for each session by reading every installed package: most of its time."""
    manager = BidiComponentManager()
    manager.discover_and_register_components(start_file_watching=False)
    return manager


@dataclass
class Asked:
    """Which parameters of the address the pages asked for."""

    names: set[str] = field(default_factory=set)


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Iterator[Asked]:
    """Notes every parameter that a page reads."""
    noted = Asked()
    for method in ("get", "get_all", "__getitem__", "__contains__"):
        original = getattr(QueryParamsProxy, method)

        def reading(self: QueryParamsProxy, name: str, *args: Any, _original: Any = original, **named: Any) -> Any:
            noted.names.add(name)
            return _original(self, name, *args, **named)

        monkeypatch.setattr(QueryParamsProxy, method, reading)
    yield noted
