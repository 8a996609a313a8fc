"""The namespace of a service or add-on."""

from typing import Literal

from modelyard.service_scope import ServiceScope

from cdktf_cdktf_provider_kubernetes import namespace_v1
from constructs import Construct

PodSecurity = Literal["restricted", "baseline", "privileged"]


def add_namespace(
    scope: Construct,
    id_: str,
    *,
    service: ServiceScope,
    name: str | None = None,
    pod_security: PodSecurity = "restricted",
) -> namespace_v1.NamespaceV1:
    """A namespace, in which pods must keep to a Pod Security Standard.

    Args:
        scope: The construct that it is part of.
        id_: The construct's id.
        service: The stack, which gives labels.
        name: Of the namespace, by default the service's.
        pod_security: The standard: `restricted`, unless the pods are others' and cannot.

    Source: https://kubernetes.io/docs/concepts/security/pod-security-admission/
    """
    modes = {f"pod-security.kubernetes.io/{mode}": pod_security for mode in ("enforce", "audit", "warn")}
    return namespace_v1.NamespaceV1(
        scope,
        id_,
        metadata=namespace_v1.NamespaceV1Metadata(
            name=name or service.service_name, labels={**service.labels, **modes}
        ),
    )
