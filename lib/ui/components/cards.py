"""The card of a record: the same in every list."""

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from string import punctuation
from typing import Final

import streamlit as st

from lib.domain.money import stated_amount
from lib.domain.text import excerpt, hits
from lib.domain.vocabulary import UNDISCLOSED, Origin
from lib.services import exports
from lib.services.catalogue import Card
from lib.ui import navigation
from lib.ui.components.markup import Markup, draw, el, join, ladder, marked

PAGES: Final = exports.PAGES
_VALUE_LENGTH: Final = 56
_MARKDOWN: Final = str.maketrans({character: f"\\{character}" for character in punctuation})


@lru_cache(maxsize=1 << 12)
def plain(text: str) -> str:
    """Text as a label shows it literally: whatever Markdown could read as a sign or an entity is escaped.

    For labels, which hold no links; in a paragraph a bare address would still become one, so user text is drawn there.
    """
    return text.translate(_MARKDOWN)


def grid(
    cards: Sequence[Card],
    places: dict[str, str],
    words: Sequence[str] = (),
    tools: Mapping[int, Markup] | None = None,
    *,
    narrow: bool = False,
) -> None:
    """Cards in three columns, in two where the place is `narrow`. `places` names divisions by code.

    `words` are marked; `tools` hold a link of its own for the foot of a card, by the card's id.
    """
    tools = tools or {}
    bodies = (join(*_BODIES[card.kind](card, places, words), source_line(card, tools.get(card.id))) for card in cards)
    lay((framed(card, body, words) for card, body in zip(cards, bodies, strict=True)), narrow=narrow)


def lay(framed_cards: Iterable[Markup], *, narrow: bool = False) -> None:
    """Cards beside each other, fewer where the window is narrower, in one piece: every piece costs each run."""
    draw(el("div", *framed_cards, cls="bj-grid bj-narrow" if narrow else "bj-grid"))


def framed(card: Card, body: Markup, words: Sequence[str] = ()) -> Markup:
    """A card with this body. Its title is the link to the record, and the whole of it can be clicked."""
    title = el("a", marked("span", card.title, words), href=path(card), cls="bj-card-title")
    return el("div", title, body, cls=f"bj-card bj-card-{card.kind}")


def path(card: Card) -> str:
    """The address of the record below the product's."""
    return f"/{PAGES[card.kind]}?id={card.id}"


def link(card: Card) -> None:
    """The title as the link to the record, for a list among widgets."""
    st.page_link(navigation.href(PAGES[card.kind]), label=plain(card.title), query_params={"id": str(card.id)})


def facts(card: Card, places: dict[str, str]) -> list[tuple[str, str]]:
    """What a table says of a record beside its title: name and text, the same names for every card of a kind."""
    if card.kind == "organization":
        where = " · ".join(dict.fromkeys(filter(None, (place(card, places), card.place))))
        since = f"{card.since_year} 年" if card.since_year else UNDISCLOSED
        return [("类别", card.organization_kind), ("所在地", where), ("设立或认定", since)]
    told = [
        ("领域", card.field_label),
        ("单位", card.unit or UNDISCLOSED),
        ("所在地", place(card, places)),
        ("年份", str(card.year or UNDISCLOSED)),
    ]
    amount = stated_amount(card.amount, card.negotiable) or UNDISCLOSED
    if card.kind == "demand":
        return [*told, ("预算", amount)]
    return [*told, ("成熟度", f"{card.trl} 级" if card.trl else UNDISCLOSED), ("价格", amount)]


def place(card: Card, places: dict[str, str]) -> str:
    """旗县 where stated, else 盟市, else 未披露."""
    return places.get(card.banner_code or card.league_code or "", "") or UNDISCLOSED


@lru_cache
def tag(origin: Origin) -> Markup:
    """The tag that says where a record comes from."""
    return el("span", origin.label, cls=f"bj-tag bj-{origin.value}")


def source_line(card: Card, tool: Markup | None = None) -> Markup:
    """Tag, publisher and date at the foot of a card."""
    return el("div", tag(card.source.origin), el("span", card.source.line), tool, cls="bj-source")


def price(card: Card, noun: str) -> str:
    """Price or budget in 万元, 面议, or 未披露."""
    return stated_amount(card.amount, card.negotiable) or f"{noun} {UNDISCLOSED}"


@lru_cache(maxsize=1024)
def _top(badge: str, right: str) -> Markup:
    return el("div", el("span", badge, cls="bj-badge"), el("span", right), cls="bj-top")


def _unit(card: Card, places: dict[str, str], words: Sequence[str], missing: str) -> Markup:
    return el(
        "div",
        marked("span", card.unit or missing, words if card.unit else (), cls="bj-unit", title=card.unit or missing),
        el("span", place(card, places), cls="bj-place"),
        cls="bj-row",
    )


def _value(card: Card, words: Sequence[str]) -> Markup:
    """The summary around the first hit, or the first other text with one where the card shows none."""
    if words and not any(hits(text, words) for text in (card.title, card.unit, card.summary)):
        for name, text in card.also:
            if hits(text, words):
                told = f"{name}：{excerpt(text, words, _VALUE_LENGTH - len(name) - 1)}"
                return marked("p", told, words, cls="bj-value")
    return marked("p", excerpt(card.summary, words, _VALUE_LENGTH), words, cls="bj-value")


@lru_cache(maxsize=1024)
def _offer(level: int | None, price: str) -> Markup:
    """成熟度 and price in one row."""
    told = f" {level} 级" if level else f" {UNDISCLOSED}"
    maturity = el("span", "成熟度 ", ladder(level), told, cls="bj-trl")
    return el("div", maturity, el("span", price), cls="bj-row")


def _achievement(card: Card, places: dict[str, str], words: Sequence[str]) -> tuple[Markup, ...]:
    return (
        _top(card.field_label, str(card.year or "年份未披露")),
        _value(card, words),
        _unit(card, places, words, "完成单位未披露"),
        _offer(card.trl, price(card, "价格")),
    )


def _demand(card: Card, places: dict[str, str], words: Sequence[str]) -> tuple[Markup, ...]:
    return (
        _top(card.field_label, str(card.year or "年份未披露")),
        _value(card, words),
        _unit(card, places, words, "需求单位未披露"),
        el("div", el("span", "预算"), el("span", price(card, "").strip()), cls="bj-row"),
    )


def _organization(card: Card, places: dict[str, str], words: Sequence[str]) -> tuple[Markup, ...]:
    where = " · ".join(dict.fromkeys(filter(None, (place(card, places), card.place))))
    since = f"{card.since_year} 年起" if card.since_year else "起始年份未披露"
    return (
        _top(card.organization_kind, since),
        el("div", marked("span", where, words, cls="bj-place"), cls="bj-row"),
    )


_BODIES: Final = {"achievement": _achievement, "demand": _demand, "organization": _organization}
