"""What Azure makes and refuses, and Kubernetes behind an AKS cluster."""

import ipaddress
import re

import pytest

from simulator import World
from simulator.azurerm.cluster import AksCluster
from simulator.cluster import Capacity, Taint
from tests.simulator.azure_estate import (
    ACCESS,
    AZURE_IMAGE,
    AZURERM,
    LOCATION,
    OPERATORS,
    SUBSCRIPTION,
    TENANT,
    cluster,
    group,
    in_group,
    monitored_cluster,
    own_network,
    registry,
    registry_id,
    role,
    state_account,
)
from tests.simulator.conftest import NewTerraform
from tests.simulator.estate import Config, Terraform, deployment

# Real Terraform, or Node, again and again.
pytestmark = pytest.mark.slow

PROVIDER = {"azurerm": AZURERM}
ANNOTATION = {"service.beta.kubernetes.io/azure-load-balancer-internal": "true"}
INTERNAL = {
    "kubernetes_service_v1": {
        "web": {
            "metadata": {"name": "web", "annotations": ANNOTATION},
            "spec": {"type": "LoadBalancer", "port": [{"port": 80}], "selector": {"app": "web"}},
        }
    }
}
GROUPS = f"/subscriptions/{SUBSCRIPTION}/resourceGroups"


@pytest.fixture(scope="session")
def image_registry(world: World, new_terraform: NewTerraform) -> None:
    terraform = new_terraform()
    terraform.write(registry("acmemodels"), provider=PROVIDER)
    terraform.apply()
    world.set_built_images([*world.built_images(), AZURE_IMAGE])


def test_an_account_for_state_is_made_planned_without_change_and_destroyed(terraform: Terraform, world: World) -> None:
    terraform.write(state_account("acmestate"), provider=PROVIDER)
    terraform.apply()
    assert not terraform.has_changes()
    container = f"{GROUPS}/rg-acmestate/providers/Microsoft.Storage/storageAccounts/acmestate/blobServices/default"
    assert world.azurerm.keys("azurerm_storage_container") == [f"{container}/containers/tfstate"]
    terraform.destroy()
    assert [key for type_name, key in world.contents() if "acmestate" in key] == []


def test_a_resource_provider_must_be_registered(terraform: Terraform) -> None:
    provider = AZURERM | {"subscription_id": OPERATORS, "resource_providers_to_register": ["Microsoft.Network"]}
    registration = {"azurerm_resource_provider_registration": {"registration": {"name": "Microsoft.Network"}}}
    terraform.write(registry("unregistered") | registration, provider={"azurerm": provider})
    errors = terraform.refused()
    assert "The subscription is not registered to use namespace 'Microsoft.ContainerRegistry'" in errors
    assert 'The Resource Provider "Microsoft.Network" is automatically registered by Terraform' in errors


MISSING = [
    "ResourceGroupNotFound: Resource group 'missing' could not be found.",
    "'managedClusters/agentPools', because the parent resource '/subscriptions/",
    "The Resource 'Microsoft.OperationalInsights/workspaces/missing' under resource group 'rg-lost' was not found",
    "The Resource 'Microsoft.ContainerRegistry/registries/missing' under resource group 'rg-missing' was not found",
]


def test_what_a_resource_refers_to_must_exist(terraform: Terraform) -> None:
    logs = f"{GROUPS}/rg-lost/providers/Microsoft.OperationalInsights/workspaces/missing"
    clusters = "${azurerm_resource_group.group.id}/providers/Microsoft.ContainerService/managedClusters"
    resources = cluster("lost")
    resources["azurerm_kubernetes_cluster"]["cluster"]["oms_agent"] = {"log_analytics_workspace_id": logs}
    terraform.write(
        resources
        | {
            "azurerm_container_registry": {"lost": in_group("lost", sku="Basic", resource_group_name="missing")},
            "azurerm_kubernetes_cluster_node_pool": {
                "lost": {"name": "more", "kubernetes_cluster_id": f"{clusters}/missing", "vm_size": "Standard_D2s_v5"}
            },
            "azurerm_role_assignment": {"lost": role("AcrPull", registry_id("missing"), OPERATORS)},
        },
        provider=PROVIDER,
    )
    errors = terraform.refused()
    assert [error for error in MISSING if error not in errors] == []


