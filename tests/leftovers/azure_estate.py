"""What AKS leaves when a cluster goes and its resource groups do not: one of each kind, for whichever cluster."""

from dataclasses import dataclass, field

from tests.leftovers.fake_azure import SUBSCRIPTION, AzureWorld

_STANDARD = {"name": "Standard"}


@dataclass(frozen=True)
class Remains:
    """Whose they are.

    Attributes:
        name: Of the cluster and of its log workspace.
        environment: What the tag says; None for none.
        nodes: The node resource group's name, if AKS chose it.
        managed_by: Who manages that, if not the cluster.
    """

    name: str
    environment: str | None = None
    nodes: str | None = None
    managed_by: str | None = None

    @property
    def tags(self) -> dict[str, str]:
        return {"environment": self.environment, "managed-by": "modelyard"} if self.environment else {}

    @property
    def group(self) -> str:
        return f"{self.name}-cluster"

    @property
    def node_group(self) -> str:
        return self.nodes or f"{self.name}-nodes"

    @property
    def cluster(self) -> str:
        # As Azure writes it there, with other capitals than elsewhere.
        place = f"/subscriptions/{SUBSCRIPTION}/resourcegroups/{self.group}"
        return f"{place}/providers/Microsoft.ContainerService/managedClusters/{self.name}"


def plant_all(world: AzureWorld, whose: Remains) -> set[str]:
    """Everything; gives the ids."""
    return {*plant_groups(world, whose), *plant_nodes(world, whose), *plant_logs(world, whose)}


def plant_groups(world: AzureWorld, whose: Remains) -> set[str]:
    return {
        world.plant_group(whose.group, tags=whose.tags),
        world.plant_group(whose.node_group, managed_by=whose.managed_by or whose.cluster),
    }


def plant_nodes(world: AzureWorld, whose: Remains) -> set[str]:
    """What is in the node resource group; disks and interfaces carry tags of Kubernetes, and none of ours."""
    nodes = _Nodes(world, whose)
    nodes.plant("Microsoft.ManagedIdentity/userAssignedIdentities", f"{whose.name}-agentpool", {})
    security = nodes.plant("Microsoft.Network/networkSecurityGroups", "aks-agentpool-nsg")
    subnet = nodes.plant_network(security)
    nodes.plant("Microsoft.Network/privateEndpoints", "kube-apiserver", properties={"subnet": {"id": subnet}})
    nodes.plant_pool(subnet, nodes.plant_balancer())
    nodes.plant_machine(subnet, security, nodes.plant_disk())
    return nodes.planted


