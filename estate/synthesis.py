"""An environment as it was synthesised: what Terraform works on."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from estate.rehearsal import Rehearsal
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


@contextmanager
def in_passing(settings: Settings) -> "Iterator[tuple[App, Estate]]":
    """The stacks, to be looked at: they are written into a folder that is gone when the block ends.

    Raises:
        ConfigurationError: Something cannot be deployed.
    """
    # It imports CDKTF and starts Node, which no other command should wait for.
    from stacks.app import build_app  # noqa: PLC0415 - see above

    with tempfile.TemporaryDirectory() as folder:
        app = build_app(settings, outdir=folder)
        app.synth()
        yield app, read(Path(folder))
