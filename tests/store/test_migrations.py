"""R25: from nothing and from every landed schema with data to the newest, on both databases; a failure changes nothing.

A new revision adds its predecessor to LANDED, with rows that its data migration has to carry.
"""

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import JSON, Boolean, Connection, Date, DateTime, MetaData, Numeric, String, inspect, select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import sessionmaker, undefer

from lib.domain.access import VISITOR, Actor, Role
from lib.services import audit, catalogue
from lib.services.catalogue import CatalogueQuery
from lib.store import chain, migrations, rollup, search
from lib.store.engine import Database
from lib.store.models import Achievement, AuditEntry, Base, Draft, EventItem, Submission

KEEPER = Actor(role=Role.ADMINISTRATOR, name="测试")
MOMENT = datetime(2026, 11, 1, 2, 3, 4, 567890, tzinfo=UTC)
STATES = ("pending", "published", "returned", "declined")
KINDS = ("demand", "achievement", "registration")
DERIVED = tuple(index.table.name for index in search.INDEXES.values())
TRIGGERS = {
    "sqlite": {"audit_entry_no_update", "audit_entry_no_delete", "audit_entry_no_replace", *rollup.triggers("sqlite")},
    "postgresql": {"audit_entry_no_change", "audit_entry_no_truncate", *rollup.triggers("postgresql")},
}


def _blank(column: Any) -> Any:
    """A value for a column that must have one."""
    kinds: dict[type, Any] = {
        JSON: {},
        Boolean: True,
        DateTime: MOMENT,
        Date: date(2026, 11, 1),
        Numeric: 1,
        String: "",
    }
    return next((value for kind, value in kinds.items() if isinstance(column.type, kind)), 1)


def _first(connection: Connection) -> None:
    """Schema 0001 with rows in every table."""
    _fill(connection, chained=False)


def _second(connection: Connection) -> Callable[..., None]:
    """Schema 0002 with rows in every table: what 0001 knew, as 0002 keeps it, and what is new in it. Returns what puts
    a row."""
    put = _fill(connection, chained=True)
    record, level = {"record_kind": "demand", "record_id": 1}, "granted"
    put("draft", id=f"{1:032x}", kind="demand", revises_id=None)
    put("sealed_field", name="formula", level=level, **record)
    put("access_request", draft_id=f"{2:032x}", account_id=1, state="pending", decided_by=None, **record)
    put("attachment", draft_id=f"{3:032x}", account_id=1, level=level, stored="file", size=1)
    put("notice", account_id=1)
    put("event_organizer", account_id=1, event_id=1)
    put("account_link", purpose="invitation", role="broker", created_by=1)
    put("attempt")
    put("identity", account_id=1)
    return put


def _third(connection: Connection) -> Callable[..., None]:
    """Schema 0003 with rows in every table: those of 0002, and a decision. Returns what puts a row."""
    put = _second(connection)
    put("match_decision", demand_id=1, achievement_id=1, decision="refused", account_id=1)
    return put


def _fourth(connection: Connection) -> None:
    """Schema 0004 with rows in every table: those of 0003, a saved search, and an event item that names its record."""
    _third(connection)("saved_search", account_id=1, kind="demand", name="稀土", query="q=稀土")
    connection.execute(text("UPDATE event_item SET achievement_id = 1"))


def _putting(connection: Connection) -> Callable[..., None]:
    """What puts a row into a table of the schema as it is now."""
    known = MetaData()
    known.reflect(connection)

    def put(into: str, **values: Any) -> None:
        table = known.tables[into]
        bare = [c for c in table.c if not c.nullable and c.server_default is None]
        needed = {c.name: _blank(c) for c in bare if not c.primary_key or c.name != "id"}
        connection.execute(table.insert().values(**(needed | values)))

    return put


