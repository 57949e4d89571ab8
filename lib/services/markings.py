"""State secrets do not belong on the internet: text that carries a secrecy marking goes no further.

Looked at before anything is stored. What is noted of a hit is the rule, the length, the time and the actor; never
the text (保守国家秘密法; the plan's platform is public).
"""

from collections.abc import Mapping
from typing import Any

from lib.domain.access import Actor, Permission, require
from lib.domain.errors import InvalidInput
from lib.domain.markings import SENTENCE, marking
from lib.services import audit
from lib.store.engine import Database


def refuse(database: Database, values: Mapping[str, Any], *, actor: Actor) -> None:
    """Raise InvalidInput, a sentence a field, when any text among `values` carries a marking; AccessDenied."""
    require(actor, Permission.CREATE_SUBMISSION)
    texts = {name: _text(value) for name, value in values.items() if isinstance(value, str | list)}
    hits = {name: rule for name, value in texts.items() if (rule := marking(value))}
    if not hits:
        return
    with database.write() as session:
        lengths = {name: len(texts[name]) for name in hits}
        audit.record(
            session, actor, "marking.refuse", "form", "", outcome="refused", rules=sorted(set(hits.values())),
            lengths=sorted(lengths.values()),
        )  # fmt: skip
    raise InvalidInput(dict.fromkeys(hits, f"这一项{SENTENCE}"))


def _text(value: str | list[Any]) -> str:
    """A text as it is; a table of an answer as the text of all its cells."""
    if isinstance(value, str):
        return value
    lines = (line.values() if isinstance(line, Mapping) else [line] for line in value)
    return "\n".join(str(cell) for line in lines for cell in line)
