"""The submit page: the form, its receipt, and the look-up of a receipt."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from secrets import token_hex
from typing import Any, Final

import streamlit as st

from lib.domain.access import Permission
from lib.domain.dates import today_shanghai
from lib.domain.errors import Conflict, InvalidInput, NotFound
from lib.domain.submissions import Action
from lib.domain.text import shorten
from lib.domain.vocabulary import SubmissionKind, SubmissionState
from lib.services import drafts, matching, roadshows, submissions
from lib.services import records as catalogued
from lib.services.catalogue import Card
from lib.services.submissions import OwnItem, OwnSubmission, Receipt
from lib.store.engine import database
from lib.ui import address, cache, filters, guard, navigation
from lib.ui.components import bands, cards, forms, receipts, records
from lib.ui.components.markup import Markup, draw, el, join
from lib.ui.guard import Context
from lib.ui.views import attachments, questionnaire
from lib.ui.views.questionnaire import Questionnaire

_HEADS: Final = {
    SubmissionKind.DEMAND: ("发布需求", "说清要解决的问题，平台替您找成果、找团队。"),
    SubmissionKind.ACHIEVEMENT: ("提交成果", "让需要的人找到它；审核通过后进入成果库。"),
    SubmissionKind.REGISTRATION: ("路演报名", "写清项目和想找的合作，主办方据此安排。"),
    SubmissionKind.MILITARY: ("军民对接", "只登记能公开的选项，不写技术内容，不传附件。"),
}
_KINDS: Final = (SubmissionKind.DEMAND, SubmissionKind.ACHIEVEMENT, SubmissionKind.MILITARY)
_YEAR: Final = timedelta(days=365)
_TITLE_LENGTH: Final = 40
_LEAST: Final = 2
"""Characters of a title before anything like it is looked for."""
_NOTE: Final = "不登录也能填；提交后凭回执号和电话查进度。"


def form(ctx: Context) -> None:
    """The form that the address names, or the receipt when its draft was handed in already."""
    if revised := address.number("revise"):
        _revise(ctx, revised)
        return
    kind = SubmissionKind(address.choice("kind", tuple(SubmissionKind), SubmissionKind.DEMAND))
    if _handed_in(ctx):
        return
    draft = questionnaire.draft_id(ctx)
    st.session_state.setdefault("drafts", {})[kind.value] = draft
    title, subtitle = _HEADS[kind]
    with bands.band(title, subtitle, instrument=1.3):
        draw(_steps(0))
    _tabs(kind)
    event_id = address.number("event") if kind is SubmissionKind.REGISTRATION else None
    left, right = st.columns([2, 1], gap="large")
    answers: Mapping[str, Any] = {}
    with left, st.container(border=True):
        if kind is not SubmissionKind.REGISTRATION or _event(ctx, event_id):
            shown = _shown(ctx, draft, {}) if event_id else {}
            answers = questionnaire.fill(
                ctx,
                Questionnaire(
                    kind,
                    draft,
                    lambda: {**_dates(kind), **questionnaire.remembered(ctx), "title": address.words("title")},
                    lambda given: _told_plainly(
                        lambda: submissions.submit(database(), kind, draft, given, actor=ctx.actor)
                    ),
                    note="" if ctx.actor.account_id else _NOTE,
                    fixed={"event_id": event_id, **shown} if event_id else {},
                    beside=lambda: attachments.attachments_box(ctx, kind, draft),
                    twin=lambda given: _twin(ctx, kind, given),
                ),
            )
    with right:
        _aside(ctx, kind, answers)


def _twin(ctx: Context, kind: SubmissionKind, given: Mapping[str, Any]) -> OwnItem | None:
    """What the person handed in before under this title; a project may well register for several events."""
    if kind is SubmissionKind.REGISTRATION:
        return None
    with database().read() as session:
        return submissions.twin(
            session, kind, str(given.get("title") or ""), str(given.get("unit") or ""), actor=ctx.actor
        )


def _handed_in(ctx: Context) -> bool:
    """True when the draft of the address was handed in: its receipt stands in the place of the form."""
    draft = address.words("draft")
    if not submissions.DRAFT_ID.fullmatch(draft):
        return False
    with database().read() as session:
        receipt = submissions.of_draft(session, draft, actor=ctx.actor)
    if receipt is None:
        return False
    st.session_state.get("drafts", {}).pop(receipt.kind.value, None)
    _receipt(ctx, receipt)
    return True


def _dates(kind: SubmissionKind) -> dict[str, Any]:
    if kind not in {SubmissionKind.DEMAND, SubmissionKind.MILITARY}:
        return {}
    return {"valid_from": today_shanghai(), "valid_until": today_shanghai() + _YEAR}


def _steps(reached: int) -> Markup:
    steps = (("填写", "写到哪存到哪"), ("平台审核", "内容完整、不涉密"), ("公开发布", "进入目录，可被检索"))
    items = (
        el("li", el("b", name), el("span", note), cls="on" if i <= reached else "")
        for i, (name, note) in enumerate(steps)
    )
    return el("ol", *items, cls="bj-rail")


def _tabs(kind: SubmissionKind | None) -> None:
    """Which form; each goes on where it was left in this tab. None: the look-up of a receipt."""
    with st.container(horizontal=True, vertical_alignment="center", key="summary"):
        if kind is None:
            st.space("stretch")
            _link("发布需求", ":material/edit_square:", {"kind": "demand"})
            return
        options = _KINDS if kind in _KINDS else (*_KINDS, kind)
        known: dict[str, str] = st.session_state.get("drafts", {})
        filters.segments(
            "提交什么",
            {option.value: option.label for option in options},
            kind.value,
            key="kind",
            chosen=lambda value: address.write(kind=value, draft=known.get(value), event=None, title=None, step=None),
        )
        st.space("stretch")
        _link("批量提交", ":material/table_rows:", {"view": "bulk", "kind": kind.value})
        _link("查进度", ":material/receipt_long:", {"view": "status"})


def _link(label: str, icon: str, query: dict[str, str]) -> None:
    st.page_link(navigation.href("submit"), label=label, icon=icon, query_params=query)


def _event(ctx: Context, event_id: int | None) -> bool:
    try:
        with database().read() as session:
            found = roadshows.read_event(session, event_id or 0, actor=ctx.actor)
    except NotFound:
        bands.empty("先选一场活动", "请从「路演与活动」里选一场即将举行的活动，再点「路演报名」。")
        st.page_link(navigation.href("roadshows"), label="去选活动", icon=":material/event:")
        return False
    draw(el("p", "报名的活动：", el("b", found.card.title)))
    return True


def _shown(ctx: Context, draft: str, begun: Mapping[str, Any]) -> dict[str, Any]:
    """Which of the own achievements in the catalogue a registration shows; nothing is asked where there is none.

    `begun` is what was handed in before; what was kept of the draft goes before it.
    """
    if not ctx.actor.may(Permission.MANAGE_OWN_RECORDS):
        return {}
    with database().read() as session:
        own = catalogued.own_achievements(session, actor=ctx.actor)
        kept = drafts.load(session, draft, actor=ctx.actor, browser=guard.browser())
    if not own:
        return {}
    before = (kept or begun).get("achievement_id")
    number = st.selectbox(
        "展示库里的成果（选填）",
        list(own),
        index=list(own).index(before) if before in own else None,
        format_func=lambda key: shorten(own[key], _TITLE_LENGTH),
        placeholder="不选也可以",
        key=f"{draft[:8]}-shown",
        help="选了以后，成果的页面会列出这场活动。这里只有本人或本单位已公开的成果。",
    )
    return {"achievement_id": number}


def _told_plainly(send: Callable[[], object]) -> object:
    """Hand in; what is wrong with the achievement alone is said as a sentence, for it is no field of the form."""
    try:
        return send()
    except InvalidInput as wrong:
        if set(wrong.fields) == {"achievement_id"}:
            raise Conflict(wrong.message) from None
        raise


def _aside(ctx: Context, kind: SubmissionKind, answers: Mapping[str, Any]) -> None:
    if kind in {SubmissionKind.DEMAND, SubmissionKind.ACHIEVEMENT}:
        questionnaire.missing_box(kind, answers)
    if kind is not SubmissionKind.MILITARY:
        found = _similar(ctx, kind, answers)
        if kind is SubmissionKind.DEMAND:
            _alike(ctx, "已有人提过类似需求", SubmissionKind.DEMAND, found.demands)
        _alike(
            ctx,
            "库里可能已有答案" if kind is SubmissionKind.DEMAND else "库里可能已有这一条",
            SubmissionKind.ACHIEVEMENT,
            found.achievements,
            said="没有相近的成果。" if found.words else "写下名称，这里会列出相近的成果。",
        )
    _afterwards()


def _afterwards() -> None:
    with st.container(border=True):
        draw(
            join(
                el("h3", "提交以后"),
                el(
                    "ol",
                    el("li", el("b", "得到回执号"), el("span", "凭它随时查进度")),
                    el("li", el("b", "平台审核"), el("span", "内容完整、不涉密即公开")),
                    el("li", el("b", "进入目录"), el("span", "别人能搜到，联系方式不公开")),
                    cls="bj-next",
                ),
            )
        )


@dataclass(frozen=True)
class _Similar:
    """Public records like what is being typed, and which of them the person may revise."""

    words: str = ""
    demands: tuple[Card, ...] = ()
    achievements: tuple[Card, ...] = ()
    own: Mapping[tuple[str, int], int] = field(default_factory=dict)


def _alike(ctx: Context, title: str, kind: SubmissionKind, found: Sequence[Card], said: str = "") -> None:
    """Records like this one, each with the way to it; one's own also with the way to revise it."""
    if not found and not said:
        return
    own: Mapping[tuple[str, int], int] = _known().own
    with st.container(border=True, key=f"alike-{kind.value}"):
        draw(el("h3", title))
        for card in found:
            with st.container(gap=None, key=f"row-similar-{card.kind}-{card.id}"):
                cards.link(card)
                year = card.year or "年份未披露"
                draw(el("span", f"{card.unit or '单位未披露'} · {year} · 去看", cls="bj-meaning"))
            if mine := own.get((card.kind, card.id)):
                st.page_link(
                    navigation.href("submit"), label="就是这一条，去修订", icon=":material/edit:",
                    query_params={"revise": str(mine)},
                )  # fmt: skip
        if not found:
            st.caption(said)


