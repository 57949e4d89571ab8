"""成果库: search the achievements, or read one."""

from lib.domain.access import Permission
from lib.ui import address, guard
from lib.ui.views import catalogue, record

ctx = guard.page(Permission.READ_CATALOGUE)

if record_id := address.number("id"):
    record.achievement(ctx, record_id)
else:
    catalogue.listing(
        ctx,
        "achievement",
        title="成果库",
        question="有没有能用在您这里的？",
        placeholder="搜稀土、乳酸菌、盐碱地",
        noun="项成果",
    )
