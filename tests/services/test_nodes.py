"""Nodes and links of the network: what the plan asks for, and what officials enter and check of their own scope."""

import contextlib
from collections.abc import Callable
from datetime import date, timedelta
from itertools import pairwise
from random import Random
from secrets import token_hex
from typing import Any

import pytest
from sqlalchemy import func, select

from lib.domain.access import VISITOR, Actor, Role
from lib.domain.dates import today_shanghai
from lib.domain.errors import AccessDenied, Conflict, InvalidInput, NotFound
from lib.domain.network import ZONES, LinkKind, LinkState, NodeKind, NodeState
from lib.domain.vocabulary import Origin
from lib.services import exchange, node_entries, nodes
from lib.services.nodes import Place
from lib.store import migrations
from lib.store.engine import Database
from lib.store.models import AuditEntry, MarketMember, NetworkLink, NetworkNode, Revision
from tests.conftest import LOADER
from tests.samples import BAOTOU, XILINGOL, node, outside_link, person

MANZHOULI, ERENHOT = "150781", "152501"
STATION = "152502"


@pytest.fixture
def official(loaded: Database) -> Actor:
    return person(loaded, Role.OFFICIAL, scope=XILINGOL)


@pytest.fixture
def keeper(loaded: Database) -> Actor:
    return person(loaded, Role.ADMINISTRATOR)


def listed(db: Database, league: str = "", banner: str = "", **more: Any) -> tuple[Place, ...]:
    with db.read() as session:
        return nodes.listing(session, league, banner, actor=VISITOR, **more)


def of(db: Database, division: str) -> Place:
    return next(one for one in listed(db) if one.division_code == division)


def links_of(db: Database, division: str) -> list[Any]:
    with db.read() as session:
        return [one for one in nodes.links(session, actor=VISITOR) if one.division_code == division]


def revision(db: Database, topic: str) -> int:
    with db.read() as session:
        return session.scalar(select(Revision.number).where(Revision.topic == topic)) or 0


# ------------------------------------------------------------------ what the plan asks for
def test_the_plan_asks_for_a_node_of_each_division_and_says_of_none_that_it_exists(loaded: Database) -> None:
    found = listed(loaded)
    kinds = {kind: sum(one.kind is kind for one in found) for kind in NodeKind}
    assert kinds == {
        NodeKind.HUB: 1, NodeKind.BRANCH: 12, NodeKind.STATION: 101, NodeKind.CITY: 2, NodeKind.MARKET: 3
    }  # fmt: skip
    assert {one.state for one in found} == {NodeState.UNKNOWN}
    assert {one.source_publisher for one in found} == {"内政发〔2018〕44号"}
    assert {one.division_code for one in found if one.kind is NodeKind.CITY} == {MANZHOULI, ERENHOT}


def test_each_node_reports_up_once_and_the_two_cities_to_the_region(loaded: Database) -> None:
    with loaded.read() as session:
        ups = [one for one in nodes.links(session, actor=VISITOR) if one.kind is LinkKind.UP]
        outside = [one for one in nodes.links(session, actor=VISITOR) if one.kind is LinkKind.OUTSIDE]
    assert len(ups) == 115
    assert {one.end for one in ups if one.division_code in (MANZHOULI, ERENHOT)} == {"内蒙古自治区枢纽"}
    assert {one.state for one in ups} == {LinkState.UNKNOWN}
    assert {(one.end, one.state) for one in outside} == {
        ("全国技术交易网络", LinkState.NONE), ("自治区技术交易网络平台", LinkState.NONE)
    }  # fmt: skip


def test_every_league_has_one_market_and_the_page_is_told_what_it_rests_on(loaded: Database) -> None:
    with loaded.read() as session:
        found = nodes.members(session, actor=VISITOR)
    assert len({one.league_code for one in found if one.now}) == len(found) == 12
    assert {one.zone for one in found} == set(ZONES)
    assert all("规划没有写明" in one.basis for one in found)


