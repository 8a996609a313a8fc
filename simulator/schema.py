"""The recorded schemas of the real providers, as Terraform gets them and as plain Python."""

import json
import lzma
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Final

from google.protobuf.message import Message
from google.protobuf.unknown_fields import UnknownFieldSet
from tf.gen import tfplugin_pb2 as protocol  # type: ignore[import-untyped]  # ships no types

from simulator.plugin_binaries import RECORDED_VERSIONS

# The number of an attribute's field `write_only`, which is newer than the protocol module in use.
WRITE_ONLY_FIELD: Final = 11
RECORDED_FOLDER: Final = Path(__file__).parent / "recorded"
_NESTING = {1: "single", 2: "list", 3: "set", 4: "map", 5: "group"}


# In Terraform's JSON form: "string", ["set", "string"], ["object", {...}].
Type = Any


@dataclass(frozen=True)
class Attribute:
    """One argument or result."""

    type: Type
    optional: bool
    computed: bool
    # Terraform sends it and never keeps it: no state, no plan.
    write_only: bool


@dataclass(frozen=True)
class Nested:
    """Blocks, or attributes that hold objects; `nesting` is single, group, list, set or map."""

    block: "Block"
    nesting: str
    is_attribute: bool = False
    computed: bool = False
    write_only: bool = False


@dataclass(frozen=True)
class Block:
    """What may stand in a resource, a data source, a provider or one of their blocks."""

    attributes: dict[str, Attribute] = field(default_factory=dict)
    nested: dict[str, Nested] = field(default_factory=dict)

    def empty(self) -> dict[str, Any]:
        """Gives the value of a block in which nothing is set."""
        nothing: dict[str, Any] = {name: None if one.is_attribute else [] for name, one in self.nested.items()}
        return dict.fromkeys(self.attributes) | nothing


class ProviderSchema:
    """Everything one provider offers."""

    def __init__(self, provider: str) -> None:
        packed = schema_file(provider).read_bytes()
        self.response = protocol.GetProviderSchema.Response.FromString(lzma.decompress(packed))
        self.provider = _block(self.response.provider.block)
        self.resource = cache(lambda type_name: _block(self.response.resource_schemas[type_name].block))
        self.data_source = cache(lambda type_name: _block(self.response.data_source_schemas[type_name].block))

    def announced(self, types: Collection[str]) -> protocol.GetProviderSchema.Response:
        """Gives the answer with no more than these types, all if none is named: Terraform reads it at each start."""
        if not types:
            return self.response
        few = protocol.GetProviderSchema.Response()
        few.CopyFrom(self.response)
        for table in (few.resource_schemas, few.data_source_schemas):
            for name in table.keys() - types:
                del table[name]
        return few


def schema_file(provider: str) -> Path:
    """Gives the file that holds the provider's answer to GetProviderSchema (protobuf, packed with xz)."""
    return RECORDED_FOLDER / f"{provider}-{RECORDED_VERSIONS[provider]}.schema.pb.xz"


def unknown_fields(message: Message) -> set[int]:
    """Gives the numbers of fields that the protocol module in use does not know."""
    unknown = UnknownFieldSet(message)
    return {unknown[i].field_number for i in range(len(unknown))}


def _block(block: protocol.Schema.Block) -> Block:
    plain, nested = _attributes(block.attributes)
    nested |= {b.type_name: Nested(_block(b.block), _NESTING[b.nesting]) for b in block.block_types}
    return Block(plain, nested)


def _attributes(attributes: Iterable[protocol.Schema.Attribute]) -> tuple[dict[str, Attribute], dict[str, Nested]]:
    plain: dict[str, Attribute] = {}
    nested: dict[str, Nested] = {}
    for attribute in attributes:
        write_only = WRITE_ONLY_FIELD in unknown_fields(attribute)
        if attribute.HasField("nested_type"):
            block = Block(*_attributes(attribute.nested_type.attributes))
            nesting = _NESTING[attribute.nested_type.nesting]
            nested[attribute.name] = Nested(block, nesting, True, attribute.computed, write_only)
        else:
            type_ = json.loads(attribute.type)
            plain[attribute.name] = Attribute(type_, attribute.optional, attribute.computed, write_only)
    return plain, nested