def _fill(connection: Connection, *, chained: bool) -> Callable[..., None]:
    """Rows in every table of schema 0001: submissions of each kind in each state, accounts, logins, audit entries;
    `chained` as a later schema keeps them. Returns what puts a row."""
    put = _putting(connection)
    writers = sessionmaker(connection)
    chain.follow(writers)

    for code, level, parent in (
        ("150000", "region", None),
        ("150200", "league", "150000"),
        ("150203", "banner", "150200"),
    ):
        put("division", code=code, level=level, parent_code=parent, name=code)
    record: dict[str, Any] = {"origin": "submitted", "league_code": "150200", "banner_code": "150203", "year": 2025}
    put("organization", id=1, name="包钢", name_key="包钢", kind="企业", origin="public")
    for number in (1, 2):
        unit = {"organization_id": 1, "price": None, "trl": 5}
        put("achievement", title=f"稀土永磁 {number}", field=5, **unit, **record)
        put("demand", title="氢能", field=6, budget=None, **record)
    put("event", id=1, title="路演", kind="路演", origin="public")
    put("event_item", id=1, event_id=1, title="项目", field=None)
    put("account", id=1, login="old", login_key="old", role="administrator", password_hash="$argon2id$")
    put("account", id=2, login="gone", login_key="gone", role="visitor", active=False)
    put("login", token_hash="h", account_id=1)
    for number, (kind, state) in enumerate(((k, s) for k in KINDS for s in STATES), 1):
        place = {"league": "150200", "banner": "150203", "valid_until": "2027-01-01"} if kind == "demand" else {}
        later: dict[str, Any] = {}
        if chained:
            later = {"contact_hint": "张＊＊ 138****5678", "league_code": place.get("league"),
                     "banner_code": place.get("banner"), "assignee_id": None, "organization_id": None,
                     "valid_until": date(2027, 1, 1) if place else None}  # fmt: skip
        put(
            "submission", id=number, draft_id=f"{number:032x}", receipt=f"XQ-{number}", kind=kind, state=state,
            content={"unit": "包钢", **place}, contact_name="张三丰", contact_phone="13800005678", decided_by=1,
            event_id=1 if kind == "registration" else None, record_id=1 if state == "published" else None,
            **later,
        )  # fmt: skip
        entry = {"action": "submission.create", "actor": "访客", "detail": {"receipt": f"XQ-{number}"}}
        if chained:
            with writers.begin() as session:
                whole = {"role": "", "outcome": "done", "address": "", "request_id": "", "session": ""} | entry
                chain.append(session, AuditEntry(at=MOMENT, object_kind="submission", object_id=str(number), **whole))
        else:
            put("audit_entry", id=number, **entry)
    put("receipt_counter", kind="demand", day=date(2026, 11, 1), last=4)
    put("revision", topic="demand", number=7)
    put("statistic", indicator="合同", value="12.3400", origin="public")
    put("contract", title="合同", amount=100, technology_amount=None, origin="public")
    put("cooperation", partner="北京", channel="interregional", direction="in", origin="public")
    put("dataset", name="demands.csv")
    put("policy_clause", id="1.1")
    for name in DERIVED:
        put(name, id=999)  # an index that is out of step: what is derived is made anew, not carried
    return put


def _fifth(connection: Connection) -> None:
    """Schema 0005 with rows in every table: those of 0004, and what happens around an event."""
    put = _third(connection)
    put("saved_search", account_id=1, kind="demand", name="稀土", query="q=稀土")
    put("programme_version", event_id=1, number=1, account_id=1)
    put("attendee", event_id=1, draft_id=f"{11:032x}", receipt="GM-1", key_hash="k", state="registered", name="张三",
        account_id=None)  # fmt: skip
    put("stage", event_id=1, account_id=None)
    put("mark", draft_id=f"{12:032x}", event_id=1, event_item_id=1, need=5)
    put("question", draft_id=f"{13:032x}", event_id=1, event_item_id=1, text="多少钱？", state="new")
    put("criterion", event_id=1, name="成熟度", weight=100)
    put("judge", id=1, event_id=1, number=1)
    put("score", judge_id=1, event_item_id=1, criterion_id=1, points="88.5")
    put("jury_result", event_id=1, frozen_by=None)
    put("interest", id=1, draft_id=f"{14:032x}", event_id=1, event_item_id=1)
    put("thread", id=1, interest_id=1, state="open", signed_on=None)
    put("thread_step", thread_id=1, state="open")


def _sixth(connection: Connection) -> None:
    """Schema 0006 with rows in every table: those of 0005, and the network."""
    _fifth(connection)
    put = _putting(connection)
    put("network_node", id=1, kind="branch", division_code="150200", state="open", zone="", origin="public")
    put("network_link", node_id=1, kind="outside", to_node_id=None, platform="平台", state="manual", origin="public")
    member = {"zone": "中部", "league_code": "150200", "basis": "方案", "origin": "public"}
    put("market_member", valid_from=None, valid_to=None, **member)


