"""Where a rehearsal keeps its things, and the variables that make the CDKTF CLI rehearse."""

import json
import shlex
import sys
from dataclasses import dataclass
from graphlib import TopologicalSorter
from pathlib import Path

from stacks.paths import ROOT

#: The variable that names the folder of the rehearsal under way in a shell.
REHEARSAL = "MODELYARD_REHEARSAL"


@dataclass(frozen=True)
class Rehearsal:
    """The rehearsal of one environment; its folder may be deleted at any time.

    Attributes:
        environment: The environment's name.
        folder: Holds the simulated world, the states, the synthesised stacks and the logs.
        only: A stack's id: that one and what it depends on, instead of all.
    """

    environment: str
    folder: Path
    only: str | None = None

    @classmethod
    def of(cls, environment: str, *, only: str | None = None) -> "Rehearsal":
        """The rehearsal of an environment, in `.rehearsal/` of the repo."""
        return cls(environment, ROOT / ".rehearsal" / environment, only)

    @property
    def world(self) -> Path:
        """What exists in the simulated clouds."""
        return self.folder / "world"

    @property
    def states(self) -> Path:
        """Terraform's states, which stand in for the state bucket."""
        return self.folder / "states"

    @property
    def output(self) -> Path:
        """The synthesised stacks."""
        return self.folder / "cdktf.out"

    @property
    def plans(self) -> Path:
        """The second plans as JSON, a file for each stack: everything that is deployed, with its values."""
        return self.folder / "plans"

    @property
    def configurations(self) -> Path:
        """The configurations of those plans, a file for each stack: a protected environment's are written anew."""
        return self.folder / "configurations"

    @property
    def verdict(self) -> Path:
        """What `modelyard policies` said of those plans."""
        return self.folder / "policies.json"

    @property
    def page(self) -> Path:
        """What `modelyard report` writes."""
        return self.folder / "report.html"

    @property
    def log(self) -> Path:
        """All that the CLI printed."""
        return self.folder / "cdktf.log"

    def app_command(self, *, lift_protection: bool = False) -> list[str]:
        """The app that synthesises the environment for this rehearsal."""
        folders = ["--states", str(self.states), "--world", str(self.world)]
        only = ["--only", self.only] if self.only else []
        lift = ["--lift-protection"] if lift_protection else []
        return [sys.executable, "-m", "commands.rehearsal_app", *folders, *only, *lift]

    def variables(self, *, lift_protection: bool = False) -> dict[str, str]:
        """Environment variables for `cdktf` and for the app, run in the repo's root.

        The CLI reads each of its options from a variable as well (`CDKTF_APP` is `--app`), so that a `cdktf deploy`
        typed by hand rehearses too.
        """
        return {
            "MODELYARD_ENV": self.environment,
            REHEARSAL: str(self.folder),
            "CDKTF_APP": shlex.join(self.app_command(lift_protection=lift_protection)),
            "CDKTF_OUTPUT": str(self.output),
            # Locking asks the registry for checksums, which simulated providers have not.
            "CDKTF_SKIP_PROVIDER_LOCK": "true",
            "CHECKPOINT_DISABLE": "1",
            # The user's own file may point to mirrors and caches, or to nothing at all, which Terraform warns of.
            "TF_CLI_CONFIG_FILE": str(self._terraform_config()),
        }

    def _terraform_config(self) -> Path:
        file = self.folder / "terraform.rc"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch()
        return file

    def stacks(self) -> list[str]:
        """The synthesised stacks in order of deployment."""
        manifest = json.loads((self.output / "manifest.json").read_text())["stacks"]
        graph = {id_: sorted(stack["dependencies"]) for id_, stack in sorted(manifest.items())}
        return list(TopologicalSorter(graph).static_order())

    def resources(self, stack: str) -> int:
        """How many resources the stack's state holds; 0 without a state."""
        file = self.states / f"{stack}.tfstate"
        # Terraform makes it empty when it takes the lock; when a stack fails, the CLI may end those beside it there.
        if not file.is_file() or not (written := file.read_text()):
            return 0
        resources = json.loads(written)["resources"]
        return sum(len(each["instances"]) for each in resources if each["mode"] == "managed")
