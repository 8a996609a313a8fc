"""What resources of Azure are charged for."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any

from costs.charges import ByUse, Charge, Estate, Finding, NoPrice, Range, Shared
from costs.nodes import aks_nodes
from costs.prices import DAYS
from costs.resources import NotKnownError, Resource, block, if_known, known
from costs.usage import in_store, kept_gigabytes

# Managed disks have steps of size, and a price for each: https://learn.microsoft.com/azure/virtual-machines/disks-types
_STEPS = {4: 1, 8: 2, 16: 3, 32: 4, 64: 6, 128: 10, 256: 15, 512: 20, 1024: 30, 2048: 40}
_LETTERS = {"premium-ssd": "P", "standard-ssd": "E"}
# Sizes with an `s` take premium disks, and AKS gives them one for the system.
_TAKES_PREMIUM = re.compile(r"Standard_([A-Z]+S\d+|[A-Z]+\d+[a-z]*s)(_v\d+)?")
# Log Analytics keeps them so long for nothing; ACR has so many GB in its price.
_FREE_RETENTION_DAYS = 31
_INCLUDED_GIGABYTES = {"Basic": 10, "Standard": 100, "Premium": 500}
# Both were read in October 2026: see docs/costs.md.
_FREE_TIER = "the price page says free, the price list has $0.05 an hour since 2026-10-01"
_CLUSTER = "azurerm_kubernetes_cluster"
_STOPPED = "stopped"
#: The load balancer that AKS makes beside each cluster, for the nodes' way out and for public Services.
PUBLIC = "the cluster's public load balancer"

#: Not billed by themselves.
FREE = frozenset(
    {
        "azurerm_federated_identity_credential",
        "azurerm_monitor_data_collection_rule",
        "azurerm_monitor_data_collection_rule_association",
        "azurerm_resource_group",
        "azurerm_role_assignment",
        "azurerm_role_definition",
        "azurerm_storage_container",
        "azurerm_storage_management_policy",
        "azurerm_user_assigned_identity",
    }
)


def disk_item(kind: str, gigabytes: Decimal) -> str:
    """The price's item of a managed disk, whose size is rounded up to a step.

    Raises:
        NotKnownError: It is larger than the steps that are known here.
    """
    for size, number in _STEPS.items():
        if gigabytes <= size:
            return f"disk/{kind}/{_LETTERS[kind]}{number}"
    raise NotKnownError(f"the price of a disk of {gigabytes} GB")


def _region(resource: Resource) -> str | None:
    location = if_known(resource.values, "location")
    return location.lower().replace(" ", "") if isinstance(location, str) else None


def stopped(resource: Resource) -> Resource:
    """The same as it is billed while the cluster is stopped, which no argument of the resource says."""
    return replace(resource, values={**resource.values, _STOPPED: True}) if resource.type == _CLUSTER else resource


def _is_stopped(cluster: Resource) -> bool:
    return bool(cluster.values.get(_STOPPED))


def cluster(resource: Resource, _: Estate) -> Iterator[Finding]:
    """Control plane, first node pool, and the way out."""
    tier = known(resource.values, "sku_tier") or "Free"
    region = _region(resource)
    if tier == "Free":
        yield NoPrice(what="control plane, Free", why=_FREE_TIER)
    else:
        yield Charge(what=f"control plane, {tier}", item=f"aks/{tier}", quantity=Range.exactly(1), region=region)
    if _is_stopped(resource):
        yield NoPrice(what="system disks of stopped nodes", why="whether Azure keeps them is not documented")
    else:
        yield from _nodes(block(resource.values, "default_node_pool"), region)
    network = block(resource.values, "network_profile")
    if (known(network, "outbound_type") or "loadBalancer") == "loadBalancer":
        yield Shared(pool=PUBLIC, what="the nodes' way out", rules=1)
        yield Charge(
            what="public address of the way out", item="address/standard", quantity=Range.exactly(1), region=region
        )
    else:
        yield NoPrice(what="the nodes' way out", why="only a load balancer's is in the price book")


def node_pool(resource: Resource, _: Estate) -> Iterator[Finding]:
    """A further pool."""
    yield from _nodes(resource.values, _region(resource))


def _nodes(pool: Mapping[str, Any], region: str | None) -> Iterator[Finding]:
    nodes, size = aks_nodes(pool), known(pool, "vm_size")
    if size is None:
        raise NotKnownError("vm_size")
    is_spot = known(pool, "priority") == "Spot"
    item = f"machine/{size}/spot" if is_spot else f"machine/{size}"
    yield Charge(what=f"nodes, {size}{', spot' if is_spot else ''}", item=item, quantity=nodes, region=region)
    if known(pool, "node_public_ip_enabled"):
        yield Charge(what="public addresses of nodes", item="address/standard", quantity=nodes, region=region)
    gigabytes = known(pool, "os_disk_size_gb")
    if known(pool, "os_disk_type") == "Ephemeral":
        return
    if gigabytes is None or not _TAKES_PREMIUM.fullmatch(size):
        yield NoPrice(what="system disks of nodes", why=f"which ones {size} gets is not known here")
        return
    disk = disk_item("premium-ssd", Decimal(gigabytes))
    yield Charge(what=f"system disks of nodes, {gigabytes} GB premium", item=disk, quantity=nodes, region=region)


def storage(resource: Resource, _: Estate) -> Iterator[Finding]:
    """What is kept in Blob Storage."""
    tier = known(resource.values, "access_tier") or "Hot"
    copies = known(resource.values, "account_replication_type")
    yield Charge(
        what=f"kept in Blob Storage, {tier} {copies}",
        item=f"storage/{tier}/{copies}",
        quantity=in_store(resource.stack),
        region=_region(resource),
    )


def registry(resource: Resource, _: Estate) -> Iterator[Finding]:
    """The registry, and images beyond what its price includes."""
    sku, region = known(resource.values, "sku"), _region(resource)
    yield Charge(what=f"registry, {sku}", item=f"registry/{sku}", quantity=Range.exactly(1), region=region)
    images, included = kept_gigabytes("images"), _INCLUDED_GIGABYTES.get(sku, 0)
    beyond = Range(max(images.low - included, Decimal(0)), max(images.high - included, Decimal(0)))
    if beyond.high:
        yield Charge(what=f"images beyond {included} GB", item="registry/storage", quantity=beyond, region=region)


def logs(resource: Resource, estate: Estate) -> Iterator[Finding]:
    """Log Analytics: up to the day's limit, if there is one; a stopped cluster writes none."""
    region, sku = _region(resource), known(resource.values, "sku")
    if sku != "PerGB2018":
        yield NoPrice(what=f"logs, {sku}", why="only PerGB2018 is in the price book")
        return
    limit = Decimal(known(resource.values, "daily_quota_gb") or -1)
    if any(map(_is_stopped, estate.of_type(_CLUSTER, stack=resource.stack))):
        pass
    elif limit > 0:
        yield Charge(
            what=f"logs, up to {limit} GB a day",
            item="log-analytics/ingest",
            quantity=Range(Decimal(0), limit * DAYS),
            region=region,
        )
    else:
        yield ByUse(what="logs, without limit", item="log-analytics/ingest", region=region)
    if (known(resource.values, "retention_in_days") or 0) > _FREE_RETENTION_DAYS:
        yield ByUse(what=f"logs after {_FREE_RETENTION_DAYS} days", item="log-analytics/retention", region=region)


#: By the type.
ADAPTERS = {
    "azurerm_container_registry": registry,
    _CLUSTER: cluster,
    "azurerm_kubernetes_cluster_node_pool": node_pool,
    "azurerm_log_analytics_workspace": logs,
    "azurerm_storage_account": storage,
}
