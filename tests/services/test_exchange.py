"""Facts from files: loading twice changes nothing, names find their organization, bad rows say why."""

import csv
import io
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
import xlsxwriter
from sqlalchemy import func, select

from lib.domain.access import VISITOR, Actor, Role
from lib.domain.dates import now_utc
from lib.domain.errors import AccessDenied
from lib.files.facts import ROWS, Kind
from lib.files.tables import TableError
from lib.services import exchange
from lib.services.exchange import Outcome, import_file, load_public
from lib.settings import settings
from lib.store import revision, search
from lib.store.engine import Database
from lib.store.models import (
    Achievement,
    AuditEntry,
    Base,
    Contract,
    Cooperation,
    Dataset,
    Demand,
    Division,
    Event,
    Organization,
    PolicyClause,
    Statistic,
)

ACTOR = Actor(role=Role.ADMINISTRATOR, name="测试")
COUNTED = (
    Organization,
    Achievement,
    Demand,
    Event,
    Cooperation,
    Contract,
    Statistic,
    Division,
    PolicyClause,
    AuditEntry,
)


def content(database: Database) -> dict[str, list[tuple[object, ...]]]:
    """Every row of every table that loading may touch, search index included."""
    tables = [*Base.metadata.sorted_tables]
    with database.read() as session:
        return {
            table.name: sorted((tuple(row) for row in session.execute(select(table))), key=repr) for table in tables
        }


def columns(kind: Kind) -> list[str]:
    """The columns of a kind, in the order of its public file."""
    with (settings().public_dir / f"{kind}.csv").open(encoding="utf-8-sig", newline="") as file:
        return next(csv.reader(file))


def sheet(kind: Kind, *rows: dict[str, str]) -> bytes:
    """A CSV file of a kind, with every column; what a row does not say is blank."""
    buffer = io.StringIO()
    writer = csv.DictWriter(buffer, columns(kind), restval="")
    writer.writeheader()
    writer.writerows(rows)
    return buffer.getvalue().encode()


def load(database: Database, kind: Kind, *rows: dict[str, str], dry_run: bool = False) -> Outcome:
    """Import these rows."""
    return import_file(database, kind, f"{kind}.csv", sheet(kind, *rows), actor=ACTOR, dry_run=dry_run)


def numbers(outcome: Outcome) -> tuple[int, int, int, int]:
    """Imported, updated, unchanged, rejected."""
    return outcome.imported, outcome.updated, outcome.unchanged, outcome.rejected


@pytest.fixture
def own_public(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str, str, str], None]:
    """Public data of the test's own, a copy of ours in which it may replace a text."""
    folder = tmp_path / "public"
    folder.mkdir()
    for file in settings().public_dir.glob("*.csv"):
        (folder / file.name).write_bytes(file.read_bytes())
    monkeypatch.setenv("PUBLIC_DIR", str(folder))
    settings.cache_clear()

    def change(name: str, old: str, new: str) -> None:
        file = folder / name
        before = file.read_text("utf-8")
        assert old in before
        file.write_text(before.replace(old, new), "utf-8")

    yield change  # type: ignore[misc]
    monkeypatch.undo()
    settings.cache_clear()


# ------------------------------------------------------------------ the public data
def test_the_public_data_is_there_with_every_division(loaded: Database) -> None:
    with loaded.read() as session:
        levels = dict(session.execute(select(Division.level, func.count()).group_by(Division.level)).all())  # type: ignore[arg-type]
        counts = {entity.__tablename__: session.scalar(select(func.count()).select_from(entity)) for entity in COUNTED}
        datasets = {row.name: row.row_count for row in session.scalars(select(Dataset))}
    assert levels == {"region": 1, "league": 12, "banner": 103}
    assert counts == {
        "organization": 311, "achievement": 143, "demand": 41, "event": 81, "cooperation": 144, "contract": 21,
        "statistic": 346, "division": 116, "policy_clause": 135, "audit_entry": 1,
    }  # fmt: skip
    assert datasets == {"divisions.csv": 116, "policy_clauses.csv": 135} | {
        f"{kind}.csv": counts[exchange.ENTITIES[kind].__tablename__] for kind in ROWS
    }


def test_a_second_load_changes_nothing(loaded: Database) -> None:
    before = content(loaded)
    outcomes = load_public(loaded, actor=ACTOR)
    assert not any(outcome.changed or outcome.rejected for outcome in outcomes.values())
    assert content(loaded) == before


