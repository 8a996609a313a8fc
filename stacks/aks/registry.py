"""The image registry on Azure: a stack of its own, for images are pushed before any service is deployed."""

from modelyard.azure.image_registry import ContainerRegistryRef, ImageRegistry
from modelyard.azure.provider import connect_azure

from cdktf import TerraformStack
from constructs import Construct

from stacks.aks.settings import AksSettings
from stacks.aks.state import StateStack


class RegistryStack(TerraformStack):
    """A container registry; `ref` is the way to it."""

    def __init__(self, scope: Construct, settings: AksSettings, *, state: StateStack) -> None:
        super().__init__(scope, settings.stack_id("registry"))
        self.add_dependency(state)
        state.store.keep(self)
        connect_azure(
            self,
            subscription_id=settings.subscription_id,
            register=["Microsoft.ContainerRegistry"],
            protected=settings.is_protected,
        )
        self.ref = ContainerRegistryRef(
            subscription_id=settings.subscription_id,
            resource_group=settings.stack_id("registry"),
            name=settings.registry_name,
        )
        ImageRegistry(self, "registry", ref=self.ref, location=settings.location, tags=settings.labels)
