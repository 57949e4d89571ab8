"""我的: what somebody handed in and how it stands, notices, drafts, the own feed."""

from lib.domain.access import Permission
from lib.ui import address, guard
from lib.ui.views import mine

ctx = guard.page(Permission.MANAGE_OWN_ACCOUNT)

if submission_id := address.number("id"):
    mine.record(ctx, submission_id)
else:
    mine.overview(ctx)
