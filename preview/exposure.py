"""Where a resource lets everybody in."""

import ipaddress
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final

from preview.values import first_block

Values = Mapping[str, Any]
_EVERYBODY: Final = ("*", "internet", "any")
_INTERNAL: Final = {
    "networking.gke.io/load-balancer-type": "internal",
    "cloud.google.com/load-balancer-type": "internal",
    "service.beta.kubernetes.io/azure-load-balancer-internal": "true",
}


def openings(type_name: str, values: Values) -> set[str]:
    """Sentences about what is open to everybody; what is not known yet opens nothing.

    Args:
        type_name: Of the resource.
        values: All of the resource; empty for one that is not there.
    """
    rule = _RULES.get(type_name)
    return set(rule(values)) if rule and values else set()


def is_everybody(network: object) -> bool:
    """Whether a range of addresses is the whole internet, or names it."""
    text = str(network).strip().lower()
    try:
        return ipaddress.ip_network(text, strict=False).prefixlen == 0
    except ValueError:
        return text in _EVERYBODY


def _service(values: Values) -> Iterator[str]:
    spec, metadata = first_block(values.get("spec")), first_block(values.get("metadata"))
    if spec.get("type") != "LoadBalancer":
        return
    annotations = metadata.get("annotations") or {}
    if any(str(annotations.get(key, "")).lower() == value for key, value in _INTERNAL.items()):
        return
    if "load_balancer_source_ranges" in spec:
        yield from _ranges("the LoadBalancer lets", spec["load_balancer_source_ranges"], empty_is_open=True)


def _ranges(who: str, ranges: Iterable[object] | None, *, empty_is_open: bool) -> Iterator[str]:
    listed = list(ranges or [])
    if any(is_everybody(each) for each in listed) or (empty_is_open and not listed):
        yield f"{who} everybody in"


def _iam(values: Values) -> Iterator[str]:
    members = {values.get("member"), *(values.get("members") or [])}
    for member in sorted(members & {"allUsers", "allAuthenticatedUsers"}):
        yield f"{member} get {values.get('role')}"


def _bucket(values: Values) -> Iterator[str]:
    if values.get("public_access_prevention") not in ("enforced", None):
        yield "public access to the bucket is not prevented any more"


def _gke(values: Values) -> Iterator[str]:
    if "master_authorized_networks_config" in values:
        networks = first_block(values["master_authorized_networks_config"])
        blocks = [block.get("cidr_block") for block in networks.get("cidr_blocks") or []]
        if not values["master_authorized_networks_config"]:
            yield "the Kubernetes API is open to everybody"
        yield from _ranges("the Kubernetes API lets", blocks, empty_is_open=False)
    private = first_block(values.get("private_cluster_config"))
    if values.get("private_cluster_config") is not None and not private.get("enable_private_nodes"):
        yield "its nodes have public addresses"


def _firewall(values: Values) -> Iterator[str]:
    if values.get("allow") and values.get("direction", "INGRESS") == "INGRESS":
        yield from _ranges("the firewall rule lets", values.get("source_ranges"), empty_is_open=False)


def _storage_account(values: Values) -> Iterator[str]:
    if values.get("allow_nested_items_to_be_public") is True:
        yield "its containers may be made public"
    if values.get("shared_access_key_enabled") is True:
        yield "whoever has one of its keys gets in, without Entra"


def _container(values: Values) -> Iterator[str]:
    if values.get("container_access_type") in ("blob", "container"):
        yield "its blobs are public"


def _aks(values: Values) -> Iterator[str]:
    access = values.get("api_server_access_profile")
    if access is not None and not values.get("private_cluster_enabled"):
        yield from _ranges(
            "the Kubernetes API lets", first_block(access).get("authorized_ip_ranges"), empty_is_open=True
        )


def _registry(values: Values) -> Iterator[str]:
    if values.get("anonymous_pull_enabled") is True:
        yield "everybody may pull its images"
    if values.get("admin_enabled") is True:
        yield "whoever has its administrator's password gets in, without Entra"


def _security_rule(values: Values) -> Iterator[str]:
    if values.get("access") == "Allow" and values.get("direction") == "Inbound":
        sources = [values.get("source_address_prefix"), *(values.get("source_address_prefixes") or [])]
        yield from _ranges("the rule lets", filter(None, sources), empty_is_open=False)


def _release(values: Values) -> Iterator[str]:
    """What the values of a chart, or the manifests in them, say of LoadBalancers."""
    for text in values.get("values") or []:
        try:
            content = json.loads(text) if isinstance(text, str) else None
        except ValueError:
            continue
        for block in _blocks(content):
            ranges = block.get("loadBalancerSourceRanges")
            if block.get("type") == "LoadBalancer" or ranges is not None:
                yield from _ranges("a LoadBalancer of the release lets", _listed(ranges), empty_is_open=True)


def _listed(ranges: object) -> list[object]:
    return ranges if isinstance(ranges, list) else [ranges] if ranges else []


def _blocks(content: object) -> Iterator[dict[str, Any]]:
    """All objects in a JSON value; manifests may stand in it as JSON texts."""
    if isinstance(content, dict):
        yield content
        for each in content.values():
            yield from _blocks(each)
    elif isinstance(content, list):
        for each in content:
            yield from _blocks(each)
    elif isinstance(content, str) and content.startswith("{"):
        try:
            yield from _blocks(json.loads(content))
        except ValueError:
            return


_RULES: Final[Mapping[str, Callable[[Values], Iterator[str]]]] = {
    "kubernetes_service_v1": _service,
    "helm_release": _release,
    "google_storage_bucket": _bucket,
    "google_storage_bucket_iam_member": _iam,
    "google_storage_bucket_iam_binding": _iam,
    "google_project_iam_member": _iam,
    "google_artifact_registry_repository_iam_member": _iam,
    "google_container_cluster": _gke,
    "google_compute_firewall": _firewall,
    "azurerm_storage_account": _storage_account,
    "azurerm_storage_container": _container,
    "azurerm_kubernetes_cluster": _aks,
    "azurerm_container_registry": _registry,
    "azurerm_network_security_rule": _security_rule,
}
