"""The forms of nodes, links and market memberships: for officials of the place, with what was checked and by whom."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from secrets import token_hex
from typing import Any, Final

import streamlit as st

from lib.domain.access import REGION, Actor, Permission
from lib.domain.dates import today_shanghai
from lib.domain.errors import InvalidInput, ProductError
from lib.domain.network import ZONES, LinkKind, LinkState, NodeState
from lib.services import node_entries
from lib.services.nodes import Line, Member, Place
from lib.store.engine import database
from lib.ui import orders
from lib.ui.components import bands
from lib.ui.guard import Context

_EARLIEST: Final = date(1990, 1, 1)


@dataclass(frozen=True)
class _Asked:
    """One question: its field, label, what it is answered with."""

    name: str
    label: str
    shape: str = "text"
    options: Mapping[str, str] = field(default_factory=dict)
    hint: str = ""


_SOURCE: Final = (
    _Asked("source_publisher", "来源（发布单位或文号）", hint="如：锡林郭勒盟科学技术局"),
    _Asked("source_on", "来源日期", hint="如：2026-11-23 或 2026-11"),
    _Asked("source_url", "来源网址（选填）", hint="https://…"),
)
_NODE: Final = (
    _Asked("state", "状态", "choice", {state.value: state.label for state in NodeState}),
    _Asked("name", "名称", hint="如：锡林浩特市技术转移站"),
    _Asked("unit", "联系单位", hint="写单位，不写个人"),
    _Asked("staff", "人员数（选填）", "number"),
    _Asked("opened_on", "启用日期（选填）", "date"),
    _Asked("last_report_on", "最近上报（选填）", "date"),
    *_SOURCE,
)
_LINK: Final = (
    _Asked("state", "接入方式", "choice", {state.value: state.label for state in LinkState}),
    _Asked("note", "说明（选填）"),
    *_SOURCE,
)


def may_keep(actor: Actor, place: Place) -> bool:
    """True when the node lies in the division that the actor keeps; the service asks again."""
    return actor.may(Permission.MANAGE_NETWORK) and actor.covers(place.league_code, place.banner_code)


def keeps_region(actor: Actor) -> bool:
    """True when the actor keeps the whole region."""
    return actor.may(Permission.MANAGE_NETWORK) and actor.scope == REGION


def carry_out(ctx: Context) -> None:
    """Do what a check button ordered in the run before."""
    order = orders.taken("node-verify", "link-verify")
    if order is None:
        return
    name, number, version = order
    verify = node_entries.verify_node if name == "node-verify" else node_entries.verify_link
    try:
        verify(database(), number, version, actor=ctx.actor)
        orders.say("已核实，日期记为今天。")
    except ProductError as refused:
        orders.say(refused.message, well=False)


def verify_button(kind: str, number: int, version: int) -> None:
    """Check what stands here, as it stands."""
    orders.button(
        "核实无误", (f"{kind}-verify", number, version), key=f"{kind}-verify-{number}", icon=":material/verified:"
    )


def node(ctx: Context, place: Place) -> None:
    """What is known of a node, to be changed."""
    start = {name: getattr(place, name) for name in ("name", "unit", "staff", "opened_on", "last_report_on")}
    opened = _open("node", place.id, place.version, start | {"state": place.state.value} | _source(place))

    def send(values: Mapping[str, Any]) -> None:
        node_entries.save_node(database(), place.id, values, opened.version, actor=ctx.actor)

    _form(opened.name, _NODE, opened.start, "保存", send, after=lambda: _close("node", place.id))


def link(ctx: Context, line: Line) -> None:
    """How data passes a link, to be changed."""
    opened = _open("link", line.id, line.version, {"state": line.state.value, "note": line.note} | _source(line))

    def send(values: Mapping[str, Any]) -> None:
        node_entries.save_link(database(), line.id, values, opened.version, actor=ctx.actor)

    _form(opened.name, _LINK, opened.start, "保存", send, after=lambda: _close("link", line.id))


def new_station(ctx: Context, banners: Mapping[str, str]) -> None:
    """A further station of one of these banners."""
    asked = (_Asked("banner", "旗县", "choice", banners), *_NODE)
    draft = _draft("station")
    _form(
        f"station-{draft[:8]}", asked, {"state": NodeState.PREPARING.value}, "新增站点",
        lambda values: node_entries.add_node(
            database(), draft, str(values.get("banner") or ""), values, actor=ctx.actor
        ),
        after=lambda: _forget("station"),
    )  # fmt: skip


def new_link(ctx: Context, place: Place, others: Mapping[int, str]) -> None:
    """A link from a node: down to another, or to a platform outside."""
    draft = _draft(f"link-{place.id}")
    kinds = {kind.value: kind.label for kind in LinkKind}
    name = f"new-link-{draft[:8]}"
    outside = st.session_state.get(f"{name}-kind", LinkKind.OUTSIDE.value) == LinkKind.OUTSIDE.value
    target = (
        _Asked("target", "连到的平台", hint="如：全国技术合同登记系统")
        if outside
        else _Asked("node", "连到的节点", "choice", {str(number): title for number, title in others.items()})
    )
    asked = (_Asked("kind", "方向", "choice", kinds), target, *_LINK)

    def send(values: Mapping[str, Any]) -> None:
        given = dict(values)
        given["target"] = given.get("target") if outside else given.get("node")
        node_entries.add_link(database(), draft, place.id, given, actor=ctx.actor)

    _form(
        name, asked, {"kind": LinkKind.OUTSIDE.value, "state": LinkState.NONE.value}, "新增链路", send,
        after=lambda: _forget(f"link-{place.id}"),
    )  # fmt: skip


def member(ctx: Context, members: tuple[Member, ...]) -> None:
    """Let another market serve a league from a day on."""
    latest = {one.league_code: one for one in sorted(members, key=lambda one: one.valid_from or date.min)}
    asked = (
        _Asked("league", "盟市", "choice", {code: f"{one.league}（现归{one.zone}）" for code, one in latest.items()}),
        _Asked("zone", "改归常设市场", "choice", {zone: f"{zone}市场" for zone in ZONES}),
        _Asked("valid_from", "起始日期", "date"),
        _Asked("basis", "依据", hint="如：自治区科技厅〔2026〕× 号文"),
    )
    draft = _draft("member")

    def send(values: Mapping[str, Any]) -> None:
        seen = latest.get(str(values.get("league")))
        node_entries.move_member(database(), draft, values, seen.id if seen else 0, actor=ctx.actor)

    _form(
        f"member-{draft[:8]}", asked, {"valid_from": today_shanghai()}, "改归属", send, after=lambda: _forget("member")
    )


# ------------------------------------------------------------------ inside
@dataclass(frozen=True)
class _Opened:
    """What a form was opened on in this tab. Its widgets go by `name`, so they stay while it is open."""

    name: str
    version: int
    start: Mapping[str, Any]


def _open(what: str, number: int, version: int, start: Mapping[str, Any]) -> _Opened:
    """The form as it was opened; it follows a version that changed no answer, such as a check. Where somebody else
    changed one, it says so: what was typed stays until its author asks for the present state."""
    key = f"net-opened-{what}-{number}"
    opened: _Opened | None = st.session_state.get(key)
    if opened is None:
        opened = _Opened(f"{what}-{number}-{version}", version, start)
    elif opened.start == start:
        opened = replace(opened, version=version)
    else:
        st.warning("这一条刚刚被别人改过。您写的还在下面，保存不了；请记下要改的，再看现在的样子。")
        st.button("看现在的样子", key=f"{key}-again", on_click=_close, args=(what, number))
    st.session_state[key] = opened
    return opened


def _close(what: str, number: int) -> None:
    st.session_state.pop(f"net-opened-{what}-{number}", None)


def _source(known: Place | Line) -> dict[str, str]:
    """The source as it is typed; the plan is a source of what should be, not of what is."""
    if known.origin.value == "public":
        return {}
    return {
        "source_publisher": known.source_publisher,
        "source_on": str(known.source_date or ""),
        "source_url": known.source_url,
    }


def _draft(what: str) -> str:
    """The id under which a new record is written once, however often it is sent; a new one when it was."""
    made: str = st.session_state.setdefault(f"net-draft-{what}", token_hex(16))
    return made


def _forget(what: str) -> None:
    st.session_state.pop(f"net-draft-{what}", None)


def _form(
    name: str,
    asked: tuple[_Asked, ...],
    start: Mapping[str, Any],
    label: str,
    send: Callable[[Mapping[str, Any]], object],
    after: Callable[[], None] = lambda: None,
) -> None:
    """The questions two a row; what was typed stays when something is wrong, told beside its field."""
    wrong: Mapping[str, str] = st.session_state.get(f"{name}-wrong", {})
    with st.container(key=f"net-form-{name}"):
        for first in range(0, len(asked), 2):
            for column, one in zip(st.columns(2, gap="small"), asked[first : first + 2], strict=False):
                with column:
                    _widget(one, f"{name}-{one.name}", start.get(one.name))
                    bands.wrong(wrong.get(one.name, "") or (wrong.get("target", "") if one.name == "node" else ""))
        bands.wrong(wrong.get("form", ""))
        if not st.button(label, type="primary", key=f"{name}-send", icon=":material/save:"):
            return
    values = {one.name: st.session_state.get(f"{name}-{one.name}") for one in asked}
    st.session_state.pop(f"{name}-wrong", None)
    try:
        send(values)
    except InvalidInput as invalid:
        st.session_state[f"{name}-wrong"] = invalid.fields
    except ProductError as refused:
        st.session_state[f"{name}-wrong"] = {"form": refused.message}
    else:
        after()
        orders.say("已保存。")
    st.rerun()


def _widget(one: _Asked, key: str, value: Any) -> None:
    if one.shape == "choice":
        options = list(one.options)
        index = options.index(value) if value in options else None
        st.selectbox(
            one.label, options, index=index, format_func=lambda option: one.options.get(option, option),
            placeholder="请选择", key=key,
        )  # fmt: skip
    elif one.shape == "date":
        st.date_input(one.label, value, key=key, format="YYYY-MM-DD", min_value=_EARLIEST, max_value=date(2100, 12, 31))
    elif one.shape == "number":
        st.number_input(
            one.label, min_value=0, max_value=10_000, value=value, step=1, key=key, placeholder="不清楚请留空"
        )
    else:
        st.text_input(one.label, str(value or ""), key=key, placeholder=one.hint, max_chars=500)
