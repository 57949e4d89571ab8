"""The filter bar: widgets whose state is the address, so that a copied link reopens exactly this view."""

from collections.abc import Callable, Mapping
from typing import Final, Literal, TypeVar

import streamlit as st

from lib.services.catalogue import ORDERS, FacetValue
from lib.ui import address
from lib.ui.components import cards

Name = TypeVar("Name", bound=str)

FACET_NAMES: Final[dict[str, str]] = {
    "field": "领域",
    "league": "盟市",
    "year": "年份",
    "origin": "来源",
    "kind": "类别",
    "partner": "合作地区",
    "group": "主题",
    "scope": "范围",
    "mode": "方式",
    "type": "类型",
}
_SHOWN: Final = 14


def search_box(placeholder: str, key: str = "q") -> None:
    """The search box; entering words starts from the first page, with the best matches first."""
    st.session_state[key] = address.words("q")
    st.text_input(
        "搜索",
        type="search",
        placeholder=placeholder,
        icon=":material/search:",
        label_visibility="collapsed",
        key=key,
        max_chars=100,
        on_change=lambda: address.write(q=st.session_state[key], page=None, order=None, exact=None),
    )


def pills(facets: Mapping[str, tuple[FacetValue, ...]], chosen: Mapping[str, tuple[str, ...]]) -> None:
    """One row of counted pills a facet, most frequent first; what is chosen stays visible at 0 hits."""
    with st.container(key="facets", gap="small"):
        for name, values in facets.items():
            _pill_row(name, values, chosen.get(name, ()))


def _pill_row(name: str, values: tuple[FacetValue, ...], chosen: tuple[str, ...]) -> None:
    shown = [value for i, value in enumerate(values) if i < _SHOWN or value.value in chosen]
    labels = {value.value: f"{cards.plain(value.label)} **{value.count:,}**" for value in shown}
    options = [*labels, *(value for value in chosen if value not in labels)]
    if not options:
        return
    key = f"facet-{name}"
    st.session_state[key] = list(chosen)
    st.pills(
        FACET_NAMES[name],
        options,
        selection_mode="multi",
        format_func=lambda value: labels.get(value, f"{cards.plain(value)} **0**"),
        key=key,
        width="stretch",
        wrap=False,
        on_change=lambda: address.write(**{name: list(st.session_state[key]), "page": None}),
    )


def clear(chosen: Mapping[str, tuple[str, ...]]) -> None:
    """One way back to the whole list, shown when anything is chosen."""
    if any(chosen.values()) or address.words("q"):
        st.button(
            "清除筛选",
            icon=":material/close:",
            type="tertiary",
            on_click=lambda: address.write(q=None, page=None, order=None, exact=None, **dict.fromkeys(chosen)),
        )


def order_control(current: str, *, searching: bool) -> None:
    """How the list is sorted."""
    options = {order: label for order, label in ORDERS.items() if searching or order != "relevance"}
    segments("排序", options, current, key="order", chosen=lambda order: address.write(order=order, page=None))


def segments(
    label: str, options: Mapping[Name, str], current: Name, *, key: str, chosen: Callable[[Name], None]
) -> None:
    """A choice of one among a few, shown beside each other; `chosen` puts another choice into the address."""
    st.session_state[key] = current
    st.segmented_control(
        label,
        list(options),
        format_func=options.__getitem__,
        key=key,
        required=True,
        label_visibility="collapsed",
        on_change=lambda: chosen(st.session_state[key]),
    )


def select(
    label: str,
    options: Mapping[str, str],
    current: str,
    *,
    key: str,
    placeholder: str,
    chosen: Callable[[str | None], None],
    width: Literal["stretch"] | int = "stretch",
) -> None:
    """A choice of one among many, or of none; `chosen` puts another choice into the address."""
    st.session_state[key] = current or None
    st.selectbox(
        label,
        list(options),
        format_func=lambda value: options.get(value, value),
        key=key,
        placeholder=placeholder,
        label_visibility="collapsed",
        width=width,
        on_change=lambda: chosen(st.session_state[key]),
    )


def pager(current: int, pages: int) -> None:
    """Page numbers for `pages` pages; the address holds the current one."""
    if pages < 2:
        return
    # The page is part of the key: the address is the state, and a widget's own memory must not outlive it.
    key = f"pager-{pages}-{min(current, pages)}"
    with st.container(horizontal=True, horizontal_alignment="center"):
        st.pagination(
            pages,
            default=min(current, pages),
            key=key,
            on_change=lambda: address.write(page=st.session_state[key] if st.session_state[key] > 1 else None),
        )
