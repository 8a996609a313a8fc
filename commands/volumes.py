"""Asks before disks go: what people have saved goes with them."""

import sys
from collections.abc import Sequence

from modelyard.errors import ConfigurationError

import typer

from estate.volumes import KeptVolume


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
