"""The stacks of an environment on GKE that its services stand on."""

from cdktf import App

from stacks.gke.cluster import ClusterStack
from stacks.gke.registry import RegistryStack
from stacks.gke.settings import GkeSettings
from stacks.gke.state import StateStack, state_store
from stacks.platform import Platform

__all__ = ["add_platform", "state_store"]


def add_platform(app: App, settings: GkeSettings) -> Platform:
    """Adds state, registry and cluster."""
    state = StateStack(app, settings)
    registry = RegistryStack(app, settings, state=state)
    cluster = ClusterStack(app, settings, state=state, registry=registry)
    return Platform(settings=settings, state=state.store, registry=registry.ref, cluster=cluster.ref, stack=cluster)
