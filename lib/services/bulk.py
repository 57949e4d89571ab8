"""Many achievements or demands from one table: looked at row by row, and what holds is handed in like any other.

A row becomes a submission of its own through `submissions.submit`: the same rules, a receipt, a reviewer. The id of its
draft follows from the account, the file and the line, so that sending a file again (a double click, a crash in the
middle) makes no twins and goes on where it stopped. What cannot be taken goes back as a workbook with the reasons.
"""

import hashlib
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from enum import StrEnum
from threading import Lock
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from lib.domain.access import Actor, Permission, require
from lib.domain.dates import today_shanghai
from lib.domain.errors import Conflict, InvalidInput, NotFound
from lib.domain.markings import SENTENCE
from lib.domain.text import fold, organization_key, shorten
from lib.domain.vocabulary import TRL_LEVELS, SubmissionKind, SubmissionState
from lib.files import export, tables, template
from lib.files.tables import Line, TableError
from lib.files.template import EXAMPLE, ROWS, CellError, Column
from lib.services import audit, markings, scopes, submissions
from lib.services.forms import CONTACT, DECLARED, FORMS, check
from lib.store.engine import Database
from lib.store.models import Submission

KINDS: Final = (SubmissionKind.ACHIEVEMENT, SubmissionKind.DEMAND)
"""What can be handed in this way."""
PROBLEM: Final = "问题"
"""The column that says why a row was not taken; ignored when the file comes back."""
LIMITS: Final = replace(tables.UPLOAD, cell=5_000)
"""What a file may cost: as any upload; a cell may hold the lines of a whole table, and the form's rules cut texts."""
HIDDEN: Final = "（有标识，内容不显示）"

_OVER: Final = [s.value for s in (SubmissionState.WITHDRAWN, SubmissionState.DECLINED, SubmissionState.ARCHIVED)]
"""States after which the same thing may be handed in again."""
_YEAR: Final = timedelta(days=365)
_KEPT_SECONDS: Final = 3600
_KEPT_BYTES: Final = 32 * 1024 * 1024


class RowState(StrEnum):
    """What became, or would become, of a row."""

    READY = "ready"
    WRONG = "wrong"
    REPEATED = "repeated"
    TAKEN = "taken"

    @property
    def label(self) -> str:
        """The state's name."""
        return {"ready": "可提交", "wrong": "有问题", "repeated": "重复", "taken": "已提交"}[self.value]


@dataclass(frozen=True)
class Row:
    """A row as its sender sees it. `receipt` and `id` are those of the submission it became, now or before."""

    line: int
    title: str
    state: RowState
    problems: tuple[str, ...] = ()
    receipt: str = ""
    id: int = 0


@dataclass(frozen=True)
class Batch:
    """A file, row by row. `notes` are about the file; `left` is how many rows the workbook of `unsent` holds."""

    kind: SubmissionKind
    digest: str
    rows: tuple[Row, ...]
    notes: tuple[str, ...] = ()
    left: int = 0

    def count(self, state: RowState) -> int:
        """How many rows are in this state."""
        return sum(row.state is state for row in self.rows)


@dataclass(frozen=True)
class _Read:
    """A row with what its cells say."""

    row: Row
    cells: Sequence[str]
    draft: str
    values: Mapping[str, Any]


@dataclass(frozen=True)
class _File:
    digest: str
    header: tuple[str, ...]
    rows: tuple[_Read, ...]
    notes: tuple[str, ...]


def required(kind: SubmissionKind) -> frozenset[str]:
    """The questions that a row must answer. The contact may come from the account."""
    try:
        check(kind, {})
    except InvalidInput as wrong:
        return frozenset(wrong.fields) - DECLARED - CONTACT
    return frozenset()


def form(kind: SubmissionKind, columns: Sequence[Column]) -> bytes:
    """The workbook to fill in."""
    return template.write(
        columns,
        example(kind),
        (
            f"{kind.label}批量提交：怎么填",
            f"这份模板按 {today_shanghai()} 的规则制作；规则有变时，以提交前的检查为准。",
            f"在「填写」表里每行写一条，一个文件最多 {ROWS} 条。以{EXAMPLE}开头的行不会提交，留着或删去都可以。",
            "表头不要改；用不到的选填列可以留空，也可以删去。另存为 CSV 也能交。",
            "联系人、联系电话、邮箱三项都留空时，用上次提交或账号里的联系方式；联系方式只有获得授权的人能看。",
            "不要写涉及国家秘密的内容；拿不准的不要写。",
        ),
    )


