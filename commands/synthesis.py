"""An environment's stacks, written as the CDKTF CLI would write them; Terraform works in their folders."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from commands.rehearsal import REHEARSAL, Rehearsal
from estate.stacks import Estate, read
from stacks.paths import ROOT
from stacks.settings import Settings

if TYPE_CHECKING:
    from cdktf import App


@dataclass(frozen=True)
class Synthesis:
    """The stacks of an environment on disk.

    Attributes:
        settings: Those they were made with.
        app: The constructs.
        estate: The stacks by id.
        variables: What Terraform is run with, beyond this process's environment.
        rehearsal: Where it is rehearsed; None for real.
    """

    settings: Settings
    app: "App"
    estate: Estate
    variables: dict[str, str]
    rehearsal: Rehearsal | None

    @property
    def place(self) -> Path:
        """Where logs and journals of runs are."""
        folder = self.rehearsal.folder if self.rehearsal else ROOT / ".modelyard" / self.settings.name
        return folder / "runs"


def rehearsal_of(settings: Settings) -> Rehearsal | None:
    """The rehearsal under way in this shell, if it is one of this environment: `modelyard rehearse ENV --shell`."""
    folder = os.environ.get(REHEARSAL)
    rehearsal = Rehearsal(settings.name, Path(folder)) if folder else None
    return rehearsal if rehearsal and os.environ.get("MODELYARD_ENV") == settings.name else None


def synthesise(settings: Settings) -> Synthesis:
    """Writes the stacks, for real or as the rehearsal under way in this shell wants them.

    Raises:
        ConfigurationError: Something cannot be deployed.
    """
    # They import CDKTF and start Node, which no other command should wait for.
    from commands import rehearsal_app  # noqa: PLC0415 - see above
    from stacks.app import build_app  # noqa: PLC0415 - see above

    rehearsal = rehearsal_of(settings)
    output = rehearsal.output if rehearsal else ROOT / "cdktf.out"
    app = build_app(settings, outdir=str(output))
    if rehearsal:
        rehearsal_app.synthesise(app, world=rehearsal.world, states=rehearsal.states)
    else:
        app.synth()
    reattached = os.environ.get("TF_REATTACH_PROVIDERS") if rehearsal else None
    variables = {"TF_REATTACH_PROVIDERS": reattached} if reattached else {}
    return Synthesis(settings, app, read(output), variables, rehearsal)
