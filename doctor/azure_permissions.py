"""What Azure wants to see of who makes a resource.

Source: https://learn.microsoft.com/azure/role-based-access-control/resource-provider-operations
"""

from collections.abc import Iterable, Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Any, Final

_BLOBS: Final = "Microsoft.Storage/storageAccounts/blobServices"
#: By the type in Terraform's provider; objects in the cluster come under Kubernetes' own rights.
BY_TYPE: Final[dict[str, str]] = {
    "azurerm_container_registry": "Microsoft.ContainerRegistry/registries/write",
    "azurerm_federated_identity_credential": (
        "Microsoft.ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials/write"
    ),
    "azurerm_kubernetes_cluster": "Microsoft.ContainerService/managedClusters/write",
    "azurerm_log_analytics_workspace": "Microsoft.OperationalInsights/workspaces/write",
    "azurerm_monitor_data_collection_rule": "Microsoft.Insights/dataCollectionRules/write",
    "azurerm_monitor_data_collection_rule_association": "Microsoft.Insights/dataCollectionRuleAssociations/write",
    "azurerm_resource_group": "Microsoft.Resources/subscriptions/resourceGroups/write",
    "azurerm_role_assignment": "Microsoft.Authorization/roleAssignments/write",
    "azurerm_role_definition": "Microsoft.Authorization/roleDefinitions/write",
    "azurerm_storage_account": "Microsoft.Storage/storageAccounts/write",
    "azurerm_storage_container": f"{_BLOBS}/containers/write",
    "azurerm_storage_management_policy": "Microsoft.Storage/storageAccounts/managementPolicies/write",
    "azurerm_user_assigned_identity": "Microsoft.ManagedIdentity/userAssignedIdentities/write",
}
#: To keep states: not an action of Azure's management but one on data.
READ_AND_WRITE_BLOBS: Final = tuple(f"{_BLOBS}/containers/blobs/{verb}" for verb in ("read", "write", "delete"))
PUSH_AND_PULL: Final = {
    "Microsoft.ContainerRegistry/registries/push/write": "push",
    "Microsoft.ContainerRegistry/registries/pull/read": "pull",
}

Role = Mapping[str, Any]


def actions(types: Iterable[str]) -> list[str]:
    """What it takes to make resources of these types, sorted."""
    return sorted({BY_TYPE[type_] for type_ in types if type_ in BY_TYPE})


def unknown(types: Iterable[str]) -> list[str]:
    """Types of Azure's of which nobody has written here what they take."""
    return sorted(type_ for type_ in types if type_.startswith("azurerm_") and type_ not in BY_TYPE)


def missing(wanted: Iterable[str], roles: Sequence[Role], *, on_data: bool = False) -> list[str]:
    """Those that none of the roles gives: what one takes away again, another may still give.

    Args:
        wanted: Actions.
        roles: As Azure tells what somebody may, an entry for each role.
        on_data: Whether they are actions on data.
    """
    return [each for each in wanted if not any(_gives(role, each, on_data=on_data) for role in roles)]


def _gives(role: Role, action: str, *, on_data: bool) -> bool:
    given, taken = ("dataActions", "notDataActions") if on_data else ("actions", "notActions")
    return _is_among(action, role.get(given) or ()) and not _is_among(action, role.get(taken) or ())


def _is_among(action: str, patterns: Iterable[str]) -> bool:
    return any(fnmatchcase(action.lower(), pattern.lower()) for pattern in patterns)
