"""评审: the desk of whoever runs the event, and the result as everybody reads it."""

from collections.abc import Sequence
from typing import Final

import streamlit as st

from lib.domain import jury as rules
from lib.domain.dates import show_time
from lib.domain.errors import ProductError
from lib.files.onepager import qr_svg
from lib.services import jury
from lib.services.jury import Desk
from lib.store.engine import database
from lib.ui import navigation, orders
from lib.ui.components import bands, cards, rankings
from lib.ui.components.markup import draw, el
from lib.ui.components.tables import cell, row, table
from lib.ui.guard import Context
from lib.ui.views import roadshows

_ORDERS: Final = ("jury-appoint", "jury-renew", "jury-switch", "jury-freeze", "jury-unfreeze", "jury-publish")
_USUAL: Final = 7


# ------------------------------------------------------------------ the desk
def desk(ctx: Context, event_id: int) -> None:
    """How far the jury is and what can be done, then its criteria and its judges."""
    _carry_out(ctx, event_id)
    orders.heard()
    with database().read() as session:
        found = jury.desk(session, event_id, actor=ctx.actor)
    _state(event_id, found)
    if found.result is not None:
        rankings.whole(found.result)
    _criteria(ctx, event_id, found)
    _jurors(ctx, event_id, found)


def _state(event_id: int, found: Desk) -> None:
    result, total = found.result, len(found.contenders)
    if result is None:
        whole = sum(one.active and one.scored == total > 0 for one in found.jurors)
        active = sum(one.active for one in found.jurors)
        bands.section("评审结果", f"{whole} / {active} 位评委打完了 {total} 个项目")
        st.caption("打分在冻结之前只有评委自己看得到。冻结后由您公布，公布前只有组织者看得到。")
        orders.button("冻结结果", ("jury-freeze",), key="jury-freeze", icon=":material/lock:", disabled=not found.begun)
        return
    if result.published_at is not None:
        bands.section("评审结果", f"{show_time(result.published_at)} 公布")
    else:
        bands.section("评审结果", f"{show_time(result.frozen_at)} 冻结，还没有公布")
    with st.container(horizontal=True, vertical_alignment="center", key="jury-actions"):
        if result.published_at is None:
            orders.button("公布结果", ("jury-publish",), key="jury-publish", type="primary")
            with st.popover("重新开放打分", icon=":material/lock_open:"):
                st.text_input("原因，会留在操作记录里", key="jury-reason", max_chars=200)
                orders.button("重新开放", ("jury-unfreeze",), key="jury-unfreeze")
        draw(el("a", "下载结果（Excel）", href=f"/download/events/{event_id}/jury.xlsx", cls="bj-more"))


def _criteria(ctx: Context, event_id: int, found: Desk) -> None:
    bands.section("评分标准", f"每项 0–{rules.WHOLE} 分，权重之和 {rules.WHOLE}")
    if found.begun:
        names = ("标准", "#权重")
        table(names, (row(cell(name), cell(str(weight), "num")) for name, weight in found.shown))
        st.caption("已有评委打分，评分标准不能再改。")
        return
    if not found.measures:
        st.caption("还没有保存。下面是公开征集里常见的标准和权重，按这场活动改好后保存。")
    with st.container(border=True, key="jury-criteria"):
        rows = _rows(event_id, found.shown)
        total = sum(weight for name, weight in rows if name)
        st.caption(f"权重之和：{total}")
        bands.wrong(st.session_state.get(f"jury-wrong-{event_id}", ""))
        with st.container(horizontal=True):
            st.button("加一项", key="jury-more", icon=":material/add:", on_click=_more, args=(event_id,))
            if st.button("保存标准", type="primary", key="jury-save", icon=":material/save:"):
                _save(ctx, event_id, [(name, weight) for name, weight in rows if name], found)


def _rows(event_id: int, shown: Sequence[tuple[str, int]]) -> list[tuple[str, int]]:
    """The names and weights as they are typed; a name that is emptied takes its line away."""
    count = st.session_state.setdefault(f"jury-rows-{event_id}", len(shown))
    typed = []
    for place in range(count):
        name, weight = shown[place] if place < len(shown) else ("", 0)
        left, right = st.columns([3, 1])
        with left:
            told = st.text_input(
                f"标准 {place + 1}", name, key=f"jury-name-{event_id}-{place}", max_chars=40,
                placeholder="清空就去掉这一项",
            )  # fmt: skip
        with right:
            given = st.number_input(
                f"权重 {place + 1}", 0, rules.WHOLE, weight, step=5, key=f"jury-weight-{event_id}-{place}"
            )
        typed.append((told.strip(), int(given)))
    return typed


def _more(event_id: int) -> None:
    key = f"jury-rows-{event_id}"
    st.session_state[key] = min(st.session_state[key] + 1, rules.MOST_CRITERIA)


def _save(ctx: Context, event_id: int, wanted: Sequence[tuple[str, int]], found: Desk) -> None:
    before = tuple((one.name, one.weight) for one in found.measures)
    wrong = f"jury-wrong-{event_id}"
    st.session_state.pop(wrong, None)
    try:
        jury.set_criteria(database(), event_id, wanted, before, actor=ctx.actor)
    except ProductError as refused:
        st.session_state[wrong] = getattr(refused, "fields", {}).get("criteria", refused.message)
    else:
        for key in [key for key in st.session_state if str(key).startswith(("jury-name-", "jury-weight-"))]:
            del st.session_state[key]
        st.session_state.pop(f"jury-rows-{event_id}", None)
        orders.say("评分标准已保存。")
    st.rerun()


