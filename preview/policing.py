"""The policies, held against the plans of a preview."""

from collections.abc import Mapping, Sequence

from policies.verdict import PlannedEnvironment, StackPlan, judge_plans
from preview.outcome import EnvironmentPreview
from preview.sides import Sides


def police(previews: Sequence[EnvironmentPreview], sides: Mapping[str, Sides]) -> None:
    """Writes down what the policies say of every stack that changes.

    Args:
        previews: Of the environments; each that has a plan is given a verdict.
        sides: By the environment's name; of one that could not be previewed there is none.

    Raises:
        ConfigurationError: The exceptions are not of their form, or checkov itself broke.
    """
    planned = {each.name: _planned(each, sides[each.name]) for each in previews if each.name in sides}
    wanted = {name: one for name, one in planned.items() if one.plans}
    verdicts = dict(zip(wanted, judge_plans(list(wanted.values())), strict=True)) if wanted else {}
    for preview in previews:
        preview.policies = verdicts.get(preview.name)


def _planned(preview: EnvironmentPreview, sides: Sides) -> PlannedEnvironment:
    plans = {
        stack.id: StackPlan(stack.plan, sides.head[stack.id].configuration)
        for stack in preview.stacks
        if stack.plan is not None and stack.changes
    }
    return PlannedEnvironment(sides.settings, plans)
