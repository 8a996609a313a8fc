"""An AKS cluster as Kubernetes sees it."""

import re
from typing import Final

from modelyard.azure.machine_types import node_capacity

from simulator.azurerm.authorization import has_role
from simulator.cluster import Cluster, Pool, Taint, capacity_of
from simulator.world import Values, World

_IMAGE: Final = re.compile(r"(?P<server>[a-z0-9]+\.azurecr\.io)/.+")
# Roles that hold Microsoft.ContainerRegistry/registries/pull/read, the smallest first.
_PULLING_ROLES: Final = ("AcrPull", "AcrPush", "Reader", "Contributor", "Owner")
_SPOT: Final = "kubernetes.azure.com/scalesetpriority"


class AksCluster(Cluster):
    """An azurerm_kubernetes_cluster."""

    service_range = "10.0.0.0/20"
    internal_range = "10.224.0.0/20"
    storage_class = "default"
    internal_annotations = {  # noqa: RUF012 - a ClassVar of the base class
        "service.beta.kubernetes.io/azure-load-balancer-internal": "true"
    }

    @property
    def host(self) -> str:
        """Gives the cluster's domain name."""
        return str(self.values["fqdn"])

    def pools(self) -> list[Pool]:
        """Gives the pool inside its resource and those of their own."""
        own = self.cloud.all("azurerm_kubernetes_cluster_node_pool").values()
        default = [_pool(pool, "system") for pool in self.values["default_node_pool"]]
        others = [
            _pool(pool, pool["mode"].lower()) for pool in own if pool["kubernetes_cluster_id"] == self.values["id"]
        ]
        return default + others

    def knows_registry(self, image: str) -> bool:
        """The world knows Azure's registries."""
        return _IMAGE.fullmatch(image) is not None

    def pull_refusal(self, image: str) -> str | None:
        """The registry must exist, and the nodes' identity needs a role on it."""
        match = _IMAGE.fullmatch(image)
        assert match is not None  # noqa: S101 - asked of known registries only
        registries = self.cloud.all("azurerm_container_registry").values()
        registry = next((one for one in registries if one["login_server"] == match["server"]), None)
        if registry is None:
            return f"dial tcp: lookup {match['server']}: no such host"
        principal = self.values["kubelet_identity"][0]["object_id"]
        if not has_role(principal, _PULLING_ROLES, registry["id"], self.cloud):
            return f"401 Unauthorized: the nodes' identity {principal} lacks {_PULLING_ROLES[0]} on {registry['id']}"
        return None


def _pool(pool: Values, mode: str) -> Pool:
    machine_type = str(pool["vm_size"])
    nodes = pool["max_count"] if pool["auto_scaling_enabled"] else pool["node_count"]
    return Pool(
        machine_type,
        capacity_of(machine_type, node_capacity),
        int(nodes or 0),
        {
            **(pool["node_labels"] or {}),
            **({_SPOT: "spot"} if pool.get("priority") == "Spot" else {}),
            "agentpool": pool["name"],
            "kubernetes.azure.com/agentpool": pool["name"],
            "kubernetes.azure.com/mode": mode,
            "kubernetes.io/os": (pool.get("os_type") or "Linux").lower(),
            "kubernetes.io/arch": "amd64",
            "node.kubernetes.io/instance-type": machine_type,
        },
        tuple(_taints(pool)),
    )


def _taints(pool: Values) -> list[Taint]:
    texts = list(pool.get("node_taints") or [])
    if pool.get("only_critical_addons_enabled"):
        texts.append("CriticalAddonsOnly=true:NoSchedule")
    if pool.get("priority") == "Spot":
        texts.append(f"{_SPOT}=spot:NoSchedule")
    taints = []
    for text in dict.fromkeys(texts):
        assignment, _, effect = text.rpartition(":")
        key, _, value = assignment.partition("=")
        taints.append(Taint(key, value, effect))
    return taints


def aks_clusters(world: World) -> list[Cluster]:
    """Gives all AKS clusters of the world."""
    return [AksCluster(values, world.azurerm) for values in world.azurerm.all("azurerm_kubernetes_cluster").values()]
