"""Which changes replace a resource and which update it."""

import pytest

from tests.simulator.estate import Config, Terraform, changed, cluster, deployment

# Real Terraform, again and again.
pytestmark = pytest.mark.slow

POOL_CLUSTER = "projects/acme/locations/us-central1/clusters/replaced"


def test_what_can_not_be_changed_is_replaced_and_the_rest_updated(kubernetes: Config, terraform: Terraform) -> None:
    metadata = {"name": "replaced", "namespace": "default"}
    labels = {"app": "replaced", "tier": "web"}
    workload = changed(deployment("replaced", "default"), "spec.template.metadata.labels", labels)
    resources = cluster("replaced") | {
        "kubernetes_namespace_v1": {"name": {"metadata": {"name": "before"}}},
        "kubernetes_deployment_v1": {
            "selector": changed(workload, "metadata.name", "selector"),
            "replicas": changed(workload, "metadata.name", "replicas"),
        },
        "kubernetes_config_map_v1": {"data": {"metadata": metadata, "data": {"key": "before"}}},
        "google_storage_bucket": {
            "location": {"name": "replaced-location", "location": "US"},
            "capitals": {"name": "replaced-capitals", "location": "US"},
            "storage_class": {"name": "replaced-class", "location": "US"},
        },
    }
    terraform.write(resources, provider=kubernetes)
    terraform.apply()
    for path, value in {
        "google_container_cluster.cluster.location": "europe-west1",
        "google_container_node_pool.pool.node_config.machine_type": "n1-standard-2",
        "kubernetes_namespace_v1.name.metadata.name": "after",
        "kubernetes_deployment_v1.selector.spec.selector.match_labels": {"tier": "web"},
        "kubernetes_deployment_v1.replicas.spec.replicas": 2,
        "kubernetes_config_map_v1.data.data.key": "after",
        "google_storage_bucket.location.location": "EU",
        "google_storage_bucket.capitals.location": "us",
        "google_storage_bucket.storage_class.storage_class": "NEARLINE",
    }.items():
        resources = changed(resources, path, value)
    # The pool hangs on the cluster, which is replaced: by name it stays.
    resources = changed(resources, "google_container_node_pool.pool.cluster", POOL_CLUSTER)
    terraform.write(resources, provider=kubernetes)
    # `capitals` is not among them: a location in small letters is no change.
    assert terraform.changes() == {
        "google_container_cluster.cluster": "replace",
        "google_storage_bucket.location": "replace",
        "kubernetes_deployment_v1.selector": "replace",
        "kubernetes_namespace_v1.name": "replace",
        "google_container_node_pool.pool": "update",
        "google_storage_bucket.storage_class": "update",
        "kubernetes_config_map_v1.data": "update",
        "kubernetes_deployment_v1.replicas": "update",
    }
