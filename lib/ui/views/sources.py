"""数据来源: the files, the publishers with their records, the licences, and the clauses of the plan."""

from collections.abc import Callable, Iterable
from typing import Any, Final, TypeVar
from urllib.parse import urlencode

import streamlit as st

from lib.domain.access import VISITOR
from lib.domain.dates import show_time
from lib.domain.vocabulary import UNDISCLOSED
from lib.services import sources
from lib.services.catalogue import UNKNOWN
from lib.services.sources import KINDS, PLAN, DataFile, Publisher, Sourced
from lib.store.revision import TOPICS
from lib.ui import address, cache, filters
from lib.ui.components import bands
from lib.ui.components.markup import Markup, draw, el, external
from lib.ui.components.tables import cell, row, table
from lib.ui.guard import Context
from lib.ui.maps.notice import notice

Value = TypeVar("Value")

PAGE: Final = "/sources"
VIEWS: Final = {"files": "文件与许可", "publishers": "发布方", "clauses": "政策条款"}
_ALL: Final = tuple(sorted(TOPICS - {"submission"}))
_KINDS: Final = {kind.key: kind for kind in KINDS}
_ROWS: Final = 20

_ORIGINS: Final = (
    ("公开信息", "政府部门、单位和媒体已经公开的事实，注明发布方、日期，有网址的给出网址。"),
    ("平台申报", "单位在本平台提交、经审核后发布的内容，联系人等信息不公开。"),
    ("演示数据", "按固定种子生成，只用于演示规模和流程，默认不装载，不代表真实情况。"),
)
_LICENCES: Final = (
    ("程序代码", "Apache License 2.0。"),
    ("公开事实", "只收录事实性信息并逐条注明出处；原文版权归发布方，引用请注明原发布方。"),
    (
        "行政区划边界",
        "来自国家地理信息公共服务平台（天地图）行政区划可视化数据，原图审图号 GS（2024）0650 号。天地图注明该数据"
        "仅供地图可视化使用，须注明来源；本平台的地图是业务示意图，未经地图审核，公开展示前应依《地图管理条例》送审。",
    ),
    (
        "坐标与简化",
        "CGCS2000 坐标，取 4 位小数；盟市、旗县边界保留原图顶点，缩略图层和周边底图经过简化。面积以统计公布为准。",
    ),
    ("东、中、西部", "按惯用划分归入盟市；方案没有列出各片区的成员。"),
    ("旗县六边形图", "自行绘制，不含边界线，随本平台代码的许可使用。"),
    ("首府与各国首都坐标", "GeoNames，CC BY 4.0。"),
    ("世界底图", "world-geo-json-zh（The Unlicense），源自 Natural Earth 公有领域数据。"),
)


def page(ctx: Context) -> None:
    """The view that the address names: files, publishers (or one of them), clauses."""
    q = address.words("q")
    publisher = _publisher(ctx)
    view = address.choice("view", tuple(VIEWS), "publishers" if q or publisher is not None else "files")
    if view == "publishers":
        address.write(view=view)  # clearing the search must not leave the list
    with bands.searched("数据来源", "每个数字从哪里来，能怎么用？"):
        filters.search_box("搜条款：挂牌、技术经理人" if view == "clauses" else "搜发布方：科技厅、日报")
    _switch(ctx, view)
    if view == "clauses":
        _clauses(ctx, q)
    elif view == "publishers" and publisher is not None:
        _rows(ctx, publisher)
    elif view == "publishers":
        _publishers(ctx, q)
    else:
        _files(ctx)


# ------------------------------------------------------------------ files
def _files(ctx: Context) -> None:
    found = _read(ctx, "files", (), lambda session: sources.files(session, actor=VISITOR))
    bands.section("数据文件", "点文件名下载，点行数看记录")
    names = ("文件", "内容", "#行数", "来源日期", "校验（SHA-256）", "装载时间")
    table(names, (_file(file) for file in found))
    draw(el("p", "校验值取前 12 位；文件内容有变化时，装载时间和校验值一起更新。", cls="bj-meaning"))
    bands.section("来源标签", "每条记录都带其中一个")
    _definitions(_ORIGINS)
    bands.section("许可与地图")
    _definitions(_LICENCES)
    draw(el("p", notice(), cls="bj-meaning"))


