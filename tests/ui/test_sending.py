"""What a page says is sent at once, and the theme is the one of the configuration."""

from collections.abc import Iterator

import pytest
from streamlit.proto.NewSession_pb2 import CustomThemeConfig, NewSession
from streamlit.runtime import Runtime, app_session, runtime

from lib.ui import sending

FLUSH = "MESSAGE_FLUSH_INTERVAL_SECS"
SECTIONS = ("theme", "theme.light", "theme.dark", "theme.sidebar", "theme.light.sidebar", "theme.dark.sidebar")


@pytest.fixture(autouse=True)
def _as_it_was(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setitem(vars(runtime), FLUSH, vars(runtime)[FLUSH])
    monkeypatch.setattr(app_session, "_populate_theme_msg", app_session._populate_theme_msg)
    yield


def test_what_a_page_says_is_sent_within_a_millisecond() -> None:
    """The constant is Streamlit's own: should a newer version read another, this must not pass silently."""
    assert FLUSH in Runtime._loop_coroutine.__code__.co_names
    sending.hasten()
    assert Runtime._loop_coroutine.__globals__[FLUSH] == 0.001


def test_the_theme_that_is_kept_is_the_one_that_is_written() -> None:
    assert "_populate_theme_msg" in app_session.AppSession._create_new_session_message.__code__.co_names
    written = app_session._populate_theme_msg
    sending.hasten()
    sending.hasten()
    for section in SECTIONS:
        first, second = CustomThemeConfig(), CustomThemeConfig()
        written(first, section)
        app_session._populate_theme_msg(second, section)
        assert second == first, section
    assert first.ByteSize() == 0, "nothing is configured for the last of them"
    said = NewSession()
    app_session._populate_theme_msg(said.custom_theme.dark.sidebar, SECTIONS[-1])
    assert not said.HasField("custom_theme")
