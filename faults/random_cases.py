"""Faults at random operations of whole environments, while they are deployed and while they are taken down."""

import random
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from faults.broken_command import judge, tail
from faults.cases import write_scenario
from faults.estate import copy_with_environments
from faults.inventory import Findings
from faults.lane import Lane, Verb
from faults.preparation import ALL, Prepared, prepare
from simulator.fault_counts import struck

#: The environments, each in a lane of its own.
ENVIRONMENTS: Final = ("gke-dev", "aks-dev")
# While everything is deployed at once on a busy machine, a stack may take some seconds by itself.
_STACK_SECONDS: Final = 30
_MOST_FAULTS: Final = 3
# About as often as the operation comes in a run.
_OPERATIONS: Final[dict[Verb, dict[str, int]]] = {
    "up": {"create": 90, "plan": 90, "configure": 25, "data": 10},
    "teardown": {"delete": 90, "read": 90, "plan": 90, "configure": 25, "data": 10},
}
_ERRORS: Final = (
    # Passes by itself; does not.
    "googleapi: Error 503: The service is currently unavailable., backendError",
    "googleapi: Error 403: Permission denied., forbidden",
)


@dataclass(frozen=True)
class RandomResult:
    """What became of one random case.

    Attributes:
        environment: Which one.
        verb: The command that was broken off; `up, then teardown` is a deploy that nobody continues.
        faults: The scenario.
        struck: How many of its faults have.
        runs: How often the command was run.
        findings: What is lost, doubled, left.
        problem: What else went wrong; else empty.
    """

    environment: str
    verb: str
    faults: list[dict[str, Any]]
    struck: int
    runs: int
    findings: Findings
    problem: str = ""

    @property
    def is_good(self) -> bool:
        """Whether the goal was reached."""
        return self.findings.is_clean and not self.problem


def scenario(verb: Verb, source: random.Random) -> list[dict[str, Any]]:
    """One to three faults."""
    return [_fault(verb, source) for _ in range(source.randint(1, _MOST_FAULTS))]


def _fault(verb: Verb, source: random.Random) -> dict[str, Any]:
    action = source.choice(sorted(_OPERATIONS[verb]))
    fault: dict[str, Any] = {"action": action, "nth": source.randint(1, _OPERATIONS[verb][action])}
    fault["when"] = source.choice(["before", "after"])
    fault["what"] = source.choice(["error", "hang", "late", "drop", "kill"])
    match fault["what"]:
        case "error":
            # What was refused has not been done.
            fault["summary"] = _ERRORS[0] if fault["when"] == "after" else source.choice(_ERRORS)
        case "late":
            fault["seconds"] = source.choice([0.5, 2.0])
        case "kill":
            fault["who"] = source.choice(["terraform", "cli"])
    if fault["what"] in ("error", "hang") and fault["when"] == "after" and action == "create":
        fault["keeps_state"] = source.choice([True, False])
    return fault


def run_random(count: int, seed: int, folder: Path, tell: Callable[[RandomResult], None]) -> list[RandomResult]:
    """Runs so many cases of each environment, the environments beside each other.

    Args:
        count: Of each environment.
        seed: The same seed gives the same scenarios.
        folder: Takes the copies of the repo.
        tell: Called with each result, from any thread.
    """

    def lane(environment: str) -> list[RandomResult]:
        prepared = prepare(Lane(copy_with_environments(folder / environment), environment), drifts=False)
        source = random.Random(f"{environment} {seed}")  # noqa: S311 - no secret
        results = []
        for number in range(count):
            results.append(_run(prepared, number, source))
            tell(results[-1])
        return results

    with ThreadPoolExecutor(len(ENVIRONMENTS)) as pool:
        return [result for results in pool.map(lane, ENVIRONMENTS) for result in results]


def _run(prepared: Prepared, number: int, source: random.Random) -> RandomResult:
    verb: Verb = "teardown" if number % 3 == 1 else "up"
    is_abandoned = number % 3 == 2
    lane, faults = prepared.lane, scenario(verb, source)
    lane.restore(ALL if verb == "teardown" else prepared.nothing)
    file = lane.rehearsal.folder / "scenario.toml"
    write_scenario(faults, file)
    with lane.providers(file) as providers:
        ended = lane.command(verb, providers, stack_seconds=_STACK_SECONDS)
        runs, last = 1, verb
        if is_abandoned:
            ended, runs, last = lane.command("teardown", providers, stack_seconds=_STACK_SECONDS), 2, "teardown"
        # Each fault breaks a run off at most once.
        while ended.code and runs <= len(faults) + is_abandoned:
            ended = lane.command(last, providers, stack_seconds=_STACK_SECONDS)
            runs += 1
        findings, problem = judge(prepared, last, providers.environment)
    if ended.code:
        problem = f"the command's {runs}th run ended with {ended.code}; it said:\n{tail(ended.said)}"
    count = sum(map(bool, struck(lane.rehearsal.world)))
    name = "up, then teardown" if is_abandoned else verb
    return RandomResult(lane.environment, name, faults, count, runs, findings, problem)
