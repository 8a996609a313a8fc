"""One case: the command with a fault, the same command again, then the inventory."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, replace

from faults.cases import HANG_SECONDS, Case, write_scenario
from faults.drift import Drift
from faults.inventory import Findings, against_goal, against_nothing, take
from faults.lane import Lane, Verb
from faults.preparation import ALL, Prepared
from simulator.fault_counts import struck
from terraform_cli.call import TerraformError, terraform

_SAID_LINES = 40


@dataclass(frozen=True)
class Result:
    """What became of a case.

    Attributes:
        case: Which one.
        findings: What is lost, doubled, left after the second command.
        problem: Why the case proves nothing, or what else went wrong; else empty.
        codes: The exit codes of the commands.
        seconds: How long it took.
    """

    case: Case
    findings: Findings
    problem: str = ""
    codes: tuple[int, ...] = ()
    seconds: float = 0

    @property
    def is_good(self) -> bool:
        """Whether the command that was run again has reached the goal."""
        return self.findings.is_clean and not self.problem


def run_case(prepared: Prepared, case: Case) -> Result:
    """Runs a case, from a snapshot to the comparison."""
    begun = time.monotonic()
    lane = prepared.lane
    lane.restore(_snapshot(prepared, case))
    drift = prepared.drifts.get(case.type)
    if case.action == "update" and isinstance(drift, Drift):
        drift.happen(lane)
    scenario = lane.rehearsal.folder / "scenario.toml"
    write_scenario([case.scenario()], scenario)
    verb: Verb = "teardown" if case.action == "delete" else "up"
    with lane.providers(scenario) as providers:
        first = lane.command(verb, providers, stack_seconds=HANG_SECONDS if case.fault == "hang" else None)
        if any(struck(lane.rehearsal.world)):
            second = lane.command(verb, providers)
            if second.code:
                findings = Findings()
                problem = f"the command run again ended with {second.code}; it said:\n{tail(second.said)}"
            else:
                findings, problem = judge(prepared, verb, providers.environment)
            result = Result(case, findings, problem, (first.code, second.code))
        else:
            result = Result(case, Findings(), f"the fault has not struck; the command said:\n{tail(first.said)}")
    return replace(result, seconds=time.monotonic() - begun)


def _snapshot(prepared: Prepared, case: Case) -> str:
    if case.action == "create":
        return prepared.before(case.type)
    return prepared.after(case.type) if case.action == "delete" else ALL


def judge(prepared: Prepared, verb: Verb, variables: Mapping[str, str]) -> tuple[Findings, str]:
    """What differs from the goal; and what Terraform still wants to do, where values differ.

    Where world and states are the goal's, so is the plan: it was empty.
    """
    lane = prepared.lane
    found = take(lane.rehearsal.world, lane.rehearsal.states)
    if verb == "teardown":
        return against_nothing(found), ""
    findings = against_goal(prepared.goal, found)
    return findings, _planned(lane, variables) if findings.changed else ""


def _planned(lane: Lane, variables: Mapping[str, str]) -> str:
    for stack in lane.estate.values():
        try:
            terraform(stack.folder, variables, "plan", "-input=false", "-lock=false", "-detailed-exitcode")
        except TerraformError as error:
            return f"a plan of {stack.id} after the last command is not empty:\n{error}"
    return ""


def tail(said: str) -> str:
    """The last lines of what a command printed."""
    return "\n".join(said.splitlines()[-_SAID_LINES:])