def _jurors(ctx: Context, event_id: int, found: Desk) -> None:
    bands.section("评委", "凭评分码打分，只有编号，不记姓名")
    draw(el("p", el("a", "打开评分页", href=f"/jury?event={event_id}", cls="bj-more")))
    _codes(event_id)
    for one in found.jurors:
        with st.container(horizontal=True, vertical_alignment="center", key=f"juror-{one.number}"):
            told = f"　已打 {one.scored} / {len(found.contenders)} 个项目" + ("" if one.active else "　已停用，不计入")
            draw(el("p", el("b", f"{one.number} 号评委"), told, cls="bj-meaning"))
            st.space("stretch")
            orders.button("换评分码", ("jury-renew", one.number), key=f"renew-{one.number}", type="tertiary")
            if found.result is None:
                orders.button(
                    "停用" if one.active else "启用", ("jury-switch", one.number, not one.active),
                    key=f"switch-{one.number}", type="tertiary",
                )  # fmt: skip
    if found.result is None and len(found.jurors) < rules.MOST_JUDGES:
        with st.container(horizontal=True, vertical_alignment="bottom", key="jury-new"):
            least = len(found.jurors) + 1
            st.number_input("评委人数", least, rules.MOST_JUDGES, max(_USUAL, least), key=f"jury-wanted-{event_id}")
            orders.button("生成评分码", ("jury-appoint",), key="jury-appoint", icon=":material/key:")
        st.caption(f"{rules.DROPS_FROM} 位及以上时，去掉一个最高分和一个最低分（参照公开路演的做法，本平台参数）。")


def _codes(event_id: int) -> None:
    """Codes that were just made: they are kept as hashes, so this is the one time to hand them out."""
    codes: dict[int, str] = st.session_state.get(f"jury-codes-{event_id}", {})
    if not codes:
        return
    page = f"{roadshows.base()}/jury?event={event_id}"
    with st.container(border=True, key="jury-codes"):
        st.warning("评分码只在这里显示一次，请现在打印或抄下，发给评委本人。", icon=":material/key:")
        with st.container(horizontal=True, gap="large"):
            for number, code in codes.items():
                _slip(number, code, page)
        draw(el("p", "评委扫自己的码，或打开 ", el("code", page), " 输入评分码。", cls="bj-meaning"))
        st.button("已发给评委，收起", key="jury-hide", on_click=st.session_state.pop,
                  args=(f"jury-codes-{event_id}", None))  # fmt: skip


def _slip(number: int, code: str, page: str) -> None:
    """A judge's code; in the picture it stands behind a #, which no server and no log is told."""
    with st.container(width=150):
        draw(el("p", el("b", f"{number} 号评委"), el("br"), el("code", code), cls="bj-meaning"))
        st.image(qr_svg(f"{page}#{code}"), width=130)


def _carry_out(ctx: Context, event_id: int) -> None:
    order = orders.taken(*_ORDERS)
    if order is None:
        return
    name, *more = order
    try:
        if name == "jury-appoint":
            codes = jury.appoint(database(), event_id, st.session_state[f"jury-wanted-{event_id}"], actor=ctx.actor)
            _keep(event_id, codes)
            told = f"生成了 {len(codes)} 个评分码。"
        elif name == "jury-renew":
            _keep(event_id, {more[0]: jury.renew(database(), event_id, more[0], actor=ctx.actor)})
            told = f"{more[0]} 号评委换了评分码，旧码已失效。"
        elif name == "jury-switch":
            jury.switch(database(), event_id, *more, actor=ctx.actor)
            told = f"{more[0]} 号评委已{'启用' if more[1] else '停用'}。"
        elif name == "jury-freeze":
            jury.freeze(database(), event_id, actor=ctx.actor)
            told = "结果已冻结。核对后公布。"
        elif name == "jury-unfreeze":
            jury.unfreeze(database(), event_id, st.session_state.get("jury-reason", ""), actor=ctx.actor)
            told = "已重新开放打分。"
        else:
            jury.publish(database(), event_id, actor=ctx.actor)
            told = "评审结果已公布，活动页上看得到了。"
        orders.say(told)
    except ProductError as refused:
        orders.say(next(iter(getattr(refused, "fields", {}).values()), refused.message), well=False)


def _keep(event_id: int, codes: dict[int, str]) -> None:
    key = f"jury-codes-{event_id}"
    st.session_state[key] = st.session_state.get(key, {}) | codes


# ------------------------------------------------------------------ what everybody reads
def page(ctx: Context, event_id: int) -> None:
    """The whole result: every judge's score of every project."""
    found = roadshows.read(ctx, event_id)
    if found is None:
        return
    st.page_link(
        navigation.href("roadshows"), label=cards.plain(found.card.title), icon=":material/arrow_back:",
        query_params={"id": str(event_id)},
    )  # fmt: skip
    bands.band("评审结果", f"{found.card.title}　{roadshows.when(found.card)}")
    with database().read() as session:
        result = jury.result(session, event_id, actor=ctx.actor)
    if result is None:
        bands.empty("暂无数据", "这场活动没有公布评审结果。")
        return
    draw(el("p", cards.tag(found.card.source.origin), f"　{rankings.when(result)}", cls="bj-meaning"))
    rankings.whole(result)
