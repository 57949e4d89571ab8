"""Who may do what, as data. Code asks for a permission, never for a role; denied by default.

A permission reads `<scope>:<resource>:<action>`. The scope says how far it reaches: `public` everything that is
public, `shared` what owners show to verified accounts, `own` what belongs to the actor or to the actor's
organization, `region` the division the actor answers for and all below it, `scope` that or the events one organizes.
"""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from lib.domain.errors import AccessDenied

REGION: Final = "150000"
"""The division code of the whole region."""


class Permission(StrEnum):
    """`<scope>:<resource>:<action>`."""

    READ_HOME = "public:home:read"
    READ_CATALOGUE = "public:catalogue:read"
    READ_EVENTS = "public:events:read"
    READ_NETWORK = "public:network:read"
    READ_CHANNELS = "public:channels:read"
    READ_STATISTICS = "public:statistics:read"
    READ_SOURCES = "public:sources:read"
    READ_SHARED_FIELDS = "shared:field:read"
    REGISTER = "own:account:create"
    CREATE_SUBMISSION = "own:submission:create"
    READ_RECEIPT = "own:submission:read"
    MANAGE_OWN_ACCOUNT = "own:account:manage"
    MANAGE_OWN_RECORDS = "own:record:manage"
    UPLOAD_ATTACHMENT = "own:attachment:upload"
    REQUEST_ACCESS = "own:access:request"
    TAKE_PART = "own:participation:create"
    DECIDE_MATCH = "shared:match:decide"
    REVIEW_SUBMISSION = "scope:submission:review"
    MANAGE_EVENTS = "scope:event:manage"
    FOLLOW_UP = "scope:thread:manage"
    DECIDE_ACCESS = "region:access:decide"
    APPROVE_ACCOUNT = "region:account:approve"
    READ_AUDIT = "region:audit:read"
    MANAGE_NETWORK = "region:network:manage"
    MANAGE_ACCOUNTS = "region:account:manage"
    LOAD_DATA = "region:data:load"

    @property
    def label(self) -> str:
        """What it lets somebody do, in words."""
        return _PERMISSION_LABELS[self.value]


_PERMISSION_LABELS: Final[dict[str, str]] = {
    "public:home:read": "看总览",
    "public:catalogue:read": "看成果、需求、机构",
    "public:events:read": "看路演与活动",
    "public:network:read": "看三级网络",
    "public:channels:read": "看转移通道",
    "public:statistics:read": "看数据",
    "public:sources:read": "看数据来源",
    "shared:field:read": "看「登录可见」的内容",
    "own:account:create": "注册账号、接受邀请、凭链接重设密码",
    "own:submission:create": "提交需求、成果、报名",
    "own:submission:read": "凭回执或账号查自己的提交",
    "own:account:manage": "管理自己的账号",
    "own:record:manage": "修订、撤回、续期自己的记录，决定谁可以看",
    "own:attachment:upload": "上传附件",
    "own:access:request": "申请查看「授权可见」的内容",
    "own:participation:create": "报名参加活动，现场评分、提问、留意向，凭评委编号打分",
    "shared:match:decide": "为公开的需求确认或排除对接",
    "scope:submission:review": "审核：辖区内的提交，或自己活动的报名",
    "scope:event:manage": "办活动：辖区内的，或自己的",
    "scope:thread:manage": "跟进意向：自己的成果和需求的、自己活动的，或辖区内的",
    "region:access:decide": "办理辖区内的查看申请",
    "region:account:approve": "审核辖区内的账号注册",
    "region:audit:read": "查辖区内的操作记录",
    "region:network:manage": "填报、核实辖区内的网络节点和链路",
    "region:account:manage": "管理账号与邀请",
    "region:data:load": "装入与导出数据",
}


class Role(StrEnum):
    """What an account is; only this module knows what follows from it."""

    VISITOR = "visitor"
    APPLICANT = "applicant"
    MEMBER = "member"
    ORGANIZER = "organizer"
    BROKER = "broker"
    OFFICIAL = "official"
    ADMINISTRATOR = "administrator"

    @property
    def label(self) -> str:
        """The role's name on the screen."""
        return _ROLE_LABELS[self.value]


_ROLE_LABELS: Final[dict[str, str]] = {
    "visitor": "访客",
    "applicant": "待审核用户",
    "member": "单位成员",
    "organizer": "活动主办方",
    "broker": "技术经纪人",
    "official": "主管部门",
    "administrator": "管理员",
}

