"""What the schemas do not say of a resource type, recorded from the real providers' plans."""

import json
import lzma
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from simulator.plugin_binaries import RECORDED_VERSIONS
from simulator.schema import RECORDED_FOLDER


@dataclass(frozen=True)
class Traits:
    """Paths are as in the schema, without positions: `spec.template.spec.container.image`."""

    # The value that is planned for an argument that is left out.
    defaults: dict[str, Any] = field(default_factory=dict)
    # The argument of the provider's configuration that is planned for an argument that is left out.
    configured: dict[str, str] = field(default_factory=dict)
    # Blocks that the provider fills when they are left out.
    computed_blocks: frozenset[str] = frozenset()
    # A change here replaces the resource.
    replace: frozenset[str] = frozenset()


def traits_file(provider: str) -> Path:
    """Gives the file that holds the traits of all resource types of the provider (JSON, packed with xz)."""
    return RECORDED_FOLDER / f"{provider}-{RECORDED_VERSIONS[provider]}.traits.json.xz"


@cache
def load_traits(provider: str) -> dict[str, Traits]:
    """Gives the traits by resource type."""
    recorded = json.loads(lzma.decompress(traits_file(provider).read_bytes()))
    return {
        type_name: Traits(
            one["defaults"], one["configured"], frozenset(one["computed_blocks"]), frozenset(one["replace"])
        )
        for type_name, one in recorded.items()
    }
