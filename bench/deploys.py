"""`python -m bench.deploys`: `cdktf deploy` of 1, 10 and 50 services, and loops of terraform over their folders.

All of them deploy to simulated providers, which answer at once: what is timed is CDKTF's and Terraform's own work.
State store, registry and cluster are deployed before, and found unchanged. `cdktf deploy` synthesises first, which the
loops find done. The ways take turns; each begins without `.terraform` folders.
"""

import os
import shlex
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from statistics import median

from rich.console import Console
from rich.table import Table

from commands.cdktf_cli import CDKTF
from simulator.process import SimulatedProviders
from stacks.paths import ROOT
from terraform_cli.environment import clean_environment

SIZES = {1: 3, 10: 3, 50: 1}
FOUNDATION = ("gke-dev-state", "gke-dev-registry", "gke-dev-artifacts", "gke-dev-cluster")
APPLY = (
    "terraform -chdir={} init -input=false -no-color && terraform -chdir={} apply -input=false -auto-approve -no-color"
)


class _Estate:
    """One number of services, deployed again and again from the same beginning."""

    def __init__(self, services: int, scratch: Path) -> None:
        self.scratch, self.output = scratch, scratch / "out"
        self._app = [sys.executable, "-m", "bench.deploy_app", str(services), str(scratch)]
        self.variables = clean_environment() | {
            "CDKTF_APP": shlex.join(self._app),
            "CDKTF_OUTPUT": str(self.output),
            "CDKTF_SKIP_PROVIDER_LOCK": "true",
            "CHECKPOINT_DISABLE": "1",
            "CI": "true",
            "PYTHONPATH": str(ROOT),
        }
        for folder in ("world", "states"):
            (scratch / folder).mkdir()
        self._with_providers(lambda: self._cdktf("deploy", *FOUNDATION))
        shutil.copytree(scratch / "world", scratch / "begun" / "world")
        shutil.copytree(scratch / "states", scratch / "begun" / "states")

    def cdktf(self) -> float:
        """`cdktf deploy '*'`, in seconds."""
        return self._timed(lambda: self._cdktf("deploy", "*"), synthesised=False)

    def loop(self, parallel: int) -> float:
        """A shell's loop over the folders, so many at once; the foundation first, in order."""
        folders = [path for path in sorted((self.output / "stacks").iterdir()) if path.name not in FOUNDATION]
        first = [APPLY.replace("{}", str(self.output / "stacks" / name)) for name in FOUNDATION]
        others = f"printf '%s\\0' {shlex.join(map(str, folders))} | xargs -0 -P {parallel} -I {{}} sh -c '{APPLY}'"
        return self._timed(lambda: self._run(["sh", "-ec", "\n".join([*first, others])]), synthesised=True)

    def _timed(self, deploy: Callable[[], None], *, synthesised: bool) -> float:
        for folder in ("world", "states"):
            shutil.rmtree(self.scratch / folder)
            shutil.copytree(self.scratch / "begun" / folder, self.scratch / folder)
        shutil.rmtree(self.output)
        if synthesised:
            self._run(self._app, CDKTF_OUTDIR=str(self.output))
        took = self._with_providers(deploy)
        wanted = len(list((self.output / "stacks").iterdir()))
        deployed = len(list((self.scratch / "states").glob("*.tfstate")))
        if deployed != wanted:
            raise SystemExit(f"error: {deployed} of {wanted} stacks were deployed")
        return took

    def _with_providers(self, deploy: Callable[[], None]) -> float:
        with SimulatedProviders(self.scratch / "world") as providers:
            self.variables |= providers.environment
            began = time.perf_counter()
            deploy()
            return time.perf_counter() - began

    def _cdktf(self, *arguments: str) -> None:
        self._run([str(CDKTF), *arguments, "--auto-approve"])

    def _run(self, command: list[str], **variables: str) -> None:
        done = subprocess.run(
            command, cwd=ROOT, env=self.variables | variables, capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise SystemExit(done.stdout[-3000:] + done.stderr[-3000:])


def main() -> None:
    """Measure and print."""
    console = Console(width=max(Console().width, 110))
    cores = os.cpu_count() or 1
    table = Table("services", "", "seconds", "from - to", "", title="Deploy")
    for services, runs in SIZES.items():
        with tempfile.TemporaryDirectory() as scratch:
            console.print(f"deploys of {services} …")
            estate = _Estate(services, Path(scratch))
            ways: dict[str, Callable[[], float]] = {
                "cdktf deploy '*'": estate.cdktf,
                "loop of terraform": partial(estate.loop, 1),
                f"loop, {cores} at once": partial(estate.loop, cores),
            }
            seconds: dict[str, list[float]] = {way: [] for way in ways}
            for _ in range(runs):
                for way, run in ways.items():
                    seconds[way].append(run())
        ours = median(seconds["cdktf deploy '*'"])
        for way, took in seconds.items():
            spread = f"{min(took):.1f} - {max(took):.1f}" if runs > 1 else "one run"
            row = (str(services) if took is seconds["cdktf deploy '*'"] else "", way, f"{median(took):.1f}", spread)
            table.add_row(*row, f"{median(took) / ours:.2f} times cdktf")
        table.add_section()
    console.print(table)


if __name__ == "__main__":
    main()
