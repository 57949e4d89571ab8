"""Every page's first line: who is there, may they see this page, and how fresh is the data."""

from contextvars import ContextVar
from dataclasses import dataclass

import streamlit as st

from lib.domain.access import Actor, Permission, require
from lib.domain.errors import AccessDenied
from lib.services import accounts, revisions, trace
from lib.settings import settings
from lib.store.engine import database
from lib.ui.components import bands


@dataclass(frozen=True)
class Context:
    """What a page knows about this run."""

    actor: Actor
    revisions: dict[str, int]

    def revision(self, *topics: str) -> tuple[int, ...]:
        """The numbers that a cache of these topics is keyed by."""
        return tuple(self.revisions[topic] for topic in topics)


_RUN: ContextVar[Context | None] = ContextVar("run", default=None)


def token() -> str | None:
    """The login token of the browser's cookie; never anything kept in session_state."""
    return st.context.cookies.get(settings().session_cookie)


def begin() -> Context:
    """Read the login and the revisions anew: the first thing of every run."""
    run = trace.begin(st.context.ip_address or "")
    with database().read() as session:
        actor = accounts.actor_of(session, token(), address=run.address, request_id=run.id)
        context = Context(actor, revisions.read(session))
    _RUN.set(context)
    return context


def page(permission: Permission) -> Context:
    """This run's context, or a denial drawn and the run ended."""
    context = _RUN.get() or begin()
    try:
        require(context.actor, permission)
    except AccessDenied as denied:
        bands.denied(denied.message, signed_in=context.actor.account_id is not None)
        st.stop()
    return context
