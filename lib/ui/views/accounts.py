"""账号管理: claims wait for the official of their league; administrators find, invite and change accounts."""

from typing import Final
from urllib.parse import urlsplit

import streamlit as st

from lib.domain.access import REGION, Permission, Role
from lib.domain.dates import show_time
from lib.domain.errors import NotFound, ProductError
from lib.domain.vocabulary import ORGANIZATION_KINDS
from lib.services import links, people, registration
from lib.services.people import AccountItem
from lib.services.registration import Claim
from lib.settings import settings
from lib.store.engine import database
from lib.ui import address, cache, filters, navigation, orders
from lib.ui.components import bands, cards, records
from lib.ui.components.markup import draw, el
from lib.ui.guard import Context

_VIEWS: Final = {"claims": "待审核", "accounts": "账号", "invitations": "邀请"}
_ORDERS: Final = ("approve", "decline", "switch", "reset", "revoke")


def page(ctx: Context) -> None:
    """Claims for everybody who decides them; the rest for who manages accounts."""
    manages = ctx.actor.may(Permission.MANAGE_ACCOUNTS)
    link = _carry_out(ctx)
    account_id = address.number("id")
    if manages and account_id and _record(ctx, account_id, link):
        return
    with database().read() as session:
        waiting = registration.count_claims(session, actor=ctx.actor)
    bands.band("账号管理", f"{waiting} 份注册申请待审核。" if waiting else "没有待审核的注册申请。")
    orders.heard()
    view = address.choice("view", tuple(_VIEWS), "claims") if manages else "claims"
    if manages:
        filters.segments(
            "看什么",
            {name: f"{label} {waiting}" if name == "claims" else label for name, label in _VIEWS.items()},
            view,
            key="view",
            chosen=lambda value: address.write(view=value, page=None, q=None, role=None, id=None),
        )
    {"claims": _claims, "accounts": _accounts, "invitations": _invitations}[view](ctx)


def _carry_out(ctx: Context) -> str:
    """What a button of the page before asked for; returns a link to be shown once, or a blank."""
    order = orders.taken(*_ORDERS)
    if order is None:
        return ""
    name, *values = order
    try:
        if name == "approve":
            account_id, version = values
            kind = st.session_state.get(f"kind-{account_id}") or ORGANIZATION_KINDS[0]
            registration.approve(database(), account_id, version, kind, actor=ctx.actor)
            orders.say("已通过。")
        elif name == "decline":
            account_id, version = values
            comment = st.session_state.get(f"comment-{account_id}", "")
            registration.decline(database(), account_id, version, comment, actor=ctx.actor)
            orders.say("已退回，申请人会看到原因。")
        elif name == "switch":
            people.switch(database(), *values, actor=ctx.actor)
            orders.say("已启用。" if values[1] else "已停用，所有登录已退出。")
        elif name == "revoke":
            links.revoke(database(), *values, actor=ctx.actor)
            orders.say("邀请已作废。")
        else:
            return f"/reset/{links.reset_link(database(), *values, actor=ctx.actor)}"
    except ProductError as refused:
        orders.say(refused.message, well=False)
    return ""


# ------------------------------------------------------------------ claims
def _claims(ctx: Context) -> None:
    with database().read() as session:
        waiting = registration.pending_claims(session, actor=ctx.actor)
    if not waiting:
        bands.empty("没有待审核的申请", "本辖区有人注册时会出现在这里。")
    for claim in waiting:
        with st.container(border=True):
            _claim(ctx, claim)


def _claim(ctx: Context, claim: Claim) -> None:
    left, right = st.columns([1.6, 1], gap="large")
    with left:
        known = f"关联到已有机构「{claim.known}」" if claim.known else "目录里没有，将新建"
        phone = _phone(ctx, claim.account_id, claim.phone)
        rows = [
            ("信用代码", claim.code), ("所在盟市", claim.league), ("通过后", known),
            ("申请人", f"{claim.name}（{claim.login}）"), ("电话", phone or "未填"),
            ("申请时间", show_time(claim.registered_at)),
        ]  # fmt: skip
        draw(records.heading(claim.organization))
        records.facts(rows)
        _phone_button(claim.account_id, claim.phone)
    with right:
        if not claim.known:
            st.selectbox("机构类别", ORGANIZATION_KINDS, key=f"kind-{claim.account_id}")
        orders.button(
            "通过", ("approve", claim.account_id, claim.version), key=f"yes-{claim.account_id}", type="primary",
            width="stretch",
        )  # fmt: skip
        st.text_area(
            "不通过的原因", key=f"comment-{claim.account_id}", max_chars=200, height=80,
            placeholder="申请人会看到，如：单位名称与代码不符",
        )  # fmt: skip
        orders.button(
            "不通过", ("decline", claim.account_id, claim.version), key=f"no-{claim.account_id}", width="stretch"
        )


