"""Records what the simulator knows of the real providers: `python -m simulator.record FOLDER`.

FOLDER holds the versions in `plugin_binaries.RECORDED_VERSIONS`, unpacked as in the `.terraform/providers` of a folder
after `terraform init`. The same providers always give the same files.
"""

import json
import lzma
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

from tf.gen import tfplugin_pb2 as protocol  # type: ignore[import-untyped]  # ships no types

from simulator.identity_endpoint import NOBODYS_ID, azurerm_without_access
from simulator.plugin_binaries import RECORDED_VERSIONS, find_binary
from simulator.probe import PROVIDER_DEFAULTS, Probe
from simulator.real_provider import NOBODY, RealProvider
from simulator.schema import WRITE_ONLY_FIELD, ProviderSchema, schema_file, unknown_fields
from simulator.traits import traits_file
from simulator.world import Values

# Field 10 of an attribute in protocol 5.
_WRITE_ONLY_FIELDS: Final = (10, WRITE_ONLY_FIELD)
_WRITE_ONLY_ON_THE_WIRE: Final = bytes([WRITE_ONLY_FIELD << 3, 1])
# Plans of these ask a live cluster.
_PLANNED_BY_THE_CLUSTER: Final = {"kubernetes_manifest"}
_CONFIGS: Final[dict[str, Values]] = {
    "azurerm": {"subscription_id": NOBODYS_ID},
    "google": {"access_token": "fake", **{name: name for name in PROVIDER_DEFAULTS}},
    "kubernetes": {"host": f"https://{NOBODY}"},
    "helm": {},
}


def recorded_schema(provider: RealProvider) -> protocol.GetProviderSchema.Response:
    """Asks for the schema and leaves out what the simulator does not serve: prose, functions, identities."""
    schema = provider.schema()
    recorded = protocol.GetProviderSchema.Response(
        provider=schema.provider,
        resource_schemas=schema.resource_schemas,
        data_source_schemas=schema.data_source_schemas,
        server_capabilities=protocol.ServerCapabilities(get_provider_schema_optional=True),
    )
    if schema.HasField("provider_meta"):
        recorded.provider_meta.CopyFrom(schema.provider_meta)
    for one in (recorded.provider, *recorded.resource_schemas.values(), *recorded.data_source_schemas.values()):
        _trim(one.block)
    return recorded


def _trim(block: protocol.Schema.Block) -> None:
    block.description = ""
    for attribute in block.attributes:
        attribute.description = ""
        if attribute.HasField("nested_type"):
            for nested in attribute.nested_type.attributes:
                nested.description = ""
        write_only = not unknown_fields(attribute).isdisjoint(_WRITE_ONLY_FIELDS)
        attribute.DiscardUnknownFields()
        if write_only:
            attribute.MergeFromString(_WRITE_ONLY_ON_THE_WIRE)
    for nested in block.block_types:
        _trim(nested.block)


def configure(provider: RealProvider, name: str) -> None:
    """Configures the provider so that it plans new resources without calling anybody."""
    block = ProviderSchema(name).provider
    config = block.empty() | _CONFIGS[name]
    if name == "azurerm":
        config |= azurerm_without_access() | {"features": [block.nested["features"].block.empty()]}
    provider.configure(config)


def recorded_traits(provider: RealProvider, name: str, type_names: Iterable[str]) -> dict[str, Any]:
    """Probes resource types of a configured provider; tells on standard error what it refused to plan."""
    schema = ProviderSchema(name)
    traits = {}
    for type_name in type_names:
        probe = Probe(provider, type_name, schema.resource(type_name))
        traits[type_name] = probe.traits()
        if probe.refused:
            print(f"{type_name}: {probe.refused} plans refused", file=sys.stderr)  # noqa: T201 - a script
    return traits


def main() -> None:
    """Writes schema and traits of every provider."""
    mirror = Path(sys.argv[1])
    for name in RECORDED_VERSIONS:
        with RealProvider(find_binary(mirror, name)) as provider:
            schema = recorded_schema(provider)
            schema_file(name).write_bytes(_packed(schema.SerializeToString(deterministic=True)))
            configure(provider, name)
            type_names = sorted(set(schema.resource_schemas) - _PLANNED_BY_THE_CLUSTER)
            traits = recorded_traits(provider, name, type_names)
            traits_file(name).write_bytes(_packed(json.dumps(traits, sort_keys=True).encode()))


def _packed(content: bytes) -> bytes:
    return lzma.compress(content, preset=9 | lzma.PRESET_EXTREME)


if __name__ == "__main__":
    main()
