"""`run`: Terraform over an estate, each stack after those that it stands on, others side by side.

A stack that fails stops what stands on it, and nothing else. Whatever interrupts a run, the next one continues it.
"""

import os
from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from graphlib import TopologicalSorter
from pathlib import Path

from modelyard.errors import ConfigurationError

from estate.stacks import Estate, downstream, upstream
from runs.journal import Journal
from runs.patient_terraform import PatientTerraform
from runs.results import Limits, RunInterruptedError, StackResult, Verb
from runs.stack_run import StackRun
from runs.supervisor import Supervisor

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
        progress: Called with a stack's id and each line that Terraform prints.
        ended: Called with each stack's result as soon as there is one.

    Returns:
        The results of all wanted stacks by id; a failure is in there.

    Raises:
        ConfigurationError: Another run of this environment from this checkout has not ended in time.
        RunInterruptedError: It was interrupted (Ctrl-C, SIGTERM), and all of its Terraforms have ended.
    """
    journal = Journal(place)
    supervisor = Supervisor(stack_seconds=limits.stack_seconds, grace_seconds=limits.grace_seconds)

    def told(times: int) -> None:
        if times == 1:
            tell("", f"interrupted: Terraform ends what it is at, {limits.grace_seconds:.0f} s at most; again: at once")

    def of(id_: str, logs: Path) -> StackResult:
        terraform = PatientTerraform(
            estate[id_],
            limits,
            supervisor,
            journal,
            variables,
            logs / f"{id_}.log",
            lambda line: tell(id_, line),
            lambda line: progress(id_, line),
        )
        return StackRun(verb, terraform, tuple(extra(id_))).result()

    try:
        with journal.alone(limits.lock_wait_seconds, lambda line: tell("", line)), supervisor.listening(told):
            _explain_interrupted(journal, wanted, lambda line: tell("", line))
            with journal.run(verb) as logs:
                order = _order(verb, estate, wanted)
                results = _in_order(order, lambda id_: of(id_, logs), ended, lambda: bool(supervisor.interrupts))
    except TimeoutError as error:
        raise ConfigurationError(str(error), mend="wait for it, then run this again") from error
    if supervisor.interrupts:
        raise RunInterruptedError(results)
    return results


def _order(verb: Verb, estate: Estate, wanted: Collection[str]) -> dict[str, set[str]]:
    """What must go well before each stack is begun."""
    if verb == "apply":
        return {id_: upstream(estate, [id_]).intersection(wanted) for id_ in sorted(wanted)}
    return {id_: downstream(estate, id_).intersection(wanted) for id_ in sorted(wanted)}


def _explain_interrupted(journal: Journal, wanted: Collection[str], tell: Callable[[str], None]) -> None:
    """Tells of runs that did not come to their end; nobody else is at work here now."""
    for run_ in journal.runs():
        if run_.has_ended:
            continue
        cut = sorted({call.stack for call in run_.under_way})
        when = f"an interrupted {run_.verb} of {run_.who}, {run_.began:%Y-%m-%d %H:%M} UTC"
        alive = [call.stack for call in run_.under_way if call.is_alive]
        tell(f"found {when}; under way were {', '.join(cut) or 'no stacks'}")
        if alive:
            tell(f"Terraform still works on {', '.join(sorted(alive))}: that is waited for")
        elsewhere = sorted(set(cut) - set(wanted))
        tell(f"continues now{f', but not with {chr(44).join(elsewhere)}' if elsewhere else ''}")
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