def test_names_and_roles_are_given_once(image_registry: None, new_terraform: NewTerraform) -> None:
    first, second = new_terraform(), new_terraform()
    roles = {"azurerm_role_assignment": {"twice": role("AcrPush", registry_id("acmemodels"), OPERATORS)}}
    first.write(group("rg-twice") | account("twice") | roles, provider=PROVIDER)
    first.apply()
    resources = group("rg-thrice") | account("twice") | roles
    resources["azurerm_resource_group"]["existing"] = {"name": "rg-twice", "location": LOCATION}
    resources["azurerm_container_registry"] = {"twice": in_group("acmemodels", sku="Basic")}
    second.write(resources, provider=PROVIDER)
    errors = second.refused()
    assert f'A resource with the ID "{GROUPS}/rg-twice" already exists - to be managed via Terraform' in errors
    assert "StorageAccountAlreadyTaken: The storage account named twice is already taken." in errors
    assert "acmemodels.azurecr.io is already in use" in errors
    assert "RoleAssignmentExists: The role assignment already exists." in errors


def own_role(name: str) -> Config:
    return {
        "name": name,
        "scope": f"/subscriptions/{SUBSCRIPTION}",
        "permissions": {"actions": ["Microsoft.ContainerService/managedClusters/*"]},
    }


def test_a_role_of_ones_own_is_assigned_and_stays_as_long_as_somebody_has_it(
    new_terraform: NewTerraform, world: World
) -> None:
    terraform, other = new_terraform(), new_terraform()
    definition = "${azurerm_role_definition.own.role_definition_resource_id}"
    grant = {"scope": f"/subscriptions/{SUBSCRIPTION}", "role_definition_id": definition, "principal_id": OPERATORS}
    terraform.write(
        {"azurerm_role_definition": {"own": own_role("Clusters")}, "azurerm_role_assignment": {"own": grant}},
        provider=PROVIDER,
    )
    terraform.apply()
    assert not terraform.has_changes()
    (assignment,) = [
        one
        for one in world.azurerm.all("azurerm_role_assignment").values()
        if one["role_definition_name"] == "Clusters"
    ]
    assert assignment["scope"] == f"/subscriptions/{SUBSCRIPTION}"

    elsewhere = {"scope": f"{GROUPS}/rg-elsewhere"}
    other.write({"azurerm_role_definition": {"same": own_role("Clusters") | elsewhere}}, provider=PROVIDER)
    assert "RoleDefinitionWithSameNameExists" in other.refused()

    # Each create has an id of its own, so that Azure refuses the name, and the provider no id.
    again = new_terraform()
    again.write({"azurerm_role_definition": {"own": own_role("Clusters")}}, provider=PROVIDER)
    assert "RoleDefinitionWithSameNameExists" in again.refused()
    again.write(
        {"azurerm_role_assignment": {"own": grant | {"role_definition_id": assignment["role_definition_id"]}}},
        provider=PROVIDER,
    )
    assert "RoleAssignmentExists" in again.refused()

    terraform.run("state", "rm", "azurerm_role_assignment.own")
    assert "RoleDefinitionHasAssignments" in terraform.refused("destroy")
    world.azurerm.delete("azurerm_role_assignment", assignment["id"])
    terraform.destroy()


def account(name: str) -> Config:
    arguments = in_group(name, account_tier="Standard", account_replication_type="LRS")
    return {"azurerm_storage_account": {"account": arguments}}


def test_a_resource_group_with_foreign_resources_stays_unless_told_otherwise(
    terraform: Terraform, world: World
) -> None:
    terraform.write(group("rg-shared"), provider=PROVIDER)
    terraform.apply()
    network = f"{GROUPS}/rg-shared/providers/Microsoft.Network/virtualNetworks/by-hand"
    world.azurerm.put("azurerm_virtual_network", network, {"id": network})
    error = terraform.refused("destroy")
    assert 'deleting Resource Group "rg-shared": the Resource Group still contains Resources.' in error
    assert network in error

    features = {"resource_group": {"prevent_deletion_if_contains_resources": False}}
    terraform.write(group("rg-shared"), provider={"azurerm": AZURERM | {"features": features}})
    terraform.destroy()
    assert world.azurerm.get("azurerm_virtual_network", network) is None


