"""Faults on purpose: many people at once, a killed server, a restarted database, a full disk. `make chaos`."""