def example(kind: SubmissionKind) -> dict[str, str]:
    """What the example row says, by column: a record that would be taken today."""
    today = today_shanghai()
    days = {"valid_from": today, "valid_until": today + _YEAR, "deadline": today + _YEAR}
    dated = days if kind is SubmissionKind.DEMAND else {"valid_until": days["valid_until"]}
    return {**_EXAMPLES[kind], **{name: day.isoformat() for name, day in dated.items()}}


# ------------------------------------------------------------------ looking and taking
def preview(
    database: Database, kind: SubmissionKind, columns: Sequence[Column], name: str, data: bytes, *, actor: Actor
) -> Batch:
    """What would become of each row of a file. Writes nothing; of secrecy markings it notes that they were refused.

    The rows that cannot be taken are kept for `unsent`. Raises InvalidInput (`file`) for what is no such table,
    AccessDenied.
    """
    _permitted(actor)
    read = _read(database, kind, columns, name, data, actor)
    return _batch(kind, read, actor)


def take(
    database: Database,
    kind: SubmissionKind,
    columns: Sequence[Column],
    name: str,
    data: bytes,
    declared: Mapping[str, Any],
    *,
    actor: Actor,
    progress: Callable[[int, int], None] = lambda _done, _all: None,
) -> Batch:
    """Hand in the rows that hold, each as a submission of its own; `declared` is said once, for all of them.

    `progress` is told how many of how many are done, outside any transaction; what it raises ends the work between
    two rows. Repeating the call goes on from there. Raises InvalidInput for a declaration that is missing and
    (`file`) for what is no such table, Unavailable, AccessDenied.
    """
    _permitted(actor)
    _refuse_undeclared(kind, declared)
    read = _read(database, kind, columns, name, data, actor)
    labels = {column.name: column.label for column in columns}
    ready = [found for found in read.rows if found.row.state is RowState.READY]
    after = {found.row.line: found for found in read.rows}
    taken: list[str] = []
    for done, found in enumerate(ready, 1):
        try:
            submissions.submit(database, kind, found.draft, {**found.values, **declared}, actor=actor)
            taken.append(found.draft)
        except InvalidInput as wrong:
            problems = _told(wrong.fields, labels)
            after[found.row.line] = replace(found, row=replace(found.row, state=RowState.WRONG, problems=problems))
        except (Conflict, NotFound) as refused:
            problems = (refused.message,)
            after[found.row.line] = replace(found, row=replace(found.row, state=RowState.WRONG, problems=problems))
        progress(done, len(ready))
    with database.read() as session:
        known = _handed_in(session, taken)
    for found in ready:
        if found.draft in known:
            number, receipt = known[found.draft]
            row = replace(found.row, state=RowState.TAKEN, receipt=receipt, id=number)
            after[found.row.line] = replace(found, row=row)
    batch = _batch(kind, replace(read, rows=tuple(after.values())), actor)
    if taken:
        with database.write() as session:
            audit.record(
                session, actor, "bulk.submit", "bulk", read.digest[:16], kind=kind.value, rows=len(batch.rows),
                taken=len(taken), repeated=batch.count(RowState.REPEATED), rejected=batch.count(RowState.WRONG),
                sha256=read.digest,
            )  # fmt: skip
    return batch


def unsent(digest: str, *, actor: Actor) -> bytes:
    """The rows of the actor's file that were not handed in, each with its problems, as a workbook to be mended.

    Kept for an hour in the memory of this process and nowhere else. Raises NotFound, AccessDenied.
    """
    _permitted(actor)
    with _LOCK:
        until, data = _KEPT.get((actor.account_id, digest), (0.0, b""))
    if until < time.monotonic():
        raise NotFound("这份文件已经不在了，请重新选择原来的文件，检查以后再下载。")
    return data


# ------------------------------------------------------------------ inside
def _permitted(actor: Actor) -> None:
    require(actor, Permission.CREATE_SUBMISSION)
    require(actor, Permission.MANAGE_OWN_RECORDS)
    require(actor, Permission.UPLOAD_ATTACHMENT)


def _refuse_undeclared(kind: SubmissionKind, declared: Mapping[str, Any]) -> None:
    try:
        check(kind, declared)
    except InvalidInput as wrong:
        missing = {name: said for name, said in wrong.fields.items() if name in DECLARED}
        if missing:
            raise InvalidInput(missing) from None


