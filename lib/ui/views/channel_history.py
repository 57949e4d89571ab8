"""转移通道 by year, the leagues among themselves, and one country or province by itself."""

from collections import Counter
from collections.abc import Mapping
from typing import Final
from urllib.parse import urlencode

import streamlit as st

from lib.domain.access import REGION, VISITOR
from lib.domain.channels import MILITARY_NOTICE
from lib.domain.money import show_wan
from lib.domain.vocabulary import FIELDS, NO_DATA, UNDISCLOSED, Channel
from lib.services import channel_history, channels
from lib.services.catalogue import UNKNOWN
from lib.services.channel_history import NET, Tally, YearFlow
from lib.services.channels import FactKind, Flow, FlowQuery
from lib.services.places import Place, place_of
from lib.ui import cache
from lib.ui.charts.theme import Spec, chart, layer
from lib.ui.components import bands
from lib.ui.components.markup import Markup, draw, el
from lib.ui.components.tables import cell, row, table
from lib.ui.guard import Context
from lib.ui.theme import GOLD_LINE, SKY

TOPICS: Final = ("cooperation", "event", "contract", "division")
_HEIGHT: Final = 220
_TOP: Final = 5
_CROSSED: Final = ("#引进合同", "#引进成交额", "#输出合同", "#输出成交额", "#净引进")
_PALEST, _FULL = 0.10, 0.62


def years(ctx: Context, place: Place | None, origins: tuple[str, ...], data: str) -> None:
    """What came in and went out, year by year; every number opens its rows."""
    found = cache.shared(
        "channel years", (place.code if place else "", origins), ctx.revision(*TOPICS),
        lambda session: channel_history.years(session, place.code if place else "", origins, actor=VISITOR),
    )  # fmt: skip
    whole = channel_history.total(found)
    bands.section("逐年", _net(whole))
    if not found:
        bands.empty(NO_DATA, "没有公开的记录。")
        return
    crossed = any(one.net is not None for one in found)
    dated = [one for one in found if one.year and (one.net is not None if crossed else one.cooperation)]
    if len(dated) > 1:
        spec, alt = _bars(dated) if crossed else _facts(dated)
        st.vega_lite_chart(spec=spec, alt=alt, width="stretch")
    names = ("年份", "#合作记录", "#活动", *(_CROSSED if crossed else ()))
    table(names, (_year(one, place, data, crossed=crossed) for one in found))
    if crossed:
        draw(el("p", NET, cls="bj-meaning"))


def _net(whole: YearFlow) -> str:
    if whole.net is None:
        return f"净引进{NO_DATA}"
    amount = "" if whole.net_amount is None else f"，成交额 {show_wan(whole.net_amount)}"
    return f"净引进合同 {_signed(whole.net)} 项{amount}"


def _signed(number: int) -> str:
    return f"{number:+,}" if number else "0"


def _year(one: YearFlow, place: Place | None, data: str, *, crossed: bool) -> Markup:
    year = str(one.year or UNKNOWN)

    def opened(number: int, kind: FactKind, direction: str = "") -> Markup:
        if not number:
            return cell("—", "num")
        asked = {"kind": kind.value, "year": year, "direction": direction, "place": place.code if place else ""}
        if kind is FactKind.CONTRACT:
            asked["data"] = data
        href = f"/channels?{urlencode({name: value for name, value in asked.items() if value})}"
        return cell(el("a", f"{number:,}", href=href), "num")

    def amount(tally: Tally) -> Markup:
        told = NO_DATA if tally.turnover is None else show_wan(tally.turnover)
        return cell(told if tally.number else "—", "num")

    contracts = (
        opened(one.incoming.number, FactKind.CONTRACT, "in"),
        amount(one.incoming),
        opened(one.outgoing.number, FactKind.CONTRACT, "out"),
        amount(one.outgoing),
        cell("—" if one.net is None else _signed(one.net), "num"),
    ) if crossed else ()  # fmt: skip
    return row(
        cell(str(one.year) if one.year else "未写明", "bj-tight"),
        opened(one.cooperation, FactKind.COOPERATION),
        opened(one.events, FactKind.EVENT),
        *contracts,
    )


