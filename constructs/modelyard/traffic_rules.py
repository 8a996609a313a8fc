"""The NetworkPolicy of a service: what is not named here is dropped, in both directions."""

from collections.abc import Mapping, Sequence

from modelyard.egress import Egress
from modelyard.exposure import Exposure

from cdktf_cdktf_provider_kubernetes import network_policy_v1 as k8s
from constructs import Construct

#: Pods or networks that are let in.
Caller = k8s.NetworkPolicyV1SpecIngressFrom


def add_traffic_rules(
    scope: Construct,
    id_: str,
    *,
    metadata: Mapping[str, object],
    selector: Mapping[str, str],
    port: int,
    callers: Sequence[Caller] | None,
    egress: Sequence[Egress],
    neighbours_ports: Sequence[int] = (),
) -> k8s.NetworkPolicyV1:
    """Lets `callers` reach TCP `port` of the pods, and the pods reach DNS and what `egress` says.

    `callers` None is everybody. The other pods of the namespace reach `neighbours_ports`. The kubelet's probes come
    from the pod's own node, which is always let in.
    """
    own_namespace = Caller(pod_selector=k8s.NetworkPolicyV1SpecIngressFromPodSelector())
    return k8s.NetworkPolicyV1(
        scope,
        id_,
        metadata=k8s.NetworkPolicyV1Metadata(**metadata),  # type: ignore[arg-type]  # name, namespace, labels
        spec=k8s.NetworkPolicyV1Spec(
            pod_selector=k8s.NetworkPolicyV1SpecPodSelector(match_labels=dict(selector)),
            policy_types=["Ingress", "Egress"],
            ingress=[
                _ingress(callers, [port]),
                *([_ingress([own_namespace], neighbours_ports)] if neighbours_ports else []),
            ],
            egress=_egress_rules(egress),
        ),
    )


def from_networks(exposure: Exposure) -> list[Caller]:
    """Those that `exposure` names.

    They come through a load balancer that keeps their addresses (externalTrafficPolicy Local), so that a rule sees the
    same ones as its own source ranges do.
    """
    return [Caller(ip_block=k8s.NetworkPolicyV1SpecIngressFromIpBlock(cidr=cidr)) for cidr in exposure.ranges]


def from_namespace(name: str) -> Caller:
    """All pods of another namespace."""
    # Each namespace has its name as this label: the API server writes it.
    named = {"kubernetes.io/metadata.name": name}
    return Caller(namespace_selector=k8s.NetworkPolicyV1SpecIngressFromNamespaceSelector(match_labels=named))


def _ingress(callers: Sequence[Caller] | None, ports: Sequence[int]) -> k8s.NetworkPolicyV1SpecIngress:
    return k8s.NetworkPolicyV1SpecIngress(
        from_=None if callers is None else list(callers),
        ports=[k8s.NetworkPolicyV1SpecIngressPorts(port=str(port), protocol="TCP") for port in ports],
    )


def _egress_rules(egress: Sequence[Egress]) -> list[k8s.NetworkPolicyV1SpecEgress]:
    # To any address: where the cluster's DNS listens (a pod, the node, a link-local cache) differs between clouds.
    dns = k8s.NetworkPolicyV1SpecEgress(
        ports=[k8s.NetworkPolicyV1SpecEgressPorts(port="53", protocol=protocol) for protocol in ("UDP", "TCP")]
    )
    return [dns, *(_rule(each.network, each) for each in egress if each.network)]


def _rule(network: str, egress: Egress) -> k8s.NetworkPolicyV1SpecEgress:
    block = k8s.NetworkPolicyV1SpecEgressToIpBlock(cidr=network, except_=list(egress.excluded))
    return k8s.NetworkPolicyV1SpecEgress(
        to=[k8s.NetworkPolicyV1SpecEgressTo(ip_block=block)],
        ports=[k8s.NetworkPolicyV1SpecEgressPorts(port=str(port), protocol="TCP") for port in egress.ports],
    )
