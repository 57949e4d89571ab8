"""我的账号: who I am, what I belong to, my logins, my data."""

from collections.abc import Mapping
from typing import Final

import streamlit as st

from lib.domain import consent
from lib.domain.dates import show_time
from lib.domain.errors import InvalidInput, ProductError
from lib.domain.vocabulary import ClaimState
from lib.services import personal, registration
from lib.services.personal import Me, OwnLogin
from lib.settings import settings
from lib.store.engine import database
from lib.ui import cache, orders
from lib.ui.components import bands, records
from lib.ui.components.markup import draw, el, join
from lib.ui.guard import Context

_METHODS: Final = {"password": "密码", "oidc": "统一身份"}
_WRONG: Final = "account-wrong"


def page(ctx: Context) -> None:
    """One's own account."""
    _carry_out(ctx)
    with database().read() as session:
        me = personal.me(session, actor=ctx.actor)
        logins = personal.logins(session, actor=ctx.actor)
    bands.band("我的账号", " · ".join(filter(None, (me.name, me.role.label, me.organization or me.scope))))
    orders.heard()
    if ctx.must_agree:
        _agreement()
    left, right = st.columns([2, 1], gap="large")
    with left:
        if not me.organization and not ctx.actor.scope:
            _claim(ctx, me)
        with st.container(border=True):
            _person(ctx, me)
        with st.container(border=True):
            _logins(logins)
    with right:
        with st.container(border=True):
            _safety(me)
        with st.container(border=True):
            _data(ctx, me)


def _agreement() -> None:
    """The consent text has changed since the actor agreed: until they do, this page is the only one that opens."""
    with st.container(border=True):
        draw(records.heading(f"{consent.TITLE}有更新（{consent.VERSION} 版，{consent.DATE}）"))
        records.facts(consent.TEXT)
        orders.button("我已阅读并同意", ("agree",), key="agree", type="primary")
        st.caption("不同意可以在下面注销账号，或退出后以访客身份浏览和提交。")


def _carry_out(ctx: Context) -> None:
    """What a button of the page before asked for."""
    order = orders.taken("end-login", "end-others", "agree")
    if order is None:
        return
    if order[0] == "end-login":
        personal.end_login(database(), order[1], actor=ctx.actor)
        orders.say("那个登录已退出。")
    elif order[0] == "end-others":
        ended = personal.end_other_logins(database(), actor=ctx.actor)
        orders.say(f"已退出其他 {ended} 个登录。" if ended else "没有其他登录。")
    else:
        personal.agree(database(), actor=ctx.actor)
        orders.say("已记录您的同意。")
        st.rerun()


# ------------------------------------------------------------------ who I am
def _person(ctx: Context, me: Me) -> None:
    rows = [
        ("登录名", me.login),
        ("姓名", me.name),
        ("电话", me.phone or "未填"),
        ("身份", me.role.label),
        ("单位", me.organization or ("" if ctx.actor.scope else "未关联")),
        ("所管地区", me.scope),
        ("注册时间", show_time(me.created_at)),
    ]
    draw(records.heading("基本信息"))
    records.facts([(name, value) for name, value in rows if value])
    wrong = _mistakes("correct")
    with st.expander("更正姓名和电话", expanded=bool(wrong)), st.form("correct", border=False):
        name = st.text_input("姓名", value=me.name, max_chars=40)
        bands.wrong(wrong.get("name", ""))
        phone = st.text_input("电话（选填）", value=me.phone, max_chars=30)
        bands.wrong(wrong.get("phone", ""))
        sent = st.form_submit_button("保存")
    if sent:
        try:
            personal.correct(database(), name, phone, actor=ctx.actor)
        except InvalidInput as refused:
            _remember("correct", refused)
        else:
            orders.say("已更正。")
        st.rerun()


def _claim(ctx: Context, me: Me) -> None:
    """The claim to an organization: where it stands, and the form where one may claim."""
    with st.container(border=True):
        draw(records.heading("所属单位"))
        if me.claim is ClaimState.PENDING:
            draw(el("p", f"正在等待主管部门审核：{me.claim_name}。", cls="bj-said"))
        elif me.claim is ClaimState.DECLINED:
            draw(el("p", el("b", "未通过："), me.claim_comment, cls="bj-said"))
        else:
            st.caption("申请加入单位，由所在盟市主管部门审核。通过后可以管理本单位的记录、申请查看授权内容。")
        wrong = _mistakes("claim")
        words = "更正申请" if me.claim is ClaimState.PENDING else "申请加入单位"
        with (
            st.expander(words, expanded=me.claim is not ClaimState.PENDING or bool(wrong)),
            st.form("claim", border=False, enter_to_submit=False),
        ):
            values = _claim_fields(ctx, me, wrong)
            sent = st.form_submit_button("提交申请", type="primary")
    if sent:
        try:
            registration.claim(database(), values, actor=ctx.actor)
        except InvalidInput as refused:
            _remember("claim", refused)
        except ProductError as refused:
            orders.say(refused.message, well=False)
        else:
            orders.say("申请已提交，请等待主管部门审核。")
        st.rerun()


