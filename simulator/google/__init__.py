"""The simulated provider google."""

from simulator.google.provider import GoogleProvider

__all__ = ["GoogleProvider"]
