"""Storage accounts and their containers."""

from typing import Final

from simulator.azurerm.resource import GROUP, NO_CREDENTIAL, AzurermResource
from simulator.resource import CloudError
from simulator.world import Scope, Values, World

_SERVICES: Final = ("blob", "dfs", "file", "queue", "table", "web")


class StorageAccount(AzurermResource):
    """A storage account; its name is unique in the whole world."""

    id_template = GROUP + "/providers/Microsoft.Storage/storageAccounts/{name}"
    title = "Storage Account"

    def computed(self, values: Values, scope: Scope, world: World) -> Values:
        """Gives addresses and Azure's defaults."""
        hosts = {service: f"{values['name']}.{service}.core.windows.net" for service in _SERVICES}
        # Keys and what is made of them; the other addresses belong to replicas and routes that are not there.
        texts = [name for name, one in self.block.attributes.items() if one.computed and one.type == "string"]
        return (
            {name: NO_CREDENTIAL if name.endswith(("_key", "_string")) else "" for name in texts}
            | {f"primary_{service}_host": host for service, host in hosts.items()}
            | {f"primary_{service}_endpoint": f"https://{host}/" for service, host in hosts.items()}
            | {"id": values["id"], "access_tier": "Hot", "primary_location": values["location"]}
        )

    def check(self, values: Values, scope: Scope, world: World) -> None:
        """Refuses a name that another account has."""
        super().check(values, scope, world)
        if any(one["name"] == values["name"] and id_ != values["id"] for id_, one in scope.all(self.type_name).items()):
            raise self.failed(
                values,
                "409 (409 Conflict) with error: StorageAccountAlreadyTaken: The storage account named "
                f"{values['name']} is already taken.",
            )


class StorageContainer(AzurermResource):
    """A blob container."""

    id_template = "{storage_account_id}/blobServices/default/containers/{name}"
    title = "Container"

    def new_id(self, values: Values) -> str:
        """Gives the id that the container has in Azure's management."""
        if not values["storage_account_id"]:
            raise CloudError(
                "azurerm_storage_container with storage_account_name is not simulated", "Give storage_account_id."
            )
        return super().new_id(values)

    def computed(self, values: Values, scope: Scope, world: World) -> Values:
        """Gives its id once more."""
        return {"resource_manager_id": values["id"], "default_encryption_scope": "$account-encryption-key"}


class StorageManagementPolicy(AzurermResource):
    """The lifecycle rules of an account."""

    id_template = "{storage_account_id}/managementPolicies/default"
    title = "Storage Management Policy"


RESOURCES = {
    "azurerm_storage_account": StorageAccount,
    "azurerm_storage_container": StorageContainer,
    "azurerm_storage_management_policy": StorageManagementPolicy,
}
