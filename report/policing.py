"""What the policies say of an environment, or why they say nothing: nothing is judged here."""

import datetime

from estate.stacks import Estate
from policies.exceptions import PolicyException, load
from policies.kept import KeptVerdict, fingerprint
from policies.verdict import Verdict
from report.model import Policies
from stacks.settings import Settings


def last_verdict(settings: Settings, estate: Estate, kept: KeptVerdict | None) -> Policies:
    """The last `modelyard policies`, if it judged the stacks as they are.

    Args:
        settings: Of the environment.
        estate: Its stacks.
        kept: The verdict, perhaps of other stacks.

    Raises:
        ConfigurationError: The exceptions are not of their form.
    """
    exceptions = _exceptions(settings, estate)
    if kept is None:
        return Policies(None, "not checked in this run", is_whole=True, exceptions=exceptions)
    if kept.judged != fingerprint({id_: stack.configuration for id_, stack in estate.items()}):
        why = f"not checked in this run: stacks or exceptions have changed since {kept.at:%Y-%m-%d %H:%M} UTC"
        return Policies(None, why, is_whole=True, exceptions=exceptions)
    return Policies(kept, "", is_whole=True, exceptions=exceptions)


def of_preview(settings: Settings, estate: Estate, verdict: Verdict | None, made_at: datetime.datetime) -> Policies:
    """A preview's, which judges the stacks that change. Raises ConfigurationError, see `last_verdict`."""
    exceptions = _exceptions(settings, estate)
    if verdict is None:
        return Policies(None, "not checked: no stack that changes has a plan", is_whole=False, exceptions=exceptions)
    return Policies(KeptVerdict(made_at, "", verdict), "", is_whole=False, exceptions=exceptions)


def _exceptions(settings: Settings, estate: Estate) -> tuple[PolicyException, ...]:
    """Those that can accept something there."""
    return tuple(
        each
        for each in load()
        if each.is_for(settings.name) and (each.only_stack is None or settings.stack_id(each.only_stack) in estate)
    )