def test_a_changed_row_updates_its_record_and_its_search_index(
    loaded: Database, own_public: Callable[[str, str, str], None]
) -> None:
    own_public(
        "achievements.csv",
        "移动式黄河水直滤水肥一体化农业灌溉技术装备,,",
        "移动式黄河水直滤水肥一体化农业灌溉技术装备,包钢新单位,",
    )
    with loaded.read() as session:
        revisions = revision.current(session)
    outcomes = load_public(loaded, actor=ACTOR)
    assert numbers(outcomes["achievements.csv"]) == (0, 1, 142, 0)
    with loaded.read() as session:
        record = session.scalars(select(Achievement).where(Achievement.title.startswith("移动式黄河水"))).one()
        found = search.find(session, search.ACHIEVEMENTS, "包钢新单位", {}, order="latest", offset=0, limit=9)
        after = revision.current(session)
        digest = session.get_one(Dataset, "achievements.csv").sha256
    assert record.organization_text == "包钢新单位"
    assert found.ids == (record.id,)
    assert {topic for topic in after if after[topic] != revisions[topic]} == {"achievement"}
    assert digest != ""
    assert numbers(load_public(loaded, actor=ACTOR)["achievements.csv"]) == (0, 0, 143, 0)


def test_a_record_edited_in_the_app_is_not_overwritten(
    loaded: Database, own_public: Callable[[str, str, str], None]
) -> None:
    with loaded.write() as session:
        record = session.scalars(select(Demand).where(Demand.title == "乳业核心装备国产化")).one()
        record.description, record.edited_at = "在平台上改过。", now_utc()
    own_public("demands.csv", "特色乳业“突围”点位中提出的核心装备国产化任务。", "文件里也改了。")
    assert numbers(load_public(loaded, actor=ACTOR)["demands.csv"]) == (0, 0, 41, 0)
    with loaded.read() as session:
        kept = session.scalars(select(Demand).where(Demand.title == "乳业核心装备国产化")).one()
    assert kept.description == "在平台上改过。"


def test_only_whoever_may_load_data_may_load_data(db: Database) -> None:
    with pytest.raises(AccessDenied):
        load_public(db, actor=VISITOR)
    with pytest.raises(AccessDenied):
        import_file(db, "demands", "a.csv", b"title\nx\n", actor=VISITOR)


def test_public_data_that_is_no_table_loads_nothing(
    db: Database, own_public: Callable[[str, str, str], None], tmp_path: Path
) -> None:
    (tmp_path / "public" / "events.csv").write_bytes(b"")
    before = content(db)
    with pytest.raises(TableError, match=r"events\.csv"):
        load_public(db, actor=ACTOR)
    assert content(db) == before


# ------------------------------------------------------------------ names and places
NAMES = {
    "内蒙古大学": True,
    "内蒙古大学（参与）": True,
    "内蒙古大学等": True,
    "內蒙古大学": False,
    " 内蒙古 大学 ": True,
    "包头钢铁(集团)有限责任公司": True,
    "包头钢铁（集团）有限责任公司（牵头）": True,
    "内蒙古大学、内蒙古工业大学": False,
    "内蒙古大学（小草团队）": False,
    "": False,
}


def test_a_printed_name_is_linked_where_the_whole_name_is_the_same(db: Database) -> None:
    load(
        db,
        "organizations",
        {"name": "内蒙古大学", "kind": "高校"},
        {"name": "包头钢铁（集团）有限责任公司", "kind": "企业"},
    )
    titles = dict(zip("甲乙丙丁戊己庚辛壬癸", NAMES, strict=True))
    load(db, "achievements", *({"title": title, "organization": name} for title, name in titles.items()))
    load(db, "demands", *({"title": title, "enterprise": name} for title, name in titles.items()))
    load(db, "events", *({"title": title, "kind": "路演", "organizer": name} for title, name in titles.items()))
    expected = {title: NAMES[name] for title, name in titles.items()}
    with db.read() as session:
        for entity in (Achievement, Demand, Event):
            links = session.execute(select(entity.title, entity.organization_id.is_not(None))).all()
            assert {title: bool(linked) for title, linked in links} == expected
        printed = dict(session.execute(select(Achievement.title, Achievement.organization_text)).all())  # type: ignore[arg-type]
    assert printed == {title: " ".join(name.split()) for title, name in titles.items()}


def test_records_that_named_an_organization_before_it_was_known_are_linked_to_it(db: Database) -> None:
    load(db, "achievements", {"title": "成果", "organization": "内蒙古大学（参与）"})
    load(db, "organizations", {"name": "内蒙古大学", "kind": "高校"})
    with db.read() as session:
        assert session.scalars(select(Achievement)).one().organization_id is not None


