"""AKS clusters and node pools."""

from typing import Final

from simulator.azurerm.identity import tenant_of
from simulator.azurerm.kube_config import kube_config, kube_config_raw
from simulator.azurerm.resource import GROUP, AzurermResource, subscription_of
from simulator.planning import Steps
from simulator.resource import digest, stable_uuid
from simulator.values import UNKNOWN, is_given
from simulator.world import Scope, Values, World

_VERSION: Final = "1.33.5"
_POOL_DEFAULTS: Final[Values] = {
    "kubelet_disk_type": "OS",
    "max_pods": 30,
    "node_labels": {},
    "orchestrator_version": _VERSION,
    "os_disk_size_gb": 128,
    "os_sku": "Ubuntu",
    "vm_size": "Standard_D2s_v5",
    "workload_runtime": "OCIContainer",
}
# What Azure fills in where a block or an argument is left out.
_NETWORK: Final[Values] = {
    "network_plugin": "azure",
    "network_plugin_mode": "",
    "network_data_plane": "azure",
    "network_policy": "",
    "network_mode": "",
    "dns_service_ip": "10.0.0.10",
    "service_cidr": "10.0.0.0/16",
    "service_cidrs": ["10.0.0.0/16"],
    "pod_cidr": "10.244.0.0/16",
    "pod_cidrs": ["10.244.0.0/16"],
    "ip_versions": ["IPv4"],
    "load_balancer_sku": "standard",
    "outbound_type": "loadBalancer",
    "advanced_networking": [],
    "load_balancer_profile": [],
    "nat_gateway_profile": [],
}


class KubernetesCluster(AzurermResource):
    """A cluster; its host name leads to its Kubernetes world."""

    id_template = GROUP + "/providers/Microsoft.ContainerService/managedClusters/{name}"
    title = "Kubernetes Cluster"
    references = ("default_node_pool.vnet_subnet_id", "oms_agent.log_analytics_workspace_id")
    follows = (
        "current_kubernetes_version",
        "kube_admin_config",
        "kube_admin_config_raw",
        "kube_config",
        "kube_config_raw",
        "oidc_issuer_url",
    )

    def customize(self, planned: Values, prior: Values | None) -> None:
        """Plans another issuer, or none, where there was none or one."""
        if prior and planned["oidc_issuer_enabled"] != prior["oidc_issuer_enabled"]:
            planned["oidc_issuer_url"] = UNKNOWN

    def replaced_for(self, planned: Values, prior: Values) -> list[Steps]:
        """The first pool keeps its name, but for one that a broken rotation has left."""
        (now,), (before,) = planned["default_node_pool"], prior["default_node_pool"]
        renamed = before["name"] not in (now["name"], now["temporary_name_for_rotation"])
        return [("default_node_pool", 0, "name")] if renamed else []

    def computed(self, values: Values, scope: Scope, world: World) -> Values:
        """Gives addresses, versions, identities and the way in."""
        id_ = values["id"]
        subscription = f"/subscriptions/{subscription_of(id_)}"
        tenant = tenant_of(subscription_of(id_))
        group = values["node_resource_group"]
        if not is_given(group):
            group = f"MC_{values['resource_group_name']}_{values['name']}_{values['location']}"
        version = values["kubernetes_version"]
        issuer = f"https://{values['location']}.oic.prod-aks.azure.com/{tenant}/{stable_uuid(id_)}/"
        return {
            **_access(values, tenant),
            "private_dns_zone_id": "",
            "http_application_routing_zone_name": "",
            "kubernetes_version": _VERSION,
            "current_kubernetes_version": version if is_given(version) else _VERSION,
            "node_resource_group": group,
            "node_resource_group_id": f"{subscription}/resourceGroups/{group}",
            "oidc_issuer_url": issuer if values["oidc_issuer_enabled"] else "",
            "identity.principal_id": stable_uuid(id_, "principal"),
            "identity.tenant_id": tenant,
            "kubelet_identity": [_identity(f"{values['name']}-agentpool", f"{subscription}/resourceGroups/{group}")],
            "oms_agent.oms_agent_identity": [
                _identity(f"omsagent-{values['name']}", f"{subscription}/resourceGroups/{group}")
            ],
            "azure_active_directory_role_based_access_control.tenant_id": tenant,
            "network_profile": [_NETWORK],
            **{f"network_profile.{name}": value for name, value in _NETWORK.items()},
            **{f"default_node_pool.{name}": value for name, value in _POOL_DEFAULTS.items()},
            "default_node_pool.node_count": _smallest_size(values["default_node_pool"][0]),
        }

    def check(self, values: Values, scope: Scope, world: World) -> None:
        """Refuses a group for nodes that is in use."""
        super().check(values, scope, world)
        group = scope.get("azurerm_resource_group", values["node_resource_group_id"])
        if group and group["managed_by"] != values["id"]:
            raise self.failed(
                values,
                "400 (400 Bad Request) with error: NodeResourceGroupAlreadyExists: The node resource group "
                f"{values['node_resource_group']} already exists. Choose another name.",
            )

    def settle(self, values: Values, scope: Scope, world: World) -> list[str]:
        """Makes the group that holds the nodes."""
        id_ = values["node_resource_group_id"]
        group = {"id": id_, "name": values["node_resource_group"], "managed_by": values["id"]}
        scope.put("azurerm_resource_group", id_, group | {"location": values["location"], "tags": values["tags"]})
        return []

    def delete(self, values: Values, scope: Scope, world: World) -> None:
        """Removes the cluster with its node pools, the nodes' group and its Kubernetes world."""
        super().delete(values, scope, world)
        scope.delete("azurerm_resource_group", values["node_resource_group_id"])
        world.delete_cluster(values["fqdn"])


