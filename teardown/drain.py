"""What the cluster has made in the cloud goes before the cluster: nobody would delete it afterwards.

Terraform takes its own services away. What charts, people or services of the past have left in the cluster is deleted
here, whoever it belongs to: the cluster goes next.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

from modelyard.serving.cluster import Cluster, Object

from estate.insist import Deadline, insist

#: What the cloud itself runs in the cluster, and takes away with it.
_SYSTEM = ("kube-", "gke-", "gmp-", "azure-", "aks-", "calico-", "tigera-")
# What would use a volume, or make pods that do, again; then what stands for things of the cloud.
_USERS = ("cronjobs", "jobs", "deployments", "statefulsets", "daemonsets", "replicasets", "pods")
# Lists all objects of a kind.
_List = Callable[[str], Sequence[Object]]


@dataclass(frozen=True)
class Claim:
    """A volume that somebody has claimed in the cluster.

    Attributes:
        namespace: The claim's.
        name: The claim's.
        size: As it was asked for, for example `10Gi`.
        volume: The PersistentVolume's name; None while there is none.
        handle: The disk in the cloud, by its driver; None for a driver without.
    """

    namespace: str
    name: str
    size: str
    volume: str | None
    handle: str | None

    def __str__(self) -> str:
        return f"{self.namespace}/{self.name} ({self.size})"


def claims(cluster: Cluster) -> list[Claim]:
    """The volumes that are claimed outside of the cloud's own namespaces. Raises ConfigurationError."""
    volumes = {each["metadata"]["name"]: each["spec"] for each in cluster.list("persistentvolumes")}
    return [
        Claim(
            namespace=each["metadata"]["namespace"],
            name=each["metadata"]["name"],
            size=each["spec"]["resources"]["requests"]["storage"],
            volume=(volume := each["spec"].get("volumeName")),
            handle=volumes.get(volume, {}).get("csi", {}).get("volumeHandle"),
        )
        for each in _of_people(cluster.list, "persistentvolumeclaims")
    ]


def drain(cluster: Cluster, tell: Callable[[str], None], *, limit_seconds: float) -> list[str]:
    """Deletes what has load balancers and disks behind it, and waits until Kubernetes has nothing of it any more.

    Args:
        cluster: The one that goes next.
        tell: What is under way.
        limit_seconds: How long to wait, also for an API server that restarts meanwhile.

    Returns:
        What did not go in time; deleting it is under way.

    Raises:
        ConfigurationError: The cluster refuses, or does not answer any more.
    """
    deadline = Deadline(limit_seconds)

    def list_(kind: str) -> Sequence[Object]:
        return insist(partial(cluster.list, kind), deadline)

    def delete(kind: str, each: Object) -> None:
        insist(partial(cluster.delete, kind, each["metadata"]["name"], each["metadata"]["namespace"]), deadline)

    left = list(_behind_the_cloud(list_))
    if not left:
        return []
    for kind in _USERS:
        for each in _of_people(list_, kind):
            delete(kind, each)
    for kind, each in left:
        tell(f"deletes {_named(kind, each)}")
        delete(kind, each)
    while waiting := [*(_named(kind, each) for kind, each in _behind_the_cloud(list_)), *_volumes(list_)]:
        if not deadline.left:
            return waiting
        tell(f"waits until {waiting[0]} is gone" + (f" and {len(waiting) - 1} more" if len(waiting) > 1 else ""))
        deadline.wait()
    return []


def _behind_the_cloud(list_: _List) -> Iterator[tuple[str, Object]]:
    for each in _of_people(list_, "services"):
        if each["spec"].get("type") == "LoadBalancer":
            yield "services", each
    for kind in ("ingresses", "persistentvolumeclaims"):
        yield from ((kind, each) for each in _of_people(list_, kind))


def _volumes(list_: _List) -> list[str]:
    """Those whose disk goes with them; others are kept on purpose."""
    return [
        f"persistentvolumes {each['metadata']['name']}"
        for each in list_("persistentvolumes")
        if each["spec"].get("persistentVolumeReclaimPolicy") == "Delete"
    ]


def _of_people(list_: _List, kind: str) -> Iterator[Object]:
    return (each for each in list_(kind) if not each["metadata"]["namespace"].startswith(_SYSTEM))


def _named(kind: str, each: Object) -> str:
    return f"{kind} {each['metadata']['namespace']}/{each['metadata']['name']}"
