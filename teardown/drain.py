"""What the cluster has made in the cloud goes before the cluster: nobody would delete it afterwards.

Terraform takes its own services away. What charts, people or services of the past have left in the cluster is deleted
here, whoever it belongs to: the cluster goes next.
"""

import contextlib
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import cast

import kr8s
from kr8s.objects import APIObject

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


def claims(api: kr8s.Api) -> list[Claim]:
    """The volumes that are claimed outside of the cloud's own namespaces."""
    handles = {
        each.name: each.raw["spec"].get("csi", {}).get("volumeHandle") for each in _all(api, "persistentvolumes")
    }
    return [
        Claim(
            namespace=str(each.namespace),
            name=each.name,
            size=each.raw["spec"]["resources"]["requests"]["storage"],
            volume=each.raw["spec"].get("volumeName"),
            handle=handles.get(each.raw["spec"].get("volumeName")),
        )
        for each in _of_people(api, "persistentvolumeclaims")
    ]


def drain(api: kr8s.Api, tell: Callable[[str], None], *, limit_seconds: float) -> list[str]:
    """Deletes what has load balancers and disks behind it, and waits until Kubernetes has nothing of it any more.

    Args:
        api: The cluster that goes next.
        tell: What is under way.
        limit_seconds: How long to wait.

    Returns:
        What did not go in time; deleting it is under way.
    """
    left = list(_behind_the_cloud(api))
    if not left:
        return []
    for kind in _USERS:
        for each in _of_people(api, kind):
            _delete(each)
    for each in left:
        tell(f"deletes {_named(each)}")
        _delete(each)
    end = time.monotonic() + limit_seconds
    while waiting := [_named(each) for each in _behind_the_cloud(api)] + _volumes(api):
        if time.monotonic() > end:
            return waiting
        tell(f"waits until {waiting[0]} is gone" + (f" and {len(waiting) - 1} more" if len(waiting) > 1 else ""))
        time.sleep(_LOOK_SECONDS)
    return []


def _behind_the_cloud(api: kr8s.Api) -> Iterator[APIObject]:
    yield from (each for each in _of_people(api, "services") if each.raw["spec"].get("type") == "LoadBalancer")
    yield from _of_people(api, "ingresses")
    yield from _of_people(api, "persistentvolumeclaims")


def _volumes(api: kr8s.Api) -> list[str]:
    """Those whose disk goes with them; others are kept on purpose."""
    return [
        f"PersistentVolume {each.name}"
        for each in _all(api, "persistentvolumes")
        if each.raw["spec"].get("persistentVolumeReclaimPolicy") == "Delete"
    ]


def _of_people(api: kr8s.Api, kind: str) -> Iterator[APIObject]:
    return (each for each in _all(api, kind) if not str(each.namespace).startswith(_SYSTEM))


def _all(api: kr8s.Api, kind: str) -> Iterator[APIObject]:
    # Not dictionaries, for which one would have to ask.
    return (cast(APIObject, each) for each in api.get(kind, namespace=kr8s.ALL))


def _named(each: APIObject) -> str:
    return f"{each.kind} {each.namespace}/{each.name}"


def _delete(each: APIObject) -> None:
    with contextlib.suppress(kr8s.NotFoundError):
        each.delete(propagation_policy="Background")
