"""指标: numerator and denominator, rank, share and change of the region or a league, beside another if asked."""

from typing import Final

import streamlit as st

from lib.domain.access import VISITOR
from lib.domain.dates import today_shanghai
from lib.domain.network import REPORTED_APART
from lib.domain.vocabulary import NO_DATA, Level, Origin
from lib.services import standing
from lib.services.network import SERVICE_KINDS, Metric, Node
from lib.services.standing import BY_KEY, INDICATORS, NEEDS, REGION, Indicator, Standing, Value
from lib.ui import address, cache, filters
from lib.ui.components import bands
from lib.ui.components.markup import Markup, draw, el, join
from lib.ui.components.tables import cell, row, table
from lib.ui.guard import Context
from lib.ui.views import network_state as state
from lib.ui.views.network_state import View

_WHOLE: Final = "内蒙古自治区"


def show(ctx: Context, view: View) -> None:
    """The indicators of the selection, beside another league where one is chosen, then one indicator in all leagues."""
    found = _standing(ctx, view)
    names = {node.code: node.name for node in view.leagues}
    own = view.parent or REGION
    other = address.choice("compare", tuple(code for code in names if code != own), "")
    _choice(names, own, other)
    _table(view, found, own, other, names)
    draw(
        join(
            *(el("p", words, cls="bj-meaning") for words in (
                f"{NO_DATA}不是 0：公开信息是收集来的，没有找到不等于没有。位次只在大于 0 的盟市之间排，并列同位。",
                "占全区 = 本盟市分子 ÷ 全区分子；较上年在选定一个年份后给出，机构记录没有年份。",
                "合计只按 12 个盟市：满洲里市、二连浩特市的数字已在所属盟市之内，单列时不再相加。",
            ))
        )
    )  # fmt: skip
    demo = state.origins(ctx).get(Origin.DEMO, 0)
    if demo and (not view.origins or Origin.DEMO in view.origins):
        words = f"含{Origin.DEMO.label} {demo:,} 条（成果、机构、需求、活动合计）；覆盖率不计演示数据。"
        draw(el("p", words, cls="bj-meaning"))
    _apart(ctx, view)
    _ranking(view, found, own, names)


def _standing(ctx: Context, view: View) -> Standing:
    chosen = [Origin(origin) for origin in view.origins] or None
    return cache.shared(
        "network standing", (view.origins, view.year, str(today_shanghai())),
        ctx.revision(*state.TOPICS, *state.NETWORK),
        lambda session: standing.read(session, actor=VISITOR, origins=chosen, year=view.year),
    )  # fmt: skip


def _choice(names: dict[str, str], own: str, other: str) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="net-compare"):
        draw(el("span", f"{names.get(own, _WHOLE)}，与"))
        filters.select(
            "对照盟市", {code: name for code, name in names.items() if code != own}, other, key="net-other",
            placeholder="选一个盟市对照", chosen=lambda code: state.go(compare=code), width=200,
        )  # fmt: skip


def _table(view: View, found: Standing, own: str, other: str, names: dict[str, str]) -> None:
    beside = (f"#{names[other]}", "#位次") if other else ()
    year = f"较 {view.year - 1} 年" if view.year else "较上年"
    heads = ("指标", f"#{names.get(own, _WHOLE)}", "#位次", "#占全区", f"#{year}", *beside, "口径、来源")
    table(heads, (_row(view, found, indicator, own, other) for indicator in INDICATORS))


def _row(view: View, found: Standing, indicator: Indicator, own: str, other: str) -> Markup:
    value = found.values[own][indicator.key]
    asked = {**state.here(view), "indicator": indicator.key, **({"compare": other} if other else {})}
    beside: tuple[Markup, ...] = ()
    if other:
        compared = found.values[other][indicator.key]
        beside = (cell(_number(view, indicator, compared, other), "num"), cell(_rank(compared), "num"))
    until = found.until.get(indicator.key, "")
    meaning = f"{indicator.definition}来源：{indicator.source}{f' · 截至 {until}' if until else ''}"
    return row(
        cell(el("a", indicator.label, href=state.path(asked)), "bj-tight"),
        cell(_number(view, indicator, value, own), "num"),
        cell("—" if own == REGION else _rank(value), "num"),
        cell("—" if own == REGION else f"{value.share}%" if value.share is not None else NO_DATA, "num"),
        cell(_change(view, indicator, value), "num"),
        *beside,
        cell(meaning, "bj-from"),
    )


