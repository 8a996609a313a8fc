"""Deploys of a whole environment on simulated providers: `modelyard up`, `cdktf deploy '*'`, and bare Terraform.

The simulated clouds answer at once: what is timed is synth, the tools' own work and Terraform's. Every way begins with
empty clouds, without `.terraform` folders, and deploys state store, registry, artifacts, cluster and services; then it
is run again, with nothing to change. Bare Terraform is a shell's loop over folders that are synthesised already, as
many at once as there are cores: what no tool that calls Terraform for each stack can be faster than by much.
"""

import os
import shlex
import shutil
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.checkout import Checkout
from bench.process import Run
from bench.samples import Samples, ratios, table, take_turns
from commands.cdktf_cli import CDKTF
from estate.rehearsal import Rehearsal
from simulator.process import SimulatedProviders

UP = "`modelyard up`"
STOCK = "`cdktf deploy '*'`, stock imports"
FAST = "`cdktf deploy '*'`, our imports"
BARE = "bare Terraform, synth not counted"
_IMPORTS = {STOCK: {"MODELYARD_STOCK_IMPORTS": "1"}, FAST: {"MODELYARD_STOCK_IMPORTS": "0"}}
_ENVIRONMENT = "gke-dev"
_FOUNDATION = ("gke-dev-state", "gke-dev-registry", "gke-dev-artifacts", "gke-dev-cluster")
_APPLY = "terraform -chdir={} init -input=false && terraform -chdir={} apply -input=false -auto-approve"


@dataclass(frozen=True)
class Size:
    """How many services are deployed, and how often each way is measured."""

    services: int
    repetitions: int


SIZES = (Size(10, 3), Size(30, 2))


@dataclass(frozen=True)
class Deploy:
    """Of everything from nothing, and again."""

    first: Run
    again: Run


class Estate:
    """An environment that is deployed again and again from nothing."""

    def __init__(self, scratch: Path, services: int) -> None:
        self.checkout = Checkout.make(scratch / "checkout", services=services)
        self.rehearsal = Rehearsal(_ENVIRONMENT, scratch / "rehearsal")

    def ways(self) -> Mapping[str, Callable[[], Deploy]]:
        """By their names."""
        return {
            UP: partial(self._deploy, self._up),
            **{way: partial(self._deploy, partial(self._cdktf, way)) for way in (STOCK, FAST)},
            BARE: partial(self._deploy, self.loop, synthesised=True),
        }

    @contextmanager
    def empty_clouds(self) -> Iterator[dict[str, str]]:
        """Nothing is deployed, synthesised or initialised; gives the variables of a shell that rehearses."""
        shutil.rmtree(self.rehearsal.folder, ignore_errors=True)
        self.rehearsal.states.mkdir(parents=True)
        with SimulatedProviders(self.rehearsal.world) as providers:
            yield self.rehearsal.variables() | providers.environment

    def synthesise(self, variables: Mapping[str, str]) -> None:
        """Writes the stacks, for ways that begin with them."""
        output = {"CDKTF_OUTDIR": str(self.rehearsal.output)}
        self.checkout.run(self.rehearsal.app_command(), {**variables, **output})

    def fill_caches(self) -> None:
        """Of all ways."""
        self._deploy(self._up)
        with self.empty_clouds() as variables:
            self.synthesise({**variables, **_IMPORTS[STOCK]})

    def _deploy(self, way: Callable[[Mapping[str, str]], Run], *, synthesised: bool = False) -> Deploy:
        with self.empty_clouds() as variables:
            if synthesised:
                self.synthesise(variables)
            deploy = Deploy(way(variables), way(variables))
        stacks = self.rehearsal.stacks()
        if missing := [stack for stack in stacks if not self.rehearsal.resources(stack)]:
            raise SystemExit(f"error: not deployed: {', '.join(missing)}")
        return deploy

    def _up(self, variables: Mapping[str, str]) -> Run:
        return self.checkout.run([sys.executable, "-m", "commands", "up", _ENVIRONMENT, "--yes"], variables)

    def _cdktf(self, way: str, variables: Mapping[str, str]) -> Run:
        return self.checkout.run([str(CDKTF), "deploy", "*", "--auto-approve"], {**variables, **_IMPORTS[way]})

    def loop(self, variables: Mapping[str, str]) -> Run:
        """Bare Terraform: the foundation in order, then the services."""
        root = self.rehearsal.output / "stacks"
        others = [str(root / stack) for stack in self.rehearsal.stacks() if stack not in _FOUNDATION]
        lines = [_APPLY.replace("{}", str(root / stack)) for stack in _FOUNDATION]
        lines += [f"printf '%s\\0' {shlex.join(others)} | xargs -0 -P {os.cpu_count()} -I {{}} sh -c '{_APPLY}'"]
        return self.checkout.run(["sh", "-ec", "\n".join(lines)], variables)


def measure(size: Size) -> Mapping[str, Sequence[Deploy]]:
    """All ways in turns."""
    with TemporaryDirectory() as scratch:
        estate = Estate(Path(scratch), size.services)
        estate.fill_caches()
        return take_turns(estate.ways(), size.repetitions)


def report(sizes: Sequence[Size] = SIZES) -> str:
    """Measures, and gives the tables."""
    return "\n\n".join(_table(size, measure(size)) for size in sizes)


def _table(size: Size, found: Mapping[str, Sequence[Deploy]]) -> str:
    def samples(way: str, moment: str, figure: str) -> Samples:
        return Samples(tuple(getattr(getattr(each, moment), figure) for each in found[way]))

    rows = []
    for way in found:
        cells = [way]
        for moment in ("first", "again"):
            seconds, ours = (samples(each, moment, "seconds") for each in (way, UP))
            cells += [seconds.shown(), "" if way == UP else ratios(seconds, ours).shown(2)]
        cells.append(ratios(samples(way, "first", "cpu_seconds"), samples(UP, "first", "cpu_seconds")).shown(2))
        rows.append(cells)
    what = f"{size.services} services, {size.repetitions} repetitions"
    head = ("all deployed, s", "times ours", "nothing to change, s", "times ours", "CPU of a deploy, times ours")
    return table((what, *head), rows)
