"""`modelyard state restore`: an older version of a state becomes the newest."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

from modelyard.errors import ConfigurationError

import typer
from rich.console import Console

from commands.remote_state import are_same, backend_of, opened

console = Console(highlight=False, soft_wrap=True)


def restore(
    environment: Annotated[str, typer.Argument(metavar="ENV", help="A file of environments/.")],
    stack: Annotated[str, typer.Argument(metavar="STACK", help="A stack's id, as `cdktf list` shows it.")],
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The state to bring back.", exists=True, dir_okay=False)],
) -> None:
    """Make a file the newest version of a stack's state; the version before it stays in the store."""
    older = _read(file)
    with opened(backend_of(environment, stack)) as state:
        current = state.pull()
        # Ahead of all that were written: Terraform takes it without -force, which would switch off its other guards
        # too, and no plan or errored.tfstate of before can be applied to it.
        state.push(older | {"serial": max(older["serial"], current.get("serial", 0)) + 1})
        restored = state.pull()
        if not are_same(older, restored):
            raise ConfigurationError(
                "what came back from the store is not what was sent",
                mend="look at the store's versions, then run again",
            )
    had, has = _addresses(current), _addresses(older)
    console.print(f"restored: the state of {stack}, {len(has)} resources, serial {restored['serial']}")
    for address in sorted(had - has):
        console.print(f"  forgotten: {address}; if it exists, import it or delete it, for a deploy would make it again")
    for address in sorted(has - had):
        console.print(f"  known again: {address}")


def _read(file: Path) -> dict[str, Any]:
    try:
        state = json.loads(file.read_text())
        if state["version"] == 4 and state["lineage"] and state["serial"] >= 0 and state["resources"] is not None:
            return dict(state)
    except (ValueError, KeyError, TypeError):
        pass
    raise ConfigurationError(
        "is no state of Terraform", mend="fetch a version as docs/state.md tells", where=str(file)
    ) from None


def _addresses(state: Mapping[str, Any]) -> set[str]:
    """Of what Terraform manages."""
    return {f"{each['type']}.{each['name']}" for each in state.get("resources", []) if each["mode"] == "managed"}
