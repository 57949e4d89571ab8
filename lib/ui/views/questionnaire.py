"""A form while it is being filled in: what is typed is kept as a draft, so that F5 or a crash loses nothing.

Nothing is held back until the button is pressed: each answer reaches the server as it is given, and what changed is
stored under the draft id of the address. A long form is asked in steps; only the widgets of the step in the address
exist, so what was answered is kept beside them. A refusal never takes anything away.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from secrets import token_hex
from typing import Any, Final

import streamlit as st

from lib.domain import completeness
from lib.domain.dates import show_time
from lib.domain.errors import InvalidInput, NotFound, ProductError, Unavailable
from lib.domain.vocabulary import FieldLevel, SubmissionKind
from lib.services import drafts, submissions
from lib.services import forms as rules
from lib.services.submissions import OwnItem
from lib.store.engine import database
from lib.ui import address, cache, filters, guard, navigation
from lib.ui.components import forms
from lib.ui.components.forms import Sheet
from lib.ui.components.guides import guide
from lib.ui.components.markup import draw, el
from lib.ui.components.questions import DECLARED, SELF_CHECK, TICKS, Field, Step, fields, steps
from lib.ui.guard import Context

_WHO: Final = ("unit", "credit_code", "league", "banner", "contact_name", "contact_phone", "contact_email")
_FLEETING: Final = "浏览器不保存 Cookie，填的内容只在这个页面里，请不要刷新或关闭。"
_NEXT: Final = 3
"""How many of the missing answers are named at a time."""
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
    twin: Callable[[Mapping[str, Any]], OwnItem | None] = lambda _answers: None
    """Finds what says the same already; then the answers are sent only if the person insists."""


@dataclass
class _Open:
    """What this tab knows of a draft between two runs.

    `begun` was there before anything was typed, `answers` is all that was given so far, `start` what of it the widgets
    on the screen began with, `step` the step these belong to. `left` are the steps that somebody went on from.
    """

    begun: Mapping[str, Any]
    answers: Mapping[str, Any]
    start: Mapping[str, Any] = field(default_factory=dict)
    step: int = 0
    left: set[int] = field(default_factory=set)
    tried: Mapping[str, Any] | None = None
    saved_at: datetime | None = None
    trouble: str = ""
    unkept: Mapping[str, str] = field(default_factory=dict)
    refused: Mapping[str, str] = field(default_factory=dict)
    sent: Mapping[str, Any] = field(default_factory=dict)
    twin: OwnItem | None = None


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
    now, plan = _opened(ctx, asked), steps(asked.kind, *_places(ctx))
    before = Sheet(asked.kind, asked.draft, now.start)
    now.answers = {**now.answers, **forms.given((*_fields(plan), *TICKS), before)}
    step = _turn(asked, now, plan, before)
    wrong = _wrong(asked.kind, now, plan)
    forms.error_summary(wrong if now.unkept or now.sent else {})
    if len(plan) > 1:
        _rail(asked, now, plan, step, wrong)
    sheet = Sheet(asked.kind, asked.draft, now.start, wrong, asked.comments)
    values: dict[str, Any] = {}
    with st.container(key="form"):
        if asked.kind is SubmissionKind.MILITARY:
            values = forms.draw_sections([SELF_CHECK], sheet)
            if not _cleared(ctx, asked, now, {name: answer for name, answer in values.items() if answer is not None}):
                return {}
        values |= forms.draw_sections(plan[step - 1].sections, sheet)
        if any(forms.level_of(asked.kind, item.name, {}) for item in plan[step - 1].fields):
            st.caption(_LEVELS)
        if step == len(plan):
            if len(plan) > 1:
                _summary(asked, now, plan[:-1])
            values |= forms.draw_sections([DECLARED], sheet)
    levels = forms.chosen_levels(sheet, now.answers.get("levels") or {})
    answers = now.answers = {**now.answers, **values, **asked.fixed, "levels": levels}
    _keep(ctx, asked, now, answers)
    if step == len(plan):
        asked.beside()
    fleeting = ctx.actor.account_id is None and not guard.browser()
    sent = _buttons(asked, now, plan, step, fleeting=fleeting)
    if asked.note:
        st.caption(asked.note)
    if sent:
        _send(asked, now, plan, answers)
    return answers


def missing_box(kind: SubmissionKind, answers: Mapping[str, Any]) -> None:
    """What to add next, in words, each with the way to its step."""
    plan = steps(kind, {}, {})
    lacking = set(completeness.missing(kind, answers))
    names = [item.name for item in _fields(plan) if item.name in lacking]
    with st.container(border=True, key="missing"):
        draw(el("h3", "接下来补什么"))
        for name in names[:_NEXT]:
            told, step = guide(kind, name), _step_of(plan, name)
            st.button(
                told.nudge if told else name, type="tertiary", icon=":material/arrow_forward:", key=f"next-{name}",
                on_click=address.write, kwargs={"step": step},
            )  # fmt: skip
        if len(names) > _NEXT:
            st.caption(f"另外还有 {len(names) - _NEXT} 项没有写；必填的写全就能提交。")
        if not names:
            st.caption("该写的都写了，核对一遍就可以提交。")


def who() -> dict[str, Any]:
    """Unit, place and contact as typed last in this tab: the next form need not ask them again."""
    known: dict[str, Any] = st.session_state.get("who", {})
    return known


# ------------------------------------------------------------------ steps
def _fields(plan: Sequence[Step]) -> tuple[Field, ...]:
    return tuple(asked for step in plan for asked in step.fields)


def _step_of(plan: Sequence[Step], name: str) -> int:
    """The step that asks for a field; the last one holds whatever else may be wrong, such as a declaration."""
    return next((n for n, step in enumerate(plan, 1) if any(asked.name == name for asked in step.fields)), len(plan))


def _turn(asked: Questionnaire, now: _Open, plan: Sequence[Step], before: Sheet) -> int:
    """The step of the address. When it is another than before, its widgets begin with what was answered so far."""
    said = min((_step_of(plan, name) for name in asked.comments), default=1)
    step = int(address.choice("step", tuple(str(n + 1) for n in range(len(plan))), str(said)))
    if step != now.step:
        if now.step:
            now.left.add(now.step)
        now.start, now.step, now.twin = now.answers, step, None
        forms.turn(_fields(plan), before)
    return step


def _wrong(kind: SubmissionKind, now: _Open, plan: Sequence[Step]) -> dict[str, str]:
    """What is to be mended, by field: what could not be kept, what was refused and is as it was, and whatever breaks
    a rule in a step that was left."""
    refused = {n: said for n, said in now.refused.items() if now.answers.get(n) == now.sent.get(n)}
    live = {n: said for n, said in _broken(kind, now.answers).items() if _step_of(plan, n) in now.left}
    return {**live, **refused, **now.unkept}


def _broken(kind: SubmissionKind, answers: Mapping[str, Any]) -> Mapping[str, str]:
    try:
        rules.check(kind, answers)
    except InvalidInput as wrong:
        return wrong.fields
    return {}


def _rail(asked: Questionnaire, now: _Open, plan: Sequence[Step], current: int, wrong: Mapping[str, str]) -> None:
    """The steps, each with what is done or to be mended in it, and how complete the whole is."""
    broken = {_step_of(plan, name) for name in _broken(asked.kind, now.answers)}
    labels: dict[str, str] = {}
    for number, step in enumerate(plan, 1):
        lacking = sum(_step_of(plan, name) == number for name in wrong)
        said = any(_step_of(plan, name) == number for name in asked.comments)
        icon = "check_circle" if number not in broken else "error" if lacking else "rate_review" if said else "circle"
        state = f" · {lacking} 处要补" if lacking and number != current else " · 有意见" if said else ""
        labels[str(number)] = f":material/{icon}: {step.title}{state}"
    with st.container(key="rail"):
        filters.segments(
            "步骤", labels, str(current), key=f"{asked.draft[:8]}-step", chosen=lambda step: address.write(step=step)
        )
        filled, total = completeness.score(asked.kind, now.answers)
        st.progress(filled / total, f"完整度 **{filled}/{total}**")


def _summary(asked: Questionnaire, now: _Open, plan: Sequence[Step]) -> None:
    """Everything that was entered in the other steps, to be read once more before it is handed in."""
    draw(el("h3", "再看一遍", cls="bj-part"))
    levels = now.answers.get("levels") or {}
    for number, step in enumerate(plan, 1):
        with st.container(key=f"said-{number}", gap=None):
            with st.container(horizontal=True, vertical_alignment="center"):
                draw(el("h4", step.title))
                st.button(
                    "修改", type="tertiary", icon=":material/edit:", key=f"{asked.draft[:8]}-mend-{number}",
                    help=f"回到「{step.title}」", on_click=address.write, kwargs={"step": number},
                )  # fmt: skip
            rows = [
                el("div", el("dt", item.label, _mark(asked.kind, item.name, levels)), el("dd", text))
                for item, text in forms.as_typed(step.fields, now.answers)
            ]
            draw(el("dl", *rows, cls="bj-facts") if rows else el("p", "这一步还没有填。", cls="bj-guide"))


def _mark(kind: SubmissionKind, name: str, levels: Mapping[str, str]) -> str:
    level = forms.level_of(kind, name, levels)
    return "" if level in (None, FieldLevel.PUBLIC) else f"（{level.label}）"


def _buttons(asked: Questionnaire, now: _Open, plan: Sequence[Step], step: int, *, fleeting: bool) -> bool:
    """Back, on, or hand in; True when the answers are to be handed in. `fleeting` answers live in this tab alone."""
    key, sent = asked.draft[:8], False
    with st.container(horizontal=True, vertical_alignment="center", key="send"):
        if step > 1:
            st.button(
                "上一步", icon=":material/arrow_back:", key=f"{key}-back-{step}", on_click=address.write,
                kwargs={"step": step - 1},
            )  # fmt: skip
        if step < len(plan):
            st.button(
                "下一步", type="primary", icon=":material/arrow_forward:", icon_position="right",
                key=f"{key}-on-{step}", on_click=address.write, kwargs={"step": step + 1},
            )  # fmt: skip
        else:
            sent = st.button(asked.button, type="primary", icon=":material/send:", key=f"{key}-send")
        st.caption(_kept(now) or (_FLEETING if fleeting else ""))
    if now.twin is None:
        return sent
    st.warning(
        f"您已经提交过同名的{asked.kind.label}：{now.twin.receipt.number}，{now.twin.receipt.state.label}。"
        "要改它，请去修订；确实是另一条，可以仍然提交。",
        icon=":material/content_copy:",
    )
    with st.container(horizontal=True, vertical_alignment="center", key="twin"):
        st.page_link(
            navigation.href("mine"), label="去看那一条", icon=":material/inbox:", query_params={"id": str(now.twin.id)}
        )
        return st.button("仍然提交", key=f"{key}-insist")


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
    names = {item.name for item in fields(asked.kind, {}, {})} | {"levels"}
    begun = {name: value for name, value in (kept or asked.start()).items() if name in names}
    opened = _Open(begun, begun, saved_at=found.saved_at if found else None)
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
        if now.saved_at is not None or now.answers:
            drafts.discard(database(), asked.draft, actor=ctx.actor, browser=guard.browser())
            now.begun, now.answers, now.start, now.tried, now.saved_at = {}, {}, {}, None, None
    elif len(given) < len(SELF_CHECK[1]):
        st.caption("三项都答「否」才能继续填写；拿不准就停下，先问本单位保密部门。")
    return not stop and len(given) == len(SELF_CHECK[1])


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
    if now.tried is None and _untouched(now.begun, answers):
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
        st.session_state[_key(fresh)] = _Open(answers, answers, tried={})
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


def _send(asked: Questionnaire, now: _Open, plan: Sequence[Step], answers: Mapping[str, Any]) -> None:
    try:
        if now.unkept:
            raise InvalidInput(dict(now.unkept))
        if now.twin is None and (twin := asked.twin(answers)) is not None:
            rules.check(asked.kind, answers)
            now.twin = twin
            st.rerun()
        asked.send(answers)
    except InvalidInput as wrong:
        now.refused, now.sent, now.left = wrong.fields, answers, set(range(1, len(plan) + 1))
        address.write(step=min((_step_of(plan, name) for name in wrong.fields), default=len(plan)))
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
