"""An environment's stacks, written as the CDKTF CLI would write them; Terraform works in their folders."""

import os
from pathlib import Path

from estate.rehearsal import REHEARSAL, Rehearsal
from estate.stacks import read
from estate.synthesis import Synthesis
from stacks.paths import ROOT
from stacks.settings import Settings


def rehearsal_of(settings: Settings) -> Rehearsal | None:
    """The rehearsal under way in this shell, if it is one of this environment: `modelyard rehearse ENV --shell`."""
    folder = os.environ.get(REHEARSAL)
    rehearsal = Rehearsal(settings.name, Path(folder)) if folder else None
    return rehearsal if rehearsal and os.environ.get("MODELYARD_ENV") == settings.name else None


def synthesise(settings: Settings, *, only: str | None = None) -> Synthesis:
    """Writes the stacks, for real or as the rehearsal under way in this shell wants them.

    Args:
        settings: Of the environment.
        only: A stack's id: that one and what it depends on, instead of all.

    Raises:
        ConfigurationError: Something cannot be deployed, or there is no such stack.
    """
    # They import CDKTF and start Node, which no other command should wait for.
    from commands import rehearsal_app  # noqa: PLC0415 - see above
    from stacks.app import build_app  # noqa: PLC0415 - see above

    rehearsal = rehearsal_of(settings)
    output = rehearsal.output if rehearsal else ROOT / "cdktf.out"
    app = build_app(settings, outdir=str(output))
    if only:
        rehearsal_app.keep_upstream(app, only)
    if rehearsal:
        rehearsal_app.synthesise(app, world=rehearsal.world, states=rehearsal.states)
    else:
        app.synth()
    reattached = os.environ.get("TF_REATTACH_PROVIDERS") if rehearsal else None
    variables = {"TF_REATTACH_PROVIDERS": reattached} if reattached else {}
    return Synthesis(settings, app, read(output), variables, rehearsal)
