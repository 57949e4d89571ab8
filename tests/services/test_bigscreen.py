"""The big screen: each figure is the total of the list it opens; demonstration rows only where they were asked for."""

from urllib.parse import parse_qs, urlsplit

from lib.domain.access import VISITOR, Actor, Role
from lib.domain.vocabulary import Origin
from lib.services import bigscreen, catalogue, demo
from lib.services.bigscreen import Hall
from lib.services.catalogue import CatalogueQuery
from lib.services.demo import Volume
from lib.store.engine import Database
from lib.store.models import Achievement

KEEPER = Actor(role=Role.ADMINISTRATOR, name="测试")
LISTS = {
    "/achievements": catalogue.search_achievements,
    "/demands": catalogue.search_demands,
    "/organizations": catalogue.search_organizations,
}


def hall(database: Database, **asked: bool) -> Hall:
    with database.read() as session:
        return bigscreen.read(session, actor=VISITOR, **asked)


def counted(database: Database, page: str) -> str:
    """The number of the list that an address opens."""
    address = urlsplit(page)
    facets = {name: tuple(values) for name, values in parse_qs(address.query).items()}
    with database.read() as session:
        return f"{LISTS[address.path](session, CatalogueQuery(facets=facets), actor=VISITOR).total:,}"


def test_every_figure_is_the_total_of_the_list_it_opens(loaded: Database) -> None:
    demo.create(loaded, Volume(achievements=30, demands=10, roadshows=True), actor=KEEPER)
    for found in (hall(loaded), hall(loaded, demo=True)):
        own = [figure for figure in found.figures if not figure.page.startswith("/statistics")]
        assert len(own) == 3 and len(found.figures) == 6
        for figure in own:
            assert figure.text.split()[0] == counted(loaded, figure.page), figure
    assert hall(loaded).figures[3].text == "143 项"
    assert hall(loaded, demo=True).figures[3].text == "173 项"


def test_demonstration_is_left_out_unless_it_was_asked_for(loaded: Database) -> None:
    demo.create(loaded, Volume(achievements=30, roadshows=True), actor=KEEPER)
    real, mixed = hall(loaded), hall(loaded, demo=True)
    assert Origin.DEMO not in real.network.origins and Origin.DEMO in mixed.network.origins
    assert all(card.source.origin is not Origin.DEMO for card in (*real.newest, *real.coming, *real.past))
    assert [card.title for card in mixed.coming] == ["草原乳业与绿色能源科技成果路演"]
    assert real.past and not real.coming, "no real event is to come, so the latest are shown"

    def total(found: Hall) -> int:
        return sum(count or 0 for _, _, count in found.network.counts)

    assert total(real) < total(mixed)


def test_the_stamp_changes_with_what_is_shown(loaded: Database) -> None:
    def stamp() -> str:
        with loaded.read() as session:
            return bigscreen.stamp(session, actor=VISITOR)

    before = stamp()
    assert stamp() == before
    with loaded.write() as session:
        session.get_one(Achievement, 1).title = "改了名字的成果"
    assert stamp() != before
