"""The HTTP side: guard, login, API, feeds, health."""