def _known() -> _Similar:
    known = st.session_state.get("similar")
    return known if isinstance(known, _Similar) else _Similar()


def _similar(ctx: Context, kind: SubmissionKind, answers: Mapping[str, Any]) -> _Similar:
    """Looked for when title or keywords change, kept for this tab, and shared with nobody."""
    title = str(answers.get("title") or "").strip()
    words = f"{title} {answers.get('keywords') or ''}".strip() if len(title) >= _LEAST else ""
    known = _known()
    if known.words != f"{kind.value} {words}" or not words:
        known = st.session_state["similar"] = _look(ctx, kind, words) if words else _Similar()
    return known


def _look(ctx: Context, kind: SubmissionKind, words: str) -> _Similar:
    asks = kind is SubmissionKind.DEMAND
    with database().read() as session:
        achievements = matching.similar_achievements(session, words, actor=ctx.actor)
        demands = matching.similar_demands(session, words, actor=ctx.actor) if asks else ()
        alike = demands if asks else achievements
        own = submissions.published_as(session, kind, [card.id for card in alike], actor=ctx.actor)
    return _Similar(
        f"{kind.value} {words}", demands, achievements, {(kind.value, record): of for record, of in own.items()}
    )


# ------------------------------------------------------------------ revising and correcting with an account
def _revise(ctx: Context, submission_id: int) -> None:
    """The form of one's own submission, filled: a revision of what is public, or the correction of what came back."""
    if not ctx.actor.may(Permission.MANAGE_OWN_RECORDS):
        bands.denied("修改已提交的内容需要登录提交它的账号。", signed_in=ctx.actor.account_id is not None)
        return
    try:
        with database().read() as session:
            own = submissions.read_own(session, submission_id, actor=ctx.actor)
            known = drafts.listing(session, actor=ctx.actor, browser=guard.browser())
    except NotFound as missing:
        records.missing("我的", "mine", missing.message)
        return
    corrects = submissions.may(own, Action.RESUBMIT)
    if not corrects and _handed_in(ctx):
        return
    if not address.words("draft"):
        address.write(draft=next((item.id for item in known if item.revises_id == own.id), token_hex(16)))
    draft = questionnaire.draft_id(ctx)
    _revise_head(own, corrects=corrects)
    if not corrects and (own.receipt.state is not SubmissionState.PUBLISHED or own.revision):
        _unrevisable(own)
        return
    kind = own.receipt.kind

    def start() -> Mapping[str, Any]:
        with database().read() as session:
            return forms.typed(submissions.filled(session, own.id, actor=ctx.actor))

    def send(given: Mapping[str, Any]) -> None:
        if not corrects:
            _told_plainly(
                lambda: submissions.submit(database(), kind, draft, given, actor=ctx.actor, revises_id=own.id)
            )
            return
        _told_plainly(lambda: submissions.resubmit_own(database(), own.id, given, actor=ctx.actor))
        drafts.discard(database(), draft, actor=ctx.actor, browser=guard.browser())
        st.session_state["done"] = f"{own.receipt.number} 已重新提交。"

    def back() -> None:
        if corrects:
            st.switch_page(navigation.href("mine"), query_params={"id": str(own.id)})

    left, right = st.columns([2, 1], gap="large")
    with left, st.container(border=True):
        shown = _shown(ctx, draft, start()) if own.event_id else {}
        questionnaire.fill(
            ctx,
            Questionnaire(
                kind,
                draft,
                start,
                send,
                button="重新提交" if corrects else "提交修订",
                fixed={"event_id": own.event_id, **shown} if own.event_id else {},
                comments=own.receipt.field_comments or {} if corrects else {},
                revises_id=own.id,
                beside=lambda: attachments.attachments_box(ctx, kind, own.draft_id if corrects else draft),
                after=back,
            ),
        )
    with right:
        receipts.progress(own.receipt, comments=False)


