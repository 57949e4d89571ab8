"""The layers that can be laid over the map, and the rows of each, for keyboards and screen readers too."""

from collections.abc import Sequence
from typing import Final

import streamlit as st

from lib.domain.access import VISITOR
from lib.domain.dates import today_shanghai
from lib.domain.vocabulary import NO_DATA, Level
from lib.services import layers, nodes
from lib.services.catalogue import UNKNOWN
from lib.services.layers import COUNTED, KINDS, PILOT_ZONE, Held, Mark
from lib.ui import cache
from lib.ui.components import bands
from lib.ui.components.markup import draw, el, external
from lib.ui.components.tables import cell, row, table
from lib.ui.guard import Context
from lib.ui.maps import network as maps
from lib.ui.maps import overlays
from lib.ui.maps.overlays import COLOURS, MARKET_COLOURS, Chip
from lib.ui.theme import GOLD_LINE
from lib.ui.views import network_state as state
from lib.ui.views.network_state import LAYERS, NO_LAYER, View

_LEAGUE_ONLY: Final = "仅知盟市"


def switch(view: View) -> None:
    """Which layers are drawn."""
    st.session_state["net-layer"] = list(view.layers)
    with st.popover("图层", icon=":material/layers:"):
        st.pills(
            "图层", list(LAYERS), format_func=LAYERS.__getitem__, selection_mode="multi", key="net-layer", wrap=True,
            on_change=lambda: state.go(layer=list(st.session_state["net-layer"]) or NO_LAYER),
        )  # fmt: skip


def outlined(ctx: Context, view: View) -> dict[str, dict[str, tuple[str, ...]]]:
    """The groups of leagues that are outlined on the map of the region: by layer, the leagues of each colour."""
    found: dict[str, dict[str, tuple[str, ...]]] = {}
    if view.league:
        return found
    if "markets" in view.layers:
        zones = _members(ctx)
        found["over-markets-area"] = {
            colour: tuple(code for zone, code in zones if zone == name) for name, colour in MARKET_COLOURS.items()
        }
    if "zone" in view.layers:
        found["over-zone"] = {GOLD_LINE: PILOT_ZONE}
    return found


def chips(ctx: Context, view: View) -> tuple[Chip, ...]:
    """The numbers of the chosen layers at their places."""
    counted = _counted(view)
    if not counted:
        return ()
    seats = maps.places(view.parent) if view.style == "hexagons" else _seats(ctx, view)
    return tuple(
        Chip(layer, seats[mark.code], mark.count, mark.exact)
        for layer in counted
        for mark in _marks(ctx, view, layer)
        if mark.code in seats
    )


def rows(ctx: Context, view: View) -> None:
    """What the layers count, place by place, each number as the way to its rows."""
    counted = _counted(view)
    if counted:
        words = [(layer, LAYERS[layer]) for layer in counted]
        st.image(overlays.legend(words), alt=f"图层：{'、'.join(label for _, label in words)}", width="content")
    if "zone" in view.layers:
        draw(el("p", "金色边线：呼包鄂三市。规划写的是围绕它们创建国家自主创新示范区。", cls="bj-meaning"))
    if "markets" in view.layers:
        draw(el("p", "市场边线：蓝色中部、绿色东部、红色西部，归属是暂定的，见「节点与链路」。", cls="bj-meaning"))
    for layer in counted:
        with st.expander(f"图层记录：{LAYERS[layer]}"):
            _layer(ctx, view, layer)


def _layer(ctx: Context, view: View, layer: str) -> None:
    if layer == "events":
        events(ctx, _events(ctx, view.parent))
        return
    if layer == "ports":
        _ports(ctx, view)
        return
    found = _marks(ctx, view, layer)
    if not found:
        bands.empty(NO_DATA, "公开信息和填报里没有写明地点的记录，不等于没有。")
        return
    names = cache.place_names(ctx.revision("division"))
    table(
        ("地点", "#数量", "说明"),
        (
            row(
                cell(names.get(mark.code, mark.code)),
                cell(el("a", f"{mark.count:,}", href=_href(view, layer, mark)), "num"),
                cell(mark.note or ("" if mark.exact else f"{_LEAGUE_ONLY}，画在盟市驻地")),
            )
            for mark in found
        ),
        stack=True,
    )


