"""The simulated provider kubernetes: objects in the clusters that exist in the world."""

from simulator.kubernetes.provider import KubernetesProvider

__all__ = ["KubernetesProvider"]
