"""R18: values that no widget of ours would send, over the real socket: the page goes on, and the database holds."""

import asyncio
import json
import math
from typing import Any, Final

import pytest
from sqlalchemy import text

from bench.client import RunFailed, Tab, Widget
from lib.settings import settings
from lib.store.engine import Database
from lib.ui.navigation import PLACES
from tests.e2e.server import Server

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
_NO_WIDGET: Final = ("", "auth_user", "$$ID-0000-f-title", "$$STREAMLIT_INTERNAL_KEY", "x" * 4000)


def _wrong(turn: int, place: int, widget: Widget) -> tuple[str, Any]:
    """In most turns a wrong value in the right field; in each fourth one widget of the page gets whatever comes."""
    fitting = [value for value in VALUES if value[0] == FITTING.get(widget.kind)]
    if not fitting or (turn % 4 == 3 and turn // 4 % 5 == place % 5):
        return VALUES[(turn + place) % len(VALUES)]
    return fitting[(turn + place) % len(fitting)]


async def _tamper(served: Server, page: str, cookie: str) -> int:
    """Rounds of wrong values for every widget that the page shows; returns how many states were sent."""
    tab, sent = Tab(served.origin, page, cookie=cookie, timeout=60), 0
    await tab.open()
    try:
        for turn in range(len(VALUES)):
            if turn % 6 == 0:
                await tab.go(page, QUERIES[turn % len(QUERIES)] if turn % 12 else "")
            widgets = [*tab.widgets.values(), Widget(_NO_WIDGET[turn % len(_NO_WIDGET)], "", "", "", None)]
            given = {widget.label or widget.id: _wrong(turn, i, widget) for i, widget in enumerate(widgets)}
            for widget, (wire, value) in zip(widgets, given.values(), strict=True):
                tab.type(widget, wire, value)
            sent += len(given)
            await tab.rerun()
            assert not any("系统出错了" in said for said in tab.texts), _why(served, page, given)
    except RunFailed as failed:
        raise AssertionError(_why(served, page, given)) from failed
    finally:
        await tab.close()
    return sent


def _why(served: Server, page: str, given: object) -> str:
    told = [line for line in served.output().splitlines() if "unexpected error" in line]
    return f"{page}: {given!r:.1000}\n{json.loads(told[-1])['exception'] if told else ''}"


@pytest.mark.parametrize("who", ["visitor", "administrator"])
def test_tampered_widgets_break_nothing(served: Server, who: str) -> None:
    """R18."""
    token = f"; {settings().session_cookie}={served.sign_in()}" if who == "administrator" else ""
    cookie = f"{settings().browser_cookie}={'b' * 43}{token}"
    pages = ["" if place.name == "home" else place.name for place in PLACES]
    sent = sum(asyncio.run(_tamper(served, page, cookie)) for page in pages)
    store = Database(f"sqlite:///{served.file}")
    with store.read() as session:
        assert session.scalars(text("PRAGMA integrity_check")).all() == ["ok"]  # CHECK and NOT NULL included
        assert session.execute(text("PRAGMA foreign_key_check")).all() == []
    store.dispose()
    assert "Traceback" not in served.output()
    print(f"R18: {sent} tampered widget states as {who} on {len(pages)} pages, 0 exceptions")
    assert sent > 500
