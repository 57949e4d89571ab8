"""The audit trail read: filters, scope, the file, and what a record's page tells to whom."""

import ast
import csv
import re
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from lib.domain import trail
from lib.domain.access import VISITOR, Actor, Role
from lib.domain.errors import AccessDenied, InvalidQuery
from lib.domain.submissions import Action
from lib.services import audit, entries
from lib.services.entries import AuditQuery
from lib.settings import ROOT
from lib.store.engine import Database
from lib.store.models import AuditEntry, Division, Organization, Submission

KEEPER = Actor(role=Role.ADMINISTRATOR, account_id=1, name="管理员")
LEAGUE = Actor(role=Role.OFFICIAL, account_id=2, name="包头科技局", scope="150200")
BANNER = Actor(role=Role.OFFICIAL, account_id=3, name="昆区科技局", scope="150203")
MEMBER = Actor(role=Role.MEMBER, account_id=12, name="=王%工_", organization_id=1)
MOMENT = datetime(2026, 11, 26, 3, 4, 5, tzinfo=UTC)


@pytest.fixture
def filled(db: Database) -> Database:
    """Six entries in three places, a submission of each achievement 1 and 2, published and returned."""
    with db.write() as session:
        for code in ("150200", "150300", "150203"):
            session.add(
                Division(code=code, name=code, short_name=code, level="league" if code.endswith("00") else "banner",
                         zone="", kind="", lon=0, lat=0, seat_lon=0, seat_lat=0)
            )  # fmt: skip
        stamps = {"origin": "public", "created_at": MOMENT, "updated_at": MOMENT}
        session.add(Organization(id=1, name="包钢", name_key="包钢", kind="企业", **stamps))
        session.flush()
        for number, (state, revises) in enumerate(
            (("archived", None), ("published", 1), ("returned", None), ("pending", 2)), 1
        ):
            session.add(
                Submission(
                    id=number, draft_id=f"{number:032x}", receipt=f"CG-20261126-000{number}", kind="achievement",
                    state=state, title="题目", content={}, contact_name="", contact_phone="", organization_id=1,
                    submitted_at=MOMENT, league_code="150200", banner_code="150203", revises_id=revises,
                    record_id=None if state == "returned" else 1,
                )
            )  # fmt: skip
            session.flush()
    place = {"league": "150200", "banner": "150203"}
    written: tuple[tuple[Actor, str, str, object, dict[str, Any]], ...] = (
        (MEMBER, "submission.create", "submission", 1, place),
        (LEAGUE, "submission.publish", "submission", 1, {**place, "changes": {"title": ["旧", "新"]}, "comment": "好"}),
        (MEMBER, "submission.create", "submission", 2, place),
        (LEAGUE, "submission.publish", "submission", 2, place),
        (LEAGUE, "submission.return", "submission", 3, place),
        (MEMBER, "submission.create", "submission", 4, place),
        (LEAGUE, "field.view", "achievement", 1, {**place, "names": ["contact"]}),
        (Actor(name="乌海"), "login", "account", 9, {"league": "150300"}),
        (MEMBER, "access.refused", "page", "audit", {"outcome": "refused"}),
    )
    for actor, action, kind, number, detail in written:
        with db.write() as session:
            audit.record(session, actor, action, kind, number, **detail)
    return db


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({}, [9, 8, 7, 6, 5, 4, 3, 2, 1]),
        ({"action": "submission.publish"}, [4, 2]),
        ({"kind": "account"}, [8]),
        ({"number": "audit"}, [9]),
        ({"receipt": " cg－20261126－0002"}, [4, 3]),
        ({"receipt": "CG-20261126-9999"}, []),
        ({"outcome": "refused"}, [9]),
        ({"who": "=王%工_"}, [9, 6, 3, 1]),
        ({"who": "%"}, [9, 6, 3, 1]),
        ({"who": "12"}, [9, 6, 3, 1]),
        ({"who": "1"}, []),
        ({"since": "2001-01-01", "until": "2002-01-01"}, []),
        ({"since": "today", "until": "today"}, [9, 8, 7, 6, 5, 4, 3, 2, 1]),
        ({"since": "tomorrow"}, []),
        ({"until": "yesterday"}, []),
        ({"page": "2"}, []),
        ({"since": "0001-01-01", "until": "9999-12-31", "action": "x", "page": "-1", "outcome": "'", "kind": "\0"},
         [9, 8, 7, 6, 5, 4, 3, 2, 1]),
    ],
)  # fmt: skip
def test_every_filter_finds_its_entries(filled: Database, asked: dict[str, str], found: list[int]) -> None:
    today = datetime.now(entries.SHANGHAI).date()
    days = {"today": today, "tomorrow": today + timedelta(days=1), "yesterday": today - timedelta(days=1)}
    with filled.read() as session:
        query = AuditQuery.of({name: str(days.get(value, value)) for name, value in asked.items()})
        page = entries.search(session, query, actor=KEEPER)
    assert [entry.id for entry in page.items] == found
    assert page.total == (len(found) if "page" not in asked else 9)


