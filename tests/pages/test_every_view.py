"""Every record, league and way to look at the network, the channels and the figures opens without an error."""

from collections.abc import Callable, Iterator
from itertools import product
from typing import Any, Final

import pytest
from sqlalchemy import select

from lib.domain.access import Actor, Role
from lib.domain.vocabulary import Channel, Direction
from lib.services.channels import FactKind
from lib.services.indicators import INDICATORS
from lib.store.engine import Database
from lib.store.models import Achievement, Demand, Event, Organization
from lib.ui.maps import geometry
from lib.ui.views.network_state import LAYERS, STYLES, TABS
from lib.ui.views.statistics import VIEWS
from tests.pages.conftest import open_page

Views = Iterator[tuple[str, dict[str, Any]]]

LEAGUES: Final = [feature["properties"]["code"] for feature in geometry.features("leagues_lite", decimals=3)]
RECORDS: Final = {"achievements": Achievement, "demands": Demand, "organizations": Organization, "roadshows": Event}
PLACES: Final = ("MN", "RU", "DE", "110000", "310000", "150100")


@pytest.fixture(autouse=True)
def _visitor(sign_in: Callable[..., Actor]) -> None:
    sign_in(Role.VISITOR)


def network() -> Views:
    for tab, league in product(TABS, LEAGUES):
        yield "network", {"view": tab, "parent": league}
    for layer, style, league in product(LAYERS, STYLES, ("", "150700")):
        yield "network", {"layer": layer, "style": style, "parent": league}
    for feature in geometry.features("banners"):
        own = feature["properties"]
        yield "network", {"parent": own["parent_code"], "banner": own["code"], "metric": "organizations"}


def channels() -> Views:
    for kind, channel in product(FactKind, ("", *Channel)):
        asked = {"kind": kind.value, "channel": str(channel)}
        yield "channels", asked
        yield from (("channels", {**asked, "league": league}) for league in ("150100", "unknown"))
        yield from (("channels", {**asked, "direction": direction.value}) for direction in Direction)
    for place, scope in product(PLACES, ("home", "world")):
        yield "channels", {"place": place, "scope": scope}


def statistics() -> Views:
    for view, league in product(VIEWS, ("", *LEAGUES)):
        yield "statistics", {"view": view, "area": league}
    yield from (("statistics", {"view": "indicators", "indicator": key}) for key in INDICATORS)


@pytest.mark.parametrize("views", [network, channels, statistics], ids=lambda views: str(views.__name__))
def test_every_view_opens(views: Any) -> None:
    failed = [(name, query) for name, query in views() if open_page(name, query).exception]
    assert failed == []


@pytest.mark.parametrize("name", list(RECORDS))
def test_every_record_opens(app_database: Database, name: str) -> None:
    with app_database.read() as session:
        numbers = session.scalars(select(RECORDS[name].id)).all()
    assert len(numbers) > 30
    assert [number for number in numbers if open_page(name, {"id": str(number)}).exception] == []
