"""Who GitHub's workflows are on Azure, and what each may do; docs/identities.md says why.

A person deploys this stack: what it makes may not change it.
"""

import uuid
from collections.abc import Sequence
from typing import Final

from modelyard.azure.github_identity import GithubIdentity
from modelyard.azure.provider import connect_azure

from cdktf import TerraformOutput, TerraformStack
from cdktf_cdktf_provider_azurerm import role_definition as roles
from cdktf_cdktf_provider_azurerm.resource_group import ResourceGroup
from constructs import Construct

from stacks.aks.artifacts import ArtifactsStack
from stacks.aks.cluster import NAMESPACES
from stacks.aks.registry import RegistryStack
from stacks.aks.settings import AksSettings
from stacks.aks.state import StateStack
from stacks.github import DUTIES, ISSUER, OUTPUT, github_environment
from stacks.settings import GithubSettings

_PLAN: Final = roles.RoleDefinitionPermissions(
    # The cluster's address. The kubeconfig around it has no credential, since the cluster has no local accounts.
    actions=["Microsoft.ContainerService/managedClusters/listClusterUserCredential/action"],
    # Helm keeps its records as Secrets, and Azure cannot tell these from others.
    data_actions=["Microsoft.ContainerService/managedClusters/secrets/read"],
)
# What the cluster's stack makes, group and all. The group goes with the cluster, and a role on it with the group: this
# one must stand on the subscription. So it must for what AKS makes in its group of nodes, of which a teardown deletes
# what is left (leftovers/azure_kinds.py).
_APPLY_CLUSTER: Final = roles.RoleDefinitionPermissions(
    actions=[
        # What people saved on volumes is kept when those go: a copy begins with the right to read the disk.
        "Microsoft.Compute/disks/beginGetAccess/action",
        "Microsoft.Compute/disks/delete",
        "Microsoft.Compute/snapshots/delete",
        "Microsoft.Compute/snapshots/write",
        "Microsoft.Compute/virtualMachineScaleSets/delete",
        "Microsoft.Compute/virtualMachines/delete",
        "Microsoft.ContainerService/managedClusters/*",
        "Microsoft.Insights/dataCollectionEndpoints/delete",
        "Microsoft.Insights/dataCollectionRuleAssociations/*",
        "Microsoft.Insights/dataCollectionRules/*",
        # Those of a cluster. It could delete them with their group, too, but not make one, or say whom it trusts.
        "Microsoft.ManagedIdentity/userAssignedIdentities/delete",
        "Microsoft.Network/loadBalancers/delete",
        "Microsoft.Network/natGateways/delete",
        "Microsoft.Network/networkInterfaces/delete",
        "Microsoft.Network/networkSecurityGroups/delete",
        "Microsoft.Network/privateEndpoints/delete",
        "Microsoft.Network/publicIPAddresses/delete",
        "Microsoft.Network/routeTables/delete",
        "Microsoft.Network/virtualNetworks/delete",
        "Microsoft.OperationalInsights/workspaces/*",
        "Microsoft.OperationsManagement/solutions/delete",
        "Microsoft.Resources/subscriptions/resourceGroups/delete",
        "Microsoft.Resources/subscriptions/resourceGroups/read",
        "Microsoft.Resources/subscriptions/resourceGroups/write",
    ]
)
# What is in the groups that stay. Contributor has all keys besides: plans would differ with who makes them, for the
# provider reads keys into the state where it may.
_APPLY_STORES: Final = roles.RoleDefinitionPermissions(
    actions=[
        "Microsoft.ContainerRegistry/registries/*",
        "Microsoft.ManagedIdentity/userAssignedIdentities/*",
        "Microsoft.Resources/subscriptions/resourceGroups/delete",
        "Microsoft.Resources/subscriptions/resourceGroups/read",
        "Microsoft.Resources/subscriptions/resourceGroups/write",
        "Microsoft.Storage/storageAccounts/*",
    ],
    not_actions=[
        "Microsoft.ContainerRegistry/registries/listCredentials/action",
        "Microsoft.ContainerRegistry/registries/regenerateCredential/action",
        "Microsoft.Storage/storageAccounts/ListAccountSas/action",
        "Microsoft.Storage/storageAccounts/ListServiceSas/action",
        "Microsoft.Storage/storageAccounts/listKeys/action",
        "Microsoft.Storage/storageAccounts/regenerateKey/action",
    ],
)
# Built-in roles by their ids: https://learn.microsoft.com/azure/role-based-access-control/built-in-roles
_ACR_PULL: Final = "7f951dda-4ed3-4680-a7ca-43fe172d538d"
_BLOB_DATA_READER: Final = "2a2b9908-6ea1-4ae2-8e65-a410df84e7d1"
_BLOB_DATA_CONTRIBUTOR: Final = "ba92f5b4-2d11-453d-a403-e96b0029c9fe"


