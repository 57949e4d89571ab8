"""The audit page: search the trail, open an entry, take the hits away as a file."""

from typing import Any, Final
from urllib.parse import urlencode

import streamlit as st

from lib.domain import trail
from lib.domain.access import REGION
from lib.domain.dates import show_time
from lib.services import entries
from lib.services.entries import AuditQuery, Entry
from lib.store.engine import database
from lib.ui import address, cache, filters
from lib.ui.components import bands
from lib.ui.components.markup import Markup, draw, el, join
from lib.ui.guard import Context

DOWNLOAD: Final = "/download/audit.csv"
_ASKED: Final = ("since", "until", "who", "action", "kind", "number", "receipt", "outcome")
_PAGES: Final = {"submission": "review", "achievement": "achievements", "demand": "demands"}


def page(ctx: Context) -> None:
    """Band, question, entries with the newest first."""
    query = AuditQuery.of({name: address.words(name) for name in (*_ASKED, "page")})
    with database().read() as session:
        found = entries.search(session, query, actor=ctx.actor)
    places = {**cache.place_names(ctx.revision("division")), REGION: "全区"}
    scope = places.get(ctx.actor.scope, "")
    bands.band("操作记录", f"谁在什么时候做了什么。{scope}范围内的记录，只增不改。")
    _question(query)
    with st.container(horizontal=True, vertical_alignment="center", key="summary"):
        over = found.total > entries.MOST_COUNTED
        count = f"超过 {entries.MOST_COUNTED:,}" if over else f"{found.total:,}"
        advice = " 条，请缩小范围" if over else " 条"
        draw(el("span", "共 ", el("b", count), advice, cls="bj-count"))
        if query.asked:
            st.button("清除条件", icon=":material/close:", type="tertiary", on_click=_clear)
        st.space("stretch")
        if found.total:
            draw(el("a", "下载 CSV", href=f"{DOWNLOAD}?{urlencode(query.asked)}", cls="bj-more"))
    if found.items:
        draw(el("div", *(_entry(entry, places) for entry in found.items), cls="bj-trail"))
    else:
        bands.empty("没有符合条件的记录", "放宽时间范围，或减少一个条件再试。")
    filters.pager(query.page, found.pages)


def _question(query: AuditQuery) -> None:
    current: dict[str, Any] = {name: getattr(query, name) or None for name in _ASKED}
    for name, value in current.items():
        st.session_state[_key(name)] = value if value is not None or name in _CHOICES or name in _DAYS else ""
    with st.form("audit", border=True):
        first = st.columns([1, 1, 1.2, 1.4], gap="small")
        first[0].date_input("从", format="YYYY-MM-DD", value=None, key=_key("since"))
        first[1].date_input("到", format="YYYY-MM-DD", value=None, key=_key("until"))
        first[2].text_input("操作人", placeholder="姓名或账号编号", key=_key("who"))
        first[3].text_input("回执号", placeholder="如 XQ-20261126-0001", key=_key("receipt"))
        second = st.columns([1.6, 1, 0.8, 0.8, 0.8], gap="small", vertical_alignment="bottom")
        for column, name in zip(second, ("action", "kind"), strict=False):
            _select(column, name)
        second[2].text_input("对象编号", key=_key("number"))
        _select(second[3], "outcome")
        second[4].form_submit_button("查询", type="primary", icon=":material/search:", width="stretch", on_click=_ask)


_DAYS: Final = ("since", "until")
_CHOICES: Final = {
    "action": ("操作", trail.ACTIONS),
    "kind": ("对象", trail.OBJECTS),
    "outcome": ("结果", trail.OUTCOMES),
}


def _select(column: Any, name: str) -> None:
    label, words = _CHOICES[name]
    column.selectbox(
        label, list(words), index=None, format_func=lambda value: words.get(value, value), placeholder="全部",
        key=_key(name),
    )  # fmt: skip


def _key(name: str) -> str:
    return f"a-{name}"


def _ask() -> None:
    address.write(page=None, **{name: st.session_state.get(_key(name)) for name in _ASKED})


def _clear() -> None:
    address.write(page=None, **dict.fromkeys(_ASKED))


# ------------------------------------------------------------------ one entry
def _entry(entry: Entry, places: dict[str, str]) -> Markup:
    refused = el("span", trail.OUTCOMES["refused"], cls="bj-tag bj-demo") if entry.outcome == "refused" else None
    head = el(
        "summary",
        el("time", show_time(entry.at)),
        el("b", trail.action_label(entry.action)),
        el("span", _object(entry), refused, cls="bj-what"),
        el("span", entry.actor, el("small", trail.role_label(entry.role)), cls="bj-who"),
    )
    return el("details", head, el("div", _changes(entry, places), _facts(entry, places)))


def _object(entry: Entry) -> str:
    number = str(entry.detail.get("receipt") or entry.object_id)
    return f"{trail.object_label(entry.object_kind)} {number}".strip()


def _changes(entry: Entry, places: dict[str, str]) -> Markup | None:
    changed = trail.changes(entry.detail, places)
    if not changed:
        return None
    rows = (el("tr", el("th", name), el("td", was), el("td", now)) for name, was, now in changed)
    head = el("tr", el("th", "改动"), el("th", "之前"), el("th", "之后"))
    return el("table", el("thead", head), el("tbody", *rows), cls="bj-table bj-dense")


def _facts(entry: Entry, places: dict[str, str]) -> Markup:
    where = places.get(entry.banner_code or entry.league_code or "", "")
    account = f"{entry.actor}（账号 {entry.account_id}）" if entry.account_id is not None else entry.actor
    facts = [
        *trail.rest(entry.detail, places),
        ("操作人", account),
        ("所在地", where),
        ("来自地址", entry.address),
        ("登录", entry.session),
        ("请求编号", entry.request_id),
        ("记录编号", str(entry.id)),
    ]
    rows = [el("div", el("dt", name), el("dd", value)) for name, value in facts if value]
    target = _PAGES.get(entry.object_kind)
    link = None
    if target and entry.object_id.isdigit():
        link = el("p", el("a", "打开", href=f"/{target}?id={entry.object_id}", cls="bj-more"))
    return join(el("dl", *rows, cls="bj-facts"), *((link,) if link else ()))