def _file(file: DataFile) -> Markup:
    dates = f"{file.first} 至 {file.last}" if file.first and file.last else "—"
    name = el("a", file.name, href=f"/download/public/{file.name}") if file.kind else el("span", file.name)
    target = _list(file)
    rows = f"{file.rows:,}"
    return row(
        cell(name, cls="bj-tight"),
        cell(file.label, cls="bj-tight"),
        cell(el("a", rows, href=target) if target else rows, cls="num"),
        cell(dates, cls="bj-tight"),
        cell(el("code", file.sha256[:12], title=file.sha256)),
        cell(show_time(file.loaded_at), cls="bj-tight"),
    )


def _list(file: DataFile) -> str:
    """The page that lists the records of a file."""
    if file.name == "policy_clauses.csv":
        return f"{PAGE}?view=clauses"
    if file.name == "divisions.csv":
        return "/network"
    if file.kind is None:
        return ""
    view = {"statistics": "?view=rows", "contracts": "?view=contracts"}.get(file.kind.key, "")
    return f"/{file.kind.page}{view}"


# ------------------------------------------------------------------ publishers
def _publishers(ctx: Context, q: str) -> None:
    number = address.number("page") or 1
    found = _read(
        ctx, "publishers", (q, number), lambda s: sources.publishers(s, actor=VISITOR, q=q, page=number, size=_ROWS)
    )
    with st.container(horizontal=True, vertical_alignment="center", key="summary"):
        rest = f"，另有 {found.unnamed:,} 条记录未披露发布方" if found.unnamed else ""
        draw(el("span", "共 ", el("b", f"{found.named:,}"), f" 家发布方{rest}", cls="bj-count"))
        filters.clear({})
    if found.items:
        names = ("发布方", *(f"#{kind.label}" for kind in KINDS), "#合计", "发布日期")
        table(names, (_publisher_row(publisher) for publisher in found.items))
        filters.pager(number, found.pages)
    elif found.total:
        bands.empty("这一页没有内容", "页码超出了范围，请回到第一页。")
    else:
        bands.empty("没有符合条件的发布方", "换一个词再试。")


def _publisher_row(publisher: Publisher) -> Markup:
    name = publisher.name or UNKNOWN
    dates = " 至 ".join(dict.fromkeys(str(day) for day in (publisher.first, publisher.last) if day))
    return row(
        cell(el("a", publisher.name or "发布方未披露", href=_address(publisher=name))),
        *(
            cell(
                el("a", f"{count:,}", href=_address(publisher=name, kind=kind)) if count else "0",
                cls="num" if count else "num bj-zero",
            )
            for kind, count in publisher.counts.items()
        ),
        cell(el("b", f"{publisher.total:,}"), cls="num"),
        cell(dates or "日期未披露", cls="bj-from"),
    )


def _publisher(ctx: Context) -> str | None:
    """The publisher that the address names; None for one that there is not."""
    asked = address.words("publisher", limit=200)
    if not asked:
        return None
    name = "" if asked == UNKNOWN else asked
    names = _read(ctx, "publisher-names", (), lambda session: sources.publisher_names(session, actor=VISITOR))
    return name if name in names else None


