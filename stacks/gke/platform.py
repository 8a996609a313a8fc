"""The stacks of an environment on GKE that its services stand on."""

from cdktf import App

from stacks.gke.artifacts import ArtifactsStack
from stacks.gke.cluster import ClusterStack
from stacks.gke.registry import RegistryStack
from stacks.gke.settings import GkeSettings
from stacks.gke.state import StateStack, state_store
from stacks.platform import Platform, node_limit

__all__ = ["add_platform", "state_store"]


def add_platform(app: App, settings: GkeSettings) -> Platform:
    """Adds state, registry, artifacts and cluster, and the identities of GitHub's workflows where there are any."""
    state = StateStack(app, settings)
    registry = RegistryStack(app, settings, state=state)
    artifacts = ArtifactsStack(app, settings, state=state, registry=registry)
    if settings.github:
        # Bindings of resources that nothing else has: who has no repository should not wait for them.
        from stacks.gke.identities import IdentitiesStack  # noqa: PLC0415 - see above

        IdentitiesStack(app, settings, settings.github, state=state, registry=registry, artifacts=artifacts)
    cluster = ClusterStack(app, settings, state=state, registry=registry, artifacts=artifacts)
    return Platform(
        settings=settings,
        state=state.store,
        registry=registry.ref,
        artifacts=artifacts.store,
        cluster=cluster.ref,
        nodes=node_limit(settings.cluster.node_pool),
        stack=cluster,
    )
