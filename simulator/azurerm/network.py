"""Virtual networks and addresses."""

from simulator.azurerm.resource import GROUP, AzurermResource
from simulator.resource import CloudError, digest, stable_uuid
from simulator.world import Scope, Values, World

_NETWORK = GROUP + "/providers/Microsoft.Network/virtualNetworks/"


class VirtualNetwork(AzurermResource):
    """A virtual network."""

    id_template = _NETWORK + "{name}"
    title = "Virtual Network"

    def computed(self, values: Values, scope: Scope, world: World) -> Values:
        """Gives its GUID."""
        return {"guid": stable_uuid(values["id"])}


class Subnet(AzurermResource):
    """A subnet."""

    id_template = _NETWORK + "{virtual_network_name}/subnets/{name}"
    title = "Subnet"

    def check_delete(self, values: Values, scope: Scope, world: World) -> None:
        """Keeps a subnet in which nodes are."""
        clusters = scope.all("azurerm_kubernetes_cluster")
        pools = {id_: cluster["default_node_pool"][0] for id_, cluster in clusters.items()}
        pools |= scope.all("azurerm_kubernetes_cluster_node_pool")
        for id_, pool in pools.items():
            if pool["vnet_subnet_id"] == values["id"]:
                raise CloudError(
                    f'deleting Subnet "{values["name"]}": unexpected status 400 (400 Bad Request) with error: '
                    f"InUseSubnetCannotBeDeleted: Subnet {values['name']} is in use by {id_} and cannot be deleted."
                )


class PublicIp(AzurermResource):
    """A public address."""

    id_template = GROUP + "/providers/Microsoft.Network/publicIPAddresses/{name}"
    title = "Public I P Address"
    follows = ("fqdn",)

    def computed(self, values: Values, scope: Scope, world: World) -> Values:
        """Gives an address of 198.51.100.0/24 (for documentation, RFC 5737)."""
        label = values["domain_name_label"]
        return {
            "ip_address": f"198.51.100.{int(digest(values['id']), 16) % 254 + 1}",
            "fqdn": f"{label}.{values['location']}.cloudapp.azure.com" if label else "",
        }


RESOURCES = {
    "azurerm_virtual_network": VirtualNetwork,
    "azurerm_subnet": Subnet,
    "azurerm_public_ip": PublicIp,
}
