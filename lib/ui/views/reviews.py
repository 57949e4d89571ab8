"""The review page: the queue, one submission with what changed, who does it, the decision."""

from collections.abc import Mapping
from typing import Any, Final

import streamlit as st

from lib.domain.dates import show_time
from lib.domain.disclosure import labels as disclosed
from lib.domain.errors import AccessDenied, Conflict, InvalidInput, NotFound
from lib.domain.reviews import CHECKLIST, TEMPLATES
from lib.domain.submissions import Action
from lib.domain.vocabulary import SubmissionState
from lib.services import attachments, reviews
from lib.services.reviews import DECISIONS, Queue, QueueItem, QueueQuery, Review
from lib.store.engine import database
from lib.ui import address, cache, filters, navigation
from lib.ui.components import bands, cards, forms, records
from lib.ui.components.markup import Markup, draw, el
from lib.ui.guard import Context
from lib.ui.views.attachments import listing as attachment_list

_STATES: Final = tuple(state for state in SubmissionState if state is not SubmissionState.DRAFT)
_VIEWS: Final = ("all", "mine", "overdue")


def queue(ctx: Context) -> None:
    """Submissions of one state in the actor's scope, the first due first."""
    state = SubmissionState(address.choice("state", _STATES, SubmissionState.PENDING))
    view = address.choice("view", _VIEWS, "all")
    query = QueueQuery(state, view == "mine", view == "overdue", address.number("page") or 1)
    with database().read() as session:
        found = reviews.queue(session, query, actor=ctx.actor)
    late = f"，其中 {found.overdue} 条已超期" if found.overdue else ""
    bands.band("审核", f"待审核 {found.counts[SubmissionState.PENDING]} 条{late}；先到期的在前。")
    if done := st.session_state.pop("decided", ""):
        st.success(done, icon=":material/check_circle:")
    _filters(found, state, view)
    if not found.items:
        bands.empty(f"没有{state.label}的提交", "有新的提交时会出现在这里。")
        return
    places = cache.short_names(ctx.revision("division"))
    with st.container(border=True, gap=None, key="queue"):
        for item in found.items:
            with st.container(gap=None, key=f"row-review-{item.id}"):
                st.page_link(
                    navigation.href("review"), label=cards.plain(item.title), query_params={"id": str(item.id)}
                )
                draw(_line(item, places))
    filters.pager(found.page, found.pages)


def _filters(found: Queue, state: SubmissionState, view: str) -> None:
    with st.container(horizontal=True, vertical_alignment="center", key="summary"):
        filters.segments(
            "状态",
            {option.value: f"{option.label} {found.counts[option]}" for option in _STATES},
            state.value,
            key="state",
            chosen=lambda value: address.write(state=value, page=None, view=None),
        )
        st.space("stretch")
        if state is SubmissionState.PENDING:
            filters.segments(
                "范围",
                {"all": "全部", "mine": f"我的 {found.mine}", "overdue": f"超期 {found.overdue}"},
                view,
                key="view",
                chosen=lambda value: address.write(view=value, page=None),
            )


def _line(item: QueueItem, places: Mapping[str, str]) -> Markup:
    where = places.get(item.league_code or "", "地区未写明")
    kind = f"{item.kind.label}修订" if item.revision else item.kind.label
    words = el("span", f"{kind} · {item.unit} · {where} · ")
    number, sent = (el("span", text, cls="bj-tight") for text in (item.receipt, f"{show_time(item.submitted_at)} 提交"))
    due = f" · {'已超期，应于' if item.overdue else '应于'} {show_time(item.due_at)} 前办理" if item.due_at else ""
    assigned = f" · {item.assignee}" if item.assignee else ""
    late = "bj-late bj-tight" if item.overdue else "bj-tight"
    return el("span", words, number, " · ", sent, el("span", due, cls=late), assigned, cls="bj-meaning")


