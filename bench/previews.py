"""What a pull request does that touches one of fifty services, in two environments.

Ours is `modelyard preview`, from Git's two commits to the written comment, with everything that it makes for itself: a
base in simulated clouds, findings, costs, policies. Without it, an engineer synthesises both commits, looks with `diff`
for the stacks that differ, and plans these with Terraform; or plans every stack, as many at once as there are cores; or
calls `cdktf diff` for the stacks that the change is meant for. All of that gets for nothing what preview has to make:
that everything is deployed, and that Terraform needs no network. Synth is the app alone, with stock imports and without
the CLI's own seconds.

What the ways say of the changed stacks must be the same, value by value.
"""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Any

from bench.checkout import Checkout
from bench.samples import Samples, ratios, table, take_turns
from commands.cdktf_cli import CDKTF
from estate.rehearsal import Rehearsal
from preview.changes import changes
from preview.record import changed_values
from simulator.process import SimulatedProviders
from terraform_cli.call import terraform
from terraform_cli.plugins import plugin_folders

PREVIEW = "`modelyard preview`"
DIFFERING = "synth of both commits, `diff`, plans of what differs"
EVERY = "synth of the head, plans of every stack"
CDKTF_DIFF = "`cdktf diff` of the touched stacks"
_ENVIRONMENTS = ("gke-dev", "aks-dev")
_TOUCHED = "model-1"
_STOCK = {"MODELYARD_STOCK_IMPORTS": "1"}
_IN_ENVIRONMENT = ("environment", "construct", "file", "stack")
_Changes = dict[str, list[dict[str, Any]]]


@dataclass(frozen=True)
class Said:
    """What a way took, and what it says: the changes of each stack that has any."""

    seconds: float
    changes: _Changes


class Estates:
    """The environments with the base deployed, and the head to be looked at."""

    def __init__(self, scratch: Path, services: int) -> None:
        self.head = Checkout.make(scratch / "head", services=services)
        self._rehearsals = {name: Rehearsal(name, scratch / name) for name in _ENVIRONMENTS}
        self._variables: dict[str, dict[str, str]] = {}
        self._scratch = scratch

    def deploy(self, running: ExitStack) -> None:
        """The base; its simulated clouds run as long as the stack of contexts is open."""
        plugins = plugin_folders()
        for name, rehearsal in self._rehearsals.items():
            rehearsal.states.mkdir(parents=True)
            providers = running.enter_context(SimulatedProviders(rehearsal.world, plugins))
            self._variables[name] = self.head.variables() | rehearsal.variables() | providers.environment
            self._synthesise(self.head, name, rehearsal.output)
            stacks = rehearsal.stacks()
            foundation = [stack for stack in stacks if "-model-" not in stack]
            for stack in foundation:
                self._apply(name, stack)
            with ThreadPoolExecutor(os.cpu_count()) as pool:
                list(pool.map(partial(self._apply, name), stacks[len(foundation) :]))
        self.head.edit(f"services/{_TOUCHED.replace('-', '_')}/service.py", '"10m"', '"12m"')
        self.head.commit("one of them")
        self._base = self.head.worktree(self._scratch / "base", "HEAD^")

    def ways(self) -> Mapping[str, Callable[[], Said]]:
        """By their names."""
        return {
            PREVIEW: self._preview,
            DIFFERING: self._plan_differing,
            EVERY: self._plan_every,
            CDKTF_DIFF: self._cdktf_diff,
        }

    def _preview(self) -> Said:
        written = self._scratch / "written"
        options = [part for name in _ENVIRONMENTS for part in ("--env", name)]
        command = [sys.executable, "-m", "commands", "preview", "--base", "HEAD^", "--head", "HEAD", *options]
        run = self.head.run([*command, "--output", str(written)], accepted=(0, 1))  # 1: it denies something
        said: _Changes = {}
        for entry in json.loads((written / "report.json").read_text())["changes"]:
            values = {key: value for key, value in entry.items() if key not in _IN_ENVIRONMENT}
            said.setdefault(entry["stack"], []).append(values)
        return Said(run.seconds, said)

    def _plan_differing(self) -> Said:
        began = perf_counter()
        differing: dict[str, str] = {}
        for name, rehearsal in self._rehearsals.items():
            (before := self._scratch / "before" / name).mkdir(parents=True, exist_ok=True)
            with ThreadPoolExecutor(2) as pool:
                sides = ((self._base, name, before), (self.head, name, rehearsal.output))
                list(pool.map(self._synthesise, *zip(*sides, strict=True)))
            differing |= dict.fromkeys(_differing(before, rehearsal.output), name)
        said = self._plans(differing)
        return Said(perf_counter() - began, said)

    def _plan_every(self) -> Said:
        began = perf_counter()
        for name, rehearsal in self._rehearsals.items():
            self._synthesise(self.head, name, rehearsal.output)
        said = self._plans({stack: name for name, each in self._rehearsals.items() for stack in each.stacks()})
        return Said(perf_counter() - began, said)

    def _cdktf_diff(self) -> Said:
        began = perf_counter()
        touched = {f"{name}-{_TOUCHED}": name for name in _ENVIRONMENTS}
        for stack, name in touched.items():
            self.head.run([str(CDKTF), "diff", stack], {**self._variables[name], **_STOCK})
        seconds = perf_counter() - began
        return Said(seconds, self._shown(touched))

    def _synthesise(self, checkout: Checkout, environment: str, output: Path) -> None:
        own = {name: value for name, value in checkout.variables().items() if name == "PYTHONPATH"}
        variables = {**self._variables[environment], **own, **_STOCK, "CDKTF_OUTDIR": str(output)}
        checkout.run(self._rehearsals[environment].app_command(), variables)

    def _plans(self, stacks: Mapping[str, str]) -> _Changes:
        def plan(stack: str) -> None:
            folder, variables = self._folder(stack, stacks[stack]), self._variables[stacks[stack]]
            terraform(folder, variables, "init", "-input=false")
            terraform(folder, variables, "plan", "-input=false", "-lock=false", "-out=plan")

        with ThreadPoolExecutor(os.cpu_count()) as pool:
            list(pool.map(plan, stacks))
        return self._shown(stacks)

    def _shown(self, stacks: Mapping[str, str]) -> _Changes:
        said: _Changes = {}
        for stack, name in stacks.items():
            plan = json.loads(terraform(self._folder(stack, name), self._variables[name], "show", "-json", "plan"))
            if found := [changed_values(change) for change in changes(stack, plan)]:
                said[stack] = found
        return said

    def _apply(self, environment: str, stack: str) -> None:
        folder, variables = self._folder(stack, environment), self._variables[environment]
        terraform(folder, variables, "init", "-input=false")
        terraform(folder, variables, "apply", "-input=false", "-auto-approve")

    def _folder(self, stack: str, environment: str) -> Path:
        return self._rehearsals[environment].output / "stacks" / stack


