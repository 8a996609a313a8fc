"""What must not be lost: state, artifacts, clusters."""

from collections.abc import Iterator

from policies.checks.stack import Outcome, Stack
from policies.plan import Resource

_STORES = (
    "google_storage_bucket",
    "azurerm_storage_account",
    "azurerm_storage_container",
)
_VOLUMES = ("kubernetes_persistent_volume_claim", "kubernetes_persistent_volume_claim_v1")


def stores(stack: Stack) -> Iterator[Outcome]:
    """Terraform refuses to destroy stores and volumes of a protected environment, and to empty them."""
    if not stack.settings.is_protected:
        return
    for store in stack.of_types(*_STORES, *_VOLUMES):
        if store.values.get("force_destroy"):
            yield store, "force_destroy: a destroy takes along what it holds"
        elif store.lifecycle is not None:
            yield store, _unprotected(store)


def versions(stack: Stack) -> Iterator[Outcome]:
    """Old versions of blobs are kept; of Google's buckets CKV_GCP_78 asks the same."""
    for account in stack.of_types("azurerm_storage_account"):
        properties = account.values.get("blob_properties") or [{}]
        on = (properties[0] or {}).get("versioning_enabled")
        yield account, None if on else "blob_properties.versioning_enabled is not true"


def clusters(stack: Stack) -> Iterator[Outcome]:
    """Neither Terraform nor a plan that replaces it takes down the cluster of a protected environment."""
    if not stack.settings.is_protected:
        return
    for cluster in stack.of_types("google_container_cluster"):
        yield cluster, None if cluster.values.get("deletion_protection") else "deletion_protection is not true"
    for cluster in stack.of_types("azurerm_kubernetes_cluster"):
        if cluster.lifecycle is not None:
            yield cluster, _unprotected(cluster)


def _unprotected(resource: Resource) -> str | None:
    protected = (resource.lifecycle or {}).get("prevent_destroy")
    return None if protected is True else "lifecycle.prevent_destroy is not true in a protected environment"
