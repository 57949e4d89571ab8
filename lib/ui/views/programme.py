"""议程: the programme builder of whoever runs an event."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Final

import streamlit as st

from lib.domain.dates import SHANGHAI
from lib.domain.errors import InvalidInput, ProductError
from lib.domain.vocabulary import ItemKind
from lib.services import programme
from lib.services.catalogue import CatalogueQuery
from lib.services.programme import Draft, Line
from lib.store.engine import database
from lib.ui import cache, orders
from lib.ui.components import bands, cards
from lib.ui.components.markup import Markup, draw, el
from lib.ui.guard import Context

_EDITS: Final = "agenda-edits"
_STAMPS: Final = "agenda-stamps"
_ORDERS: Final = ("item-move", "item-remove", "item-add", "line-add", "programme-publish")
_CELLS: Final = {
    "title": "题目", "unit": "单位（可空）", "minutes": "分钟", "room": "会场（可空）", "presenter": "发言人（可空）",
}  # fmt: skip
_FOUND: Final = 8
_KINDS: Final = {ItemKind.ACHIEVEMENT: "成果", ItemKind.DEMAND: "需求"}


def desk(ctx: Context, event_id: int) -> None:
    """What does not fit, the lines with their order and minutes, what can be added, the way to publish."""
    _carry_out(ctx, event_id)
    orders.heard()
    with database().read() as session:
        found = programme.draft(session, event_id, actor=ctx.actor)
    _state(found)
    left, right = st.columns([1.7, 1], gap="large")
    with left:
        if not found.lines:
            bands.empty(
                "议程还是空的", "从右边的成果库和需求库里选，或加一段发言、茶歇。报名审核通过的项目也会列在这里。"
            )
        for line in found.lines:
            _line(found, line)
    with right:
        _add(ctx, found)


def _state(found: Draft) -> None:
    places = {line.item.id: line.position + 1 for line in found.lines}
    for conflict in found.conflicts:
        links = " ".join(f"[第 {places[item]} 项](#line-{item})" for item in conflict.entries if item in places)
        (st.error if conflict.hard else st.warning)(
            f"{cards.plain(conflict.sentence)} {links}",
            icon=":material/block:" if conflict.hard else ":material/warning:",
        )
    if found.moved:
        st.warning("活动的开始时间改过，公开页上的各项时间已隐去。请重新公布议程。", icon=":material/update:")
    with st.container(horizontal=True, vertical_alignment="center", key="programme-state"):
        count = sum(1 for line in found.lines if line.on)
        told = f"已公布第 {found.number} 版" if found.number else "还没有公布议程"
        changed = "，之后有改动没有公布" if found.number and found.unpublished else ""
        draw(el("p", f"{count} 项，共 {found.minutes} 分钟；{told}{changed}。", cls="bj-count"))
        st.space("stretch")
        if found.unpublished and count:
            soft = any(not conflict.hard for conflict in found.conflicts)
            if soft:
                st.checkbox("已核对，仍然公布", key="anyway")
            orders.button("公布议程", ("programme-publish", found.stamp), key="programme-publish", type="primary")


def _line(found: Draft, line: Line) -> None:
    item = line.item
    key = f"item-{item.id}"
    with st.container(border=True, key=f"agenda-{item.id}"):
        starts = f"{item.starts.astimezone(SHANGHAI):%H:%M}　" if item.starts else ""
        tags = [
            item.kind.label,
            "报名" if item.registered else "",
            "" if line.on else "未排入",
            "" if line.there else "记录已撤下",
        ]
        with st.container(horizontal=True, vertical_alignment="center", key=f"agenda-head-{item.id}"):
            _place(found, line)
            draw(
                el(
                    "p",
                    el("b", f"{starts}{item.title}"),
                    *(el("span", tag, cls="bj-tag") for tag in tags if tag),
                    _mark(found, item.id),
                    el("small", f"　{item.unit}") if item.unit else None,
                    cls="bj-lead",
                    id=f"line-{item.id}",
                )
            )
        wrong: Mapping[str, str] = st.session_state.get(f"wrong-{key}", {})
        with st.container(horizontal=True, vertical_alignment="bottom", key=f"agenda-cells-{item.id}"):
            if item.kind in {ItemKind.TALK, ItemKind.BREAK}:
                _cell("title", key, item.title, found)
            if item.kind is ItemKind.TALK:
                _cell("unit", key, item.unit, found)
            _cell("minutes", key, item.minutes, found)
            _cell("room", key, item.room, found)
            if item.kind is not ItemKind.BREAK:
                _cell("presenter", key, item.presenter, found)
            last = len(found.lines) - 1
            orders.button(
                "上移", ("item-move", item.id, line.position - 1, found.stamp), key=f"up-{item.id}",
                icon=":material/arrow_upward:", disabled=line.position == 0,
            )  # fmt: skip
            orders.button(
                "下移", ("item-move", item.id, line.position + 1, found.stamp), key=f"down-{item.id}",
                icon=":material/arrow_downward:", disabled=line.position == last,
            )  # fmt: skip
            if line.on or not item.registered:
                orders.button(
                    "移出", ("item-remove", item.id, found.stamp), key=f"off-{item.id}", icon=":material/close:",
                    type="tertiary",
                )  # fmt: skip
        for sentence in wrong.values():
            bands.wrong(sentence)


def _place(found: Draft, line: Line) -> None:
    """The number of a line; another one moves it there, however far that is."""
    widget = f"item-{line.item.id}-place-{line.position}"

    def changed() -> None:
        edits = st.session_state.setdefault(_EDITS, [])
        edits.append((line.item.id, {"place": st.session_state[widget]}, found.stamp))

    st.session_state[widget] = line.position + 1  # also where a move was refused
    st.number_input(
        "第几项", min_value=1, max_value=len(found.lines), step=1, key=widget,
        on_change=changed, width=64, label_visibility="collapsed",
    )  # fmt: skip


def _mark(found: Draft, item: int) -> Markup | None:
    """That something about this line does not fit; what it is stands above, and in the mark."""
    about = [conflict for conflict in found.conflicts if item in conflict.entries]
    if not about:
        return None
    hard = any(conflict.hard for conflict in about)
    told = " ".join(conflict.sentence for conflict in about)
    return el(
        "span", "不能公布" if hard else "要核对", cls=f"bj-tag {'bj-late-tag' if hard else 'bj-demo'}", title=told
    )


def _cell(name: str, key: str, value: Any, found: Draft) -> None:
    """A cell that is saved when it is left; its key holds what was saved, so that it shows that, and so that a change
    elsewhere leaves alone what is being typed in it."""
    label = _CELLS[name]
    widget = f"{key}-{name}-{value}"
    item = int(key.removeprefix("item-"))

    def changed() -> None:
        edits = st.session_state.setdefault(_EDITS, [])
        edits.append((item, {name: st.session_state[widget]}, found.stamp))

    if name == "minutes":
        st.number_input(
            label, value=value, min_value=1, max_value=600, step=1, key=widget, on_change=changed, width=110
        )
    else:
        most, wide = (100, 300 if name == "title" else 200) if name in {"title", "unit"} else (40, 150)
        st.text_input(label, value=value, max_chars=most, key=widget, on_change=changed, width=wide)


def _add(ctx: Context, found: Draft) -> None:
    with st.container(border=True):
        st.markdown("**从库里选**")
        kind = ItemKind(
            st.segmented_control(
                "选哪一种", [kind.value for kind in _KINDS], default=ItemKind.ACHIEVEMENT.value,
                format_func=lambda value: _KINDS[ItemKind(value)], key="pick-kind", label_visibility="collapsed",
            )
            or ItemKind.ACHIEVEMENT.value
        )  # fmt: skip
        words = st.text_input("搜索", key="pick-words", placeholder="如：稀土、奶业 废水", type="search", max_chars=100)
        query = CatalogueQuery(q=words or "", size=_FOUND)
        topics = (kind.value, "organization", "division")
        page = cache.catalogue_page(kind.value, query, ctx.revision(*topics))
        there = {getattr(line.item, f"{kind.value}_id") for line in found.lines if line.on}
        for card in page.items:
            with st.container(horizontal=True, vertical_alignment="center", key=f"pick-{kind.value}-{card.id}"):
                draw(el("p", card.title, el("small", f"　{card.unit}") if card.unit else None, cls="bj-meaning"))
                st.space("stretch")
                if card.id in there:
                    st.caption("已在议程", width="content")
                    continue
                orders.button(
                    "加入", ("item-add", kind.value, card.id, found.stamp), key=f"add-{kind.value}-{card.id}",
                    icon=":material/add:",
                )  # fmt: skip
        if not page.items:
            st.caption("没有找到，换一个词再试。")
    with st.container(border=True):
        st.markdown("**加一段发言或休息**")
        st.text_input("题目", key="talk-title", max_chars=100, placeholder="如：政策解读；休息可以不写")
        st.text_input("单位（发言可写）", key="talk-unit", max_chars=100)
        with st.container(horizontal=True, key="talk-buttons"):
            orders.button("加发言", ("line-add", ItemKind.TALK.value, found.stamp), key="add-talk")
            orders.button("加休息", ("line-add", ItemKind.BREAK.value, found.stamp), key="add-break")
        for sentence in st.session_state.get("wrong-line", {}).values():
            bands.wrong(sentence)


def _carry_out(ctx: Context, event_id: int) -> None:
    """First the cells that were left, then the button: leaving a cell by a click on a button gives both at once."""
    edits = st.session_state.pop(_EDITS, [])
    order = orders.taken(*_ORDERS)
    if order is None and not edits:
        return
    for key in [key for key in st.session_state if str(key).startswith("wrong-")]:
        del st.session_state[key]
    try:
        for item, values, stamp in edits:
            try:
                _with_stamp(stamp, partial(_edit, ctx, event_id, item, values))
            except InvalidInput as invalid:
                st.session_state[f"wrong-item-{item}"] = invalid.fields
        if order is not None and not any(str(key).startswith("wrong-") for key in st.session_state):
            _do(ctx, event_id, str(order[0]), list(order[1:]))
    except InvalidInput as invalid:
        if order is not None and order[0] == "line-add":
            st.session_state["wrong-line"] = invalid.fields
        else:
            orders.say(invalid.message, well=False)
    except ProductError as refused:
        orders.say(refused.message, well=False)


def _edit(ctx: Context, event_id: int, item: int, values: Mapping[str, Any], stamp: str) -> str:
    if "place" in values:
        place = values["place"]
        return programme.move(database(), event_id, item, place - 1, stamp, actor=ctx.actor) if place else stamp
    return programme.edit(database(), event_id, item, values, stamp, actor=ctx.actor)


def _now(stamp: str) -> str:
    """The stamp that this tab's own changes made of the one that was shown: what others changed stays a conflict."""
    made: dict[str, str] = st.session_state.get(_STAMPS, {})
    while stamp in made:
        stamp = made[stamp]
    return stamp


