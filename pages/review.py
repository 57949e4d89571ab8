"""审核: what was handed in, and the decision about it."""

from lib.domain.access import Permission
from lib.ui import address, guard
from lib.ui.views import reviews

ctx = guard.page(Permission.REVIEW_SUBMISSION)

if submission_id := address.number("id"):
    reviews.record(ctx, submission_id)
else:
    reviews.queue(ctx)
