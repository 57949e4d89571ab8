"""Bulk: what is written into the template arrives as the same submissions, once; what cannot be taken comes back."""

import io
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from typing import Any, Final

import pandas as pd
import pytest
import xlsxwriter
from sqlalchemy import func, select

from lib.domain.access import Actor, Role
from lib.domain.dates import today_shanghai
from lib.domain.errors import InvalidInput, NotFound, Unavailable
from lib.domain.vocabulary import SubmissionKind
from lib.files import tables
from lib.files.template import EXAMPLE, Column
from lib.services import bulk, catalogue, publication, submissions
from lib.services.bulk import Batch, RowState
from lib.store.engine import Database
from lib.store.models import AuditEntry, Submission
from lib.ui.views.bulk import columns_of
from tests.samples import CANARY, achievement, demand, person

ACHIEVEMENT, DEMAND = SubmissionKind.ACHIEVEMENT, SubmissionKind.DEMAND
DECLARED: Final = {"truthful": True, "not_secret": True}
RIGHT: Final = "发明专利|ZL202310000001.0|有效|2043-01-05"


def written(columns: Sequence[Column], rows: Sequence[Mapping[str, Any]], *more: str) -> bytes:
    """The template filled in: rows of cells by name of the column, and columns that nobody asked for."""
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer, {"in_memory": True, "strings_to_formulas": False}) as book:
        sheet = book.add_worksheet()
        day = book.add_format({"num_format": "yyyy-mm-dd"})
        for place, header in enumerate((*(column.header for column in columns), *more)):
            sheet.write_string(0, place, header)
            name = columns[place].name if place < len(columns) else header
            for line, row in enumerate(rows, 1):
                value = row.get(name, "")
                if isinstance(value, date):
                    sheet.write_datetime(line, place, value, day)
                elif isinstance(value, int):
                    sheet.write_number(line, place, value)
                else:
                    sheet.write_string(line, place, str(value))
    return buffer.getvalue()


def achieved(**changes: Any) -> dict[str, Any]:
    """`samples.achievement` as somebody writes it into the table."""
    words = {"field": "环境保护与资源综合利用", "league": "锡林郭勒盟", "trl": "6", "rights": RIGHT, "valid_until": ""}
    return {**achievement(), **words, **changes}


def wanted(**changes: Any) -> dict[str, Any]:
    return {**demand(), "field": "环境保护与资源综合利用", "league": "锡林郭勒", "budget": "120.5", **changes}


def of(database: Database, kind: SubmissionKind) -> tuple[Column, ...]:
    with database.read() as session:
        return columns_of(kind, catalogue.place_names(session))


@pytest.fixture
def member(loaded: Database) -> Actor:
    return person(loaded, Role.MEMBER)


def look(database: Database, kind: SubmissionKind, rows: Sequence[Mapping[str, Any]], actor: Actor) -> Batch:
    columns = of(database, kind)
    return bulk.preview(database, kind, columns, "表.xlsx", written(columns, rows), actor=actor)


def take(database: Database, kind: SubmissionKind, data: bytes, actor: Actor, **more: Any) -> Batch:
    return bulk.take(database, kind, of(database, kind), "表.xlsx", data, DECLARED, actor=actor, **more)


def count(database: Database, what: Any = Submission) -> int:
    with database.read() as session:
        return session.scalar(select(func.count()).select_from(what)) or 0


def states(batch: Batch) -> list[str]:
    return [row.state.value for row in batch.rows]