PLACES: list[tuple[str, str, str | None, str | None, str]] = [
    ("包头市", "稀土高新区", "150200", None, "稀土高新区"),
    ("呼伦贝尔市", "满洲里市", "150700", "150781", ""),
    ("", "满洲里市", "150700", "150781", ""),
    ("呼伦贝尔", "", "150700", None, ""),
    ("乌兰巴托", "", None, None, ""),
    ("杨凌", "", None, None, ""),
    ("", "", None, None, ""),
]
"""City and banner as printed; league, banner and text as kept."""


def test_a_place_is_a_division_or_stays_text(loaded: Database) -> None:
    rows = [
        {"title": f"新活动{number}", "kind": "展会", "date": "2024-12", "city": city, "banner": banner}
        for number, (city, banner, *_) in enumerate(PLACES)
    ]
    assert numbers(load(loaded, "events", *rows)) == (len(PLACES), 0, 0, 0)
    with loaded.read() as session:
        events = session.scalars(select(Event).where(Event.title.startswith("新活动")).order_by(Event.title)).all()
    kept = [(event.city, event.league_code, event.banner_code, event.banner_text) for event in events]
    assert kept == [(city, *rest) for city, _, *rest in PLACES]
    assert {str(event.held) for event in events} == {"2024-12"}


def test_channel_and_direction_follow_from_what_the_fact_says(loaded: Database) -> None:
    load(
        loaded,
        "cooperation",
        {"partner": "蒙古国", "partner_kind": "国家", "subject": "向蒙古国输出栽培技术"},
        {"partner": "某研究所", "partner_kind": "军工", "subject": "引进特种材料", "league": "包头"},
    )
    with loaded.read() as session:
        rows = session.execute(
            select(Cooperation.channel, Cooperation.direction, Cooperation.league_code).order_by(Cooperation.id.desc())
        ).fetchmany(2)
    assert [tuple(row) for row in rows] == [("military", "in", "150200"), ("abroad", "out", None)]


def test_what_the_source_does_not_say_stays_unknown(loaded: Database) -> None:
    load(loaded, "contracts", {"title": "合同甲", "amount_cny": "1,200,000.5"}, {"title": "合同乙"})
    load(loaded, "statistics", {"indicator": "增速", "scope": "全区", "value": "-3.20", "unit": "%"})
    with loaded.read() as session:
        first = session.scalars(select(Contract).where(Contract.title == "合同甲")).one()
        second = session.scalars(select(Contract).where(Contract.title == "合同乙")).one()
        figure = session.scalars(select(Statistic).where(Statistic.indicator == "增速")).one()
    assert (first.amount, first.technology_amount, first.contract_type) == (Decimal("1200000.50"), None, None)
    assert (second.amount, second.year, second.source_date) == (None, None, None)
    assert (figure.value, figure.year) == (Decimal("-3.2"), None)


# ------------------------------------------------------------------ imports
@pytest.mark.parametrize("kind", list(ROWS))
def test_every_public_file_goes_through_import_with_nothing_rejected(loaded: Database, kind: Kind) -> None:
    data = (settings().public_dir / f"{kind}.csv").read_bytes()
    rows = len(list(csv.reader(io.StringIO(data.decode("utf-8-sig"))))) - 1
    for copy in (data, data.decode("utf-8-sig").encode("gb18030"), b"\xef\xbb\xbf" + data):
        assert numbers(import_file(loaded, kind, "a.csv", copy, actor=ACTOR)) == (0, 0, rows, 0)
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer, {"in_memory": True, "strings_to_urls": False}) as book:
        grid = csv.reader(io.StringIO(data.decode("utf-8-sig")))
        worksheet = book.add_worksheet()
        for number, cells in enumerate(grid):
            worksheet.write_row(number, 0, [int(cell) if cell.isdigit() else cell for cell in cells])
    assert numbers(import_file(loaded, kind, "a.xlsx", buffer.getvalue(), actor=ACTOR)) == (0, 0, rows, 0)


