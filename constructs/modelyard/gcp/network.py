"""The VPC-native network of a cluster."""

from cdktf import ITerraformDependable
from cdktf_cdktf_provider_google import compute_router_nat as nat
from cdktf_cdktf_provider_google import compute_subnetwork as subnetwork
from cdktf_cdktf_provider_google.compute_network import ComputeNetwork
from cdktf_cdktf_provider_google.compute_router import ComputeRouter
from constructs import Construct

PODS_RANGE = "pods"
SERVICES_RANGE = "services"


class ClusterNetwork(Construct):
    """One network and one subnetwork with secondary ranges for pods and Services.

    Args:
        scope: The stack.
        id_: The construct's id.
        name: Of the network and what is in it.
        project_id: The project.
        region: The region.
        private_nodes: Whether nodes have no public address; adds Cloud NAT for their way out, which is billed by the
            hour for each node that uses it and by the GiB that passes.
        wait_for: The Compute API.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        name: str,
        project_id: str,
        region: str,
        private_nodes: bool,
        wait_for: ITerraformDependable,
    ) -> None:
        super().__init__(scope, id_)
        self.network = ComputeNetwork(
            self,
            "network",
            name=name,
            project=project_id,
            auto_create_subnetworks=False,
            routing_mode="REGIONAL",
            depends_on=[wait_for],
        )
        self.subnetwork = subnetwork.ComputeSubnetwork(
            self,
            "subnetwork",
            name=name,
            project=project_id,
            region=region,
            network=self.network.id,
            # 4,092 nodes; 1,024 nodes of 110 pods (a /24 each); 4,096 Services.
            ip_cidr_range="10.0.0.0/20",
            secondary_ip_range=[
                subnetwork.ComputeSubnetworkSecondaryIpRange(range_name=PODS_RANGE, ip_cidr_range="10.4.0.0/14"),
                subnetwork.ComputeSubnetworkSecondaryIpRange(range_name=SERVICES_RANGE, ip_cidr_range="10.8.0.0/20"),
            ],
            private_ip_google_access=True,
            stack_type="IPV4_ONLY",
        )
        if private_nodes:
            self._add_nat(name, project_id, region)

    def _add_nat(self, name: str, project_id: str, region: str) -> None:
        router = ComputeRouter(self, "router", name=name, project=project_id, region=region, network=self.network.id)
        nat.ComputeRouterNat(
            self,
            "nat",
            name=name,
            project=project_id,
            region=region,
            router=router.name,
            nat_ip_allocate_option="AUTO_ONLY",
            source_subnetwork_ip_ranges_to_nat="LIST_OF_SUBNETWORKS",
            subnetwork=[
                nat.ComputeRouterNatSubnetwork(name=self.subnetwork.id, source_ip_ranges_to_nat=["ALL_IP_RANGES"])
            ],
            log_config=nat.ComputeRouterNatLogConfig(enable=True, filter="ERRORS_ONLY"),
        )
