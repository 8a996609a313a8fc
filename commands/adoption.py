"""`modelyard adopt`: into the state with what a killed deploy has made, and could not write down any more.

Terraform notes an object when it is complete. A Deployment is complete when its rollout is: who ends Terraform before
that leaves a Deployment of which the state knows nothing, and the next deploy is told that it "already exists".
"""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

from modelyard.errors import ConfigurationError

import typer
from rich.console import Console

from commands.cluster_stacks import cluster_stacks
from terraform_cli.call import TerraformError, terraform

console = Console(highlight=False, soft_wrap=True)
_IMPORTS = "adopt.tf.json"
_PLAN = "adopt.tfplan"
# How Terraform says that an object to import is not there.
_ABSENT = re.compile(r'existing\s+object\s+to\s+"([^"]+)"')


def adopt(
    environment: Annotated[str, typer.Argument(metavar="ENV", help="A file of environments/.")],
    *,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Take over the Kubernetes objects that a killed deploy has left; nothing in the cluster is changed."""
    found = False
    for folder in cluster_stacks(environment):
        terraform(folder, {}, "init", "-input=false", timeout=None)
        objects = _left_behind(folder)
        found = found or bool(objects)
        for address, name in objects.items():
            console.print(f"  {folder.name}: {address.partition('.')[0]} {name}")
        if objects and not yes:
            typer.confirm("take them over? No other copy of the repo must deploy them", abort=True)
        for address, name in objects.items():
            terraform(folder, {}, "import", "-input=false", address, name, timeout=None)
            console.print(f"  [green]✓[/] {address.partition('.')[0]} {name}")
    console.print("taken over: deploy again" if found else f"nothing of {environment} is left over")


def _left_behind(folder: Path) -> dict[str, str]:
    """What the stack would make and is there already: ids by addresses.

    Raises:
        ConfigurationError: Some of it is not the stack's own.
    """
    wanted = {
        change["address"]: _id(change["change"]["after"])
        for change in _changes(folder, {})
        if change["change"]["actions"] == ["create"] and "metadata" in change["change"]["after"]
    }
    while wanted:
        try:
            changes = _changes(folder, wanted)
        except TerraformError as error:
            absent = set(_ABSENT.findall(error.said))
            if not absent & wanted.keys():
                raise
            wanted = {address: name for address, name in wanted.items() if address not in absent}
        else:
            for change in changes:
                if change["address"] in wanted:
                    _check_own(folder.name, change["change"])
            return wanted
    return {}


def _changes(folder: Path, imports: Mapping[str, str]) -> list[dict[str, Any]]:
    """The plan with some objects imported, which it only looks at."""
    blocks = folder / _IMPORTS
    try:
        blocks.write_text(json.dumps({"import": [{"to": to, "id": name} for to, name in imports.items()]}))
        terraform(folder, {}, "plan", "-input=false", "-lock=false", f"-out={_PLAN}", timeout=None)
        return list(json.loads(terraform(folder, {}, "show", "-json", _PLAN)).get("resource_changes", []))
    finally:
        blocks.unlink()
        (folder / _PLAN).unlink(missing_ok=True)


def _id(planned: Mapping[str, Any]) -> str:
    (metadata,) = planned["metadata"]
    return "/".join(filter(None, [metadata.get("namespace"), metadata["name"]]))


def _check_own(stack: str, change: Mapping[str, Any]) -> None:
    """Refuses an object that has not the labels which the stack gives to it."""
    (planned,), (present,) = change["after"]["metadata"], change["before"]["metadata"]
    labels = planned.get("labels") or {}
    if not labels or not labels.items() <= (present.get("labels") or {}).items():
        raise ConfigurationError(
            f"{_id(change['before'])} is there already, with the labels {present.get('labels')}: somebody else's",
            mend="remove it, or rename the service",
            where=stack,
        )
