"""Why the pods of a service do not run, in their own words: what Terraform does not tell of a failed rollout."""

import json
import time
from collections.abc import Iterator
from typing import Any

from images.kubectl import kubectl

_LAST_LINES = 10
# For a moment after each crash or pull, the kubelet has not said yet that it waits before the next.
_LOOKS = 10
_LOOK_SECONDS = 1


def pod_reasons(context: str, namespace: str) -> list[str]:
    """A line or more for each container that is not ready; none where kubectl or the cluster does not answer.

    Args:
        context: The kubeconfig's context.
        namespace: The service's.
    """
    pods: list[dict[str, Any]] = []
    for _ in range(_LOOKS):
        listed = kubectl(context, "--namespace", namespace, "get", "pods", "-o", "json")
        pods = json.loads(listed)["items"] if listed else []
        if not any(_has_just_failed(container) for pod in pods for container in _containers(pod)):
            break
        time.sleep(_LOOK_SECONDS)
    return [reason for pod in pods for reason in _reasons(pod)]


def _containers(pod: dict[str, Any]) -> list[dict[str, Any]]:
    return list(pod["status"].get("containerStatuses", []))


def _has_just_failed(container: dict[str, Any]) -> bool:
    state = container["state"]
    return "terminated" in state or state.get("waiting", {}).get("reason") == "ErrImagePull"


def _reasons(pod: dict[str, Any]) -> Iterator[str]:
    name, status = pod["metadata"]["name"], pod["status"]
    for condition in status.get("conditions", []):
        if condition["type"] == "PodScheduled" and condition["status"] == "False":
            yield f"{name}: {condition.get('reason')}: {condition.get('message')}"
    for container in _containers(pod):
        if container["ready"]:
            continue
        state = container["state"].get("waiting") or container["state"].get("terminated") or {}
        said = ": ".join(filter(None, [state.get("reason", "not ready yet"), state.get("message")]))
        # What a container printed before it failed: see termination_message_policy.
        last = container.get("lastState", {}).get("terminated", {}).get("message", "")
        yield "\n    ".join([f"{name}: {said}", *last.splitlines()[-_LAST_LINES:]])