def measure(services: int, repetitions: int) -> Mapping[str, Sequence[Said]]:
    """All ways in turns; ends the program if they do not say the same."""
    with TemporaryDirectory() as scratch, ExitStack() as running:
        estates = Estates(Path(scratch), services)
        estates.deploy(running)
        found = take_turns(estates.ways(), repetitions)
    wanted = found[PREVIEW][0].changes
    for way, each in found.items():
        if not wanted or any(said.changes != wanted for said in each):
            raise SystemExit(f"error: {way} says {json.dumps(each[-1].changes)}, preview {json.dumps(wanted)}")
    return found


def report(services: int = 50, repetitions: int = 3) -> str:
    """Measures, and gives the table."""
    found = measure(services, repetitions)
    values = sum(len(change["values"]) for each in found[PREVIEW][0].changes.values() for change in each)
    seconds = {way: Samples(tuple(said.seconds for said in each)) for way, each in found.items()}
    rows = [
        (way, each.shown(), "" if way == PREVIEW else ratios(each, seconds[PREVIEW]).shown())
        for way, each in seconds.items()
    ]
    head = (f"{services} services in each of {len(_ENVIRONMENTS)} environments", "s", "times ours")
    same = f"All say the same {values} changed values of {len(found[PREVIEW][0].changes)} stacks"
    return f"{table(head, rows)}\n\n{same}; {repetitions} repetitions."


def _differing(before: Path, after: Path) -> list[str]:
    """Stacks whose configurations differ."""
    listed = subprocess.run(
        [
            "diff",
            "--recursive",
            "--brief",
            "--exclude=.terraform*",
            "--exclude=plan",
            before / "stacks",
            after / "stacks",
        ],
        capture_output=True,
        text=True,
        check=False,
    ).stdout
    return sorted({line.split()[1].rsplit("/", 2)[1] for line in listed.splitlines() if line.startswith("Files ")})
