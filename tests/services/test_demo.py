"""The demonstration set: the same for a seed, true to the rules, and gone without a trace when cleared."""

from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import func, select, text, update

from lib.domain.access import VISITOR, Actor, Role
from lib.domain.demo import MARK
from lib.domain.errors import AccessDenied, Conflict
from lib.domain.vocabulary import CONTRACT_TYPES, FIELDS
from lib.services import catalogue, demo
from lib.services.catalogue import CatalogueQuery
from lib.services.demo import Volume
from lib.store import revision, search
from lib.store.engine import Database
from lib.store.models import Achievement, AuditEntry, Base, Contract, Demand

ACTOR = Actor(role=Role.ADMINISTRATOR, name="测试")
SMALL = Volume(achievements=3000, demands=1200, contracts=5000, seed=7)
KINDS: tuple[Any, ...] = (Achievement, Demand, Contract)
WORDS = ("稀土", "草原 修复", "储能", "技术", "肉", "演示", "内蒙古大学", "新品种选育")


def rows(database: Database, entity: Any) -> list[tuple[Any, ...]]:
    """The demonstration rows of a table."""
    with database.read() as session:
        statement = select(entity.__table__).where(entity.origin == "demo").order_by(entity.id)
        return [tuple(row) for row in session.execute(statement)]


