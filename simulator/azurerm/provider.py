"""The simulated provider azurerm."""

from typing import Final

from simulator.azurerm import (
    authorization,
    container_registry,
    containers,
    groups,
    identity,
    monitor,
    network,
    registration,
    storage,
)
from simulator.azurerm.data_sources import DATA_SOURCES, of_cluster
from simulator.azurerm.groups import ResourceGroup, ResourceProviderRegistration
from simulator.azurerm.resource import AzurermResource
from simulator.provider import Provider
from simulator.resource import CloudError, Resource, conformed
from simulator.values import UNKNOWN
from simulator.world import Scope, Values

_RESOURCES: Final[dict[str, type[AzurermResource]]] = {
    **authorization.RESOURCES,
    **container_registry.RESOURCES,
    **containers.RESOURCES,
    **groups.RESOURCES,
    **identity.RESOURCES,
    **monitor.RESOURCES,
    **network.RESOURCES,
    **storage.RESOURCES,
}


class AzurermProvider(Provider):
    """One world-wide cloud; the provider's configuration names a subscription."""

    name = "azurerm"

    def _resource(self, type_name: str) -> AzurermResource:
        return _RESOURCES.get(type_name, AzurermResource)(type_name, self.schema.resource(type_name))

    def scope(self, config: Values) -> Scope:
        """The cloud is the same for each configuration: ids name the subscription."""
        return self.world.azurerm

    def configure(self, config: Values) -> None:
        """Registers resource providers, as the real one does when it starts."""
        if config["subscription_id"] in (None, "", UNKNOWN):
            raise CloudError("`subscription_id` is a required provider property when performing a plan/apply operation")
        with self.world.locked():
            registration.register(config, self.world.azurerm)

    def before_create(self, config: Values, resource: Resource, planned: Values) -> None:
        """Sets the id, which holds the subscription."""
        assert isinstance(resource, AzurermResource)  # noqa: S101 - _resource makes no others
        if isinstance(resource, ResourceProviderRegistration):
            registration.check_not_automatic(planned["name"], config)
        asked = planned | {"subscription_id": config["subscription_id"]}
        planned["id"] = resource.fresh_id(asked, self.world.azurerm)

    def before_delete(self, config: Values, resource: Resource, prior: Values) -> None:
        """Keeps a resource group that is not empty, unless `features` say otherwise."""
        if isinstance(resource, ResourceGroup) and _keeps_full_groups(config):
            resource.check_empty(prior["id"], self.world.azurerm)

    def read_data(self, config: Values, type_name: str, wanted: Values) -> Values:
        """Reads what the resource type of the same name left in the world, or a data source of its own."""
        block = self.schema.data_source(type_name)
        asked = wanted | {"subscription_id": wanted.get("subscription_id") or config["subscription_id"]}
        if type_name in DATA_SOURCES:
            return conformed(block, asked | DATA_SOURCES[type_name](asked))
        if type_name not in self.schema.response.resource_schemas:
            return super().read_data(config, type_name, wanted)
        resource = self._resource(type_name)
        id_ = resource.new_id(asked)
        existing = self.world.azurerm.get(type_name, id_)
        if existing is None:
            raise CloudError(f"{resource.describe(id_)} was not found")
        if type_name == "azurerm_kubernetes_cluster":
            existing |= of_cluster(existing, self.world.azurerm)
        return conformed(block, existing | {name: value for name, value in wanted.items() if value is not None})


def _keeps_full_groups(config: Values) -> bool:
    for features in config["features"]:
        for group in features["resource_group"]:
            return group["prevent_deletion_if_contains_resources"] is not False
    return True
