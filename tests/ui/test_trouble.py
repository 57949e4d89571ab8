"""When a page breaks, a person reads one sentence, and the id in it stands in the log."""

from streamlit.testing.v1 import AppTest

from lib.ui.trouble import UNREADABLE


def _broken() -> None:
    import streamlit as st

    from lib.ui import trouble

    st.session_state.told = trouble.report(RuntimeError("secret=/srv/data password=hunter2"))


def _refused() -> None:
    from lib.domain.errors import Conflict
    from lib.ui import trouble

    trouble.report(Conflict("该记录已被他人修改，请刷新后再保存。"))


def _tampered() -> None:
    from streamlit.elements.widgets.text_widgets import TextInputSerde

    from lib.ui import trouble

    try:
        TextInputSerde(None, 10).deserialize(True)  # type: ignore[arg-type]
    except TypeError as error:
        trouble.report(error)


def test_a_value_that_no_widget_has_is_the_browsers_mistake() -> None:
    page = AppTest.from_function(_tampered).run()
    assert [shown.value for shown in page.warning] == [UNREADABLE] and not page.error and not page.exception


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
