"""我的账号: who I am, my logins, my data."""

from lib.domain.access import Permission
from lib.ui import guard
from lib.ui.views import account

ctx = guard.page(Permission.MANAGE_OWN_ACCOUNT)

account.page(ctx)
