"""The address of pods outside of the cluster."""

from collections.abc import Mapping

from modelyard.cluster_ref import ClusterRef
from modelyard.exposure import Exposure

from cdktf import TerraformOutput
from cdktf_cdktf_provider_kubernetes import service_v1 as k8s
from constructs import Construct


def add_load_balancer(
    scope: Construct,
    id_: str,
    *,
    cluster: ClusterRef,
    metadata: Mapping[str, object],
    selector: Mapping[str, str],
    target_port: str,
    exposure: Exposure,
    output: str,
    any_node: bool = False,
) -> k8s.ServiceV1:
    """A Service that answers HTTP on port 80 to those that `exposure` names, and its address as an output.

    Args:
        scope: The construct that it is part of; its child `url` is the output.
        id_: The construct's id.
        cluster: Says how an internal address is asked for.
        metadata: Name, namespace and labels.
        selector: Finds the pods.
        target_port: The pods' port for HTTP, by number or name.
        exposure: Who may reach it.
        output: The output's name.
        any_node: Whether a request may go to any pod, whatever node it came to. It does not keep the caller's address
            then; else the node passes it to pods of its own.
    """
    annotations = cluster.internal_load_balancer_annotations if exposure.is_internal else {}
    service = k8s.ServiceV1(
        scope,
        id_,
        metadata=k8s.ServiceV1Metadata(**metadata, annotations=dict(annotations) or None),  # type: ignore[arg-type]  # name, namespace, labels
        spec=k8s.ServiceV1Spec(
            type="LoadBalancer",
            selector=dict(selector),
            load_balancer_source_ranges=list(exposure.ranges),
            # Local keeps the callers' addresses, which the NetworkPolicy and the logs need.
            external_traffic_policy="Cluster" if any_node else "Local",
            port=[k8s.ServiceV1SpecPort(name="http", port=80, target_port=target_port, protocol="TCP")],
        ),
    )
    address = service.status.get(0).load_balancer.get(0).ingress.get(0).ip
    url = TerraformOutput(scope, "url", value=f"http://{address}/", description=f"Where {metadata['name']} answers.")
    url.override_logical_id(output)
    return service
