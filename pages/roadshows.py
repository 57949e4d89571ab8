"""路演与活动: what is coming and what took place, or one event."""

from lib.domain.access import Permission
from lib.ui import address, guard
from lib.ui.views import roadshows

ctx = guard.page(Permission.READ_EVENTS)

if record_id := address.number("id"):
    roadshows.record(ctx, record_id)
else:
    roadshows.listing(ctx)