def everything(database: Database) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of every table but the trail of what was done."""
    with database.read() as session:
        return {
            table.name: sorted((tuple(row) for row in session.execute(select(table))), key=repr)
            for table in Base.metadata.sorted_tables
            if table.name not in {"audit_entry", "audit_head", "revision"}
        }


def hits(database: Database) -> dict[tuple[str, str], tuple[int, tuple[int, ...], Any]]:
    """What some searches find in each index, with the counts of the facets."""
    found = {}
    with database.read() as session:
        for index in search.INDEXES.values():
            for word in ("", *WORDS):
                result = search.find(session, index, word, {}, order="latest", offset=0, limit=50)
                found[index.name, word] = (result.total, result.ids, result.facets)
    return found


def test_the_set_has_the_volume_asked_for_over_all_fields_leagues_and_banners(loaded: Database) -> None:
    heard: list[int] = []
    demo.create(loaded, SMALL, actor=ACTOR, progress=heard.append)
    assert sum(heard) == SMALL.total
    with loaded.read() as session:
        for entity, count in zip(KINDS, (3000, 1200, 5000), strict=True):
            chosen = entity.origin == "demo"
            assert session.scalar(select(func.count()).where(chosen)) == count
            assert set(session.scalars(select(entity.field).where(chosen))) == set(FIELDS)
        for entity in KINDS[:2]:
            leagues = set(session.scalars(select(entity.league_code).where(entity.origin == "demo")))
            banners = set(session.scalars(select(entity.banner_code).where(entity.origin == "demo")))
            assert len(leagues - {None}) == 12
            assert None in leagues, "some sources name no place"
            assert len(banners - {None}) > 95
        places = set(session.scalars(select(Contract.seller_place).where(Contract.origin == "demo")))
        units = session.scalars(select(Contract.seller).where(Contract.origin == "demo")).all()
        summaries = session.scalars(select(func.length(Achievement.summary)).where(Achievement.origin == "demo")).all()
    assert {"110000", "310000", "MN", "RU"} <= places
    assert all(unit.endswith(MARK) for unit in units)
    assert 60 <= min(summaries) <= max(summaries) <= 110


def test_the_set_says_what_the_filters_ask_for(loaded_sqlite: Database) -> None:
    demo.create(loaded_sqlite, SMALL, actor=ACTOR)
    for kind, count in (("achievement", 3000), ("demand", 1200)):
        with loaded_sqlite.read() as session:
            query = CatalogueQuery(facets={"origin": ("demo",)}, more=True)
            page = catalogue.find(session, kind, query, actor=VISITOR)
        assert page.total == count
        counted = {facet: {value.value: value.count for value in values} for facet, values in page.facets.items()}
        index = search.INDEXES[kind]
        for facet, words in index.words.items():
            if facet != "unit":  # its units are invented and no organizations
                assert set(words) <= set(counted[facet]), facet
        assert sum(counted["mode"].values()) > count * 1.2, "some have several"
    with loaded_sqlite.read() as session:
        rights = session.scalars(select(Achievement.rights).where(Achievement.origin == "demo")).all()
    assert {len(lines) for lines in rights} >= {0, 1, 2, 3} and all(not r["number"] for lines in rights for r in lines)


def test_contracts_keep_the_rules(loaded: Database) -> None:
    demo.create(loaded, Volume(contracts=5000), actor=ACTOR)
    with loaded.read() as session:
        contracts = session.scalars(select(Contract).where(Contract.origin == "demo")).all()
    assert {contract.contract_type for contract in contracts} == set(CONTRACT_TYPES)
    for contract in contracts:
        assert contract.amount is not None
        assert contract.technology_amount is not None
        assert Decimal(0) < contract.technology_amount <= contract.amount
        assert contract.contract_type != "XK" or (contract.year or 0) >= 2021
        assert contract.created_at.year == contract.year
        inside = [str(place).startswith("15") for place in (contract.seller_place, contract.buyer_place)]
        assert any(inside), "a contract of the region has a party of the region"


def test_the_same_seed_says_the_same_and_another_seed_something_else(loaded: Database) -> None:
    texts = []
    for seed in (7, 7, 8):
        demo.create(loaded, Volume(300, 200, 400, seed), actor=ACTOR)
        texts.append([[row[1:] for row in rows(loaded, entity)] for entity in KINDS])
        demo.clear(loaded, actor=ACTOR)
    strip = [[sorted(map(repr, kind)) for kind in run] for run in texts]
    assert strip[0] == strip[1]
    assert all(first != other for first, other in zip(strip[0], strip[2], strict=True))


def test_clearing_removes_the_set_and_nothing_else_and_search_finds_the_rest_exactly(loaded: Database) -> None:
    before, found = everything(loaded), hits(loaded)
    demo.create(loaded, SMALL, actor=ACTOR)
    assert hits(loaded) != found
    assert demo.clear(loaded, actor=ACTOR) == {"achievement": 3000, "demand": 1200, "contract": 5000, "event": 0}
    assert everything(loaded) == before
    assert hits(loaded) == found
    assert demo.clear(loaded, actor=ACTOR) == dict.fromkeys(("achievement", "demand", "contract", "event"), 0)


def test_search_finds_the_set_where_a_scan_finds_it(loaded: Database) -> None:
    demo.create(loaded, SMALL, actor=ACTOR)
    with loaded.read() as session:
        for word in ("稀土", "精准饲喂", "储能"):
            scanned = session.scalars(
                text("SELECT id FROM achievement WHERE title LIKE :w OR summary LIKE :w OR keywords LIKE :w "
                     "OR organization_text LIKE :w OR indicators LIKE :w OR award LIKE :w OR other_units LIKE :w"),
                {"w": f"%{word}%"},
            ).all()  # fmt: skip
            found = search.find(session, search.ACHIEVEMENTS, word, {}, order="latest", offset=0, limit=5000)
            assert sorted(found.ids) == sorted(scanned)
            assert found.total == len(scanned) > 0


def test_caches_hear_of_what_came_and_went(loaded: Database) -> None:
    with loaded.read() as session:
        before = revision.current(session)
    demo.create(loaded, Volume(demands=10, contracts=10), actor=ACTOR)
    demo.clear(loaded, actor=ACTOR)
    with loaded.read() as session:
        after = revision.current(session)
        actions = session.scalars(select(AuditEntry.action).where(AuditEntry.actor == "测试")).all()
    assert {topic: after[topic] - before[topic] for topic in after if after[topic] != before[topic]} == {
        "demand": 2,
        "contract": 2,
    }
    assert actions[-2:] == ["demo.create", "demo.clear"]


def test_records_written_afterwards_get_ids_of_their_own(loaded: Database) -> None:
    demo.create(loaded, Volume(achievements=50), actor=ACTOR)
    highest = rows(loaded, Achievement)[-1][0]
    with loaded.write() as session:
        sample = session.scalars(select(Achievement).limit(1)).one()
        added = Achievement(
            title="新成果", origin="submitted", created_at=sample.created_at, updated_at=sample.updated_at
        )
        session.add(added)
    assert added.id > highest
    assert rows(loaded, Achievement)[-1][0] == highest


def test_a_demonstration_record_is_edited_like_any_other(loaded: Database) -> None:
    demo.create(loaded, Volume(demands=5), actor=ACTOR)
    with loaded.write() as session:
        session.scalars(select(Demand).where(Demand.origin == "demo").limit(1)).one().title = "改名后的需求"
    with loaded.read() as session:
        assert search.find(session, search.DEMANDS, "改名后的需求", {}, order="latest", offset=0, limit=5).total == 1


def test_a_second_set_is_refused_until_the_first_is_cleared(loaded: Database) -> None:
    demo.create(loaded, Volume(achievements=5), actor=ACTOR)
    demo.create(loaded, Volume(contracts=5), actor=ACTOR)
    before = everything(loaded)
    with pytest.raises(Conflict, match="--clear"):
        demo.create(loaded, Volume(achievements=5, demands=5), actor=ACTOR)
    assert everything(loaded) == before


def test_the_set_needs_divisions_and_an_administrator(db: Database) -> None:
    with pytest.raises(Conflict, match="lib init"):
        demo.create(db, Volume(achievements=5), actor=ACTOR)
    with pytest.raises(AccessDenied):
        demo.create(db, Volume(achievements=5), actor=VISITOR)
    with pytest.raises(AccessDenied):
        demo.clear(db, actor=VISITOR)


def test_submitted_and_public_records_survive_the_clearing(loaded: Database) -> None:
    demo.create(loaded, Volume(achievements=5), actor=ACTOR)
    with loaded.write() as session:
        session.execute(update(Achievement).where(Achievement.id == 1).values(origin="submitted"))
    demo.clear(loaded, actor=ACTOR)
    with loaded.read() as session:
        counts = dict(session.execute(select(Achievement.origin, func.count()).group_by(Achievement.origin)).all())  # type: ignore[arg-type]
    assert counts == {"public": 142, "submitted": 1}
