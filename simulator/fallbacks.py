"""Plans that the simulator made in place of a real plugin, in a file beside the world: nobody sees all warnings."""

import json
from collections.abc import Mapping
from pathlib import Path

from simulator.world import World, write_json


def fallbacks(world: Path) -> dict[str, str]:
    """Gives the provider by the resource type: its real plugin asked its cloud for a plan of one, in this world."""
    try:
        found: dict[str, str] = json.loads(_file(world).read_text())
    except FileNotFoundError:
        return {}
    return found


def note_fallback(world: World, type_name: str, provider: str) -> None:
    """Notes that a plan was the simulator's own."""
    with world.locked():
        noted = fallbacks(world.folder)
        if type_name not in noted:
            write_json(_file(world.folder), noted | {type_name: provider})


def fallbacks_told(found: Mapping[str, str]) -> str:
    """Says of which types, and why."""
    return ", ".join(f"{name} (for which {provider} asks its cloud)" for name, provider in sorted(found.items()))


def _file(world: Path) -> Path:
    return world.with_name(f"{world.name}.fallbacks.json")