# ------------------------------------------------------------------ the template
@pytest.mark.parametrize("kind", bulk.KINDS)
def test_the_example_of_the_template_holds_and_is_never_handed_in(
    kind: SubmissionKind, loaded_sqlite: Database
) -> None:
    member = person(loaded_sqlite, Role.MEMBER)
    columns = of(loaded_sqlite, kind)
    assert len({column.label for column in columns}) == len(columns)
    assert bulk.required(kind) <= {column.name for column in columns if column.required}
    data = bulk.form(kind, columns)
    header = tables.read(data, "模板.xlsx").header
    assert header == [column.header for column in columns] and sum("（必填）" in name for name in header) >= 12
    with pytest.raises(InvalidInput, match="没有要提交的行"):
        bulk.preview(loaded_sqlite, kind, columns, "模板.xlsx", data, actor=member)
    rows = [dict(bulk.example(kind))]
    assert {column.name for column in columns} - rows[0].keys() == set()
    batch = look(loaded_sqlite, kind, [*rows, {**rows[0], "title": EXAMPLE + rows[0]["title"]}], member)
    assert [(row.line, row.state, row.problems) for row in batch.rows] == [(2, RowState.READY, ())]
    sheets = pd.read_excel(io.BytesIO(data), sheet_name=None, engine="calamine", header=None)
    assert list(sheets) == ["填写", "说明", "选项"]
    explained = set(sheets["说明"][0])
    assert {column.label for column in columns} <= explained


# ------------------------------------------------------------------ what is taken
def test_rows_become_the_same_submissions_as_forms(loaded: Database, member: Actor) -> None:
    shares = [{"holder": "甲", "share": "60"}, {"holder": "乙", "share": "40"}]
    rights = [*achievement()["rights"], {"kind": "技术秘密"}]
    values = achievement(title="表里的成果", rights=rights, shares=shares, banner="152502", formula="A:B=3:1")
    submissions.submit(loaded, ACHIEVEMENT, "0" * 32, values, actor=person(loaded, Role.MEMBER))
    submissions.submit(loaded, ACHIEVEMENT, "1" * 32, achievement(), actor=member)
    rows = [
        achieved(title="表里的成果", rights=f"{RIGHT}\n技术秘密", shares="甲｜60\n乙|40", banner="锡林浩特",
                 formula="A:B=3:1", valid_until=values["valid_until"]),
        achieved(title="用编号写的成果", field="7", league="152500", trl="6 级 模拟环境下的系统演示", contact_name="",
                 contact_phone="", contact_email="", year=2025, floor_price="80"),
    ]  # fmt: skip
    batch = take(loaded, ACHIEVEMENT, written(of(loaded, ACHIEVEMENT), rows), member)
    assert states(batch) == ["taken", "taken"] and batch.left == 0
    assert [row.receipt[-4:] for row in batch.rows] == ["0003", "0004"]
    with loaded.read() as session:
        typed, first, second = (
            session.get_one(Submission, number, options=[*publication.CONFIDENTIAL])
            for number in (1, *(row.id for row in batch.rows))
        )
        for name in ("content", "sealed", "levels", "state", "contact_phone", "contact_hint", "before",
                     "league_code", "banner_code", "valid_until", "kind"):  # fmt: skip
            assert getattr(first, name) == getattr(typed, name), name
        assert (first.state, first.account_id) == ("pending", member.account_id)
        assert second.contact_phone == CANARY and second.sealed["floor_price"] == "800000.00"
        entry = session.scalars(select(AuditEntry).where(AuditEntry.action == "bulk.submit")).one()
        assert (entry.detail["taken"], entry.detail["rejected"]) == (2, 0)
        assert session.scalar(select(func.count()).where(AuditEntry.action == "submission.create")) == 4


def test_demands_come_from_a_csv_file_too(loaded: Database, member: Actor) -> None:
    columns = of(loaded, DEMAND)
    row = wanted(cooperation_mode="专利许可，技术服务", comparison="分离率|82%|95%", valid_from="2026/11/26",
                 valid_until=str(today_shanghai() + timedelta(days=90)), deadline="")  # fmt: skip
    row["valid_from"] = f"{today_shanghai():%Y年%m月%d日}"
    frame = pd.DataFrame([[row.get(column.name, "") for column in columns]], columns=[c.label for c in columns])
    data = frame.to_csv(index=False).encode("gb18030")
    batch = bulk.take(loaded, DEMAND, columns, "需求.csv", data, DECLARED, actor=member)
    assert states(batch) == ["taken"]
    with loaded.read() as session:
        content = session.get_one(Submission, batch.rows[0].id).content
    assert content["cooperation_mode"] == "专利许可、技术服务" and content["budget"] == "1205000.00"
    assert content["comparison"] == [{"indicator": "分离率", "existing": "82%", "wanted": "95%"}]