class NodePool(AzurermResource):
    """A node pool beside the cluster's own."""

    id_template = "{kubernetes_cluster_id}/agentPools/{name}"
    title = "Agent Pool"
    references = ("vnet_subnet_id",)

    def computed(self, values: Values, scope: Scope, world: World) -> Values:
        """Gives Azure's defaults."""
        return {**_POOL_DEFAULTS, "node_count": _smallest_size(values)}

    def check(self, values: Values, scope: Scope, world: World) -> None:
        """Refuses the name of the cluster's own pool."""
        super().check(values, scope, world)
        cluster = scope.get("azurerm_kubernetes_cluster", values["kubernetes_cluster_id"]) or {}
        if values["name"] in [pool["name"] for pool in cluster["default_node_pool"]]:
            raise self.already_exists(values)


def _smallest_size(pool: Values) -> int:
    return int(pool["min_count"] or 1) if pool["auto_scaling_enabled"] else 1


def _access(cluster: Values, tenant: str) -> Values:
    """Gives the cluster's names, and the kubeconfigs of users and, with local accounts beside Entra, of admins."""
    prefix, suffix = cluster["dns_prefix"] or cluster["name"], digest(cluster["id"], "fqdn")[:8]
    fqdn = f"{prefix}-{suffix}.hcp.{cluster['location']}.azmk8s.io"
    entra = bool(cluster["azure_active_directory_role_based_access_control"])
    admins = entra and not cluster["local_account_disabled"]
    return {
        "fqdn": fqdn,
        "portal_fqdn": f"{prefix}-{suffix}.portal.hcp.{cluster['location']}.azmk8s.io",
        "private_fqdn": "",
        "kube_config": kube_config(cluster, fqdn, with_keys=not entra),
        "kube_config_raw": kube_config_raw(cluster, fqdn, tenant, with_keys=not entra),
        "kube_admin_config": kube_config(cluster, fqdn, with_keys=True) if admins else [],
        "kube_admin_config_raw": kube_config_raw(cluster, fqdn, tenant, with_keys=True) if admins else "",
    }


def _identity(name: str, group: str) -> Values:
    id_ = f"{group}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/{name}"
    return {
        "client_id": stable_uuid(id_, "client"),
        "object_id": stable_uuid(id_, "principal"),
        "user_assigned_identity_id": id_,
    }


RESOURCES = {
    "azurerm_kubernetes_cluster": KubernetesCluster,
    "azurerm_kubernetes_cluster_node_pool": NodePool,
}
