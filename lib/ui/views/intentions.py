"""只留个意向: a few words about a record, and a contact for who wants to be called; no account, no form of its own."""

from collections.abc import Mapping
from secrets import token_hex
from typing import Any, Final

import streamlit as st

from lib.domain import consent
from lib.domain.errors import InvalidInput, ProductError
from lib.services import contacts, interests
from lib.store.engine import database
from lib.ui import guard
from lib.ui.components import bands, cards
from lib.ui.guard import Context

_LABELS: Final = {"name": "姓名（选填）", "unit": "单位（选填）", "phone": "电话（选填）"}


def box(ctx: Context, kind: str, record_id: int) -> None:
    """The box of a record, kept once a browser and record; what was typed stays when something is wrong."""
    name = f"intent-{kind}-{record_id}"
    said: tuple[str, bool] | None = st.session_state.get(f"{name}-said")
    if said is not None:
        (st.success if said[1] else st.info)(cards.plain(said[0]))
        return
    if st.button("只留个意向", icon=":material/waving_hand:", width="stretch", key=name):
        _form(ctx, kind, record_id)


@st.dialog("只留个意向", position="right")
def _form(ctx: Context, kind: str, record_id: int) -> None:
    """A drawer, since a box below its button hides what sends it on a laptop and on a phone."""
    name = f"intent-{kind}-{record_id}"
    if f"{name}-said" in st.session_state:
        st.rerun()
    wrong: Mapping[str, str] = st.session_state.get(f"{name}-wrong", {})
    st.text_area("想谈什么", key=f"{name}-note", max_chars=500, height=90)
    bands.wrong(wrong.get("note", ""))
    for field, label in _LABELS.items():
        st.text_input(label, key=f"{name}-{field}", max_chars=100)
        bands.wrong(wrong.get(field, ""))
    st.checkbox(consent.AGREE, key=f"{name}-consent")
    bands.wrong(wrong.get("consent", ""))
    st.caption(f"只有对方单位和主管部门能看到；对接办完 {contacts.KEPT.days} 天后清除。")
    st.button("留下意向", type="primary", key=f"{name}-send", on_click=_send, args=(ctx, kind, record_id, name))


def _send(ctx: Context, kind: str, record_id: int, name: str) -> None:
    typed: dict[str, Any] = {field: st.session_state.get(f"{name}-{field}", "") for field in ("note", *_LABELS)}
    typed["consent"] = "1" if st.session_state.get(f"{name}-consent") else ""
    draft = st.session_state.setdefault(f"{name}-draft", token_hex(16))
    st.session_state.pop(f"{name}-wrong", None)
    try:
        kept = interests.leave(database(), kind, record_id, draft, typed, device=guard.browser(), actor=ctx.actor)
    except InvalidInput as invalid:
        st.session_state[f"{name}-wrong"] = invalid.fields
    except ProductError as refused:
        st.session_state[f"{name}-wrong"] = {"note": refused.message}
    else:
        told = "意向已收到，留了联系方式的会有人联系您。" if kept else "您已经留过意向，不用再留。"
        st.session_state[f"{name}-said"] = (told, kept)
