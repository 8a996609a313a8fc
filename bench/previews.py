"""`python -m bench.previews`: a pull request that touches one of 50 services, in two environments.

Ours is `modelyard preview`, from Git's two commits to the written comment. The other way is what CDKTF offers, `cdktf
diff`, which takes one stack at a time: once for every stack of both environments, against everything deployed. It has
the same fast synth, the same simulated providers and no network, and its states are there already, which `preview`
makes for itself. What the two say of the changed stacks must be the same, value by value, and `cdktf diff` must find no
change in any other stack.
"""

import argparse
import json
import os
import shlex
import shutil
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import track

from bench.estate import write_services
from commands.cdktf_cli import CDKTF
from estate.rehearsal import Rehearsal
from preview.changes import changes
from preview.record import changed_values
from simulator.process import SimulatedProviders
from stacks.paths import ROOT
from terraform_cli.call import terraform
from terraform_cli.environment import clean_environment
from terraform_cli.plugins import plugin_folders

ENVIRONMENTS = ("gke-dev", "aks-dev")
SERVICES = 50
_TOUCHED = "services/model_7/service.py"
_Changes = dict[str, list[dict[str, Any]]]


class _Repo:
    """A copy of the repo with fifty services and two commits, the second of which touches one of them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
        for name in listed.splitlines():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name)
        shutil.rmtree(folder / "services")
        write_services(folder / "services", SERVICES)
        (folder / "services" / "__init__.py").touch()
        for file in folder.glob("services/*/service.py"):
            # So small that the nodes hold fifty.
            file.write_text(file.read_text().replace('"250m"', '"10m"').replace('"768Mi"', '"32Mi"'))
        for file in folder.glob("environments/*.toml"):
            if file.stem in ENVIRONMENTS:
                content = file.read_text()
                begin = content.index("[services.")
                file.write_text(content[:begin] + content[content.index("# Without this table") :])
        for name in ("node_modules", ".venv"):
            (folder / name).symlink_to(ROOT / name)
        self._git("init", "--quiet")
        self._commit("fifty services")

    def touch(self) -> None:
        """The second commit."""
        file = self.folder / _TOUCHED
        file.write_text(file.read_text().replace('"10m"', '"12m"'))
        self._commit("one of them")

    def variables(self) -> dict[str, str]:
        """Under which the copy's own modules run."""
        own = [str(self.folder), str(self.folder / "constructs")]
        return clean_environment() | {"PYTHONPATH": os.pathsep.join(own)}

    def run(self, command: list[str], variables: dict[str, str], *, accepted: tuple[int, ...] = (0,)) -> None:
        """A command in the copy; ends the program if it exits with anything else."""
        done = subprocess.run(
            command,
            cwd=self.folder,
            env=variables,
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
            check=False,
        )
        if done.returncode not in accepted:
            raise SystemExit(f"{shlex.join(command)}:\n{done.stdout[-3000:]}{done.stderr[-3000:]}")

    def _commit(self, message: str) -> None:
        self._git("add", "--all", ".", ":!.venv", ":!node_modules")
        self._git("commit", "--quiet", "--message", message)

    def _git(self, *arguments: str) -> None:
        who = ["-c", "user.name=bench", "-c", "user.email=bench@example.com", "-c", "commit.gpgsign=false"]
        subprocess.run(["git", *who, *arguments], cwd=self.folder, check=True)


