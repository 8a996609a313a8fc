"""That what is read and deleted by id is where Azure's typed libraries have it, under the version that they send."""

from collections.abc import Callable
from typing import Any

import pytest
from azure.identity import DefaultAzureCredential
from azure.mgmt.compute import ComputeManagementClient
from azure.mgmt.containerservice import ContainerServiceClient
from azure.mgmt.loganalytics import LogAnalyticsManagementClient
from azure.mgmt.monitor import MonitorManagementClient
from azure.mgmt.network import NetworkManagementClient
from azure.mgmt.resource.resources import ResourceManagementClient

from leftovers import azure_kinds as kinds
from leftovers.azure_kinds import Kind
from tests.leftovers.azure_estate import Remains, plant_all
from tests.leftovers.fake_azure import SUBSCRIPTION, AzureWorld

OURS = Remains("aks-dev", environment="aks-dev")
LIBRARIES: dict[Kind, tuple[Callable[..., Any], str]] = {
    kinds.SCALE_SET: (ComputeManagementClient, "virtual_machine_scale_sets"),
    kinds.MACHINE: (ComputeManagementClient, "virtual_machines"),
    kinds.DISK: (ComputeManagementClient, "disks"),
    kinds.SNAPSHOT: (ComputeManagementClient, "snapshots"),
    kinds.PRIVATE_ENDPOINT: (NetworkManagementClient, "private_endpoints"),
    kinds.LOAD_BALANCER: (NetworkManagementClient, "load_balancers"),
    kinds.INTERFACE: (NetworkManagementClient, "network_interfaces"),
    kinds.VIRTUAL_NETWORK: (NetworkManagementClient, "virtual_networks"),
    kinds.NAT_GATEWAY: (NetworkManagementClient, "nat_gateways"),
    kinds.SECURITY_GROUP: (NetworkManagementClient, "network_security_groups"),
    kinds.ROUTE_TABLE: (NetworkManagementClient, "route_tables"),
    kinds.ADDRESS: (NetworkManagementClient, "public_ip_addresses"),
    kinds.RULE: (MonitorManagementClient, "data_collection_rules"),
    kinds.ENDPOINT: (MonitorManagementClient, "data_collection_endpoints"),
    kinds.WORKSPACE: (LogAnalyticsManagementClient, "workspaces"),
    kinds.CLUSTER: (ContainerServiceClient, "managed_clusters"),
}


@pytest.mark.parametrize("kind", LIBRARIES, ids=lambda each: str(each.name))
def test_the_typed_library_reads_the_same_resource(azure_world: AzureWorld, kind: Kind) -> None:
    plant_all(azure_world, OURS)
    azure_world.plant(OURS.group, kinds.CLUSTER.type, "aks-dev", tags=OURS.tags)
    (planted,) = [body for body in azure_world.things.values() if body["type"] == kind.type][-1:]
    library, collection = LIBRARIES[kind]
    group = planted["id"].split("/")[4]

    client = library(
        DefaultAzureCredential(),
        SUBSCRIPTION,
        azure_world.url,
        credential_scopes=["https://management.azure.com/.default"],
    )
    read = getattr(client, collection).get(group, planted["name"])

    assert read.id == planted["id"]
    method, path, version = azure_world.requests[-1]
    assert (method, path.lower(), version) == ("GET", planted["id"].lower(), kind.api_version)


def test_every_other_kind_has_no_typed_library_here() -> None:
    assert set(kinds.LISTED) - LIBRARIES.keys() == {kinds.SOLUTION, kinds.IDENTITY}


def test_groups_and_the_bin_are_read_under_the_libraries_own_versions(azure_world: AzureWorld) -> None:
    arguments: dict[str, Any] = {"credential_scopes": ["https://management.azure.com/.default"]}
    client = ResourceManagementClient(DefaultAzureCredential(), SUBSCRIPTION, azure_world.url, **arguments)

    list(client.resource_groups.list())

    assert azure_world.requests[-1][2] == kinds.NODE_GROUP.api_version == kinds.CLUSTER_GROUP.api_version
