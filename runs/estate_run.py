"""`run`: Terraform over an estate, each stack after those that it stands on, others side by side.

A stack that fails stops what stands on it, and nothing else. Whatever interrupts a run, the next one continues it.
"""

import functools
import os
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass
from graphlib import TopologicalSorter
from pathlib import Path
from typing import TYPE_CHECKING

from modelyard.errors import ConfigurationError

from estate.stacks import Estate, downstream, upstream
from runs.journal import Journal, OtherRunError
from runs.patient_terraform import PatientTerraform
from runs.results import Limits, RunInterruptedError, StackResult, Verb
from runs.stack_run import StackRun
from runs.supervisor import Supervisor

if TYPE_CHECKING:
    from modelyard.serving.cluster import Cluster

__all__ = ["Limits", "RunInterruptedError", "StackResult", "run"]

# Terraform mostly waits for a cloud: more of them than there are processors lose nothing. Each has about 300 MB with
# its plugins, which is why it is not all that the order allows.
_SIDE_BY_SIDE = max(4, 2 * (os.cpu_count() or 1))


def run(
    verb: Verb,
    estate: Estate,
    wanted: Collection[str],
    *,
    limits: Limits,
    variables: Mapping[str, str],
    place: Path,
    tell: Callable[[str, str], None],
    extra: Callable[[str], Sequence[str]] = lambda _: (),
    cluster: Callable[[], "Cluster"] | None = None,
    progress: Callable[[str, str], None] = lambda _, __: None,
    ended: Callable[[StackResult], None] = lambda _: None,
) -> dict[str, StackResult]:
    """Applies or destroys stacks.

    Args:
        verb: `destroy` goes in reverse order, and passes over stacks whose state holds nothing.
        estate: All stacks of the environment, as they were synthesised.
        wanted: Ids of those that it is about; what others they stand on is taken as it is.
        limits: How patient it is.
        variables: What Terraform is run with, beyond this process's environment.
        place: The folder for journal and logs; always the same for an environment.
        tell: Called with a stack's id (empty for none) and what a person should know: waits, repetitions, what an
            interrupted run has left. From any thread, as `progress` and `ended`.
        extra: More arguments of apply and destroy for a stack's id, for example `-target=…`.
        cluster: Gives the environment's cluster, where Helm forgets what was cut off; without it, a person has to see
            to that.
        progress: Called with a stack's id and each line that Terraform prints.
        ended: Called with each stack's result as soon as there is one.

    Returns:
        The results of all wanted stacks by id; a failure is in there.

    Raises:
        ConfigurationError: Another run of this environment from this checkout has not ended in time.
        RunInterruptedError: It was interrupted (Ctrl-C, SIGTERM), and all of its Terraforms have ended.
    """
    with terraforms(
        verb, estate, limits=limits, variables=variables, place=place, tell=tell, progress=progress
    ) as terraform_for:
        order = _order(verb, estate, wanted)
        supervisor = terraform_for.supervisor
        work = lambda id_: StackRun(verb, terraform_for(id_), tuple(extra(id_)), cluster).result()  # noqa: E731 - one line
        results = _in_order(order, work, ended, lambda: bool(supervisor.interrupts))
    if supervisor.interrupts:
        raise RunInterruptedError(results)
    return results


@dataclass(frozen=True)
class Terraforms:
    """Gives Terraform for each stack of one run: call it with the stack's id."""

    estate: Estate
    limits: Limits
    variables: Mapping[str, str]
    journal: Journal
    supervisor: Supervisor
    logs: Path
    tell: Callable[[str, str], None]
    progress: Callable[[str, str], None]

    def __call__(self, stack: str) -> PatientTerraform:
        """Terraform in the stack's folder."""
        return PatientTerraform(
            self.estate[stack],
            self.limits,
            self.supervisor,
            self.journal,
            self.variables,
            self.logs / f"{stack}.log",
            functools.partial(self.tell, stack),
            functools.partial(self.progress, stack),
        )


@contextmanager
def terraforms(
    what: str,
    estate: Estate,
    *,
    limits: Limits,
    variables: Mapping[str, str],
    place: Path,
    tell: Callable[[str, str], None],
    progress: Callable[[str, str], None] = lambda _, __: None,
) -> Iterator[Terraforms]:
    """One run, for as long as the block lasts; alone among those of this checkout, and written down.

    Args:
        what: What it does, in one word.
        estate: As of `run`.
        limits: As of `run`.
        variables: As of `run`.
        place: As of `run`.
        tell: As of `run`.
        progress: As of `run`.

    Raises:
        ConfigurationError: Another run of this environment from this checkout has not ended in time.
    """
    journal = Journal(place)
    supervisor = Supervisor(stack_seconds=limits.stack_seconds, grace_seconds=limits.grace_seconds)

    def told(times: int) -> None:
        if times == 1:
            tell("", f"interrupted: Terraform ends what it is at, {limits.grace_seconds:.0f} s at most; again: at once")

    try:
        with journal.alone(limits.lock_wait_seconds, functools.partial(tell, "")), supervisor.listening(told):
            _explain_interrupted(journal, functools.partial(tell, ""))
            with journal.run(what) as logs:
                yield Terraforms(estate, limits, variables, journal, supervisor, logs, tell, progress)
    except OtherRunError as error:
        raise ConfigurationError(str(error), mend="wait for it, then run this again") from error


def _order(verb: Verb, estate: Estate, wanted: Collection[str]) -> dict[str, set[str]]:
    """What must go well before each stack is begun."""
    if verb == "apply":
        return {id_: upstream(estate, [id_]).intersection(wanted) for id_ in sorted(wanted)}
    return {id_: downstream(estate, id_).intersection(wanted) for id_ in sorted(wanted)}


def _explain_interrupted(journal: Journal, tell: Callable[[str], None]) -> None:
    """Tells of runs that did not come to their end; nobody else is at work here now."""
    for run_ in journal.runs():
        if run_.has_ended:
            continue
        cut = sorted({call.stack for call in run_.under_way})
        alive = sorted({call.stack for call in run_.under_way if call.is_alive})
        when = f"{run_.verb} by {run_.who}, begun {run_.began:%Y-%m-%d %H:%M} UTC"
        tell(f"found an interrupted run: {when}; under way were {', '.join(cut) or 'no stacks'}")
        if alive:
            tell(f"its Terraform still works on {', '.join(alive)}, and is waited for")
        tell("what it has left is continued now")
        journal.take_note_of(run_)


def _in_order(
    order: Mapping[str, set[str]],
    work: Callable[[str], StackResult],
    ended: Callable[[StackResult], None],
    is_interrupted: Callable[[], bool],
) -> dict[str, StackResult]:
    """Side by side where the order allows it; what depends on a failure is not begun."""
    sorter = TopologicalSorter(order)
    sorter.prepare()
    results: dict[str, StackResult] = {}
    running: dict[Future[StackResult], str] = {}

    def settle(result: StackResult) -> None:
        results[result.stack] = result
        ended(result)
        sorter.done(result.stack)

    with ThreadPoolExecutor(_SIDE_BY_SIDE) as pool:
        while sorter.is_active():
            for id_ in sorted(sorter.get_ready()):
                before = sorted(order[id_])
                blocked = tuple(each for each in before if results[each].outcome == "failed")
                if blocked or is_interrupted():
                    settle(StackResult(id_, "not begun", blocked_by=blocked))
                else:
                    running[pool.submit(work, id_)] = id_
            for done in wait(running, return_when=FIRST_COMPLETED).done if running else ():
                running.pop(done)
                settle(done.result())
    return results
