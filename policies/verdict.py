"""Plans held against checkov and this repo's own checks, but for the dated exceptions."""

import datetime
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from policies.checkov_run import checkov_findings
from policies.exceptions import PolicyException, load
from policies.findings import Finding
from policies.own import own_findings
from policies.plan import StackPlan
from stacks.settings import Settings

__all__ = ["PlannedEnvironment", "StackPlan", "Verdict", "judge", "judge_plans"]

# The one stack that some environments have and others not, whatever services there are.
_IDENTITIES = "identities"


@dataclass(frozen=True)
class Verdict:
    """What the findings come to.

    Attributes:
        failed: Denied, and without exception.
        warned: Warned of, and without exception.
        expired: With an exception whose last day is past; they fail, also those that would only be warned of.
        accepted: With a living exception.
        unused: Exceptions that match no finding where they would have to.
        passed: How many times a check found nothing.
    """

    failed: list[Finding]
    warned: list[Finding]
    expired: list[tuple[Finding, PolicyException]]
    accepted: list[tuple[Finding, PolicyException]]
    unused: list[PolicyException]
    passed: int

    @property
    def is_failure(self) -> bool:
        """Whether anything has to be mended, in the code or in the exceptions."""
        return bool(self.failed or self.expired or self.unused)


@dataclass(frozen=True)
class PlannedEnvironment:
    """PlannedEnvironment stacks of one environment.

    Attributes:
        settings: Of the environment.
        plans: By the stacks' ids; perhaps one of many.
        whole: Whether these are all its stacks. If not, only those exceptions are found unused that name one of them,
            and no pattern.
    """

    settings: Settings
    plans: Mapping[str, StackPlan]
    whole: bool = False


def judge_plans(planned: Sequence[PlannedEnvironment], today: datetime.date | None = None) -> list[Verdict]:
    """Judges planned stacks, each environment by its own settings and exceptions.

    Args:
        planned: One for each environment; checkov, which takes seconds to start, looks at all of them at once.
        today: The day that exceptions are held against; by default the present one, in UTC.

    Raises:
        ConfigurationError: The exceptions are not of their form, or checkov itself broke.
    """
    exceptions = load()
    findings, passed = checkov_findings({id_: each.plan for one in planned for id_, each in one.plans.items()})
    day = today or datetime.datetime.now(datetime.UTC).date()
    return [_judged(one, findings, passed, exceptions, day) for one in planned]


def _judged(
    planned: PlannedEnvironment,
    findings: Sequence[Finding],
    passed: Mapping[str, int],
    exceptions: Sequence[PolicyException],
    today: datetime.date,
) -> Verdict:
    found = [each for each in findings if each.stack in planned.plans]
    good = sum(passed.get(id_, 0) for id_ in planned.plans)
    for id_, plan in planned.plans.items():
        own, own_passed = own_findings(id_, plan, planned.settings)
        found += own
        good += own_passed
    return judge(
        sorted(found, key=lambda each: (each.stack, each.place, each.check, each.detail)),
        exceptions,
        today,
        settings=planned.settings,
        stacks=None if planned.whole else planned.plans.keys(),
        passed=good,
    )


def judge(
    findings: Sequence[Finding],
    exceptions: Sequence[PolicyException],
    today: datetime.date,
    *,
    settings: Settings,
    stacks: Collection[str] | None,
    passed: int = 0,
) -> Verdict:
    """Holds the findings of an environment against its exceptions, as they stand on a day.

    Args:
        findings: Of its stacks.
        exceptions: Of all environments.
        today: The day.
        settings: Of the environment.
        stacks: The ids of those that were judged; None for all.
        passed: How many times a check found nothing.
    """
    exceptions = [each for each in exceptions if each.is_for(settings.name)]
    verdict = Verdict([], [], [], [], [], passed)
    used = set()
    for finding in findings:
        covering = [each for each in exceptions if each.covers(finding, settings.name)]
        used.update(covering)
        living = [each for each in covering if today <= each.expires]
        if living:
            verdict.accepted.append((finding, living[0]))
        elif covering:
            verdict.expired.append((finding, covering[0]))
        else:
            (verdict.failed if finding.severity == "deny" else verdict.warned).append(finding)
    verdict.unused.extend(each for each in exceptions if each not in used and _is_judged(each, settings, stacks))
    return verdict


def _is_judged(exception: PolicyException, settings: Settings, stacks: Collection[str] | None) -> bool:
    """Whether all that it could match was looked at."""
    if stacks is None:
        # An environment whose file names no repository has no such stack, and another one may have it.
        return exception.only_stack != _IDENTITIES or settings.has_workflows
    return exception.only_stack is not None and settings.stack_id(exception.only_stack) in stacks
