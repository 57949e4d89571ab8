"""Opening a page of the product as a visitor or as the administrator, without a browser."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import pytest
from streamlit.components.v2.component_manager import BidiComponentManager
from streamlit.runtime.state.query_params_proxy import QueryParamsProxy
from streamlit.testing.v1 import AppTest

from lib.domain.access import Actor, Role
from lib.services import accounts
from lib.settings import ROOT
from lib.store.engine import Database
from lib.ui import guard

SHELL = ROOT / "lib" / "shell" / "main.py"
PASSWORD = "草原上的风吹过-2026"
ANONYMOUS, ADMINISTRATOR = "anonymous", "administrator"


@pytest.fixture
def sign_in(app_database: Database, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Make the next pages see nobody, or a signed-in administrator."""

    def sign(who: str) -> None:
        token = None
        if who == ADMINISTRATOR:
            keeper = Actor(role=Role.ADMINISTRATOR, name="测试")
            with app_database.write() as session:
                accounts.create_account(session, "admin", PASSWORD, "管理员", Role.ADMINISTRATOR, actor=keeper)
            token = accounts.log_in(app_database, "admin", PASSWORD, address="127.0.0.1", agent="test")
        monkeypatch.setattr(guard, "token", lambda: token)

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
