"""What a manifest says of pods that keep to the `restricted` Pod Security Standard.

Source: https://kubernetes.io/docs/concepts/security/pod-security-standards/
"""

from typing import Any


def restricted_pod(user: int) -> dict[str, Any]:
    """The `securityContext` of a pod whose programs, and the files on its volumes, are this user's."""
    return {
        "runAsNonRoot": True,
        "runAsUser": user,
        "runAsGroup": user,
        "fsGroup": user,
        "seccompProfile": {"type": "RuntimeDefault"},
    }


def restricted_container() -> dict[str, Any]:
    """The `securityContext` of a container that writes to its volumes only."""
    return {
        "allowPrivilegeEscalation": False,
        "capabilities": {"drop": ["ALL"]},
        "readOnlyRootFilesystem": True,
    }
