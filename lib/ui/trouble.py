"""When a page breaks: one sentence and an id on the screen, the rest in the log."""

import streamlit as st

from lib.domain.errors import ProductError
from lib.services import trouble


def report(error: Exception) -> bool:
    """Show a person what to do, whatever happened. True: Streamlit shows nothing of its own."""
    if isinstance(error, ProductError):
        st.warning(error.message, icon=":material/info:")
    else:
        st.error(trouble.sentence(trouble.note(error)), icon=":material/error:")
    return True