def test_a_second_load_changes_nothing_and_leaves_what_was_edited(loaded: Database, official: Actor) -> None:
    branch = of(loaded, XILINGOL)
    node_entries.save_node(loaded, branch.id, node(), branch.version, actor=official)
    before = revision(loaded, "network_node"), of(loaded, XILINGOL)
    outcomes = exchange.load_public(loaded, actor=LOADER)
    assert not any(outcome.changed for outcome in outcomes.values())
    assert (revision(loaded, "network_node"), of(loaded, XILINGOL)) == before


def test_the_migration_has_a_way_back(blank: Database) -> None:
    from alembic import command

    migrations.upgrade(blank.engine, "0006")
    with blank.engine.connect() as connection, connection.begin():
        config = migrations._config()
        config.attributes["connection"] = connection
        command.downgrade(config, "0005")
        assert migrations.version(connection) == "0005"
    migrations.upgrade(blank.engine)
    assert blank.ready()


# ------------------------------------------------------------------ entering and checking
def test_an_official_enters_a_node_with_its_source_and_checks_it(loaded: Database, official: Actor) -> None:
    branch, before = of(loaded, XILINGOL), revision(loaded, "network_node")
    node_entries.save_node(loaded, branch.id, node(), branch.version, actor=official)
    saved = of(loaded, XILINGOL)
    assert (saved.name, saved.staff, saved.state, saved.origin) == (
        "锡林郭勒盟技术转移分支", 3, NodeState.OPEN, Origin.SUBMITTED
    )  # fmt: skip
    assert (saved.source_publisher, str(saved.source_date), saved.fresh) == (
        "锡林郭勒盟科学技术局",
        "2026-11-02",
        False,
    )
    node_entries.verify_node(loaded, branch.id, saved.version, actor=official)
    node_entries.verify_node(loaded, branch.id, saved.version, actor=official)  # once more today: nothing to do
    checked = of(loaded, XILINGOL)
    assert (checked.verified_on, checked.fresh) == (today_shanghai(), True)
    assert revision(loaded, "network_node") == before + 2
    with loaded.read() as session:
        told = nodes.history(session, "network_node", branch.id, actor=official)
        unnamed = nodes.history(session, "network_node", branch.id, actor=VISITOR)
    assert [(step.action, step.who) for step in told] == [("node.verify", official.name), ("node.edit", official.name)]
    assert told[1].detail["before"]["state"] == "unknown"
    assert [(step.who, step.detail) for step in unnamed] == [("", {})] * 2


def test_a_check_grows_old_after_twelve_months(loaded: Database, official: Actor) -> None:
    branch = of(loaded, XILINGOL)
    node_entries.save_node(loaded, branch.id, node(), branch.version, actor=official)
    node_entries.verify_node(loaded, branch.id, of(loaded, XILINGOL).version, actor=official)

    def fresh_on(day: date) -> bool:
        return next(one for one in listed(loaded, XILINGOL, today=day) if one.id == branch.id).fresh

    today = today_shanghai()
    assert fresh_on(today.replace(year=today.year + 1))
    assert not fresh_on(today.replace(year=today.year + 1) + timedelta(days=1))


def test_a_stale_edit_is_refused_and_the_same_edit_twice_is_one(loaded: Database, official: Actor) -> None:
    branch = of(loaded, XILINGOL)
    node_entries.save_node(loaded, branch.id, node(), branch.version, actor=official)
    node_entries.save_node(loaded, branch.id, node(), branch.version, actor=official)
    with pytest.raises(Conflict):
        node_entries.save_node(loaded, branch.id, node(staff=4), branch.version, actor=official)
    assert of(loaded, XILINGOL).staff == 3
    with loaded.read() as session:
        count = select(func.count()).where(AuditEntry.action == "node.edit")
        assert session.scalar(count) == 1


