"""What guards a resource against loss and misuse, and whether a change takes it away."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

Values = Mapping[str, Any]
# Arguments whose true is a guard, by type; the sentence tells what goes when it is no longer true.
_SWITCHES: Final[Mapping[str, Mapping[str, str]]] = {
    "google_storage_bucket": {
        "versioning[0].enabled": "replaced objects are not kept any more",
        "uniform_bucket_level_access": "single objects may have rights of their own",
    },
    "google_container_cluster": {
        "deletion_protection": "`deletion_protection` is taken off",
        "enable_shielded_nodes": "nodes are not shielded any more",
    },
    "azurerm_storage_account": {
        "blob_properties[0].versioning_enabled": "replaced blobs are not kept any more",
        "https_traffic_only_enabled": "plain HTTP is let in",
        "infrastructure_encryption_enabled": "the second encryption goes",
    },
    "azurerm_kubernetes_cluster": {
        "local_account_disabled": "accounts that Entra does not know get in",
        "azure_policy_enabled": "Azure's policies do not hold any more",
    },
}
# Arguments that say for how long what was deleted can be brought back.
_RETENTIONS: Final[Mapping[str, Mapping[str, str]]] = {
    "google_storage_bucket": {"soft_delete_policy[0].retention_duration_seconds": "seconds"},
    "azurerm_storage_account": {
        "blob_properties[0].delete_retention_policy[0].days": "days",
        "blob_properties[0].container_delete_retention_policy[0].days": "days",
    },
}
#: Resources that are nothing but a guard, and what it means that one goes.
GUARDS: Final[Mapping[str, str]] = {
    "kubernetes_network_policy_v1": "its pods talk to everybody",
    "kubernetes_pod_disruption_budget_v1": "all its pods may be evicted at once",
    "kubernetes_resource_quota_v1": "the namespace may take the whole cluster",
}


def lifted(type_name: str, before: Values, after: Values) -> Iterator[str]:
    """Sentences about guards that a change takes away.

    Args:
        type_name: Of the resource.
        before: All its values.
        after: The same afterwards, without what is not known; empty when it goes.
    """
    if not after:
        if type_name in GUARDS:
            yield f"goes: {GUARDS[type_name]}"
        return
    for path, says in _SWITCHES.get(type_name, {}).items():
        if _at(before, path) is True and _at(after, path) is False:
            yield says
    for path, unit in _RETENTIONS.get(type_name, {}).items():
        then, now = _at(before, path), _at(after, path)
        if isinstance(then, int) and then > (now if isinstance(now, int) else 0):
            yield f"what was deleted can be brought back for {now or 0} {unit} instead of {then}"


def _at(values: Any, path: str) -> Any:  # noqa: ANN401 - a value of any type
    for step in path.replace("[0]", ".0").split("."):
        if isinstance(values, Mapping):
            values = values.get(step)
        elif isinstance(values, list):
            values = values[0] if values else None
        else:
            return None
    return values