def test_repeating_a_file_makes_no_twins_and_goes_on_where_it_stopped(loaded: Database, member: Actor) -> None:
    rows = [achieved(title=f"第 {number} 项回收技术") for number in range(1, 7)]
    data = written(of(loaded, ACHIEVEMENT), rows)

    def fall(done: int, _of: int) -> None:
        if done == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        take(loaded, ACHIEVEMENT, data, member, progress=fall)
    assert count(loaded) == 2
    seen = bulk.preview(loaded, ACHIEVEMENT, of(loaded, ACHIEVEMENT), "表.xlsx", data, actor=member)
    assert states(seen) == ["repeated"] * 2 + ["ready"] * 4 and seen.left == 0
    assert all(row.receipt in row.problems[0] for row in seen.rows[:2])
    for taken in (4, 0, 0):
        batch = take(loaded, ACHIEVEMENT, data, member)
        assert batch.count(RowState.TAKEN) == taken and all(row.receipt and row.id for row in batch.rows)
    assert count(loaded) == 6
    with loaded.read() as session:
        assert session.scalar(select(func.count()).where(AuditEntry.action == "bulk.submit")) == 1
    other = person(loaded, Role.MEMBER)
    assert states(take(loaded, ACHIEVEMENT, data, other)) == ["taken"] * 6


def test_two_senders_of_one_file_get_one_row_and_one_receipt_each(loaded: Database, member: Actor) -> None:
    data = written(of(loaded, DEMAND), [wanted(title=f"第 {number} 项难题") for number in range(5)])
    with ThreadPoolExecutor(2) as pool:
        batches = list(pool.map(lambda _: take(loaded, DEMAND, data, member), range(2)))
    assert len({tuple(row.receipt for row in batch.rows) for batch in batches}) == 1
    assert count(loaded) == 5 and all(row.receipt for row in batches[0].rows)


