"""Which banners have nothing, how far the nearest is, and where next: against a plain reading, and within its time."""

import csv
import time
from collections.abc import Sequence
from datetime import timedelta
from itertools import combinations
from math import isclose

import pytest
from sqlalchemy import update

from lib.domain.access import VISITOR
from lib.domain.dates import now_utc, today_shanghai
from lib.domain.distance import great_circle
from lib.domain.errors import InvalidQuery
from lib.services import coverage
from lib.services.coverage import CARRIERS, Coverage, Need, Proposal
from lib.settings import settings
from lib.store.engine import Database
from lib.store.models import Achievement, Event, NetworkNode, Statistic

ORDOS, XILINGOL = "150600", "152500"
STAMP = {"created_at": now_utc(), "updated_at": now_utc(), "origin": "submitted"}


def banners() -> dict[str, dict[str, str]]:
    with (settings().geo_dir / "divisions.csv").open(encoding="utf-8-sig", newline="") as lines:
        return {row["code"]: row for row in csv.DictReader(lines) if row["level"] == "banner"}


def survey(db: Database, need: Need, league: str = "") -> Coverage:
    with db.read() as session:
        return coverage.survey(session, need, league, actor=VISITOR)


def where_next(db: Database, need: Need, k: int, league: str = "", radius: int | None = None) -> Proposal:
    with db.read() as session:
        found = coverage.where_next(session, need, k, league, actor=VISITOR, radius=radius)
    assert found is not None
    return found


def open_stations(db: Database, *codes: str) -> None:
    with db.write() as session:
        session.execute(update(NetworkNode).where(NetworkNode.division_code.in_(codes)).values(state="open"))


def people(db: Database, codes: Sequence[str]) -> None:
    """A made-up population: the code's last two digits in 万人."""
    names = banners()
    with db.write() as session:
        session.add_all(
            Statistic(indicator="常住人口", scope=names[code]["name"], year=2025, period="年末", unit="万人",
                      value=int(code[4:]), **STAMP)
            for code in codes
        )  # fmt: skip


def test_carriers_equal_a_plain_reading_of_the_file(loaded: Database) -> None:
    with (settings().public_dir / "organizations.csv").open(encoding="utf-8-sig", newline="") as lines:
        named = [row["banner"] for row in csv.DictReader(lines) if row["kind"] in CARRIERS]
    names = {row["name"] for row in banners().values()}
    found = survey(loaded, Need.CARRIER)
    assert {spot.name: count for spot, count in found.have} == {name: named.count(name) for name in names & set(named)}
    assert {gap.spot.name for gap in found.gaps} == names - set(named)
    assert (found.total, found.unplaced) == (103, sum(name not in names for name in named))


def test_the_nearest_is_nearer_than_every_other_that_has(loaded: Database) -> None:
    found, rows = survey(loaded, Need.CARRIER), banners()

    def km(a: str, b: str) -> float:
        one, other = rows[a], rows[b]
        ends = (one["seat_lon"], one["seat_lat"], other["seat_lon"], other["seat_lat"])
        return great_circle(*map(float, ends))

    for gap in found.gaps:
        assert gap.nearest is not None
        assert gap.km == km(gap.spot.code, gap.nearest.code)
        assert gap.km == min(km(gap.spot.code, spot.code) for spot, _ in found.have)
    assert [gap.km for gap in found.gaps] == sorted((gap.km for gap in found.gaps), key=lambda km: -(km or 0))


def test_where_nobody_has_it_no_distance_is_told(loaded: Database) -> None:
    found = survey(loaded, Need.STATION)
    assert (len(found.have), len(found.gaps)) == (0, 103)
    assert {(gap.nearest, gap.km) for gap in found.gaps} == {(None, None)}


