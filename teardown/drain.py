"""What the cluster has made in the cloud goes before the cluster: nobody would delete it afterwards.

Terraform takes its own services away. What charts, people or services of the past have left in the cluster is deleted
here, whoever it belongs to: the cluster goes next.
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from modelyard.serving.cluster import Cluster, Object

#: What the cloud itself runs in the cluster, and takes away with it.
_SYSTEM = ("kube-", "gke-", "gmp-", "azure-", "aks-", "calico-", "tigera-")
# What would use a volume, or make pods that do, again; then what stands for things of the cloud.
_USERS = ("cronjobs", "jobs", "deployments", "statefulsets", "daemonsets", "replicasets", "pods")
_LOOK_SECONDS = 2.0


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
        for each in _of_people(cluster, "persistentvolumeclaims")
    ]


def drain(cluster: Cluster, tell: Callable[[str], None], *, limit_seconds: float) -> list[str]:
    """Deletes what has load balancers and disks behind it, and waits until Kubernetes has nothing of it any more.

    Args:
        cluster: The one that goes next.
        tell: What is under way.
        limit_seconds: How long to wait.

    Returns:
        What did not go in time; deleting it is under way.

    Raises:
        ConfigurationError: The cluster refuses, or does not answer any more.
    """
    left = list(_behind_the_cloud(cluster))
    if not left:
        return []
    for kind in _USERS:
        for each in _of_people(cluster, kind):
            _delete(cluster, kind, each)
    for kind, each in left:
        tell(f"deletes {_named(kind, each)}")
        _delete(cluster, kind, each)
    end = time.monotonic() + limit_seconds
    while waiting := [*(_named(kind, each) for kind, each in _behind_the_cloud(cluster)), *_volumes(cluster)]:
        if time.monotonic() > end:
            return waiting
        tell(f"waits until {waiting[0]} is gone" + (f" and {len(waiting) - 1} more" if len(waiting) > 1 else ""))
        time.sleep(_LOOK_SECONDS)
    return []


def _behind_the_cloud(cluster: Cluster) -> Iterator[tuple[str, Object]]:
    for each in _of_people(cluster, "services"):
        if each["spec"].get("type") == "LoadBalancer":
            yield "services", each
    for kind in ("ingresses", "persistentvolumeclaims"):
        yield from ((kind, each) for each in _of_people(cluster, kind))


def _volumes(cluster: Cluster) -> list[str]:
    """Those whose disk goes with them; others are kept on purpose."""
    return [
        f"persistentvolumes {each['metadata']['name']}"
        for each in cluster.list("persistentvolumes")
        if each["spec"].get("persistentVolumeReclaimPolicy") == "Delete"
    ]


def _of_people(cluster: Cluster, kind: str) -> Iterator[Object]:
    return (each for each in cluster.list(kind) if not each["metadata"]["namespace"].startswith(_SYSTEM))


def _named(kind: str, each: Object) -> str:
    return f"{kind} {each['metadata']['namespace']}/{each['metadata']['name']}"


def _delete(cluster: Cluster, kind: str, each: Object) -> None:
    cluster.delete(kind, each["metadata"]["name"], each["metadata"]["namespace"])
