"""A regional GKE cluster without default node pool, and the way to it."""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote

from modelyard.cluster_access import ClusterAccess, LoginProgram
from modelyard.cluster_ref import ClusterRef
from modelyard.exposure import Exposure
from modelyard.gcp.image_registry import ArtifactRegistryRef
from modelyard.gcp.machine_types import node_capacity
from modelyard.gcp.network import PODS_RANGE, SERVICES_RANGE, ClusterNetwork
from modelyard.gcp.node_pool import NodeAccount, NodePool, NodePoolSize
from modelyard.gcp.project_services import enable_services
from modelyard.names import dns_label
from modelyard.node_capacity import NodeCapacity

from cdktf import Fn, TerraformResourceLifecycle, TerraformStack
from cdktf_cdktf_provider_google import container_cluster as gke
from cdktf_cdktf_provider_google.data_google_container_cluster import DataGoogleContainerCluster
from cdktf_cdktf_provider_google.provider import GoogleProvider
from constructs import Construct

# GKE allows 40: https://cloud.google.com/kubernetes-engine/docs/reference/rest/v1/projects.locations.clusters
_LONGEST_CLUSTER_NAME = 40
# A region's clusters use three of its zones unless told otherwise.
_DEFAULT_ZONE_COUNT = 3


@dataclass(frozen=True, kw_only=True)
class GkeClusterRef(ClusterRef):
    """A GKE cluster by its names.

    Attributes:
        project_id: The project that owns it.
        region: Where it is.
        name: The cluster's name.
        machine_type: Of its nodes.
    """

    project_id: str
    region: str
    name: str
    machine_type: str

    @property
    def node_capacity(self) -> NodeCapacity:
        """What a node offers to pods."""
        return node_capacity(self.machine_type)

    @property
    def internal_load_balancer_annotations(self) -> Mapping[str, str]:
        """Source: https://cloud.google.com/kubernetes-engine/docs/how-to/internal-load-balancing."""
        return {"networking.gke.io/load-balancer-type": "Internal"}

    def logs_url(self, *, namespace: str, pods: str) -> str:
        """Cloud Logging, to which GKE sends the logs of all pods; `Stream logs` there follows them.

        Source: https://cloud.google.com/logging/docs/view/logs-explorer-interface
        """
        query = "\n".join(
            [
                'resource.type="k8s_container"',
                f'resource.labels.project_id="{self.project_id}"',
                f'resource.labels.location="{self.region}"',
                f'resource.labels.cluster_name="{self.name}"',
                f'resource.labels.namespace_name="{namespace}"',
                f'resource.labels.pod_name=~"^{pods}$"',
            ]
        )
        return f"https://console.cloud.google.com/logs/query;query={quote(query, safe='')}?project={self.project_id}"

    def access(self, stack: TerraformStack) -> ClusterAccess:
        """Reads address and certificate at plan time; the credential comes from gcloud's plugin at run time."""
        GoogleProvider(stack, "google", project=self.project_id, region=self.region)
        cluster = DataGoogleContainerCluster(
            stack, "cluster", project=self.project_id, location=self.region, name=self.name
        )
        certificate = cluster.master_auth.get(0).cluster_ca_certificate
        return ClusterAccess(
            host=f"https://{cluster.endpoint}",
            cluster_ca_certificate=Fn.base64decode(certificate),
            login=LoginProgram(command="gke-gcloud-auth-plugin"),
        )


