"""Protection is taken off what is deployed: what providers look up in the state when they delete."""

import json
from collections.abc import Mapping

from estate.stacks import Stack
from estate.states import State, States

# By the type, the argument and what it must be for the thing to go. `prevent_destroy` is Terraform's own and stands in
# the configuration only; Azure's providers look there, too.
_HOLDS = {
    "google_container_cluster": ("deletion_protection", False),
    "google_storage_bucket": ("force_destroy", True),
}


def held(states: States) -> dict[str, list[str]]:
    """The addresses that a destroy would stop at although the configuration lets them go, by stack."""
    found = {id_: _held(state) for id_, state in states.items()}
    return {id_: addresses for id_, addresses in found.items() if addresses}


def give_up_content(stack: Stack) -> None:
    """Lets a synthesised stack's stores go with all that they hold: who takes the environment down has said so."""
    file = stack.folder / "cdk.tf.json"
    content = json.loads(file.read_text())
    for block in content["resource"].get("google_storage_bucket", {}).values():
        block["force_destroy"] = True
    file.write_text(json.dumps(content, indent=2))


def _held(state: State) -> list[str]:
    wanted = {
        address: block
        for address, block in _resources(state.stack).items()
        if address.partition(".")[0] in _HOLDS and _lets_go(address, block)
    }
    return [
        instance.address
        for instance in state.managed()
        if instance.address in wanted and not _lets_go(instance.address, instance.attributes)
    ]


def _lets_go(address: str, values: Mapping[str, object]) -> bool:
    argument, free = _HOLDS[address.partition(".")[0]]
    return values.get(argument) is free


def _resources(stack: Stack) -> dict[str, dict[str, object]]:
    """As they are on disk now: see `give_up_content`."""
    tables = json.loads((stack.folder / "cdk.tf.json").read_text()).get("resource", {})
    return {f"{type_}.{name}": block for type_, table in tables.items() for name, block in table.items()}
