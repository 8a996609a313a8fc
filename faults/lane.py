"""A copy of the repo in which an environment is rehearsed, and set back to snapshots of its world and states."""

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from estate.rehearsal import Rehearsal
from estate.stacks import Estate, read
from simulator.process import SimulatedProviders
from terraform_cli.environment import clean_environment

#: The commands that are broken off.
Verb = Literal["up", "teardown"]
# What of a rehearsal's folder outlives a case: the stacks, with what `terraform init` made.
_STAYS: Final = ("cdktf.out", "terraform.rc")
_CONSENTS: Final[dict[Verb, list[str]]] = {
    "up": ["--yes", "--volumes"],
    "teardown": ["--yes", "--volumes", "delete", "--artifacts"],
}
_KEPT: Final = ("world", "states")
_LONGEST_SECONDS: Final = 600
# While it plans, Terraform hears of no interrupt; a simulated cloud needs no minute to end what is under way.
_GRACE_SECONDS: Final = 5.0


@dataclass(frozen=True)
class Ended:
    """A command that has ended.

    Attributes:
        code: Its exit code; -9 after SIGKILL.
        said: All that it printed.
    """

    code: int
    said: str


class Lane:
    """One environment in one copy of the repo.

    Attributes:
        environment: Its name.
        rehearsal: Where world, states and stacks are.
    """

    def __init__(self, copy: Path, environment: str) -> None:
        """Takes a copy that nobody else rehearses in."""
        self.environment = environment
        self.rehearsal = Rehearsal(environment, copy / ".rehearsal" / environment)
        self._copy = copy
        self._types: set[str] = set()
        self._snapshots = copy / ".snapshots" / environment

    @property
    def estate(self) -> Estate:
        """The stacks, as they were synthesised last."""
        return read(self.rehearsal.output)

    def synthesise(self) -> None:
        """Writes the stacks."""
        self.rehearsal.states.mkdir(parents=True, exist_ok=True)
        variables = self._variables() | {"CDKTF_OUTDIR": str(self.rehearsal.output)}
        subprocess.run(self.rehearsal.app_command(), cwd=self._copy, env=variables, check=True)
        configurations = [stack.configuration for stack in self.estate.values()]
        self._types = {
            name for each in configurations for table in ("resource", "data") for name in each.get(table, {})
        }

    def providers(self, faults: Path | None = None) -> SimulatedProviders:
        """The simulated providers of this world, perhaps with a scenario."""
        return SimulatedProviders(self.rehearsal.world, faults=faults, types=self._types)

    def command(self, verb: Verb, providers: SimulatedProviders, *, stack_seconds: float | None = None) -> Ended:
        """`modelyard up` or `modelyard teardown`, as a process of its own.

        Args:
            verb: Which one.
            providers: Running.
            stack_seconds: How long one call of Terraform may take; by default as long as it does for people.
        """
        limits = {"MODELYARD_GRACE_SECONDS": f"{_GRACE_SECONDS:g}"}
        if stack_seconds is not None:
            limits["MODELYARD_STACK_SECONDS"] = f"{stack_seconds:g}"
        log = self.rehearsal.folder / "command.log"
        # A file and no pipe: what outlives a killed command would keep a pipe open.
        with log.open("w+") as printed:
            done = subprocess.run(
                [sys.executable, "-m", "commands", verb, self.environment, *_CONSENTS[verb]],
                cwd=self._copy,
                env=self._variables() | providers.environment | limits,
                stdin=subprocess.DEVNULL,
                stdout=printed,
                stderr=subprocess.STDOUT,
                check=False,
                timeout=_LONGEST_SECONDS,
            )
            printed.seek(0)
            return Ended(done.returncode, printed.read())

    def save(self, snapshot: str) -> None:
        """Keeps world and states as they are now."""
        for name in _KEPT:
            shutil.copytree(self.rehearsal.folder / name, self._snapshots / snapshot / name, dirs_exist_ok=True)

    def restore(self, snapshot: str) -> None:
        """Sets world and states to a snapshot, and forgets all that was counted and noted since."""
        for path in self.rehearsal.folder.iterdir():
            if path.name in _STAYS:
                continue
            shutil.rmtree(path) if path.is_dir() else path.unlink()
        for name in _KEPT:
            shutil.copytree(self._snapshots / snapshot / name, self.rehearsal.folder / name)

    def _variables(self) -> dict[str, str]:
        paths = os.pathsep.join([str(self._copy), str(self._copy / "constructs")])
        return clean_environment() | self.rehearsal.variables() | {"PYTHONPATH": paths, "COLUMNS": "200"}
