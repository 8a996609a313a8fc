"""What somebody has to say before data goes: volumes with what people saved, models and artifacts."""

import sys
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from enum import StrEnum

from modelyard.errors import ConfigurationError

import typer

from estate.volumes import KeptVolume


class Volumes(StrEnum):
    """What happens to volumes."""

    DELETE = "delete"
    SNAPSHOT = "snapshot"


@dataclass(frozen=True)
class Consent:
    """What was said beforehand.

    Attributes:
        yes: The environment may go.
        volumes: What happens to volumes; None if nobody has said.
        artifacts: Whether models and artifacts may go.
    """

    yes: bool
    volumes: Volumes | None
    artifacts: bool


def ask(question: str, consent: Consent) -> None:
    """Asks whether it may go.

    Raises:
        ConfigurationError: Nobody is there to be asked.
        typer.Abort: It may not.
    """
    if consent.yes:
        return
    if not sys.stdin.isatty():
        raise ConfigurationError("nobody is there to be asked, nothing was touched", mend="add --yes")
    typer.confirm(question, abort=True)


def ask_for_reason(environment: str, given: str | None) -> str:
    """Why a protected environment may go.

    Raises:
        ConfigurationError: Nobody is there to be asked.
    """
    if given and given.strip():
        return given.strip()
    if not sys.stdin.isatty():
        raise ConfigurationError(
            f"{environment} is protected, nothing was touched",
            mend="add --reason with why it may go all the same: that is recorded in its file",
            where=f"environments/{environment}.toml: protection_lifted",
        )
    return str(typer.prompt(f"{environment} is protected. Why may it go all the same?"))


def ask_for_volumes(volumes: Sequence[KeptVolume], consent: Consent, *, why_no_snapshots: str = "") -> Volumes:
    """What happens to volumes: asks for each whether it may be deleted.

    Args:
        volumes: What is about to go.
        consent: What was said beforehand.
        why_no_snapshots: Why no snapshots can be made; empty where they can.

    Raises:
        ConfigurationError: Nobody is there to be asked; or snapshots are wanted that cannot be made.
        typer.Abort: One has to stay.
    """
    if not volumes:
        return consent.volumes or Volumes.DELETE
    if consent.volumes is Volumes.SNAPSHOT and why_no_snapshots:
        raise ConfigurationError(
            f"no snapshot can be made of {', '.join(map(str, volumes))}: {why_no_snapshots}",
            mend=f"{_save(volumes)}add --volumes delete",
        )
    if consent.volumes:
        return consent.volumes
    if not sys.stdin.isatty():
        keep = "" if why_no_snapshots else ", or --volumes snapshot, which keeps a snapshot of each disk"
        raise ConfigurationError(
            f"deletes what people saved on {', '.join(map(str, volumes))}",
            mend=f"{_save(volumes)}add --volumes delete{keep}",
        )
    for each in volumes:
        typer.confirm(f"delete the volume {each}, with what people saved on it?", abort=True)
    return Volumes.DELETE


def _save(volumes: Sequence[KeptVolume]) -> str:
    commands = [f"`{command}`" for command in (each.save_command for each in volumes) if command]
    return f"save it ({', '.join(commands)}), then " if commands else ""


def ask_for_artifacts(stacks: Collection[str], consent: Consent) -> None:
    """Asks whether the stores of models and artifacts may go, if they are among what goes.

    Raises:
        ConfigurationError: Nobody is there to be asked.
        typer.Abort: They may not.
    """
    if consent.artifacts or not stacks:
        return
    what = f"deletes all models and artifacts in {', '.join(sorted(stacks))}"
    if not sys.stdin.isatty():
        raise ConfigurationError(what, mend="copy what is worth it, then add --artifacts; or add --keep-stores")
    typer.confirm(f"{what}?", abort=True)
