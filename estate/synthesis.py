"""An environment as it was synthesised: what Terraform works on."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from estate.rehearsal import Rehearsal
from estate.stacks import Estate
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
