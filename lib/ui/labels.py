"""Labels of widgets: what Streamlit looks for in each of them in every run, looked for once."""

from functools import lru_cache

from streamlit import string_util

_KEPT = 4096


def remember() -> None:
    """Keep which labels begin with an emoji.

    Streamlit asks for it by `re.search` with a compiled pattern of all emojis, and `re` hashes that pattern for each
    label anew: 27 µs, for the pills of a catalogue a tenth of a run. Safe to repeat.
    """
    if not hasattr(string_util.extract_leading_emoji, "cache_info"):
        string_util.extract_leading_emoji = lru_cache(_KEPT)(string_util.extract_leading_emoji)
