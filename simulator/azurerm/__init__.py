"""The simulated provider azurerm."""

from simulator.azurerm.provider import AzurermProvider

__all__ = ["AzurermProvider"]
