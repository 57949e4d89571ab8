"""The home page: the system in one picture, its figures, its goals, what is new."""

from typing import Final

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from lib.domain.access import VISITOR
from lib.domain.dates import today_shanghai
from lib.domain.vocabulary import NO_DATA
from lib.services import roadshows, statistics
from lib.services.overview import Box, Overview
from lib.services.statistics import Headline
from lib.ui import cache, navigation
from lib.ui.components import bands, cards, records
from lib.ui.components.markup import draw, el, join
from lib.ui.guard import Context
from lib.ui.views import roadshows as roadshow_views
from lib.ui.views import statistics as statistic_views

_TOPICS: Final = ("achievement", "demand", "organization", "cooperation", "event", "contract", "division")
_CHANNEL_NOTES: Final = {
    "abroad": "重点合作国家、俄蒙、东盟",
    "interregional": "省区市、院所、高校",
    "military": "军队科研机构",
    "within": "自治区—盟市—旗县",
}


def read(ctx: Context) -> Overview:
    """The counts of this run."""
    return cache.picture(ctx.revision(*_TOPICS))


def hero(picture: Overview, ctx: Context) -> None:
    """The dark picture: words, hexagons, three levels; six stages; four channels. Every number is a link."""
    places = cache.short_names(ctx.revision("division"))
    with st.container(key="hero"):
        words, region, levels = st.columns([1.75, 1.15, 0.6], gap="medium", vertical_alignment="center")
        with words:
            _words(picture)
        with region:
            st.image(
                cache.hexagons(tuple(sorted(picture.organizations_by_league.items())), tuple(sorted(places.items()))),
                alt=f"各盟市机构数：{_ranked(picture.organizations_by_league, places)}",
                width="stretch",
            )
            draw(el("p", "盟市机构数：越亮越多，金色最多", cls="bj-hero-label bj-centred"))
        with levels:
            _levels(picture)
        draw(el("p", "六个环节　点任一数字看明细", cls="bj-hero-label"))
        for column, box in zip(st.columns(6, gap=None), picture.stages, strict=True):
            with column:
                _tile(f"stage-{box.key}", box, f"{box.name}  \n**{box.count:,}** {box.unit}")
        draw(el("p", "四条通道", cls="bj-hero-label"))
        for column, box in zip(st.columns(4, gap="small"), picture.channels, strict=True):
            with column:
                _tile(
                    f"channel-{box.key}", box, f"{box.name}　**{box.count:,}** {box.unit}  \n{_CHANNEL_NOTES[box.key]}"
                )


def _words(picture: Overview) -> None:
    counted = f"{picture.achievements:,} 项成果、{picture.demands:,} 条需求、{picture.organizations:,} 家机构"
    mixed = f"其中演示数据 {picture.demonstration:,} 项成果。" if picture.demonstration else ""
    draw(
        join(
            el("p", "内蒙古技术转移体系展示平台", cls="bj-kicker"),
            el("h1", "科技成果，从创造走到应用", cls="bj-title"),
            el("p", f"{counted}，在同一张图里接上。{mixed}", cls="bj-subtitle"),
        )
    )
    with st.container(horizontal=True, gap="small"):
        st.page_link(navigation.href("achievements"), label="找成果", icon=":material/search:")
        st.page_link(
            navigation.href("submit"), label="发布需求", icon=":material/edit_square:", query_params={"kind": "demand"}
        )


def _levels(picture: Overview) -> None:
    draw(el("p", "三级网络", cls="bj-hero-label"))
    reach: tuple[tuple[str, str, str, dict[str, str]], ...] = (
        ("region", f"自治区收录机构  \n**{picture.organizations:,} 家**", "organizations", {}),
        (
            "league",
            f"有机构的盟市  \n**{picture.leagues_with_organization} / {picture.leagues}**",
            "network",
            {"metric": "organizations"},
        ),
        (
            "banner",
            f"有机构的旗县  \n**{picture.banners_with_organization} / {picture.banners}**",
            "network",
            {"metric": "organizations", "level": "banner"},
        ),
    )
    for key, label, page, query in reach:
        with st.container(key=f"level-{key}"):
            st.page_link(navigation.href(page), label=label, query_params=query)


def _tile(key: str, box: Box, label: str) -> None:
    with st.container(key=key):
        st.page_link(navigation.href(box.page), label=label, query_params=box.query, help=box.meaning)


def _ranked(counts: dict[str, int], names: dict[str, str]) -> str:
    return "，".join(f"{names.get(code, code)} {n}" for code, n in sorted(counts.items(), key=lambda item: -item[1]))


