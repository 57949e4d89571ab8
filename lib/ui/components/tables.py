"""Plain tables: for rows that are read, not worked with. A phone scrolls them sideways."""

from collections.abc import Iterable
from typing import Final

from lib.ui.components.markup import Markup, draw, el

_MANY: Final = 6
"""A table of more columns keeps a width at which they stay readable."""


def table(names: Iterable[str], rows: Iterable[Markup], *, stack: bool = False) -> None:
    """A table with these column names; a name that begins with # stands over numbers.

    With `stack` a phone shows each row as a few lines instead.
    """
    names = tuple(names)
    cls = "bj-table bj-many" if len(names) > _MANY else "bj-table"
    if stack:
        cls += " bj-stack"
    head = el("tr", *(el("th", name.lstrip("#"), cls="num" if name.startswith("#") else "") for name in names))
    draw(el("div", el("table", el("thead", head), el("tbody", *rows), cls=cls), cls="bj-scroll"))


def row(*cells: Markup | None) -> Markup:
    """One row; a cell that is None is left out."""
    return el("tr", *cells)


def cell(value: str | Markup, cls: str = "") -> Markup:
    """One cell. Classes: num for numbers, bj-tight for what must not break, bj-from for sources."""
    return el("td", value, cls=cls)
