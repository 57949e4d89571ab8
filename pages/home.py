"""总览: what is in the system, and where it flows."""

from lib.domain.access import Permission
from lib.ui import guard
from lib.ui.views import overview

ctx = guard.page(Permission.READ_HOME)

picture = overview.read(ctx)
overview.hero(picture, ctx)
overview.figures(picture, ctx)
overview.goals(picture, ctx)
overview.turnover(ctx)
overview.newest(picture, ctx)
overview.events(ctx)
