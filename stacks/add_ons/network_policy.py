"""Who may call an add-on's pods, as a manifest: nobody but those that are named."""

from collections.abc import Mapping
from typing import Any


def callers_policy(name: str, *callers: Mapping[str, object], pods: Mapping[str, str] | None = None) -> dict[str, Any]:
    """A NetworkPolicy for what comes in.

    Args:
        name: Its own.
        callers: Rules of its `ingress`; without any, nobody may call.
        pods: Labels of the pods that it is for; by default all of the namespace.
    """
    spec: dict[str, Any] = {"podSelector": {"matchLabels": dict(pods)} if pods else {}, "policyTypes": ["Ingress"]}
    if callers:
        spec["ingress"] = list(callers)
    return {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": {"name": name}, "spec": spec}
