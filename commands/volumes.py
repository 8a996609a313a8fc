"""Asks before disks go: what people have saved goes with them."""

import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from modelyard.errors import ConfigurationError

import typer

from commands.cluster_stacks import cluster_stacks
from estate.volumes import KeptVolume, volumes_in
from terraform_cli.call import terraform


def kept_volumes(environment: str) -> list[KeptVolume]:
    """The disks in the states of an environment's services and add-ons.

    Raises:
        ConfigurationError: Something cannot be deployed.
        TerraformError: A state cannot be read.
    """
    return [volume for folder in cluster_stacks(environment) for volume in _read(folder)]


def confirm_deletion(volumes: Sequence[KeptVolume], *, confirmed: bool) -> None:
    """Asks for each disk whether it may go.

    Args:
        volumes: What is about to be deleted.
        confirmed: Whether somebody has said so already.

    Raises:
        ConfigurationError: Nobody is there to be asked.
        typer.Abort: One has to stay.
    """
    if confirmed or not volumes:
        return
    if not sys.stdin.isatty():
        commands = [f"`{command}`" for command in (each.save_command for each in volumes) if command]
        save = f"save it ({', '.join(commands)}), then " if commands else ""
        raise ConfigurationError(
            f"deletes what people saved on {', '.join(map(str, volumes))}", mend=f"{save}add --volumes"
        )
    for each in volumes:
        typer.confirm(f"delete the volume {each}, with what people saved on it?", abort=True)


def _read(folder: Path) -> Iterator[KeptVolume]:
    terraform(folder, {}, "init", "-input=false", timeout=None)
    pulled = terraform(folder, {}, "state", "pull", timeout=None)
    configuration = json.loads((folder / "cdk.tf.json").read_text())
    return volumes_in(json.loads(pulled) if pulled.strip() else {}, configuration)
