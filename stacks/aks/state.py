"""The first stack on Azure: the storage account that keeps the state of all the others."""

from dataclasses import dataclass

from modelyard.azure.names import resource_id
from modelyard.azure.private_container import PrivateContainer
from modelyard.azure.provider import connect_azure

from cdktf import AzurermBackend, TerraformStack
from constructs import Construct

from stacks.aks.settings import AksSettings
from stacks.state_store import StateStore

_CONTAINER = "tfstate"


@dataclass(frozen=True)
class BlobStore(StateStore):
    """A container with a blob for each stack, opened with Entra identities only.

    Attributes:
        subscription_id: The subscription that owns the account; Terraform 1.7 asks `az` for a token of its tenant.
        account: The storage account's name.
        resource_group: The account's.
    """

    subscription_id: str
    account: str
    resource_group: str
    backend = "azurerm"

    @property
    def container_id(self) -> str:
        """The container's id in Azure's management."""
        account = resource_id(
            self.subscription_id, self.resource_group, "Microsoft.Storage/storageAccounts", self.account
        )
        return f"{account}/blobServices/default/containers/{_CONTAINER}"

    def arguments(self, stack_id: str) -> dict[str, str | bool]:
        """Terraform's arguments of the backend `azurerm`."""
        return {
            "subscription_id": self.subscription_id,
            "storage_account_name": self.account,
            "container_name": _CONTAINER,
            "key": _blob(stack_id),
            "use_azuread_auth": True,
        }

    def url(self, stack_id: str) -> str:
        """The blob's address."""
        return f"https://{self.account}.blob.core.windows.net/{_CONTAINER}/{_blob(stack_id)}"

    def keep(self, stack: TerraformStack) -> None:
        """Keeps the stack's state in the container."""
        AzurermBackend(
            stack,
            subscription_id=self.subscription_id,
            storage_account_name=self.account,
            container_name=_CONTAINER,
            key=_blob(stack.node.id),
            use_azuread_auth=True,
        )


def _blob(stack_id: str) -> str:
    return f"{stack_id}.tfstate"


def state_store(settings: AksSettings) -> BlobStore:
    """The container of an environment."""
    return BlobStore(
        subscription_id=settings.subscription_id,
        account=settings.state_account,
        resource_group=settings.stack_id("state"),
    )


class StateStack(TerraformStack):
    """The state account; `store` is the way to it."""

    def __init__(self, scope: Construct, settings: AksSettings) -> None:
        super().__init__(scope, settings.stack_id("state"))
        self.store = state_store(settings)
        self.store.keep_own(self, settings.state)
        connect_azure(
            self,
            subscription_id=settings.subscription_id,
            register=["Microsoft.Storage"],
            protected=settings.is_protected,
        )
        PrivateContainer(
            self,
            "state",
            name=_CONTAINER,
            account=self.store.account,
            resource_group=self.store.resource_group,
            location=settings.location,
            replication=settings.state.replication,
            protected=settings.is_protected,
            keep_versions_days=settings.state.keep_versions_days,
            operators=settings.operators_group_id,
            tags=settings.labels,
        )