BAD: dict[Kind, tuple[dict[str, str], list[tuple[dict[str, str], str]]]] = {
    "achievements": (
        {"title": "好成果"},
        [
            ({"title": "", "year": "2024"}, "title：不能为空"),
            ({"title": "\u200b \ufeff", "year": "2024"}, "title：不能为空"),
            ({"title": "甲" * 201}, "title：太长：201 字，最多 200 字"),
            ({"title": "甲\u202e乙"}, "title：含有改变文字方向的字符"),
            ({"title": "甲", "summary": "长" * 4001}, "summary：太长：4001 字"),
            ({"title": "甲", "league": "大同市"}, "league：没有「大同市」这个盟市"),
            ({"title": "甲", "field": "魔法"}, "field：没有「魔法」这个技术领域"),
            ({"title": "甲", "year": "去年"}, "year：「去年」不是年份"),
            ({"title": "甲", "year": "20245"}, "year：「20245」不是年份"),
            ({"title": "甲", "year": "1066"}, "year：年份 1066 不在"),
            ({"title": "甲", "year": "9999"}, "year：年份 9999 不在"),
            ({"title": "甲", "source_date": "2024-02-30"}, "source_date：「2024-02-30」不是日期"),
            ({"title": "甲", "source_url": "javascript:alert(1)"}, "source_url：不是网址"),
            ({"title": "甲", "source_quality": "rumour"}, "source_quality：没有「rumour」"),
        ],
    ),
    "demands": (
        {"title": "好需求"},
        [
            ({"title": "甲", "budget_cny": "面议"}, "budget_cny：「面议」不是金额"),
            ({"title": "甲", "budget_cny": "0"}, "budget_cny：金额应大于 0"),
            ({"title": "甲", "budget_cny": "-5"}, "budget_cny：「-5」不是金额"),
            ({"title": "甲", "budget_cny": "1e9"}, "budget_cny：「1e9」不是金额"),
            ({"title": "甲", "budget_cny": "NaN"}, "budget_cny：「NaN」不是金额"),
            ({"title": "甲", "budget_cny": "9999999999999"}, "budget_cny：「9999999999999」不是金额"),
        ],
    ),
    "contracts": (
        {"title": "好合同"},
        [
            ({"title": "甲", "amount_cny": "很多"}, "amount_cny：「很多」不是金额"),
        ],
    ),
    "organizations": (
        {"name": "好机构", "kind": "企业"},
        [
            ({"name": "甲", "kind": "帮会"}, "kind：没有「帮会」这个机构类别"),
            ({"name": "甲"}, "kind：不能为空"),
            ({"name": "（）", "kind": "企业"}, "机构名称不能只有标点"),
            ({"name": "甲", "kind": "企业", "since_year": "1066"}, "since_year：成立年份 1066 不在"),
            ({"name": "甲", "kind": "企业", "league": "包头市", "banner": "满洲里市"}, "不属于所写的盟市"),
        ],
    ),
    "events": (
        {"title": "好活动", "kind": "路演"},
        [
            ({"title": "甲", "kind": "聚餐"}, "kind：没有「聚餐」这个活动类型"),
            ({"title": "甲", "kind": "路演", "number_of_projects": "若干"}, "number_of_projects：「若干」不是个数"),
        ],
    ),
    "cooperation": (
        {"partner": "好伙伴", "partner_kind": "高校", "subject": "合作"},
        [
            ({"partner": "甲", "partner_kind": "邻居", "subject": "乙"}, "partner_kind：没有「邻居」"),
            ({"partner": "甲", "partner_kind": "高校"}, "subject：不能为空"),
        ],
    ),
    "statistics": (
        {"indicator": "好指标", "scope": "全区", "value": "1", "unit": "项"},
        [
            ({"indicator": "甲", "scope": "全区", "value": "", "unit": "项"}, "value：不能为空"),
            ({"indicator": "甲", "scope": "全区", "value": "一百", "unit": "项"}, "value：「一百」不是数字"),
        ],
    ),
}
"""Of each kind a good row, and bad ones with what is said about them."""


@pytest.mark.parametrize("kind", list(BAD))
def test_bad_rows_are_rejected_with_their_reasons_and_the_others_are_kept(loaded: Database, kind: Kind) -> None:
    good, bad = BAD[kind]
    outcome = load(loaded, kind, *(row for row, _ in bad), good)
    assert numbers(outcome) == (1, 0, 0, len(bad))
    for number, (rejection, (row, words)) in enumerate(zip(outcome.rejections, bad, strict=True), 2):
        assert rejection.line == number
        assert words in rejection.reason
        assert list(rejection.cells) == [row.get(name, "") for name in columns(kind)]


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"title,colour\na,red\n", "无法识别的列：「colour」"),
        (b"year\n2024\n", "缺少列：title"),
        (b"title,title\na,b\n", "列名重复：title"),
        (b"", "文件是空的"),
        (b"\xff\xfe\xfd\0\0", "编码"),
        (b"PK\x03\x04", "扩展名"),
        ("<!DOCTYPE html>\n<p>稀土</p>\n".encode(), "无法识别的列"),
    ],
)
def test_a_file_of_the_wrong_shape_is_rejected_as_a_whole(db: Database, data: bytes, words: str) -> None:
    before = content(db)
    outcome = import_file(db, "achievements", "a.csv", data, actor=ACTOR)
    assert outcome.rejected >= 1
    assert all(words in rejection.reason for rejection in outcome.rejections)
    assert content(db) == before


