"""Every page for every role: it renders or denies, and garbage in its address changes nothing."""

from collections.abc import Callable

import pytest
from streamlit.testing.v1 import AppTest

from lib.domain.access import ROLE_PERMISSIONS, Actor, Role
from lib.ui.navigation import PLACES, Place
from tests.pages.conftest import ADMINISTRATOR, Asked, open_page

GARBAGE = (
    "",
    "nonsense",
    "-1",
    "0",
    "1e9",
    "99999999999999999999999",
    "１２",
    "'; DROP TABLE achievement; --",
    "<script>alert(1)</script>",
    "\x00\u202e%00../../etc/passwd",
    "\ud7ff" * 3000,
)


def _head(at: AppTest) -> str:
    """The head band of the page: what it says it is."""
    return next(e.proto.body for e in at.get("html") if "bj-title" in e.proto.body)


def _check(at: AppTest, seen: str) -> None:
    assert [e.value for e in at.exception] == [], seen


@pytest.mark.parametrize("who", Role)
@pytest.mark.parametrize("place", PLACES, ids=lambda place: place.name)
def test_renders_or_denies(place: Place, who: Role, sign_in: Callable[..., Actor]) -> None:
    sign_in(who)
    at = open_page(place.name)
    _check(at, place.name)
    allowed = place.permission in ROLE_PERMISSIONS[who]
    assert ("这个页面需要权限" in _head(at)) is not allowed


@pytest.mark.parametrize("place", PLACES, ids=lambda place: place.name)
def test_garbage_in_the_address_shows_the_page_with_its_default(
    place: Place, sign_in: Callable[..., Actor], asked: Asked
) -> None:
    sign_in(ADMINISTRATOR)
    default = _head(open_page(place.name))
    tried: set[str] = set()
    while untried := sorted(asked.names - tried):
        for name in untried:
            tried.add(name)
            at = open_page(place.name, {name: GARBAGE[1]})
            _check(at, f"{name}={GARBAGE[1]}")
            assert _head(at) == default, name
    for value in GARBAGE:
        for query in (dict.fromkeys(tried, value), {name: [value, value + "x"] for name in tried}):
            at = open_page(place.name, query)
            _check(at, repr(query)[:200])
            assert _head(at) == default, value
