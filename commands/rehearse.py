"""`modelyard rehearse`: deploy, plan again and destroy an environment on simulated providers."""

import json
import os
import shlex
import shutil
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

from modelyard.bindings import ENGINE, engine

import typer
from rich.console import Console
from rich.markup import escape
from rich.status import Status
from rich.table import Column, Table

from commands.cdktf_cli import CliRun, engine_cli, run_cdktf
from doctor.prerequisites import missing_tools
from estate.rehearsal import Rehearsal
from simulator.fallbacks import fallbacks, fallbacks_told
from simulator.fault_counts import struck
from simulator.faults import load as scenario
from simulator.process import SimulatedProviders
from simulator.world import World
from stacks.environments import chosen_environment, load_cloud_settings
from stacks.paths import ROOT
from terraform_cli.call import TerraformError, terraform
from terraform_cli.environment import clean_environment
from terraform_cli.plugins import plugin_folders, whose_plans

_DRIFT_MEND = "a value that the cloud gives back differs from the one written: write what it gives back, or nothing"
_TAIL_LINES = 30

console = Console(highlight=False, soft_wrap=True)


class RehearsalError(Exception):
    """A rehearsal that did not reach its end; the message is for people."""


@dataclass
class _Figures:
    """One row of the last table."""

    resources: int = 0
    deploy_seconds: float = 0
    plan_seconds: float = 0
    destroy_seconds: float = 0
    left: int = 0


