"""Registration: somebody makes an account and claims an organization; the official of its league decides the claim."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import ColumnElement, func, null, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from lib.domain import consent
from lib.domain.access import Actor, Permission, Role, require, require_scope
from lib.domain.dates import Precision, now_utc, today_shanghai
from lib.domain.errors import AccessDenied, Conflict, InvalidInput, NotFound, TooManyTries
from lib.domain.submissions import credit_code_holds, mask_phone, phone
from lib.domain.text import clean, fold, organization_key
from lib.domain.vocabulary import ORGANIZATION_KINDS, ClaimState, Level, Origin
from lib.services import accounts, attempts, audit, notices, scopes
from lib.store.engine import Database
from lib.store.models import Account, Division, Organization

_LONGEST_COMMENT: Final = 200
_CHANGED: Final = "这份申请在您查看之后有了变化，请刷新后再办理。"


@dataclass(frozen=True)
class Claim:
    """A claim that waits for its official. `known` is the organization of that name, if there is one already."""

    account_id: int
    version: int
    login: str
    name: str
    phone: str
    """Masked."""
    organization: str
    code: str
    league: str
    known: str
    registered_at: datetime


# ------------------------------------------------------------------ the applicant
def register(database: Database, values: Mapping[str, str], *, actor: Actor, agent: str) -> str:
    """Make an account whose claim waits for an official; returns the token of its first login.

    `values`: login, name, phone, password, again, organization, code, league, consent ("1"). Raises InvalidInput with
    one sentence a field, TooManyTries, AccessDenied.
    """
    require(actor, Permission.REGISTER)
    with database.read() as session:
        if attempts.exhausted(session, attempts.REGISTER, actor.address):
            raise TooManyTries("这个网络地址一小时内注册次数过多，请稍后再试。", 3600)
    problems = newcomer_problems(values)
    claimed, wrong = _claimed(values)
    if problems or wrong:
        raise InvalidInput({**problems, **wrong})
    hashed = accounts.hash_password(values["password"])
    with database.write() as session:  # on its own: a refusal below must not take the count back
        attempts.count(session, attempts.REGISTER, actor.address)
    with database.write() as session:
        league = _league(session, claimed["claim_league"])
        account = accounts.new_account(
            session,
            values["login"],
            hashed,
            values["name"],
            Role.APPLICANT,
            phone=own_phone(values.get("phone", ""))[0],
            claim_state=ClaimState.PENDING.value,
            consent_version=consent.VERSION,
            consented_at=now_utc(),
            **claimed,
        )
        audit.record(
            session, actor, "account.register", "account", account.id, league=league,
            organization=account.claim_name, consent=consent.VERSION,
        )  # fmt: skip
        token = accounts.start_login(session, account.id, address=actor.address, agent=agent)
    if token is None:
        raise AccessDenied("这个账号已停用。")
    return token


def claim(database: Database, values: Mapping[str, str], *, actor: Actor) -> None:
    """Claim an organization, anew after a refusal or corrected while it waits: organization, code, league, consent.

    Raises InvalidInput, Conflict when the account belongs to an organization already, AccessDenied.
    """
    require(actor, Permission.MANAGE_OWN_ACCOUNT)
    claimed, wrong = _claimed(values)
    if values.get("consent") != "1":
        wrong["consent"] = _CONSENT
    if wrong:
        raise InvalidInput(wrong)
    with database.write() as session:
        league = _league(session, claimed["claim_league"])
        account = session.get_one(Account, actor.account_id, with_for_update=True)
        if account.organization_id is not None:
            raise Conflict("您的账号已有所属单位；要更换请联系管理员。")
        for name, value in claimed.items():
            setattr(account, name, value)
        account.claim_state, account.claim_comment = ClaimState.PENDING.value, ""
        account.consent_version, account.consented_at = consent.VERSION, now_utc()
        audit.record(
            session, actor, "account.claim", "account", account.id, league=league,
            organization=account.claim_name, consent=consent.VERSION,
        )  # fmt: skip


# ------------------------------------------------------------------ the official
def pending_claims(session: Session, actor: Actor) -> tuple[Claim, ...]:
    """Claims in the actor's scope, the oldest first. Raises AccessDenied."""
    require(actor, Permission.APPROVE_ACCOUNT)
    a = Account
    rows = session.execute(
        select(
            a.id, a.version, a.login, a.name, a.phone, a.claim_name, a.claim_code, Division.name.label("league"),
            a.created_at,
        )
        .outerjoin(Division, Division.code == a.claim_league)
        .where(_waiting(actor))
        .order_by(a.created_at, a.id)
        .limit(200)
    ).all()  # fmt: skip
    keys = {organization_key(row.claim_name) for row in rows}
    named = select(Organization.name_key, Organization.name).where(Organization.name_key.in_(keys))
    known = {row.name_key: row.name for row in session.execute(named)}
    return tuple(
        Claim(
            r.id, r.version, r.login, r.name, mask_phone(r.phone) if r.phone else "", r.claim_name, r.claim_code,
            r.league or "", known.get(organization_key(r.claim_name), ""), r.created_at,
        )
        for r in rows
    )  # fmt: skip


def count_claims(session: Session, actor: Actor) -> int:
    """How many claims wait in the actor's scope. Raises AccessDenied."""
    require(actor, Permission.APPROVE_ACCOUNT)
    return session.scalar(select(func.count()).select_from(Account).where(_waiting(actor))) or 0


