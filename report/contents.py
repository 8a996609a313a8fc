"""What a stack makes in the cluster: what runs, on which images, and what a person opens to look at it."""

import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote

from estate.stacks import Stack
from policies.documents import mapping, tables, without_expressions
from policies.plan import UNKNOWN
from report import declared
from report.model import Image, Link, Origin

# Those that run something, or keep something, in Helm releases.
_RUNS = ("CronJob", "Deployment", "InferenceService", "Job", "StatefulSet", "WorkflowTemplate")
_ASSETS = "assets/"
_CONTENT_HASH = re.compile(r"[0-9a-f]{16}")
_CONSOLE = "https://console.cloud.google.com"
_PORTAL = "https://portal.azure.com/#resource/subscriptions"


def runs(stack: Stack) -> Iterator[str]:
    """Workloads and volumes, in words."""
    for kind in ("deployment", "stateful_set"):
        for block in declared.of_type(stack, f"kubernetes_{kind}_v1"):
            replicas = mapping(block.get("spec")).get("replicas")
            times = f", {replicas} pods" if replicas not in (None, 1, "1") else ""
            yield f"{kind.title().replace('_', '')} {declared.name(stack, block)}{times}"
    for document in declared.in_releases(stack):
        # Jobs that only wait for others are no news.
        if document.kind in _RUNS and document.kind != "Job":
            suspended = ", started by hand" if document.spec.get("suspend") is True else ""
            yield f"{document.kind} {document.metadata.get('name')}{suspended}"
    for block in declared.of_type(stack, "kubernetes_persistent_volume_claim_v1"):
        size = mapping(mapping(mapping(block.get("spec")).get("resources")).get("requests")).get("storage")
        yield f"volume {declared.name(stack, block)}, {size}"


def charts(stack: Stack) -> Iterator[str]:
    """Helm charts of others."""
    for block in declared.of_type(stack, "helm_release"):
        if not str(block.get("chart", "")).startswith(_ASSETS):
            yield f"{str(block.get('chart')).rpartition('/')[2]} {block.get('version') or ''}".strip()


def images(stack: Stack, origins: Mapping[str, Origin]) -> tuple[Image, ...]:
    """Of containers, of models that are images, and those that its outputs name, each once."""
    contents: list[Any] = [block for key, block in stack.resources.items() if not key.startswith("helm_release.")]
    contents += [document.content for document in declared.in_releases(stack)]
    found = [reference for content in contents for _, table in tables(content) for reference in _references(table)]
    found += [str(output.get("value")) for name, output in _outputs(stack) if name.endswith("image")]
    return tuple(_image(each, origins) for each in dict.fromkeys(found) if "${" not in each and UNKNOWN not in each)


def _references(table: Mapping[str, Any]) -> Iterator[str]:
    image, storage = table.get("image"), table.get("storageUri")
    if isinstance(image, str) and image:
        yield image
    if isinstance(storage, str) and storage.startswith("oci://"):
        yield storage.removeprefix("oci://")


def _image(reference: str, origins: Mapping[str, Origin]) -> Image:
    found = Image(reference, is_own=reference in origins, origin=origins.get(reference, Origin()))
    is_own = found.is_own or bool(_CONTENT_HASH.fullmatch(found.tag))
    return Image(reference, is_own, found.origin)


def links(stack: Stack) -> Iterator[Link]:
    """Dashboards among the outputs, and the cloud's pages of what the stack makes."""
    for name, output in _outputs(stack):
        value = str(output.get("value"))
        if value.startswith(("http://localhost", "https://")) and "${" not in value:
            yield Link(f"{name.replace('_', ' ')}", value, str(output.get("description", "")))
    for address, block in stack.resources.items():
        yield from _console(stack, address.partition(".")[0], block)


def commands(stack: Stack) -> Iterator[str]:
    """Outputs that are to be run."""
    for _, output in _outputs(stack):
        value = str(output.get("value"))
        if value.startswith("kubectl "):
            yield without_expressions(value)


def _outputs(stack: Stack) -> list[tuple[str, Mapping[str, Any]]]:
    return list(stack.configuration.get("output", {}).items())


def _console(stack: Stack, type_name: str, block: Mapping[str, Any]) -> Iterator[Link]:
    """The cloud's own page of a resource, by names that are declared."""
    name, project = declared.name(stack, block), str(block.get("project", ""))
    match type_name:
        case "google_container_cluster":
            path = f"kubernetes/clusters/details/{block.get('location')}/{name}/details"
            yield Link("cluster in the console", f"{_CONSOLE}/{path}?project={quote(project)}")
        case "google_storage_bucket":
            yield Link("bucket in the console", f"{_CONSOLE}/storage/browser/{name}?project={quote(project)}")
        case "google_artifact_registry_repository":
            path = f"artifacts/docker/{project}/{block.get('location')}/{block.get('repository_id')}"
            yield Link("images in the console", f"{_CONSOLE}/{path}?project={quote(project)}")
        case "azurerm_resource_group":
            if subscription := _subscription(stack):
                yield Link("resource group in the portal", f"{_PORTAL}/{subscription}/resourceGroups/{name}/overview")


def _subscription(stack: Stack) -> str:
    providers = stack.configuration.get("provider", {}).get("azurerm", [])
    return next((str(each["subscription_id"]) for each in providers if each.get("subscription_id")), "")
