"""What a map lays over its counts: every number is the total of the list it opens, and nothing is placed by guess."""

from datetime import timedelta

import pytest

from lib.domain.access import VISITOR
from lib.domain.dates import now_utc, today_shanghai
from lib.domain.errors import InvalidQuery
from lib.services import catalogue, layers
from lib.services.catalogue import UNKNOWN, CatalogueQuery
from lib.services.layers import COUNTED, KINDS, Mark
from lib.store.engine import Database
from lib.store.models import Division, Event, NetworkNode

ORDOS, UXIN = "150600", "150626"


def marks(db: Database, layer: str, league: str = "") -> tuple[Mark, ...]:
    with db.read() as session:
        return layers.marks(session, layer, league, actor=VISITOR)


@pytest.mark.parametrize("layer", KINDS)
@pytest.mark.parametrize("league", ["", ORDOS, "150200"])
def test_a_mark_counts_what_its_list_shows(loaded: Database, layer: str, league: str) -> None:
    for mark in marks(loaded, layer, league):
        facets = {"league": (league or mark.code,), "kind": KINDS[layer]}
        if league:
            facets["banner"] = (mark.code if mark.exact else UNKNOWN,)
        with loaded.read() as session:
            query = CatalogueQuery(facets=facets, size=1)
            assert catalogue.search_organizations(session, query, actor=VISITOR).total == mark.count


def test_a_record_that_names_only_its_league_stands_there_and_says_so(loaded: Database) -> None:
    found = marks(loaded, "carriers", ORDOS)
    assert [mark.exact for mark in found if mark.code == ORDOS] == [False]
    assert all(mark.exact for mark in found if mark.code != ORDOS)
    (whole,) = [mark for mark in marks(loaded, "carriers") if mark.code == ORDOS]
    assert whole.count == sum(mark.count for mark in found)


def test_no_layer_places_what_nobody_placed(loaded: Database) -> None:
    with loaded.read() as session:
        known = set(session.scalars(Division.__table__.select().with_only_columns(Division.code)))
    for layer in COUNTED:
        for league in ("", ORDOS):
            assert {mark.code for mark in marks(loaded, layer, league)} <= known
    assert marks(loaded, "nodes") == ()  # the plan alone puts no node on a map


def test_a_node_appears_with_its_name_once_something_is_stated(loaded: Database) -> None:
    with loaded.write() as session:
        node = session.query(NetworkNode).filter_by(division_code=UXIN).one()
        node.state, node.name = "preparing", "乌审旗站"
    assert marks(loaded, "nodes", ORDOS) == (Mark(UXIN, 1, exact=True, note="乌审旗站"),)


def test_the_events_of_the_layer_are_as_many_as_its_marks(loaded: Database) -> None:
    stamp = {"created_at": now_utc(), "updated_at": now_utc(), "origin": "submitted", "kind": "路演"}
    with loaded.write() as session:
        for ago, banner in ((1, UXIN), (2, None), (400, UXIN), (-5, UXIN)):
            session.add(Event(title="活动", held_on=today_shanghai() - timedelta(days=ago), held_precision="day",
                              league_code=ORDOS, banner_code=banner, **stamp))  # fmt: skip
        session.add(Event(title="演示", held_on=today_shanghai(), held_precision="day", league_code=ORDOS,
                          banner_code=UXIN, **stamp | {"origin": "demo"}))  # fmt: skip
    with loaded.read() as session:
        listed = layers.events(session, ORDOS, actor=VISITOR)
    found = marks(loaded, "events", ORDOS)
    assert sum(mark.count for mark in found) == len(listed)
    assert {one.banner_code for one in listed} >= {UXIN, ""}
    assert next(mark for mark in found if mark.code == UXIN).count == 1


def test_every_port_has_a_source_and_a_place_that_it_names(loaded: Database) -> None:
    for port in layers.ports():
        assert port.source_publisher
        assert port.source_date
        assert port.source_url.startswith("http")
        assert port.banner_code[:4] in ("", port.league_code[:4])
    assert any(not mark.exact for mark in marks(loaded, "ports", "150800"))


def test_an_unknown_layer_is_refused(loaded: Database) -> None:
    with loaded.read() as session, pytest.raises(InvalidQuery):
        layers.marks(session, "services", actor=VISITOR)
