"""What fits a record, on its page: suggestions with reasons and gaps, and for whom it concerns the decision on each."""

from typing import Final

import streamlit as st

from lib.domain.errors import AccessDenied, InvalidInput, NotFound
from lib.domain.text import shorten
from lib.domain.vocabulary import Decision
from lib.services import matching
from lib.services.matching import Decided, Suggestion, Suggestions
from lib.store.engine import database
from lib.ui import cache
from lib.ui.components import bands, cards
from lib.ui.components.markup import Markup, draw, el, join
from lib.ui.guard import Context

_TOPICS: Final = ("achievement", "demand", "organization", "match_decision")
_LENGTH: Final = 40


def of_demand(ctx: Context, demand_id: int) -> None:
    """Achievements that may answer a demand, and the decision on each."""
    found = cache.suggestions("demand", demand_id, ctx.revision(*_TOPICS))
    bands.section("库里可能用得上的成果", _note(found))
    if found.items:
        _grid(found)
    else:
        bands.empty("库里还没有相近的成果", "有合适的成果，欢迎提交。")
    with database().read() as session:
        may = matching.may_decide(session, demand_id, actor=ctx.actor)
        decided = matching.decisions(session, demand_id, actor=ctx.actor) if may else ()
    if may and (found.items or decided):
        _decide(ctx, demand_id, found, decided)


def of_achievement(ctx: Context, achievement_id: int) -> None:
    """Demands that an achievement may answer; nothing where there are none."""
    found = cache.suggestions("achievement", achievement_id, ctx.revision(*_TOPICS))
    if found.items:
        bands.section("可能用得上它的需求", _note(found))
        _grid(found)


def _note(found: Suggestions) -> str:
    if not found.items and not found.refused:
        return "按两边公开的内容比对"
    refused = f"，另有 {found.refused} 项已排除" if found.refused else ""
    return f"按两边公开的内容比对：推荐 {len(found.items)} 项，已确认对接 {found.confirmed} 项{refused}"


def _grid(found: Suggestions) -> None:
    cards.lay((cards.framed(item.card, _body(item)) for item in found.items), narrow=True)


def _body(item: Suggestion) -> Markup:
    match, card = item.match, item.card
    state = el("span", "已确认对接", cls="bj-badge bj-grade-strong") if item.confirmed else el("span", card.field_label)
    grade = el("span", f"匹配{match.grade.label}", cls=f"bj-badge bj-grade-{match.grade.value}")
    gaps = el("p", f"待了解：{'；'.join(match.gaps)}", cls="bj-gaps") if match.gaps else None
    return join(
        el("div", grade, state, cls="bj-top"),
        el("ul", *(el("li", reason) for reason in match.reasons), cls="bj-reasons"),
        el("div", gaps, cls="bj-gap"),
        cards.source_line(card),
    )


# ------------------------------------------------------------------ deciding
def _decide(ctx: Context, demand_id: int, found: Suggestions, decided: tuple[Decided, ...]) -> None:
    """One form for all pairs: which one, what, why. What was typed stays when it is refused."""
    titles = {item.card.id: item.card.title for item in found.items} | {d.achievement_id: d.title for d in decided}
    with st.container(border=True, key="decide-match"):
        draw(el("h3", "办理对接", cls="bj-chart-title"))
        if done := st.session_state.pop("match-decided", ""):
            st.success(done, icon=":material/check_circle:")
        if decided:
            draw(el("ul", *(_line(item) for item in decided), cls="bj-list bj-meaning"))
        with st.form(f"match-{demand_id}", border=False, enter_to_submit=False):
            chosen = st.selectbox(
                "成果",
                list(titles),
                index=None,
                format_func=lambda key: shorten(titles[key], _LENGTH),
                placeholder="请选择",
                key=f"pair-{demand_id}",
            )
            decision = st.radio(
                "结论",
                list(Decision),
                index=None,
                format_func=lambda d: d.label,
                horizontal=True,
                key=f"said-{demand_id}",
            )
            reason = st.text_input(
                "理由", key=f"why-{demand_id}", placeholder=f"{matching.LEAST_REASON} 至 {matching.MOST_REASON} 个字"
            )
            sent = st.form_submit_button("保存", icon=":material/handshake:")
        if sent and (chosen is None or decision is None):
            bands.wrong("请先选择一项成果和结论。")
        elif sent and chosen is not None and decision is not None:
            _save(ctx, demand_id, chosen, decision, reason)


def _save(ctx: Context, demand_id: int, achievement_id: int, decision: Decision, reason: str) -> None:
    try:
        matching.decide(database(), demand_id, achievement_id, decision, reason, actor=ctx.actor)
    except InvalidInput as wrong:
        bands.wrong(wrong.message)
    except (NotFound, AccessDenied) as refused:
        st.warning(refused.message)
    else:
        st.session_state["match-decided"] = f"已保存：{decision.label}。"
        st.session_state.pop(f"why-{demand_id}", None)
        st.rerun()


def _line(item: Decided) -> Markup:
    return el("li", el("b", item.decision.label), f" {shorten(item.title, _LENGTH)}：{item.reason}")
