"""The container of an environment's artifacts, and the way of pods to it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, cast

from modelyard.artifact_store import AccessMode, ArtifactAccess, ArtifactStore
from modelyard.azure.cluster import AksClusterRef
from modelyard.azure.names import resource_id
from modelyard.egress import Egress
from modelyard.service_scope import ServiceScope

from cdktf_cdktf_provider_azurerm.federated_identity_credential import FederatedIdentityCredential
from cdktf_cdktf_provider_azurerm.role_assignment import RoleAssignment
from cdktf_cdktf_provider_azurerm.user_assigned_identity import UserAssignedIdentity
from constructs import Construct

_ROLES: Final[Mapping[AccessMode, str]] = {
    "read": "Storage Blob Data Reader",
    "write": "Storage Blob Data Contributor",
}


@dataclass(frozen=True, kw_only=True)
class ArtifactContainerRef(ArtifactStore):
    """A container by its names.

    Attributes:
        subscription_id: The subscription that owns it.
        resource_group: The group of the account, and of the identities that may use it.
        location: Where the group is.
        account: The storage account's name.
        name: The container's.
        tags: For billing and clean-up, of the identities.
    """

    subscription_id: str
    resource_group: str
    location: str
    account: str
    name: str
    tags: Mapping[str, str]

    @property
    def id(self) -> str:
        """The container's id in Azure's management."""
        account = resource_id(
            self.subscription_id, self.resource_group, "Microsoft.Storage/storageAccounts", self.account
        )
        return f"{account}/blobServices/default/containers/{self.name}"

    def url(self, path: str) -> str:
        """As fsspec and Hadoop have it."""
        return f"abfs://{self.name}@{self.account}.dfs.core.windows.net/{path}"

    def grant(
        self, scope: ServiceScope, id_: str, *, namespace: str, service_account: str, mode: AccessMode
    ) -> ArtifactAccess:
        """Makes an identity that trusts the cluster's tokens for this service account, and has a role on the container.

        Source: https://learn.microsoft.com/azure/aks/workload-identity-overview
        """
        grant = Construct(scope, id_)
        cluster = cast(AksClusterRef, scope.cluster)  # as of everything on AKS
        identity = UserAssignedIdentity(
            grant,
            "identity",
            name=f"{scope.node.id}-{id_}",
            resource_group_name=self.resource_group,
            location=self.location,
            tags=dict(self.tags),
        )
        trust = FederatedIdentityCredential(
            grant,
            "trust",
            name=cluster.name,
            resource_group_name=self.resource_group,
            parent_id=identity.id,
            issuer=cluster.token_issuer(scope),
            subject=f"system:serviceaccount:{namespace}:{service_account}",
            audience=["api://AzureADTokenExchange"],
        )
        role = RoleAssignment(
            grant,
            "role",
            scope=self.id,
            role_definition_name=_ROLES[mode],
            principal_id=identity.principal_id,
            principal_type="ServicePrincipal",
            # Made a moment ago, the identity may not be known everywhere in Entra yet.
            skip_service_principal_aad_check=True,
        )
        return ArtifactAccess(
            account_annotations={"azure.workload.identity/client-id": identity.client_id},
            # AKS gives pods with this label a token for Entra, and the variables that Azure's libraries read.
            pod_labels={"azure.workload.identity/use": "true"},
            # Entra and the account's address.
            egress=(Egress.internet(443),),
            grants=(trust, role),
        )
