"""Resource groups, and the registration of resource providers as a resource."""

import re

from simulator.azurerm.resource import AzurermResource
from simulator.resource import CloudError
from simulator.world import Scope, Values, World


class ResourceGroup(AzurermResource):
    """A resource group."""

    id_template = "/subscriptions/{subscription_id}/resourceGroups/{name}"
    title = "Resource Group"

    def check(self, values: Values, scope: Scope, world: World) -> None:
        """A group needs nothing."""

    def check_empty(self, id_: str, scope: Scope) -> None:
        """Refuses a group that still holds resources, as the provider does unless its `features` say otherwise."""
        inside = re.compile(re.escape(id_) + r"/providers/(?!Microsoft\.Authorization/)[^/]+/[^/]+/[^/]+")
        left = sorted(key for type_name in scope.types() for key in scope.keys(type_name) if inside.fullmatch(key))
        if left:
            raise CloudError(
                f'deleting Resource Group "{id_.rpartition("/")[2]}": the Resource Group still contains Resources. '
                "Terraform is configured to check for Resources within the Resource Group when deleting the Resource "
                "Group - and raise an error if nested Resources still exist to avoid unintentionally deleting these "
                "Resources. Terraform has detected that the following Resources still exist within the Resource Group: "
                + ", ".join(left)
            )

    def delete(self, values: Values, scope: Scope, world: World) -> None:
        """Removes the group with all that is in it; a cluster in it takes its Kubernetes world along."""
        for id_, cluster in scope.all("azurerm_kubernetes_cluster").items():
            if id_.startswith(f"{values['id']}/"):
                world.delete_cluster(cluster["fqdn"])
                scope.delete(self.type_name, cluster["node_resource_group_id"])
        super().delete(values, scope, world)


class ResourceProviderRegistration(AzurermResource):
    """A registered resource provider."""

    id_template = "/subscriptions/{subscription_id}/providers/{name}"
    title = "Resource Provider"

    def check(self, values: Values, scope: Scope, world: World) -> None:
        """A registration needs nothing."""


RESOURCES = {
    "azurerm_resource_group": ResourceGroup,
    "azurerm_resource_provider_registration": ResourceProviderRegistration,
}