def _bars(flows: list[YearFlow]) -> tuple[Spec, str]:
    """Incoming above the line, outgoing below it."""
    rows: dict[str, list[Spec]] = {"引进": [], "输出": []}
    for one in sorted(flows, key=lambda one: one.year or 0):
        for name, number in (("引进", one.incoming.number), ("输出", -one.outgoing.number)):
            words = f"{one.year} 年{name} {abs(number):,} 项"
            rows[name].append({"x": str(one.year), "v": number, "d": words, "t": f"{abs(number):,}" if number else ""})
    x: Spec = {"field": "x", "type": "ordinal", "axis": {"title": None}}
    y: Spec = {
        "field": "v",
        "type": "quantitative",
        "axis": {"title": "合同（项），上为引进，下为输出", "tickCount": 4},
    }
    told: Spec = {"field": "d", "type": "nominal"}
    layers = [
        layer(rows[name], {"type": "bar", "color": colour}, x=x, y=y, tooltip=told, description=told)
        for name, colour in (("引进", SKY), ("输出", GOLD_LINE))
    ]
    layers += [
        layer(rows[name], {"type": "text", "dy": dy, "fontSize": 12}, x=x, y=y, text={"field": "t", "type": "nominal"})
        for name, dy in (("引进", -8), ("输出", 10))
    ]
    alt = "；".join(f"{one.year} 年引进 {one.incoming.number:,} 项、输出 {one.outgoing.number:,} 项" for one in flows)
    return chart(layers, height=_HEIGHT), f"逐年引进与输出合同：{alt}。"


def _facts(flows: list[YearFlow]) -> tuple[Spec, str]:
    """Co-operation by year."""
    ordered = sorted(flows, key=lambda one: one.year or 0)
    rows: list[Spec] = [
        {
            "x": str(one.year),
            "v": one.cooperation,
            "d": f"{one.year} 年 {one.cooperation:,} 条",
            "t": f"{one.cooperation:,}",
        }
        for one in ordered
    ]
    x: Spec = {"field": "x", "type": "ordinal", "axis": {"title": None}}
    y: Spec = {"field": "v", "type": "quantitative", "axis": {"title": "合作记录（条）", "tickCount": 4}}
    told: Spec = {"field": "d", "type": "nominal"}
    layers = [
        layer(rows, {"type": "bar", "color": SKY}, x=x, y=y, tooltip=told, description=told),
        layer(rows, {"type": "text", "dy": -8, "fontSize": 12}, x=x, y=y, text={"field": "t", "type": "nominal"}),
    ]
    return chart(layers, height=_HEIGHT), f"逐年合作记录：{'；'.join(row['d'] for row in rows)}。"


# ------------------------------------------------------------------ the leagues among themselves
def matrix(ctx: Context, names: Mapping[str, str], year: int | None, origins: tuple[str, ...], data: str) -> None:
    """区内 contracts: whose technology went to whom; each cell opens its contracts."""
    found = cache.shared(
        "channel matrix", (year, origins), ctx.revision("contract", "division"),
        lambda session: channel_history.matrix(session, year, origins, actor=VISITOR),
    )  # fmt: skip
    number = sum(tally.number for tally in found.values())
    bands.section("区内流动", f"卖方盟市 → 买方盟市，{number:,} 项合同" if number else "卖方盟市 → 买方盟市")
    if not found:
        bands.empty(NO_DATA, "没有写明买卖双方都在区内的合同。")
        return
    places = {**names, REGION: "未写明盟市"}
    codes = [code for code in places if any(code in pair for pair in found)]
    most = max(tally.number for tally in found.values())
    head = el("tr", el("th", "卖方 ＼ 买方"), *(el("th", places[code], cls="num") for code in codes),
              el("th", "合计", cls="num"))  # fmt: skip
    body = []
    for giver in codes:
        cells = [_cell(found.get((giver, taker)), giver, taker, most, places, year, data) for taker in codes]
        total = sum(found[giver, taker].number for taker in codes if (giver, taker) in found)
        body.append(el("tr", el("th", places[giver]), *cells, el("td", f"{total:,}" if total else "—", cls="num")))
    whole = el("table", el("thead", head), el("tbody", *body), cls="bj-table bj-dense bj-many")
    draw(el("div", whole, cls="bj-scroll"))


