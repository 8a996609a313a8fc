"""What runs in the namespaces of an environment: how much of it, and how much of it there was before it slept."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from modelyard.serving.cluster import Cluster

from stacks.suspended import REMEMBERS

Kind = Literal["deployments", "statefulsets", "cronjobs"]
KINDS: Final[tuple[Kind, ...]] = ("deployments", "statefulsets", "cronjobs")
_REPLICAS: Final = f"{REMEMBERS}replicas"
_SCHEDULE: Final = f"{REMEMBERS}schedule"


@dataclass(frozen=True)
class Workload:
    """A Deployment, a StatefulSet or a CronJob.

    Attributes:
        kind: As in the API's paths.
        namespace: Where it is.
        name: Its name.
        is_of_add_on: Whether it belongs to an add-on; services stand on these.
        replicas: Pods that it wants; of a CronJob 1 while it makes Jobs, else 0.
        remembered: What that was before it slept; None while it does not.
        available: Pods that answer; of a CronJob as many as it wants.
        is_settled: Whether its controller has seen its last change.
        pods: The labels that its pods have; none of a CronJob.
    """

    kind: Kind
    namespace: str
    name: str
    is_of_add_on: bool
    replicas: int
    remembered: int | None
    available: int
    is_settled: bool
    pods: Mapping[str, str]

    def __str__(self) -> str:
        return f"{self.kind.removesuffix('s')} {self.namespace}/{self.name}"

    @property
    def is_up(self) -> bool:
        """Whether all of it answers."""
        return self.is_settled and self.available >= self.replicas


class Workloads:
    """Those of one environment.

    Args:
        cluster: The way to them.
        environment: Whose name their namespaces have as a label.
        add_ons: Names of the add-ons.
    """

    def __init__(self, cluster: Cluster, environment: str, add_ons: Collection[str]) -> None:
        self._cluster = cluster
        self._environment = environment
        self._add_ons = add_ons

    def all(self) -> list[Workload]:
        """Every one. Raises ConfigurationError."""
        ours = f"app.kubernetes.io/managed-by=cdktf,app.kubernetes.io/part-of={self._environment}"
        found = self._cluster.list("namespaces", labelSelector=ours)
        # Of an add-on, a namespace may have another name than itself, but not another label.
        services = {each["metadata"]["name"]: each["metadata"]["labels"]["app.kubernetes.io/name"] for each in found}
        return [
            _workload(kind, each, is_of_add_on=services[namespace] in self._add_ons)
            for kind in KINDS
            for each in self._cluster.list(kind)
            if (namespace := each["metadata"]["namespace"]) in services
        ]

    def put_to_sleep(self, workload: Workload) -> None:
        """Takes its pods, and remembers how many there were: both or neither. Raises ConfigurationError."""
        if not workload.replicas:
            return
        if workload.kind == "cronjobs":
            self._patch(workload, {_SCHEDULE: "1"}, {"suspend": True})
        else:
            self._patch(workload, {_REPLICAS: str(workload.replicas)}, {"replicas": 0})

    def wake(self, workload: Workload) -> None:
        """Gives back what it had, unless somebody else has done so: both or neither. Raises ConfigurationError."""
        if workload.remembered is None:
            return
        if workload.kind == "cronjobs":
            self._patch(workload, {_SCHEDULE: None}, {"suspend": False})
        else:
            self._patch(workload, {_REPLICAS: None}, {"replicas": workload.replicas or workload.remembered})

    def pods_of(self, workload: Workload) -> int:
        """How many pods it still has, those that are ending among them. Raises ConfigurationError."""
        if not workload.pods:
            return 0
        selector = ",".join(f"{key}={value}" for key, value in sorted(workload.pods.items()))
        return len(self._cluster.list("pods", workload.namespace, labelSelector=selector))

    def running_pods(self) -> list[str]:
        """All that run, or wait for a node, of whatever kind: `namespace/name`. Raises ConfigurationError."""
        namespaces = {each.namespace for each in self.all()}
        return [
            f"{each['metadata']['namespace']}/{each['metadata']['name']}"
            for each in self._cluster.list("pods")
            if each["metadata"]["namespace"] in namespaces
            and each["status"].get("phase") in ("Pending", "Running")
            and not _is_of_node(each)
        ]

    def _patch(self, workload: Workload, annotations: Mapping[str, str | None], spec: Mapping[str, object]) -> None:
        changes = {"metadata": {"annotations": annotations}, "spec": spec}
        self._cluster.patch(workload.kind, workload.name, workload.namespace, changes)


def _is_of_node(pod: Mapping[str, Any]) -> bool:
    return any(owner["kind"] in ("DaemonSet", "Node") for owner in pod["metadata"].get("ownerReferences", []))


def _workload(kind: Kind, found: Mapping[str, Any], *, is_of_add_on: bool) -> Workload:
    metadata, spec, status = found["metadata"], found["spec"], found.get("status", {})
    if kind == "cronjobs":
        replicas = available = 0 if spec.get("suspend") else 1
        remembers = _SCHEDULE
    else:
        replicas = spec.get("replicas", 1)
        available = status.get("availableReplicas", 0)
        if kind == "deployments":
            # Those of an older version answer as well, while the new ones do not come up.
            available = min(available, status.get("updatedReplicas", 0))
        remembers = _REPLICAS
    remembered = metadata.get("annotations", {}).get(remembers)
    return Workload(
        kind=kind,
        namespace=metadata["namespace"],
        name=metadata["name"],
        is_of_add_on=is_of_add_on,
        replicas=replicas,
        remembered=int(remembered) if remembered is not None else None,
        available=available,
        # CronJobs count no generations.
        is_settled=kind == "cronjobs" or status.get("observedGeneration", 0) >= metadata.get("generation", 0),
        pods=spec.get("selector", {}).get("matchLabels", {}),
    )


def named(workloads: Sequence[Workload]) -> str:
    """Some of them in a row of words."""
    shown = ", ".join(map(str, workloads[:5]))
    return f"{shown} and {len(workloads) - 5} more" if len(workloads) > 5 else shown