_EVERYBODY: Final = frozenset(
    {
        Permission.READ_HOME,
        Permission.READ_CATALOGUE,
        Permission.READ_EVENTS,
        Permission.READ_NETWORK,
        Permission.READ_CHANNELS,
        Permission.READ_STATISTICS,
        Permission.READ_SOURCES,
        Permission.REGISTER,
        Permission.CREATE_SUBMISSION,
        Permission.READ_RECEIPT,
        Permission.TAKE_PART,
    }
)
_SIGNED_IN: Final = _EVERYBODY | {Permission.MANAGE_OWN_ACCOUNT}
_VERIFIED: Final = _SIGNED_IN | {Permission.READ_SHARED_FIELDS, Permission.REQUEST_ACCESS}
_OWNER: Final = _VERIFIED | {Permission.MANAGE_OWN_RECORDS, Permission.UPLOAD_ATTACHMENT, Permission.FOLLOW_UP}
_OFFICIAL: Final = _VERIFIED | {
    Permission.REVIEW_SUBMISSION,
    Permission.MANAGE_EVENTS,
    Permission.FOLLOW_UP,
    Permission.DECIDE_ACCESS,
    Permission.APPROVE_ACCOUNT,
    Permission.READ_AUDIT,
    Permission.MANAGE_NETWORK,
}

ROLE_PERMISSIONS: Final[dict[Role, frozenset[Permission]]] = {
    Role.VISITOR: _EVERYBODY,
    Role.APPLICANT: _SIGNED_IN | {Permission.MANAGE_OWN_RECORDS},
    Role.MEMBER: _OWNER,
    Role.ORGANIZER: _OWNER | {Permission.REVIEW_SUBMISSION, Permission.MANAGE_EVENTS},
    Role.BROKER: _OWNER | {Permission.DECIDE_MATCH},
    Role.OFFICIAL: _OFFICIAL,
    Role.ADMINISTRATOR: _OFFICIAL | {Permission.MANAGE_ACCOUNTS, Permission.LOAD_DATA},
}
"""An applicant is an account whose claim to an organization no official has approved yet."""


@dataclass(frozen=True)
class Actor:
    """Whoever acts: an account, or a visitor without one.

    `scope` is the division an official answers for; `events` are those an organizer runs; `organization_id` is
    set once the claim to it was approved; `session` names the login in the audit trail without opening it.
    """

    role: Role = Role.VISITOR
    account_id: int | None = None
    name: str = "访客"
    address: str = ""
    request_id: str = ""
    organization_id: int | None = None
    scope: str = ""
    events: frozenset[int] = frozenset()
    session: str = ""
    permissions: frozenset[Permission] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "permissions", ROLE_PERMISSIONS.get(self.role, frozenset()))
        if self.role is Role.ADMINISTRATOR and not self.scope:
            object.__setattr__(self, "scope", REGION)

    def may(self, permission: Permission) -> bool:
        """True when this actor holds the permission."""
        return permission in self.permissions

    def covers(self, league: str | None, banner: str | None = None) -> bool:
        """True when a record of this league and banner lies in the division the actor answers for.

        The region covers everything, also what names no place; a league itself and its banners; a banner only
        what names it.
        """
        return covers(self.scope, league, banner)


VISITOR: Final = Actor()


def covers(scope: str, league: str | None, banner: str | None = None) -> bool:
    """True when the division `scope` includes a record of this league and banner; a blank scope includes nothing."""
    if scope == REGION:
        return True
    return bool(scope) and scope == (league if scope.endswith("00") else banner)


def require(actor: Actor, permission: Permission) -> None:
    """Raise AccessDenied unless the actor holds the permission."""
    if not actor.may(permission):
        hint = "请换用有权限的账号" if actor.account_id else "请先登录"
        raise AccessDenied(f"当前账号没有这项权限，{hint}。")


def require_scope(actor: Actor, permission: Permission, league: str | None, banner: str | None = None) -> None:
    """Raise AccessDenied unless the actor holds the permission and answers for that league or banner."""
    require(actor, permission)
    if not actor.covers(league, banner):
        raise AccessDenied("这条记录不在您的辖区内，请交由所在盟市或自治区办理。")
