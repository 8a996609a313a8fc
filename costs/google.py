"""What resources of Google Cloud are charged for."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from costs.charges import ByUse, Charge, Estate, Finding, NoPrice, Range
from costs.nodes import all_gke_nodes, gke_cluster_of, gke_nodes
from costs.resources import NotKnownError, Resource, block, if_known, known
from costs.usage import in_store, kept_gigabytes

# Cloud NAT asks no more for further nodes: https://cloud.google.com/nat/pricing
_NAT_NODES = 32
_ZONE = re.compile(r"([a-z]+-[a-z]+\d+)-[a-z]")

#: Not billed by themselves.
FREE = frozenset(
    {
        "google_artifact_registry_repository_iam_member",
        "google_compute_network",
        "google_compute_router",
        "google_compute_subnetwork",
        "google_iam_workload_identity_pool",
        "google_iam_workload_identity_pool_provider",
        "google_project_iam_custom_role",
        "google_project_iam_member",
        "google_project_service",
        "google_service_account",
        "google_service_account_iam_member",
        "google_storage_bucket_iam_member",
    }
)


def _region(resource: Resource) -> str | None:
    """Where it is, if that is known; else where the environment is."""
    location = if_known(resource.values, "location") or if_known(resource.values, "region")
    if not isinstance(location, str):
        return None
    zone = _ZONE.fullmatch(location)
    return zone[1] if zone else location.lower()


def cluster(resource: Resource, _: Estate) -> Iterator[Finding]:
    """The control plane of GKE, and its logs."""
    yield Charge(what="control plane", item="gke/cluster", quantity=Range.exactly(1), region=_region(resource))
    if known(resource.values, "enable_autopilot"):
        yield NoPrice(what="pods of an Autopilot cluster", why="they are billed by what they request")
    elif not known(resource.values, "remove_default_node_pool"):
        yield NoPrice(what="the cluster's own node pool", why="pools are priced as google_container_node_pool only")
    if known(block(resource.values, "logging_config"), "enable_components") != []:
        yield ByUse(what="logs above 50 GB a month", item="logging/ingest", region=_region(resource))


def node_pool(resource: Resource, estate: Estate) -> Iterator[Finding]:
    """Machines, their boot disks and their public addresses."""
    nodes, config, region = gke_nodes(resource, estate), block(resource.values, "node_config"), _region(resource)
    is_spot = bool(known(config, "preemptible") or known(config, "spot"))
    machine = f"machine/{_required(config, 'machine_type')}"
    yield Charge(
        what=f"nodes, {machine.removeprefix('machine/')}{', preemptible' if is_spot else ''}",
        item=f"{machine}/spot" if is_spot else machine,
        quantity=nodes,
        region=region,
        discounted=None if is_spot else f"{machine}/sustained",
    )
    for extra in ("guest_accelerator", "local_nvme_ssd_block_config", "ephemeral_storage_local_ssd_config"):
        if block(config, extra):
            yield NoPrice(what=extra, why="accelerators and local disks are not in the price book")
    disk = _required(config, "disk_type")
    yield Charge(
        what=f"boot disks, {disk}",
        item=f"disk/{disk}",
        quantity=nodes * int(_required(config, "disk_size_gb")),
        region=region,
    )
    owner = gke_cluster_of(resource, estate)
    if owner is None:
        raise NotKnownError("cluster")
    if not known(block(owner.values, "private_cluster_config"), "enable_private_nodes"):
        address = "address/spot-node" if is_spot else "address/standard-node"
        yield Charge(what="public addresses of nodes", item=address, quantity=nodes, region=region)


def nat(resource: Resource, estate: Estate) -> Iterator[Finding]:
    """Cloud NAT: by the node that it serves, by its address, by what passes."""
    region = _region(resource)
    nodes = all_gke_nodes(estate, stack=resource.stack).at_most(_NAT_NODES)
    yield Charge(what="Cloud NAT, by the node", item="nat/node", quantity=nodes, region=region)
    addresses = len(known(resource.values, "nat_ips") or []) or 1
    yield Charge(
        what="public addresses of Cloud NAT", item="address/nat", quantity=Range.exactly(addresses), region=region
    )
    yield ByUse(what="data through Cloud NAT", item="nat/data", region=region)


def bucket(resource: Resource, _: Estate) -> Iterator[Finding]:
    """What is kept in Cloud Storage."""
    storage_class = known(resource.values, "storage_class") or "STANDARD"
    yield Charge(
        what=f"kept in Cloud Storage, {storage_class}",
        item=f"storage/{storage_class}",
        quantity=in_store(resource.stack),
        region=_region(resource),
    )


def registry(resource: Resource, _: Estate) -> Iterator[Finding]:
    """Images in Artifact Registry."""
    yield Charge(what="images", item="registry/storage", quantity=kept_gigabytes("images"), region=_region(resource))


def _required(values: Mapping[str, Any], name: str) -> str:
    found = known(values, name)
    if found is None:
        raise NotKnownError(name)
    return str(found)


#: By the type.
ADAPTERS = {
    "google_artifact_registry_repository": registry,
    "google_compute_router_nat": nat,
    "google_container_cluster": cluster,
    "google_container_node_pool": node_pool,
    "google_storage_bucket": bucket,
}