def _with_stamp(stamp: str, change: Callable[[str], str]) -> None:
    """Change the draft as this tab left it."""
    before = _now(stamp)
    after = change(before)
    made: dict[str, str] = st.session_state.setdefault(_STAMPS, {})
    made.pop(after, None)
    if after != before:
        made[before] = after


def _do(ctx: Context, event_id: int, name: str, given: list[Any]) -> None:
    store, actor = database(), ctx.actor
    if name == "item-move":
        item, place, stamp = given
        _with_stamp(stamp, lambda now: programme.move(store, event_id, item, place, now, actor=actor))
    elif name == "item-remove":
        item, stamp = given
        _with_stamp(stamp, lambda now: programme.remove(store, event_id, item, now, actor=actor))
    elif name == "item-add":
        programme.add_record(store, event_id, ItemKind(given[0]), given[1], _now(given[2]), actor=actor)
        orders.say("已加入议程。")
    elif name == "line-add":
        typed = {"title": st.session_state.get("talk-title", ""), "unit": st.session_state.get("talk-unit", "")}
        programme.add_line(store, event_id, ItemKind(given[0]), typed, _now(given[1]), actor=actor)
        st.session_state["talk-title"] = st.session_state["talk-unit"] = ""
        orders.say("已加入议程。")
    else:
        anyway = bool(st.session_state.get("anyway"))
        number = programme.publish(store, event_id, _now(given[0]), anyway=anyway, actor=actor)
        orders.say(f"议程第 {number} 版已公布。")
        st.rerun()  # the buttons of the event were drawn for what it was before
