"""The Azure container registry that keeps an environment's images."""

from collections.abc import Mapping
from dataclasses import dataclass

from modelyard.azure.names import resource_id
from modelyard.image_registry_ref import ImageRegistryRef

from cdktf_cdktf_provider_azurerm.container_registry import ContainerRegistry
from cdktf_cdktf_provider_azurerm.resource_group import ResourceGroup
from cdktf_cdktf_provider_azurerm.role_assignment import RoleAssignment
from constructs import Construct


@dataclass(frozen=True, kw_only=True)
class ContainerRegistryRef(ImageRegistryRef):
    """A container registry by its names.

    Attributes:
        subscription_id: The subscription that owns it.
        resource_group: The group that it is in.
        name: The registry's, unique in all of Azure, 5 to 50 letters and digits.
    """

    subscription_id: str
    resource_group: str
    name: str

    @property
    def id(self) -> str:
        """The resource's id."""
        type_ = "Microsoft.ContainerRegistry/registries"
        return resource_id(self.subscription_id, self.resource_group, type_, self.name)

    def repository(self, image: str) -> str:
        """Where the image of this name is pushed and pulled, without tag."""
        return f"{self.name}.azurecr.io/{image}"

    def grant_pull(self, scope: Construct, id_: str, *, principal_id: str) -> RoleAssignment:
        """Lets a managed identity, by its object id, pull every image."""
        return self._grant(scope, id_, role="AcrPull", principal_id=principal_id)

    def grant_push(self, scope: Construct, id_: str, *, principal_id: str) -> RoleAssignment:
        """Lets a managed identity, by its object id, push images, and pull them."""
        return self._grant(scope, id_, role="AcrPush", principal_id=principal_id)

    def _grant(self, scope: Construct, id_: str, *, role: str, principal_id: str) -> RoleAssignment:
        return RoleAssignment(
            scope,
            id_,
            scope=self.id,
            role_definition_name=role,
            principal_id=principal_id,
            principal_type="ServicePrincipal",
            # Made a moment ago, the identity may not be known everywhere in Entra yet.
            skip_service_principal_aad_check=True,
        )


class ImageRegistry(Construct):
    """A registry without admin user or anonymous pulls, in a resource group of its own.

    Args:
        scope: The stack.
        id_: The construct's id.
        ref: Its names.
        location: Where it is, for example `westeurope`.
        tags: For billing and clean-up.
    """

    def __init__(
        self, scope: Construct, id_: str, *, ref: ContainerRegistryRef, location: str, tags: Mapping[str, str]
    ) -> None:
        super().__init__(scope, id_)
        group = ResourceGroup(self, "group", name=ref.resource_group, location=location, tags=dict(tags))
        self.registry = ContainerRegistry(
            self,
            "registry",
            name=ref.name,
            resource_group_name=group.name,
            location=group.location,
            # The cheapest; retention, replicas and private endpoints are Premium's.
            sku="Basic",
            admin_enabled=False,
            anonymous_pull_enabled=False,
            tags=dict(tags),
        )
