"""Every page's first line: who is there, may they see this page, and how fresh is the data."""

from collections.abc import Callable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field

import streamlit as st

from lib.domain.access import Actor, Permission, require
from lib.domain.errors import AccessDenied
from lib.services import accounts, audit, drafts, notices, personal, revisions, searches, trace
from lib.services.searches import News, Saved
from lib.settings import settings
from lib.store.engine import database
from lib.ui import cache
from lib.ui.components import bands
from lib.ui.components.markup import draw, el


@dataclass(frozen=True)
class Context:
    """What a page knows about this run."""

    actor: Actor
    revisions: dict[str, int]
    must_agree: bool = False
    """True when the consent text has changed since the actor agreed to it."""
    unread: int = 0
    """How many notices the actor has not read, and saved searches with something new."""
    saved: tuple[Saved, ...] = ()
    """The searches that the actor keeps."""
    news: Mapping[int, News] = field(default_factory=dict)
    """What is new in each of them, by its id."""

    def revision(self, *topics: str) -> tuple[int, ...]:
        """The numbers that a cache of these topics is keyed by."""
        return tuple(self.revisions[topic] for topic in topics)


_RUN: ContextVar[Context | None] = ContextVar("run", default=None)


def token() -> str | None:
    """The login token of the browser's cookie; never anything kept in session_state."""
    return st.context.cookies.get(settings().session_cookie)


def browser() -> str:
    """What stands for this browser where somebody has no account: the SHA-256 of its cookie, blank without one."""
    return drafts.browser_of(st.context.cookies.get(settings().browser_cookie))


def origin() -> str:
    """The address of the product as this browser names it, without a slash at its end; the door has checked it."""
    return settings().origin or (st.context.headers.get("Origin") or "")


def begin() -> Context:
    """Read the login and the revisions anew: the first thing of every run."""
    run = trace.begin(st.context.ip_address or "")
    with database().read() as session:
        actor = accounts.actor_of(session, token(), address=run.address, request_id=run.id)
        numbers = revisions.read(session)
        must_agree = personal.must_agree(session, actor=actor)
        unread = notices.unread(session, actor=actor)
        saved = searches.listing(session, actor=actor)
    news = cache.news(saved, tuple(numbers[kind] for kind in searches.KINDS))
    unread += sum(1 for new in news.values() if new.unread)
    context = Context(actor, numbers, must_agree, unread, saved, news)
    _RUN.set(context)
    return context


def page(permission: Permission) -> Context:
    """This run's context, or a denial drawn and the run ended."""
    context = _RUN.get() or begin()
    try:
        require(context.actor, permission)
    except AccessDenied as denied:
        refused(permission.label)
        bands.denied(denied.message, signed_in=context.actor.account_id is not None)
        st.stop()
    if context.must_agree and permission is not Permission.MANAGE_OWN_ACCOUNT:
        bands.band("请先阅读更新的说明", "个人信息处理说明有更新，同意后继续。")
        draw(el("p", el("a", "去阅读", href="/account", cls="bj-button"), cls="bj-actions"))
        bands.footer()
        st.stop()
    return context


def part(context: Context, permission: Permission, draw: Callable[[Context], None]) -> None:
    """Draw a part of the page that runs alone after a change of its own widgets, without the frame around it.

    Such a run reads the login and the revisions anew, too. Where the frame shows somebody else by now, or another
    number of notices, the whole page runs once more; only after the part has done what was clicked.
    """
    first = True

    @st.fragment
    def run() -> None:
        nonlocal first
        alone, first = not first, False
        if not alone:
            draw(context)
            return
        begin()
        now = page(permission)
        draw(now)
        if _framed(now) != _framed(context):
            st.rerun()

    run()


def _framed(context: Context) -> tuple[object, ...]:
    """What the frame of a page depends on."""
    return context.actor.account_id, context.actor.name, context.actor.permissions, context.unread


def refused(what: str) -> None:
    """Note in the audit trail that a signed-in account tried what it may not; the same once a page session."""
    context, tried = _RUN.get(), st.session_state.setdefault("refused", set())
    if context is not None and context.actor.account_id is not None and what not in tried:
        tried.add(what)
        audit.refused(database(), what, actor=context.actor)
