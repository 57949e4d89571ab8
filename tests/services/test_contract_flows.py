"""Contracts as flows: whatever contracts there are, each is in one flow, and each flow opens exactly its rows."""

from collections import Counter
from datetime import date
from decimal import Decimal

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete

from lib.domain.access import REGION, VISITOR
from lib.domain.channels import classify
from lib.domain.dates import now_utc
from lib.domain.vocabulary import Channel
from lib.services import channel_history, channels
from lib.services.catalogue import UNKNOWN
from lib.services.channels import REAL, UNDATED, FactKind, FactQuery, FlowQuery
from lib.store.engine import Database
from lib.store.models import Contract

PLACES = st.sampled_from(
    [None, "150000", "150100", "152900", "150121", "110000", "130000", "810000", "440000", "RU", "MN", "DE", "KZ"]
)
NOW = now_utc()
CONTRACTS = st.lists(
    st.tuples(
        PLACES, PLACES, st.sampled_from([None, 2019, 2025]), st.sampled_from([None, 1, 11]),
        st.sampled_from([None, Decimal("10000.00"), Decimal("0.01")]), st.sampled_from(["public", "submitted", "demo"]),
        st.booleans(),
    ),
    max_size=25,
)  # fmt: skip
Row = tuple[str | None, str | None, int | None, int | None, Decimal | None, str, bool]


def fill(database: Database, rows: list[Row]) -> None:
    with database.write() as session:
        session.execute(delete(Contract))
        session.add_all(
            Contract(
                title=f"合同{n}", seller_place=s, buyer_place=b, year=year, field=field, amount=amount, origin=origin,
                source_publisher="某单位", withdrawn_on=date(2026, 1, 1) if gone else None, created_at=NOW,
                updated_at=NOW, edited_at=NOW, load_key=f"test:{n}", load_hash="0",
            )
            for n, (s, b, year, field, amount, origin, gone) in enumerate(rows)
        )  # fmt: skip


@settings(max_examples=25, suppress_health_check=list(HealthCheck))
@given(rows=CONTRACTS)
def test_every_contract_is_in_one_flow_and_every_flow_opens_its_rows(loaded: Database, rows: list[Row]) -> None:
    """Conservation: what flows through the picture is the counted rows, once each (rules §9: K02 of the union)."""
    fill(loaded, rows)
    real = [row for row in rows if row[5] in REAL and not row[6]]
    with loaded.read() as session:
        flows = channels.flows(session, FlowQuery(kind=FactKind.CONTRACT), actor=VISITOR)
        assert sum(flow.count for flow in flows) == len(real)
        expected = Counter(classify(s or "", b or "").channel for s, b, *_ in real)
        found: Counter[Channel | None] = Counter()
        for flow in flows:
            found[flow.channel] += flow.count
            query = FactQuery(
                FactKind.CONTRACT, flow.channel, None, flow.partner_kind, (flow.partner,), flow.league_code or UNKNOWN,
                flow.direction, size=100, group=flow.group, unstated=flow.channel is None,
            )  # fmt: skip
            page = channels.facts(session, query, actor=VISITOR)
            assert page.total == flow.count == len(page.items), flow
            assert {(f.channel, f.league_code, f.direction) for f in page.items} == {
                (flow.channel, flow.league_code, flow.direction)
            }
        assert found == expected
        fields = channels.fields(session, FlowQuery(kind=FactKind.CONTRACT), actor=VISITOR)
        assert sum(one.count for one in fields) == len(real)
        for one in fields:
            asked = FactQuery(FactKind.CONTRACT, league=one.league_code or UNKNOWN, field=one.field, size=100)
            page = channels.facts(session, asked, actor=VISITOR)
            assert page.total == one.count == len(page.items), one
        for year in (UNDATED, 2019, 2025):
            asked = FactQuery(FactKind.CONTRACT, year=year, size=100)
            assert channels.facts(session, asked, actor=VISITOR).total == sum((row[2] or 0) == year for row in real)


@settings(max_examples=25, suppress_health_check=list(HealthCheck))
@given(rows=CONTRACTS)
def test_years_and_the_matrix_add_up_to_the_same(loaded: Database, rows: list[Row]) -> None:
    fill(loaded, rows)
    real = [row for row in rows if row[5] in REAL and not row[6]]
    with loaded.read() as session:
        whole = channel_history.total(channel_history.years(session, actor=VISITOR))
        matrix = channel_history.matrix(session, actor=VISITOR)
    way = Counter(classify(s or "", b or "").label for s, b, *_ in real)
    assert (whole.incoming.number, whole.outgoing.number, whole.within.number) == (
        way["引进"],
        way["输出"],
        way["区内"],
    )
    amounts = [amount for s, b, _, _, amount, *_ in real if amount and classify(s or "", b or "").label == "引进"]
    assert (whole.incoming.disclosed, whole.incoming.amount) == (len(amounts), sum(amounts, Decimal(0)))
    assert whole.net == (way["引进"] - way["输出"] if way["引进"] + way["输出"] else None)
    assert sum(tally.number for tally in matrix.values()) == way["区内"]
    with loaded.read() as session:
        for place in ("110000", "RU"):
            own = channel_history.total(channel_history.years(session, place, actor=VISITOR))
            ends = [{s, b} for s, b, *_ in real if place in {s, b} and classify(s or "", b or "").channel]
            assert own.incoming.number + own.outgoing.number == len(ends)
            assert sum(n for _, n in channel_history.fields_of(session, place, actor=VISITOR)) == len(ends)
    for giver, taker in matrix:
        assert giver.endswith("00") and taker.endswith("00") and {giver[:2], taker[:2]} == {"15"}, REGION
