"""LoadBalancers: who may reach them."""

import ipaddress
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from policies.checks.stack import Outcome, Stack
from policies.documents import mapping, tables
from policies.plan import UNKNOWN

# What gives a LoadBalancer a private address: GkeClusterRef and AksClusterRef write them.
_INTERNAL = {
    "networking.gke.io/load-balancer-type": "internal",
    "service.beta.kubernetes.io/azure-load-balancer-internal": "true",
}
_RANGES = "loadBalancerSourceRanges"


def source_ranges(stack: Stack) -> Iterator[Outcome]:
    """Named networks; a LoadBalancer without them answers the whole internet."""
    for document in stack.documents:
        for path, table in tables(document.content):
            if table.get("type") != "LoadBalancer":
                continue
            # In an object its metadata stand beside the spec; in charts' values ranges and annotations stand with the
            # type, or in a spec of theirs.
            inner = mapping(table.get("spec"))
            annotations = mapping((document.metadata if document.kind else table).get("annotations"))
            ranges = table.get(_RANGES) or inner.get(_RANGES) or []
            problem = None if _is_internal(annotations) and not ranges else _problem(ranges)
            yield document, f"{path}: {problem}" if problem else None


def _is_internal(annotations: Mapping[str, Any]) -> bool:
    return any(str(annotations.get(key, "")).lower() == value for key, value in _INTERNAL.items())


def _problem(ranges: Sequence[object]) -> str | None:
    if not ranges:
        return f"{_RANGES} is empty: the whole internet is let in"
    if ranges == UNKNOWN:
        return None
    known = [str(each) for each in ranges if UNKNOWN not in str(each)]
    try:
        networks = [ipaddress.ip_network(each, strict=False) for each in known]
    except ValueError as error:
        return f"{_RANGES}: {error}"
    # Halves that are the whole together are no smaller than the whole.
    four = ipaddress.collapse_addresses(each for each in networks if isinstance(each, ipaddress.IPv4Network))
    six = ipaddress.collapse_addresses(each for each in networks if isinstance(each, ipaddress.IPv6Network))
    if any(each.prefixlen == 0 for each in four) or any(each.prefixlen == 0 for each in six):
        return f"{_RANGES} is the whole internet"
    return None