@dataclass
class _Run:
    """A rehearsal under way."""

    rehearsal: Rehearsal
    environment: dict[str, str]
    stacks: list[str] = field(default_factory=list)
    figures: dict[str, _Figures] = field(default_factory=dict)

    def all(self, *, keep: bool, is_protected: bool) -> None:
        """The whole rehearsal."""
        self.synthesise()
        self.deploy()
        self.plan_again()
        if keep:
            return
        if is_protected:
            console.print("[bold]protected[/]: lifting it as `modelyard protection lift` does, else nothing goes")
            self.lift_protection()
        self.destroy()

    def synthesise(self) -> None:
        """Finds the stacks, and wrong settings and services before the CLI starts."""
        command = self.rehearsal.app_command()
        environment = {**self.environment, "CDKTF_OUTDIR": str(self.rehearsal.output)}
        done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
        if done.returncode:
            raise RehearsalError(done.stderr.strip() or done.stdout.strip())
        self.stacks = self.rehearsal.stacks()
        self.figures = {stack: _Figures() for stack in self.stacks}

    def cdktf(self, verb: str) -> CliRun:
        """`cdktf deploy '*'` or `cdktf destroy '*'`."""
        with console.status(f"{verb} …") as status:
            return run_cdktf(
                [verb, "*", "--auto-approve"],
                stacks=self.stacks,
                environment=self.environment,
                log=self.rehearsal.log,
                progress=lambda stack, line: _show_progress(status, verb, stack, line),
            )

    def deploy(self) -> None:
        """Everything is created, in order."""
        run = self.cdktf("deploy")
        for stack, told in run.stacks.items():
            self.figures[stack].deploy_seconds += told.seconds
        for stack in self.stacks:
            self.figures[stack].resources = self.rehearsal.resources(stack)
        self._show_stacks(run, {stack: f"{figures.resources} resources" for stack, figures in self.figures.items()})
        self._refuse_failure("deploy", run)
        count = sum(figures.resources for figures in self.figures.values())
        _say("deployed", f"{count} resources in {len(self.stacks)} stacks", run.seconds)

    def plan_again(self) -> None:
        """A second plan right after the deploy must find nothing to do."""
        begun = time.monotonic()
        with console.status("plan …"), ThreadPoolExecutor(os.cpu_count()) as pool:
            changes = dict(zip(self.stacks, pool.map(self._plan, self.stacks), strict=True))
        if changed := {stack: lines for stack, lines in changes.items() if lines}:
            listed = "\n".join(f"  {stack}: {line}" for stack, lines in changed.items() for line in lines)
            raise RehearsalError(f"error: the second plan is not empty:\n{listed}\nmend: {_DRIFT_MEND}")
        _say("planned again", f"no change in {len(self.stacks)} stacks", time.monotonic() - begun)

    def _plan(self, stack: str) -> list[str]:
        """What the stack's plan would change; plan and configuration are kept as JSON."""
        begun = time.monotonic()
        self._terraform(stack, "plan", "-input=false", "-lock=false", "-out=second.tfplan")
        plan = self._terraform(stack, "show", "-json", "second.tfplan")
        self.figures[stack].plan_seconds = time.monotonic() - begun
        for kept in (self.rehearsal.plans, self.rehearsal.configurations):
            kept.mkdir(exist_ok=True)
        (self.rehearsal.plans / f"{stack}.json").write_text(plan)
        # Lifting the protection writes it anew; the policies judge what was planned here.
        configuration = self.rehearsal.output / "stacks" / stack / "cdk.tf.json"
        shutil.copyfile(configuration, self.rehearsal.configurations / f"{stack}.json")
        content = json.loads(plan)
        changes = [*content.get("resource_changes", []), *content.get("resource_drift", [])]
        wanted = ((change["address"], change["change"]["actions"]) for change in changes)
        return [f"{address}: {', '.join(actions)}" for address, actions in wanted if actions != ["no-op"]]

    def _terraform(self, stack: str, *arguments: str) -> str:
        return terraform(self.rehearsal.output / "stacks" / stack, self.environment, *arguments, timeout=None)

    def destroy(self) -> None:
        """Everything goes, in reverse order."""
        run = self.cdktf("destroy")
        for stack, told in run.stacks.items():
            self.figures[stack].destroy_seconds = told.seconds
        for stack in self.stacks:
            self.figures[stack].left = self.rehearsal.resources(stack)
        self._show_stacks(run, {stack: f"{figures.left} left" for stack, figures in reversed(self.figures.items())})
        self._refuse_failure("destroy", run)
        left = World(self.rehearsal.world).contents()
        if left:
            listed = "\n".join(f"  {type_name} {id_}" for type_name, id_ in left)
            raise RehearsalError(f"error: destroyed, but {len(left)} things are left in the world:\n{listed}")
        _say("destroyed", "0 left", run.seconds)

    def lift_protection(self) -> None:
        """Deploys once more with the protection lifted."""
        self.environment |= self.rehearsal.variables(lift_protection=True)
        self.deploy()

    def _show_stacks(self, run: CliRun, details: dict[str, str]) -> None:
        for stack, detail in details.items():
            if stack in run.stacks:
                mark = "[red]✗[/]" if run.stacks[stack].error else "[green]✓[/]"
                console.print(f"  {mark} {stack}  [dim]{detail}[/]")

    def _refuse_failure(self, verb: str, run: CliRun) -> None:
        if run.exit_code == 0:
            return
        failed = {stack: told.error for stack, told in run.stacks.items() if told.error} or self._ask_terraform(verb)
        parts = [f"error: {verb} of {stack} failed. Terraform says:\n\n{error}\n" for stack, error in failed.items()]
        if not parts:
            parts = [f"error: {engine_cli().name} {verb} failed:\n" + "\n".join(run.output[-_TAIL_LINES:])]
        again = f"modelyard rehearse {self.rehearsal.environment}"
        stack = f" --only {next(iter(failed))}" if failed else ""
        parts.append(f"mend it, then run `{again}{stack}`; all that was printed is in {self.rehearsal.log}")
        raise RehearsalError("\n".join(parts))

    def _ask_terraform(self, verb: str) -> dict[str, str]:
        """The failing stack's error from Terraform itself: the CLI now and then ends before it has printed it."""
        action = "apply" if verb == "deploy" else verb
        for stack in self.stacks if verb == "deploy" else reversed(self.stacks):
            if not (self.rehearsal.output / "stacks" / stack / ".terraform").is_dir():
                continue
            try:
                self._terraform(stack, action, "-auto-approve", "-input=false")
            except TerraformError as error:
                return {stack: error.said.strip()}
        return {}


def _show_progress(status: Status, verb: str, stack: str, line: str) -> None:
    if " complete after " in line or line.endswith("..."):
        status.update(escape(f"{verb} {stack}: {line.partition(' complete')[0][:90]}"))


def _say(what: str, detail: str, seconds: float) -> None:
    console.print(f"[bold green]{what}[/]: {detail} [dim]({seconds:.0f} s)[/]")


def _show_faults(rehearsal: Rehearsal) -> None:
    """Which faults of a scenario have struck, and when."""
    for number, times in enumerate(struck(rehearsal.world), start=1):
        what = "; ".join(times) if times else "[yellow]has not struck[/]"
        console.print(f"fault {number}: {what}")


