from modelyard.errors import ConfigurationError
from modelyard.exposure import Exposure
from modelyard.gcp.machine_types import node_capacity

import pytest

from stacks.gke.settings import GkeSettings
from tests.conftest import Stacks, Synthesise, resource


def with_cluster(settings: GkeSettings, **changes: object) -> GkeSettings:
    return settings.model_copy(update={"cluster": settings.cluster.model_copy(update=changes)})


def test_the_cluster_is_regional_and_its_default_pool_is_removed(stacks: Stacks) -> None:
    cluster = resource(stacks["gke-dev-cluster"], "google_container_cluster")

    assert cluster["location"] == "us-central1"
    assert cluster["remove_default_node_pool"] is True


def test_nodes_are_preemptible_n1_standard_1_and_autoscaled(stacks: Stacks) -> None:
    pool = resource(stacks["gke-dev-cluster"], "google_container_node_pool")

    assert pool["node_config"]["machine_type"] == "n1-standard-1"
    assert pool["node_config"]["preemptible"] is True
    assert (pool["autoscaling"]["total_min_node_count"], pool["autoscaling"]["total_max_node_count"]) == (1, 6)
    assert pool["management"] == {"auto_repair": True, "auto_upgrade": True}


def test_nodes_run_as_an_account_with_two_roles_only(stacks: Stacks) -> None:
    stack = stacks["gke-dev-cluster"]
    roles = {each["role"] for kind in stack["resource"].values() for each in kind.values() if "role" in each}

    assert roles == {"roles/container.defaultNodeServiceAccount", "roles/artifactregistry.reader"}
    account = "${google_service_account.gke_nodes_account_97C6D9C2.email}"
    assert resource(stack, "google_container_node_pool")["node_config"]["service_account"] == account
    # The pool that GKE insists on making first must not run as the project's default account either.
    assert resource(stack, "google_container_cluster")["node_config"]["service_account"] == account


def test_pods_get_no_instance_credentials_and_nodes_a_verified_boot(stacks: Stacks) -> None:
    node = resource(stacks["gke-dev-cluster"], "google_container_node_pool")["node_config"]

    assert node["workload_metadata_config"] == {"mode": "GKE_METADATA"}
    assert node["shielded_instance_config"] == {"enable_integrity_monitoring": True, "enable_secure_boot": True}


def test_what_needs_an_api_waits_for_it(stacks: Stacks) -> None:
    resources = stacks["gke-dev-cluster"]["resource"]
    waits = {
        "google_compute_network": "compute",
        "google_container_cluster": "container",
        "google_service_account": "iam",
    }

    for type_name, api in waits.items():
        (found,) = resources[type_name].values()
        assert any(f"enable_{api}_" in each for each in found["depends_on"]), type_name


def test_public_nodes_need_no_nat_and_private_ones_get_it(settings: GkeSettings, synthesise: Synthesise) -> None:
    public = synthesise(settings, only=())["gke-dev-cluster"]
    private = synthesise(with_cluster(settings, private_nodes=True), only=())["gke-dev-cluster"]

    assert "google_compute_router_nat" not in public["resource"]
    assert "private_cluster_config" not in resource(public, "google_container_cluster")
    assert "google_compute_router_nat" in private["resource"]
    config = resource(private, "google_container_cluster")["private_cluster_config"]
    assert config == {"enable_private_endpoint": False, "enable_private_nodes": True}


def test_only_the_named_networks_reach_the_control_plane(settings: GkeSettings, synthesise: Synthesise) -> None:
    chosen = with_cluster(settings, control_plane_ranges=Exposure.source_ranges("198.51.100.0/24"))

    cluster = resource(synthesise(chosen, only=())["gke-dev-cluster"], "google_container_cluster")

    assert cluster["master_authorized_networks_config"]["cidr_blocks"] == [{"cidr_block": "198.51.100.0/24"}]


def test_a_name_too_long_for_a_cloud_object_says_by_how_much(settings: GkeSettings, synthesise: Synthesise) -> None:
    with pytest.raises(ConfigurationError, match="has 31 characters, 30 are allowed"):
        synthesise(settings.model_copy(update={"name": "e" * 25}))


@pytest.mark.parametrize(
    ("machine_type", "cpu", "memory"),
    # Worked by hand from GKE's rule: 6 %, 1 %, 0.5 %, 0.5 %, then 0.25 % of each core; 25 % of the first 4 GiB, 20 % of
    # the next 4, 10 % of the next 8, 6 % of what follows, and 100 MiB for eviction.
    [
        ("n1-standard-1", 1000 - 60, 3840 - 960 - 100),
        ("e2-standard-4", 4000 - 60 - 10 - 5 - 5, 16384 - 1024 - 819 - 819 - 100),
        ("e2-medium", 940, 4096 - 1024 - 100),
        ("n1-standard-16", 16000 - 80 - 30, 61440 - 1024 - 819 - 819 - 2703 - 100),
    ],
)
def test_allocatable_follows_gkes_reservations(machine_type: str, cpu: int, memory: int) -> None:
    capacity = node_capacity(machine_type)

    assert capacity.cpu_millicores == cpu
    assert abs(capacity.memory_mebibytes - memory) <= 1


def test_an_unknown_machine_type_is_refused_with_what_is_known() -> None:
    with pytest.raises(ConfigurationError, match="n1-standard-N"):
        node_capacity("standard-d2-v2")
