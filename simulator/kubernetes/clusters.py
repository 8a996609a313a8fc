"""The clusters of the world, by their API servers' addresses."""

from collections.abc import Iterator
from urllib.parse import urlsplit

from simulator.azurerm.cluster import aks_clusters
from simulator.cluster import Cluster
from simulator.google.cluster import gke_clusters
from simulator.resource import CloudError
from simulator.values import Unknown
from simulator.world import Scope, World


def _clusters(world: World) -> Iterator[Cluster]:
    yield from gke_clusters(world)
    yield from aks_clusters(world)


def cluster_at(host: str | Unknown | None, world: World) -> Scope:
    """Gives the Kubernetes world behind the host; raises the error of one that does not answer."""
    if not isinstance(host, str) or not host:
        raise CloudError('Get "http://localhost/api": dial tcp [::1]:80: connect: connection refused')
    name = urlsplit(host if "//" in host else f"https://{host}").hostname or host
    if not any(cluster.host == name for cluster in _clusters(world)):
        is_address = name.replace(".", "").isdigit()
        reason = f"tcp {name}:443: i/o timeout" if is_address else f"tcp: lookup {name}: no such host"
        raise CloudError(f'Get "https://{name}/api": dial {reason}')
    return world.cluster(name)


def cluster_of(scope: Scope, world: World) -> Cluster:
    """Gives the cluster that this Kubernetes world belongs to."""
    return next(cluster for cluster in _clusters(world) if cluster.host == scope.folder.name)
