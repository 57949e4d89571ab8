"""How fresh the data is: the numbers that caches are keyed by."""

from sqlalchemy.orm import Session

from lib.store import revision


def read(session: Session) -> dict[str, int]:
    """Every topic's number; public, it says nothing about the data itself."""
    return revision.current(session)
