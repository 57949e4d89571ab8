"""三级网络: where the network is strong, and where it has holes."""

from lib.domain.access import Permission
from lib.ui import guard
from lib.ui.views import network

ctx = guard.page(Permission.READ_NETWORK)

network.show(ctx)
