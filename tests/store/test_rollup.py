"""The sums of contracts equal a recount after whatever is done to the contracts, on both databases."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test
from sqlalchemy import delete, select, text, update

from lib.domain.access import Actor, Role
from lib.domain.channels import classify
from lib.domain.dates import now_utc
from lib.domain.vocabulary import CONTRACT_TYPES, FIELDS, IP_TYPES, PARTY_KINDS, PLAN_SOURCES, Channel, Origin
from lib.services import demo
from lib.services.exchange import load_public
from lib.store import rollup
from lib.store.engine import Database
from lib.store.models import Contract

ACTOR = Actor(role=Role.ADMINISTRATOR, name="测试")
PLACES = (None, "", "150000", "150100", "150203", "110000", "MN")
Cells = dict[tuple[Any, ...], tuple[Any, ...]]


def _region(place: str | None) -> str:
    return f"{place[:4]}00" if place and place.startswith("15") else place or ""


def _side(place: str | None) -> str:
    return "" if not place else _region(place) if place.startswith("15") else "-"


def _crossing(contract: Contract) -> str:
    found = classify(contract.seller_place or "", contract.buyer_place or "")
    if found.channel is None or found.channel is Channel.WITHIN:
        return found.channel or ""
    return f"{found.channel}:{found.direction}"


def _measures(contract: Contract) -> tuple[Any, ...]:
    amount, technology = contract.amount, contract.technology_amount
    both = amount is not None and technology is not None
    zero = Decimal(0)
    return (
        1, int(amount is not None), amount or zero, int(technology is not None), technology or zero,
        int(both), amount if both else zero, technology if both else zero,
    )  # fmt: skip


def recount(contracts: list[Contract]) -> dict[str, Cells]:
    """What the sums should be: counted row by row, by nothing that makes them."""
    found: dict[str, Cells] = {cube.name: {} for cube in rollup.CUBES}
    for c in contracts:
        if c.withdrawn_on is not None:
            continue
        month = c.registered_on.month if c.registered_on else 0
        base, year, kind, field = (c.origin,), c.year or 0, c.contract_type or "", c.field or 0
        ends = (_region(c.seller_place), _region(c.buyer_place))
        parts = {
            "type": kind, "field": str(c.field or ""), "ip": c.ip_type or "", "seller_kind": c.seller_kind or "",
            "buyer_kind": c.buyer_kind or "", "plan": c.plan_source or "",
        }  # fmt: skip
        side = _side(c.seller_place)
        keys = [
            ("class", (*base, year, kind, c.mode)),
            ("side", (*base, year, month, side, _side(c.buyer_place))),
            ("flow", (*base, year, field, next((end for end in ends[::-1] if end.startswith("15")), ""), _crossing(c))),
            ("route", (*base, year, *ends)),
            ("route_type", (*base, year, kind, *ends)),
            ("route_field", (*base, year, field, *ends)),
            *(("structure", (*base, year, month, side, *part)) for part in parts.items()),
        ]
        for name, key in keys:
            before = found[name].get(key, (0,) * 8)
            found[name][key] = tuple(a + b for a, b in zip(before, _measures(c), strict=True))
    return found


def kept(database: Database) -> tuple[dict[str, Cells], dict[str, Cells]]:
    """The sums that the database keeps, and the recount of the same moment."""
    with database.read() as session:
        sums = {
            cube.name: {
                tuple(row[: len(cube.columns)]): tuple(row[len(cube.columns) :])
                for row in session.execute(select(cube.table))
            }
            for cube in rollup.CUBES
        }
        return sums, recount(list(session.scalars(select(Contract))))


_amount = st.none() | st.integers(1, 10**13).map(lambda cents: Decimal(cents).scaleb(-2))
_VALUES: dict[str, st.SearchStrategy[Any]] = {
    "origin": st.sampled_from([origin.value for origin in Origin]),
    "year": st.none() | st.integers(2019, 2022),
    "contract_type": st.none() | st.sampled_from(list(CONTRACT_TYPES)),
    "mode": st.sampled_from(("", "转让", "委托开发")),
    "field": st.none() | st.sampled_from(list(FIELDS)),
    "seller_place": st.sampled_from(PLACES),
    "buyer_place": st.sampled_from(PLACES),
    "ip_type": st.none() | st.sampled_from(IP_TYPES),
    "seller_kind": st.none() | st.sampled_from(PARTY_KINDS),
    "buyer_kind": st.none() | st.sampled_from(PARTY_KINDS),
    "plan_source": st.none() | st.sampled_from(PLAN_SOURCES),
    "registered_on": st.none() | st.dates(date(2019, 1, 1), date(2022, 12, 31)),
    "withdrawn_on": st.none() | st.none() | st.just(date(2024, 1, 1)),
}
_rows = st.fixed_dictionaries(_VALUES)
_amounts = st.tuples(_amount, _amount).map(
    lambda two: (two[0], min(two) if two[0] is not None and two[1] is not None else two[1])  # type: ignore[type-var]
)


class Writes(RuleBasedStateMachine):
    """Any sequence of inserts, edits, withdrawals, deletions, bulk statements and undone transactions."""

    database: Database

    def __init__(self) -> None:
        super().__init__()
        with self.database.write() as session:
            session.execute(delete(Contract))

    def _contract(self, values: dict[str, Any], amounts: tuple[Any, Any]) -> Contract:
        now = now_utc()
        return Contract(
            title="合同", created_at=now, updated_at=now, amount=amounts[0], technology_amount=amounts[1], **values
        )

    @rule(rows=st.lists(st.tuples(_rows, _amounts), min_size=1, max_size=4))
    def insert(self, rows: list[tuple[dict[str, Any], tuple[Any, Any]]]) -> None:
        with self.database.write() as session:
            session.add_all(self._contract(*row) for row in rows)

    @rule(pick=st.integers(0, 50), name=st.sampled_from(list(_VALUES)), data=st.data())
    def edit(self, pick: int, name: str, data: st.DataObject) -> None:
        with self.database.write() as session:
            contracts = list(session.scalars(select(Contract).order_by(Contract.id)))
            if contracts:
                setattr(contracts[pick % len(contracts)], name, data.draw(_VALUES[name]))

    @rule(pick=st.integers(0, 50), amounts=_amounts)
    def reprice(self, pick: int, amounts: tuple[Any, Any]) -> None:
        with self.database.write() as session:
            contracts = list(session.scalars(select(Contract).order_by(Contract.id)))
            if contracts:
                one = contracts[pick % len(contracts)]
                one.amount, one.technology_amount = amounts

    @rule(year=st.integers(2019, 2022), day=st.none() | st.just(date(2025, 2, 3)))
    def withdraw_many(self, year: int, day: date | None) -> None:
        with self.database.write() as session:
            session.execute(update(Contract).where(Contract.year == year).values(withdrawn_on=day))

    @rule(parity=st.integers(0, 1), field=st.none() | st.integers(1, 11), mode=st.sampled_from(("", "许可")))
    def edit_many(self, parity: int, field: int | None, mode: str) -> None:
        with self.database.write() as session:
            session.execute(update(Contract).where(Contract.id % 2 == parity).values(field=field, mode=mode))

    @rule(origin=_VALUES["origin"], parity=st.integers(0, 1))
    def delete_many(self, origin: str, parity: int) -> None:
        with self.database.write() as session:
            session.execute(delete(Contract).where(Contract.origin == origin, Contract.id % 2 == parity))

    @rule(row=_rows, amounts=_amounts)
    def undo(self, row: dict[str, Any], amounts: tuple[Any, Any]) -> None:
        with pytest.raises(ZeroDivisionError), self.database.write() as session:
            session.add(self._contract(row, amounts))
            session.flush()
            session.execute(delete(Contract).where(Contract.id % 2 == 0))
            raise ZeroDivisionError

    @rule(row=_rows, amounts=_amounts)
    def load_in_bulk(self, row: dict[str, Any], amounts: tuple[Any, Any]) -> None:
        with self.database.write() as session, rollup.paused(session.connection()):
            session.add(self._contract(row, amounts))
            session.flush()

    @invariant()
    def sums_equal_a_recount(self) -> None:
        sums, counted = kept(self.database)
        assert sums == counted


def test_any_sequence_of_writes(db: Database) -> None:
    run_state_machine_as_test(  # type: ignore[no-untyped-call]
        type("Bound", (Writes,), {"database": db}),
        settings=settings(
            max_examples=15 if db.sqlite else 8, stateful_step_count=15, deadline=None, database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )  # fmt: skip


@pytest.fixture
def filled(loaded: Database) -> Iterator[Database]:
    """The public contracts and some demonstration ones."""
    demo.create(loaded, demo.Volume(contracts=400), actor=ACTOR)
    yield loaded


def test_loads_and_clearing_keep_the_sums(filled: Database) -> None:
    sums, counted = kept(filled)
    assert sums == counted
    assert sum(cell[0] for cell in sums["class"].values()) == 421
    load_public(filled, actor=ACTOR)
    demo.clear(filled, actor=ACTOR)
    sums, counted = kept(filled)
    assert sums == counted
    assert sum(cell[0] for cell in sums["class"].values()) == 21
    with filled.write() as session:  # the triggers are at work again
        session.execute(delete(Contract))
    assert kept(filled)[0] == {cube.name: {} for cube in rollup.CUBES}


def test_rebuilding_mends_what_was_broken(filled: Database) -> None:
    good = kept(filled)[0]
    with filled.write() as session:
        session.execute(text("DELETE FROM contract_by_route WHERE year = 2020"))
        session.execute(text("UPDATE contract_by_class SET number = number + 1, amount = 0"))
    assert kept(filled)[0] != good
    with filled.write() as session:
        rollup.rebuild(session.connection())
    assert kept(filled)[0] == good


def test_a_failed_bulk_load_leaves_the_triggers(filled: Database) -> None:
    good = kept(filled)[0]
    with pytest.raises(ZeroDivisionError), filled.write() as session, rollup.paused(session.connection()):
        session.execute(delete(Contract))
        raise ZeroDivisionError
    assert kept(filled)[0] == good
    with filled.write() as session:
        session.execute(delete(Contract).where(Contract.year == 2020))
    sums, counted = kept(filled)
    assert sums == counted != good