def approve(database: Database, account_id: int, version: int, kind: str = "企业", *, actor: Actor) -> None:
    """Let an account belong to the organization it claims; one we do not know yet is made, of `kind`.

    Raises InvalidInput, Conflict, NotFound, AccessDenied.
    """
    require(actor, Permission.APPROVE_ACCOUNT)
    if kind not in ORGANIZATION_KINDS:
        raise InvalidInput({"kind": "请从列表里选择机构类别。"})
    with database.write() as session:
        account = _claiming(session, account_id, version, actor)
        before = account.role
        account.organization_id = _organization(session, account, kind)
        account.claim_state, account.claim_comment = ClaimState.APPROVED.value, ""
        if account.role == Role.APPLICANT.value:
            account.role = Role.MEMBER.value
        audit.record(
            session, actor, "account.approve", "account", account.id, league=account.claim_league,
            organization=account.organization_id, role=[before, account.role],
        )  # fmt: skip
        notices.tell(session, account.id, "单位已核实", "account", {}, f"您的账号已归到「{account.claim_name}」。")


def decline(database: Database, account_id: int, version: int, comment: str, *, actor: Actor) -> None:
    """Refuse a claim with a sentence that the applicant reads.

    Raises InvalidInput, Conflict, NotFound, AccessDenied.
    """
    require(actor, Permission.APPROVE_ACCOUNT)
    try:
        words = clean(comment)
    except ValueError:
        words = ""
    if not 4 <= len(words) <= _LONGEST_COMMENT:
        raise InvalidInput({"comment": f"请写明原因（4 至 {_LONGEST_COMMENT} 字），申请人会看到这句话。"})
    with database.write() as session:
        account = _claiming(session, account_id, version, actor)
        account.claim_state, account.claim_comment = ClaimState.DECLINED.value, words
        audit.record(
            session, actor, "account.decline", "account", account.id, league=account.claim_league, comment=words
        )
        notices.tell(session, account.id, "单位没有通过核实，可以改正后再申请", "account", {}, words)


# ------------------------------------------------------------------ what forms of people share
_CONSENT: Final = "请阅读个人信息处理说明，并勾选同意。"


def newcomer_problems(values: Mapping[str, str]) -> dict[str, str]:
    """What is wrong with what a new account needs: login, name, phone, password twice, consent."""
    problems = accounts.personal_problems(values.get("login", ""), values.get("name", ""), values.get("password", ""))
    if "password" not in problems and values.get("password") != values.get("again"):
        problems["again"] = "两次输入的密码不一致，请重新输入。"
    if wrong := own_phone(values.get("phone", ""))[1]:
        problems["phone"] = wrong
    if values.get("consent") != "1":
        problems["consent"] = _CONSENT
    return problems


def own_phone(text: str) -> tuple[str, str]:
    """A phone number in its plain form, blank where none is given; and what is wrong with it."""
    if not text.strip():
        return "", ""
    try:
        return phone(text), ""
    except ValueError:
        return "", "电话看起来不对，请写成 13900001234 或 0471-1234567 的样子；也可以不填。"


# ------------------------------------------------------------------ inside
def _claimed(values: Mapping[str, str]) -> tuple[dict[str, str], dict[str, str]]:
    """The columns of a claim, and what is wrong with it."""
    problems: dict[str, str] = {}
    try:
        name = clean(values.get("organization", ""))
    except ValueError:
        name = ""
    if not 4 <= len(name) <= 100 or not organization_key(name):
        problems["organization"] = "请填写单位全称，4 至 100 个字。"
    code = "".join(fold(values.get("code", "")).split()).replace("-", "").upper()
    if not credit_code_holds(code):
        problems["code"] = "统一社会信用代码须为 18 位，末位校验不符，请对照营业执照核对。"
    league = values.get("league", "")
    if not league:
        problems["league"] = "请选择单位所在盟市，由当地主管部门审核。"
    return {"claim_name": name, "claim_code": code, "claim_league": league}, problems


def _league(session: Session, code: str) -> str:
    found = session.get(Division, code)
    if found is None or found.level != Level.LEAGUE.value:
        raise InvalidInput({"league": "请从列表里选择盟市。"})
    return found.code


def _waiting(actor: Actor) -> ColumnElement[bool]:
    return (
        (Account.claim_state == ClaimState.PENDING.value)
        & Account.active
        & scopes.within(actor, Account.claim_league, null())
    )


def _claiming(session: Session, account_id: int, version: int, actor: Actor) -> Account:
    """The account, locked, whose claim the actor may decide as it was at `version`."""
    account = session.get(Account, account_id, with_for_update=True)
    if account is None:
        raise NotFound("没有找到这个账号，请刷新列表。")
    require_scope(actor, Permission.APPROVE_ACCOUNT, account.claim_league)
    if account.id == actor.account_id:
        raise AccessDenied("不能审核自己的申请，请交由其他人办理。")
    if account.version != version or account.claim_state != ClaimState.PENDING.value or not account.active:
        raise Conflict(_CHANGED)
    return account


def _organization(session: Session, account: Account, kind: str) -> int:
    """The organization an account claims; a new one is of origin 平台申报."""
    key = organization_key(account.claim_name)
    known = session.scalar(select(Organization.id).where(Organization.name_key == key))
    if known is not None:
        return known
    now = now_utc()
    made = Organization(
        name=account.claim_name,
        name_key=key,
        kind=kind,
        league_code=account.claim_league,
        origin=Origin.SUBMITTED.value,
        source_publisher=account.claim_name,
        source_date=today_shanghai(),
        source_precision=Precision.DAY.value,
        created_at=now,
        updated_at=now,
        edited_at=now,
    )
    session.add(made)
    try:
        session.flush()
    except IntegrityError:  # somebody made it in this moment
        raise Conflict(_CHANGED) from None
    return made.id
