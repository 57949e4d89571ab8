"""Searches of the catalogue that an account keeps, and how much is new in each since it was last looked at."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from urllib.parse import parse_qs, urlencode

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from lib.domain.access import Actor, Permission, require
from lib.domain.dates import now_utc
from lib.domain.errors import InvalidInput, NotFound
from lib.domain.text import clean
from lib.services import audit, catalogue, people
from lib.services.catalogue import CatalogueQuery
from lib.services.exports import NOUNS
from lib.store.engine import Database
from lib.store.models import SavedSearch

KINDS: Final = tuple(NOUNS)
"""What can be searched."""
MOST: Final = 50
"""How many searches an account may keep."""
NAME_LENGTH: Final = 60
LONGEST: Final = 2000
"""The longest address of a search, in characters."""
_GONE: Final = "没有找到这条保存的搜索，可能已删除。请刷新页面。"


@dataclass(frozen=True)
class Saved:
    """A search that somebody keeps. `query` holds the parameters of its address in one order."""

    id: int
    kind: str
    query: str
    name: str
    created_at: datetime
    seen_at: datetime

    @property
    def asked(self) -> CatalogueQuery:
        """What it asks of the catalogue."""
        return question(self.kind, self.query)


@dataclass(frozen=True)
class News:
    """How many records are new since a moment, and when the newest of the whole kind was made public."""

    unread: int
    newest: datetime


def address(query: CatalogueQuery) -> str:
    """The parameters of a search's address in one order: what makes two searches the same one."""
    return urlencode(catalogue.parameters(query))


def question(kind: str, query: str) -> CatalogueQuery:
    """What the parameters of an address ask of a catalogue; what cannot be read is left out."""
    values = parse_qs(query)
    return catalogue.question(kind, lambda name: values.get(name, []))


def in_words(kind: str, query: CatalogueQuery, places: Mapping[str, str]) -> str:
    """What a search asks, as people say it; `places` names leagues and banners by code."""
    parts = [query.q] if query.q else []
    for name, values in query.facets.items():
        if values:
            numbers = (catalogue.facet_number(kind, name, value) for value in values)
            labels = (catalogue.facet_label(kind, name, number, places) for number in numbers)
            parts.append(f"{catalogue.facet_name(kind, name)}：{'、'.join(labels)}")
    if query.q and not query.wide:
        parts.append("只搜原词")
    return "；".join(parts) or f"全部{NOUNS[kind]}"


# ------------------------------------------------------------------ seeing
def listing(session: Session, *, actor: Actor) -> tuple[Saved, ...]:
    """The searches that the actor keeps, the last saved first; none for a visitor."""
    if not actor.may(Permission.MANAGE_OWN_ACCOUNT):
        return ()
    require(actor, Permission.MANAGE_OWN_ACCOUNT)
    s = SavedSearch.__table__.c
    rows = session.execute(
        select(s.id, s.kind, s.query, s.name, s.created_at, s.seen_at)
        .where(s.account_id == actor.account_id)
        .order_by(s.id.desc())
    )
    return tuple(Saved(*row) for row in rows)


def news(session: Session, kind: str, query: CatalogueQuery, since: datetime, *, actor: Actor) -> News:
    """What a search finds that was made public after `since`. The same for everybody. Raises AccessDenied."""
    unread = catalogue.count_since(session, kind, query, since, actor=actor)
    return News(unread, catalogue.newest(session, kind) or since)


