"""Small pieces of HTML that Streamlit has no element for. Every text is escaped; there is no way around it."""

import re
from collections.abc import Sequence
from functools import lru_cache
from html import escape

import streamlit as st

from lib.domain.text import hits


class Markup(str):
    """HTML whose texts are escaped already; only `el` makes it."""

    __slots__ = ()

    def _repr_html_(self) -> str:
        """What `st.html` shows as it is; of a plain string it would look first whether it is a file or indented."""
        return str(self)


_ATTRIBUTES = frozenset({"href", "id", "title", "role", "style", "rel", "src", "alt"}) | frozenset(
    {"aria_label", "aria_hidden", "aria_current", "method", "action", "type"}
)


def el(tag: str, *children: str | Markup | None, cls: str = "", **attributes: str) -> Markup:
    """An element: plain strings among `children` are escaped, Markup is nested, None is left out.

    Raises ValueError for attributes outside the short list above and for links that are no path, http(s) or
    in-page address.
    """
    opening = _opening(tag, cls)
    listed = _listed(attributes) if attributes else ""
    inside = "".join(
        [child if isinstance(child, Markup) else escape(child, False) for child in children if child is not None]
    )
    return Markup(f"{opening}{listed}>{inside}</{tag}>")


@lru_cache(maxsize=1024)
def _opening(tag: str, cls: str) -> str:
    return f'<{tag} class="{escape(cls)}"' if cls else f"<{tag}"


def _listed(attributes: dict[str, str]) -> str:
    if unknown := attributes.keys() - _ATTRIBUTES:
        raise ValueError(f"attributes not allowed: {sorted(unknown)}")
    if not attributes.get("href", "/").startswith(("/", "#", "http://", "https://")):
        raise ValueError("a link must be a path or an http(s) address")
    if "action" in attributes and not re.match(r"/(?![/\\])", attributes["action"]):
        raise ValueError("a form goes to a path of ours")
    return "".join([f' {name.replace("_", "-")}="{escape(value)}"' for name, value in attributes.items()])


def join(*parts: Markup) -> Markup:
    """Elements one after another."""
    return Markup("".join(parts))


def marked(tag: str, text: str, words: Sequence[str], *, cls: str = "", **attributes: str) -> Markup:
    """An element with the text, in which every place where one of the words stands is marked."""
    found = hits(text, words)
    if not found:
        return el(tag, text, cls=cls, **attributes)
    parts: list[str | Markup] = []
    end = 0
    for start, stop in found:
        parts += [text[end:start], el("mark", text[start:stop], cls="bj-hit")]
        end = stop
    return el(tag, *parts, text[end:], cls=cls, **attributes)


def draw(markup: Markup) -> None:
    """Put the markup on the page."""
    st.html(markup)


@lru_cache
def ladder(level: int | None) -> Markup:
    """The maturity ladder 1–9: filled to `level`, hollow throughout when undisclosed."""
    steps = [el("i", cls="on" if level and step <= level else "") for step in range(1, 10)]
    name = f"成熟度 {level} 级" if level else "成熟度未披露"
    return el("span", *steps, cls="bj-ladder", role="img", aria_label=name)


def external(label: str, url: str) -> Markup:
    """A link that leaves the product, or the label alone where there is no address fit to link."""
    if not url.startswith(("http://", "https://")):
        return el("span", label)
    return el("a", label, href=url, rel="noopener noreferrer nofollow")
