"""A copy of the repo with many small services instead of its own, for commands that are run in it."""

import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import tomlkit

from bench.estate import write_services
from bench.process import Run, measured
from estate.repo_copy import copy_of_the_repo
from terraform_cli.environment import clean_environment

_IDENTITY = ("-c", "user.name=bench", "-c", "user.email=bench@example.com", "-c", "commit.gpgsign=false")


@dataclass(frozen=True)
class Checkout:
    """A copy, with a commit.

    Attributes:
        folder: Its root.
    """

    folder: Path

    @classmethod
    def make(cls, folder: Path, *, services: int) -> "Checkout":
        """Copies the repo; the services get no settings."""
        copy_of_the_repo(folder)
        shutil.rmtree(folder / "services")
        write_services(folder / "services", services)
        (folder / "services" / "__init__.py").touch()
        for file in folder.glob("environments/*.toml"):
            document = tomlkit.parse(file.read_text())
            document.pop("services", None)
            # So many services cost more than the environments may.
            document.pop("monthly_cap_usd", None)
            file.write_text(tomlkit.dumps(document))
        checkout = cls(folder)
        checkout._git("init", "--quiet")
        checkout.commit("many services")
        return checkout

    def edit(self, name: str, old: str, new: str) -> None:
        """Other words in a file, which must be there."""
        file = self.folder / name
        content = file.read_text()
        if old not in content:
            raise ValueError(f"{name} lacks {old!r}")
        file.write_text(content.replace(old, new))

    def commit(self, message: str) -> None:
        """All that is there, but for the links."""
        self._git("add", "--all", ".", ":!.venv", ":!node_modules")
        self._git(*_IDENTITY, "commit", "--quiet", "--message", message)

    def worktree(self, folder: Path, revision: str) -> "Checkout":
        """Another folder with the files of a commit."""
        self._git("worktree", "add", "--quiet", "--detach", str(folder), revision)
        for name in ("node_modules", ".venv"):
            (folder / name).symlink_to((self.folder / name).resolve())
        return Checkout(folder)

    def variables(self) -> dict[str, str]:
        """Under which the copy's own modules run, in the way of an engineer's shell."""
        own = [str(self.folder), str(self.folder / "constructs")]
        variables = clean_environment() | {
            "PYTHONPATH": os.pathsep.join(own),
            "PYTHONPYCACHEPREFIX": str(self.folder.parent / "bytecode"),  # stock's is 500 MB: it stays out of .venv
            "CHECKPOINT_DISABLE": "1",
            "CI": "true",
        }
        variables.pop("PYTHONDONTWRITEBYTECODE", None)
        return variables

    def run(
        self, command: Sequence[str], variables: Mapping[str, str] | None = None, *, accepted: tuple[int, ...] = (0,)
    ) -> Run:
        """A command in the copy, with more variables; ends the program if it fails."""
        given = {**self.variables(), **(variables or {})}
        return measured(command, variables=given, folder=self.folder, accepted=accepted)

    def _git(self, *arguments: str) -> None:
        subprocess.run(["git", *arguments], cwd=self.folder, check=True)
