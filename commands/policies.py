"""`modelyard policies`: checkov over the plans of the last rehearsal, but for the dated exceptions."""

import datetime
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Annotated

from modelyard.errors import ConfigurationError

import typer
from rich.console import Console
from rich.table import Table

from commands.rehearsal import Rehearsal
from policies.exceptions import Finding, Verdict, judge, load
from stacks.environments import chosen_environment

console = Console(highlight=False, soft_wrap=True)
# What checkov logs when a check of its own breaks; it goes on as if that check had not been asked for.
_BROKEN_CHECK = re.compile(r"Failed to run check (?P<check>\S+) on /(?P<stack>[^:]+)\.json:(?P<resource>\S+)")


def _findings(plans: list[Path]) -> tuple[list[Finding], int]:
    """The failed checks, and how many were passed."""
    checkov = Path(sys.executable).with_name("checkov")
    files = [argument for plan in plans for argument in ("--file", str(plan))]
    done = subprocess.run(
        [checkov, "--framework", "terraform_plan", "--skip-download", "--compact", "--output", "json", *files],
        capture_output=True,
        text=True,
        check=False,
    )
    if not done.stdout.strip():
        raise ConfigurationError(f"checkov broke:\n{done.stderr}", mend="run it by hand on one plan")
    report = json.loads(done.stdout)
    failed = [
        Finding(each["check_id"], each["check_name"], Path(each["file_path"]).stem, each["resource"])
        for each in report["results"]["failed_checks"]
    ]
    broken = [
        Finding(name="checkov's check broke", **match.groupdict()) for match in _BROKEN_CHECK.finditer(done.stderr)
    ]
    return failed + broken, int(report["summary"]["passed"])


def _table(verdict: Verdict) -> Table:
    table = Table("finding", "stack", "resource", "why it fails", title="policies", title_justify="left")
    for finding, expired in verdict.failed:
        why = f"the exception expired on {expired.expires}" if expired else finding.name
        table.add_row(finding.check, finding.stack, finding.resource, why)
    return table


def policies(
    name: Annotated[str | None, typer.Argument(metavar="[ENV]", help="A file of environments/.")] = None,
) -> None:
    """Check what the last rehearsal deployed; exits with 1 on a finding without a living exception."""
    environment = name or chosen_environment()
    plans = sorted(Rehearsal.of(environment).plans.glob("*.json"))
    if not plans:
        raise ConfigurationError("there are no plans to check", mend=f"modelyard rehearse {environment}")
    with console.status("checkov …"):
        findings, passed = _findings(plans)
    verdict = judge(findings, load(), datetime.datetime.now(datetime.UTC).date(), environment=environment)
    for unused in verdict.unused:
        console.print(
            f"[yellow]unused[/]: the exception {unused.check} for {unused.resource} matches nothing in {environment}"
        )
    if verdict.unused:
        console.print("remove what is unused from policies/exceptions.toml, or name the environments it is for")
    if verdict.failed:
        console.print(_table(verdict))
        console.print("mend the construct, or add an exception with reason and date to policies/exceptions.toml")
    outcome = "[bold red]failed[/]" if verdict.failed else "[bold green]policies[/]"
    console.print(f"{outcome}: {passed} checks passed, {len(verdict.failed)} failed, {len(verdict.accepted)} accepted")
    if verdict.failed or verdict.unused:
        raise typer.Exit(1)