def _read(
    database: Database, kind: SubmissionKind, columns: Sequence[Column], name: str, data: bytes, actor: Actor
) -> _File:
    """The file, each row judged. Raises InvalidInput."""
    if kind not in KINDS:
        raise InvalidInput({"file": "只有科技成果和技术需求可以批量提交。"})
    try:
        table = tables.read(data, name, LIMITS)
        meant = template.matched(table.header, columns)
    except (TableError, CellError) as refused:
        raise InvalidInput({"file": str(refused)}) from None
    _refuse_incomplete(kind, columns, meant)
    lines = [line for line in table.lines if _counts(line, table.header, meant)]
    if not lines:
        raise InvalidInput({"file": f"没有要提交的行。请从第 2 行往下写，以{EXAMPLE}开头的行不会提交。"})
    if len(lines) > ROWS:
        raise InvalidInput({"file": f"一个文件最多 {ROWS} 条，这个文件有 {len(lines):,} 条，请拆成几个文件。"})
    marked = _marked(database, table.header, lines, actor)
    digest = hashlib.sha256(data).hexdigest()
    with database.read() as session:
        known = submissions.remembered(session, actor=actor)
        contact = {field: known[field] for field in CONTACT if field in known}
        drafts = {line.number: _draft_id(actor, kind, digest, line.number) for line in lines}
        handed_in = _handed_in(session, list(drafts.values()))
        before = _known(session, kind, actor)
    judged: list[_Read] = []
    for line in lines:
        draft = drafts[line.number]
        if line.number in marked:
            problems = tuple(f"「{column}」{SENTENCE}" for column in marked[line.number])
            judged.append(_Read(Row(line.number, HIDDEN, RowState.WRONG, problems), (), draft, {}))
            continue
        found = _judged(kind, columns, meant, line, draft, contact)
        if draft in handed_in:
            number, receipt = handed_in[draft]
            again = (f"这一行已经提交过，回执号 {receipt}。",)
            row = Row(line.number, found.row.title, RowState.REPEATED, again, receipt, number)
            found = replace(found, row=row)
        if found.row.state is RowState.READY:
            same = _same(found.values)
            if same in before:
                row = replace(found.row, state=RowState.REPEATED, problems=(before[same],))
                found = replace(found, row=row)
            else:
                before[same] = f"与第 {line.number} 行的名称和单位相同，只提交前面的那一行。"
        judged.append(found)
    return _File(digest, tuple(table.header), tuple(judged), _notes(table.header, meant))


def _refuse_incomplete(kind: SubmissionKind, columns: Sequence[Column], meant: Sequence[Column | None]) -> None:
    there = {column.name for column in meant if column is not None}
    needed = required(kind) - there
    missing = [column.label for column in columns if column.name in needed]
    if missing:
        named = "、".join(missing[:5]) + (f"等 {len(missing)} 列" if len(missing) > 5 else "")
        raise InvalidInput({"file": f"表头里缺少{named}。请用这一页的{kind.label}模板填写，表头不要改。"})


def _counts(line: Line, header: Sequence[str], meant: Sequence[Column | None]) -> bool:
    """False for the row that only shows what to write, and for one that says nothing but an old problem."""
    pairs = list(zip(header, meant, line.cells, strict=False))
    example = any(
        cell.strip().startswith(EXAMPLE) for _, column, cell in pairs if column is not None and column.name == "title"
    )
    return not example and (any(cell.strip() for name, _, cell in pairs if name != PROBLEM) or bool(line.problem))


def _marked(
    database: Database, header: Sequence[str], lines: Sequence[Line], actor: Actor
) -> dict[int, tuple[str, ...]]:
    """The lines that carry a secrecy marking, with the columns it stands in; noted as everywhere, once for the file.

    Raises InvalidInput for a marking in the header.
    """
    texts = {f"{line.number}:{place}": cell for line in lines for place, cell in enumerate(line.cells)}
    try:
        markings.refuse(database, {**texts, **{f"1:{i}": name for i, name in enumerate(header)}}, actor=actor)
    except InvalidInput as wrong:
        found: dict[int, tuple[str, ...]] = {}
        for place in wrong.fields:
            number, column = (int(part) for part in place.split(":"))
            if place not in texts:
                raise InvalidInput({"file": f"表头{SENTENCE}"}) from None
            name = header[column] if column < len(header) else f"第 {column + 1} 列"
            found[number] = (*found.get(number, ()), name.replace(template.REQUIRED, ""))
        return found
    return {}


