"""`modelyard policies`: the plans of the last rehearsal held against checkov and this repo's own checks."""

import datetime
import json
from typing import Annotated

from modelyard.errors import ConfigurationError

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from estate.rehearsal import Rehearsal
from policies.findings import Finding
from policies.kept import KeptVerdict, fingerprint, keep
from policies.verdict import PlannedEnvironment, StackPlan, Verdict, judge_plans
from stacks.environments import chosen_environment, load_settings

console = Console(highlight=False, soft_wrap=True)


def _plans(rehearsal: Rehearsal) -> dict[str, StackPlan]:
    """The kept plans, each with the configuration that it was made from."""
    return {
        file.stem: StackPlan(
            json.loads(file.read_text()), json.loads((rehearsal.configurations / file.name).read_text())
        )
        for file in sorted(rehearsal.plans.glob("*.json"))
    }


def _table(title: str, rows: list[tuple[Finding, str]]) -> Table:
    table = Table("finding", "stack", "resource", "why", title=title, title_justify="left")
    for finding, why in rows:
        table.add_row(finding.check, finding.stack, finding.place, escape(why))
    return table


def _why(finding: Finding) -> str:
    return f"{finding.name}: {finding.detail}" if finding.detail else finding.name


def _show(verdict: Verdict, environment: str) -> None:
    if verdict.warned:
        console.print(_table("warned", [(each, _why(each)) for each in verdict.warned]))
    if verdict.failed:
        console.print(_table("denied", [(each, _why(each)) for each in verdict.failed]))
    if verdict.expired:
        rows = [(each, f"the exception expired on {expired.expires}") for each, expired in verdict.expired]
        console.print(_table("expired", rows))
    for unused in verdict.unused:
        of = f" in {unused.stack}" if unused.stack else ""
        console.print(
            f"[yellow]unused[/]: the exception {unused.check} for {escape(unused.resource)}{of} matches nothing in "
            f"{environment}"
        )
    if verdict.unused:
        console.print("remove what is unused from policies/exceptions.toml, or name the environments it is for")
    if verdict.failed or verdict.expired:
        console.print(
            "mend the construct (docs/policies.md says how), or add an exception with reason and date to "
            "policies/exceptions.toml"
        )


def policies(
    name: Annotated[str | None, typer.Argument(metavar="[ENV]", help="A file of environments/.")] = None,
) -> None:
    """Check what the last rehearsal deployed; exits with 1 on a finding without a living exception."""
    environment = chosen_environment() if name is None else name
    settings = load_settings(environment)
    rehearsal = Rehearsal.of(environment)
    plans = _plans(rehearsal)
    if not plans:
        raise ConfigurationError("there are no plans to check", mend=f"modelyard rehearse {environment}")
    with console.status("checkov …"):
        (verdict,) = judge_plans([PlannedEnvironment(settings, plans, whole=True)])
    judged = fingerprint({id_: plan.configuration or {} for id_, plan in plans.items()})
    keep(rehearsal.verdict, KeptVerdict(datetime.datetime.now(datetime.UTC), judged, verdict))
    _show(verdict, environment)
    outcome = "[bold red]failed[/]" if verdict.is_failure else "[bold green]policies[/]"
    failed = len(verdict.failed) + len(verdict.expired)
    console.print(
        f"{outcome}: {verdict.passed} checks passed, {failed} failed, {len(verdict.warned)} warned, "
        f"{len(verdict.accepted)} accepted"
    )
    if verdict.is_failure:
        raise typer.Exit(1)
