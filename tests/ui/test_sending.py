"""What a page says is sent at once."""

import pytest
from streamlit.runtime import Runtime, runtime

from lib.ui import sending


def test_what_a_page_says_is_sent_within_a_millisecond(monkeypatch: pytest.MonkeyPatch) -> None:
    """The constant is Streamlit's own: should a newer version read another, this must not pass silently."""
    name = "MESSAGE_FLUSH_INTERVAL_SECS"
    assert name in Runtime._loop_coroutine.__code__.co_names
    monkeypatch.setitem(vars(runtime), name, vars(runtime)[name])
    sending.hasten()
    assert Runtime._loop_coroutine.__globals__[name] == 0.001
