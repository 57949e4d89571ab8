"""The channels: counts equal a plain reading of the files, each flow opens its rows, nothing counts twice."""

import csv
from collections import Counter

import pytest

from lib.domain.access import VISITOR
from lib.domain.channels import MILITARY, channel_of, direction_of
from lib.domain.errors import AccessDenied, InvalidQuery
from lib.domain.vocabulary import Channel, Direction
from lib.services import catalogue, channels, places
from lib.services.catalogue import UNKNOWN
from lib.services.channels import UNDATED, FactKind, FactQuery, FlowQuery
from lib.settings import settings
from lib.store.engine import Database

Row = dict[str, str]
NOBODY = type(VISITOR)(role="none")  # type: ignore[arg-type]


def read(name: str) -> list[Row]:
    with (settings().public_dir / f"{name}.csv").open(encoding="utf-8-sig", newline="") as lines:
        return list(csv.DictReader(lines))


def test_flows_of_cooperation_equal_a_plain_reading_of_the_file(loaded: Database) -> None:
    expected = Counter(
        (
            channel_of(r["partner"], r["partner_kind"]),
            MILITARY if r["partner_kind"] == "军工" else r["partner"],
            r["league"],
            direction_of(r["subject"]),
        )
        for r in read("cooperation")
    )
    with loaded.read() as session:
        names = catalogue.league_names(session)
        flows = channels.flows(session, FlowQuery(kind=FactKind.COOPERATION), actor=VISITOR)
    found = {(f.channel, f.partner, names.get(f.league_code or "", ""), f.direction): f.count for f in flows}
    assert found == dict(expected)


def test_totals_and_years_equal_a_plain_reading_of_the_file(loaded: Database) -> None:
    rows = read("cooperation")
    per_channel = Counter(channel_of(r["partner"], r["partner_kind"]) for r in rows)
    per_year = Counter(int(r["year"]) if r["year"] else None for r in rows)
    with loaded.read() as session:
        totals = channels.totals(session, actor=VISITOR)
        years = channels.years(session, actor=VISITOR)
        undated = channels.totals(session, UNDATED, actor=VISITOR)
    assert {t.channel: t.cooperation for t in totals} == {channel: per_channel[channel] for channel in Channel}
    assert {y.year: y.cooperation for y in years if y.cooperation} == dict(per_year)
    assert sum(t.cooperation for t in undated) == per_year[None]
    assert sum(y.events for y in years) == sum(t.events for t in totals)
    directions = Counter(direction_of(r["subject"]) for r in rows)
    assert {d: sum(t.directions[d] for t in totals) for d in Direction} == {d: directions[d] for d in Direction}


def test_an_event_counts_once_whatever_number_of_partners_it_names(loaded: Database) -> None:
    named = [row for row in read("events") if row["partner_region"]]
    with loaded.read() as session:
        flows = channels.flows(session, FlowQuery(kind=FactKind.EVENT), actor=VISITOR)
        both = channels.flows(session, FlowQuery(), actor=VISITOR)
    assert sum(flow.count for flow in flows) == len(named)
    assert Counter(flow.partner for flow in flows for _ in range(flow.count)) == Counter(
        row["partner_region"] for row in named
    )
    joint = next(flow for flow in flows if flow.partner == "俄罗斯、蒙古国")
    assert (joint.partners, joint.channel, joint.count) == (("俄罗斯", "蒙古国"), Channel.ABROAD, 6)
    assert {flow.kind for flow in both} == {FactKind.COOPERATION, FactKind.EVENT}


@pytest.mark.parametrize(
    ("partner", "channel", "kind"),
    [
        ("瑞典、塞尔维亚、意大利、荷兰等10国", Channel.ABROAD, "国家"),
        ("蒙古国", Channel.ABROAD, "国家"),
        ("陕西省", Channel.INTERREGIONAL, "省区市"),
        ("京津冀", Channel.INTERREGIONAL, channels.REGIONAL),
        ("呼和浩特市", Channel.WITHIN, channels.WITHIN_KIND),
    ],
)
def test_the_channel_of_an_event_follows_from_its_partner(
    loaded: Database, partner: str, channel: Channel, kind: str
) -> None:
    with loaded.read() as session:
        flows = channels.flows(session, FlowQuery(kind=FactKind.EVENT), actor=VISITOR)
    assert {(f.channel, f.partner_kind) for f in flows if f.partner == partner} == {(channel, kind)}


