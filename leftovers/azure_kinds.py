"""The kinds of things that AKS and its monitoring make outside Terraform, as Azure's resource providers name them."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class Kind:
    """A type of resource.

    Attributes:
        name: In words.
        type: The resource provider's name for it.
        api_version: With which it is read and deleted: what Azure's client library of the provider sends.
        step: When it is deleted: users come before what they use, and groups last.
    """

    name: str
    type: str
    api_version: str
    step: int


_COMPUTE: Final = "2026-04-01"
_DISKS: Final = "2026-03-02"
_NETWORK: Final = "2026-03-01"
_MONITOR: Final = "2023-03-11"

SCALE_SET: Final = Kind("scale set", "Microsoft.Compute/virtualMachineScaleSets", _COMPUTE, 10)
MACHINE: Final = Kind("virtual machine", "Microsoft.Compute/virtualMachines", _COMPUTE, 10)
PRIVATE_ENDPOINT: Final = Kind("private endpoint", "Microsoft.Network/privateEndpoints", _NETWORK, 20)
LOAD_BALANCER: Final = Kind("load balancer", "Microsoft.Network/loadBalancers", _NETWORK, 20)
INTERFACE: Final = Kind("network interface", "Microsoft.Network/networkInterfaces", _NETWORK, 30)
DISK: Final = Kind("disk", "Microsoft.Compute/disks", _DISKS, 40)
SNAPSHOT: Final = Kind("snapshot", "Microsoft.Compute/snapshots", _DISKS, 40)
VIRTUAL_NETWORK: Final = Kind("virtual network", "Microsoft.Network/virtualNetworks", _NETWORK, 50)
NAT_GATEWAY: Final = Kind("NAT gateway", "Microsoft.Network/natGateways", _NETWORK, 60)
SECURITY_GROUP: Final = Kind("network security group", "Microsoft.Network/networkSecurityGroups", _NETWORK, 60)
ROUTE_TABLE: Final = Kind("route table", "Microsoft.Network/routeTables", _NETWORK, 60)
ADDRESS: Final = Kind("public address", "Microsoft.Network/publicIPAddresses", _NETWORK, 65)
RULE: Final = Kind("data collection rule", "Microsoft.Insights/dataCollectionRules", _MONITOR, 70)
ENDPOINT: Final = Kind("data collection endpoint", "Microsoft.Insights/dataCollectionEndpoints", _MONITOR, 72)
SOLUTION: Final = Kind("monitoring solution", "Microsoft.OperationsManagement/solutions", "2015-11-01-preview", 74)
WORKSPACE: Final = Kind("log workspace", "Microsoft.OperationalInsights/workspaces", "2025-07-01", 76)
IDENTITY: Final = Kind("managed identity", "Microsoft.ManagedIdentity/userAssignedIdentities", "2023-01-31", 80)

#: Those that Azure lists by subscription.
LISTED: Final[tuple[Kind, ...]] = (
    SCALE_SET,
    MACHINE,
    PRIVATE_ENDPOINT,
    LOAD_BALANCER,
    INTERFACE,
    DISK,
    SNAPSHOT,
    VIRTUAL_NETWORK,
    NAT_GATEWAY,
    SECURITY_GROUP,
    ROUTE_TABLE,
    ADDRESS,
    RULE,
    ENDPOINT,
    SOLUTION,
    WORKSPACE,
    IDENTITY,
)

#: Deleted without `force`, it holds its name for 14 days. It is in no listing of resources.
DELETED_WORKSPACE: Final = Kind("deleted log workspace", WORKSPACE.type, WORKSPACE.api_version, 78)
NODE_GROUP: Final = Kind("node resource group", "Microsoft.Resources/resourceGroups", "2025-04-01", 90)
CLUSTER_GROUP: Final = Kind("resource group", "Microsoft.Resources/resourceGroups", "2025-04-01", 95)

#: The cluster itself, which is asked for and never deleted here.
CLUSTER: Final = Kind("cluster", "Microsoft.ContainerService/managedClusters", "2026-08-01", 0)
