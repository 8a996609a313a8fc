"""Commits of this repo as folders, and each environment synthesised from them by the commit's own program."""

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from modelyard.errors import ConfigurationError

from stacks.paths import ROOT
from terraform_cli.environment import clean_environment


@dataclass(frozen=True)
class Revision:
    """One side of a preview.

    Attributes:
        commit: The full hash.
        folder: Where its files are; the repo itself for what is not committed yet.
        is_dirty: Whether files of the repo differ from the commit.
    """

    commit: str
    folder: Path
    is_dirty: bool = False

    def has_environment(self, environment: str) -> bool:
        """Whether there is a file of that environment."""
        return (self.folder / "environments" / f"{environment}.toml").is_file()


class SynthesisError(Exception):
    """The program of a revision does not synthesise an environment; the message is its own."""


def committed(revision: str, folder: Path) -> Revision:
    """The files of a commit.

    Args:
        revision: As Git names commits: `origin/main`, `HEAD^1`, a hash.
        folder: Where they are written; must not be there.

    Raises:
        ConfigurationError: There is no such commit.
    """
    commit = _git("rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}", missing=revision)
    # An index of its own: the one of whoever works here stays as it is.
    folder.mkdir(parents=True)
    index = {"GIT_INDEX_FILE": str(folder.with_suffix(".index"))}
    _git("read-tree", commit, **index)
    _git("checkout-index", "--all", f"--prefix={folder}/", **index)
    return Revision(commit, folder)


def working_tree() -> Revision:
    """The files as they are now, committed or not."""
    return Revision(_git("rev-parse", "HEAD"), ROOT, is_dirty=bool(_git("status", "--porcelain")))


def _git(*arguments: str, missing: str = "", **variables: str) -> str:
    done = subprocess.run(
        ["git", *arguments], cwd=ROOT, env=os.environ | variables, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise ConfigurationError(
            f"Git knows no commit {missing!r}" if missing else f"git {arguments[0]} failed: {done.stderr.strip()}",
            mend="name a commit that this clone has; a shallow clone has few: git fetch --unshallow",
            where="--base, --head" if missing else "",
        )
    return done.stdout.strip()


def synthesise(revision: Revision, environment: str, output: Path) -> None:
    """Writes an environment's stacks, as they are deployed, with backends and all.

    The program that runs is the revision's own main.py, with the packages that are installed now.

    Args:
        revision: Whose program runs.
        environment: A file of its environments/.
        output: Where the stacks are written, as CDKTF lays them out.

    Raises:
        SynthesisError: The program refuses; with what it says.
    """
    output.parent.mkdir(parents=True, exist_ok=True)
    own = os.pathsep.join(map(str, [revision.folder, revision.folder / "constructs"]))
    variables = clean_environment() | {"MODELYARD_ENV": environment, "CDKTF_OUTDIR": str(output), "PYTHONPATH": own}
    # Without a home folder, jsii finds no place for what it unpacks.
    if not Path.home().is_dir():
        variables["JSII_RUNTIME_PACKAGE_CACHE_ROOT"] = str(ROOT / ".cache" / "jsii")
    done = subprocess.run(
        [sys.executable, "main.py"], cwd=revision.folder, env=variables, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise SynthesisError((done.stderr.strip() or done.stdout.strip()).replace(f"{revision.folder}/", ""))
