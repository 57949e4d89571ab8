"""Where a submission stands, as its submitter reads it: the rail, what the reviewer said, what to do next."""

from collections.abc import Mapping
from typing import Final

import streamlit as st

from lib.domain.dates import now_utc, show_time
from lib.domain.vocabulary import SubmissionKind, SubmissionState
from lib.services.submissions import Receipt
from lib.ui.components import cards, forms, records
from lib.ui.components.markup import Markup, draw, el

_S: Final = SubmissionState
_TAGS: Final = {_S.PUBLISHED: "bj-submitted", _S.RETURNED: "bj-late-tag", _S.PENDING: "bj-demo", _S.EXPIRED: "bj-demo"}
_NEXT: Final[Mapping[SubmissionState, str]] = {
    _S.PENDING: "等审核人员答复，现在不用做什么。",
    _S.PUBLISHED: "已公开。内容有变化时请修订；修订审核通过以前，公开的内容不变。",
    _S.RETURNED: "请按意见修改后重新提交，回执号不变。",
    _S.DECLINED: "这条提交已办结。情况有变化时，可以另填一条。",
    _S.WITHDRAWN: "已撤回，不再公开。需要时可以修改后重新提交。",
    _S.EXPIRED: "有效期已过，公开的记录已撤下。仍然需要的话请续期。",
    _S.ARCHIVED: "已归档，不再办理。",
}


def tag(state: SubmissionState) -> Markup:
    """The state as a small coloured tag."""
    return el("span", state.label, cls=f"bj-tag {_TAGS.get(state, '')}".strip())


def next_step(receipt: Receipt) -> str:
    """One sentence: what happens next, or what the submitter should do."""
    if receipt.state is _S.PENDING and receipt.due_at:
        waits = "原来公开的内容在审核通过以前不变。" if receipt.revision else ""
        late = "已经过了时限，审核人员会看到提醒。" if receipt.due_at < now_utc() else "现在不用做什么。"
        return f"审核应在 {show_time(receipt.due_at)} 前答复，{late}{waits}"
    return _NEXT.get(receipt.state, "")


def progress(receipt: Receipt, *, comments: bool = True) -> None:
    """The rail of a submission, what was said about it and what comes next; the way to what it published."""
    decided = show_time(receipt.decided_at) if receipt.decided_at else ""
    state = receipt.state
    last = {
        _S.PENDING: ("替换原记录" if receipt.revision else "公开发布", "审核通过后", False),
        _S.PUBLISHED: ("已公开发布", decided, True),
    }.get(state, (state.label, decided if state in {_S.RETURNED, _S.DECLINED} else "", True))
    with st.container(border=True):
        draw(el("h3", "进度"))
        waiting = state is _S.PENDING
        reviewed = ("平台审核", "进行中" if waiting else decided or "没有办理", waiting or bool(decided))
        records.rail([("已收到", show_time(receipt.submitted_at), True), reviewed, last])
        said = [("上次的意见" if waiting else "审核意见", receipt.comment)] if receipt.comment else []
        if comments:
            beside = receipt.field_comments or {}
            said += [(forms.label(receipt.kind, name), words) for name, words in beside.items()]
        records.facts([*said, ("下一步", next_step(receipt))])
        if state is _S.PUBLISHED and receipt.record_id and receipt.kind is not SubmissionKind.REGISTRATION:
            records.internal("查看公开的记录", cards.PAGES[record_kind(receipt.kind)], receipt.record_id)


def record_kind(kind: SubmissionKind) -> str:
    """What a published submission is called among the records."""
    return "demand" if kind is SubmissionKind.MILITARY else kind.value
