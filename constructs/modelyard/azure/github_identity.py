"""Managed identities that GitHub's workflows act as, without keys: federated credentials."""

from collections.abc import Mapping

from modelyard.names import dns_label

from cdktf_cdktf_provider_azurerm.federated_identity_credential import FederatedIdentityCredential
from cdktf_cdktf_provider_azurerm.role_assignment import RoleAssignment
from cdktf_cdktf_provider_azurerm.user_assigned_identity import UserAssignedIdentity
from constructs import Construct

# https://learn.microsoft.com/azure/azure-resource-manager/management/resource-name-rules
_LONGEST_NAME = 128


class GithubIdentity(Construct):
    """An identity that jobs of one GitHub environment may act as; it has no role yet.

    Source: https://learn.microsoft.com/entra/workload-id/workload-identities-github-immutable-subjects

    Args:
        scope: The stack.
        id_: The construct's id.
        name: The identity's.
        resource_group: The group's name.
        location: Where the group is.
        issuer: Who signs the tokens.
        subject: What the tokens' subject is, letter by letter: Entra compares nothing else of a token.
        tags: For billing and clean-up.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        name: str,
        resource_group: str,
        location: str,
        issuer: str,
        subject: str,
        tags: Mapping[str, str],
    ) -> None:
        super().__init__(scope, id_)
        self.identity = UserAssignedIdentity(
            self,
            "identity",
            name=dns_label(name, what="the identity's name", longest=_LONGEST_NAME),
            resource_group_name=resource_group,
            location=location,
            tags=dict(tags),
        )
        FederatedIdentityCredential(
            self,
            "trust",
            name="github",
            resource_group_name=resource_group,
            parent_id=self.identity.id,
            issuer=issuer,
            subject=subject,
            audience=["api://AzureADTokenExchange"],
        )

    def grant(
        self,
        id_: str,
        *,
        scope: str,
        role: str | None = None,
        own_role: str | None = None,
        condition: str | None = None,
    ) -> RoleAssignment:
        """Gives a role on what has the id `scope` and all below it.

        Args:
            id_: The assignment's, in this construct.
            scope: A subscription's, group's or resource's id.
            role: A built-in role by its name.
            own_role: Or a role of our own by its id.
            condition: Which uses of it are meant, in Azure's language for that.
        """
        return RoleAssignment(
            self,
            id_,
            scope=scope,
            role_definition_name=role,
            role_definition_id=own_role,
            principal_id=self.identity.principal_id,
            principal_type="ServicePrincipal",
            condition=condition,
            condition_version=condition and "2.0",
            # Made a moment ago, the identity may not be known everywhere in Entra yet.
            skip_service_principal_aad_check=True,
        )
