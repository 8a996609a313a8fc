"""What a stack's configuration declares, as names and objects that the page can speak of."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from estate.stacks import Stack
from policies.documents import Document, documents_of, mapping
from policies.plan import UNKNOWN, Resource

# A reference to another resource's argument, and nothing else in the text.
_REFERENCE = re.compile(r"\$\{(?P<address>\w+\.\w+)\.(?:metadata\[0\]\.)?(?P<argument>\w+)\}")


def of_type(stack: Stack, *types: str) -> Iterator[Mapping[str, Any]]:
    """The blocks of resources of these types."""
    for address, block in stack.resources.items():
        if address.partition(".")[0] in types:
            yield block


def in_releases(stack: Stack) -> Iterator[Document]:
    """The objects that Helm releases carry, and the values of charts; `UNKNOWN` stands for each expression."""
    for address, block in stack.resources.items():
        if address.startswith("helm_release."):
            texts = block.get("values") or []
            # As a plan has them whose values are known after the apply only: then the declared texts are read.
            values = {**block, "values": [UNKNOWN] * len(texts), "namespace": text(stack, block.get("namespace"))}
            given = {"values": {"constant_value": texts}}
            yield from documents_of(Resource("helm_release", address, values, given))


def metadata(block: Mapping[str, Any]) -> Mapping[str, Any]:
    """Of a resource of Terraform's Kubernetes provider."""
    return mapping(block.get("metadata"))


def name(stack: Stack, block: Mapping[str, Any]) -> str:
    """The object's name in the cluster or in the cloud."""
    return text(stack, metadata(block).get("name", block.get("name")))


def namespace(stack: Stack, block: Mapping[str, Any]) -> str:
    """The object's namespace."""
    return text(stack, metadata(block).get("namespace"))


def text(stack: Stack, value: object) -> str:
    """An argument as a text; one that only refers to another resource's is looked up there."""
    found = _REFERENCE.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        return "" if value is None else str(value)
    block = stack.resources.get(found["address"], {})
    return str(metadata(block).get(found["argument"], block.get(found["argument"], value)))
