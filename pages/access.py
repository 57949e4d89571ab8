"""查看申请: requests to see what is not public, asked and answered."""

from lib.domain.access import Permission
from lib.ui import guard
from lib.ui.views import access

ctx = guard.page(Permission.MANAGE_OWN_ACCOUNT)

access.page(ctx)
