"""Runs cases: the command with a fault, the same command again, then the inventory."""

import random
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from itertools import product
from pathlib import Path
from queue import Empty, SimpleQueue

from faults.cases import ACTIONS, FAULTS, HANG_SECONDS, Case, write_scenario
from faults.drift import Drift
from faults.estate import ENVIRONMENTS, copy_of_the_repo, keep_one_service
from faults.inventory import Findings, against_goal, against_nothing, take
from faults.lane import Lane, Verb
from faults.preparation import ALL, Prepared, prepare
from simulator.fault_counts import counts_file, struck
from terraform_cli.call import TerraformError, terraform

Tell = Callable[["Result"], None]
_SAID_LINES = 40


@dataclass(frozen=True)
class Result:
    """What became of a case.

    Attributes:
        case: Which one.
        findings: What is lost, doubled, left after the second command.
        problem: Why the case proves nothing, or what else went wrong; else empty.
        codes: The exit codes of the two commands.
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


def cases_of(cloud: str, prepared: Prepared) -> tuple[list[Case], dict[tuple[str, str], str]]:
    """All cases of one cloud; and why some types have no update."""
    cases, without = [], {}
    for type_name, action in product(sorted(prepared.stack_of), ACTIONS):
        drift = prepared.drifts[type_name]
        if action == "update" and isinstance(drift, str):
            without[cloud, type_name] = drift
        else:
            cases += [Case(cloud, type_name, action, fault) for fault in FAULTS]
    return cases, without


def run_case(prepared: Prepared, case: Case) -> Result:
    """One case, from a snapshot to the comparison."""
    begun = time.monotonic()
    result = _run_case(prepared, case)
    return replace(result, seconds=time.monotonic() - begun)


def _run_case(prepared: Prepared, case: Case) -> Result:
    lane = prepared.lane
    verb: Verb = "teardown" if case.action == "delete" else "up"
    lane.restore({"create": prepared.before, "delete": prepared.after}.get(case.action, lambda _: ALL)(case.type))
    drift = prepared.drifts[case.type]
    if case.action == "update" and isinstance(drift, Drift):
        drift.happen(lane)
    scenario = lane.rehearsal.folder / "scenario.toml"
    write_scenario([case.scenario()], scenario)
    with lane.providers(scenario) as providers:
        first = lane.command(verb, providers, stack_seconds=HANG_SECONDS if case.fault == "hang" else None)
        if not any(struck(lane.rehearsal.world)):
            return Result(case, Findings(), f"the fault has not struck; the command said:\n{_tail(first.said)}")
        second = lane.command(verb, providers)
        found = take(lane.rehearsal.world, lane.rehearsal.states)
        findings = against_nothing(found) if verb == "teardown" else against_goal(prepared.goal, found)
        problem = ""
        if second.code:
            problem = f"the command run again ended with {second.code}; it said:\n{_tail(second.said)}"
        elif verb == "up" and findings.changed:
            # Where world and states are those of the goal, so is the plan: it was empty.
            problem = _planned(lane, providers.environment)
    return Result(case, findings, problem, (first.code, second.code))


def _planned(lane: Lane, variables: Mapping[str, str]) -> str:
    """What Terraform still wants to do, empty if nothing."""
    for stack in lane.estate.values():
        try:
            terraform(stack.folder, variables, "plan", "-input=false", "-lock=false", "-detailed-exitcode")
        except TerraformError as error:
            return f"a plan of {stack.id} after the second command is not empty:\n{error}"
    return ""


def _tail(said: str) -> str:
    return "\n".join(said.splitlines()[-_SAID_LINES:])
