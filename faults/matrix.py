"""All cases of the small environments, several beside each other."""

import random
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Final

from faults.broken_command import Result, run_case
from faults.cases import ACTIONS, FAULTS, Case
from faults.estate import ENVIRONMENTS, copy_with_environments, keep_one_service
from faults.lane import Lane
from faults.preparation import Prepared, prepare

#: So many commands run beside each other.
LANES: Final = 2


@dataclass(frozen=True)
class Choice:
    """Which cases are run.

    Attributes:
        clouds: Of these clouds.
        types: Of these resource types; all if none is named.
        sample: So many of them; None for all.
        seed: For the sample, and for the order.
    """

    clouds: tuple[str, ...] = tuple(ENVIRONMENTS)
    types: tuple[str, ...] = ()
    sample: int | None = None
    seed: int = 0

    def of(self, cases: Sequence[Case]) -> list[Case]:
        """The chosen ones, shuffled: what is slow is spread."""
        found = sorted(case for case in cases if not self.types or case.type in self.types)
        return random.Random(self.seed).sample(found, min(self.sample or len(found), len(found)))  # noqa: S311 - no secret


@dataclass
class Matrix:
    """What came of it.

    Attributes:
        types: The resource types of the small environments, by cloud.
        without: Why some types are never updated in place, by cloud and type.
        results: One for each case.
    """

    types: dict[str, list[str]] = field(default_factory=dict)
    without: dict[tuple[str, str], str] = field(default_factory=dict)
    results: list[Result] = field(default_factory=list)


def cases_of(cloud: str, prepared: Prepared) -> list[Case]:
    """All cases of one cloud."""
    return [
        Case(cloud, type_name, action, fault)
        for type_name, action, fault in product(sorted(prepared.stack_of), ACTIONS, FAULTS)
        if action != "update" or not isinstance(prepared.drifts[type_name], str)
    ]


def run_matrix(
    choice: Choice, folder: Path, tell: Callable[[Result], None], begin: Callable[[int], None] = lambda _: None
) -> Matrix:
    """Prepares an environment in each lane, and runs the cases.

    Args:
        choice: Which ones.
        folder: Takes the copies of the repo.
        tell: Called with each result, from any thread.
        begin: Called with the number of cases, before the first.
    """
    matrix = Matrix()
    clouds = [choice.clouds[number % len(choice.clouds)] for number in range(LANES)]
    with ThreadPoolExecutor(LANES) as pool:
        lanes = list(zip(clouds, pool.map(_prepare, clouds, [folder / f"lane-{n}" for n in range(LANES)]), strict=True))
        cases: list[Case] = []
        for cloud, prepared in dict(lanes).items():
            matrix.types[cloud] = sorted(prepared.stack_of)
            matrix.without |= {(cloud, name): why for name, why in prepared.drifts.items() if isinstance(why, str)}
            cases += cases_of(cloud, prepared)
        chosen = choice.of(cases)
        begin(len(chosen))
        queues = {cloud: SimpleQueue[Case]() for cloud in choice.clouds}
        for case in chosen:
            queues[case.cloud].put(case)
        for results in pool.map(lambda lane: _work(lane[1], queues[lane[0]], tell), lanes):
            matrix.results += results
    return matrix


def _prepare(cloud: str, copy: Path) -> Prepared:
    copy_with_environments(copy)
    keep_one_service(copy)
    return prepare(Lane(copy, ENVIRONMENTS[cloud]))


def _work(prepared: Prepared, queue: "SimpleQueue[Case]", tell: Callable[[Result], None]) -> list[Result]:
    results: list[Result] = []
    while True:
        try:
            case = queue.get_nowait()
        except Empty:
            return results
        results.append(run_case(prepared, case))
        tell(results[-1])
