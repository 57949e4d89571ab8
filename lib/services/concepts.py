"""Words of the region's industries that mean the same: an editable table, `data/concepts.csv` (concept,word)."""

import csv
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Final

from lib.domain.matching import Industries
from lib.domain.text import fold
from lib.settings import ROOT

FILE: Final = ROOT / "data" / "concepts.csv"
INDUSTRIES_FILE: Final = ROOT / "data" / "industries.csv"
"""sector, industry, word: wider than synonyms, by which matching tells what a text is about; never widens a search. An
industry may lie in several sectors (separated by 、); a row without an industry is a word of the sector itself."""
_MOST: Final = 12


@lru_cache
def table() -> dict[str, tuple[str, ...]]:
    """The words of every concept, as they are written. Read once; raises KeyError where a column is missing."""
    return _read(FILE, "concept")


@lru_cache
def industries() -> Industries:
    """The industries of the region with their words, the concepts beside them. Raises KeyError as `table`."""
    words: dict[str, list[str]] = {f"{name}+": list(group) for name, group in table().items()}
    own: dict[str, list[str]] = {}
    members: dict[str, dict[str, None]] = {}
    for row in _rows(INDUSTRIES_FILE):
        industry, word = row["industry"].strip(), row["word"].strip()
        for sector in filter(None, row["sector"].strip().split("、")):
            if industry:
                members.setdefault(sector, {})[industry] = None
            elif word:
                own.setdefault(sector, []).append(word)
        if industry and word:
            words.setdefault(industry, []).append(word)
    return Industries(
        words, {name: (own.get(name, []), members.get(name, {})) for name in dict.fromkeys([*own, *members])}
    )


def _read(file: Path, group: str) -> dict[str, tuple[str, ...]]:
    found: dict[str, list[str]] = {}
    for row in _rows(file):
        name, word = row[group].strip(), row["word"].strip()
        if name and word:
            found.setdefault(name, []).append(word)
    return {name: tuple(dict.fromkeys(words)) for name, words in found.items()}


def _rows(file: Path) -> Iterator[dict[str, str]]:
    with file.open(encoding="utf-8-sig", newline="") as rows:
        yield from csv.DictReader(rows)


@lru_cache
def words() -> tuple[str, ...]:
    """Every word of the table, each once."""
    return tuple(dict.fromkeys(word for group in table().values() for word in group))


def synonyms(term: str) -> tuple[str, ...]:
    """The other words of the concepts that have `term` among their words; none for a word that is in no concept."""
    return _synonyms().get(fold(term), ())


@lru_cache
def _synonyms() -> dict[str, tuple[str, ...]]:
    others: dict[str, dict[str, None]] = {}
    for group in table().values():
        for word in group:
            # A word that holds the term, such as 稀土永磁 for 稀土, finds nothing that the term does not.
            fresh = (other for other in group if fold(word) not in fold(other))
            others.setdefault(fold(word), {}).update(dict.fromkeys(fresh))
    return {word: tuple(found)[:_MOST] for word, found in others.items()}