LANDED: dict[str, Callable[[Connection], Any]] = {
    "0001": _first,
    "0002": _second,
    "0003": _third,
    "0004": _fourth,
    "0005": _fifth,
    "0006": _sixth,
}


def _rows(connection: Connection) -> dict[str, list[dict[str, Any]]]:
    """Every row of every table, by column."""
    known = MetaData()
    known.reflect(connection)
    tables = (table for name, table in known.tables.items() if "_fts" not in name and name != "alembic_version")
    return {
        table.name: sorted((dict(row) for row in connection.execute(select(table)).mappings()), key=repr)
        for table in tables
    }


_BECAME_LINES = {("achievement", "ip")}
"""Columns that another one holds since; `test_rights_become_lines` looks at what became of their values."""


def _kept(before: dict[str, list[dict[str, Any]]], after: dict[str, list[dict[str, Any]]]) -> int:
    """How many rows of before are there after, each with its old columns unchanged. Raises AssertionError."""
    kept_tables = {name: rows for name, rows in before.items() if name not in DERIVED}
    for name, rows in kept_tables.items():
        columns = [column for column in rows[0] if (name, column) not in _BECAME_LINES]
        kept = sorted(({column: row[column] for column in columns} for row in rows), key=repr)
        found = sorted(({column: row[column] for column in columns} for row in after[name]), key=repr)
        assert found == kept, name
    return sum(map(len, kept_tables.values()))


def _check(db: Database) -> None:
    """The schema is the newest one, with everything the models do not know."""
    assert db.ready()
    with db.engine.connect() as connection:
        differences = compare_metadata(MigrationContext.configure(connection), Base.metadata)
        assert [difference for difference in differences if "_fts" not in str(difference)] == []
        of = "sqlite_master WHERE type = 'trigger'" if db.sqlite else "pg_trigger WHERE NOT tgisinternal"
        triggers = connection.scalars(text(f"SELECT {'name' if db.sqlite else 'tgname'} FROM {of}"))
        assert set(triggers) == TRIGGERS[db.url.get_backend_name()]
        tables = (
            set(connection.scalars(text("SELECT name FROM sqlite_master")))
            if db.sqlite
            else set(inspect(connection).get_table_names())
        )
        assert {index.fts for index in search.INDEXES.values()} <= tables


def test_from_nothing(blank: Database) -> None:
    """R25: empty to head."""
    migrations.upgrade(blank.engine)
    _check(blank)


@pytest.mark.parametrize("revision", LANDED)
def test_with_data(blank: Database, revision: str) -> None:
    """R25: a landed schema with rows in every table to head: nothing lost, references whole, search and audit work."""
    migrations.upgrade(blank.engine, revision)
    with blank.engine.begin() as connection:
        LANDED[revision](connection)
        before = _rows(connection)
    assert [name for name, rows in before.items() if not rows] == []
    migrations.upgrade(blank.engine)
    migrations.upgrade(blank.engine)
    _check(blank)
    with blank.engine.connect() as connection:
        after = _rows(connection)
        count = _kept(before, after)
        for name in DERIVED:
            records = after[name.removesuffix("_index")]
            assert {row["id"] for row in after[name]} == {row["id"] for row in records} != set()
        if blank.sqlite:
            assert connection.execute(text("PRAGMA foreign_key_check")).all() == []
    with blank.read() as session:
        query = CatalogueQuery(q="永磁", facets={"unit": ("企业",), "banner": ("150203",), "trl": ("5",)})
        assert catalogue.search_achievements(session, query, actor=VISITOR).total == 2
        assert audit.verify(session, actor=KEEPER).faults == ()
        submissions = session.scalars(select(Submission).order_by(Submission.id)).all()
        assert {s.contact_hint for s in submissions} == {"张＊＊ 138****5678"}
        places = {(s.league_code, s.banner_code, str(s.valid_until)) for s in submissions if s.kind == "demand"}
        assert places == {("150200", "150203", "2027-01-01")}
    for statement in ("UPDATE audit_entry SET actor = ''", "DELETE FROM audit_entry"):
        with pytest.raises(DBAPIError, match="append-only"), blank.engine.begin() as connection:
            connection.execute(text(statement))
    with blank.write() as session:
        audit.record(session, KEEPER, "test.write", "test", 1)
        session.delete(session.get_one(Achievement, 2))
    with blank.write() as session:
        fresh = Achievement(title="新", origin="public", created_at=MOMENT, updated_at=MOMENT)
        session.add(fresh)
        session.flush()
        assert fresh.id > 2
    print(f"R25: {revision} with {count} rows to {migrations.head()} on {blank.url.get_backend_name()}: 0 lost")


