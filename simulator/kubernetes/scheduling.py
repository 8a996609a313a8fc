"""Which pods fit the nodes that a cluster's node pools can grow to."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from simulator.google.container import zones
from simulator.kubernetes import pods
from simulator.nodes import Capacity, allocatable
from simulator.world import Scope, Values, World

_EFFECTS: Final = {"NO_SCHEDULE": "NoSchedule", "NO_EXECUTE": "NoExecute"}
# Kinds whose pods stay, with the replicas of one that does not say.
_STAYING: Final = ("deployment", "stateful_set")
_UNLIMITED: Final = Capacity(10**9, 10**9)


@dataclass
class Node:
    """A node and what is still free on it."""

    pool: "Pool"
    millicores: int
    memory_mib: int

    def refusal(self, pod_spec: Values, asked: Capacity) -> str | None:
        """Gives why the scheduler does not put the pod here, in its own words."""
        taint = self.pool.untolerated_taint(pod_spec["toleration"])
        if taint:
            return f"node(s) had untolerated taint {{{taint}}}"
        if not (pod_spec["node_selector"] or {}).items() <= self.pool.labels.items():
            return "node(s) didn't match Pod's node affinity/selector"
        if asked.millicores > self.millicores:
            return "Insufficient cpu"
        return "Insufficient memory" if asked.memory_mib > self.memory_mib else None

    def take(self, asked: Capacity) -> None:
        """Puts a pod here."""
        self.millicores -= asked.millicores
        self.memory_mib -= asked.memory_mib


@dataclass(frozen=True)
class Pool:
    """A node pool at its largest size."""

    name: str
    config: Values
    nodes: int

    @property
    def machine_type(self) -> str:
        """GKE's default is e2-medium."""
        return str(self.config.get("machine_type") or "e2-medium")

    @property
    def labels(self) -> dict[str, str]:
        """Gives the labels of the pool's nodes."""
        flags = {"cloud.google.com/gke-preemptible": "preemptible", "cloud.google.com/gke-spot": "spot"}
        return {
            **(self.config.get("labels") or {}),
            **{label: "true" for label, argument in flags.items() if self.config.get(argument)},
            "cloud.google.com/gke-nodepool": self.name,
            "kubernetes.io/os": "linux",
            "kubernetes.io/arch": "amd64",
            "node.kubernetes.io/instance-type": self.machine_type,
        }

    def untolerated_taint(self, tolerations: list[Values]) -> str | None:
        """Gives the first taint that none of the tolerations is for, as `key: value`."""
        for taint in self.config.get("taint") or []:
            effect = _EFFECTS.get(taint["effect"])
            if effect and not any(_tolerates(one, taint, effect) for one in tolerations):
                return f"{taint['key']}: {taint['value']}"
        return None


def _tolerates(toleration: Values, taint: Values, effect: str) -> bool:
    if toleration["effect"] not in (None, "", effect):
        return False
    if toleration["operator"] == "Exists":
        return toleration["key"] in (None, "", taint["key"])
    return bool(toleration["key"] == taint["key"] and toleration["value"] == taint["value"])


def cluster_of(scope: Scope, world: World) -> Values:
    """Gives the GKE cluster that this Kubernetes world belongs to."""
    clusters = world.google.all("google_container_cluster").values()
    return next(one for one in clusters if one["endpoint"] == scope.folder.name)


def node_pools(cluster: Values, world: World) -> list[Pool]:
    """Gives the pools of a cluster: those inside its resource and those of their own."""
    inline = [] if cluster["remove_default_node_pool"] or cluster["node_pool"] else [cluster | {"name": "default-pool"}]
    own = world.google.all("google_container_node_pool").items()
    pools = [*inline, *cluster["node_pool"], *(pool for id_, pool in own if id_.startswith(f"{cluster['id']}/"))]
    return [
        Pool(str(pool["name"]), (pool["node_config"] or [{}])[0], _largest_size(pool, len(zones(cluster)) or 1))
        for pool in pools
    ]


def _largest_size(pool: Values, cluster_zones: int) -> int:
    """Gives the number of nodes in all zones that the pool can have."""
    in_zones = len(pool.get("node_locations") or []) or cluster_zones
    for autoscaling in pool.get("autoscaling") or []:
        return int(autoscaling["total_max_node_count"] or (autoscaling["max_node_count"] or 0) * in_zones)
    return int(pool.get("node_count") or pool.get("initial_node_count") or 0) * in_zones


def unschedulable(pod_spec: Values, replicas: int, id_: str, scope: Scope, world: World) -> str | None:
    """Places all pods of the cluster, these last; gives the scheduler's reason if one of these fits nowhere."""
    cluster = cluster_of(scope, world)
    if cluster["enable_autopilot"]:
        return None
    nodes = [
        Node(pool, capacity.millicores, capacity.memory_mib)
        for pool in node_pools(cluster, world)
        for capacity in [allocatable(pool.machine_type) or _UNLIMITED] * pool.nodes
    ]
    for other_spec, count in _other_pods(id_, scope):
        for _ in range(count):
            _place(other_spec, nodes)
    return next((reason for _ in range(replicas) if (reason := _place(pod_spec, nodes))), None)


def _other_pods(id_: str, scope: Scope) -> Iterator[tuple[Values, int]]:
    for kind in _STAYING:
        for other_id, other in scope.all(kind).items():
            if other_id != id_:
                spec = other["spec"][0]
                yield spec["template"][0]["spec"][0], int(spec["replicas"] or 1)


def _place(pod_spec: Values, nodes: list[Node]) -> str | None:
    asked = pods.requests(pod_spec)
    refusals: Counter[str] = Counter()
    for node in nodes:
        refusal = node.refusal(pod_spec, asked)
        if refusal is None:
            node.take(asked)
            return None
        refusals[refusal] += 1
    if not nodes:
        return "FailedScheduling: no nodes available to schedule pods"
    reasons = ", ".join(f"{count} {reason}" for reason, count in sorted(refusals.items()))
    return f"FailedScheduling: 0/{len(nodes)} nodes are available: {reasons}."
