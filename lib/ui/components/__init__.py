"""The recurring pieces of the screen, drawn once and used everywhere."""
