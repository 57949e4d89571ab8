"""The network's counts: a plain reading of the files, the lists they open, and 暂无数据 where nothing is known."""

import csv
from collections import Counter

import pytest

from lib.domain.access import VISITOR
from lib.domain.dates import now_utc, today_shanghai
from lib.domain.errors import AccessDenied, InvalidQuery
from lib.domain.vocabulary import Level, Origin
from lib.services import catalogue, network, roadshows
from lib.services.catalogue import UNKNOWN, CatalogueQuery
from lib.services.network import SERVICE_KINDS, Metric
from lib.services.roadshows import OUTSIDE, EventQuery
from lib.settings import settings
from lib.store.engine import Database
from lib.store.models import Achievement, Division, Event, Organization

ORDOS = "150600"
COLUMN = {
    Metric.ACHIEVEMENTS: "league", Metric.ORGANIZATIONS: "league", Metric.DEMANDS: "league", Metric.EVENTS: "city",
}  # fmt: skip


def rows(metric: Metric) -> list[dict[str, str]]:
    with (settings().public_dir / f"{metric.value}.csv").open(encoding="utf-8-sig", newline="") as lines:
        return list(csv.DictReader(lines))


def divisions(level: str) -> dict[str, str]:
    """Names of a level by code, from the file."""
    with (settings().geo_dir / "divisions.csv").open(encoding="utf-8-sig", newline="") as lines:
        return {row["code"]: row["name"] for row in csv.DictReader(lines) if row["level"] == level}


@pytest.mark.parametrize("metric", Metric)
def test_counts_of_leagues_equal_a_plain_reading_of_the_file(loaded: Database, metric: Metric) -> None:
    read = Counter(row[COLUMN[metric]] for row in rows(metric))
    with loaded.read() as session:
        nodes = network.nodes(session, Level.LEAGUE, actor=VISITOR)
        left_out = network.unplaced(session, Level.LEAGUE, actor=VISITOR)[metric.value]
        region = network.nodes(session, Level.REGION, actor=VISITOR)[0].count(metric)
    assert {node.name: node.count(metric) for node in nodes} == {
        name: read[name] or None for name in divisions("league").values()
    }
    assert left_out == len(rows(metric)) - sum(node.count(metric) or 0 for node in nodes)
    assert region == len(rows(metric))


@pytest.mark.parametrize("metric", [Metric.ORGANIZATIONS, Metric.EVENTS])
def test_counts_of_banners_equal_a_plain_reading_of_the_file(loaded: Database, metric: Metric) -> None:
    read = Counter(row["banner"] for row in rows(metric))
    known = divisions("banner")
    with loaded.read() as session:
        nodes = network.nodes(session, "banner", actor=VISITOR)
        zones = network.zones(session, actor=VISITOR)
        left_out = network.unplaced(session, "banner", actor=VISITOR)[metric.value]
    assert len(nodes) == 103
    assert {node.name: node.count(metric) for node in nodes} == {name: read[name] or None for name in known.values()}
    named = set(read) - {""} - set(known.values())
    assert {zone.name: zone.counts[metric.value] for zone in zones} == {name: read[name] for name in named}
    assert left_out == read[""] + sum(read[name] for name in named)


def test_every_count_is_the_total_of_the_list_it_opens(loaded: Database) -> None:
    searches = {
        Metric.ACHIEVEMENTS: catalogue.search_achievements,
        Metric.ORGANIZATIONS: catalogue.search_organizations,
        Metric.DEMANDS: catalogue.search_demands,
    }

    with loaded.read() as session:

        def listed(metric: Metric, *leagues: str) -> int:
            if metric is Metric.EVENTS:
                query = EventQuery(leagues=leagues, size=1)
                return roadshows.search_events(session, query, actor=VISITOR, today=today_shanghai()).total
            return searches[metric](session, CatalogueQuery(facets={"league": leagues}, size=1), actor=VISITOR).total

        left_out = network.unplaced(session, Level.LEAGUE, actor=VISITOR)
        for metric in Metric:
            for node in network.nodes(session, Level.LEAGUE, actor=VISITOR):
                assert (node.count(metric) or 0) == listed(metric, node.code), (metric, node.name)
            unknown = (UNKNOWN, OUTSIDE) if metric is Metric.EVENTS else (UNKNOWN,)
            assert left_out[metric.value] == listed(metric, *unknown)


