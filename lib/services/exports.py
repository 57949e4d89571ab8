"""A search of the catalogue as a file: exactly its records, what each column means, where each row comes from."""

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Final

from sqlalchemy.orm import Session

from lib.domain.access import Actor, Permission, require
from lib.domain.dates import now_utc, show_time
from lib.domain.vocabulary import STAGES, UNDISCLOSED, YES_NO
from lib.files import export
from lib.services import catalogue
from lib.services.catalogue import ORDERS, Card, CataloguePage, CatalogueQuery, Details

LIMIT: Final = 10_000
"""The most records of one file."""
FORMS: Final = {
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "csv": "text/csv; charset=utf-8",
    "json": "application/json; charset=utf-8",
}
NOUNS: Final = {"achievement": "成果", "demand": "需求", "organization": "机构"}
PAGES: Final = {"achievement": "achievements", "demand": "demands", "organization": "organizations"}


@dataclass(frozen=True)
class _Result:
    """What was found, and what is needed to say it."""

    page: CataloguePage
    cards: tuple[Card, ...]
    details: dict[int, Details]
    places: dict[str, str]
    base: str
    address: str
    at: datetime


Value = Callable[[Card, _Result], export.Cell]


def _place(code: str | None, found: _Result) -> str:
    return found.places.get(code or "", "")


_HEAD: Final[tuple[tuple[str, str, Value], ...]] = (("编号", "平台内的编号", lambda c, _: c.id),)
_TAIL: Final[tuple[tuple[str, str, Value], ...]] = (
    ("盟市", "所在盟市；空白为未披露", lambda c, r: _place(c.league_code, r)),
    ("旗县", "所在旗县；空白为未披露", lambda c, r: _place(c.banner_code, r)),
    ("来源性质", "公开信息、用户提交或演示数据", lambda c, _: c.source.origin.label),
    ("来源", "发布方和发布日期", lambda c, _: c.source.line),
    ("原文地址", "发布方页面；空白为未披露", lambda c, _: c.source.url),
    ("记录地址", "本平台的页面", lambda c, r: f"{r.base}/{PAGES[c.kind]}?id={c.id}"),
)


def _told(name: str, meaning: str, value: Callable[[Details], export.Cell]) -> tuple[str, str, Value]:
    """A column of what the card does not show."""
    return (name, meaning, lambda c, r: value(r.details[c.id]))


def _yes_no(told: bool | None) -> str:
    return "" if told is None else YES_NO[0] if told else YES_NO[1]


def _worked(unit: str, amount: str) -> tuple[tuple[str, str, Value], ...]:
    return (
        ("名称", "来源中的名称", lambda c, _: c.title),
        ("简介", "来源中的简介；空白为未披露", lambda c, _: c.summary),
        ("领域", "技术领域；空白为未披露", lambda c, _: c.field_label if c.field else ""),
        ("年份", "来源所述的年份；空白为未披露", lambda c, _: c.year),
        (unit, "来源中的单位名称；空白为未披露", lambda c, _: c.unit),
        _told("单位类别", "单位的机构类别，本平台归类；空白为未披露", lambda d: d.unit_kind),
        (f"{amount}（元）", "人民币元；空白为面议或未披露，见下一列", lambda c, _: c.amount),
        (f"{amount}说明", "有价、面议或未披露", lambda c, _: _stated(c)),
    )


def _stated(card: Card) -> str:
    return "有价" if card.amount is not None else "面议" if card.negotiable else UNDISCLOSED


COLUMNS: Final[dict[str, tuple[tuple[str, str, Value], ...]]] = {
    "achievement": (
        *_HEAD,
        *_worked("完成单位", "价格"),
        ("成熟度", "技术成熟度 1 至 9 级；空白为未披露", lambda c, _: c.trl),
        _told("阶段", f"{'、'.join(STAGES)}；空白为未披露", lambda d: d.stage),
        _told("知识产权", "知识产权形式，多项用「、」分开；空白为未披露", lambda d: d.ip),
        _told("转化方式", "拟转化方式，多项用「、」分开；空白为未披露", lambda d: d.modes),
        _told("公益性", "是否公益性成果；空白为未披露", lambda d: _yes_no(d.public_good)),
        *_TAIL,
    ),
    "demand": (
        *_HEAD,
        *_worked("需求单位", "预算"),
        _told("合作方式", "多项用「、」分开；空白为未披露", lambda d: d.modes),
        *_TAIL,
    ),
    "organization": (
        *_HEAD,
        ("名称", "来源中的名称", lambda c, _: c.title),
        ("类别", "机构类别", lambda c, _: c.organization_kind),
        ("设立或认定年份", "来源所述的年份；空白为未披露", lambda c, _: c.since_year),
        ("所在地原文", "来源中的所在地；空白为未披露", lambda c, _: c.place),
        *_TAIL,
    ),
}
"""Name, meaning and value of every column of a file: what everybody sees in the list, nothing else."""


