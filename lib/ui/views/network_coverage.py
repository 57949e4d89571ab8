"""覆盖与布点: which banners have nothing, how far the nearest is, and where a next site would help most."""

from typing import Final

import streamlit as st

from lib.domain.access import VISITOR
from lib.domain.dates import today_shanghai
from lib.domain.vocabulary import NO_DATA
from lib.services import coverage
from lib.services.coverage import CARRIERS, LANDED, MOST_SITES, RADII, Coverage, Need, Proposal, Spot
from lib.services.network import Metric
from lib.ui import address, cache, filters
from lib.ui.components import bands
from lib.ui.components.markup import Markup, draw, el, join
from lib.ui.components.tables import cell, row, table
from lib.ui.guard import Context
from lib.ui.maps import notice, sites
from lib.ui.views import network_layers
from lib.ui.views import network_state as state
from lib.ui.views.network_state import View

_MANY: Final = 14
_SUMMED: Final = "距离合计最小"


def show(ctx: Context, view: View) -> None:
    """One need: who has it, who has not, and where next."""
    need = Need(address.choice("need", tuple(Need), Need.STATION))
    filters.segments(
        "缺什么", {each.value: each.label for each in Need}, need.value, key="net-need",
        chosen=lambda value: state.go(need=value),
    )  # fmt: skip
    found = _survey(ctx, view, need)
    k = min(address.number("k") or 3, MOST_SITES)
    radius = address.number("radius")
    proposal = _proposal(ctx, view, need, k, radius if radius in RADII and _people(ctx, view) else None)
    left, right = st.columns([760, 488], gap="medium")
    with left:
        _picture(view, found, proposal)
        _next(ctx, view, need, k, proposal)
    with right:
        _gaps(view, found)
        _have(ctx, view, found)


def _day() -> str:
    return str(today_shanghai())


def _survey(ctx: Context, view: View, need: Need) -> Coverage:
    return cache.shared(
        "network coverage", (need.value, view.parent, _day()), ctx.revision(*state.TOPICS, "network_node"),
        lambda session: coverage.survey(session, need, view.parent, actor=VISITOR),
    )  # fmt: skip


def _people(ctx: Context, view: View) -> bool:
    return cache.shared(
        "network people", view.parent, ctx.revision("statistic", "division"),
        lambda session: coverage.has_population(session, view.parent, actor=VISITOR),
    )  # fmt: skip


def _proposal(ctx: Context, view: View, need: Need, k: int, radius: int | None) -> Proposal | None:
    return cache.shared(
        "network proposal", (need.value, view.parent, k, radius, _day()),
        ctx.revision(*state.TOPICS, "network_node", "statistic"),
        lambda session: coverage.where_next(session, need, k, view.parent, actor=VISITOR, radius=radius),
    )  # fmt: skip


# ------------------------------------------------------------------ the picture
def _picture(view: View, found: Coverage, proposal: Proposal | None) -> None:
    have = [spot for spot, _ in found.have]
    chosen = proposal.sites if proposal else ()
    served = {gain.spot: gain.site for gain in proposal.gains} if proposal else {}
    drawn = sites.picture(have, [gap.spot for gap in found.gaps], chosen, served, view.parent)
    words = f"{view.place}{found.need.label}：{len(have)} 个旗县有，{len(found.gaps)} 个没有记录"
    if chosen:
        words += f"；建议的新站点：{'、'.join(spot.name for spot in chosen)}"
    with st.container(border=True, key="net-sites"):
        st.image(drawn, alt=f"{words}。", width="stretch")
        st.image(sites.legend(found.need.label, proposed=bool(chosen)), alt="图例", width="content")
        st.caption(notice.notice())


# ------------------------------------------------------------------ where next
def _next(ctx: Context, view: View, need: Need, k: int, proposal: Proposal | None) -> None:
    bands.section("下一步布在哪里", f"从没有{need.label}的旗县里选")
    if proposal is None:
        bands.empty("没有空白", f"{view.place}的旗县都有{need.label}。")
        return
    _question(ctx, view, k, proposal)
    draw(_answer(view, proposal))
    shown = proposal.gains[:_MANY]
    table(
        ("受益旗县", "#现在最近（公里）", "#布点后（公里）", "#减少（公里）", "最近的新站点"),
        (
            row(
                cell(_link(view, gain.spot)),
                cell(NO_DATA if gain.before is None else f"{gain.before:,.0f}", "num"),
                cell(f"{gain.after:,.0f}", "num"),
                cell(NO_DATA if gain.before is None else f"{gain.before - gain.after:,.0f}", "num"),
                cell(gain.site.name, "bj-tight"),
            )
            for gain in shown
        ),
    )
    rest = proposal.gains[_MANY:]
    if rest:
        with st.expander(f"另有 {len(rest)} 个受益旗县"):
            named = (f"{gain.spot.name}（{gain.after:,.0f} 公里，{gain.site.name}）" for gain in rest)
            draw(el("p", "、".join(named), cls="bj-meaning"))


