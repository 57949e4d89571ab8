"""Words in a few plain columns: enough where there are hundreds of rows and no search index."""

import re
from typing import Any, Final

from sqlalchemy import ColumnElement, or_

from lib.domain.text import terms

_WORD: Final = re.compile(r"[^\W_]+")


def contains_all(q: str, *columns: Any) -> list[ColumnElement[bool]]:
    """The conditions under which every term of `q` stands in one of the columns; none for a blank query.

    Terms are cut as in the catalogue (`lib.domain.text.terms`): only letters and digits count, so a percent
    sign or a quote that a person types is text, never an operator.
    """
    return [
        or_(*(column.icontains(run, autoescape=True) for column in columns))
        for term in terms(q)
        for run in _WORD.findall(term)
    ]
