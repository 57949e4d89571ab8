"""转移通道: who gives us technology, who takes ours."""

from lib.domain.access import Permission
from lib.ui import guard
from lib.ui.views import channels

ctx = guard.page(Permission.READ_CHANNELS)

channels.show(ctx)
