"""What the tests make of Azure: the resources of an environment on AKS."""

import json
from typing import Any

from tests.simulator.estate import Config

SUBSCRIPTION = "11111111-2222-3333-4444-555555555555"
LOCATION = "westeurope"
TENANT = "77777777-6666-5555-4444-333333333333"
OPERATORS = "99999999-8888-7777-6666-555555555555"
NAMESPACES = (
    "Microsoft.ContainerRegistry",
    "Microsoft.ContainerService",
    "Microsoft.Insights",
    "Microsoft.ManagedIdentity",
    "Microsoft.Network",
    "Microsoft.OperationalInsights",
    "Microsoft.Storage",
)
AZURERM: Config = {
    "subscription_id": SUBSCRIPTION,
    "features": {},
    "resource_provider_registrations": "none",
    "resource_providers_to_register": list(NAMESPACES),
    "storage_use_azuread": True,
}
AZURE_IMAGE = "acmemodels.azurecr.io/web:1"
ACCESS = "${azurerm_kubernetes_cluster.cluster.kube_config[0]}"


def in_group(name: str, **arguments: Any) -> Config:  # noqa: ANN401 - arguments of any type
    place = {"resource_group_name": "${azurerm_resource_group.group.name}", "location": LOCATION}
    return {"name": name, **place, **arguments}


def group(name: str) -> Config:
    return {"azurerm_resource_group": {"group": {"name": name, "location": LOCATION, "tags": {"team": "vision"}}}}


def state_account(name: str) -> Config:
    """A resource group, an account without keys, a container, what expires and who may read and write."""
    return group(f"rg-{name}") | {
        "azurerm_storage_account": {
            "account": in_group(
                name,
                account_tier="Standard",
                account_replication_type="ZRS",
                shared_access_key_enabled=False,
                default_to_oauth_authentication=True,
                local_user_enabled=False,
                allow_nested_items_to_be_public=False,
                infrastructure_encryption_enabled=True,
                blob_properties={
                    "versioning_enabled": True,
                    "delete_retention_policy": {"days": 30},
                    "container_delete_retention_policy": {"days": 30},
                },
            )
        },
        "azurerm_storage_container": {
            "container": {"name": "tfstate", "storage_account_id": "${azurerm_storage_account.account.id}"}
        },
        "azurerm_storage_management_policy": {
            "expiry": {
                "storage_account_id": "${azurerm_storage_account.account.id}",
                "rule": {
                    "name": "old-versions",
                    "enabled": True,
                    "filters": {"blob_types": ["blockBlob"]},
                    "actions": {"version": {"delete_after_days_since_creation": 30}},
                },
            }
        },
        "azurerm_role_assignment": {
            "operators": role("Storage Blob Data Contributor", "${azurerm_storage_container.container.id}", OPERATORS)
        },
    }


def role(name: str, scope: str, principal: str) -> Config:
    return {"scope": scope, "role_definition_name": name, "principal_id": principal}


def own_network(name: str) -> Config:
    """A network with a subnet, an address, a tainted pool of spot nodes, and an identity that a service acts as."""
    return {
        "azurerm_virtual_network": {"network": in_group(name, address_space=["10.8.0.0/16"])},
        "azurerm_subnet": {
            "subnet": {
                "name": "nodes",
                "resource_group_name": "${azurerm_resource_group.group.name}",
                "virtual_network_name": "${azurerm_virtual_network.network.name}",
                "address_prefixes": ["10.8.0.0/20"],
            }
        },
        "azurerm_public_ip": {"address": in_group(name, allocation_method="Static", zones=["1", "2", "3"])},
        "azurerm_kubernetes_cluster_node_pool": {
            "pool": {
                "name": "spot",
                "kubernetes_cluster_id": "${azurerm_kubernetes_cluster.cluster.id}",
                "vm_size": "Standard_D4s_v5",
                "vnet_subnet_id": "${azurerm_subnet.subnet.id}",
                "auto_scaling_enabled": True,
                "min_count": 0,
                "max_count": 5,
                "priority": "Spot",
                "eviction_policy": "Delete",
                "node_labels": {"workload": "batch"},
                "node_taints": ["workload=batch:NoSchedule"],
            }
        },
        "azurerm_user_assigned_identity": {"identity": in_group(name)},
        "azurerm_federated_identity_credential": {
            "credential": {
                "name": "web",
                "resource_group_name": "${azurerm_resource_group.group.name}",
                "parent_id": "${azurerm_user_assigned_identity.identity.id}",
                "audience": ["api://AzureADTokenExchange"],
                "issuer": "${azurerm_kubernetes_cluster.cluster.oidc_issuer_url}",
                "subject": "system:serviceaccount:web:web",
            }
        },
        "azurerm_resource_provider_registration": {"policy": {"name": "Microsoft.PolicyInsights"}},
    }


