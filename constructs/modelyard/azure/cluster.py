"""An AKS cluster with one node pool, and the way to it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypedDict, cast

from modelyard.azure.image_registry import ContainerRegistryRef
from modelyard.azure.machine_types import MAX_PODS, node_capacity
from modelyard.azure.monitoring import ClusterLogs, query_url
from modelyard.azure.provider import connect_azure
from modelyard.cluster_access import ClusterAccess, LoginProgram
from modelyard.cluster_ref import ClusterRef
from modelyard.exposure import Exposure
from modelyard.names import dns_label
from modelyard.node_capacity import NodeCapacity

from cdktf import Fn, TerraformResourceLifecycle, TerraformStack
from cdktf_cdktf_provider_azurerm import kubernetes_cluster as aks
from cdktf_cdktf_provider_azurerm.data_azurerm_kubernetes_cluster import DataAzurermKubernetesCluster
from cdktf_cdktf_provider_azurerm.resource_group import ResourceGroup
from constructs import Construct

# The Entra application of every AKS cluster's API server:
# https://learn.microsoft.com/azure/aks/kubelogin-authentication
_AKS_SERVER_APPLICATION = "6dae42f8-4368-4678-94ff-3960e28e3630"
# The id of what reads the cluster in a service's stack.
_DATA_SOURCE = "cluster"
# The windows for upgrades are four hours at least.
_WINDOW_HOURS = 4


@dataclass(frozen=True, kw_only=True)
class AksClusterRef(ClusterRef):
    """An AKS cluster by its names.

    Attributes:
        subscription_id: The subscription that owns it.
        resource_group: The group that it is in.
        name: The cluster's name.
        machine_type: The VM size of its nodes.
    """

    subscription_id: str
    resource_group: str
    name: str
    machine_type: str

    @property
    def node_capacity(self) -> NodeCapacity:
        """What a node offers to pods."""
        return node_capacity(self.machine_type)

    @property
    def internal_load_balancer_annotations(self) -> Mapping[str, str]:
        """Source: https://learn.microsoft.com/azure/aks/internal-lb."""
        return {"service.beta.kubernetes.io/azure-load-balancer-internal": "true"}

    def logs_url(self, *, namespace: str, pods: str) -> str:
        """Log Analytics, to which Container Insights sends the logs of all pods but AKS's own."""
        query = "\n".join(
            [
                "ContainerLogV2",
                f'| where PodNamespace == "{namespace}" and PodName matches regex "^{pods}$"',
                "| project TimeGenerated, PodName, LogSource, LogMessage",
                "| order by TimeGenerated desc",
            ]
        )
        return query_url(self.resource_id, query)

    @property
    def resource_id(self) -> str:
        """The cluster's id in Azure."""
        group = f"/subscriptions/{self.subscription_id}/resourceGroups/{self.resource_group}"
        return f"{group}/providers/Microsoft.ContainerService/managedClusters/{self.name}"

    def token_issuer(self, stack: TerraformStack) -> str:
        """Who signs the tokens of the cluster's service accounts, in a stack that is connected to it."""
        cluster = cast(DataAzurermKubernetesCluster, stack.node.find_child(_DATA_SOURCE))
        return cluster.oidc_issuer_url

    def access(self, stack: TerraformStack) -> ClusterAccess:
        """Reads address and certificate at plan time; the credential comes from kubelogin at run time.

        A pipeline sets AAD_LOGIN_METHOD (`workloadidentity`, `spn`, …), which kubelogin prefers to the argument.
        """
        connect_azure(stack, subscription_id=self.subscription_id)
        cluster = DataAzurermKubernetesCluster(
            stack, _DATA_SOURCE, name=self.name, resource_group_name=self.resource_group
        )
        # With local accounts disabled there are no client certificate, key or token beside these two.
        access = cluster.kube_config.get(0)
        return ClusterAccess(
            host=access.host,
            cluster_ca_certificate=Fn.base64decode(access.cluster_ca_certificate),
            login=LoginProgram(
                command="kubelogin",
                arguments=["get-token", "--login", "azurecli", "--server-id", _AKS_SERVER_APPLICATION],
            ),
        )


@dataclass(frozen=True, kw_only=True)
class AksNodePoolSize:
    """What the pool is made of.

    Attributes:
        machine_type: The VM size, for example `Standard_D2s_v5`.
        min_nodes: 1 or more.
        max_nodes: At least min_nodes.
        disk_gigabytes: System disk of each node, in GB.
    """

    machine_type: str
    min_nodes: int
    max_nodes: int
    disk_gigabytes: int


class _Window(TypedDict):
    interval: int
    start_time: str
    utc_offset: str
    duration: int


