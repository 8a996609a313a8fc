"""How a deployed thing is changed behind Terraform's back so that the next apply updates it in place."""

import contextlib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from estate.stacks import Stack
from faults.lane import Lane
from simulator.azurerm import AzurermProvider
from simulator.google import GoogleProvider
from simulator.helm import HelmProvider
from simulator.kubernetes import KubernetesProvider
from simulator.provider import Provider
from simulator.schema import Attribute, Block
from simulator.traits import load_traits
from simulator.world import Scope, World
from terraform_cli.call import TerraformError, terraform

_PROVIDERS: Final[tuple[type[Provider], ...]] = (GoogleProvider, AzurermProvider, KubernetesProvider, HelmProvider)
# So many arguments of a type are tried.
_MOST_TRIED: Final = 12
_PLAN: Final = "drift.tfplan"
# What says how Terraform works, and is nowhere in a cloud.
_TERRAFORMS_OWN: Final = re.compile(
    r"id|timeouts|wait.*|force_.*|deletion_protection|disable_on_destroy|delete_default_routes_on_create|atomic"
    r"|create_(?:namespace|ignore_already_exists)|skip_.*"
)
# Everybody changes these first.
_POPULAR: Final = re.compile(r"labels|tags|annotations|description|display_name|comment")


@dataclass(frozen=True)
class Drift:
    """One changed argument.

    Attributes:
        address: Of which resource.
        argument: Which one, by its path.
        scope: The world's folder that the thing is in, relative to the world.
        stored_as: Its type there.
        key: Its key there.
        values: What it has then.
    """

    address: str
    argument: str
    scope: str
    stored_as: str
    key: str
    values: dict[str, Any]

    def happen(self, lane: Lane) -> None:
        """Changes the thing."""
        world = World(lane.rehearsal.world)
        root = "/" if self.scope == "azurerm" else ""
        Scope(world.folder / self.scope, root).put(self.stored_as, self.key, self.values)


def find_drift(lane: Lane, snapshot: str, stack: Stack, type_name: str, variables: Mapping[str, str]) -> Drift | str:
    """Finds a change of the type's first resource which Terraform plans to take back in place.

    Args:
        lane: Is set to the snapshot, again and again.
        snapshot: Of everything deployed.
        stack: One that has the type.
        type_name: The resource type.
        variables: What Terraform is run with.

    Returns:
        Or why there is none, in words.
    """
    tried: list[str] = []
    lane.restore(snapshot)
    for drift in _candidates(lane, stack, type_name):
        tried.append(drift.argument)
        lane.restore(snapshot)
        drift.happen(lane)
        # Terraform may refuse a world like this.
        with contextlib.suppress(TerraformError):
            if _plan(stack, variables) == {drift.address: ["update"]}:
                return drift
        if len(tried) == _MOST_TRIED:
            break
    return f"a change of {', '.join(tried)} is no update in place" if tried else "every argument replaces it"


def _plan(stack: Stack, variables: Mapping[str, str]) -> dict[str, list[str]]:
    terraform(stack.folder, variables, "plan", "-input=false", "-lock=false", f"-out={_PLAN}")
    plan = json.loads(terraform(stack.folder, variables, "show", "-json", _PLAN))
    (stack.folder / _PLAN).unlink()
    changes = {one["address"]: one["change"]["actions"] for one in plan.get("resource_changes", [])}
    return {address: actions for address, actions in changes.items() if actions not in (["no-op"], ["read"])}


def _candidates(lane: Lane, stack: Stack, type_name: str) -> Iterator[Drift]:
    world = World(lane.rehearsal.world)
    name = type_name.partition("_")[0]
    (provider,) = (each(world) for each in _PROVIDERS if each.name == name)
    resource = provider.resource(type_name)
    folder = lane.rehearsal.world / name
    if name in ("kubernetes", "helm"):
        (folder,) = (lane.rehearsal.world / "clusters").glob("*/")
    scope = Scope(folder, "/" if name == "azurerm" else "")
    state = json.loads((lane.rehearsal.states / f"{stack.id}.tfstate").read_text())
    found = next(one for one in state["resources"] if (one["mode"], one["type"]) == ("managed", type_name))
    key = resource.key(found["instances"][0]["attributes"])
    values = scope.get(resource.stored_as, key)
    if values is None:
        return
    replace = load_traits(name).get(type_name)
    for path, changed in _changes(resource.block, values, replace.replace if replace else frozenset()):
        yield Drift(
            address=f"{type_name}.{found['name']}",
            argument=path,
            scope=str(folder.relative_to(lane.rehearsal.world)),
            stored_as=resource.stored_as,
            key=key,
            values=changed,
        )


def _changes(
    block: Block, values: dict[str, Any], replace: frozenset[str], path: str = ""
) -> Iterator[tuple[str, dict[str, Any]]]:
    """The values with one argument changed, by the argument's path: popular ones first, then those that are set."""
    names = sorted(
        block.attributes, key=lambda name: (not _POPULAR.fullmatch(name), values.get(name) in (None, "", {}), name)
    )
    for name in names:
        attribute, here = block.attributes[name], f"{path}{name}"
        is_result = attribute.computed and not attribute.optional
        if here in replace or is_result or _TERRAFORMS_OWN.fullmatch(name):
            continue
        other = _other(attribute, values.get(name))
        if other is not None:
            yield here, {**values, name: other}
    for name, nested in block.nested.items():
        here, inner = f"{path}{name}", values.get(name)
        if here in replace or _TERRAFORMS_OWN.fullmatch(name) or not (isinstance(inner, list) and len(inner) == 1):
            continue
        for inner_path, changed in _changes(nested.block, inner[0], replace, f"{here}."):
            yield inner_path, {**values, name: [changed]}


def _other(attribute: Attribute, value: Any) -> Any:  # noqa: ANN401 - a value of any type, and another one
    if attribute.type == "bool":
        return not value
    if attribute.type == "number" and value is not None:
        return value + 1
    if attribute.type == "string":
        return f"{value or ''}changed"
    if attribute.type == ["map", "string"]:
        return {**(value or {}), "changed": "by-somebody"}
    return None
