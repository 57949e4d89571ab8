"""The submit page: the form, its receipt, and the look-up of a receipt."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from secrets import token_hex
from typing import Any, Final

import streamlit as st

from lib.domain.dates import show_time
from lib.domain.errors import Conflict, InvalidInput, NotFound
from lib.domain.vocabulary import SubmissionKind, SubmissionState
from lib.services import catalogue, roadshows, submissions
from lib.services.catalogue import Card
from lib.services.submissions import OwnSubmission, Receipt
from lib.store.engine import database
from lib.ui import address, cache, filters, navigation
from lib.ui.components import bands, cards, forms, records
from lib.ui.components.markup import Markup, draw, el, join
from lib.ui.guard import Context

_HEADS: Final = {
    SubmissionKind.DEMAND: ("发布需求", "说清要解决的问题，平台替您找成果、找团队。"),
    SubmissionKind.ACHIEVEMENT: ("提交成果", "让需要的人找到它；审核通过后进入成果库。"),
    SubmissionKind.REGISTRATION: ("路演报名", "写清项目和想找的合作，主办方据此安排。"),
}


def form(ctx: Context) -> None:
    """The form that the address names, or the receipt when its draft was handed in already."""
    kind = SubmissionKind(address.choice("kind", tuple(SubmissionKind), SubmissionKind.DEMAND))
    draft = address.words("draft")
    if not submissions.DRAFT_ID.fullmatch(draft):
        draft = token_hex(16)
        address.write(draft=draft)
    with database().read() as session:
        receipt = submissions.of_draft(session, draft, actor=ctx.actor)
    if receipt is not None:
        _receipt(ctx, receipt)
        return
    title, subtitle = _HEADS[kind]
    with bands.band(title, subtitle, instrument=1.3):
        draw(_steps(0))
    _tabs("form", kind)
    left, right = st.columns([2, 1], gap="large")
    with left, st.container(border=True, key="form"):
        _ask(ctx, kind, draft)
    with right:
        _aside(ctx, st.session_state.get(forms.key("title"), ""))


def _steps(reached: int) -> Markup:
    steps = (("填写", "一页填完"), ("平台审核", "内容完整、不涉密"), ("公开发布", "进入目录，可被检索"))
    items = (
        el("li", el("b", name), el("span", note), cls="on" if i <= reached else "")
        for i, (name, note) in enumerate(steps)
    )
    return el("ol", *items, cls="bj-rail")


def _tabs(view: str, kind: SubmissionKind) -> None:
    with st.container(horizontal=True, vertical_alignment="center", key="summary"):
        options = [SubmissionKind.DEMAND, SubmissionKind.ACHIEVEMENT]
        if kind is SubmissionKind.REGISTRATION:
            options.append(kind)
        if view == "form":
            filters.segments(
                "提交什么",
                {option.value: option.label for option in options},
                kind.value,
                key="kind",
                chosen=lambda value: address.write(kind=value, draft=None, event=None),
            )
        st.space("stretch")
        if view == "form":
            _link("查进度", ":material/receipt_long:", {"view": "status"})
        else:
            _link("发布需求", ":material/edit_square:", {"kind": "demand"})


def _link(label: str, icon: str, query: dict[str, str]) -> None:
    st.page_link(navigation.href("submit"), label=label, icon=icon, query_params=query)


def _wrong(of: str) -> Mapping[str, str]:
    """The sentences of the last refused attempt at this draft or receipt."""
    wrong: Mapping[str, str] = st.session_state.get("wrong", {})
    return wrong if st.session_state.get("wrong-of") == of else {}


def _ask(ctx: Context, kind: SubmissionKind, draft: str) -> None:
    event_id = address.number("event") if kind is SubmissionKind.REGISTRATION else None
    if kind is SubmissionKind.REGISTRATION and not _event(ctx, event_id):
        return
    prefilled = address.words("title")
    if prefilled and forms.key("title") not in st.session_state:
        st.session_state[forms.key("title")] = prefilled
    errors = _wrong(draft)
    forms.error_summary(errors)
    title = forms.draw_field(forms.TITLES[kind], errors.get("title", ""))
    leagues, banners = _places(ctx)
    with st.form("submission", border=False, enter_to_submit=False):
        values = forms.draw_sections(forms.sections(kind, leagues, banners), errors)
        sent = st.form_submit_button("提交审核", type="primary", icon=":material/send:")
        st.caption("不登录也能填；提交后凭回执号和电话查进度。联系方式只给审核人员看。")
    if sent:
        _send(ctx, kind, draft, {**values, "title": title, "event_id": event_id})


def _send(ctx: Context, kind: SubmissionKind, draft: str, values: Mapping[str, Any]) -> None:
    try:
        submissions.submit(database(), kind, draft, values, actor=ctx.actor)
    except InvalidInput as wrong:
        st.session_state["wrong"], st.session_state["wrong-of"] = wrong.fields, draft
    else:
        st.session_state.pop("wrong", None)
    st.rerun()


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


def _places(ctx: Context) -> tuple[dict[str, str], dict[str, str]]:
    names = cache.place_names(ctx.revision("division"))
    leagues = {code: name for code, name in names.items() if code.endswith("00") and not code.endswith("0000")}
    banners = {
        code: f"{names.get(f'{code[:4]}00', '')} {name}" for code, name in names.items() if not code.endswith("00")
    }
    return leagues, banners


def _aside(ctx: Context, words: str) -> None:
    with st.container(border=True):
        draw(el("h3", "库里可能已有"))
        found: tuple[Card, ...] = ()
        if len(words) >= 2:
            with database().read() as session:
                found = catalogue.similar_achievements(session, words, actor=ctx.actor)
        for card in found:
            with st.container(gap=None, key=f"row-similar-{card.id}"):
                cards.link(card)
                draw(el("span", f"{card.unit or '完成单位未披露'} · {card.year or '年份未披露'}", cls="bj-meaning"))
        if not found:
            st.caption("写下名称，这里会列出相近的成果。" if len(words) < 2 else "没有相近的成果。")
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


# ------------------------------------------------------------------ receipt
def _receipt(ctx: Context, receipt: Receipt) -> None:
    with bands.band(f"{receipt.kind.label}已收到", "请保存回执号，凭它和联系电话查进度、补材料。", instrument=1.1):
        draw(el("div", el("span", "回执号"), el("strong", receipt.number), cls="bj-receipt"))
    left, right = st.columns([2, 1], gap="large")
    with left:
        _progress(receipt)
        with st.container(horizontal=True, key="summary"):
            _link("查进度", ":material/receipt_long:", {"view": "status", "receipt": receipt.number})
            _link("再提交一条", ":material/add:", {"kind": receipt.kind.value})
            st.page_link(navigation.href("home"), label="回总览", icon=":material/home:")
    with right:
        _aside(ctx, st.session_state.get(forms.key("title"), ""))


def _progress(receipt: Receipt) -> None:
    decided = show_time(receipt.decided_at) if receipt.decided_at else ""
    state = receipt.state
    last = {
        SubmissionState.PENDING: ("公开发布", "审核通过后", False),
        SubmissionState.PUBLISHED: ("已公开发布", decided, True),
        SubmissionState.RETURNED: ("退回整改", decided, True),
        SubmissionState.DECLINED: ("不予发布", decided, True),
    }[state]
    with st.container(border=True):
        draw(el("h3", "进度"))
        reviewed = ("平台审核", "进行中" if state is SubmissionState.PENDING else decided, True)
        records.rail([("已收到", show_time(receipt.submitted_at), True), reviewed, last])
        if receipt.comment:
            records.facts([("审核意见", receipt.comment)])
        if state is SubmissionState.PUBLISHED and receipt.record_id and receipt.kind is not SubmissionKind.REGISTRATION:
            records.internal("查看公开的记录", cards.PAGES[receipt.kind.value], receipt.record_id)


# ------------------------------------------------------------------ status
def status(ctx: Context) -> None:
    """The look-up of a receipt: number and contact open the state, the comment and the next step."""
    with bands.band("查进度", "凭回执号和提交时填的电话或邮箱查询。", instrument=1.3):
        draw(_steps(1))
    _tabs("status", SubmissionKind.DEMAND)
    left, right = st.columns([1, 1.6], gap="large")
    with left, st.container(border=True), st.form("status", border=False):
        number = st.text_input(
            "回执号", value=address.words("receipt"), placeholder="如 XQ-20261126-0001", key="s-number"
        )
        contact = st.text_input("电话或邮箱", placeholder="提交时填写的", key="s-contact")
        asked = st.form_submit_button("查询", type="primary", icon=":material/search:")
    with right:
        if asked or st.session_state.get("s-open") == number:
            _look_up(ctx, number, contact)
        else:
            bands.empty("还没有查询", "回执号在提交成功的页面上，以 XQ、CG 或 BM 开头。")


def _look_up(ctx: Context, number: str, contact: str) -> None:
    try:
        own = submissions.status(database(), number, contact, actor=ctx.actor)
    except (NotFound, Conflict) as refused:
        st.session_state.pop("s-open", None)
        st.warning(refused.message, icon=":material/info:")
        return
    st.session_state["s-open"] = number
    _progress(own.receipt)
    places = cache.place_names(ctx.revision("division"))
    with st.container(border=True):
        answers = forms.answers(own.receipt.kind, own.content, places)
        records.facts([("名称", own.title), *answers, ("联系人", own.contact_hint)], "您提交的内容")
    if own.receipt.state is SubmissionState.RETURNED:
        _correct(ctx, own, number, contact)


def _correct(ctx: Context, own: OwnSubmission, number: str, contact: str) -> None:
    kind = own.receipt.kind
    errors = _wrong(number)
    for name, value in {**own.content, "title": own.title}.items():
        if forms.key(name) not in st.session_state:
            st.session_state[forms.key(name)] = _typed(name, value)
    with st.container(border=True), st.form("correction", border=False, enter_to_submit=False):
        draw(el("h3", "修改后重新提交"))
        forms.error_summary(errors)
        title = forms.draw_field(forms.TITLES[kind], errors.get("title", ""))
        leagues, banners = _places(ctx)
        values = forms.draw_sections(forms.sections(kind, leagues, banners), errors)
        sent = st.form_submit_button("重新提交", type="primary", icon=":material/send:")
    if sent:
        filled = {**values, "title": title, "event_id": own.content.get("event_id")}
        try:
            submissions.resubmit(database(), number, contact, filled, actor=ctx.actor)
        except InvalidInput as wrong:
            st.session_state["wrong"], st.session_state["wrong-of"] = wrong.fields, number
        except Conflict as refused:
            st.warning(refused.message)
            return
        else:
            st.session_state.pop("wrong", None)
        st.rerun()


def _typed(name: str, value: Any) -> Any:
    """A stored answer as its widget takes it."""
    if name in {"budget", "price"} and value is not None:
        return f"{Decimal(str(value)) / 10_000:f}"
    if name.startswith("valid_") and value:
        return date.fromisoformat(value)
    if name in {"league", "banner", "demand_class", "cooperation_mode"}:
        return value or None
    return "" if value is None else str(value) if name == "year" else value
