"""Plans as flat places and values, so that two of them can be compared leaf by leaf."""

from collections.abc import Iterator
from typing import Any

Leaves = dict[str, Any]


def leaves(plan: dict[str, Any]) -> Leaves:
    """What a plan, as JSON, leaves by address and place; a value that is known after apply is the text `unknown`.

    Without Helm's releases, which the simulator plans on all sides.
    """
    found: Leaves = {}
    for resource in plan["resource_changes"]:
        if resource["type"] == "helm_release":
            continue
        address, change = resource["address"], resource["change"]
        found[f"{address} is"] = ", ".join(change["actions"])
        found[f"{address} is replaced for"] = sorted(map(str, change.get("replace_paths", [])))
        found |= walk(change["after"], address)
        found |= {place: "unknown" for place, value in walk(change["after_unknown"], address) if value is True}
    return found


def actions(leaves: Leaves) -> set[str]:
    """The actions of a plan: create, read, update, no-op, and `delete, create` for a replacement."""
    return {action for place, action in leaves.items() if place.endswith(" is")}


def different(one: Leaves, other: Leaves) -> dict[str, tuple[Any, Any]]:
    """The leaves that two plans do not share, with the value of each plan."""
    pairs = {place: (one.get(place), other.get(place)) for place in one.keys() | other.keys()}
    return {place: pair for place, pair in pairs.items() if pair[0] != pair[1]}


def walk(value: Any, place: str) -> Iterator[tuple[str, Any]]:  # noqa: ANN401 - a value of any type
    """Each value that holds no others, with where it stands."""
    if isinstance(value, dict):
        for key, one in value.items():
            yield from walk(one, f"{place}.{key}")
    elif isinstance(value, list) and value:
        for i, one in enumerate(value):
            yield from walk(one, f"{place}[{i}]")
    else:
        yield place, value
