"""需求库: search the demands, or read one."""

from lib.domain.access import Permission
from lib.ui import address, guard
from lib.ui.views import catalogue, record

ctx = guard.page(Permission.READ_CATALOGUE)

if record_id := address.number("id"):
    record.demand(ctx, record_id)
else:
    catalogue.listing(
        ctx,
        "demand",
        title="需求库",
        question="企业和地方在找什么技术？",
        placeholder="搜氢能、肉牛、盐碱地",
        noun="条需求",
    )
