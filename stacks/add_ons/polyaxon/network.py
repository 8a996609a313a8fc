"""Who may talk to Polyaxon: it has no login."""

from collections.abc import Mapping

from stacks.add_ons.polyaxon import database

_GATEWAY_PORT = 8000


def manifests(*, environment: str) -> list[Mapping[str, object]]:
    """NetworkPolicies: the environment's namespaces reach the gateway, Polyaxon's own pods the database.

    Args:
        environment: The environment's name, which its namespaces have as a label.
    """
    ours = {"namespaceSelector": {"matchLabels": {"app.kubernetes.io/part-of": environment}}}
    core = {"podSelector": {"matchLabels": {"app.kubernetes.io/part-of": "polyaxon-core"}}}
    return [
        _policy("gateway", {"app.kubernetes.io/name": "polyaxon-polyaxon-gateway"}, ours, _GATEWAY_PORT),
        _policy("postgresql", {"app.kubernetes.io/component": "postgresql"}, core, database.PORT),
    ]


def _policy(name: str, pods: Mapping[str, str], callers: Mapping[str, object], port: int) -> Mapping[str, object]:
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {"name": name},
        "spec": {
            "podSelector": {"matchLabels": dict(pods)},
            "policyTypes": ["Ingress"],
            "ingress": [{"from": [callers], "ports": [{"port": port}]}],
        },
    }
