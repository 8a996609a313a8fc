"""Who may talk to Polyaxon: it has no login."""

from collections.abc import Mapping

from stacks.add_ons.network_policy import callers_policy
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
        callers_policy(
            "gateway",
            {"from": [ours], "ports": [{"port": _GATEWAY_PORT}]},
            pods={"app.kubernetes.io/name": "polyaxon-polyaxon-gateway"},
        ),
        callers_policy(
            "postgresql",
            {"from": [core], "ports": [{"port": database.PORT}]},
            pods={"app.kubernetes.io/component": "postgresql"},
        ),
    ]
