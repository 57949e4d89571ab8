"""When a page breaks: one sentence and an id on the screen, the rest in the log."""

import traceback
from typing import Final

import streamlit as st

from lib.domain.errors import AccessDenied, ProductError
from lib.services import trouble
from lib.settings import ROOT
from lib.ui import guard

UNREADABLE: Final = "浏览器发来的内容和页面对不上，这一步没有做。请刷新页面后重试。"
_BROKEN: Final = (TypeError, ValueError, OverflowError, LookupError, AttributeError)
_READING: Final = {"deserialize", "get_serialized", "unpack_widget_state_value", "filtered_state"}
"""Functions of Streamlit in which a value that its widget cannot have, or one for no widget, breaks a run."""


def report(error: Exception) -> bool:
    """Show a person what to do, whatever happened. True: Streamlit shows nothing of its own."""
    if isinstance(error, ProductError):
        st.warning(error.message, icon=":material/info:")
        if isinstance(error, AccessDenied):
            _note(error)
    elif _unreadable(error):
        trouble.mismatch(error)
        st.warning(UNREADABLE, icon=":material/info:")
    else:
        st.error(trouble.sentence(trouble.note(error)), icon=":material/error:")
    return True


def _unreadable(error: Exception) -> bool:
    """True when Streamlit could not read a value that a browser sent: no page of ours sends such a one."""
    names: set[str] = set()
    for frame in traceback.extract_tb(error.__traceback__):
        ours = frame.filename.startswith(str(ROOT)) and "site-packages" not in frame.filename
        names = set() if ours else names | {frame.name}
    return isinstance(error, _BROKEN) and not names.isdisjoint(_READING)


def _note(denied: AccessDenied) -> None:
    """A refusal goes into the audit trail; a database that cannot take it now must not break the page."""
    try:
        guard.refused(denied.message)
    except ProductError as away:
        trouble.note(away)
