"""Maps over our own boundaries; no tile server, no network."""
