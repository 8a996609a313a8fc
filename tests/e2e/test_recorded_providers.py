"""What was recorded against the real providers."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from comparison.plans import different, leaves
from simulator import SimulatedProviders
from simulator.identity_endpoint import azurerm_without_access
from simulator.plugin_binaries import RECORDED_VERSIONS, find_binary
from simulator.real_provider import RealProvider
from simulator.record import configure, recorded_schema, recorded_traits
from simulator.schema import ProviderSchema
from simulator.traits import load_traits
from tests.e2e.conftest import Proof
from tests.simulator.azure_estate import AZURERM, monitored_cluster, own_network, registry, state_account
from tests.simulator.estate import Config, Terraform, cluster, deployment, environment_with, image_repository, namespace

# Else azurerm asks Azure for its locations.
REAL_AZURERM = {"ARM_PROVIDER_ENHANCED_VALIDATION": "false"}
SAMPLE = {
    "google": [
        "google_artifact_registry_repository",
        "google_compute_subnetwork",
        "google_container_node_pool",
        "google_project_iam_member",
        "google_storage_bucket",
    ],
    "azurerm": [
        "azurerm_container_registry",
        "azurerm_kubernetes_cluster_node_pool",
        "azurerm_monitor_data_collection_rule",
        "azurerm_storage_account",
        "azurerm_storage_container",
    ],
    "kubernetes": ["kubernetes_config_map_v1", "kubernetes_namespace_v1", "kubernetes_service_v1"],
    "helm": ["helm_release"],
}


@pytest.fixture(params=list(RECORDED_VERSIONS))
def real(request: pytest.FixtureRequest, plugins: Path) -> Iterator[tuple[str, RealProvider]]:
    """Gives each real provider with its name."""
    with RealProvider(find_binary(plugins, request.param)) as provider:
        yield request.param, provider


def test_schemas_and_traits_are_those_of_the_real_provider(real: tuple[str, RealProvider]) -> None:
    name, provider = real
    assert recorded_schema(provider) == ProviderSchema(name).response
    configure(provider, name)
    recorded = recorded_traits(provider, name, SAMPLE[name])
    loaded = load_traits(name)
    for type_name, traits in recorded.items():
        one = loaded[type_name]
        assert traits == {
            "defaults": one.defaults,
            "configured": one.configured,
            "computed_blocks": sorted(one.computed_blocks),
            "replace": sorted(one.replace),
        }


def test_plans_equal_those_of_the_real_providers_leaf_by_leaf(
    tmp_path: Path, real_providers: dict[str, str], proof: Proof
) -> None:
    resources = estate()
    with SimulatedProviders(tmp_path / "world") as providers:
        simulated = planned(Terraform(tmp_path / "simulated", environment_with(providers)), resources)
        environment = environment_with(providers)
    del environment["TF_REATTACH_PROVIDERS"]
    real = planned(Terraform(tmp_path / "real", environment | real_providers | REAL_AZURERM), resources)
    assert len(real) > 900
    assert different(real, simulated) == {}
    proof(f"an estate of most types: {len(real)} leaves planned by the simulator as by the real providers")


def planned(terraform: Terraform, resources: Config) -> dict[str, Any]:
    """Gives what is planned by address and place; a value that is known after apply is the text `unknown`."""
    # No call is made with these tokens or to this host.
    provider = {
        "azurerm": AZURERM | azurerm_without_access(),
        "google": {"project": "acme", "region": "us-central1", "access_token": "none"},
        "kubernetes": {"host": "https://127.0.0.1:1"},
    }
    terraform.write(resources, provider=provider)
    for command in (["init"], ["plan", "-out=plan"]):
        done = terraform.run(*command, "-no-color")
        assert done.returncode == 0, done.stderr
    plan = json.loads(terraform.run("show", "-json", "plan").stdout)
    return leaves(plan)


def estate() -> Config:
    """One of most types that services and clusters are made of."""
    azure = {
        type_name: resources
        for part in (state_account("acmestate"), registry("acmemodels"), monitored_cluster("acme"), own_network("acme"))
        for type_name, resources in part.items()
    }
    return azure | cluster("main") | image_repository() | namespace("web") | on_google() | on_kubernetes()


def on_google() -> Config:
    network = "${google_compute_network.network.id}"
    return {
        "google_project_service": {"api": {"service": "compute.googleapis.com", "disable_on_destroy": False}},
        "google_storage_bucket": {
            "bucket": {
                "name": "acme-models",
                "location": "us",
                "labels": {"team": "vision"},
                "versioning": {"enabled": True},
                "lifecycle_rule": [{"action": {"type": "Delete"}, "condition": {"num_newer_versions": 5}}],
            }
        },
        "google_service_account": {"nodes": {"account_id": "node-account"}},
        "google_project_iam_member": {
            "nodes": {
                "project": "acme",
                "role": "roles/logging.logWriter",
                "member": "${google_service_account.nodes.member}",
            }
        },
        "google_compute_network": {"network": {"name": "main", "auto_create_subnetworks": False}},
        "google_compute_subnetwork": {
            "subnetwork": {
                "name": "main",
                "network": network,
                "ip_cidr_range": "10.0.0.0/20",
                "secondary_ip_range": [{"range_name": "pods", "ip_cidr_range": "10.4.0.0/14"}],
            }
        },
        "google_compute_router": {"router": {"name": "main", "network": network}},
        "google_compute_firewall": {
            "web": {
                "name": "web",
                "network": network,
                "allow": [{"protocol": "tcp", "ports": ["80"]}],
                "source_ranges": ["10.0.0.0/8"],
            }
        },
    }


def on_kubernetes() -> Config:
    metadata = {"name": "web", "namespace": "${kubernetes_namespace_v1.namespace.metadata[0].name}"}
    selector = {"match_labels": {"app": "web"}}
    probe = {"http_get": {"path": "/healthz", "port": 8080}}
    container = {
        "port": [{"container_port": 8080}],
        "env": [{"name": "MODE", "value": "test"}],
        "liveness_probe": probe,
        "readiness_probe": probe,
        "startup_probe": probe,
        "security_context": {"read_only_root_filesystem": True, "capabilities": {"drop": ["ALL"]}},
        "volume_mount": [{"name": "scratch", "mount_path": "/tmp"}],  # noqa: S108 - a path in the container
    }
    pod: Config = {
        "automount_service_account_token": False,
        "security_context": {"run_as_non_root": True, "seccomp_profile": {"type": "RuntimeDefault"}},
        "volume": [{"name": "scratch", "empty_dir": {}}],
    }
    template = {"metadata": {}, "spec": {"container": [{"name": "job", "image": "job"}], "restart_policy": "Never"}}
    return {
        "kubernetes_service_account_v1": {"web": {"metadata": metadata}},
        "kubernetes_deployment_v1": {"web": deployment("web", "web", container=container, **pod)},
        "kubernetes_service_v1": {
            "web": {
                "metadata": metadata,
                "spec": {"type": "LoadBalancer", "port": [{"port": 80}], "selector": {"app": "web"}},
            }
        },
        "kubernetes_pod_disruption_budget_v1": {
            "web": {"metadata": metadata, "spec": {"max_unavailable": "1", "selector": selector}}
        },
        "kubernetes_network_policy_v1": {
            "web": {
                "metadata": metadata,
                "spec": {
                    "pod_selector": selector,
                    "policy_types": ["Ingress"],
                    "ingress": [{"from": [{"ip_block": {"cidr": "10.0.0.0/8"}}], "ports": [{"port": "8080"}]}],
                },
            }
        },
        "kubernetes_config_map_v1": {"web": {"metadata": metadata, "data": {"key": "value"}}},
        "kubernetes_secret_v1": {"web": {"metadata": metadata, "data": {"key": "value"}}},
        "kubernetes_persistent_volume_claim_v1": {
            "web": {
                "metadata": metadata,
                "spec": {"access_modes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}},
            }
        },
        "kubernetes_cron_job_v1": {
            "web": {
                "metadata": metadata,
                "spec": {
                    "schedule": "0 0 * * *",
                    "job_template": {"metadata": {}, "spec": {"template": template}},
                },
            }
        },
    }
