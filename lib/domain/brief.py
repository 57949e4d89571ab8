"""简报: what a monthly brief or a yearly report of one scope holds, whatever it is written as."""

from dataclasses import dataclass
from decimal import Decimal

from lib.domain.sheet import Section, Sheet
from lib.domain.vocabulary import NO_DATA

Cell = str | int | Decimal | None
"""Text, a number, or what is not known."""


@dataclass(frozen=True)
class Table:
    """Columns by name; a name that begins with # stands over numbers."""

    header: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]


@dataclass(frozen=True)
class Part:
    """One heading with sentences, a table, and bars: label and value in `unit`, in the order they are drawn."""

    title: str
    text: str = ""
    table: Table | None = None
    bars: tuple[tuple[str, Decimal], ...] = ()
    unit: str = ""


@dataclass(frozen=True)
class Brief:
    """The whole report; `sources` are the lines of published figures that it shows, `address` the page it is from."""

    title: str
    scope: str
    period: str
    lead: tuple[str, ...]
    parts: tuple[Part, ...]
    sources: tuple[str, ...]
    printed: str
    address: str

    @property
    def name(self) -> str:
        """The name of its file without ending."""
        return self.title.replace(" ", "")


def told(cell: Cell) -> str:
    """A cell in words: numbers with separators, 暂无数据 for what is not known."""
    if cell is None:
        return NO_DATA
    return cell if isinstance(cell, str) else f"{cell:,}"


def sheet_of(brief: Brief) -> Sheet:
    """The report as it stands on paper: the same words and numbers as text."""
    sections = [Section("说明", "\n".join(brief.lead), wide=True)]
    for part in brief.parts:
        table = part.table or Table((), ())
        sections.append(
            Section(
                part.title, part.text, tuple(name.lstrip("#") for name in table.header),
                tuple(tuple(told(cell) for cell in row) for row in table.rows), wide=True, bars=part.bars,
                unit=part.unit,
            )
        )  # fmt: skip
    return Sheet(
        brief.title, "", (brief.scope, brief.period), (), tuple(sections), "",
        f"来源：{'；'.join(brief.sources)}" if brief.sources else f"来源：公布数{NO_DATA}。",
        brief.printed, brief.address, numbered=True,
    )  # fmt: skip
