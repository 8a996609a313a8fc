"""The GKE cluster that services run on."""

from modelyard.gcp.cluster import GkeCluster, GkeClusterRef
from modelyard.gcp.node_pool import NodePoolSize

from cdktf import TerraformStack
from cdktf_cdktf_provider_google.provider import GoogleProvider
from constructs import Construct

from stacks.gke.artifacts import ArtifactsStack
from stacks.gke.registry import RegistryStack
from stacks.gke.settings import GkeSettings
from stacks.gke.state import StateStack


class ClusterStack(TerraformStack):
    """Network, regional cluster and node pool; `ref` is the way to it."""

    def __init__(
        self,
        scope: Construct,
        settings: GkeSettings,
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
        GoogleProvider(self, "google", project=settings.project_id, region=settings.region)
        pool = settings.cluster.node_pool
        self.ref = GkeClusterRef(
            project_id=settings.project_id,
            region=settings.region,
            name=settings.name,
            machine_type=pool.machine_type,
        )
        GkeCluster(
            self,
            "gke",
            ref=self.ref,
            registry=registry.ref,
            node_pool=NodePoolSize(
                machine_type=pool.machine_type,
                preemptible=pool.preemptible,
                min_nodes=pool.min_nodes,
                max_nodes=pool.max_nodes,
                disk_gigabytes=pool.disk_gigabytes,
            ),
            zones=settings.cluster.zones,
            private_nodes=settings.cluster.private_nodes,
            control_plane=settings.cluster.control_plane_ranges,
            release_channel=settings.cluster.release_channel,
            maintenance_start=settings.cluster.maintenance_start,
            deletion_protection=settings.is_protected,
            suspended=settings.suspended is not None,
            labels=settings.labels,
        )