# ------------------------------------------------------------------ one submission
def record(ctx: Context, submission_id: int) -> None:
    """One submission: what was answered, what changed, its contact masked, assignment, the decision."""
    try:
        with database().read() as session:
            found = reviews.read(session, submission_id, actor=ctx.actor)
            colleagues = reviews.reviewers(session, submission_id, actor=ctx.actor)
            files = attachments.of_submission(session, submission_id, actor=ctx.actor)
    except NotFound as missing:
        records.missing("审核列表", "review", missing.message)
        return
    receipt = found.receipt
    line = f"{receipt.number} · {show_time(receipt.submitted_at)} 提交"
    if receipt.due_at:
        line += f" · {'已超期，应于' if found.overdue else '请于'} {show_time(receipt.due_at)} 前办理"
    tag = el("span", receipt.state.label, cls="bj-tag bj-demo")
    kind = f"{receipt.kind.label}修订" if found.revises else receipt.kind.label
    records.head("审核", "review", found.title, line, (kind,), tag)
    places = cache.place_names(ctx.revision("division"))
    left, right = st.columns([2, 1], gap="large")
    with left:
        if found.changes:
            with st.container(border=True):
                _changes(found, places)
        with st.container(border=True):
            event = [("活动", found.event)] if found.event else []
            answers = forms.answers(receipt.kind, found.content, places)
            shown = records.shows(found.content)
            records.facts([("名称", found.title), *event, *shown, *answers], "提交的内容")
        if files:
            with st.container(border=True):
                draw(el("h3", "附件"))
                attachment_list(files)
    with right:
        with st.container(border=True):
            _confidential(ctx, found)
        if receipt.state is SubmissionState.PENDING and ctx.actor.scope:
            with st.container(border=True):
                _assignment(ctx, found, {person.id: person.name for person in colleagues})
        with st.container(border=True):
            _decision(ctx, found)


def _changes(found: Review, places: Mapping[str, str]) -> None:
    """Field by field what it was and what it is now."""
    since = f"和已发布的 {found.revises} 相比" if found.revises else "和退回时相比"
    draw(el("h3", f"改了 {len(found.changes)} 处"))
    st.caption(since)
    for name, (old, new) in found.changes.items():
        was, now = (_answer(found, name, value, places) for value in (old, new))
        draw(
            el(
                "div",
                el("b", forms.label(found.receipt.kind, name)),
                el("del", was or "没有填"),
                el("ins", now or "删去了"),
                cls="bj-change",
            )
        )


def _answer(found: Review, name: str, value: Any, places: Mapping[str, str]) -> str:
    if value in (None, ""):
        return ""
    shown = forms.answers(found.receipt.kind, {name: value}, places)
    return shown[0][1] if shown else str(value)


def _confidential(ctx: Context, found: Review) -> None:
    names = disclosed(found.receipt.kind)
    closed = [names[name] for name, level in found.levels.items() if name in names and name != "contact"]
    if st.button("查看联系方式与授权内容", icon=":material/visibility:", help="每次查看都会记录在案"):
        seen = reviews.view_confidential(database(), found.id, actor=ctx.actor)
        sealed = [
            (forms.label(found.receipt.kind, name), _answer(found, name, value, {}))
            for name, value in seen.sealed.items()
        ]
        records.facts([("联系人", seen.name), ("电话", seen.phone), ("邮箱", seen.email), *sealed], "联系方式")
        return
    records.facts([("联系人", found.contact_hint)], "联系方式")
    if closed:
        levels = "、".join(closed)
        st.caption(f"提交人选择不公开：{levels}。")


def _assignment(ctx: Context, found: Review, colleagues: Mapping[int, str]) -> None:
    draw(el("h3", "谁来办"))
    options = [None, *colleagues]
    chosen = st.selectbox(
        "办理人",
        options,
        index=options.index(found.assignee_id) if found.assignee_id in colleagues else 0,
        format_func=lambda person: colleagues.get(person, "还没有分派") if person else "还没有分派",
        key=f"assignee-{found.id}-{found.version}",
        label_visibility="collapsed",
    )
    if chosen != found.assignee_id and st.button("分派", icon=":material/person_add:"):
        try:
            reviews.assign(database(), found.id, chosen, actor=ctx.actor)
        except (InvalidInput, Conflict) as refused:
            st.warning(refused.message)
        else:
            st.rerun()


