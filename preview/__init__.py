"""Previews of pull requests: what a change does to every environment, without credentials and without a state."""