def test_parts_and_rows_of_a_league_add_up_to_its_count(loaded: Database) -> None:
    with loaded.read() as session:
        own = next(node for node in network.nodes(session, "league", actor=VISITOR) if node.code == ORDOS)
        banners = network.nodes(session, "banner", ORDOS, actor=VISITOR)
        left_out = network.unplaced(session, "banner", ORDOS, actor=VISITOR)
        for metric in Metric:
            parts = network.breakdown(session, metric, ORDOS, actor=VISITOR)
            assert sum(part.count for part in parts) == own.count(metric)
            placed = network.entries(session, metric, ORDOS, actor=VISITOR)
            assert len(placed) == sum(banner.count(metric) or 0 for banner in banners)
            assert len(placed) + left_out[metric.value] == own.count(metric)
            for banner in banners:
                found = network.entries(session, metric, ORDOS, banner.code, actor=VISITOR)
                assert len(found) == (banner.count(metric) or 0)


def test_nodes_of_the_network_are_the_places_with_an_organization_that_serves_transfer(loaded: Database) -> None:
    read = Counter(row["league"] for row in rows(Metric.ORGANIZATIONS) if row["kind"] in SERVICE_KINDS)
    with loaded.read() as session:
        nodes = network.nodes(session, "league", actor=VISITOR)
    assert {node.name: node.services for node in nodes} == {node.name: read[node.name] or None for node in nodes}


def test_nothing_is_ever_counted_as_zero(db: Database) -> None:
    place = {"zone": "", "lon": 110.0, "lat": 40.0, "seat_lon": 110.0, "seat_lat": 40.0}
    with db.write() as session:
        session.add(Division(code="150000", name="自治区", short_name="区", level="region", kind="自治区", **place))
        session.add(Division(code=ORDOS, name="盟", short_name="盟", level="league", kind="盟", **place))
    with db.read() as session:
        for level in (Level.REGION, Level.LEAGUE):
            (node,) = network.nodes(session, level, actor=VISITOR)
            assert set(node.counts.values()) == {None}
            assert node.services is None
        assert network.unplaced(session, "league", actor=VISITOR) == {metric.value: 0 for metric in Metric}


def test_origins_leave_the_others_out(loaded: Database) -> None:
    stamp = {"created_at": now_utc(), "updated_at": now_utc()}
    with loaded.write() as session:
        session.add(Achievement(title="演示成果", league_code=ORDOS, banner_code="150626", origin="demo", **stamp))
        session.add(Organization(name="演示机构", name_key="演示机构", kind="企业", origin="demo", **stamp))
        session.add(Event(title="演示活动", kind="路演", league_code=ORDOS, origin="demo", **stamp))

    def achievements(*origins: Origin) -> int | None:
        with loaded.read() as session:
            nodes = network.nodes(session, "banner", ORDOS, actor=VISITOR, origins=origins or None)
            return next(node for node in nodes if node.code == "150626").count(Metric.ACHIEVEMENTS)

    assert (achievements(), achievements(Origin.DEMO), achievements(Origin.PUBLIC)) == (1, 1, None)
    with loaded.read() as session:
        assert network.origins_present(session, actor=VISITOR)["demo"] == 3


def test_refusals(loaded: Database) -> None:
    nobody = type(VISITOR)(role="none")  # type: ignore[arg-type]
    with loaded.read() as session:
        with pytest.raises(InvalidQuery):
            network.nodes(session, "province", actor=VISITOR)
        for ask in (
            lambda: network.nodes(session, "league", actor=nobody),
            lambda: network.unplaced(session, "league", actor=nobody),
            lambda: network.entries(session, Metric.EVENTS, ORDOS, actor=nobody),
            lambda: network.breakdown(session, Metric.EVENTS, ORDOS, actor=nobody),
        ):
            with pytest.raises(AccessDenied):
                ask()