def _href(view: View, layer: str, mark: Mark) -> str:
    """The rows that a mark counts."""
    if layer == "nodes":
        league = view.parent or mark.code
        banner = mark.code if view.league and mark.exact and not mark.code.endswith("00") else ""
        return state.path(state.here(view, parent=league, banner=banner, tab="nodes"))
    asked: state.Query = {"league": view.parent or mark.code, "kind": list(KINDS[layer]), "origin": list(state.REAL)}
    if view.league:
        asked["banner"] = mark.code if mark.exact else UNKNOWN
    return state.path(asked, "organizations")


def events(ctx: Context, found: Sequence[Held]) -> None:
    """Events of the last 12 months with their place."""
    if not found:
        bands.empty(NO_DATA, "近 12 个月没有写明盟市的活动记录，不等于没有。")
        return
    names = cache.place_names(ctx.revision("division"))
    table(
        ("活动", "日期", "盟市", "旗县"),
        (
            row(
                cell(el("a", one.title, href=f"/roadshows?id={one.id}")),
                cell(str(one.held_on), "bj-tight"),
                cell(names.get(one.league_code, "")),
                cell(names.get(one.banner_code, "") or _LEAGUE_ONLY),
            )
            for one in found
        ),
        stack=True,
    )


def _ports(ctx: Context, view: View) -> None:
    names = cache.place_names(ctx.revision("division"))
    found = [port for port in layers.ports() if view.parent in ("", port.league_code)]
    if not found:
        bands.empty(NO_DATA, "公开来源里没有写明位于这里的口岸。")
        return
    table(
        ("口岸", "盟市", "旗县", "来源"),
        (
            row(
                cell(port.name),
                cell(names.get(port.league_code, "")),
                cell(names.get(port.banner_code, "") or _LEAGUE_ONLY),
                cell(external(f"{port.source_publisher} {port.source_date}", port.source_url), "bj-from"),
            )
            for port in found
        ),
        stack=True,
    )
    draw(el("p", "画在所在旗县的驻地，不是口岸的位置；来源没有写明所在地的口岸不在图上。", cls="bj-meaning"))


# ------------------------------------------------------------------ reading
def _counted(view: View) -> list[str]:
    return [layer for layer in COLOURS if layer in view.layers and layer in COUNTED]


def _marks(ctx: Context, view: View, layer: str) -> tuple[Mark, ...]:
    return cache.shared(
        "network marks", (layer, view.parent, str(today_shanghai())),
        ctx.revision("organization", "event", "division", *state.NETWORK),
        lambda session: layers.marks(session, layer, view.parent, actor=VISITOR),
    )  # fmt: skip


def _events(ctx: Context, league: str) -> tuple[Held, ...]:
    return cache.shared(
        "network events", (league, str(today_shanghai())), ctx.revision("event"),
        lambda session: layers.events(session, league, actor=VISITOR),
    )  # fmt: skip


def recent(ctx: Context, view: View) -> tuple[Held, ...]:
    """The events of the last 12 months in the selection that name their banner."""
    return tuple(one for one in _events(ctx, view.parent) if one.banner_code)


def _members(ctx: Context) -> list[tuple[str, str]]:
    return cache.shared(
        "network members", str(today_shanghai()), ctx.revision(*state.NETWORK),
        lambda session: [(one.zone, one.league_code) for one in nodes.members(session, actor=VISITOR) if one.now],
    )  # fmt: skip


def _seats(ctx: Context, view: View) -> dict[str, tuple[float, float]]:
    shown = list(view.leagues)
    if view.league:
        shown += state.survey(ctx, Level.BANNER, view.parent, view.origins, view.year).nodes
    return {node.code: (node.seat_lon, node.seat_lat) for node in shown}