def _revise_head(own: OwnSubmission, *, corrects: bool) -> None:
    title = f"修改{own.receipt.kind.label}" if corrects else f"修订{own.receipt.kind.label}"
    line = "按意见改好后重新提交，回执号不变。" if corrects else "修订审核通过以前，公开的记录保持原样。"
    with st.container(key="crumbs"):
        st.page_link(
            navigation.href("mine"),
            label=f"我的 {own.receipt.number}",
            icon=":material/arrow_back:",
            query_params={"id": str(own.id)},
        )
    bands.band(title, f"{own.receipt.number} · {line}")


def _unrevisable(own: OwnSubmission) -> None:
    if own.revision:
        bands.empty("已有一份修订在办理", f"{own.revision} 办完或撤回以后，才能再改。")
    else:
        bands.empty(f"这条提交现在是「{own.receipt.state.label}」", receipts.next_step(own.receipt))


# ------------------------------------------------------------------ receipt
def _receipt(ctx: Context, receipt: Receipt) -> None:
    what = f"{receipt.kind.label}修订" if receipt.revision else receipt.kind.label
    with bands.band(f"{what}已收到", "请保存回执号，凭它和联系电话查进度、补材料。", instrument=1.1):
        draw(el("div", el("span", "回执号"), el("strong", receipt.number), cls="bj-receipt"))
    left, right = st.columns([2, 1], gap="large")
    with left:
        receipts.progress(receipt)
        with st.container(horizontal=True, key="summary"):
            if ctx.actor.may(Permission.MANAGE_OWN_ACCOUNT):
                st.page_link(navigation.href("mine"), label="我的提交", icon=":material/inbox:")
            else:
                _link("查进度", ":material/receipt_long:", {"view": "status", "receipt": receipt.number})
            _link("再提交一条", ":material/add:", {"kind": receipt.kind.value})
            st.page_link(navigation.href("home"), label="回总览", icon=":material/home:")
    with right:
        _afterwards()


