"""What Google wants to see of who makes a resource.

Source: https://cloud.google.com/iam/docs/roles-permissions
"""

from collections.abc import Iterable
from typing import Final

#: By the type in Terraform's provider; objects in the cluster come under Kubernetes' own rights.
BY_TYPE: Final[dict[str, tuple[str, ...]]] = {
    "google_artifact_registry_repository": ("artifactregistry.repositories.create",),
    "google_artifact_registry_repository_iam_member": ("artifactregistry.repositories.setIamPolicy",),
    "google_compute_network": ("compute.networks.create",),
    "google_compute_router": ("compute.routers.create",),
    "google_compute_router_nat": ("compute.routers.update",),
    "google_compute_subnetwork": ("compute.subnetworks.create",),
    "google_container_cluster": ("container.clusters.create",),
    # GKE wants to see that whoever makes nodes may act as their account.
    "google_container_node_pool": ("container.clusters.update", "iam.serviceAccounts.actAs"),
    "google_iam_workload_identity_pool": ("iam.workloadIdentityPools.create",),
    "google_iam_workload_identity_pool_provider": ("iam.workloadIdentityPoolProviders.create",),
    "google_project_iam_custom_role": ("iam.roles.create",),
    "google_project_iam_member": ("resourcemanager.projects.setIamPolicy",),
    "google_project_service": ("serviceusage.services.enable",),
    "google_service_account": ("iam.serviceAccounts.create",),
    "google_service_account_iam_member": ("iam.serviceAccounts.setIamPolicy",),
    "google_storage_bucket": ("storage.buckets.create",),
    "google_storage_bucket_iam_member": ("storage.buckets.setIamPolicy",),
}


def permissions(types: Iterable[str]) -> list[str]:
    """What it takes to make resources of these types, sorted."""
    return sorted({each for type_ in types for each in BY_TYPE.get(type_, ())})


def unknown(types: Iterable[str]) -> list[str]:
    """Types of Google's of which nobody has written here what they take."""
    return sorted(type_ for type_ in types if type_.startswith("google_") and type_ not in BY_TYPE)
