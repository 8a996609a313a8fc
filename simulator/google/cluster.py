"""A GKE cluster as Kubernetes sees it."""

import re
from collections.abc import Iterator
from typing import Final

from modelyard.gcp.machine_types import node_capacity

from simulator.cluster import Cluster, Pool, Taint, capacity_of
from simulator.google.container import zones
from simulator.google.iam import members_with_role
from simulator.world import Values, World

_EFFECTS: Final = {
    "NO_SCHEDULE": "NoSchedule",
    "NO_EXECUTE": "NoExecute",
    "PREFER_NO_SCHEDULE": "PreferNoSchedule",
}
_DEFAULT_MACHINE_TYPE: Final = "e2-medium"
_ARTIFACT_REGISTRY: Final = re.compile(
    r"(?P<location>[a-z0-9-]+)-docker\.pkg\.dev/(?P<project>[^/]+)/(?P<name>[^/]+)/.+"
)
# Roles that hold artifactregistry.repositories.downloadArtifacts, the smallest first.
_READER_ROLES: Final = [
    "roles/artifactregistry.reader",
    "roles/artifactregistry.writer",
    "roles/artifactregistry.repoAdmin",
    "roles/artifactregistry.admin",
    "roles/viewer",
    "roles/editor",
    "roles/owner",
]


class GkeCluster(Cluster):
    """A google_container_cluster."""

    service_range = "34.118.224.0/20"
    internal_range = "10.128.0.0/20"
    storage_class = "standard-rwo"
    internal_annotations = {  # noqa: RUF012 - a ClassVar of the base class
        "networking.gke.io/load-balancer-type": "Internal",
        "cloud.google.com/load-balancer-type": "Internal",
    }

    @property
    def host(self) -> str:
        """Gives the endpoint, an IP address."""
        return str(self.values["endpoint"])

    @property
    def has_room_for_all(self) -> bool:
        """Autopilot adds nodes."""
        return bool(self.values["enable_autopilot"])

    def pools(self) -> list[Pool]:
        """Gives the pools inside its resource and those of their own."""
        return [self._pool(pool) for pool in self._node_pools()]

    def _node_pools(self) -> Iterator[Values]:
        if not (self.values["remove_default_node_pool"] or self.values["node_pool"]):
            yield self.values | {"name": "default-pool"}
        yield from self.values["node_pool"]
        for id_, pool in self.cloud.all("google_container_node_pool").items():
            if id_.startswith(f"{self.values['id']}/"):
                yield pool

    def _pool(self, pool: Values) -> Pool:
        config = _node_config(pool)
        machine_type = str(config.get("machine_type") or _DEFAULT_MACHINE_TYPE)
        taints = [
            Taint(taint["key"], taint["value"], _EFFECTS[taint["effect"]])
            for taint in config.get("taint") or []
            if taint["effect"] in _EFFECTS
        ]
        return Pool(
            machine_type,
            capacity_of(machine_type, node_capacity),
            self._largest_size(pool),
            _labels(str(pool["name"]), machine_type, config),
            tuple(taints),
        )

    def _largest_size(self, pool: Values) -> int:
        """Gives the number of nodes in all zones that the pool can have."""
        in_zones = len(pool.get("node_locations") or []) or len(zones(self.values)) or 1
        for autoscaling in pool.get("autoscaling") or []:
            return int(autoscaling["total_max_node_count"] or (autoscaling["max_node_count"] or 0) * in_zones)
        return int(pool.get("node_count") or pool.get("initial_node_count") or 0) * in_zones

    def knows_registry(self, image: str) -> bool:
        """The world knows Artifact Registry."""
        return _ARTIFACT_REGISTRY.fullmatch(image) is not None

    def pull_refusal(self, image: str) -> str | None:
        """The repository must exist, and nodes with an account of their own need a role on it."""
        match = _ARTIFACT_REGISTRY.fullmatch(image)
        assert match is not None  # noqa: S101 - asked of known registries only
        project = match["project"]
        repository = f"projects/{project}/locations/{match['location']}/repositories/{match['name']}"
        if self.cloud.get("google_artifact_registry_repository", repository) is None:
            return f'name unknown: Repository "{match["name"]}" not found'
        for account in sorted({_node_config(pool).get("service_account") or "default" for pool in self._node_pools()}):
            if account != "default" and not self._may_read(account, repository, project):
                return f"403 Forbidden: {account} lacks {_READER_ROLES[0]} on {repository}"
        return None

    def _may_read(self, account: str, repository: str, project: str) -> bool:
        member = f"serviceAccount:{account}"
        places = [
            ("google_artifact_registry_repository_iam_member", repository),
            ("google_project_iam_member", project),
        ]
        return any(member in members_with_role(self.cloud, *place, role) for place in places for role in _READER_ROLES)


def _node_config(pool: Values) -> Values:
    config: Values = (pool["node_config"] or [{}])[0]
    return config


def _labels(pool: str, machine_type: str, config: Values) -> dict[str, str]:
    flags = {"cloud.google.com/gke-preemptible": "preemptible", "cloud.google.com/gke-spot": "spot"}
    return {
        **(config.get("labels") or {}),
        **{label: "true" for label, argument in flags.items() if config.get(argument)},
        "cloud.google.com/gke-nodepool": pool,
        "kubernetes.io/os": "linux",
        "kubernetes.io/arch": "amd64",
        "node.kubernetes.io/instance-type": machine_type,
    }


def gke_clusters(world: World) -> list[Cluster]:
    """Gives all GKE clusters of the world."""
    return [GkeCluster(values, world.google) for values in world.google.all("google_container_cluster").values()]
