"""An environment, deployed to a simulated world: what its stacks are planned against."""

import json
import re
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from comparison.changes import Change
from estate.rehearsal import Rehearsal
from estate.stacks import read
from stacks.paths import ROOT
from terraform_cli.call import terraform
from terraform_cli.environment import clean_environment

Configuration = dict[str, Any]


def synthesise(rehearsal: Rehearsal) -> None:
    """Writes the stacks of an environment; raises subprocess.CalledProcessError with what is wrong."""
    rehearsal.states.mkdir(parents=True)
    variables = clean_environment() | rehearsal.variables() | {"CDKTF_OUTDIR": str(rehearsal.output)}
    subprocess.run(rehearsal.app_command(), cwd=ROOT, env=variables, check=True)


def deploy(rehearsal: Rehearsal, providers: Mapping[str, str]) -> None:
    """Applies every stack in order, with the simulated providers that the variables lead to."""
    for stack in rehearsal.stacks():
        folder = rehearsal.output / "stacks" / stack
        terraform(folder, providers, "init", "-input=false")
        terraform(folder, providers, "apply", "-auto-approve", "-input=false")


def configuration(rehearsal: Rehearsal, stack: str) -> Configuration:
    """A stack as it was synthesised."""
    content: Configuration = json.loads((rehearsal.output / "stacks" / stack / "cdk.tf.json").read_text())
    for azurerm in content["provider"].get("azurerm", []):
        # The real provider would ask Azure about them before it plans.
        azurerm.pop("resource_providers_to_register", None)
    return content


def without_reads(content: Configuration, state: Path) -> Configuration:
    """The configuration with what its data sources gave when it was deployed, in place of them.

    The real providers would ask their clouds, and what is asked for is in the simulated world only.
    """
    reads = [one for one in json.loads(state.read_text())["resources"] if one["mode"] == "data"]
    text = json.dumps({name: table for name, table in content.items() if name != "data"})
    for one in reads:
        text = re.sub(rf"\bdata\.{one['type']}\.{one['name']}\b", f"local.{_local(one)}", text)
    written: Configuration = json.loads(text)
    values = {_local(one): one["instances"][0]["attributes"] for one in reads}
    return written | {"locals": written.get("locals", {}) | values}


def _local(read: dict[str, Any]) -> str:
    return f"{read['type']}_{read['name']}"


def types_of(rehearsal: Rehearsal) -> set[str]:
    """The resource types and data sources that the environment's stacks use."""
    configurations = [stack.configuration for stack in read(rehearsal.output).values()]
    return {name for each in configurations for table in ("resource", "data") for name in each.get(table, {})}


def changed(content: Configuration, change: Change) -> Configuration:
    """The configuration with that change."""
    copied: Configuration = json.loads(json.dumps(content))
    block = next(iter(copied["resource"][change.resource].values()))
    *tables, argument = change.argument.split(".")
    for table in tables:
        block = block[table]
    block[argument] = change.value
    return copied


def state(rehearsal: Rehearsal, stack: str) -> Path:
    """The file with a deployed stack's state."""
    return rehearsal.states / f"{stack}.tfstate"
