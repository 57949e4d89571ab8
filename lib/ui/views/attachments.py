"""Attachments on the screen: the box that takes them with a form, and the links that open them."""

from typing import Final

import streamlit as st
from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager
from streamlit.runtime.scriptrunner import get_script_run_ctx

from lib.domain.access import Permission
from lib.domain.errors import InvalidInput, NotFound, Unavailable
from lib.domain.vocabulary import FieldLevel, SubmissionKind
from lib.files import sniff
from lib.services import attachments
from lib.services.attachments import MOST_FILES, AttachmentItem
from lib.store.engine import database
from lib.ui.components import bands
from lib.ui.components.markup import Markup, draw, el
from lib.ui.guard import Context

_LEVELS: Final = tuple(reversed(FieldLevel))


def attachments_box(ctx: Context, kind: SubmissionKind, draft_id: str) -> None:
    """Where files are added to a draft and taken off it; outside a form, since each file is kept at once.

    Draws nothing for a kind without attachments, and one line for who may not upload.
    """
    if kind is SubmissionKind.MILITARY:
        return
    with st.container(border=True, key="attachments"):
        draw(el("h3", "附件（选填）"))
        if not ctx.actor.may(Permission.UPLOAD_ATTACHMENT):
            st.caption("登录并通过单位审核后，可以上传附件；没有附件也能提交。")
            return
        if kind is SubmissionKind.REGISTRATION:
            st.caption("可以附上路演 PPT、商业计划书；视频请在表中填地址。")
        with database().read() as session:
            kept = attachments.of_draft(session, draft_id, actor=ctx.actor)
        for file in kept:
            _row(ctx, file)
        if len(kept) < MOST_FILES:
            _upload(ctx, kind, draft_id)


def link(file: AttachmentItem) -> Markup:
    """The link that downloads a file that the actor may open."""
    return el("a", f"{file.name}（{_size(file.size)}）", href=f"/download/attachment/{file.id}")


def listing(files: tuple[AttachmentItem, ...]) -> None:
    """Files of a submission for its owner or reviewer, with their levels."""
    for file in files:
        draw(el("p", el("span", file.level.label, cls="bj-badge"), " ", link(file), cls="bj-meaning"))


def _row(ctx: Context, file: AttachmentItem) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        listing((file,))
        st.space("stretch")
        if st.button("删除", icon=":material/delete:", type="tertiary", key=f"remove-{file.id}"):
            try:
                attachments.remove(database(), file.id, actor=ctx.actor)
            except InvalidInput as wrong:
                st.warning(wrong.message)
            else:
                st.rerun()


def _upload(ctx: Context, kind: SubmissionKind, draft_id: str) -> None:
    """One file at a time, and a new widget after each."""
    turn = st.session_state.setdefault(f"upload-{draft_id}", 0)
    level = st.selectbox(
        "谁可以看这个附件", _LEVELS, format_func=lambda option: option.label, key=f"level-{draft_id}-{turn}"
    )
    file = st.file_uploader(
        "选择文件", type=[ending.lstrip(".") for ending in sniff.TYPES], key=f"file-{draft_id}-{turn}",
        help=f"{sniff.KINDS}，每个不超过 10 MB，最多 {MOST_FILES} 个；图片会去掉拍摄地点等信息。",
    )  # fmt: skip
    bands.wrong(st.session_state.pop(f"upload-problem-{draft_id}", ""))
    if file is None:
        return
    try:
        attachments.add(database(), kind, draft_id, file.name, file.getvalue(), level, actor=ctx.actor)
    except (InvalidInput, NotFound, Unavailable) as refused:
        st.session_state[f"upload-problem-{draft_id}"] = refused.message
    finally:
        forget(file.file_id)
    st.session_state[f"upload-{draft_id}"] = turn + 1
    st.rerun()


def forget(file_id: str) -> None:
    """Let Streamlit drop the bytes now; it would keep them in memory until the tab closes."""
    run = get_script_run_ctx()
    if run is not None and isinstance(run.uploaded_file_mgr, MemoryUploadedFileManager):
        run.uploaded_file_mgr.remove_file(run.session_id, file_id)


def _size(size: int) -> str:
    return f"{max(1, round(size / 1024))} KB" if size < 1024 * 1024 else f"{size / 1024 / 1024:.1f} MB"