# ------------------------------------------------------------------ keeping
def save(
    database: Database, kind: str, values: Callable[[str], Sequence[str]], name: str = "", *, actor: Actor
) -> Saved:
    """Keep a search; `values` gives those of a parameter of its address. A search that is kept already stays as it is.

    A blank name becomes what the search asks. What there is now counts as seen. Raises InvalidInput for a kind that
    is none, a name of more than 60 characters, too many facets and more than 50 searches, AccessDenied.
    """
    require(actor, Permission.MANAGE_OWN_ACCOUNT)
    if kind not in KINDS:
        raise InvalidInput({"kind": "没有这个列表，请回到成果库、需求库或机构再保存。"})
    asked = catalogue.question(kind, values)
    query, given = address(asked), _name(name) if name.strip() else ""
    if len(query) > LONGEST:
        raise InvalidInput({"query": "筛选条件太多，请减少一些再保存。"})
    with database.write() as session:
        people.locked(session, actor.account_id or 0)  # a double click saves once, and the limit holds
        kept = select(SavedSearch).where(SavedSearch.account_id == actor.account_id)
        saved = session.scalars(kept.where(SavedSearch.kind == kind, SavedSearch.query == query)).one_or_none()
        if saved is None:
            if (session.scalar(select(func.count()).select_from(kept.subquery())) or 0) >= MOST:
                raise InvalidInput({"name": f"最多保存 {MOST} 条搜索，请先在「我的」里删除不用的。"})
            now, newest = now_utc(), catalogue.newest(session, kind)
            words = given or in_words(kind, question(kind, query), catalogue.place_names(session))
            shown = words if len(words) <= NAME_LENGTH else f"{words[: NAME_LENGTH - 1]}…"
            # Seen is what the database shows, not what the clock says: an import that began before may end later.
            saved = SavedSearch(
                account_id=actor.account_id, kind=kind, query=query, name=shown, created_at=now,
                seen_at=min(newest or now, now),
            )  # fmt: skip
            session.add(saved)
            session.flush()
            audit.record(session, actor, "search.save", "search", saved.id, kind=kind)
        return _item(saved)


def mark_seen(database: Database, saved_id: int, until: datetime, *, actor: Actor) -> None:
    """One of the actor's searches has been looked at when the newest record was of `until`, which `news` says.

    Repeating it changes nothing, nor does it do anything to somebody else's. Raises AccessDenied.
    """
    require(actor, Permission.MANAGE_OWN_ACCOUNT)
    until = min(until, now_utc())
    with database.write() as session:
        saved = _own(session, saved_id, actor)
        if saved is not None and saved.seen_at < until:
            saved.seen_at = until


def rename(database: Database, saved_id: int, name: str, *, actor: Actor) -> None:
    """Give one of the actor's searches another name. Raises InvalidInput, NotFound for another's, AccessDenied."""
    require(actor, Permission.MANAGE_OWN_ACCOUNT)
    wanted = _name(name)
    with database.write() as session:
        saved = _own(session, saved_id, actor)
        if saved is None:
            raise NotFound(_GONE)
        if saved.name != wanted:
            saved.name = wanted
            audit.record(session, actor, "search.rename", "search", saved_id, kind=saved.kind)


def remove(database: Database, saved_id: int, *, actor: Actor) -> None:
    """Keep one of the actor's searches no longer; another's or an unknown one stays as it is. Raises AccessDenied."""
    require(actor, Permission.MANAGE_OWN_ACCOUNT)
    with database.write() as session:
        saved = _own(session, saved_id, actor)
        if saved is not None:
            session.execute(delete(SavedSearch).where(SavedSearch.id == saved_id))
            audit.record(session, actor, "search.remove", "search", saved_id, kind=saved.kind)


# ------------------------------------------------------------------ inside
def _own(session: Session, saved_id: int, actor: Actor) -> SavedSearch | None:
    own = select(SavedSearch).where(SavedSearch.id == saved_id, SavedSearch.account_id == actor.account_id)
    return session.scalars(own.with_for_update()).one_or_none()


def _item(saved: SavedSearch) -> Saved:
    return Saved(saved.id, saved.kind, saved.query, saved.name, saved.created_at, saved.seen_at)


def _name(text: str) -> str:
    try:
        name = clean(text)
    except ValueError:
        name = ""
    if not 1 <= len(name) <= NAME_LENGTH:
        raise InvalidInput({"name": f"请写一个名称，不超过 {NAME_LENGTH} 个字。"})
    return name
