"""Which pods fit the nodes that a cluster's node pools can grow to."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from simulator.cluster import Capacity, Cluster, Pool, Taint
from simulator.kubernetes import pods
from simulator.world import Scope, Values

# The effects that keep a pod from a node.
_EFFECTS: Final = ("NoSchedule", "NoExecute")
# Kinds whose pods stay, with the replicas of one that does not say.
_STAYING: Final = ("deployment", "stateful_set")
_UNLIMITED: Final = Capacity(10**9, 10**9)


@dataclass
class Node:
    """A node and what is still free on it."""

    pool: Pool
    millicores: int
    memory_mib: int

    def refusal(self, pod_spec: Values, asked: Capacity) -> str | None:
        """Gives why the scheduler does not put the pod here, in its own words."""
        taint = _untolerated(self.pool.taints, pod_spec["toleration"])
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


def _untolerated(taints: tuple[Taint, ...], tolerations: list[Values]) -> str | None:
    """Gives the first taint that none of the tolerations is for, as `key: value`."""
    for taint in taints:
        if taint.effect in _EFFECTS and not any(_tolerates(one, taint) for one in tolerations):
            return f"{taint.key}: {taint.value}"
    return None


def _tolerates(toleration: Values, taint: Taint) -> bool:
    if toleration["effect"] not in (None, "", taint.effect):
        return False
    if toleration["operator"] == "Exists":
        return toleration["key"] in (None, "", taint.key)
    return bool(toleration["key"] == taint.key and toleration["value"] == taint.value)


def unschedulable(pod_spec: Values, replicas: int, id_: str, scope: Scope, cluster: Cluster) -> str | None:
    """Places all pods of the cluster, these last; gives the scheduler's reason if one of these fits nowhere."""
    if cluster.has_room_for_all:
        return None
    nodes = [
        Node(pool, capacity.millicores, capacity.memory_mib)
        for pool in cluster.pools()
        for capacity in [pool.capacity or _UNLIMITED] * pool.nodes
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
