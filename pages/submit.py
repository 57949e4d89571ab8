"""提交: hand in a demand, an achievement or a registration, or many from one table; follow it by receipt number."""

from lib.domain.access import Permission
from lib.ui import address, guard
from lib.ui.views import bulk, submissions

ctx = guard.page(Permission.CREATE_SUBMISSION)

view = address.choice("view", ("form", "status", "bulk"), "form")
if view == "status":
    submissions.status(ctx)
elif view == "bulk":
    bulk.page(ctx)
else:
    submissions.form(ctx)
