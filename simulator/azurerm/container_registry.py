"""Container registries."""

from simulator.azurerm.resource import GROUP, NO_CREDENTIAL, AzurermResource
from simulator.resource import CloudError
from simulator.world import Scope, Values, World


class ContainerRegistry(AzurermResource):
    """A registry; its name is unique in the whole world."""

    id_template = GROUP + "/providers/Microsoft.ContainerRegistry/registries/{name}"
    title = "Registry"
    follows = ("admin_username", "admin_password")

    def computed(self, values: Values, scope: Scope, world: World) -> Values:
        """Gives its address."""
        admin = values["admin_enabled"]
        return {
            "login_server": f"{values['name'].lower()}.azurecr.io",
            "admin_username": values["name"] if admin else "",
            "admin_password": NO_CREDENTIAL if admin else "",
        }

    def check(self, values: Values, scope: Scope, world: World) -> None:
        """Refuses a name that another registry has."""
        others = [one["login_server"] for id_, one in scope.all(self.type_name).items() if id_ != values["id"]]
        if values["login_server"] in others:
            raise CloudError(
                f'the name "{values["name"]}" used for the Container Registry needs to be globally unique and isn\'t '
                f"available: The registry {values['login_server']} is already in use."
            )
        super().check(values, scope, world)


RESOURCES = {"azurerm_container_registry": ContainerRegistry}