def _judged(
    kind: SubmissionKind,
    columns: Sequence[Column],
    meant: Sequence[Column | None],
    line: Line,
    draft: str,
    contact: Mapping[str, str],
) -> _Read:
    """One row by the rules of the form."""
    said = {column.name: cell for column, cell in zip(meant, line.cells, strict=False) if column is not None}
    values: dict[str, Any] = {}
    wrong: dict[str, str] = {}
    for column in columns:
        try:
            values[column.name] = template.answer(column, export.plain(said.get(column.name, "").strip()), values)
        except CellError as unread:
            wrong[column.name] = str(unread)
    if not any(values.get(field) for field in CONTACT):
        values |= contact
    values |= dict.fromkeys(_SAID, True)
    try:
        check(kind, values)
    except InvalidInput as broken:
        wrong = {**broken.fields, **wrong}
    problems = _told(wrong, {column.name: column.label for column in columns})
    if line.problem:
        problems = (f"{line.problem}，请改好这一行。", *problems)
    title = template.shown(str(values.get("title", "")), 60) or "（没有名称）"
    state = RowState.WRONG if problems else RowState.READY
    return _Read(Row(line.number, title, state, problems), tuple(line.cells), draft, values)


_SAID: Final = DECLARED & set(FORMS[SubmissionKind.DEMAND].model_fields)
"""What is declared once for all rows."""


def _told(wrong: Mapping[str, str], labels: Mapping[str, str]) -> tuple[str, ...]:
    """One sentence a column, in the order of the columns, each naming the column as the file does."""
    return tuple(
        said if f"「{label}」" in said else f"「{label}」列：{said}"
        for name, label in {**labels, **{name: name for name in wrong if name not in labels}}.items()
        if (said := wrong.get(name))
    )


def _draft_id(actor: Actor, kind: SubmissionKind, digest: str, line: int) -> str:
    return hashlib.sha256(f"bulk:{actor.account_id}:{kind.value}:{digest}:{line}".encode()).hexdigest()[:32]


def _handed_in(session: Session, drafts: Sequence[str]) -> dict[str, tuple[int, str]]:
    """Which of these drafts are submissions already, with id and receipt."""
    s = Submission
    rows = session.execute(select(s.draft_id, s.id, s.receipt).where(s.draft_id.in_(drafts)))
    return {row.draft_id: (row.id, row.receipt) for row in rows}


def _known(session: Session, kind: SubmissionKind, actor: Actor) -> dict[tuple[str, str], str]:
    """What the actor or the actor's organization has handed in and what still stands, with a sentence for each."""
    s = Submission
    rows = session.execute(
        select(s.receipt, s.title, s.content["unit"].as_string().label("unit")).where(
            scopes.own(actor, s.account_id, s.organization_id), s.kind == kind.value, s.state.not_in(_OVER)
        )
    )
    return {
        _same({"title": row.title, "unit": row.unit or ""}): f"名称和单位相同的已经提交过，回执号 {row.receipt}。"
        for row in rows
    }


def _same(values: Mapping[str, Any]) -> tuple[str, str]:
    return "".join(fold(str(values["title"])).split()), organization_key(str(values["unit"]))


def _notes(header: Sequence[str], meant: Sequence[Column | None]) -> tuple[str, ...]:
    unknown = [name for name, column in zip(header, meant, strict=True) if column is None and name not in {"", PROBLEM}]
    return (f"没有读取不认识的列：{shorten('、'.join(unknown), 120)}。",) if unknown else ()


# ------------------------------------------------------------------ what goes back
_KEPT: Final[OrderedDict[tuple[int | None, str], tuple[float, bytes]]] = OrderedDict()
"""Account and file → until when, and the workbook. Unchecked text may not lie on the disk, so it lies here."""
_LOCK: Final = Lock()


def _batch(kind: SubmissionKind, read: _File, actor: Actor) -> Batch:
    """What the sender sees, and the workbook of what was not handed in, kept."""
    left = [found for found in read.rows if found.row.problems and not found.row.receipt]
    _keep((actor.account_id, read.digest), _workbook(read.header, left) if left else b"")
    return Batch(kind, read.digest, tuple(found.row for found in read.rows), read.notes, len(left))