def _claim_fields(ctx: Context, me: Me, wrong: Mapping[str, str]) -> dict[str, str]:
    names = cache.place_names(ctx.revision("division"))
    leagues = {code: name for code, name in names.items() if code.endswith("00") and not code.endswith("0000")}
    organization = st.text_input("单位全称", value=me.claim_name, max_chars=100)
    bands.wrong(wrong.get("organization", ""))
    left, right = st.columns(2)
    with left:
        code = st.text_input("统一社会信用代码", value=me.claim_code, max_chars=24, placeholder="18 位")
        bands.wrong(wrong.get("code", ""))
    with right:
        league = st.selectbox(
            "所在盟市",
            list(leagues),
            index=list(leagues).index(me.claim_league) if me.claim_league in leagues else None,
            format_func=lambda option: leagues.get(option, option),
            placeholder="请选择",
        )
        bands.wrong(wrong.get("league", ""))
    agreed = me.consent_version == consent.VERSION
    if not agreed:
        agreed = st.checkbox(consent.AGREE)
        bands.wrong(wrong.get("consent", ""))
    return {"organization": organization, "code": code, "league": league or "", "consent": "1" if agreed else ""}


# ------------------------------------------------------------------ logins, password, data
def _logins(logins: tuple[OwnLogin, ...]) -> None:
    draw(records.heading("登录"))
    st.caption("不认识的登录请立即退出，并修改密码。")
    for login in logins:
        words, act = st.columns([5, 1], vertical_alignment="center")
        with words:
            here = el("span", "当前", cls="bj-tag bj-submitted") if login.current else None
            line = (
                f"{login.address or '地址不详'} · {_METHODS.get(login.method, login.method)}登录于 "
                f"{show_time(login.started_at)} · 最近使用 {show_time(login.seen_at)}"
            )
            draw(join(el("b", login.browser, " "), here or el("span", ""), el("div", line, cls="bj-meaning")))
        if not login.current:
            with act:
                orders.button("退出", ("end-login", login.mark), key=f"end-{login.mark}")
    if len(logins) > 1:
        orders.button("退出其他全部登录", ("end-others",), key="end-others")


def _safety(me: Me) -> None:
    draw(records.heading("密码与身份"))
    draw(
        el(
            "p",
            el("a", "修改密码" if me.has_password else "设定密码", href="/password", cls="bj-button"),
            cls="bj-actions",
        )
    )
    if settings().oidc:
        state = "已关联" if me.identities else "未关联"
        words = f"{settings().oidc_name}：{state}"
        draw(el("p", words, " ", el("a", "管理", href="/oidc/link", cls="bj-more"), cls="bj-meaning"))


def _data(ctx: Context, me: Me) -> None:
    draw(records.heading("我的数据"))
    agreed = f"{me.consent_version} 版，{show_time(me.consented_at)}" if me.consented_at else "还没有同意的记录"
    draw(el("p", f"个人信息处理说明：{agreed}", cls="bj-meaning"))
    with st.expander(consent.TITLE):
        records.facts(consent.TEXT)
    if me.consent_version != consent.VERSION and not ctx.must_agree:
        orders.button("我已阅读并同意", ("agree",), key="agree")
    draw(el("p", el("a", "导出我的数据（JSON）", href="/download/my-data.json", cls="bj-more")))
    draw(el("p", el("a", "注销账号", href="/erase", cls="bj-more")))


# ------------------------------------------------------------------ what is wrong
def _remember(form: str, refused: InvalidInput) -> None:
    st.session_state[_WRONG] = (form, refused.fields)


def _mistakes(form: str) -> Mapping[str, str]:
    """The sentences of the last refused attempt at this form, until the next one."""
    of, fields = st.session_state.get(_WRONG, ("", {}))
    if of != form:
        return {}
    del st.session_state[_WRONG]
    found: Mapping[str, str] = fields
    return found
