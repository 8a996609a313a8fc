"""Services and their addresses."""

import ipaddress
from collections.abc import Iterator, Sequence
from typing import Final

from simulator.kubernetes.clusters import cluster_of
from simulator.kubernetes.objects import KubernetesObject
from simulator.resource import CloudError, digest
from simulator.world import Scope, Values, World

# For documentation: RFC 5737.
_EXTERNAL: Final = ("203.0.113.0/24", "198.51.100.0/24")


class Service(KubernetesObject):
    """A Service; of type LoadBalancer it gets an address at once."""

    def computed(self, values: Values, scope: Scope, world: World) -> Values:
        """Gives the addresses in the cluster and outside of it."""
        id_ = self.id(values)
        others = [one for key, one in scope.all(self.stored_as).items() if key != id_]
        spec = values["spec"][0]
        cluster = cluster_of(scope, world)
        cluster_ip = _free([cluster.service_range], id_, {other["spec"][0]["cluster_ip"] for other in others})
        ingress = []
        if spec["type"] == "LoadBalancer":
            annotations = values["metadata"][0]["annotations"] or {}
            internal = not annotations.items().isdisjoint(cluster.internal_annotations.items())
            ranges = [cluster.internal_range] if internal else _EXTERNAL
            taken = {address for other in others for address in _addresses(other)}
            address = spec["load_balancer_ip"] or _free(ranges, id_, taken)
            ingress = [{"ip": address, "hostname": ""}]
        return super().computed(values, scope, world) | {
            "spec.cluster_ip": cluster_ip,
            "spec.cluster_ips": [cluster_ip],
            "spec.ip_families": ["IPv4"],
            "spec.ip_family_policy": "SingleStack",
            "spec.internal_traffic_policy": "Cluster",
            "spec.external_traffic_policy": "Cluster" if ingress else "",
            "status": [{"load_balancer": [{"ingress": ingress}]}],
        }

    def touch(self, values: Values, scope: Scope, world: World) -> None:
        """Gives or takes the outside address when the type has changed."""
        super().touch(values, scope, world)
        if (values["spec"][0]["type"] == "LoadBalancer") != any(_addresses(values)):
            values["status"] = self.computed(values, scope, world)["status"]


def _addresses(service: Values) -> Iterator[str]:
    for status in service["status"] or []:
        for balancer in status["load_balancer"]:
            for ingress in balancer["ingress"]:
                yield ingress["ip"]


def _free(ranges: Sequence[str], seed: str, taken: set[str]) -> str:
    """Gives an address that nobody has; always the same for the same seed if it is free."""
    hosts = [str(host) for each in ranges for host in ipaddress.IPv4Network(each).hosts()]
    start = int(digest(seed), 16)
    for i in range(len(hosts)):
        address = hosts[(start + i) % len(hosts)]
        if address not in taken:
            return address
    raise CloudError(f"no address of {', '.join(ranges)} is free")
