"""Chinese chrome: Streamlit's page goes out in our words, whichever address asks for it."""

import re

import pytest
from starlette.testclient import TestClient

from lib.server import chrome
from lib.ui.navigation import PLACES


@pytest.mark.parametrize("path", ["/", "/achievements", "/nowhere/at/all"])
def test_streamlits_page_is_ours(client: TestClient, path: str) -> None:
    page = client.get(path)
    assert page.status_code == 200 and page.headers["cache-control"] == "no-cache"
    assert "etag" not in page.headers
    assert '<html lang="zh-CN">' in page.text and "<title>北疆技转</title>" in page.text
    assert "agent" not in page.text and "You need to enable" not in page.text
    assert int(client.head(path).headers["content-length"]) == len(page.content)


def test_everything_the_page_adds_is_served_here(client: TestClient) -> None:
    page = client.get("/").text
    added = re.findall(r'(?:src|href)="(/[^"]+)"', page)
    assert any(address.startswith("/chrome.js?v=") for address in added)
    assert any(address.startswith("/app/static/style.css?v=") for address in added)
    assert not re.findall(r'(?:src|href)="(?:https?:)?//', page)
    script = client.get(next(address for address in added if "chrome.js" in address))
    assert script.headers["content-type"].startswith("text/javascript")
    assert "immutable" in script.headers["cache-control"]


def test_the_script_knows_every_page_and_nothing_else(client: TestClient) -> None:
    named = re.search(r'data-pages="([^"]*)"', client.get("/").text)
    assert named is not None and set(named[1].split()) == {place.name for place in PLACES}


def test_our_own_pages_are_left_alone(client: TestClient) -> None:
    for path in ("/login", "/api/v1/docs"):
        assert "chrome.js" not in client.get(path).text


def test_the_replacements_still_find_their_places() -> None:
    page = chrome.index().decode()
    assert page.count("chrome.js") == 1 and page.count("zh-CN") == 1 and "SourceSans" not in page
