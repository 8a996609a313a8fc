"""What AKS leaves when a cluster goes and its resource groups do not: one of each kind, for whichever cluster."""

from dataclasses import dataclass

from tests.leftovers.fake_azure import SUBSCRIPTION, AzureWorld


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

    def plant(type_: str, name: str, tags: dict[str, str] | None = None, **fields: object) -> str:
        return world.plant(whose.node_group, type_, name, tags=whose.tags if tags is None else tags, **fields)

    standard = {"name": "Standard"}
    security = plant("Microsoft.Network/networkSecurityGroups", "aks-agentpool-nsg")
    routes = plant("Microsoft.Network/routeTables", "aks-agentpool-routetable", {})
    address = plant("Microsoft.Network/publicIPAddresses", f"kubernetes-{whose.name}", sku=standard)
    outbound = plant("Microsoft.Network/publicIPAddresses", "outbound", {}, sku=standard)
    gateway = plant(
        "Microsoft.Network/natGateways", "nat", {}, properties={"publicIpAddresses": [{"id": outbound}]}, sku=standard
    )
    network = plant(
        "Microsoft.Network/virtualNetworks",
        "aks-vnet",
        properties={
            "subnets": [
                {
                    "name": "aks-subnet",
                    "properties": {
                        "networkSecurityGroup": {"id": security},
                        "routeTable": {"id": routes},
                        "natGateway": {"id": gateway},
                    },
                }
            ]
        },
    )
    subnet = f"{network}/subnets/aks-subnet"
    balancer = plant(
        "Microsoft.Network/loadBalancers",
        "kubernetes",
        sku=standard,
        properties={
            "frontendIPConfigurations": [{"name": "one", "properties": {"publicIPAddress": {"id": address}}}],
            "loadBalancingRules": [{"name": f"tcp-{number}"} for number in range(7)],
        },
    )
    interface = plant(
        "Microsoft.Network/networkInterfaces",
        "machine-nic",
        {},
        properties={
            "ipConfigurations": [{"name": "one", "properties": {"subnet": {"id": subnet}}}],
            "networkSecurityGroup": {"id": security},
        },
    )
    disk = plant(
        "Microsoft.Compute/disks",
        f"pvc-{whose.name}",
        {
            "kubernetes.io-created-for-pvc-name": "notebook",
            "kubernetes.io-created-for-pvc-namespace": "iris",
            "k8s-azure-created-by": "kubernetes-azure-dd",
        },
        sku={"name": "StandardSSD_LRS"},
        properties={"diskSizeGB": 10, "diskState": "Attached"},
    )
    return {
        security,
        routes,
        address,
        outbound,
        gateway,
        network,
        balancer,
        interface,
        disk,
        plant("Microsoft.Network/privateEndpoints", "kube-apiserver", properties={"subnet": {"id": subnet}}),
        plant(
            "Microsoft.Compute/virtualMachineScaleSets",
            "aks-default-vmss",
            sku={"name": "Standard_D2s_v5", "capacity": 2},
            properties={
                "virtualMachineProfile": {
                    "networkProfile": {
                        "networkInterfaceConfigurations": [
                            {
                                "name": "one",
                                "properties": {
                                    "ipConfigurations": [
                                        {
                                            "name": "one",
                                            "properties": {
                                                "subnet": {"id": subnet},
                                                "loadBalancerBackendAddressPools": [
                                                    {"id": f"{balancer}/backendAddressPools/kubernetes"}
                                                ],
                                            },
                                        }
                                    ]
                                },
                            }
                        ]
                    }
                }
            },
        ),
        plant(
            "Microsoft.Compute/virtualMachines",
            "aks-machine",
            {},
            properties={
                "hardwareProfile": {"vmSize": "Standard_D2s_v5"},
                "networkProfile": {"networkInterfaces": [{"id": interface}]},
                "storageProfile": {"dataDisks": [{"lun": 0, "createOption": "Attach", "managedDisk": {"id": disk}}]},
            },
        ),
        plant(
            "Microsoft.Compute/snapshots",
            "snapshot-of-a-class",
            {},
            sku={"name": "Standard_LRS"},
            properties={
                "diskSizeGB": 10,
                "creationData": {"createOption": "Copy", "sourceResourceId": disk},
                "provisioningState": "Succeeded",
            },
        ),
        plant("Microsoft.ManagedIdentity/userAssignedIdentities", f"{whose.name}-agentpool", {}),
    }


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