def test_a_database_that_is_away_stops_the_file_and_loses_nothing(
    loaded: Database, member: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = written(of(loaded, DEMAND), [wanted(title=f"第 {number} 项难题") for number in range(3)])
    real, calls = submissions.submit, []

    def failing(*args: Any, **more: Any) -> Any:
        calls.append(args)
        if len(calls) == 2:
            raise Unavailable("数据库没有回应，请稍后再试。", passing=True)
        return real(*args, **more)

    monkeypatch.setattr(submissions, "submit", failing)
    with pytest.raises(Unavailable):
        take(loaded, DEMAND, data, member)
    assert [row.state.value for row in take(loaded, DEMAND, data, member).rows] == ["repeated", "taken", "taken"]
    assert count(loaded) == 3


# ------------------------------------------------------------------ what is not taken
PROBLEMS: Final[tuple[tuple[dict[str, Any], str], ...]] = (
    ({"title": ""}, "「成果名称」列：请填写「名称」。"),
    ({"field": "新型农药"}, "「技术领域」列表里没有「新型农药」，请从列表里选择。"),
    ({"league": "阿拉善", "banner": "锡林浩特市"}, "「所属旗县」这个盟市里没有「锡林浩特市」，请从列表里选择。"),
    ({"league": "某某盟"}, "「所属盟市」列表里没有「某某盟」，请从列表里选择。"),
    ({"rights": "发明专利|ZL1|有效|2043-01-05|多的"}, "「知识产权」第 1 行有 5 部分，最多 4"),
    ({"rights": "发明专利|ZL1|有效\n商标|2|有效"}, "「知识产权」第 2 行请选择形式。"),
    ({"shares": "甲|60\n乙|30"}, "「权益份额」要合计 100%，现在是 90%。"),
    ({"transfer_mode": "许可他人使用、白送"}, "「拟转化方式」列表里没有「白送」，请从列表里选择。"),
    ({"valid_until": "明年"}, "「有效期止」请写成 2026-11-26 的样子。"),
    ({"valid_until": "2020-01-01"}, "「有效期止」已经过去，请重新选择。"),
    ({"price": "很便宜"}, "「意向价格（万元）」请填以万元为单位的数字"),
    ({"contact_phone": "12345"}, "「联系电话」看起来不对"),
    ({"summary": "字" * 2001}, "「成果简介」最多 2000 字，现在多了 1 字，请删减。"),
    ({"summary": "字" * 6000}, "有一格太长：6,000 字，最多 5,000 字，请改好这一行。"),
)


def test_what_is_wrong_with_a_row_is_one_sentence_that_names_the_column(loaded_sqlite: Database) -> None:
    member = person(loaded_sqlite, Role.MEMBER)
    rows = [achieved(**changes) for changes, _ in PROBLEMS]
    batch = look(loaded_sqlite, ACHIEVEMENT, [*rows, achieved(title="另一项没有问题的")], member)
    assert states(batch) == ["wrong"] * len(PROBLEMS) + ["ready"] and count(loaded_sqlite) == 0
    told = [row.problems for row in batch.rows]
    assert [says for (_, says), found in zip(PROBLEMS, told, strict=False) if not found[0].startswith(says)] == []
    assert [len(found) for found in told[: len(PROBLEMS)]] == [1] * (len(PROBLEMS) - 1) + [2]


def test_the_same_name_of_the_same_unit_is_handed_in_once(loaded: Database, member: Actor) -> None:
    receipt = submissions.submit(loaded, ACHIEVEMENT, "0" * 32, achievement(), actor=member)
    rows = [achieved(title="风机叶片热解 回收纤维技术"), achieved(title="另一项"), achieved(title="另一项"),
            achieved(title="另一项技术"), achieved(title="另一项技术", unit="包头市某企业"),
            achieved(title="另一项技术", unit="锡林郭勒盟某风电企业 ")]  # fmt: skip
    batch = look(loaded, ACHIEVEMENT, rows, member)
    assert states(batch) == ["repeated", "wrong", "wrong", "ready", "ready", "repeated"]
    assert receipt.number in batch.rows[0].problems[0] and "第 5 行" in batch.rows[5].problems[0]
    assert batch.left == 4
    with loaded.read() as session:
        number = session.scalars(select(Submission.id)).one()
    submissions.withdraw(loaded, number, actor=member)
    assert states(look(loaded, ACHIEVEMENT, rows[:1], member)) == ["ready"]


def test_a_marking_refuses_its_row_and_its_text_goes_nowhere(loaded: Database, member: Actor) -> None:
    rows = [achieved(title="普通的成果"), achieved(title="带标识的成果", summary="机密★10年 绝不外传的参数"),
            achieved(title="再一项普通的", 备注="密级：秘密")]  # fmt: skip
    columns = of(loaded, ACHIEVEMENT)
    data = written(columns, rows, "备注")
    seen = bulk.preview(loaded, ACHIEVEMENT, columns, "表.xlsx", data, actor=member)
    assert states(seen) == ["ready", "wrong", "wrong"] and "备注" in seen.notes[0]
    assert [row.problems[0][:6] for row in seen.rows[1:]] == ["「成果简介」", "「备注」里有"]
    batch = take(loaded, ACHIEVEMENT, data, member)
    assert states(batch) == ["taken", "wrong", "wrong"]
    left = bulk.unsent(batch.digest, actor=member)
    told = pd.read_excel(io.BytesIO(left), dtype=str, engine="calamine").fillna("")
    for shown in (repr(batch), told.to_csv()):
        assert "绝不外传" not in shown and "带标识的成果" not in shown and "密级：秘密" not in shown
    with loaded.read() as session:
        noted = session.scalars(select(AuditEntry).where(AuditEntry.action == "marking.refuse")).all()
        assert len(noted) == 2 and noted[0].detail["rules"] == ["level", "star"]
        assert "绝不外传" not in repr(
            [(entry.detail, entry.object_id) for entry in session.scalars(select(AuditEntry))]
        )


def test_what_was_left_is_mended_and_sent_again(loaded: Database, member: Actor) -> None:
    injected = '=HYPERLINK("http://evil","点")'
    rows = [achieved(title="好的一项"), achieved(title="坏的一项", trl="15", award="-40℃ 攻关", other_units=injected),
            achieved(title="")]  # fmt: skip
    columns = of(loaded, ACHIEVEMENT)
    batch = take(loaded, ACHIEVEMENT, written(columns, rows), member)
    assert states(batch) == ["taken", "wrong", "wrong"] and batch.left == 2
    left = bulk.unsent(batch.digest, actor=member)
    frame = pd.read_excel(io.BytesIO(left), dtype=str, engine="calamine").fillna("")
    assert list(frame.columns) == [*(column.header for column in columns), "问题"] and len(frame) == 2
    assert frame["问题"][0].startswith("原第 3 行：「技术成熟度」列表里没有「15」")
    assert (frame["合作单位"][0], frame["获奖情况或课题来源"][0]) == (f"'{injected}", "'-40℃ 攻关")
    frame.loc[0, "技术成熟度（必填）"] = "5"
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer, {"in_memory": True, "strings_to_formulas": False}) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, frame.columns)
        for line, row in enumerate(frame.itertuples(index=False), 1):
            sheet.write_row(line, 0, row)
    again = take(loaded, ACHIEVEMENT, buffer.getvalue(), member)
    assert states(again) == ["taken", "wrong"]
    with loaded.read() as session:
        content = session.get_one(Submission, again.rows[0].id).content
    assert (content["other_units"], content["award"]) == (injected, "-40℃ 攻关")
    with pytest.raises(NotFound):
        bulk.unsent(batch.digest, actor=member)  # the newest of an account stays
    with pytest.raises(NotFound):
        bulk.unsent(again.digest, actor=person(loaded, Role.MEMBER))


