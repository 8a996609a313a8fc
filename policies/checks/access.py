"""Who may do what: grants that are wider than any service needs."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from policies.checks.stack import Outcome, Stack
from policies.documents import mapping
from policies.plan import Resource

_EVERYBODY = {"allUsers", "allAuthenticatedUsers"}
_GOOGLE_GRANT = re.compile(r"google_\w+_iam_(member|binding)")
_GOOGLE_ABOVE_PROJECTS = re.compile(r"google_(folder|organization)_iam_(member|binding)")
# Azure's roles that can do or grant all, by name and by the id that they have in every tenant:
# https://learn.microsoft.com/azure/role-based-access-control/built-in-roles
_AZURE_ADMINS = {
    "8e3af657-a8ff-443c-a75c-2fe8c4bcb635": "Owner",
    "b24988ac-6180-42a0-ab88-20f7382dd24c": "Contributor",
    "18d7d88d-d35e-4fb5-a5c3-7773c20a72d9": "User Access Administrator",
    "f58310d9-a9f6-439a-9e8d-f62e7b41a168": "Role Based Access Control Administrator",
}
_AZURE_WIDE = re.compile(
    r"/|/subscriptions/[^/]+/?|/providers/Microsoft\.Management/managementGroups/.+", re.IGNORECASE
)


def everybody(stack: Stack) -> Iterator[Outcome]:
    """No grant to all of the internet; checkov asks so of some of Google's resources only."""
    for grant in stack.resources:
        if _GOOGLE_GRANT.fullmatch(grant.type):
            found = {grant.values.get("member"), *(grant.values.get("members") or [])} & _EVERYBODY
            yield grant, f"granted to {', '.join(sorted(found))}" if found else None


def administrators(stack: Stack) -> Iterator[Outcome]:
    """No administrator over a subscription, a folder or an organisation; of projects checkov asks the same."""
    for grant in stack.of_types("azurerm_role_assignment"):
        scope = str(grant.values.get("scope", ""))
        role = _azure_role(grant)
        wide = role in _AZURE_ADMINS.values() and _AZURE_WIDE.fullmatch(scope)
        yield grant, f"{role} over all of {scope}" if wide else None
    for grant in stack.resources:
        if _GOOGLE_ABOVE_PROJECTS.fullmatch(grant.type):
            role = str(grant.values.get("role", ""))
            wide_role = role in ("roles/owner", "roles/editor") or "admin" in role.lower()
            yield grant, f"{role} over all that is below" if wide_role else None


def wildcards(stack: Stack) -> Iterator[Outcome]:
    """No rights in a cluster over all kinds or with all verbs; of Terraform's own roles CKV_K8S_49 asks the same."""
    for role in stack.objects("Role", "ClusterRole"):
        if role.is_in_helm:
            rules = role.content.get("rules") or []
            found = sorted({key for rule in rules for key in ("verbs", "resources") if _has_all(mapping(rule), key)})
            yield role, f"* in {' and '.join(found)}" if found else None
    for binding in stack.objects("RoleBinding", "ClusterRoleBinding"):
        is_admin = mapping(binding.content.get("roleRef")).get("name") == "cluster-admin"
        yield binding, "binds cluster-admin" if is_admin else None


def _azure_role(grant: Resource) -> str:
    if name := grant.values.get("role_definition_name"):
        return str(name)
    id_ = str(grant.values.get("role_definition_id") or "").rpartition("/")[2]
    return _AZURE_ADMINS.get(id_.lower(), id_)


def _has_all(rule: Mapping[str, Any], key: str) -> bool:
    return "*" in (rule.get(key) or [])
