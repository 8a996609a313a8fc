"""The Gateway whose routes services bring, and one of Traefik's own, which says that it knows them."""

from collections.abc import Mapping

from modelyard.gateway import GATEWAY

from stacks.add_ons.gateway.values import PORT, READY_PATH, STATUS_PORT

_CLASS = "traefik"
_READINESS = "readiness"


def manifests(*, environment: str) -> list[dict[str, object]]:
    """The class, the Gateway for the environment's namespaces, and what answers at `READY_PATH`.

    Traefik's `/ping` answers before it has heard of any route, and also if it never does: with that for its readiness,
    a rollout would take away pods that route for others that refuse all.

    Args:
        environment: The environment's name, which its namespaces have as a label.
    """
    ours = {"from": "Selector", "selector": {"matchLabels": {"app.kubernetes.io/part-of": environment}}}
    return [
        {**_object("GatewayClass", _CLASS), "spec": {"controllerName": "traefik.io/gateway-controller"}},
        _gateway(GATEWAY, PORT, ours),
        _gateway(_READINESS, STATUS_PORT, {"from": "Same"}),
        {
            **_object("HTTPRoute", _READINESS),
            "spec": {
                "parentRefs": [{"name": _READINESS}],
                "rules": [
                    {
                        "matches": [{"path": {"type": "Exact", "value": READY_PATH}}],
                        "backendRefs": [{"group": "traefik.io", "kind": "TraefikService", "name": "ping@internal"}],
                    }
                ],
            },
        },
    ]


def _gateway(name: str, port: int, namespaces: Mapping[str, object]) -> dict[str, object]:
    listener = {"name": "http", "protocol": "HTTP", "port": port, "allowedRoutes": {"namespaces": namespaces}}
    return {**_object("Gateway", name), "spec": {"gatewayClassName": _CLASS, "listeners": [listener]}}


def _object(kind: str, name: str) -> dict[str, object]:
    return {"apiVersion": "gateway.networking.k8s.io/v1", "kind": kind, "metadata": {"name": name}}