def test_only_recent_published_events_that_name_a_banner_count(loaded: Database) -> None:
    before = {spot.code for spot, _ in survey(loaded, Need.EVENT).have}
    today = today_shanghai()
    days = {"150625": 0, "150624": 360, "150623": 370, "150621": -1}
    with loaded.write() as session:
        session.add_all(
            Event(title="路演活动", kind="路演", held_on=today - timedelta(days=ago), held_precision="day",
                  league_code=ORDOS, banner_code=code, **STAMP)
            for code, ago in days.items()
        )  # fmt: skip
        session.add(Event(title="未公布", kind="路演", held_on=today, held_precision="day", league_code=ORDOS,
                          banner_code="150603", state="draft", **STAMP))  # fmt: skip
        session.add(Event(title="演示路演", kind="路演", held_on=today, held_precision="day", league_code=ORDOS,
                          banner_code="150602", **STAMP | {"origin": "demo"}))  # fmt: skip
    assert {spot.code for spot, _ in survey(loaded, Need.EVENT).have} == before | {"150625", "150624"}


def test_landed_is_the_stage_that_the_form_calls_mature(loaded: Database) -> None:
    with loaded.write() as session:
        for stage in ("成熟应用阶段", "中期阶段"):
            session.add(Achievement(title="成果", stage=stage, league_code=ORDOS, banner_code="150626", **STAMP))
    assert [(spot.name, count) for spot, count in survey(loaded, Need.LANDED, ORDOS).have] == [("乌审旗", 1)]
    assert len(survey(loaded, Need.LANDED, XILINGOL).gaps) == 12


@pytest.mark.parametrize("k", [1, 2, 3])
def test_where_next_in_a_league_equals_trying_every_choice(loaded: Database, k: int) -> None:
    open_stations(loaded, "152502", "150602")
    found, rows = where_next(loaded, Need.STATION, k, XILINGOL), banners()
    own = [code for code in rows if rows[code]["parent_code"] == XILINGOL]

    def summed(sites: Sequence[str]) -> float:
        seat = {code: (float(rows[code]["seat_lon"]), float(rows[code]["seat_lat"])) for code in rows}
        return sum(min(great_circle(*seat[code], *seat[site]) for site in sites) for code in own)

    have = ["152502", "150602"]
    best = min(summed([*have, *more]) for more in combinations([c for c in own if c not in have], k))
    assert found.exact
    assert found.before is not None
    assert isclose(found.before, summed(have))
    assert isclose(found.after, best)
    assert isclose(summed([*have, *(site.code for site in found.sites)]), best)
    saved = sum((gain.before or 0) - gain.after for gain in found.gains)
    assert isclose(found.before - found.after, saved)


def test_where_next_for_the_region_is_exact_and_quick(loaded: Database) -> None:
    took = []
    for k in (1, 5, 10):
        start = time.perf_counter()
        found = where_next(loaded, Need.STATION, k)
        took.append(round(time.perf_counter() - start, 2))
        assert (found.exact, found.before, len(found.sites), found.banners) == (True, None, k, 103)
    print(f"where next, 103 banners without any site, k 1, 5, 10: {took} s")
    assert max(took) < 6


def test_nothing_is_proposed_where_nothing_is_missing(loaded: Database) -> None:
    open_stations(loaded, *(code for code in banners() if code.startswith("1529")))
    with loaded.read() as session:
        assert coverage.where_next(session, Need.STATION, 3, "152900", actor=VISITOR) is None


def test_population_is_offered_only_where_it_is_known_of_every_banner(loaded: Database) -> None:
    own = [code for code in banners() if code.startswith("1525")]
    people(loaded, own[:-1])
    with loaded.read() as session:
        assert not coverage.has_population(session, XILINGOL, actor=VISITOR)
        with pytest.raises(InvalidQuery, match="常住人口"):
            coverage.where_next(session, Need.STATION, 2, XILINGOL, actor=VISITOR, radius=100)
    people(loaded, own[-1:])
    found = where_next(loaded, Need.STATION, 2, XILINGOL, radius=100)
    assert found.before == sum(int(code[4:]) * 10_000 for code in own)
    assert found.exact
    assert found.after < found.before
    with loaded.read() as session:
        assert not coverage.has_population(session, actor=VISITOR)


@pytest.mark.parametrize(("k", "radius"), [(0, None), (11, None), (3, 7)])
def test_questions_out_of_range(loaded: Database, k: int, radius: int | None) -> None:
    with loaded.read() as session, pytest.raises(InvalidQuery):
        coverage.where_next(session, Need.STATION, k, actor=VISITOR, radius=radius)
