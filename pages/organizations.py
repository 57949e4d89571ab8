"""机构: search the organizations, or read one."""

from lib.domain.access import Permission
from lib.ui import address, guard
from lib.ui.views import catalogue, record

ctx = guard.page(Permission.READ_CATALOGUE)

if record_id := address.number("id"):
    record.organization(ctx, record_id)
else:
    catalogue.listing(
        ctx,
        "organization",
        title="机构",
        question="谁在做、谁能帮上忙？",
        placeholder="搜农业大学、稀土、孵化器",
        noun="家机构",
    )
