"""The stacks of an environment on AKS that its services stand on."""

from cdktf import App

from stacks.aks.cluster import ClusterStack
from stacks.aks.registry import RegistryStack
from stacks.aks.settings import AksSettings
from stacks.aks.state import StateStack, state_store
from stacks.platform import Platform

__all__ = ["add_platform", "state_store"]


def add_platform(app: App, settings: AksSettings) -> Platform:
    """Adds state, registry and cluster."""
    state = StateStack(app, settings)
    registry = RegistryStack(app, settings, state=state)
    cluster = ClusterStack(app, settings, state=state, registry=registry)
    return Platform(settings=settings, state=state.store, registry=registry.ref, cluster=cluster.ref, stack=cluster)