@dataclass
class _Nodes:
    world: AzureWorld
    whose: Remains
    planted: set[str] = field(default_factory=set)

    def plant(self, type_: str, name: str, tags: dict[str, str] | None = None, **fields: object) -> str:
        """Gives the id."""
        tags = self.whose.tags if tags is None else tags
        id_ = self.world.plant(self.whose.node_group, type_, name, tags=tags, **fields)
        self.planted.add(id_)
        return id_

    def plant_network(self, security: str) -> str:
        """Gives the subnet."""
        routes = self.plant("Microsoft.Network/routeTables", "aks-agentpool-routetable", {})
        outbound = self.plant("Microsoft.Network/publicIPAddresses", "outbound", {}, sku=_STANDARD)
        addresses = {"publicIpAddresses": [{"id": outbound}]}
        gateway = self.plant("Microsoft.Network/natGateways", "nat", {}, properties=addresses, sku=_STANDARD)
        subnet = {
            "networkSecurityGroup": {"id": security},
            "routeTable": {"id": routes},
            "natGateway": {"id": gateway},
        }
        network = self.plant(
            "Microsoft.Network/virtualNetworks",
            "aks-vnet",
            properties={"subnets": [{"name": "aks-subnet", "properties": subnet}]},
        )
        return f"{network}/subnets/aks-subnet"

    def plant_balancer(self) -> str:
        """With its address."""
        address = self.plant("Microsoft.Network/publicIPAddresses", f"kubernetes-{self.whose.name}", sku=_STANDARD)
        return self.plant(
            "Microsoft.Network/loadBalancers",
            "kubernetes",
            sku=_STANDARD,
            properties={
                "frontendIPConfigurations": [{"name": "one", "properties": {"publicIPAddress": {"id": address}}}],
                "loadBalancingRules": [{"name": f"tcp-{number}"} for number in range(7)],
            },
        )

    def plant_pool(self, subnet: str, balancer: str) -> None:
        """A scale set behind the balancer."""
        address = {
            "name": "one",
            "properties": {
                "subnet": {"id": subnet},
                "loadBalancerBackendAddressPools": [{"id": f"{balancer}/backendAddressPools/kubernetes"}],
            },
        }
        interfaces = [{"name": "one", "properties": {"ipConfigurations": [address]}}]
        self.plant(
            "Microsoft.Compute/virtualMachineScaleSets",
            "aks-default-vmss",
            sku={"name": "Standard_D2s_v5", "capacity": 2},
            properties={"virtualMachineProfile": {"networkProfile": {"networkInterfaceConfigurations": interfaces}}},
        )

    def plant_disk(self) -> str:
        """A claim's disk; its snapshot, too."""
        disk = self.plant(
            "Microsoft.Compute/disks",
            f"pvc-{self.whose.name}",
            {
                "kubernetes.io-created-for-pvc-name": "notebook",
                "kubernetes.io-created-for-pvc-namespace": "iris",
                "k8s-azure-created-by": "kubernetes-azure-dd",
            },
            sku={"name": "StandardSSD_LRS"},
            properties={"diskSizeGB": 10, "diskState": "Attached"},
        )
        self.plant(
            "Microsoft.Compute/snapshots",
            "snapshot-of-a-class",
            {},
            sku={"name": "Standard_LRS"},
            properties={
                "diskSizeGB": 10,
                "creationData": {"createOption": "Copy", "sourceResourceId": disk},
                "provisioningState": "Succeeded",
            },
        )
        return disk

    def plant_machine(self, subnet: str, security: str, disk: str) -> None:
        """One beside the pool, with the disk and an interface."""
        interface = self.plant(
            "Microsoft.Network/networkInterfaces",
            "machine-nic",
            {},
            properties={
                "ipConfigurations": [{"name": "one", "properties": {"subnet": {"id": subnet}}}],
                "networkSecurityGroup": {"id": security},
            },
        )
        self.plant(
            "Microsoft.Compute/virtualMachines",
            "aks-machine",
            {},
            properties={
                "hardwareProfile": {"vmSize": "Standard_D2s_v5"},
                "networkProfile": {"networkInterfaces": [{"id": interface}]},
                "storageProfile": {"dataDisks": [{"lun": 0, "createOption": "Attach", "managedDisk": {"id": disk}}]},
            },
        )


def plant_logs(world: AzureWorld, whose: Remains) -> set[str]:
    workspace = world.plant(whose.group, "Microsoft.OperationalInsights/workspaces", whose.name, tags=whose.tags)
    endpoint = world.plant(
        whose.group, "Microsoft.Insights/dataCollectionEndpoints", f"{whose.name}-containers", tags=whose.tags
    )
    return {
        workspace,
        endpoint,
        world.plant(
            whose.group,
            "Microsoft.Insights/dataCollectionRules",
            f"{whose.name}-containers",
            tags=whose.tags,
            properties={
                "dataCollectionEndpointId": endpoint,
                "destinations": {"logAnalytics": [{"name": "workspace", "workspaceResourceId": workspace}]},
            },
        ),
        world.plant(
            whose.group,
            "Microsoft.OperationsManagement/solutions",
            f"ContainerInsights({whose.name})",
            properties={"workspaceResourceId": workspace},
        ),
    }


def plant_bin(world: AzureWorld, whose: Remains) -> str:
    """A workspace that went without force, alone."""
    id_ = world.plant(whose.group, "Microsoft.OperationalInsights/workspaces", whose.name)
    world.bin[id_.lower()] = world.things.pop(id_.lower())
    return id_
