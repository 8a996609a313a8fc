"""What the workflow's pods may do: in the cluster's API, and in the network."""

from collections.abc import Mapping, Sequence
from typing import Any

from modelyard import Egress
from modelyard.egress import dns_rule

from .steps import NAME

# Where API servers listen: policies see the port of the server itself, not of the Service `kubernetes`.
_API_PORTS = (443, 6443)


def manifests(*, account_annotations: Mapping[str, str], egress: Sequence[Egress]) -> list[dict[str, Any]]:
    """Service account, rights and NetworkPolicy.

    Args:
        account_annotations: By which the service account is somebody in the cloud.
        egress: What the pods must reach besides the cluster's API and their own namespace.
    """
    role = {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": NAME}
    account = _object("v1", "ServiceAccount")
    account["metadata"]["annotations"] = dict(account_annotations)
    return [
        account,
        _object("rbac.authorization.k8s.io/v1", "Role", rules=_rules()),
        _object(
            "rbac.authorization.k8s.io/v1",
            "RoleBinding",
            roleRef=role,
            subjects=[{"kind": "ServiceAccount", "name": NAME}],
        ),
        _object("networking.k8s.io/v1", "NetworkPolicy", spec=_traffic(egress)),
    ]


def _object(api_version: str, kind: str, **fields: object) -> dict[str, Any]:
    return {"apiVersion": api_version, "kind": kind, "metadata": {"name": NAME}, **fields}


def _rules() -> list[dict[str, Any]]:
    """What Argo's executor does in each pod: it tells the results.

    Source: https://argo-workflows.readthedocs.io/en/release-3.7/workflow-rbac/
    """
    return [{"apiGroups": ["argoproj.io"], "resources": ["workflowtaskresults"], "verbs": ["create", "patch"]}]


def _traffic(egress: Sequence[Egress]) -> dict[str, Any]:
    """Nobody comes in."""
    return {
        "podSelector": {},
        "policyTypes": ["Ingress", "Egress"],
        "egress": [
            dns_rule(),
            # To any address: nobody knows the API server's beforehand.
            {"ports": _tcp(_API_PORTS)},
            {"to": [{"podSelector": {}}]},
            *(each.rule() for each in egress),
        ],
    }


def _tcp(ports: Sequence[int]) -> list[dict[str, Any]]:
    return [{"port": port, "protocol": "TCP"} for port in ports]