def test_an_unknown_node_cannot_be_checked(loaded: Database, official: Actor) -> None:
    branch = of(loaded, XILINGOL)
    with pytest.raises(Conflict, match="暂无数据"):
        node_entries.verify_node(loaded, branch.id, branch.version, actor=official)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"name": ""}, "name"),
        ({"unit": ""}, "unit"),
        ({"staff": -1}, "staff"),
        ({"staff": "三"}, "staff"),
        ({"state": "nonsense"}, "state"),
        ({"source_publisher": ""}, "source_publisher"),
        ({"source_on": ""}, "source_on"),
        ({"source_on": "昨天"}, "source_on"),
        ({"source_on": "2099-01-01"}, "source_on"),
        ({"source_url": "javascript:alert(1)"}, "source_url"),
        ({"opened_on": today_shanghai() + timedelta(days=1)}, "opened_on"),
        ({"name": "机密★ 内部节点"}, "name"),
    ],
)
def test_a_mistake_gets_one_sentence_beside_its_field(
    loaded: Database, official: Actor, changes: dict[str, Any], field: str
) -> None:
    branch = of(loaded, XILINGOL)
    with pytest.raises(InvalidInput) as refused:
        node_entries.save_node(loaded, branch.id, node(**changes), branch.version, actor=official)
    assert list(refused.value.fields) == [field]
    assert refused.value.fields[field].endswith("。")
    assert of(loaded, XILINGOL).state is NodeState.UNKNOWN


def test_officials_keep_their_own_division_alone(loaded: Database, official: Actor) -> None:
    hub, far = of(loaded, "150000"), of(loaded, BAOTOU)
    station = of(loaded, STATION)
    node_entries.save_node(loaded, station.id, node(name="锡林浩特市站点"), station.version, actor=official)
    for other in (hub, far):
        with pytest.raises(AccessDenied):
            node_entries.save_node(loaded, other.id, node(), other.version, actor=official)
    below = person(loaded, Role.OFFICIAL, scope=STATION)
    with pytest.raises(AccessDenied):
        node_entries.save_node(loaded, of(loaded, XILINGOL).id, node(), 1, actor=below)
    with pytest.raises(NotFound):
        node_entries.save_node(loaded, 10**6, node(), 1, actor=official)


def test_a_further_station_and_a_link_are_made_once(loaded: Database, official: Actor) -> None:
    draft, second = token_hex(16), token_hex(16)
    made = node_entries.add_node(loaded, draft, STATION, node(name="锡林浩特市第二站点"), actor=official)
    assert node_entries.add_node(loaded, draft, STATION, node(name="锡林浩特市第二站点"), actor=official) == made
    link = node_entries.add_link(loaded, second, made, outside_link(), actor=official)
    assert node_entries.add_link(loaded, second, made, outside_link(), actor=official) == link
    assert node_entries.add_link(loaded, token_hex(16), made, outside_link(), actor=official) == link
    down = outside_link(kind="down", target=str(made))
    branch = of(loaded, XILINGOL)
    node_entries.add_link(loaded, token_hex(16), branch.id, down, actor=official)
    assert [(one.kind, one.end) for one in links_of(loaded, XILINGOL)] == [
        (LinkKind.UP, "内蒙古自治区枢纽"), (LinkKind.DOWN, "锡林浩特市第二站点")
    ]  # fmt: skip
    with pytest.raises(InvalidInput, match="另一个节点"):
        node_entries.add_link(loaded, token_hex(16), made, down, actor=official)
    with pytest.raises(AccessDenied):
        node_entries.add_node(loaded, token_hex(16), "150203", node(), actor=official)
    with pytest.raises(InvalidInput):
        node_entries.add_node(loaded, "short", STATION, node(), actor=official)


