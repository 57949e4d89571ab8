"""The address of a page is its state: read leniently (garbage means the default), written in one place."""

from collections.abc import Callable

import streamlit as st

from lib.domain.text import MAX_QUERY, clean

_LONGEST_ID = 9


def words(name: str, limit: int = MAX_QUERY) -> str:
    """A text parameter, cleaned and cut; blank when it holds what no text may hold."""
    try:
        return clean(_last(name))[:limit]
    except ValueError:
        return ""


def number(name: str) -> int | None:
    """A record id or page number, or None."""
    value = _last(name)
    return int(value) if value.isascii() and value.isdigit() and len(value) <= _LONGEST_ID and int(value) else None


def choice(name: str, allowed: tuple[str, ...], default: str) -> str:
    """One of a closed set."""
    value = _last(name, default)
    return value if value in allowed else default


def choices(name: str, valid: Callable[[str], bool]) -> tuple[str, ...]:
    """The values of a repeated parameter that are valid, each once."""
    return tuple(dict.fromkeys(value for value in st.query_params.get_all(name) if valid(value)))


def write(**values: str | int | list[str] | None) -> None:
    """Set or, with None, blank or an empty list, remove parameters of this page's address; the browser is told once."""
    before = _query()
    query = dict(before)
    for name, value in values.items():
        if value in (None, "", []):
            query.pop(name, None)
        else:
            query[name] = [str(v) for v in value] if isinstance(value, list) else [str(value)]
    if query != before:
        st.query_params.from_dict(query)
        if (shown := st.session_state.get("address")) is not None:
            st.session_state["address"] = (shown[0], query)


def keep(page: str) -> None:
    """Make the browser show the address of this run.

    A link to the page one is on changes what the run sees but, of itself, not the address bar; a reload or the
    next click would fall back to the old view. Saying an unchanged address again does nothing in the browser.
    """
    query = _query()
    before = st.session_state.get("address")
    st.session_state["address"] = (page, query)
    if before is not None and before[0] == page and before[1] != query:
        st.query_params.from_dict(query)


def _last(name: str, default: str = "") -> str:
    """The value of a parameter. `st.query_params.get` writes a sentence about each that is missing."""
    values = st.query_params.get_all(name)
    return values[-1] if values else default


def _query() -> dict[str, list[str]]:
    return {name: st.query_params.get_all(name) for name in st.query_params}