def _decision(ctx: Context, found: Review) -> None:
    draw(el("h3", "审核决定"))
    if not any(reviews.open_to(found, action) for action in DECISIONS):
        said = [(forms.label(found.receipt.kind, name), words) for name, words in found.field_comments.items()]
        records.facts([("状态", found.receipt.state.label), ("意见", found.receipt.comment), *said])
        if reviews.open_to(found, Action.ARCHIVE) and not found.own:
            _archive(ctx, found)
        return
    if found.own:
        st.info("这是您本人或本单位的提交，请由其他人审核。", icon=":material/info:")
        return
    _form(ctx, found)


def _form(ctx: Context, found: Review) -> None:
    comment_key = f"c-{found.id}"
    seen = st.session_state.setdefault(f"seen-{found.id}", found.version)
    with st.popover("常用意见", icon=":material/list:", width="stretch"):
        for number, words in enumerate(TEMPLATES):
            st.button(words, key=f"t-{number}", type="tertiary", on_click=_put, args=(comment_key, words))
    wrong: Mapping[str, str] = st.session_state.get("wrong-decision", {})
    with st.form(f"decision-{found.id}", border=False, enter_to_submit=False):
        ticked = {name: st.checkbox(text, key=f"k-{name}-{found.id}") for name, text in CHECKLIST.items()}
        action = st.radio("决定", DECISIONS, index=None, format_func=lambda option: option.label, key=f"d-{found.id}")
        comment = st.text_area("意见", key=comment_key, placeholder="退回或不予发布时必填，提交人会看到", height=100)
        beside = _field_comments(found)
        for sentence in wrong.values():
            bands.wrong(sentence)
        sent = st.form_submit_button("确认", type="primary")
    if sent:
        _decide(ctx, found, action, comment, seen, ticked, beside)


def _put(key: str, words: str) -> None:
    """Add a sentence to what stands there."""
    before = str(st.session_state.get(key, "")).strip()
    st.session_state[key] = f"{before}\n{words}".strip() if words not in before else before


def _field_comments(found: Review) -> dict[str, str]:
    """A comment beside any field, folded away until it is needed."""
    names = ["title", *(name for name in found.content if name != "title"), *disclosed(found.receipt.kind)]
    labels = {name: forms.label(found.receipt.kind, name) for name in dict.fromkeys(names)}
    with st.expander("逐项意见（选填）"):
        return {
            name: st.text_input(label, key=f"fc-{found.id}-{name}", placeholder="这一项要怎么改")
            for name, label in labels.items()
            if label != name
        }


def _decide(
    ctx: Context,
    found: Review,
    action: Action | None,
    comment: str,
    seen: int,
    ticked: Mapping[str, bool],
    beside: Mapping[str, str],
) -> None:
    if action is None:
        st.session_state["wrong-decision"] = {"action": "请先选择一个决定。"}
        st.rerun()
    try:
        done = reviews.decide(
            database(), found.id, action, comment, seen, actor=ctx.actor, checklist=ticked, field_comments=beside
        )
    except InvalidInput as wrong:
        st.session_state["wrong-decision"] = wrong.fields
        st.rerun()
    except (Conflict, AccessDenied) as refused:
        st.session_state.pop(f"seen-{found.id}", None)
        st.warning(refused.message)
    else:
        st.session_state.pop("wrong-decision", None)
        st.session_state["decided"] = f"{done.number} 已{action.label}。"
        address.write(id=None)
        st.rerun()


def _archive(ctx: Context, found: Review) -> None:
    if found.receipt.state is SubmissionState.PUBLISHED:
        st.caption("归档后，公开的记录会从所有列表撤下。")
    if st.button("归档", icon=":material/archive:"):
        try:
            reviews.archive(database(), found.id, actor=ctx.actor)
        except (Conflict, AccessDenied, NotFound) as refused:
            st.warning(refused.message)
        else:
            st.session_state["decided"] = f"{found.receipt.number} 已归档。"
            address.write(id=None)
            st.rerun()
