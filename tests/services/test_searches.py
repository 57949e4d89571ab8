"""Saved searches: kept once, told apart by what they ask, unread by what was made public since they were looked at."""

import json
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qs

import pytest
from argon2 import PasswordHasher
from sqlalchemy import func, select

from lib.domain.access import VISITOR, Actor, Role
from lib.domain.dates import now_utc
from lib.domain.errors import AccessDenied, InvalidInput, NotFound
from lib.services import catalogue, personal, searches
from lib.services.searches import Saved
from lib.store.engine import Database
from lib.store.models import Account, Achievement, AuditEntry, Organization, SavedSearch
from tests.samples import BAOTOU, HOHHOT, person


def published(database: Database, title: str, **values: Any) -> int:
    """A record that is made public now."""
    now = now_utc()
    record = Achievement(title=title, **{"origin": "submitted", "created_at": now, "updated_at": now} | values)
    with database.write() as session:
        session.add(record)
        session.flush()
        return record.id


def asking(query: str) -> Callable[[str], Sequence[str]]:
    """The values of the parameters of an address."""
    values = parse_qs(query)
    return lambda name: values.get(name, [])


def unread(database: Database, saved: Saved) -> int:
    with database.read() as session:
        return searches.news(session, saved.kind, saved.asked, saved.seen_at, actor=VISITOR).unread


def looked(database: Database, saved: Saved, *, actor: Actor) -> Saved:
    """The search after somebody has looked at what it finds."""
    with database.read() as session:
        newest = searches.news(session, saved.kind, saved.asked, saved.seen_at, actor=VISITOR).newest
    searches.mark_seen(database, saved.id, newest, actor=actor)
    return kept(database, actor)[0]


def kept(database: Database, actor: Actor) -> tuple[Saved, ...]:
    with database.read() as session:
        return searches.listing(session, actor=actor)


def test_what_is_new_since_it_was_looked_at_is_unread_and_nothing_else(db: Database) -> None:
    mine = person(db, Role.MEMBER)
    old = published(db, "白云鄂博稀土选矿")
    saved = searches.save(db, "achievement", asking("q=稀土&page=3&view=table&compare=1&utm=x"), actor=mine)
    assert (saved.query, saved.name, unread(db, saved)) == ("q=%E7%A8%80%E5%9C%9F", "稀土", 0)
    published(db, "稀土抛光粉")
    published(db, "乳酸菌发酵剂")
    with db.write() as session:  # an edit is nothing new
        session.get_one(Achievement, old).summary = "改过的简介"
    assert unread(db, saved) == 1
    saved = looked(db, saved, actor=mine)
    assert unread(db, saved) == 0 and looked(db, saved, actor=mine) == saved
    with db.write() as session:  # taken back, and published again
        session.delete(session.get_one(Achievement, old))
    published(db, "白云鄂博稀土选矿", id=old)
    assert unread(db, saved) == 1


def test_unread_follows_facets_synonyms_and_words_that_stand_apart(db: Database) -> None:
    mine = person(db, Role.BROKER)
    published(db, "先有一条")
    wanted = ("", "q=奶业", "q=奶业&exact=1", "year=2026", "year=2025&year=2026&origin=public", "q=风机 叶片", "q=《》")
    saved = {query: searches.save(db, "achievement", asking(query), actor=mine) for query in wanted}
    published(db, "乳业废水处理", year=2026)
    published(db, "风机齿轮箱", year=2025)
    assert {query: unread(db, one) for query, one in saved.items()} == {
        "": 2, "q=奶业": 1, "q=奶业&exact=1": 0, "year=2026": 1, "year=2025&year=2026&origin=public": 0,
        "q=风机 叶片": 1, "q=《》": 0,
    }  # fmt: skip
    published(db, "风机叶片回收")  # now there is one with both words, and it alone is found
    published(db, "叶片涂层")
    assert unread(db, saved["q=风机 叶片"]) == 1
    looked_at = now_utc()
    published(db, "风机塔筒")
    with db.read() as session:
        asked = saved["q=风机 叶片"].asked
        assert searches.news(session, "achievement", asked, looked_at, actor=VISITOR).unread == 0
        assert catalogue.find(session, "achievement", asked, actor=VISITOR).total == 1


