"""Data sources that are more than what a resource of their type left: each function gives values to add."""

import base64
from collections.abc import Callable
from typing import Final

from simulator.azurerm.identity import tenant_of
from simulator.resource import stable_uuid
from simulator.world import Scope, Values


def _client_config(asked: Values) -> Values:
    subscription = asked["subscription_id"]
    values = {
        "client_id": stable_uuid("client", subscription),
        "object_id": stable_uuid("object", subscription),
        "subscription_id": subscription,
        "tenant_id": tenant_of(subscription),
    }
    id_ = (
        f"clientConfigs/clientId={values['client_id']};objectId={values['object_id']};"
        f"subscriptionId={subscription};tenantId={values['tenant_id']}"
    )
    return values | {"id": base64.b64encode(id_.encode()).decode()}


def _subscription(asked: Values) -> Values:
    subscription = asked["subscription_id"]
    return {
        "id": f"/subscriptions/{subscription}",
        "display_name": subscription,
        "state": "Enabled",
        "tenant_id": tenant_of(subscription),
        "tags": {},
    }


DATA_SOURCES: Final[dict[str, Callable[[Values], Values]]] = {
    "azurerm_client_config": _client_config,
    "azurerm_subscription": _subscription,
}


def of_cluster(cluster: Values, scope: Scope) -> Values:
    """Gives what the data source azurerm_kubernetes_cluster names otherwise than the resource."""
    pools = scope.all("azurerm_kubernetes_cluster_node_pool").values()
    own = [pool for pool in pools if pool["kubernetes_cluster_id"] == cluster["id"]]
    access = cluster["api_server_access_profile"] or [{}]
    return {
        "agent_pool_profile": [
            {"os_type": "Linux"} | pool | {"count": pool["node_count"]}
            for pool in [*cluster["default_node_pool"], *own]
        ],
        "api_server_authorized_ip_ranges": access[0].get("authorized_ip_ranges") or [],
    }
