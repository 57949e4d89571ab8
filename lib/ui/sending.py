"""How soon Streamlit sends what a page says."""

from typing import Final

from streamlit.runtime import runtime

_SECONDS: Final = 0.001


def hasten() -> None:
    """Have Streamlit send what a page says every millisecond. Its own five are half of a search of the catalogue.

    There is no option for it: the constant is replaced in the module that reads it, which a test watches.
    """
    vars(runtime)["MESSAGE_FLUSH_INTERVAL_SECS"] = _SECONDS
