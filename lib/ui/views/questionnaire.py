"""A form while it is being filled in: what is typed is kept as a draft, so that F5 or a crash loses nothing.

Nothing is held back until the button is pressed: each answer reaches the server as it is given, and what changed is
stored under the draft id of the address. Typed text lives in the widgets; a refusal never takes it away.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from secrets import token_hex
from typing import Any, Final

import streamlit as st

from lib.domain.dates import show_time
from lib.domain.errors import InvalidInput, NotFound, ProductError, Unavailable
from lib.domain.vocabulary import SubmissionKind
from lib.services import drafts, submissions
from lib.services import forms as rules
from lib.store.engine import database
from lib.ui import address, cache, guard
from lib.ui.components import forms
from lib.ui.components.forms import Sheet
from lib.ui.guard import Context

_WHO: Final = ("unit", "credit_code", "league", "banner", "contact_name", "contact_phone", "contact_email")
_LEVELS: Final = (
    "「公开」人人可看；「登录可见」给审核通过的账号看；「授权可见」要经您或主管部门同意才能看，"
    "联系方式、底价、配方等默认如此。"
)


@dataclass(frozen=True)
class Questionnaire:
    """What is asked, and what becomes of the answers.

    `start` reads what the fields hold before anything was typed; `fixed` are answers that are not asked; `send`
    hands the answers in, and raises as the services do.
    """

    kind: SubmissionKind
    draft: str
    start: Callable[[], Mapping[str, Any]]
    send: Callable[[Mapping[str, Any]], object]
    button: str = "提交审核"
    note: str = ""
    fixed: Mapping[str, Any] = field(default_factory=dict)
    comments: Mapping[str, str] = field(default_factory=dict)
    revises_id: int | None = None
    beside: Callable[[], None] = lambda: None
    """Draws what else belongs above the button, such as files."""
    after: Callable[[], None] = lambda: None
    """Leads on once the answers are handed in; without it the same page runs again."""


@dataclass
class _Open:
    """What this tab knows of a draft between two runs."""

    start: Mapping[str, Any]
    tried: Mapping[str, Any] | None = None
    saved_at: datetime | None = None
    trouble: str = ""
    unkept: Mapping[str, str] = field(default_factory=dict)
    refused: Mapping[str, str] = field(default_factory=dict)


def draft_id(ctx: Context) -> str:
    """The draft that the address names; a new one where it names none or somebody else's."""
    named = address.words("draft")
    if drafts.DRAFT_ID.fullmatch(named):
        if _key(named) in st.session_state:
            return named
        try:
            with database().read() as session:
                drafts.find(session, named, actor=ctx.actor, browser=guard.browser())
        except NotFound:
            pass  # nothing of it is shown: whoever follows such a link starts on an empty form of their own
        else:
            return named
    fresh = token_hex(16)
    address.write(draft=fresh)
    return fresh


def fill(ctx: Context, asked: Questionnaire) -> Mapping[str, Any]:
    """Draw the form, keep what was typed, hand it in when the button is pressed; returns the answers so far."""
    now = _opened(ctx, asked)
    forms.error_summary({**now.unkept, **now.refused})
    sheet = Sheet(asked.kind, asked.draft, now.start, {**now.unkept, **now.refused}, asked.comments)
    with st.container(key="form"):
        values: dict[str, Any] = {}
        if asked.kind is SubmissionKind.MILITARY:
            values = forms.draw_sections([forms.SELF_CHECK], sheet)
            if not _cleared(ctx, asked, now, {name: answer for name, answer in values.items() if answer is not None}):
                return {}
        else:
            values["title"] = forms.draw_field(forms.TITLES[asked.kind], sheet)
            st.caption(_LEVELS)
        leagues, banners = _places(ctx)
        values |= forms.draw_sections(forms.sections(asked.kind, leagues, banners), sheet)
    answers = {**values, **asked.fixed, "levels": forms.chosen_levels(sheet)}
    _keep(ctx, asked, now, answers)
    asked.beside()
    with st.container(horizontal=True, vertical_alignment="center", key="send"):
        sent = st.button(asked.button, type="primary", icon=":material/send:", key=f"{asked.draft[:8]}-send")
        st.caption(_kept(now))
    if asked.note:
        st.caption(asked.note)
    if sent and not now.unkept:
        _send(asked, now, answers)
    return answers


def who() -> dict[str, Any]:
    """Unit, place and contact as typed last in this tab: the next form need not ask them again."""
    known: dict[str, Any] = st.session_state.get("who", {})
    return known


