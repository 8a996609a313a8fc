"""A container for what must not be lost: Terraform's states, models, artifacts."""

from collections.abc import Mapping

from cdktf import TerraformResourceLifecycle
from cdktf_cdktf_provider_azurerm import storage_account as storage
from cdktf_cdktf_provider_azurerm import storage_management_policy as policy
from cdktf_cdktf_provider_azurerm.resource_group import ResourceGroup
from cdktf_cdktf_provider_azurerm.role_assignment import RoleAssignment
from cdktf_cdktf_provider_azurerm.storage_container import StorageContainer
from constructs import Construct


class PrivateContainer(Construct):
    """A private, versioned container in a storage account without keys, in a resource group of its own.

    Args:
        scope: The stack.
        id_: The construct's id.
        name: The container's.
        account: The account's name, unique in all of Azure, 3 to 24 lower-case letters and digits.
        resource_group: The group's name.
        location: Where it is, for example `westeurope`.
        replication: `LRS`, `ZRS`, `GRS` or `GZRS`.
        protected: Whether Terraform refuses to destroy it; when lifted, it is destroyed with all that it holds.
        keep_versions_days: How long replaced or deleted blobs can be brought back, in days, 365 at most. Versions
            expire this long after they were written; what expires or is deleted is kept this long by soft delete.
        operators: Object id of the Entra group whose members read and write blobs.
        tags: For billing and clean-up.
        expire_days: After how many days blobs are deleted, by the prefix of their names.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        name: str,
        account: str,
        resource_group: str,
        location: str,
        replication: str,
        protected: bool,
        keep_versions_days: int,
        operators: str,
        tags: Mapping[str, str],
        expire_days: Mapping[str, int] | None = None,
    ) -> None:
        super().__init__(scope, id_)
        # Whoever destroys the group destroys the account.
        kept = TerraformResourceLifecycle(prevent_destroy=protected)
        group = ResourceGroup(self, "group", name=resource_group, location=location, tags=dict(tags), lifecycle=kept)
        self.account = storage.StorageAccount(
            self,
            "account",
            name=account,
            resource_group_name=group.name,
            location=group.location,
            account_kind="StorageV2",
            account_tier="Standard",
            account_replication_type=replication,
            https_traffic_only_enabled=True,
            min_tls_version="TLS1_2",
            # Entra identities only: no keys, no signatures made of them, no local users.
            shared_access_key_enabled=False,
            default_to_oauth_authentication=True,
            local_user_enabled=False,
            # No container can be made public. The account answers on the internet, or no engineer would reach it.
            allow_nested_items_to_be_public=False,
            cross_tenant_replication_enabled=False,
            infrastructure_encryption_enabled=True,
            blob_properties=storage.StorageAccountBlobProperties(
                versioning_enabled=True,
                delete_retention_policy=storage.StorageAccountBlobPropertiesDeleteRetentionPolicy(
                    days=keep_versions_days
                ),
                container_delete_retention_policy=storage.StorageAccountBlobPropertiesContainerDeleteRetentionPolicy(
                    days=keep_versions_days
                ),
            ),
            tags=dict(tags),
            lifecycle=kept,
        )
        prefixes = {f"{name}/{prefix}": days for prefix, days in (expire_days or {}).items()}
        self._expire(keep_versions_days, prefixes)
        container = StorageContainer(
            self,
            "container",
            name=name,
            # By the account's id, not its name: made through Azure's management, no role on the data is needed yet.
            storage_account_id=self.account.id,
            container_access_type="private",
            lifecycle=kept,
        )
        RoleAssignment(
            self,
            "operators",
            scope=container.id,
            role_definition_name="Storage Blob Data Contributor",
            principal_id=operators,
            principal_type="Group",
        )

    def _expire(self, keep_versions_days: int, prefixes: Mapping[str, int]) -> None:
        """Old versions of all, and what begins with a prefix, which the container's name begins."""
        versions = policy.StorageManagementPolicyRule(
            name="old-versions",
            enabled=True,
            filters=policy.StorageManagementPolicyRuleFilters(blob_types=["blockBlob"]),
            actions=policy.StorageManagementPolicyRuleActions(
                version=policy.StorageManagementPolicyRuleActionsVersion(
                    delete_after_days_since_creation=keep_versions_days
                )
            ),
        )
        expiring = [
            policy.StorageManagementPolicyRule(
                name=f"expire-{prefix.strip('/').rpartition('/')[2]}",
                enabled=True,
                filters=policy.StorageManagementPolicyRuleFilters(blob_types=["blockBlob"], prefix_match=[prefix]),
                actions=policy.StorageManagementPolicyRuleActions(
                    base_blob=policy.StorageManagementPolicyRuleActionsBaseBlob(
                        delete_after_days_since_creation_greater_than=days
                    )
                ),
            )
            for prefix, days in prefixes.items()
        ]
        policy.StorageManagementPolicy(self, "expiry", storage_account_id=self.account.id, rule=[versions, *expiring])