@pytest.mark.parametrize("revision", ["0001"])  # 0003 has no step on data that could fail
def test_a_step_that_fails_leaves_the_old_schema(
    blank: Database, revision: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """R25: the last thing the migration does fails; tables and rows are as before, and the next attempt succeeds."""

    def broken(*_: object) -> None:
        raise RuntimeError("the power is gone")

    migrations.upgrade(blank.engine, revision)
    with blank.engine.begin() as connection:
        LANDED[revision](connection)
        before = _rows(connection)
    with monkeypatch.context() as patched:
        patched.setattr(chain, "hashed", broken)
        with pytest.raises(RuntimeError, match="power"):
            migrations.upgrade(blank.engine)
    with blank.engine.connect() as connection:
        assert migrations.version(connection) == revision
        assert _rows(connection) == before
        if blank.sqlite:
            assert connection.scalar(text("PRAGMA foreign_keys")) == 1
    migrations.upgrade(blank.engine)
    _check(blank)


def test_rights_become_lines(blank: Database) -> None:
    """0004: 知识产权 of records, submissions and drafts; a sealed number stays sealed."""
    migrations.upgrade(blank.engine, "0002")
    with blank.engine.begin() as connection:
        put = _fill(connection, chained=True)
        put(
            "achievement",
            id=9,
            title="稀土",
            ip="发明专利 ZL 9",
            origin="submitted",
            price=None,
            trl=5,
            field=5,
            year=2025,
        )
        answers = {"ip_type": "发明专利", "unit": "包钢"}
        for number, content, sealed in (
            (90, answers | {"ip_number": "ZL90"}, {}),
            (91, answers, {"ip_number": "ZL91", "formula": "方"}),
        ):
            put(
                "submission", id=number, draft_id=f"{number:032x}", receipt=f"CG-{number}", kind="achievement",
                state="pending", content=content, sealed=sealed, before=content, contact_name="", contact_phone="",
                record_id=None, event_id=None, decided_by=None,
            )  # fmt: skip
        put("draft", id=f"{5:032x}", kind="achievement", values=answers, revises_id=None)
    migrations.upgrade(blank.engine)
    right = {"kind": "发明专利", "state": "", "expires": ""}
    with blank.read() as session:
        assert session.get_one(Achievement, 9).rights == [right | {"number": "ZL 9"}]
        plain, closed = (session.get_one(Submission, n, options=[undefer(Submission.sealed)]) for n in (90, 91))
        assert plain.content == plain.before == {"unit": "包钢", "rights": [right | {"number": "ZL90"}]}
        assert closed.content == {"unit": "包钢", "rights": [right | {"number": ""}]}
        assert closed.sealed == {"formula": "方", "rights": [right | {"number": "ZL91"}]}
        assert session.get_one(Draft, f"{5:032x}").values == {"unit": "包钢", "rights": [right | {"number": ""}]}


def test_an_event_item_that_was_taken_back_keeps_its_number(blank: Database) -> None:
    """0005 builds the table anew on SQLite; the number of the last item that was removed is not given away again."""
    migrations.upgrade(blank.engine, "0004")
    with blank.engine.begin() as connection:
        _fourth(connection)
        for number in (7, 8):
            connection.execute(
                text(
                    "INSERT INTO event_item (id, event_id, title, organization_text, stage, summary, cooperation)"
                    " VALUES (:id, 1, '项目', '', '', '', '')"
                ),
                {"id": number},
            )
        connection.execute(text("DELETE FROM event_item WHERE id = 8"))
        if not blank.sqlite:
            connection.execute(text("SELECT setval('event_item_id_seq', 8)"))
    migrations.upgrade(blank.engine)
    with blank.write() as session:
        item = EventItem(event_id=1, title="新", kind="talk", registered=False)
        session.add(item)
        session.flush()
        assert item.id > 8
