"""数据来源: files, publishers, licences, the clauses of the plan."""

from lib.domain.access import Permission
from lib.ui import guard
from lib.ui.views import sources

ctx = guard.page(Permission.READ_SOURCES)
sources.page(ctx)
