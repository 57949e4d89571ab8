"""数据: published figures as series, the full list, the public contracts."""

from lib.domain.access import Permission
from lib.ui import guard
from lib.ui.views import statistics

ctx = guard.page(Permission.READ_STATISTICS)
statistics.page(ctx)
