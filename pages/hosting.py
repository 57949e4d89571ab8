"""办活动: the events that somebody runs, a new one, or the desk of one."""

from lib.domain.access import Permission
from lib.ui import address, guard
from lib.ui.views import hosting

ctx = guard.page(Permission.MANAGE_EVENTS)

if event_id := address.number("id"):
    hosting.desk(ctx, event_id)
elif address.choice("view", ("new",), "") == "new":
    hosting.new(ctx)
else:
    hosting.listing(ctx)
