"""GKE clusters and node pools."""

import re
from typing import Final

from simulator.cluster import certificate
from simulator.google.network import check_network, check_subnetwork
from simulator.google.resource import GoogleResource, short_name
from simulator.resource import CloudError, digest
from simulator.values import is_given
from simulator.world import Scope, Values, World

_VERSION: Final = "1.34.1-gke.1431000"


class ContainerResource(GoogleResource):
    """What clusters and node pools have in common."""

    api = "container.googleapis.com"

    def already_exists(self, values: Values) -> CloudError:
        """Gives GKE's 409."""
        return self.failed(f"googleapi: Error 409: Already exists: {values['id']}., alreadyExists")

    def not_found(self, id_: str) -> CloudError:
        """Gives GKE's 404."""
        return self.failed(f"googleapi: Error 404: Not found: {id_}., notFound")

    def check_service_account(self, node_configs: list[Values] | None, project: str, scope: Scope) -> None:
        """Refuses nodes that would run as a service account that is missing."""
        for config in node_configs or []:
            account = config["service_account"]
            own = is_given(account) and account.endswith(f"@{project}.iam.gserviceaccount.com")
            if own and not scope.get("google_service_account", f"projects/{project}/serviceAccounts/{account}"):
                raise self.failed(f'googleapi: Error 400: Service account "{account}" does not exist., badRequest')


class Cluster(ContainerResource):
    """A cluster; its endpoint leads to its Kubernetes world."""

    id_template = "projects/{project}/locations/{location}/clusters/{name}"

    def computed(self, values: Values, scope: Scope, world: World) -> Values:
        """Gives endpoint, certificate, versions and zones."""
        return super().computed(values, scope, world) | {
            "self_link": f"https://container.googleapis.com/v1/{self.id(values)}",
            "endpoint": _endpoint(self.id(values), scope),
            "master_version": _VERSION,
            "min_master_version": _VERSION,
            "node_version": _VERSION,
            "node_locations": zones(values),
            "network": "default",
            "subnetwork": "default",
            "cluster_ipv4_cidr": "10.4.0.0/14",
            "services_ipv4_cidr": "34.118.224.0/20",
            "label_fingerprint": digest(self.id(values), "labels")[:8],
            "logging_service": "logging.googleapis.com/kubernetes",
            "monitoring_service": "monitoring.googleapis.com/kubernetes",
            "master_auth": [
                {
                    "client_certificate": "",
                    "client_key": "",
                    "client_certificate_config": [{"issue_client_certificate": False}],
                    "cluster_ca_certificate": certificate(self.id(values)),
                }
            ],
            # No certificate is issued to a person.
            "master_auth.client_certificate": "",
            "master_auth.client_key": "",
            "master_auth.cluster_ca_certificate": certificate(self.id(values)),
        }

    def check(self, values: Values, scope: Scope, world: World) -> None:
        """Refuses missing networks and accounts, and a cluster without nodes."""
        super().check(values, scope, world)
        check_network(self, values, scope)
        check_subnetwork(self, values, scope, region(values["location"]))
        self.check_service_account(values["node_config"], values["project"], scope)
        if not (values["initial_node_count"] or values["node_pool"] or values["enable_autopilot"]):
            raise self.failed("googleapi: Error 400: Cluster.initial_node_count must be greater than zero., badRequest")

    def check_delete(self, values: Values, scope: Scope, world: World) -> None:
        """Keeps a protected cluster."""
        if values["deletion_protection"]:
            raise CloudError(
                "Cannot destroy cluster because deletion_protection is set to true. Set it to false to proceed with "
                "cluster deletion."
            )

    def delete(self, values: Values, scope: Scope, world: World) -> None:
        """Removes the cluster with its node pools and its Kubernetes world."""
        super().delete(values, scope, world)
        for id_ in scope.keys("google_container_node_pool"):
            if id_.startswith(f"{values['id']}/"):
                scope.delete("google_container_node_pool", id_)
        world.delete_cluster(values["endpoint"])


class NodePool(ContainerResource):
    """A node pool."""

    id_template = "projects/{project}/locations/{location}/clusters/{cluster}/nodePools/{name}"
    create_error = "error creating NodePool"

    def place(self, planned: Values) -> None:
        """Takes project and location from the cluster's id, where that is given instead of its name."""
        match = re.search(r"projects/([^/]+)/locations/([^/]+)/clusters/", planned["cluster"])
        if match:
            planned["project"], planned["location"] = match.groups()

    def id(self, values: Values) -> str:
        """The cluster may be given by name or by id."""
        return super().id(values | {"cluster": short_name(values["cluster"])})

    def computed(self, values: Values, scope: Scope, world: World) -> Values:
        """Gives version and zones."""
        cluster = scope.get("google_container_cluster", _cluster_id(values)) or {}
        return super().computed(values, scope, world) | {
            "version": _VERSION,
            "node_locations": cluster.get("node_locations") or zones(values),
            "initial_node_count": 1,
            "node_count": 1,
            "max_pods_per_node": 110,
            "node_config.machine_type": "e2-medium",
        }

    def check(self, values: Values, scope: Scope, world: World) -> None:
        """Refuses a pool without its cluster."""
        super().check(values, scope, world)
        cluster = _cluster_id(values)
        if scope.get("google_container_cluster", cluster) is None:
            raise self.not_found(cluster)
        self.check_service_account(values["node_config"], values["project"], scope)


def _cluster_id(pool: Values) -> str:
    return Cluster.id_template.format_map(pool | {"cluster": None, "name": short_name(pool["cluster"])})


def region(location: str) -> str:
    """Gives the region of a region or zone: `us-central1` of `us-central1-a`."""
    return "-".join(location.split("-")[:2])


def zones(values: Values) -> list[str]:
    """Gives the zones of nodes: a zone itself, or three zones of a region."""
    location = values["location"]
    if is_given(values.get("node_locations")):
        return list(values["node_locations"])
    if location != region(location):
        return []
    letters = "bcd" if location in ("us-east1", "europe-west1") else "abc"
    return [f"{location}-{letter}" for letter in letters]


def _endpoint(id_: str, scope: Scope) -> str:
    """Gives an address of 192.0.2.0/24 (for documentation, RFC 5737) that no other cluster has."""
    taken = {one["endpoint"] for key, one in scope.all("google_container_cluster").items() if key != id_}
    start = int(digest(id_), 16)
    return next(address for i in range(254) if (address := f"192.0.2.{(start + i) % 254 + 1}") not in taken)


RESOURCES = {"google_container_cluster": Cluster, "google_container_node_pool": NodePool}
