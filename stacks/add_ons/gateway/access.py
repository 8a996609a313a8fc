"""What Traefik may read of the cluster, and who may send it requests."""

from modelyard import Exposure
from modelyard.http_metrics import MONITORING

from stacks.add_ons.gateway.values import ACCOUNT, METRICS_PORT, PORT
from stacks.add_ons.network_policy import callers_policy

_RBAC = "rbac.authorization.k8s.io"
_READ = ["list", "watch"]
_GATEWAY_API = "gateway.networking.k8s.io"


def manifests(*, namespace: str, exposure: Exposure) -> list[dict[str, object]]:
    """A cluster role with its binding, and a NetworkPolicy.

    Args:
        namespace: Traefik's.
        exposure: Who may reach the environment's services.
    """
    name = f"{namespace}-{ACCOUNT}"
    return [
        {"apiVersion": f"{_RBAC}/v1", "kind": "ClusterRole", "metadata": {"name": name}, "rules": _rules()},
        {
            "apiVersion": f"{_RBAC}/v1",
            "kind": "ClusterRoleBinding",
            "metadata": {"name": name},
            "roleRef": {"apiGroup": _RBAC, "kind": "ClusterRole", "name": name},
            "subjects": [{"kind": "ServiceAccount", "name": ACCOUNT, "namespace": namespace}],
        },
        _policy(exposure),
    ]


def _rules() -> list[dict[str, object]]:
    routed = ["gatewayclasses", "gateways", "httproutes", "grpcroutes", "tlsroutes", "backendtlspolicies"]
    return [
        # It routes nothing before it has listed each of them, the Secrets of all namespaces too, although it needs
        # none: no listener here has a certificate.
        {"apiGroups": [""], "resources": ["namespaces", "services", "configmaps", "secrets"], "verbs": _READ},
        {"apiGroups": ["discovery.k8s.io"], "resources": ["endpointslices"], "verbs": _READ},
        {"apiGroups": [_GATEWAY_API], "resources": [*routed, "referencegrants"], "verbs": _READ},
        {"apiGroups": [_GATEWAY_API], "resources": [f"{each}/status" for each in routed], "verbs": ["update"]},
    ]


def _policy(exposure: Exposure) -> dict[str, object]:
    callers = {
        "from": [{"ipBlock": {"cidr": each}} for each in exposure.ranges],
        "ports": [{"port": PORT, "protocol": "TCP"}],
    }
    prometheus = {
        "from": [{"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": MONITORING}}}],
        "ports": [{"port": METRICS_PORT, "protocol": "TCP"}],
    }
    return callers_policy("callers", callers, prometheus)
