"""Which faults have struck, in a file beside the world: a simulator that is started again does not repeat them."""

import datetime
import json
from pathlib import Path
from typing import Any

from simulator.faults import Action, Fault, Scenario
from simulator.world import World, write_json


def counts_file(world: Path) -> Path:
    """Gives the file that counts for the world in this folder: `world.faults.json` beside `world`."""
    return world.with_name(f"{world.name}.faults.json")


def struck(world: Path) -> list[list[str]]:
    """Gives when each of a scenario's faults has struck, one list for each fault, in the scenario's order."""
    try:
        counts = json.loads(counts_file(world).read_text())
    except FileNotFoundError:
        return []
    return [one["struck"] for one in counts]


class FaultCounts:
    """Counts the operations that faults wait for."""

    def __init__(self, scenario: Scenario, world: World) -> None:
        """Goes on counting where the last simulator of the same scenario ended; another scenario starts anew."""
        self._faults = scenario.faults
        self._world = world
        self._file = counts_file(world.folder)

    def due(self, provider: str, action: Action, type_name: str) -> list[Fault]:
        """Counts an operation; gives the faults that strike at it, which are noted before they do."""
        if not any(fault.is_about(provider, action, type_name) for fault in self._faults):
            return []
        now = datetime.datetime.now(datetime.UTC).isoformat(timespec="milliseconds")
        found = []
        with self._world.locked():
            counts = self._read()
            for fault, count in zip(self._faults, counts, strict=True):
                if not fault.is_about(provider, action, type_name):
                    continue
                count["operations"] += 1
                if fault.is_due(count["operations"]):
                    count["struck"].append(f"{now} {action} {type_name or provider}")
                    found.append(fault)
            write_json(self._file, counts)
        return found

    def _read(self) -> list[dict[str, Any]]:
        fresh = [
            {"fault": fault.model_dump(mode="json", exclude_defaults=True), "operations": 0, "struck": []}
            for fault in self._faults
        ]
        try:
            counts: list[dict[str, Any]] = json.loads(self._file.read_text())
        except FileNotFoundError:
            return fresh
        is_same = [one["fault"] for one in counts] == [one["fault"] for one in fresh]
        return counts if is_same else fresh
