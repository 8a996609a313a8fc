"""The artifacts on Azure: a stack of its own, for they outlive clusters and services."""

from modelyard.artifact_store import KEEP_VERSIONS_DAYS, KEEP_WORKFLOWS_DAYS, WORKFLOWS_PREFIX
from modelyard.azure.artifact_container import ArtifactContainerRef
from modelyard.azure.private_container import PrivateContainer
from modelyard.azure.provider import connect_azure

from cdktf import TerraformOutput, TerraformStack
from constructs import Construct

from stacks.aks.registry import RegistryStack
from stacks.aks.settings import AksSettings
from stacks.aks.state import StateStack


class ArtifactsStack(TerraformStack):
    """A storage account with one container; `store` is the way to it."""

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
        self.store = ArtifactContainerRef(
            subscription_id=settings.subscription_id,
            resource_group=settings.stack_id("artifacts"),
            location=settings.location,
            account=settings.artifacts_account,
            name="artifacts",
            tags=settings.labels,
        )
        PrivateContainer(
            self,
            "artifacts",
            name=self.store.name,
            account=self.store.account,
            resource_group=self.store.resource_group,
            location=settings.location,
            replication="ZRS",
            protected=settings.is_protected,
            keep_versions_days=KEEP_VERSIONS_DAYS,
            expire_days={WORKFLOWS_PREFIX: KEEP_WORKFLOWS_DAYS},
            operators=settings.operators_group_id,
            tags=settings.labels,
        )
        TerraformOutput(self, "url", value=self.store.url(""), description="What the artifacts' locations begin with.")
