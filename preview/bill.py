"""What a change does to the month's bill of an environment."""

from collections.abc import Iterable
from dataclasses import dataclass

from costs.difference import Difference, difference
from costs.estimate import Estimate, estimate
from costs.place import as_billed, place_of
from costs.report import is_above
from costs.resources import declared
from estate.stacks import Stack
from preview.sides import Sides
from stacks.settings import CloudSettings


@dataclass(frozen=True)
class Bill:
    """Both sides' estimates.

    Attributes:
        change: From the base to the head.
        after: The head's.
        cap: `monthly_cap_usd` of the head, None for none.
    """

    change: Difference
    after: Estimate
    cap: int | None

    @property
    def is_above_cap(self) -> bool:
        """Whether a month may cost more than the cap."""
        return is_above(self.after, self.cap)


def bill(sides: Sides, *, has_base: bool) -> Bill | None:
    """The month before and after, of all stacks; None for an environment that is not in a cloud.

    What is not in the head any more is still there after a deploy: it is billed until somebody destroys it.

    Args:
        sides: The stacks.
        has_base: Whether there is anything to compare with.
    """
    if not isinstance(sides.settings, CloudSettings):
        return None
    left = [stack for id_, stack in sides.base.items() if id_ not in sides.head]
    after = _estimate([*sides.head.values(), *left], sides.settings)
    before = after
    if has_base:
        of_base = sides.base_settings if isinstance(sides.base_settings, CloudSettings) else sides.settings
        before = _estimate(sides.base.values(), of_base)
    return Bill(difference(before, after), after, sides.settings.monthly_cap_usd)


def _estimate(stacks: Iterable[Stack], settings: CloudSettings) -> Estimate:
    resources = [each for stack in stacks for each in declared(stack.id, stack.configuration)]
    return estimate(as_billed(resources, settings), place_of(settings))
