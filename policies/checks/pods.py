"""Pods that checkov does not see: in Helm releases, and of kinds that it has no check for."""

from collections.abc import Iterator, Mapping
from typing import Any

from policies.checks.stack import Outcome, Stack
from policies.documents import Document, mapping, tables

# Of Terraform's kinds, the ones that checkov's CKV_K8S_* look into.
_SEEN = ("kubernetes_pod", "kubernetes_pod_v1", "kubernetes_deployment", "kubernetes_deployment_v1")
_SWITCHES = ("privileged", "hostNetwork", "hostPID", "hostIPC", "allowPrivilegeEscalation")
# Lets a program listen below 1024, and nothing else; the `restricted` standard allows it.
_HARMLESS = {"NET_BIND_SERVICE"}
_CONTAINERS = ("containers", "initContainers")
# KServe's templates: what a model needs, its InferenceService says.
_TEMPLATES = ("ClusterServingRuntime", "ServingRuntime")


def host_access(stack: Stack) -> Iterator[Outcome]:
    """Nothing that opens the node to a pod."""
    for document in _unseen(stack):
        found = [f"{path}.{what}".lstrip(".") for path, table in tables(document.content) for what in _opens(table)]
        yield document, ", ".join(found) or None


def requests(stack: Stack) -> Iterator[Outcome]:
    """What each container requests, by which nodes are chosen and counted, and a limit to its memory."""
    for document in _unseen(stack):
        if not document.kind or document.kind in _TEMPLATES:
            continue
        for path, table in tables(document.content):
            for container in _containers(table):
                missing = _missing(mapping(container.get("resources")))
                where = f"{path}: {container.get('name', 'container')}".lstrip(": ")
                yield document, f"{where} has no {', '.join(missing)}" if missing else None


def _unseen(stack: Stack) -> Iterator[Document]:
    return (each for each in stack.documents if each.resource.type not in _SEEN)


def _opens(table: Mapping[str, Any]) -> Iterator[str]:
    yield from (key for key in _SWITCHES if table.get(key) is True)
    if table.get("hostPath"):
        yield "hostPath"
    added = mapping(table.get("capabilities")).get("add") or []
    if isinstance(added, list) and set(map(str, added)) - _HARMLESS:
        yield "capabilities.add"


def _containers(table: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    for key in _CONTAINERS:
        inner = table.get(key)
        yield from (mapping(each) for each in inner if mapping(each)) if isinstance(inner, list) else ()
    # Argo's templates have one container, or a script in one.
    for key in ("container", "script"):
        if "image" in mapping(table.get(key)):
            yield mapping(table[key])


def _missing(resources: Mapping[str, Any]) -> list[str]:
    wanted = (("requests", "cpu"), ("requests", "memory"), ("limits", "memory"))
    return [f"{group}.{key}" for group, key in wanted if not mapping(resources.get(group)).get(key)]
