"""The AKS cluster that services run on."""

from typing import Final

from modelyard.azure.cluster import AksCluster, AksClusterRef, AksNodePoolSize
from modelyard.azure.provider import connect_azure

from cdktf import TerraformStack
from constructs import Construct

from stacks.aks.artifacts import ArtifactsStack
from stacks.aks.registry import RegistryStack
from stacks.aks.settings import AksSettings
from stacks.aks.state import StateStack

#: Resource providers of what the cluster is made of; the last one is the home of collection rules.
NAMESPACES: Final = ("Microsoft.ContainerService", "Microsoft.OperationalInsights", "Microsoft.Insights")


class ClusterStack(TerraformStack):
    """Cluster, node pool and logs; `ref` is the way to it."""

    def __init__(
        self,
        scope: Construct,
        settings: AksSettings,
        *,
        state: StateStack,
        registry: RegistryStack,
        artifacts: ArtifactsStack,
    ) -> None:
        super().__init__(scope, settings.stack_id("cluster"))
        self.add_dependency(registry)
        # What costs goes first: artifacts may stop a destroy.
        self.add_dependency(artifacts)
        state.store.keep(self)
        connect_azure(
            self,
            subscription_id=settings.subscription_id,
            register=NAMESPACES,
            protected=settings.is_protected,
        )
        cluster = settings.cluster
        self.ref = AksClusterRef(
            subscription_id=settings.subscription_id,
            resource_group=settings.stack_id("cluster"),
            name=settings.name,
            machine_type=cluster.node_pool.machine_type,
        )
        AksCluster(
            self,
            "aks",
            ref=self.ref,
            location=settings.location,
            registry=registry.ref,
            logs_retention_days=cluster.logs.retention_days,
            logs_daily_gigabytes=cluster.logs.daily_gigabytes,
            node_pool=AksNodePoolSize(
                machine_type=cluster.node_pool.machine_type,
                min_nodes=cluster.node_pool.min_nodes,
                max_nodes=cluster.node_pool.max_nodes,
                disk_gigabytes=cluster.node_pool.disk_gigabytes,
            ),
            control_plane=cluster.control_plane_ranges,
            operators=settings.operators_group_id,
            sku_tier=cluster.sku_tier,
            upgrade_channel=cluster.upgrade_channel,
            maintenance_start=cluster.maintenance_start,
            protected=settings.is_protected,
            tags=settings.labels,
        )
