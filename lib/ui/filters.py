"""The filter bar: widgets whose state is the address, so that a copied link reopens exactly this view."""

from collections.abc import Callable, Mapping
from typing import Final, Literal, TypeVar

import streamlit as st

from lib.services import catalogue
from lib.services.catalogue import ORDERS, CataloguePage, FacetValue
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
    with st.container(key="facets", gap="xsmall"):
        for name, values in facets.items():
            _pill_row(FACET_NAMES[name], name, values, chosen.get(name, ()))


def bar(kind: str, page: CataloguePage) -> None:
    """The filters of a catalogue: the main facets, what is chosen with the ways back, the others when asked for."""
    names = {name: catalogue.facet_name(kind, name) for name in catalogue.FACETS[kind]}
    chosen = page.query.facets
    main, further = catalogue.MAIN[kind], [name for name in names if name not in catalogue.MAIN[kind]]
    with st.container(key="facets", gap="xsmall"):
        for name in main:
            _pill_row(names[name], name, page.facets[name], chosen.get(name, ()))
        with st.container(horizontal=True, vertical_alignment="center", gap="small", key="facet-tools"):
            _more_button(sum(len(chosen.get(name, ())) for name in further), opened=page.query.more)
            _chips(page, names)
            clear(chosen)
        if page.query.more:
            _further_rows(page, {name: names[name] for name in further})


def _more_button(count: int, *, opened: bool) -> None:
    st.button(
        f"更多筛选 **{count}**" if count else "更多筛选",
        icon=":material/expand_less:" if opened else ":material/tune:",
        key="more-facets",
        on_click=lambda: address.write(more=None if opened else "1"),
    )


def _chips(page: CataloguePage, names: Mapping[str, str]) -> None:
    """What is chosen, each as a button that takes it back."""
    labels = {
        f"{name}={value.value}": f"{names[name]}：{cards.plain(value.label)}"
        for name, values in page.facets.items()
        for value in values
        if value.value in page.query.facets.get(name, ())
    }
    if not labels:
        return
    st.session_state["chips"] = []
    st.pills(
        "已选条件，点一下去掉",
        list(labels),
        selection_mode="multi",  # of one choice among several the browser would make radio buttons
        format_func=lambda option: f":material/close: {labels.get(option, option)}",
        key="chips",
        label_visibility="collapsed",
        width="stretch",
        on_change=lambda: _take_back(page, st.session_state["chips"]),
    )


def _take_back(page: CataloguePage, options: list[str]) -> None:
    for name, _, taken in (option.partition("=") for option in options):
        left = [value for value in page.query.facets.get(name, ()) if value != taken]
        address.write(**{name: left, "page": None})


def _further_rows(page: CataloguePage, names: Mapping[str, str]) -> None:
    """A row for each further facet; those that no source states are named in one line."""
    silent = []
    for name, label in names.items():
        values, chosen = page.facets[name], page.query.facets.get(name, ())
        if chosen or any(value.value != catalogue.UNKNOWN for value in values):
            _pill_row(label, name, values, chosen)
        elif values:
            silent.append(label)
    if silent:
        st.caption(f"{'、'.join(silent)}：这些记录的来源都未披露。")


def _pill_row(label: str, name: str, values: tuple[FacetValue, ...], chosen: tuple[str, ...]) -> None:
    kept = (*chosen, catalogue.UNKNOWN)
    shown = [value for i, value in enumerate(values) if i < _SHOWN or value.value in kept]
    labels = {value.value: f"{cards.plain(value.label)} **{value.count:,}**" for value in shown}
    options = [*labels, *(value for value in chosen if value not in labels)]
    if not options:
        return
    key = f"facet-{name}"
    st.session_state[key] = list(chosen)
    st.pills(
        label,
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
    st.pagination(
        pages,
        default=min(current, pages),
        key=key,
        on_change=lambda: address.write(page=st.session_state[key] if st.session_state[key] > 1 else None),
    )