def registry(name: str) -> Config:
    return group(f"rg-{name}") | {"azurerm_container_registry": {"registry": in_group(name, sku="Basic")}}


def registry_id(name: str) -> str:
    group = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg-{name}"
    return f"{group}/providers/Microsoft.ContainerRegistry/registries/{name}"


def cluster(name: str, **pool: Any) -> Config:  # noqa: ANN401 - arguments of any type
    """A cluster without local accounts whose pool has at most three nodes of 1900 millicores; no logs, no roles."""
    return group(f"rg-{name}") | {
        "azurerm_kubernetes_cluster": {
            "cluster": in_group(
                name,
                dns_prefix=name,
                identity={"type": "SystemAssigned"},
                local_account_disabled=True,
                azure_active_directory_role_based_access_control={"azure_rbac_enabled": True, "tenant_id": TENANT},
                oidc_issuer_enabled=True,
                workload_identity_enabled=True,
                default_node_pool={
                    "name": "default",
                    "vm_size": "Standard_D2s_v5",
                    "auto_scaling_enabled": True,
                    "min_count": 1,
                    "max_count": 3,
                    "temporary_name_for_rotation": "rotating",
                    "upgrade_settings": {"max_surge": "10%"},
                    **pool,
                },
                network_profile={
                    "network_plugin": "azure",
                    "network_plugin_mode": "overlay",
                    "network_data_plane": "cilium",
                    "network_policy": "cilium",
                },
            )
        }
    }


def collection_rule(name: str) -> Config:
    """What sends a cluster's logs to its workspace."""
    streams = ["Microsoft-ContainerInsights-Group-Default"]
    return in_group(
        f"{name}-containers",
        kind="Linux",
        destinations={
            "log_analytics": {
                "name": "workspace",
                "workspace_resource_id": "${azurerm_log_analytics_workspace.logs.id}",
            }
        },
        data_flow={"streams": streams, "destinations": ["workspace"]},
        data_sources={
            "extension": {
                "name": "ContainerInsightsExtension",
                "extension_name": "ContainerInsights",
                "streams": streams,
                "extension_json": json.dumps({"dataCollectionSettings": {"interval": "5m"}}),
            }
        },
    )


def monitored_cluster(name: str) -> Config:
    """A cluster with all that an environment's has: logs, windows for upgrades, networks that may reach it, roles."""
    resources = cluster(name)
    arguments = resources["azurerm_kubernetes_cluster"]["cluster"]
    window = {"interval": 1, "start_time": "02:00", "utc_offset": "+00:00", "duration": 4}
    arguments |= {
        "node_resource_group": f"{name}-nodes",
        "sku_tier": "Standard",
        "run_command_enabled": False,
        "api_server_access_profile": {"authorized_ip_ranges": ["192.0.2.0/24"]},
        "oms_agent": {
            "log_analytics_workspace_id": "${azurerm_log_analytics_workspace.logs.id}",
            "msi_auth_for_monitoring_enabled": True,
        },
        "image_cleaner_enabled": True,
        "image_cleaner_interval_hours": 168,
        "automatic_upgrade_channel": "patch",
        "node_os_upgrade_channel": "NodeImage",
        "maintenance_window_auto_upgrade": window | {"frequency": "Weekly", "day_of_week": "Sunday"},
        "maintenance_window_node_os": window | {"frequency": "Daily"},
        "tags": {"team": "vision"},
    }
    cluster_id = "${azurerm_kubernetes_cluster.cluster.id}"
    kubelet = "${azurerm_kubernetes_cluster.cluster.kubelet_identity[0].object_id}"
    pulls = role("AcrPull", registry_id("acmemodels"), kubelet) | {"skip_service_principal_aad_check": True}
    return resources | {
        "azurerm_log_analytics_workspace": {
            "logs": in_group(name, sku="PerGB2018", retention_in_days=30, daily_quota_gb=1)
        },
        "azurerm_monitor_data_collection_rule": {"rule": collection_rule(name)},
        "azurerm_monitor_data_collection_rule_association": {
            "association": {
                "name": "ContainerInsightsExtension",
                "target_resource_id": cluster_id,
                "data_collection_rule_id": "${azurerm_monitor_data_collection_rule.rule.id}",
            }
        },
        "azurerm_role_assignment": {
            "pull": pulls,
            "operators": role("Azure Kubernetes Service RBAC Cluster Admin", cluster_id, OPERATORS),
        },
    }