def test_unread_is_what_the_list_gained_for_few_and_for_many_new_records(loaded: Database) -> None:
    """Many new records are counted in another way than few; both count what the search itself finds."""
    mine = person(loaded, Role.MEMBER)
    queries = ("", "q=技术", "q=稀土 技术", "league=150200", "q=技术&league=150200&league=150100", "q=成果 不存在的词")
    saved = {query: searches.save(loaded, "achievement", asking(query), actor=mine) for query in queries}

    def totals() -> dict[str, int]:
        with loaded.read() as session:
            return {q: catalogue.find(session, "achievement", s.asked, actor=VISITOR).total for q, s in saved.items()}

    before = totals()
    for count in (7, 160):
        now = now_utc()
        with loaded.write() as session:
            session.add_all(
                Achievement(
                    title=f"稀土新成果 {number}", summary="一项技术" if number % 3 else "", origin="submitted",
                    league_code=(BAOTOU, HOHHOT, None)[number % 3], created_at=now, updated_at=now,
                )
                for number in range(count)
            )  # fmt: skip
        after = totals()
        assert {q: unread(loaded, s) for q, s in saved.items()} == {q: after[q] - before[q] for q in queries}
        assert after[""] - before[""] >= count


def test_the_same_search_is_kept_once_however_it_is_written_and_however_often(db: Database) -> None:
    mine, other = person(db, Role.MEMBER), person(db, Role.APPLICANT)
    ways = ("q=稀土&league=150200&year=2025&year=2024", "year=2024&year=2025&year=2024&league=150200&q=稀土&order=year")
    with ThreadPoolExecutor(4) as pool:
        ids = set(pool.map(lambda way: searches.save(db, "achievement", asking(way), actor=mine).id, ways * 4))
    assert len(ids) == len(kept(db, mine)) == 1
    searches.save(db, "demand", asking(ways[0]), actor=mine)
    searches.save(db, "achievement", asking(ways[0]), actor=other)
    assert (len(kept(db, mine)), len(kept(db, other)), kept(db, VISITOR)) == (2, 1, ())
    with db.read() as session:
        noted = session.scalars(select(AuditEntry.action).where(AuditEntry.account_id == mine.account_id)).all()
    assert noted == ["search.save", "search.save"]


@pytest.mark.parametrize(
    ("kind", "query", "words"),
    [
        ("achievement", "", "全部成果"),
        ("organization", "kind=企业&league=unknown", "类别：企业；盟市：未披露"),
        ("demand", "q=叶片&field=7&origin=submitted&exact=1", "叶片；领域：{field}；来源：平台申报；只搜原词"),
        ("achievement", "q=%00&year=abc&league=150200&league=9", "盟市：包头市"),
        (
            "achievement",
            "banner=150221&trl=4-6&price=priced&public_good=no&ip=x&unit=高校",
            "旗县：土默特右旗；成熟度：4 级、5 级、6 级；价格：有价；单位类别：高校；公益性：否",
        ),
        ("demand", "mode=合作开发&price=negotiable&trl=4", "合作方式：合作开发；预算：面议"),
    ],
)
def test_what_a_search_asks_is_said_in_words(loaded_sqlite: Database, kind: str, query: str, words: str) -> None:
    from lib.domain.vocabulary import FIELDS, Origin

    saved = searches.save(loaded_sqlite, kind, asking(query), actor=person(loaded_sqlite, Role.MEMBER))
    assert saved.name == words.format(field=FIELDS[7]).replace("平台申报", Origin.SUBMITTED.label)