def newest(picture: Overview, ctx: Context) -> None:
    """The newest achievements as cards."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        bands.section("最新成果", f"按公开日期，截至 {picture.newest_date}")
        st.space("stretch")
        st.page_link(
            navigation.href("achievements"),
            label=f"全部 {picture.achievements:,} 项",
            icon=":material/arrow_forward:",
            icon_position="right",
        )
    cards.grid(picture.newest, cache.place_names(ctx.revision("division")))


def figures(picture: Overview, ctx: Context) -> None:
    """The figures an official asks for first; each opens its rows and says what it means."""
    found = _headlines(ctx)
    columns = st.columns(len(found) + 1, gap="small")
    for column, figure in zip(columns, found, strict=False):
        with column, _kpi(figure.key):
            label = f"{figure.name} · {figure.year}"
            st.page_link(navigation.href("statistics"), label=label, query_params=figure.address)
            st.metric(
                label,
                figure.text,
                figure.change or None,
                label_visibility="collapsed",
                delta_description=figure.change_note or None,
            )
            _meaning(
                figure.meaning, figure.source.publisher or "发布方未披露", str(figure.source.stated or "日期未披露")
            )
    with columns[-1], _kpi("achievements"):
        st.page_link(navigation.href("achievements"), label="在库成果")
        st.metric("在库成果", f"{picture.achievements:,} 项", label_visibility="collapsed")
        _meaning("已公开的成果，每项注明来源", "各条目注明的发布方", picture.newest_date)


def _headlines(ctx: Context) -> tuple[Headline, ...]:
    return cache.shared(
        "headline", "", ctx.revision("statistic"), lambda session: statistics.headline(session, actor=VISITOR)
    )


def _kpi(key: str) -> DeltaGenerator:
    return st.container(border=True, height="stretch", gap="xsmall", key=f"kpi-{key}")


def _meaning(definition: str, source: str, until: str) -> None:
    draw(
        el(
            "div",
            el("div", f"口径：{definition}"),
            el("div", f"来源：{source}"),
            el("div", f"截至：{until}"),
            cls="bj-meaning",
        )
    )


def goals(picture: Overview, ctx: Context) -> None:
    """The plan's two target years as what they are: past, with the public evidence or 暂无数据."""
    bands.section("规划目标年", "内政发〔2018〕44号的两个目标年都已过去，用公开数据对照")
    by_key = {figure.key: figure for figure in _headlines(ctx)}
    left, right = st.columns(2, gap="small")
    with left, st.container(border=True, height="stretch"):
        institutions = by_key.get("institutions")
        evidence = (
            f"{institutions.year} 年累计 {institutions.text}自治区级技术转移服务机构" if institutions else NO_DATA
        )
        records.facts(
            [
                ("目标", "建设 20 家以上自治区级技术转移示范机构"),
                ("公开证据", evidence),
                ("合同交易额", "目标写「显著增长」，未定数值"),
            ],
            "2020 年：基本建成",
        )
        st.caption("口径：公开的是「技术转移服务机构」累计数，与「示范机构」名称不同，不能直接等同。")
        if institutions:
            _open("statistics", "查看依据", institutions.address)
    with right, st.container(border=True, height="stretch"):
        turnover = by_key.get("turnover")
        series = statistic_views.turnover(ctx).series
        target = next((point for point in series.points if point.standing == "target"), None)
        reached = next((point for point in series.published if point.year == 2025), None)
        reach = (
            f"盟市 {picture.leagues_with_organization} / {picture.leagues}，"
            f"旗县 {picture.banners_with_organization} / {picture.banners} 有收录机构"
        )
        records.facts(
            [
                ("目标", "体系全面建成，区内外技术转移网络对接畅通"),
                (
                    "成交额目标",
                    f"{target.year} 年{target.qualifier} {target.value:,} {series.unit}" if target else NO_DATA,
                ),
                ("公开证据", f"{turnover.year} 年 {turnover.text}" if turnover else NO_DATA),
                ("2025 年全年", f"{reached.value:,} {series.unit}" if reached else NO_DATA),
                ("网络覆盖", reach),
            ],
            "2025 年：全面建成",
        )
        _open("network", "看三级网络", {"metric": "organizations"})


def _open(page: str, label: str, query: dict[str, str]) -> None:
    st.page_link(
        navigation.href(page), label=label, icon=":material/arrow_forward:", icon_position="right", query_params=query
    )


def turnover(ctx: Context) -> None:
    """The turnover of technology contracts as the statistics page draws it."""
    statistic_views.draw_turnover(statistic_views.turnover(ctx))


def events(ctx: Context) -> None:
    """Coming events, and the latest where none is announced."""
    today = today_shanghai()
    found = cache.shared(
        "newest-events",
        today.isoformat(),
        ctx.revision("event"),
        lambda session: roadshows.newest_events(session, actor=VISITOR, today=today),
    )
    coming = any(event.coming for event in found)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        bands.section("近期活动", "" if coming else "近期没有已公布的活动，先看最近举办的")
        st.space("stretch")
        _open("roadshows", "全部活动", {})
    roadshow_views.rows(found, key="events-home")
