"""The NetworkPolicy of a service: what is not named here is dropped, in both directions."""

from collections.abc import Mapping, Sequence

from modelyard.egress import Egress
from modelyard.exposure import Exposure
from modelyard.http_metrics import MONITORING

from cdktf_cdktf_provider_kubernetes import network_policy_v1 as k8s
from constructs import Construct


def add_traffic_rules(
    scope: Construct,
    id_: str,
    *,
    metadata: Mapping[str, object],
    selector: Mapping[str, str],
    port: int,
    exposure: Exposure,
    egress: Sequence[Egress],
    scraped: bool,
) -> k8s.NetworkPolicyV1:
    """Lets `exposure`'s networks reach `port` of the pods, and the pods reach DNS and what `egress` says.

    If they are `scraped`, the add-on `monitoring` reaches `port`, too.

    The load balancer keeps the callers' addresses (externalTrafficPolicy Local), so these rules see the same ones as
    its own source ranges do. The kubelet's probes come from the pod's own node, which is always let in.
    """
    return k8s.NetworkPolicyV1(
        scope,
        id_,
        metadata=k8s.NetworkPolicyV1Metadata(**metadata),  # type: ignore[arg-type]  # name, namespace, labels
        spec=k8s.NetworkPolicyV1Spec(
            pod_selector=k8s.NetworkPolicyV1SpecPodSelector(match_labels=dict(selector)),
            policy_types=["Ingress", "Egress"],
            ingress=[
                k8s.NetworkPolicyV1SpecIngress(
                    from_=[
                        *(
                            k8s.NetworkPolicyV1SpecIngressFrom(
                                ip_block=k8s.NetworkPolicyV1SpecIngressFromIpBlock(cidr=cidr)
                            )
                            for cidr in exposure.ranges
                        ),
                        *([_monitoring()] if scraped else []),
                    ],
                    ports=[k8s.NetworkPolicyV1SpecIngressPorts(port=str(port), protocol="TCP")],
                )
            ],
            egress=_egress_rules(egress),
        ),
    )


def _monitoring() -> k8s.NetworkPolicyV1SpecIngressFrom:
    # Each namespace has its name as this label: the API server writes it.
    named = {"kubernetes.io/metadata.name": MONITORING}
    return k8s.NetworkPolicyV1SpecIngressFrom(
        namespace_selector=k8s.NetworkPolicyV1SpecIngressFromNamespaceSelector(match_labels=named)
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
