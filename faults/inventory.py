"""What exists and who knows of it: the world's things and the states' resources, held against the goal's."""

import json
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from simulator.world import Scope, World

# What counts changes, and so differs after a repeated one.
_COUNTERS: Final = ("generation", "resource_version", "revision")
Thing = tuple[str, str]


@dataclass(frozen=True)
class Inventory:
    """One moment of an environment.

    Attributes:
        things: The world's things by type and key, with their values.
        known: The id of what the states hold, by stack and address.
    """

    things: dict[Thing, dict[str, Any]]
    known: dict[tuple[str, str], str]


@dataclass(frozen=True)
class Findings:
    """What differs from the goal.

    Attributes:
        lost: Things that are missing from the world.
        doubled: Things that the goal has not, or that two addresses of states hold.
        left: Things that no state knows of.
        changed: Things with other values.
    """

    lost: tuple[str, ...] = ()
    doubled: tuple[str, ...] = ()
    left: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()

    @property
    def is_clean(self) -> bool:
        """Whether nothing is lost, doubled or left."""
        return not (self.lost or self.doubled or self.left)


def take(world: Path, states: Path) -> Inventory:
    """Takes the inventory of a world and its states."""
    return Inventory(things=_things(World(world)), known=_known(states))


def against_goal(goal: Inventory, found: Inventory) -> Findings:
    """Holds what is there after `modelyard up` against the goal."""
    missing = goal.things.keys() - found.things.keys()
    gone = {key for _, key in missing}
    # What is not in the world either is lost, and counts there.
    unknown = [one for one in goal.known.keys() - found.known.keys() if goal.known[one] not in gone]
    return Findings(
        lost=_named(missing),
        doubled=(*_named(found.things.keys() - goal.things.keys()), *_too_often(goal, found)),
        left=tuple(f"{stack}: {address}" for stack, address in sorted(unknown)),
        changed=_named({thing for thing, values in found.things.items() if goal.things.get(thing, values) != values}),
    )


def _too_often(goal: Inventory, found: Inventory) -> list[str]:
    """What states hold more often than in the goal, where stacks may share an API that is enabled."""
    more = _holders(found) - _holders(goal)
    return [
        f"{type_name} {id_} is in the states {count} times too often"
        for (type_name, id_), count in sorted(more.items())
    ]


def _holders(inventory: Inventory) -> Counter[Thing]:
    return Counter((address.partition(".")[0], id_) for (_, address), id_ in inventory.known.items())


def against_nothing(found: Inventory) -> Findings:
    """Holds what is there after `modelyard teardown` against nothing at all."""
    still = tuple(f"{stack}: {address}" for stack, address in sorted(found.known))
    return Findings(left=(*_named(found.things), *still))


def _named(things: Any) -> tuple[str, ...]:  # noqa: ANN401 - any collection of things
    return tuple(f"{type_name} {key}" for type_name, key in sorted(things))


def _things(world: World) -> dict[Thing, dict[str, Any]]:
    scopes = [
        world.google,
        world.azurerm,
        *(Scope(folder) for folder in sorted((world.folder / "clusters").glob("*/"))),
    ]
    values = {
        (type_name, key): one
        for scope in scopes
        for type_name in scope.types()
        for key, one in scope.all(type_name).items()
    }
    return {thing: _without_counters(values[thing]) for thing in world.contents()}


def _without_counters(values: Any) -> Any:  # noqa: ANN401 - values of any shape
    if isinstance(values, dict):
        return {name: _without_counters(one) for name, one in values.items() if name not in _COUNTERS}
    return [_without_counters(one) for one in values] if isinstance(values, list) else values


def _known(states: Path) -> dict[tuple[str, str], str]:
    known = {}
    for file in sorted(states.glob("*.tfstate")):
        # Terraform makes it empty when it takes the lock.
        if not (written := file.read_text()):
            continue
        for resource in json.loads(written)["resources"]:
            if resource["mode"] != "managed":
                continue
            address = f"{resource['type']}.{resource['name']}"
            for number, instance in enumerate(resource["instances"]):
                deposed = f" (deposed {instance['deposed']})" if "deposed" in instance else ""
                index = f"[{instance.get('index_key', number)}]" if len(resource["instances"]) > 1 else ""
                attributes = instance["attributes"]
                namespace = f"{attributes['namespace']}/" if resource["type"] == "helm_release" else ""
                known[file.stem, f"{address}{index}{deposed}"] = f"{namespace}{attributes['id']}"
    return known
