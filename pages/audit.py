"""操作记录: who did what, when, to what."""

from lib.domain.access import Permission
from lib.ui import guard
from lib.ui.views import audit

ctx = guard.page(Permission.READ_AUDIT)
audit.page(ctx)
