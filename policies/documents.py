"""Kubernetes objects of a plan in one form, whether Terraform's provider makes them or a Helm release carries them."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from policies.plan import UNKNOWN, Resource

# An expression in a text of the configuration; quoted texts in it may hold braces and quotes of their own.
_EXPRESSION = re.compile(r'\$\{((?:[^{}"]|"(?:\\.|[^"\\])*")*)\}')
# How this repo writes signs that would begin an expression: `${"$"}`.
_QUOTED_SIGNS = re.compile(r'"([$%]+)"')
# Words that Kubernetes writes in capitals.
_CAPITALS = {"Ipc": "IPC", "Pid": "PID"}
_VERSION = re.compile(r"_v\d+(alpha\d+|beta\d+)?$")
# Blocks that stand in Kubernetes' API as lists, by its name for them; all others are single.
_LISTS = {
    "container": "containers",
    "egress": "egress",
    "env": "env",
    "env_from": "envFrom",
    "ephemeral_container": "ephemeralContainers",
    "from": "from",
    "ingress": "ingress",
    "init_container": "initContainers",
    "match_expressions": "matchExpressions",
    "port": "ports",
    "rule": "rules",
    "subject": "subjects",
    "to": "to",
    "toleration": "tolerations",
    "topology_spread_constraint": "topologySpreadConstraints",
    "volume": "volumes",
    "volume_claim_template": "volumeClaimTemplates",
    "volume_mount": "volumeMounts",
}


@dataclass(frozen=True)
class Document:
    """A Kubernetes object, or the values of a chart.

    Attributes:
        resource: What carries it.
        part: `Kind/name` of an object in a Helm release, `values` of a chart's values, empty for a resource.
        kind: Of the object; empty for values.
        content: As Kubernetes' API has it, or the chart.
    """

    resource: Resource
    part: str
    kind: str
    content: Mapping[str, Any]

    @property
    def address(self) -> str:
        """The resource's."""
        return self.resource.address

    @property
    def is_in_helm(self) -> bool:
        """Whether checkov, which reads Terraform's resources, does not see it."""
        return self.resource.type == "helm_release"

    @property
    def metadata(self) -> Mapping[str, Any]:
        """Of the object."""
        return mapping(self.content.get("metadata"))

    @property
    def namespace(self) -> str:
        """That of the object; an object in a release without one has the release's."""
        return str(self.metadata.get("namespace") or self.resource.values.get("namespace") or "default")

    @property
    def spec(self) -> Mapping[str, Any]:
        """Of the object."""
        return mapping(self.content.get("spec"))


def mapping(value: object) -> Mapping[str, Any]:
    """The value, or nothing if it is no mapping: what is in plans has the form that people wrote."""
    return value if isinstance(value, Mapping) else {}


def documents_of(resource: Resource) -> Iterator[Document]:
    """The objects that a resource is or carries, and a release's values; those that cannot be read are left out."""
    if resource.type == "helm_release":
        yield from _in_release(resource)
    elif resource.type == "kubernetes_manifest":
        content = mapping(resource.values.get("manifest"))
        yield Document(resource, "", str(content.get("kind", "")), content)
    elif resource.type.startswith("kubernetes_"):
        kind = _VERSION.sub("", resource.type.removeprefix("kubernetes_")).title().replace("_", "")
        yield Document(resource, "", kind, _block(resource.values))


def tables(value: object, path: str = "") -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Every mapping in a document at whatever depth, and the way to it: `spec.containers[0]`."""
    if isinstance(value, Mapping):
        yield path, value
        for key, inner in value.items():
            yield from tables(inner, f"{path}.{key}" if path else str(key))
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            yield from tables(inner, f"{path}[{number}]")


def _in_release(release: Resource) -> Iterator[Document]:
    texts = release.values.get("values") or []
    given = mapping(release.expressions.get("values")).get("constant_value") or []
    for number, text in enumerate(texts):
        # A text that holds something known after apply only is null; the plan repeats it as it was declared.
        declared = given[number] if number < len(given) else ""
        content = _parsed(without_expressions(declared) if text in (None, UNKNOWN) else text)
        manifests = content.get("manifests")
        if not isinstance(manifests, Mapping):
            yield Document(release, "values", "", content)
            continue
        for manifest in manifests.values():
            content = _parsed(manifest)
            kind = str(content.get("kind", ""))
            yield Document(release, f"{kind}/{mapping(content.get('metadata')).get('name', '')}", kind, content)


def _parsed(text: object) -> Mapping[str, Any]:
    """What a text of JSON holds; this repo writes values in no other form (docs/manifests.md)."""
    if not isinstance(text, str):
        return mapping(text)
    try:
        return mapping(json.loads(text))
    except ValueError:
        return {}


def without_expressions(text: str) -> str:
    """A text of the configuration with `UNKNOWN` in the place of each expression."""

    def literal(expression: re.Match[str]) -> str:
        signs = _QUOTED_SIGNS.fullmatch(expression[1])
        return signs[1] if signs else UNKNOWN

    return _EXPRESSION.sub(literal, text)


def _block(block: Mapping[str, Any]) -> dict[str, Any]:
    """A block of Terraform's provider as the API has it; maps, such as labels, keep their keys."""
    content: dict[str, Any] = {}
    for key, value in block.items():
        if value is None or value in ([], ""):
            continue
        name = _LISTS.get(key) or _camel(key)
        if isinstance(value, list) and all(isinstance(each, Mapping) for each in value):
            blocks = [_block(each) for each in value]
            content[name] = blocks if key in _LISTS else blocks[0]
        else:
            content[name] = value
    return content


def _camel(key: str) -> str:
    first, *others = key.split("_")
    return first + "".join(_CAPITALS.get(word.title(), word.title()) for word in others)
