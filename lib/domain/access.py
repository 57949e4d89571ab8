"""Who may do what, as data. Code asks for a permission, never for a role; denied by default."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from lib.domain.errors import AccessDenied


class Permission(StrEnum):
    """`<scope>:<resource>:<action>`."""

    READ_HOME = "public:home:read"
    READ_CATALOGUE = "public:catalogue:read"
    READ_EVENTS = "public:events:read"
    READ_NETWORK = "public:network:read"
    READ_CHANNELS = "public:channels:read"
    READ_STATISTICS = "public:statistics:read"
    READ_SOURCES = "public:sources:read"
    CREATE_SUBMISSION = "own:submission:create"
    READ_RECEIPT = "own:submission:read"
    REVIEW_SUBMISSION = "region:submission:review"
    MANAGE_ACCOUNTS = "region:account:manage"
    LOAD_DATA = "region:data:load"


class Role(StrEnum):
    """What an account is; only this module knows what follows from it."""

    VISITOR = "visitor"
    ADMINISTRATOR = "administrator"

    @property
    def label(self) -> str:
        """The role's name on the screen."""
        return {"visitor": "访客", "administrator": "管理员"}[self.value]


_EVERYBODY: Final = frozenset(
    {
        Permission.READ_HOME,
        Permission.READ_CATALOGUE,
        Permission.READ_EVENTS,
        Permission.READ_NETWORK,
        Permission.READ_CHANNELS,
        Permission.READ_STATISTICS,
        Permission.READ_SOURCES,
        Permission.CREATE_SUBMISSION,
        Permission.READ_RECEIPT,
    }
)

ROLE_PERMISSIONS: Final[dict[Role, frozenset[Permission]]] = {
    Role.VISITOR: _EVERYBODY,
    Role.ADMINISTRATOR: _EVERYBODY | {Permission.REVIEW_SUBMISSION, Permission.MANAGE_ACCOUNTS, Permission.LOAD_DATA},
}


@dataclass(frozen=True)
class Actor:
    """Whoever acts: an account, or a visitor without one."""

    role: Role = Role.VISITOR
    account_id: int | None = None
    name: str = "访客"
    address: str = ""
    request_id: str = ""
    permissions: frozenset[Permission] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "permissions", ROLE_PERMISSIONS.get(self.role, frozenset()))

    def may(self, permission: Permission) -> bool:
        """True when this actor holds the permission."""
        return permission in self.permissions


VISITOR: Final = Actor()


def require(actor: Actor, permission: Permission) -> None:
    """Raise AccessDenied unless the actor holds the permission."""
    if not actor.may(permission):
        hint = "请换用有权限的账号" if actor.account_id else "请先登录"
        raise AccessDenied(f"当前账号没有这项权限，{hint}。")