def _workbook(header: Sequence[str], left: Sequence[_Read]) -> bytes:
    """The original columns and the problems; of a row with a marking only the problem."""
    old = [place for place, name in enumerate(header) if name == PROBLEM]
    names = [name for place, name in enumerate(header) if place not in old]
    rows = []
    for found in left:
        cells = [*found.cells, *[""] * (len(header) - len(found.cells))][: len(header)]
        kept = [export.plain(cell) for place, cell in enumerate(cells) if place not in old]
        rows.append((*kept, f"原第 {found.row.line} 行：{''.join(found.row.problems)}"))
    return export.xlsx_bytes({"没有提交的行": ((*names, PROBLEM), rows)})


def _keep(key: tuple[int | None, str], data: bytes) -> None:
    """Keep the newest workbook of an account for a while; the oldest go when there are too many."""
    now = time.monotonic()
    with _LOCK:
        for known in [k for k, (until, _) in _KEPT.items() if k[0] == key[0] or until < now]:
            del _KEPT[known]
        if data:
            _KEPT[key] = (now + _KEPT_SECONDS, data)
        while sum(len(kept) for _, kept in _KEPT.values()) > _KEPT_BYTES and len(_KEPT) > 1:
            _KEPT.popitem(last=False)


# ------------------------------------------------------------------ what the template shows
_WHO: Final = {
    "unit": "锡林郭勒盟某新能源有限公司",
    "league": "锡林郭勒盟",
    "banner": "锡林浩特市",
    "contact_name": "张三",
    "contact_phone": "13900001234",
    "contact_email": "name@example.com",
}
_EXAMPLES: Final[Mapping[SubmissionKind, Mapping[str, str]]] = {
    SubmissionKind.ACHIEVEMENT: {
        **_WHO,
        "title": "风机叶片热解回收纤维技术",
        "value": "让风电场的退役叶片变成可再用的纤维，处理费降三成",
        "summary": "用热解方法从退役风机叶片里回收玻璃纤维，已完成中试，用于风电场和固废处理企业。",
        "problem": "退役叶片堆存占地，填埋和焚烧都不合要求。",
        "application": "风电场、固废处理园区。",
        "indicators": "纤维回收率不低于 95%，单线年处理 1 万吨。",
        "comparison": "纤维回收率|82%|95%\n每吨处理成本|1200 元|800 元",
        "field": "环境保护与资源综合利用",
        "achievement_class": "应用技术",
        "trl": f"6 级 {TRL_LEVELS[6]}",
        "stage": "中期阶段",
        "trl_scheme": "通用九级说明",
        "trl_judge": "自评",
        "trl_evidence": "中试线连续运行 30 天的检测报告。",
        "rights": "发明专利|ZL202310000001.0|有效|2043-01-05\n实用新型专利|ZL202320000002.X|有效|2033-01-05",
        "shares": "锡林郭勒盟某新能源有限公司|60\n内蒙古某大学|40",
        "transfer_mode": "许可他人使用、以该成果作为合作条件共同实施",
        "pricing_mode": "协议定价",
        "price": "120",
        "floor_price": "100",
        "formula": "热解温度和停留时间见附件。",
        "keywords": "风机叶片、热解、回收",
        "year": "2025",
        "steps": "创造|2023-05|实验室完成小试\n熟化|2025-06|中试线建成",
        "award": "自治区重点研发课题",
        "public_good": "否",
        "completer": "李四",
        "other_units": "内蒙古某大学",
    },
    SubmissionKind.DEMAND: {
        **_WHO,
        "title": "退役风机叶片回收利用难题",
        "description": "纤维与树脂粘合，难以分离降解，每年退役叶片约 2000 吨，只能堆存。",
        "indicators": "树脂与纤维分离率不低于 95%，年处理 2000 吨。",
        "comparison": "分离率|82%|95%",
        "tried": "试过机械破碎，纤维长度不够，卖不出去。",
        "acceptance": "在本厂连续运行 72 小时，由第三方检测。",
        "field": "环境保护与资源综合利用",
        "demand_class": "引进及转化应用科技成果",
        "cooperation_mode": "技术转让、合作开发",
        "keywords": "风机叶片、回收",
        "budget": "120.5",
        "wanted": "做过复合材料回收的单位",
        "credit_code": "91350100M000100Y43",
    },
}
