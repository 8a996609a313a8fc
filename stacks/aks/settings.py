"""The keys of an environment's file when it is on AKS."""

from typing import Annotated, ClassVar, Literal

from modelyard.azure.machine_types import node_capacity
from modelyard.azure.names import global_name

from pydantic import Field

from stacks.setting_types import Section, Uuid, check, form
from stacks.settings import CloudSettings, ClusterSettings, NodePoolSettings, StateSettings

# What Azure allows: https://learn.microsoft.com/azure/azure-resource-manager/management/resource-name-rules
_LONGEST_ACCOUNT, _LONGEST_REGISTRY = 24, 50


class AksStateSettings(StateSettings):
    """Where Terraform's state is kept."""

    replication: Literal["LRS", "ZRS", "GRS", "GZRS"] = Field(
        "ZRS",
        description="Copies of the state: in one building, in three, in another region too, or both.",
        examples=["ZRS"],
    )


class AksNodePoolSettings(NodePoolSettings):
    """The machines of the cluster."""

    machine_type: Annotated[str, check(node_capacity)] = Field(
        "Standard_D2s_v5",
        description="What each node is.",
        examples=["Standard_D2s_v5"],
        json_schema_extra={"allowed": "a VM size of Azure that is known here"},
    )


class LogSettings(Section):
    """The logs of cluster and services, in Log Analytics, which bills them by the GB."""

    retention_days: int = Field(
        30, ge=30, le=730, description="How long they are kept, in days; 31 are free.", examples=[30]
    )
    daily_gigabytes: int = Field(
        1, ge=1, le=1000, description="What is taken in a day; the rest of the day's logs are lost.", examples=[1]
    )


class AksClusterSettings(ClusterSettings):
    """The AKS cluster."""

    sku_tier: Literal["Free", "Standard"] = Field(
        "Free", description="Standard guarantees that the Kubernetes API is up (billed).", examples=["Free"]
    )
    upgrade_channel: Literal["patch", "stable", "rapid"] = Field(
        "stable",
        description="How early new Kubernetes versions are taken: patches only, the last but one, or the last.",
        examples=["stable"],
    )
    node_pool: AksNodePoolSettings = Field(AksNodePoolSettings(), description="The machines of the cluster.")
    logs: LogSettings = Field(LogSettings(), description="The logs of cluster and services.")


class AksSettings(CloudSettings):
    """One environment on AKS."""

    provider: ClassVar[str] = "azurerm"
    cloud: Literal["aks"] = Field(description="Which cloud it is in.", examples=["aks"])
    subscription_id: Uuid = Field(
        description="The Azure subscription, by its id.", examples=["00000000-0000-0000-0000-000000000000"]
    )
    location: Annotated[str, form("^[a-z]+[0-9]?$", "the name of an Azure region in one word, lower case")] = Field(
        description="The region of all of it; changing it replaces everything.", examples=["westeurope"]
    )
    operators_group_id: Uuid = Field(
        description="Object id of the Entra group whose members read and write state and administer the cluster.",
        examples=["00000000-0000-0000-0000-000000000000"],
    )
    state: AksStateSettings = Field(AksStateSettings(), description="Where Terraform's state is kept.")
    cluster: AksClusterSettings = Field(description="The AKS cluster.")

    @property
    def state_account(self) -> str:
        """The state account's name."""
        return global_name(self.name, self.subscription_id, "state", longest=_LONGEST_ACCOUNT)

    @property
    def artifacts_account(self) -> str:
        """The name of the account with the artifacts."""
        return global_name(self.name, self.subscription_id, "artifacts", longest=_LONGEST_ACCOUNT)

    @property
    def registry_name(self) -> str:
        """The image registry's name."""
        return global_name(self.name, self.subscription_id, "images", longest=_LONGEST_REGISTRY)


#: What `stacks.clouds` looks for.
MODEL = AksSettings
