"""对接跟进: the intentions that somebody may follow up, or one of them."""

from lib.domain.access import Permission
from lib.ui import address, guard
from lib.ui.views import followups

ctx = guard.page(Permission.FOLLOW_UP)

if interest_id := address.number("id"):
    followups.record(ctx, interest_id)
else:
    followups.listing(ctx)