# ------------------------------------------------------------------ status
def status(ctx: Context) -> None:
    """The look-up of a receipt: number and contact open the state, the comment and the next step."""
    with bands.band("查进度", "凭回执号和提交时填的电话或邮箱查询。", instrument=1.3):
        draw(_steps(1))
    _tabs(None)
    if done := st.session_state.pop("done", ""):
        st.success(done, icon=":material/check_circle:")
    left, right = st.columns([1, 1.6], gap="large")
    with left, st.container(border=True), st.form("status", border=False):
        number = st.text_input(
            "回执号", value=address.words("receipt"), placeholder="如 XQ-20261126-0001", key="s-number"
        )
        contact = st.text_input("电话或邮箱", placeholder="提交时填写的", key="s-contact")
        asked = st.form_submit_button("查询", type="primary", icon=":material/search:")
    with right:
        if asked or st.session_state.get("s-open") == (number, contact):
            _look_up(ctx, number, contact)
        else:
            bands.empty("还没有查询", "回执号在提交成功的页面上，以 XQ、CG、BM 或 JM 开头。")


def _look_up(ctx: Context, number: str, contact: str) -> None:
    try:
        own = submissions.status(database(), number, contact, actor=ctx.actor)
    except (NotFound, Conflict) as refused:
        st.session_state.pop("s-open", None)
        st.warning(refused.message, icon=":material/info:")
        return
    st.session_state["s-open"] = (number, contact)
    _adopt(ctx, own, number, contact)
    receipts.progress(own.receipt)
    if own.receipt.state is SubmissionState.RETURNED:
        _correct(ctx, own, number, contact)
        return
    places = cache.place_names(ctx.revision("division"))
    with st.container(border=True):
        answers = forms.answers(own.receipt.kind, own.content, places)
        records.facts([("名称", own.title), *answers, ("联系人", own.contact_hint)], "您提交的内容")