def _question(ctx: Context, view: View, k: int, proposal: Proposal) -> None:
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium", key="net-question"):
        st.session_state["net-k"] = k
        st.slider("新站点数", 1, MOST_SITES, key="net-k", width=260,
                  on_change=lambda: state.go(k=int(st.session_state["net-k"])))  # fmt: skip
        if not _people(ctx, view):
            draw(el("p", "按距离合计选。装入每个旗县的常住人口数据后，还可以按覆盖人口来选。", cls="bj-meaning"))
            return
        options = {"": _SUMMED} | {str(km): f"{km} 公里以外的人口最少" for km in RADII}
        filters.segments(
            "目标", options, str(proposal.radius or ""), key="net-radius",
            chosen=lambda value: state.go(radius=value or None),
        )  # fmt: skip


def _answer(view: View, found: Proposal) -> Markup:
    """What the proposal reaches, in words: before, after, and whether anything better can exist."""
    names = "、".join(f"{spot.name}（{spot.league}）" if not view.parent else spot.name for spot in found.sites)
    if found.radius is None:
        after = f"{found.banners} 个旗县到最近站点的距离合计为 {found.after:,.0f} 公里"
        each = f"平均每个旗县 {found.after / found.banners:,.0f} 公里"
        before = (
            f"现在合计 {found.before:,.0f} 公里，减少 {found.before - found.after:,.0f} 公里"
            if found.before is not None
            else f"现在没有一个旗县有{found.need.label}的记录，谈不上减少多少"
        )
        told = f"{before}。布点后，{after}，{each}。"
    else:
        reached = f"现在 {found.before or 0:,.0f} 人，布点后 {found.after:,.0f} 人"
        told = f"离最近站点超过 {found.radius} 公里的常住人口，{reached}。"
    return join(
        el("p", el("b", f"建议布在：{names}。"), told, cls="bj-lead"),
        el("p", _proof(found), cls="bj-meaning"),
        el("p", "距离是两地政府驻地之间的大圆距离（地球平均半径 6371.0 公里），比公路里程短；只考虑距离，"
                "不考虑经费、交通和意愿，是讨论的起点，不是决定。", cls="bj-meaning"),
    )  # fmt: skip


def _proof(found: Proposal) -> str:
    if found.exact:
        return "这是精确最优解：求解器（HiGHS 混合整数规划）证明了没有别的选法更好，不是近似。"
    unit = "公里" if found.radius is None else "人"
    bound = f"最好也不会低于 {found.bound:,.0f} {unit}" if found.bound > float("-inf") else "还没有算出下限"
    return f"限定时间内还没有证明它是最优：这是目前找到的最好选法，{bound}。"


# ------------------------------------------------------------------ who has, who has not
def _gaps(view: View, found: Coverage) -> None:
    bands.section(f"没有{found.need.label}的旗县", f"{len(found.gaps)} / {found.total} 个")
    draw(
        el(
            "p",
            f"口径：{found.need.definition}。",
            f"另有 {found.unplaced:,} 条没有写明旗县，无法计入。" if found.unplaced else "",
            "没有记录不等于没有；演示数据不计入。",
            cls="bj-meaning",
        )
    )
    if not found.gaps:
        bands.empty("没有空白", f"{view.place}的旗县都有{found.need.label}。")
        return
    rows = [
        el(
            "tr",
            el("td", _link(view, gap.spot)),
            el("td", gap.spot.league) if not view.parent else None,
            el("td", gap.nearest.name if gap.nearest else NO_DATA),
            el("td", f"{gap.km:,.0f}" if gap.km is not None else NO_DATA, cls="num"),
        )
        for gap in found.gaps
    ]
    names = ["旗县", *([] if view.parent else ["盟市"]), "最近有的旗县"]
    head = el("tr", *(el("th", name) for name in names), el("th", "公里", cls="num"))
    body = el("table", el("thead", head), el("tbody", *rows), cls="bj-table bj-dense")
    draw(el("div", body, cls="bj-scroll bj-tall"))


def _have(ctx: Context, view: View, found: Coverage) -> None:
    bands.section(f"有{found.need.label}的旗县", f"{len(found.have)} / {found.total} 个")
    if not found.have:
        draw(el("p", f"{view.place}没有一个旗县有记录。", cls="bj-meaning"))
        return
    dated = found.need is Need.EVENT  # the rows are named below: the page of a banner has older ones too
    links = [
        el("li", el("a", spot.name if dated else f"{spot.name} {count:,}", href=_rows(view, found.need, spot)))
        for spot, count in found.have
    ]
    draw(el("ul", *links, cls="bj-names"))
    if dated:
        network_layers.events(ctx, network_layers.recent(ctx, view))


def _rows(view: View, need: Need, spot: Spot) -> str:
    """The records that a banner is counted for."""
    here: state.Query = {"league": spot.league_code, "banner": spot.code, "origin": list(state.REAL)}
    if need is Need.STATION:
        asked = {**state.here(view, parent=spot.league_code, banner=spot.code, tab="nodes"), "state": "open"}
        return state.path(asked)
    if need is Need.CARRIER:
        return state.path({**here, "kind": list(CARRIERS)}, "organizations")
    if need is Need.LANDED:
        return state.path({**here, "stage": LANDED}, "achievements")
    asked = {**state.here(view, parent=spot.league_code, banner=spot.code, tab="map"), "metric": Metric.EVENTS.value}
    return state.path(asked)


def _link(view: View, spot: Spot) -> Markup:
    """A banner in the list of nodes, where it is entered."""
    asked = state.here(view, parent=spot.league_code, banner=spot.code, tab="nodes")
    return el("a", spot.name, href=state.path(asked))
