"""What a search of a catalogue found: cards or a table, a comparison, a file, and the way on from nothing."""

from collections.abc import Sequence
from typing import Final
from urllib.parse import urlencode

import streamlit as st

from lib.services import catalogue
from lib.services.catalogue import Card, CataloguePage
from lib.services.exports import FORMS, LIMIT, NOUNS
from lib.ui import address, cache, filters, guard, navigation
from lib.ui.components import bands, cards
from lib.ui.components.markup import Markup, draw, el, join, marked
from lib.ui.components.tables import cell, row, table
from lib.ui.guard import Context
from lib.ui.views import searches

VIEWS: Final = {"cards": "卡片", "table": "表格"}
_BREAKING: Final = {"单位", "领域", "所在地"}
"""Columns of a table whose texts may break."""
_MOST: Final = 4
"""How many records stand beside each other."""


def view_control() -> str:
    """Cards or a table; returns what the address says."""
    view = address.choice("view", tuple(VIEWS), "cards")
    filters.segments(
        "样式", VIEWS, view, key="view", chosen=lambda name: address.write(view=None if name == "cards" else name)
    )
    return view


def told(page: CataloguePage) -> None:
    """How the search went beyond what was typed, and the way back to exactly that."""
    if page.loosened:
        draw(el("p", "没有同时含有所有词的记录，以下含有其中一部分词，含得多的在前。", cls="bj-count", role="status"))
    if page.widened:
        words = "；".join(f"{term} → {'、'.join(others)}" for term, others in page.widened)
        with st.container(horizontal=True, vertical_alignment="center", gap="small", key="widened"):
            draw(el("p", "已扩展：", words, cls="bj-count"))
            st.button("只搜原词", type="tertiary", on_click=lambda: address.write(exact="1", page=None))
    elif address.choice("exact", ("1",), "") and page.query.q:
        with st.container(horizontal=True, vertical_alignment="center", gap="small", key="widened"):
            draw(el("p", "只搜原词，没有加入同义词。", cls="bj-count"))
            st.button("加入同义词", type="tertiary", on_click=lambda: address.write(exact=None, page=None))


def draw_items(page: CataloguePage, kind: str, view: str, places: dict[str, str]) -> None:
    """The records of the page, as cards or as a table, each with the link that puts it beside others."""
    chosen = compared()
    kept = _kept()
    tools = {card.id: _compare_link(card, chosen, kept) for card in page.items}
    if view == "cards":
        cards.grid(page.items, places, page.words, tools)
        return
    names = [name for name, _ in cards.facts(page.items[0], places)]
    table(
        (NOUNS[kind], *names, "来源", "对比"), (_row(card, places, page.words, tools[card.id]) for card in page.items)
    )


def _row(card: Card, places: dict[str, str], words: Sequence[str], tool: Markup) -> Markup:
    texts = [
        cell(marked("span", text, words if name == "单位" else ()), "" if name in _BREAKING else "bj-tight")
        for name, text in cards.facts(card, places)
    ]
    title = cell(marked("a", card.title, words, href=cards.path(card)), "bj-wide")
    return row(title, *texts, _from(card), cell(tool, "bj-tight"))


def _from(card: Card) -> Markup:
    return cell(join(cards.tag(card.source.origin), el("span", card.source.line)), cls="bj-from")


# ------------------------------------------------------------------ side by side
def compared() -> tuple[int, ...]:
    """The records that the address puts beside each other, at most four."""
    parts = dict.fromkeys(address.words("compare", 60).split(","))
    return tuple(int(part) for part in parts if part.isascii() and part.isdigit() and len(part) < 10)[:_MOST]


def _kept() -> str:
    """The part of this view's address that stays when others are put beside each other."""
    query = st.query_params
    return urlencode([(n, value) for n in query if n != "compare" for value in query.get_all(n) if value])


def _compare_link(card: Card, chosen: tuple[int, ...], kept: str) -> Markup:
    if len(chosen) == _MOST and card.id not in chosen:
        return el("span", "已选满四项", cls="bj-compare")
    others = [number for number in chosen if number != card.id] if card.id in chosen else [*chosen, card.id]
    put = f"compare={'%2C'.join(map(str, others))}" if others else ""
    href = f"/{cards.PAGES[card.kind]}?{'&'.join(filter(None, (kept, put)))}"
    if card.id in chosen:
        return el("a", "移出对比", href=href, cls="bj-compare bj-on")
    return el("a", "加入对比", href=href, cls="bj-compare")