def _adopt(ctx: Context, own: OwnSubmission, number: str, contact: str) -> None:
    """Whoever is signed in may take the submission into the own account, or finds it there already."""
    if not ctx.actor.may(Permission.MANAGE_OWN_RECORDS):
        return
    try:
        with database().read() as session:
            submissions.read_own(session, own.id, actor=ctx.actor)
    except NotFound:
        if st.button("归到我的账号", icon=":material/inbox:", help="以后在「我的」页面办理，审核结果会通知您"):
            try:
                submissions.adopt(database(), number, contact, actor=ctx.actor)
            except Conflict as refused:
                st.warning(refused.message, icon=":material/info:")
            else:
                st.switch_page(navigation.href("mine"), query_params={"id": str(own.id)})
        return
    st.page_link(
        navigation.href("mine"), label="在「我的」里打开", icon=":material/inbox:", query_params={"id": str(own.id)}
    )


def _correct(ctx: Context, own: OwnSubmission, number: str, contact: str) -> None:
    """The form as it was handed in, to be mended: kept as a draft too, for whoever knows receipt and contact."""
    draft = questionnaire.draft_id(ctx)

    def start() -> Mapping[str, Any]:
        return forms.typed(submissions.proven_answers(database(), number, contact, actor=ctx.actor))

    def send(given: Mapping[str, Any]) -> None:
        submissions.resubmit(database(), number, contact, given, actor=ctx.actor)
        drafts.discard(database(), draft, actor=ctx.actor, browser=guard.browser())
        st.session_state.pop("s-open", None)  # the contact may have changed with it
        st.session_state["done"] = f"{own.receipt.number} 已重新提交，以后凭这次填的电话或邮箱查询。"
        address.write(draft=None, step=None)

    with st.container(border=True):
        draw(el("h3", "修改后重新提交"))
        questionnaire.fill(
            ctx,
            Questionnaire(
                own.receipt.kind,
                draft,
                start,
                send,
                button="重新提交",
                fixed={"event_id": own.event_id} if own.event_id else {},
                comments=own.receipt.field_comments or {},
                revises_id=own.id,
            ),
        )
