"""The parts of a record page: head, facts, stages, sources. One way for every kind of record."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

import streamlit as st

from lib.domain.telling import bars
from lib.domain.vocabulary import UNDISCLOSED
from lib.ui import navigation
from lib.ui.components import bands
from lib.ui.components.markup import Markup, draw, el, join

Fact = tuple[str, str | Markup]


def head(kind: str, page: str, title: str, value: str, tags: Sequence[str], tag: Markup, record_id: int = 0) -> None:
    """The way back, and the dark band with tags, title and one sentence of value.

    `record_id` adds the ways to take an achievement or a demand along on paper.
    """
    with st.container(horizontal=True, vertical_alignment="center", key="crumbs"):
        st.page_link(navigation.href(page), label=kind, icon=":material/arrow_back:")
        if record_id:
            paper = el("a", "打印", href=f"/print/{page}/{record_id}", cls="bj-more")
            word = el("a", "下载 Word", href=f"/download/{page}/{record_id}.docx", cls="bj-more")
            draw(el("nav", paper, word, cls="bj-take", aria_label="带走这条记录"))
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


def shows(content: Mapping[str, Any]) -> list[Fact]:
    """The achievement that a registration shows, as a fact that leads to it; nothing where it shows none."""
    number = content.get("achievement_id")
    return [("展示的成果", el("a", "打开成果页", href=f"/achievements?id={int(number)}"))] if number else []


def rail(steps: Sequence[tuple[str, str, bool]]) -> None:
    """Stages in a row: name, what is known, lit or not. Lit only where a dated or sourced fact exists."""
    draw(
        el(
            "ol",
            *(el("li", el("b", name), el("span", known), cls="on" if lit else "") for name, known, lit in steps),
            cls="bj-rail",
        )
    )


def comparison(lines: Sequence[Mapping[str, str]], offered: str, label: str) -> None:
    """Indicator, existing value and the value under `offered`, which `label` names; bars where both are plain."""
    rows = []
    for line in lines:
        both = bars(line["existing"], line[offered])
        rows.append(
            el(
                "tr",
                el("td", line["indicator"]),
                _value("现有水平", line["existing"], both.existing if both else None, "bj-before"),
                _value(label, line[offered], both.offered if both else None, "bj-after"),
            )
        )
    head_row = el("tr", *(el("th", name) for name in ("指标", "现有水平", label)))
    draw(el("table", el("thead", head_row), el("tbody", *rows), cls="bj-table bj-values"))


def _value(name: str, text: str, part: float | None, cls: str) -> Markup:
    bar = el("i", style=f"width:{part:.1%}", aria_hidden="true", cls=cls) if part is not None else None
    return el("td", el("small", f"{name} ", cls="bj-phone"), el("span", text or UNDISCLOSED), bar)


def rights(rows: Sequence[tuple[str, str, str, str]]) -> None:
    """Kind, number, state and expiry of intellectual property rights."""
    names = ("形式", "编号", "状态", "到期日")
    body = (
        el("tr", el("td", row[0]), *(_cell(name, text) for name, text in zip(names[1:], row[1:], strict=True)))
        for row in rows
    )
    head_row = el("tr", *(el("th", name) for name in names))
    draw(el("table", el("thead", head_row), el("tbody", *body), cls="bj-table bj-values"))


def _cell(name: str, text: str) -> Markup:
    return el("td", el("small", f"{name} ", cls="bj-phone"), el("span", text)) if text else el("td")


def shares(lines: Sequence[Mapping[str, str]]) -> None:
    """Who holds how much of the rights: a bar of the parts, and the same in words and numbers."""
    parts = [el("i", style=f"flex-grow:{Decimal(line['share'])}") for line in lines]
    words = [el("li", el("i"), el("span", line["holder"]), el("b", f"{line['share']}%")) for line in lines]
    draw(
        join(
            el("div", *parts, cls="bj-shares", aria_hidden="true"),
            el("ul", *words, cls="bj-holders"),
        )
    )


def completeness(line: str, filled: float, missing: str) -> None:
    """How much of a record is told, 0 to 1, and what is missing in a sentence."""
    bar = el("div", el("i", style=f"width:{filled:.0%}"), cls="bj-filled", aria_hidden="true")
    draw(el("div", el("b", line), bar, el("p", missing or "各项都已写明。"), cls="bj-complete"))


def internal(label: str, page: str, record_id: int) -> None:
    """A link to another record."""
    st.page_link(navigation.href(page), label=label, query_params={"id": str(record_id)})
