"""The stacks of an environment on AKS that its services stand on."""

from cdktf import App

from stacks.aks.artifacts import ArtifactsStack
from stacks.aks.cluster import ClusterStack
from stacks.aks.registry import RegistryStack
from stacks.aks.settings import AksSettings
from stacks.aks.state import StateStack, state_store
from stacks.platform import Platform, node_limit

__all__ = ["add_platform", "state_store"]


def add_platform(app: App, settings: AksSettings) -> Platform:
    """Adds state, registry, artifacts and cluster, and the identities of GitHub's workflows where there are any."""
    state = StateStack(app, settings)
    registry = RegistryStack(app, settings, state=state)
    artifacts = ArtifactsStack(app, settings, state=state, registry=registry)
    if settings.github:
        # Bindings of resources that nothing else has: who has no repository should not wait for them.
        from stacks.aks.identities import IdentitiesStack  # noqa: PLC0415 - see above

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