def comparison(ctx: Context, kind: str, places: dict[str, str]) -> None:
    """The chosen records side by side, one column each."""
    chosen = compared()
    if not chosen:
        return
    found = cache.cards(kind, chosen, ctx.revision(kind, "organization", "division"))
    with st.container(border=True, key="compare"):
        with st.container(horizontal=True, vertical_alignment="center"):
            draw(el("h3", f"对比 {len(found)} 项{NOUNS[kind]}", cls="bj-chart-title"))
            st.space("stretch")
            st.button(
                "清空对比", icon=":material/close:", type="tertiary", on_click=lambda: address.write(compare=None)
            )
        if len(found) < 2:
            draw(el("p", f"再选一至三项就能并排看：点{NOUNS[kind]}下方的「加入对比」。", cls="bj-count"))
        if not found:
            return
        described = [cards.facts(card, places) for card in found]
        rows = [
            row(el("th", name), *(cell(facts[i][1]) for facts in described)) for i, (name, _) in enumerate(described[0])
        ]
        if kind != "organization":
            rows.insert(0, row(el("th", "简介"), *(cell(card.summary or "未披露") for card in found)))
        rows.append(row(el("th", "来源"), *(_from(card) for card in found)))
        kept = _kept()
        rows.append(row(el("th", ""), *(cell(_compare_link(card, chosen, kept)) for card in found)))
        heads = el("tr", el("th", NOUNS[kind]), *(el("th", el("a", c.title, href=cards.path(c))) for c in found))
        body = el("table", el("thead", heads), el("tbody", *rows), cls="bj-table bj-compared")
        draw(el("div", body, cls="bj-scroll"))


# ------------------------------------------------------------------ taking away
def take_away(ctx: Context, page: CataloguePage, kind: str) -> None:
    """This very result as a file, its address, and the ways to hear of what is new in it."""
    name = cards.PAGES[kind]
    wanted = {"q", "order", "exact", *page.query.facets}
    asked = urlencode([(n, value) for n in st.query_params if n in wanted for value in st.query_params.get_all(n)])
    links = [
        el("a", form.upper(), href=f"/download/{name}.{form}?{asked}", cls="bj-more", title=f"下载为 {form.upper()}")
        for form in FORMS
    ]
    with st.container(horizontal=True, vertical_alignment="center", key="take-away"):
        most = f"（前 {LIMIT:,} 条）" if page.total > LIMIT else ""
        draw(
            join(
                el(
                    "p",
                    f"下载这 {min(page.total, LIMIT):,} 条{most}，附字段说明和来源：",
                    *links,
                    cls="bj-count bj-files",
                ),
                searches.ways(ctx, kind, page.query),
            )
        )
        searches.keep(ctx, kind, page.query)
        told = "打开这个链接，看到的就是现在的筛选和排序。"
        with st.popover("复制链接", icon=":material/link:", type="tertiary", help=told):
            here = [(n, value) for n in st.query_params for value in st.query_params.get_all(n) if value]
            st.code(f"{guard.origin()}/{name}?{urlencode(here)}".rstrip("?"), language=None, wrap_lines=True)


# ------------------------------------------------------------------ nothing
def nothing(ctx: Context, kind: str, page: CataloguePage) -> None:
    """An empty search leads on: one condition less, words that are near, a demand with the words filled in."""
    words, facets = page.query.q, page.query.facets
    advice = "可以减少一个筛选条件。" if page.whole else "可以换一个相近的词，或少写几个字。"
    bands.empty(f"没有符合条件的{NOUNS[kind]}", advice)
    dropped = {name: count for name, count in page.without.items() if count}
    if dropped or page.whole:
        with st.container(horizontal=True, vertical_alignment="center", gap="small", key="less"):
            for name, count in dropped.items():
                label = f"去掉「{catalogue.facet_name(kind, name)}」有 {count:,} 条"
                st.button(label, key=f"less-{name}", on_click=address.write, kwargs={name: None, "page": None})
            if not dropped:
                everything = {**dict.fromkeys(facets), "page": None}
                st.button(f"去掉全部筛选有 {page.whole:,} 条", on_click=address.write, kwargs=everything)
    near = () if page.whole or not words else cache.nearest(kind, words, ctx.revision(kind, "organization"))
    if near:
        with st.container(horizontal=True, vertical_alignment="center", gap="small", key="near"):
            draw(el("p", "相近的词：", cls="bj-count"))
            for word, count in near:
                fresh = {**dict.fromkeys(facets), "q": word, "page": None, "order": None, "exact": None}
                label = f"{cards.plain(word)} **{count:,}**"
                st.button(label, key=f"near-{word}", on_click=address.write, kwargs=fresh)
    with st.container(horizontal=True, vertical_alignment="center", key="take-away"):
        draw(searches.ways(ctx, kind, page.query))
        searches.keep(ctx, kind, page.query)
    if kind != "organization":
        st.page_link(
            navigation.href("submit"),
            label=f"发布需求：{cards.plain(words)}" if words else "发布需求",
            icon=":material/edit_square:",
            query_params={"kind": "demand", "title": words} if words else {"kind": "demand"},
        )
