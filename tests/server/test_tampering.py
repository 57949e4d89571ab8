"""R18: values that no widget of ours would send, over the real socket: the page goes on, and the database holds."""

import asyncio
import json
import math
from pathlib import Path
from secrets import token_hex
from typing import Any, Final

from sqlalchemy import text

from bench.client import RunFailed, Tab, Widget
from lib.domain.access import Actor, Role
from lib.domain.vocabulary import SubmissionKind
from lib.services import accounts, submissions
from lib.settings import settings
from lib.store.engine import Database
from lib.ui.navigation import PLACES
from tests.e2e.server import PASSWORD, Server
from tests.samples import achievement, demand

VALUES: Final[tuple[tuple[str, Any], ...]] = (
    ("trigger_value", True),
    ("bool_value", True),
    ("double_value", math.nan),
    ("double_value", math.inf),
    ("double_value", -1e308),
    ("int_value", 2**63 - 1),
    ("int_value", -1),
    ("string_value", ""),
    ("string_value", "不在列表里"),
    ("string_value", "\0\u202e" + "长" * 5000),
    ("string_value", "<script>alert(1)</script> :material/home: $x$"),
    ("string_value", "9999-99-99"),
    ("string_array_value", []),
    ("string_array_value", ["0001-01-01"]),
    ("string_array_value", ["不在列表里", "\0", "=1+1"]),
    ("string_array_value", [str(n) for n in range(500)]),
    ("double_array_value", [math.nan, math.inf]),
    ("int_array_value", [-1, 2**63 - 1]),
    ("json_value", "{"),
    ("json_value", '{"selection": {"objects": [1, null]}}'),
    ("json_trigger_value", '[{"event": null}]'),
    ("bytes_value", b"\xff\x00"),
)
FITTING: Final = {
    "button": "trigger_value", "checkbox": "bool_value", "text_input": "string_value", "text_area": "string_value",
    "selectbox": "string_value", "radio": "string_value", "date_input": "string_array_value",
    "button_group": "string_array_value", "pagination": "int_value", "deck_gl_json_chart": "json_value",
}  # fmt: skip
"""The field of the protocol in which a widget's value travels: in it, wrong values reach our own code."""
QUERIES: Final = (
    "id=999999999&page=-1&q=%00%ff&draft=x&view=nothing&kind=%E2%80%AE&event=1e9&league=150100'--&field=,,,",
    "id=٣&page=2147483648&q=" + "%22%28%2A" * 40 + "&id=1&id=2&_=" + "x" * 3000,
)
VIEWS: Final = (
    *(("" if place.name == "home" else place.name, "") for place in PLACES),
    *((page, "id=1") for page in ("achievements", "demands", "organizations", "roadshows", "review", "mine")),
    *(("submit", query) for query in ("kind=achievement", "kind=registration&event=1", "kind=military", "view=status")),
    *(("submit", f"kind=achievement&step={step}") for step in (3, 5)),
    *(("accounts", query) for query in ("id=2", "view=accounts", "view=invitations")),
    ("statistics", "view=contracts"),
    ("sources", "view=publishers"),
    *(("mine", f"view={view}") for view in ("notices", "drafts", "feed")),
    *(("access", f"view={view}") for view in ("waiting", "granted")),
)
ROUNDS: Final = 6
_NO_WIDGET: Final = ("", "auth_user", "$$ID-0000-f-title", "$$STREAMLIT_INTERNAL_KEY", "x" * 4000)


def _wrong(turn: int, place: int, widget: Widget) -> tuple[str, Any]:
    """In most turns a wrong value in the right field; in each fourth one widget of the page gets whatever comes."""
    fitting = [value for value in VALUES if value[0] == FITTING.get(widget.kind)]
    if not fitting or (turn % 4 == 3 and turn // 4 % 5 == place % 5):
        return VALUES[(turn + place) % len(VALUES)]
    return fitting[(turn + place) % len(fitting)]


async def _tamper(server: Server, page: str, query: str, cookie: str) -> int:
    """Rounds of wrong values for every widget that the page shows; returns how many states were sent."""
    tab, sent, given = Tab(server.origin, page, query, cookie, timeout=60), 0, {}
    await tab.open()
    try:
        for turn in range(ROUNDS):
            if turn % 4 == 0:
                await tab.go(page, QUERIES[turn // 4 % len(QUERIES)] if turn % 8 else query)
            widgets = [*tab.widgets.values(), Widget(_NO_WIDGET[turn % len(_NO_WIDGET)], "", "", "", None)]
            given = {widget.id: _wrong(turn + sent, i, widget) for i, widget in enumerate(widgets)}
            for widget in widgets:
                tab.type(widget, *given[widget.id])
            sent += len(given)
            await tab.rerun()
            assert not any("系统出错了" in said for said in tab.texts), _why(server, page, given)
    except RunFailed as failed:
        raise AssertionError(_why(server, page, given)) from failed
    finally:
        await tab.close()
    return sent


def _why(server: Server, page: str, given: object) -> str:
    told = [line for line in server.output().splitlines() if "unexpected error" in line]
    return f"{page}: {given!r:.1000}\n{json.loads(told[-1])['exception'] if told else ''}"


def test_tampered_widgets_break_nothing(loaded: Database, tmp_path: Path) -> None:
    """R18."""
    keeper = Actor(Role.ADMINISTRATOR, name="测试")
    with loaded.write() as session:
        for role in (Role.ADMINISTRATOR, Role.MEMBER):
            accounts.create_account(session, role.value, PASSWORD, role.label, role, actor=keeper)
    for kind, values in ((SubmissionKind.DEMAND, demand()), (SubmissionKind.ACHIEVEMENT, achievement())):
        member = Actor(Role.MEMBER, 2, "成员")
        submissions.submit(loaded, kind, token_hex(16), values, actor=member)
    server = Server(tmp_path / "none.db", tmp_path / "server.log", loaded.url.render_as_string(hide_password=False))
    server.start()
    sent = 0
    try:
        for who in ("", Role.MEMBER.value, Role.ADMINISTRATOR.value):
            token = f"; {settings().session_cookie}={server.sign_in(who)}" if who else ""
            for page, query in VIEWS:
                sent += asyncio.run(_tamper(server, page, query, f"{settings().browser_cookie}={'b' * 43}{token}"))
    finally:
        server.kill()
    if loaded.sqlite:
        with loaded.read() as session:
            assert session.scalars(text("PRAGMA integrity_check")).all() == ["ok"]  # CHECK and NOT NULL included
            assert session.execute(text("PRAGMA foreign_key_check")).all() == []
    assert "Traceback" not in server.output()
    print(f"R18: {sent} tampered widget states on {len(VIEWS)} views, {loaded.url.get_backend_name()}, 0 exceptions")
    assert sent > 1000