class _Deployed:
    """One environment of the copy, deployed to simulated providers."""

    def __init__(self, repo: _Repo, environment: str, folder: Path, providers: dict[str, str]) -> None:
        self._repo = repo
        self.rehearsal = Rehearsal(environment, folder)
        self.rehearsal.states.mkdir(parents=True)
        self.variables = repo.variables() | self.rehearsal.variables() | providers | {"CI": "true"}
        self._synthesise()
        self.stacks = self.rehearsal.stacks()
        foundation = [stack for stack in self.stacks if "-model-" not in stack]
        for stack in foundation:
            self._apply(stack)
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            list(pool.map(self._apply, [stack for stack in self.stacks if stack not in foundation]))

    def _synthesise(self) -> None:
        self._repo.run(self.rehearsal.app_command(), self.variables | {"CDKTF_OUTDIR": str(self.rehearsal.output)})

    def _apply(self, stack: str) -> None:
        folder = self.rehearsal.output / "stacks" / stack
        terraform(folder, self.variables, "init", "-input=false")
        terraform(folder, self.variables, "apply", "-input=false", "-auto-approve")

    def diff(self, stack: str) -> float:
        """`cdktf diff STACK`, in seconds."""
        began = time.perf_counter()
        self._repo.run([str(CDKTF), "diff", stack], self.variables)
        return time.perf_counter() - began

    def planned(self, stack: str) -> list[dict[str, Any]]:
        """What the last diff of the stack would change."""
        folder = self.rehearsal.output / "stacks" / stack
        plan = json.loads(terraform(folder, self.variables, "show", "-json", "plan"))
        return [changed_values(change) for change in changes(stack, plan)]


def main() -> None:
    """Measure, compare and print."""
    parser = argparse.ArgumentParser(prog="python -m bench.previews", description=__doc__)
    parser.add_argument(
        "--every", type=int, default=1, metavar="N", help="`cdktf diff` of every Nth untouched stack only"
    )
    every = parser.parse_args().every
    console = Console(width=max(Console().width, 110))
    with tempfile.TemporaryDirectory() as scratch:
        repo = _Repo(Path(scratch) / "repo")
        with ExitStack() as stack:
            console.print(f"deploying {SERVICES} services in {' and '.join(ENVIRONMENTS)} …")
            estates = {}
            for name in ENVIRONMENTS:
                world = Rehearsal(name, Path(scratch) / name).world
                providers = stack.enter_context(SimulatedProviders(world, plugin_folders()))
                estates[name] = _Deployed(repo, name, Path(scratch) / name, providers.environment)
            repo.touch()
            ours_seconds, ours = _preview(repo, Path(scratch) / "written")
            diff_seconds, count, theirs = _diffs(estates, every)
    if ours != theirs:
        raise SystemExit(f"error: the two ways differ:\npreview: {json.dumps(ours)}\ncdktf diff: {json.dumps(theirs)}")
    values = sum(len(change["values"]) for listed in ours.values() for change in listed)
    console.print(f"`modelyard preview`, both environments: {ours_seconds:.1f} s")
    console.print(f"`cdktf diff`, {count} stacks one by one: {diff_seconds:.0f} s")
    console.print(
        f"{diff_seconds / ours_seconds:.0f} times faster; the same {values} changed values in {len(ours)} stacks"
    )


def _preview(repo: _Repo, output: Path) -> tuple[float, _Changes]:
    """How long it takes in seconds, and what it says of each stack."""
    command = [
        sys.executable,
        "-m",
        "commands",
        "preview",
        "--base",
        "HEAD^",
        "--head",
        "HEAD",
        "--output",
        str(output),
    ]
    command += [argument for name in ENVIRONMENTS for argument in ("--env", name)]
    began = time.perf_counter()
    # 1: so many services are above the environments' caps.
    repo.run(command, repo.variables(), accepted=(0, 1))
    seconds = time.perf_counter() - began
    said: _Changes = {}
    for entry in json.loads((output / "report.json").read_text())["changes"]:
        stack = entry.pop("stack")
        said.setdefault(stack, []).append(
            {key: entry[key] for key in entry if key not in ("environment", "construct", "file")}
        )
    return seconds, said


def _diffs(estates: dict[str, _Deployed], every: int) -> tuple[float, int, _Changes]:
    """How long all stacks would take in seconds, how many were tried, and what they say."""
    seconds, said = [], {}
    total = sum(len(estate.stacks) for estate in estates.values())
    for estate in estates.values():
        tried = [stack for i, stack in enumerate(estate.stacks) if i % every == 0 or stack.endswith("-model-7")]
        for stack in track(tried, description=f"cdktf diff, {estate.rehearsal.environment}", transient=True):
            seconds.append(estate.diff(stack))
            if found := estate.planned(stack):
                said[stack] = found
    return sum(seconds) / len(seconds) * total, len(seconds), said


if __name__ == "__main__":
    main()
