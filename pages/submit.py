"""提交: hand in a demand, an achievement or a registration; follow it by receipt number."""

from lib.domain.access import Permission
from lib.ui import address, guard
from lib.ui.views import submissions

ctx = guard.page(Permission.CREATE_SUBMISSION)

if address.choice("view", ("form", "status"), "form") == "status":
    submissions.status(ctx)
else:
    submissions.form(ctx)
