"""What the product does: one module a capability, functions that take a session and an actor."""