def _number(view: View, indicator: Indicator, value: Value, place: str) -> Markup:
    """The value as a link to the rows it counts, over its numerator and denominator."""
    of = value.denominator
    if value.numerator is None:
        return el("span", f"{NO_DATA}（共 {of:,}）" if of else NO_DATA, cls="bj-place")
    href = _rows(view, indicator, "" if place == REGION else place)
    if of is None:
        return el("a", f"{value.numerator:,} {indicator.unit}", href=href)
    shown, parts = "—" if value.ratio is None else f"{value.ratio}%", f"（{value.numerator:,} / {of:,}）"
    return el("a", shown, el("span", parts), href=href, title=f"{indicator.numerator} / {indicator.denominator}")


def _rows(view: View, indicator: Indicator, league: str) -> str:
    """Where the counted rows stand."""
    if indicator.key in NEEDS:
        asked = {**state.here(view, parent=league, tab="coverage"), "need": NEEDS[indicator.key].value}
        return state.path(asked)
    if indicator.key == "links":
        return state.path({**state.here(view, parent=league, tab="nodes"), "all": "1"})
    if indicator.key == "services":
        kinds = list(SERVICE_KINDS)
        return state.path(state.rows(view, Metric.ORGANIZATIONS, league, kind=kinds), "organizations")
    metric = Metric(indicator.key)
    return state.path(state.rows(view, metric, league), metric.page)


def _rank(value: Value) -> str:
    if value.rank is None:
        return NO_DATA if value.numerator is None else "—"
    return f"{value.rank} / {value.known}"


def _change(view: View, indicator: Indicator, value: Value) -> str:
    if not indicator.dated or not view.year:
        return "—"
    if value.change is None:
        return NO_DATA
    return f"{value.change:+,}"


def _apart(ctx: Context, view: View) -> None:
    """The two cities that report apart, each beside its league."""
    cities: list[tuple[Node, str]] = []
    for league in view.leagues:
        if view.parent not in ("", league.code):
            continue
        banners = state.survey(ctx, Level.BANNER, league.code, view.origins, view.year).nodes
        cities += [(node, league.name) for node in banners if node.code in REPORTED_APART]
    if not cities:
        return
    bands.section("单列市", "已含在所属盟市的数字里，不再相加")
    heads = ("单列市", "所属盟市", *(f"#{metric.label}（{metric.unit}）" for metric in Metric))
    table(
        heads,
        (
            row(
                cell(el("a", node.name, href=state.path(state.here(view, parent=node.parent_code, banner=node.code)))),
                cell(league),
                *(cell(_city_count(view, node, metric), "num") for metric in Metric),
            )
            for node, league in cities
        ),
    )


def _city_count(view: View, node: Node, metric: Metric) -> Markup:
    value = node.count(metric)
    if value is None:
        return el("span", NO_DATA, cls="bj-place")
    asked = {**state.here(view, parent=node.parent_code, banner=node.code, tab="map"), "metric": metric.value}
    return el("a", f"{value:,}", href=state.path(asked))


def _ranking(view: View, found: Standing, own: str, names: dict[str, str]) -> None:
    """One indicator in all leagues, best first; those without a value are named."""
    indicator = BY_KEY[address.choice("indicator", tuple(BY_KEY), INDICATORS[0].key)]
    values = {code: found.values[code][indicator.key] for code in names}
    ranked = sorted((code for code in names if values[code].rank), key=lambda code: (values[code].rank or 0, code))
    bands.section(f"{indicator.label}：各盟市", f"{len(ranked)} 个大于 0")
    if ranked:
        table(
            ("#位次", "盟市", f"#{indicator.label}", "#占全区"),
            (
                row(
                    cell(str(values[code].rank), "num"),
                    cell(el("b" if code == own else "span", names[code])),
                    cell(_number(view, indicator, values[code], code), "num"),
                    cell(f"{values[code].share}%" if values[code].share is not None else "—", "num"),
                )
                for code in ranked
            ),
        )
    missing = [name for code, name in names.items() if values[code].numerator is None]
    if missing:
        draw(el("p", el("b", f"{NO_DATA}："), "、".join(missing), cls="bj-meaning"))