def test_names_are_given_changed_and_refused(db: Database) -> None:
    mine, other = person(db, Role.MEMBER), person(db, Role.MEMBER)
    saved = searches.save(db, "organization", asking("q=大学"), "  高校 ", actor=mine)
    assert saved.name == "高校"
    for _ in range(2):
        searches.rename(db, saved.id, "<b>全区高校</b>", actor=mine)
    assert kept(db, mine)[0].name == "<b>全区高校</b>"
    for wrong in ("", "   ", "名" * 61, "\x00"):
        with pytest.raises(InvalidInput, match="不超过 60 个字"):
            searches.rename(db, saved.id, wrong, actor=mine)
    with pytest.raises(NotFound):
        searches.rename(db, saved.id, "别人的", actor=other)
    searches.remove(db, saved.id, actor=other)
    searches.mark_seen(db, saved.id, now_utc(), actor=other)
    assert kept(db, mine) == (searches.Saved(**{**saved.__dict__, "name": "<b>全区高校</b>"}),)
    for _ in range(2):
        searches.remove(db, saved.id, actor=mine)
    with db.read() as session:
        noted = session.scalars(select(AuditEntry.action).where(AuditEntry.account_id == mine.account_id)).all()
    assert kept(db, mine) == () and noted == ["search.save", "search.rename", "search.remove"]


def test_what_cannot_be_kept_is_refused_with_what_to_do(db: Database) -> None:
    mine = person(db, Role.MEMBER)
    long = "&".join(f"league={code}" for code in range(150000, 150300))
    for kind, query, told in (("event", "q=a", "成果库"), ("achievement", long, "减少一些")):
        with pytest.raises(InvalidInput, match=told):
            searches.save(db, kind, asking(query), actor=mine)
    with pytest.raises(AccessDenied, match="请先登录"):
        searches.save(db, "achievement", asking("q=a"), actor=VISITOR)
    now = now_utc()
    with db.write() as session:
        session.add_all(
            SavedSearch(
                account_id=mine.account_id, kind="demand", query=f"q={n}", name="n", created_at=now, seen_at=now
            )
            for n in range(searches.MOST)
        )
    with pytest.raises(InvalidInput, match="最多保存 50 条搜索"):
        searches.save(db, "demand", asking("q=one+more"), actor=mine)
    assert searches.save(db, "demand", asking("q=7"), actor=mine).query == "q=7"


def test_what_comes_to_light_later_than_something_newer_is_not_lost(db: Database) -> None:
    """An import that began before somebody looked ends after it; a clock that was wrong hides nothing either."""
    mine = person(db, Role.MEMBER)
    published(db, "最早的一条")
    saved = searches.save(db, "achievement", asking(""), actor=mine)
    began = now_utc()
    saved = looked(db, saved, actor=mine)
    assert saved.seen_at < began
    published(db, "装入表格里的一条", created_at=began)
    assert unread(db, saved) == 1
    published(db, "时钟不准的一条", created_at=began + timedelta(days=400))
    saved = looked(db, saved, actor=mine)
    published(db, "后来的一条")
    assert unread(db, saved) >= 1 and saved.seen_at <= now_utc()


def test_searches_are_taken_along_and_forgotten_with_the_account(db: Database) -> None:
    mine, other = person(db, Role.MEMBER), person(db, Role.MEMBER)
    for actor in (mine, other):
        searches.save(db, "demand", asking("q=一个秘密的兴趣"), "只有我知道的名字", actor=actor)
    (taken,) = personal.export(db, actor=mine)["searches"]
    assert taken["name"] == "只有我知道的名字" and datetime.fromisoformat(taken["seen_at"])
    with db.write() as session:
        password = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1).hash("草原上的风吹过-2026")
        session.get_one(Account, mine.account_id).password_hash = password
    personal.erase(db, "草原上的风吹过-2026", actor=mine)
    with db.read() as session:
        left = session.scalars(select(SavedSearch.account_id)).all()
        noted = json.dumps(session.scalars(select(AuditEntry.detail)).all(), ensure_ascii=False)
    assert left == [other.account_id] and "秘密" not in noted and "只有我" not in noted


def test_organizations_have_news_too(loaded: Database) -> None:
    mine = person(loaded, Role.MEMBER)
    saved = searches.save(loaded, "organization", asking("kind=企业"), actor=mine)
    now = now_utc()
    with loaded.write() as session:
        before = session.scalar(select(func.count()).select_from(Organization).where(Organization.kind == "企业"))
        for name, kind in (("新来的企业", "企业"), ("新来的大学", "高校")):
            session.add(
                Organization(name=name, name_key=name, kind=kind, origin="public", created_at=now, updated_at=now)
            )
    assert before and unread(loaded, saved) == 1
