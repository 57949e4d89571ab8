"""What the three catalogue pages share: the list with its filters."""

import streamlit as st

from lib.domain.access import Permission
from lib.services import catalogue
from lib.ui import cache, filters, guard
from lib.ui.components import bands
from lib.ui.components.markup import draw, el
from lib.ui.guard import Context
from lib.ui.views import results, searches


def listing(ctx: Context, kind: str, *, title: str, question: str, placeholder: str, noun: str) -> None:
    """Band with the search box, counted filters, sorted cards, page numbers; a search runs them alone."""
    guard.part(ctx, Permission.READ_CATALOGUE, lambda now: _list(now, kind, title, question, placeholder, noun))


def _list(ctx: Context, kind: str, title: str, question: str, placeholder: str, noun: str) -> None:
    query = catalogue.question(kind, st.query_params.get_all)
    page = cache.catalogue_page(kind, query, ctx.revision(kind, "organization", "division"))
    places = cache.place_names(ctx.revision("division"))
    with bands.searched(title, question):
        filters.search_box(placeholder)
    filters.bar(kind, page)
    with st.container(horizontal=True, vertical_alignment="center", key="summary"):
        draw(el("span", "共 ", el("b", f"{page.total:,}"), f" {noun}", cls="bj-count"))
        if kind != "organization":
            filters.order_control(query.order, searching=bool(query.q))
        view = results.view_control()
    results.told(page)
    searches.looked(ctx, kind, query)
    results.comparison(ctx, kind, places)
    if page.items:
        results.draw_items(page, kind, view, places)
        filters.pager(query.page, page.pages)
        results.take_away(ctx, page, kind)
    elif page.total:
        bands.empty("这一页没有内容", "页码超出了范围，请回到第一页。")
    else:
        results.nothing(ctx, kind, page)
