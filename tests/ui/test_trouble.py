"""When a page breaks, a person reads one sentence, and the id in it stands in the log."""

from streamlit.testing.v1 import AppTest


def _broken() -> None:
    import streamlit as st

    from lib.ui import trouble

    st.session_state.told = trouble.report(RuntimeError("secret=/srv/data password=hunter2"))


def _refused() -> None:
    from lib.domain.errors import Conflict
    from lib.ui import trouble

    trouble.report(Conflict("该记录已被他人修改，请刷新后再保存。"))


def test_an_unexpected_error_is_one_sentence_with_an_id() -> None:
    page = AppTest.from_function(_broken).run()
    (shown,) = page.error
    number = shown.value.partition("编号 ")[2][:10]
    assert number.startswith("E-") and int(number[2:], 16) >= 0
    assert "hunter2" not in shown.value and "/srv" not in shown.value
    assert page.session_state.told is True  # Streamlit adds nothing of its own
    assert not page.exception


def test_a_refusal_of_ours_says_what_to_do() -> None:
    (shown,) = AppTest.from_function(_refused).run().warning
    assert shown.value == "该记录已被他人修改，请刷新后再保存。"
