"""The stacks of both clouds, planned new, planned again, and planned after each change."""

import re
from collections.abc import Iterator
from pathlib import Path

from comparison.changes import CHANGES, Change
from comparison.estate import changed, configuration, deploy, state, synthesise, types_of, without_reads
from comparison.plans import Leaves, different
from comparison.report import Row, count
from comparison.sides import ALONE, FORWARDED, REAL, Sides, StackPlans, three_sides
from estate.rehearsal import Rehearsal

ENVIRONMENTS = ("gke-dev", "aks-dev")
_OUTCOMES = {"update": "update", "delete, create": "replace"}


def compare(folder: Path, plugins: Path) -> Iterator[Row]:
    """Gives a row for each plan.

    Args:
        folder: Where to work; must be empty.
        plugins: Of the real providers, laid out as in `.terraform/providers`.

    Raises:
        TerraformError: A plan failed.
        AssertionError: A change does not do what is written of it, so that it would prove nothing.
    """
    for environment in ENVIRONMENTS:
        rehearsal = Rehearsal(environment, folder / environment)
        synthesise(rehearsal)
        with three_sides(rehearsal.world, plugins, types_of(rehearsal)) as sides:
            deploy(rehearsal, sides[FORWARDED])
            for stack in rehearsal.stacks():
                yield from _compare_stack(rehearsal, stack, sides, folder / stack)


def _compare_stack(rehearsal: Rehearsal, stack: str, sides: Sides, folder: Path) -> Iterator[Row]:
    content = without_reads(configuration(rehearsal, stack), state(rehearsal, stack))
    plans = StackPlans(folder, state(rehearsal, stack), sides)

    def row(change: Change | None, *, deployed: bool) -> Row:
        planned = plans.plan(changed(content, change) if change else content, deployed=deployed)
        real = planned[REAL]
        return Row(
            stack=stack,
            change=change,
            deployed=deployed,
            helm_releases=len(content["resource"].get("helm_release", {})),
            outcome=_outcome(real, change) if change else count(real),
            leaves=len(real),
            alone=different(real, planned[ALONE]),
            forwarded=different(real, planned[FORWARDED]),
        )

    yield row(None, deployed=False)
    yield row(None, deployed=True)
    for change in CHANGES:
        if change.stack == stack:
            yield row(change, deployed=True)


def _outcome(plan: Leaves, change: Change) -> str:
    """What happens to the changed resource, which must be what is written of the change."""
    of_type = re.compile(rf"{change.resource}\.\S+ is")
    actions = {action for place, action in plan.items() if of_type.fullmatch(place)}
    found = {_OUTCOMES.get(action, action) for action in actions - {"no-op"}}
    if change.outcome not in found:
        raise AssertionError(f"{change}: the real provider plans {', '.join(sorted(found)) or 'nothing'}")
    return change.outcome