@pytest.mark.parametrize(
    ("name", "data", "says"),
    [
        ("表.xlsm", b"PK", "只能读 .csv 和 .xlsx 文件"),
        ("表.xlsx", b"PK\x03\x04", "文件已损坏"),
        ("表.csv", "名称,单位\n某项,某家\n".encode(), "表头里缺少"),
        ("表.csv", "成果名称,成果名称（必填）\n某项,某项\n".encode(), "「成果名称」这一列出现了两次"),
    ],
)
def test_a_file_that_is_no_such_table_is_refused_as_a_whole(
    name: str, data: bytes, says: str, loaded_sqlite: Database
) -> None:
    member = person(loaded_sqlite, Role.MEMBER)
    with pytest.raises(InvalidInput) as refused:
        bulk.preview(loaded_sqlite, ACHIEVEMENT, of(loaded_sqlite, ACHIEVEMENT), name, data, actor=member)
    assert says in refused.value.fields["file"]


def test_more_rows_than_the_limit_and_a_missing_declaration_are_refused(loaded_sqlite: Database) -> None:
    member = person(loaded_sqlite, Role.MEMBER)
    columns = of(loaded_sqlite, ACHIEVEMENT)
    many = written(columns, [{"title": f"第 {number} 项"} for number in range(501)])
    with pytest.raises(InvalidInput, match="最多 500 条，这个文件有 501 条"):
        bulk.preview(loaded_sqlite, ACHIEVEMENT, columns, "表.xlsx", many, actor=member)
    one = written(columns, [achieved()])
    with pytest.raises(InvalidInput) as missing:
        bulk.take(loaded_sqlite, ACHIEVEMENT, columns, "表.xlsx", one, {"truthful": True}, actor=member)
    assert list(missing.value.fields) == ["not_secret"] and count(loaded_sqlite) == 0