def _phone(ctx: Context, account_id: int, masked: str) -> str:
    """The phone as it may be shown: masked, unless its button below was pressed before this run."""
    if masked and st.session_state.get(f"phone-{account_id}"):
        return people.view_phone(database(), account_id, actor=ctx.actor)
    return masked


def _phone_button(account_id: int, masked: str) -> None:
    if masked:
        st.button("查看电话", icon=":material/visibility:", help="每次查看都会记录在案", key=f"phone-{account_id}")


# ------------------------------------------------------------------ all accounts
def _accounts(ctx: Context) -> None:
    words, role = address.words("q"), address.choice("role", tuple(people.ASSIGNABLE), "")
    left, right = st.columns([2, 1])
    with left:
        filters.search_box("登录名、姓名或单位")
    with right:
        filters.select(
            "身份", {option.value: option.label for option in people.ASSIGNABLE}, role, key="role",
            placeholder="全部身份", chosen=lambda value: address.write(role=value, page=None),
        )  # fmt: skip
    with database().read() as session:
        found = people.listing(
            session, words, Role(role) if role else None, address.number("page") or 1, actor=ctx.actor
        )
    if not found.items:
        bands.empty("没有符合条件的账号", "换一个词，或去掉身份条件。")
        return
    with st.container(border=True, gap=None, key="people"):
        for item in found.items:
            with st.container(gap=None, key=f"row-review-{item.id}"):
                st.page_link(
                    navigation.href("accounts"), label=cards.plain(item.name), query_params={"id": str(item.id)}
                )
                draw(el("span", _line(item), cls="bj-meaning"))
    filters.pager(found.page, found.pages)


def _line(item: AccountItem) -> str:
    state = "已注销" if item.erased else "" if item.active else "已停用"
    seen = f"最近使用 {show_time(item.last_seen)}" if item.last_seen else "没有登录过"
    parts = (item.login, item.role.label, item.organization or item.scope_name, item.phone, state, seen)
    return " · ".join(filter(None, parts))


def _record(ctx: Context, account_id: int, link: str) -> bool:
    """One account; False when there is none."""
    try:
        with database().read() as session:
            item = people.read(session, account_id, actor=ctx.actor)
    except NotFound as missing:
        orders.say(missing.message, well=False)
        return False
    state = "已注销" if item.erased else "在用" if item.active else "已停用"
    records.head("账号管理", "accounts", item.name, _line(item), (item.role.label,), el("span", state, cls="bj-tag"))
    orders.heard()
    if link:
        _show_link(link, "把它交给本人，一天内有效，只能用一次；离开这一页就不再显示。")
    left, right = st.columns([1, 1.4], gap="large")
    with left, st.container(border=True):
        _facts(ctx, item)
    if not item.erased and item.id != ctx.actor.account_id:
        with right:
            with st.container(border=True):
                _assign(ctx, item)
            with st.container(border=True):
                _switches(item)
    return True


def _facts(ctx: Context, item: AccountItem) -> None:
    phone = _phone(ctx, item.id, item.phone)
    rows = [
        ("登录名", item.login), ("姓名", item.name), ("电话", phone or "未填"), ("身份", item.role.label),
        ("单位", item.organization), ("所管地区", item.scope_name), ("单位申请", item.claim.label),
        ("注册时间", show_time(item.created_at)), ("最近使用", show_time(item.last_seen) if item.last_seen else "没有"),
    ]  # fmt: skip
    draw(records.heading("账号"))
    records.facts([(name, value) for name, value in rows if value])
    _phone_button(item.id, item.phone)


def _assign(ctx: Context, item: AccountItem) -> None:
    draw(records.heading("身份与范围"))
    seen = st.session_state.setdefault(f"seen-account-{item.id}", item.version)
    role, scope, organization, events = _place(
        ctx, f"{item.id}", item.role, item.scope, item.organization_id, item.events
    )
    if st.button("保存", key=f"assign-{item.id}", type="primary", help="保存后对方的登录会退出"):
        try:
            people.assign(
                database(),
                item.id,
                role,
                seen,
                actor=ctx.actor,
                scope=scope,
                organization_id=organization,
                events=events,
            )
        except ProductError as refused:
            orders.say(refused.message, well=False)
        else:
            orders.say("已保存。")
        del st.session_state[f"seen-account-{item.id}"]
        st.rerun()


