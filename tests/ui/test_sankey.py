"""The sankey: what flows in flows out, what is not stated stays visible, each item knows its rows."""

import json
from collections import Counter

import pytest

from lib.domain.access import VISITOR
from lib.services import catalogue, channels
from lib.services.catalogue import UNKNOWN
from lib.services.channels import FactKind, FieldFlow, Flow, FlowQuery
from lib.store.engine import Database
from lib.ui.charts import sankey
from lib.ui.charts.sankey import OTHER, Choice


@pytest.fixture(params=FactKind)
def flows(request: pytest.FixtureRequest, loaded_sqlite: Database) -> tuple[Flow, ...]:
    with loaded_sqlite.read() as session:
        return channels.flows(session, FlowQuery(kind=request.param), actor=VISITOR)


@pytest.fixture
def fields(flows: tuple[Flow, ...], loaded_sqlite: Database) -> tuple[FieldFlow, ...]:
    if flows[0].kind is not FactKind.CONTRACT:
        return ()
    with loaded_sqlite.read() as session:
        return channels.fields(session, FlowQuery(kind=FactKind.CONTRACT), actor=VISITOR)


@pytest.fixture
def leagues(loaded_sqlite: Database) -> dict[str, str]:
    with loaded_sqlite.read() as session:
        return catalogue.league_names(session)


def _series(chart: sankey.Sankey) -> dict:  # type: ignore[type-arg]
    return json.loads(chart.spec)["baseOption"]["series"][0]


def test_every_fact_passes_through_each_column_once(
    flows: tuple[Flow, ...], fields: tuple[FieldFlow, ...], leagues: dict[str, str]
) -> None:
    chart = sankey.sankey(flows, leagues, fields)
    series, total = _series(chart), sum(flow.count for flow in flows)
    into, out = Counter(), Counter()
    for link in series["links"]:
        into[link["target"]] += link["value"]
        out[link["source"]] += link["value"]
    stages = [("g:", out), ("m:", into), ("m:", out), ("l:", into)]
    for prefix, counts in stages + ([("l:", out), ("f:", into)] if fields else []):
        assert sum(n for name, n in counts.items() if name.startswith(prefix)) == total
    assert all(into[node["name"]] == out[node["name"]] for node in series["data"] if node["depth"] == 1)
    for node in series["data"]:
        shown = int(node["label"]["formatter"].split("  ")[-1])
        assert shown == max(into[node["name"]], out[node["name"]])


def test_every_item_means_the_rows_it_counts(
    flows: tuple[Flow, ...], fields: tuple[FieldFlow, ...], leagues: dict[str, str]
) -> None:
    chart = sankey.sankey(flows, leagues, fields)
    series = _series(chart)

    def meant(choice: Choice) -> int:
        if choice.field:
            return sum(
                one.count
                for one in fields
                if str(one.field) == choice.field and choice.league in {"", one.league_code or UNKNOWN}
            )
        partners = chart.others[choice.group] if choice.partner == OTHER else (choice.partner,)
        return sum(
            flow.count
            for flow in flows
            if (not choice.group or flow.group == choice.group)
            and (not choice.partner or flow.partner in partners)
            and (not choice.league or (flow.league_code or UNKNOWN) == choice.league)
        )

    for node, choice in zip(series["data"], chart.nodes, strict=True):
        assert meant(choice) == int(node["label"]["formatter"].split("  ")[-1])
    sizes: Counter[Choice] = Counter()
    for link, choice in zip(series["links"], chart.links, strict=True):
        sizes[choice] += link["value"]
    assert all(meant(choice) == size for choice, size in sizes.items())


def test_what_is_not_stated_is_a_dashed_box_at_the_end(flows: tuple[Flow, ...], leagues: dict[str, str]) -> None:
    last = [node for node in _series(sankey.sankey(flows, leagues))["data"] if node["depth"] == 2][-1]
    assert last["name"] == f"l:{UNKNOWN}"
    assert last["itemStyle"]["borderType"] == "dashed"


def test_nothing_to_show_is_an_empty_picture(leagues: dict[str, str]) -> None:
    assert _series(sankey.sankey((), leagues))["data"] == []
