"""What was clicked on a map."""

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st


def take(key: str) -> Mapping[str, Sequence[Any]]:
    """What deck.gl reports of the map with this key, by layer; for its callback, which is told once.

    The browser drops the selection when the next map comes, but does not say so. Here it is dropped as well, or the
    same place clicked once more, after a step back, would be no news.
    """
    objects: Mapping[str, Sequence[Any]] = st.session_state[key].selection.objects
    del st.session_state[key]
    return objects