class GkeCluster(Construct):
    """Network, control plane and one node pool.

    Args:
        scope: The stack.
        id_: The construct's id.
        ref: Its names.
        registry: Where its nodes pull images from.
        node_pool: Machines and their number.
        zones: Zones of the region to use; empty for three of Google's choice.
        private_nodes: Whether nodes have no public address (see ClusterNetwork for what that costs).
        control_plane: Who may reach the Kubernetes API's public address.
        release_channel: `RAPID`, `REGULAR` or `STABLE`: how early new versions are taken.
        maintenance_start: When the daily window of four hours for upgrades begins, `HH:MM` in UTC.
        deletion_protection: Whether Terraform refuses to destroy it.
        suspended: Whether it has no nodes for now.
        labels: For billing and clean-up.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        ref: GkeClusterRef,
        registry: ArtifactRegistryRef,
        node_pool: NodePoolSize,
        zones: tuple[str, ...],
        private_nodes: bool,
        control_plane: Exposure,
        release_channel: str,
        maintenance_start: str,
        deletion_protection: bool,
        suspended: bool = False,
        labels: Mapping[str, str],
    ) -> None:
        super().__init__(scope, id_)
        compute, container, iam = enable_services(
            self,
            project_id=ref.project_id,
            services=["compute.googleapis.com", "container.googleapis.com", "iam.googleapis.com"],
        )
        place = {"project_id": ref.project_id, "region": ref.region}
        network = ClusterNetwork(self, "network", name=ref.name, private_nodes=private_nodes, wait_for=compute, **place)
        account = NodeAccount(self, "nodes", name=ref.name, project_id=ref.project_id, registry=registry, wait_for=iam)
        self.cluster = gke.ContainerCluster(
            self,
            "cluster",
            name=dns_label(ref.name, what="the cluster's name", longest=_LONGEST_CLUSTER_NAME),
            project=ref.project_id,
            location=ref.region,
            node_locations=list(zones) or None,
            deletion_protection=deletion_protection,
            resource_labels=dict(labels),
            # GKE makes no cluster without a first pool: it gets one node a zone for some minutes.
            remove_default_node_pool=True,
            initial_node_count=1,
            node_config=_first_nodes(account),
            lifecycle=TerraformResourceLifecycle(ignore_changes=["initial_node_count", "node_config"]),
            network=network.network.id,
            subnetwork=network.subnetwork.id,
            networking_mode="VPC_NATIVE",
            ip_allocation_policy=gke.ContainerClusterIpAllocationPolicy(
                cluster_secondary_range_name=PODS_RANGE, services_secondary_range_name=SERVICES_RANGE
            ),
            datapath_provider="ADVANCED_DATAPATH",
            # Dataplane V2 enforces NetworkPolicy by itself; the older enforcer must be off beside it.
            network_policy=gke.ContainerClusterNetworkPolicy(enabled=False),
            private_cluster_config=_private_nodes() if private_nodes else None,
            master_authorized_networks_config=_authorized_networks(control_plane),
            master_auth=_no_client_certificate(),
            workload_identity_config=gke.ContainerClusterWorkloadIdentityConfig(
                workload_pool=f"{ref.project_id}.svc.id.goog"
            ),
            enable_shielded_nodes=True,
            enable_intranode_visibility=True,
            enable_legacy_abac=False,
            release_channel=gke.ContainerClusterReleaseChannel(channel=release_channel),
            maintenance_policy=_daily_at(maintenance_start),
            logging_config=gke.ContainerClusterLoggingConfig(enable_components=["SYSTEM_COMPONENTS", "WORKLOADS"]),
            monitoring_config=_metrics_of_the_system(),
            cost_management_config=gke.ContainerClusterCostManagementConfig(enabled=True),
            depends_on=[container, *account.grants],
        )
        self.node_pool = NodePool(
            self,
            "node_pool",
            cluster=self.cluster.id,
            size=node_pool,
            account=account,
            zone_count=len(zones) or _DEFAULT_ZONE_COUNT,
            suspended=suspended,
            labels=labels,
            **place,
        )


def _first_nodes(account: NodeAccount) -> gke.ContainerClusterNodeConfig:
    # Never as the project's default account, which often may edit everything.
    return gke.ContainerClusterNodeConfig(
        service_account=account.email,
        workload_metadata_config=gke.ContainerClusterNodeConfigWorkloadMetadataConfig(mode="GKE_METADATA"),
        shielded_instance_config=gke.ContainerClusterNodeConfigShieldedInstanceConfig(
            enable_secure_boot=True, enable_integrity_monitoring=True
        ),
    )


def _no_client_certificate() -> gke.ContainerClusterMasterAuth:
    return gke.ContainerClusterMasterAuth(
        client_certificate_config=gke.ContainerClusterMasterAuthClientCertificateConfig(issue_client_certificate=False)
    )


def _daily_at(start: str) -> gke.ContainerClusterMaintenancePolicy:
    return gke.ContainerClusterMaintenancePolicy(
        daily_maintenance_window=gke.ContainerClusterMaintenancePolicyDailyMaintenanceWindow(start_time=start)
    )


def _metrics_of_the_system() -> gke.ContainerClusterMonitoringConfig:
    # Managed Prometheus bills each sample and takes CPU from every small node.
    return gke.ContainerClusterMonitoringConfig(
        enable_components=["SYSTEM_COMPONENTS"],
        managed_prometheus=gke.ContainerClusterMonitoringConfigManagedPrometheus(enabled=False),
    )


def _private_nodes() -> gke.ContainerClusterPrivateClusterConfig:
    # The API keeps a public address: who may use it is master_authorized_networks_config's matter.
    return gke.ContainerClusterPrivateClusterConfig(enable_private_nodes=True, enable_private_endpoint=False)


def _authorized_networks(control_plane: Exposure) -> gke.ContainerClusterMasterAuthorizedNetworksConfig:
    return gke.ContainerClusterMasterAuthorizedNetworksConfig(
        cidr_blocks=[
            gke.ContainerClusterMasterAuthorizedNetworksConfigCidrBlocks(cidr_block=cidr)
            for cidr in control_plane.ranges
        ],
        gcp_public_cidrs_access_enabled=False,
    )
