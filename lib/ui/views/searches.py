"""Searches that somebody keeps: on the lists the way to keep one or to subscribe to it, in 我的 what is new in each."""

import contextlib
from collections.abc import Callable
from typing import Final
from urllib.parse import parse_qsl, quote, urlencode

import streamlit as st

from lib.domain import paging
from lib.domain.access import Permission
from lib.domain.dates import show_time
from lib.domain.errors import InvalidInput, ProductError, Unavailable
from lib.services import searches
from lib.services.catalogue import CatalogueQuery
from lib.services.exports import NOUNS, PAGES
from lib.services.searches import Saved
from lib.store.engine import database
from lib.ui import cache, filters, navigation
from lib.ui.components import bands, cards
from lib.ui.components.markup import Markup, draw, el
from lib.ui.guard import Context

PAGE_SIZE: Final = 10
"""How many searches 我的 shows at a time: each is counted anew after a change of the data."""


# ------------------------------------------------------------------ on the lists
def ways(ctx: Context, kind: str, query: CatalogueQuery) -> Markup:
    """The links to hear of what this search finds later: its feed, and the login where a visitor would keep it."""
    asked = searches.address(query)
    feed = el(
        "a", "订阅", href=_address(f"/feeds/{PAGES[kind]}.atom", asked), cls="bj-more",
        title="把这个地址加到订阅软件，有新公开的记录就能收到",
    )  # fmt: skip
    saved = None
    if not ctx.actor.may(Permission.MANAGE_OWN_ACCOUNT):
        here = [(name, value) for name in st.query_params for value in st.query_params.get_all(name)]
        onward = quote(_address(f"/{PAGES[kind]}", urlencode(here)), safe="")
        saved = el(
            "a", "保存这次搜索", href=f"/login?next={onward}", cls="bj-more", title="登录后保存，有新公开的记录会提醒"
        )
    elif _kept(ctx, kind, asked):
        saved = el("a", "已保存", href="/mine?view=searches", cls="bj-more", title="在「我的」里查看和改名")
    return el("p", saved, feed, cls="bj-count bj-files")


def keep(ctx: Context, kind: str, query: CatalogueQuery) -> None:
    """The button that keeps this search, for who may and has not yet."""
    if not ctx.actor.may(Permission.MANAGE_OWN_ACCOUNT) or _kept(ctx, kind, searches.address(query)):
        return
    if st.button("保存这次搜索", icon=":material/bookmark_add:", type="tertiary"):
        _do(lambda: searches.save(database(), kind, st.query_params.get_all, actor=ctx.actor))


def looked(ctx: Context, kind: str, query: CatalogueQuery) -> None:
    """Whoever opens a search that they keep has seen what is new in it, and is told how much that is."""
    saved = _kept(ctx, kind, searches.address(query)) if ctx.saved else None
    news = ctx.news.get(saved.id) if saved else None
    if saved is None or news is None or not news.unread:
        return
    draw(el("p", f"这次搜索已保存，上次看过以后新公开 {news.unread:,} 条。", cls="bj-count", role="status"))
    with contextlib.suppress(Unavailable):  # the list can be read even when nothing can be written
        searches.mark_seen(database(), saved.id, news.newest, actor=ctx.actor)


def _kept(ctx: Context, kind: str, asked: str) -> Saved | None:
    return next((saved for saved in ctx.saved if (saved.kind, saved.query) == (kind, asked)), None)


# ------------------------------------------------------------------ in 我的
def label(ctx: Context) -> str:
    """The name of the view, with how many of the searches found something new."""
    count = sum(1 for news in ctx.news.values() if news.unread)
    return f"保存的搜索 {count} 个有新内容" if count else "保存的搜索"


def mine(ctx: Context, page: int) -> None:
    """The searches that the actor keeps, those with something new first; each can be opened, renamed and removed."""
    if not ctx.saved:
        bands.empty(
            "还没有保存的搜索",
            "在成果库、需求库或机构里搜索或筛选后，点列表下面的「保存这次搜索」。有新公开的记录，会在这里告诉您。",
        )
        return
    ordered = sorted(ctx.saved, key=lambda saved: not ctx.news[saved.id].unread)
    pages = paging.pages(len(ordered), PAGE_SIZE)
    shown = ordered[(min(page, pages) - 1) * PAGE_SIZE :][:PAGE_SIZE]
    places = cache.place_names(ctx.revision("division"))
    with st.container(border=True, gap=None, key="mine"):
        for saved in shown:
            with st.container(key=f"line-search-{saved.id}", horizontal=True, vertical_alignment="center"):
                _line(ctx, saved, places)
    filters.pager(page, pages)


def _line(ctx: Context, saved: Saved, places: dict[str, str]) -> None:
    kind, unread = saved.kind, ctx.news[saved.id].unread
    found = cache.catalogue_page(kind, saved.asked, ctx.revision(kind, "organization", "division"))
    fresh = el("span", f"新公开 {unread:,} 条", cls="bj-tag bj-submitted") if unread else None
    counts = f"共 {found.total:,} 条 · {show_time(saved.created_at)} 保存"
    with st.container(gap=None):
        st.page_link(
            navigation.href(PAGES[kind]),
            label=cards.plain(saved.name),
            query_params=[*parse_qsl(saved.query), *([("order", "latest")] if unread else [])],
        )
        asked = searches.in_words(kind, saved.asked, places)
        told = (NOUNS[kind], asked, counts) if asked != saved.name else (NOUNS[kind], counts)
        draw(el("p", fresh, " " if fresh else "", " · ".join(told), cls="bj-meaning"))
    with st.popover("改名", icon=":material/edit:", type="tertiary"):
        name = st.text_input("名称", saved.name, max_chars=searches.NAME_LENGTH, key=f"name-{saved.id}")
        if st.button("保存", type="primary", key=f"rename-{saved.id}"):
            _do(lambda: searches.rename(database(), saved.id, name, actor=ctx.actor))
    if st.button("删除", icon=":material/delete:", type="tertiary", key=f"remove-{saved.id}"):
        _do(lambda: searches.remove(database(), saved.id, actor=ctx.actor))


# ------------------------------------------------------------------ inside
def _address(path: str, query: str) -> str:
    return f"{path}?{query}".rstrip("?")


def _do(work: Callable[[], object]) -> None:
    """Carry something out and show the page as it is afterwards."""
    try:
        work()
    except InvalidInput as wrong:
        bands.wrong(wrong.message)
    except ProductError as refused:
        st.warning(refused.message, icon=":material/info:")
    else:
        st.rerun()
