"""The ways into a cluster from outside, and from where each can be gone."""

import ipaddress
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from modelyard.exposure import Exposure

from estate.stacks import Estate, Stack
from policies.documents import mapping, tables
from policies.plan import UNKNOWN
from preview.exposure import is_everybody, is_internal, openings
from preview.verdicts import CLUSTERS
from report import declared
from report.model import Door, Reach


@dataclass(frozen=True)
class _LoadBalancer:
    namespace: str
    name: str
    door: Door


def doors(estate: Estate) -> dict[str, tuple[Door, ...]]:
    """The ways in, by the id of the stack that makes them."""
    balancers = {id_: list(_load_balancers(stack)) for id_, stack in estate.items()}
    behind = {(each.namespace, each.name): each.door for found in balancers.values() for each in found}
    return {
        id_: (*_api(stack), *(each.door for each in balancers[id_]), *_routes(stack, behind))
        for id_, stack in estate.items()
    }


def openings_beside(stack: Stack) -> tuple[str, ...]:
    """What else of a stack is open to everybody: a bucket, nodes, an account; each a sentence."""
    found: dict[str, None] = {}
    for address, block in stack.resources.items():
        type_ = address.partition(".")[0]
        if type_ in ("kubernetes_service_v1", "helm_release"):
            continue
        # Single blocks stand in plans, which `openings` reads, as lists of one.
        planned = {key: [value] if isinstance(value, Mapping) else value for key, value in block.items()}
        found |= {f"{type_}: {says}": None for says in sorted(openings(type_, planned)) if "Kubernetes API" not in says}
    return tuple(found)


def _door(what: str, at: str, ranges: Iterable[object], *, internal: bool) -> Door:
    """One that lets these ranges in; a LoadBalancer without any lets everybody in."""
    listed = tuple(str(each) for each in ranges)
    if internal or (listed and all(map(_is_private, listed))):
        reach = Reach.INTERNAL
    elif any("${" in each or UNKNOWN in each for each in listed):
        reach = Reach.UNKNOWN
    else:
        reach = Reach.WORLD if not listed or any(map(is_everybody, listed)) else Reach.NETWORKS
    return Door(what, at, reach, listed)


def _is_private(network: str) -> bool:
    """Whether it is of the networks that the internet does not know, which `internal` stands for."""
    try:
        found = ipaddress.IPv4Network(network, strict=False)
    except ValueError:
        return False
    return any(found.subnet_of(ipaddress.IPv4Network(each)) for each in Exposure.internal().ranges)


def _load_balancers(stack: Stack) -> Iterator[_LoadBalancer]:
    for block in declared.of_type(stack, "kubernetes_service_v1"):
        spec, metadata = mapping(block.get("spec")), declared.metadata(block)
        if spec.get("type") == "LoadBalancer":
            name = declared.name(stack, block)
            ports = ", ".join(str(each.get("port")) for each in spec.get("port") or [])
            ranges = spec.get("load_balancer_source_ranges") or []
            internal = is_internal(mapping(metadata.get("annotations")))
            door = _door(f"LoadBalancer {name}", f"port {ports}", ranges, internal=internal)
            yield _LoadBalancer(declared.namespace(stack, block), name, door)
    for document in declared.in_releases(stack):
        for _, table in tables(document.content):
            if table.get("type") == "LoadBalancer":
                name = str(document.metadata.get("name") or document.resource.values.get("name"))
                annotations = mapping((document.metadata if document.kind else table).get("annotations"))
                ranges = table.get("loadBalancerSourceRanges") or []
                door = _door(f"LoadBalancer {name}", "", ranges, internal=is_internal(annotations))
                yield _LoadBalancer(document.namespace, name, door)


def _routes(stack: Stack, behind: Mapping[tuple[str, str], Door]) -> Iterator[Door]:
    """HTTPRoutes of a gateway, which are as open as the gateway's LoadBalancer."""
    for document in declared.in_releases(stack):
        if document.kind != "HTTPRoute":
            continue
        for parent in document.spec.get("parentRefs") or []:
            namespace = str(parent.get("namespace") or document.namespace)
            gateway = behind.get((namespace, str(parent.get("name"))))
            if gateway is None and namespace == document.namespace:
                # A listener of the stack's own without LoadBalancer: inside only.
                continue
            what = f"route {document.metadata.get('name')} of the gateway"
            at = ", ".join(_addresses(document.spec))
            yield Door(what, at, gateway.reach, gateway.ranges) if gateway else Door(what, at, Reach.UNKNOWN)


def _addresses(route: Mapping[str, Any]) -> list[str]:
    """Hosts and paths, each once."""
    matches = [match for rule in route.get("rules") or [] for match in rule.get("matches") or [{}]]
    paths = dict.fromkeys(str(mapping(match.get("path")).get("value", "/")) for match in matches)
    hosts = [str(each) for each in route.get("hostnames") or [""]]
    return [f"{host}{path}" for host in hosts for path in paths]


def _api(stack: Stack) -> Iterator[Door]:
    """The Kubernetes API of the cluster that a stack makes."""
    for block in declared.of_type(stack, *CLUSTERS):
        networks = mapping(block.get("master_authorized_networks_config")).get("cidr_blocks") or []
        ranges = [each.get("cidr_block") for each in networks]
        ranges += mapping(block.get("api_server_access_profile")).get("authorized_ip_ranges") or []
        private = mapping(block.get("private_cluster_config")).get("enable_private_endpoint") is True
        internal = private or block.get("private_cluster_enabled") is True
        yield _door("Kubernetes API", "port 443", ranges, internal=internal)
