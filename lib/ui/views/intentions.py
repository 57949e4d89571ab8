"""我有意向 on a record: a small form, once a browser, and a sentence in its place afterwards."""

from collections.abc import Mapping
from secrets import token_hex
from typing import Any, Final

import streamlit as st

from lib.domain import consent
from lib.domain.errors import InvalidInput, ProductError
from lib.services import contacts, interests, submissions
from lib.store.engine import database
from lib.ui import guard, orders
from lib.ui.components.markup import draw, el
from lib.ui.guard import Context

_LABELS: Final = {"note": "想谈什么（选填）", "name": "姓名（选填）", "unit": "单位（选填）", "phone": "电话（选填）"}
_KNOWN: Final = {"name": "contact_name", "unit": "unit", "phone": "contact_phone"}
"""What an account filled in last, by the names that the forms of submissions give it."""
_NOTE: Final = 500
_OTHERS: Final = 100


def ask(ctx: Context, kind: str, record_id: int, label: str) -> bool:
    """The button `label` with the form behind it; a sentence where this browser has left an intention.

    False, and nothing drawn, in a browser that keeps no cookie: nobody could tell its second intention from its first.
    """
    device = guard.browser()
    if not device:
        return False
    with database().read() as session:
        left = interests.left(session, kind, record_id, device=device, actor=ctx.actor)
        known = {} if left else submissions.remembered(session, actor=ctx.actor)
    orders.heard()
    if left:
        draw(el("p", "这台设备已对这条记录留下意向，不用再留。", cls="bj-meaning", role="status"))
        return True
    name = f"intention-{kind}-{record_id}"
    with (
        st.popover(label, icon=":material/handshake:", type="primary", width="stretch"),
        st.form(f"{name}-form", border=False, enter_to_submit=False),
    ):
        _form(ctx, name, kind, record_id, known)
    return True


def _form(ctx: Context, name: str, kind: str, record_id: int, known: Mapping[str, str]) -> None:
    wrong: Mapping[str, str] = st.session_state.get(f"{name}-wrong", {})
    for field, label in _LABELS.items():
        key = f"{name}-{field}"
        if key not in st.session_state:
            st.session_state[key] = known.get(_KNOWN.get(field, ""), "")
        if field == "note":
            st.text_area(label, key=key, max_chars=_NOTE, height=80, placeholder="如：许可方式、中试数据、合作时间")
        else:
            st.text_input(label, key=key, max_chars=_OTHERS)
        _say(wrong, field)
    st.caption(f"留下电话才能联系到您；姓名、单位和电话最多保存 {contacts.KEPT.days} 天，只给跟进的人看。")
    st.checkbox(consent.AGREE, key=f"{name}-consent")
    _say(wrong, "consent")
    with st.expander(consent.TITLE):
        for title, text in consent.TEXT:
            draw(el("p", el("b", title), f"　{text}", cls="bj-meaning"))
    _say(wrong, "form")
    if st.form_submit_button("留下意向", type="primary", icon=":material/send:"):
        _send(ctx, name, kind, record_id)


def _send(ctx: Context, name: str, kind: str, record_id: int) -> None:
    draft = st.session_state.setdefault(f"{name}-draft", token_hex(16))
    values: dict[str, Any] = {field: st.session_state[f"{name}-{field}"] for field in _LABELS}
    values["consent"] = "1" if st.session_state[f"{name}-consent"] else ""
    try:
        interests.leave(database(), kind, record_id, draft, values, device=guard.browser(), actor=ctx.actor)
    except InvalidInput as invalid:
        st.session_state[f"{name}-wrong"] = invalid.fields
    except ProductError as refused:
        st.session_state[f"{name}-wrong"] = {"form": refused.message}
    else:
        st.session_state.pop(f"{name}-wrong", None)
        told = "会有人按您留下的电话联系您。" if values["phone"].strip() else "没有留电话，不会有人联系您。"
        orders.say(f"意向已收到，{told}")
    st.rerun()


def _say(wrong: Mapping[str, str], field: str) -> None:
    if sentence := wrong.get(field, ""):
        draw(el("p", sentence, cls="bj-wrong", role="alert"))
