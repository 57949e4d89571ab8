"""路演与活动: what is coming and what took place, one event, one item of it, or taking part in it."""

from lib.domain.access import Permission
from lib.ui import address, guard
from lib.ui.views import attendance, jury, roadshows

ctx = guard.page(Permission.READ_EVENTS)

record_id = address.number("id")
view = address.choice("view", ("attend", "booking", "jury"), "")
if view == "booking":
    attendance.booking(ctx)
elif record_id and view == "attend":
    attendance.form(ctx, record_id)
elif record_id and view == "jury":
    jury.page(ctx, record_id)
elif record_id and (item_id := address.number("item")):
    roadshows.item(ctx, record_id, item_id)
elif record_id:
    roadshows.record(ctx, record_id)
else:
    roadshows.listing(ctx)