class IdentitiesStack(TerraformStack):
    """A managed identity for each GitHub environment of one repository, in a resource group of their own."""

    def __init__(
        self,
        scope: Construct,
        settings: AksSettings,
        github: GithubSettings,
        *,
        state: StateStack,
        registry: RegistryStack,
        artifacts: ArtifactsStack,
    ) -> None:
        super().__init__(scope, settings.stack_id("identities"))
        # In their groups the identities have roles.
        self.add_dependency(artifacts)
        state.store.keep(self)
        connect_azure(
            self,
            subscription_id=settings.subscription_id,
            # The cluster's too: who applies may register none.
            register=["Microsoft.ManagedIdentity", *NAMESPACES],
            protected=settings.is_protected,
        )
        self._settings = settings
        self._subscription = f"/subscriptions/{settings.subscription_id}"
        group = ResourceGroup(
            self, "group", name=settings.stack_id("identities"), location=settings.location, tags=settings.labels
        )
        identities = {
            duty: GithubIdentity(
                self,
                duty,
                name=f"{settings.name}-{duty}",
                resource_group=group.name,
                location=group.location,
                issuer=ISSUER,
                subject=f"{github.subject}:environment:{github_environment(settings, duty)}",
                tags=settings.labels,
            )
            for duty in DUTIES
        }
        self._let_plan(identities["plan"], state)
        registry.ref.grant_push(self, "images_push", principal_id=identities["images"].identity.principal_id)
        self._let_apply(identities["apply"], state)
        TerraformOutput(
            self,
            OUTPUT,
            value={
                github_environment(settings, duty): {
                    "AZURE_CLIENT_ID": each.identity.client_id,
                    "AZURE_TENANT_ID": each.identity.tenant_id,
                    "AZURE_SUBSCRIPTION_ID": settings.subscription_id,
                }
                for duty, each in identities.items()
            },
            description="Variables of each GitHub environment, for `modelyard identities`.",
        )

    def _let_plan(self, identity: GithubIdentity, state: StateStack) -> None:
        # Settings, not content: nobody reads a key, a blob or a Secret with these two.
        identity.grant("reader", scope=self._subscription, role="Reader")
        identity.grant("cluster_reader", scope=self._subscription, role="Azure Kubernetes Service RBAC Reader")
        identity.grant("state", scope=state.store.container_id, role="Storage Blob Data Reader")
        identity.grant("own_role", scope=self._subscription, own_role=self._role("plan", _PLAN))

    def _let_apply(self, identity: GithubIdentity, state: StateStack) -> None:
        identity.grant("reader", scope=self._subscription, role="Reader")
        cluster = self._role("apply-cluster", _APPLY_CLUSTER)
        identity.grant("own_role", scope=self._subscription, own_role=cluster)
        # In the cluster: add-ons bring roles and webhooks of their own.
        identity.grant("cluster", scope=self._subscription, role="Azure Kubernetes Service RBAC Cluster Admin")
        identity.grant("state", scope=state.store.container_id, role="Storage Blob Data Contributor")
        stores = self._role("apply-stores", _APPLY_STORES)
        for part in ("state", "registry", "artifacts"):
            identity.grant(f"{part}_group", scope=self._group(part), own_role=stores)
        # Nodes pull images; services' pods read and write artifacts.
        for part, granted in {
            "registry": [_ACR_PULL],
            "artifacts": [_BLOB_DATA_READER, _BLOB_DATA_CONTRIBUTOR],
        }.items():
            identity.grant(
                f"{part}_roles",
                scope=self._group(part),
                role="Role Based Access Control Administrator",
                condition=_only(granted),
            )

    def _group(self, part: str) -> str:
        return f"{self._subscription}/resourceGroups/{self._settings.stack_id(part)}"

    def _role(self, name: str, permissions: roles.RoleDefinitionPermissions) -> str:
        """The id of a role of our own; a tenant has one role of a name."""
        full_name = f"{self._settings.name} {name} {self._settings.subscription_id}"
        role = roles.RoleDefinition(
            self,
            f"role_{name}",
            name=full_name,
            # Always the same: one that a deploy has made and then was cut off is found again, as Azure does not tell
            # the id of the role that has the name already.
            role_definition_id=str(uuid.uuid5(uuid.NAMESPACE_URL, f"{self._subscription}/{full_name}")),
            scope=self._subscription,
            assignable_scopes=[self._subscription],
            description="For GitHub's workflows, by docs/identities.md.",
            permissions=[permissions],
        )
        return role.role_definition_resource_id


def _only(granted: Sequence[str]) -> str:
    """That just these roles are given to identities of programs, or taken from them.

    Source: https://learn.microsoft.com/azure/role-based-access-control/delegate-role-assignments-examples
    """
    ids = ", ".join(granted)
    parts = [
        f"((!(ActionMatches{{'Microsoft.Authorization/roleAssignments/{verb}'}})) OR "
        f"(@{source}[Microsoft.Authorization/roleAssignments:RoleDefinitionId] ForAnyOfAnyValues:GuidEquals {{{ids}}} "
        f"AND @{source}[Microsoft.Authorization/roleAssignments:PrincipalType] "
        "ForAnyOfAnyValues:StringEqualsIgnoreCase {'ServicePrincipal'}))"
        for verb, source in {"write": "Request", "delete": "Resource"}.items()
    ]
    return " AND ".join(parts)