class AksCluster(Construct):
    """Resource group, logs, control plane and the one node pool.

    Args:
        scope: The stack.
        id_: The construct's id.
        ref: Its names.
        location: Where it is, for example `westeurope`.
        registry: Where its nodes pull images from.
        logs_retention_days: How long logs are kept.
        logs_daily_gigabytes: What is taken of logs in a day.
        node_pool: Machines and their number.
        control_plane: Who may reach the Kubernetes API's public address.
        operators: Object id of the Entra group whose members administer the cluster.
        sku_tier: `Free`, or `Standard` with an uptime guarantee (billed).
        upgrade_channel: `patch`, `stable` or `rapid`: how early new Kubernetes versions are taken.
        maintenance_start: When the windows for upgrades begin, `HH:MM` in UTC: daily for the nodes' system, on Sundays
            for Kubernetes.
        protected: Whether Terraform refuses to destroy it.
        tags: For billing and clean-up.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        ref: AksClusterRef,
        location: str,
        registry: ContainerRegistryRef,
        logs_retention_days: int,
        logs_daily_gigabytes: int,
        node_pool: AksNodePoolSize,
        control_plane: Exposure,
        operators: str,
        sku_tier: str,
        upgrade_channel: str,
        maintenance_start: str,
        protected: bool,
        tags: Mapping[str, str],
    ) -> None:
        super().__init__(scope, id_)
        group = ResourceGroup(self, "group", name=ref.resource_group, location=location, tags=dict(tags))
        logs = ClusterLogs(
            self,
            "logs",
            name=ref.name,
            resource_group=group.name,
            location=group.location,
            retention_days=logs_retention_days,
            daily_gigabytes=logs_daily_gigabytes,
            tags=tags,
        )
        window = _Window(interval=1, start_time=maintenance_start, utc_offset="+00:00", duration=_WINDOW_HOURS)
        self.cluster = aks.KubernetesCluster(
            self,
            "cluster",
            name=dns_label(ref.name, what="the cluster's name"),
            resource_group_name=group.name,
            location=group.location,
            dns_prefix=ref.name,
            # Load balancers, disks and addresses of the cluster: named, so that leftovers are found.
            node_resource_group=f"{ref.name}-nodes",
            sku_tier=sku_tier,
            identity=aks.KubernetesClusterIdentity(type="SystemAssigned"),
            # Who a person is comes from Entra, and what they may do from Azure roles: no certificate opens the cluster.
            local_account_disabled=True,
            azure_active_directory_role_based_access_control=(
                aks.KubernetesClusterAzureActiveDirectoryRoleBasedAccessControl(
                    azure_rbac_enabled=True, admin_group_object_ids=[operators]
                )
            ),
            api_server_access_profile=_authorized_networks(control_plane),
            # Else any command can be run in the cluster by who has a role on it, whatever the network.
            run_command_enabled=False,
            oidc_issuer_enabled=True,
            workload_identity_enabled=True,
            network_profile=_network(),
            default_node_pool=_node_pool(node_pool, tags),
            oms_agent=aks.KubernetesClusterOmsAgent(
                log_analytics_workspace_id=logs.workspace.id, msi_auth_for_monitoring_enabled=True
            ),
            image_cleaner_enabled=True,
            image_cleaner_interval_hours=7 * 24,
            automatic_upgrade_channel=upgrade_channel,
            node_os_upgrade_channel="NodeImage",
            maintenance_window_auto_upgrade=aks.KubernetesClusterMaintenanceWindowAutoUpgrade(
                frequency="Weekly", day_of_week="Sunday", **window
            ),
            maintenance_window_node_os=aks.KubernetesClusterMaintenanceWindowNodeOs(frequency="Daily", **window),
            tags=dict(tags),
            lifecycle=TerraformResourceLifecycle(prevent_destroy=protected),
        )
        logs.collect_from(self.cluster.id)
        registry.grant_pull(self, "pull_role", principal_id=self.cluster.kubelet_identity.object_id)


def _authorized_networks(control_plane: Exposure) -> aks.KubernetesClusterApiServerAccessProfile | None:
    # Without the block the address answers everybody; 0.0.0.0/0 is no range that AKS takes.
    if control_plane.is_world:
        return None
    return aks.KubernetesClusterApiServerAccessProfile(authorized_ip_ranges=list(control_plane.ranges))


def _network() -> aks.KubernetesClusterNetworkProfile:
    return aks.KubernetesClusterNetworkProfile(
        network_plugin="azure",
        network_plugin_mode="overlay",
        network_data_plane="cilium",
        network_policy="cilium",
        load_balancer_sku="standard",
        outbound_type="loadBalancer",
    )


def _node_pool(size: AksNodePoolSize, tags: Mapping[str, str]) -> aks.KubernetesClusterDefaultNodePool:
    return aks.KubernetesClusterDefaultNodePool(
        name="default",
        vm_size=size.machine_type,
        auto_scaling_enabled=True,
        min_count=size.min_nodes,
        max_count=size.max_nodes,
        max_pods=MAX_PODS,
        os_disk_size_gb=size.disk_gigabytes,
        os_sku="Ubuntu",
        # Another VM size or disk moves the pods through a second pool of this name, and does not replace the cluster.
        temporary_name_for_rotation="rotating",
        # What AKS uses anyway; left out, a later plan would want to remove it, or to replace the cluster
        # (https://github.com/hashicorp/terraform-provider-azurerm/issues/26568).
        upgrade_settings=aks.KubernetesClusterDefaultNodePoolUpgradeSettings(
            max_surge="10%", drain_timeout_in_minutes=30, node_soak_duration_in_minutes=0
        ),
        tags=dict(tags),
    )
