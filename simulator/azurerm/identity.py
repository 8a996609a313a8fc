"""Managed identities."""

from simulator.azurerm.resource import GROUP, AzurermResource, subscription_of
from simulator.resource import stable_uuid
from simulator.world import Scope, Values, World


class UserAssignedIdentity(AzurermResource):
    """An identity that resources can act as."""

    id_template = GROUP + "/providers/Microsoft.ManagedIdentity/userAssignedIdentities/{name}"
    title = "User Assigned Identity"

    def computed(self, values: Values, scope: Scope, world: World) -> Values:
        """Gives its ids in Entra."""
        return {
            "client_id": stable_uuid(values["id"], "client"),
            "principal_id": stable_uuid(values["id"], "principal"),
            "tenant_id": tenant_of(subscription_of(values["id"])),
        }


class FederatedIdentityCredential(AzurermResource):
    """Whose tokens an identity trusts."""

    id_template = "{parent_id}/federatedIdentityCredentials/{name}"
    title = "Federated Identity Credential"


def tenant_of(subscription: str) -> str:
    """Gives the id of the Entra tenant."""
    return stable_uuid("tenant", subscription)


RESOURCES = {
    "azurerm_user_assigned_identity": UserAssignedIdentity,
    "azurerm_federated_identity_credential": FederatedIdentityCredential,
}