def _place(
    ctx: Context, key: str, role: Role, scope: str, organization: int | None, events: tuple[int, ...]
) -> tuple[Role, str | None, int | None, list[int]]:
    """What an account is, chosen; only what the role has is asked for."""
    with database().read() as session:
        organizations, titles = people.places(session, actor=ctx.actor)
    roles = list(people.ASSIGNABLE)
    chosen = st.selectbox(
        "身份", roles, index=roles.index(role) if role in roles else None, format_func=lambda option: option.label,
        key=f"role-{key}", placeholder="请选择",
    )  # fmt: skip
    picked_scope: str | None = None
    picked_organization: int | None = None
    picked_events: list[int] = []
    if chosen is Role.OFFICIAL:
        places = _scopes(ctx)
        picked_scope = st.selectbox(
            "所管地区", list(places), index=list(places).index(scope) if scope in places else None,
            format_func=lambda code: places.get(code, code), key=f"scope-{key}", placeholder="自治区、盟市或旗县",
        )  # fmt: skip
    if chosen in {Role.MEMBER, Role.BROKER, Role.ORGANIZER}:
        picked_organization = st.selectbox(
            "单位", list(organizations),
            index=list(organizations).index(organization) if organization in organizations else None,
            format_func=lambda number: organizations.get(number, str(number)), key=f"organization-{key}",
            placeholder="输入名称查找",
        )  # fmt: skip
    if chosen is Role.ORGANIZER:
        picked_events = st.multiselect(
            "活动", list(titles), default=[event for event in events if event in titles],
            format_func=lambda number: titles.get(number, str(number)), key=f"events-{key}", placeholder="输入名称查找",
        )  # fmt: skip
    return chosen or Role.APPLICANT, picked_scope, picked_organization, picked_events


def _scopes(ctx: Context) -> dict[str, str]:
    names = cache.place_names(ctx.revision("division"))
    return {
        code: name if code.endswith("00") else f"{names.get(f'{code[:4]}00', '')} {name}"
        for code, name in sorted(names.items(), key=lambda pair: (pair[0] != REGION, pair[0]))
    }


def _switches(item: AccountItem) -> None:
    draw(records.heading("登录"))
    with st.container(horizontal=True):
        if item.active:
            orders.button("给重设密码的链接", ("reset", item.id), key=f"reset-{item.id}")
        orders.button(
            "停用" if item.active else "启用", ("switch", item.id, not item.active, item.version),
            key=f"switch-{item.id}",
        )  # fmt: skip
    st.caption("停用立即退出对方的所有登录；链接一天内有效，只能用一次。")


# ------------------------------------------------------------------ invitations
def _invitations(ctx: Context) -> None:
    left, right = st.columns([1, 1.2], gap="large")
    with left, st.container(border=True):
        draw(records.heading("发出邀请"))
        role, scope, organization, events = _place(ctx, "new", Role.OFFICIAL, "", None, ())
        days = st.slider("有效天数", 1, links.LONGEST_DAYS, 7, key="days")
        if st.button("生成链接", type="primary", key="invite"):
            try:
                if len(events) > 1:
                    orders.say("一份邀请只能写一场活动，其余的接受后再加。", well=False)
                    st.rerun()
                token = links.invite(
                    database(), role, int(days), actor=ctx.actor, scope=scope, organization_id=organization,
                    event_id=next(iter(events), None),
                )  # fmt: skip
            except ProductError as refused:
                st.warning(cards.plain(refused.message), icon=":material/info:")
            else:
                _show_link(f"/invite/{token}", f"{days} 天内有效，只能用一次；离开这一页就不再显示。")
    with right:
        with database().read() as session:
            waiting = links.open_invitations(session, actor=ctx.actor)
        if not waiting:
            bands.empty("没有等待接受的邀请", "邀请被接受、作废或过期后，不再列在这里。")
        for open_ in waiting:
            with st.container(border=True, horizontal=True, vertical_alignment="center"):
                found = open_.invitation
                what = " · ".join(filter(None, (found.role.label, found.organization, found.scope, found.event)))
                draw(el("div", el("b", what), el("div", f"有效至 {show_time(found.expires_at)}", cls="bj-meaning")))
                orders.button("作废", ("revoke", open_.mark), key=f"revoke-{open_.mark}")


def _show_link(path: str, note: str) -> None:
    """A link that is shown this once."""
    here = urlsplit(st.context.url or "")
    origin = settings().origin or (f"{here.scheme}://{here.netloc}" if here.netloc else "")
    st.code(f"{origin}{path}", language=None, wrap_lines=True)
    st.caption(note)
