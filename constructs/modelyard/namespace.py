"""The namespace of a service."""

from modelyard.service_scope import ServiceScope

from cdktf_cdktf_provider_kubernetes import namespace_v1
from constructs import Construct


def add_namespace(scope: Construct, id_: str, *, service: ServiceScope) -> namespace_v1.NamespaceV1:
    """A namespace of the service's name, in which pods must keep to the `restricted` Pod Security Standard.

    Source: https://kubernetes.io/docs/concepts/security/pod-security-admission/
    """
    modes = {f"pod-security.kubernetes.io/{mode}": "restricted" for mode in ("enforce", "audit", "warn")}
    return namespace_v1.NamespaceV1(
        scope,
        id_,
        metadata=namespace_v1.NamespaceV1Metadata(name=service.service_name, labels={**service.labels, **modes}),
    )
