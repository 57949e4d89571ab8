"""The card of a record: the same in every list."""

from decimal import Decimal
from string import punctuation
from typing import Final

import streamlit as st

from lib.domain.money import show_wan
from lib.domain.text import shorten
from lib.domain.vocabulary import UNDISCLOSED, Origin
from lib.services.catalogue import Card
from lib.ui import navigation
from lib.ui.components.markup import Markup, draw, el, join, ladder

PAGES: Final = {"achievement": "achievements", "demand": "demands", "organization": "organizations"}
_VALUE_LENGTH: Final = 56
_MARKDOWN: Final = str.maketrans({character: f"\\{character}" for character in punctuation})


def plain(text: str) -> str:
    """Text as a label shows it literally: whatever Markdown could read as a sign or an entity is escaped.

    For labels, which hold no links; in a paragraph a bare address would still become one, so user text is drawn there.
    """
    return text.translate(_MARKDOWN)


def grid(cards: tuple[Card, ...], places: dict[str, str]) -> None:
    """Cards in three columns, fewer where the window is narrower. `places` names divisions by code."""
    with st.grid(3, min_column_width=300, gap="small"):
        for card in cards:
            draw_card(card, places)


def draw_card(card: Card, places: dict[str, str]) -> None:
    """One card; the whole of it is the link to its record."""
    with st.container(border=True, height="stretch", gap=None, key=f"card-{card.kind}-{card.id}"):
        link(card)
        draw(_BODIES[card.kind](card, places))


def link(card: Card) -> None:
    """The title as the link to the record."""
    st.page_link(navigation.href(PAGES[card.kind]), label=plain(card.title), query_params={"id": str(card.id)})


def place(card: Card, places: dict[str, str]) -> str:
    """旗县 where stated, else 盟市, else 未披露."""
    return places.get(card.banner_code or card.league_code or "", "") or UNDISCLOSED


def tag(origin: Origin) -> Markup:
    """The tag that says where a record comes from."""
    return el("span", origin.label, cls=f"bj-tag bj-{origin.value}")


def source_line(card: Card) -> Markup:
    """Tag, publisher and date at the foot of a card."""
    return el("div", tag(card.source.origin), el("span", card.source.line), cls="bj-source")


def price(card: Card, noun: str) -> str:
    """Price or budget in 万元, 面议, or 未披露."""
    return stated_amount(card.amount, card.negotiable) or f"{noun} {UNDISCLOSED}"


def stated_amount(amount: Decimal | None, negotiable: bool) -> str:
    """An amount (元) in 万元, 面议, or blank where the source states neither."""
    if amount is not None:
        return show_wan(amount)
    return "面议" if negotiable else ""


def _top(badge: str, right: str) -> Markup:
    return el("div", el("span", badge, cls="bj-badge"), el("span", right), cls="bj-top")


def _unit(card: Card, places: dict[str, str], missing: str) -> Markup:
    return el(
        "div",
        el("span", card.unit or missing, cls="bj-unit", title=card.unit or missing),
        el("span", place(card, places), cls="bj-place"),
        cls="bj-row",
    )


def _achievement(card: Card, places: dict[str, str]) -> Markup:
    level = f"{card.trl} 级" if card.trl else UNDISCLOSED
    return join(
        _top(card.field_label, str(card.year or "年份未披露")),
        el("p", shorten(card.summary, _VALUE_LENGTH), cls="bj-value"),
        _unit(card, places, "完成单位未披露"),
        el(
            "div",
            el("span", "成熟度 ", ladder(card.trl), f" {level}", cls="bj-trl"),
            el("span", price(card, "价格")),
            cls="bj-row",
        ),
        source_line(card),
    )


def _demand(card: Card, places: dict[str, str]) -> Markup:
    return join(
        _top(card.field_label, str(card.year or "年份未披露")),
        el("p", shorten(card.summary, _VALUE_LENGTH), cls="bj-value"),
        _unit(card, places, "需求单位未披露"),
        el("div", el("span", "预算"), el("span", price(card, "").strip()), cls="bj-row"),
        source_line(card),
    )


def _organization(card: Card, places: dict[str, str]) -> Markup:
    where = " · ".join(dict.fromkeys(filter(None, (place(card, places), card.place))))
    since = f"{card.since_year} 年起" if card.since_year else "起始年份未披露"
    return join(
        _top(card.organization_kind, since),
        el("div", el("span", where, cls="bj-place"), cls="bj-row"),
        source_line(card),
    )


_BODIES: Final = {"achievement": _achievement, "demand": _demand, "organization": _organization}
