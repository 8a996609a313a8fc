"""The artifacts on Azure: a stack of its own, for they outlive clusters and services."""

from modelyard.artifact_store import KEEP_VERSIONS_DAYS
from modelyard.azure.artifact_container import ArtifactContainerRef
from modelyard.azure.cluster import AksClusterRef
from modelyard.azure.private_container import PrivateContainer
from modelyard.azure.provider import connect_azure

from cdktf import TerraformStack
from constructs import Construct

from stacks.aks.registry import RegistryStack
from stacks.aks.settings import AksSettings
from stacks.aks.state import StateStack

_CONTAINER = "artifacts"


class ArtifactsStack(TerraformStack):
    """A storage account with one container."""

    def __init__(self, scope: Construct, settings: AksSettings, *, state: StateStack, registry: RegistryStack) -> None:
        super().__init__(scope, settings.stack_id("artifacts"))
        self.add_dependency(registry)
        state.store.keep(self)
        connect_azure(
            self,
            subscription_id=settings.subscription_id,
            # The second one is for the identities that services use it as.
            register=["Microsoft.Storage", "Microsoft.ManagedIdentity"],
            protected=settings.is_protected,
        )
        PrivateContainer(
            self,
            "artifacts",
            name=_CONTAINER,
            account=settings.artifacts_account,
            resource_group=settings.stack_id("artifacts"),
            location=settings.location,
            replication="ZRS",
            protected=settings.is_protected,
            keep_versions_days=KEEP_VERSIONS_DAYS,
            operators=settings.operators_group_id,
            tags=settings.labels,
        )


def artifact_store(settings: AksSettings, cluster: AksClusterRef) -> ArtifactContainerRef:
    """The way of the cluster's pods to the container."""
    return ArtifactContainerRef(
        subscription_id=settings.subscription_id,
        resource_group=settings.stack_id("artifacts"),
        location=settings.location,
        account=settings.artifacts_account,
        name=_CONTAINER,
        cluster=cluster,
        tags=settings.labels,
    )
