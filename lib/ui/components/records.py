"""The parts of a record page: head, facts, stages, sources. One way for every kind of record."""

from collections.abc import Sequence

import streamlit as st

from lib.domain.vocabulary import UNDISCLOSED
from lib.ui import navigation
from lib.ui.components import bands
from lib.ui.components.markup import Markup, draw, el

Fact = tuple[str, str | Markup]


def head(kind: str, page: str, title: str, value: str, tags: Sequence[str], tag: Markup) -> None:
    """The way back, and the dark band with tags, title and one sentence of value."""
    with st.container(key="crumbs"):
        st.page_link(navigation.href(page), label=kind, icon=":material/arrow_back:")
    with st.container(key="band-record"):
        badges = el("div", *(el("span", text, cls="bj-badge") for text in tags if text), tag, cls="bj-badges")
        draw(el("div", badges, el("h1", title, cls="bj-title"), el("p", value, cls="bj-subtitle") if value else None))


def missing(kind: str, page: str, message: str) -> None:
    """A record that is not there, and the way back to its list."""
    bands.band("没有找到", message)
    st.page_link(navigation.href(page), label=f"回到{kind}", icon=":material/arrow_back:")


def heading(title: str) -> Markup:
    """The heading of a panel."""
    return el("h3", title, cls="bj-chart-title")


def facts(rows: Sequence[Fact], title: str = "") -> None:
    """A two-column list of facts; blanks read 未披露."""
    items = [
        el("div", el("dt", name), el("dd", value if isinstance(value, Markup) else value or UNDISCLOSED))
        for name, value in rows
    ]
    heading = el("h3", title) if title else None
    draw(el("div", heading, el("dl", *items, cls="bj-facts")))


def rail(steps: Sequence[tuple[str, str, bool]]) -> None:
    """Stages in a row: name, what is known, lit or not. Lit only where a dated fact exists."""
    draw(
        el(
            "ol",
            *(el("li", el("b", name), el("span", known), cls="on" if lit else "") for name, known, lit in steps),
            cls="bj-rail",
        )
    )


def internal(label: str, page: str, record_id: int) -> None:
    """A link to another record."""
    st.page_link(navigation.href(page), label=label, query_params={"id": str(record_id)})