@pytest.mark.parametrize("kind", FactKind)
def test_every_flow_opens_exactly_its_rows(loaded: Database, kind: FactKind) -> None:
    with loaded.read() as session:
        for year in (None, UNDATED, 2023):
            for flow in channels.flows(session, FlowQuery(year=year, kind=kind), actor=VISITOR):
                query = FactQuery(
                    kind, flow.channel, year, flow.partner_kind, (flow.partner,), flow.league_code or UNKNOWN,
                    flow.direction, size=100, group=flow.group, unstated=flow.channel is None,
                )  # fmt: skip
                page = channels.facts(session, query, actor=VISITOR)
                if flow.channel is Channel.MILITARY:
                    assert (page.total, page.items) == (0, ()), "counted, and never listed"
                    continue
                assert page.total == flow.count == len(page.items)
                assert {(f.channel, f.league_code) for f in page.items} == {(flow.channel, flow.league_code)}
                if kind is not FactKind.CONTRACT:
                    assert {f.partner for f in page.items} == {flow.partner}


def test_pages_of_facts_hold_each_row_once_with_its_source(loaded: Database) -> None:
    with loaded.read() as session:
        pages = [channels.facts(session, FactQuery(page=n, size=50), actor=VISITOR) for n in (1, 2, 3, 4)]
    ids = [fact.id for page in pages for fact in page.items]
    listed = [row for row in read("cooperation") if row["partner_kind"] != "军工"]
    assert len(ids) == len(set(ids)) == pages[0].total == len(listed) < len(read("cooperation"))
    assert pages[0].pages == 3
    dated = [fact.year for page in pages for fact in page.items]
    assert dated == sorted(dated, key=lambda year: -(year or 0))
    assert all(fact.source.line for fact in pages[0].items)


def test_every_partner_of_the_public_facts_has_a_place_or_is_told(loaded: Database) -> None:
    with loaded.read() as session:
        flows = channels.flows(session, FlowQuery(), actor=VISITOR)
    unknown = {name for flow in flows for name in flow.partners if places.place_of(name) is None}
    assert unknown == {"京津冀", "环渤海", "呼和浩特市", MILITARY}


@pytest.mark.parametrize(
    ("partner", "code", "derived"),
    [
        ("蒙古国", "MN", False), ("蒙古", "MN", False), ("北京市", "110000", False), ("清华大学", "110000", True),
        ("深圳市", "440000", True), ("内蒙古大学", places.HOME_CODE, True),
    ],
)  # fmt: skip
def test_places_say_whether_we_derived_them(partner: str, code: str, derived: bool) -> None:
    place = places.place_of(partner)
    assert place is not None
    assert (place.code, place.derived) == (code, derived)


def test_derived_places_name_provinces_and_no_partner_twice() -> None:
    with places.DERIVED_FILE.open(encoding="utf-8") as lines:
        rows = list(csv.DictReader(lines))
    assert len({row["partner"] for row in rows}) == len(rows)
    assert all(places.place_of(row["province"]) and row["basis"] for row in rows)


def test_refusals(loaded: Database) -> None:
    with loaded.read() as session:
        for page, size in ((0, 10), (1, 0), (1, 101)):
            with pytest.raises(InvalidQuery):
                channels.facts(session, FactQuery(page=page, size=size), actor=VISITOR)
        with pytest.raises(InvalidQuery):
            channels.flows(session, FlowQuery(channel="nonsense"), actor=VISITOR)  # type: ignore[arg-type]
        for ask in (
            lambda: channels.flows(session, FlowQuery(), actor=NOBODY),
            lambda: channels.totals(session, actor=NOBODY),
            lambda: channels.years(session, actor=NOBODY),
            lambda: channels.facts(session, FactQuery(), actor=NOBODY),
        ):
            with pytest.raises(AccessDenied):
                ask()
