"""Labels are read as Streamlit reads them, once each."""

import re
from collections.abc import Iterator

import pytest
from streamlit import emojis, string_util

from lib.ui import labels


@pytest.fixture
def _as_streamlit_has_it(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    plain = getattr(string_util.extract_leading_emoji, "__wrapped__", string_util.extract_leading_emoji)
    monkeypatch.setattr(string_util, "extract_leading_emoji", plain)
    yield


@pytest.mark.usefixtures("_as_streamlit_has_it")
def test_a_label_is_searched_once_and_read_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    texts = ("包头市 **12**", "🚨 告警", ":material/close: 领域：农业", "plain", "")
    before = [string_util.extract_leading_icon(text) for text in texts]
    labels.remember()
    labels.remember()
    assert [string_util.extract_leading_icon(text) for text in texts] == before
    monkeypatch.setattr(emojis, "EMOJI_EXTRACTION_REGEX", re.compile("(.)(.*)"))
    assert [string_util.extract_leading_icon(text) for text in texts] == before, "nothing is searched again"
