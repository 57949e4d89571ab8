"""Search finds exactly the records that contain the words, on both databases, and stays in step with every write."""

import csv

import pytest
from sqlalchemy import select

from lib.domain.access import VISITOR
from lib.domain.errors import InvalidQuery
from lib.domain.text import fold
from lib.services import catalogue, matching
from lib.services.catalogue import CatalogueQuery
from lib.settings import ROOT
from lib.store import search
from lib.store.engine import Database
from lib.store.models import Achievement

QUERIES = (
    "稀土", "乳业", "氢能", "盐碱地", "煤", "土永", "技术", "稀土 材料", "草原 修复 示范",
    "bdo", "CO2", "内蒙古农业大学", "一等奖", "不存在的词", "２０２４", "β",
)  # fmt: skip
HOSTILE = (
    '"', "(", "*", "-x", "AND", "NEAR(", "c-d", "%", ";drop table achievement", "''", "t:稀土", "OR", "{t}:", "100%",
    "a_b", "\\", "稀土\x00", "^", "a:* | b", "!稀土", "<->", "\u202e",
)  # fmt: skip


def _rows() -> list[str]:
    with (ROOT / "data" / "public" / "achievements.csv").open(encoding="utf-8-sig", newline="") as file:
        columns = ("title", "summary", "organization", "other_units", "award_or_source")
        return [fold("\n".join(row[column] for column in columns)) for row in csv.DictReader(file)]


def _total(database: Database, query: CatalogueQuery) -> int:
    with database.read() as session:
        return catalogue.search_achievements(session, query, actor=VISITOR).total


def test_every_word_finds_what_a_plain_scan_of_the_file_finds(loaded: Database) -> None:
    rows = _rows()
    for query in QUERIES:
        expected = sum(all(term in row for term in fold(query).split()) for row in rows)
        assert _total(loaded, CatalogueQuery(q=query)) == expected, query


@pytest.mark.parametrize("query", HOSTILE)
def test_signs_are_text_never_an_operator(loaded_sqlite: Database, query: str) -> None:
    assert _total(loaded_sqlite, CatalogueQuery(q=query)) <= 143


def test_signs_alone_find_nothing_on_either_database(loaded: Database) -> None:
    assert [_total(loaded, CatalogueQuery(q=query)) for query in ('"', "( )", "*", "%", "''")] == [0] * 5


def test_facets_ignore_their_own_choice_and_add_up(loaded: Database) -> None:
    with loaded.read() as session:
        whole = catalogue.search_achievements(session, CatalogueQuery(), actor=VISITOR)
        chosen = CatalogueQuery(facets={"field": ("9",), "league": ("150100",)})
        narrowed = catalogue.search_achievements(session, chosen, actor=VISITOR)
        for facet in whole.facets.values():
            assert sum(value.count for value in facet) == whole.total == 143
        only_league = catalogue.search_achievements(
            session, CatalogueQuery(facets={"league": ("150100",)}), actor=VISITOR
        )
    assert narrowed.facets["field"] == only_league.facets["field"]
    assert narrowed.total == next(v.count for v in only_league.facets["field"] if v.value == "9")


def test_pages_follow_each_other_without_gap_or_twin(loaded: Database) -> None:
    with loaded.read() as session:
        for order in ("latest", "year", "relevance"):
            seen: list[int] = []
            for page in range(1, 16):
                query = CatalogueQuery(q="技术", order=order, page=page, size=10)  # type: ignore[arg-type]
                seen += [item.id for item in catalogue.search_achievements(session, query, actor=VISITOR).items]
            assert len(seen) == len(set(seen)) == _total(loaded, CatalogueQuery(q="技术"))


def test_hits_in_the_title_come_first_by_relevance(loaded: Database) -> None:
    with loaded.read() as session:
        query = CatalogueQuery(q="稀土", order="relevance", size=100)
        items = catalogue.search_achievements(session, query, actor=VISITOR).items
    in_title = ["稀土" in item.title for item in items]
    assert in_title == sorted(in_title, reverse=True) and in_title[0]


@pytest.mark.parametrize(
    "query",
    [
        CatalogueQuery(page=0),
        CatalogueQuery(size=101),
        CatalogueQuery(facets={"field": ("12",)}),
        CatalogueQuery(facets={"nothing": ("1",)}),
        CatalogueQuery(order="title"),  # type: ignore[arg-type]
    ],
)
def test_a_question_out_of_range_is_refused(loaded_sqlite: Database, query: CatalogueQuery) -> None:
    with pytest.raises(InvalidQuery):
        _total(loaded_sqlite, query)


def test_the_index_follows_changes_and_deletions(loaded: Database) -> None:
    with loaded.write() as session:
        record = session.scalars(select(Achievement).where(Achievement.title.contains("稀土")).limit(1)).one()
        record.title, record.league_code = "石墨烯量子点专用题目", "150300"
    assert _total(loaded, CatalogueQuery(q="石墨烯量子点", facets={"league": ("150300",)})) == 1
    with loaded.write() as session:
        session.delete(session.get_one(Achievement, record.id))
    assert _total(loaded, CatalogueQuery(q="石墨烯量子点")) == 0
    before = {query: _total(loaded, CatalogueQuery(q=query)) for query in QUERIES}
    with loaded.engine.begin() as connection:
        search.rebuild(connection, search.ACHIEVEMENTS)
    assert {query: _total(loaded, CatalogueQuery(q=query)) for query in QUERIES} == before


def test_similar_achievements_share_words(loaded: Database) -> None:
    with loaded.read() as session:
        found = matching.similar_achievements(session, "稀土废料综合回收利用", actor=VISITOR)
        assert found and all(set("稀土回收利用") & set(card.title) for card in found)
        assert matching.similar_achievements(session, "ＺＺ不相干", actor=VISITOR) == ()
