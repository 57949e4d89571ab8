"""Charts with one shared theme."""
