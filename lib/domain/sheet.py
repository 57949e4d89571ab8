"""What stands on a record's sheet of paper, whatever it is written as."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Section:
    """One heading with a text, or with a table whose first line names its columns."""

    title: str
    text: str = ""
    header: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()
    wide: bool = False
    """True where it needs the whole width of the paper."""


@dataclass(frozen=True)
class Sheet:
    """What stands on the paper, all of it public; `source` and `printed` are whole sentences, `address` the page."""

    title: str
    value: str
    tags: tuple[str, ...]
    facts: tuple[tuple[str, str], ...]
    sections: tuple[Section, ...]
    missing: str
    source: str
    printed: str
    address: str
    coded: bool = False
    """True where the address is one that a telephone can open, so that a QR code makes sense."""