def test_a_column_that_the_file_does_not_have_leaves_the_record_as_it_is(db: Database) -> None:
    load(db, "demands", {"title": "需求", "description": "说明", "budget_cny": "5000000"})
    partial = b"title,year\n\xe9\x9c\x80\xe6\xb1\x82,2024\n"
    assert numbers(import_file(db, "demands", "a.csv", partial, actor=ACTOR)) == (0, 1, 0, 0)
    assert numbers(import_file(db, "demands", "a.csv", partial, actor=ACTOR)) == (0, 0, 1, 0)
    with db.read() as session:
        demand = session.scalars(select(Demand)).one()
    assert (demand.year, demand.description, demand.budget) == (2024, "说明", Decimal(5_000_000))


def test_the_same_row_twice_counts_once_and_a_contradiction_names_the_other_line(db: Database) -> None:
    outcome = load(
        db,
        "demands",
        {"title": "稀土 回收"},
        {"title": "稀土　回收"},
        {"title": "稀土回收", "year": "2024"},
        {"title": "草原"},
    )
    assert numbers(outcome) == (2, 0, 1, 1)
    assert [(r.line, r.reason) for r in outcome.rejections] == [(4, "与第 2 行是同一条记录，但内容不同")]
    assert numbers(load(db, "events", *[{"title": "会", "kind": "路演"}] * 3)) == (1, 0, 2, 0)


def test_a_dry_run_counts_the_same_and_writes_nothing(loaded: Database) -> None:
    rows: list[dict[str, str]] = [{"title": "新"}, {"title": "乳业核心装备国产化", "year": "2020"}, {"year": "2020"}]
    before = content(loaded)
    assert numbers(load(loaded, "demands", *rows, dry_run=True)) == (1, 1, 0, 1)
    assert content(loaded) == before
    assert numbers(load(loaded, "demands", *rows)) == (1, 1, 0, 1)


def test_an_import_is_in_the_audit_trail_with_the_digest_of_its_file(db: Database) -> None:
    load(db, "demands", {"title": "需求"})
    load(db, "demands", {"title": "需求"})
    with db.read() as session:
        entry = session.scalars(select(AuditEntry)).one()
    assert (entry.action, entry.object_kind, entry.object_id, entry.actor) == (
        "data.import",
        "dataset",
        "demands",
        "测试",
    )
    assert entry.detail["rows"] == {"imported": 1, "updated": 0, "unchanged": 0, "rejected": 0}
    assert len(entry.detail["sha256"]) == 64


def test_the_report_of_rejected_rows_has_line_reason_and_columns_and_no_formula(db: Database) -> None:
    outcome = load(db, "demands", {"title": "", "enterprise": "=1+1"}, {"title": "好"})
    report = list(csv.reader(io.StringIO(exchange.rejected_csv(outcome).decode("utf-8-sig"))))
    assert report[0] == ["行号", "原因", *columns("demands")]
    assert report[1][:4] == ["2", "title：不能为空", "", "'=1+1"]


def test_an_organization_entered_in_the_app_is_left_to_the_app(db: Database) -> None:
    now = now_utc()
    with db.write() as session:
        session.add(
            Organization(name="内蒙古大学", name_key="内蒙古大学", kind="其他", origin="submitted",
                         created_at=now, updated_at=now)
        )  # fmt: skip
    assert numbers(load(db, "organizations", {"name": "内蒙古大学", "kind": "高校"})) == (0, 0, 1, 0)


def test_imported_rows_are_found_by_search_at_once(db: Database) -> None:
    rows = [{"title": f"稀土储氢合金第{i}号", "year": "2024", "source_date": "2024-05"} for i in range(2100)]
    assert numbers(load(db, "achievements", *rows)) == (2100, 0, 0, 0)
    with db.read() as session:
        found = search.find(session, search.ACHIEVEMENTS, "储氢", {}, order="latest", offset=0, limit=5)
        first = session.get_one(Achievement, found.ids[0])
    assert found.total == found.facets["year"][2024] == 2100
    assert (first.source_date, first.source_precision) == (date(2024, 5, 1), "month")