def test_a_monitored_cluster_runs_what_its_nodes_may_pull(
    image_registry: None, new_terraform: NewTerraform, world: World
) -> None:
    estate, stack = new_terraform(), new_terraform()
    resources = monitored_cluster("acme")
    pull = resources["azurerm_role_assignment"].pop("pull")
    estate.write(resources, provider=PROVIDER, output={"access": {"value": ACCESS, "sensitive": True}})
    estate.apply()
    access = estate.outputs()["access"]
    assert re.fullmatch(r"https://acme-[0-9a-f]{8}\.hcp\.westeurope\.azmk8s\.io:443", access["host"])
    assert [access[name] for name in ("client_certificate", "client_key", "password")] == ["", "", ""]

    web = {"web": deployment("web", "default", image=AZURE_IMAGE)}
    large = {"large": deployment("large", "default", image=AZURE_IMAGE, cpu="1901m")}
    found = {"azurerm_kubernetes_cluster": {"cluster": {"name": "acme", "resource_group_name": "rg-acme"}}}
    host = ACCESS.replace("azurerm_", "data.azurerm_").replace("}", ".host}")
    service: Config = {
        "provider": PROVIDER | {"kubernetes": {"host": host}},
        "data": found,
        "output": {"address": {"value": "${kubernetes_service_v1.web.status[0].load_balancer[0].ingress[0].ip}"}},
    }
    stack.write({"kubernetes_deployment_v1": web | large} | INTERNAL, **service)
    errors = stack.refused()
    assert f"lacks AcrPull on {registry_id('acmemodels')}" in errors
    assert "default/large: FailedScheduling: 0/3 nodes are available: 3 Insufficient cpu." in errors

    resources["azurerm_role_assignment"]["pull"] = pull
    estate.write(resources, provider=PROVIDER)
    estate.apply()
    assert not estate.has_changes()
    stack.write({"kubernetes_deployment_v1": web} | INTERNAL, **service)
    stack.apply()
    assert ipaddress.ip_address(stack.outputs()["address"]) in ipaddress.ip_network("10.0.0.0/8")


def test_a_cluster_with_local_accounts_has_markers_for_keys(terraform: Terraform) -> None:
    resources = cluster("open")
    arguments = resources["azurerm_kubernetes_cluster"]["cluster"] | {"local_account_disabled": False}
    del arguments["azure_active_directory_role_based_access_control"]
    resources["azurerm_kubernetes_cluster"] = {"cluster": arguments}
    # One type without rules of its own.
    vault = {"azurerm_key_vault": {"vault": in_group("acme-vault", tenant_id=TENANT, sku_name="standard")}}
    access = {"access": {"value": ACCESS, "sensitive": True}}
    terraform.write(resources | own_network("open") | vault, provider=PROVIDER, output=access)
    terraform.apply()
    assert not terraform.has_changes()
    given = terraform.outputs()["access"]
    keys = [given[name] for name in ("client_certificate", "client_key", "password")]
    assert keys == ["simulated-no-credential"] * 3
    terraform.destroy()


def test_pools_offer_their_largest_size_and_spot_nodes_are_tainted(world: World) -> None:
    default = {"name": "default", "vm_size": "Standard_D2s_v5", "auto_scaling_enabled": False, "node_count": 2}
    spot = {
        "name": "spot",
        "kubernetes_cluster_id": "/pools",
        "vm_size": "Standard_Unheard_of",
        "auto_scaling_enabled": True,
        "max_count": 7,
        "mode": "User",
        "priority": "Spot",
        "node_labels": {"workload": "batch"},
        "node_taints": ["workload=batch:NoExecute"],
    }
    world.azurerm.put("azurerm_kubernetes_cluster_node_pool", "/pools/agentPools/spot", spot)
    cluster = AksCluster({"id": "/pools", "default_node_pool": [default | {"node_labels": None}]}, world.azurerm)

    system, batch = cluster.pools()

    assert (system.nodes, system.taints, system.capacity) == (2, (), Capacity(1900, 6044))
    assert (batch.nodes, batch.capacity) == (7, None)
    assert batch.labels["workload"] == "batch"
    priority = Taint("kubernetes.azure.com/scalesetpriority", "spot", "NoSchedule")
    assert batch.taints == (Taint("workload", "batch", "NoExecute"), priority)