def _rows(ctx: Context, publisher: str) -> None:
    kinds = address.choices("kind", lambda value: value in _KINDS)
    number = address.number("page") or 1
    found = _read(
        ctx,
        "publisher-rows",
        (publisher, kinds, number),
        lambda s: sources.rows_of(s, publisher, actor=VISITOR, kinds=kinds, page=number, size=_ROWS),
    )
    bands.section(publisher or "发布方未披露", f"{found.total:,} 条记录")
    filters.pills({"kind": found.kinds}, {"kind": kinds})
    draw(el("p", el("a", "← 全部发布方", href=f"{PAGE}?view=publishers"), cls="bj-meaning"))
    if not found.items:
        bands.empty("这一页没有内容", "页码超出了范围，请回到第一页。")
        return
    names = ("类别", "记录", "发布日期", "原文")
    table(names, (_record_row(record) for record in found.items))
    filters.pager(number, found.pages)


def _record_row(record: Sourced) -> Markup:
    title = f"{record.title} · {record.scope}" if record.scope else record.title
    target = _record(record)
    return row(
        cell(_KINDS[record.kind].label, cls="bj-tight"),
        cell(el("a", title, href=target) if target else el("span", title)),
        cell(str(record.stated or "日期未披露"), cls="bj-tight"),
        cell(external("打开原文", record.url) if record.url else el("span", f"地址{UNDISCLOSED}"), cls="bj-tight"),
    )


def _record(record: Sourced) -> str:
    """The address of the record, or of the list that holds it."""
    if record.kind == "statistics":
        return f"/statistics?{urlencode({'indicator': record.title, 'scope': record.scope})}"
    if record.kind == "contracts":
        return f"/statistics?{urlencode({'view': 'contracts', 'q': record.title[:100]})}"
    if record.kind == "cooperation":
        return "/channels"
    return f"/{_KINDS[record.kind].page}?id={record.id}"


# ------------------------------------------------------------------ clauses
def _clauses(ctx: Context, q: str) -> None:
    number = address.number("page") or 1
    found = _read(
        ctx, "clauses", (q, number), lambda s: sources.clauses(s, actor=VISITOR, q=q, page=number, size=_ROWS)
    )
    with st.container(horizontal=True, vertical_alignment="center", key="summary"):
        draw(el("span", "共 ", el("b", f"{found.total:,}"), f" 条，出自{PLAN}", cls="bj-count"))
        filters.clear({})
    if found.items:
        names = ("编号", "章节", "条款文字")
        body = (
            row(
                cell(clause.id, cls="bj-tight"),
                cell(clause.section, cls="bj-tight"),
                cell(clause.phrase),
            )
            for clause in found.items
        )
        table(names, body)
        filters.pager(number, found.pages)
    elif found.total:
        bands.empty("这一页没有内容", "页码超出了范围，请回到第一页。")
    else:
        bands.empty("没有符合条件的条款", "换一个词再试。")


# ------------------------------------------------------------------ pieces
def _switch(ctx: Context, view: str) -> None:
    counts = {
        "publishers": _read(ctx, "publishers", ("", 1), lambda s: sources.publishers(s, actor=VISITOR)).named,
        "clauses": _read(ctx, "clauses", ("", 1), lambda s: sources.clauses(s, actor=VISITOR)).total,
    }
    units = {"publishers": "家", "clauses": "条"}
    labels = {
        name: f"{label} {counts[name]:,} {units[name]}" if name in counts else label for name, label in VIEWS.items()
    }
    with st.container(key="switch"):
        filters.segments("看什么", labels, view, key="view", chosen=_leave)


def _leave(view: str) -> None:
    """Another view starts without the filters of this one."""
    address.write(q=None, page=None, publisher=None, kind=None, view=None if view == "files" else view)


def _read(ctx: Context, name: str, key: object, read: Callable[[Any], Value]) -> Value:
    return cache.shared(f"sources-{name}", key, ctx.revision(*_ALL), read)


def _address(**values: str) -> str:
    return f"{PAGE}?{urlencode({'view': 'publishers', **values})}"


def _definitions(rows: Iterable[tuple[str, str]]) -> None:
    draw(el("dl", *(el("div", el("dt", name), el("dd", meaning)) for name, meaning in rows), cls="bj-facts"))
