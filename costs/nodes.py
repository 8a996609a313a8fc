"""How many nodes a pool has, over all zones."""

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from costs.charges import NOTHING, Estate, Range
from costs.resources import NotKnownError, Resource, block, known

# A regional cluster uses three of the region's zones unless told otherwise.
_ZONES_OF_A_REGION = 3
_ZONE = re.compile(r"[a-z]+-[a-z]+\d+-[a-z]")


def gke_cluster_of(pool: Resource, estate: Estate) -> Resource | None:
    """The cluster of a pool: the one of its stack."""
    clusters = estate.of_type("google_container_cluster", stack=pool.stack)
    return clusters[0] if len(clusters) == 1 else None


def gke_nodes(pool: Resource, estate: Estate) -> Range:
    """Of a GKE pool: a total limit stands for all zones, every other count for each zone. Raises NotKnownError."""
    scaling = block(pool.values, "autoscaling")
    most_in_all = known(scaling, "total_max_node_count")
    if most_in_all:
        return _range(known(scaling, "total_min_node_count") or 0, most_in_all)
    zones = _zones(pool, estate)
    if scaling:
        return _range(known(scaling, "min_node_count") or 0, known(scaling, "max_node_count") or 0) * zones
    count = known(pool.values, "node_count")
    if count is None:
        count = known(pool.values, "initial_node_count")
    if count is None:
        raise NotKnownError("node_count")
    return Range.exactly(count) * zones


def all_gke_nodes(estate: Estate, *, stack: str) -> Range:
    """Of all pools of a stack. Raises NotKnownError."""
    pools = estate.of_type("google_container_node_pool", stack=stack)
    return sum((gke_nodes(pool, estate) for pool in pools), NOTHING)


def aks_nodes(pool: Mapping[str, Any]) -> Range:
    """Of an AKS pool, whose counts stand for all zones. Raises NotKnownError."""
    if known(pool, "auto_scaling_enabled"):
        return _range(known(pool, "min_count") or 0, known(pool, "max_count") or 0)
    count = known(pool, "node_count")
    if count is None:
        raise NotKnownError("node_count")
    return Range.exactly(count)


def _zones(pool: Resource, estate: Estate) -> int:
    for each in (pool, gke_cluster_of(pool, estate)):
        if each is not None and (zones := known(each.values, "node_locations")):
            return len(zones)
    location = known(pool.values, "location")
    if location is None:
        raise NotKnownError("location")
    return 1 if _ZONE.fullmatch(location) else _ZONES_OF_A_REGION


def _range(low: int, high: int) -> Range:
    return Range(Decimal(low), Decimal(high))