def _cell(
    tally: Tally | None,
    giver: str,
    taker: str,
    most: int,
    places: Mapping[str, str],
    year: int | None,
    data: str,
) -> Markup:
    if tally is None:
        return el("td", "—", cls="num")
    asked = {
        "kind": FactKind.CONTRACT.value, "channel": Channel.WITHIN.value, "giver": giver,
        "league": UNKNOWN if taker == REGION else taker, "data": data,
    }  # fmt: skip
    if year is not None:
        asked["year"] = str(year or UNKNOWN)
    shade = _PALEST + (_FULL - _PALEST) * tally.number / most
    amount = NO_DATA if tally.turnover is None else show_wan(tally.turnover)
    link = el(
        "a", f"{tally.number:,}", href=f"/channels?{urlencode(asked)}",
        title=f"{places[giver]} → {places[taker]}：{tally.number:,} 项，成交额 {amount}",
    )  # fmt: skip
    return el("td", link, cls="num", style=f"background:rgba(46,125,91,{shade:.2f})")


# ------------------------------------------------------------------ one country, one province
def place_head(
    ctx: Context, place: Place, flows: tuple[Flow, ...], leagues: Mapping[str, str], origins: tuple[str, ...]
) -> None:
    """What the rows of a country or province are by league, and its contracts of `origins` by field."""
    own = [flow for flow in flows if any(_at(name, place) for name in flow.partners)]
    bands.section(place.name, f"{place.group}　{place.kind}")
    if not own:
        return
    ends: Counter[str] = Counter()
    for flow in own:
        ends[flow.league_code or UNKNOWN] += flow.count
    told = "、".join(f"{leagues.get(code, '未写明盟市')} {n:,}" for code, n in ends.most_common(_TOP))
    draw(el("p", f"去向：{told}", cls="bj-lead"))
    if origins:
        fields = cache.shared(
            "place fields", (place.code, origins), ctx.revision("contract", "division"),
            lambda session: channel_history.fields_of(session, place.code, origins, actor=VISITOR),
        )  # fmt: skip
        named = "、".join(f"{FIELDS[number] if number else UNDISCLOSED} {n:,}" for number, n in fields[:_TOP])
        draw(el("p", f"领域：{named}", cls="bj-lead"))


def _at(name: str, place: Place) -> bool:
    found = place_of(name)
    return found is not None and found.code == place.code


# ------------------------------------------------------------------ counts only
def military(ctx: Context, leagues: Mapping[str, str]) -> None:
    """The military channel by year and league: counts, and the notice why no more."""
    flows = cache.shared(
        "military years", (), ctx.revision(*TOPICS),
        lambda session: tuple(
            (year, channels.flows(session, FlowQuery(Channel.MILITARY, year or channels.UNDATED, FactKind.COOPERATION),
                                  actor=VISITOR))
            for year in (one.year for one in channels.years(session, actor=VISITOR))
        ),
    )  # fmt: skip
    st.info(MILITARY_NOTICE, icon=":material/shield:")
    table(
        ("年份", "盟市", "#条数"),
        (
            row(
                cell(str(year) if year else "未写明", "bj-tight"),
                cell(leagues.get(flow.league_code or "", "未写明盟市")),
                cell(f"{flow.count:,}", "num"),
            )
            for year, found in flows
            for flow in found
        ),
    )
