"""What Helm releases make the cloud charge for, as far as their values say it."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from costs.charges import Estate, Finding, NoPrice, NotLookedInto
from costs.kubernetes import load_balancer, volume
from costs.resources import NotKnownError, Resource, block, blocks, if_known, known

# Charts of this repo lie beside the stack's configuration.
_OWN = "assets/"
# An expression of Terraform's, with texts in it.
_EXPRESSION = re.compile(r'\$\{(?:[^{}"]|"(?:\\.|[^"\\])*")*\}')


def release(resource: Resource, estate: Estate) -> Iterator[Finding]:
    """Services of type LoadBalancer and volumes in a release.

    Of this repo's charts the manifests are in the values; of others' charts only what the values ask for is seen.
    """
    chart = known(resource.values, "chart")
    for document in known(resource.values, "values") or []:
        values = _parsed(document)
        if values is None:
            yield NoPrice(what=f"release {resource.name}", why="not all of its values are known")
        elif chart.startswith(_OWN):
            yield from _of_manifests(values, estate)
        else:
            yield from _of_values(resource.name, values, estate)
    if not chart.startswith(_OWN):
        yield NotLookedInto(chart=f"{chart} {if_known(resource.values, 'version') or ''}".strip())


def manifest(resource: Resource, estate: Estate) -> Iterator[Finding]:
    """An object that Terraform makes of a manifest. Raises NotKnownError."""
    yield from _of_object(block(resource.values, "manifest"), estate)


def _parsed(document: str) -> Mapping[str, Any] | None:
    try:
        values = json.loads(_EXPRESSION.sub("null", document))
    except ValueError:
        return None
    return values if isinstance(values, Mapping) else None


def _of_manifests(values: Mapping[str, Any], estate: Estate) -> Iterator[Finding]:
    manifests = values.get("manifests")
    for name, text in (manifests if isinstance(manifests, Mapping) else {}).items():
        parsed = _parsed(text)
        if parsed is None:
            yield NoPrice(what=f"manifest {name}", why="it cannot be read before the apply")
        else:
            yield from _of_object(parsed, estate)


def _of_object(manifest: Mapping[str, Any], estate: Estate) -> Iterator[Finding]:
    kind, metadata, spec = known(manifest, "kind"), block(manifest, "metadata"), block(manifest, "spec")
    name = str(metadata.get("name"))
    if kind == "Service" and known(spec, "type") == "LoadBalancer":
        yield from load_balancer(name, blocks(spec, "ports"), block(metadata, "annotations"), estate.place)
    elif kind == "PersistentVolumeClaim":
        yield from volume(name, spec, estate.place)
    elif kind == "StatefulSet":
        replicas = spec.get("replicas", 1)
        for template in blocks(spec, "volumeClaimTemplates"):
            if not isinstance(replicas, int):
                raise NotKnownError("replicas")
            claimed = str(block(template, "metadata").get("name"))
            yield from volume(claimed, block(template, "spec"), estate.place, count=replicas)
    elif "volumeClaimTemplate" in str(spec):
        yield NoPrice(what=f"volumes of {kind} {name}", why="how many there are at a time is not known")


def _of_values(name: str, values: Mapping[str, Any], estate: Estate) -> Iterator[Finding]:
    """What charts usually call it: `service.type`, and `persistence` or `persistentVolume` without a claim."""
    if values.get("type") == "LoadBalancer":
        yield from load_balancer(name, [], block(values, "annotations"), estate.place)
    for key, part in values.items():
        if not isinstance(part, Mapping):
            continue
        is_volume = key in ("persistence", "persistentVolume")
        if is_volume and part.get("enabled") and not part.get("existingClaim"):
            yield NoPrice(what=f"volume of the release {name}", why="its chart makes it")
        yield from _of_values(name, part, estate)