def write(
    session: Session, kind: str, form: str, query: CatalogueQuery, *, actor: Actor, base: str, address: str
) -> bytes:
    """The records that `query` finds, on all its pages and in its order, at most 10,000, as a file of this form.

    `base` is the address of the product, `address` that of the view. Raises AccessDenied.
    """
    require(actor, Permission.READ_CATALOGUE)
    page = catalogue.find(session, kind, replace(query, page=1, size=LIMIT), actor=actor, most=LIMIT)
    details = catalogue.details_of(session, kind, [card.id for card in page.items], actor=actor)
    found = _Result(page, page.items, details, catalogue.place_names(session), base, address, now_utc())
    return _WRITERS[form](kind, found)


def _xlsx(kind: str, found: _Result) -> bytes:
    return export.xlsx_bytes({
        NOUNS[kind]: (_names(kind), _rows(kind, found)),
        "说明": (("项目", "内容"), (*_about(kind, found), *((f"列：{n}", told) for n, told, _ in COLUMNS[kind]))),
    })  # fmt: skip


def _csv(kind: str, found: _Result) -> bytes:
    """One table is all that a CSV holds: how it was asked for stands in two more columns."""
    asked = (found.address, show_time(found.at))
    return export.csv_bytes((*_names(kind), "查询地址", "查询时间"), ((*row, *asked) for row in _rows(kind, found)))


def _json(kind: str, found: _Result) -> bytes:
    document = {
        "about": dict(_about(kind, found)),
        "columns": {name: told for name, told, _ in COLUMNS[kind]},
        "items": [dict(zip(_names(kind), row, strict=True)) for row in _rows(kind, found)],
    }
    return json.dumps(document, ensure_ascii=False, indent=1, default=_plain).encode()


_WRITERS: Final = {"xlsx": _xlsx, "csv": _csv, "json": _json}


def _plain(value: object) -> str | float:
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, date):
        return value.isoformat()
    raise TypeError(type(value).__name__)


def _names(kind: str) -> tuple[str, ...]:
    return tuple(name for name, _, _ in COLUMNS[kind])


def _rows(kind: str, found: _Result) -> list[tuple[export.Cell, ...]]:
    return [tuple(value(card, found) for _, _, value in COLUMNS[kind]) for card in found.cards]


def _about(kind: str, found: _Result) -> list[tuple[str, str | int]]:
    """How the file came to be."""
    page = found.page
    chosen = "；".join(
        f"{catalogue.facet_name(kind, name)}：{'、'.join(v.label for v in page.facets[name] if v.value in values)}"
        for name, values in page.query.facets.items()
        if values
    )
    widened = "；".join(f"{term} → {'、'.join(words)}" for term, words in page.widened)
    told: list[tuple[str, str | int]] = [
        ("内容", f"北疆技转 · {NOUNS[kind]}库的查询结果"),
        ("搜索词", page.query.q or "无"),
        ("同义词扩展", widened or "无"),
        ("筛选", chosen or "无"),
        ("排序", ORDERS[page.query.order]),
        ("查到", page.total),
        ("写入", len(found.cards)),
        ("查询地址", found.address),
        ("查询时间", f"{show_time(found.at)}（北京时间）"),
        ("来源", "每行注明发布方与日期；标明「演示数据」的不是真实记录"),
    ]
    if page.loosened:
        told.append(("说明", "没有同时含有所有词的记录，这些记录含有其中一部分"))
    if page.total > len(found.cards):
        told.append(("限量", f"一个文件最多 {LIMIT:,} 条，其余请加筛选条件后再下载"))
    return told
