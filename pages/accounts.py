"""账号管理: claims to an organization, and for administrators all accounts and invitations."""

from lib.domain.access import Permission
from lib.ui import guard
from lib.ui.views import accounts

ctx = guard.page(Permission.APPROVE_ACCOUNT)

accounts.page(ctx)
