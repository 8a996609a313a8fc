"""Changes to what is deployed, one argument each, as an engineer would write them over the code."""

from dataclasses import dataclass
from typing import Any, Literal

Outcome = Literal["update", "replace"]


@dataclass(frozen=True)
class Change:
    """Another value for one argument of a stack's first resource of a type.

    Attributes:
        stack: The stack's id; the environment is what it begins with.
        resource: The type.
        argument: Its path with dots.
        value: What is written there instead.
        outcome: What the real provider does to that resource.
    """

    stack: str
    resource: str
    argument: str
    value: Any
    outcome: Outcome


CHANGES = [
    Change("gke-dev-state", "google_storage_bucket", "labels.team", "vision", "update"),
    Change("gke-dev-state", "google_storage_bucket", "location", "EU", "replace"),
    Change("gke-dev-state", "google_storage_bucket", "versioning.enabled", False, "update"),
    Change("gke-dev-registry", "google_artifact_registry_repository", "description", "Images.", "update"),
    Change("gke-dev-registry", "google_artifact_registry_repository", "format", "MAVEN", "replace"),
    Change("gke-dev-artifacts", "google_storage_bucket", "force_destroy", True, "update"),
    Change("gke-dev-cluster", "google_container_cluster", "release_channel.channel", "STABLE", "update"),
    Change("gke-dev-cluster", "google_container_cluster", "location", "europe-west1", "replace"),
    Change("gke-dev-cluster", "google_container_node_pool", "autoscaling.total_max_node_count", 9, "update"),
    Change("gke-dev-cluster", "google_container_node_pool", "node_config.machine_type", "n1-standard-2", "update"),
    Change("gke-dev-cluster", "google_container_node_pool", "node_config.preemptible", False, "replace"),
    Change("gke-dev-cluster", "google_container_cluster", "deletion_protection", True, "update"),
    Change("gke-dev-cluster", "google_container_cluster", "enable_intranode_visibility", False, "update"),
    Change("gke-dev-cluster", "google_container_cluster", "node_locations", ["us-central1-b"], "update"),
    Change("gke-dev-cluster", "google_compute_subnetwork", "ip_cidr_range", "10.0.0.0/16", "update"),
    Change("gke-dev-cluster", "google_compute_subnetwork", "ip_cidr_range", "10.0.0.0/24", "replace"),
    Change("gke-dev-cluster", "google_service_account", "account_id", "other-nodes", "replace"),
    Change("gke-dev-image-classifier", "kubernetes_deployment_v1", "spec.replicas", "2", "update"),
    Change(
        "gke-dev-image-classifier",
        "kubernetes_deployment_v1",
        "spec.selector.match_labels",
        {"app": "other"},
        "replace",
    ),
    Change("gke-dev-image-classifier", "kubernetes_service_v1", "spec.type", "ClusterIP", "update"),
    Change(
        "gke-dev-image-classifier",
        "kubernetes_service_v1",
        "spec.load_balancer_source_ranges",
        ["198.51.100.0/24"],
        "update",
    ),
    Change("gke-dev-image-classifier", "kubernetes_namespace_v1", "metadata.name", "renamed", "replace"),
    Change("gke-dev-image-classifier", "kubernetes_network_policy_v1", "spec.policy_types", ["Ingress"], "update"),
    Change("gke-dev-argo-workflows", "google_storage_bucket_iam_member", "bucket", "other", "replace"),
    Change("gke-dev-fashion-mnist", "kubernetes_network_policy_v1", "metadata.name", "other", "replace"),
    Change("gke-dev-gateway", "kubernetes_service_v1", "spec.external_traffic_policy", "Cluster", "update"),
    Change("gke-dev-iris", "kubernetes_deployment_v1", "spec.progress_deadline_seconds", 300, "update"),
    Change("gke-dev-iris", "kubernetes_config_map_v1", "metadata.name", "other", "replace"),
    Change("gke-dev-iris", "kubernetes_persistent_volume_claim_v1", "spec.access_modes", ["ReadWriteMany"], "replace"),
    Change(
        "gke-dev-iris",
        "kubernetes_persistent_volume_claim_v1",
        "spec.resources.requests.storage",
        "20Gi",
        "update",
    ),
    Change("gke-dev-iris", "kubernetes_service_account_v1", "automount_service_account_token", True, "update"),
    Change("gke-dev-kserve", "kubernetes_namespace_v1", "metadata.labels.team", "vision", "update"),
    Change("gke-dev-monitoring", "kubernetes_namespace_v1", "metadata.annotations", {"owner": "vision"}, "update"),
    Change("gke-dev-polyaxon", "kubernetes_namespace_v1", "metadata.name", "renamed", "replace"),
    Change(
        "gke-dev-rnn-forecaster",
        "google_storage_bucket_iam_member",
        "role",
        "roles/storage.objectViewer",
        "replace",
    ),
    Change("gke-dev-rnn-forecaster", "kubernetes_pod_disruption_budget_v1", "spec.max_unavailable", "2", "replace"),
    Change("gke-dev-sales-pipeline", "google_storage_bucket_iam_member", "member", "allUsers", "replace"),
    Change("aks-dev-state", "azurerm_storage_account", "account_replication_type", "GRS", "update"),
    Change("aks-dev-state", "azurerm_storage_account", "blob_properties.versioning_enabled", False, "update"),
    Change("aks-dev-state", "azurerm_storage_account", "infrastructure_encryption_enabled", False, "replace"),
    Change("aks-dev-state", "azurerm_storage_account", "blob_properties.delete_retention_policy.days", 7, "update"),
    Change(
        "aks-dev-state",
        "azurerm_role_assignment",
        "principal_id",
        "22222222-3333-4444-5555-666666666666",
        "replace",
    ),
    Change("aks-dev-state", "azurerm_storage_container", "name", "states", "replace"),
    Change("aks-dev-registry", "azurerm_container_registry", "admin_enabled", True, "update"),
    Change("aks-dev-registry", "azurerm_container_registry", "sku", "Standard", "update"),
    Change("aks-dev-registry", "azurerm_resource_group", "location", "northeurope", "replace"),
    Change("aks-dev-artifacts", "azurerm_storage_container", "name", "models", "replace"),
    Change("aks-dev-cluster", "azurerm_kubernetes_cluster", "automatic_upgrade_channel", "patch", "update"),
    Change("aks-dev-cluster", "azurerm_kubernetes_cluster", "default_node_pool.max_count", 3, "update"),
    Change("aks-dev-cluster", "azurerm_kubernetes_cluster", "default_node_pool.vm_size", "Standard_D8s_v5", "update"),
    Change("aks-dev-cluster", "azurerm_kubernetes_cluster", "local_account_disabled", False, "update"),
    Change("aks-dev-cluster", "azurerm_kubernetes_cluster", "oidc_issuer_enabled", False, "update"),
    Change("aks-dev-cluster", "azurerm_kubernetes_cluster", "default_node_pool.name", "other", "replace"),
    Change("aks-dev-cluster", "azurerm_kubernetes_cluster", "network_profile.network_plugin_mode", None, "replace"),
    Change("aks-dev-cluster", "azurerm_kubernetes_cluster", "dns_prefix", "other", "replace"),
    Change("aks-dev-cluster", "azurerm_kubernetes_cluster", "sku_tier", "Standard", "update"),
    Change("aks-dev-cluster", "azurerm_kubernetes_cluster", "node_resource_group", "other", "replace"),
    Change("aks-dev-cluster", "azurerm_monitor_data_collection_rule", "kind", "Windows", "replace"),
    Change("aks-dev-cluster", "azurerm_log_analytics_workspace", "retention_in_days", 60, "update"),
    Change("aks-dev-cluster", "azurerm_role_assignment", "role_definition_name", "AcrPush", "replace"),
    Change("aks-dev-image-classifier", "kubernetes_deployment_v1", "spec.revision_history_limit", 5, "update"),
    Change(
        "aks-dev-argo-workflows",
        "azurerm_federated_identity_credential",
        "subject",
        "system:serviceaccount:other:other",
        "update",
    ),
    Change(
        "aks-dev-fashion-mnist",
        "azurerm_role_assignment",
        "role_definition_name",
        "Storage Blob Data Contributor",
        "replace",
    ),
    Change("aks-dev-fashion-mnist", "azurerm_user_assigned_identity", "tags.team", "vision", "update"),
    Change(
        "aks-dev-polyaxon",
        "kubernetes_persistent_volume_claim_v1",
        "spec.storage_class_name",
        "managed-csi-premium",
        "replace",
    ),
    Change("aks-dev-rnn-forecaster", "azurerm_user_assigned_identity", "name", "other", "replace"),
    Change("aks-dev-sales-pipeline", "azurerm_federated_identity_credential", "name", "other", "replace"),
]
