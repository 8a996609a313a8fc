"""What pods ask for: CPU and memory, and the objects that they refer to."""

from collections.abc import Iterator
from typing import Final

from modelyard.quantities import mebibytes, millicores

from simulator.cluster import Capacity
from simulator.world import Scope, Values

# Kubernetes puts this one into each namespace.
_OWN_CONFIG_MAP: Final = "kube-root-ca.crt"


def requests(pod_spec: Values) -> Capacity:
    """Sums what the containers of a pod ask for; an init container counts if it asks for more than all of them."""
    containers = [_request(one) for one in pod_spec["container"]]
    inits = [_request(one) for one in pod_spec["init_container"]]
    return Capacity(
        max([sum(one.millicores for one in containers), *(one.millicores for one in inits)]),
        max([sum(one.memory_mib for one in containers), *(one.memory_mib for one in inits)]),
    )


def _request(container: Values) -> Capacity:
    asked: dict[str, str] = {}
    for resources in container["resources"]:
        # What has a limit and no request asks for its limit.
        asked = (resources["limits"] or {}) | (resources["requests"] or {})
    return Capacity(millicores(asked.get("cpu", "0")), mebibytes(asked.get("memory", "0")))


def missing_reference(pod_spec: Values, namespace: str, scope: Scope) -> str | None:
    """Gives why containers can't start for a Secret, ConfigMap, claim or account that is missing, None if they can."""
    for kind, name, key in _references(pod_spec):
        if kind == "config_map" and name == _OWN_CONFIG_MAP:
            continue
        existing = scope.get(kind, f"{namespace}/{name}")
        if existing is None:
            # Charts are not rendered: a release may have made a Secret of its own name, which is how ours do it.
            if kind == "secret" and scope.get("helm_release", f"{namespace}/{name}") is not None:
                continue
            return f'{_REASONS[kind]}: {kind.replace("_", "")} "{name}" not found'
        if key and key not in {**(existing["data"] or {}), **(existing.get("binary_data") or {})}:
            return f"{_REASONS[kind]}: couldn't find key {key} in {kind.replace('_', '')} {namespace}/{name}"
    return None


_REASONS: Final = {
    "config_map": "CreateContainerConfigError",
    "secret": "CreateContainerConfigError",
    "persistent_volume_claim": "FailedScheduling",
    "service_account": "FailedCreate: error looking up service account",
}


# Kind, name, and a key that it must have.
Reference = tuple[str, str, str | None]


def _references(pod_spec: Values) -> Iterator[Reference]:
    account = pod_spec["service_account_name"]
    if account and account != "default":
        yield "service_account", account, None
    for container in [*pod_spec["container"], *pod_spec["init_container"]]:
        sources = [source for env in container["env"] for source in env["value_from"]]
        yield from _required(sources, "config_map_key_ref", "config_map", "name")
        yield from _required(sources, "secret_key_ref", "secret", "name")
        yield from _required(container["env_from"], "config_map_ref", "config_map", "name")
        yield from _required(container["env_from"], "secret_ref", "secret", "name")
    yield from _required(pod_spec["volume"], "config_map", "config_map", "name")
    yield from _required(pod_spec["volume"], "secret", "secret", "secret_name")
    yield from _required(pod_spec["volume"], "persistent_volume_claim", "persistent_volume_claim", "claim_name")


def _required(sources: list[Values], block: str, kind: str, name: str) -> Iterator[Reference]:
    for reference in (reference for source in sources for reference in source[block]):
        if not reference.get("optional"):
            yield kind, reference[name], reference.get("key")