def _show_fallbacks(rehearsal: Rehearsal) -> None:
    """Plans that were not those of the real plugin, though it is there."""
    if found := fallbacks(rehearsal.world):
        console.print(f"[yellow]the plans were the simulator's own[/] for {fallbacks_told(found)} as well")


def _table(run: _Run, *, kept: bool) -> Table:
    table = Table(Column("stack", no_wrap=True), title=f"{run.rehearsal.environment}, in seconds", title_justify="left")
    for column in ("resources", "deploy", "plan again", *(() if kept else ("destroy", "left"))):
        table.add_column(column, justify="right", no_wrap=True)
    for stack, figures in run.figures.items():
        cells = [stack, str(figures.resources), f"{figures.deploy_seconds:.1f}", f"{figures.plan_seconds:.1f}"]
        table.add_row(*cells, *([] if kept else [f"{figures.destroy_seconds:.1f}", str(figures.left)]))
    return table


def _shell_lines(rehearsal: Rehearsal, faults: Path | None) -> list[str]:
    """Lines for `eval`: the variables, and providers that end together with the shell that evaluates them."""
    variables = rehearsal.variables() | {"PATH": f"{engine_cli().parent}{os.pathsep}{os.environ['PATH']}"}
    arguments = [*(["--faults", faults.resolve()] if faults else []), rehearsal.world, *plugin_folders()]
    start = shlex.join([sys.executable, "-m", "commands.rehearsal_shell", *map(str, arguments)])
    exports = [f"export {name}={shlex.quote(value)};" for name, value in variables.items()]
    return [*exports, f'export TF_REATTACH_PROVIDERS="$(cd {shlex.quote(str(ROOT))} && {start} $$)";']


def _begin(name: str, *, only: str | None, keep_world: bool) -> _Run:
    """Checks what can be checked before anything runs."""
    if problems := missing_tools(node=engine().node):
        raise RehearsalError("\n".join(f"error: {problem}" for problem in problems))
    if not (cli := engine_cli()).exists():
        raise RehearsalError(
            f"error: the command line {cli.name} is not installed\n  mend: {ENGINE}={cli.name} make setup"
        )
    rehearsal = Rehearsal.of(name, only=only)
    if not keep_world:
        shutil.rmtree(rehearsal.folder, ignore_errors=True)
    rehearsal.states.mkdir(parents=True, exist_ok=True)
    return _Run(rehearsal, clean_environment() | rehearsal.variables())


def rehearse(
    name: Annotated[str | None, typer.Argument(metavar="[ENV]", help="A file of environments/.")] = None,
    *,
    only: Annotated[str | None, typer.Option(metavar="STACK", help="This stack and what it depends on.")] = None,
    keep: Annotated[bool, typer.Option("--keep", help="Destroy nothing; look around with --shell.")] = False,
    shell: Annotated[bool, typer.Option("--shell", help='Print what `eval "$(…)"` needs to rehearse by hand.')] = False,
    faults: Annotated[
        Path | None, typer.Option(metavar="FILE", help="What goes wrong on purpose: docs/faults.md.")
    ] = None,
) -> None:
    """Deploy, plan again and destroy an environment on simulated providers: no account, no cluster, no registry."""
    environment = chosen_environment() if name is None else name
    settings = load_cloud_settings(environment)
    if faults:
        # Wrong ones are refused before anything runs; the simulator reads the file again.
        scenario(faults)
    run = _begin(environment, only=only, keep_world=shell)
    if shell:
        print("\n".join(_shell_lines(run.rehearsal, faults)))  # noqa: T201 - for eval, not for a person
        return
    plugins = plugin_folders()
    console.print(f"rehearsing [bold]{environment}[/] on simulated providers: {whose_plans(plugins, settings.cloud)}")
    with SimulatedProviders(run.rehearsal.world, plugins, faults) as providers:
        run.environment |= providers.environment
        try:
            run.all(keep=keep, is_protected=settings.is_protected)
        finally:
            _show_faults(run.rehearsal)
            _show_fallbacks(run.rehearsal)
    console.print(_table(run, kept=keep))
    if keep:
        by_hand = f"{engine_cli().name} or terraform by hand"
        console.print(f'kept: eval "$(modelyard rehearse {environment} --shell)" and then {by_hand}')
