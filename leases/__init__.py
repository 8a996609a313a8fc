"""Until when environments are wanted: their leases, and the issues that warn before one ends."""