# ------------------------------------------------------------------ inside
def _key(draft: str) -> str:
    return f"open-{draft}"


def _opened(ctx: Context, asked: Questionnaire) -> _Open:
    """What this tab knows of the draft; at first what was kept of it, else how the form starts."""
    known = st.session_state.get(_key(asked.draft))
    if isinstance(known, _Open):
        return known
    with database().read() as session:
        found = drafts.find(session, asked.draft, actor=ctx.actor, browser=guard.browser())
        kept = drafts.load(session, asked.draft, actor=ctx.actor, browser=guard.browser())
    opened = _Open(kept or asked.start(), saved_at=found.saved_at if found else None)
    st.session_state[_key(asked.draft)] = opened
    return opened


def _cleared(ctx: Context, asked: Questionnaire, now: _Open, given: Mapping[str, str]) -> bool:
    """True when the self-check lets the rest be asked. An answer that stops it also ends what was kept before."""
    try:
        rules.check(SubmissionKind.MILITARY, given)
        stop = ""
    except InvalidInput as wrong:
        stop = next((wrong.fields[name] for name in given if name in wrong.fields), "")
    if stop:
        st.error(f"{stop}这里没有保存任何内容。", icon=":material/block:")
        if now.saved_at is not None or now.start:
            drafts.discard(database(), asked.draft, actor=ctx.actor, browser=guard.browser())
            now.start, now.tried, now.saved_at = {}, None, None
    elif len(given) < len(forms.SELF_CHECK[1]):
        st.caption("三项都答「否」才能继续填写；拿不准就停下，先问本单位保密部门。")
    return not stop and len(given) == len(forms.SELF_CHECK[1])


def _places(ctx: Context) -> tuple[dict[str, str], dict[str, str]]:
    """Leagues, and banners with their league's name, by code."""
    names = cache.place_names(ctx.revision("division"))
    leagues = {code: name for code, name in names.items() if code.endswith("00") and not code.endswith("0000")}
    banners = {
        code: f"{names.get(f'{code[:4]}00', '')} {name}" for code, name in names.items() if not code.endswith("00")
    }
    return leagues, banners


def _keep(ctx: Context, asked: Questionnaire, now: _Open, answers: Mapping[str, Any]) -> None:
    """Store what was typed since the last time; what is refused stays on the screen and is not tried again."""
    if now.tried is None and _untouched(now.start, answers):
        now.tried = answers
    if now.tried == answers:
        return
    now.tried = answers
    st.session_state["who"] = {name: answers[name] for name in _WHO if answers.get(name)}
    before, now.unkept, now.trouble = now.unkept, {}, ""
    try:
        now.saved_at = drafts.save(
            database(), asked.draft, asked.kind, answers, actor=ctx.actor, browser=guard.browser(),
            revises_id=asked.revises_id,
        )  # fmt: skip
    except InvalidInput as wrong:
        now.unkept = wrong.fields
    except NotFound:
        # The draft became somebody else's meanwhile: what stands here goes on under an id of its own.
        fresh = token_hex(16)
        st.session_state[_key(fresh)] = _Open(answers, tried={})
        address.write(draft=fresh)
        st.rerun()
    except Unavailable as away:
        now.trouble = away.message
    if before != now.unkept:
        st.rerun()


def _untouched(start: Mapping[str, Any], answers: Mapping[str, Any]) -> bool:
    """True when nothing was typed yet; after a crash of the server, a tab comes back with all that was typed in it."""
    return all(
        (answers[name] or None) == (start.get(name) or None)
        for name in answers
        if name not in rules.DECLARED and name not in {"levels", "event_id"}
    )


def _kept(now: _Open) -> str:
    if now.unkept:
        return "标出的内容没有保存，请先修改。"
    if now.trouble:
        return f"还没有存下：{now.trouble}"
    return f"已自动保存 {show_time(now.saved_at)[-5:]}" if now.saved_at else ""


def _send(asked: Questionnaire, now: _Open, answers: Mapping[str, Any]) -> None:
    try:
        asked.send(answers)
    except InvalidInput as wrong:
        now.refused = wrong.fields
    except ProductError as refused:
        st.warning(refused.message, icon=":material/info:")
        return
    else:
        st.session_state.pop(_key(asked.draft), None)
        asked.after()
    st.rerun()


def remembered(ctx: Context) -> dict[str, Any]:
    """How a form starts for this actor: known from the account, else from what was typed last in this tab."""
    with database().read() as session:
        return {**who(), **submissions.remembered(session, actor=ctx.actor)}