def test_officials_find_what_lies_in_their_scope_and_nobody_else_finds_anything(filled: Database) -> None:
    with filled.read() as session:
        seen = {
            actor.name: [entry.id for entry in entries.search(session, AuditQuery(), actor=actor).items]
            for actor in (LEAGUE, BANNER, Actor(role=Role.OFFICIAL, scope="150300"), Actor(role=Role.OFFICIAL))
        }
        for actor in (VISITOR, MEMBER, Actor(role=Role.APPLICANT), Actor(role=Role.ORGANIZER)):
            with pytest.raises(AccessDenied):
                entries.search(session, AuditQuery(), actor=actor)
    assert list(seen.values()) == [[7, 6, 5, 4, 3, 2, 1], [7, 6, 5, 4, 3, 2, 1], []]
    assert seen["访客"] == []


def test_the_file_holds_the_same_entries_without_a_live_formula_and_is_recorded(
    filled: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    query = AuditQuery(who="王")
    rows = list(csv.reader(entries.export_csv(filled, query, actor=KEEPER).decode("utf-8-sig").splitlines()))
    assert [row[0] for row in rows[1:]] == ["9", "6", "3", "1"]
    assert {row[2] for row in rows[1:]} == {"'=王%工_"}
    with filled.read() as session:
        last = session.scalars(select(AuditEntry).order_by(AuditEntry.id.desc())).first()
    assert last is not None and (last.action, last.detail) == ("audit.export", {"filters": {"who": "王"}, "rows": 4})
    with pytest.raises(AccessDenied):
        entries.export_csv(filled, query, actor=MEMBER)
    monkeypatch.setattr(entries, "MOST_EXPORTED", 3)
    with pytest.raises(InvalidQuery, match="缩小"):
        entries.export_csv(filled, query, actor=KEEPER)


def test_a_record_tells_its_way_and_who_went_it_only_to_whom_it_concerns(filled: Database) -> None:
    with filled.read() as session:
        told = {
            actor.name: entries.history(session, "achievement", 1, actor=actor)
            for actor in (VISITOR, MEMBER, LEAGUE, Actor(role=Role.OFFICIAL, name="乌海", scope="150300"))
        }
        assert entries.history(session, "achievement", 2, actor=KEEPER) == ()
        assert entries.history(session, "demand", 1, actor=KEEPER) == ()
        assert entries.history(session, "event", 1, actor=KEEPER) == ()
    public = ["审核发布修订", "提交修订", "审核发布", "提交"]
    assert [step.label for step in told["访客"]] == [step.label for step in told["乌海"]] == public
    assert {(step.who, step.changes, step.comment) for step in told["访客"]} == {("", (), "")}
    for name in (MEMBER.name, LEAGUE.name):
        assert [step.label for step in told[name]] == ["查看授权内容", "提交修订", *public]
        published = told[name][-2]
        assert published.who == "包头科技局　主管部门" and published.comment == "好"
        assert published.changes == (("名称", "旧", "新"),)


@pytest.mark.parametrize(
    ("detail", "changed", "rest"),
    [
        ({"state": ["pending", "published"], "comment": ""}, [("状态", "待审核", "已发布")], []),
        ({"before": {"role": "member", "scope": None}, "after": {"role": "official", "scope": "150200"}},
         [("身份", "单位成员", "主管部门"), ("辖区", "（空）", "包头市")], []),
        ({"before": True, "after": False}, [], [("之前", "是"), ("之后", "否")]),
        ({"changes": {"keywords": ["甲", None]}, "days": 30}, [("关键词", "甲", "（空）")], [("授权天数", "30")]),
        ({"fields": ["contact", "budget"], "x": {"role": "broker"}}, [],
         [("涉及的项", "联系方式、预算"), ("x", "身份 技术经纪人")]),
    ],
)  # fmt: skip
def test_details_in_words(detail: dict[str, Any], changed: list[trail.Change], rest: list[tuple[str, str]]) -> None:
    places = {"150200": "包头市"}
    assert (trail.changes(detail, places), trail.rest(detail, places)) == (changed, rest)


def test_every_action_that_is_recorded_has_words() -> None:
    """The second argument after the actor of whatever records, and made-up names of a submission's actions."""
    named = {f"submission.{action.value}" for action in Action if action is not Action.SUBMIT}
    for file in sorted((ROOT / "lib").rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Call) and ast.unparse(node.func).split(".")[-1] in {
                "record",
                "record_submission",
                "_note",
                "_write",
            }:
                constants = (
                    n.value for n in ast.walk(node) if isinstance(n, ast.Constant) and isinstance(n.value, str)
                )
                named |= {value for value in constants if re.fullmatch(r"[a-z]+\.[a-z_]+", value)}
    assert len(named) > 40
    assert named - trail.ACTIONS.keys() == set()


def test_days_are_those_of_the_region(filled: Database) -> None:
    """An entry of 16:30 UTC belongs to the next day in Inner Mongolia."""
    with filled.read() as session:
        latest = entries.search(session, AuditQuery(), actor=KEEPER).items[0]
        late = latest.at.astimezone(entries.SHANGHAI).date()
        assert entries.search(session, AuditQuery(since=late, until=late), actor=KEEPER).total == 9
    assert entries._midnight(date(2026, 11, 27)) == datetime(2026, 11, 26, 16, tzinfo=UTC)
