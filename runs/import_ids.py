"""How each resource type that our stacks use is named in `terraform import`, made from its planned values.

The forms are those of the providers' documentation, section "Import" of each resource's page. The real plugins read
them in tests/e2e/test_import_ids.py.
"""

import string
from collections.abc import Callable, Mapping
from typing import Any

Values = Mapping[str, Any]

_GOOGLE = {
    "google_artifact_registry_repository": "projects/{project}/locations/{location}/repositories/{repository_id}",
    "google_artifact_registry_repository_iam_member": (
        "projects/{project}/locations/{location}/repositories/{repository} {role} {member}"
    ),
    "google_compute_network": "projects/{project}/global/networks/{name}",
    "google_compute_router": "projects/{project}/regions/{region}/routers/{name}",
    "google_compute_router_nat": "{project}/{region}/{router}/{name}",
    "google_compute_subnetwork": "projects/{project}/regions/{region}/subnetworks/{name}",
    "google_container_cluster": "projects/{project}/locations/{location}/clusters/{name}",
    "google_container_node_pool": "projects/{project}/locations/{location}/clusters/{cluster}/nodePools/{name}",
    "google_iam_workload_identity_pool": (
        "projects/{project}/locations/global/workloadIdentityPools/{workload_identity_pool_id}"
    ),
    "google_iam_workload_identity_pool_provider": (
        "projects/{project}/locations/global/workloadIdentityPools/{workload_identity_pool_id}/providers/"
        "{workload_identity_pool_provider_id}"
    ),
    "google_project_iam_custom_role": "projects/{project}/roles/{role_id}",
    "google_project_iam_member": "{project} {role} {member}",
    "google_project_service": "{project}/{service}",
    "google_service_account": ("projects/{project}/serviceAccounts/{account_id}@{project}.iam.gserviceaccount.com"),
    "google_service_account_iam_member": "{service_account_id} {role} {member}",
    "google_storage_bucket": "{name}",
    "google_storage_bucket_iam_member": "b/{bucket} {role} {member}",
}
_GROUP = "/subscriptions/{subscription_id}/resourceGroups/{resource_group_name}"
_AZURE = {
    "azurerm_container_registry": _GROUP + "/providers/Microsoft.ContainerRegistry/registries/{name}",
    "azurerm_federated_identity_credential": "{parent_id}/federatedIdentityCredentials/{name}",
    "azurerm_kubernetes_cluster": _GROUP + "/providers/Microsoft.ContainerService/managedClusters/{name}",
    "azurerm_log_analytics_workspace": _GROUP + "/providers/Microsoft.OperationalInsights/workspaces/{name}",
    "azurerm_monitor_data_collection_rule": _GROUP + "/providers/Microsoft.Insights/dataCollectionRules/{name}",
    "azurerm_monitor_data_collection_rule_association": (
        "{target_resource_id}/providers/Microsoft.Insights/dataCollectionRuleAssociations/{name}"
    ),
    "azurerm_resource_group": "/subscriptions/{subscription_id}/resourceGroups/{name}",
    # Where the configuration names the GUID; else see GUIDS.
    "azurerm_role_assignment": "{scope}/providers/Microsoft.Authorization/roleAssignments/{name}",
    "azurerm_role_definition": (
        "{scope}/providers/Microsoft.Authorization/roleDefinitions/{role_definition_id}|{scope}"
    ),
    "azurerm_storage_account": _GROUP + "/providers/Microsoft.Storage/storageAccounts/{name}",
    "azurerm_storage_container": "{storage_account_id}/blobServices/default/containers/{name}",
    "azurerm_storage_management_policy": "{storage_account_id}/managementPolicies/default",
    "azurerm_user_assigned_identity": _GROUP + "/providers/Microsoft.ManagedIdentity/userAssignedIdentities/{name}",
}
#: Types whose ids hold a GUID that nobody can know beforehand, unless the configuration names one; Azure tells that of
#: a role assignment when it refuses a second one, and of a role definition it does not.
GUIDS = {
    "azurerm_role_assignment": "{scope}/providers/Microsoft.Authorization/roleAssignments/{guid}",
    "azurerm_role_definition": "{scope}/providers/Microsoft.Authorization/roleDefinitions/{guid}|{scope}",
}
_HELM = {"helm_release": "{namespace}/{name}"}
#: The clouds' types that can be taken over, and Helm's releases; those of Kubernetes all can.
TYPES = frozenset({*_GOOGLE, *_AZURE, *_HELM, *GUIDS})
#: Types of which a second one is no error, but the same: whoever makes it again has taken it over.
REPEATABLE = frozenset({"google_project_service", *(type_ for type_ in _GOOGLE if type_.endswith("_iam_member"))})


