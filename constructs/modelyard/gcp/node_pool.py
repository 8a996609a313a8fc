"""The cluster's own node pool and the account its nodes run as."""

from collections.abc import Mapping
from dataclasses import dataclass

from modelyard.gcp.image_registry import ArtifactRegistryRef
from modelyard.names import dns_label

from cdktf import ITerraformDependable, TerraformResourceLifecycle
from cdktf_cdktf_provider_google import container_node_pool as gke
from cdktf_cdktf_provider_google.project_iam_member import ProjectIamMember
from cdktf_cdktf_provider_google.service_account import ServiceAccount
from constructs import Construct

# IAM allows service-account ids of 6 to 30 characters.
_LONGEST_ACCOUNT_ID = 30


@dataclass(frozen=True, kw_only=True)
class NodePoolSize:
    """What the pool is made of.

    Attributes:
        machine_type: For example `n1-standard-1`.
        preemptible: Whether Google may take a node back at any time, and after 24 hours does, at a lower price.
        min_nodes: Over all zones, 1 or more.
        max_nodes: Over all zones, at least min_nodes.
        disk_gigabytes: Boot disk of each node, in GB.
    """

    machine_type: str
    preemptible: bool
    min_nodes: int
    max_nodes: int
    disk_gigabytes: int


class NodeAccount(Construct):
    """A service account that may write logs and metrics and pull images, and nothing else.

    Args:
        scope: The stack.
        id_: The construct's id.
        name: The cluster's name.
        project_id: The project.
        registry: Where the nodes pull images from.
        wait_for: The IAM API.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        name: str,
        project_id: str,
        registry: ArtifactRegistryRef,
        wait_for: ITerraformDependable,
    ) -> None:
        super().__init__(scope, id_)
        account = ServiceAccount(
            self,
            "account",
            project=project_id,
            account_id=dns_label(f"{name}-nodes", what="the node account's id", longest=_LONGEST_ACCOUNT_ID),
            display_name=f"Nodes of the cluster {name}",
            depends_on=[wait_for],
        )
        self.email = account.email
        # Logs, metrics and autoscaling metadata: https://cloud.google.com/iam/docs/roles-permissions/container
        minimum = ProjectIamMember(
            self,
            "minimum_role",
            project=project_id,
            role="roles/container.defaultNodeServiceAccount",
            member=account.member,
        )
        pull = registry.grant_pull(self, "pull_role", member=account.member)
        #: What a node needs before it starts.
        self.grants = (minimum, pull)


class NodePool(Construct):
    """Autoscaled, repaired and upgraded nodes with a secured boot chain and no instance credentials for pods.

    Args:
        scope: The stack.
        id_: The construct's id.
        cluster: The cluster's resource id.
        project_id: The project.
        region: The region.
        size: Machines and their number.
        account: What the nodes run as.
        zone_count: Over how many zones the cluster spreads.
        suspended: Whether it has no nodes for now.
        labels: For billing and clean-up.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        cluster: str,
        project_id: str,
        region: str,
        size: NodePoolSize,
        account: NodeAccount,
        zone_count: int,
        suspended: bool,
        labels: Mapping[str, str],
    ) -> None:
        super().__init__(scope, id_)
        self.pool = gke.ContainerNodePool(
            self,
            "pool",
            name="default",
            project=project_id,
            location=region,
            cluster=cluster,
            # A count for each zone; the autoscaler owns the number from then on.
            initial_node_count=max(1, size.min_nodes // zone_count),
            # Both are changed in place. Without a count the number stays as it is, and pods that wait for a node make
            # the autoscaler add one.
            node_count=0 if suspended else None,
            autoscaling=None if suspended else _autoscaling(size),
            management=gke.ContainerNodePoolManagement(auto_repair=True, auto_upgrade=True),
            upgrade_settings=gke.ContainerNodePoolUpgradeSettings(max_surge=1, max_unavailable=0, strategy="SURGE"),
            node_config=node_config(size, account, labels),
            lifecycle=TerraformResourceLifecycle(ignore_changes=["initial_node_count"]),
            depends_on=list(account.grants),
        )


def _autoscaling(size: NodePoolSize) -> gke.ContainerNodePoolAutoscaling:
    return gke.ContainerNodePoolAutoscaling(
        total_min_node_count=size.min_nodes,
        total_max_node_count=size.max_nodes,
        # Takes preemptible machines where there are any, instead of the same number in each zone.
        location_policy="ANY" if size.preemptible else "BALANCED",
    )


def node_config(size: NodePoolSize, account: NodeAccount, labels: Mapping[str, str]) -> gke.ContainerNodePoolNodeConfig:
    """What each machine of the pool is."""
    return gke.ContainerNodePoolNodeConfig(
        machine_type=size.machine_type,
        preemptible=size.preemptible,
        disk_size_gb=size.disk_gigabytes,
        disk_type="pd-standard",
        image_type="COS_CONTAINERD",
        service_account=account.email,
        # The account's roles decide; scopes are the older, coarser gate in front of them.
        oauth_scopes=["https://www.googleapis.com/auth/cloud-platform"],
        shielded_instance_config=gke.ContainerNodePoolNodeConfigShieldedInstanceConfig(
            enable_secure_boot=True, enable_integrity_monitoring=True
        ),
        workload_metadata_config=gke.ContainerNodePoolNodeConfigWorkloadMetadataConfig(mode="GKE_METADATA"),
        metadata={"disable-legacy-endpoints": "true"},
        resource_labels=dict(labels),
    )
