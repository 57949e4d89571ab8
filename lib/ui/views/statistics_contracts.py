"""数据 › 合同: the contracts as a list, also the rows behind a number of the indicators."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import streamlit as st

from lib.domain.access import REGION, VISITOR
from lib.domain.money import show_wan
from lib.domain.vocabulary import FIELDS, UNDISCLOSED
from lib.services import contracts
from lib.services.catalogue import UNKNOWN
from lib.services.contracts import PARTS, SIDES, TYPE_NOTE, ContractPage, ContractQuery, ContractRow
from lib.ui import address, cache, filters
from lib.ui.components import bands, cards
from lib.ui.components.markup import Markup, draw, el, external
from lib.ui.components.tables import cell, row, table
from lib.ui.guard import Context

_FACETS: Final = ("mode", "type", "year", "origin")
FILTERS: Final = (*_FACETS, "from", "to", *SIDES, *PARTS)
"""The parameters of the address that choose contracts."""
_ROWS: Final = 25
_SIDE_NAMES: Final = {"seller": "卖方", "buyer": "买方"}
_PART_NAMES: Final = {
    "field": "领域", "ip": "知识产权", "seller_kind": "卖方性质", "buyer_kind": "买方性质", "plan": "计划来源",
}  # fmt: skip


def found(ctx: Context, query: ContractQuery) -> ContractPage:
    """One page of contracts, read once a revision."""
    revision = ctx.revision("contract")
    counted = cache.shared(
        "contracts-census",
        query.counted,
        revision,
        lambda session: contracts.census(session, query, actor=VISITOR),
    )
    return cache.shared(
        "contracts",
        query,
        revision,
        lambda session: contracts.search_contracts(session, query, actor=VISITOR, counted=counted),
    )


def listed(ctx: Context) -> None:
    """The contracts that the address asks for, and what they add up to."""
    chosen = {
        name: address.choices(name, lambda value, facet=name: contracts.valid(facet, value))  # type: ignore[misc]
        for name in (*_FACETS, *SIDES, *PARTS)
    }
    first, last = address.number("from"), address.number("to")
    months = (first, last) if first and last and 1 <= first <= last <= 12 else None
    asked: dict[str, Any] = chosen
    query = ContractQuery(q=address.words("q"), page=address.number("page") or 1, size=_ROWS, months=months, **asked)
    page = found(ctx, query)
    further = _further(ctx, query)
    filters.pills(_worth_showing(page), {name: chosen[name] for name in _FACETS})
    if further:
        draw(el("p", f"只看：{'；'.join(further)}", cls="bj-meaning"))
    with st.container(horizontal=True, vertical_alignment="center", key="summary"):
        noun = "项公开合同" if query.origins == ("public",) else "项合同"
        draw(el("span", "共 ", el("b", f"{page.total:,}"), f" {noun}{_amount(page)}", cls="bj-count"))
        filters.clear({**chosen, **({"from": ("1",), "to": ("1",)} if months else {})})
        st.space("stretch")
        draw(el("a", "下载全部（CSV）", href="/download/public/contracts.csv", cls="bj-more"))
    typed = any(value.value != UNKNOWN for value in page.facets["type"])
    told = f"其中 {page.sums.hidden:,} 项没有公布金额，写「{UNDISCLOSED}」。" if page.sums.hidden else ""
    told += TYPE_NOTE if typed else "公开信息都没有写明属于哪一类技术合同。"
    draw(el("p", told, cls="bj-meaning"))
    if page.items:
        _table(page.items, typed=typed)
        filters.pager(query.page, page.pages)
    elif page.total:
        bands.empty("这一页没有内容", "页码超出了范围，请回到第一页。")
    else:
        bands.empty("没有符合条件的合同", "减少一个筛选条件，或换一个词再试。")


def source_of(source: Any) -> Markup:
    """Tag where it is no public fact, publisher with its link, date."""
    tag = cards.tag(source.origin) if source.origin.value != "public" else None
    publisher = external(source.publisher or "发布方未披露", source.url)
    return el("span", tag, publisher, el("span", f" · {source.stated or '日期未披露'}", cls="bj-tight"))


# ------------------------------------------------------------------ inside
def _amount(page: ContractPage) -> str:
    """What the chosen contracts add up to, where any discloses it."""
    if page.sums.turnover is None:
        return ""
    technology = page.sums.technology_turnover
    told = f"，成交额 {show_wan(page.sums.turnover)}"
    return told + (f"，技术交易额 {show_wan(technology)}" if technology is not None else "")


def _further(ctx: Context, query: ContractQuery) -> list[str]:
    """The filters that have no row of pills, in words."""
    names = cache.place_names(ctx.revision("division"))

    def place(value: str) -> str:
        code = value.removeprefix("not-")
        name = "内蒙古自治区" if code == REGION else names.get(code, code)
        return "所在地未披露" if value == UNKNOWN else f"{name}以外" if code != value else name

    found = []
    if query.months:
        first, last = query.months
        found.append(f"登记于 {first} 月" if first == last else f"登记于 {first}—{last} 月")
    for side, name in _SIDE_NAMES.items():
        if values := getattr(query, side):
            found.append(f"{name}：{'、'.join(place(value) for value in values)}")
    for part, name in _PART_NAMES.items():
        if values := getattr(query, part):
            found.append(f"{name}：{'、'.join(_value(part, value) for value in values)}")
    return found


def _value(part: str, value: str) -> str:
    if value == UNKNOWN:
        return UNDISCLOSED
    return FIELDS[int(value)] if part == "field" else value


def _worth_showing(page: ContractPage) -> Mapping[str, Any]:
    """Facets with something to choose: a row with one value says nothing."""
    return {name: values for name, values in page.facets.items() if len(values) > 1}


def _table(rows: Sequence[ContractRow], *, typed: bool) -> None:
    names = ("合同", "#成交额", "卖方", "买方", *(["类型"] if typed else []), "方式", "年份", "来源")
    body = (
        row(
            cell(contract.title),
            cell(show_wan(contract.amount) if contract.amount is not None else UNDISCLOSED, cls="num"),
            cell(contract.seller or UNDISCLOSED),
            cell(contract.buyer or UNDISCLOSED),
            cell(contract.type_label, cls="bj-tight") if typed else None,
            cell(" · ".join(dict.fromkeys(filter(None, (contract.mode, contract.pricing)))) or UNDISCLOSED),
            cell(str(contract.year or UNDISCLOSED), cls="bj-tight"),
            cell(source_of(contract.source), cls="bj-from"),
        )
        for contract in rows
    )
    table(names, body)