def test_a_link_tells_how_data_passes_and_when_that_was_checked(loaded: Database, official: Actor) -> None:
    (link,) = links_of(loaded, XILINGOL)
    with pytest.raises(Conflict):
        node_entries.verify_link(loaded, link.id, link.version, actor=official)
    node_entries.save_link(loaded, link.id, outside_link(state="file"), link.version, actor=official)
    with pytest.raises(Conflict):
        node_entries.save_link(loaded, link.id, outside_link(state="interface"), link.version, actor=official)
    (now,) = links_of(loaded, XILINGOL)
    node_entries.verify_link(loaded, link.id, now.version, actor=official)
    (now,) = links_of(loaded, XILINGOL)
    assert (now.state, now.fresh) == (LinkState.FILE, True)


def test_a_league_changes_its_market_from_a_day_on(loaded: Database, keeper: Actor, official: Actor) -> None:
    with loaded.read() as session:
        before = next(one for one in nodes.members(session, actor=VISITOR) if one.league_code == XILINGOL)
    moved = {"league": XILINGOL, "zone": "中部", "valid_from": date(2027, 1, 1), "basis": "自治区科技厅 2026 年核定"}
    draft = token_hex(16)
    with pytest.raises(AccessDenied):
        node_entries.move_member(loaded, draft, moved, before.id, actor=official)
    made = node_entries.move_member(loaded, draft, moved, before.id, actor=keeper)
    assert node_entries.move_member(loaded, draft, moved, before.id, actor=keeper) == made
    with pytest.raises(Conflict):
        node_entries.move_member(loaded, token_hex(16), moved, before.id, actor=keeper)
    for changes in ({"zone": "中部"}, {"valid_from": date(2027, 1, 1), "zone": "西部"}):
        with pytest.raises(InvalidInput):
            node_entries.move_member(
                loaded, token_hex(16), moved | {"valid_from": date(2028, 1, 1)} | changes, made, actor=keeper
            )

    def served(day: date) -> list[str]:
        with loaded.read() as session:
            found = nodes.members(session, actor=VISITOR, today=day)
            return [one.zone for one in found if one.league_code == XILINGOL and one.now]

    assert [served(date(2026, 12, 31)), served(date(2027, 1, 1))] == [["东部"], ["中部"]]


def test_whatever_is_moved_a_league_has_one_market_on_every_day(loaded: Database, keeper: Actor) -> None:
    """Forty moves at random, valid and not: periods never overlap and never leave a gap."""
    dice = Random(6)  # noqa: S311
    with loaded.read() as session:
        leagues = sorted({one.league_code for one in nodes.members(session, actor=VISITOR)})
    moved = 0
    for _ in range(40):
        league = dice.choice(leagues[:4])
        with loaded.read() as session:
            own = [one for one in nodes.members(session, actor=VISITOR) if one.league_code == league]
        seen = dice.choice(own).id
        values = {"league": league, "zone": dice.choice(ZONES), "basis": "随机核定（测试）",
                  "valid_from": date(2026, 1, 1) + timedelta(days=dice.randrange(2000))}  # fmt: skip
        with contextlib.suppress(InvalidInput, Conflict):
            node_entries.move_member(loaded, token_hex(16), values, seen, actor=keeper)
            moved += 1
    assert moved > 4
    with loaded.read() as session:
        for league in leagues:
            own = [one for one in nodes.members(session, actor=VISITOR) if one.league_code == league]
            own.sort(key=lambda one: one.valid_from or date.min)
            assert (own[0].valid_from, own[-1].valid_to) == (None, None)
            for earlier, later in pairwise(own):
                assert earlier.valid_to is not None
                assert later.valid_from == earlier.valid_to + timedelta(days=1)
                assert earlier.zone != later.zone


def test_none_of_the_tables_is_without_rows(loaded: Database) -> None:
    with loaded.read() as session:
        rows: Callable[[Any], int | None] = lambda table: session.scalar(select(func.count()).select_from(table))  # noqa: E731
        assert (rows(NetworkNode), rows(NetworkLink), rows(MarketMember)) == (119, 117, 12)
