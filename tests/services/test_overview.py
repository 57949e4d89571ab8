"""The home page's numbers are the numbers of the lists they open."""

from lib.domain.access import VISITOR
from lib.domain.vocabulary import Channel
from lib.services import catalogue, channels, contracts, overview
from lib.services.catalogue import CatalogueQuery
from lib.services.channels import FactKind, FactQuery, FlowQuery
from lib.services.contracts import ContractQuery
from lib.store.engine import Database


def test_every_box_counts_exactly_what_its_link_lists(loaded: Database) -> None:
    with loaded.read() as session:
        picture = overview.read(session, actor=VISITOR)
        for box in (*picture.stages, *picture.channels):
            if box.page == "statistics":
                listed = contracts.search_contracts(session, ContractQuery(), actor=VISITOR).total
            elif box.page == "channels":
                channel = Channel(str(box.query["channel"]))
                if channel is Channel.MILITARY:  # counted by year and league, never listed
                    asked = FlowQuery(channel, None, FactKind.COOPERATION)
                    listed = sum(flow.count for flow in channels.flows(session, asked, actor=VISITOR))
                else:
                    listed = channels.facts(session, FactQuery(channel=channel), actor=VISITOR).total
            else:
                search = {
                    "achievements": catalogue.search_achievements,
                    "demands": catalogue.search_demands,
                    "organizations": catalogue.search_organizations,
                }[box.page]
                kinds = box.query.get("kind", [])
                facets = {"kind": tuple(kinds)} if kinds else {}
                listed = search(
                    session, CatalogueQuery(q=str(box.query.get("q", "")), facets=facets), actor=VISITOR
                ).total
            assert box.count == listed, box.name
    assert [box.name for box in picture.stages] == ["创造", "熟化", "评估", "定价", "交易", "应用"]
    assert (picture.leagues, picture.banners, picture.achievements) == (12, 103, 143)