def import_id(type_: str, planned: Values, provider: Values) -> str | None:
    """The id under which an object with these values would be imported.

    Args:
        type_: The resource type.
        planned: The values that the plan knows.
        provider: The configuration of its provider, which may have what the values leave out.

    Returns:
        None where the plan does not know enough, or the type is none of ours.
    """
    if type_.startswith("kubernetes_"):
        return _kubernetes(planned)
    template = (_GOOGLE | _AZURE | _HELM).get(type_)
    if template is None:
        return None
    known = {**provider, **{name: value for name, value in planned.items() if value is not None}}
    values: dict[str, str] = {}
    for name in _fields(template):
        value = known.get(name)
        if not isinstance(value, str) or not value or "${" in value:
            return None
        values[name] = _SHORTENED.get((type_, name), str)(value)
    return template.format(**values) + _condition(planned)


def _last_part(value: str) -> str:
    return value.rpartition("/")[2]


# Arguments that may hold a whole id, of which the import wants the name.
_SHORTENED: dict[tuple[str, str], Callable[[str], str]] = {
    ("google_artifact_registry_repository_iam_member", "repository"): _last_part,
    ("google_container_node_pool", "cluster"): _last_part,
    ("google_compute_router_nat", "router"): _last_part,
}


def _fields(template: str) -> list[str]:
    return [name for _, name, _, _ in string.Formatter().parse(template) if name]


def _condition(planned: Values) -> str:
    """A grant with a condition has the condition's title behind it."""
    conditions = planned.get("condition") if "member" in planned else None
    return f" {conditions[0]['title']}" if conditions else ""


def _kubernetes(planned: Values) -> str | None:
    metadata = (planned.get("metadata") or [{}])[0]
    if not metadata.get("name"):
        return None
    return "/".join(filter(None, [metadata.get("namespace"), metadata["name"]]))


# The keys of labels and tags that tell an owner. Others change over time (a lease's end), and the kubernetes provider
# leaves out what Kubernetes itself reads (`pod-security.kubernetes.io/...`) when it imports.
_OWNER = frozenset(
    {"environment", "managed-by", *(f"app.kubernetes.io/{key}" for key in ("name", "part-of", "managed-by"))}
)


def marks(type_: str, values: Values) -> Mapping[str, str] | None:
    """The labels or tags that say whose an object is; None for a type that has none, empty for an object without.

    Args:
        type_: The resource type.
        values: The planned ones, or those of what is there.
    """
    labels = _labels(type_, values)
    return None if labels is None else {key: value for key, value in labels.items() if key in _OWNER}


def _labels(type_: str, values: Values) -> Mapping[str, str] | None:
    if type_.startswith("kubernetes_"):
        return (values.get("metadata") or [{}])[0].get("labels") or {}
    if type_.startswith("azurerm_"):
        return (values.get("tags") or {}) if "tags" in values else None
    if "effective_labels" in values:
        # An import leaves `labels` empty: they are those that this configuration has set.
        return values["effective_labels"] or values.get("labels") or values.get("resource_labels") or {}
    return None
