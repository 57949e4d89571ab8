"""批量提交: the template, the file looked at row by row, what was taken and what was not."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import streamlit as st

from lib.domain import disclosure
from lib.domain.access import Permission
from lib.domain.errors import InvalidInput, ProductError
from lib.domain.vocabulary import FieldLevel, SubmissionKind
from lib.files.template import ROWS, Column, Shape
from lib.services import bulk
from lib.services.bulk import Batch, Row, RowState
from lib.services.exports import FORMS as TYPES
from lib.services.forms import CONTACT
from lib.store.engine import database
from lib.ui import address, cache, filters, navigation
from lib.ui.components import bands
from lib.ui.components.guides import guide
from lib.ui.components.markup import Markup, draw, el
from lib.ui.components.questions import TICKS, Field, fields
from lib.ui.components.tables import cell, row, table
from lib.ui.guard import Context
from lib.ui.views.attachments import forget

_SHAPES: Final[dict[str, Shape]] = {"choice": "choice", "choices": "choices", "table": "table", "date": "date"}
_STATES: Final = {RowState.READY: "bj-submitted", RowState.WRONG: "bj-late-tag", RowState.TAKEN: "bj-submitted"}
_PAGE: Final = 50
_ALL: Final = "all"
_STEPS: Final = (("下载模板", "每行写一条"), ("上传检查", "逐行说明问题"), ("提交", "每条一个回执号"))


@dataclass
class _Seen:
    """What this tab knows of a file: how its rows were judged, or why it is no such table; `done` once handed in."""

    file: str
    batch: Batch | None = None
    trouble: str = ""
    done: bool = False


def page(ctx: Context) -> None:
    """The whole of it, for whoever may keep records here and send files."""
    kind = SubmissionKind(address.choice("kind", tuple(kind.value for kind in bulk.KINDS), bulk.KINDS[0].value))
    seen = _seen(kind)
    with bands.band("批量提交", "一张表交多条；每条各自审核，与逐条填写一样。", instrument=1.3):
        _rail(2 if seen and seen.done else 1 if seen else 0)
    with st.container(horizontal=True, vertical_alignment="center", key="summary"):
        labels = {option.value: option.label for option in bulk.KINDS}
        filters.segments(
            "提交什么", labels, kind.value, key="bulk-kind",
            chosen=lambda value: address.write(kind=value, rows=None, page=None),
        )  # fmt: skip
        st.space("stretch")
        st.page_link(
            navigation.href("submit"),
            label="逐条填写",
            icon=":material/edit_square:",
            query_params={"kind": kind.value},
        )
    if not ctx.actor.may(Permission.MANAGE_OWN_RECORDS) or not ctx.actor.may(Permission.UPLOAD_ATTACHMENT):
        _closed(ctx)
        return
    columns = columns_of(kind, cache.place_names(ctx.revision("division")))
    left, right = st.columns(2, gap="large")
    with left, st.container(border=True, height="stretch"):
        _template(kind, columns)
    with right, st.container(border=True, height="stretch"):
        _file(ctx, kind, columns)
    if (seen := _seen(kind)) is not None and seen.batch is not None:
        _result(ctx, kind, columns, seen, seen.batch)


def columns_of(kind: SubmissionKind, places: Mapping[str, str]) -> tuple[Column, ...]:
    """The questions of the form as columns, under the labels they have there; declarations are made on the page.

    `places` names the divisions by code.
    """
    leagues = {code: name for code, name in places.items() if code.endswith("00") and not code.endswith("0000")}
    banners = {code: name for code, name in places.items() if not code.endswith("00")}
    required = bulk.required(kind)
    return tuple(_column(field, kind, field.name in required) for field in fields(kind, leagues, banners))


def _column(field: Field, kind: SubmissionKind | None = None, required: bool = False) -> Column:
    return Column(
        field.name,
        field.label,
        _SHAPES.get(field.shape, "text"),
        _hint(field, kind),
        field.options,
        required,
        "league" if field.name == "banner" else "",
        tuple(_column(part) for part in field.columns),
    )


def _hint(field: Field, kind: SubmissionKind | None) -> str:
    """What is said beside the question, and of its placeholder what that does not say; examples stand elsewhere."""
    told = guide(kind, field.name) if kind else None
    said = told.help.rstrip("。") if told else ""
    shown = "" if (field.shape == "prose" and said) or field.placeholder.startswith("如") else field.placeholder
    more = "，".join(part for part in shown.split("，") if part not in said)
    blank = "联系人、电话、邮箱都留空，就用上次提交或账号里的" if field.name in CONTACT - {"contact_email"} else ""
    return "。".join(part for part in (said, more, blank) if part)


# ------------------------------------------------------------------ the page's parts
def _rail(reached: int) -> None:
    items = (
        el("li", el("b", name), el("span", note), cls="on" if i <= reached else "")
        for i, (name, note) in enumerate(_STEPS)
    )
    draw(el("ol", *items, cls="bj-rail"))


def _closed(ctx: Context) -> None:
    if ctx.actor.account_id is None:
        bands.empty("登录后可以批量提交", "一次提交多条要知道是谁提交的。不登录也可以逐条填写。")
        draw(el("p", el("a", "去登录", href="/login?next=/submit%3Fview%3Dbulk", cls="bj-button"), cls="bj-actions"))
    else:
        bands.empty("这个账号还不能批量提交", "单位审核通过的账号可以批量提交；现在可以逐条填写。")


def _template(kind: SubmissionKind, columns: tuple[Column, ...]) -> None:
    closed = "、".join(field.label for field in disclosure.FIELDS[kind] if field.default is FieldLevel.GRANTED)
    draw(el("h3", "先下载模板"))
    st.download_button(
        f"{kind.label}模板",
        lambda: bulk.form(kind, columns),
        file_name=f"{kind.label}批量提交模板.xlsx",
        mime=TYPES["xlsx"],
        icon=":material/download:",
        on_click="ignore",
        key=f"bulk-template-{kind.value}",
    )
    draw(
        el(
            "ul",
            el("li", f"每行写一条，一个文件最多 {ROWS} 条；示例行不会提交。"),
            el("li", "标着「必填」的列不能空；各列怎么填，见表里的「说明」。"),
            el("li", f"{closed}只给获得授权的人看，其余审核后公开；附件和公开范围要逐条填写时才能选。"),
            cls="bj-list",
        )
    )


def _file(ctx: Context, kind: SubmissionKind, columns: tuple[Column, ...]) -> None:
    """The box that takes the file; a new file is looked at once."""
    draw(el("h3", "填好以后上传"))
    turn = st.session_state.setdefault("bulk-turn", 0)
    file = st.file_uploader(
        "选择文件", type=["xlsx", "csv"], key=f"bulk-file-{kind.value}-{turn}", label_visibility="collapsed"
    )
    st.caption("上传后先逐行检查，不会马上提交。")
    seen = _seen(kind)
    if file is None:
        if seen is not None and seen.trouble:
            bands.wrong(seen.trouble)
        elif seen is not None and not seen.done:
            _forget_seen(kind)
        return
    if seen is not None and seen.file == file.file_id:
        return
    address.write(rows=None, page=None)
    with st.spinner("正在逐行检查…"):
        try:
            batch = bulk.preview(database(), kind, columns, file.name, file.getvalue(), actor=ctx.actor)
        except ProductError as refused:
            st.session_state[_key(kind)] = _Seen("", trouble=refused.message)
            forget(file.file_id)
            st.session_state["bulk-turn"] = turn + 1
        else:
            st.session_state[_key(kind)] = _Seen(file.file_id, batch)
    st.rerun()  # the head says how far one is


def _result(ctx: Context, kind: SubmissionKind, columns: tuple[Column, ...], seen: _Seen, batch: Batch) -> None:
    ready, taken = batch.count(RowState.READY), batch.count(RowState.TAKEN)
    if seen.done:
        bands.section("提交结果", f"已提交 {taken} 条，各有回执号；审核结果会通知您。" if taken else "没有新提交的。")
    else:
        bands.section(
            "检查结果", "还没有提交。有问题的行可以改好再传，也可以先提交可用的。" if ready else "没有可以提交的行。"
        )
    for note in batch.notes:
        st.caption(note)
    if ready and not seen.done:
        _send(ctx, kind, columns, ready)
    with st.container(horizontal=True, vertical_alignment="center", key="bulk-rows-bar"):
        shown = _filter(batch, RowState.TAKEN if seen.done and taken else RowState.WRONG)
        if batch.left:
            what = f"下载{'没有提交' if seen.done else '有问题'}的 {batch.left} 行"
            link = el("a", what, href=f"/download/bulk/{batch.digest}.xlsx", cls="bj-more")
            draw(el("p", link, "，末尾多一列「问题」，改好后可以直接上传。", cls="bj-count"))
    table(("行", "名称", "状态", "问题或回执号"), (_line(found) for found in _on_page(shown)), stack=True)
    filters.pager(address.number("page") or 1, -(-len(shown) // _PAGE))


def _filter(batch: Batch, first: RowState) -> list[Row]:
    """The rows of the state that the address names, else of the `first`; counts stand on the choices."""
    counts = {state.value: batch.count(state) for state in RowState if batch.count(state)}
    labels = {_ALL: f"全部 {len(batch.rows)}"} | {s: f"{RowState(s).label} {count}" for s, count in counts.items()}
    chosen = address.choice("rows", tuple(labels), first.value if first.value in counts else _ALL)
    filters.segments(
        "看哪些行", labels, chosen, key="bulk-rows", chosen=lambda value: address.write(rows=value, page=None)
    )
    return [found for found in batch.rows if chosen in {_ALL, found.state.value}]


def _on_page(rows: list[Row]) -> list[Row]:
    start = ((address.number("page") or 1) - 1) * _PAGE
    return rows[start : start + _PAGE] or rows[:_PAGE]


def _line(found: Row) -> Markup:
    state = el("span", found.state.label, cls=f"bj-tag {_STATES.get(found.state, '')}".strip())
    told = el("span", *found.problems)
    if found.id:
        told = el("a", found.receipt, href=f"/mine?id={found.id}")
    elif len(found.problems) > 1:
        told = el("ul", *(el("li", problem) for problem in found.problems), cls="bj-list")
    return row(
        cell(f"第 {found.line} 行", "bj-tight"),
        cell(found.title, "bj-wide"),
        cell(state, "bj-tight"),
        cell(told, "bj-wide"),
    )


def _send(ctx: Context, kind: SubmissionKind, columns: tuple[Column, ...], ready: int) -> None:
    """The declarations, once for all rows, and the button; what stops the work midway leaves the file where it is."""
    problems: dict[str, str] = st.session_state.get("bulk-undeclared", {})
    with st.container(border=True, key="bulk-send"):
        declared = {}
        for name, label in ((field.name, field.label) for field in TICKS):
            declared[name] = st.checkbox(f"各行：{label}", key=f"bulk-{name}", wrap=True)
            if name in problems and not declared[name]:
                bands.wrong(problems[name])
        if not st.button(f"提交可用的 {ready} 条", type="primary", icon=":material/send:", key="bulk-take"):
            return
    turn = st.session_state["bulk-turn"]
    file = st.session_state.get(f"bulk-file-{kind.value}-{turn}")
    if file is None:  # taken off meanwhile
        return
    known: _Seen | None = st.session_state.pop(_key(kind), None)  # whatever stops it: the file is looked at anew
    bar = st.progress(0.0, f"已提交 0 / {ready} 条，请不要离开这一页。")

    def progress(done: int, of: int) -> None:
        if done % 5 == 0 or done == of:
            bar.progress(done / of, f"已提交 {done} / {of} 条，请不要离开这一页。")

    try:
        batch = bulk.take(
            database(), kind, columns, file.name, file.getvalue(), declared, actor=ctx.actor, progress=progress
        )
    except InvalidInput as wrong:
        st.session_state["bulk-undeclared"] = wrong.fields
        if known is not None:
            st.session_state[_key(kind)] = known
    except ProductError as refused:
        st.warning(f"{refused.message}已提交的不会重复；请稍后再点一次，从停下的地方继续。", icon=":material/info:")
        return
    else:
        forget(file.file_id)
        st.session_state["bulk-turn"] = turn + 1
        st.session_state[_key(kind)] = _Seen(file.file_id, batch, done=True)
        st.session_state.pop("bulk-undeclared", None)
        address.write(rows=None, page=None)
    st.rerun()


def _key(kind: SubmissionKind) -> str:
    return f"bulk-{kind.value}-seen"


def _seen(kind: SubmissionKind) -> _Seen | None:
    found = st.session_state.get(_key(kind))
    return found if isinstance(found, _Seen) else None


def _forget_seen(kind: SubmissionKind) -> None:
    st.session_state.pop(_key(kind), None)
    st.session_state.pop("bulk-undeclared", None)
